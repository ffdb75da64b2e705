"""Comparisons: before and after what happened, a period and the one before it, a topic and another.

Each is a difference of two means or shares with an interval that respects threads, also those that are on both sides;
the q-values hold over all comparisons of a study, so that the more is compared, the more a single one must show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.settings import TrendSettings
from analysis.trends.intervals import TOO_FEW, adjusted, compared, ratio, total
from analysis.trends.periods import Arranged, arrange, instant_of

BOUNDS = {"sentiment": (-2.0, 2.0), "share": (-1.0, 1.0)}
MOST_TOPICS = 20  # the largest ones are compared with each other: 190 pairs
COLUMNS = (
    *("comparison", "event", "at", "series", "topic", "other_topic", "measure"),
    *("n_first", "n_second", "threads_first", "threads_second", "first", "second"),
    *("estimate", "low", "high", "p_value", "interval"),
)


@dataclass(frozen=True)
class Span:
    """What each of n_threads has of some comments: counts, and sums of sentiment."""

    number: np.ndarray  # (n_threads,)
    scored: np.ndarray
    tone: np.ndarray
    number_of: np.ndarray  # (n_threads, n_topics)
    scored_of: np.ndarray
    tone_of: np.ndarray


def comparisons(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Every comparison of a study, with one control of false discoveries over them all.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment.
    settings : TrendSettings
        `events` are compared as all comments before that instant against all from it on: name what is known from
        elsewhere, not a date at which the figure shows a break, or the p-value means nothing.

    Returns
    -------
    DataFrame
        comparison ("event": before and from it on; "period": the one before and this one; "topic": other_topic and
        topic, of the twenty largest); event (its name, else missing); at: the first instant of the second span,
        datetime64[us, timezone], NaT for topics; series, topic, other_topic (Int64), measure ("sentiment", "share");
        n_first, n_second, threads_first, threads_second: comments and threads in either, of the denominator; first,
        second: the two means or shares; estimate = second - first, low, high; p_value; interval ("threads", "too few",
        "empty", "no spread"); q_value (Benjamini-Hochberg over the table). Of periods only those are compared that both
        have threads enough for an interval. Nothing is claimed about the unassigned.

    References
    ----------
    Benjamini and Hochberg (1995); the intervals are those of `intervals.compared`.
    """
    a = arrange(comments, settings)
    dated = a.only(a.period >= 0)
    rows = [*_events(dated, settings), *_periods(dated, settings), *_topics(a, settings)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["at"] = pd.Series(list(table["at"]), dtype=a.grid["period_start"].dtype)
    whole = ("n_first", "n_second", "threads_first", "threads_second")
    table = table.astype({"topic": "Int64", "other_topic": "Int64"} | dict.fromkeys(whole, "int64"))
    table = table.astype(dict.fromkeys(("comparison", "event", "series", "measure", "interval"), "str"))
    table = table.astype(dict.fromkeys(("first", "second", "estimate", "low", "high", "p_value"), float))
    table.insert(len(COLUMNS) - 1, "q_value", adjusted(table["p_value"].to_numpy()))
    return table


def _events(a: Arranged, settings: TrendSettings) -> Iterator[dict[str, object]]:
    """Before each event and from it on."""
    for event, date in settings.events:
        at = instant_of(date, settings.timezone)
        late = a.instant >= at.tz_convert("UTC").tz_localize(None).to_datetime64()
        for row in _between(a, ~late, late, settings):
            yield {"comparison": "event", "event": event, "at": at, **row}


def _periods(a: Arranged, settings: TrendSettings) -> Iterator[dict[str, object]]:
    """Each period and the one before it."""
    order = np.argsort(a.period, kind="stable")
    a = a.only(order)
    edges = np.searchsorted(a.period, np.arange(len(a.grid) + 1))
    for i in range(1, len(a.grid)):
        here = a.only(np.arange(edges[i - 1], edges[i + 1]))
        for row in _between(here, here.period < i, here.period == i, settings):
            if row["interval"] not in (TOO_FEW, "empty"):
                yield {"comparison": "period", "at": a.grid["period_start"].iloc[i], **row}


def _topics(a: Arranged, settings: TrendSettings) -> Iterator[dict[str, object]]:
    """The tone of each pair of the largest topics."""
    span = _span(a, np.ones(len(a.thread), dtype=bool), a.thread, a.n_threads)
    named = [code for code, topic in enumerate(a.topics) if topic >= 0]
    size = span.number_of.sum(axis=0)
    largest = sorted(sorted(named, key=lambda code: -size[code])[:MOST_TOPICS])
    for one, other in combinations(largest, 2):
        series = f"sentiment of topic {a.topics[other]} against topic {a.topics[one]}"
        sides = [(span.tone_of[:, code], span.scored_of[:, code]) for code in (one, other)]
        row = _row(series, int(a.topics[other]), "sentiment", *sides, settings)
        yield {"comparison": "topic", "other_topic": int(a.topics[one]), **row}


def _between(a: Arranged, early: np.ndarray, late: np.ndarray, settings: TrendSettings) -> Iterator[dict[str, object]]:
    """Mean sentiment, every topic's share and tone, in two sets of comments that may share threads."""
    threads, thread = np.unique(a.thread, return_inverse=True)
    first, second = (_span(a, side, thread, len(threads)) for side in (early, late))
    yield _row("sentiment", None, "sentiment", (first.tone, first.scored), (second.tone, second.scored), settings)
    for c, topic in enumerate(a.topics):
        if topic >= 0:
            sides = [(span.number_of[:, c], span.number) for span in (first, second)]
            yield _row(f"share of topic {topic}", int(topic), "share", *sides, settings)
            sides = [(span.tone_of[:, c], span.scored_of[:, c]) for span in (first, second)]
            yield _row(f"sentiment of topic {topic}", int(topic), "sentiment", *sides, settings)


def _span(a: Arranged, of: np.ndarray, thread: np.ndarray, n_threads: int) -> Span:
    k = len(a.topics)
    scored = of & ~np.isnan(a.sentiment)
    cell, size, shape = thread * k + a.topic, n_threads * k, (n_threads, k)
    return Span(
        number=total(thread[of], None, n_threads),
        scored=total(thread[scored], None, n_threads),
        tone=total(thread[scored], a.sentiment[scored], n_threads),
        number_of=total(cell[of], None, size).reshape(shape),
        scored_of=total(cell[scored], None, size).reshape(shape),
        tone_of=total(cell[scored], a.sentiment[scored], size).reshape(shape),
    )


def _row(
    series: str,
    topic: int | None,
    measure: str,
    first: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
    settings: TrendSettings,
) -> dict[str, object]:
    """One comparison, from what each thread has above and below of both ratios."""
    sides = [ratio(up, down) for up, down in (first, second)]
    n = [down for _, down in (first, second)]
    figure = sides[1] - sides[0]
    low, high, p_value, word = compared(figure, n, BOUNDS[measure], settings)
    # A share that rests on few threads is no mean of many: its own threads must be enough.
    if measure == "share" and int(((first[0] + second[0]) > 0).sum()) < settings.min_threads and word == "threads":
        low, high, p_value, word = np.nan, np.nan, np.nan, TOO_FEW
    return {
        "series": series,
        "topic": topic,
        "measure": measure,
        "n_first": int(n[0].sum()),
        "n_second": int(n[1].sum()),
        "threads_first": int((n[0] > 0).sum()),
        "threads_second": int((n[1] > 0).sum()),
        "first": sides[0].value,
        "second": sides[1].value,
        "estimate": figure.value,
        "low": low,
        "high": high,
        "p_value": p_value,
        "interval": word,
    }
