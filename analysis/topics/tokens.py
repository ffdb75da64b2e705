"""Texts -> their words, as numbers: each text is cut into words once, whatever is counted afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.run import Run

_NOT_WORDS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+|(?<!\w)[@#]\S+|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?")
_MARKS = ("@", "#", ".", "://")  # without one of these, a text has none of the above
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Scripts written without spaces: pairs of neighbouring characters stand for words.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Tokens:
    """The words of n_texts texts, in their order."""

    names: tuple[str, ...]  # the different words, in the order in which they first occur
    ids: np.ndarray  # (n_tokens,) int32: which of them each token is, text after text
    n_of: np.ndarray  # (n_texts,) int64: how many tokens each text has

    @property
    def row(self) -> np.ndarray:
        """The text of each token, int64."""
        return np.repeat(np.arange(len(self.n_of)), self.n_of)

    def take(self, rows: np.ndarray) -> Tokens:
        """The words of some of the texts, in the order of `rows` (int64)."""
        n_of = self.n_of[rows]
        first = np.concatenate([[0], np.cumsum(self.n_of)])[rows]
        at = np.repeat(first - np.cumsum(n_of) + n_of, n_of) + np.arange(n_of.sum())
        return Tokens(self.names, self.ids[at], n_of)

    def columns(self, words: Sequence[str]) -> np.ndarray:
        """Of each token its place among `words`, int64; -1 where it is none of them."""
        place = {word: i for i, word in enumerate(words)}
        return np.asarray([place.get(name, -1) for name in self.names], dtype=np.int64)[self.ids]

    def pairs(self, columns: np.ndarray, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
        """Each text and column that go together, once: rows and columns, sorted; a column below 0 is left out."""
        used = columns >= 0
        return np.divmod(distinct(self.row[used] * max(n_columns, 1) + columns[used]), max(n_columns, 1))


def distinct(codes: np.ndarray) -> np.ndarray:
    """Each of some numbers once, sorted; numpy's own hashes them, which takes ten times as long for a million."""
    ordered = np.sort(codes)
    return ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]


def tokens(text: str) -> list[str]:
    """Words of a text, in lower case; no addresses (URL, e-mail), @mentions, numbers and single letters."""
    text = text.lower().replace("’", "'")
    if any(mark in text for mark in _MARKS):
        text = _NOT_WORDS.sub(" ", text)
    words = _WORD.findall(text)
    if _DIGIT.search(text):
        words = [word for word in words if not _DIGIT.search(word)]  # a telephone number, a year, an amount
    if text.isascii():
        return [word for word in words if len(word) > 1]
    found: list[str] = []
    for word in words:
        if _UNSPACED.search(word):
            found += [run[i : i + 2] for run in _UNSPACED.findall(word) for i in range(len(run) - 1)]
        elif len(word) > 1:
            found.append(word)
    return found


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
