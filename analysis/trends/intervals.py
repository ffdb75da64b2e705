"""Intervals for means and shares of comments that are not independent: the thread is the unit.

Sources: Bell and McCaffrey (2002), CR2 variance and Satterthwaite's degrees of freedom; Korn and Graubard
(1998) and Franco et al. (2019), Wilson's interval on the effective number. tests/benchmarks/trends.py
measures their coverage, and that of the bootstrap, which with skewed thread sizes falls short of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.settings import TrendSettings

THREADS, TOO_FEW, EMPTY = "threads", "too few", "empty"  # what an interval is made from
NO_SPREAD = "no spread"  # no thread differs from another, so nothing says how sure the figure is


def grouped(*keys: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Distinct combinations of non-negative integers, sorted, and for each row the number of its own."""
    code, sizes = np.zeros(len(keys[0]), dtype=np.int64), []
    for key in keys:
        size = int(key.max(initial=0)) + 1
        sizes.append(size)
        code = code * size + key
    distinct, inverse = np.unique(code, return_inverse=True)
    columns = []
    for size in reversed(sizes):
        columns.append(distinct % size)
        distinct = distinct // size
    return columns[::-1], inverse


def total(index: np.ndarray, weights: np.ndarray | None, size: int) -> np.ndarray:
    """Sums by index, as float64 of shape (size,)."""
    return np.bincount(index, weights=weights, minlength=size).astype(float)


def freedom(h: np.ndarray, cell: np.ndarray, n_cells: int) -> np.ndarray:
    """Satterthwaite's degrees of freedom of the CR2 variance of each cell's mean, at least 1.

    Parameters
    ----------
    h : ndarray of shape (n_rows,)
        Share of the cell's comments that the thread has, in (0, 1].
    cell : ndarray of shape (n_rows,)
    n_cells : int
    """
    a = h**2 / np.maximum(1 - h, 1e-12)
    down = total(cell, h**2, n_cells) + total(cell, a, n_cells) ** 2 - total(cell, a**2, n_cells)
    return np.maximum(1 / np.where(down > 0, down, 1), 1)


def quantile(level: float, df: np.ndarray) -> np.ndarray:
    """Two-sided quantile of Student's t."""
    from scipy.special import stdtrit  # scipy.stats takes a second to import

    return stdtrit(df, (1 + level) / 2)


