"""Lines of threads -> which of them are names, by what each looks like and by what the whole study knows of it.

What the study knows is learned from its own lines, without labels: decode, count how often each line was a name in the
other threads, decode again. The weights, in decoding.json, were fitted by tests/benchmarks/fit_names.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.corpus.line_times import mask
from analysis.corpus.pages.chain import Decoding, chain
from analysis.corpus.pages.evidence import FACTS, Evidence
from analysis.corpus.pages.furniture import Furniture, beside, find
from analysis.corpus.pages.line_features import LOOK, flags, key_of, signs

LISTED_SHAPE = 0.3  # how much the shape of a listed name still tells: what is a signature looks like a name as well
LISTED_NEXT = -2.0  # log odds of a name before a listed line: rather that comment's last line, a signature
LISTED = 6.0  # log odds of a listed line's being a name, where furniture is looked for
NAMED = 20.0  # of a line of a name and a time
SINGLE = 0.8  # share of the comments of one paragraph, at least, on a site where all are
USUAL, WORTH = 0.4, 10.0  # chance that a comment ends after a paragraph, elsewhere; for how many comments that counts
ROUNDS = 2  # of counting and decoding again; a third changes nothing that was measured
LISTED_ROUNDS = 5  # until it has settled how complete a list of names is
NUMBERED = re.compile(r"\d")
WORDS = 400  # letters of a long line whose words are counted
TALKISH = frozenset(("talk", "talk alone", "sign-off", "ends in talk", "starts list mark", "code", "no letter", "URL"))


@dataclass(frozen=True)
class Weights:
    """What speaks for a name, in log odds."""

    # What each flag adds to the line's being a name, to the next line's, to that of the one before; to its being of the
    # article rather than of a comment.
    flags: Mapping[str, Sequence[float]]
    evidence: Mapping[str, float]  # by unit of `line_features.signs` (mentioned, addressed, signature), and of FACTS
    start: float  # log weight of the comments' beginning at a line, where no copyright sentence says so


WEIGHTS = Weights(**json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")))
FLAG, TABLE = {name: i for i, name in enumerate(WEIGHTS.flags)}, np.array(list(WEIGHTS.flags.values()))
assert tuple(WEIGHTS.evidence)[3:] == FACTS


@dataclass(frozen=True)
class Lines:
    """The lines of all threads as numbers; arrays of n_lines rows, but for the last."""

    sums: np.ndarray  # (n_lines, 4), of the weights of its flags
    signs: np.ndarray  # (n_lines, 3), 0 or 1: mentioned, addressed, signature
    keys: np.ndarray  # which of the study's short lines it is; -1 for long ones
    masks: np.ndarray  # the same, times and numbers taken out
    start: np.ndarray  # added to the log weight of the comments' beginning here; infinite at a first line if certain
    bounds: np.ndarray  # (n_threads + 1,), where each thread's lines begin

    def without(self, gone: np.ndarray) -> Lines:
        """The other lines; where the comments began with one that is gone, they begin with the next."""
        start, kept = self.start.copy(), ~gone
        places = np.flatnonzero(kept)
        for i in np.flatnonzero(gone & (start != 0)):
            at, end = (np.searchsorted(some, i, side="right") for some in (places, self.bounds))
            if at < len(places) and places[at] < self.bounds[end]:
                start[places[at]] = max(start[places[at]], start[i])
        bounds = np.unique(np.append(0, np.cumsum(kept))[self.bounds])
        return Lines(*(one[kept] for one in (self.sums, self.signs, self.keys, self.masks, start)), bounds)  # type: ignore[call-arg]

    def scores(self) -> np.ndarray:
        """Log odds (n_lines, 3): name by the line, name by its neighbours, article."""
        before, after = np.roll(self.sums[:, 1], 1), np.roll(self.sums[:, 2], -1)
        before[self.bounds[:-1]] = after[self.bounds[1:] - 1] = 0
        return np.column_stack([self.sums[:, 0], before + after, self.sums[:, 3]])


class Vocabulary:
    """What is kept of a study's threads between reading and decoding: numbers, short lines, the words of long ones."""

    def __init__(self) -> None:
        self.short: dict[str, int] = {}  # lines by their keys
        self.talk: list[bool] = []  # whether each looks like talk
        self.masks: dict[str, int] = {}
        self.words: Counter[str] = Counter()  # of long lines, as written
        self._threads: list[tuple[np.ndarray, ...]] = []

    def add(self, lines: Sequence[str], start: np.ndarray) -> None:
        """Look at a thread's lines, one or more; `start` as Lines has it."""
        looks, keys = [flags(line) for line in lines], [key_of(line) for line in lines]
        others = {*filter(None, keys)}
        numbers, masks = np.full((2, len(lines)), -1)
        for i, (line, key) in enumerate(zip(lines, keys, strict=True)):
            if key:
                numbers[i] = self.short.setdefault(key, len(self.short))
                self.talk += [not TALKISH.isdisjoint(looks[i])] if len(self.talk) < len(self.short) else []
            else:
                self.words.update(line[:WORDS].split())
            if key or (len(line) <= 2 * LOOK and NUMBERED.search(line)):  # of a long name and a time
                masks[i] = self.masks.setdefault(mask(key or line.casefold(), others), len(self.masks))
        firsts = np.cumsum([0, *map(len, looks[:-1])])
        sums = np.add.reduceat(TABLE[[FLAG[flag] for look in looks for flag in look]], firsts, axis=0)
        self._threads.append((sums, signs(lines, keys), numbers, masks, start))

    def lines(self) -> Lines:
        """The lines of all threads."""
        columns = map(np.concatenate, zip(*self._threads, strict=True))
        return Lines(*columns, np.cumsum([0, *(len(start) for *_, start in self._threads)]))  # type: ignore[call-arg]


