"""Change points: where a series changes most, tested against a null that permutes threads.

The statistic is a CUSUM: the difference of the means after and before a date over its standard error with threads as
the unit, at its largest over all dates. Under the null a thread could as well have started when any other one did:
threads swap their starting periods, and keep their comments and how these spread over the periods that follow. Further
changes are looked for before and after one that was found (binary segmentation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.context import MIN_ITEMS
from analysis.trends.cusum import KINDS, MEAN, SHARE, Family, family
from analysis.trends.intervals import Bounds, Method, adjusted
from analysis.trends.periods import Calendar
from analysis.trends.units import Units, arrange, table

FOUND = 0.05  # p-value up to which further changes are looked for on either side
DEPTH = 3  # at most 7 changes a series: more is a slope or a season, not changes
AT_ONCE = 25  # permutations that are gone through while the rows are in the cache
DRAWN_AT_ONCE = 50


def change_points(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str | None = "topic",
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
    run: Run = Run(),
) -> pd.DataFrame:
    """The largest change of each series, found or not, and further ones where the first one was found.

    Arguments as of `by_period`; undated comments are left out; without `by` only the mean of the measure is looked at.
    Series are looked at side by side; `run` changes nothing in the table.

    Columns: series ("sentiment", "share of topic 3", "sentiment of topic 3"); topic (NA for all); measure (its name, or
    "share"); at, the start of the first period after the change; low, high: its interval, from the Bayesian bootstrap
    of threads, NaT where p_value is above .05; before, after: the means on either side, as far as the next change found
    before; p_value; q_value (Benjamini-Hochberg over this step and those before); step: 1 for the largest change, 2 and
    3 for those looked for within either side. Series without enough threads on either side are left out.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds).dated
    codes = {name: getattr(a, name).astype(np.int32) for name in ("thread", "period", "group")}
    a = replace(a, order=None, author=None, instant=None, **codes)  # each side of each change is a copy
    of_kind = {kind: np.array([-1] if kind == MEAN else a.named, dtype=np.int64) for kind in (KINDS if by else (MEAN,))}
    work = [Search(a, kind, of, 1, method) for kind, of in of_kind.items()] if len(a.y) else []
    found: list[tuple[Search, Change]] = []
    while work:
        least = 0 if len(comments) >= MIN_ITEMS else len(work) + 1  # of few, starting processes takes longer
        every = run.map(_searched, work, "looking for changes", part=1, least=least)
        new = [(search, change) for search, changes in zip(work, every, strict=True) for change in changes]
        work = [side for search, change in new for side in search.sides(change)]
        found += new
    found.sort(key=lambda one: (KINDS.index(one[0].kind), one[1]["code"], one[0].step, one[1]["at"]))
    starts, rows = a.grid["period_start"], []
    for search, change in found:
        named = a.named_as("share" if search.kind == SHARE else measure, None if change["code"] < 0 else change["code"])
        dates = {name: starts.iloc[change[name]] for name in ("at", "low", "high") if name in change}
        rows.append(named | change | dates | {"step": search.step})
    when, figures = dict.fromkeys(("at", "low", "high"), starts.dtype), "before after p_value q_value"
    changes = table(rows, "series", a.of_groups, "measure", when, figures, {"step": "int64"})
    for step in range(1, DEPTH + 1):  # over all that had been looked at by then
        q_value = adjusted(changes["p_value"].where(changes["step"] <= step).to_numpy())
        changes["q_value"] = changes["q_value"].where(changes["step"] != step, q_value)
    return changes


