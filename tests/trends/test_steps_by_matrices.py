"""The scan for the largest step, held against regressions of whole matrices of comments and against integrals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import corpus
from scipy import integrate, stats

from analysis.trends import Method, change_points
from analysis.trends.contrasts import Sides
from analysis.trends.cusum import Steps, p_value, steps_of
from analysis.trends.errors import cosines
from analysis.trends.intervals import adjusted
from analysis.trends.periods import Calendar
from analysis.trends.units import arrange

METHOD = Method(draws=120, level=0.8)


@pytest.fixture
def daily(rng):
    """Days of one to five comments with their values: the steps, the values, of each comment its day."""
    n = rng.integers(1, 6, 24)
    day = np.repeat(np.arange(24), n)
    y = 0.1 * rng.normal(size=len(day)) + 0.15 * (day > 13)
    time = np.cumsum(rng.uniform(0.5, 3, 24))
    return Steps(n.astype(float), np.array([4, 9, 13, 18]), time), y - y.mean(), day


def left(x):
    """What makes residuals of values: I - H."""
    return np.eye(len(x)) - x @ np.linalg.inv(x.T @ x) @ x.T


def beside_a_constant(x):
    return np.stack([np.ones(len(x)), x], axis=1).astype(float)


def test_statistic_size_variance_and_freedom_of_each_step(daily):
    steps, y, day = daily
    statistic, size, variance = steps.scan(np.bincount(day, y))
    phi = cosines(steps.n, 2)[:, day]
    for k, after in enumerate(steps.after):
        x = beside_a_constant(day > after)
        m = left(x)
        expected = phi @ m @ phi.T
        beta = np.linalg.lstsq(x, y, rcond=None)[0][1]
        assert size[k] == pytest.approx(beta)
        assert variance[k] == pytest.approx(((phi @ m @ y) ** 2).sum() / np.trace(expected))
        squares = ((x[:, 1] - x[:, 1].mean()) ** 2).sum()
        assert statistic[k] == pytest.approx(beta**2 * squares**2 / len(y) / variance[k])
        assert steps.scale[k] == pytest.approx(squares / len(y))
        assert steps.freedom(k) == pytest.approx(np.trace(expected) ** 2 / (expected**2).sum())


def test_a_level_added_changes_nothing_and_no_step_is_no_statistic(daily):
    steps, y, day = daily
    up = np.bincount(day, y)
    assert steps.scan(up + 3 * steps.n)[0] == pytest.approx(steps.scan(up)[0])
    assert steps.scan(3 * steps.n)[0].tolist() == [0, 0, 0, 0]
    several = steps.scan(np.stack([up, 2 * up]))
    assert several[0] == pytest.approx(np.stack([steps.scan(up)[0]] * 2))
    assert several[1][1] == pytest.approx(2 * several[1][0]) and several[2][1] == pytest.approx(4 * several[2][0])


def test_what_is_testable():
    assert Steps(np.ones(5), np.array([2]), np.arange(5.0)).testable
    assert not Steps(np.ones(4), np.array([2]), np.arange(4.0)).testable, "one cosine"
    assert not Steps(np.ones(9), np.array([], int), np.arange(9.0)).testable, "no date"


def so_large(v, statistic, df):
    """Density of a variance of v, times how often a Brownian bridge goes as far with it."""
    return stats.kstwobign.sf(np.sqrt(statistic * v)) * stats.chi2.pdf(v * df, df) * df


def test_the_law_of_the_largest_statistic():
    for df in (3.0, 12.0, 200.0):
        for statistic in (0.3, 1.0, 1.8, 6.0):
            expected, _ = integrate.quad(so_large, 0, 20 + 40 / df, args=(statistic, df), limit=400)
            assert p_value(statistic, df) == pytest.approx(expected, abs=1e-5), (statistic, df)
    assert p_value(0.05, 5.0) == 1.0 and p_value(0.0, 5.0) == 1.0


def test_what_is_drawn_has_the_mean_and_the_spread_that_are_asked_for(daily):
    steps, *_ = daily
    mean = np.linspace(-1, 1, 24)
    parts = list(steps.drawn(mean, 0.5, 40.0, Method(draws=4120, seed=3)))
    assert [len(part) for part in parts] == [50] * 82 + [20]
    drawn = np.concatenate(parts)
    assert drawn.mean(axis=0) == pytest.approx(mean, abs=0.11)
    assert drawn.var(axis=0) / steps.n == pytest.approx(
        np.full(24, 0.5 * 40 / 38), rel=0.12
    )  # of a scaled inverse chi-square
    again, other = (np.concatenate(list(steps.drawn(mean, 0.5, 40.0, Method(draws=60, seed=s)))) for s in (3, 4))
    assert np.array_equal(again[:50], drawn[:50]) and not np.allclose(other, again)


def test_a_step_drawn_again_is_found_where_the_scan_finds_it(daily):
    steps, *_ = daily
    places, sizes = steps.again(0.3, 2, 0.2, METHOD)
    step = 0.3 * steps.n * (np.arange(24) > 13)
    drawn = np.concatenate(list(steps.drawn(step, 0.2, steps.freedom(2), METHOD)))
    assert len(places) == len(sizes) == 120
    for one, place, size in zip(drawn, places, sizes, strict=True):
        statistic, every, _ = steps.scan(one)
        assert (place, size) == (statistic.argmax(), pytest.approx(every[statistic.argmax()]))
    assert len(set(places.tolist())) > 1 and np.bincount(places).argmax() == 2


def test_how_often_a_line_alone_shows_as_much_of_a_step(daily):
    steps, y, day = daily
    y = y - 0.12 * (day > 13)
    y, time = y - y.mean(), steps.time[day]
    phi, x = cosines(steps.n, 2)[:, day], beside_a_constant(time)
    expected = phi @ left(x) @ phi.T
    line = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    of_line = ((phi @ (y - line)) ** 2).sum() / np.trace(expected)
    df = np.trace(expected) ** 2 / (expected**2).sum()

    def better(up):
        """Sum of squares that the largest step explains, less that of a line, of sums by day."""
        statistic, *_ = steps.scan(up)
        of = up / steps.n  # days' means have the same fits
        within = [beside_a_constant(day > steps.after[statistic.argmax()]), x]
        values = of[day] - of[day].mean()
        step, straight = (((values - left(one) @ values) ** 2).sum() for one in within)
        return step - straight

    up = np.bincount(day, y)
    for variance, wider in ((9.0, 6.0), (of_line / 2, 9.0)):
        around = min(of_line, variance) * wider
        drawn = np.concatenate(list(steps.drawn(np.bincount(day, line), around, df, METHOD)))
        as_much = sum(better(one) >= better(up) for one in drawn)
        assert 0 < as_much < 120
        assert steps.of_a_line(up, variance, wider, METHOD) == pytest.approx((as_much + 1) / 121)


def test_steps_are_where_periods_end_with_enough_on_either_side(rng):
    c = corpus(rng, 30, months=6)
    a = arrange(c, "sentiment", "topic", Calendar("week", "Europe/Dublin"), (-1, 1))
    about = a.group == 1
    steps, begins = steps_of(a, about, 5)
    n = len(c)
    assert steps.n.tolist() == [(a.day == d).sum() for d in sorted(set(a.day.tolist()))]
    expected = []
    for period in sorted(set(a.period.tolist()))[1:]:
        late = a.period >= period
        first = {thread: a.period[about & (a.thread == thread)].min() for thread in set(a.thread[about].tolist())}
        sides = [sum(at < period for at in first.values()), sum(at >= period for at in first.values())]
        if 0.1 * n <= late.sum() <= 0.9 * n and min(sides) >= 5:
            expected.append(period)
    assert begins.tolist() == expected and 3 < len(expected) < len(set(a.period.tolist())) - 3
    days = np.array(sorted(set(a.day.tolist())))
    for after, period in zip(steps.after, begins, strict=True):
        assert (a.period[np.isin(a.day, days[: after + 1])] < period).all()
        assert (a.period[np.isin(a.day, days[after + 1 :])] >= period).all()
    hours = (c.set_index("comment_id")["posted_at"] - c["posted_at"].min()).dt.total_seconds().to_numpy() / 86_400
    assert steps.time == pytest.approx([hours[a.day == d].mean() for d in days])


def test_every_figure_of_a_change_that_is_found(rng):
    c = corpus(rng, 90, months=12, days=3).assign(topic=-1)
    late = c["posted_at"] >= "2020-07-20"
    c["sentiment"] = (c["sentiment"] / 2 - 0.35 * late).clip(-1, 1)
    table = change_points(c, bounds=(-1, 1), method=METHOD)
    row = table.iloc[0]
    a = arrange(c, "sentiment", "topic", Calendar("week", "UTC"), (-1, 1))
    steps, begins = steps_of(a, np.full(len(c), True), 5)
    days = sorted(set(a.day.tolist()))
    up = np.array([(a.y[a.day == d] - a.y.mean()).sum() for d in days])
    statistic, size, variance = steps.scan(up)
    best = int(statistic.argmax())
    assert row["at"] == a.grid["period_start"][begins[best]]
    side = a.period >= begins[best]
    assert (row["before"], row["after"]) == pytest.approx((a.y[~side].mean(), a.y[side].mean()))
    by_threads = Sides(a, side, METHOD).design.coefficient(a.y, 1, METHOD)
    own = (by_threads["estimate"] / by_threads["se"]) ** 2 * steps.scale[best]
    if own < statistic[best]:
        p, wider = p_value(own, by_threads["df"]), statistic[best] / own
    else:
        p, wider = p_value(statistic[best], steps.freedom(best)), 1.0
    assert row["p_value"] == pytest.approx(p / 0.9)
    assert row["line_p"] == steps.of_a_line(up, variance[best], wider, METHOD)
    places, sizes = steps.again(size[best], best, variance[best] * wider, METHOD)
    ends = np.sort(places)[[int(np.ceil(0.1 * 120)) - 1, int(np.ceil(0.9 * 120)) - 1]]
    weeks = sorted(set(a.period.tolist()))
    low, high = weeks.index(begins[min(ends[0], best)]) - 1, weeks.index(begins[max(ends[1], best)]) + 1
    assert (row["low"], row["high"]) == tuple(a.grid["period_start"][[weeks[low], weeks[high]]])
    expected = 2 * size[best] - np.array([sizes.mean(), np.quantile(sizes, 0.9), np.quantile(sizes, 0.1)])
    assert row[["size", "size_low", "size_high"]].tolist() == pytest.approx(expected.tolist())
    assert row["step"] == 1 and table["step"].is_monotonic_increasing
    for step in (1, 2, 3):
        looked_at = table[table["step"] <= step]
        q = pd.Series(adjusted(looked_at["p_value"].to_numpy()), looked_at.index)[looked_at["step"] == step]
        assert looked_at.loc[q.index, "q_value"].tolist() == pytest.approx(q.tolist())
