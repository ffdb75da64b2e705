"""Vectors -> one partition on which independent fits agree, and how far they do.

The method, in the order of the code:

1. *Smoothing.* Every text is replaced by an average over its neighbourhood: the vectors are centred, reduced to 50
   principal components, and multiplied four times with the normalised graph of 15 nearest neighbours (graph
   convolution as a low-pass filter: Zhang et al. 2019). Texts of one dense region move together; so k-means, which is
   steady, finds what density-based methods find, which agree better with people.
2. *One fit.* Ward's tree over 600 small clusters, cut at every wanted number of topics, each cut consolidated by
   k-means (Husson et al. 2010). Cheap for many numbers at once, and close to the best of many random restarts.
3. *Halves.* The texts are split into two halves of threads, again and again; each half is fitted on its own, from its
   own centring onwards, and a text of the other half goes to the topic whose mean direction is nearest. The number of
   topics is the largest of those at which two such fits agree most (Lange et al. 2004; mean of ARI and AMI, both
   adjusted for chance, Vinh et al. 2010; less its standard error). Each text's agreement and each topic's stability
   (clusterboot: mean best Jaccard, Hennig 2007) come from the same fits.
4. *Consensus.* Fits of all texts with different seeds vote: their labels side by side are clustered into one partition
   (Strehl and Ghosh 2002), which k-means on the smoothed vectors then makes tight. Of this partition and the fits
   themselves the tightest is taken: two single fits agree at ARI 0.83 to 0.92 on labelled corpora, the tightest of
   ten and the tightest of ten others at 0.99 (of twenty no more), and none of that sameness is paid for in agreement
   with people.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.run import Run
from analysis.run.codes import dense
from analysis.run.pools import count_workers
from analysis.run.vectors import Directions, blocks, unit_length
from analysis.topics.clusters import MICRO, Clusters, Cuts, fit_clusters, kmeans, sums, ward
from analysis.topics.levels import COARSE, FINE, Level, numbers_beside, subtopics, themes
from analysis.topics.neighbours import Projection, projection, smoothed

SIDE_BY_SIDE = 5_000  # texts: fits of fewer take less time than starting processes for them
FIT_LIMIT = 25_000  # texts in the fit of all; the graph grows with their square
# Texts in the fit of a half: a twentieth of all, within these. Of 100,000 titles halves of 10,000 agree a little better
# than of 5,000 (.58, .54), and cost 16 s of the processor beside 26; of a million that is little of the whole.
HALF_LIMITS = 5_000, 10_000
# Fewer than five topics are mostly stable and seldom an answer to what people talk about; they can be asked for.
# Steps of a fifth or more: between nearer numbers stability differs by less than its noise.
CANDIDATES = (5, 6, 8, 10, 12, 16, 20, 24, 32, 40)
LARGE, MORE = 50_000, (48, 64)  # texts of a corpus in which more are tried
LEVEL_TEXTS = 10_000  # by which it is known how far halves agree on themes and subtopics
CURVE_TEXTS = 2_000  # on which the agreement of two fits is measured
TEXTS_PER_TOPIC = 20  # on average, at the least: a topic of ten texts in each half
MOST_FINE = 120  # clusters from which subtopics are made
ANCHORS = 10  # texts that are nearest to what is expected of a topic; 10 to 100 differ little on labelled texts
TOLERANCE = 0.02  # of numbers that are equally stable within this, the largest: it says most


@dataclass(frozen=True)
class Consensus:
    """One partition of n texts, and how far independent fits agree on it."""

    topic: np.ndarray  # (n,) int64, in no particular order
    agreement: np.ndarray  # (n,) float64 in [0, 1]: share of the fits of halves that put the text in its topic
    stability: np.ndarray  # (n_topics,) float64 in [0, 1]: mean best Jaccard over the fits of halves
    curve: pd.DataFrame  # n_topics, stability [0, 1] (mean of ARI and AMI between fits of halves), chosen
    themes: Level  # above the topics
    subtopics: Level  # below them
    seen: np.ndarray  # rows of some texts, and the fits of halves' labels of these
    halves: np.ndarray  # (n_fits, n_seen)


def find_consensus(
    unit: Directions,
    threads: np.ndarray,
    *,
    n_topics: int | str,
    runs: int,
    seed: int,
    run: Run,
    expected: np.ndarray | None = None,
) -> Consensus:
    """Partition distinct texts, of vectors of length 1, into topics; of `expected` ones there are directions.

    The result depends on the order of the rows, which the caller makes canonical, and not on `run`: linear algebra is
    held at one thread, since with several sums are added up in another order; fits go side by side in processes.
    """
    n, runs = len(unit), max(2, runs)  # one half has nothing to be compared with
    tried = (*CANDIDATES, *MORE) if n >= LARGE else CANDIDATES
    enough = tuple(k for k in tried if k * TEXTS_PER_TOPIC <= n) or CANDIDATES[:1]
    least = 0 if expected is None else len(expected)
    enough = tuple(k for k in enough if k >= least) or (least,)
    wanted = enough if n_topics == "auto" else (max(int(n_topics), least),)
    beside = (
        [*COARSE, *FINE, *([2 * FINE[0]] if n >= LARGE else [])]
        if n_topics == "auto"
        else [*COARSE, min(3 * wanted[0], MOST_FINE)]
    )
    fitted_at = tuple(sorted({*wanted, *(k for k in beside if k * TEXTS_PER_TOPIC <= n and k >= least)}))
    # Fits are of some size at the most, whatever the corpus: a cluster has nothing to gain, nor does keeping them.
    run = replace(run, compute=replace(run.compute, scheduler=""), kept=None)
    apart = {"part": 1, "least": 0 if n >= SIDE_BY_SIDE else runs + 1}
    sides: list[Half] = run.map(
        _fit_halves,
        [(unit[half], half, fitted_at, [seed, 1, r], expected) for r, half in enumerate(halves(threads, runs, seed))],
        "fitting halves of the threads",
        **apart,
    )
    seen = _sample(np.arange(n), CURVE_TEXTS, [0])
    with threadpool_limits(1):
        shown = unit[seen]
        labels_of = [[half.label(shown, seen, k) for half in sides] for k in wanted]
    agreement: list[np.ndarray] = run.map(_agreements, labels_of, "comparing the halves", **apart)
    curve = _curve(agreement, wanted)
    chosen = int(curve.loc[curve["chosen"], "n_topics"].iloc[0])
    with threadpool_limits(1):
        rows = _sample(np.arange(n), FIT_LIMIT, [seed, 2])
        fitted = unit[rows]
        components = projection(fitted)
        smooth = smoothed(fitted, components, count_workers(run.compute))
        held = anchors(fitted, smooth, expected)
    fits: list[Clusters] = run.map(
        _fit_all,
        [(smooth, chosen, [seed, 3, r], held) for r in range((runs + 1) // 2)],
        "fitting all comments",
        **apart,
    )
    with threadpool_limits(1):
        # What is expected would be lost in a vote, which is as tight as can be.
        voted = [] if held is not None else [_vote(smooth, np.stack([labels for _, labels, _ in fits]), chosen)]
        tightest = min([*fits, *voted], key=lambda clusters: clusters[2])
        coarse, fine = numbers_beside(chosen, fitted_at)
        found = {chosen: tightest[1]} | ({fine: fit_clusters(smooth, (fine,), [seed, 5])[fine][1]} if fine else {})
        whole = _known(fitted, components, rows, found)
        # Every text is read once, and asked of all fits.
        labels, below = np.empty((runs + 1, n), dtype=np.int16), np.zeros(n if fine else 0, dtype=np.int64)

        def ask(block: slice) -> int:
            some, which = unit[block], np.arange(block.start, block.stop)
            for r, fit in enumerate([*sides, whole]):
                labels[r, block] = fit.label(some, which, chosen)
            if fine:
                below[block] = whole.label(some, which, fine)
            return block.stop

        with ThreadPoolExecutor(count_workers(run.compute)) as pool:
            for done in pool.map(ask, blocks(n)):
                run.tell("comparing the fits", done, n)
        seen = _sample(np.arange(n), LEVEL_TEXTS, [1])
        shown = unit[seen]
        beside_of = {k: np.stack([half.label(shown, seen, k) for half in sides]) for k in (coarse, fine) if k}
    # A cluster may lose its last text to its neighbours when the rest are assigned.
    topic = dense(labels[-1]).astype(np.int64)
    agree, stability = np.zeros(n), np.zeros(int(topic.max()) + 1)
    for other in labels[:-1]:
        same, overlap = compared(topic, other)
        agree += same
        stability += overlap
    above = parts = Level.without_groups(n)
    if coarse and len(stability) > coarse:
        above = themes(topic, seen, beside_of[coarse], coarse)
    if fine:
        parts = subtopics(topic, below, seen, beside_of[fine])
    return Consensus(topic, agree / runs, stability / runs, curve, above, parts, seen, labels[:-1, seen])


def anchors(unit: np.ndarray, smooth: np.ndarray, expected: np.ndarray | None) -> np.ndarray | None:
    """Where expected topics lie among smoothed vectors: in the mean of the texts that are nearest to each."""
    return None if expected is None else np.stack([smooth[rows].mean(axis=0) for rows in nearest_to(unit, expected)])


def nearest_to(unit: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Rows of the texts nearest to each direction, (n_expected, at most 10)."""
    return np.argsort(-(unit @ expected.T), axis=0, kind="stable")[:ANCHORS].T


