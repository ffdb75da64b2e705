"""Change points: where a series changes most, tested against a null that permutes threads.

The statistic is a CUSUM: the difference of the means after and before a date over its standard error with
threads as the unit, at its largest over all dates. Under the null a thread could as well have started when
any other one did: threads swap their starting periods, and keep their comments and how these spread over the
periods that follow. Further changes are looked for before and after one that was found (binary segmentation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.intervals import adjusted, grouped, total
from analysis.parallel import MIN_ITEMS, map_items
from analysis.periods import arrange
from analysis.settings import ComputeSettings, TrendSettings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Progress = Callable[[str, int, int], None]

FOUND = 0.05  # p-value up to which further changes are looked for on either side
DEPTH = 3  # at most 7 changes a series: more is a slope or a season, not changes
PIECE, AT_ONCE = 32_768, 25  # rows that stay in a processor's cache; permutations that are gone through meanwhile
DRAWN_AT_ONCE = 50
KINDS = ("sentiment", "share of topic", "sentiment of topic")


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

        place = (start[self.thread] * self.n_series + self.place, self.thread)
        shape = (self._n_cells(n_periods), len(start))
        return [sparse.csr_matrix((of, place), shape=shape) for of in self.values]

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
class Part:
    """Comments of a span, as codes: of each its thread, period, topic (a place in `topics`) and sentiment."""

    thread: np.ndarray
    period: np.ndarray
    topic: np.ndarray
    sentiment: np.ndarray
    topics: np.ndarray

    def only(self, keep: np.ndarray) -> Part:
        """Some of the comments."""
        return Part(self.thread[keep], self.period[keep], self.topic[keep], self.sentiment[keep], self.topics)


@dataclass(frozen=True)
class Family:
    """Series of one kind, permuted together.

    The values of `own` are of each series: the sum, and what the row adds to A and B, the sums over threads
    of (residual so far)**2 and of (residual so far) * (whole residual), from which the variance of a
    difference of two means follows also where a thread is on both sides of the date. Then the number of
    comments below the line and of threads that begin: these are of each series as well, or, for shares, in
    `every`, the same for all series.
    """

    kind: str
    topics: np.ndarray  # (n_series,) codes of the topics, or [-1] for all
    mean: np.ndarray  # (n_series,)
    own: Rows
    every: Rows | None  # number, begun; and of the numbers what A and B are of the sums

    @property
    def rows(self) -> list[Rows]:
        """`own`, and `every` where there is one."""
        return [self.own] if self.every is None else [self.own, self.every]

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


def change_points(
    comments: pd.DataFrame,
    settings: TrendSettings,
    compute: ComputeSettings | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The largest change of each series, found or not, and further ones where the first one was found.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; undated comments are left out.
    settings : TrendSettings
    compute : ComputeSettings, optional
        On how many cores, or on which cluster, series are looked at side by side; by default in this process. It
        changes nothing in the table.
    progress : callable, optional
        Called with (message, done, total) at each step of the search.

    Returns
    -------
    DataFrame
        series ("sentiment", "share of topic 3", "sentiment of topic 3"); topic (Int64, NA for all); measure
        ("sentiment", "share"); at: start of the first period after the change, datetime64[us, timezone]; low,
        high: interval of that date, from resampling threads, NaT where p_value is above .05; before, after:
        the means on either side, as far as the next change that was found before; p_value: of no change, at
        least 1 / (permutations + 1); q_value (Benjamini-Hochberg over this step and those before); step: 1
        for the largest change, 2 and 3 for those looked for afterwards within either side. Sorted by p_value
        within step 1, 2, 3 of a series. A series without two periods that have enough threads on either side
        is not in the table.
    """
    a = arrange(comments, settings)
    dated = a.period >= 0
    codes = (of.astype(np.int32) for of in (a.thread, a.period, a.topic))  # each side of each change is a copy
    whole = Part(*codes, a.sentiment, a.topics).only(dated)
    starts, rows = a.grid["period_start"], []
    work = [(whole, kind, None, settings, 1) for kind in KINDS] if dated.any() else []
    while work:
        every = map_items(
            _searched,
            work,
            compute=compute or ComputeSettings(workers=1),
            message="looking for changes",
            progress=progress,
            part=1,
            least=0 if len(comments) >= MIN_ITEMS else len(work) + 1,  # of few, starting processes takes longer
        )
        further = []
        for (part, kind, _, _, step), found in zip(work, every, strict=True):
            for topic, at, low, high, before, after, p_value in found:
                number = None if topic < 0 else int(a.topics[topic])
                rows.append(
                    {
                        "series": kind if number is None else f"{kind} {number}",
                        "topic": number,
                        "measure": kind.split()[0],
                        "at": starts.iloc[at],
                        "low": pd.NaT if low is None else starts.iloc[low],
                        "high": pd.NaT if high is None else starts.iloc[high],
                        "before": before,
                        "after": after,
                        "p_value": p_value,
                        "step": step,
                        "_order": KINDS.index(kind) * (len(a.topics) + 1) + topic,
                    }
                )
                if p_value <= FOUND and step < DEPTH:
                    sides = (part.only(part.period < at), part.only(part.period >= at))
                    further += [(side, kind, topic, settings, step + 1) for side in sides]
        work = further
    columns = [
        "series",
        "topic",
        "measure",
        "at",
        "low",
        "high",
        "before",
        "after",
        "p_value",
        "step",
        "_order",
    ]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype({"series": "str", "topic": "Int64", "measure": "str", "step": "int64"})
    table = table.astype(dict.fromkeys(("before", "after", "p_value"), float))
    for name in ("at", "low", "high"):  # a column of nothing but NaT has no zone by itself
        table[name] = pd.Series(list(table[name]), dtype=a.grid["period_start"].dtype)
    table.insert(9, "q_value", np.nan)
    for step in range(1, DEPTH + 1):  # over all that had been looked at by then
        so_far = table["step"] <= step
        q_value = pd.Series(adjusted(table.loc[so_far, "p_value"].to_numpy()), index=table.index[so_far])
        table["q_value"] = table["q_value"].where(table["step"] != step, q_value)
    table = table.sort_values(["_order", "step", "at"], kind="stable").drop(columns="_order")
    return table.reset_index(drop=True)


