"""Smoothed vectors -> clusters at several numbers: Ward's tree over small ones, its cuts consolidated by k-means."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

Cuts = dict[int, np.ndarray]  # by number of clusters: centroids of shape (n_clusters, n_dims), or labels
Clusters = tuple[np.ndarray, np.ndarray, float]  # centroids, labels, sum of squared distances

MICRO = 600  # small clusters under Ward's tree; with 300 the reruns differ more
PRIOR = 0.5  # of what is expected of a cluster, against its points; .2 to 1 differ little on labelled texts
PRIOR_STEPS = 50
MICRO_STEPS = 10  # of k-means that makes them


def fit_clusters(
    smooth: np.ndarray, wanted: Iterable[int], seed: list[int], expected: np.ndarray | None = None
) -> dict[int, Clusters]:
    """Ward's tree over small clusters, cut at each wanted number and consolidated; step 2 of the method.

    Of `expected` clusters, (n_expected, n_dims), each takes the place of the centroid of the cut that is nearest to it,
    and then counts for half as much as its cluster's points (seeded k-means: Basu et al. 2002, with a prior).
    """
    n = len(smooth)
    m = max(max(wanted), min(MICRO, n // 6))
    start = smooth[np.sort(np.random.default_rng(seed).choice(n, m, replace=False))]
    micro, labels, _ = kmeans(smooth, start, steps=MICRO_STEPS)
    size = np.bincount(labels, minlength=m).astype(np.float64)
    cuts = ward(micro[size > 0].astype(np.float64), size[size > 0], set(wanted))
    if expected is None or not len(expected):
        return {k: kmeans(smooth, start) for k, start in cuts.items()}
    return {k: _around(smooth, start, expected) for k, start in cuts.items()}


def _around(smooth: np.ndarray, start: np.ndarray, expected: np.ndarray) -> Clusters:
    """K-means in which some centroids are held near what is expected of them."""
    from scipy.optimize import linear_sum_assignment

    which, place = linear_sum_assignment(((expected[:, None] - start) ** 2).sum(axis=2))
    centre = start.astype(np.float64)
    centre[place] = expected[which]
    pull = np.zeros((len(centre), 1))
    pull[place] = PRIOR
    prior, points, labels = centre.copy(), smooth.astype(np.float64), np.zeros(len(smooth), dtype=np.int64)
    for _ in range(PRIOR_STEPS):
        before, labels = labels, ((centre**2).sum(axis=1) - 2 * points @ centre.T).argmin(axis=1)
        size = np.bincount(labels, minlength=len(centre))[:, None]
        mean = np.where(size > 0, sums(points, labels, len(centre)) / np.maximum(size, 1), centre)
        centre = (mean + pull * prior) / (1 + pull)
        if (labels == before).all():
            break
    return centre, labels, float(((points - centre[labels]) ** 2).sum())


def kmeans(points: np.ndarray, start: np.ndarray, weight: np.ndarray | None = None, steps: int = 100) -> Clusters:
    """Lloyd's algorithm from given centroids."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different points than clusters: then they are fewer
        found = KMeans(len(start), init=start, n_init=1, max_iter=steps).fit(points, sample_weight=weight)
    return found.cluster_centers_, found.labels_, found.inertia_


def ward(centre: np.ndarray, size: np.ndarray, wanted: set[int]) -> Cuts:
    """Ward's tree over weighted points: the centroids of every wanted cut.

    Built along chains of nearest neighbours, in any order; then cut in the order of the costs. Libraries lack weights.
    """
    m, mass = len(centre), size.copy()
    length = (centre**2).sum(axis=1)
    squared = np.maximum(length[:, None] + length - 2 * (centre @ centre.T), 0)
    cost = squared * (mass[:, None] * mass / (mass[:, None] + mass))
    np.fill_diagonal(cost, np.inf)
    merges: list[tuple[float, int, int]] = []
    chain: list[int] = []
    alive = np.ones(m, dtype=bool)
    while len(merges) < m - 1:
        if not chain:
            chain = [int(alive.argmax())]
        i = chain[-1]
        j = int(cost[i].argmin())
        if len(chain) < 2 or cost[i, chain[-2]] > cost[i, j]:
            chain.append(j)
            continue
        j, chain = chain[-2], chain[:-2]
        merges.append((float(cost[i, j]), i, j))
        # Lance and Williams: what a merge with the two would cost, from what merges with each would.
        fresh = ((mass + mass[i]) * cost[i] + (mass + mass[j]) * cost[j] - mass * cost[i, j]) / (
            mass + mass[i] + mass[j]
        )
        mass[i] += mass[j]
        alive[j] = False
        fresh[~alive] = np.inf
        fresh[i] = np.inf
        cost[i], cost[:, i] = fresh, fresh
        cost[j], cost[:, j] = np.inf, np.inf
    label = np.arange(m)
    cuts: Cuts = {k: centre.astype(np.float32) for k in wanted if k >= m}  # fewer different points than topics
    for left, (_, i, j) in zip(range(m - 1, 0, -1), sorted(merges, key=lambda merge: merge[0]), strict=True):
        label[label == label[j]] = label[i]
        if left in wanted:
            of = np.unique(label, return_inverse=True)[1].reshape(-1)
            mass = np.bincount(of, weights=size)[:, None]
            cuts[left] = (sums(centre, of, left, size) / mass).astype(np.float32)
    return cuts


def sums(points: np.ndarray, labels: np.ndarray, n: int, weight: np.ndarray | None = None) -> np.ndarray:
    """The weighted sum of the points of each of n labels, of shape (n, n_dims), added up in the order of the points."""
    from scipy import sparse

    weight = np.ones(len(points)) if weight is None else weight
    return sparse.csc_matrix((weight, labels, np.arange(len(points) + 1)), shape=(n, len(points))) @ points
