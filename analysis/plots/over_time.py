"""Tables by period -> figures over time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import date2num
from matplotlib.ticker import MaxNLocator

from analysis.plots import style, wording
from analysis.plots.style import ACCENT, COLOURS, INK, PALE, WARN, Events, Figure, draws, finished, new_axes, undrawn
from analysis.plots.wording import MAX_Q, fixed, name_of, percent, period_name, period_of, shorten, signed, span_of
from analysis.settings import StudyError

PERIODS = ("period_start", "period_end")
SERIES = (*PERIODS, "n_comments", "estimate", "low", "high")
MOST_PANELS = 20  # of small multiples; the heat map has the other topics
MOST_BARS = 400
LEAST_EFFECTIVE, WIDEST = 30, 0.6  # effective comments and width (.3 of the range) for an interval of a cell's own
SHAPED = 30  # comments from which their spread has a shape; of fewer the mean alone is drawn, and pale
WRITTEN = 14  # columns of a heat map up to which each cell has its number written in it
UNKNOWN = "#dcdcdc"
BAND = "Band: 95 % interval that borrows from neighbouring periods. Points: each period alone."
FEW = "no period has threads enough for an interval"
SHADES = LinearSegmentedColormap.from_list("share", ["#f4f8fb", "#7db3d5", ACCENT, "#06283d"])


@draws(*PERIODS, "n_comments", "n_threads")
def activity(table: pd.DataFrame) -> Figure:
    """Comments, threads and authors by period: `trends.activity_by_period`."""
    period, n = period_of(table), table["n_comments"]
    words = [word for word in ("comments", "threads", "authors") if f"n_{word}" in table]
    borrowed = n - table.get("n_own_time", n)
    share = borrowed.sum() / max(1, n.sum())
    figure, axes = new_axes(len(words), 1, height=0.2 + 1.4 * len(words), sharex=True)
    for ax, word, colour in zip(axes, words, COLOURS, strict=False):
        _bars(ax, table, table[f"n_{word}"], colour, f"{word.capitalize()} per {period}")
    if share:
        every = ", as all are" if share == 1 else ""
        title = f"{axes[0].get_title('left')}; pale: placed by their article's date{every}"
        _bars(axes[0], table, borrowed, PALE, title)
    most = table.loc[n.idxmax(), "period_start"]
    alt = (
        f"Bars of {', '.join(words[:-1])} and {words[-1]} per {period}, {span_of(table)}. Comments range from "
        f"{n.min():,} to {n.max():,} (in {period_name(most, period)}); {(n == 0).sum()} of {len(n)} periods are empty."
    )
    if share:
        alt += f" {percent(share)} of them have no time of their own, and stand at their article's."
    return finished(figure, alt, table)


def _bars(ax: Axes, table: pd.DataFrame, values: pd.Series, colour: str, title: str) -> None:
    """A bar for each period; of very many one outline, since bars would be narrower than a dot."""
    start, end = style.days_of(table)
    if len(table) <= MOST_BARS:
        ax.bar((start + end) / 2, values, width=0.9 * (end - start), color=colour)
    else:
        ax.stairs(values, [*start, end[-1]], fill=True, color=colour)
    ax.set_title(title)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    style.date_axis(ax, table)


@draws(*SERIES)
def by_period(
    table: pd.DataFrame,
    *,
    topics: pd.DataFrame | None = None,
    changes: pd.DataFrame | None = None,
    events: Events = (),
    corrected: pd.DataFrame | None = None,
    note: str = "",
    measure: str = "sentiment",
    by: str = "topic",
) -> Figure:
    """Mean by period with its interval: `trends.by_period`.

    Parameters
    ----------
    table : DataFrame
        Without a column `by` one series above the comments that it rests on; with it a panel for each of its values.
    topics : DataFrame, optional
        topic, label, stability; the order of the panels.
    changes : DataFrame, optional
        `change_points`: those that neither chance nor a line explains are marked, with the interval of their date.
    events : mapping, optional
        What happened, and its date: a thin line each.
    corrected : DataFrame, optional
        `corrected`: what people would have coded is the line of a single series, and the scores alone a pale one.
    note : str
        A warning that is written on the figure.
    measure : str
        What the mean is of; one that goes to both sides of 0, as sentiment does, is drawn so.

    Raises
    ------
    StudyError
        If there are several rows a period, and no column `by` that tells them apart.
    """
    period, parted, sided = period_of(table), by in table, measure == "sentiment" or "share_negative" in table
    show = signed if sided else fixed
    if not parted and table["period_start"].duplicated().any():
        found, remedy = ", ".join(map(str, table.columns)), "Say with “by” which column tells them apart."
        raise StudyError(expected="one row a period", found=found, where="the table to draw", remedy=remedy)
    if len(table) < 2:
        return undrawn(table, f"all is in one period, {period_name(table['period_start'].iloc[0], period)}")
    coded = _corrected(table, corrected) if not parted else table.iloc[:0]
    if table["estimate"].isna().all() and coded.empty:
        return undrawn(table, "none of its comments has both a score and a date")
    if parted and not _largest_first(table, topics, by):
        return undrawn(table, f"it has no {by}")
    if parted:
        figure, panels, cut = _multiples(table, topics, by, events)
        figure.supylabel(f"mean {measure} per {period}", fontsize=10)
        alt = f"Mean {measure} of each {by} per {period}, {span_of(table)}. {cut}"
        if "borrowed" in table:
            n, cells = int(sure(table).sum()), int(table["n_comments"].gt(0).sum())
            figure.suptitle(BAND, x=0.01, ha="left", fontsize=9.5)
            alt += f" {n} of {cells} cells with comments say enough for an interval of their own. {BAND}"
            table = table.assign(**{end: table[end].where(sure(table)) for end in ("low", "high")})
    else:
        figure, (top, bottom) = new_axes(2, 1, height=4.2, sharex=True, height_ratios=[3, 1])
        panels, how = {None: top}, f"Mean {measure} per {period}, 95 % interval that respects threads"
        if len(coded):
            x, y = np.mean(style.days_of(table), axis=0), table["estimate"].to_numpy(float)
            top.plot(x, y, color=style.LINE, linewidth=1.4, linestyle="--")
            top.annotate(
                "scores alone", (x[-1], y[-1]), (0, 5), textcoords="offset points", ha="right", color=style.LINE
            )
            table, how = coded, f"Mean {measure} per {period} as people code it, 95 % interval"
        style.draw_series(top, table, ACCENT)
        top.set_title(how)
        _bars(bottom, table, table["n_comments"], PALE, "Comments scored")
        style.event_lines(top, events, named=True)
        range_ = _range(table, period, show)
        alt = f"{how}, {span_of(table)}: {range_}."
    if note:
        figure.supxlabel(note, color=WARN, fontsize=10)
    marks = []
    for value, ax in panels.items():
        if changes is not None and by in changes:  # what a line explains as well is no break
            found = changes[(changes["measure"] == measure) & (changes[["q_value", "line_p"]].max(axis=1) < MAX_Q)]
            found = found[found[by] == value] if parted else found[found[by].isna()]
            name = f"{name_of(value, topics)} " if parted else ""
            marks += [f"{name}{said}" for said in _marked(ax, table, found, show)]
        if sided:
            style.signed_axis(ax, "y", bins=5)
    if sided:  # on both sides of none, as wide as the intervals need
        ends = [name for name in (*SERIES[3:], "borrowed_low", "borrowed_high") if name in table]
        drawn = table[table[by].isin(list(panels))] if parted else table
        reach = drawn[ends].abs().max(axis=None)
        ax.set_ylim(*(min(1.0, max(0.2, 1.1 * (reach if np.isfinite(reach) else 0))) * np.array([-1, 1])))
    said = f"Marked changes: {'; '.join(marks)}." if marks else "No change is marked." if parted else ""
    return finished(figure, f"{alt} {said} {note}", table, topics)


def _corrected(table: pd.DataFrame, corrected: pd.DataFrame | None) -> pd.DataFrame:
    """A series with what people would have coded in place of the scores' means, then `scores`; empty if none is."""
    if corrected is None or "period_start" not in corrected:
        return table.iloc[:0]
    means = corrected[(corrected["by"] == "period_start") & (corrected["measure"] == "mean")]
    means = means.drop_duplicates("period_start").set_index("period_start").reindex(table["period_start"])
    names = ["estimate", "low", "high", "n_coded"]
    found = table.assign(scores=table["estimate"], **{name: means[name].to_numpy(float) for name in names})
    return found if found["low"].notna().any() else found.iloc[:0]


