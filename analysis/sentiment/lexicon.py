"""A researcher's own word list as an instrument, in any language that puts spaces between words.

The file has the columns `word` and `score`: a number on any scale around 0, or `negation` for a word that turns those
after it ("ne,negation"). `ljub*` stands for every word that begins so. With a column `language` (ISO 639-1), comments
in other languages get no score.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from analysis.sentiment import vader
from analysis.settings import StudyError

NEGATION = "negation"
REACH = 3  # words over which a negation reaches, as in VADER
TURN = -0.74  # what is negated is turned and weakened, as in VADER
STRENGTH = 4  # VADER's scale of a word is from -4 to 4; the strongest word of a list is put there
MARKS = ".!?;:"
_TOKEN = re.compile(r"\w+(?:['\-]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class Lexicon:
    """A word list.

    Attributes
    ----------
    scores : dict
        Word or beginning of a word -> score in [-1, 1]; NaN of a negation.
    beginnings : tuple of int
        Lengths of the beginnings ("ljub*"), longest first.
    languages : frozenset of str or None
        ISO 639-1 codes; None for any.
    """

    scores: dict[str, float]
    beginnings: tuple[int, ...]
    languages: frozenset[str] | None
    seen: dict[str, float | None] = field(default_factory=dict, compare=False, repr=False)  # words looked up

    def look_up(self, word: str) -> float | None:
        """Score of a word: its own, or that of the longest beginning; NaN of a negation; None if not in the list."""
        if word not in self.seen:
            starts = (word[:n] + "*" for n in self.beginnings if n <= len(word))
            self.seen[word] = next((self.scores[w] for w in (word, *starts) if w in self.scores), None)
        return self.seen[word]


def read(path: Path) -> Lexicon:
    """Read a word list.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with the columns word and score, and perhaps language.

    Returns
    -------
    Lexicon

    Raises
    ------
    StudyError
        Naming the line and the column that is wrong, or the file that is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            separator = max(",;\t", key=head.count)
            names = [n.strip().lower() for n in next(csv.reader([head], delimiter=separator), [])]
            rows = [r for r in enumerate(csv.reader(file, delimiter=separator), 2) if any(c.strip() for c in r[1])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise StudyError(
            expected="a word list: a CSV file in UTF-8",
            found=found,
            where=str(path),
            remedy="Its path is taken from the study folder.",
        ) from None

    def wrong(line: int, column: str, expected: str, found: str) -> StudyError:
        return StudyError(
            expected=expected, found=f'"{found}"', where=f"{path}, line {line}, column {column}", remedy="Correct it."
        )

    for column in ("word", "score"):
        if column not in names:
            raise wrong(1, column, "the columns word and score", separator.join(names))
    raw: dict[str, float] = {}
    languages = set()
    for line, row in rows:
        cells = dict(zip(names, (c.strip() for c in row), strict=False))
        word, score = _plain(cells["word"]), cells.get("score", "")
        if not word.strip("*") or not _TOKEN.fullmatch(word.removesuffix("*")):
            raise wrong(line, "word", "one word, or its beginning and *", cells["word"])
        if word in raw:
            raise wrong(line, "word", "each word once", cells["word"])
        try:
            raw[word] = math.nan if score.lower() == NEGATION else float(score.replace(",", "."))
        except ValueError:
            raise wrong(line, "score", f"a number, or {NEGATION}", score) from None
        if math.isinf(raw[word]) or (math.isnan(raw[word]) and score.lower() != NEGATION):
            raise wrong(line, "score", f"a number, or {NEGATION}", score)
        if "language" in names:
            language = cells.get("language", "").lower()
            if not re.fullmatch("[a-z]{2,3}", language):
                raise wrong(line, "language", "an ISO 639-1 code", language)
            languages.add(language)
    strongest = max((abs(s) for s in raw.values() if s == s), default=0.0)
    if not strongest:
        raise wrong(len(rows) + 1, "score", "at least one score other than 0", "none")
    beginnings = sorted({len(w) - 1 for w in raw if w.endswith("*")}, reverse=True)
    scores = {w: s / strongest for w, s in raw.items()}
    return Lexicon(scores, tuple(beginnings), frozenset(languages) or None)


def _plain(text: str) -> str:
    """Text as words are compared: composed, lower case, straight apostrophes, no variation selectors."""
    return unicodedata.normalize("NFC", vader.plain(text)).casefold()


def score(text: str, lexicon: Lexicon) -> float:
    """Score one text: the sum of its words' scores, scaled by length and normalised as in vader-scaled.

    Parameters
    ----------
    text : str
    lexicon : Lexicon

    Returns
    -------
    float
        In [-1, 1], 0 where no word of the list occurs; NaN of a text without words.
    """
    tokens = _TOKEN.findall(_plain(text))
    total, negated, n_words = 0.0, 0, 0
    for token in tokens:
        if token in MARKS:
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
