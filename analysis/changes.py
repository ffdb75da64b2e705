"""Change points: where a series changes most, tested against a null that permutes threads.

The statistic is a CUSUM: the difference of the means after and before a date over its standard error with
threads as the unit, at its largest over all dates. Under the null a thread could as well have started when
any other one did: threads swap their starting periods, and keep their comments and how these spread over the
periods that follow. Further changes are looked for before and after one that was found (binary segmentation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intervals import adjusted, grouped, total
from analysis.periods import Arranged, arrange
from analysis.settings import TrendSettings

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

    def sums(self, starts: np.ndarray, weights: np.ndarray | None, n_periods: int) -> list[np.ndarray]:
        """Of each of the values the sums up to each period, of shape (n_ways, n_periods, n_series).

        `starts` has a row of (n_threads,) for each way in which threads may have started; or it has one, and `weights`
        of shape (n_threads, n_ways) a column for each way to weight them.
        """
        reach = int(self.place.max(initial=0)) // self.n_series + 1
        n_cells = (n_periods + reach) * self.n_series
        tables = self._permuted(starts, n_cells) if weights is None else self._weighted(starts[0], weights, n_cells)
        out = []
        for table in tables:
            so_far = table.reshape(len(table), -1, self.n_series).cumsum(axis=1)
            # A thread that starts late may reach beyond the last period: what is there belongs to it.
            so_far[:, n_periods - 1] = so_far[:, -1]
            out.append(so_far[:, :n_periods])
        return out

    def _permuted(self, starts: np.ndarray, n_cells: int) -> np.ndarray:
        """Sums in each cell for each of the starts; in pieces that stay in the cache while all are gone through."""
        tables = np.zeros((len(self.values), len(starts), n_cells))
        first = starts * self.n_series
        for begin in range(0, len(self.thread), PIECE):
            thread, place = self.thread[begin : begin + PIECE], self.place[begin : begin + PIECE]
            values = [of[begin : begin + PIECE] for of in self.values]
            for s, one in enumerate(first):
                at = one[thread] + place
                for table, of in zip(tables, values, strict=True):
                    counts = np.bincount(at, of)
                    table[s, : len(counts)] += counts
        return tables

    def _weighted(self, start: np.ndarray, weights: np.ndarray, n_cells: int) -> list[np.ndarray]:
        """Sums in each cell for each column of weights: where no thread moves, a matrix that is mostly zeros."""
        from scipy import sparse

        place = (start[self.thread] * self.n_series + self.place, self.thread)
        shape = (n_cells, len(weights))
        return [(sparse.csr_matrix((of, place), shape=shape) @ weights).T for of in self.values]


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

    def scan(
        self, starts: np.ndarray, weights: np.ndarray | None, n_periods: int, least: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Statistic of a change after each period but the last, and the means before and after.

        All of shape (n_ways, n_periods - 1, n_series), for starts and weights as `Rows.sums` takes them; the statistic
        is 0 where a side has fewer threads than `least`.
        """
        up, a, b, *rest = self.own.sums(starts, weights, n_periods)
        if self.every is not None:
            *rest, more_a, more_b = self.every.sums(starts, weights, n_periods)
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


