"""Change points: found where they were planted and where ruptures finds them; none in noise, none in a line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import ruptures
from corpora import QUICK, comments

from analysis import trends
from analysis.trends.cusum import Steps, p_value
from analysis.trends.periods import Calendar


def test_a_step_is_the_difference_of_the_means_and_its_law_is_kolmogorovs(rng):
    n, up = rng.integers(1, 9, 60).astype(float), rng.normal(size=60)
    steps = Steps(n, np.arange(10, 50), np.arange(60.0))
    _, size, _ = steps.scan(up)
    assert size[5] == pytest.approx(up[16:].sum() / n[16:].sum() - up[:16].sum() / n[:16].sum())
    drawn = np.concatenate(list(steps.drawn(np.zeros(60), 1.0, 1e9, trends.Method(draws=2000))))
    statistic, *_ = steps.scan(drawn)
    p = [p_value(row.max(), steps.freedom(int(row.argmax()))) for row in statistic]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.07, "of what does not change"


def planted(rng, shift, late):
    """Twenty-four months of six threads of four comments; from month `late` on the tone is lower by `shift`."""
    months = np.datetime64("2020-01", "M") + np.arange(24)
    rows = []
    for at, month in enumerate(months):
        for thread in range(6):
            own = rng.uniform(-0.1, 0.1)
            day = month.astype("M8[D]") + 3 * thread
            rows += [
                (f"{month}-{thread}", "u", day, 0, own + rng.uniform(-0.3, 0.3) - shift * (at >= late))
                for _ in range(4)
            ]
    return comments(rows)


def test_a_planted_change_is_found_where_ruptures_finds_it(rng):
    c = planted(rng, 0.3, 14)
    row = trends.change_points(c, method=QUICK).iloc[0]
    of = trends.by_period(c)["estimate"].to_numpy()
    assert ruptures.Binseg(model="l2", jump=1, min_size=1).fit(of).predict(n_bkps=1)[0] == 14
    assert row["at"] == pd.Timestamp("2021-03-01", tz="UTC"), "a Monday"
    assert row["low"] < row["at"] < row["high"]
    assert row["p_value"] < 1e-6 and row["line_p"] < 0.05
    assert row["before"] - row["after"] == pytest.approx(0.3, abs=0.06)
    assert row["size_low"] < -0.3 < row["size_high"] < 0


def test_a_straight_line_changes_but_is_no_break(rng):
    c = planted(rng, 0, 0)
    days = (c["posted_at"] - c["posted_at"].min()).dt.days
    row = trends.change_points(c.assign(sentiment=c["sentiment"] - 0.5 * days / days.max()), method=QUICK)
    assert row["p_value"][0] < 0.001 and row["line_p"][0] > 0.2 and (row["step"] == 1).all()


def test_what_moves_all_threads_of_some_weeks_is_no_change(rng):
    c = planted(rng, 0, 0)
    found = 0
    for _ in range(20):
        news = rng.normal(0, 0.2, 24)
        month = c["article_id"].str.slice(0, 7).rank(method="dense").astype(int) - 1
        moved = c.assign(sentiment=(c["sentiment"] + news[month]).clip(-1, 1))
        found += trends.change_points(moved, by=None, method=QUICK)["p_value"][0] < 0.05
    assert found <= 4


def test_one_period_at_the_end_is_no_ground_for_a_change(rng):
    assert trends.change_points(planted(rng, 0.5, 23), by=None, method=QUICK)["at"][0] < pd.Timestamp(
        "2021-11", tz="UTC"
    )


def test_two_planted_changes_are_both_found(rng):
    c = planted(rng, 0.4, 8)
    c["sentiment"] += 0.4 * (c["posted_at"] >= pd.Timestamp("2021-05-01", tz="UTC"))
    table = trends.change_points(c[c["topic"] == 0].assign(topic=-1), method=QUICK)
    found = table[table["q_value"] <= 0.05]
    assert sorted(found["at"].dt.strftime("%Y-%m-%d")) == ["2020-08-31", "2021-04-26"], "weeks with the 1st in them"


def test_each_of_several_changes_is_estimated_between_those_beside_it(rng):
    c = planted(rng, 0, 0)
    year = (c["posted_at"] - c["posted_at"].min()).dt.days // 183
    c["sentiment"] += year.map({0: 0.4, 1: 0.1, 2: -0.1}).fillna(-0.5)
    found = trends.change_points(c, by=None, method=QUICK).query("q_value <= 0.05").sort_values("at")
    at = found["at"].tolist()
    assert len(at) == 3 and found["since"].tolist()[1:] == at[:2] and found["until"].tolist()[:2] == at[1:]
    for row, size in zip(found.itertuples(), (-0.3, -0.2, -0.4), strict=True):
        inside = c[~(c["posted_at"] < row.since) & ~(c["posted_at"] >= row.until)]
        late = inside["posted_at"] >= row.at
        means = inside["sentiment"][~late].mean(), inside["sentiment"][late].mean()
        assert (row.before, row.after) == pytest.approx(means)
        assert row.size == pytest.approx(row.after - row.before, abs=0.03)
        assert row.after - row.before == pytest.approx(size, abs=0.06), "of these two levels, and of no other"


def test_what_never_changes_has_no_change_and_noise_has_none_that_is_claimed(rng):
    c = planted(rng, 0, 0)
    table = trends.change_points(c, method=QUICK)
    assert "share of topic 0" not in set(table["series"])  # always 1
    assert not len(trends.change_points(c.assign(sentiment=0.1), method=QUICK))
    assert (table["p_value"] > 0.05).all()
    assert table[["low", "high"]].isna().all(axis=None)


def test_threads_and_not_comments_are_what_counts(rng):
    # One loud thread a month: a hundred comments that agree. As comments they would be overwhelming.
    rows = []
    for at in range(12):
        for thread in range(2):
            own = rng.uniform(-0.5, 0.5)
            rows += [
                (f"{at}-{thread}", "u", f"2020-{at + 1:02d}-05", -1, own + rng.uniform(-0.01, 0.01)) for _ in range(50)
            ]
    assert trends.change_points(comments(rows), method=QUICK)["p_value"].iloc[0] > 0.05


def test_a_change_that_is_taken_back_is_looked_for_in_two_thirds_with_a_twentieth_of_the_error(rng):
    c = planted(rng, 0.2, 8)
    c["sentiment"] += 0.2 * (c["posted_at"] >= pd.Timestamp("2021-05-01", tz="UTC"))
    row = trends.change_points(c, by=None, method=QUICK).iloc[0]
    week = Calendar("week").starts(c["posted_at"])
    so_far = week.value_counts().sort_index().cumsum()
    first, last = (so_far.index[so_far > third / 3 * len(c)][0] for third in (1, 2))
    alone = [trends.change_points(c[of], by=None, method=QUICK).iloc[0] for of in (week >= first, week <= last)]
    best = min(alone, key=lambda one: one["p_value"])
    # Each is looked at by itself with nine tenths of the error.
    assert (row["at"], row["p_value"]) == (best["at"], pytest.approx(best["p_value"] * 0.9 / 0.05))
