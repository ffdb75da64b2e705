"""Intervals for means and shares of comments that are not independent: the thread is the unit.

Their coverage, and that of the bootstrap, which falls short of it, is measured by tests/benchmarks/trends.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit  # scipy.stats takes a second to import

from analysis.trends.authors import Crossed, kept

THREADS, TOO_FEW, EMPTY = "threads", "too few", "empty"  # what an interval is made from
NO_SPREAD = "no spread"  # no thread differs from another, so nothing says how sure the figure is
Bounds = tuple[float, float]
Row = dict[str, Any]  # of a table, by column


@dataclass(frozen=True)
class Method:
    """How intervals and tests are made."""

    level: float = 0.95
    min_threads: int = 5  # fewer threads than this in a cell: "too few" instead of an interval
    draws: int = 500  # of a change that was found, for the intervals of its date and size
    seed: int = 1


def grouped(*keys: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Distinct combinations of non-negative integers, sorted, and for each row the number of its own."""
    sizes = tuple(int(key.max(initial=0)) + 1 for key in keys)
    distinct, inverse = np.unique(np.ravel_multi_index(keys, sizes), return_inverse=True)
    return list(np.unravel_index(distinct, sizes)), inverse


def total(index: np.ndarray, weights: np.ndarray | None, size: int) -> np.ndarray:
    """Sums by index, as float64 of shape (size,)."""
    return np.bincount(index, weights=weights, minlength=size).astype(float)


def freedom(h: np.ndarray, cell: np.ndarray, n_cells: int) -> np.ndarray:
    """Satterthwaite's degrees of freedom, at least 1, of each cell's mean; `h` is each thread's share of the cell."""
    a = h**2 / np.maximum(1 - h, 1e-12)
    down = total(cell, h**2, n_cells) + total(cell, a, n_cells) ** 2 - total(cell, a**2, n_cells)
    return np.maximum(1 / np.where(down > 0, down, 1), 1)


def both(threads: np.ndarray | float, authors: np.ndarray | float, part: np.ndarray | float) -> np.ndarray:
    """Degrees of freedom of a variance of which authors give a part, and threads the rest (Satterthwaite)."""
    return np.divide(1, (1 - part) ** 2 / threads + part**2 / authors)


def quantile(level: float, df: np.ndarray | float) -> np.ndarray:
    """Two-sided quantile of Student's t."""
    return stdtrit(df, (1 + level) / 2)


def means(
    cell: np.ndarray,
    thread: np.ndarray,
    y: np.ndarray,
    n_cells: int,
    method: Method,
    bounds: Bounds = (-1, 1),
    author: np.ndarray | None = None,
) -> pd.DataFrame:
    """Mean of each cell with an interval that respects threads (CR2, Bell and McCaffrey 2002), and one that does not.

    Of each comment its cell, its thread and its value, within `bounds` and no NaN; with its author, -1 for nobody, the
    interval respects both (`authors`). A row a cell: estimate, low, high, n_eff, author_ratio (error with authors over
    that without), naive_low, naive_high (a t interval), interval, as of `series.by_period`; expected, the variance that
    the estimate would have if comments of all cells were alike.
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
        # Where all comments of a cell say the same, its own variance is 0, which nobody believes: the pooled one.
        pooled = within[several].sum() / max((n[several] - 1).sum(), 1)
        n2 = total(row_cell, n_row**2, n_cells)
        icc = _larger((robust - n * pooled)[several].sum(), (pooled * (n2 - n))[several].sum(), 1)
        fallback = pooled * (n + (n2 - n) * icc)
        variance, df = np.where(robust > 1e-12 * n, robust, fallback) / n**2, freedom(h, row_cell, n_cells)
        crossed = Crossed.of(cell, thread, author)
        more = crossed.added((y - mean[cell]) / n[cell], 1 / n[cell], n_cells) if crossed else np.zeros(n_cells)
        wider = 1 + more / variance
        if crossed:
            by_author = freedom(crossed.held(np.ones(len(y))), crossed.cell, n_cells)
            df = both(df, by_author, 1 - 1 / wider)
        variance = variance * wider
        half = quantile(method.level, df) * np.sqrt(variance)
        naive = quantile(method.level, np.maximum(n - 1, 1)) * np.sqrt(within / np.maximum(n - 1, 1) / n)
        n_eff = np.where(within > 0, within / np.maximum(n - 1, 1), pooled) / variance
    enough = threads >= method.min_threads
    return pd.DataFrame(
        {
            "estimate": mean,
            "low": np.where(enough, np.clip(mean - half, *bounds), np.nan),
            "high": np.where(enough, np.clip(mean + half, *bounds), np.nan),
            "n_eff": np.where(enough & np.isfinite(n_eff), n_eff, np.nan),
            "author_ratio": np.where(enough, np.sqrt(wider), np.nan),
            "naive_low": np.where(n > 1, np.clip(mean - naive, *bounds), np.nan),
            "naive_high": np.where(n > 1, np.clip(mean + naive, *bounds), np.nan),
            "interval": _made_from(threads, method),
            "expected": np.where(n > 0, fallback * wider / n**2, np.nan),
        }
    )


def shares(
    cell: np.ndarray,
    thread: np.ndarray,
    option: np.ndarray,
    n_cells: int,
    n_options: int,
    method: Method,
    author: np.ndarray | None = None,
) -> pd.DataFrame:
    """Share of each option among a cell's comments: Wilson's interval on the effective number of comments.

    Korn and Graubard (1998), Franco et al. (2019). The design effect is pooled over the cells of an option, and is that
    of all options where it is the larger one: a rare option has too few comments to estimate it from, and would get an
    interval that is far too short. So is what authors add to it, who are -1 where they are nobody. An option is from 0
    to n_options - 1, or -1 for none of them. A row an option, those of the first cell first: estimate, low, high in
    [0, 1]; n_eff; interval.
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
        icc = _larger(over, (pq * (n2 - n)[:, None])[several].sum(axis=0), 1)
        n_eff = n[:, None] / (1 + (n2 / n - 1)[:, None] * icc)
        if crossed := Crossed.of(cell, thread, author):
            ours = [crossed.added((option == of) - p[cell, of], 1 / n[cell], n_cells) for of in range(n_options)]
            n_eff /= 1 + _larger(np.stack(ours)[:, several].sum(axis=1), robust[several].sum(axis=0), np.inf)
        q = quantile(method.level, freedom(h, row_cell, n_cells))[:, None]
        down = 1 + q**2 / n_eff
        middle, half = (p + q**2 / 2 / n_eff) / down, q / down * np.sqrt(pq / n_eff + (q / 2 / n_eff) ** 2)
    # Rounding alone would put a share of 0 or 1 outside its own interval.
    ends = np.clip(np.minimum(middle - half, p), 0, 1), np.clip(np.maximum(middle + half, p), 0, 1)
    enough = (threads >= method.min_threads)[:, None]
    low, high, n_eff = (np.where(enough, of, np.nan).ravel() for of in (*ends, n_eff))
    interval = _made_from(threads, method).repeat(n_options).reset_index(drop=True)
    return pd.DataFrame({"estimate": p.ravel(), "low": low, "high": high, "n_eff": n_eff, "interval": interval})


