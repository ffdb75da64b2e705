"""The style of every figure, and the pieces that they share: a finished table -> a matplotlib Figure with alt text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, wraps
from importlib.util import find_spec
from pathlib import Path
from typing import ParamSpec

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

# Okabe and Ito's colours and a dark red, which colour-blind readers tell apart (tests/test_figures.py simulates them);
# pale grey is kept for what is unassigned or unstable.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661100", "#4D4D4D")
INK, PALE, ACCENT, WARN = "#1b2a33", "#b4bcc2", "#0b5f8a", "#c0392b"
UNSTABLE = 0.6  # Hennig (2007): a cluster with a mean Jaccard below 0.6 is not to be trusted
UNSTABLE_MARK = " (unstable)"
WIDTH = 7.2  # inches: a page's text column; at 150 dots an inch, 1,080 pixels
DPI = 150
SHOWN = 720  # pixels of a page that a figure takes
STYLE = {
    "font.family": ["DejaVu Sans"],
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
FIRST_DAY, LAST_DAY = date2num(np.array(["0001-01-01", "9999-12-31"], "M8[us]")).tolist()
MINUS = "\u2212"
# DejaVu Sans, which matplotlib brings, has Latin, Greek, Cyrillic, Hebrew and Arabic letters; for others whichever of
# these is installed.
FONT = "DejaVu Sans"
FURTHER_FONTS = (
    *(
        "Noto Sans",
        "Noto Sans CJK JP",
        "Noto Sans CJK SC",
        "Noto Sans JP",
        "Noto Sans SC",
        "Noto Sans KR",
        "IPAexGothic",
    ),
    *("Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic"),
    *(
        "Noto Sans Devanagari",
        "Noto Sans Bengali",
        "Noto Sans Tamil",
        "Noto Sans Thai",
        "Noto Sans Arabic",
        "Arial Unicode MS",
    ),
)
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
    keep : callable, optional
        Called with "png", "svg" or "pdf" and what makes the file's bytes; gives them, perhaps from what was kept.
    """

    figure: Figure
    alt: str
    data: pd.DataFrame
    under: str = ""
    keep: Callable[[str, Callable[[], bytes]], bytes] | None = field(default=None, repr=False, compare=False)

    def png(self) -> bytes:
        """The figure as a PNG file's bytes, without a date or a version in it."""
        return self.keep("png", self._png) if self.keep else self._png()

    def svg(self) -> bytes:
        """The figure as an SVG file's bytes, its letters as outlines; the same figure gives the same bytes."""
        return self.keep("svg", self._svg) if self.keep else self._svg()

    def _png(self) -> bytes:
        self._laid_out()
        buffer = io.BytesIO()
        with drawing():
            self.figure.savefig(buffer, format="rgba", dpi=DPI)
        # 256 colours show all that a figure has, at a third of the size: a report is to be mailed.
        wide = int(self.figure.get_figwidth() * DPI + 1e-6)
        dots = Image.frombuffer("RGBA", (wide, len(buffer.getvalue()) // 4 // wide), buffer.getvalue()).convert("RGB")
        small = io.BytesIO()
        dots.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        return small.getvalue()

    def _svg(self) -> bytes:
        self._laid_out()
        buffer = io.BytesIO()
        with drawing(**{"svg.fonttype": "path", "svg.hashsalt": "threadline"}):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    def pdf(self) -> bytes:
        """The figure as a PDF file's bytes, for print, its fonts within; the same figure gives the same bytes."""
        return self.keep("pdf", self._pdf) if self.keep else self._pdf()

    def _pdf(self) -> bytes:
        self._laid_out()
        buffer = io.BytesIO()
        with drawing(**{"pdf.fonttype": 42}):
            self.figure.savefig(
                buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None}
            )
        return buffer.getvalue()

    def _laid_out(self) -> None:
        """Lay the figure out once: again for each file would cost as much as the drawing."""
        if isinstance(self.figure.get_layout_engine(), ConstrainedLayoutEngine):
            with drawing():
                self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        wide, high = self.figure.get_size_inches()
        size = {"width": SHOWN, "height": round(SHOWN * high / wide)}
        about = {"alt": self.alt, **size, **({"under": self.under} if self.under else {})}
        return {"image/png": self.png(), "text/plain": self.alt}, {"image/png": about}


# ------------------------------------------------------------------------------------------------- numbers


def signed(value: float, digits: int = 2) -> str:
    """A sentiment as text: sign always, a true minus, no negative zero."""
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", MINUS)


def percent(value: float) -> str:
    """A share as text: whole per cent, with one decimal below 10."""
    if value == 0:
        return "0 %"
    if 0 < value < 0.0005:
        return "under 0.1 %"
    return f"{100 * value:.1f} %" if abs(100 * value) < 9.95 else f"{100 * value:.0f} %"


def month(stamp: pd.Timestamp) -> str:
    """A period's start as text, as long as it needs to be."""
    return f"{stamp:%Y-%m}" if stamp.day == 1 else f"{stamp:%Y-%m-%d}"


def period_name(stamp: pd.Timestamp, period: str) -> str:
    """What a period is called, by its start: 2023, 2023 Q1, 2023-01, 2023-01-09."""
    if period == "quarter":
        return f"{stamp:%Y} Q{(stamp.month + 2) // 3}"
    return f"{stamp:%Y}" if period == "year" else f"{stamp:%Y-%m}" if period == "month" else f"{stamp:%Y-%m-%d}"


def name_of(topic: int, topics: pd.DataFrame) -> str:
    """A topic's label; what is not stable says so."""
    if topic == -1:
        return "unassigned"
    row = topics.loc[topics["topic"] == topic].iloc[0]
    return str(row["label"]) + (UNSTABLE_MARK if row["stability"] < UNSTABLE else "")


def colour_of(topic: int, topics: pd.DataFrame) -> str:
    """A topic's colour, by its number and not by its place in a figure; pale if it is not stable."""
    if topic == -1 or float(topics.loc[topics["topic"] == topic, "stability"].iloc[0]) < UNSTABLE:
        return PALE
    return COLOURS[topic % len(COLOURS)]


# --------------------------------------------------------------------------------------------------- pieces


@contextmanager
def drawing(**style: object) -> Iterator[None]:
    """Our style; that a letter has no font is said in the figure itself, once, and not by matplotlib at each letter."""
    with mpl.rc_context({**STYLE, **style}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@cache
def fonts() -> tuple[str, ...]:
    """The further fonts that are there, in their order: the first one that has a letter draws it."""
    if spec := find_spec("matplotlib_fontja"):  # the extra `japanese`: only its font is taken
        for path in Path(spec.origin or "").parent.glob("fonts/*.ttf"):
            fontManager.addfont(path)
    there = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FURTHER_FONTS if name in there)


@cache
def _font_of(letter: str) -> str | None:
    """The first font that has a letter, drawn as itself and not as an empty box; None if there is none."""
    for name in (FONT, *fonts()):
        if get_font(fontManager.findfont(name, fallback_to_default=False)).get_char_index(ord(letter)):
            return name
    return None


def styled(draw: Callable[Parameters, Picture]) -> Callable[Parameters, Picture]:
    """Draw under our style, and leave matplotlib's settings as they were: a notebook may have its own."""

    @wraps(draw)
    def inside(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Picture:
        with drawing():
            return draw(*args, **kwargs)

    return inside


def new_axes(rows: int = 1, columns: int = 1, height: float = 3.2, **kwargs: object) -> tuple[Figure, np.ndarray]:
    """A figure of the page's width, and its axes as an array of (rows, columns)."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **kwargs)


def finished(figure: Figure, alt: str, data: pd.DataFrame) -> Picture:
    """A drawn figure with what it shows; corpus text in it starts no formula, and a letter without a font is named."""
    # Text is laid out when the figure is drawn, under the style that it then finds.
    letters: dict[str, None] = {}
    for text in figure.findobj(mpl.text.Text):
        text.set_parse_math(False)
        letters |= dict.fromkeys(text.get_text())
    known = [_font_of(letter) for letter in letters if letter.isprintable() and not letter.isascii()]
    lacking = [font for font in known if font is None]
    if further := dict.fromkeys(font for font in known if font and font != FONT):  # more fonts take more time
        for text in figure.findobj(mpl.text.Text):
            text.set_fontfamily([FONT, *further])
    if lacking:
        said = f"No font here has {len(lacking)} of the letters in this figure; README says what to install."
        figure.text(0.995, 0.003, said, ha="right", va="bottom", color=WARN, fontsize=8)
        alt = f"{alt} {said}"
    return Picture(figure, alt, data)


def event_lines(axes: Axes, events: Sequence[tuple[pd.Timestamp, str]], *, named: bool = False) -> None:
    """A thin line where something happened that the study names, if it is within the figure; its name beside it."""
    low, high = axes.get_xlim()
    for i, (at, name) in enumerate(events):
        x = date2num(at.tz_localize(None))
        if not low <= x <= high:
            continue
        axes.axvline(x, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        if named:  # on the side where there is more room, each lower than the one before
            right = x < (low + high) / 2
            axes.annotate(
                shorten(name, 36),
                (x, 0.98 - 0.09 * (i % 4)),
                (4 if right else -4, 0),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="left" if right else "right",
                va="top",
                fontsize=9,
                path_effects=[withStroke(linewidth=3, foreground="white")],
            )


def middle_of(table: pd.DataFrame) -> np.ndarray:
    """Middle of each period, local time without its zone, for an axis of dates."""
    start, end = (table[c].dt.tz_localize(None) for c in ("period_start", "period_end"))
    return (start + (end - start) / 2).to_numpy()


def date_axis(axes: Axes) -> None:
    """Few dates, as short as they can be."""
    low, high = axes.get_xlim()  # margins beyond what a calendar can write would be an error
    axes.set_xlim(max(low, FIRST_DAY), min(high, LAST_DAY))
    locator = AutoDateLocator(minticks=3, maxticks=8)
    ticks = locator.tick_values(*num2date(axes.get_xlim()))
    # Fixed: matplotlib would look for them anew a hundred times while it lays a figure out.
    axes.set_xticks(ticks, ConciseDateFormatter(locator, show_offset=False).format_ticks(ticks))
    axes.set_xlim(max(low, FIRST_DAY), min(high, LAST_DAY))


def draw_series(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """A line with its interval; where there is none, a hollow point, the larger the more comments it rests on."""
    x = middle_of(table)
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
    ends = table["period_start"].iloc[0], table["period_end"].iloc[-1]
    axes.set_xlim(*(max(FIRST_DAY, min(LAST_DAY, date2num(end.tz_localize(None)))) for end in ends))
    date_axis(axes)


def percent_axis(axes: Axes) -> None:
    """Shares as per cent."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g} %"))