def change_points(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """The largest change of each series, found or not, and further ones where the first one was found.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; undated comments are left out.
    settings : TrendSettings

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
    a = a.only(a.period >= 0)
    rows: list[dict[str, object]] = []
    queue = [(a, None, 1)] if len(a.thread) else []
    while queue:
        part, wanted, step = queue.pop(0)
        for row in _largest(part, wanted, step, settings):
            found_at, key = row.pop("_period"), row.pop("_key")
            rows.append(row)
            if row["p_value"] <= FOUND and step < DEPTH:
                queue += [
                    (part.only(side), key, step + 1) for side in (part.period < found_at, part.period >= found_at)
                ]
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


def _largest(
    a: Arranged, wanted: tuple[str, int] | None, step: int, settings: TrendSettings
) -> list[dict[str, object]]:
    """The largest change of every wanted series within the comments given."""
    used, code = np.unique(a.period, return_inverse=True)  # nothing changes in a period without comments
    _, thread = np.unique(a.thread, return_inverse=True)
    n_threads, n_periods, least = int(thread.max(initial=-1)) + 1, len(used), settings.min_threads
    if n_periods < 2 or n_threads < 2 * least:
        return []
    start = np.full(n_threads, n_periods)
    np.minimum.at(start, thread, code)
    rng = np.random.default_rng([settings.seed, step])
    rows, starts = [], a.grid["period_start"]
    offset = code - start[thread]
    families = [f for kind in KINDS if (f := _family(kind, a, thread, offset, wanted)) is not None]
    seen = [tuple(of[0] for of in f.scan(start[None], None, n_periods, least)) for f in families]
    beaten = [np.zeros(len(f.topics), dtype=np.int64) for f in families]
    decided = FOUND * (settings.permutations + 1)
    permuted = [0 for _ in families]
    for begin in range(0, settings.permutations, AT_ONCE):
        n_now = min(AT_ONCE, settings.permutations - begin)
        # As many values more extreme than this, and p is above .05 whatever follows: there the count stops, and p is
        # estimated from what was drawn (Besag and Clifford, 1991). What is found or not is the same.
        open_ = [i for i, count in enumerate(beaten) if (count < decided).any()]
        if not open_:
            break
        shuffled = np.stack([start[rng.permutation(n_threads)] for _ in range(n_now)])
        for i in open_:
            # Rounding must not make a permutation that is no different look smaller.
            top = seen[i][0].max(axis=0) * (1 - 1e-9)
            beaten[i] += (families[i].scan(shuffled, None, n_periods, least)[0].max(axis=1) >= top).sum(axis=0)
            permuted[i] += n_now
    for f, (statistic, before, after), count, n_drawn in zip(families, seen, beaten, permuted, strict=True):
        for j in np.flatnonzero(statistic.max(axis=0) > 0):
            topic, at = int(f.topics[j]), int(statistic[:, j].argmax())
            p_value = (count[j] + 1) / (n_drawn + 1)
            low, high = pd.NaT, pd.NaT
            if p_value <= FOUND:
                one = _family(f.kind, a, thread, offset, (f.kind, topic))
                ends = _dates(one, start, n_periods, at, settings) if one is not None else (at, at)
                low, high = (starts.iloc[used[end + 1]] for end in ends)
            number = None if topic < 0 else int(a.topics[topic])
            rows.append(
                {
                    "series": f.kind if number is None else f"{f.kind} {number}",
                    "topic": number,
                    "measure": f.kind.split()[0],
                    "at": starts.iloc[used[at + 1]],
                    "low": low,
                    "high": high,
                    "before": before[at, j],
                    "after": after[at, j],
                    "p_value": p_value,
                    "step": step,
                    "_order": KINDS.index(f.kind) * (len(a.topics) + 1) + topic,
                    "_period": used[at + 1],
                    "_key": (f.kind, topic),
                }
            )
    return rows


def _dates(f: Family, start: np.ndarray, n_periods: int, at: int, settings: TrendSettings) -> tuple[int, int]:
    """Interval of the period after which a single series changes, by resampling threads."""
    rng, drawn = np.random.default_rng([settings.seed, n_periods, at]), []
    for begin in range(0, settings.draws, DRAWN_AT_ONCE):
        n_now, n = min(DRAWN_AT_ONCE, settings.draws - begin), len(start)
        weights = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(n_now)]).T.astype(float, "C")
        statistic = f.scan(start[None], weights, n_periods, settings.min_threads)[0][:, :, 0]
        drawn += statistic.argmax(axis=1)[statistic.max(axis=1) > 0].tolist()
    tail = (1 - settings.level) / 2
    low, high = np.quantile(drawn or [at], [tail, 1 - tail], method="inverted_cdf")
    return min(int(low), at), max(int(high), at)


def _family(
    kind: str, a: Arranged, thread: np.ndarray, offset: np.ndarray, wanted: tuple[str, int] | None
) -> Family | None:
    """Sums of the wanted series of one kind, or None where there is none."""
    if wanted is not None and wanted[0] != kind:
        return None
    scored = ~np.isnan(a.sentiment)
    if kind == "sentiment":
        topics, of, series = np.array([-1]), scored, np.zeros(len(thread), dtype=np.int64)
    else:
        topics = np.flatnonzero(a.topics >= 0) if wanted is None else np.array([wanted[1]])
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
