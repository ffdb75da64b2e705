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
from analysis.corpus.line_features import flags, key_of, signs

LISTED_SHAPE = 0.3  # how much the shape of a listed name still tells: what is a signature looks like a name as well
LISTED_NEXT = -2.0  # log odds of a name before a listed line: rather that comment's last line, a signature
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
    keys : ndarray of shape (n_lines,)
        The line's number in the vocabulary; -1 for long ones.
    start : ndarray of shape (n_lines,)
        What is added to the log weight of the comments' beginning at this line; infinite at a first line if certain.
    """

    looks: np.ndarray
    n_flags: np.ndarray
    signs: np.ndarray
    keys: np.ndarray
    start: np.ndarray


def draft(lines: Sequence[str], start: np.ndarray, vocabulary: Vocabulary) -> Draft:
    """Look at a thread's lines, and count them."""
    looks, keys = [flags(line) for line in lines], [key_of(line) for line in lines]
    return Draft(
        np.array([FLAG[flag] for look in looks for flag in look], dtype=np.uint8),
        np.array([len(look) for look in looks], dtype=np.uint8),
        signs(lines, keys),
        vocabulary.count(lines, keys, looks),
        start,
    )


def shape_scores(sums: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """From the sums of lines' flags to log odds (n_lines, 3): name by the line, name by its neighbours, article."""
    before, after = np.roll(sums[:, 1], 1), np.roll(sums[:, 2], -1)
    before[bounds[:-1]] = after[bounds[1:] - 1] = 0
    return np.column_stack([sums[:, 0], before + after, sums[:, 3]])


def decode(
    drafts: Sequence[Draft], vocabulary: Vocabulary, known_authors: Collection[str] = (), weights: Weights = WEIGHTS
) -> tuple[Decoding, np.ndarray, np.ndarray]:
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
    Decoding, ndarray of shape (n_threads + 1,), ndarray of shape (n_lines, 11)
        What the lines of all threads are; where each thread's begin; the evidence on each.
    """
    bounds = np.cumsum([0, *(len(d.keys) for d in drafts)])
    keys, known = np.concatenate([d.keys for d in drafts]), np.concatenate([d.signs for d in drafts])
    start, looks = weights.start + np.concatenate([d.start for d in drafts]), np.concatenate([d.looks for d in drafts])
    n_flags = np.concatenate([d.n_flags for d in drafts]).astype(np.int64)
    table, worth = np.array(list(weights.flags.values())), np.array(list(weights.evidence.values()))
    sums = np.add.reduceat(table[looks], np.cumsum(n_flags) - n_flags, axis=0)
    itself, beside, article = shape_scores(sums, bounds).T
    itself = itself + known @ worth[:3]
    listed = None
    if known_authors:
        names = {key_of(name.strip()) for name in known_authors}
        listed = np.array([*(key in names for key in vocabulary.numbers), False])[keys]
        itself[listed] *= LISTED_SHAPE
        beside[:-1][listed[1:]] += LISTED_NEXT
    evidence, facts, extra = Evidence(keys, bounds, vocabulary), np.zeros((len(keys), len(FACTS))), np.zeros(len(keys))
    ends = None
    for _ in range(ROUNDS if listed is None else LISTED_ROUNDS):
        found = chain(itself + extra + beside, article, start, bounds, ends)
        p = found.p_name
        ends = lengths(found.is_name, bounds) if listed is None else None  # a list settles more than lengths do
        facts = evidence.weigh(p, fit_of(p, itself + extra))
        extra = facts @ worth[3:]
        if listed is not None:
            extra[listed] *= LISTED_SHAPE
            extra += completeness(p, listed)
    found = chain(itself + extra + beside, article, start, bounds, ends)
    return found, bounds, np.hstack([known, facts])


def lengths(is_name: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Log odds that a comment of 1, 2, … paragraphs ends there in this study, above what the weights take for usual."""
    at = np.flatnonzero(is_name)
    if not len(at):
        return np.zeros(MOST)
    end = np.minimum(np.append(at[1:], bounds[-1]), bounds[np.searchsorted(bounds, at, side="right")])
    n = np.bincount(np.minimum(end - at - 1, MOST + 1), minlength=MOST + 2)[1:].astype(float)
    ended = n[:MOST]
    longer = n.sum() - np.cumsum(ended)
    return np.log((ended + WORTH * USUAL) / (longer + WORTH * (1 - USUAL))) - np.log(USUAL / (1 - USUAL))


def completeness(p_name: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Log odds that the list of known names gives each line, by how many names and how many texts are on it."""
    odds = np.zeros(2)
    for sign, weight in ((1, p_name), (-1, 1 - p_name)):
        on, total = weight[listed].sum(), weight.sum()
        odds += sign * np.log((np.array([total - on, on]) + 1) / (total + 2))
    return odds[listed.astype(int)]