def sentiment_axis(axes: Axes, table: pd.DataFrame) -> None:
    """Sentiment on both sides of a line at none, as wide as the table's intervals need."""
    values = table[["low", "high", "estimate"]].to_numpy(float)
    reach = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 0
    top = min(1.0, max(0.2, 1.1 * reach))
    axes.set_ylim(-top, top)
    axes.axhline(0, color="#8b969e", linewidth=0.9)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], symmetric=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 1)))


def panels(topics: Sequence[int], height: float = 1.75) -> tuple[Figure, list[Axes]]:
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
    """A label in at most n characters; that it is unstable is not cut off."""
    mark = UNSTABLE_MARK if text.endswith(UNSTABLE_MARK) else ""
    return text if len(text) <= n else text[: n - 1 - len(mark)].rstrip(" ·") + "…" + mark


def span_of(table: pd.DataFrame, period: str) -> str:
    """First and last period of a table."""
    return " to ".join(period_name(table["period_start"].iloc[i], period) for i in (0, -1))


def estimate_text(row: object) -> str:
    """An estimate with its interval, as text."""
    if not np.isfinite(row.low):  # type: ignore[attr-defined]
        return f"{signed(row.estimate)} (too few threads for an interval)"  # type: ignore[attr-defined]
    return f"{signed(row.estimate)} ({signed(row.low)} to {signed(row.high)})"  # type: ignore[attr-defined]