def _larger(over: np.ndarray, scale: np.ndarray, most: float) -> np.ndarray:
    """Each option's ratio in [0, most], or that of all of them where it is larger."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own, every = over / scale, over.sum() / scale.sum()
    return np.clip(np.fmax(np.nan_to_num(own, posinf=0.0), np.nan_to_num(every, posinf=0.0)), 0, most)


def _made_from(threads: np.ndarray, method: Method) -> pd.Series:
    names = np.where(threads >= method.min_threads, THREADS, TOO_FEW)
    return pd.Series(np.where(threads == 0, EMPTY, names).astype(object), dtype="str")


@dataclass(frozen=True)
class Figure:
    """A number from sums over threads, and its derivative by each thread's weight: arithmetic is the delta method."""

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


def estimated(value: float, se: float, df: float, method: Method, bounds: Bounds = (-np.inf, np.inf)) -> Row:
    """A figure with its interval by Student's t, within its bounds, and the p-value of its being 0; or "no spread"."""
    if not np.isfinite(value) or not np.isfinite(se) or se < 1e-12:
        return without(value, NO_SPREAD)
    half = float(quantile(method.level, df)) * se
    low, high = np.clip((value - half, value + half), *bounds).tolist()
    p_value = float(2 * stdtr(df, -abs(value) / se))
    return {"estimate": value, "low": low, "high": high, "p_value": p_value, "interval": THREADS}


def without(estimate: float, why: str) -> Row:
    """A figure that has no interval, as `estimated` gives one that has."""
    return {"estimate": estimate, "low": np.nan, "high": np.nan, "p_value": np.nan, "interval": why}


def compared(figure: Figure, n: Sequence[np.ndarray], bounds: Bounds, method: Method) -> Row:
    """A figure from one span of comments, or from two that may share threads, with the jackknife's variance (CR3).

    It is wider than CR2's, and needed: a figure of several ratios is not linear, and takes more from few threads. `n`
    has for each span how much of its information each thread has: its comments, or their spread about a line.
    """
    threads = min(int((one > 0).sum()) for one in n)
    if threads < method.min_threads:
        return without(figure.value, TOO_FEW if threads else EMPTY)
    h = [one / one.sum() for one in n]
    # Welch: each span's variance is as the inverse of its number of comments.
    part = np.array([1 / one.sum() for one in n])
    df = part.sum() ** 2 / (part**2 / np.array([one_freedom(one) for one in h])).sum()
    se = float(np.sqrt(((figure.influence / kept(np.max(h, axis=0))) ** 2).sum()))
    return estimated(figure.value, se, float(df), method, bounds)


def one_freedom(h: np.ndarray) -> float:
    """`freedom` of a single cell."""
    h = h[h > 0]
    return float(freedom(h, np.zeros(len(h), dtype=np.int64), 1)[0])


def adjusted(p_value: np.ndarray) -> np.ndarray:
    """q-values (Benjamini and Hochberg 1995) over all p-values that there are; NaN stays NaN."""
    q, known = np.full(len(p_value), np.nan), np.flatnonzero(~np.isnan(p_value))
    order = known[np.argsort(p_value[known], kind="stable")]
    step = p_value[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(step[::-1])[::-1], 1)
    return q
