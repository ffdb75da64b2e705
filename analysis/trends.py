"""Tables by calendar period and by topic: every estimate with its n and an interval that respects threads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.changes import change_points
from analysis.drivers import decomposition, sensitivity, slopes
from analysis.intervals import grouped, means, shares, total
from analysis.periods import Arranged, arrange, assign, periods
from analysis.settings import TrendSettings

__all__ = [
    "activity_by_period",
    "assign",
    "by_topic",
    "change_points",
    "decomposition",
    "overall",
    "periods",
    "sensitivity",
    "sentiment_by_period",
    "slopes",
    "topic_sentiment_by_period",
    "topics_by_period",
]

POLAR = 0.05  # VADER's authors call a compound score positive from .05 on, negative from -.05 down


def activity_by_period(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """How many comments, threads and authors each period has.

    Parameters
    ----------
    comments : DataFrame
        One row a comment: comment_id, article_id, author, posted_at (UTC, may be NaT), topic (-1 =
        unassigned), sentiment (in [-1, 1], may be NaN). The order of rows does not matter.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        period_start, period_end, n_comments, n_threads, n_authors. Undated comments are in no period.
    """
    a = arrange(comments, settings)
    a = a.only(a.period >= 0)
    return pd.concat([a.grid, _counts(a, a.period, len(a.grid))], axis=1)


def sentiment_by_period(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Mean sentiment, and the shares of negative and positive comments, of each period.

    Parameters
    ----------
    comments : DataFrame
        See `activity_by_period`.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        period_start, period_end; n_comments (dated and scored), n_threads, n_authors; estimate, low, high in
        [-1, 1]; n_eff; naive_low, naive_high; interval ("threads", "too few", "empty"); share_negative (score
        <= -.05) and share_positive (>= .05) in [0, 1], each with _low and _high.
    """
    a = arrange(comments, settings)
    a = a.only((a.period >= 0) & ~np.isnan(a.sentiment))
    return pd.concat([a.grid, _sentiment(a, a.period, len(a.grid), settings)], axis=1)


def topics_by_period(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Share of each topic, the unassigned (-1) among them, in the comments of each period.

    Parameters
    ----------
    comments : DataFrame
        See `activity_by_period`.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        period_start, period_end, topic; n_comments, n_threads, n_authors (of the topic), n_total (comments of
        the period); estimate = n_comments / n_total, low, high in [0, 1]; n_eff; interval.
    """
    a = arrange(comments, settings)
    a = a.only(a.period >= 0)
    return pd.concat([_crossed(a), _topic_shares(a, a.period, len(a.grid), settings)], axis=1)


def topic_sentiment_by_period(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Mean sentiment of each topic's comments in each period.

    Parameters
    ----------
    comments : DataFrame
        See `activity_by_period`.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        The columns of `sentiment_by_period`, and topic.
    """
    a = arrange(comments, settings)
    a = a.only((a.period >= 0) & ~np.isnan(a.sentiment))
    cell, n_cells = a.period * len(a.topics) + a.topic, len(a.grid) * len(a.topics)
    return pd.concat([_crossed(a), _sentiment(a, cell, n_cells, settings)], axis=1)


def overall(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Mean sentiment of all scored comments, dated or not.

    Parameters
    ----------
    comments : DataFrame
        See `activity_by_period`.
    settings : TrendSettings

    Returns
    -------
    DataFrame of one row
        The columns of `sentiment_by_period` but for the period.
    """
    a = arrange(comments, settings)
    a = a.only(~np.isnan(a.sentiment))
    return _sentiment(a, np.zeros(len(a.thread), dtype=np.int64), 1, settings)


def by_topic(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Share and mean sentiment of each topic, over all comments, dated or not.

    Parameters
    ----------
    comments : DataFrame
        See `activity_by_period`.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        topic; n_comments, n_threads, n_authors, n_total, share, share_low, share_high; n_scored; estimate,
        low, high (mean sentiment); share_negative, share_positive with _low and _high; n_eff, naive_low,
        naive_high, interval.
    """
    a = arrange(comments, settings)
    of = _topic_shares(a, np.zeros(len(a.thread), dtype=np.int64), 1, settings)
    of = of.drop(columns=["n_eff", "interval"]).rename(
        columns={"estimate": "share", "low": "share_low", "high": "share_high"}
    )
    scored = a.only(~np.isnan(a.sentiment))
    tone = _sentiment(scored, scored.topic, len(a.topics), settings)
    tone = tone.drop(columns=["n_threads", "n_authors"]).rename(columns={"n_comments": "n_scored"})
    return pd.concat([pd.DataFrame({"topic": a.topics}), of, tone], axis=1)


def _counts(a: Arranged, cell: np.ndarray, n_cells: int) -> pd.DataFrame:
    """Comments, threads and known authors of each cell."""
    known = a.author >= 0
    (thread_cell, _), _ = grouped(cell, a.thread)
    (author_cell, _), _ = grouped(cell[known], a.author[known])
    columns = {"n_comments": cell, "n_threads": thread_cell, "n_authors": author_cell}
    return pd.DataFrame({name: total(of, None, n_cells).astype(np.int64) for name, of in columns.items()})


def _sentiment(a: Arranged, cell: np.ndarray, n_cells: int, settings: TrendSettings) -> pd.DataFrame:
    """Mean sentiment and the two shares of each cell; every comment in `a` is scored."""
    pole = np.where(a.sentiment <= -POLAR, 0, np.where(a.sentiment >= POLAR, 1, -1))
    table = [_counts(a, cell, n_cells), means(cell, a.thread, a.sentiment, n_cells, settings)]
    poles = shares(cell, a.thread, pole, n_cells, 2, settings)
    for option, name in enumerate(("share_negative", "share_positive")):
        one = poles.loc[option::2, ["estimate", "low", "high"]].reset_index(drop=True)
        table.append(one.set_axis([name, f"{name}_low", f"{name}_high"], axis=1))
    return pd.concat(table, axis=1)


def _topic_shares(a: Arranged, cell: np.ndarray, n_cells: int, settings: TrendSettings) -> pd.DataFrame:
    """Counts and share of every topic in every cell."""
    k = len(a.topics)
    counts = _counts(a, cell * k + a.topic, n_cells * k)
    counts["n_total"] = np.repeat(total(cell, None, n_cells).astype(np.int64), k)
    return pd.concat([counts, shares(cell, a.thread, a.topic, n_cells, k, settings)], axis=1)


def _crossed(a: Arranged) -> pd.DataFrame:
    """Every period with every topic."""
    k = len(a.topics)
    rows = a.grid.loc[a.grid.index.repeat(k)].reset_index(drop=True)
    rows["topic"] = np.tile(a.topics, len(a.grid))
    return rows