def means(cell: np.ndarray, thread: np.ndarray, y: np.ndarray, n_cells: int, settings: TrendSettings) -> pd.DataFrame:
    """Mean of each cell with an interval that respects threads, and beside it the one that does not.

    Parameters
    ----------
    cell : ndarray of int of shape (n_comments,)
        From 0 to n_cells - 1.
    thread : ndarray of int of shape (n_comments,)
    y : ndarray of float of shape (n_comments,)
        Within [-1, 1], no NaN.
    n_cells : int
    settings : TrendSettings

    Returns
    -------
    DataFrame of n_cells rows
        estimate, low, high in [-1, 1]; n_eff, the number of independent comments that would say as much;
        naive_low, naive_high, a t interval as if comments were independent; interval: "threads", "too few" or
        "empty".
    """
    (row_cell, _), row = grouped(cell, thread)
    n_row, y_row = total(row, None, len(row_cell)), total(row, y, len(row_cell))
    n, threads = total(cell, None, n_cells), total(row_cell, None, n_cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total(cell, y, n_cells) / n
        within = total(cell, (y - mean[cell]) ** 2, n_cells)
        h = n_row / n[row_cell]
        e2 = (y_row - n_row * mean[row_cell]) ** 2 / np.maximum(1 - h, 1e-12)
        robust = total(row_cell, e2, n_cells)
        several = threads > 1
        # Where all comments of a cell say the same, its own variance is 0, which nobody believes: the pooled
        # one.
        pooled = within[several].sum() / max((n[several] - 1).sum(), 1)
        n2 = total(row_cell, n_row**2, n_cells)
        icc = _icc((robust - n * pooled)[several].sum(), (pooled * (n2 - n))[several].sum())
        fallback = pooled * (n + (n2 - n) * icc)
        variance = np.where(robust > 1e-12 * n, robust, fallback) / n**2
        half = quantile(settings.level, freedom(h, row_cell, n_cells)) * np.sqrt(variance)
        naive = quantile(settings.level, np.maximum(n - 1, 1)) * np.sqrt(within / np.maximum(n - 1, 1) / n)
        n_eff = np.where(within > 0, within / np.maximum(n - 1, 1), pooled) / variance
    enough = threads >= settings.min_threads
    return pd.DataFrame(
        {
            "estimate": mean,
            "low": np.where(enough, np.clip(mean - half, -1, 1), np.nan),
            "high": np.where(enough, np.clip(mean + half, -1, 1), np.nan),
            "n_eff": np.where(enough & np.isfinite(n_eff), n_eff, np.nan),
            "naive_low": np.where(n > 1, np.clip(mean - naive, -1, 1), np.nan),
            "naive_high": np.where(n > 1, np.clip(mean + naive, -1, 1), np.nan),
            "interval": pd.Series(kind(threads, settings), dtype="str"),
        }
    )


def shares(
    cell: np.ndarray,
    thread: np.ndarray,
    option: np.ndarray,
    n_cells: int,
    n_options: int,
    settings: TrendSettings,
) -> pd.DataFrame:
    """Share of each option among a cell's comments: Wilson's interval on the effective number of comments.

    The design effect is pooled over the cells of an option: within one cell, a rare option has too few
    comments to estimate it from, and would get an interval that is far too short (56 % coverage instead of
    95).

    Parameters
    ----------
    cell, thread : ndarray of int of shape (n_comments,)
    option : ndarray of int of shape (n_comments,)
        From 0 to n_options - 1, such as topics; -1 for none of them.
    n_cells, n_options : int
    settings : TrendSettings

    Returns
    -------
    DataFrame of n_cells * n_options rows, the options of the first cell first
        estimate, low, high in [0, 1]; n_eff; interval.
    """
    (row_cell, _), row = grouped(cell, thread)
    n_row = total(row, None, len(row_cell))
    n, threads = total(cell, None, n_cells), total(row_cell, None, n_cells)
    h = n_row / n[row_cell]
    w = 1 / np.maximum(1 - h, 1e-12)
    has = option >= 0
    (some_row, some_option), some = grouped(row[has], option[has])
    y = total(some, None, len(some_row))
    at = row_cell[some_row] * n_options + some_option
    size, shape = n_cells * n_options, (n_cells, n_options)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = total(at, y, size).reshape(shape) / n[:, None]
        robust = (
            total(at, w[some_row] * y**2, size).reshape(shape)
            - 2 * p * total(at, w[some_row] * y * n_row[some_row], size).reshape(shape)
            + p**2 * total(row_cell, w * n_row**2, n_cells)[:, None]
        )
        several = threads > 1
        pq, n2 = p * (1 - p), total(row_cell, n_row**2, n_cells)
        over = (robust - n[:, None] * pq)[several].sum(axis=0)
        icc = _icc(over, (pq * (n2 - n)[:, None])[several].sum(axis=0))
        n_eff = n[:, None] / (1 + (n2 / n - 1)[:, None] * icc)
        q = quantile(settings.level, freedom(h, row_cell, n_cells))[:, None]
        down = 1 + q**2 / n_eff
        middle, half = (p + q**2 / 2 / n_eff) / down, q / down * np.sqrt(pq / n_eff + (q / 2 / n_eff) ** 2)
    enough = (threads >= settings.min_threads)[:, None]
    # Rounding alone would put a share of 0 or 1 outside its own interval.
    low, high = np.clip(np.minimum(middle - half, p), 0, 1), np.clip(np.maximum(middle + half, p), 0, 1)
    return pd.DataFrame(
        {
            "estimate": p.ravel(),
            "low": np.where(enough, low, np.nan).ravel(),
            "high": np.where(enough, high, np.nan).ravel(),
            "n_eff": np.where(enough, n_eff, np.nan).ravel(),
            "interval": pd.Series(np.repeat(kind(threads, settings), n_options), dtype="str"),
        }
    )


def _icc(over: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Intraclass correlation in [0, 1] by moments: by how much threads differ more than by chance."""
    return np.clip(np.where(scale > 0, over / np.where(scale > 0, scale, 1), 0), 0, 1)


@dataclass(frozen=True)
class Figure:
    """A number computed from sums over threads, and its derivative by the weight of each thread.

    Arithmetic on figures keeps the derivative right (the delta method), so that a formula reads as on paper.
    """

    value: float
    influence: np.ndarray  # (n_threads,), sums to 0

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: Figure) -> Figure:
        return Figure(self.value - other.value, self.influence - other.influence)

    def __mul__(self, other: Figure | float) -> Figure:
        if isinstance(other, Figure):
            return Figure(self.value * other.value, self.influence * other.value + self.value * other.influence)
        return Figure(self.value * other, self.influence * other)


def ratio(up: np.ndarray, down: np.ndarray) -> Figure:
    """Sum over sum, from what each thread has of either; NaN where there is nothing below."""
    if not down.sum():
        return Figure(np.nan, np.full(len(down), np.nan))
    value = float(up.sum() / down.sum())
    return Figure(value, (up - value * down) / down.sum())


def linear(figure: Figure, h: np.ndarray, df: float, settings: TrendSettings) -> tuple[float, float, float]:
    """Interval and p-value of a figure, with the jackknife's variance (CR3).

    It is wider than CR2's, and needed: a figure of several ratios is not linear, and takes more from few
    threads.

    Parameters
    ----------
    figure : Figure
    h : ndarray of shape (n_threads,)
        Leverage of the thread in [0, 1]: the part of the information that it holds.
    df : float
        Satterthwaite's degrees of freedom.
    settings : TrendSettings

    Returns
    -------
    tuple of float
        low, high, p_value (of the figure being 0); NaN where no thread differs from another.
    """
    se = float(np.sqrt(((figure.influence / np.maximum(1 - h, 0.01)) ** 2).sum()))
    if not np.isfinite(figure.value) or not np.isfinite(se) or se < 1e-12:
        return np.nan, np.nan, np.nan
    from scipy.special import stdtr

    half = float(quantile(settings.level, np.asarray(df))) * se
    return figure.value - half, figure.value + half, float(2 * stdtr(df, -abs(figure.value) / se))


def compared(
    figure: Figure, n: Sequence[np.ndarray], bounds: tuple[float, float], settings: TrendSettings
) -> tuple[float, float, float, str]:
    """Interval and p-value of a figure from one span of comments, or from two that may share threads.

    Parameters
    ----------
    figure : Figure
    n : sequence of ndarrays of shape (n_threads,)
        Comments of each thread in each of the spans.
    bounds : tuple of float
        What the figure cannot go beyond.
    settings : TrendSettings

    Returns
    -------
    tuple
        low, high, p_value (of the figure being 0), NaN where there is no interval; and what the interval is made
        from: "threads", "too few" or "empty" in one of the spans, "no spread" where no thread differs from another.
    """
    threads = min(int((one > 0).sum()) for one in n)
    if threads < settings.min_threads:
        return np.nan, np.nan, np.nan, TOO_FEW if threads else EMPTY
    h = [one / one.sum() for one in n]
    # Welch: each span's variance is as the inverse of its number of comments.
    part = np.array([1 / one.sum() for one in n])
    df = part.sum() ** 2 / (part**2 / np.array([one_freedom(one) for one in h])).sum()
    low, high, p_value = linear(figure, np.max(h, axis=0), float(df), settings)
    low, high = np.clip((low, high), *bounds).tolist()
    return low, high, p_value, NO_SPREAD if np.isnan(low) else THREADS


def one_freedom(h: np.ndarray) -> float:
    """`freedom` of a single cell."""
    h = h[h > 0]
    return float(freedom(h, np.zeros(len(h), dtype=np.int64), 1)[0])


def kind(threads: np.ndarray, settings: TrendSettings) -> np.ndarray:
    """Of each cell what its interval is made from."""
    names = np.where(threads >= settings.min_threads, THREADS, TOO_FEW)
    return np.where(threads == 0, EMPTY, names).astype(object)


def adjusted(p_value: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg q-values over all p-values that there are; NaN stays NaN."""
    q, known = np.full(len(p_value), np.nan), np.flatnonzero(~np.isnan(p_value))
    order = known[np.argsort(p_value[known], kind="stable")]
    step = p_value[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(step[::-1])[::-1], 1)
    return q
