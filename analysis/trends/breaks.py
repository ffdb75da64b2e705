"""Change points: the largest step of each series, tested against no change and against a straight line.

Further ones are looked for before and after one that was found (binary segmentation).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.trends.contrasts import Series, Sides, series
from analysis.trends.cusum import Steps, steps_of
from analysis.trends.errors import Design
from analysis.trends.intervals import Bounds, Method, adjusted, total
from analysis.trends.periods import Calendar
from analysis.trends.units import Units, arrange, table

FOUND = 0.05  # p-value up to which further changes are looked for on either side
DEPTH = 3  # at most 7 changes a series: more is a slope or a season, not changes


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
) -> pd.DataFrame:
    """The largest change of each series, found or not, and further ones where the first one was found.

    Arguments as of `by_period`, author used where it is there; undated comments are left out; without `by` only the
    mean of the measure is looked at. A change lies between two periods, with a tenth of the comments on either side.

    Columns: series ("sentiment", "share of topic 3", "sentiment of topic 3"); topic (NA for all); measure (its name, or
    "share"); at, the start of the first period after the change; low, high: its interval, a period or more on either
    side, NaT where p_value is above .05; before, after: the means on either side, as far as the next change found
    before; size: after - before without what being the largest adds, size_low, size_high, where there is an interval of
    the date; p_value, of no change; line_p, of a straight line: where it is above .05, what changed may have done so
    little by little; q_value (Benjamini-Hochberg over this step and those before); step: 1 for the largest change, 2
    and 3 for those looked for within either side. Series without enough threads on either side are left out.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds).dated
    rows = [row for of in series(a) for row in _changes(of, 1, method)]
    starts = a.grid["period_start"]
    for row in rows:
        row |= {name: starts.iloc[row[name]] for name in ("at", "low", "high") if name in row}
    when, sizes = dict.fromkeys(("at", "low", "high"), starts.dtype), "before after size size_low size_high"
    changes = table(
        rows, "series", a.of_groups, "measure", when, sizes, "p_value line_p q_value", {"step": "int64"}
    )
    for step in range(1, DEPTH + 1):  # over all that had been looked at by then
        q_value = adjusted(changes["p_value"].where(changes["step"] <= step).to_numpy())
        changes["q_value"] = changes["q_value"].where(changes["step"] != step, q_value)
    return changes


def _changes(of: Series, step: int, method: Method) -> Iterator[dict[str, object]]:
    """The largest change of a series and those within its sides, in the order of steps and of time."""
    level = [of]
    for step in range(1, DEPTH + 1):
        sides = []
        for one in level:
            if change := _largest(one, method):
                yield change | {"step": step}
                # What a line explains as well would be found in every part of it again.
                if change["p_value"] <= FOUND and change["line_p"] <= FOUND:
                    named, a, y, bounds = one
                    early = a.period < change["at"]
                    sides += [(named, a.only(side), y[side], bounds) for side in (early, ~early)]
        level = sides


def _largest(of: Series, method: Method) -> dict[str, object] | None:
    """The largest change of a series, found or not; None where it never changes or has too few threads."""
    named, a, y, bounds = of
    if not len(y):
        return None
    about = y != 0 if named["measure"] == "share" else np.ones(len(y), dtype=bool)
    steps, beside, begins = steps_of(a, about, method.min_threads)
    if not steps.testable:
        return None
    days = np.flatnonzero(total(a.day, None, a.n_days))
    up = total(a.day, y - y.mean(), a.n_days)[days]
    statistic, size, variance = steps.scan(up)
    best = int(statistic.argmax())
    if not statistic[best]:
        return None
    late = a.period >= begins[best]
    row = named | {"at": int(begins[best]), "before": float(y[~late].mean()), "after": float(y[late].mean())}
    wider = _p_value(row, "p_value", steps, best, statistic[best], Sides(a, late, method).design, y, method)
    if row["p_value"] > FOUND:
        return row
    statistic, *_ = beside.scan(up)
    there = int(statistic.argmax())
    late = a.period >= begins[there]
    time = (a.instant - a.instant.min()) / (a.instant.max() - a.instant.min())
    design = Design(a, np.stack([np.ones(len(y)), late, time], axis=1), serial=False)
    _p_value(row, "line_p", beside, there, statistic[there], design, y, method)
    places, sizes = steps.drawn(size[best], best, variance[best] * wider, method)
    tail = (1 - method.level) / 2
    low, high = np.quantile(places, [tail, 1 - tail], method="inverted_cdf")
    # What changed within a period shows at either end of it.
    ends = np.unique(a.period)
    first, last = (int(begins[of]) for of in (min(low, best), max(high, best)))
    row |= {"low": int(ends[np.searchsorted(ends, first) - 1])}
    row |= {"high": int(ends[min(np.searchsorted(ends, last) + 1, len(ends) - 1)])}
    # Twice what was found, less what is found of it (Efron and Tibshirani's basic interval)
    drawn = 2 * size[best] - np.array([sizes.mean(), *np.quantile(sizes, [1 - tail, tail])])
    return row | dict(zip(("size", "size_low", "size_high"), np.clip(drawn, *bounds).tolist(), strict=True))


def _p_value(
    row: dict[str, object],
    name: str,
    steps: Steps,
    at: int,
    statistic: float,
    design: Design,
    y: np.ndarray,
    method: Method,
) -> float:
    """Put a p-value into a row by the larger error, time's or the threads'; by how much the variance is the larger."""
    threads = design.coefficient(y, 1, method)
    by_threads = threads["estimate"] ** 2 / threads["se"] ** 2 * steps.scale(at) if "se" in threads else np.inf
    if by_threads < statistic:
        row[name] = steps.p_value(by_threads, threads["df"])
        return statistic / by_threads
    row[name] = steps.p_value(statistic, steps.freedom(at))
    return 1.0
