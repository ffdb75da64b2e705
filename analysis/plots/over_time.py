"""Finished tables by period -> figures over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import date2num
from matplotlib.ticker import MaxNLocator

from analysis.plots.style import (
    ACCENT,
    COLOURS,
    INK,
    MINUS,
    PALE,
    WARN,
    Picture,
    colour_of,
    date_axis,
    draw_series,
    event_lines,
    finished,
    middle_of,
    name_of,
    new_axes,
    panels,
    percent,
    percent_axis,
    period_name,
    sentiment_axis,
    shorten,
    signed,
    span_of,
    styled,
)

Events = Sequence[tuple[pd.Timestamp, str]]
MOST_PANELS = 20  # of small multiples; the heat map has the other topics
MOST_BARS = 400
SHAPED = 30  # comments from which their spread has a shape; of fewer the mean alone is drawn, and pale
WRITTEN = 14  # columns of a heat map up to which each cell has its number written in it
UNKNOWN = "#dcdcdc"
SHADES = LinearSegmentedColormap.from_list("share", ["#f4f8fb", "#7db3d5", ACCENT, "#06283d"])


def _bars(ax: Axes, table: pd.DataFrame, values: pd.Series, colour: str) -> None:
    """A bar for each period; of very many one outline, since bars would be narrower than a dot."""
    start, end = (table[c].dt.tz_localize(None) for c in ("period_start", "period_end"))
    if len(table) <= MOST_BARS:
        ax.bar(middle_of(table), values, width=0.9 * (end - start).to_numpy(), color=colour)
    else:
        edges = date2num(np.append(start.to_numpy(), end.to_numpy()[-1]))
        ax.stairs(values, edges, fill=True, color=colour)
        ax.xaxis_date()


@styled
def activity(table: pd.DataFrame, period: str) -> Picture:
    """Comments, threads and authors by period: `activity_by_period`."""
    figure, axes = new_axes(3, 1, height=4.4, sharex=True)
    total = int(table["n_comments"].sum())
    borrowed = total - int(table["n_own_time"].sum())
    for ax, column, word, colour in zip(
        axes[:, 0],
        ("n_comments", "n_threads", "n_authors"),
        ("comments", "threads", "authors"),
        COLOURS,
        strict=False,
    ):
        _bars(ax, table, table[column], colour)
        title = f"{word.capitalize()} per {period}"
        if word == "comments" and borrowed:
            own = table["n_comments"] - table["n_own_time"]
            _bars(ax, table, own, PALE)
            title += "; pale: placed by their article's date" + (", as all are" if borrowed == total else "")
        ax.set_title(title)
        ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        ax.set_ylim(bottom=0)
        date_axis(ax)
    top = table.loc[table["n_comments"].idxmax()]
    empty = int((table["n_comments"] == 0).sum())
    of = f" {percent(borrowed / max(1, total))} of them have no time of their own, and stand at their article's."
    alt = (
        f"Bars of comments, threads and authors per {period}, {span_of(table, period)}. Comments range from "
        f"{table['n_comments'].min():,} to {top['n_comments']:,} (in {period_name(top['period_start'], period)}); "
        f"{empty} of {len(table)} periods are empty.{of if borrowed else ''}"
    )
    return finished(figure, alt, table)


@styled
def sentiment_by_period(table: pd.DataFrame, period: str, warning: str = "", events: Events = ()) -> Picture:
    """Mean sentiment by period with its interval, and the comments that it rests on."""
    figure, axes = new_axes(2, 1, height=4.2, sharex=True, height_ratios=[3, 1])
    top, bottom = axes[:, 0]
    draw_series(top, table, ACCENT)
    sentiment_axis(top, table)
    event_lines(top, events, named=True)
    top.set_title(f"Mean sentiment per {period}, 95 % interval that respects threads")
    if warning:
        top.text(0.01, 0.03, warning, transform=top.transAxes, color=WARN, fontsize=10)
    _bars(bottom, table, table["n_comments"], PALE)
    bottom.set_title("Comments scored")
    bottom.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    date_axis(bottom)
    known = table[table["low"].notna()]
    if known.empty:
        alt = f"Mean sentiment per {period}, {span_of(table, period)}: no period has threads enough for an interval."
    else:
        least, most = known.loc[known["estimate"].idxmin()], known.loc[known["estimate"].idxmax()]
        ends = [f"{signed(row['estimate'])} in {period_name(row['period_start'], period)}" for row in (least, most)]
        alt = (
            f"Mean sentiment per {period} with 95 % intervals, {span_of(table, period)}: from {ends[0]} to {ends[1]}; "
            f"{len(table) - len(known)} of {len(table)} periods have too few threads for an interval."
        )
    return finished(figure, f"{alt} {warning}".strip(), table)


@styled
def topics_by_period(table: pd.DataFrame, topics: pd.DataFrame, period: str, events: Events = ()) -> Picture:
    """Share of each topic by period with its interval, a panel each, one scale; of many topics the largest."""
    shown, cut = _shown(topics, table, [-1])
    figure, axes = panels(shown)
    parts = []
    for ax, topic in zip(axes, shown, strict=True):
        part = table[table["topic"] == topic].reset_index(drop=True)
        draw_series(ax, part, colour_of(topic, topics))
        ax.set_title(shorten(name_of(topic, topics)), fontsize=10)
        event_lines(ax, events)
        percent_axis(ax)
        known = part.loc[part["low"].notna(), "estimate"]
        if len(known):
            parts.append(f"{name_of(topic, topics)} from {percent(known.iloc[0])} to {percent(known.iloc[-1])}")
    top = float(table[["estimate", "high"]].max().max())
    axes[0].set_ylim(0, min(1.0, 1.02 * top) if np.isfinite(top) else 1.0)  # one scale for all
    figure.supylabel(f"share of the {period}'s comments", fontsize=10)
    alt = f"Share of each topic per {period}, {span_of(table, period)}, first to last: {'; '.join(parts)}. {cut}"
    return finished(figure, alt.strip(), table)


@styled
def topic_sentiment_by_period(
    table: pd.DataFrame,
    topics: pd.DataFrame,
    changes: pd.DataFrame,
    period: str,
    warning: str = "",
    events: Events = (),
) -> Picture:
    """Mean sentiment of each topic by period with its interval; found changes are marked.

    `changes` has the rows of `change_points` to mark: topic, at, low, high, before, after.
    """
    shown, cut = _shown(topics, table, [])
    figure, axes = panels(shown)
    marks = []
    for ax, topic in zip(axes, shown, strict=True):
        part = table[table["topic"] == topic].reset_index(drop=True)
        draw_series(ax, part, colour_of(topic, topics))
        ax.set_title(shorten(name_of(topic, topics)), fontsize=10)
        event_lines(ax, events)
        for row in changes[changes["topic"] == topic].itertuples():
            at, low, high = (pd.Timestamp(v).tz_localize(None) for v in (row.at, row.low, row.high))
            ax.axvspan(low, high, color=WARN, alpha=0.14, linewidth=0)
            ax.axvline(at, color=WARN, linewidth=1.4)
            ends = part["period_start"].iloc[0].tz_localize(None), part["period_end"].iloc[-1].tz_localize(None)
            ax.hlines([row.before, row.after], [ends[0], at], [at, ends[1]], color=INK, linewidth=1.2)
            marks.append(f"{name_of(topic, topics)} from {signed(row.before)} to {signed(row.after)} at {at:%Y-%m-%d}")
    if axes:
        sentiment_axis(axes[0], table)
    for ax in axes[1:]:
        ax.axhline(0, color="#8b969e", linewidth=0.9)
    figure.supylabel(f"mean sentiment per {period}", fontsize=10)
    if warning:
        figure.supxlabel(warning, color=WARN, fontsize=10)
    found = f"Marked changes: {'; '.join(marks)}." if marks else "No change is marked."
    alt = f"Mean sentiment of each topic per {period}, {span_of(table, period)}. {found} {cut} {warning}"
    return finished(figure, " ".join(alt.split()), table)


def _shown(topics: pd.DataFrame, table: pd.DataFrame, further: list[int]) -> tuple[list[int], str]:
    """The topics that have a panel, and a sentence where not all have."""
    there = [int(t) for t in topics["topic"] if (table["topic"] == t).any()]
    cut = f"The {MOST_PANELS} largest of {len(there)} topics." if len(there) > MOST_PANELS else ""
    return [*there[:MOST_PANELS], *(t for t in further if (table["topic"] == t).any())], cut


@styled
def topic_heat(table: pd.DataFrame, topics: pd.DataFrame, period: str) -> Picture:
    """Share of every topic in every period, a cell each: `topics_by_period`; the largest topic on top."""
    there = [t for t in [*topics["topic"], -1] if (table["topic"] == t).any()]
    wide = table.pivot_table(index="topic", columns="period_start", values="estimate", dropna=False).loc[there]
    grid = table.drop_duplicates("period_start")[["period_start", "period_end", "n_total"]].reset_index(drop=True)
    figure, axes = new_axes(height=1.3 + 0.27 * len(there))
    ax = axes[0, 0]
    # Of a few threads a share says little, and would set the scale for all the others.
    sure = table.pivot_table(index="topic", columns="period_start", values="low", dropna=False).loc[there].notna()
    wide = wide.where(sure)
    values = wide.to_numpy(float)
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    ax.set_facecolor(UNKNOWN)
    drawn = ax.imshow(values, aspect="auto", cmap=SHADES, vmin=0, vmax=top or 1.0, interpolation="nearest")
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_yticks(range(len(there)), [shorten(name_of(t, topics), 36) for t in there], fontsize=9)
    few = len(grid) <= WRITTEN
    step = max(1, -(-len(grid) // 8)) if not few else max(1, -(-len(grid) // 10))
    ticks = range(0, len(grid), step)
    starts = [period_name(start, period) for start in grid["period_start"]]
    ax.set_xticks(ticks, [starts[i] + (f"\nn = {grid['n_total'].iloc[i]:,}" if few else "") for i in ticks])
    ax.tick_params(axis="x", labelsize=8.5)
    ax.tick_params(length=0)
    if few:
        for i, j in np.argwhere(np.isfinite(values)):
            ink = "white" if values[i, j] > 0.45 * top else INK
            ax.text(j, i, f"{100 * values[i, j]:.0f}", ha="center", va="center", fontsize=8.5, color=ink)
    grey = "; grey: too few threads" if not sure.to_numpy().all() else ""
    title = f"Share of the {period}'s comments{', in per cent' if few else ''}{grey}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    if not few:
        bar = figure.colorbar(drawn, ax=ax, pad=0.01, shrink=0.6, aspect=30)
        bar.ax.yaxis.set_major_formatter(lambda v, _: f"{100 * v:g} %")
        bar.outline.set_visible(False)
    parts = []
    for topic in there[:MOST_PANELS]:
        row = wide.loc[topic].dropna()
        if len(row):
            at = row.idxmax()
            parts.append(f"{name_of(topic, topics)} at most {percent(row.max())} in {period_name(at, period)}")
    alt = f"Heat map of the share of {len(there)} topics per {period}, {span_of(table, period)}: {'; '.join(parts)}."
    return finished(figure, alt, table)


@styled
def tone_ridges(table: pd.DataFrame, period: str) -> Picture:
    """How the scores of a period's comments are spread, a ridge each: `scores_by_period`."""
    starts = list(dict.fromkeys(table["period_start"]))
    figure, axes = new_axes(height=1.2 + 0.34 * len(starts))
    ax = axes[0, 0]
    shares = table["share"].to_numpy(float).reshape(len(starts), -1)
    middle = ((table["low"] + table["high"]) / 2).to_numpy(float).reshape(len(starts), -1)[0]
    n = table.groupby("period_start")["n_comments"].sum()
    enough = np.array([n[start] >= SHAPED for start in starts])
    tall = 1.7 / max(float(np.nanmax(shares[enough])), 1e-9) if enough.any() else 1.0
    means = table.drop_duplicates("period_start")["mean"].to_numpy(float)
    for i in range(len(starts)):
        base = float(len(starts) - 1 - i)
        ax.axhline(base, color="#e4e8ea", linewidth=0.8, zorder=i)
        if enough[i]:
            y = base + tall * shares[i]
            ax.fill_between(middle, base, y, color="white", zorder=i + 0.3, linewidth=0)
            for part, colour in ((middle <= 0, COLOURS[1]), (middle >= 0, COLOURS[0])):
                ax.fill_between(middle[part], base, y[part], color=colour, alpha=0.45, linewidth=0, zorder=i + 0.4)
            ax.plot(middle, y, color=INK, linewidth=0.9, zorder=i + 0.5)
        if np.isfinite(means[i]):
            ink = INK if enough[i] else PALE
            ax.plot([means[i]] * 2, [base - 0.06, base + 0.22], color=ink, linewidth=2.2, zorder=i + 0.6)
    ax.set_yticks(
        [len(starts) - 1 - i for i in range(len(starts))],
        [f"{period_name(start, period)}  (n = {n[start]:,})" for start in starts],
        fontsize=9,
    )
    ax.set_ylim(-0.25, len(starts) + 0.85)
    ax.set_xlim(-1.02, 1.02)
    ax.set_xticks([-1, -0.5, 0, 0.5, 1], [signed(v, 1) for v in (-1, -0.5, 0, 0.5, 1)])
    ax.grid(False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"sentiment of a comment, {MINUS}1 to +1; the stroke is the {period}'s mean")
    ax.set_title(f"How the comments of a {period} are spread")
    known = [(start, mean) for start, mean in zip(starts, means, strict=True) if np.isfinite(mean)]
    parts = [f"{period_name(start, period)} {signed(mean)} (n = {n[start]:,})" for start, mean in known]
    alt = f"Spread of comments' sentiment by {period}, a ridge each; means: {'; '.join(parts)}."
    return finished(figure, alt, table)