@dataclass(frozen=True)
class Decoded:
    """What the lines of a study are."""

    is_name: np.ndarray  # as in Decoding
    confidence: np.ndarray
    facts: np.ndarray  # (n_lines, 11), what there was of evidence
    bounds: np.ndarray  # where each thread's lines begin
    furniture: Furniture


def decode(
    vocabulary: Vocabulary, known_authors: Collection[str] = (), weights: Weights = WEIGHTS, lines: Lines | None = None
) -> Decoded:
    """Decode all threads of a study, each with what the others say.

    To the vocabulary one or more were added, in an order that does not depend on the files' names. Lines that are among
    the known authors are names rather, others less so: by how much is learned from how complete the list turns out to
    be. Other weights go with `lines` of the vocabulary that have the sums of those.
    """
    lines = lines or vocabulary.lines()
    names = {key_of(name.strip()) for name in known_authors}
    listed = np.array([*(key in names for key in vocabulary.short), False])[lines.keys]

    def decoded(gone: np.ndarray, named: np.ndarray) -> tuple[np.ndarray, ...]:
        kept = ~gone
        kinds = np.vstack([beside(gone, lines.masks, lines.bounds), named])[:, kept]
        found = _decoded(lines.without(gone), kinds, listed[kept] if names else None, vocabulary, weights)
        whole = tuple(np.zeros((len(kept), *values.shape[1:]), dtype=values.dtype) for values in found)
        for values, some in zip(whole, found, strict=True):
            values[kept] = some
        return whole

    itself = np.where(listed, LISTED, lines.sums[:, 0])
    known = np.isinf(lines.start[lines.bounds[:-1]])
    p_name = lambda gone, named: decoded(gone, named)[0]  # noqa: E731
    furniture = find(lines.masks, list(vocabulary.masks), lines.bounds, itself, known, p_name)
    _, is_name, confidence, facts = decoded(furniture.lines, furniture.named)
    return Decoded(is_name, confidence, facts, lines.bounds, furniture)


def _decoded(
    lines: Lines, kinds: np.ndarray, listed: np.ndarray | None, vocabulary: Vocabulary, weights: Weights
) -> tuple[np.ndarray, ...]:
    """Decode lines of which none is furniture: p_name, is_name, confidence and the evidence on each.

    `kinds` are of shape (3, n_lines): the furniture before, and after; and whether it is of a name and a time.
    """
    worth, start = np.array(list(weights.evidence.values())), weights.start + lines.start
    itself, near, article = lines.scores().T
    itself = itself + lines.signs @ worth[:3]
    if listed is not None:
        itself[listed] *= LISTED_SHAPE
        near[:-1][listed[1:]] += LISTED_NEXT
    itself = np.where(kinds[2], NAMED, itself)
    thread = np.repeat(np.arange(len(lines.bounds) - 1), np.diff(lines.bounds))
    evidence = Evidence(lines.keys, thread, list(vocabulary.short), vocabulary.talk, vocabulary.words)
    facts, extra = np.zeros((len(thread), len(FACTS))), np.zeros(len(thread))
    ends = 0.0

    def decoded() -> Decoding:
        # What a comment of a name and a paragraph gains, two lines of the article do.
        return chain(itself + extra + near + ends, article + ends / 2, start, lines.bounds)

    for _ in range(ROUNDS + 2 * kinds[:2].any() if listed is None else LISTED_ROUNDS):
        p = decoded().p_name
        ends = _ending(p > 0.5, lines.bounds)
        facts = evidence.weigh(p, itself + extra)
        extra = facts @ worth[3:]
        if listed is not None:
            extra[listed] *= LISTED_SHAPE
            extra += _ratio(p, listed)
        for kind in filter(np.any, kinds):
            extra += _ratio(p, kind)
    found = decoded()
    return found.p_name, found.is_name, found.confidence, np.hstack([lines.signs, facts])


def _ending(is_name: np.ndarray, bounds: np.ndarray) -> float:
    """Log odds, beyond the usual, that a comment ends after a paragraph, where nearly all comments are of one.

    Where a name was missed, a comment is of three: two are the exception that tells such a site from others.
    """
    at = np.flatnonzero(is_name)
    end = np.minimum(np.append(at[1:], bounds[-1]), bounds[np.searchsorted(bounds, at, side="right")])
    n, (single, double) = len(at), ((end - at - 1 == k).sum() for k in (1, 2))
    if single < SINGLE * n or double > (1 - SINGLE) / 4 * n:
        return 0.0
    q = (single + WORTH * USUAL) / (n + WORTH)
    # A name that is missed is a paragraph after which the comment does not end, and so is the one before it.
    return np.log(q / (1 - q) ** 2) - np.log(USUAL / (1 - USUAL) ** 2)


def _ratio(p_name: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Log odds that its kind gives each line: by how many names and how many texts are of that kind."""
    kind = np.unique(kind, return_inverse=True)[1]
    odds = np.zeros(kind.max(initial=0) + 1)
    for sign, weight in ((1, p_name), (-1, 1 - p_name)):
        of = np.bincount(kind, weights=weight, minlength=len(odds))
        odds += sign * np.log((of + 1) / (of.sum() + 2))
    return odds[kind]
