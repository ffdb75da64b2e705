"""What a page puts around comments (votes, times, "Reply", "Log in"): found by how it recurs, in any language.

Furniture recurs beside most comments, its numbers and times aside, and has a name on one side and a text on the
other. A name recurs as well, and has a text on both. So what stands around it tells, by the shapes that
decoding.json knows.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from analysis.corpus.line_times import PERSON, SEPARATORS, TIMES, within

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["words"]
WORDS = frozenset(re.split(r"[\n|]", _WORDS.strip()))
LETTER = re.compile(r"[^\W\d_]")
FEW = 3  # times that a line recurs at least, if its words are not known; files in which it begins or ends the comments
REGULAR = 0.5  # of the most that any line recurs in the same thread
SIDES = 1.5  # log odds by which lines on one side look more like names than on the other; a third for known words
BESIDE = 0.9  # share of a rarer line's places that are beside what is furniture
COVER = 0.5  # share of the comments that have it; of known words a fifth of that
FAR = 3.0  # log odds beyond which a line is no more of a name, or less
DAYS = 8  # different words beside a time that are weekdays and the like; if more, they are names
MOST = 0.8  # share of the lines of a name and a time that have a word, if it is none of the name
ROUNDS = 6


@dataclass(frozen=True)
class Furniture:
    """What is furniture among the lines of all threads; arrays of bool, of shape (n_lines,)."""

    lines: np.ndarray
    stamps: np.ndarray  # those of them that hold a time
    named: np.ndarray  # lines of a name and a time
    common: frozenset[str]  # words that are in all of these


def find(
    masks: np.ndarray, names: Sequence[str], bounds: np.ndarray, score: np.ndarray, known: np.ndarray,
    decoded: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Furniture:  # fmt: skip
    """Find it.

    `masks` (n_lines,) are numbers of `names`, -1 of long lines; `bounds` (n_threads + 1,) say where each thread's lines
    begin, `score` (n_lines,) the log odds of each line's being a name by its shape, `known` (n_threads,) whether a
    thread's lines are those of its comments alone. `decoded` gives, from what is furniture, and what a name and a time,
    the probability of each line's being a name.
    """
    page = _Page(masks, list(names), bounds, np.clip(score, -FAR, FAR), known)
    named, common = page.names_with_times()
    if named.any() and named.sum() < COVER * decoded(np.zeros_like(named), named).sum():
        named[:] = False
    page.score[named] = FAR
    page.masks[named] = -1
    chosen = page.regular()
    if chosen.any():
        p_name = decoded(page.lines(chosen), named)
        chosen &= page.covers(np.bincount(page.thread, weights=p_name, minlength=len(known)))
    if chosen.any():
        chosen = page.rarer(chosen, decoded(page.lines(chosen), named))
    ends = page.at_the_ends(chosen)
    left = np.bincount(page.thread[~page.lines(chosen | ends)], minlength=len(known))
    if (left < 2).mean() <= 1 - BESIDE:  # else what recurs are the comments
        chosen |= ends
    lines, timed = page.lines(chosen), np.array([*("‹" in name for name in names), False])[masks]
    return Furniture(lines, lines & timed, named, common)


def beside(lines: np.ndarray, masks: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """1 + the mask of the furniture right before each line, and right after; 0 where none is: (2, n_lines)."""
    which = np.where(lines, masks + 1, 0)
    found = np.stack([np.append(0, which[:-1]), np.append(which[1:], 0)])
    found[0, bounds[:-1]] = found[1, bounds[1:] - 1] = 0
    return found


class _Page:
    """The short lines of all threads, and what stands around them. What is chosen is a flag for each mask."""

    def __init__(
        self, masks: np.ndarray, names: list[str], bounds: np.ndarray, score: np.ndarray, known: np.ndarray
    ) -> None:
        self.masks, self.names, self.bounds, self.score, self.known = masks.copy(), names, bounds, score.copy(), known
        self.thread = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        self.known_words = np.array([name in WORDS for name in names], dtype=bool)
        self.certain = self.known_words | np.array([name in TIMES for name in names], dtype=bool)
        numbers = [name in TIMES or ("0" in name and not LETTER.search(name)) for name in names]  # without words
        self.special = self.known_words | np.array(numbers, dtype=bool)

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each mask in each thread: the thread, the mask, and how often it is there."""
        at = np.flatnonzero(self.masks >= 0)
        (thread, mask), n = np.unique(np.stack([self.thread[at], self.masks[at]]), axis=1, return_counts=True)
        return thread, mask, n

    def by_mask(self, weights: np.ndarray | None = None) -> np.ndarray:
        """In how many threads each mask is, or the sum of the weights of its pairs."""
        return np.bincount(self.pairs[1], weights=weights, minlength=len(self.names))

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each mask is there."""
        return self.by_mask(self.pairs[2])

    def lines(self, chosen: np.ndarray) -> np.ndarray:
        """Which lines are of the masks that are chosen."""
        return np.append(chosen, False)[self.masks]

    # ------------------------------------------------------------------------------------------------ times

    def names_with_times(self) -> tuple[np.ndarray, frozenset[str]]:
        """Lines of a name and a time, if the words beside times are many different ones; and what is in all of them."""
        best, common = np.zeros(len(self.masks), dtype=bool), frozenset[str]()
        n_of = np.bincount(self.masks[self.masks >= 0], minlength=len(self.names))
        for kind in TIMES:
            words = {k: name.replace(kind, " ", 1).split() for k, name in enumerate(self.names) if kind in name}
            words = {k: one for k, one in words.items() if n_of[k] and "".join(one).strip(SEPARATORS)}
            in_lines = Counter(word for k, one in words.items() for word in {*one} for _ in range(n_of[k]))
            total = sum(n_of[k] for k in words)
            all_have = frozenset(word for word, n in in_lines.items() if n >= MOST * total)
            left = {k: within(one, all_have) for k, one in words.items() if all_have <= {*one}}
            left = {k: one for k, one in left.items() if 0 < len(one) <= 8}
            names = Counter(" ".join(one) for k, one in left.items() for _ in range(n_of[k]))
            lines = np.isin(self.masks, list(left))
            few = sum(n for _, n in names.most_common(DAYS)) >= BESIDE * total
            if few:  # a name has a text on both sides
                around = np.nan_to_num(self._around(lines | self.lines(self.certain), self.score))
                few = len(names) < 2 or (around[:, lines].mean(axis=1) > 0).any()
            if not few and names.total() >= max(FEW, best.sum() + 1):
                best, common = lines, all_have
        return best, common

    # ----------------------------------------------------------------------------------------- what recurs

    def regular(self) -> np.ndarray:
        """The masks that recur beside most comments."""
        able = self.counts >= np.where(self.special, 2, FEW)
        thread, _, n = self.pairs
        most = np.zeros(len(self.known), dtype=np.int64)
        np.maximum.at(most, thread, n * able[self.pairs[1]])
        able &= self.by_mask(n * (n >= REGULAR * most[thread])) >= COVER * self.counts
        chosen = _settled(able, lambda chosen: able & self._one_sided(self.lines(chosen)))
        # Before anything is decoded, which takes time: what is on a page's every comment is on many pages.
        with_comments = (self.known & (np.diff(self.bounds) > 1)).sum()
        spread = self.certain | (self.by_mask() >= COVER / 2 * with_comments)
        return able & chosen & spread & self._one_sided(self.lines(chosen))

    def _around(self, lines: np.ndarray, scores: np.ndarray, text: float = -FAR) -> tuple[np.ndarray, np.ndarray]:
        """The scores of the nearest other lines before and after each; nan where there are none."""
        places = np.arange(len(lines))
        last = np.maximum.accumulate(np.where(lines, -1, places))
        following = np.minimum.accumulate(np.where(lines, len(lines), places)[::-1])[::-1]
        last, following = np.append(-1, last[:-1]), np.append(following[1:], len(lines))
        score = np.append(scores, 0.0)
        head, tail = self.bounds[:-1][self.thread], self.bounds[1:][self.thread]
        ahead = np.where(last >= head, score[last], np.where(self.known[self.thread], text, np.nan))
        return ahead, np.where(following < tail, score[np.minimum(following, len(lines))], np.nan)

    def _sides(self, lines: np.ndarray, p_name: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """How much the lines around those of each mask look like names; nan where there are none."""
        around = self._around(lines, self.score) if p_name is None else self._around(lines, p_name, 0.0)
        return self._mean(around[0]), self._mean(around[1])

    def _mean(self, values: np.ndarray) -> np.ndarray:
        there = (self.masks >= 0) & ~np.isnan(values)
        total = np.bincount(self.masks[there], weights=values[there], minlength=len(self.names))
        n = np.bincount(self.masks[there], minlength=len(self.names))
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)

    def _one_sided(self, lines: np.ndarray) -> np.ndarray:
        """Masks on one side of which are names rather than on the other."""
        before, after = self._sides(lines)
        return np.nan_to_num(np.abs(after - before)) >= np.where(self.certain, SIDES / 3, SIDES)

    def covers(self, n_comments: np.ndarray) -> np.ndarray:
        """Masks that most comments have, in the threads in which they are."""
        spread = self.special | (self.by_mask() >= max(1, COVER / 2 * (n_comments >= 1).sum()))
        of = self.by_mask(n_comments[self.pairs[0]])
        return spread & (self.counts >= np.where(self.special, COVER / 5, COVER) * of)

    def rarer(self, chosen: np.ndarray, p_name: np.ndarray) -> np.ndarray:
        """What is chosen, and what stands with it between names and texts now and then."""
        told = [len(name.split()) <= 4 and any(sign in name for sign in ("0", "‹", PERSON)) for name in self.names]
        number = np.array(told, dtype=bool)
        able = self.known_words & (self.counts > 0)
        able |= (self.counts >= FEW) & (np.nan_to_num(self._mean(p_name)) < 1 - MOST)

        def more(chosen: np.ndarray) -> np.ndarray:
            lines = self.lines(chosen)
            near = beside(lines, self.masks, self.bounds) > 0
            under, above = (np.nan_to_num(self._mean(some * 1.0)) >= BESIDE for some in near)
            ahead, behind = self._sides(lines, p_name)
            # The side of the text is its own last or first line's, and so only for what is none: numbers, known words.
            last = (behind >= MOST) & (ahead <= 1 - MOST) & (under | (number & above))
            first = (ahead >= MOST) & (behind <= 1 - MOST) & (above | (number & under))
            return chosen | (able & (last | first | (self.known_words & (under | above))))

        return _settled(chosen, more)

    # ------------------------------------------------------------------------------------ the page's two ends

    def at_the_ends(self, chosen: np.ndarray) -> np.ndarray:
        """Masks that stand before or after the comments of most threads, or of any if their words are known."""
        n_threads = self.by_mask()
        once = (n_threads >= BESIDE * self.counts) & (n_threads >= max(FEW, COVER * len(self.known)))

        def more(found: np.ndarray) -> np.ndarray:
            lines = self.lines(chosen | found)
            ahead, behind = self._sides(lines)
            left = np.flatnonzero(~lines)  # of each thread's, the first where it is known, and the last
            first = left[np.unique(self.thread[left], return_index=True)[1]]
            last = left[::-1][np.unique(self.thread[left[::-1]], return_index=True)[1]]
            first, last = self.masks[first[self.known[self.thread[first]]]], self.masks[last]
            ends = np.bincount(last[last >= 0], minlength=len(self.names))
            tail = (ends >= BESIDE * self.counts) & ~(ahead >= SIDES)  # what is below a name is a comment
            new = once & ((behind - ahead >= SIDES) | tail)
            new[[k for k in (*first, *last) if k >= 0 and self.known_words[k]]] = True
            return found | (new & ~chosen)

        return _settled(np.zeros_like(chosen), more)


def _settled(chosen: np.ndarray, step: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What is chosen once a step changes it no more."""
    for _ in range(ROUNDS):
        before, chosen = chosen, step(chosen)
        if (chosen == before).all():
            break
    return chosen