# code (-1: of all); at, and where p is low also low and high, rows of the grid; before, after, p_value
Change = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """Series of one kind in a span of time, in which their largest changes are looked for."""

    a: Units
    kind: str
    codes: np.ndarray  # of the groups, or [-1]
    step: int
    method: Method

    def sides(self, change: Change) -> list[Search]:
        """Where to look further: before and after a change that was found."""
        if change["p_value"] > FOUND or self.step == DEPTH:
            return []
        early, codes = self.a.period < change["at"], np.array([change["code"]])
        return [replace(self, a=self.a.only(of), codes=codes, step=self.step + 1) for of in (early, ~early)]

    def changes(self) -> list[Change]:
        """The largest change of every series, found or not."""
        a, least = self.a.compact, self.method.min_threads
        make = partial(family, self.kind, a, least=least)
        f = make(self.codes) if a.n_threads >= 2 * least else None
        if f is None or len(f.periods) < 2:
            return []
        statistic, before, after = (of[0] for of in f.scan(f.start[None]))
        top, at = statistic.max(axis=0), statistic.argmax(axis=0)
        p_value = self._p_values(f, make, top)
        sure = np.flatnonzero((top > 0) & (p_value <= FOUND))
        dates = dict(zip(sure.tolist(), self._dates(make(f.codes[sure]), at[sure]), strict=True)) if len(sure) else {}
        found = []
        for j in np.flatnonzero(top > 0).tolist():
            ends = dict(zip(("low", "high"), dates.get(j, ()), strict=False))
            rows = {name: int(f.periods[place + 1]) for name, place in {"at": at[j], **ends}.items()}
            means = {"before": float(before[at[j], j]), "after": float(after[at[j], j])}
            found.append({"code": int(f.codes[j]), **rows, **means, "p_value": float(p_value[j])})
        return found

    def _p_values(self, f: Family, make: Callable[[np.ndarray], Family], seen: np.ndarray) -> np.ndarray:
        """How often each series' statistic is at least what was seen when threads swap their starts."""
        rng, codes, n = np.random.default_rng([self.method.seed, self.step]), f.codes, self.method.permutations
        top = seen * (1 - 1e-9)  # rounding must not make a permutation that is no different look smaller
        beaten, n_drawn = np.zeros((2, len(seen)), dtype=np.int64)
        # As many values more extreme than this, and p is above .05 whatever follows: there the count of a series stops,
        # and its p is estimated from what was drawn (Besag and Clifford, 1991). What is found or not is the same.
        decided = FOUND * (n + 1)
        left, threads = np.arange(len(seen)), f.threads
        for begin in range(0, n, AT_ONCE):
            # A thread without comments of the series may start at any time.
            starts = np.zeros((min(AT_ONCE, n - begin), len(f.start)), dtype=np.int64)
            starts[:, threads] = [rng.choice(f.start, len(threads), replace=False) for _ in starts]
            beaten[left] += (f.scan(starts)[0].max(axis=1) >= top[left]).sum(axis=0)
            n_drawn[left] += len(starts)
            still = left[beaten[left] < decided]
            if not len(still):
                break
            if len(still) < len(left):
                left, f = still, make(codes[still])
                threads = f.threads
        return (beaten + 1) / (n_drawn + 1)

    def _dates(self, f: Family, at: np.ndarray) -> Iterator[tuple[int, int]]:
        """Intervals of the periods after which series change (`at`), by the Bayesian bootstrap (Rubin, 1981)."""
        rng = np.random.default_rng([self.method.seed, len(f.periods)])
        drawn, tail = [], (1 - self.method.level) / 2
        for begin in range(0, self.method.draws, DRAWN_AT_ONCE):
            shape = len(f.start), min(DRAWN_AT_ONCE, self.method.draws - begin)
            weights = rng.standard_exponential(shape).T.copy()
            statistic = f.scan(np.broadcast_to(f.start, weights.shape), weights)[0]
            drawn.append(np.where(statistic.max(axis=1) > 0, statistic.argmax(axis=1), -1))
        for places, one in zip(np.concatenate(drawn).T, at.tolist(), strict=True):
            places = places[places >= 0] if (places >= 0).any() else [one]
            low, high = np.quantile(places, [tail, 1 - tail], method="inverted_cdf")
            yield min(int(low), one), max(int(high), one)


def _searched(work: Sequence[Search]) -> list[list[Change]]:
    return [search.changes() for search in work]