def _fit_halves(
    items: Sequence[tuple[np.ndarray, np.ndarray, tuple[int, ...], list[int], np.ndarray | None]],
) -> list[Half]:
    """Fit halves, each of its vectors, their rows, the wanted numbers of topics, a seed and expected directions."""
    out = []
    with threadpool_limits(1):
        for fitted, rows, wanted, seed, expected in items:
            components = projection(fitted)
            smooth = smoothed(fitted, components)
            fits = fit_clusters(smooth, wanted, seed, anchors(fitted, smooth, expected))
            out.append(_known(fitted, components, rows, {k: labels for k, (_, labels, _) in fits.items()}))
    return out


def _fit_all(items: Sequence[tuple[np.ndarray, int, list[int], np.ndarray | None]]) -> list[Clusters]:
    """Fits, each of smoothed vectors, a number of topics, a seed and where expected topics lie."""
    with threadpool_limits(1):
        return [fit_clusters(smooth, (k,), seed, held)[k] for smooth, k, seed, held in items]


def has_halves(threads: np.ndarray) -> bool:
    """Whether the threads of texts make halves: ten or more, none with more than a quarter of the texts."""
    size = np.unique(threads, return_counts=True)[1]
    return len(size) >= 10 and bool(size.max() <= len(threads) / 4)


