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
    """What the lines of some threads are.

    Attributes
    ----------
    is_name : ndarray of shape (n_lines,)
        Whether the line is a name in the most probable sequence.
    confidence : ndarray of shape (n_lines,)
        Of such a line: probability that its comment begins and ends where this sequence says.
    p_name, p_article : ndarray of shape (n_lines,)
        Probability of each line's being a name, or of the article.
    log_z : ndarray of shape (n_threads,)
        Log of the sum of the weights of all sequences.
    """

    is_name: np.ndarray
    confidence: np.ndarray
    p_name: np.ndarray
    p_article: np.ndarray
    log_z: np.ndarray


def chain(
    name: np.ndarray,
    article: np.ndarray,
    start: np.ndarray,
    bounds: np.ndarray,
    ends: np.ndarray | None = None,
    *,
    best: bool = True,
) -> Decoding:
    """Decode threads.

    Parameters
    ----------
    name, article : ndarray of shape (n_lines,)
        Log odds of each line's being a name, or of the article, against its being text of a comment.
    start : ndarray of shape (n_lines,)
        Log weight of the step from article to name at this line; infinite at a first line that is known to be a name.
    bounds : ndarray of shape (n_threads + 1,)
        Where each thread's lines begin, and where the last one's end; no thread is empty.
    ends : ndarray of shape (n,), optional
        Log odds that a comment of 1, 2, …, n or more lines ends there, to be added to those of a name.
    best : bool
        Whether to look for the most probable sequence too: else there are no names.
    """
    name = np.clip(name, -SURE, SURE)
    odds = name[:, None] + (np.zeros(1) if ends is None else ends)
    gain, after = _backward(odds, bounds, np.logaddexp)
    log_stay = -np.logaddexp(0, gain)
    p_start, log_z = _starts(name, article, start, after, bounds)
    p_name = _forward(p_start, np.exp(gain + log_stay), bounds)
    inside = np.concatenate([np.cumsum(p_start[i:j]) for i, j in pairwise(bounds)])
    is_name, confidence = np.zeros(len(name), dtype=bool), np.zeros(len(name))
    most = odds.shape[1] - 1
    lead, after = _backward(odds, bounds, np.maximum) if best else (gain, after)
    for i, j in pairwise(bounds.tolist()) if best else ():
        logs = _logs(name[i:j], article[i:j], start[i:j], after[i:j])
        at = i + int(np.argmax(logs))
        # A comment is right if its name is one, no line of its text is, and the next name is one.
        while at < j and logs.max() > -np.inf:
            is_name[at], sure, n, end = True, np.log(max(p_name[at], 1e-300)), 0, at + 2
            while end < j and not lead[end, n] > 0:
                sure += log_stay[end, n]
                n, end = min(n + 1, most), end + 1
            if end < j:
                sure += gain[end, n] + log_stay[end, n]
            confidence[at], at = np.exp(min(sure, 0.0)), end
    return Decoding(is_name, confidence, p_name, np.clip(1 - inside, 0, 1), log_z)


def _side_by_side(bounds: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """The threads that have a line at each place, and the place: the longest thread is the first one."""
    sizes = np.diff(bounds)
    order = np.argsort(-sizes, kind="stable")
    n_longer = len(sizes) - np.searchsorted(np.sort(sizes), np.arange(sizes.max()), side="right")
    for place, n in enumerate(n_longer.tolist()):
        yield order[:n], place


def _backward(
    odds: np.ndarray, bounds: np.ndarray, join: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds, by all that follows, that a line is a name if that before it is text; log weight of all after a name.

    The first of shape (n_lines, n): that before it is the comment's first, second, …, n-th or later line. Sequences are
    joined by `logaddexp` for the sum, and by `maximum` for the best of them.
    """
    gain, after = np.zeros_like(odds), np.zeros(len(odds))
    rest = np.zeros((len(bounds) - 1, odds.shape[1]))  # of the line after, if the line is the n-th of a text
    following = np.zeros(len(bounds) - 1)  # the same of the line after next, the first of a text
    for threads, place in _side_by_side(bounds):
        line = bounds[threads + 1] - 1 - place
        longer = np.hstack([rest[threads, 1:], rest[threads, -1:]])
        named = odds[line] + following[threads, None] if place else np.full_like(longer, -np.inf)
        gain[line], after[line] = named - longer, following[threads]
        following[threads] = rest[threads, 0]
        rest[threads] = join(named, longer)
    return gain, after


def _forward(p_start: np.ndarray, p_ends: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Probability of each line's being a name."""
    p_name, p_text = p_start.copy(), np.zeros((len(bounds) - 1, p_ends.shape[1]))
    for threads, place in _side_by_side(bounds):
        if place:
            line = bounds[threads] + place
            opened = p_text[threads] * p_ends[line]
            left = p_text[threads] - opened
            p_text[threads] = np.hstack([p_name[line - 1, None], left[:, :-1]])
            p_text[threads, -1] += left[:, -1]
            p_name[line] += opened.sum(axis=1)
    return p_name


def _logs(name: np.ndarray, article: np.ndarray, start: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Log weight of a thread's comments beginning at each line; the last one stands for a thread without any."""
    before = np.concatenate([[0.0, 0.0], np.cumsum(article[1:])])
    logs = np.append(before[:-1] + start + name + after, before[-1])
    if start[0] == np.inf:
        logs = np.full(len(logs), -np.inf)
        logs[0] = after[0]
    else:
        logs[0] = -np.inf
    logs[len(name) - 1] = -np.inf
    return logs


def _starts(
    name: np.ndarray, article: np.ndarray, start: np.ndarray, after: np.ndarray, bounds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probability that the comments begin at each line, and the log of the sum over all sequences of each thread."""
    p_start, log_z = np.zeros(len(name)), np.full(len(bounds) - 1, -np.inf)
    for k, (i, j) in enumerate(pairwise(bounds)):
        logs = _logs(name[i:j], article[i:j], start[i:j], after[i:j])
        if logs.max() > -np.inf:
            log_z[k] = np.logaddexp.reduce(logs)
            p_start[i:j] = np.exp(logs - log_z[k])[:-1]
    return p_start, log_z