Found = tuple[int, int, int | None, int | None, float, float, float]


def _searched(work: Sequence[tuple[Part, str, int | None, TrendSettings, int]]) -> list[list[Found]]:
    return [_largest(*one) for one in work]


def _largest(a: Part, kind: str, wanted: int | None, settings: TrendSettings, step: int) -> list[Found]:
    """The largest change of every series of a kind, or of the wanted topic's, within the comments given.

    Of each: the topic's code (-1 for all), the first period after the change, the interval's ends where p is low, the
    means before and after, and p.
    """
    used, code = np.unique(a.period, return_inverse=True)  # nothing changes in a period without comments
    _, thread = np.unique(a.thread, return_inverse=True)
    n_threads, n_periods, least = int(thread.max(initial=-1)) + 1, len(used), settings.min_threads
    if n_periods < 2 or n_threads < 2 * least:
        return []
    start = np.full(n_threads, n_periods)
    np.minimum.at(start, thread, code)
    offset = code - start[thread]
    f = _family(kind, a, thread, offset, wanted)
    if f is None:
        return []
    statistic, before, after = (of[0] for of in f.permuted(start[None], n_periods, least))
    count, n_drawn = _beaten(f, start, n_periods, statistic.max(axis=0), step, settings)
    p_value, at = (count + 1) / (n_drawn + 1), statistic.argmax(axis=0)
    there = statistic.max(axis=0) > 0
    sure = np.flatnonzero(there & (p_value <= FOUND))
    single = [_family(kind, a, thread, offset, int(f.topics[j])) for j in sure]
    ends = dict(zip(sure.tolist(), _dates(single, start, n_periods, at[sure], settings), strict=True))
    found: list[Found] = []
    for j in np.flatnonzero(there).tolist():
        low, high = (int(used[end + 1]) for end in ends[j]) if j in ends else (None, None)
        means = float(before[at[j], j]), float(after[at[j], j])
        found.append((int(f.topics[j]), int(used[at[j] + 1]), low, high, *means, float(p_value[j])))
    return found


def _beaten(
    f: Family, start: np.ndarray, n_periods: int, seen: np.ndarray, step: int, settings: TrendSettings
) -> tuple[np.ndarray, int]:
    """How often each series' statistic is at least what was seen when threads swap their starts, of how many times."""
    rng = np.random.default_rng([settings.seed, step])
    top = seen * (1 - 1e-9)  # rounding must not make a permutation that is no different look smaller
    beaten, n_drawn = np.zeros(len(f.topics), dtype=np.int64), 0
    # As many values more extreme than this, and p is above .05 whatever follows: there the count stops, and p is
    # estimated from what was drawn (Besag and Clifford, 1991). What is found or not is the same.
    decided = FOUND * (settings.permutations + 1)
    while n_drawn < settings.permutations and (beaten < decided).any():
        n_now = min(AT_ONCE, settings.permutations - n_drawn)
        shuffled = np.stack([rng.permutation(start) for _ in range(n_now)])
        beaten += (f.permuted(shuffled, n_periods, settings.min_threads)[0].max(axis=1) >= top).sum(axis=0)
        n_drawn += n_now
    return beaten, n_drawn


