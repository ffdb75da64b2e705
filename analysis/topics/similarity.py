"""Topics' mean vectors -> where topics lie to each other: a map in two dimensions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.run.vectors import Vectors, unit_length

DOTS = 3_000  # comments on the map at most: more would be one stain
SHARPNESS = 8.0  # how much a comment is drawn to the topic that it is most like, against the others


def topic_map(centroids: np.ndarray, vectors: Vectors, topic: np.ndarray, seed: int) -> pd.DataFrame:
    """Place topics, and comments among them, in two dimensions.

    Topics by multidimensional scaling of the cosine distances of their mean vectors (SMACOF, De Leeuw 1977, from the
    classical solution: nothing is left to chance); a comment in the mean of their places, weighted by how like it is
    to each. Of comments that have a topic, at most 3,000 are drawn.

    Returns
    -------
    DataFrame
        topic, comment (False for the place of a topic itself), x, y; distances are in units of cosine distance.
        Its `attrs["stress"]` is the stress-1 of the map: the root mean square error of its distances, relative to
        the root mean square distance, [0, 1].
    """
    with threadpool_limits(1):
        unit = unit_length(centroids)
        about = unit.mean(axis=0)
        if len(unit) > 2:  # directions from the middle of all
            unit = unit_length(unit - about)
        distance = np.clip(1 - unit @ unit.T, 0, 2)
        np.fill_diagonal(distance, 0)
        place, stress = scaled(distance)
        shown = np.flatnonzero(topic >= 0)
        if len(shown) > DOTS:
            shown = np.sort(np.random.default_rng(seed).choice(shown, DOTS, replace=False))
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


def scaled(distance: np.ndarray) -> tuple[np.ndarray, float]:
    """Places in two dimensions whose distances are near the given ones, and the stress that is left."""
    from sklearn.manifold import ClassicalMDS, smacof

    n = len(distance)
    if n < 3 or not distance.any():
        return np.column_stack([np.arange(n) * distance.max(initial=0), np.zeros(n)]), 0.0
    distance = distance.astype(np.float64)
    with np.errstate(invalid="ignore"):  # on a line the second axis has a length of nearly 0, from below
        start = np.nan_to_num(ClassicalMDS(metric="precomputed").fit_transform(distance))
    place, rest = smacof(distance, init=start, n_init=1, eps=1e-9, normalized_stress=False)
    return place, float(np.sqrt(2 * rest / (distance**2).sum()))
