"""Topics' mean vectors -> where topics lie to each other: a map in two dimensions, and topics of topics as a tree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.topics.neighbours import unit_length

DOTS = 3_000  # comments on the map at most: more would be one stain
SHARPNESS = 8.0  # how much a comment is drawn to the topic that it is most like, against the others


def topic_map(centroids: np.ndarray, vectors: np.ndarray, topic: np.ndarray, seed: int) -> pd.DataFrame:
    """Place topics, and comments among them, in two dimensions.

    Topics are placed by multidimensional scaling of the cosine distances of their mean vectors (SMACOF [1]_, from the
    classical solution, so that nothing is left to chance). A comment lies in the mean of the topics' places, weighted
    by how like it is to each: between topics where it is between them.

    Parameters
    ----------
    centroids : ndarray of shape (n_topics, n_dims)
    vectors : ndarray or OnDisk of shape (n, n_dims)
        Of the comments.
    topic : ndarray of shape (n,)
        -1 is unassigned, and is not drawn.
    seed : int
        Of the comments that are drawn, where there are more than 3,000.

    Returns
    -------
    DataFrame
        topic, comment (False for the place of a topic itself), x, y; distances are in units of cosine distance.
        Its `attrs["stress"]` is the stress-1 of the map: the root mean square error of its distances, relative to
        the root mean square distance, [0, 1].

    References
    ----------
    .. [1] De Leeuw, J. (1977). Applications of convex analysis to multidimensional scaling.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        unit = _centred(centroids)
        distance = np.clip(1 - unit @ unit.T, 0, 2)
        np.fill_diagonal(distance, 0)
        place, stress = _scaled(distance)
        shown = np.flatnonzero(topic >= 0)
        if len(shown) > DOTS:
            shown = np.sort(np.random.default_rng(seed).choice(shown, DOTS, replace=False))
        about = unit_length(centroids).mean(axis=0)
        likeness = unit_length(unit_length(vectors[shown]) - about) @ unit.T
        weight = np.exp(SHARPNESS * (likeness - likeness.max(axis=1, keepdims=True)))
        dots = weight / weight.sum(axis=1, keepdims=True) @ place if len(shown) else np.zeros((0, 2))
    table = pd.DataFrame(
        {
            "topic": np.concatenate([np.arange(len(centroids)), topic[shown]]),
            "comment": np.arange(len(centroids) + len(shown)) >= len(centroids),
            "x": np.concatenate([place[:, 0], dots[:, 0]]),
            "y": np.concatenate([place[:, 1], dots[:, 1]]),
        }
    )
    table.attrs["stress"] = stress
    return table


def topic_tree(centroids: np.ndarray) -> np.ndarray:
    """Topics of topics: average linkage of the cosine distances of mean vectors, as scipy's linkage matrix.

    Parameters
    ----------
    centroids : ndarray of shape (n_topics, n_dims)
        Of two topics or more.

    Returns
    -------
    ndarray of shape (n_topics - 1, 4)
        Which two are joined, at which cosine distance, how many topics are below.
    """
    from scipy.cluster.hierarchy import linkage, optimal_leaf_ordering
    from scipy.spatial.distance import pdist

    distance = np.clip(pdist(_centred(centroids).astype(np.float64), "cosine"), 0, 2)
    return optimal_leaf_ordering(linkage(distance, "average"), distance)


def _centred(centroids: np.ndarray) -> np.ndarray:
    """Directions of topics from the middle of all."""
    unit = unit_length(centroids)
    return unit_length(unit - unit.mean(axis=0)) if len(unit) > 2 else unit


def _scaled(distance: np.ndarray) -> tuple[np.ndarray, float]:
    """Places in two dimensions whose distances are near the given ones, and the stress that is left."""
    n = len(distance)
    if n < 3:
        return np.column_stack([np.arange(n) * (distance.max() if n == 2 else 0.0), np.zeros(n)]), 0.0
    middle = np.eye(n) - 1 / n
    values, sides = np.linalg.eigh(-middle @ (distance**2).astype(np.float64) @ middle / 2)
    place = sides[:, -1:-3:-1] * np.sqrt(np.maximum(values[-1:-3:-1], 1e-12))
    place *= np.where(place[np.abs(place).argmax(axis=0), [0, 1]] < 0, -1, 1)  # an axis has no sign of its own
    for _ in range(300):  # SMACOF: each step is the minimum of a bound on the stress
        now = np.linalg.norm(place[:, None] - place[None], axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(now > 1e-12, distance / now, 0.0)
        bound = -ratio
        np.fill_diagonal(bound, ratio.sum(axis=1))
        place = bound @ place / n
    now = np.linalg.norm(place[:, None] - place[None], axis=2)
    return place, float(np.sqrt(((now - distance) ** 2).sum() / (distance**2).sum()))
