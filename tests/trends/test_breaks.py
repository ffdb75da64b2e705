"""Change points: found where they were planted and where ruptures finds them; none in noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import ruptures
from corpora import QUICK, comments, corpus

from analysis import trends
from analysis.run import Run
from analysis.settings import ComputeSettings
from analysis.trends import breaks, cusum
from analysis.trends.periods import Calendar
from analysis.trends.units import arrange


def test_the_statistic_of_a_change_is_the_difference_over_its_error_by_threads(rng):
    a = arrange(corpus(rng, days=60), "sentiment", "topic", Calendar())
    _, code = np.unique(a.period, return_inverse=True)
    for kind in cusum.KINDS:
        codes = np.array([-1] if kind == cusum.MEAN else a.named)
        family = cusum.family(kind, a, codes, 5)
        start = family.start
        statistic = family.scan(start[None])[0][0]
        once = family.scan(start[None], np.ones((1, len(start))))[0][0]
        assert once == pytest.approx(statistic), "every thread once"
        if kind == cusum.SHARE:
            begun = (start[:, None] <= np.arange(code.max())).sum(axis=0)
            assert ((statistic > 0).all(axis=1) == ((begun >= 5) & (a.n_threads - begun >= 5))).all()
        for j, group in enumerate(family.codes):
            y = (a.group == group).astype(float) if kind == cusum.SHARE else a.y
            of = a.group == group if kind == cusum.MEAN_OF else np.ones(len(y), bool)
            for at in np.flatnonzero(statistic[:, j]):
                sides = [of & (code <= at), of & (code > at)]
                one, two = (
                    np.bincount(a.thread[s], y[s] - y[of].mean(), minlength=a.n_threads) / s.sum() for s in sides
                )
                expected = abs(y[sides[1]].mean() - y[sides[0]].mean()) / np.sqrt(((one - two) ** 2).sum())
                assert statistic[at, j] == pytest.approx(expected)


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
    assert row["at"] == pd.Timestamp("2021-03-01", tz="UTC")
    assert row["low"] <= row["at"] <= row["high"]
    assert row["p_value"] == pytest.approx(0.01)
    assert row["before"] - row["after"] == pytest.approx(0.3, abs=0.06)


def test_the_interval_of_a_date_is_that_of_threads_weighted_again_and_again(rng):
    c, quick = planted(rng, 0.12, 14), trends.Method(permutations=99, draws=120)
    a = arrange(c, "sentiment", calendar=Calendar())
    start, n = np.full(a.n_threads, 99), a.n_threads
    np.minimum.at(start, a.thread, a.period)
    again, places = np.random.default_rng([quick.seed, 24]), []
    of, y = np.eye(n)[a.thread], a.y - a.y.mean()
    for begin in range(0, quick.draws, breaks.DRAWN_AT_ONCE):
        for w in again.standard_exponential((n, min(breaks.DRAWN_AT_ONCE, quick.draws - begin))).T:
            statistic = []
            for cut in range(1, 24):
                sides = [a.period < cut, a.period >= cut]
                n_of = [(w[a.thread] * side).sum() for side in sides]
                means = [(w[a.thread] * side * a.y).sum() / m for side, m in zip(sides, n_of, strict=True)]
                residual = (y * sides[1]) @ of / n_of[1] - (y * sides[0]) @ of / n_of[0]
                begun = [w[start < cut].sum(), w[start >= cut].sum()]
                size = abs(means[1] - means[0]) / np.sqrt((w * residual**2).sum())
                statistic.append(size if min(begun) >= quick.min_threads else 0.0)
            places.append(int(np.argmax(statistic)) + 1)
    tail = (1 - quick.level) / 2
    row = trends.change_points(c, by=None, method=quick).iloc[0]
    at = pd.DatetimeIndex(a.grid["period_start"]).get_loc(row["at"])
    ends = np.quantile(places, [tail, 1 - tail], method="inverted_cdf")
    low, high = min(ends[0], at), max(ends[1], at)
    assert low < high and row[["low", "high"]].tolist() == a.grid["period_start"].iloc[[low, high]].tolist()


def test_a_series_alone_is_as_among_others(rng):
    a = arrange(corpus(rng, days=60), "sentiment", "topic", Calendar())
    for kind in cusum.KINDS[1:]:
        families = [cusum.family(kind, a, np.array(codes), 2) for codes in (a.named, a.named[1:2])]
        among, alone = (f.scan(f.start[None])[0][0] for f in families)
        assert len(a.named) > 1 and alone[:, 0] == pytest.approx(among[:, 1], rel=1e-12)


def test_changes_looked_for_side_by_side_are_the_same(rng, monkeypatch):
    c, seen = planted(rng, 0.3, 14), []
    monkeypatch.setattr(breaks, "MIN_ITEMS", 0)
    one = trends.change_points(c, method=QUICK)
    two = trends.change_points(c, method=QUICK, run=Run(ComputeSettings(workers=2), lambda *step: seen.append(step)))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert seen[0] == ("looking for changes", 1, 3) and len(one["step"].unique()) > 1


def test_two_planted_changes_are_both_found(rng):
    c = planted(rng, 0.4, 8)
    c["sentiment"] += 0.4 * (c["posted_at"] >= pd.Timestamp("2021-05-01", tz="UTC"))
    table = trends.change_points(c[c["topic"] == 0].assign(topic=-1), method=QUICK)
    found = table[table["q_value"] <= 0.05]
    assert sorted(found["at"].dt.strftime("%Y-%m")) == ["2020-09", "2021-05"]


def test_what_never_changes_has_no_change_and_noise_has_none_that_is_claimed(rng):
    c = planted(rng, 0, 0)
    table = trends.change_points(c, method=QUICK)
    assert "share of topic 0" not in set(table["series"])  # always 1
    assert not len(trends.change_points(c.assign(sentiment=0.1), method=QUICK))
    assert (table["p_value"] > 0.05).all()
    assert table[["low", "high"]].isna().all(axis=None)


def test_threads_and_not_comments_are_permuted(rng):
    # One loud thread a month: a hundred comments that agree. As comments they would be overwhelming.
    rows = []
    for at in range(12):
        for thread in range(2):
            own = rng.uniform(-0.5, 0.5)
            rows += [
                (f"{at}-{thread}", "u", f"2020-{at + 1:02d}-05", -1, own + rng.uniform(-0.01, 0.01)) for _ in range(50)
            ]
    assert trends.change_points(comments(rows), method=QUICK)["p_value"].iloc[0] > 0.05
