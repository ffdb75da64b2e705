"""A researcher's own word list as an instrument, in any language that puts spaces between words.

The file has the columns `word` and `score`: a number on any scale around 0, or `negation` for a word that turns those
after it ("ne,negation"). `ljub*` stands for every word that begins so. With a column `language` (ISO 639-1), comments
in other languages get no score.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.corpus.sheets import read_rows
from analysis.corpus.wording import normal
from analysis.sentiment import vader
from analysis.sentiment.scores import number
from analysis.settings import StudyError

NEGATION = "negation"
REACH = 3  # words over which a negation reaches, as in VADER
TURN = -0.74  # what is negated is turned and weakened, as in VADER
STRENGTH = 4  # VADER's scale of a word is from -4 to 4; the strongest word of a list is put there
_TOKEN = re.compile(r"\w+(?:['\-]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class Lexicon:
    """A word list."""

    scores: dict[str, float]  # word, or beginning of one ("ljub*") -> score in [-1, 1]; NaN of a negation
    beginnings: tuple[int, ...]  # lengths of the beginnings, longest first
    languages: tuple[str, ...]  # ISO 639-1 codes, sorted; none for any

    def look_up(self, word: str) -> float | None:
        """Score of a word: its own, or that of the longest beginning; NaN of a negation; None if not in the list."""
        starts = (word[:n] + "*" for n in self.beginnings if n <= len(word))
        return next((self.scores[w] for w in (word, *starts) if w in self.scores), None)


def read(path: Path) -> Lexicon:
    """Read a word list; a StudyError names the line and the column that is wrong, or the file that is missing."""

    def wrong(line: int, column: str, expected: str, found: str) -> StudyError:
        where = f"{path}, line {line}, column {column}"
        return StudyError(expected=expected, found=f'"{found}"', where=where, remedy="Correct it.")

    scores: dict[str, float] = {}
    languages, line = set[str](), 1
    for line, (cell, strength, language) in read_rows(path, ["word", "score"], ["language"]):
        word = _plain(cell)
        if not word.strip("*") or not _TOKEN.fullmatch(word.removesuffix("*")):
            raise wrong(line, "word", "one word, or its beginning and *", cell)
        if word in scores:
            raise wrong(line, "word", "each word once", cell)
        value = number(strength)
        if strength.lower() != NEGATION and (value is None or math.isnan(value)):
            raise wrong(line, "score", f"a number, or {NEGATION}", strength)
        scores[word] = math.nan if value is None else value
        if not re.fullmatch("([a-z]{2,3})?", language.lower()):
            raise wrong(line, "language", "an ISO 639-1 code", language)
        languages.add(language.lower())
    strongest = max((abs(s) for s in scores.values() if s == s), default=0.0)
    if not strongest:
        raise wrong(line, "score", "at least one score other than 0", "none")
    beginnings = sorted({len(w) - 1 for w in scores if w.endswith("*")}, reverse=True)
    of = tuple(sorted(languages - {""}))
    return Lexicon({w: s / strongest for w, s in scores.items()}, tuple(beginnings), of)


def _plain(text: str) -> str:
    """Text as words are compared: composed, lower case, straight apostrophes, no variation selectors."""
    return normal("NFC", vader.plain(text)).casefold()


def score(text: str, lexicon: Lexicon) -> float:
    """Score one text in [-1, 1]: the sum of its words' scores, scaled as in vader-scaled; NaN of one without words."""
    total, negated, n_words = 0.0, 0, 0
    for token in _TOKEN.findall(_plain(text)):
        if token in ".!?;:":
            negated = 0  # a negation ends with its sentence
            continue
        n_words += 1
        value = lexicon.look_up(token)
        if value is not None and math.isnan(value):
            negated = REACH
            continue
        if value:
            total += value * (TURN if negated else 1)
        negated = max(negated - 1, 0)
    return vader.scale(total * STRENGTH, n_words) if n_words else np.nan
