"""Change points: where a series changes most, tested against a null that permutes threads.

The statistic is a CUSUM: the difference of the means after and before a date over its standard error with
threads as the unit, at its largest over all dates. Under the null a thread could as well have started when
any other one did: threads swap their starting periods, and keep their comments and how these spread over the
periods that follow. Further changes are looked for before and after one that was found (binary segmentation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.context import MIN_ITEMS
from analysis.settings import TrendSettings
from analysis.trends.cusum import KINDS, Family, Part, family
from analysis.trends.intervals import adjusted
from analysis.trends.periods import arrange

Progress = Callable[[str, int, int], None]

FOUND = 0.05  # p-value up to which further changes are looked for on either side
DEPTH = 3  # at most 7 changes a series: more is a slope or a season, not changes
AT_ONCE = 25  # permutations that are gone through while the rows are in the cache
DRAWN_AT_ONCE = 50


def change_points(
    comments: pd.DataFrame,
    settings: TrendSettings,
    run: Run = Run(),
) -> pd.DataFrame:
    """The largest change of each series, found or not, and further ones where the first one was found.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; undated comments are left out.
    settings : TrendSettings
    run : Run
        On what series are looked at side by side.

    Returns
    -------
    DataFrame
        series ("sentiment", "share of topic 3", "sentiment of topic 3"); topic (Int64, NA for all); measure
        ("sentiment", "share"); at: start of the first period after the change, datetime64[us, timezone]; low,
        high: interval of that date, from the Bayesian bootstrap of threads, NaT where p_value is above .05;
        before, after: the means on either side, as far as the next change that was found before; p_value: of no
        change, at least 1 / (permutations + 1); q_value (Benjamini-Hochberg over this step and those before); step: 1
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
        every = run.map(
            _searched,
            work,
            "looking for changes",
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
    one = None if wanted is None else np.array([wanted])
    f = family(kind, a, thread, offset, one)
    if f is None:
        return []
    make = partial(family, kind, a, thread, offset)
    statistic, before, after = (of[0] for of in f.permuted(start[None], n_periods, least))
    count, n_drawn = _beaten(f, make, start, n_periods, statistic.max(axis=0), step, settings)
    p_value, at = (count + 1) / (n_drawn + 1), statistic.argmax(axis=0)
    there = statistic.max(axis=0) > 0
    sure = np.flatnonzero(there & (p_value <= FOUND))
    single = [make(f.topics[[j]]) for j in sure]
    ends = dict(zip(sure.tolist(), _dates(single, start, n_periods, at[sure], settings), strict=True))
    found: list[Found] = []
    for j in np.flatnonzero(there).tolist():
        low, high = (int(used[end + 1]) for end in ends[j]) if j in ends else (None, None)
        means = float(before[at[j], j]), float(after[at[j], j])
        found.append((int(f.topics[j]), int(used[at[j] + 1]), low, high, *means, float(p_value[j])))
    return found


def _beaten(
    f: Family,
    make: Callable[[np.ndarray], Family | None],
    start: np.ndarray,
    n_periods: int,
    seen: np.ndarray,
    step: int,
    settings: TrendSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """How often each series' statistic is at least what was seen when threads swap their starts, of how many times."""
    rng = np.random.default_rng([settings.seed, step])
    top = seen * (1 - 1e-9)  # rounding must not make a permutation that is no different look smaller
    beaten, n_drawn = np.zeros((2, len(seen)), dtype=np.int64)
    # As many values more extreme than this, and p is above .05 whatever follows: there the count of a series stops,
    # and its p is estimated from what was drawn (Besag and Clifford, 1991). What is found or not is the same.
    decided = FOUND * (settings.permutations + 1)
    left, topics = np.arange(len(seen)), f.topics
    used = f.threads
    f = f.of_threads(used)
    for begin in range(0, settings.permutations, AT_ONCE):
        n_now = min(AT_ONCE, settings.permutations - begin)
        # A thread without comments of the series may start at any time.
        shuffled = np.stack([rng.choice(start, len(used), replace=False) for _ in range(n_now)])
        beaten[left] += (f.permuted(shuffled, n_periods, settings.min_threads)[0].max(axis=1) >= top[left]).sum(axis=0)
        n_drawn[left] += n_now
        still = left[beaten[left] < decided]
        if not len(still):
            break
        if len(still) < len(left):
            left, f = still, make(topics[still])
            used = f.threads
            f = f.of_threads(used)
    return beaten, n_drawn


def _dates(
    series: Sequence[Family], start: np.ndarray, n_periods: int, at: np.ndarray, settings: TrendSettings
) -> list[tuple[int, int]]:
    """Intervals of the periods after which single series change (`at`), by weighting threads, the same for all.

    Weights are exponential, as in the Bayesian bootstrap (Rubin, 1981), which takes a quarter of the time of drawing
    threads and counting them.
    """
    rng, n = np.random.default_rng([settings.seed, n_periods]), len(start)
    made = [(f, [rows.by_cell(start, n_periods) for rows in f.rows]) for f in series]
    drawn: list[list[int]] = [[] for _ in made]
    for begin in range(0, settings.draws if made else 0, DRAWN_AT_ONCE):
        weights = rng.standard_exponential((n, min(DRAWN_AT_ONCE, settings.draws - begin)))
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
