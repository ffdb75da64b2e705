"""Steps' results -> the tables of a study, and what can be said of them: sentences, shown tables, topics to browse."""
