"""Series by calendar period and by topic: every estimate with its n and an interval that respects threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.sentiment import NEITHER
from analysis.topics.keywords import words_over_time
from analysis.trends import small_areas
from analysis.trends.intervals import Bounds, Method, grouped, means, shares, total
from analysis.trends.periods import Calendar
from analysis.trends.units import Units, arrange, marked

if TYPE_CHECKING:
    from analysis.topics.tokens import Tokens

BINS = 21  # of scores between their bounds, the middle one around their middle
BORROWED = ("borrowed", "borrowed_low", "borrowed_high")
BY_THREAD = ("by_thread", "by_thread_low", "by_thread_high")


def by_period(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    by: str | None = None,
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """Mean of a measure in each calendar period, with an interval that respects threads.

    Parameters
    ----------
    comments : DataFrame
        One row a comment, in any order: article_id (the thread), posted_at (with a zone; NaT is in no period), the
        measure (NaN is left out); author and comment_id where they are known. Without comment_id the last digits
        depend on the order of rows.
    measure : str
        A column of numbers.
    period, zone, week_starts : str
        day, week, month, quarter or year; the IANA time zone in which days begin, such as Europe/Paris; a weekday.
    by : str, optional
        A column of names or whole numbers, such as topic: the mean of each of its values in each period.
    bounds : tuple of float
        What the measure cannot go beyond; intervals are clipped there.
    method : Method

    Returns
    -------
    DataFrame
        period_start, period_end (in the zone; period_start <= t < period_end); the column `by`; n_comments (dated and
        scored), n_threads, n_authors (left out where authors are unknown); estimate, low, high; n_eff, the number of
        independent comments that would say as much; author_ratio, the error with authors who return over that by
        threads alone; naive_low, naive_high, as if comments were independent; interval ("threads", "too few", "empty");
        by_thread, by_thread_low, by_thread_high: the mean with which every thread, not every comment, counts the same.
        Of a measure with finite bounds n_unscored, least and most: what the mean of all comments, the unscored too,
        cannot be below or above (Manski 1990).
        Of a measure whose bounds lie on both sides of 0 also share_negative and share_positive in [0, 1], each with
        _low and _high: those from 5 % of half the range on, VADER's ±.05. With `by` also borrowed, borrowed_low and
        borrowed_high, of cells without comments too: an estimate that borrows from neighbouring periods
        (`small_areas`), to be looked at and not to be tested on.

    Raises
    ------
    StudyError
        If a column is missing or of another type, the measure goes beyond its bounds, or there are too many periods.
    """
    return _means(arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds).dated, method)


def activity_by_period(
    comments: pd.DataFrame, *, period: str = "month", zone: str = "UTC", week_starts: str = "monday"
) -> pd.DataFrame:
    """How many comments, threads and known authors each period has; arguments as of `by_period`.

    Where posted_at_source is there, n_own_time are the comments with a time of their own ("comment"), not an article's.
    """
    a = arrange(comments, calendar=Calendar(period, zone, week_starts)).dated
    counts = pd.concat([a.grid, _counts(a, a.period, len(a.grid))], axis=1)
    if "posted_at_source" in comments:
        own = (comments["posted_at_source"] == "comment").to_numpy()[a.order]
        counts["n_own_time"] = total(a.period[own], None, len(a.grid)).astype(np.int64)
    return counts


def shares_by_period(
    comments: pd.DataFrame,
    by: str = "topic",
    *,
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    method: Method = Method(),
) -> pd.DataFrame:
    """Share of each value of a column in the comments of each period; arguments as of `by_period`.

    Columns: period_start, period_end, `by` (of topics the unassigned, -1, are one value as well); n_comments,
    n_threads, n_authors (of the value), n_total (of the period); estimate = n_comments / n_total, low, high; n_eff;
    interval.
    """
    return _shares(arrange(comments, by=by, calendar=Calendar(period, zone, week_starts)).dated, method)


def overall(
    comments: pd.DataFrame, measure: str = "sentiment", *, bounds: Bounds = (-1, 1), method: Method = Method()
) -> pd.DataFrame:
    """Mean of a measure over all comments, dated or not: one row with the columns of `by_period` but for the period."""
    return _means(arrange(comments, measure, bounds=bounds), method)


def by_topic(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str = "topic",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """Share of each value of a column, and mean of the measure there, over all comments, dated or not.

    Columns: `by`; n_comments, n_threads, n_authors, n_total, share, share_low, share_high; n_scored, then as of
    `by_period` from estimate on.
    """
    a = arrange(comments, measure, by, bounds=bounds)
    share = _shares(a, method).drop(columns=["n_eff", "interval"])
    share = share.rename(columns={"estimate": "share", "low": "share_low", "high": "share_high"})
    mean = _means(a, method).drop(columns=[by, "n_threads", "n_authors"], errors="ignore")
    return pd.concat([share, mean.rename(columns={"n_comments": "n_scored"})], axis=1)


def score_counts(scores: pd.Series, bounds: Bounds = (-1, 1)) -> pd.DataFrame:
    """Comments in 21 bins of their score, the middle one around that of the bounds: low, high, n_comments."""
    half = (bounds[1] - bounds[0]) / (BINS - 1) / 2
    edges = np.linspace(bounds[0] - half, bounds[1] + half, BINS + 1)
    counts, _ = np.histogram(scores.dropna(), bins=edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n_comments": counts})


def words_by_period(
    comments: pd.DataFrame,
    tokens: Tokens,
    vocabulary: Sequence[str],
    *,
    by: str = "topic",
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
) -> pd.DataFrame:
    """The words of each topic in each period, of those in `vocabulary`: `topics.keywords.words_over_time`.

    Tokens are of the comments, in their order; texts that repeat another, or nearly, count once. Columns: period_start,
    period_end, topic; n_comments, n_threads; rank (from 1), word, weight (class TF-IDF), n_using (comments).
    """
    a = arrange(comments, by=by, calendar=Calendar(period, zone, week_starts))
    a = a.only(~marked(comments, a, "duplicate_of", "near_duplicate_of"))
    topic = np.full(len(a.groups) + 1, -1)  # the unassigned, and those without a value, have no words
    topic[a.named] = np.arange(len(a.named))
    words = words_over_time(tokens.take(a.order), a.thread, topic[a.group], a.period, vocabulary, len(a.named))
    when, about = a.grid.iloc[words.pop("period")].reset_index(drop=True), words.pop("topic")
    words.insert(0, by, a.groups[a.named].take(about.to_numpy()))
    return pd.concat([when, words], axis=1)


def _cells(a: Units) -> tuple[np.ndarray, pd.DataFrame]:
    """Of each comment the cell, one of a period and a group, and the cells' first columns."""
    k = len(a.groups)
    rows = a.grid.loc[a.grid.index.repeat(k)].reset_index(drop=True)
    if a.by:
        rows[a.by] = a.groups.take(np.tile(np.arange(k), len(a.grid)))
    return a.period * k + a.group, rows


