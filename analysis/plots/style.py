"""The style of every figure, and the pieces that they share."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Concatenate, ParamSpec

import matplotlib as mpl
import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num, num2date
from matplotlib.font_manager import fontManager, get_font
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from PIL import Image

from analysis.corpus.sheets import csv_bytes
from analysis.plots.wording import UNSTABLE, local, named, shorten, signed
from analysis.settings import DATA

# Okabe and Ito's colours and a dark red, which colour-blind readers tell apart (tests/plots simulates them); pale grey
# is kept for what is unassigned or unstable.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661100", "#4D4D4D")
INK, LINE, PALE, ACCENT, WARN = "#1b2a33", "#8b969e", "#b4bcc2", "#0b5f8a", "#c0392b"
WIDTH = 7.2  # inches: a page's text column; at 150 dots an inch, 1,080 pixels
DPI = 150
SHOWN = 720  # pixels of a page that a figure takes
FONT = "DejaVu Sans"  # matplotlib brings it: Latin, Greek, Cyrillic, Hebrew and Arabic letters
# For other letters whichever of these is installed.
FURTHER_FONTS = (
    "Noto Sans, Noto Sans CJK JP, Noto Sans CJK SC, Noto Sans JP, Noto Sans SC, Noto Sans KR, IPAexGothic, "
    "Hiragino Sans, PingFang SC, Apple SD Gothic Neo, Yu Gothic, Microsoft YaHei, Malgun Gothic, "
    "Noto Sans Devanagari, Noto Sans Bengali, Noto Sans Tamil, Noto Sans Thai, Noto Sans Arabic, Arial Unicode MS"
)
STYLE = {
    "font.family": [FONT],
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": LINE,
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
    "text.parse_math": False,  # corpus text is text: a dollar sign in a label starts no formula
    "figure.facecolor": "white",
    "savefig.dpi": DPI,
    "svg.fonttype": "path",  # letters as outlines
    "svg.hashsalt": "threadline",
    "pdf.fonttype": 42,  # fonts within
}
# No date and no version in a file: the same figure gives the same bytes.
METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
FIRST_DAY, LAST_DAY = date2num(np.array(["0001-01-01", "9999-12-31"], "M8[us]")).tolist()
Events = Mapping[str, object] | Sequence[tuple[str, object]]  # what happened, and its date
Rest = ParamSpec("Rest")


class Figure(mpl.figure.Figure):
    """A matplotlib figure that says what it shows; a notebook shows both.

    Attributes
    ----------
    alt : str
        What the figure shows, with numbers: for a screen reader, and for a comparison of notebooks as text.
    data : DataFrame
        The table that is drawn.
    """

    alt: str = ""
    data: pd.DataFrame = pd.DataFrame()
    _name: str = ""  # the function that drew it
    _topics: pd.DataFrame | None = None  # what the topics in `data` are called

    def draw(self, renderer: object) -> None:
        """Draw under our style, and leave matplotlib's settings as they were: a notebook may have its own."""
        with drawing():
            super().draw(renderer)

    def savefig(self, fname: object, **kwargs: object) -> None:
        """Save as `matplotlib.figure.Figure.savefig` does, but with no date or version in the file."""
        ending = Path(fname).suffix.lstrip(".") if isinstance(fname, (str, os.PathLike)) else ""
        kind = str(kwargs.get("format") or ending or mpl.rcParams["savefig.format"]).lower()
        with drawing():
            super().savefig(fname, **({"metadata": METADATA[kind]} if kind in METADATA else {}) | kwargs)

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]]:
        wide, high = self.get_size_inches()
        about = {"alt": self.alt, "width": SHOWN, "height": round(SHOWN * high / wide)}
        if os.environ.get(DATA) == "on" and len(self.data):
            about["table"] = {"csv": csv_bytes(named(self.data, self._topics)).decode(), "name": self._name}
        return {"image/png": png_bytes(self), "text/plain": self.alt}, {"image/png": about}


if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
    # matplotlib's own printer of figures knows no alt text; this one gives nothing, and leaves what is in the bundle.
    shell.display_formatter.formatters["image/png"].for_type(Figure, lambda figure: None)


def png_bytes(figure: Figure) -> bytes:
    """A figure as a PNG file's bytes, in 256 colours: they show all that it has at a third of the size."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=DPI)
    wide = int(figure.get_figwidth() * DPI + 1e-6)
    dots = Image.frombuffer("RGBA", (wide, len(buffer.getvalue()) // 4 // wide), buffer.getvalue()).convert("RGB")
    small = io.BytesIO()
    dots.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


# ----------------------------------------------------------------------------------------- from table to figure

Draw = Callable[Concatenate[pd.DataFrame, Rest], Figure]


@contextmanager
def drawing() -> Iterator[None]:
    """Our style; that a letter has no font is said in the figure itself, once, and not by matplotlib at each letter."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def draws(*columns: str) -> Callable[[Draw[Rest]], Draw[Rest]]:
    """A function that draws a table with these columns; of a table without rows or without one of them it says so."""

    def styled(draw: Draw[Rest]) -> Draw[Rest]:
        @wraps(draw)
        def inside(table: pd.DataFrame, *args: Rest.args, **kwargs: Rest.kwargs) -> Figure:
            table = table.reset_index(drop=True) if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
            lacking = [column for column in columns if column not in table]
            why = f"Its table has no column {' and no column '.join(lacking)}." if lacking else ""
            why = "Its table has no rows." if table.empty else why
            with drawing():
                figure = undrawn(table, why) if why else draw(table, *args, **kwargs)
            if not figure.alt:
                figure.alt = f"No figure of {draw.__name__.replace('_', ' ')}. {figure.texts[0].get_text()}"
                figure.texts[0].set_text(figure.alt)
            figure._name = draw.__name__
            return figure

        return inside

    return styled


