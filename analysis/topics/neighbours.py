"""Vectors smoothed over their neighbourhoods.

Vectors are given scaled to length 1. Cosine throughout, and exact: no approximate index, whose answers would differ
from run to run.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from analysis.run.vectors import unit_length

DIMS = 50  # principal components
NEIGHBOURS = 15  # of each text in the graph
STEPS = 4  # of smoothing; 2 to 8 differ little on labelled corpora


def smoothed(unit: np.ndarray, components: Projection, workers: int = 1) -> np.ndarray:
    """Vectors averaged over their neighbourhoods, of shape (n, at most 50) and length 1."""
    from scipy import sparse

    n, k = len(unit), min(NEIGHBOURS, len(unit) - 1)
    near, weight = _neighbours(centred(unit, unit), k, workers)
    graph = sparse.csr_matrix((weight.ravel(), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))
    graph = graph + graph.T + sparse.identity(n, dtype=np.float32, format="csr") * 0.5
    scale = sparse.diags(1 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel()))
    graph = (scale @ graph @ scale).astype(np.float32).tocsr()
    out = components.of(unit)
    for _ in range(STEPS):
        out = graph @ out
    return unit_length(out)


@dataclass(frozen=True)
class Projection:
    """The principal components of some vectors.

    Attributes
    ----------
    mean : ndarray of shape (n_dims,), float32
    components : ndarray of shape (n_dims, at most 50), float32
    """

    mean: np.ndarray
    components: np.ndarray

    def of(self, unit: np.ndarray) -> np.ndarray:
        """Vectors on the components, of shape (n, at most 50) and length 1."""
        return unit_length(unit_length(unit - self.mean) @ self.components)


def projection(fitted: np.ndarray) -> Projection:
    """Fit the principal components."""
    about = centred(fitted, fitted)
    covariance = (about.T @ about).astype(np.float64)
    components = np.linalg.eigh(covariance)[1][:, ::-1][:, :DIMS].astype(np.float32)
    return Projection(_mean(fitted), components)


def _mean(fitted: np.ndarray) -> np.ndarray:
    return fitted.mean(axis=0, dtype=np.float64).astype(np.float32)


def centred(unit: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Vectors relative to the mean of the fitted ones, scaled to length 1."""
    return unit_length(unit - _mean(fitted))


def _neighbours(unit: np.ndarray, k: int, workers: int) -> tuple[np.ndarray, np.ndarray]:
    """The k others nearest by cosine, exactly: indices and weights (cosine, at least 1e-6), both (n, k)."""
    n = len(unit)
    near = np.empty((n, k), dtype=np.int64)
    weight = np.empty((n, k), dtype=np.float32)
    size = max(1, 2_000_000 // n)  # 8 MB of similarities at a time

    def some(start: int) -> None:
        similarity = unit[start : start + size] @ unit.T
        rows = np.arange(len(similarity))
        similarity[rows, rows + start] = -2  # not itself
        # The k-th value, then whatever reaches it: numpy partitions values many times as fast as their indices.
        least = np.partition(similarity, n - k, axis=1)[:, n - k]
        best = np.flatnonzero(similarity >= least[:, None]) % n
        if len(best) > k * len(rows):  # several reach the k-th value: the nearest and, of equals, the first
            best = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        near[start : start + size] = best.reshape(-1, k)
        weight[start : start + size] = np.take_along_axis(similarity, near[start : start + size], axis=1)

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        list(pool.map(some, range(0, n, size)))
    return near, np.maximum(weight, 1e-6)
