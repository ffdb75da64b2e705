"""Slopes: those of least squares; noise is no trend."""

from __future__ import annotations

import numpy as np
import pytest
from corpora import QUICK, corpus
from scipy import stats

from analysis import trends


def test_a_slope_is_that_of_least_squares_in_years(rng):
    c = corpus(rng)
    row = trends.slopes(c).iloc[0]
    years = (c["posted_at"] - c["posted_at"].min()).dt.total_seconds() / (365.25 * 86_400)
    assert row["estimate"] == pytest.approx(stats.linregress(years, c["sentiment"]).slope)
    assert row["low"] < row["estimate"] < row["high"]


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
