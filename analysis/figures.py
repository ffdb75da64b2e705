"""A finished table -> a matplotlib Figure with alt text. No computing, no files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Okabe and Ito's colours and a dark red, which colour-blind readers tell apart (tests/test_figures.py simulates them);
# pale grey is kept for what is unassigned or unstable.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661100", "#4D4D4D")
INK, PALE, ACCENT, WARN = "#1b2a33", "#b4bcc2", "#0b5f8a", "#c0392b"
UNSTABLE = 0.6  # Hennig (2007): a cluster with a mean Jaccard below 0.6 is not to be trusted
WIDTH = 7.2  # inches: a page's text column; at 150 dots an inch, 1,080 pixels
DPI = 150
STYLE = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#8b969e",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e4e8ea",
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "figure.facecolor": "white",
    # Corpus text is text: a dollar sign in a label starts no formula.
    "text.parse_math": False,
}
MINUS = "\u2212"
Parameters = ParamSpec("Parameters")


@dataclass(frozen=True)
class Picture:
    """A figure and what it shows in words; a notebook shows both.

    Attributes
    ----------
    figure : Figure
    alt : str
        What the figure shows, with numbers: for a screen reader, and for a comparison of notebooks as text.
    data : DataFrame
        The table that is drawn.
    under : str
        HTML that a report sets under the figure; a notebook does not show it.
    """

    figure: Figure
    alt: str
    data: pd.DataFrame
    under: str = ""

    def png(self) -> bytes:
        """The figure as a PNG file's bytes, without a date or a version in it."""
        buffer = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()

    def svg(self) -> bytes:
        """The figure as an SVG file's bytes, its letters as outlines; the same figure gives the same bytes."""
        buffer = io.BytesIO()
        with mpl.rc_context({**STYLE, "svg.fonttype": "path", "svg.hashsalt": "threadline"}):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        about = {"alt": self.alt, **({"under": self.under} if self.under else {})}
        return {"image/png": self.png(), "text/plain": self.alt}, {"image/png": about}


# ------------------------------------------------------------------------------------------------- numbers


def signed(value: float, digits: int = 2) -> str:
    """A sentiment as text: sign always, a true minus, no negative zero."""
    text = f"{value:+.{digits}f}"
    return f"0.{'0' * digits}" if float(text) == 0 else text.replace("-", MINUS)


def percent(value: float) -> str:
    """A share as text: whole per cent, with one decimal below 10."""
    if value == 0:
        return "0 %"
    return f"{100 * value:.1f} %" if abs(100 * value) < 9.95 else f"{100 * value:.0f} %"


def month(stamp: pd.Timestamp) -> str:
    """A period's start as text, as long as it needs to be."""
    return f"{stamp:%Y-%m}" if stamp.day == 1 else f"{stamp:%Y-%m-%d}"


def name_of(topic: int, topics: pd.DataFrame) -> str:
    """A topic's label; what is not stable says so."""
    if topic == -1:
        return "unassigned"
    row = topics.loc[topics["topic"] == topic].iloc[0]
    return str(row["label"]) + (" (unstable)" if row["stability"] < UNSTABLE else "")


def colour_of(topic: int, topics: pd.DataFrame) -> str:
    """A topic's colour, by its number and not by its place in a figure; pale if it is not stable."""
    if topic == -1 or float(topics.loc[topics["topic"] == topic, "stability"].iloc[0]) < UNSTABLE:
        return PALE
    return COLOURS[topic % len(COLOURS)]


# --------------------------------------------------------------------------------------------------- pieces


