"""The axes of figures: their size, ticks that fit and differ, and the marks that figures share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.ticker import Formatter, MaxNLocator

from analysis.plots import style
from analysis.plots.letters import fit, width
from analysis.plots.style import GRID, INK, LINE, Figure, is_narrow
from analysis.trends.periods import Date
from analysis.trends.wording import MINUS, fixed, local, period_name, period_of, signed

Events = Mapping[str, Date] | Sequence[tuple[str, Date]]  # what happened, and its date
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 24_000)  # between two dates on an axis
DAYS = (1, 2, 7, 14)
OF_PERIOD = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}  # days or months
ZERO = 12 * 1970  # months from the year nought to the first one of numpy
MIDDLE = 0.344  # of a 95 % interval its middle half has: .674 of 1.96 errors, and less where errors are few
LEAST_GAP = 0.1  # of a first or last period without comments from which it is marked as partial
MOST_NAMED = 4  # events on a figure, a line each
GRADED = "Band: 95 % interval, darker its middle half."
STROKE = "Stroke at the foot: too few threads for an interval."
LABEL_HIGH = 0.1  # of the axes' height, an event's name


def points() -> float:
    """How wide a figure is, in points."""
    return 72 * (style.NARROW if is_narrow.get() else style.WIDTH)


def new_axes(rows: int = 1, columns: int = 1, height: float = 3.2, **kwargs: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the page's width or a phone's, and its axes, row by row."""
    figure = Figure(figsize=(points() / 72, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **kwargs)
    return figure, list(axes.flat)


def new_rows(names: Sequence[str], each: float = 0.34) -> tuple[Figure, Axes, np.ndarray]:
    """A figure of named rows from the top down, its axes, and where the rows are."""
    figure, (ax,) = new_axes(height=0.6 + rows_high(len(names), each))
    return figure, ax, rows_axis(ax, names)


def rows_high(n: int, each: float = 0.34) -> float:
    """How high so many rows are, in inches: on a phone each has its name above it."""
    return n * (max(0.42, each) if is_narrow.get() else each)


def rows_axis(axes: Axes, names: Sequence[str], size: float = 9.5) -> np.ndarray:
    """Rows from the top down, each with its name; gives where they are."""
    y = np.arange(len(names))
    axes.set_ylim(max(len(names), 1) - 0.4, -0.7)
    if is_narrow.get():
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        for at, name in zip(y, names, strict=True):
            above = fit(name, points() - 24, 9)
            axes.text(0, at - 0.42, above, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    else:
        axes.set_yticks(y, [fit(name, 0.42 * points(), size) for name in names], fontsize=size)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    return y


def estimates(axes: Axes, table: pd.DataFrame, y: np.ndarray, colour: str | list[str], of: str = "estimate") -> None:
    """Estimates with their graded intervals, one below the other: columns low and high, or `of`_low and `of`_high."""
    for part, thick, alpha in ((1.0, 2.0, 0.6), (MIDDLE, 5.0, 0.5)):
        axes.hlines(y, *graded(table, of, part), colour, linewidth=thick, alpha=alpha)
    axes.scatter(table[of].to_numpy(float), y, color=colour, s=26, zorder=3)


def ends_of(of: str) -> tuple[str, str]:
    """The columns of an estimate's interval."""
    return ("low", "high") if of == "estimate" else (f"{of}_low", f"{of}_high")


def on_data(axes: Axes, x: float, y: float, text: str, **look: Any) -> mpl.text.Text:
    """Words on the data that they name, readable over it."""
    back = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75}
    usual: dict[str, Any] = {"fontsize": 9, "color": INK, "bbox": back, "zorder": 5}
    said = axes.text(x, y, text, **usual | look)
    said.set_in_layout(False)
    return said


# -------------------------------------------------------------------------------------------------- numbers


class _Numbers(Formatter):
    """Numbers with as many decimals as tell their ticks apart."""

    def __init__(self, scale: float, sign: str, unit: str) -> None:
        self.scale, self.sign, self.unit = scale, sign, unit

    def __call__(self, value: float, at: int | None = None) -> str:
        return self.format_ticks([value, value + 0.01])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        step = abs(self.scale) * float(np.diff(values).min()) if len(values) > 1 else 1.0
        digits = max(0, int(np.ceil(-np.log10(max(step, 1e-12)) - 1e-6)))
        said = [f"{round(self.scale * value, digits) + 0.0:{self.sign},.{digits}f}" for value in values]
        return [
            f"{'0' if self.sign and not text.strip('+0.') else text.replace('-', MINUS)}{self.unit}" for text in said
        ]


def number_axis(
    axis: mpl.axis.Axis, most: int = 5, *, whole: bool = False, scale: float = 1, sign: str = "", unit: str = ""
) -> None:
    """Few numbers, no two of which read the same."""
    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10], integer=whole, min_n_ticks=2 if whole else 3))
    axis.set_major_formatter(_Numbers(scale, sign, unit))


