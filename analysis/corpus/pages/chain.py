"""The sequences that a thread's lines may be: their sum, the best of them, and how sure it is.

A thread is an article, then name, text lines, name, text lines, …, with nothing to mark a name. So a sequence goes
article→article, article→name, name→text, text→text and text→name only: no two names touch, and every name has a text.
It is a linear-chain conditional random field (Lafferty, McCallum & Pereira 2001). Threads are gone through side by
side, line by line: what is computed of one does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
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


def chain(name: np.ndarray, article: np.ndarray, start: np.ndarray, bounds: np.ndarray) -> Decoding:
    """Decode threads, of which none is empty: each begins at one of `bounds` (n_threads + 1,).

    `name` and `article` (n_lines,) are log odds of a line's being one, against text of a comment; `start` (n_lines,) is
    added to the log weight of the comments' beginning at a line, infinite at a first line that is known to be a name.
    """
    name = np.clip(name, -SURE, SURE)
    opens, none = _openings(name, article, start, bounds)
    first, thread = bounds[:-1], np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    after = _after(name, bounds, np.logaddexp)
    log_z = np.logaddexp(np.logaddexp.reduceat(opens + after, first), none)
    some = np.maximum(log_z, -1e300)[thread]  # a name alone is no thread
    upto = _upto(opens, name, bounds)
    begun = np.exp(opens + after - some)
    p_article = np.concatenate([1 - np.cumsum(begun[i:j]) for i, j in pairwise(bounds)])
    is_name, confidence = np.zeros(len(name), dtype=bool), np.zeros(len(name))
    lead = _after(name, bounds, np.maximum)
    is_next = name + lead > np.append(0.0, lead[:-1])  # rather than text, where a text stands before it
    for k, (i, j) in enumerate(pairwise(bounds.tolist())):
        at = i + int(np.argmax(opens[i:j] + lead[i:j]))
        if not opens[at] + lead[at] >= max(none[k], -1e300):
            continue
        while at < j:
            end = at + 2
            while end < j and not is_next[end]:
                end += 1
            # A comment is right if its name is one, no line of its text is, and the next name is one.
            whole = upto[at] + (name[end] + after[end] if end < j else 0) - log_z[k]
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


def _after(name: np.ndarray, bounds: np.ndarray, join: np.ufunc) -> np.ndarray:
    """Log weight of all after a name at each line: joined by `logaddexp` of the sum, by `maximum` of the best."""
    after = np.zeros(len(name))
    text, further = np.full((2, len(bounds) - 1), -np.inf)  # from the next line, a text; from the one after
    for threads, place in _side_by_side(bounds):
        line = bounds[threads + 1] - 1 - place
        after[line] = text[threads]  # every name has a text
        here = join(name[line + 1] + further[threads], text[threads]) if place else np.zeros(len(threads))
        text[threads], further[threads] = here, text[threads]
    return after


def _upto(opens: np.ndarray, name: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Log weight of all up to a name at each line."""
    upto, text = opens.copy(), np.full(len(bounds) - 1, -np.inf)  # of all up to the line before, a text
    for threads, place in _side_by_side(bounds):
        line = bounds[threads] + place
        if place:
            upto[line] = np.logaddexp(upto[line], text[threads] + name[line])
            text[threads] = np.logaddexp(text[threads], upto[line - 1])
    return upto
