"""Lines of threads -> which of them are names, by what each looks like and by what the whole study knows of it.

What the study knows is learned from its own lines, without labels: decode, count how often each line was a name in the
other threads, decode again. The weights, in decoding.json, were fitted by tests/benchmarks/fit_names.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.corpus.chain import Decoding, chain
from analysis.corpus.evidence import FACTS, Evidence, Vocabulary, fit_of
from analysis.corpus.furniture import Furniture, beside, find
from analysis.corpus.line_features import flags, key_of, signs

LISTED_SHAPE = 0.3  # how much the shape of a listed name still tells: what is a signature looks like a name as well
LISTED_NEXT = -2.0  # log odds of a name before a listed line: rather that comment's last line, a signature
LISTED = 6.0  # log odds of a listed line's being a name, where furniture is looked for
NAMED = 20.0  # of a line of a name and a time
SINGLE = 0.8  # share of the comments of one paragraph, at least, on a site where all are
MOST = 4  # paragraphs of a comment that are counted one by one
USUAL, WORTH = 0.4, 10.0  # chance that a comment ends after a paragraph, elsewhere; for how many comments that counts
ROUNDS = 2  # of counting and decoding again; a third changes nothing that was measured
LISTED_ROUNDS = 5  # until it has settled how complete a list of names is


@dataclass(frozen=True)
class Weights:
    """What speaks for a name, in log odds.

    Attributes
    ----------
    flags : dict of str to list of float
        What each flag adds: to the line's being a name, to the next line's, to that of the one before; and to its being
        of the article rather than of a comment.
    evidence : dict of str to float
        What a unit adds: mentioned, addressed and signature (`line_features.signs`), then `evidence.FACTS`.
    start : float
        Log weight of the comments' beginning at a line, where no copyright sentence says so.
    """

    flags: Mapping[str, Sequence[float]]
    evidence: Mapping[str, float]
    start: float


WEIGHTS = Weights(**json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")))
FLAG = {name: i for i, name in enumerate(WEIGHTS.flags)}
assert tuple(WEIGHTS.evidence)[3:] == FACTS


@dataclass(frozen=True)
class Draft:
    """What is kept of a thread's lines between reading and decoding: numbers, not texts.

    Attributes
    ----------
    looks : ndarray of uint8
        The flags of all lines, one line after another; `n_flags` of each.
    signs : ndarray of shape (n_lines, 3)
        0 or 1: mentioned, addressed, signature.
    keys, masks : ndarray of shape (n_lines,)
        The line's number in the vocabulary, and that of its mask; -1 for long ones.
    start : ndarray of shape (n_lines,)
        What is added to the log weight of the comments' beginning at this line; infinite at a first line if certain.
    """

    looks: np.ndarray
    n_flags: np.ndarray
    signs: np.ndarray
    keys: np.ndarray
    masks: np.ndarray
    start: np.ndarray


def draft(lines: Sequence[str], start: np.ndarray, vocabulary: Vocabulary) -> Draft:
    """Look at a thread's lines, and count them."""
    looks, keys = [flags(line) for line in lines], [key_of(line) for line in lines]
    numbers = vocabulary.count(lines, keys, looks)
    return Draft(
        np.array([FLAG[flag] for look in looks for flag in look], dtype=np.uint8),
        np.array([len(look) for look in looks], dtype=np.uint8),
        signs(lines, keys),
        numbers,
        vocabulary.mask(lines, keys),
        start,
    )


@dataclass(frozen=True)
class Lines:
    """The lines of all threads, as Draft has them; `sums` of the weights of each one's flags; `bounds` of threads."""

    sums: np.ndarray
    signs: np.ndarray
    keys: np.ndarray
    masks: np.ndarray
    start: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, drafts: Sequence[Draft], weights: Weights) -> Lines:
        """Put drafts together."""
        n_flags = np.concatenate([d.n_flags for d in drafts]).astype(np.int64)
        table = np.array(list(weights.flags.values()))[np.concatenate([d.looks for d in drafts])]
        sums = np.add.reduceat(table, np.cumsum(n_flags) - n_flags, axis=0)
        columns = (np.concatenate([getattr(d, name) for d in drafts]) for name in ("signs", "keys", "masks", "start"))
        return cls(sums, *columns, np.cumsum([0, *(len(d.keys) for d in drafts)]))

    def without(self, gone: np.ndarray) -> Lines:
        """The other lines; where the comments began with one that is gone, they begin with the next."""
        if not gone.any():
            return self
        start, kept = self.start.copy(), ~gone
        places = np.flatnonzero(kept)
        for i in np.flatnonzero(gone & (start != 0)):
            at, end = (np.searchsorted(some, i, side="right") for some in (places, self.bounds))
            if at < len(places) and places[at] < self.bounds[end]:
                start[places[at]] = max(start[places[at]], start[i])
        bounds = np.unique(np.append(0, np.cumsum(kept))[self.bounds])
        columns = (one[kept] for one in (self.sums, self.signs, self.keys, self.masks, start))
        return Lines(*columns, bounds)

    def scores(self) -> np.ndarray:
        """Log odds (n_lines, 3): name by the line, name by its neighbours, article."""
        return shape_scores(self.sums, self.bounds)


