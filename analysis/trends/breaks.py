"""Change points: the largest step of each series, tested against no change and against a straight line.

Further ones are looked for before and after one that was found (binary segmentation). Then each is estimated again
between those beside it (Bai 1997): at first the others were in its sides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.run.codes import distinct
from analysis.trends.contrasts import Series, Sides, series
from analysis.trends.cusum import p_value, steps_of
from analysis.trends.intervals import Bounds, Method, Row, adjusted, total
from analysis.trends.periods import Calendar, instants
from analysis.trends.units import Units, arrange, column, table

FOUND = 0.05  # p-value up to which further changes are looked for on either side
WHOLE = 0.9  # of the error, for the search over all of a series; the rest for two thirds of it
MOST_WEEKS = 2_000  # 38 years; in longer corpora changes are looked for between periods
DEPTH = 3  # at most 7 changes a series: more is a slope or a season, not changes
ROUNDS = 10  # of estimating each between the others, which as a rule are settled in the second


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
    mean of the measure is looked at. A change lies between two weeks, whatever the period (of days, between two days),
    with a tenth of the comments on either side.

    Columns: series ("sentiment", "share of topic 3", "sentiment of topic 3"); topic (NA for all); measure (its name, or
    "share"); at, the start of the first week after the change; low, high: its interval, a week or more on either side,
    NaT where p_value is above .05; since, until: the changes found beside it, NaT where there is none; before, after:
    the means on either side, as far as these; size: after - before without what being the largest adds, size_low,
    size_high, where there is an interval of the date; p_value, of no change; line_p, of a straight line: where it is
    above .05, what changed may have done so little by little; q_value (Benjamini-Hochberg over this step and those
    before); step: 1 for the largest change, 2 and 3 for those looked for within either side. Series without enough
    threads on either side are left out.
    """
    Calendar(period, zone)  # an error where there is no such thing
    at = column(comments, "posted_at")
    instants(at)  # an error where these are no times
    long = at.max() - at.min() > MOST_WEEKS * pd.Timedelta(weeks=1)
    finest = "day" if period == "day" else period if long or at.isna().all() else "week"
    a = arrange(comments, measure, by, Calendar(finest, zone, week_starts), bounds).dated
    rows = [row for of in series(a) for row in _beside(list(_changes(of, method)), of, method)]
    starts, dates = a.grid["period_start"], ("at", "low", "high", "since", "until")
    for row in rows:
        row |= {name: starts.iloc[row[name]] for name in dates if name in row}
    when, sizes = dict.fromkeys(dates, starts.dtype), "before after size size_low size_high"
    changes = table(rows, "series", a.of_groups, "measure", when, sizes, "p_value line_p q_value", {"step": "int64"})
    for step in range(1, DEPTH + 1):  # over all that had been looked at by then
        q_value = adjusted(changes["p_value"].where(changes["step"] <= step).to_numpy())
        changes["q_value"] = changes["q_value"].where(changes["step"] != step, q_value)
    return changes


def _changes(of: Series, method: Method) -> Iterator[Row]:
    """The largest change of a series and those within its sides, in the order of steps and of time."""
    level = [of]
    for step in range(1, DEPTH + 1):
        sides = []
        for named, a, y, bounds in level:
            windows = [(a, y, WHOLE), *((a.only(of), y[of], (1 - WHOLE) / 2) for of in _thirds(a))]
            tried = (_largest(*window, named["measure"] == "share", bounds, method) for window in windows if len(y))
            change = min(filter(None, tried), key=lambda one: one["p_value"], default=None)
            if not change:
                continue
            yield named | change | {"step": step}
            if _found(change):
                early = a.period < change["at"]
                sides += [(named, a.only(side), y[side], bounds) for side in (early, ~early)]
        level = sides


def _found(change: Row) -> bool:
    """Whether a step is there: what a line explains as well would be found in every part of it again."""
    return max(change["p_value"], change.get("line_p", 1)) <= FOUND


