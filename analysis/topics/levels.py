"""Topics -> themes above and subtopics below them, nested; how far fits of halves agree on each.

A theme is topics that the halves' coarser fits put together; a subtopic is what a topic has in common with a cluster
of a finer fit. Both are as stable as halves find them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 10  # texts in a subtopic
COARSE = (5, 6, 8)  # themes; as many as leave two topics to each on average
FINE = (64,)  # clusters that are looked for beside the numbers of topics: of large corpora


@dataclass(frozen=True)
class Level:
    """A partition of n texts that is nested with their topics."""

    of: np.ndarray  # (n,) int64, -1 = none
    stability: np.ndarray  # (n_groups,) float64 in [0, 1]: mean best Jaccard over the fits of halves

    @classmethod
    def without_groups(cls, n: int) -> Level:
        """That of n texts which is not there."""
        return cls(np.full(n, -1, dtype=np.int64), np.zeros(0))


def numbers_beside(chosen: int, fitted: Sequence[int]) -> tuple[int, int]:
    """Of the numbers of clusters at which halves were fitted, those of themes and of subtopics; 0 for none."""
    coarse = max((k for k in fitted if k in COARSE and 2 * k <= chosen), default=0)
    return coarse, min((k for k in fitted if k >= 2 * chosen), default=0)


def themes(topic: np.ndarray, seen: np.ndarray, coarse: np.ndarray, n_themes: int) -> Level:
    """Topics that coarser fits put together, by average linkage of where they are.

    Of the texts in the rows `seen` there are the fits' labels, (n_fits, n_seen), of n_themes clusters.
    """
    from scipy.cluster.hierarchy import cut_tree, linkage

    n_topics, some = int(topic.max()) + 1, topic[seen]
    size = np.maximum(np.bincount(some, minlength=n_topics), 1)[:, None]
    where = [np.bincount(some * n_themes + fit, minlength=n_topics * n_themes).reshape(n_topics, -1) for fit in coarse]
    share = np.sqrt(np.concatenate(where, axis=1) / size)  # Hellinger's distance between topics, over all fits
    group = cut_tree(linkage(share, "average"), n_clusters=n_themes).ravel()
    return Level(group[topic].astype(np.int64), _found_again(group[some], coarse, n_themes))


def subtopics(topic: np.ndarray, fine: np.ndarray, seen: np.ndarray, fits: np.ndarray) -> Level:
    """What topics have in common with clusters of a finer fit, from ten texts on, where a topic has two such parts.

    Of the texts in the rows `seen` there are the labels of halves' finer fits too, (n_fits, n_seen).
    """
    cell = topic * (int(fine.max()) + 1) + fine
    size = np.bincount(cell)
    large = np.flatnonzero(size >= LEAST)
    parts = np.bincount(large // (int(fine.max()) + 1), minlength=int(topic.max()) + 1)
    large = large[parts[large // (int(fine.max()) + 1)] > 1]
    number = np.full(len(size), -1, dtype=np.int64)
    number[large] = np.arange(len(large))
    return Level(number[cell], _found_again(number[cell][seen], fits, len(large)))


def _found_again(group: np.ndarray, fits: np.ndarray, n: int) -> np.ndarray:
    """Mean over fits of the best Jaccard overlap of each of n groups with a cluster."""
    there = group >= 0
    total = np.zeros(n)
    for fit in fits:
        n_fit = int(fit.max()) + 1
        both = np.bincount(group[there] * n_fit + fit[there], minlength=n * n_fit).reshape(n, n_fit)
        union = both.sum(axis=1, keepdims=True) + np.bincount(fit, minlength=n_fit) - both
        total += (both / np.maximum(union, 1)).max(axis=1, initial=0)
    return total / max(len(fits), 1)


def of_unions(group: np.ndarray, fits: np.ndarray, n: int) -> np.ndarray:
    """Mean over fits of the Jaccard overlap of each of n groups with the union of the clusters that lie mostly in it.

    For groups that people made of clusters: no single cluster is one. NaN without fits.
    """
    own, total = np.where(group < 0, n, group), np.zeros(n + 1)  # what is in no group has clusters of its own
    size = np.bincount(own, minlength=n + 1)
    for fit in fits:
        n_fit = int(fit.max()) + 1
        both = np.bincount(own * n_fit + fit, minlength=(n + 1) * n_fit).reshape(n + 1, n_fit)
        home = both.argmax(axis=0)
        shared, there = (np.bincount(home, of, minlength=n + 1) for of in (both.max(axis=0), both.sum(axis=0)))
        total += shared / np.maximum(size + there - shared, 1)
    return total[:n] / len(fits) if len(fits) else np.full(n, np.nan)
