"""The steps that make the tables over time, each from what it needs and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import pandas as pd

from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, Results, Step, step
from analysis.run.store import Values
from analysis.sentiment.steps import sentiment
from analysis.topics.steps import tokens, topics
from analysis.trends import articles, breaks, contrasts, influence, kitagawa, least_squares, series
from analysis.trends.specifications import claims

CALENDAR = ("time.period", "source.timezone", "time.week_starts")
EVENTS = "time.events"
MEASURE = ("sentiment.name", "sentiment.range")
OF_TOPICS = {"topic": "int64", "theme": "int64", "subtopic": "int64", "topic_agreement": float}
OF_TOPICS |= {"own_topic": "int64", "second_topic": "int64"}
# Where a setting has another name than the argument.
ARGUMENTS = {"source.timezone": "zone", "sentiment.name": "measure", "sentiment.range": "bounds"}


def arguments(given: Given, settings: Iterable[str]) -> dict[str, Any]:
    """Settings of a step as the arguments of what computes it."""
    return {ARGUMENTS.get(s, s.split(".")[-1]): reduce(getattr, s.split("."), given.settings) for s in settings}


def scored(given: Given | Results, needs: tuple[Step[Any], ...]) -> pd.DataFrame:
    """The comments without their texts, with topic and sentiment as far as the step needs them."""
    rows = given[corpus].rows
    for one, dtypes in ((topics, OF_TOPICS), (sentiment, {"sentiment": float})):
        if one in needs:
            found = given[one]["comments"]
            if not found["comment_id"].equals(rows["comment_id"]):  # they do, as a rule: nothing is looked up
                found = found.set_index("comment_id").reindex(rows["comment_id"])
            rows = rows.assign(**{name: found[name].to_numpy(of) for name, of in dtypes.items()})
    return rows


def scored_articles(given: Given | Results) -> pd.DataFrame:
    """The articles with topic and sentiment."""
    found = given[corpus].articles
    if isinstance(given, Results):
        given.beside(topics, sentiment)
    for one, name, of in ((topics, "topic", "int64"), (sentiment, "sentiment", float)):
        values = given[one]["articles"].set_index("article_id")[name].reindex(found["article_id"])
        found = found.assign(**{name: values.to_numpy(of)})
    return found


def measured(given: Given, needs: tuple[Step[Any], ...]) -> pd.DataFrame:
    """The same, the score by the measure's name."""
    return scored(given, needs).rename(columns={"sentiment": given.settings.sentiment.name})


def _table(
    name: str, make: Callable[..., pd.DataFrame], *needs: Step[Any], settings: Iterable[str] = CALENDAR, **fixed: object
) -> Step[pd.DataFrame]:
    """The step of a table that a function makes of comments."""
    settings = (*settings, *(MEASURE if sentiment in needs else ()))

    def compute(given: Given, run: Run) -> pd.DataFrame:
        rows = measured(given, needs) if sentiment in needs else scored(given, needs)
        return make(rows, **fixed, **arguments(given, settings))

    return step(name, settings=settings, needs=(corpus, *needs))(compute)


activity_by_period = _table("activity_by_period", series.activity_by_period)
sentiment_by_period = _table("sentiment_by_period", series.by_period, sentiment)
overall = _table("overall", series.overall, sentiment, settings=())
topics_by_period = _table("topics_by_period", series.shares_by_period, topics)
topic_sentiment_by_period = _table("topic_sentiment_by_period", series.by_period, topics, sentiment, by="topic")
by_topic = _table("by_topic", series.by_topic, topics, sentiment, settings=())
slopes = _table("slopes", least_squares.slopes, topics, sentiment)
change_points = _table("change_points", breaks.change_points, topics, sentiment)
decomposition = _table("decomposition", kitagawa.decomposition, topics, sentiment, settings=(*CALENDAR, EVENTS))
comparisons = _table("comparisons", contrasts.comparisons, topics, sentiment, settings=(*CALENDAR, EVENTS))


@step(settings=MEASURE, needs=(corpus, topics, sentiment, change_points, slopes, comparisons))
def influential(given: Given, run: Run) -> pd.DataFrame:
    """The threads and authors that move each change most."""
    told = claims(given[change_points], given[slopes], given[comparisons])
    return influence.influential(told, measured(given, (topics, sentiment)), **arguments(given, MEASURE))


@step(settings=CALENDAR, needs=(corpus, topics, tokens))
def words_by_period(given: Given, run: Run) -> pd.DataFrame:
    """The words of each topic in each period."""
    comments, vocabulary = scored(given, (topics,)), given[topics]["vocabulary"]
    return series.words_by_period(comments, given[tokens], vocabulary, **arguments(given, CALENDAR))


@step(settings=MEASURE, needs=(corpus, topics, sentiment))
def articles_and_threads(given: Given, run: Run) -> Values:
    """Articles against their comments, and first comments against later ones."""
    found = scored_articles(given).rename(columns={"sentiment": given.settings.sentiment.name})
    comments = measured(given, (topics, sentiment))
    comments["topic"] = comments["own_topic"]  # else a comment has its article's topic because its neighbours have
    gaps, along = articles.articles_and_comments(comments, found, **arguments(given, MEASURE))
    return {"article_gaps": gaps, "by_position": along}
