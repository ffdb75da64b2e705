"""A comment's vector -> the same with a share of its thread: a short comment says little by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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
    own = np.asarray(vectors, dtype=np.float64)
    some = np.linalg.norm(own, axis=1) > 0
    if not some.any():
        return np.zeros(own.shape, dtype=np.float32)
    own = _unit(own)
    own[some] -= own[some].mean(axis=0)
    own = _unit(own)
    index: dict[str, int] = {}
    thread = np.asarray([index.setdefault(name, len(index)) for name in threads], dtype=np.int64)
    totals = np.zeros((len(index), own.shape[1]))
    np.add.at(totals, thread, own)
    others = _unit(totals[thread] - own)
    others[np.bincount(thread, weights=some)[thread] < 2] = 0.0
    out = _unit(own + share * others)
    out[~some] = 0.0
    return out.astype(np.float32)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; rows of (nearly) zeros become zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(length > 1e-9, rows / np.maximum(length, 1e-9), 0.0)


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
    own, placed = _unit(np.asarray(vectors, dtype=np.float64)), _unit(np.asarray(others, dtype=np.float64))
    some = np.linalg.norm(own, axis=1) > 0
    known = np.linalg.norm(placed, axis=1) > 0
    if some.any():
        placed[known] -= own[some].mean(axis=0)
    return _unit(placed).astype(np.float32)
