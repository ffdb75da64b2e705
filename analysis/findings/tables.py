"""The tables of a study as attributes: one place that says which there are, and what each is made from."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import cached_property
from typing import Any, NoReturn

import pandas as pd

from analysis.corpus.duplicates import floods
from analysis.corpus.schema import Corpus, language_counts, summary
from analysis.corpus.steps import corpus
from analysis.findings import robustness
from analysis.findings.html import rendered
from analysis.people import intrusion
from analysis.people.steps import changes, coding, instruments, labelled
from analysis.run.steps import Results, Step
from analysis.sentiment.steps import sentiment
from analysis.topics.context import in_main_topic
from analysis.topics.naming import Naming
from analysis.topics.steps import topics as topic_model
from analysis.trends import steps as trends
from analysis.trends.series import score_counts

# The tables that a report writes, in the order of the data. They are the contract: data/README.md.
TABLES = (
    "articles", "comments", "rejects", "accounting", "topics", "topic_levels", "activity_by_period",
    "sentiment_by_period",
    "topics_by_period", "topic_sentiment_by_period", "words_by_period", "by_topic", "change_points", "slopes",
    "comparisons", "decomposition", "article_gaps", "by_position", "agreement", "class_errors", "instruments",
    "coded_labels", "learning", "corrected", "corrected_changes", "influence", "robustness",
)  # fmt: skip
PARQUET = frozenset({"articles", "comments"})  # the large ones; the others are csv, for any tool
STEPS_OF_TABLES: list[Step[Any]] = []


def table_file(name: str) -> str:
    """Name of the file of a table."""
    return f"{name}.parquet" if name in PARQUET else f"{name}.csv"


def _of(make: Step[Any] | Callable[[Tables], pd.DataFrame], doc: str, value: str = "") -> property:
    """A table: a step's, one of a step's values, or made of others; as a copy, which may be changed."""
    if isinstance(make, Step):
        STEPS_OF_TABLES.append(make)

    def table(self: Tables) -> pd.DataFrame:
        if not isinstance(make, Step):
            return make(self).copy(deep=False)
        result = self._results[make]
        return (result.get(value, pd.DataFrame()) if value else result).copy(deep=False)

    return property(table, doc=doc)


def _main_topic(comments: pd.DataFrame) -> pd.DataFrame:
    """Share of the comments that have the main topic of their thread: by topic, and by own_topic, without context."""
    columns = ["topic", "own_topic"]
    has = comments["topic"] >= 0
    shares = [in_main_topic(comments[one].where(has, -1).to_numpy(), comments["article_id"]) for one in columns]
    return pd.DataFrame({"topic_by": columns, "share": shares})


def _problems(results: Results) -> pd.DataFrame:
    """What of the files that people filled in is not used."""
    found = [results[step].get("problems") for step in (topic_model, sentiment, coding, labelled)]
    there = [table for table in found if table is not None and len(table)]
    return pd.concat(there, ignore_index=True) if there else pd.DataFrame()


def limits(t: Tables) -> list[str]:
    """What the figures do not say, for a reader who sees nothing but the report."""
    share, instrument = t.summary.set_index("quantity")["share"].to_dict(), t.settings.sentiment.instrument
    return rendered("limits.txt.j2", share=share, coded=len(t.agreement), instrument=instrument).splitlines()


class Tables:
    """The tables of a study, each computed when it is asked for, from what it needs; columns: data/README.md."""

    def __init__(self, results: Results, naming: Naming) -> None:
        self._results, self._naming, self.settings = results, naming, results.settings

    def __dir__(self) -> list[str]:
        return [name for name, of in vars(Tables).items() if isinstance(of, property)]

    def __getattr__(self, name: str) -> NoReturn:
        near = difflib.get_close_matches(name, dir(self), n=1)
        raise AttributeError(f"no table {name!r}" + (f": {near[0]!r} was meant?" if near else ""))

    def __repr__(self) -> str:
        return "\n".join(f"{name:26} {getattr(Tables, name).__doc__}" for name in dir(self))

    @cached_property
    def _corpus(self) -> Corpus:
        return self._results[corpus]

    @cached_property
    def _comments(self) -> pd.DataFrame:
        return trends.scored(self._results, (topic_model, sentiment))

    def note(self) -> str:
        """What cannot be said of the topics, in plain words, or ""."""
        return str(self._results[topic_model]["note"][0])

    articles = _of(lambda t: trends.scored_articles(t._results), "articles, with topic and sentiment")
    comments = _of(lambda t: t._comments, "comments, with topic and sentiment, without their texts")
    rejects = _of(lambda t: t._corpus.rejects, "what was read and is in no other table, and why")
    accounting = _of(lambda t: t._corpus.accounting, "read, kept and rejected, by file")
    notes = _of(lambda t: t._corpus.notes, "what was kept and a person should look at")
    boundaries = _of(lambda t: t._corpus.boundaries, "names of readers that are doubtful")
    summary = _of(lambda t: summary(t._corpus), "what is in the corpus, a line each")
    languages = _of(lambda t: language_counts(t._corpus), "comments by language")
    floods = _of(
        lambda t: floods(t._corpus.rows, t._corpus.texts, t.settings.privacy.quotes), "comments said over and over"
    )
    topics = _of(lambda t: t._naming.table, "the topics, with people's names where there are any")
    topic_levels = _of(topic_model, "themes above the topics, and subtopics below them", "levels")
    main_topic = _of(
        lambda t: _main_topic(t._comments), "comments that have the main topic of their thread, with it and without"
    )
    topic_choice = _of(topic_model, "agreement of halves by number of topics", "curve")
    coherence = _of(topic_model, "NPMI and diversity of the words shown", "coherence")
    topic_history = _of(lambda t: t._naming.history, "what became of the topics that people named")
    intrusion = _of(
        lambda t: intrusion.scores(t.settings.folder / intrusion.FOLDER), "how often people found odd words"
    )
    activity_by_period = _of(trends.activity_by_period, "comments, threads and authors by period")
    sentiment_by_period = _of(trends.sentiment_by_period, "mean by period")
    topics_by_period = _of(trends.topics_by_period, "share of each topic by period")
    topic_sentiment_by_period = _of(trends.topic_sentiment_by_period, "mean of each topic by period")
    words_by_period = _of(trends.words_by_period, "words of each topic by period")
    scores = _of(lambda t: score_counts(t._comments["sentiment"], t.settings.sentiment.range), "how scores are spread")
    overall = _of(trends.overall, "mean over all scored comments")
    by_topic = _of(trends.by_topic, "share and mean of each topic")
    change_points = _of(trends.change_points, "the largest change of each series, found or not")
    slopes = _of(trends.slopes, "steady change a year of each series")
    comparisons = _of(trends.comparisons, "before and after, and one with another")
    influence = _of(trends.influential, "the threads and authors that move each change most")
    decomposition = _of(trends.decomposition, "what drove the change of the mean")
    article_gaps = _of(trends.articles_and_threads, "articles against their comments", "article_gaps")
    by_position = _of(trends.articles_and_threads, "first comments of a thread against later ones", "by_position")
    agreement = _of(coding, "the instrument against people", "agreement")
    learning = _of(instruments, "how far the instrument coded agrees with people by the number of codes", "learning")
    instruments = _of(instruments, "instruments against people, and against each other", "instruments")
    coded_labels = _of(labelled, "labels that people gave: how far they agree, and how frequent each is", "labels")
    class_errors = _of(coding, "classes that the instrument misses or gives wrongly", "class_errors")
    corrected = _of(coding, "means that people's codes correct", "corrected")
    corrected_changes = _of(changes, "changes of the scores, as people would have coded them")
    robustness = _of(
        lambda t: robustness.read(t.settings.folder, t.settings.source.timezone), "what is told, computed otherwise"
    )
    confusion = _of(coding, "codes by people and by the instrument", "confusion")
    problems = _of(lambda t: _problems(t._results), "rows of coders' sheets, and of files of scores, that are not used")
    limits = _of(lambda t: pd.DataFrame({"limit": limits(t)}), "what the figures do not say")
