"""The letters of figures: which font has them, how wide they are, lines that fit."""

from __future__ import annotations

import warnings
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.textpath import text_to_path

from analysis.trends.wording import UNSTABLE_MARK

FONT = "DejaVu Sans"  # matplotlib brings it: Latin, Greek, Cyrillic, Hebrew and Arabic letters
# For other letters whichever of these is installed.
FURTHER_FONTS = (
    "Noto Sans, Noto Sans CJK JP, Noto Sans CJK SC, Noto Sans JP, Noto Sans SC, Noto Sans KR, IPAexGothic, "
    "Hiragino Sans, PingFang SC, Apple SD Gothic Neo, Yu Gothic, Microsoft YaHei, Malgun Gothic, "
    "Noto Sans Devanagari, Noto Sans Bengali, Noto Sans Tamil, Noto Sans Thai, Noto Sans Arabic, Arial Unicode MS"
)


@cache
def fonts() -> list[str]:
    """The fonts that are there, in their order: matplotlib draws a letter with the first one that has it."""
    if spec := find_spec("matplotlib_fontja"):  # the extra `japanese`: only its font is taken
        for path in Path(spec.origin or "").parent.glob("fonts/*.ttf"):
            fontManager.addfont(path)
    there = {font.name for font in fontManager.ttflist}
    return [FONT, *(name for name in FURTHER_FONTS.split(", ") if name in there)]


@cache
def is_drawn(letter: str) -> bool:
    """Whether a font here has a letter, so that it is drawn as itself and not as an empty box."""
    return any(get_font(fontManager.findfont(name)).get_char_index(ord(letter)) for name in fonts())


@lru_cache(maxsize=4096)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is, in points."""
    font = FontProperties(family=fonts(), size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s:Glyph .* missing from font)")
        wide = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] if text else 0.0
    return 1.02 * wide  # in a picture of few dots letters keep to whole ones


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """A line in so many points, its end left out where it is longer; that a topic is unstable is not cut off."""
    mark = UNSTABLE_MARK if text.endswith(UNSTABLE_MARK) else ""
    said = text = text.removesuffix(mark)
    while text and width(said + mark, size, bold=bold) > room:
        text = text[:-1].rstrip(" ·")
        said = f"{text}…"
    return said + mark


def wrap(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """A text in lines of so many points each; of a word that is longer its end is left out."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(fit(word, room, size, bold=bold))
    return lines
