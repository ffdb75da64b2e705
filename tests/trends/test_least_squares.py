"""Slopes: those of least squares; noise is no trend."""

from __future__ import annotations

import numpy as np
import pytest
from corpora import QUICK, corpus
from scipy import stats

from analysis import trends
from analysis.settings import StudyError


def test_a_slope_is_that_of_least_squares_in_years(rng):
    c = corpus(rng)
    row = trends.slopes(c).iloc[0]
    years = (c["posted_at"] - c["posted_at"].min()).dt.total_seconds() / (365.25 * 86_400)
    assert row["estimate"] == pytest.approx(stats.linregress(years, c["sentiment"]).slope)
    assert row["low"] < row["estimate"] < row["high"]


def test_threads_that_are_just_enough_have_an_interval_and_a_measure_has_its_bounds(rng):
    for n, interval in ((4, "too few"), (5, "threads")):
        c = corpus(rng, n)
        row = trends.slopes(c).iloc[0]
        assert (row["interval"], row["n_threads"]) == (interval, n)
        years = (c["posted_at"] - c["posted_at"].min()).dt.total_seconds() / (365.25 * 86_400)
        assert row["estimate"] == pytest.approx(stats.linregress(years, c["sentiment"]).slope)
    for make in (trends.slopes, trends.by_period, trends.change_points, trends.comparisons, trends.decomposition):
        for beyond in (-1.01, 1.01):
            with pytest.raises(StudyError, match=rf"from -1 to 1, found {beyond}"):
                make(c.assign(sentiment=beyond))


def test_a_gradual_rise_of_a_topic_is_a_slope_and_noise_is_none(rng):
    c = corpus(rng, 200)
    years = (c["posted_at"] - c["posted_at"].min()).dt.days / 365
    c["topic"] = np.where(rng.random(len(c)) < 0.1 + 0.4 * years, 0, rng.integers(1, 3, len(c)))
    table = trends.slopes(c).set_index("series")
    assert table.loc["share of topic 0", "q_value"] < 0.01
    assert table.loc["share of topic 0", "low"] < 0.4 < table.loc["share of topic 0", "high"]
    assert (table.loc[table["measure"] == "sentiment", "q_value"] > 0.05).all()


def test_the_unassigned_are_in_tables_but_nothing_is_claimed_about_them(rng):
    c = corpus(rng)
    assert -1 in set(trends.shares_by_period(c)["topic"])
    for table in (trends.slopes(c), trends.change_points(c, method=QUICK)):
        assert (table["topic"].dropna() >= 0).all()
