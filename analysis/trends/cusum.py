"""The statistic of a change: sums of series by thread and period, and what they are when threads move or are weighted.

The difference of the means after and before a date over its standard error with threads as the unit, for every series
of a kind, every date and many ways of moving threads at once. `breaks` searches with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.trends.intervals import grouped, total
from analysis.trends.units import Units

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PIECE = 32_768  # rows that stay in a processor's cache
MEAN, SHARE, MEAN_OF = KINDS = ("mean", "share of a group", "mean of a group")


@dataclass(frozen=True)
class Rows:
    """Sums by thread, period and series, which move with the thread's start."""

    thread: np.ndarray
    place: np.ndarray  # (periods since the thread's first) * n_series + series
    n_series: int
    values: tuple[np.ndarray, ...]

    def permuted(self, starts: np.ndarray, n_periods: int) -> list[np.ndarray]:
        """Of each of the values the sums up to each period, of shape (n_ways, n_periods, n_series).

        `starts` has a row of (n_threads,) for each way in which threads may have started. In pieces that stay in the
        cache while all ways are gone through.
        """
        tables = np.zeros((len(self.values), len(starts), self._n_cells(n_periods)))
        first = starts * self.n_series
        for begin in range(0, len(self.thread), PIECE):
            thread, place = self.thread[begin : begin + PIECE], self.place[begin : begin + PIECE]
            values = [of[begin : begin + PIECE] for of in self.values]
            for s, one in enumerate(first):
                at = one[thread] + place
                for table, of in zip(tables, values, strict=True):
                    counts = np.bincount(at, of)
                    table[s, : len(counts)] += counts
        return [self._so_far(table, n_periods) for table in tables]

    def by_cell(self, start: np.ndarray, n_periods: int) -> list[csr_matrix]:
        """Of each of the values what each thread adds to each cell, (n_cells, n_threads); mostly zeros."""
        from scipy import sparse

        place, shape = start[self.thread] * self.n_series + self.place, (self._n_cells(n_periods), len(start))
        return [sparse.csr_matrix((of, (place, self.thread)), shape=shape) for of in self.values]

    def weighted(self, cells: list[csr_matrix], weights: np.ndarray, n_periods: int) -> list[np.ndarray]:
        """The sums as `permuted` gives them, where no thread moves and each has weights, (n_threads, n_ways)."""
        return [self._so_far((of @ weights).T, n_periods) for of in cells]

    def _n_cells(self, n_periods: int) -> int:
        reach = int(self.place.max(initial=0)) // self.n_series + 1
        return (n_periods + reach) * self.n_series

    def _so_far(self, table: np.ndarray, n_periods: int) -> np.ndarray:
        so_far = table.reshape(len(table), -1, self.n_series).cumsum(axis=1)
        # A thread that starts late may reach beyond the last period: what is there belongs to it.
        so_far[:, n_periods - 1] = so_far[:, -1]
        return so_far[:, :n_periods]


