"""Comparisons: before and after what happened, a period and the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from analysis.run.codes import distinct
from analysis.trends.cusum import SIDE
from analysis.trends.errors import Design
from analysis.trends.intervals import EMPTY, TOO_FEW, Bounds, Method, Row, adjusted, estimated, total, without
from analysis.trends.periods import YEAR, Calendar, Date, instant_of, instants
from analysis.trends.units import Units, arrange, table

MOST_NEWS = 6  # with fewer other pairs of periods, nothing says how far periods differ by their news
RANK = "placebo_rank", "n_placebo"  # of the event's step among those at other dates, and how many these are
FOUND_IN_80 = 1.43  # (1.96 + 0.84) / 1.96: an effect of so many half widths is found in four of five studies


def comparisons(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str | None = "topic",
    events: Mapping[str, Date] | None = None,
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """Every comparison of a study: differences of two means or shares, with intervals that respect threads.

    `events` says what happened and when, {name: date}, in the zone where a date says no other; all comments before it
    are compared with all from it on: name what is known from elsewhere, not a date at which the figure shows a break,
    or the p-value means nothing. What rose or fell all the time differs on either side of any date: what is tested is
    the step between two lines, one before and one after (segmented regression). Other arguments as of `by_period`,
    author used where it is there; without `by` only the mean is compared.

    Columns: comparison ("event", "period"), event, at (the first instant of the second side), series, topic, measure
    (its name, or "share"); n_first, n_second, threads_first, threads_second (of the denominator); first, second;
    estimate = second - first, low, high; of events step, with step_low and step_high; turn, the slope after less that
    before, a year, with turn_low and turn_high; detectable, the smallest step that four of five such studies would
    find; placebo_rank, the place of the step's size, over its error by chance, among those at n_placebo starts of
    other periods and itself; p_value, of events the step's; q_value (Benjamini-Hochberg within events, and within
    periods); author_ratio, serial_ratio, as of `errors.Design`, of periods how far others differ beyond threads;
    interval ("threads", "too few", "empty", "no spread"). Of periods only those are compared that both have threads
    enough.
    Nothing is claimed about the unassigned.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds)
    rows = [*_events(a.dated, in_order(events, zone), method), *_periods(a.dated, method)]
    at = {"at": a.grid["period_start"].dtype}
    counts, sides = "n_first n_second threads_first threads_second", "first second"
    figures = "estimate low high p_value q_value author_ratio serial_ratio interval"
    steps, rank = "step step_low step_high turn turn_low turn_high detectable", dict.fromkeys(RANK, "Int64")
    found = table(rows, "comparison event", at, "series", a.of_groups, "measure", counts, sides, figures, steps, rank)
    for family in ("event", "period"):
        of = (found["comparison"] == family).to_numpy()
        found.loc[of, "q_value"] = adjusted(found.loc[of, "p_value"].to_numpy())
    return found


def in_order(events: Mapping[str, Date] | None, zone: str) -> list[tuple[str, pd.Timestamp]]:
    """Name and first instant of what happened, in the order of time."""
    return sorted(((name, instant_of(date, zone)) for name, date in (events or {}).items()), key=lambda e: e[::-1])


Series = tuple[Row, Units, np.ndarray, Bounds]  # its names, its comments, their values, of a difference


def series(a: Units) -> Iterator[Series]:
    """The measure, every named group's share, and the measure in it."""
    scored = a.scored
    yield a.named_as(a.measure), scored, scored.y, a.change
    for code in a.named:
        yield a.named_as("share", code), a, (a.group == code).astype(float), (-1.0, 1.0)
    for code in a.named:
        of = scored.only(scored.group == code)
        yield a.named_as(a.measure, code), of, of.y, a.change


class Sides:
    """Some comments on two sides, which may share threads, for each measure of them."""

    def __init__(self, a: Units, late: np.ndarray, method: Method, *, serial: bool = False) -> None:
        self.a, self.late, self.method = a, late, method
        self.n = [int((~late).sum()), int(late.sum())]
        self.threads = [len(distinct(a.thread[side])) for side in (~late, late)]
        self.design = Design(a, np.stack([np.ones(len(late)), late], axis=1), serial)

    def of(self, y: np.ndarray, bounds: Bounds, *, share: bool) -> Row:
        """The difference of y, or of a share, between the sides."""
        first, second = (float(y[side].mean()) if side.any() else np.nan for side in (~self.late, self.late))
        row = {"n_first": self.n[0], "n_second": self.n[1], "first": first, "second": second}
        row |= {"threads_first": self.threads[0], "threads_second": self.threads[1]}
        if min(self.threads) < self.method.min_threads:
            return row | without(second - first, TOO_FEW if min(self.threads) else EMPTY)
        # A share that rests on few threads is no mean of many: its own threads must be enough.
        if share and len(distinct(self.a.thread[y != 0])) < self.method.min_threads:
            return row | without(second - first, TOO_FEW)
        return row | self.design.coefficient(y, 1, self.method, bounds)


def _events(a: Units, events: list[tuple[str, pd.Timestamp]], method: Method) -> Iterator[Row]:
    """Before each event and from it on, and the step between the lines on either side."""
    of = list(series(a.compact))
    starts = instants(a.grid["period_start"]) if len(a.grid) else np.zeros(0, "M8[us]")
    for event, at in events:
        made: dict[int, tuple[Sides, Lines]] = {}
        for named, b, y, bounds in of:
            if id(b) not in made:
                made[id(b)] = Sides(b, b.since(at), method, serial=True), Lines(b, at, starts, method)
            sides, lines = made[id(b)]
            row = {"comparison": "event", "event": event, "at": at, **named}
            row |= sides.of(y, bounds, share=named["measure"] == "share")
            yield row | (lines.of(y) if np.isfinite(row["low"]) else {})