def halves(threads: np.ndarray, runs: int, seed: int) -> list[np.ndarray]:
    """Rows of one half after the other; each two in turn (0 and 1, 2 and 3, …) have no thread in common.

    They are halves of the texts where the threads make none.
    """
    unit = np.unique(threads, return_inverse=True)[1].reshape(-1)
    size = np.bincount(unit)
    if not has_halves(threads):
        unit, size = np.arange(len(unit)), np.ones(len(unit), dtype=np.int64)
    found, limit = list[np.ndarray](), int(np.clip(len(unit) // 20, *HALF_LIMITS))
    for pair in range((runs + 1) // 2):
        order = np.random.default_rng([seed, 0, pair]).permutation(len(size))
        before = np.concatenate([[0], np.cumsum(size[order])[:-1]])
        first = np.zeros(len(size), dtype=bool)
        first[order] = before + size[order] / 2 <= len(unit) / 2
        for side in (first, ~first):
            rows = np.flatnonzero(side[unit])
            found.append(_sample(rows, limit, [seed, 4, len(found)]))
    return found[:runs]


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
    labels: Cuts  # of those rows, int16
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


def _known(fitted: np.ndarray, components: Projection, rows: np.ndarray, labels: Cuts) -> Half:
    """What labels of some texts say of every other."""
    points = components.of(fitted).astype(np.float64)
    labels = {k: dense(of) for k, of in labels.items()}  # a cluster that lost its last text would have no direction
    directions = {k: unit_length(sums(points, of, int(of.max()) + 1)) for k, of in labels.items()}
    return Half(rows, components, {k: of.astype(np.int16) for k, of in labels.items()}, directions)


def _agreements(items: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """How far each two halves agree on some texts, from the labels that all of them give; for each item.

    Halves with a thread in common would agree on texts that both have seen. ARI looks at large topics and AMI at small
    ones, and each alone favours numbers to match.
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    def agreement(a: np.ndarray, b: np.ndarray) -> float:
        return (adjusted_rand_score(a, b) + adjusted_mutual_info_score(a, b)) / 2

    return [np.array(list(map(agreement, labels[::2], labels[1::2]))) for labels in items]


def _curve(agreement: Sequence[np.ndarray], wanted: Sequence[int]) -> pd.DataFrame:
    """How far fits of two halves agree at each number of topics, and the number chosen."""
    stability = np.array([np.clip(of.mean(), 0, 1) for of in agreement])
    noise = np.array([of.std() / np.sqrt(len(of)) for of in agreement])
    sure = stability - noise  # small numbers agree by luck in one pair and not at all in the next
    best = int(np.flatnonzero(sure >= sure.max() - TOLERANCE)[-1])
    chosen = np.arange(len(wanted)) == best
    return pd.DataFrame({"n_topics": list(wanted), "stability": stability, "chosen": chosen})


def _vote(smooth: np.ndarray, labels: np.ndarray, k: int) -> Clusters:
    """The optimum of k-means nearest to what several partitions, (runs, n), say together.

    The different rows of their labels, one-hot, are clustered.
    """
    patterns, which, count = np.unique(labels.T, axis=0, return_inverse=True, return_counts=True)
    points = np.concatenate([np.eye(k, dtype=np.float32)[column] for column in patterns.T], axis=1)
    weight = count.astype(np.float64)
    heavy = np.argsort(-count, kind="stable")[: max(MICRO, k)]  # the patterns that stand for most texts
    start = ward(points[heavy].astype(np.float64), weight[heavy], {k})[k]
    voted = dense(kmeans(points, start, weight)[1][which.reshape(-1)])
    size = np.bincount(voted)
    return kmeans(smooth, (sums(smooth.astype(np.float64), voted, len(size)) / size[:, None]).astype(np.float32))


def compared(topic: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
