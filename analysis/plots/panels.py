"""Small multiples: a panel for each of what has something to show, and a line that names the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.plots import axes as marks
from analysis.plots import style
from analysis.plots.axes import Events, new_axes, points
from analysis.plots.letters import fit
from analysis.plots.style import COLOURS, Figure, is_narrow
from analysis.trends.wording import is_unstable, name_of

PERIODS = ("period_start", "period_end")
SERIES = (*PERIODS, "n_comments", "estimate", "low", "high")
Value = int | str  # of the column that panels are by
NO_DATE = "it has no periods, as no comment has a date"
MOST_PANELS = 12  # of small multiples; the heat map has the other topics
NAMED = 6  # of those without a panel: as many are named
LEAST_EFFECTIVE, WIDEST = 30, 0.6  # effective comments and width (.3 of the range) for an interval of a cell's own


def longer(period: str) -> str:
    """What would have more threads in a period, if there is a longer one."""
    return "" if period == "year" else "; a longer period would have more ([time] period in study.toml)"


def worth_a_panel(
    table: pd.DataFrame, topics: pd.DataFrame | None, by: str, *, unassigned: bool = False
) -> tuple[list[Value], list[str]]:
    """The values that have something to show, the largest first; and a line that names the others."""
    says = table["low"].notna()
    if "borrowed" in table:  # a band that is narrow enough says something as well
        says |= table["borrowed_high"] - table["borrowed_low"] < WIDEST
    known = table[says].groupby(by).size()
    there = largest_first(table, topics, by)
    worth = [v for v in there if known.get(v, 0) >= 2 and not (by == "topic" and is_unstable(v, topics))]
    shown = worth[:MOST_PANELS]
    rest = [name_of(value, topics) for value in there if value not in shown]
    more = f" and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
    said = f"Without a panel, too few threads, not stable or smaller: {', '.join(rest[:NAMED])}{more}." if rest else ""
    return shown + ([-1] if unassigned and shown and known.get(-1, 0) >= 2 else []), [said]


def multiples(
    table: pd.DataFrame, topics: pd.DataFrame | None, by: str, events: Events, shown: list[Value]
) -> tuple[Figure, dict[Value | None, Axes]]:
    """Small multiples, two to a row, on a phone one below the other."""
    across = 1 if is_narrow.get() or len(shown) == 1 else 2
    rows = -(-len(shown) // across)
    figure, axes = new_axes(
        rows, across, height=(1.1 if is_narrow.get() else 1.35) * rows + 0.4, sharex=True, sharey=True
    )
    for spare in axes[len(shown) :]:
        spare.set_visible(False)
        axes[-3 if rows > 1 else -1].tick_params(labelbottom=True)  # the lowest of its column now
    room = 0.82 * points() / across
    for i, (value, ax) in enumerate(zip(shown, axes, strict=False)):
        colour = COLOURS[i % len(COLOURS)] if isinstance(value, str) else style.colour_of(value, topics)
        (_borrowing if "borrowed" in table else marks.draw_series)(ax, table[table[by] == value], colour)
        marks.date_axis(ax, table, room)
        ax.set_title(fit(name_of(value, topics), room, 10, bold=True), fontsize=10)
        marks.event_lines(ax, events, named=len(shown) == 1)
    return figure, dict(zip(shown, axes, strict=False))


def own(table: pd.DataFrame) -> pd.Series:
    """Whether a cell's own interval is worth showing: the rule of NCHS (Parker et al. 2017), on the measure's range."""
    if "borrowed" not in table:
        return table["low"].notna()
    return (table["n_eff"] >= LEAST_EFFECTIVE) & (table["high"] - table["low"] < WIDEST)


def _borrowing(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """What cells borrow from their neighbours as a graded band; on it the cells that say enough themselves."""
    x, own = np.mean(marks.days_of(table), axis=0), table["low"].notna()
    marks.band(axes, x, table, "borrowed", colour, (0.16, 0.22))
    axes.plot(x, table["borrowed"], color=colour, linewidth=1.2)
    axes.vlines(x[own], table["low"][own], table["high"][own], color=colour, linewidth=1.2)
    axes.plot(x[own], table["estimate"][own], "o", color=colour, ms=3.5)


def largest_first(table: pd.DataFrame, topics: pd.DataFrame | None, by: str = "topic") -> list[Value]:
    """The topics of a table, or its other values, without the unassigned, as `topics` has them."""
    known = topics["topic"] if topics is not None and by == "topic" else sorted(table[by].dropna().unique())
    return [value for value in known if value != -1 and (table[by] == value).any()]
