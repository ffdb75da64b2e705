"""Texts -> their words, as numbers: each text is cut into words once, whatever is counted afterwards."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.codes import distinct

if TYPE_CHECKING:
    import budoux

_NOT_WORDS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+|(?<!\w)[@#]\S+|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?")
_MARKS = ("@", "#", ".", "://")  # without one of these, a text has none of the above
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# The same with marks that stand on letters: Latin and Arabic ones, vowels and tones of Devanagari and Thai.
_LETTER = r"(?:[^\W_]|[\u0300-\u036f\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])"
_MARKED = re.compile(rf"{_LETTER}+(?:['’-]{_LETTER}+)*")
UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")  # scripts written without spaces
_KANA, _THAI = re.compile(r"[\u3040-\u30ff]"), re.compile(r"[\u0e00-\u0e7f]")
# Of a Japanese phrase the particles and endings that follow its word.
_ENDING = re.compile(r"(?<=[\u30a1-\u30ff\u3400-\u9fff])[\u3041-\u309f]+$")
_GRAMMAR = re.compile(r"[\u3041-\u309f]+")  # hiragana alone: seldom what a comment is about
_DIGIT = re.compile(r"\d")
LONGEST = 30  # letters of a word: what is longer is an id, a path, or no word


@dataclass(frozen=True)
class Cut:
    """A text -> its words as `forms.readable` has them, one after the other."""

    form: Mapping[str, str] = field(default_factory=dict)  # of a word -> the form that is shown
    phrases: Mapping[tuple[str, str], int] = field(default_factory=dict)  # words that are one together -> rank

    def __call__(self, text: str) -> list[str]:
        """The words of a text."""
        words = [self.form.get(word, word) for word in tokens(text)]
        none = len(self.phrases)
        rank = [none, *(self.phrases.get(pair, none) for pair in zip(words, words[1:], strict=False)), none, none]
        first = [rank[i + 1] < rank[i] and rank[i + 1] < rank[i + 2] for i in range(len(words))]
        return [
            self.joined(words[i : i + 2]) if one else words[i]
            for i, one in enumerate(first)
            if not (i and first[i - 1])
        ]

    @staticmethod
    def joined(words: Sequence[str]) -> str:
        """A phrase as it is written."""
        return ("" if UNSPACED.search(words[0]) and UNSPACED.search(words[-1]) else " ").join(words)


@dataclass(frozen=True)
class Tokens:
    """The words of n_texts texts, in their order."""

    names: tuple[str, ...]  # the different words, in the order in which they first occur
    ids: np.ndarray  # (n_tokens,) int32: which of them each token is, text after text
    n_of: np.ndarray  # (n_texts,) int64: how many tokens each text has
    cut: Cut = Cut()  # cuts other texts alike

    @property
    def row(self) -> np.ndarray:
        """The text of each token, int64."""
        return np.repeat(np.arange(len(self.n_of)), self.n_of)

    def take(self, rows: np.ndarray) -> Tokens:
        """The words of some of the texts, in the order of `rows` (int64)."""
        n_of = self.n_of[rows]
        first = np.concatenate([[0], np.cumsum(self.n_of)])[rows]
        at = np.repeat(first - np.cumsum(n_of) + n_of, n_of) + np.arange(n_of.sum())
        return replace(self, ids=self.ids[at], n_of=n_of)

    def columns(self, words: Sequence[str]) -> np.ndarray:
        """Of each token its place among `words`, int64; -1 where it is none of them."""
        place = {word: i for i, word in enumerate(words)}
        return np.asarray([place.get(name, -1) for name in self.names], dtype=np.int64)[self.ids]

    def pairs(self, columns: np.ndarray, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
        """Each text and column that go together, once: rows and columns, sorted; a column below 0 is left out."""
        used = columns >= 0
        return np.divmod(distinct(self.row[used] * max(n_columns, 1) + columns[used]), max(n_columns, 1))


def tokens(text: str) -> list[str]:
    """Words of a text, in lower case; no addresses (URL, e-mail), @mentions, numbers and single letters."""
    text = text.lower().replace("’", "'")
    if any(mark in text for mark in _MARKS):
        text = _NOT_WORDS.sub(" ", text)
    words = (_WORD if text.isascii() else _MARKED).findall(text)
    if _DIGIT.search(text):
        words = [word for word in words if not _DIGIT.search(word)]  # a telephone number, a year, an amount
    if not text.isascii() and UNSPACED.search(text):
        words = [part for word in words for part in _segments(word, text)]
    return [word for word in words if 1 < len(word) <= LONGEST]


def _segments(word: str, text: str) -> list[str]:
    """What is written without spaces -> words, by the script of the whole text; what is not, as it is."""
    found: list[str] = []
    for part in re.split(f"({UNSPACED.pattern})", word):
        if not UNSPACED.match(part):
            found.append(part)
        elif _THAI.search(part):
            found += _parser("thai").parse(part)
        elif _KANA.search(text):
            phrases = [_ENDING.sub("", one) for one in _parser("japanese").parse(part)]
            found += [one for one in phrases if not _GRAMMAR.fullmatch(one)]
        else:
            import rjieba

            found += rjieba.cut(part)
    return found


@functools.cache
def _parser(script: str) -> budoux.Parser:
    """BudouX's segmenter (Google), a small boosted model inside the package."""
    import budoux

    return getattr(budoux, f"load_default_{script}_parser")()


def tokenised(texts: Sequence[str], run: Run = Run()) -> Tokens:
    """Cut texts into words; the same whatever `run`."""
    seen: dict[str, int] = {}
    ids: list[np.ndarray] = []
    n_of: list[int] = []
    for _, spelt in run.map_parts(_spelt, texts, "cutting texts into words"):
        words = np.array(" ".join(filter(None, spelt)).split(" ") if any(spelt) else [], dtype=object)
        codes, names = pd.factorize(words)  # in the order in which they occur
        ids.append(np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int32)[codes])
        n_of.extend([text.count(" ") + 1 if text else 0 for text in spelt])
    return Tokens(tuple(seen), np.concatenate([np.zeros(0, dtype=np.int32), *ids]), np.array(n_of, dtype=np.int64))


def _spelt(texts: Sequence[str]) -> list[str]:
    """The words of each text as one string: no word has a space in it."""
    return [" ".join(tokens(text)) for text in texts]
