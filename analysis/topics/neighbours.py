"""Vectors smoothed over their neighbourhoods: cosine throughout, and exact.

An approximate index would answer differently from run to run. Vectors are given scaled to length 1.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.run.vectors import unit_length

DIMS = 50  # principal components
NEIGHBOURS = 15  # of each text in the graph
STEPS = 4  # of smoothing; 2 to 8 differ little on labelled corpora
ROWS, GROUP = 512, 64  # texts whose neighbours are searched at a time, and the others that are looked at together


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
    """The k others nearest by cosine: indices and weights (cosine, at least 1e-6), both (n, k).

    Exact: of groups of texts the nearest k by their best one hold the nearest k texts, so that only those are sorted.
    Which processor has which rows changes nothing. In half the time of scikit-learn's, which goes by double precision.
    """
    n = len(unit)
    groups = -(-n // GROUP)
    others = np.zeros((groups * GROUP, unit.shape[1]), dtype=np.float32)
    others[:n] = unit
    near, weight = np.empty((n, k), dtype=np.int64), np.empty((n, k), dtype=np.float32)

    def search(starts: range) -> None:
        cosines = np.empty((min(ROWS, n), len(others)), dtype=np.float32)
        for start in starts:
            rows = np.arange(start, min(start + ROWS, n))
            cosine = np.matmul(unit[rows], others.T, out=cosines[: len(rows)])
            cosine[:, n:] = cosine[rows - start, rows] = -2.0  # nothing, and itself
            best = cosine.reshape(len(rows), groups, GROUP).max(axis=2)
            of = np.argpartition(best, max(groups - k, 0), axis=1)[:, max(groups - k, 0) :]
            among = (of[:, :, None] * GROUP + np.arange(GROUP)).reshape(len(rows), -1)
            theirs = np.take_along_axis(cosine, among, 1)
            which = np.argpartition(theirs, -k, axis=1)[:, -k:]
            near[rows], weight[rows] = (np.take_along_axis(of, which, 1) for of in (among, theirs))

    with ThreadPoolExecutor(workers) as threads, threadpool_limits(1):
        list(threads.map(search, (range(i * ROWS, n, workers * ROWS) for i in range(workers))))
    return near, np.maximum(weight, 1e-6)


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
