"""Tables by period -> figures over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from analysis.plots import axes as marks
from analysis.plots.axes import GRADED, Events, new_axes, number_axis, on_data
from analysis.plots.panels import NO_DATE, PERIODS, SERIES, largest_first, longer, multiples, own, worth_a_panel
from analysis.plots.style import ACCENT, INK, LINE, PALE, Figure, draws, finished, undrawn
from analysis.settings import StudyError
from analysis.trends.wording import MAX_Q, name_of, percent, period_name, period_of, signed, span_of

MOST_BARS = 400
BORROWED = "Band: 95 % interval that borrows from neighbours in time; point: a period that says enough alone."
BREAK = "Thick: the break, grey the 95 % interval of its date."


@draws(*PERIODS, "n_comments", "n_threads", none=NO_DATE)
def activity(table: pd.DataFrame, *, span: Sequence[object] = ()) -> Figure:
    """Comments, threads and authors by period: `trends.activity_by_period`; `span`: the first comment and the last."""
    period, n = period_of(table), table["n_comments"]
    words = [word for word in ("comments", "threads", "authors") if table.get(f"n_{word}", n).any()]
    borrowed = n - table.get("n_own_time", n)
    share = borrowed.sum() / max(1, n.sum())
    figure, axes = new_axes(len(words), 1, height=0.2 + 1.2 * len(words), sharex=True)
    notes = []
    for ax, word in zip(axes, words, strict=True):
        _bars(ax, table, table[f"n_{word}"], ACCENT, word.capitalize())
        notes = [marks.partial(ax, table, span)]
    if share:
        _bars(axes[0], table, borrowed, PALE, axes[0].get_title("left"))
        notes.append(f"Pale: {percent(share)} have no time of their own, and stand at their article's.")
    most, empty = table["period_start"].iloc[int(n.to_numpy().argmax())], int((n == 0).sum())
    title = f"{n.sum():,} comments, most in {period_name(most, period)} ({n.max():,})"
    sub = f"{', '.join(words[:-1])} and {words[-1]} per {period}".capitalize() + (
        f"; {empty} of {len(n)} are empty" if empty else ""
    )
    alt = (
        f"Bars of {', '.join(words[:-1])} and {words[-1]} per {period}, {span_of(table)}. Comments range from "
        f"{n.min():,} to {n.max():,} (in {period_name(most, period)}); {empty} of {len(n)} periods are empty. "
    )
    return finished(figure, alt + " ".join(notes), table, title=title, sub=sub, notes=notes)


def _bars(ax: Axes, table: pd.DataFrame, values: pd.Series, colour: str, title: str) -> None:
    """A bar for each period; of very many one outline, since bars would be narrower than a dot."""
    start, end = marks.days_of(table)
    if len(table) <= MOST_BARS:
        ax.bar((start + end) / 2, values, width=0.9 * (end - start), color=colour)
    else:
        ax.stairs(values, [*start, end[-1]], fill=True, color=colour)
    ax.set_title(title)
    ax.set_ylim(bottom=0)
    number_axis(ax.yaxis, 3, whole=True)
    marks.date_axis(ax, table)


@draws(*SERIES, none=NO_DATE)
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
    span: Sequence[object] = (),
    why: str = "",
    title: str = "",
) -> Figure:
    """Mean by period with its interval: `trends.by_period`.

    Parameters
    ----------
    table : DataFrame
        Without a column `by` one series above the comments that it rests on; with it a panel for each of its values
        that has something to show: two periods that say enough, of a topic that is stable.
    topics : DataFrame, optional
        topic, label, stability; the order of the panels.
    changes : DataFrame, optional
        `change_points`: those that neither chance nor a line explains are marked, with the interval of their date.
    events : mapping, optional
        What happened, and its date: a thin line each.
    corrected : DataFrame, optional
        `corrected`: what people would have coded is the line of a single series, and the scores alone a dashed one.
    note : str
        A warning that is written on the figure.
    measure : str
        What the mean is of; one that goes to both sides of 0, as sentiment does, is drawn so.
    span : sequence of two times, optional
        Of the first comment and the last: a first or last period without comments at its edge is marked.
    why : str
        Why these periods are drawn; it ends the subtitle.
    title : str
        A finding in place of the one that the table gives.

    Raises
    ------
    StudyError
        If there are several rows a period, and no column `by` that tells them apart.
    """
    period, parted = period_of(table), by in table
    if not parted and table["period_start"].duplicated().any():
        there, remedy = ", ".join(map(str, table.columns)), "Say with “by” which column tells them apart."
        raise StudyError(expected="one row a period", found=there, where="the table to draw", remedy=remedy)
    if len(table) < 2:
        return undrawn(table, f"all is in one period, {period_name(table['period_start'].iloc[0], period)}")
    coded = _corrected(table, corrected) if not parted else table.iloc[:0]
    if table["estimate"].isna().all() and coded.empty:
        return undrawn(table, "none of its comments has both a score and a date")
    if not parted and coded.empty and table["low"].isna().all():
        return undrawn(table, f"no {period} has threads enough for an interval{longer(period)}")
    if parted and not largest_first(table, topics, by):
        return undrawn(table, f"it has no {by}")
    if parted:
        sure = own(table)
        table = table.assign(**{end: table[end].where(sure) for end in ("low", "high")})
        shown, notes = worth_a_panel(table, topics, by)
        if not shown:
            return undrawn(table, f"no {by} that is stable has two {period}s that say enough{longer(period)}")
        figure, panels = multiples(table, topics, by, events, shown)
        sub = f"Mean {measure} of each {by} per {period}. {BORROWED if 'borrowed' in table else GRADED}"
        alt = f"Mean {measure} of each {by} per {period}, {span_of(table)}. {sure.sum()} of "
        alt += f"{table['n_comments'].gt(0).sum()} cells with comments say enough for an interval of their own."
    else:
        figure, (top, bottom) = new_axes(2, 1, height=3.6, sharex=True, height_ratios=[3, 1])
        panels = {None: top}
        if len(coded):
            x, y = np.mean(marks.days_of(table), axis=0), table["estimate"].to_numpy(float)
            top.plot(x, y, color=LINE, linewidth=1.4, linestyle="--")
            on_data(top, x[-1], y[-1], "scores alone", ha="right", va="bottom", color=LINE)
            table = coded
        sub = f"Mean {measure} per {period}{' as people code it' if len(coded) else ''}. {GRADED}"
        marks.draw_series(top, table, ACCENT)
        _bars(bottom, table, table["n_comments"], PALE, "Comments scored")
        left = marks.event_lines(top, events, named=True)
        notes = [marks.partial(bottom, table, span), f"Dotted, too: {', '.join(left)}." if left else ""]
        labels = len(top.texts) - bool(len(coded))
    drawn = table[table[by].isin(list(panels))] if parted else table
    found = _told(changes, measure) if changes is not None and by in changes else None
    said = []
    for value, ax in panels.items():
        show = marks.mean_axis(ax, "y", table, measure, 5)
        if found is not None:
            of = found[found[by] == value] if parted else found[found[by].isna()]
            name = f"“{name_of(value, topics)}”" if parted else f"mean {measure}{' as scored' if len(coded) else ''}"
            said += [f"{name} {one}" for one in _marked(ax, table, of, show, levels=not len(coded))]
    if not parted:
        ends = _extremes(table, period, show)
        few = f"; {table['low'].isna().sum()} of {len(table)} periods with too few threads for an interval"
        alt = f"{sub} {span_of(table)}: from {' to '.join(f'{value} in {at}' for value, at in ends)}{few}."
    _reach(ax, drawn, sided=show is signed, labels=0 if parted else labels)
    if said:
        notes.append(BREAK + (" Thin: the means before it and after." if not len(coded) else ""))
    if not (parted and "borrowed" in table) and (drawn["low"].isna() & (drawn["n_comments"] > 0)).any():
        notes.append(marks.STROKE)
    if title:
        pass
    elif said:
        title = said[0][0].upper() + said[0][1:] + (f", and {len(said) - 1} more" if len(said) > 1 else "")
    elif parted:
        title = f"{'How' if found is None else 'No break in'} the {measure} of {len(panels)} {by}s"
        title += " goes" if found is None else ""
    else:
        low, high = (f"{value} ({at})" for value, at in ends)
        title = f"{'Mean' if found is None else 'No break in'} {measure}{'' if found is None else ':'}"
        title += f" between {low} and {high}"
    alt += f" Marked changes: {'; '.join(said)}." if said else " No change is marked." if parted else ""
    alt, sub = f"{alt} {' '.join(notes)}", f"{sub} {why}"
    return finished(figure, alt, table, topics, title=title, sub=sub, notes=notes, warning=note)


def _told(changes: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The changes at once: what a line explains as well is no break."""
    return changes[(changes["measure"] == measure) & (changes[["q_value", "line_p"]].max(axis=1) < MAX_Q)]


