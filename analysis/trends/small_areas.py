"""What a cell with few threads borrows from its neighbours in time: the small-area estimate of its mean.

Fay and Herriot (1979) with a course of time (Rao and Yu 1994, Datta et al. 1999): the mean of a topic in a period is
a level that walks, by steps of a size of the topic's own, and an irregular part of a size that all topics share. Both
sizes are integrated over a grid. To be looked at, not tested on: beside a sudden step it is too smooth.
"""

from __future__ import annotations

import numpy as np

from analysis.trends.intervals import Bounds, quantile

SIZES = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8])  # steps, irregular part: in standard deviations of a comment
ANYTHING = 1e4  # a level's variance before there are comments, over that of a comment
FREEDOM = 30.0  # of Student's t: the sampling variance is known as well as that, not exactly


def borrowed(
    mean: np.ndarray, variance: np.ndarray, n: np.ndarray, spread: float, level: float, bounds: Bounds
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, low and high of every cell, from its own mean and the others of its row: (n_groups, n_periods) each.

    Of cells the direct means, NaN where one is empty, their variance, and comments; `spread` is the standard deviation
    of a comment within its cell. NaN for a group without a comment, or where nothing varies.
    """
    if not spread > 0:
        return (np.full(mean.shape, np.nan),) * 3
    known = (n > 0) & (variance > 0)
    y, v = np.where(known, mean, 0.0), np.where(known, variance, 1.0)
    walk, irregular = (spread * SIZES[:, None, None]) ** 2, (spread * SIZES[:, None]) ** 2
    # Axes: sizes of steps, sizes of the irregular part, groups. Before the first period a level may be anything.
    at, p, likelihood = (np.full((len(SIZES), len(SIZES), len(mean)), of) for of in (0.0, ANYTHING * spread**2, 0.0))
    filtered = []
    for t in range(mean.shape[1]):
        p = p + walk
        around, error = p + irregular + v[:, t], y[:, t] - at
        likelihood -= np.where(known[:, t], np.log(around) + error**2 / around, 0.0) / 2
        gain = np.where(known[:, t], p / around, 0.0)
        at, p = at + gain * error, p * (1 - gain)
        filtered.append((at, p))
    weight, half = _weights(likelihood), float(quantile(level, FREEDOM))
    estimate, se = np.full((2, *mean.shape), np.nan)
    for t in reversed(range(mean.shape[1])):
        before, p_before = filtered[t]
        back = p_before / (p_before + walk)
        if t + 1 < mean.shape[1]:
            at, p = before + back * (at - before), p_before + back**2 * (p - p_before - walk)
        own = np.where(known[:, t], irregular / (irregular + v[:, t]), 0.0)
        centre = own * y[:, t] + (1 - own) * at
        around = (1 - own) ** 2 * p + np.where(known[:, t], own * v[:, t], irregular)
        estimate[:, t] = (weight * centre).sum(axis=(0, 1))
        se[:, t] = np.sqrt((weight * (around + (centre - estimate[:, t]) ** 2)).sum(axis=(0, 1)))
    # Benchmarked: the comments of a group have the mean that they have.
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate += (np.where(known, n * (y - estimate), 0.0).sum(axis=1) / (n * known).sum(axis=1))[:, None]
    return tuple(np.clip(estimate + of * half * se, *bounds) for of in (0, -1, 1))


def _weights(likelihood: np.ndarray) -> np.ndarray:
    """Of each size of steps and of the irregular part, for each group: the latter by what all groups say."""
    steps = np.exp(likelihood - likelihood.max(axis=0))
    by_own = np.log(steps.mean(axis=0)) + likelihood.max(axis=0)
    shared = by_own.sum(axis=1)
    shared = np.exp(shared - shared.max())
    return steps / steps.sum(axis=0) * (shared / shared.sum())[:, None]
