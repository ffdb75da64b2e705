"""The sequences that a thread's lines may be: their sum, the best of them, and how sure it is.

A thread is an article, then name, text lines, name, text lines, …, with nothing to mark a name. So a sequence goes
article→article, article→name, name→text, text→text and text→name only: no two names touch, and every name has a text.
It is a linear-chain conditional random field (Lafferty, McCallum & Pereira 2001). Threads are gone through side by
side, line by line: what is computed of one does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SURE = 30.0  # log odds beyond which more makes no difference


@dataclass(frozen=True)
class Decoding:
    """What the lines of some threads are; arrays of shape (n_lines,), and of (n_threads,) the last."""

    is_name: np.ndarray  # bool: in the most probable sequence
    confidence: np.ndarray  # of a name: probability that its comment begins and ends where this sequence says
    p_name: np.ndarray
    p_article: np.ndarray
    log_z: np.ndarray  # log of the sum of the weights of all sequences


def chain(
    name: np.ndarray, article: np.ndarray, start: np.ndarray, bounds: np.ndarray, ends: np.ndarray | None = None,
    *, best: bool = True,
) -> Decoding:  # fmt: skip
    """Decode threads, of which none is empty: each begins at one of `bounds` (n_threads + 1,).

    `name` and `article` (n_lines,) are log odds of a line's being one, against text of a comment; `start` (n_lines,) is
    added to the log weight of the comments' beginning at a line, infinite at a first line that is known to be a name;
    `ends` (n,), if there are any, to the log odds of a name after a text of 1, 2, …, n or more lines. Without `best`
    the most probable sequence is not looked for, and there are no names.
    """
    odds = np.clip(name, -SURE, SURE)[:, None] + (np.zeros(1) if ends is None else ends)
    opens, none = _openings(np.clip(name, -SURE, SURE), article, start, bounds)
    first, thread = bounds[:-1], np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    after, _ = _after(odds, bounds, np.logaddexp)
    log_z = np.logaddexp(np.logaddexp.reduceat(opens + after, first), none)
    some = np.maximum(log_z, -1e300)[thread]  # a name alone is no thread
    upto = _upto(opens, odds, bounds)
    begun = np.exp(opens + after - some)
    p_article = np.concatenate([1 - np.cumsum(begun[i:j]) for i, j in pairwise(bounds)])
    is_name, confidence = np.zeros(len(name), dtype=bool), np.zeros(len(name))
    lead, is_next = _after(odds, bounds, np.maximum) if best else (after, odds)
    for k, (i, j) in enumerate(pairwise(bounds.tolist()) if best else ()):
        at = i + int(np.argmax(opens[i:j] + lead[i:j]))
        if not opens[at] + lead[at] >= max(none[k], -1e300):
            continue
        while at < j:
            n, end = 0, at + 2
            while end < j and not is_next[end, n] > 0:
                n, end = min(n + 1, odds.shape[1] - 1), end + 1
            # A comment is right if its name is one, no line of its text is, and the next name is one.
            whole = upto[at] + (odds[end, n] + after[end] if end < j else 0) - log_z[k]
            is_name[at], confidence[at], at = True, np.exp(min(whole, 0.0)), end
    return Decoding(is_name, confidence, np.exp(upto + after - some), np.clip(p_article, 0, 1), log_z)


def _openings(
    name: np.ndarray, article: np.ndarray, start: np.ndarray, bounds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log weight of the article up to each line and of the comments' beginning there; of each thread's having none."""
    first, certain = bounds[:-1], np.isinf(start[bounds[:-1]])
    sums = np.concatenate([np.cumsum(article[i:j]) - article[i] for i, j in pairwise(bounds)])
    opens = np.append(0.0, sums[:-1]) + start + name
    opens[np.repeat(certain, np.diff(bounds))] = -np.inf
    opens[first] = np.where(certain, 0.0, -np.inf)
    return opens, np.where(certain, -np.inf, sums[bounds[1:] - 1])


def _side_by_side(bounds: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """The threads that have a line at each place, and the place: the longest thread is the first one."""
    sizes = np.diff(bounds)
    order = np.argsort(-sizes, kind="stable")
    n_longer = len(sizes) - np.searchsorted(np.sort(sizes), np.arange(sizes.max()), side="right")
    for place, n in enumerate(n_longer.tolist()):
        yield order[:n], place


def _after(
    odds: np.ndarray, bounds: np.ndarray, join: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Log weight of all after a name at each line; log odds that it is a name if the line before is the n-th of a text.

    Sequences are joined by `logaddexp` for the sum, and by `maximum` for the best of them.
    """
    gain, after = np.zeros_like(odds), np.zeros(len(odds))
    rest = np.zeros((len(bounds) - 1, odds.shape[1]))  # of the line after, if the line is the n-th of a text
    following = np.zeros(len(bounds) - 1)  # the same of the line after next, the first of a text
    for threads, place in _side_by_side(bounds):
        line = bounds[threads + 1] - 1 - place
        longer = np.hstack([rest[threads, 1:], rest[threads, -1:]])
        named = odds[line] + following[threads, None] if place else np.full_like(longer, -np.inf)
        gain[line], after[line] = named - longer, following[threads] if place else -np.inf  # every name has a text
        following[threads] = rest[threads, 0]
        rest[threads] = join(named, longer)
    return after, gain


def _upto(opens: np.ndarray, odds: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Log weight of all up to a name at each line."""
    upto, text = opens.copy(), np.full((len(bounds) - 1, odds.shape[1]), -np.inf)  # that the line before is the n-th
    for threads, place in _side_by_side(bounds):
        line = bounds[threads] + place
        if place:
            upto[line] = np.logaddexp(upto[line], np.logaddexp.reduce(text[threads] + odds[line], axis=1))
            longest = np.logaddexp(text[threads, -1], text[threads, -2] if odds.shape[1] > 1 else upto[line - 1])
            text[threads] = np.hstack([upto[line - 1, None], text[threads, :-1]])
            text[threads, -1] = longest
    return upto
