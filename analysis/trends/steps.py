"""The steps that make the tables over time, each from what it needs and no more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, Step, step
from analysis.run.store import Values
from analysis.sentiment.steps import sentiment
from analysis.settings import TrendSettings
from analysis.topics.steps import tokens, topics
from analysis.trends import tables
from analysis.trends.articles import gaps
from analysis.trends.comparisons import comparisons
from analysis.trends.drivers import decompositions

CALENDAR = ("time.period", "time.week_starts", "source.timezone")
Table = Callable[[pd.DataFrame, TrendSettings], pd.DataFrame]


def method(given: Given) -> TrendSettings:
    """How tables over time are made, by what the step declares."""
    time, seed = given.settings.time, getattr(given.settings, "seed", 1)
    events = tuple(sorted(getattr(time, "events", {}).items(), key=lambda event: (event[1], event[0])))
    zone = given.settings.source.timezone
    return TrendSettings(period=time.period, week_starts=time.week_starts, timezone=zone, events=events, seed=seed)


def scored(given: Given, needs: tuple[Step, ...]) -> pd.DataFrame:
    """The comments without their texts, with topic and sentiment as far as the step needs them."""
    rows = given[corpus].rows
    ids, none = rows["comment_id"], pd.Series(np.nan, index=rows.index)
    rows = rows.assign(topic=-1)
    if topics in needs:
        found = given[topics]["comments"].set_index("comment_id").reindex(ids)
        rows["topic"] = found["topic"].to_numpy("int64")
        rows["topic_agreement"] = found["topic_agreement"].to_numpy(float)
    rows["sentiment"] = none
    if sentiment in needs:
        found = given[sentiment]["comments"].set_index("comment_id").reindex(ids)
        rows["sentiment"] = found["sentiment"].to_numpy(float)
    return rows


def _step(make: Table, *needs: Step, further: tuple[str, ...] = (), name: str = "") -> Step[pd.DataFrame]:
    """The step of a table that a function makes of comments."""
    needs = (corpus, *needs)

    def compute(given: Given, run: Run) -> pd.DataFrame:
        return make(scored(given, needs), method(given))

    return step(name=name or make.__name__, settings=(*CALENDAR, *further), needs=needs)(compute)


activity_by_period = _step(tables.activity_by_period)
sentiment_by_period = _step(tables.sentiment_by_period, sentiment)
scores_by_period = _step(tables.scores_by_period, sentiment)
overall = _step(tables.overall, sentiment)
topics_by_period = _step(tables.topics_by_period, topics)
topic_sentiment_by_period = _step(tables.topic_sentiment_by_period, topics, sentiment)
by_topic = _step(tables.by_topic, topics, sentiment)
slopes = _step(tables.slopes, topics, sentiment)
sensitivity = _step(tables.sensitivity, topics, sentiment)
decomposition = _step(decompositions, topics, sentiment, further=("time.events",), name="decomposition")
compared = _step(comparisons, topics, sentiment, further=("time.events",))


@step(settings=(*CALENDAR, "seed"), needs=(corpus, topics, sentiment))
def change_points(given: Given, run: Run) -> pd.DataFrame:
    """The largest change of each series, and whether it is more than chance."""
    return tables.change_points(scored(given, (topics, sentiment)), method(given), run)


@step(settings=CALENDAR, needs=(corpus, topics, tokens))
def words_by_period(given: Given, run: Run) -> pd.DataFrame:
    """The words of each topic in each period."""
    vocabulary = given[topics]["vocabulary"]
    return tables.words_by_period(scored(given, (topics,)), given[tokens], vocabulary, method(given))


@step(settings=CALENDAR, needs=(corpus, topics, sentiment))
def articles_and_threads(given: Given, run: Run) -> Values:
    """Articles against their comments, and first comments against later ones."""
    ids = given[corpus].articles["article_id"]
    topic = given[topics]["articles"].set_index("article_id")["topic"].reindex(ids).to_numpy("int64")
    tone = given[sentiment]["articles"].set_index("article_id")["sentiment"].reindex(ids).to_numpy(float)
    articles = given[corpus].articles.assign(topic=topic, sentiment=tone)
    article_gaps, by_position = gaps(scored(given, (topics, sentiment)), articles, method(given))
    return {"article_gaps": article_gaps, "by_position": by_position}
