"""The tables of a study as attributes: one place that says which there are, and what each is made from."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from analysis.corpus.duplicates import floods
from analysis.corpus.schema import language_counts, summary
from analysis.people import intrusion
from analysis.people.steps import changes, coding, instruments, labelled
from analysis.report import robustness
from analysis.run.steps import Step
from analysis.topics.context import in_main_topic
from analysis.topics.steps import topics as topic_model
from analysis.trends import steps as trends
from analysis.trends.series import score_counts

if TYPE_CHECKING:
    from analysis.study import Study


STEPS_OF_TABLES: list[Step[Any]] = []


def _of(make: Step[Any] | Callable[[Study], pd.DataFrame], doc: str, value: str = "") -> property:
    """A table: a step's, one of a step's values, or made of the study; as a copy, which may be changed."""
    if isinstance(make, Step):
        STEPS_OF_TABLES.append(make)

    def table(self: Tables) -> pd.DataFrame:
        if not isinstance(make, Step):
            return make(self._study).copy(deep=False)
        result = self._study._results[make]
        return (result.get(value, pd.DataFrame()) if value else result).copy(deep=False)

    return property(table, doc=doc)


def _main_topic(comments: pd.DataFrame) -> pd.DataFrame:
    """Share of the comments that have the main topic of their thread: by topic, and by own_topic, without context."""
    columns = ["topic", "own_topic"]
    has = comments["topic"] >= 0
    shares = [in_main_topic(comments[one].where(has, -1).to_numpy(), comments["article_id"]) for one in columns]
    return pd.DataFrame({"topic_by": columns, "share": shares})


class Tables:
    """The tables of a study, each computed when it is asked for, from what it needs; columns: data/README.md."""

    def __init__(self, study: Study) -> None:
        self._study = study

    def __dir__(self) -> list[str]:
        return [name for name, of in vars(Tables).items() if isinstance(of, property)]

    def __getattr__(self, name: str) -> NoReturn:
        near = difflib.get_close_matches(name, dir(self), n=1)
        raise AttributeError(f"no table {name!r}" + (f": {near[0]!r} was meant?" if near else ""))

    def __repr__(self) -> str:
        return "\n".join(f"{name:26} {getattr(Tables, name).__doc__}" for name in dir(self))

    articles = _of(lambda s: s.articles, "articles, with topic and sentiment")
    comments = _of(lambda s: s.comments, "comments, with topic and sentiment, without their texts")
    rejects = _of(lambda s: s.corpus.rejects, "what was read and is in no other table, and why")
    accounting = _of(lambda s: s.corpus.accounting, "read, kept and rejected, by file")
    notes = _of(lambda s: s.corpus.notes, "what was kept and a person should look at")
    boundaries = _of(lambda s: s.corpus.boundaries, "names of readers that are doubtful")
    summary = _of(lambda s: summary(s.corpus), "what is in the corpus, a line each")
    languages = _of(lambda s: language_counts(s.corpus), "comments by language")
    floods = _of(
        lambda s: floods(s.corpus.rows, s.corpus.texts, s.settings.privacy.quotes), "comments said over and over"
    )
    topics = _of(lambda s: s.topics.table, "the topics, with people's names where there are any")
    topic_levels = _of(topic_model, "themes above the topics, and subtopics below them", "levels")
    main_topic = _of(
        lambda s: _main_topic(s.comments), "comments that have the main topic of their thread, with it and without"
    )
    topic_choice = _of(topic_model, "agreement of halves by number of topics", "curve")
    coherence = _of(topic_model, "NPMI and diversity of the words shown", "coherence")
    topic_history = _of(lambda s: s._naming.history, "what became of the topics that people named")
    intrusion = _of(
        lambda s: intrusion.scores(s.settings.folder / intrusion.FOLDER), "how often people found odd words"
    )
    activity_by_period = _of(trends.activity_by_period, "comments, threads and authors by period")
    sentiment_by_period = _of(trends.sentiment_by_period, "mean by period")
    topics_by_period = _of(trends.topics_by_period, "share of each topic by period")
    topic_sentiment_by_period = _of(trends.topic_sentiment_by_period, "mean of each topic by period")
    words_by_period = _of(trends.words_by_period, "words of each topic by period")
    scores = _of(lambda s: score_counts(s.comments["sentiment"], s.settings.sentiment.range), "how scores are spread")
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
        lambda s: robustness.read(s.settings.folder, s.settings.source.timezone), "what is told, computed otherwise"
    )
    confusion = _of(coding, "codes by people and by the instrument", "confusion")
    problems = _of(lambda s: s._problems, "rows of coders' sheets, and of a file of scores, that are not used")
    limits = _of(lambda s: pd.DataFrame({"limit": s.findings.limits}), "what the figures do not say")
