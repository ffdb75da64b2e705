"""Threadline: topics and sentiment of news comments over time.

The rooms, in the order in which data flows; each imports only from those above it:

settings        study.toml -> frozen dataclasses; every default, with its unit and its reason
partitions      parts of an unfinished step, kept until it is done
cluster         the same function over many parts on a Dask cluster
texts           texts in partitions: files of some rows each, of which one at a time is in memory
parallel        the same function over many parts: here, on every core, or on a Dask cluster
vectors         vectors in memory, or in a file of which some rows at a time are read
store           kept results, by the digest of what they were made from

shapes          what a line of a thread file looks like
decoding        lines -> which of them are names, and how sure that is
dates           times as people and tools write them -> instants
lines           bytes -> lines: encodings, control characters, mojibake
threads         plain-text thread files -> articles, comments, rejects
rows            a table's file -> its rows: csv, jsonl, parquet and others, also packed
dialects        exports of known tools, and which of their columns is which of ours
columns         which column of a table is which of ours
batches         rows of a table -> comments, articles, rejects, of some rows at a time
exports         tables of other tools -> the same tables
duplicates      texts that repeat an earlier one, word for word or nearly; floods of them
languages       texts -> their languages
corpus          the one schema: checks, pseudonyms, duplicates

encoding        texts -> vectors
context         a comment's vector -> the same with a share of its thread
neighbours      vectors -> the same, smoothed over their neighbourhoods
consensus       vectors -> one partition on which independent fits agree
tokens          texts -> their words, as numbers
stopwords       words that carry no topic, by language
words           texts of a topic -> the words that mark it off
bertopic_model  finished topics -> a fitted BERTopic
topics          vectors -> consensus topics, their stability, their words

vader           VADER made sound: normalised text, linear time
lexicon         a word list of the user's own as an instrument
learned         instruments that were trained: on hand-coded comments, or a model
sentiment       texts -> a score in [-1, 1] per comment, by a named instrument
codes           people's codes, read and checked line by line
sampling        comments for people to code, drawn by chance within strata
coding          agreement, instrument against people
corrected       scores and codes together: means that are right where the instrument is not

periods         calendar periods in the study's time zone
intervals       means and shares with intervals that respect threads
cusum           the statistic of a change, when threads move or are weighted
changes         change points, tested against a null that permutes threads
drivers         slopes, what drove a change, what it rests on
comparisons     before and after an event, a period and the one before, a topic and another
gaps            an article and its thread, first comments and later ones
trends          tables by calendar period and by topic

labels          names that people gave to topics, kept as the corpus grows
intrusion       sheets on which people judge topics, and their score
maps            where topics lie to each other, and topics of topics

privacy         what tells who somebody is: masked where text is shown, searched for in a report
figures         the style of every figure, and the pieces that they share
topic_figures   finished tables of topics -> figures of them
tone_figures    finished tables of sentiment, and of the instrument against people -> figures
time_figures    finished tables by period -> figures over time
comparison_figures  finished comparisons -> figures of differences
sheets          a finished table -> a table for people
topic_browser   finished tables of topics -> a browser of them, HTML without scripts
findings        finished tables -> sentences with computed numbers
views           finished tables -> the few columns that a notebook shows
inputs          a study's files, their format and digests
steps           a study's steps, each computed when it is first asked for, and kept
study           the one door: what notebooks and commands use
report          executes the notebooks, renders the site, writes tables and provenance
convokit        the corpus -> the folder that ConvoKit opens
verify          a finished report against a new run of its study
watch           waits until a source, a setting or a notebook is changed
new             files -> a first study.toml
cli             the commands
"""