def undrawn(table: pd.DataFrame, why: str) -> Figure:
    """Words in place of a figure: a notebook goes on, and its reader knows why."""
    figure = Figure(figsize=(WIDTH, 0.6))
    figure.text(0.01, 0.5, why, va="center", fontsize=10, parse_math=False)
    figure.data = table
    return figure


def new_axes(rows: int = 1, columns: int = 1, height: float = 3.2, **kwargs: object) -> tuple[Figure, np.ndarray]:
    """A figure of the page's width, and its axes as an array of (rows, columns)."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **kwargs)


def finished(figure: Figure, alt: str, data: pd.DataFrame, topics: pd.DataFrame | None = None) -> Figure:
    """A drawn figure with what it shows; corpus text in it starts no formula, and a letter without a font is named."""
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
    figure.alt, figure.data, figure._topics = " ".join(alt.split()), data, topics
    return figure


@cache
def _fonts() -> tuple[str, ...]:
    """The further fonts that are there, in their order: the first one that has a letter draws it."""
    if spec := find_spec("matplotlib_fontja"):  # the extra `japanese`: only its font is taken
        for path in Path(spec.origin or "").parent.glob("fonts/*.ttf"):
            fontManager.addfont(path)
    there = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FURTHER_FONTS.split(", ") if name in there)


@cache
def _font_of(letter: str) -> str | None:
    """The first font that has a letter, drawn as itself and not as an empty box; None if there is none."""
    for name in (FONT, *_fonts()):
        if get_font(fontManager.findfont(name, fallback_to_default=False)).get_char_index(ord(letter)):
            return name
    return None


# ---------------------------------------------------------------------------------------------------- pieces


def colour_of(topic: int, topics: pd.DataFrame | None = None) -> str:
    """A topic's colour, by its number and not by its place in a figure; pale if it is not stable."""
    row = topics[topics["topic"] == topic] if topics is not None and "stability" in topics else ()
    if topic == -1 or (len(row) and row["stability"].iloc[0] < UNSTABLE):  # type: ignore[call-overload]
        return PALE
    return COLOURS[int(topic) % len(COLOURS)]


def days_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each period on an axis of dates, by local time."""
    return tuple(date2num(local(table[column])) for column in ("period_start", "period_end"))


def date_axis(axes: Axes) -> None:
    """Few dates, as short as they can be."""
    within = np.clip(axes.get_xlim(), FIRST_DAY, LAST_DAY)  # beyond, no calendar can write a date
    locator = AutoDateLocator(minticks=3, maxticks=8)
    ticks = locator.tick_values(*num2date(within))
    # Fixed: matplotlib would look for them anew a hundred times while it lays a figure out.
    axes.set_xticks(ticks, ConciseDateFormatter(locator, show_offset=False).format_ticks(ticks))
    axes.set_xlim(*within)


def event_lines(axes: Axes, events: Events, *, named: bool = False) -> None:
    """A thin line where something happened, if it is within the figure; its name beside it."""
    low, high = axes.get_xlim()
    for i, (name, date) in enumerate(dict(events).items()):
        x = date2num(pd.Timestamp(date).tz_localize(None))  # type: ignore[arg-type]
        if not low <= x <= high:
            continue
        axes.axvline(x, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        if named:  # on the side where there is more room, each lower than the one before
            right = x < (low + high) / 2
            place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "top"}
            place |= {"ha": "left" if right else "right", "path_effects": [withStroke(linewidth=3, foreground="white")]}
            xy, away = (x, 0.98 - 0.09 * (i % 4)), (4 if right else -4, 0)
            axes.annotate(shorten(name, 36), xy, away, fontsize=9, **place)


def draw_series(axes: Axes, table: pd.DataFrame, colour: str) -> None:
    """A line with its interval; where there is none, a hollow point, the larger the more comments it rests on."""
    start, end = days_of(table)
    x = (start + end) / 2
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
    axes.xaxis_date()
    axes.set_xlim(start[0], end[-1])
    date_axis(axes)


def rows_axis(axes: Axes, names: Sequence[str], fontsize: float | None = None) -> np.ndarray:
    """Rows from the top down, each with its name; gives where they are."""
    y = np.arange(len(names))
    axes.set_yticks(y, names, fontsize=fontsize)
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    return y


def estimates(
    axes: Axes, table: pd.DataFrame, y: np.ndarray, colour: object, of: str = "estimate", label: str = "", **look: float
) -> None:
    """Estimates with their intervals, one below the other: the columns low and high, or `of`_low and `of`_high."""
    low, high = (table[end if of == "estimate" else f"{of}_{end}"] for end in ("low", "high"))
    axes.hlines(y, low, high, color=colour, linewidth=look.get("width", 4), alpha=look.get("alpha", 0.5))
    axes.scatter(table[of], y, color=colour, s=look.get("dot", 24), zorder=3, label=label)


def signed_axis(axis: mpl.axis.Axis, bins: int = 6, digits: int = 1) -> None:
    """Numbers with their sign, on both sides of none."""
    axis.set_major_locator(MaxNLocator(bins, steps=[1, 2, 5, 10], symmetric=True))
    axis.set_major_formatter(lambda value, _: signed(value, digits))


def percent_axis(axis: mpl.axis.Axis) -> None:
    """Shares as per cent."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