@dataclass(frozen=True)
class Family:
    """Series of one kind, permuted together.

    The values of `own` are of each series: the sum, and what the row adds to A and B, the sums over threads of
    (residual so far)**2 and of (residual so far) * (whole residual), from which the variance of a difference of two
    means follows also where a thread is on both sides of the date. Then the number of comments below the line and of
    threads that begin: these are of each series as well, or, for shares, in `every`, the same for all series.
    """

    codes: np.ndarray  # (n_series,) of the groups, or [-1] for all comments
    mean: np.ndarray  # (n_series,)
    own: Rows
    every: Rows | None  # number, begun; and of the numbers what A and B are of the sums

    @property
    def rows(self) -> list[Rows]:
        """`own`, and `every` where there is one."""
        return [self.own] if self.every is None else [self.own, self.every]

    @property
    def threads(self) -> np.ndarray:
        """The threads whose start matters, sorted."""
        return np.unique(np.concatenate([rows.thread for rows in self.rows]))

    def of_threads(self, threads: np.ndarray) -> Family:
        """The same with threads numbered by their place in `threads`."""
        own, *every = (replace(rows, thread=np.searchsorted(threads, rows.thread)) for rows in self.rows)
        return replace(self, own=own, every=every[0] if every else None)

    def permuted(self, starts: np.ndarray, n_periods: int, least: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`scan` of the starts that `Rows.permuted` takes."""
        return self.scan([rows.permuted(starts, n_periods) for rows in self.rows], least)

    def scan(self, sums: list[list[np.ndarray]], least: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Statistic of a change after each period but the last, and the means before and after.

        All of shape (n_ways, n_periods - 1, n_series), from the sums of each of `rows`; the statistic is 0 where a side
        has fewer threads than `least`.
        """
        up, a, b, *rest = sums[0]
        if self.every is not None:
            *rest, more_a, more_b = sums[1]
            a, b = a + more_a * self.mean**2, b + more_b * self.mean**2
        below, begun = rest
        n1, n2 = below[:, :-1], below[:, -1:] - below[:, :-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            before, after = up[:, :-1] / n1, (up[:, -1:] - up[:, :-1]) / n2
            both = b[:, :-1] - a[:, :-1]
            variance = a[:, :-1] / n1**2 - 2 * both / n1 / n2 + (b[:, -1:] - b[:, :-1] - both) / n2**2
            size = np.abs(after - before)
            statistic = size / np.sqrt(np.maximum(variance, 1e-18))
        # A difference below 1e-12 is rounding in a series that never changes.
        enough = (begun[:, :-1] >= least) & (begun[:, -1:] - begun[:, :-1] >= least) & (size > 1e-12)
        return np.where(enough & np.isfinite(statistic), statistic, 0.0), before, after


def family(kind: str, a: Units, offset: np.ndarray, codes: np.ndarray) -> Family | None:
    """Sums of the series of a kind, of the groups of these codes; None where no comment is of one.

    `offset` has of each comment the periods since the first one of its thread; threads are numbered without gaps.
    """
    k, of = len(codes), np.full(len(a.thread), True) if kind == SHARE else ~np.isnan(a.y)
    series = np.zeros(len(a.thread), dtype=np.int64)
    if kind != MEAN:
        number = np.full(len(a.groups) + 1, -1)  # the last is that of no group
        number[codes] = np.arange(k)
        series = number[a.group]
        of &= series >= 0
    if not of.any():
        return None
    y = np.ones(of.sum()) if kind == SHARE else a.y[of]
    (t, s, o), row = grouped(a.thread[of], series[of], offset[of])
    up, n = total(row, y, len(t)), total(row, None, len(t))
    if kind != SHARE:
        with np.errstate(invalid="ignore"):
            mean = np.nan_to_num(total(series[of], y, k) / total(series[of], None, k))
        group = t * k + s
        squares = _squares(group, up - mean[s] * n)
        return Family(codes, mean, Rows(t, o * k + s, k, (up, *squares, n, _first(group))), None)
    mean = total(series[of], y, k) / len(a.thread)
    (all_t, all_o), row = grouped(a.thread, offset)
    n = total(row, None, len(all_t))
    every = Rows(all_t, all_o, 1, (n, _first(all_t), *_squares(all_t, n)))
    # A group's residual moves with every comment of a thread that has the group: each such pair in all its periods.
    (pair_t, pair_s), has = grouped(t, s)
    n_of = np.bincount(all_t)[pair_t]
    pair = np.repeat(np.arange(len(pair_t)), n_of)
    at = (np.searchsorted(all_t, pair_t) - np.cumsum(n_of) + n_of)[pair] + np.arange(len(pair))
    size = int(offset.max()) + 1
    whole = np.zeros(len(pair))
    whole[np.searchsorted(pair * size + all_o[at], has * size + o)] = up
    s, n = pair_s[pair], n[at]
    # (y - mean n)**2 without the mean**2 n**2 that is in `every`
    squares = [
        one - mean[s] ** 2 * two
        for one, two in zip(_squares(pair, whole - mean[s] * n), _squares(pair, n), strict=True)
    ]
    return Family(codes, mean, Rows(all_t[at], all_o[at] * k + s, k, (whole, *squares)), every)


def _squares(group: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each row adds to X**2 and to X X_whole; X is the group's sum so far, in the order of rows."""
    running = np.concatenate([[0.0], np.cumsum(x)])
    so_far = running[1:] - running[np.searchsorted(group, group)]
    whole = total(group, x, int(group[-1]) + 1)[group]
    return so_far**2 - (so_far - x) ** 2, x * whole


def _first(group: np.ndarray) -> np.ndarray:
    """1.0 in the first row of each group, else 0."""
    return np.concatenate([[1.0], (np.diff(group) > 0).astype(float)])