class Lines:
    """A line before an event and one from it on, through some comments, for each measure of them."""

    def __init__(self, a: Units, at: pd.Timestamp, starts: np.ndarray, method: Method) -> None:
        self.a, self.late, self.method = a, a.since(at), method
        instant = at.tz_convert("UTC").tz_localize(None).to_datetime64()
        self.t = a.years(at)
        ends = [(self.t[side].min(), self.t[side].max()) for side in (~self.late, self.late) if side.any()]
        self.straight = len(ends) == 2 and all(low < high for low, high in ends)
        x = np.stack([np.ones(len(self.t)), self.t, self.late, self.t * self.late], axis=1)
        self.design = Design(a, x)
        n = np.bincount(a.period, minlength=len(a.grid)).cumsum() if len(a.grid) else np.zeros(1)
        wide = np.flatnonzero((n >= SIDE * n[-1]) & (n <= (1 - SIDE) * n[-1])) + 1
        wide = wide[wide < len(n)]
        own = np.searchsorted(starts, instant, side="right") - 1 if len(wide) else 0
        self.cuts = wide[(wide != own) & (wide != own + 1)]
        self.at = (starts[self.cuts] - instant) / YEAR if len(wide) else np.zeros(0)

    def of(self, y: np.ndarray) -> Row:
        """The step between the lines, the turn of their slopes, and the step's rank among placebo dates."""
        if not self.straight:
            return {"p_value": np.nan}
        step, turn = (self.design.coefficient(y, which, self.method) for which in (2, 3))
        row = {"p_value": step["p_value"], "step": step["estimate"], "turn": turn["estimate"]}
        row |= {f"{name}_{end}": of[end] for name, of in (("step", step), ("turn", turn)) for end in ("low", "high")}
        sizes = self.step_sizes(y)
        above = int((sizes[:-1] > sizes[-1]).sum())
        row |= dict(zip(RANK, (above + 1, len(sizes) - 1), strict=True)) if len(sizes) > 1 else {}
        return row | {"detectable": FOUND_IN_80 * (step["high"] - step["low"]) / 2}

    def step_sizes(self, y: np.ndarray) -> np.ndarray:
        """Steps between two lines over their error if comments were independent: at each cut, and last the event."""
        moments = np.stack([np.ones(len(y)), self.t, self.t**2, y, self.t * y])
        so_far = np.stack([total(self.a.period, one, len(self.a.grid)).cumsum() for one in moments])
        before = np.column_stack([so_far[:, self.cuts - 1], moments[:, ~self.late].sum(axis=1)])
        level, variance = np.zeros((2, 2, len(self.cuts) + 1))
        for side, (n, t, t2, up, ty) in enumerate((before, so_far[:, -1:] - before)):
            at = np.append(self.at, 0.0)  # the lines' level there, by least squares
            t2, t, ty = t2 - 2 * at * t + at**2 * n, t - at * n, ty - at * up
            with np.errstate(divide="ignore", invalid="ignore"):
                level[side], variance[side] = (t2 * up - t * ty) / (n * t2 - t**2), t2 / (n * t2 - t**2)
        with np.errstate(divide="ignore", invalid="ignore"):  # no line on a side of one time: no step there
            return np.nan_to_num(np.abs(level[1] - level[0]) / np.sqrt(variance.sum(axis=0)))


def _periods(a: Units, method: Method) -> Iterator[Row]:
    """Each period and the one before it; periods differ by their news, as far as the others do beyond threads."""
    a = a.only(np.argsort(a.period, kind="stable"))
    edges = np.searchsorted(a.period, np.arange(len(a.grid) + 1))
    found: dict[str, list[Row]] = {}
    for i in range(1, len(a.grid)):
        for row in _between(a.only(slice(edges[i - 1], edges[i + 1])), i, method):
            found.setdefault(str(row["series"]), []).append({"comparison": "period", "at": i, **row})
    for rows in found.values():
        z = np.array([row["estimate"] / row["se"] for row in rows]) ** 2
        for row, own in zip(rows, z.tolist(), strict=True):
            others = len(z) - 1
            row["serial_ratio"] = float(np.sqrt((z.sum() - own) / others)) if others >= MOST_NEWS else np.nan
            if row["serial_ratio"] > 1:
                se, df = row["se"] * row["serial_ratio"], min(row["df"], others)
                row |= estimated(row["estimate"], se, df, method, row["bounds"])
    order = {str(named["series"]): place for place, (named, *_) in enumerate(series(a))}
    every = sorted((row for rows in found.values() for row in rows), key=lambda r: (r["at"], order[str(r["series"])]))
    for row in every:
        yield row | {"at": a.grid["period_start"].iloc[row["at"]]}


def _between(a: Units, late: int, method: Method) -> Iterator[Row]:
    """Every series in one period and in the next, where both have threads enough and they differ."""
    made: dict[int, Sides] = {}
    for named, b, y, bounds in series(a):
        sides = made.setdefault(id(b), Sides(b, b.period == late, method))
        if min(sides.threads) >= method.min_threads:
            row = sides.of(y, bounds, share=named["measure"] == "share")
            if "se" in row:
                yield named | row | {"bounds": bounds}
