"""A comment's vector -> the same with a share of its thread: a short comment says little by itself.

What that share is worth is learned from the corpus, by empirical Bayes. Let the direction of a comment of l words be
what it is about, s, and noise from which words happen to be in it; of what it is about, a part is its thread's:
s = t + e. Two figures tell all. The noise is k / l of the variance of s, where the halves of a comment, every second
word, agree as far as l/2 words do; ρ is the share of t in the variance of s, by which comments of one thread are
alike. The best linear predictor of s then is the comment's own direction and the predictor of t from the other
comments of the thread, each weighted by what it is worth: less of the thread for a long comment and a small thread,
and nothing where threads do not cohere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.texts import Column, take
from analysis.run.vectors import BLOCK, Vectors, blocks, whole_threads
from analysis.topics.clusters import sums

# Of the thread against the comment's own words, at the most. By themselves real threads would ask for more (on the
# sample .8 in the median), but then topics become those of threads: AMI with its themes is .870, and .887 with this.
MOST = 0.5
HALVED = 2_000  # comments of which halves are encoded
COHERENT = 25_000  # comments, in whole threads, by which it is known how far threads cohere
LEAST_WORDS = 4  # of a comment that has halves
_PIECE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]{1,2}|[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True)
class Worth:
    """What a comment's own words and its thread are worth."""

    noise: float  # k: of a comment with so many words, half of the variance is noise
    shared: float  # ρ in [0, 1): the share of a thread in the variance of what its comments are about

    def lent(self, n_words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How much of each comment's direction goes to its thread, and how sure it is of what the thread is about."""
        sure = 1 / (1 - self.shared + self.noise / n_words)
        return sure * np.sqrt(1 + self.noise / n_words), sure

    def share(self, n_words: np.ndarray, others: np.ndarray, sure: np.ndarray) -> np.ndarray:
        """The weight of the thread's direction against 1 of each comment's own.

        `others` is the length of the sum of what the others of the thread lend, `sure` the sum of how sure they are.
        """
        if not self.shared:
            return np.zeros(len(n_words))
        left = 1 / (1 / self.shared + sure)  # variance of t given the others
        own = (left + 1 - self.shared) / (left + 1 - self.shared + self.noise / n_words)
        return np.minimum((1 - own) * others * left / (own * np.sqrt(1 + self.noise / n_words)), MOST)


def learned(
    texts: Sequence[str],
    vectors: Vectors,
    threads: Column,
    n_words: np.ndarray,
    encode: Callable[[Sequence[str]], Vectors],
) -> Worth:
    """Learn what own words and threads are worth, from vectors of comments and of their halves.

    Of what is learned, nothing depends on the order of the threads; where no comment has halves, nothing is shared.
    """
    mean = middle(vectors)
    rows = np.flatnonzero(n_words >= LEAST_WORDS)
    rows = np.sort(np.random.default_rng(0).permutation(rows)[:HALVED])
    if not len(rows):
        return Worth(0.0, 0.0)
    pieces = [_PIECE.findall(text) for text in take(texts, rows)]
    first, second = (directions(encode([" ".join(of[i::2]) for of in pieces])[:], mean) for i in (0, 1))
    noise = _noise(first, second, n_words[rows] / 2)
    thread = pd.factorize(pd.Series(threads, dtype="str"), sort=True)[0]
    order = np.random.default_rng(0).permutation(int(thread.max(initial=-1)) + 1)  # of threads
    place = np.argsort(order)[thread]
    alike = possible = 0.0
    n = 0
    for rows in whole_threads(place) if noise else ():
        of = thread[rows]
        here = np.unique(of, return_inverse=True)[1]
        own = directions(vectors[rows], mean).astype(np.float64)
        clear = own.any(axis=1) / np.sqrt(1 + noise / np.maximum(n_words[rows], 1))  # length of what is no noise
        alike += (sums(own, here, int(here.max()) + 1) ** 2).sum() - (own**2).sum()
        possible += (np.bincount(here, clear) ** 2).sum() - (clear**2).sum()
        n += len(rows)
        if n >= COHERENT:
            break
    return Worth(noise, float(np.clip(alike / possible, 0, 0.999)) if possible > 0 else 0.0)


def _noise(first: np.ndarray, second: np.ndarray, n_words: np.ndarray) -> float:
    """The number of words k for which halves of l words agree as l / (l + k) says; 0 where there are none."""
    from scipy.optimize import brentq

    agree = np.einsum("ij,ij->i", first, second, dtype=np.float64)
    full = first.any(axis=1) & second.any(axis=1)

    def over(log: float) -> float:
        return float((agree - n_words / (n_words + np.exp(log)))[full].sum())

    low, high = np.log(1e-3), np.log(1e6)
    if not full.any() or over(low) >= 0:
        return 0.0  # they say the same: own words are enough
    return float(np.exp(high if over(high) <= 0 else brentq(over, low, high)))


def in_context(
    vectors: Vectors, threads: Column, worth: Worth | float, n_words: np.ndarray | None = None, run: Run = Run()
) -> Vectors:
    """Add to each comment's direction that of the other comments of its thread: by what both are worth, or a share.

    A row of zeros (an empty text) stays one, and lends nothing. What comes back, (n_texts, n_dims) and float32, is
    centred on the mean of all texts, with rows of length 1, or 0. `n_words` of each text is asked where worth is
    learned.
    """
    thread, names = pd.factorize(pd.Series(threads, dtype="str"))
    mean, some = _mean(vectors)
    alone = np.bincount(thread, weights=some, minlength=len(names)) < 2
    long = np.maximum(np.ones(len(thread)) if n_words is None else n_words, 1).astype(np.float64)
    lent, sure = (of * some for of in (worth.lent(long) if isinstance(worth, Worth) else (np.ones(len(thread)),) * 2))
    sure_of = np.bincount(thread, sure, minlength=len(names))
    out = run.matrix(vectors.shape)
    for rows in whole_threads(thread):
        here = np.unique(thread[rows], return_inverse=True)[1]
        parts = [slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK)]  # of a thread that is longer
        totals = np.zeros((int(here.max()) + 1, vectors.shape[1]))
        for part in parts:
            totals += sums(_own(vectors[rows[part]], mean) * lent[rows[part], None], here[part], len(totals))
        for part in parts:
            at = rows[part]
            own = _own(vectors[at], mean)
            others = totals[here[part]] - own * lent[at, None]
            share = (
                np.full(len(at), worth, dtype=np.float64)
                if not isinstance(worth, Worth)
                else worth.share(long[at], np.linalg.norm(others, axis=1), sure_of[thread[at]] - sure[at])
            )
            others = _unit(others)
            others[alone[thread[at]]] = 0.0
            out[at] = _unit(own + share[:, None] * others) * some[at, None]
    return out


