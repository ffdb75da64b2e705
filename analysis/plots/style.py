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
from analysis.plots.wording import MINUS, is_unstable, local, named, shorten
from analysis.settings import DATA, StudyError

# Okabe and Ito's colours and a dark red, which colour-blind readers tell apart (tests/plots simulates them); pale grey
# is for what is unassigned or unstable.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661100", "#4D4D4D")
INK, LINE, PALE, ACCENT, WARN = "#1b2a33", "#8b969e", "#b4bcc2", "#0b5f8a", "#c0392b"
WIDTH = 7.2  # inches: a page's text column; at 150 dots an inch, 1,080 pixels
DPI = 150
SHOWN = 720  # pixels of a page that it takes
FONT = "DejaVu Sans"  # matplotlib brings it: Latin, Greek, Cyrillic, Hebrew and Arabic letters
# For other letters whichever of these is installed.
FURTHER_FONTS = (
    "Noto Sans, Noto Sans CJK JP, Noto Sans CJK SC, Noto Sans JP, Noto Sans SC, Noto Sans KR, IPAexGothic, "
    "Hiragino Sans, PingFang SC, Apple SD Gothic Neo, Yu Gothic, Microsoft YaHei, Malgun Gothic, "
    "Noto Sans Devanagari, Noto Sans Bengali, Noto Sans Tamil, Noto Sans Thai, Noto Sans Arabic, Arial Unicode MS"
)
STYLE = mpl.rc_params_from_file(Path(__file__).with_name("threadline.mplstyle"), use_default_template=False)
# No date and no version in a file: the same figure gives the same bytes.
METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
Events = Mapping[str, object] | Sequence[tuple[str, object]]  # what happened, and its date
Rest = ParamSpec("Rest")
Draw = Callable[Concatenate[pd.DataFrame, Rest], "Figure"]


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

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        return self.bundle(with_data=os.environ.get(DATA) == "on")

    def bundle(self, *, with_data: bool = False) -> tuple[dict, dict]:
        """Picture and alt text by MIME type, and what a page needs to know of the picture: its table among it."""
        wide, high = self.get_size_inches()
        about: dict[str, object] = {"alt": self.alt, "width": SHOWN, "height": round(SHOWN * high / wide)}
        if with_data and len(self.data):
            about["table"] = {"csv": csv_bytes(named(self.data, self._topics)).decode(), "name": self._name}
        return {"image/png": png_bytes(self), "text/plain": self.alt}, {"image/png": about}


if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
    # matplotlib's own printer of figures knows no alt text; this one gives nothing, and leaves what is in the bundle.
    shell.display_formatter.formatters["image/png"].for_type(Figure, lambda figure: None)


def png_bytes(figure: Figure) -> bytes:
    """A figure as a PNG file's bytes, in 256 colours: they show all that it has at a third of the size."""
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=DPI, pil_kwargs={"compress_level": 1})
    few = Image.open(whole).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(small, "PNG", optimize=True)
    return small.getvalue()


@contextmanager
def drawing() -> Iterator[None]:
    """Our style; that a letter has no font is said in the figure itself, once, and not by matplotlib at each letter."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def draws(*columns: str, none: str = "its table has no rows") -> Callable[[Draw[Rest]], Draw[Rest]]:
    """A function that draws a table with these columns; of one without rows it says in words why there is nothing."""

    def styled(draw: Draw[Rest]) -> Draw[Rest]:
        @wraps(draw)
        def inside(table: pd.DataFrame, *args: Rest.args, **kwargs: Rest.kwargs) -> Figure:
            table = table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
            table = table.reset_index(drop=table.index.names == [None])
            with drawing():
                if table.empty:
                    figure = undrawn(table, none)
                else:
                    need(table, *columns)
                    figure = draw(table, *args, **kwargs)
            figure._name = draw.__name__
            return figure

        return inside

    return styled


def need(table: pd.DataFrame, *columns: str) -> None:
    """Refuse a table that lacks a column."""
    if lacking := [column for column in columns if column not in table]:
        found = ", ".join(map(str, table.columns))
        raise StudyError(expected=f"a column {' and '.join(lacking)}", found=found, where="the table to draw")


def undrawn(table: pd.DataFrame, why: str) -> Figure:
    """Words in place of a figure: a notebook goes on, and its reader knows why."""
    figure = Figure(figsize=(WIDTH, 0.6))
    figure.text(0.01, 0.5, said := f"No figure: {why}.", va="center", fontsize=10)
    return finished(figure, said, table)


class _Axes(Axes):
    """Axes on which a title that somebody sets takes the place of ours."""

    def set_title(self, label: str, fontdict: object = None, loc: str = "left", **kwargs: object) -> mpl.text.Text:
        with drawing():
            return super().set_title(label, fontdict, loc, **kwargs)


def new_axes(rows: int = 1, columns: int = 1, height: float = 3.2, **kwargs: object) -> tuple[Figure, list[Axes]]:
    """A figure of the page's width, and its axes, row by row."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, subplot_kw={"axes_class": _Axes}, **kwargs)
    return figure, list(axes.flat)