def _marked(ax: Axes, table: pd.DataFrame, changes: pd.DataFrame, show: Callable[[float], str]) -> list[str]:
    """Mark changes in a series, with the interval of their date and the means before and after; say them."""
    start, end = style.days_of(table)
    said = []
    for row in changes.itertuples():
        at, low, high = (date2num(pd.Timestamp(date).tz_localize(None)) for date in (row.at, row.low, row.high))
        ax.axvspan(low, high, color=WARN, alpha=0.14, linewidth=0)
        ax.axvline(at, color=WARN, linewidth=1.4)
        ax.hlines([row.before, row.after], [start[0], at], [at, end[-1]], color=INK, linewidth=1.2)
        said.append(f"from {show(row.before)} to {show(row.after)} at {row.at:%Y-%m-%d}")
    return said


def _range(table: pd.DataFrame, period: str, show: Callable[[float], str]) -> str:
    """Where a series is lowest and highest, in words."""
    known = table.dropna(subset="low").sort_values("estimate", kind="stable")
    if known.empty:
        return FEW
    low, high = (
        f"{show(r.estimate)} in {period_name(r.period_start, period)}" for r in known.iloc[[0, -1]].itertuples()
    )
    few = f"{len(table) - len(known)} of {len(table)} periods have too few threads for an interval"
    return f"from {low} to {high}; {few}"