def middle(vectors: Vectors) -> np.ndarray:
    """Mean direction of the vectors that are not zeros."""
    return _mean(vectors)[0]


def directions(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Texts, such as articles, in the space of `in_context`, whose `middle` is given: by their own words alone."""
    return _own(vectors, mean).astype(np.float32)


def in_main_topic(topic: np.ndarray, threads: Column) -> float:
    """Of the comments with a topic, in threads of two or more such, the share that has their thread's main topic."""
    table = pd.DataFrame({"topic": topic, "thread": np.asarray(threads)})[topic >= 0]
    size = table.groupby(["thread", "topic"]).size().groupby("thread").agg(["sum", "max"])
    size = size[size["sum"] > 1]
    return float(size["max"].sum() / size["sum"].sum()) if len(size) else float("nan")


def _mean(vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
    """Mean direction of the rows that are not zeros, and which those are."""
    some = np.zeros(len(vectors), dtype=bool)
    total = np.zeros(vectors.shape[1])
    for rows in blocks(len(vectors)):
        block = np.asarray(vectors[rows], dtype=np.float64)
        some[rows] = block.any(axis=1)
        total += _unit(block).sum(axis=0)
    return total / max(int(some.sum()), 1), some


def _own(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Directions relative to the mean one, float64; a row of zeros stays."""
    block = np.asarray(vectors, dtype=np.float64)
    return _unit((_unit(block) - mean) * block.any(axis=1, keepdims=True))


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; rows of (nearly) zeros become zeros."""
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return rows * np.where(length > 1e-9, 1 / np.maximum(length, 1e-9), 0.0)
