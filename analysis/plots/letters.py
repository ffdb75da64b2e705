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
def _fonts() -> tuple[str, ...]:
    """The further fonts that are there, in their order: the first one that has a letter draws it."""
    if spec := find_spec("matplotlib_fontja"):  # the extra `japanese`: only its font is taken
        for path in Path(spec.origin or "").parent.glob("fonts/*.ttf"):
            fontManager.addfont(path)
    there = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FURTHER_FONTS.split(", ") if name in there)


@cache
def font_of(letter: str) -> str | None:
    """The first font that has a letter, drawn as itself and not as an empty box; None if there is none."""
    for name in (FONT, *_fonts()):
        if get_font(fontManager.findfont(name, fallback_to_default=False)).get_char_index(ord(letter)):
            return name
    return None


def families(text: str) -> list[str]:
    """The fonts that draw a text."""
    return [FONT, *dict.fromkeys(f for c in set(text) if not c.isascii() and (f := font_of(c)) and f != FONT)]


@lru_cache(maxsize=4096)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is, in points."""
    names = sorted(families(text), key=FONT.__ne__)
    font = FontProperties(family=names, size=size, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        wide = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] if text else 0.0
    return 1.02 * wide  # in a picture of few dots letters keep to whole ones


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """A line in so many points, its end left out where it is longer; that a topic is unstable is not cut off."""
    mark = UNSTABLE_MARK if text.endswith(UNSTABLE_MARK) else ""
    text = text.removesuffix(mark)
    if width(text + mark, size, bold=bold) <= room:
        return text + mark
    low, high = 0, len(text)
    while low < high:
        n = (low + high + 1) // 2
        wide = width(text[:n].rstrip(" ·") + "…" + mark, size, bold=bold)
        low, high = (n, high) if wide <= room else (low, n - 1)
    return text[:low].rstrip(" ·") + "…" + mark


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
