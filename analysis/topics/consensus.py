"""Vectors -> one partition on which independent fits agree, and how far they do.

The method, in the order of the code:

1. *Smoothing.* Every text is replaced by an average over its neighbourhood: the vectors are centred, reduced to 50
   principal components, and multiplied four times with the normalised graph of 15 nearest neighbours (graph
   convolution as a low-pass filter [1]_). Texts of one dense region move together; so k-means, which is steady, finds
   what density-based methods find, which agree better with people.
2. *One fit.* Ward's tree over 600 small clusters, cut at every wanted number of topics, each cut consolidated by
   k-means [2]_. Cheap for many numbers at once, and close to the best optimum of many random restarts.
3. *Halves.* The texts are split into two halves of threads, again and again; each half is fitted on its own, from its
   own centring onwards, and a text of the other half goes to the topic whose mean direction is nearest. The number of
   topics is the largest of those at which two such fits agree most (mean of ARI and AMI, both adjusted for
   chance [3]_, [4]_, less its standard error). Each text's agreement and each topic's stability (clusterboot: mean
   best Jaccard [5]_) come from the same fits.
4. *Consensus.* Fits of all texts with different seeds vote: their labels side by side are clustered into one
   partition [6]_, which k-means on the smoothed vectors then makes tight. Of this partition and the fits themselves
   the tightest is taken: two single fits agree at ARI 0.83 to 0.92 on labelled corpora, the tightest of twenty and
   the tightest of twenty others at 0.99, and none of that sameness is paid for in agreement with people.

References
----------
.. [1] Zhang, X., Liu, H., Li, Q., & Wu, X.-M. (2019). Attributed graph clustering via adaptive graph convolution.
.. [2] Husson, F., Josse, J., & Pagès, J. (2010). Principal component methods - hierarchical clustering - partitional
   clustering: why would we need to choose for visualizing data?
.. [3] Lange, T., Roth, V., Braun, M. L., & Buhmann, J. M. (2004). Stability-based validation of clustering solutions.
.. [4] Vinh, N. X., Epps, J., & Bailey, J. (2010). Information theoretic measures for clusterings comparison.
.. [5] Hennig, C. (2007). Cluster-wise assessment of cluster stability.
.. [6] Strehl, A., & Ghosh, J. (2002). Cluster ensembles: a knowledge reuse framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.run.parallel import MIN_ITEMS, map_items
from analysis.run.vectors import Directions, blocks, unit_length
from analysis.settings import ComputeSettings, count_workers
from analysis.topics.neighbours import Projection, projection, smoothed

Progress = Callable[[str, int, int], None]
Cuts = dict[int, np.ndarray]  # number of topics -> centroids of shape (n_topics, n_dims)

MICRO = 600  # small clusters under Ward's tree; with 300 the reruns differ more
MICRO_STEPS = 10  # of k-means that makes them
STILL = 1e-4  # of the variance: centroids that have moved by less are at their optimum, as in scikit-learn
NEAR_ROWS = 1_024
FIT_LIMIT = 25_000  # texts in the fit of all; the graph grows with their square
HALF_LIMIT = 5_000  # texts in the fit of a half
# Fewer than five topics are mostly stable and seldom an answer to what people talk about; they can be asked for.
# Steps of a fifth or more: between nearer numbers stability differs by less than its noise.
CANDIDATES = (5, 6, 8, 10, 12, 16, 20, 24, 32, 40)
CURVE_TEXTS = 2_000  # on which the agreement of two fits is measured
TEXTS_PER_TOPIC = 20  # on average, at the least: a topic of ten texts in each half
TOLERANCE = 0.02  # of numbers that are equally stable within this, the largest: it says most


@dataclass(frozen=True)
class Consensus:
    """One partition of n texts, and how far independent fits agree on it."""

    topic: np.ndarray  # (n,) int64, in no particular order
    agreement: np.ndarray  # (n,) float64 in [0, 1]: share of the fits of halves that put the text in its topic
    stability: np.ndarray  # (n_topics,) float64 in [0, 1]: mean best Jaccard over the fits of halves
    curve: pd.DataFrame  # n_topics, stability [0, 1] (mean of ARI and AMI between fits of halves), chosen
    n_fitted: int  # texts in the fit of all; the rest were assigned


def find_consensus(
    unit: np.ndarray | Directions,
    threads: Sequence[str],
    *,
    n_topics: int | str = "auto",
    runs: int = 20,
    seed: int = 1,
    compute: ComputeSettings | None = None,
    progress: Progress | None = None,
) -> Consensus:
    """Partition distinct texts into topics.

    The result depends on the order of the rows: the caller puts them in a canonical one. It does not depend on
    `compute`: linear algebra is held at one thread, and fits go side by side in processes.

    Parameters
    ----------
    unit : ndarray or Directions of shape (n, n_dims), float32
        Rows of length 1.
    threads : sequence of str, length n
        The thread of each text; halves are halves of threads, or of texts where there are fewer than
        ten threads or one of them holds more than a quarter of the texts.
    n_topics : int or "auto"
    runs : int
        Fits of halves, and as many of all.
    seed : int
        Of the halves, the small clusters and, above `FIT_LIMIT` texts, of the sample.
    compute : ComputeSettings, optional
        How many fits go side by side; by default one.
    progress : callable, optional
        Called with (message, done, total).

    Returns
    -------
    Consensus
    """
    n, runs = len(unit), max(2, runs)  # one half has nothing to be compared with
    wanted = _candidates(n) if n_topics == "auto" else (int(n_topics),)
    # Fits are of some size at the most, whatever the corpus: a cluster has nothing to gain. Those of few texts take
    # less time than starting processes for them.
    apart = {
        "compute": replace(compute or ComputeSettings(workers=1), scheduler=""),
        "progress": progress,
        "part": 1,
        "least": 0 if n >= MIN_ITEMS else runs + 1,
    }
    halves = _halves(threads, runs, seed)
    sides: list[Half] = map_items(
        _fit_halves,
        [(unit[half], half, wanted, [seed, 1, r]) for r, half in enumerate(halves)],
        message="fitting halves of the threads",
        **apart,
    )
    seen = _sample(np.arange(n), CURVE_TEXTS, [0])
    with _one_thread():
        shown = unit[seen]
        labels_of = [[half.label(shown, seen, k) for half in sides] for k in wanted]
    agreement: list[np.ndarray] = map_items(_agreements, labels_of, message="comparing the halves", **apart)
    with _one_thread():
        curve = _curve(agreement, wanted)
        chosen = int(curve.loc[curve["chosen"], "n_topics"].iloc[0])
        rows = _sample(np.arange(n), FIT_LIMIT, [seed, 2])
        fitted = unit[rows]
        components = projection(fitted)
        smooth = smoothed(fitted, components, count_workers(apart["compute"]))
    fits: list[np.ndarray] = map_items(
        _fit_all, [(smooth, chosen, [seed, 3, r]) for r in range(runs)], message="fitting all comments", **apart
    )
    with _one_thread():
        voted = _tightened(smooth, _vote(np.stack([_nearest(smooth, fit) for fit in fits]), chosen))
        centroids = min([*fits, voted], key=lambda centroids: _spread(smooth, centroids))
        topic = _nearest(smooth, centroids)
        whole = _known(fitted, components, rows, {chosen: topic})
        # Every text is read once, and asked of all fits.
        labels = np.empty((runs + 1, n), dtype=np.int16)
        for block in blocks(n):
            some, which = unit[block], np.arange(block.start, block.stop)
            for r, fit in enumerate([*sides, whole]):
                labels[r, block] = fit.label(some, which, chosen)
            if progress is not None:
                progress("comparing the fits", block.stop, n)
        # A cluster may lose its last text to its neighbours when the rest are assigned.
        topic = np.unique(labels[-1], return_inverse=True)[1].reshape(-1).astype(np.int64)
        agree, stability = np.zeros(n), np.zeros(int(topic.max()) + 1)
        for other in labels[:-1]:
            same, overlap = _compared(topic, other)
            agree += same
            stability += overlap
    return Consensus(topic, agree / runs, stability / runs, curve, len(rows))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra at one thread: with several, sums are added up in another order."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _fit_halves(items: Sequence[tuple[np.ndarray, np.ndarray, tuple[int, ...], list[int]]]) -> list[Half]:
    """Fit halves, each of its vectors, their rows, the wanted numbers of topics and a seed."""
    with _one_thread():
        return [_fit_half(*item) for item in items]


def _fit_all(items: Sequence[tuple[np.ndarray, int, list[int]]]) -> list[np.ndarray]:
    """Centroids of fits, each of smoothed vectors, a number of topics and a seed."""
    with _one_thread():
        return [_fit(smooth, (k,), seed)[k] for smooth, k, seed in items]


def _fit(smooth: np.ndarray, wanted: Iterable[int], seed: list[int]) -> Cuts:
    """Ward's tree over small clusters, cut at each wanted number and consolidated; step 2 of the method."""
    n = len(smooth)
    m = max(max(wanted), min(MICRO, n // 6))
    start = smooth[np.sort(np.random.default_rng(seed).choice(n, m, replace=False))]
    micro = _kmeans(smooth, start, MICRO_STEPS)
    size = np.bincount(_nearest(smooth, micro), minlength=m).astype(np.float64)
    cuts = _ward(micro[size > 0].astype(np.float64), size[size > 0], set(wanted))
    return {k: _kmeans(smooth, start) for k, start in cuts.items()}


def _ward(centre: np.ndarray, size: np.ndarray, wanted: set[int]) -> Cuts:
    """Ward's tree over weighted points: the centroids of every wanted cut.

    Built along chains of nearest neighbours, in any order; then cut in the order of the costs.
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
        if len(chain) > 1 and cost[i, chain[-2]] <= cost[i, j]:
            j = chain[-2]
        else:
            chain.append(j)
            continue
        chain = chain[:-2]
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
            total, weight = _sums(centre, np.unique(label, return_inverse=True)[1].reshape(-1), left, size)
            cuts[left] = (total / weight).astype(np.float32)
    return cuts


def _kmeans(
    points: np.ndarray, centroids: np.ndarray, steps: int = 100, weight: np.ndarray | None = None
) -> np.ndarray:
    """Lloyd's algorithm from given centroids, until they hardly move or for some steps: the centroids there.

    A centroid without points stays where it is. As scikit-learn's, but for the sums: those it adds up in as many parts
    as there are threads, so that the last bits depend on the machine.
    """
    still = STILL * float(points.var(axis=0).mean())
    weight = np.ones(len(points), dtype=points.dtype) if weight is None else weight.astype(points.dtype)
    centroids, labels = centroids.astype(points.dtype), np.zeros(0, dtype=np.int64)
    for _ in range(steps):
        before, labels = labels, _nearest(points, centroids)
        if np.array_equal(before, labels):
            break
        total, mass = _sums(points, labels, len(centroids), weight)
        last, centroids = centroids, np.where(mass > 0, total / np.maximum(mass, 1e-12), centroids).astype(points.dtype)
        if float(((centroids - last) ** 2).sum()) <= still:
            break
    return centroids


def _sums(points: np.ndarray, labels: np.ndarray, k: int, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weighted sum of the points of each label, and the weight, of shapes (k, n_dims) and (k, 1)."""
    from scipy import sparse

    member = sparse.csc_matrix((weight, labels, np.arange(len(points) + 1)), shape=(k, len(points)))
    return member @ points, np.bincount(labels, weights=weight, minlength=k)[:, None]


def _nearest(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The nearest centroid of each point, int64."""
    half, out = (centroids**2).sum(axis=1) / 2, np.empty(len(points), dtype=np.int64)
    for start in range(0, len(points), NEAR_ROWS):  # which the processor's own memory holds
        some = points[start : start + NEAR_ROWS] @ centroids.T
        some -= half
        out[start : start + NEAR_ROWS] = some.argmax(axis=1)
    return out


def _halves(threads: Sequence[str], runs: int, seed: int) -> list[np.ndarray]:
    """Rows of one half after the other; each two in turn (0 and 1, 2 and 3, …) have no thread in common."""
    unit = np.unique(np.asarray(threads), return_inverse=True)[1].reshape(-1)
    size = np.bincount(unit)
    if unit.max() + 1 < 10 or size.max() > len(unit) / 4:
        unit = np.arange(len(unit))
        size = np.ones(len(unit))
    halves: list[np.ndarray] = []
    for pair in range((runs + 1) // 2):
        order = np.random.default_rng([seed, 0, pair]).permutation(len(size))
        before = np.concatenate([[0], np.cumsum(size[order])[:-1]])
        first = np.zeros(len(size), dtype=bool)
        first[order] = before + size[order] / 2 <= len(unit) / 2
        for side in (first, ~first):
            rows = np.flatnonzero(side[unit])
            halves.append(_sample(rows, HALF_LIMIT, [seed, 4, len(halves)]))
    return halves[:runs]


def _sample(rows: np.ndarray, limit: int, seed: list[int]) -> np.ndarray:
    """At most `limit` of the rows, in their order."""
    if len(rows) <= limit:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))


@dataclass(frozen=True)
class Half:
    """A fit of some texts, as of one half of the threads, which knows a topic for every text."""

    rows: np.ndarray  # that were fitted
    projection: Projection
    labels: Cuts  # of those rows, int16, for each number of topics
    directions: Cuts  # mean direction of each topic, (n_topics, at most 50)

    def label(self, unit: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
        """Labels of some texts (vectors; rows, sorted): the fit's own, or the topic whose mean direction is nearest."""
        # The directions carried back to the vectors: one product instead of one for the components and one for these.
        back = (self.projection.components @ self.directions[k].T).astype(np.float32)
        out = (unit @ back - self.projection.mean @ back).argmax(axis=1).astype(np.int16)
        at = np.searchsorted(rows, self.rows)
        there = (at < len(rows)) & (rows[np.minimum(at, len(rows) - 1)] == self.rows)
        out[at[there]] = self.labels[k][there]
        return out


def _fit_half(fitted: np.ndarray, half: np.ndarray, wanted: Iterable[int], seed: list[int]) -> Half:
    """Fit the vectors of one half, for each wanted number of topics."""
    components = projection(fitted)
    smooth = smoothed(fitted, components)
    return _known(fitted, components, half, {k: _nearest(smooth, of) for k, of in _fit(smooth, wanted, seed).items()})


def _known(fitted: np.ndarray, components: Projection, rows: np.ndarray, labels: Cuts) -> Half:
    """What labels of some texts say of every other."""
    points = components.of(fitted)
    # A cluster that lost its last text would have no direction.
    labels = {k: np.unique(of, return_inverse=True)[1].reshape(-1) for k, of in labels.items()}
    directions = {k: _directions(points, of) for k, of in labels.items()}
    return Half(rows, components, {k: of.astype(np.int16) for k, of in labels.items()}, directions)


def _directions(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean direction of each label, of length 1."""
    weight = np.ones(len(points))
    return unit_length(_sums(points.astype(np.float64), labels, int(labels.max()) + 1, weight)[0])


def _candidates(n: int) -> tuple[int, ...]:
    """Numbers of topics that "auto" looks at."""
    return tuple(k for k in CANDIDATES if k * TEXTS_PER_TOPIC <= n) or CANDIDATES[:1]


def _agreements(items: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """How far fits of two halves agree on some texts, from the labels of all: for each item and pair of halves.

    Only halves that have no thread in common are compared: others would agree on texts that both have seen. The mean
    of ARI and AMI, for ARI looks at large topics and AMI at small ones, and each alone favours numbers to match.
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    pairs = [zip(labels[::2], labels[1::2], strict=False) for labels in items]
    return [
        np.array([(adjusted_rand_score(a, b) + adjusted_mutual_info_score(a, b)) / 2 for a, b in some])
        for some in pairs
    ]


def _curve(agreement: Sequence[np.ndarray], wanted: Sequence[int]) -> pd.DataFrame:
    """How far fits of two halves agree at each number of topics, and the number chosen."""
    stability = np.array([np.clip(of.mean(), 0, 1) for of in agreement])
    noise = np.array([of.std() / np.sqrt(len(of)) for of in agreement])
    sure = stability - noise  # small numbers agree by luck in one pair and not at all in the next
    best = int(np.flatnonzero(sure >= sure.max() - TOLERANCE)[-1])
    chosen = np.arange(len(wanted)) == best
    return pd.DataFrame({"n_topics": list(wanted), "stability": stability, "chosen": chosen})


def _vote(labels: np.ndarray, k: int) -> np.ndarray:
    """One partition from several, (runs, n) -> (n,): the different rows of labels, one-hot, clustered."""
    patterns, which, count = np.unique(labels.T, axis=0, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    points = np.concatenate([np.eye(k, dtype=np.float32)[column] for column in patterns.T], axis=1)
    weight = count.astype(np.float64)
    heavy = np.argsort(-count, kind="stable")[: max(MICRO, k)]  # the patterns that stand for most texts
    start = _ward(points[heavy].astype(np.float64), weight[heavy], {k})[k]
    return _nearest(points, _kmeans(points, start, weight=weight))[which]


def _tightened(smooth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Centroids at the optimum of k-means nearest to a partition."""
    present = np.unique(labels)
    start = np.stack([smooth[labels == label].mean(axis=0, dtype=np.float64) for label in present])
    return _kmeans(smooth, start)


def _spread(points: np.ndarray, centroids: np.ndarray) -> float:
    """What k-means makes small: the sum of squared distances to the nearest centroid."""
    offset = points - centroids[_nearest(points, centroids)]
    return float((offset * offset).sum(dtype=np.float64))


def _compared(topic: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which texts another partition puts into the same topic, and each topic's best Jaccard overlap with it.

    Its clusters are matched one to one to the topics by their Jaccard similarity before texts are counted.
    """
    from scipy.optimize import linear_sum_assignment

    n_topics, n_other = int(topic.max()) + 1, int(other.max()) + 1
    both = np.bincount(topic * n_other + other, minlength=n_topics * n_other).reshape(n_topics, n_other)
    jaccard = both / (both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both)
    mine, theirs = linear_sum_assignment(-jaccard)
    match = np.full(n_other, -1)
    match[theirs] = mine
    return match[other] == topic, jaccard.max(axis=1)