def percent_axis(axis: mpl.axis.Axis, most: int = 5) -> None:
    """Shares as per cent."""
    number_axis(axis, most, scale=100, unit=" %")


def signed_axis(axes: Axes, along: str = "x", bins: int = 6, scale: float = 1) -> None:
    """Numbers with their sign, on both sides of a line at none."""
    axis, line = (axes.xaxis, axes.axvline) if along == "x" else (axes.yaxis, axes.axhline)
    number_axis(axis, min(bins, 4) if along == "x" and is_narrow.get() else bins, scale=scale, sign="+")
    line(0, color=LINE, linewidth=0.9, zorder=0.6)


def mean_axis(axes: Axes, along: str, table: pd.DataFrame, measure: str, bins: int = 6) -> Callable[[float], str]:
    """Means of a measure, with their sign if it goes to both sides of 0, as sentiment does; how they are written."""
    if measure == "sentiment" or "share_negative" in table:
        signed_axis(axes, along, bins)
        return signed
    number_axis(axes.xaxis if along == "x" else axes.yaxis, 4 if along == "x" and is_narrow.get() else bins)
    return fixed


# ---------------------------------------------------------------------------------------------------- time


def days_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each period on an axis of dates, by local time."""
    return tuple(date2num(local(table[column])) for column in ("period_start", "period_end"))


def date_axis(axes: Axes, table: pd.DataFrame, room: float = 0) -> None:
    """From the first period to the last, with as many dates as fit in so many points, each named as a period is."""
    starts, ends = days_of(table)
    period = period_of(table)
    ticks, names, kind = _dates(starts.min(), ends.max(), period, room or 0.86 * points())
    if kind == period:  # in the middle of the period that has this name
        ticks = ((starts + ends) / 2)[np.searchsorted(starts, ticks + 0.5) - 1]
    # Fixed: matplotlib would look for them anew a hundred times while it lays a figure out.
    axes.set_xticks(ticks, names)
    axes.set_xlim(starts.min(), ends.max())


def _dates(low: float, high: float, period: str, room: float) -> tuple[np.ndarray, list[str], str]:
    """Where the dates of an axis are, the closest together for which there is room; their names; of what those are."""
    first, end = np.array([np.floor(low), np.ceil(high)]).astype("int64").astype("M8[D]")
    steps = [("D", step) for step in DAYS if step % OF_PERIOD[period] == 0] if period in ("day", "week") else []
    steps += [("M", step) for step in MONTHS if period in ("day", "week") or step % OF_PERIOD[period] == 0]
    at, kind = np.array([first]), period
    for unit, step in steps:
        begin = int(first.astype(f"M8[{unit}]").astype(int))
        begin += 0 if unit == "D" else -(begin + ZERO) % step  # of months those that divide the years
        found = np.arange(begin, int(end.astype(f"M8[{unit}]").astype(int)) + 1, step)
        found = found.astype(f"M8[{unit}]").astype("M8[D]")
        if not len(found := found[(found >= first) & (found < end)]):
            break
        at, kind = found, "year" if unit == "M" and step % 12 == 0 else period if unit == "D" else "month"
        kind = "quarter" if (kind, period) == ("month", "quarter") else kind
        if len(at) * (width(period_name(at[0], kind), 11) + 10) <= room:
            break
    return date2num(at), [period_name(day, kind) for day in at], kind


def event_lines(axes: Axes, events: Events, *, named: bool = False) -> list[str]:
    """A thin line where something happened, if it is within the figure; its name beside it. Gives what has no room."""
    low, high = axes.get_xlim()
    dated = [(date2num(pd.Timestamp(date).tz_localize(None)), name) for name, date in dict(events).items()]
    there = [(x, name) for x, name in dated if low <= x <= high]
    for row, (x, name) in enumerate(there):
        axes.axvline(x, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        if named and row < MOST_NAMED:
            after = x < (low + high) / 2  # on the side where there is more room
            room = 0.86 * points() * ((high - x) if after else (x - low)) / (high - low)
            side = {"transform": axes.get_xaxis_transform(), "va": "top", "ha": "left" if after else "right"}
            on_data(axes, x, 0.98 - 0.09 * row, f" {fit(name, room - 8, 9)} ", **side)
    return [name for _, name in there[MOST_NAMED:]] if named else []


def partial(axes: Axes, table: pd.DataFrame, span: Sequence[object]) -> str:
    """Mark where a first or last period has no comments yet, or none any more; say it. `span`: first and last time."""
    starts, ends = days_of(table)
    times = pd.to_datetime(pd.Series(list(span)), utc=True).dropna()
    if len(times) < 2:
        return ""
    zone = getattr(table["period_start"].dtype, "tz", None)
    first, last = date2num(times.dt.tz_convert(zone).dt.tz_localize(None))
    said = []
    for a, b, i, word in (
        (starts[0], first, 0, f"before {times[0]:%Y-%m-%d}"),
        (last, ends[-1], -1, f"after {times[1]:%Y-%m-%d}"),
    ):
        if b - a > LEAST_GAP * (ends[i] - starts[i]):
            axes.axvspan(a, b, color=GRID, linewidth=0, zorder=0)
            said.append(word)
    return f"Grey: nothing {' or '.join(said)}, a partial period." if said else ""


def band(axes: Axes, x: np.ndarray, table: pd.DataFrame, of: str, colour: str, alphas: tuple[float, float]) -> None:
    """A graded interval along a line: of an estimate with low and high, or of another with `of`_low and `of`_high."""
    for part, alpha in zip((1.0, MIDDLE), alphas, strict=True):
        axes.fill_between(x, *graded(table, of, part), color=colour, alpha=alpha, linewidth=0)


def graded(table: pd.DataFrame, of: str, part: float) -> tuple[np.ndarray, np.ndarray]:
    """The ends of so large a part of the intervals of a table."""
    value, low, high = (table[c].to_numpy(float) for c in (of, *ends_of(of)))
    return value - part * (value - low), value + part * (high - value)


def draw_series(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """A line with its graded interval; where there is none, a stroke at the foot says that there are comments."""
    x, y, known = np.mean(days_of(table), axis=0), table["estimate"].to_numpy(float), table["low"].notna().to_numpy()
    band(axes, x, table, "estimate", colour, (0.18, 0.28))
    # An interval with gaps on both sides has no width to fill: a bar shows it.
    alone = known & ~np.r_[False, known[:-1]] & ~np.r_[known[1:], False]
    for part, alpha, thick in ((1.0, 0.38, 2.0), (MIDDLE, 0.48, 5.0)):
        axes.vlines(x[alone], *graded(table[alone], "estimate", part), color=colour, alpha=alpha, linewidth=thick)
    axes.plot(x, np.where(known, y, np.nan), color=colour, linewidth=1.6, marker="o" if len(x) <= 60 else None, ms=3)
    axes.plot(x[alone], y[alone], "o", color=colour, ms=3)
    few = ~known & (table["n_comments"].to_numpy(float) > 0)
    if few.any():
        axes.plot(x[few], np.full(few.sum(), 0.03), "|", color=LINE, ms=7, transform=axes.get_xaxis_transform())
