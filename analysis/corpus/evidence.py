"""What the lines of a study say of one another: which recur, where they were names, of which words they are made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from analysis.corpus.line_features import LOOK
from analysis.corpus.line_times import mask

NUMBERED = re.compile(r"\d")
WORDS = 400  # letters of a long line whose words are counted
FIT = 6.0  # log odds, at most, by which other places speak for or against a name
TALKISH = frozenset(("talk", "talk alone", "sign-off", "ends in talk", "starts list mark", "code", "no letter", "URL"))
NO_STOPS = str.maketrans(dict.fromkeys('.,!?:;()"…', " "))
FACTS = (
    "elsewhere",  # log ratio of the expected counts of the same line as a name and as text, in other threads
    "here",  # the same, of the other lines of this thread
    "first word",  # the same as "elsewhere", of short lines that begin with the same word
    "fits",  # sum of the log odds that the other places where this line stands give to a name
    "recurs",  # log of 1 + the number of other threads with this line
    "recurs as talk",  # the same, where the line looks like talk, a list, or code
    "commonest word",  # log of 1 + how often its commonest word stands in long lines, in small letters
    "rarest word",  # the same, of its rarest word
)


class Vocabulary:
    """What is counted of a study's lines while they are read: short lines as a whole, and the words of long ones."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}  # of short lines, by their keys
        self.masks: dict[str, int] = {}  # of short lines, by their masks
        self.talk: list[bool] = []  # whether the short line looks like talk
        self.words: Counter[str] = Counter()  # of long lines, as written

    def count(self, lines: Sequence[str], keys: Sequence[str], looks: Sequence[Sequence[str]]) -> np.ndarray:
        """Count a thread's lines, with their keys and flags; return the number of each, -1 for long lines."""
        found = np.full(len(lines), -1, dtype=np.int64)
        for i, (line, key, look) in enumerate(zip(lines, keys, looks, strict=True)):
            if not key:
                self.words.update(line[:WORDS].split())
                continue
            found[i] = self.numbers.setdefault(key, len(self.numbers))
            if len(self.talk) < len(self.numbers):
                self.talk.append(not TALKISH.isdisjoint(look))
        return found

    def mask(self, lines: Sequence[str], keys: Sequence[str]) -> np.ndarray:
        """The number of each line's mask, -1 for long lines; those of a long name and a time are short ones here."""
        found = [
            key or (line.casefold() if len(line) <= 2 * LOOK and NUMBERED.search(line) else "")
            for line, key in zip(lines, keys, strict=True)
        ]
        return np.array(
            [self.masks.setdefault(mask(one), len(self.masks)) if one else -1 for one in found], dtype=np.int64
        )

    def first_words(self) -> np.ndarray:
        """The number of each short line's first word, of shape (n_keys,)."""
        seen: dict[str, int] = {}
        firsts = [key.split()[0].strip(".,!?:;-") for key in self.numbers]
        return np.array([seen.setdefault(word, len(seen)) for word in firsts], dtype=np.int64)

    def commonness(self) -> np.ndarray:
        """Log of 1 + how often the commonest and the rarest word of each short line stand in long ones: (n_keys, 2)."""
        found = np.zeros((len(self.numbers), 2))
        for i, key in enumerate("\n".join(self.numbers).translate(NO_STOPS).split("\n")):
            if counts := [self.words[word] for word in key.split()]:
                found[i] = max(counts), min(counts)
        return np.log1p(found)


class Evidence:
    """What the lines of a study say of one another, once each has been decoded.

    Parameters
    ----------
    keys : ndarray of shape (n_lines,)
        The number of each line in the vocabulary, -1 for long ones.
    bounds : ndarray of shape (n_threads + 1,)
        Where each thread's lines begin.
    vocabulary : Vocabulary
    """

    def __init__(self, keys: np.ndarray, bounds: np.ndarray, vocabulary: Vocabulary) -> None:
        self.n_lines, self.short = len(keys), np.flatnonzero(keys >= 0)
        thread = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))[self.short]
        self.key = keys[self.short]
        self.first = vocabulary.first_words()[self.key]
        self.pair, self.first_pair = (
            np.unique(thread * (len(vocabulary.numbers) + 1) + key, return_inverse=True)[1]
            for key in (self.key, self.first)
        )
        n_threads = np.bincount(np.unique(np.stack([self.key, thread]), axis=1)[0])[self.key]
        recurs, talk = np.log(n_threads), np.array(vocabulary.talk, dtype=bool)[self.key]
        common = vocabulary.commonness()[self.key]
        self.fixed = np.column_stack([np.where(talk, 0, recurs), np.where(talk, recurs, 0), common])

    def weigh(self, p_name: np.ndarray, fit: np.ndarray) -> np.ndarray:
        """The evidence on each line, of shape (n_lines, len(FACTS)); 0 on long ones.

        Parameters
        ----------
        p_name : ndarray of shape (n_lines,)
            Probability of each line's being a name, as decoded before.
        fit : ndarray of shape (n_lines,)
            Log odds that the place gives to a name, whatever stands there.
        """
        facts = np.zeros((self.n_lines, len(FACTS)))
        p, own = p_name[self.short], fit[self.short]

        def summed(weight: np.ndarray, by: np.ndarray) -> np.ndarray:
            return np.bincount(by, weights=weight)[by] if len(by) else np.zeros(0)

        for sign, weight in ((1, p), (-1, 1 - p)):
            here = summed(weight, self.pair)
            elsewhere = summed(weight, self.key) - here
            first = summed(weight, self.first) - summed(weight, self.first_pair)
            for column, count in enumerate((elsewhere, here - weight, first)):
                # Rounded: a difference of equal sums is 0 whatever the order of its terms.
                facts[self.short, column] += sign * np.log(np.round(np.maximum(count, 0), 6) + 0.1)
        facts[self.short, 3] = np.clip(np.round(summed(own, self.key) - own, 6), -FIT, FIT)
        facts[self.short, 4:] = self.fixed
        return facts


def fit_of(p_name: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Log odds that the place gives to a name: the line's odds as decoded, less what the line itself says."""
    p = np.clip(p_name, 1e-4, 1 - 1e-4)
    return np.clip(np.log(p / (1 - p)) - own, -FIT, FIT)
