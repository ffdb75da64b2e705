"""Intervals: exact where arithmetic allows, invariants elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from corpora import QUICK
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.trends.intervals import adjusted, compared, estimated, freedom, means, ratio, shares


def test_with_threads_of_one_size_the_interval_is_students_on_their_means(rng):
    y = rng.uniform(-0.5, 0.5, (9, 4))
    row = means(np.zeros(36, int), np.repeat(np.arange(9), 4), y.ravel(), 1, QUICK).iloc[0]
    of = y.mean(axis=1)
    low, high = stats.t.interval(0.95, 8, of.mean(), of.std(ddof=1) / 3)
    assert (row["low"], row["high"]) == pytest.approx((low, high))


def test_naive_interval_is_students_on_comments(rng):
    y = rng.uniform(-0.5, 0.5, 30)
    row = means(np.zeros(30, int), np.arange(30) // 3, y, 1, QUICK).iloc[0]
    expected = stats.t.interval(0.95, 29, y.mean(), y.std(ddof=1) / np.sqrt(30))
    assert (row["naive_low"], row["naive_high"]) == pytest.approx(expected)


def test_degrees_of_freedom():
    assert freedom(np.full(7, 1 / 7), np.zeros(7, int), 1)[0] == pytest.approx(6)
    h = np.array([0.5, 0.3, 0.2])
    # By the definition: (sum of eigenvalues)^2 / sum of their squares, of the quadratic form that the variance is.
    project = (np.eye(3) - np.outer(h, np.ones(3))) / np.sqrt(1 - h)[:, None]
    form = project @ np.diag(h) @ project.T
    assert freedom(h, np.zeros(3, int), 1)[0] == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form))


def test_saying_everything_twice_says_no_more(rng):
    thread, y = np.repeat(np.arange(12), rng.integers(1, 6, 12)), None
    y = rng.uniform(-0.5, 0.5, len(thread))
    once = means(np.zeros(len(y), int), thread, y, 1, QUICK).iloc[0]
    twice = means(np.zeros(2 * len(y), int), np.tile(thread, 2), np.tile(y, 2), 1, QUICK).iloc[0]
    assert twice[["low", "high"]].tolist() == pytest.approx(once[["low", "high"]].tolist())
    assert twice["naive_high"] - twice["naive_low"] < 0.8 * (once["naive_high"] - once["naive_low"])


def test_too_few_threads_get_no_interval():
    cell = np.repeat([0, 1], [4, 5])
    table = means(cell, np.arange(9), np.linspace(-0.5, 0.5, 9), 3, QUICK)
    assert table["interval"].tolist() == ["too few", "threads", "empty"]
    assert table["low"].isna().tolist() == [True, False, True]
    assert table["estimate"].isna().tolist() == [False, False, True]


def test_a_period_in_which_all_say_the_same_is_not_certain(rng):
    y = np.concatenate([np.zeros(6), rng.uniform(-1, 1, 60)])
    table = means(np.repeat([0, 1], [6, 60]), np.arange(66), y, 2, QUICK)
    assert table["low"][0] < -0.1 < 0.1 < table["high"][0]


def test_share_of_independent_comments_is_wilsons(rng):
    option = np.where(np.arange(40) < 6, 0, -1)
    row = shares(np.zeros(40, int), np.arange(40), option, 1, 1, QUICK).iloc[0]
    q, p, n = stats.t.ppf(0.975, 39), 6 / 40, 40
    middle, half = p + q**2 / 2 / n, q * np.sqrt(p * (1 - p) / n + q**2 / 4 / n**2)
    expected = ((middle - half) / (1 + q**2 / n), (middle + half) / (1 + q**2 / n))
    assert (row["low"], row["high"]) == pytest.approx(expected)


def test_share_of_a_topic_that_whole_threads_have_counts_threads():
    # Ten threads of ten comments, three of them all on the topic: as if three of ten comments were.
    option = np.where(np.arange(100) < 30, 0, -1)
    row = shares(np.zeros(100, int), np.arange(100) // 10, option, 1, 1, QUICK).iloc[0]
    assert row["n_eff"] == pytest.approx(10, rel=0.2)


def test_the_derivative_of_a_figure_is_that_by_the_threads_weights(rng):
    n1, n2 = rng.integers(1, 9, (2, 7)).astype(float)
    y1, y2 = rng.normal(size=(2, 7))

    def figure(weight):
        a, b = ratio(y1 * weight, n1 * weight), ratio(y2 * weight, n2 * weight)
        return (b - a) * ((a + b) * 0.5)

    step = 1e-6
    numeric = [(figure(1 + step * e).value - figure(1 - step * e).value) / 2 / step for e in np.eye(7)]
    assert figure(np.ones(7)).influence.tolist() == pytest.approx(numeric, abs=1e-8)


def test_p_value_and_interval_of_a_figure_agree():
    row = estimated(0.3, 0.2, 5, QUICK)
    at_its_end = estimated((row["high"] - row["low"]) / 2, 0.2, 5, QUICK)
    assert at_its_end["p_value"] == pytest.approx(0.05)


def test_the_interval_of_a_figure_is_the_jackknifes(rng):
    n, y = rng.integers(1, 9, 8).astype(float), rng.normal(size=8)
    figure = ratio(y, n)
    row = compared(figure, [n], (-9, 9), QUICK)
    without = np.array([(y.sum() - y[t]) / (n.sum() - n[t]) for t in range(8)])
    half = stats.t.ppf(0.975, freedom(n / n.sum(), np.zeros(8, int), 1)[0]) * np.sqrt(
        ((without - figure.value) ** 2).sum()
    )
    assert (row["low"], row["high"]) == pytest.approx((figure.value - half, figure.value + half))


def test_q_values_are_benjamini_and_hochbergs():
    q = adjusted(np.array([0.01, np.nan, 0.04, 0.03]))
    assert q[[0, 2, 3]].tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert np.isnan(q[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_values_are_scipys(p):
    assert adjusted(np.array(p)) == pytest.approx(stats.false_discovery_control(p))
