"""Vectors smoothed over their neighbourhoods: cosine throughout, and exact.

An approximate index would answer differently from run to run. Vectors are given scaled to length 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.run.vectors import unit_length

DIMS = 50  # principal components
NEIGHBOURS = 15  # of each text in the graph
STEPS = 4  # of smoothing; 2 to 8 differ little on labelled corpora
ROWS_OF_A_THREAD = 1_024  # with fewer, scikit-learn cuts the candidates instead, and equals come in another order


def smoothed(unit: np.ndarray, components: Projection, workers: int = 1) -> np.ndarray:
    """Vectors averaged over their neighbourhoods, of shape (n, at most 50) and length 1."""
    from scipy import sparse

    n, k = len(unit), min(NEIGHBOURS, len(unit) - 1)
    near, weight = neighbours(centred(unit), k, workers)
    graph = sparse.csr_matrix((weight.ravel(), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))
    graph = graph + graph.T + sparse.identity(n, dtype=np.float32, format="csr") * 0.5
    scale = sparse.diags(1 / np.sqrt(np.asarray(graph.sum(axis=1)).ravel()))
    graph = (scale @ graph @ scale).astype(np.float32).tocsr()
    out = components.of(unit)
    for _ in range(STEPS):
        out = graph @ out
    return unit_length(out)


def neighbours(unit: np.ndarray, k: int, workers: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k others nearest by cosine: indices and weights (cosine, at least 1e-6), both (n, k)."""
    from sklearn.neighbors import NearestNeighbors

    with threadpool_limits(max(1, min(workers, (len(unit) - 1) // ROWS_OF_A_THREAD)), "openmp"):
        distance, near = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(unit).kneighbors()
    return near, np.maximum(1 - distance**2 / 2, 1e-6).astype(np.float32)


@dataclass(frozen=True)
class Projection:
    """The principal components of some vectors."""

    mean: np.ndarray  # (n_dims,) float32
    components: np.ndarray  # (n_dims, at most 50) float32

    def of(self, unit: np.ndarray) -> np.ndarray:
        """Vectors on the components, of shape (n, at most 50) and length 1."""
        return unit_length(unit_length(unit - self.mean) @ self.components)


def projection(fitted: np.ndarray) -> Projection:
    """Fit the principal components."""
    about = centred(fitted)
    covariance = (about.T @ about).astype(np.float64)
    components = np.linalg.eigh(covariance)[1][:, ::-1][:, :DIMS].astype(np.float32)
    return Projection(_mean(fitted), components)


def centred(unit: np.ndarray) -> np.ndarray:
    """Vectors relative to their mean, scaled to length 1."""
    return unit_length(unit - _mean(unit))


def _mean(unit: np.ndarray) -> np.ndarray:
    return unit.mean(axis=0, dtype=np.float64).astype(np.float32)
