"""A comment's vector -> the same with a share of its thread: a short comment says little by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

BLOCK = 8_192  # rows at a time


def in_context(vectors: np.ndarray, threads: Sequence[str], share: float) -> np.ndarray:
    """Add to each comment's direction that of the other comments of its thread.

    "Well said." is about what its thread is about. The comment itself is left out of its thread's mean, so that
    nothing is counted twice, and so that a comment alone in its thread keeps its own vector.

    Parameters
    ----------
    vectors : ndarray of shape (n_texts, n_dims)
        A row of zeros (an empty text) stays one.
    threads : sequence of str, length n_texts
    share : float
        Weight of the thread's direction against the comment's own, 0 or more; 0 changes nothing but the length.

    Returns
    -------
    ndarray of shape (n_texts, n_dims), float32
        Centred on the mean of all texts; rows of length 1, or 0.
    """
    from scipy import sparse

    n, index = len(vectors), {}
    thread = np.asarray([index.setdefault(name, len(index)) for name in threads], dtype=np.int64)
    mean, some = _mean(vectors)
    totals = np.zeros((len(index), vectors.shape[1]))
    for rows in _blocks(n):
        members = sparse.csr_matrix((np.ones(len(thread[rows])), (thread[rows], np.arange(len(thread[rows])))),
                                    shape=(len(index), len(thread[rows])))  # fmt: skip
        totals += members @ _own(vectors[rows], mean)
    alone = np.bincount(thread, weights=some, minlength=len(index)) < 2
    out = np.zeros(vectors.shape, dtype=np.float32)
    for rows in _blocks(n):
        own = _own(vectors[rows], mean)
        others = _unit(totals[thread[rows]] - own)
        others[alone[thread[rows]]] = 0.0
        out[rows] = _unit(own + share * others) * some[rows, None]
    return out


def _blocks(n: int) -> Iterator[slice]:
    """Rows some at a time: in double precision all of them would take four times the memory of the vectors."""
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def _mean(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean direction of the rows that are not zeros, and which those are."""
    some = np.zeros(len(vectors), dtype=bool)
    total = np.zeros(vectors.shape[1])
    for rows in _blocks(len(vectors)):
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


def beside(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Place other texts, such as articles, in the space of the comments: by their own words alone.

    Parameters
    ----------
    vectors : ndarray of shape (n_texts, n_dims)
        Of the comments, as `in_context` takes them.
    others : ndarray of shape (n_others, n_dims)
        Of the other texts, by the same encoder; a row of zeros stays one.

    Returns
    -------
    ndarray of shape (n_others, n_dims), float32
        Centred on the mean of the comments; rows of length 1, or 0.
    """
    return _own(others, _mean(vectors)[0]).astype(np.float32)
