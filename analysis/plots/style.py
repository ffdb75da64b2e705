"""The style of every figure: its colours, its frame of title and notes, and what a notebook or a page shows of it."""

from __future__ import annotations

import base64
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Concatenate, ParamSpec

import matplotlib as mpl
import matplotlib.figure
import pandas as pd
from matplotlib.backend_bases import RendererBase
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from analysis.corpus.sheets import csv_bytes
from analysis.plots.letters import fonts, is_drawn, wrap
from analysis.plots.svg import svg
from analysis.settings import DATA, StudyError
from analysis.trends.wording import is_unstable, named

# A colour means one thing. Topics have Okabe and Ito's colours and a dark red, which colour-blind readers tell apart
# (tests/plots simulates them); pale is what is unassigned, unstable or beside the point, red what is not to be trusted.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661100", "#4D4D4D")
INK, LINE, PALE, ACCENT, WARN, GRID = "#1b2a33", "#6b7880", "#b4bcc2", "#0b5f8a", "#c0392b", "#e4e8ea"
SHADES = ("#eef4f8", "#cfe1ed", "#a9cbe0", "#7db3d5", "#4a90b8", "#1f6f9c", "#06283d")  # of shares, from none to most
# The variables that a page's style.css has for them: light and dark.
CSS = {INK: "ink", LINE: "soft", PALE: "pale", ACCENT: "accent", WARN: "bad", GRID: "grid", "#ffffff": "card"}
CSS |= {colour.lower(): f"t{i}" for i, colour in enumerate(COLOURS)}
CSS |= {shade: f"h{i}" for i, shade in enumerate(SHADES)}
# Inches: of a page's text column, 1,080 dots; and of a phone's, where letters of 9 points are 12 pixels high.
WIDTH, NARROW = 7.2, 3.75
DPI = 150
SHOWN = 720  # pixels of a page that it takes
LETTERS = {"title": 12.0, "sub": 9.5, "note": 9.0}  # points
GAP = 6.0  # points around what is written above and below the axes
SPACED = 1.35  # from one of its lines to the next, of the letters' size
STYLE = mpl.rc_params_from_file(Path(__file__).with_name("threadline.mplstyle"), use_default_template=False)
STYLE["font.family"] = fonts()
# No date and no version in a file: the same figure gives the same bytes.
METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
is_narrow = ContextVar("is_narrow", default=False)  # whether figures are drawn for a phone
Rest = ParamSpec("Rest")
Draw = Callable[Concatenate[pd.DataFrame, Rest], "Figure"]
Bundle = tuple[dict[str, Any], dict[str, dict[str, object]]]  # what is shown, and what is said of it, by MIME type


class Figure(mpl.figure.Figure):
    """A matplotlib figure that says what it shows; a notebook shows both.

    Attributes
    ----------
    alt : str
        What the figure shows, with numbers: for a screen reader, and for a comparison of notebooks as text.
    data : DataFrame
        The table that is drawn.
    title : str
        What is found; empty where nothing is drawn. `suptitle` changes it.
    """

    alt: str = ""
    data: pd.DataFrame = pd.DataFrame()
    _name: str = ""  # the function that drew it
    _topics: pd.DataFrame | None = None  # what the topics in `data` are called
    _again: Callable[[], Figure]  # draws it once more
    _place: Mapping[str, object] = MappingProxyType({})  # of its title, and how it looks

    @property
    def title(self) -> str:
        """What is found, in one line."""
        return " ".join(self.get_suptitle().split())

    def suptitle(self, t: str, **kwargs: object) -> mpl.text.Text:
        """Write a title, in the place and the letters of ours."""
        with drawing():
            return super().suptitle(t, **{**self._place, **kwargs})

    def draw(self, renderer: RendererBase) -> None:
        """Draw under our style, and leave matplotlib's settings as they were: a notebook may have its own."""
        with drawing():
            if self.canvas.is_saving() and isinstance(layout := self.get_layout_engine(), ConstrainedLayoutEngine):
                layout.execute(self)  # matplotlib draws twice to save, first only to have the places of things
            else:
                super().draw(renderer)

    def savefig(self, fname: str | os.PathLike[Any] | IO[Any], **kwargs: Any) -> None:
        """Save as `matplotlib.figure.Figure.savefig` does, but with no date or version in the file."""
        ending = Path(fname).suffix.lstrip(".") if isinstance(fname, (str, os.PathLike)) else ""
        kind = str(kwargs.get("format") or ending or mpl.rcParams["savefig.format"]).lower()
        changed = self.stale
        with drawing():
            super().savefig(fname, **({"metadata": METADATA[kind]} if kind in METADATA else {}) | kwargs)
        self.stale = changed  # by somebody, and not by the dots an inch of a file

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        return self.bundle(with_data=os.environ.get(DATA) == "on")

    def bundle(self, *, with_data: bool = False) -> Bundle:
        """Picture and alt text by MIME type; for a page also as SVG, for a phone too, and as PDF with its table."""
        if not self.axes:
            return {"text/html": f'<p class="next">{escape(self.alt)}</p>', "text/plain": self.alt}, {}
        wide, high = self.get_size_inches()
        shown = {"image/png": png_bytes(self), "text/plain": self.alt}
        size: dict[str, object] = {"width": SHOWN, "height": round(SHOWN * high / wide)}
        about = {"image/png": {"alt": self.alt} | size}
        if with_data:
            self.savefig(pdf := io.BytesIO(), format="pdf")
            shown["image/svg+xml"] = svg(self, self.title, self.alt, CSS)
            about["image/svg+xml"] = {
                "pdf": base64.b64encode(pdf.getvalue()).decode(),
                "name": self._name,
                "csv": csv_bytes(named(self.data, self._topics)).decode(),
                "narrow": shown["image/svg+xml"] if self.stale else self.narrow(),
            }
        return shown, about

    def narrow(self) -> str:
        """The same as SVG for a phone."""
        token = is_narrow.set(True)
        try:
            figure = self._again()
        finally:
            is_narrow.reset(token)
        return svg(figure, figure.title, figure.alt, CSS)


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
            figure._name, figure._again = draw.__name__, lambda: inside(table, *args, **kwargs)
            return figure

        return inside  # type: ignore[return-value]  # it takes table= as well, which Concatenate cannot say

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
    figure.alt, figure.data = said, table
    return figure