def styled(draw: Callable[Parameters, Picture]) -> Callable[Parameters, Picture]:
    """Draw under our style, and leave matplotlib's settings as they were: a notebook may have its own."""

    @wraps(draw)
    def inside(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Picture:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return inside


def new_axes(rows: int = 1, columns: int = 1, height: float = 3.2, **kwargs: object) -> tuple[Figure, np.ndarray]:
    """A figure of the page's width, and its axes as an array of (rows, columns)."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **kwargs)


def finished(figure: Figure, alt: str, data: pd.DataFrame) -> Picture:
    """A drawn figure with what it shows; corpus text in it starts no formula."""
    # Text is laid out when the figure is drawn, under the style that it then finds.
    for text in figure.findobj(mpl.text.Text):
        text.set_parse_math(False)
    return Picture(figure, alt, data)


def _middle(table: pd.DataFrame) -> np.ndarray:
    """Middle of each period, local time without its zone, for an axis of dates."""
    start, end = (table[c].dt.tz_localize(None) for c in ("period_start", "period_end"))
    return (start + (end - start) / 2).to_numpy()


def _dates(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def _series(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """A line with its interval; where there is none, a hollow point, the larger the more comments it rests on."""
    x = _middle(table)
    y, low, high = (table[c].to_numpy(float) for c in ("estimate", "low", "high"))
    axes.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0)
    # An interval with gaps on both sides has no width to fill: a bar shows it.
    known = np.isfinite(low)
    alone = known & ~np.r_[False, known[:-1]] & ~np.r_[known[1:], False]
    axes.vlines(x[alone], low[alone], high[alone], color=colour, alpha=0.5, linewidth=2)
    axes.plot(x, np.where(known, y, np.nan), color=colour, linewidth=1.6, marker="o" if len(x) <= 60 else None, ms=3)
    axes.plot(x[alone], y[alone], "o", color=colour, ms=3)
    area = np.clip(table["n_comments"].to_numpy(float), 4, 60)[~known]
    axes.scatter(x[~known], y[~known], s=area, facecolors="none", edgecolors=colour, linewidths=1.0, alpha=0.8)
    _dates(axes)


def _per_cent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g} %"))


def _sentiment_axis(axes: Axes, table: pd.DataFrame) -> None:
    values = table[["low", "high", "estimate"]].to_numpy(float)
    reach = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 0
    top = min(1.0, max(0.2, 1.1 * reach))
    axes.set_ylim(-top, top)
    axes.axhline(0, color="#8b969e", linewidth=0.9)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], symmetric=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 1)))


def _grid(topics: Sequence[int], height: float = 1.75) -> tuple[Figure, list[Axes]]:
    """Small multiples, two to a row, one a topic."""
    rows = max(1, -(-len(topics) // 2))
    figure, axes = new_axes(rows, 2, height=height * rows + 0.4, sharex=True, sharey=True)
    flat = list(axes.flat)
    for spare in flat[len(topics) :]:
        spare.set_visible(False)
        if rows > 1:
            axes[-2, 1].tick_params(labelbottom=True)  # the lowest of its column now
    return figure, flat[: len(topics)]


def shorten(text: str, n: int = 34) -> str:
    """A label in at most n characters."""
    return text if len(text) <= n else text[: n - 1].rstrip(" ·") + "…"


def _span(table: pd.DataFrame) -> str:
    return f"{month(table['period_start'].iloc[0])} to {month(table['period_start'].iloc[-1])}"


# -------------------------------------------------------------------------------------------------- pictures


@styled
def activity(table: pd.DataFrame, period: str) -> Picture:
    """Comments, threads and authors by period: `activity_by_period`."""
    figure, axes = new_axes(3, 1, height=4.4, sharex=True)
    x = _middle(table)
    start, end = (table[c].dt.tz_localize(None) for c in ("period_start", "period_end"))
    for ax, column, word, colour in zip(
        axes[:, 0],
        ("n_comments", "n_threads", "n_authors"),
        ("comments", "threads", "authors"),
        COLOURS,
        strict=False,
    ):
        ax.bar(x, table[column], width=0.9 * (end - start).to_numpy(), color=colour)
        ax.set_title(f"{word.capitalize()} per {period}")
        ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        ax.set_ylim(bottom=0)
        _dates(ax)
    top = table.loc[table["n_comments"].idxmax()]
    empty = int((table["n_comments"] == 0).sum())
    alt = (
        f"Bars of comments, threads and authors per {period}, {_span(table)}. Comments range from "
        f"{table['n_comments'].min():,} to {top['n_comments']:,} (in {month(top['period_start'])}); "
        f"{empty} of {len(table)} periods are empty."
    )
    return finished(figure, alt, table)


@styled
def sentiment_shares(counts: pd.DataFrame) -> Picture:
    """Histogram of scores: low, high, n_comments of each bin."""
    figure, axes = new_axes(height=2.8)
    ax = axes[0, 0]
    middle = (counts["low"] + counts["high"]) / 2
    colours = np.where(middle < -0.05, COLOURS[1], np.where(middle > 0.05, COLOURS[0], PALE))
    ax.bar(middle, counts["n_comments"], width=0.9 * (counts["high"] - counts["low"]), color=colours)
    total = int(counts["n_comments"].sum())
    ax.set_xlabel(f"sentiment of a comment, {MINUS}1 to +1 (n = {total:,})")
    ax.set_title("Comments")
    ax.set_xlim(-1.02, 1.02)
    n = counts["n_comments"]
    shares = [n[middle < -0.05].sum(), n[np.abs(middle) <= 0.05].sum(), n[middle > 0.05].sum()]
    words = [
        f"{percent(s / max(1, total))} {w}" for s, w in zip(shares, ("negative", "neutral", "positive"), strict=True)
    ]
    return finished(figure, f"Histogram of the sentiment of {total:,} comments: {', '.join(words)}.", counts)


@styled
def sentiment_by_topic(table: pd.DataFrame, topics: pd.DataFrame) -> Picture:
    """Mean sentiment of each topic with its interval: `sentiment_by_topic`."""
    table = table.sort_values("estimate", ignore_index=True)
    names = [name_of(t, topics) for t in table["topic"]]
    figure, axes = new_axes(height=0.8 + 0.36 * len(table))
    ax = axes[0, 0]
    for i, row in enumerate(table.itertuples()):
        colour = colour_of(row.topic, topics)
        ax.plot([row.low, row.high], [i, i], color=colour, linewidth=5, alpha=0.45, solid_capstyle="butt")
        ax.plot(row.estimate, i, "o", color=colour, ms=7)
    ax.axvline(0, color="#8b969e", linewidth=0.9)
    ax.set_yticks(
        range(len(table)),
        [f"{shorten(n, 40)}  (n = {k:,})" for n, k in zip(names, table["n_comments"], strict=True)],
    )
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 1)))
    ax.set_xlabel("mean sentiment, 95 % interval that respects threads")
    parts = [f"{n} {_estimate(r)}" for n, r in zip(names, table.itertuples(), strict=True)]
    return finished(figure, "Mean sentiment by topic with 95 % intervals: " + "; ".join(parts) + ".", table)


def _estimate(row: object) -> str:
    """An estimate with its interval, as text."""
    if not np.isfinite(row.low):  # type: ignore[attr-defined]
        return f"{signed(row.estimate)} (too few threads for an interval)"  # type: ignore[attr-defined]
    return f"{signed(row.estimate)} ({signed(row.low)} to {signed(row.high)})"  # type: ignore[attr-defined]


@styled
def sentiment_by_period(table: pd.DataFrame, period: str, warning: str = "") -> Picture:
    """Mean sentiment by period with its interval, and the comments that it rests on."""
    figure, axes = new_axes(2, 1, height=4.2, sharex=True, height_ratios=[3, 1])
    top, bottom = axes[:, 0]
    _series(top, table, ACCENT)
    _sentiment_axis(top, table)
    top.set_title(f"Mean sentiment per {period}, 95 % interval that respects threads")
    if warning:
        top.text(0.01, 0.03, warning, transform=top.transAxes, color=WARN, fontsize=10)
    start, end = (table[c].dt.tz_localize(None) for c in ("period_start", "period_end"))
    bottom.bar(_middle(table), table["n_comments"], width=0.9 * (end - start).to_numpy(), color=PALE)
    bottom.set_title("Comments scored")
    bottom.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    _dates(bottom)
    known = table[table["low"].notna()]
    if known.empty:
        alt = f"Mean sentiment per {period}, {_span(table)}: no period has threads enough for an interval."
    else:
        least, most = known.loc[known["estimate"].idxmin()], known.loc[known["estimate"].idxmax()]
        alt = (
            f"Mean sentiment per {period} with 95 % intervals, {_span(table)}: from {signed(least['estimate'])} in "
            f"{month(least['period_start'])} to {signed(most['estimate'])} in {month(most['period_start'])}; "
            f"{len(table) - len(known)} of {len(table)} periods have too few threads for an interval."
        )
    return finished(figure, f"{alt} {warning}".strip(), table)


@styled
def topics_by_period(table: pd.DataFrame, topics: pd.DataFrame, period: str) -> Picture:
    """Share of each topic by period with its interval, a panel each, one scale."""
    shown = [t for t in [*topics["topic"], -1] if (table["topic"] == t).any()]
    figure, axes = _grid(shown)
    parts = []
    for ax, topic in zip(axes, shown, strict=True):
        part = table[table["topic"] == topic].reset_index(drop=True)
        _series(ax, part, colour_of(topic, topics))
        ax.set_title(shorten(name_of(topic, topics)), fontsize=10)
        _per_cent(ax)
        known = part["estimate"].dropna()
        if len(known):
            parts.append(f"{name_of(topic, topics)} from {percent(known.iloc[0])} to {percent(known.iloc[-1])}")
    top = float(table[["estimate", "high"]].max().max())
    axes[0].set_ylim(0, min(1.0, 1.02 * top) if np.isfinite(top) else 1.0)  # one scale for all
    figure.supylabel(f"share of the {period}'s comments", fontsize=10)
    return finished(
        figure, f"Share of each topic per {period}, {_span(table)}, first to last: {'; '.join(parts)}.", table
    )


@styled
def topic_sentiment_by_period(
    table: pd.DataFrame, topics: pd.DataFrame, changes: pd.DataFrame, period: str, warning: str = ""
) -> Picture:
    """Mean sentiment of each topic by period with its interval; found changes are marked.

    `changes` has the rows of `change_points` to mark: topic, at, low, high, before, after.
    """
    shown = [t for t in topics["topic"] if (table["topic"] == t).any()]
    figure, axes = _grid(shown)
    marks = []
    for ax, topic in zip(axes, shown, strict=True):
        part = table[table["topic"] == topic].reset_index(drop=True)
        _series(ax, part, colour_of(topic, topics))
        ax.set_title(shorten(name_of(topic, topics)), fontsize=10)
        for row in changes[changes["topic"] == topic].itertuples():
            at, low, high = (pd.Timestamp(v).tz_localize(None) for v in (row.at, row.low, row.high))
            ax.axvspan(low, high, color=WARN, alpha=0.14, linewidth=0)
            ax.axvline(at, color=WARN, linewidth=1.4)
            ends = part["period_start"].iloc[0].tz_localize(None), part["period_end"].iloc[-1].tz_localize(None)
            ax.hlines([row.before, row.after], [ends[0], at], [at, ends[1]], color=INK, linewidth=1.2)
            marks.append(f"{name_of(topic, topics)} from {signed(row.before)} to {signed(row.after)} at {at:%Y-%m-%d}")
    if axes:
        _sentiment_axis(axes[0], table)
    for ax in axes[1:]:
        ax.axhline(0, color="#8b969e", linewidth=0.9)
    figure.supylabel(f"mean sentiment per {period}", fontsize=10)
    if warning:
        figure.supxlabel(warning, color=WARN, fontsize=10)
    found = f"Marked changes: {'; '.join(marks)}." if marks else "No change is marked."
    return finished(
        figure, f"Mean sentiment of each topic per {period}, {_span(table)}. {found} {warning}".strip(), table
    )
