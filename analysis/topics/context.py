"""A comment's vector -> the same with a share of its thread: a short comment says little by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.vectors import BLOCK, Vectors, blocks, whole_threads
from analysis.topics.clusters import sums


def in_context(vectors: Vectors, threads: Sequence[str], share: float, run: Run = Run()) -> Vectors:
    """Add to each comment's direction that of the other comments of its thread, `share` times.

    A row of zeros (an empty text) stays one, and lends nothing. What comes back, (n_texts, n_dims) and float32, is
    centred on the mean of all texts, with rows of length 1, or 0.
    """
    thread, names = pd.factorize(pd.Series(threads, dtype="str"))
    mean, some = _mean(vectors)
    alone = np.bincount(thread, weights=some, minlength=len(names)) < 2
    out = run.matrix(vectors.shape)
    for rows in whole_threads(thread):
        here = np.unique(thread[rows], return_inverse=True)[1]
        parts = [slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK)]  # of a thread that is longer
        totals = np.zeros((int(here.max()) + 1, vectors.shape[1]))
        for part in parts:
            totals += sums(_own(vectors[rows[part]], mean), here[part], len(totals))
        for part in parts:
            own = _own(vectors[rows[part]], mean)
            others = _unit(totals[here[part]] - own)
            others[alone[thread[rows[part]]]] = 0.0
            out[rows[part]] = _unit(own + share * others) * some[rows[part], None]
    return out


def beside(vectors: Vectors, others: np.ndarray) -> np.ndarray:
    """Place other texts, such as articles, in the space of `in_context`: by their own words alone."""
    mean = _mean(vectors)[0]
    out = np.zeros(others.shape, dtype=np.float32)
    for rows in blocks(len(others)):
        out[rows] = _own(others[rows], mean)
    return out


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
    return _unit((_unit(block) - mean) * block.any(axis=1)[:, None])


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; rows of (nearly) zeros become zeros."""
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return rows * np.where(length > 1e-9, 1 / np.maximum(length, 1e-9), 0.0)