def _extremes(table: pd.DataFrame, period: str, show: Callable[[float], str]) -> list[tuple[str, str]]:
    """Where a series is lowest and highest, and when, of the periods that have an interval."""
    ends = table.dropna(subset="low").sort_values("estimate", kind="stable").iloc[[0, -1]]
    return [(show(row["estimate"]), period_name(row["period_start"], period)) for _, row in ends.iterrows()]


def _reach(ax: Axes, table: pd.DataFrame, *, sided: bool, labels: int) -> None:
    """As high as the intervals need, on both sides of none where a measure goes to both; above them names of events."""
    ends = [name for name in (*SERIES[3:], "borrowed_low", "borrowed_high", "scores") if name in table]
    known = table[ends].to_numpy(float)
    known = known[np.isfinite(known)]
    if not len(known):
        return
    low, high = float(known.min()), float(known.max())
    if sided:
        most = min(1.0, max(0.1, 1.1 * max(abs(low), abs(high))))
        low, high = -most, most
    high += labels * marks.LABEL_HIGH * (high - low)
    if high > low:
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def _corrected(table: pd.DataFrame, corrected: pd.DataFrame | None) -> pd.DataFrame:
    """A series with what people would have coded in place of the scores' means, then `scores`; empty if none is."""
    if corrected is None or "period_start" not in corrected:
        return table.iloc[:0]
    means = corrected[(corrected["by"] == "period_start") & (corrected["measure"] == "mean")]
    means = means.drop_duplicates("period_start").set_index("period_start").reindex(table["period_start"])
    names = ["estimate", "low", "high", "n_coded"]
    found = table.assign(scores=table["estimate"], **{name: means[name].to_numpy(float) for name in names})
    return found if found["low"].notna().any() else found.iloc[:0]


def _marked(
    ax: Axes, table: pd.DataFrame, changes: pd.DataFrame, show: Callable[[float], str], *, levels: bool
) -> list[str]:
    """Mark changes in a series, with the interval of their date and the means before and after; say them."""
    start, end = marks.days_of(table)
    said = []
    for _, row in changes.iterrows():
        at, low, high = (date2num(row[when].tz_localize(None)) for when in ("at", "low", "high"))
        ax.axvspan(low, high, color=INK, alpha=0.1, linewidth=0)
        ax.axvline(at, color=INK, linewidth=1.6)
        if levels:
            ax.hlines([row["before"], row["after"]], [start[0], at], [at, end[-1]], color=INK, linewidth=1.2)
        verb = "falls" if row["after"] < row["before"] else "rises"
        said.append(f"{verb} from {show(row['before'])} to {show(row['after'])} around {row['at']:%Y-%m-%d}")
    return said