def _beside(changes: list[Row], of: Series, method: Method) -> list[Row]:
    """The changes of a series, each that was found estimated again between those beside it, until none moves.

    Where so few comments show none, date and size stay those of the search; so does each p-value.
    """
    _, a, y, bounds = of
    found = list(filter(_found, changes))
    for _ in range(ROUNDS if len(found) > 1 else 0):
        before = [row["at"] for row in found]
        for row in found:
            side = _between(row, changes, a)
            again = _largest(a.only(side), y[side], 1.0, row["measure"] == "share", bounds, method)
            if again and _found(again):
                row |= again | {"p_value": row["p_value"]}
        if before == [row["at"] for row in found]:
            break
    for row in changes:
        side = _between(row, changes, a)
        late = a.period >= row["at"]
        row |= {"before": float(y[side & ~late].mean()), "after": float(y[side & late].mean())}
    return changes


def _between(row: Row, changes: list[Row], a: Units) -> np.ndarray:
    """Which comments lie between the changes found beside one; these are written down in it."""
    others = [one["at"] for one in changes if _found(one) and one is not row]
    ends = {"since": max((at for at in others if at < row["at"]), default=None)}
    ends |= {"until": min((at for at in others if at > row["at"]), default=None)}
    for name in ends:
        row.pop(name, None)
    row |= {name: at for name, at in ends.items() if at is not None}
    return (a.period >= row.get("since", 0)) & (a.period < row.get("until", len(a.grid)))


def _thirds(a: Units) -> Iterator[np.ndarray]:
    """The first two thirds of the comments, and the last two: a change that another one takes back shows in one."""
    n = np.cumsum(total(a.period, None, len(a.grid)))
    for third in (1, 2) if len(n) else ():
        cut = int(np.searchsorted(n, third / 3 * n[-1], side="right"))
        yield a.period >= cut if third == 1 else a.period <= cut


def _largest(a: Units, y: np.ndarray, weight: float, share: bool, bounds: Bounds, method: Method) -> Row | None:
    """The largest change of y, found or not, periods as rows of the grid; None where nothing changes or is enough.

    `weight` is the part of the error that this search may use.
    """
    steps, begins = steps_of(a, y != 0 if share else np.full(len(y), True), method.min_threads)
    if not steps.testable:
        return None
    up = total(a.day, y - y.mean(), a.n_days)[distinct(a.day)]
    statistic, size, variance = (of.tolist() for of in steps.scan(up))
    best = int(np.argmax(statistic))
    if not statistic[best]:
        return None
    late = a.period >= begins[best]
    row = {"at": int(begins[best]), "before": float(y[~late].mean()), "after": float(y[late].mean())}
    by_threads = Sides(a, late, method).design.coefficient(y, 1, method)
    if "se" not in by_threads:
        return None
    # The larger of the two errors, that of time and that of threads and authors
    threads, df = (by_threads["estimate"] / by_threads["se"]) ** 2 * steps.scale[best], by_threads["df"]
    wider = max(statistic[best] / threads, 1.0)
    p = p_value(threads, df) if wider > 1 else p_value(statistic[best], steps.freedom(best))
    row["p_value"] = min(p / weight, 1.0)
    if row["p_value"] > FOUND:
        return row
    row["line_p"] = steps.of_a_line(up, variance[best], wider, method)
    places, sizes = steps.again(size[best], best, variance[best] * wider, method)
    tail = (1 - method.level) / 2
    low, high = np.quantile(places, [tail, 1 - tail], method="inverted_cdf")
    # A change within a period shows at its beginning or at its end.
    periods, around = distinct(a.period), (begins[min(low, best)], begins[max(high, best)])
    first, last = np.searchsorted(periods, around) + (-1, 1)
    row |= {"low": int(periods[first]), "high": int(periods[min(last, len(periods) - 1)])}
    # Twice what was found, less what is found of it when drawn again: what being the largest adds is taken off.
    ends = 2 * size[best] - np.array([sizes.mean(), *np.quantile(sizes, [1 - tail, tail])])
    return row | dict(zip(("size", "size_low", "size_high"), np.clip(ends, *bounds).tolist(), strict=True))
