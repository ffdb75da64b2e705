"""Tables by calendar period and by topic: every estimate with its n and an interval that respects threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.settings import PERIODS, TrendSettings
from analysis.topics.tokens import Tokens
from analysis.trends.change_points import change_points
from analysis.trends.drivers import decomposition, sensitivity, slopes
from analysis.trends.intervals import grouped, means, shares, total
from analysis.trends.periods import Arranged, arrange, assign, periods

__all__ = [
    "activity_by_period",
    "assign",
    "by_topic",
    "change_points",
    "decomposition",
    "overall",
    "periods",
    "scores_by_period",
    "sensitivity",
    "sentiment_by_period",
    "slopes",
    "topic_sentiment_by_period",
    "topics_by_period",
    "words_by_period",
]

BINS = 21  # of scores from -1 to 1, the middle one around 0
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
        period_start, period_end, n_comments, n_threads, n_authors; n_own_time: of the comments those with a time of
        their own, the others have their article's (where posted_at_source says so). Undated comments are in no period.
    """
    a = arrange(comments, settings)
    a = a.only(a.period >= 0)
    table = pd.concat([a.grid, _counts(a, a.period, len(a.grid))], axis=1)
    period, own = _placed(comments, settings), np.ones(len(comments), dtype=bool)
    if "posted_at_source" in comments:
        own = (comments["posted_at_source"] == "comment").to_numpy()
    return table.assign(n_own_time=total(period[own & (period >= 0)], None, len(table)).astype(np.int64))


def scores_by_period(comments: pd.DataFrame, settings: TrendSettings, most: int = 30) -> pd.DataFrame:
    """How the scores of each period are spread: in 21 bins, the middle one around 0.

    Parameters
    ----------
    comments : DataFrame
        See `activity_by_period`.
    settings : TrendSettings
    most : int
        More periods than this, and the next longer ones are taken; of more years the last.

    Returns
    -------
    DataFrame
        period (the one taken: "month", …), period_start, period_end; low, high of a bin; n_comments in it, share of
        the period's in [0, 1]; mean of the period's scores, NaN where it is empty.
    """
    for period in PERIODS[PERIODS.index(settings.period) :]:
        a = arrange(comments, replace(settings, period=period))
        if len(a.grid) <= most or period == PERIODS[-1]:
            break
    a = a.only((a.period >= len(a.grid) - most) & ~np.isnan(a.sentiment) & (a.period >= 0))
    grid = a.grid.tail(most).reset_index(drop=True)
    at = a.period - (len(a.grid) - len(grid))
    edges = np.linspace(-1.05, 1.05, BINS + 1)
    place = np.clip(np.searchsorted(edges, a.sentiment, side="right") - 1, 0, BINS - 1)
    counts = total(at * BINS + place, None, len(grid) * BINS)
    n = counts.reshape(-1, BINS).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share, mean = counts / np.repeat(n, BINS), total(at, a.sentiment, len(grid)) / n
    table = grid.loc[grid.index.repeat(BINS)].reset_index(drop=True)
    table = table.assign(low=np.tile(edges[:-1], len(grid)), high=np.tile(edges[1:], len(grid)))
    table.insert(0, "period", pd.Series([period] * len(table), dtype="str"))
    return table.assign(n_comments=counts.astype(np.int64), share=share, mean=np.repeat(mean, BINS))


def words_by_period(
    comments: pd.DataFrame, tokens: Tokens, vocabulary: Sequence[str], settings: TrendSettings
) -> pd.DataFrame:
    """The words of each topic in each period: `words.words_over_time` on calendar periods.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; texts that repeat another, or nearly
        (duplicate_of, near_duplicate_of), count once.
    tokens : Tokens
        Of the comments, in their order.
    vocabulary : sequence of str
        Words that may be shown.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        period_start, period_end, topic; n_comments, n_threads (dated, distinct texts); rank (from 1), word, weight
        (class TF-IDF), n_using (comments of the topic and period that use the word, 3 or more).
    """
    from analysis.topics.keywords import words_over_time

    distinct = np.ones(len(comments), dtype=bool)
    for column in ("duplicate_of", "near_duplicate_of"):
        if column in comments:
            distinct &= comments[column].isna().to_numpy()
    grid, rows = periods(comments["posted_at"], settings), np.flatnonzero(distinct)
    used = comments.iloc[rows]
    topic = used["topic"].fillna(-1).to_numpy("int64")
    found = words_over_time(
        tokens.take(rows),
        used["article_id"].tolist(),
        topic,
        _placed(used, settings, grid),
        vocabulary,
        int(topic.max(initial=-1)) + 1,
    )
    rows = [
        (at, of, n, n_threads, rank, word, weight, n_using)
        for of, at, n, n_threads, shown in found
        for rank, (word, weight, n_using) in enumerate(shown, 1)
    ]
    names = ["at", "topic", "n_comments", "n_threads", "rank", "word", "weight", "n_using"]
    table = pd.DataFrame(rows, columns=names)
    whole = dict.fromkeys(("at", "topic", "n_comments", "n_threads", "rank", "n_using"), "int64")
    table = table.astype(whole | {"word": "str", "weight": float}).sort_values(["at", "topic", "rank"], kind="stable")
    when = grid.iloc[table.pop("at").to_numpy()].reset_index(drop=True)
    return pd.concat([when, table.reset_index(drop=True)], axis=1)


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


def _placed(comments: pd.DataFrame, settings: TrendSettings, grid: pd.DataFrame | None = None) -> np.ndarray:
    """Row of the grid of periods in which each comment is, in the order of the comments; -1 without a date."""
    grid = periods(comments["posted_at"], settings) if grid is None else grid
    return pd.Index(grid["period_start"]).get_indexer(assign(comments["posted_at"], settings))


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