def new_rows(names: Sequence[str], each: float = 0.34) -> tuple[Figure, Axes, np.ndarray]:
    """A figure of named rows from the top down, its axes, and where the rows are."""
    figure, (ax,) = new_axes(height=1 + each * len(names))
    return figure, ax, rows_axis(ax, names)


def finished(figure: Figure, alt: str, data: pd.DataFrame, topics: pd.DataFrame | None = None) -> Figure:
    """A drawn figure with what it shows; a letter without a font is named."""
    texts = figure.findobj(mpl.text.Text)
    letters = dict.fromkeys("".join(text.get_text() for text in texts))
    fonts = [_font_of(letter) for letter in letters if letter.isprintable() and not letter.isascii()]
    further = dict.fromkeys(font for font in fonts if font and font != FONT)
    for text in texts if further else ():  # more fonts take more time
        text.set_fontfamily([FONT, *further])
    if lacking := fonts.count(None):
        said = f"No font here has {lacking} of the letters in this figure; docs/getting-started.md says what helps."
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


def colour_of(topic: int, topics: pd.DataFrame | None = None) -> str:
    """A topic's colour, by its number and not by its place in a figure; pale if it is not stable."""
    if topic == -1 or is_unstable(topic, topics):
        return PALE
    return COLOURS[int(topic) % len(COLOURS)]


def days_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each period on an axis of dates, by local time."""
    return tuple(date2num(local(table[column])) for column in ("period_start", "period_end"))


def date_axis(axes: Axes, table: pd.DataFrame) -> None:
    """From the first period to the last, with few dates, as short as they can be."""
    starts, ends = days_of(table)
    locator = AutoDateLocator(minticks=3, maxticks=8)
    ticks = locator.tick_values(*num2date([starts[0], ends[-1]]))
    # Fixed: matplotlib would look for them anew a hundred times while it lays a figure out.
    axes.set_xticks(ticks, ConciseDateFormatter(locator, show_offset=False).format_ticks(ticks))
    axes.set_xlim(starts[0], ends[-1])


def event_lines(axes: Axes, events: Events, *, named: bool = False) -> None:
    """A thin line where something happened, if it is within the figure; its name beside it."""
    low, high = axes.get_xlim()
    at = [(date2num(pd.Timestamp(date).tz_localize(None)), name) for name, date in dict(events).items()]
    for i, (x, name) in enumerate(event for event in at if low <= event[0] <= high):
        axes.axvline(x, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        if named:  # on the side where there is more room, each lower than the one before
            look = {"fontsize": 9, "va": "top", "path_effects": [withStroke(linewidth=3, foreground="white")]}
            y, side = 0.98 - 0.09 * (i % 4), "left" if x < (low + high) / 2 else "right"
            axes.text(x, y, f" {shorten(name, 36)} ", transform=axes.get_xaxis_transform(), ha=side, **look)


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
    date_axis(axes, table)


def rows_axis(axes: Axes, names: Sequence[str], fontsize: float | None = None) -> np.ndarray:
    """Rows from the top down, each with its name; gives where they are."""
    y = np.arange(len(names))
    axes.set_yticks(y, names, fontsize=fontsize)
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    return y


def estimates(
    axes: Axes, table: pd.DataFrame, y: np.ndarray, colour: object, of: str = "estimate", label: str = ""
) -> None:
    """Estimates with their intervals, one below the other: the columns low and high, or `of`_low and `of`_high."""
    low, high = (table[end if of == "estimate" else f"{of}_{end}"] for end in ("low", "high"))
    axes.hlines(y, low, high, color=colour, linewidth=4.5, alpha=0.45)
    axes.scatter(table[of], y, color=colour, s=32, zorder=3, label=label)


def signed_axis(axes: Axes, along: str = "x", bins: int = 6, scale: float = 1) -> None:
    """Numbers with their sign, on both sides of a line at none."""
    axis, line = (axes.xaxis, axes.axvline) if along == "x" else (axes.yaxis, axes.axhline)
    axis.set_major_locator(MaxNLocator(bins, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda x, _: f"{scale * x:+.3g}".replace("-", MINUS) if abs(x) > 1e-9 else "0")
    line(0, color=LINE, linewidth=0.9, zorder=0.6)


def legend(figure: Figure, axes: Axes) -> None:
    """What the marks stand for, above the axes."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False, fontsize=10)


def percent_axis(axis: mpl.axis.Axis) -> None:
    """Shares as per cent."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