@draws(*SERIES)
def shares_by_period(
    table: pd.DataFrame, *, topics: pd.DataFrame | None = None, events: Events = (), by: str = "topic"
) -> Figure:
    """Share of each topic by period with its interval, a panel each, one scale: `trends.shares_by_period`."""
    style.need(table, by)
    period = period_of(table)
    figure, panels, cut = _multiples(table, topics, by, events, unassigned=True)
    parts = []
    for value, ax in panels.items():
        style.percent_axis(ax.yaxis)
        known = table.loc[(table[by] == value) & table["low"].notna(), "estimate"]
        if len(known):
            parts.append(f"{name_of(value, topics)} from {percent(known.iloc[0])} to {percent(known.iloc[-1])}")
    top = float(table[["estimate", "high"]].max(axis=None))
    ax.set_ylim(0, min(1.0, 1.02 * top) if np.isfinite(top) else 1.0)
    figure.supylabel(f"share of the {period}'s comments", fontsize=10)
    alt = f"Share of each {by} per {period}, {span_of(table)}, first to last: {'; '.join(parts) or FEW}. {cut}"
    return finished(figure, alt, table, topics)


def _multiples(
    table: pd.DataFrame, topics: pd.DataFrame | None, by: str, events: Events, *, unassigned: bool = False
) -> tuple[Figure, dict[object, Axes], str]:
    """Small multiples, two to a row, one a value, the largest topics first; and a sentence where not all have one."""
    there = _largest_first(table, topics, by)
    shown = there[:MOST_PANELS] + ([-1] if unassigned and (table[by] == -1).any() else [])
    rows = max(1, -(-len(shown) // 2))
    figure, axes = new_axes(rows, 2, height=1.75 * rows + 0.4, sharex=True, sharey=True)
    for spare in axes[len(shown) :]:
        spare.set_visible(False)
        axes[-3 if rows > 1 else -1].tick_params(labelbottom=True)  # the lowest of its column now
    panels = dict(zip(shown, axes, strict=False))
    for i, (value, ax) in enumerate(panels.items()):
        colour = COLOURS[i % len(COLOURS)] if isinstance(value, str) else style.colour_of(value, topics)
        (_borrowing if "borrowed" in table else style.draw_series)(ax, table[table[by] == value], colour)
        ax.set_title(shorten(name_of(value, topics)), fontsize=10)
        style.event_lines(ax, events)
    kind = f"{by}s" if by == "topic" else "panels"
    cut = f"The {MOST_PANELS} largest of {len(there)} {kind}." if len(there) > MOST_PANELS else ""
    return figure, panels, cut


def sure(table: pd.DataFrame) -> pd.Series:
    """Whether a cell's own interval is worth showing: the rule of NCHS (Parker et al. 2017), on the measure's range."""
    return (table["n_eff"] >= LEAST_EFFECTIVE) & (table["high"] - table["low"] < WIDEST)


def _borrowing(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """What cells borrow from their neighbours as a pale band, on it what they say themselves, larger if of more."""
    x = np.mean(style.days_of(table), axis=0)
    axes.fill_between(x, table["borrowed_low"], table["borrowed_high"], color=colour, alpha=0.16, linewidth=0)
    axes.plot(x, table["borrowed"], color=colour, linewidth=1.2, alpha=0.6)
    own, n = sure(table), table["n_comments"].clip(4, 60)
    axes.vlines(x[own], table["low"][own], table["high"][own], color=colour, linewidth=1.4)
    faces = [colour if one else "none" for one in own]
    axes.scatter(x, table["estimate"], s=n / 2, facecolors=faces, edgecolors=colour, linewidths=0.8)
    style.date_axis(axes, table)


def _largest_first(table: pd.DataFrame, topics: pd.DataFrame | None, by: str = "topic") -> list:
    """The topics of a table, or its other values, without the unassigned, as `topics` has them."""
    known = topics["topic"] if topics is not None and by == "topic" else sorted(table[by].dropna().unique())
    return [value for value in known if value != -1 and (table[by] == value).any()]


@draws(*SERIES, "topic", "n_total")
def heat(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Share of every topic in every period, a cell each, the largest topic on top: `trends.shares_by_period`."""
    period = period_of(table)
    there = _largest_first(table, topics) + ([-1] if (table["topic"] == -1).any() else [])
    # Of a few threads a share says little, and would set the scale for all the others.
    sure = table.assign(sure=table["estimate"].where(table["low"].notna()))
    wide = sure.pivot_table(index="topic", columns="period_start", values="sure", dropna=False).loc[there]
    values, few = wide.to_numpy(float), wide.shape[1] <= WRITTEN
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    names = [name_of(topic, topics) for topic in there]
    figure, (ax,) = new_axes(height=1.3 + 0.27 * len(there))
    ax.set_facecolor(UNKNOWN)
    drawn = ax.imshow(values, aspect="auto", cmap=SHADES, vmin=0, vmax=top or 1.0, interpolation="nearest")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.set_yticks(range(len(there)), [shorten(name, 36) for name in names], fontsize=9)
    n_total = table.groupby("period_start")["n_total"].first()
    starts = [period_name(at, period) + (f"\nn = {n_total[at]:,}" if few else "") for at in wide.columns]
    ticks = range(0, len(starts), max(1, -(-len(starts) // (10 if few else 8))))
    ax.set_xticks(ticks, [starts[i] for i in ticks], fontsize=8.5)
    ax.tick_params(length=0)
    if few:
        for i, j in np.argwhere(np.isfinite(values)):
            ink = "white" if values[i, j] > 0.45 * top else INK
            ax.text(j, i, f"{100 * values[i, j]:.0f}", ha="center", va="center", fontsize=8.5, color=ink)
    else:
        bar = figure.colorbar(drawn, ax=ax, pad=0.01, shrink=0.6, aspect=30)
        style.percent_axis(bar.ax.yaxis)
        bar.outline.set_visible(False)
    grey = "; grey: too few threads" if np.isnan(values).any() else ""
    title = f"Share of the {period}'s comments{', in per cent' if few else ''}{grey}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    parts = [
        f"{name} at most {percent(row.max())} in {period_name(row.idxmax(), period)}"
        for name, (_, row) in zip(names[:MOST_PANELS], wide.iterrows(), strict=False)
        if row.notna().any()
    ]
    alt = f"Heat map of the share of {len(there)} topics per {period}, {span_of(table)}: {'; '.join(parts) or FEW}."
    return finished(figure, alt, table, topics)


@draws(*PERIODS, "low", "high", "n_comments", "share", "mean")
def spread(table: pd.DataFrame, *, measure: str = "sentiment") -> Figure:
    """How the scores of a period's comments are spread, a ridge each: `trends.scores_by_period`."""
    if table["share"].isna().all():
        return undrawn(table, "none of its comments has both a score and a date")
    period, by = period_of(table), table.groupby("period_start", sort=False)
    n, means = by["n_comments"].sum().to_numpy(), by["mean"].first().to_numpy(float)
    names = [period_name(start, period) for start in by.groups]
    shares = table["share"].to_numpy(float).reshape(len(n), -1)
    middle = ((table["low"] + table["high"]) / 2).to_numpy(float)[: shares.shape[1]]
    scale = wording.Scale.of(middle)
    show = signed if scale.sided else fixed
    enough = n >= SHAPED
    tall = 1.7 / max(float(np.nanmax(shares[enough])), 1e-9) if enough.any() else 1.0
    figure, (ax,) = new_axes(height=1.2 + 0.34 * len(n))
    bases = len(n) - 1.0 - np.arange(len(n))
    for i, base in enumerate(bases):
        ax.axhline(base, color="#e4e8ea", linewidth=0.8, zorder=i)
        if enough[i]:
            y = base + tall * shares[i]
            ax.fill_between(middle, base, y, color="white", zorder=i + 0.3, linewidth=0)
            for part, colour in ((middle <= scale.centre, COLOURS[1]), (middle >= scale.centre, COLOURS[0])):
                ax.fill_between(middle[part], base, y[part], color=colour, alpha=0.45, linewidth=0, zorder=i + 0.4)
            ax.plot(middle, y, color=INK, linewidth=0.9, zorder=i + 0.5)
        ink = INK if enough[i] else PALE
        ax.plot([means[i]] * 2, [base - 0.06, base + 0.22], color=ink, linewidth=2.2, zorder=i + 0.6)
    ax.set_yticks(bases, [f"{name}  (n = {k:,})" for name, k in zip(names, n, strict=True)], fontsize=9)
    margin = 0.01 * (scale.high - scale.low)
    ax.set(xlim=(scale.low - margin, scale.high + margin), ylim=(-0.25, len(n) + 0.85))
    if scale.sided:
        style.signed_axis(ax, bins=5)
    ax.grid(visible=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{measure} of a comment, {scale}; the stroke is the {period}'s mean")
    ax.set_title(f"How the comments of a {period} are spread")
    parts = [f"{names[i]} {show(means[i])} (n = {n[i]:,})" for i in np.flatnonzero(np.isfinite(means))]
    alt = f"Spread of comments' {measure} by {period}, a ridge each; means: {'; '.join(parts)}."
    return finished(figure, alt, table)
