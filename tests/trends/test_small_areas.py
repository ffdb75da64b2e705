"""What sparse cells borrow: in the limits what it must be, and held against an independent computation between."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import corpus, dates
from hypothesis import given
from hypothesis import strategies as st

from analysis import trends
from analysis.trends import small_areas

SIZES = np.array([0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8])  # as the methods page has them
ENDS = ["borrowed_low", "borrowed", "borrowed_high"]


def by_matrices(mean, variance, n, spread):
    """The same posterior, by the joint normal distribution of all cells of a group; NaN where a cell is empty."""
    k, time = len(SIZES), np.arange(mean.shape[1])
    found, likelihood = np.zeros((2, k, k, *mean.shape)), np.zeros((k, k, len(mean)))
    for i, step in enumerate((spread * SIZES) ** 2):
        for j, own in enumerate((spread * SIZES) ** 2):
            level = 1e4 * spread**2 + step * (np.minimum.outer(time, time) + 1)
            whole = level + own * np.eye(len(time))
            for g in range(len(mean)):
                at = np.flatnonzero(n[g])
                seen = whole[np.ix_(at, at)] + np.diag(variance[g, at])
                gain = np.linalg.solve(seen, whole[at]).T
                found[0, i, j, g] = gain @ mean[g, at]
                found[1, i, j, g] = np.diag(whole - gain @ whole[at])
                likelihood[i, j, g] = -0.5 * (
                    np.linalg.slogdet(seen)[1] + mean[g, at] @ np.linalg.solve(seen, mean[g, at])
                )
    joint = np.exp(likelihood - likelihood.max(axis=(0, 1)))
    of_own = np.prod(joint.sum(axis=0), axis=1)
    weight = joint / joint.sum(axis=0) * (of_own / of_own.sum())[:, None]
    estimate = np.einsum("ijg,ijgt->gt", weight, found[0])
    around = np.einsum("ijg,ijgt->gt", weight, found[1] + (found[0] - estimate) ** 2)
    return estimate, np.sqrt(around)


def test_the_smoother_is_the_joint_normal_distribution(rng):
    n = rng.integers(0, 6, (3, 7))
    n[:, 3] = 0, 2, 1
    mean, variance = rng.normal(0, 0.3, n.shape), 0.2 / np.maximum(n, 1)
    given_ = np.where(n > 0, mean, np.nan), np.where(n > 0, variance, np.nan), n, 0.45
    got = small_areas.borrowed(*given_, 0.95, (-9, 9))
    estimate, se = by_matrices(*given_)
    off = (n * (np.where(n > 0, mean, 0) - estimate)).sum(axis=1) / n.sum(axis=1)
    assert got[0] == pytest.approx(estimate + off[:, None], abs=1e-4)
    assert got[2] - got[0] == pytest.approx(2.0423 * se, rel=1e-3)  # Student's t of 30 degrees of freedom


def test_every_cell_of_a_topic_has_a_band_and_a_topic_keeps_its_mean(rng):
    c = corpus(rng, n_topics=4)
    table = trends.by_period(c, by="topic")
    assert table["low"].isna().any() and table[ENDS].notna().all(axis=None)
    assert (table["borrowed_low"] < table["borrowed"]).all() and (table["borrowed"] < table["borrowed_high"]).all()
    n = table["n_comments"]
    kept = (table["borrowed"] * n).groupby(table["topic"]).sum() / n.groupby(table["topic"]).sum()
    assert kept.tolist() == pytest.approx(c.groupby("topic")["sentiment"].mean().tolist(), abs=1e-9)
    assert not set(ENDS) & set(trends.by_period(c)) and not set(ENDS) & set(trends.by_topic(c))


def test_a_cell_with_many_threads_is_itself_and_an_empty_one_its_neighbours():
    months = pd.period_range("2020-01", periods=5, freq="M")
    rng, parts = np.random.default_rng(3), []
    for at, (month, level) in enumerate(zip(months, (0.5, -0.5, 0.0, 0.4, -0.4), strict=True)):
        if at != 2:
            y = level + rng.uniform(-0.2, 0.2, 400)
            parts.append(
                pd.DataFrame({"article_id": [f"{at} {i}" for i in range(400)], "sentiment": y}).assign(month=month)
            )
    c = pd.concat(parts, ignore_index=True)
    table = trends.by_period(c.assign(posted_at=dates(*[f"{m}-10" for m in c["month"]]), topic=0), by="topic")
    own = table["n_comments"] > 0
    assert table["borrowed"][own].tolist() == pytest.approx(table["estimate"][own].tolist(), abs=0.01)
    width = table["borrowed_high"] - table["borrowed_low"]
    assert width[2] > 5 * width[own].max()  # nothing is known of it but that months differ


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.0, 1e-9, 1.0]))
def test_whatever_the_cells_ends_are_in_order_and_within_bounds(seed, scale):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 4, (rng.integers(1, 4), rng.integers(1, 6)))
    mean = np.where(n > 0, np.clip(scale * rng.normal(size=n.shape), -1, 1), np.nan)
    estimate, low, high = small_areas.borrowed(
        mean, np.where(n > 0, 0.1 / np.maximum(n, 1), np.nan), n, 0.3, 0.95, (-1, 1)
    )
    some = n.any(axis=1)
    assert np.isnan(estimate[~some]).all() and np.isfinite(estimate[some]).all()
    assert (low[some] <= estimate[some]).all() and (estimate[some] <= high[some]).all()
    assert low[some].min(initial=0) >= -1 and high[some].max(initial=0) <= 1
