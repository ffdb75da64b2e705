"""Shares of topics by period -> figures: small multiples, and all topics at a glance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap

from analysis.plots import axes as marks
from analysis.plots import style
from analysis.plots.axes import GRADED, Events, new_axes, points
from analysis.plots.letters import fit, width
from analysis.plots.panels import MOST_PANELS, NO_DATE, SERIES, Value, largest_first, longer, multiples, worth_a_panel
from analysis.plots.style import INK, Figure, draws, finished, undrawn
from analysis.trends.wording import is_unstable, name_of, percent, period_name, period_of, span_of

MOST_CUT = 3  # whose intervals go beyond the scale: more are counted
FEW = 0.25  # of the comments of a usual period: one with fewer is thin
SHADING = ListedColormap(list(style.SHADES))


@draws(*SERIES, "n_total", none=NO_DATE)
def shares_by_period(
    table: pd.DataFrame,
    *,
    topics: pd.DataFrame | None = None,
    events: Events = (),
    by: str = "topic",
    why: str = "",
    title: str = "",
) -> Figure:
    """Share of each topic by period with its interval, a panel each, one scale: `trends.shares_by_period`.

    Of those that have something to show: two periods with an interval, of a topic that is stable; the others are named.
    `title` is a finding in place of the one that the table gives.
    """
    style.need(table, by)
    period = period_of(table)
    shown, notes = worth_a_panel(table, topics, by, unassigned=True)
    if not [value for value in shown if value != -1]:
        return undrawn(
            table, f"no {by} that is stable has two {period}s with threads enough for an interval{longer(period)}"
        )
    figure, panels = multiples(table, topics, by, events, shown)
    parts, moved, top = list[str](), dict[Value, tuple[float, float]](), 0.0
    for value, ax in zip(shown, panels.values(), strict=True):
        marks.percent_axis(ax.yaxis, 4)
        known = table.loc[(table[by] == value) & table["low"].notna()]
        first, last = known["estimate"].iloc[[0, -1]]
        parts.append(f"{name_of(value, topics)} from {percent(first)} to {percent(last)}")
        solid = known[known["n_total"] >= FEW * known["n_total"].median()]  # a thin period sets no scale
        top = max(top, min(solid["high"].max(), 1.6 * solid["estimate"].max()))
        moved |= {value: halves(known)} if value != -1 else {}
    top = min(1.0, 1.02 * top) if top > 0 else 1.0
    drawn = table[table[by].isin(shown)]
    if cut := [name_of(value, topics) for value in shown if (drawn.loc[drawn[by] == value, "high"] > top).any()]:
        which = ", ".join(cut) if len(cut) <= MOST_CUT else f"{len(cut)} {by}s"
        notes.append(f"Wider than the scale: the interval of {which}.")
    if (drawn["low"].isna() & (drawn["n_comments"] > 0)).any():
        notes.append(marks.STROKE)
    ax.set_ylim(0, top * (1 + marks.LABEL_HIGH * len(ax.texts)))
    most = max(moved, key=lambda value: abs(moved[value][1] - moved[value][0]))
    first, last = map(percent, moved[most])
    said = f"“{name_of(most, topics)}” has {first} of the comments in the first half of the {period}s, "
    said += f"{last} in the second"
    title = title or said + (f"; no {by} differs by more" if len(moved) > 1 else "")
    sub = f"Share of a {period}'s comments, one scale. {GRADED} {why}"
    alt = f"Share of each {by} per {period}, {span_of(table)}, first to last: {'; '.join(parts)}. {' '.join(notes)}"
    return finished(figure, alt, table, topics, title=title, sub=sub, notes=notes)


def halves(known: pd.DataFrame) -> tuple[float, float]:
    """Share of the comments in the first half of the periods and in the second: a thin last one says little alone."""
    middle = len(known) // 2
    parts = known.iloc[:middle], known.iloc[middle:]
    first, second = (float(part["n_comments"].sum() / part["n_total"].sum()) for part in parts)
    return first, second


@draws(*SERIES, "topic", "n_total", none=NO_DATE)
def heat(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, why: str = "") -> Figure:
    """Share of every topic in every period, a cell each, the largest topic on top: `trends.shares_by_period`."""
    period = period_of(table)
    there = [*map(int, largest_first(table, topics)), *[-1] * int((table["topic"] == -1).any())]
    # Of a few threads a share says little, and would set the scale for all the others.
    sure = table.assign(sure=table["estimate"].where(table["low"].notna()))
    wide = sure.pivot_table(index="topic", columns="period_start", values="sure", dropna=False).loc[there]
    if wide.isna().all(axis=None):
        return undrawn(table, f"no {period} has threads enough for an interval{longer(period)}")
    names = {topic: name_of(topic, topics) for topic in there}
    most, when = wide.max(axis=1), wide.fillna(-1).idxmax(axis=1).map(lambda at: period_name(at, period))
    top, deepest = float(most.max()) or 1.0, len(style.SHADES) - 1
    cells = wide.to_numpy(float)
    shade = np.minimum(np.floor(len(style.SHADES) * cells / top), deepest)
    figure, (ax,) = new_axes(height=0.6 + 0.25 * len(there))
    starts, ends = map(np.unique, marks.days_of(table))
    rows = np.arange(len(there) + 1) - 0.5
    ax.pcolormesh([*starts, ends[-1]], rows, np.ma.masked_invalid(shade), cmap=SHADING, vmin=0, vmax=deepest)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    marks.date_axis(ax, table, 0.6 * points())
    written = 0.6 * points() / len(starts) >= width("88", 9) + 4
    tails = ["" if written or np.isnan(share) else f"  {percent(share)}" for share in most]
    room = 0.34 * points()
    labels = [fit(names[t], room - width(tail, 9), 9) + tail for t, tail in zip(there, tails, strict=True)]
    ax.set_yticks(range(len(there)), labels, fontsize=9)
    for i, j in np.argwhere(np.isfinite(shade)) if written else ():
        x, colour = (starts[j] + ends[j]) / 2, "white" if shade[i, j] >= 4 else INK
        ax.text(x, i, f"{100 * cells[i, j]:.0f}", ha="center", va="center", fontsize=9, color=colour)
    title = f"Share of {len(there)} topics by {period}: none of them is stable"
    if told := [topic for topic in there if topic >= 0 and not is_unstable(topic, topics) and most[topic] >= 0]:
        first = max(told, key=lambda topic: most[topic])
        title = f"“{names[first]}” is at most {percent(most[first])} of a {period}'s comments, in {when[first]}"
    how = ", in per cent" if written else "; beside a name its most"
    empty = " Empty: too few threads." if wide.isna().any(axis=None) else ""
    sub = f"Share of the {period}'s comments{how}; the darkest is {percent(top)}.{empty} {why}"
    said = [f"{names[t]} at most {percent(most[t])} in {when[t]}" for t in there[:MOST_PANELS] if most[t] >= 0]
    alt = f"Heat map of the share of {len(there)} topics per {period}, {span_of(table)}: {'; '.join(said)}."
    return finished(figure, alt, table, topics, title=title, sub=sub)