def _counts(a: Units, cell: np.ndarray, n_cells: int) -> pd.DataFrame:
    """Comments, threads and, where they are told, known authors of each cell."""
    counts = {"n_comments": total(cell, None, n_cells)}
    for name, of in (("n_threads", a.thread), ("n_authors", a.author)):
        if of is not None:
            (in_cell, _), _ = grouped(cell[of >= 0], of[of >= 0])
            counts[name] = total(in_cell, None, n_cells)
    return pd.DataFrame(counts).astype(np.int64)


def _means(a: Units, method: Method) -> pd.DataFrame:
    """Mean of every cell and, of a measure on both sides of 0, the shares of both."""
    every, rows = _cells(a.grouped)
    a = a.scored.grouped
    cell, _ = _cells(a)
    estimates = means(cell, a.thread, a.y, len(rows), method, a.bounds, a.author)
    expected = estimates.pop("expected").to_numpy()
    (of_cell, thread), own = grouped(cell, a.thread)
    each = means(of_cell, thread, total(own, a.y, 0) / total(own, None, 0), len(rows), method, a.bounds)
    by_thread = each[["estimate", "low", "high"]].set_axis(BY_THREAD, axis=1)
    tables = [rows, _counts(a, cell, len(rows)), estimates, by_thread]
    if np.isfinite(a.bounds).all():  # Manski: whatever those without a score sound like
        scored, n = (total(of, None, len(rows)) for of in (cell, every))
        said, missing = total(cell, a.y, len(rows)), n - scored
        with np.errstate(invalid="ignore"):
            least, most = ((said + missing * end) / n for end in a.bounds)
        tables.append(pd.DataFrame({"n_unscored": missing.astype(np.int64), "least": least, "most": most}))
    if a.by and "period_start" in rows:
        mean, shape = estimates["estimate"].to_numpy(), (len(a.grid), len(a.groups))
        spread = np.sqrt(((a.y - mean[cell]) ** 2).sum() / max(len(a.y) - len(np.unique(cell)), 1))
        n = tables[1]["n_comments"].to_numpy()
        direct, variance, n = (of.reshape(shape).T for of in (mean, expected, n))
        ends = small_areas.borrowed(direct, variance, n, float(spread), method.level, a.bounds)
        tables.append(pd.DataFrame({name: of.T.ravel() for name, of in zip(BORROWED, ends, strict=True)}))
    low, high = a.bounds
    if low < 0 < high and np.isfinite(high - low):
        polar = NEITHER * (high - low) / 2
        pole = np.where(a.y <= -polar, 0, np.where(a.y >= polar, 1, -1))
        poles = shares(cell, a.thread, pole, len(rows), 2, method, a.author)
        for option, name in enumerate(("share_negative", "share_positive")):
            one = poles.loc[option::2, ["estimate", "low", "high"]].reset_index(drop=True)
            tables.append(one.set_axis([name, f"{name}_low", f"{name}_high"], axis=1))
    return pd.concat(tables, axis=1)


def _shares(a: Units, method: Method) -> pd.DataFrame:
    """Counts and share of every group in every period."""
    k, known = len(a.groups), a.grouped
    cell, rows = _cells(known)
    counts = _counts(known, cell, len(rows))
    counts["n_total"] = np.repeat(total(a.period, None, len(a.grid)).astype(np.int64), k)
    estimates = shares(a.period, a.thread, a.group, len(a.grid), k, method, a.author)
    return pd.concat([rows, counts, estimates], axis=1)