def _dates(
    series: Sequence[Family], start: np.ndarray, n_periods: int, at: np.ndarray, settings: TrendSettings
) -> list[tuple[int, int]]:
    """Intervals of the periods after which single series change (`at`), by resampling threads, the same for all."""
    rng, n = np.random.default_rng([settings.seed, n_periods]), len(start)
    made = [(f, [rows.by_cell(start, n_periods) for rows in f.rows]) for f in series]
    drawn: list[list[int]] = [[] for _ in made]
    for begin in range(0, settings.draws if made else 0, DRAWN_AT_ONCE):
        weights = np.empty((n, min(DRAWN_AT_ONCE, settings.draws - begin)))
        for way in range(weights.shape[1]):
            weights[:, way] = np.bincount(rng.integers(0, n, n), minlength=n)
        for (f, cells), places in zip(made, drawn, strict=True):
            sums = [rows.weighted(of, weights, n_periods) for rows, of in zip(f.rows, cells, strict=True)]
            statistic = f.scan(sums, settings.min_threads)[0][:, :, 0]
            places += statistic.argmax(axis=1)[statistic.max(axis=1) > 0].tolist()
    tail = (1 - settings.level) / 2
    ends = [
        np.quantile(places or [one], [tail, 1 - tail], method="inverted_cdf")
        for places, one in zip(drawn, at.tolist(), strict=True)
    ]
    return [(min(int(low), one), max(int(high), one)) for (low, high), one in zip(ends, at.tolist(), strict=True)]


def _family(kind: str, a: Part, thread: np.ndarray, offset: np.ndarray, wanted: int | None) -> Family | None:
    """Sums of the series of a kind, or of the wanted topic's; None where no comment is of one."""
    scored = ~np.isnan(a.sentiment)
    if kind == "sentiment":
        topics, of, series = np.array([-1]), scored, np.zeros(len(thread), dtype=np.int64)
    else:
        topics = np.flatnonzero(a.topics >= 0) if wanted is None else np.array([wanted])
        number = np.full(len(a.topics), -1)
        number[topics] = np.arange(len(topics))
        series = number[a.topic]
        of = (series >= 0) & (scored if kind == "sentiment of topic" else True)
    if not of.any():
        return None
    k, size = len(topics), int(offset.max()) + 1
    share = kind == "share of topic"
    y = np.ones(of.sum()) if share else a.sentiment[of]
    (t, s, o), row = grouped(thread[of], series[of], offset[of])
    y_row, n_row = total(row, y, len(t)), total(row, None, len(t))
    if not share:
        with np.errstate(invalid="ignore"):
            mean = np.nan_to_num(total(series[of], y, k) / total(series[of], None, k))
        group = t * k + s
        e = y_row - mean[s] * n_row
        values = (y_row, *_squares(group, e, e), n_row, _first(group))
        return Family(kind, topics, mean, Rows(t, o * k + s, k, values), None)
    mean = total(series[of], y, k) / len(thread)
    (all_t, all_o), row = grouped(thread, offset)
    n = total(row, None, len(all_t))
    every = Rows(all_t, all_o, 1, (n, _first(all_t), *_squares(all_t, n, n)))
    # A topic's residual moves with every comment of a thread that has the topic: each such pair in all its
    # periods.
    (pair_t, pair_s), _ = grouped(t, s)
    first, n_of = np.searchsorted(all_t, pair_t), total(all_t, None, all_t[-1] + 1).astype(np.int64)[pair_t]
    pair = np.repeat(np.arange(len(pair_t)), n_of)
    at = np.repeat(first - np.cumsum(n_of) + n_of, n_of) + np.arange(len(pair))
    y_full = np.zeros(len(pair))
    has = np.searchsorted(pair_t * k + pair_s, t * k + s) * size + o
    y_full[np.searchsorted(pair * size + all_o[at], has)] = y_row
    s, n = pair_s[pair], n[at]
    # (y - mean n)**2 without the mean**2 n**2 that is in `every`
    squares = [
        one - mean[s] * two - mean[s] * three
        for one, two, three in zip(
            _squares(pair, y_full, y_full), _squares(pair, y_full, n), _squares(pair, n, y_full), strict=True
        )
    ]
    return Family(kind, topics, mean, Rows(all_t[at], all_o[at] * k + s, k, (y_full, *squares)), every)


def _squares(group: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each row adds to X Y and to X Y_whole; X and Y are the group's sums so far, in the order of rows."""

    def so_far(values: np.ndarray) -> np.ndarray:
        running = np.concatenate([[0.0], np.cumsum(values)])
        return running[1:] - running[np.searchsorted(group, group)]

    x_far, y_far = so_far(x), so_far(y)
    whole = total(group, y, int(group[-1]) + 1)[group]
    return x_far * y_far - (x_far - x) * (y_far - y), x * whole


def _first(group: np.ndarray) -> np.ndarray:
    """1.0 in the first row of each group, else 0."""
    return np.concatenate([[1.0], (np.diff(group) > 0).astype(float)])