def finished(
    figure: Figure,
    alt: str,
    data: pd.DataFrame,
    topics: pd.DataFrame | None = None,
    *,
    title: str,
    sub: str = "",
    notes: Sequence[str] = (),
    warning: str = "",
) -> Figure:
    """A drawn figure with its finding above it, under that the statistic, and notes below; and with what it shows.

    `alt` is what its title does not say. A letter without a font is named.
    """
    texts = figure.findobj(mpl.text.Text)
    letters = "".join(text.get_text() for text in texts) + title + sub + "".join(notes) + warning
    lacking = sum(not is_drawn(letter) for letter in set(letters) if letter.isprintable())
    said = f"No font here has {lacking} of the letters in this figure; the fonts Noto Sans and Noto Sans CJK have most."
    said = said if lacking else ""
    _framed(figure, title, sub, [*((note, LINE) for note in notes), (warning, WARN), (said, WARN)])
    figure.alt, figure.data, figure._topics = " ".join(f"{title}. {alt} {warning} {said}".split()), data, topics
    figure.draw_without_rendering()  # from here on `stale` says whether somebody has changed it
    return figure


def _framed(figure: Figure, title: str, sub: str, foot: Sequence[tuple[str, str]]) -> None:
    """Write above the axes and below them, in as many lines as it takes; the figure grows by as much."""
    wide, high = 72 * figure.get_size_inches()
    head = [(title, LETTERS["title"], INK), (sub, LETTERS["sub"], LINE)]
    above, below = (
        [("\n".join(lines), size, colour, SPACED * size * len(lines)) for text, size, colour in some
         if (lines := wrap(text, wide - 2 * GAP, size, bold=text == title))]
        for some in (head, [(text, LETTERS["note"], colour) for text, colour in foot])
    )  # fmt: skip
    top, low = (sum(tall for *_, tall in some) + GAP * bool(some) for some in (above, below))
    total = high + top + low
    figure.set_size_inches(wide / 72, total / 72)
    for some, y in ((above, total - GAP / 2), (below, low)):
        for text, size, colour, tall in some:
            at = {"x": GAP / wide, "y": (y + (SPACED - 1) / 2 * size) / total, "ha": "left", "va": "top"}
            look = at | {"fontsize": size, "color": colour, "linespacing": SPACED}
            if size == LETTERS["title"]:
                figure._place = look | {"fontweight": "bold"}
            written = figure.suptitle(text) if size == LETTERS["title"] else figure.text(s=text, **look)
            written.set_in_layout(False)
            y -= tall
    if isinstance(engine := figure.get_layout_engine(), ConstrainedLayoutEngine):
        engine.set(rect=(0, low / total, 1, high / total))


def colour_of(topic: int, topics: pd.DataFrame | None = None) -> str:
    """A topic's colour, by its number and not by its place in a figure; pale if it is not stable."""
    if topic == -1 or is_unstable(topic, topics):
        return PALE
    return COLOURS[int(topic) % len(COLOURS)]
