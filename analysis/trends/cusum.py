"""The statistic with which `breaks` searches, of every series of a kind, every date and many ways of moving threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.trends.intervals import grouped, total
from analysis.trends.units import Units

PIECE = 32_768  # rows that stay in a processor's cache
MEAN, SHARE, MEAN_OF = KINDS = ("mean", "share of a group", "mean of a group")


@dataclass(frozen=True)
class Rows:
    """Sums by thread, period and series, which move with the thread's start."""

    thread: np.ndarray
    place: np.ndarray  # (periods since the thread's first) * n_series + series
    n_series: int
    values: tuple[np.ndarray, ...]

    def sums(self, starts: np.ndarray, n_periods: int, weights: np.ndarray | None = None) -> list[np.ndarray]:
        """Of each of the values the sums up to each period, (n_ways, n_periods, n_series).

        `starts` and `weights` have a row of (n_threads,) for each way in which threads may have started, and count.
        """
        reach = int(self.place.max(initial=0)) // self.n_series + 1
        tables = np.zeros((len(self.values), len(starts), (n_periods + reach) * self.n_series))
        for begin in range(0, len(self.thread), PIECE):  # all ways are gone through while a piece is in the cache
            thread, place, *values = (of[begin : begin + PIECE] for of in (self.thread, self.place, *self.values))
            for way, start in enumerate(starts * self.n_series):
                at, weight = start[thread] + place, None if weights is None else weights[way, thread]
                for table, of in zip(tables, values, strict=True):
                    counts = np.bincount(at, of if weight is None else of * weight)
                    table[way, : len(counts)] += counts
        so_far = tables.reshape(*tables.shape[:2], -1, self.n_series).cumsum(axis=2)
        # A thread that starts late may reach beyond the last period: what is there belongs to it.
        so_far[:, :, n_periods - 1] = so_far[:, :, -1]
        return list(so_far[:, :, :n_periods])


@dataclass(frozen=True)
class Family:
    """Series of one kind, looked at together.

    The values of the first rows are of each series: the sum, and what the row adds to A and B, the sums over threads of
    (residual so far)**2 and of (residual so far) * (whole residual), from which the variance of a difference of two
    means follows also where a thread is on both sides of the date. Then the number of comments below the line and of
    threads that begin: these are of each series as well. Or, for shares, they are in second rows, the same for all
    series, and with them of the numbers what A and B are of the sums.
    """

    codes: np.ndarray  # (n_series,) of the groups, or [-1] for all comments
    periods: np.ndarray  # (n_periods,) those that have comments: nothing changes in one that has none
    start: np.ndarray  # (n_threads,) the place in `periods` where the thread starts
    mean: np.ndarray  # (n_series,)
    rows: tuple[Rows, ...]
    least: int  # threads that a side of a change must have

    @property
    def threads(self) -> np.ndarray:
        """Those whose start matters, sorted."""
        return np.unique(np.concatenate([rows.thread for rows in self.rows]))

    def scan(self, starts: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Statistic of a change after each period but the last, and the means around it, as of `Rows.sums`.

        (n_ways, n_periods - 1, n_series); the statistic is 0 where a side has too few threads.
        """
        (up, a, b, *rest), *shared = (rows.sums(starts, len(self.periods), weights) for rows in self.rows)
        for *rest, more_a, more_b in shared:  # noqa: B007
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
        enough = np.minimum(begun[:, :-1], begun[:, -1:] - begun[:, :-1]) >= self.least
        enough = enough & (size > 1e-12) & np.isfinite(statistic)
        return np.where(enough, statistic, 0.0), before, after


def family(kind: str, a: Units, codes: np.ndarray, least: int) -> Family | None:
    """The series of a kind, of the groups of these codes, of compact units; None where no comment is of one."""
    periods, period = np.unique(a.period, return_inverse=True)
    start = np.full(a.n_threads, len(periods))
    np.minimum.at(start, a.thread, period)
    offset = period - start[a.thread]
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
        values = (up, *_squares(group, up - mean[s] * n), n, _first(group))
        return Family(codes, periods, start, mean, (Rows(t, o * k + s, k, values),), least)
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
    # (y - mean n)**2 without the mean**2 n**2 that is in the second rows
    squares = zip(_squares(pair, whole - mean[s] * n), _squares(pair, n), strict=True)
    values = (whole, *(one - mean[s] ** 2 * two for one, two in squares))
    return Family(codes, periods, start, mean, (Rows(all_t[at], all_o[at] * k + s, k, values), every), least)


def _squares(group: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each row adds to X**2 and to X X_whole; X is the group's sum so far, in the order of rows."""
    running = np.concatenate([[0.0], np.cumsum(x)])
    so_far = running[1:] - running[np.searchsorted(group, group)]
    whole = total(group, x, int(group[-1]) + 1)[group]
    return so_far**2 - (so_far - x) ** 2, x * whole


def _first(group: np.ndarray) -> np.ndarray:
    """1.0 in the first row of each group, else 0."""
    return np.concatenate([[1.0], (np.diff(group) > 0).astype(float)])
