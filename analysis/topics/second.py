"""Which comments have two topics: the halves of such a comment are about different ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analysis.run.texts import take
from analysis.run.vectors import Vectors, blocks, unit_length
from analysis.topics.context import directions

LEAST_WORDS = 12  # of a comment that has two
# By how much, in cosine, each half must be nearer to its own topic than to the other's. Of two comments of different
# topics joined, both are found in 29 % (the sample) and 43 % (titles of ten fields); of single ones 2 and 3 % have two.
MARGIN = 0.3


def second_topics(
    texts: Sequence[str],
    topic: np.ndarray,
    centroids: np.ndarray,
    n_words: np.ndarray,
    encode: Callable[[Sequence[str]], Vectors],
    mean: np.ndarray,
) -> np.ndarray:
    """The other topic of each of n_texts comments that have two, int64; -1 of those that have not.

    A comment of a dozen words is cut in two between words. Its halves, by the `encode` and the `mean` of its vector,
    must be nearest to two topics, one of them its own, and each much nearer to its own than to the other's.
    """
    second = np.full(len(topic), -1, dtype=np.int64)
    able, place = np.flatnonzero((topic >= 0) & (n_words >= LEAST_WORDS)), unit_length(centroids)
    for some in blocks(len(able)) if len(place) > 1 else ():
        rows, r = able[some], np.arange(some.stop - some.start)
        halves = list(zip(*map(_halves, take(texts, rows)), strict=True))
        near = [directions(encode(list(half))[:], mean) @ place.T for half in halves]
        a, b = (of.argmax(axis=1) for of in near)
        clear = np.minimum(near[0][r, a] - near[0][r, b], near[1][r, b] - near[1][r, a]) >= MARGIN
        second[rows] = np.where(clear & (a == topic[rows]), b, np.where(clear & (b == topic[rows]), a, -1))
    return second


def _halves(text: str) -> tuple[str, str]:
    """A text cut at the first space after its middle, or there."""
    at = text.find(" ", len(text) // 2)
    at = len(text) // 2 if at < 0 else at
    return text[:at], text[at:]
