"""Vectors smoothed over their neighbourhoods, for texts in a fit and for others.

Cosine throughout, and exact: no approximate index, whose answers would differ from run to run.
"""

from __future__ import annotations

import numpy as np

DIMS = 50  # principal components
NEIGHBOURS = 15  # of each text in the graph
STEPS = 4  # of smoothing; 2 to 8 differ little on labelled corpora


def smoothed(vectors: np.ndarray) -> np.ndarray:
    """Vectors averaged over their neighbourhoods, of shape (n, at most 50) and length 1."""
    from scipy import sparse

    unit = centred(vectors, vectors)
    covariance = (unit.T @ unit).astype(np.float64)
    components = np.linalg.eigh(covariance)[1][:, ::-1][:, :DIMS].astype(np.float32)
    n, k = len(unit), min(NEIGHBOURS, len(unit) - 1)
    near, weight = _neighbours(unit, unit, k, skip_self=True)
    graph = sparse.csr_matrix((weight.ravel(), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))
    graph = graph + graph.T + sparse.identity(n, dtype=np.float32, format="csr") * 0.5
    scale = sparse.diags(1 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel()))
    graph = (scale @ graph @ scale).astype(np.float32).tocsr()
    out = unit_length(unit @ components)
    for _ in range(STEPS):
        out = graph @ out
    return unit_length(out)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)


def centred(vectors: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Vectors relative to the mean direction of the fitted ones, scaled to length 1."""
    return unit_length(unit_length(vectors) - unit_length(fitted).mean(axis=0, dtype=np.float64).astype(np.float32))


def _neighbours(of: np.ndarray, among: np.ndarray, k: int, *, skip_self: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest by cosine, exactly: indices and weights (cosine, at least 1e-6), both (n, k)."""
    near = np.empty((len(of), k), dtype=np.int64)
    weight = np.empty((len(of), k), dtype=np.float32)
    size = max(1, 8_000_000 // len(among))  # 32 MB of similarities at a time
    for start in range(0, len(of), size):
        similarity = of[start : start + size] @ among.T
        if skip_self:
            rows = np.arange(len(similarity))
            similarity[rows, rows + start] = -2
        best = np.argpartition(similarity, len(among) - k, axis=1)[:, len(among) - k :]
        near[start : start + size] = best
        weight[start : start + size] = np.take_along_axis(similarity, best, axis=1)
    return near, np.maximum(weight, 1e-6)


def extended(fitted: np.ndarray, smooth: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Smoothed vectors for texts outside the fit: the average of their nearest neighbours inside it."""
    near, weight = _neighbours(centred(vectors, fitted), centred(fitted, fitted), min(NEIGHBOURS, len(fitted)))
    out = np.zeros((len(vectors), smooth.shape[1]), dtype=np.float32)
    for column in range(near.shape[1]):
        out += weight[:, column, None] * smooth[near[:, column]]
    return unit_length(out)