def shape_scores(sums: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """From the sums of lines' flags to log odds (n_lines, 3): name by the line, name by its neighbours, article."""
    before, after = np.roll(sums[:, 1], 1), np.roll(sums[:, 2], -1)
    before[bounds[:-1]] = after[bounds[1:] - 1] = 0
    return np.column_stack([sums[:, 0], before + after, sums[:, 3]])


def decode(
    drafts: Sequence[Draft], vocabulary: Vocabulary, known_authors: Collection[str] = (), weights: Weights = WEIGHTS
) -> tuple[Decoding, np.ndarray, np.ndarray, Furniture]:
    """Decode all threads of a study, each with what the others say.

    Parameters
    ----------
    drafts : sequence of Draft
        One or more, in an order that does not depend on the files' names.
    vocabulary : Vocabulary
        As `draft` filled it.
    known_authors : collection of str
        Names known to be authors'. Lines that are listed are names rather, others less so: by how much is learned
        from how complete the list turns out to be.
    weights : Weights

    Returns
    -------
    Decoding, ndarray of shape (n_threads + 1,), ndarray of shape (n_lines, 11), Furniture
        What the lines of all threads are; where each thread's begin; the evidence on each; what is none of their text.
    """
    lines = Lines.of(drafts, weights)
    names = {key_of(name.strip()) for name in known_authors}
    listed = np.array([*(key in names for key in vocabulary.numbers), False])[lines.keys] if names else None

    def decoded(gone: np.ndarray, named: np.ndarray, best: bool = False) -> tuple[Decoding, np.ndarray]:
        kept = ~gone
        place, some = beside(gone, lines.masks, lines.bounds)[:, kept], None if listed is None else listed[kept]
        found, facts = _decoded(lines.without(gone), place, named[kept], vocabulary, some, weights, best)
        whole = {
            name: np.zeros(len(kept), dtype=values.dtype) for name, values in vars(found).items() if name != "log_z"
        }
        for name, values in whole.items():
            values[kept] = getattr(found, name)
        all_facts = np.zeros((len(kept), facts.shape[1]))
        all_facts[kept] = facts
        return Decoding(**whole, log_z=found.log_z), all_facts

    itself = lines.sums[:, 0] if listed is None else np.where(listed, LISTED, lines.sums[:, 0])
    known = np.isinf(lines.start[lines.bounds[:-1]])
    furniture = find(
        lines.masks, list(vocabulary.masks), lines.bounds, itself, known, lambda *some: decoded(*some)[0].p_name
    )
    found, facts = decoded(furniture.lines, furniture.named, best=True)
    return found, lines.bounds, facts, furniture


def _decoded(
    lines: Lines,
    place: np.ndarray,
    named: np.ndarray,
    vocabulary: Vocabulary,
    listed: np.ndarray | None,
    weights: Weights,
    best: bool,
) -> tuple[Decoding, np.ndarray]:
    """Decode lines of which none is furniture; and the evidence on each."""
    worth, start = np.array(list(weights.evidence.values())), weights.start + lines.start
    itself, near, article = lines.scores().T
    itself = itself + lines.signs @ worth[:3]
    if listed is not None:
        itself[listed] *= LISTED_SHAPE
        near[:-1][listed[1:]] += LISTED_NEXT
    itself = np.where(named, NAMED, itself)
    evidence, extra = Evidence(lines.keys, lines.bounds, vocabulary), np.zeros(len(lines.keys))
    facts = np.zeros((len(lines.keys), len(FACTS)))
    ends, fair = None, 0.0
    for _ in range(ROUNDS + 2 * place.any() if listed is None else LISTED_ROUNDS):
        p = chain(itself + extra + near, article + fair, start, lines.bounds, ends, best=False).p_name
        ends = lengths(p > 0.5, lines.bounds)
        fair = 0.0 if ends is None else ends[0] / 2  # what two lines of a comment gain, two of the article do
        facts = evidence.weigh(p, fit_of(p, itself + extra))
        extra = facts @ worth[3:]
        if listed is not None:
            extra[listed] *= LISTED_SHAPE
            extra += ratio(p, listed)
        for kind in (*place, named):
            if kind.any():
                extra += ratio(p, kind)
    scores = itself + extra + near
    return chain(scores, article + fair, start, lines.bounds, ends, best=best), np.hstack([lines.signs, facts])


def lengths(is_name: np.ndarray, bounds: np.ndarray) -> np.ndarray | None:
    """Log odds that a comment of 1, 2, … paragraphs ends there, where nearly all comments are of one paragraph.

    Where a name was missed, a comment is of three: two are the exception that tells such a site from others.
    """
    at = np.flatnonzero(is_name)
    end = np.minimum(np.append(at[1:], bounds[-1]), bounds[np.searchsorted(bounds, at, side="right")])
    n = np.bincount(np.minimum(end - at - 1, MOST + 1), minlength=MOST + 2)[1:].astype(float)
    if n[0] < SINGLE * n.sum() or n[1] > (1 - SINGLE) / 4 * n.sum():
        return None
    ended = n[:MOST]
    longer = n.sum() - np.cumsum(ended)
    return np.log((ended + WORTH * USUAL) / (longer + WORTH * (1 - USUAL))) - np.log(USUAL / (1 - USUAL))


def ratio(p_name: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Log odds that its kind gives each line: by how many names and how many texts are of that kind."""
    kind = np.unique(kind, return_inverse=True)[1]
    odds = np.zeros(kind.max(initial=0) + 1)
    for sign, weight in ((1, p_name), (-1, 1 - p_name)):
        of = np.bincount(kind, weights=weight, minlength=len(odds))
        odds += sign * np.log((of + 1) / (of.sum() + 2))
    return odds[kind]
