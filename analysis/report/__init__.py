"""A study -> a finished report: notebooks executed, pages, provenance; and its verification."""
