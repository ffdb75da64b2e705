"""Shares of topics by period -> figures: small multiples, and all topics at a glance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap

from analysis.plots import axes as marks
from analysis.plots import style
from analysis.plots.axes import GRADED, Events, new_axes, points
from analysis.plots.letters import fit, width
from analysis.plots.panels import LONGER, MOST_PANELS, SERIES, largest_first, multiples, worth_a_panel
from analysis.plots.style import INK, Figure, draws, finished, undrawn
from analysis.trends.wording import name_of, percent, period_name, period_of, span_of

SHADING = ListedColormap(list(style.SHADES))


@draws(*SERIES, "n_total")
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
        return undrawn(table, f"no {by} that is stable has two {period}s with threads enough for an interval{LONGER}")
    figure, panels = multiples(table, topics, by, events, shown)
    parts, moved, top = [], {}, 0.0
    for value, ax in panels.items():
        marks.percent_axis(ax.yaxis, 4)
        known = table.loc[(table[by] == value) & table["low"].notna()]
        first, last = known["estimate"].iloc[[0, -1]]
        parts.append(f"{name_of(value, topics)} from {percent(first)} to {percent(last)}")
        top = max(top, min(known["high"].max(), 1.6 * known["estimate"].max()))
        moved |= {value: halves(known)} if value != -1 else {}
    ax.set_ylim(0, min(1.0, 1.02 * top) if top > 0 else 1.0)
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
    return tuple(part["n_comments"].sum() / part["n_total"].sum() for part in parts)  # type: ignore[return-value]


@draws(*SERIES, "topic", "n_total")
def heat(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, why: str = "") -> Figure:
    """Share of every topic in every period, a cell each, the largest topic on top: `trends.shares_by_period`."""
    period = period_of(table)
    there = largest_first(table, topics) + ([-1] if (table["topic"] == -1).any() else [])
    # Of a few threads a share says little, and would set the scale for all the others.
    sure = table.assign(sure=table["estimate"].where(table["low"].notna()))
    wide = sure.pivot_table(index="topic", columns="period_start", values="sure", dropna=False).loc[there]
    values = wide.to_numpy(float)
    if not np.isfinite(values).any():
        return undrawn(table, f"no {period} has threads enough for an interval{LONGER}")
    top = float(np.nanmax(values)) or 1.0
    names = [name_of(topic, topics) for topic in there]
    figure, (ax,) = new_axes(height=0.6 + 0.25 * len(there))
    room = 0.34 * points()
    shade = np.clip((len(style.SHADES) * values / top), 0, len(style.SHADES) - 1)
    edges = [np.arange(values.shape[k] + 1) - 0.5 for k in (1, 0)]
    ax.pcolormesh(*edges, np.ma.masked_invalid(np.floor(shade)), cmap=SHADING, vmin=0, vmax=len(style.SHADES) - 1)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    most = [
        f"  {percent(m)}" if np.isfinite(m) else ""
        for m in np.nanmax(np.where(np.isfinite(values), values, -np.inf), axis=1)
    ]
    each = 0.6 * points() / values.shape[1]
    written = each >= width("88", 9) + 4
    tail = ["" if written else one for one in most]
    rows = [fit(name, room - width(one, 9), 9) + one for name, one in zip(names, tail, strict=True)]
    ax.set_yticks(range(len(there)), rows, fontsize=9)
    starts = [period_name(at, period) for at in wide.columns]
    step = max(1, int(np.ceil((width(starts[0], 9) + 8) / each)))
    if step > 1 and period in ("month", "quarter"):
        step = -(-step // (12 if period == "month" else 4)) * (12 if period == "month" else 4)
    ticks = range(0, len(starts), step)
    ax.set_xticks(ticks, [starts[i] for i in ticks], fontsize=9)
    ax.tick_params(length=0)
    for i, j in np.argwhere(np.isfinite(values)) if written else ():
        ink = "white" if shade[i, j] >= 4 else INK
        ax.text(j, i, f"{100 * values[i, j]:.0f}", ha="center", va="center", fontsize=9, color=ink)
    empty = " Empty: too few threads." if np.isnan(values).any() else ""
    at = np.unravel_index(
        np.nanargmax(np.where(np.array(there)[:, None] >= 0, values, np.nan)) if max(there) >= 0 else 0, values.shape
    )
    title = f"“{names[at[0]]}” is at most {percent(values[at])} of a {period}'s comments, in {starts[at[1]]}"
    how = ", in per cent" if written else "; beside a name its most"
    sub = f"Share of the {period}'s comments{how}; the darkest is {percent(top)}.{empty} {why}"
    parts = [
        f"{name} at most {percent(row.max())} in {period_name(row.idxmax(), period)}"
        for name, (_, row) in zip(names[:MOST_PANELS], wide.iterrows(), strict=False)
        if row.notna().any()
    ]
    alt = f"Heat map of the share of {len(there)} topics per {period}, {span_of(table)}: {'; '.join(parts)}."
    return finished(figure, alt, table, topics, title=title, sub=sub)
