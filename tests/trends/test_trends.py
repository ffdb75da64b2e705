"""Periods, intervals, changes and what drives them: exact where arithmetic allows, invariants elsewhere."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pandas as pd
import pytest
import ruptures
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from scipy import stats

from analysis.run import Run
from analysis.settings import ComputeSettings, StudyError, TrendSettings
from analysis.trends import change_points as changes
from analysis.trends import cusum
from analysis.trends import tables as trends
from analysis.trends.comparisons import comparisons
from analysis.trends.drivers import decompositions
from analysis.trends.intervals import Figure, adjusted, freedom, linear, means, ratio, shares
from analysis.trends.periods import arrange

QUICK = TrendSettings(permutations=99, draws=99, events=(("what happened", "2020-05-01"),))
TABLES = (
    trends.activity_by_period,
    trends.sentiment_by_period,
    trends.topics_by_period,
    trends.topic_sentiment_by_period,
    trends.overall,
    trends.by_topic,
    trends.slopes,
    trends.decomposition,
    trends.sensitivity,
    trends.change_points,
    trends.scores_by_period,
    comparisons,
    decompositions,
)


def dates(*texts):
    return pd.Series(np.array(texts, "M8[us]")).dt.tz_localize("UTC")


def comments(rows):
    """A table of (thread, author, date, topic, sentiment)."""
    thread, author, posted_at, topic, sentiment = map(list, zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "comment_id": [f"c{i:05d}" for i in range(len(rows))],
            "article_id": thread,
            "author": author,
            "posted_at": dates(*posted_at),
            "topic": topic,
            "sentiment": np.array(sentiment, float),
            "duplicate_of": pd.Series([None] * len(rows), dtype="str"),
        }
    )


def corpus(rng, n_threads=80, months=12, n_topics=3, days=20.0):
    """Threads that start at any time in 2020, comments some days apart."""
    thread = np.repeat(np.arange(n_threads), rng.integers(1, 9, n_threads))
    start = rng.uniform(0, months * 30, n_threads)
    at = np.datetime64("2020-01-01", "s") + ((start[thread] + rng.exponential(days, len(thread))) * 86400).astype(int)
    tone = rng.uniform(-0.3, 0.3, n_threads)[thread] + rng.uniform(-0.6, 0.6, len(thread))
    topic = rng.integers(-1, n_topics, len(thread))
    authors = rng.integers(0, 60, len(thread))
    return comments(
        [(f"t{t}", f"u{a}", d, k, s) for t, a, d, k, s in zip(thread, authors, at, topic, tone, strict=True)]
    )


@pytest.fixture
def rng():
    return np.random.default_rng(5)


# Periods


@pytest.mark.parametrize(
    ("period", "zone", "first", "last", "starts"),
    [
        ("month", "UTC", "2024-01-31T23:59:59", "2024-03-01", ["2024-01-01", "2024-02-01", "2024-03-01"]),
        ("day", "UTC", "2024-02-28", "2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("week", "UTC", "2020-12-31", "2021-01-04", ["2020-12-28", "2021-01-04"]),  # 2020 has a week 53
        ("quarter", "UTC", "2019-11-01", "2020-04-01", ["2019-10-01", "2020-01-01", "2020-04-01"]),
        ("year", "Asia/Tokyo", "2019-12-31T14:59:59", "2019-12-31T15:00", ["2019-01-01", "2020-01-01"]),
        ("month", "America/New_York", "2020-03-01T04:59", "2020-03-01T05:00", ["2020-02-01", "2020-03-01"]),
    ],
)
def test_periods_are_of_the_calendar_in_the_zone(period, zone, first, last, starts):
    table = trends.periods(dates(last, first), TrendSettings(period=period, timezone=zone))
    assert table["period_start"].dt.strftime("%Y-%m-%d").tolist() == starts
    assert str(table["period_start"].dtype) == f"datetime64[us, {zone}]"


def test_weeks_start_where_the_study_says():
    for day, first in (("monday", "2020-12-28"), ("sunday", "2020-12-27"), ("saturday", "2020-12-26")):
        chosen = TrendSettings(period="week", week_starts=day)
        found = trends.periods(dates("2020-12-31", "2021-01-11"), chosen)["period_start"]
        assert found.iloc[0] == pd.Timestamp(first, tz="UTC")
        assert (found.dt.day_name() == day.capitalize()).all()


def test_days_are_23_and_25_hours_long_where_clocks_change():
    spring = trends.periods(
        dates("2024-03-30T12:00", "2024-04-01"), TrendSettings(period="day", timezone="Europe/Paris")
    )
    autumn = trends.periods(dates("2024-10-27", "2024-10-28"), TrendSettings(period="day", timezone="Europe/Paris"))
    hours = [((t["period_end"] - t["period_start"]).dt.total_seconds() / 3600).tolist() for t in (spring, autumn)]
    assert hours == [[24, 23, 24], [25, 24]]


def test_a_midnight_that_comes_twice_starts_the_day_once():
    # Havana: on 2024-11-03 clocks went from 01:00 back to 00:00, so 04:30 and 05:30 UTC are both 00:30.
    table = trends.activity_by_period(
        comments([("a", "u", t, 0, 0.0) for t in ("2024-11-03T03:59", "2024-11-03T04:30", "2024-11-03T05:30")]),
        TrendSettings(period="day", timezone="America/Havana"),
    )
    assert table["n_comments"].tolist() == [1, 2]


def test_clocks_that_go_back_over_midnight_keep_periods_in_the_order_of_time():
    # St John's: on 1990-10-28 at 00:01 clocks went back to 23:01 of the day before.
    at = pd.Series(pd.date_range("1990-10-28T02:00", "1990-10-28T04:00", freq="7min", tz="UTC").as_unit("us"))
    chosen = TrendSettings(period="day", timezone="America/St_Johns")
    assert trends.assign(at, chosen).is_monotonic_increasing
    assert len(trends.periods(at, chosen)) == 2


@budget(max_examples=60, deadline=None)
@given(
    days=st.lists(st.integers(-60_000, 60_000), min_size=1, max_size=6),
    second=st.integers(0, 86_399),
    period=st.sampled_from(["week", "month", "quarter", "year"]),
    zone=st.sampled_from(
        ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "America/Havana"]
    ),
)
def test_every_comment_is_in_one_half_open_period(days, second, period, zone):
    at = dates(*(np.datetime64("2000-01-01", "s") + np.array(days) * 86_400 + second))
    chosen = TrendSettings(period=period, timezone=zone)
    table, start = trends.periods(at, chosen), trends.assign(at, chosen)
    assert (table["period_end"][:-1].to_numpy() == table["period_start"][1:].to_numpy()).all()
    end = start.map(table.set_index("period_start")["period_end"])
    assert ((start <= at) & (at < end)).all()
    assert set(start) >= {table["period_start"].iloc[0], table["period_start"].iloc[-1]}


def test_undated_comments_have_no_period():
    at = dates("NaT", "2020-05-05")
    assert trends.assign(at, QUICK).isna().tolist() == [True, False]
    assert len(trends.periods(at[:1], QUICK)) == 0


def test_a_grid_of_too_many_days_names_the_remedy():
    with pytest.raises(StudyError, match="longer period"):
        trends.periods(dates("0001-01-01", "9999-12-31"), TrendSettings(period="day"))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_the_ends_of_the_calendar_can_be_shown(zone):
    table = trends.periods(dates("0001-01-01", "9999-12-31T23:59:59"), TrendSettings(period="year", timezone=zone))
    assert len(table) == 9999
    assert table.to_csv().count("\n") == 10_000


# Intervals


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


def test_shares_sum_to_one_and_lie_in_their_intervals(rng):
    table = trends.topics_by_period(corpus(rng), QUICK)
    table = table[table["n_total"] > 0]
    assert table.groupby("period_start")["estimate"].sum().to_numpy() == pytest.approx(1)
    known = table[table["interval"] == "threads"]
    assert len(known) > 20
    assert ((known["low"] >= 0) & (known["low"] <= known["estimate"])).all()
    assert ((known["estimate"] <= known["high"]) & (known["high"] <= 1)).all()
    assert (table["estimate"] * table["n_total"]).to_numpy() == pytest.approx(table["n_comments"].to_numpy())


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
    influence = np.array([0.1, -0.1, 0.05, -0.05])
    low, high, _ = linear(Figure(0.3, influence), np.zeros(4), 5, QUICK)
    _, _, p_value = linear(Figure((high - low) / 2, influence), np.zeros(4), 5, QUICK)
    assert p_value == pytest.approx(0.05)


def test_the_interval_of_a_figure_is_the_jackknifes(rng):
    n, y = rng.integers(1, 9, 8).astype(float), rng.normal(size=8)
    figure = ratio(y, n)
    low, high, _ = linear(figure, n / n.sum(), 4, QUICK)
    without = np.array([(y.sum() - y[t]) / (n.sum() - n[t]) for t in range(8)])
    half = stats.t.ppf(0.975, 4) * np.sqrt(((without - figure.value) ** 2).sum())
    assert (low, high) == pytest.approx((figure.value - half, figure.value + half))


def test_q_values_are_benjamini_and_hochbergs():
    q = adjusted(np.array([0.01, np.nan, 0.04, 0.03]))
    assert q[[0, 2, 3]].tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert np.isnan(q[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_values_are_scipys(p):
    assert adjusted(np.array(p)) == pytest.approx(stats.false_discovery_control(p))


# Tables


def test_activity_counts_comments_threads_and_known_authors():
    table = trends.activity_by_period(
        comments(
            [
                ("a", "u", "2020-01-05", 0, 0.1),
                ("a", "u", "2020-01-06", 0, 0.1),
                ("b", None, "2020-01-07", 0, 0.1),
                ("b", "v", "2020-03-07", 0, 0.1),
                ("c", "v", "NaT", 0, 0.1),
            ]
        ),
        QUICK,
    )
    assert table[["n_comments", "n_threads", "n_authors"]].to_numpy().tolist() == [[3, 2, 1], [0, 0, 0], [1, 1, 1]]


def test_sentiment_counts_only_the_scored_and_calls_poles_as_vader_does():
    scores = [-0.05, -0.04, 0.04, 0.05, np.nan]
    table = trends.sentiment_by_period(comments([("a", "u", "2020-01-05", 0, s) for s in scores]), QUICK)
    row = table.iloc[0]
    assert (row["n_comments"], row["share_negative"], row["share_positive"]) == (4, 0.25, 0.25)


def test_activity_counts_comments_with_a_time_of_their_own(rng):
    c = corpus(rng)
    c["posted_at_source"] = np.where(np.arange(len(c)) % 3 == 0, "comment", "article")
    table = trends.activity_by_period(c.sample(frac=1, random_state=2), QUICK)
    own = c[c["posted_at_source"] == "comment"]
    expected = own.groupby(trends.assign(own["posted_at"], QUICK)).size().reindex(table["period_start"], fill_value=0)
    assert table["n_own_time"].tolist() == expected.tolist() and 0 < table["n_own_time"].sum() < len(c)


def test_scores_are_counted_in_bins_whose_middle_is_none(rng):
    c = corpus(rng).assign(sentiment=0.0)
    table = trends.scores_by_period(c, QUICK)
    assert table.loc[table["n_comments"] > 0, ["low", "high"]].drop_duplicates().round(2).values.tolist() == [
        [-0.05, 0.05]
    ]
    assert table["n_comments"].sum() == len(c) and set(table["period"]) == {"month"}


def test_many_periods_are_taken_as_longer_ones(rng):
    c = corpus(rng, months=60)
    table = trends.scores_by_period(c, dataclasses.replace(QUICK, period="day"))
    assert set(table["period"]) == {"quarter"} and table["n_comments"].sum() == len(c)
    far = c.assign(posted_at=dates(*np.resize(["1900-01-01", "2020-01-01"], len(c))))
    table = trends.scores_by_period(far, QUICK)
    assert table["period_start"].dt.year.min() == 1991, "the last thirty years"


def test_by_topic_agrees_with_pandas(rng):
    c = corpus(rng)
    table = trends.by_topic(c, QUICK).set_index("topic")
    assert table["estimate"].to_dict() == pytest.approx(c.groupby("topic")["sentiment"].mean().to_dict())
    assert table["share"].to_dict() == pytest.approx(c["topic"].value_counts(normalize=True).to_dict())


@pytest.mark.parametrize("table", TABLES, ids=lambda f: f.__name__)
def test_no_table_depends_on_the_order_of_rows_or_changes_its_input(table, rng):
    c = corpus(rng)
    mixed = c.sample(frac=1, random_state=1)
    before = mixed.copy()
    pd.testing.assert_frame_equal(table(c, QUICK), table(mixed, QUICK), check_exact=True)
    pd.testing.assert_frame_equal(mixed, before)


def cases():
    base = corpus(np.random.default_rng(2), 30)
    n = len(base)
    far = dates(*np.resize(["0001-01-01", "9999-12-31T23:59:59.999999"], n))
    yield "no comments", base.iloc[:0]
    yield "one day", base.assign(posted_at=dates(*np.full(n, "2020-02-29T12:00")))
    yield "one thread", base.assign(article_id="a")
    yield "three comments in 30 years", base.iloc[:3].assign(posted_at=dates("1995-01-01", "2010-06-01", "2025-01-01"))
    yield "years 1 and 9999", base.assign(posted_at=far)
    yield "all undated", base.assign(posted_at=dates(*np.full(n, "NaT")))
    yield "no topics", base.assign(topic=-1)
    yield "no scores", base.assign(sentiment=np.nan)
    yield "one topic", base.assign(topic=3)
    yield "no feeling", base.assign(sentiment=0.0)


@pytest.mark.parametrize(("name", "case"), list(cases()), ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.filterwarnings("error")
def test_poor_corpora_give_tables_of_the_same_columns_and_types(name, case):
    chosen = dataclasses.replace(QUICK, period="year", timezone="America/New_York", permutations=9, draws=9)
    full = corpus(np.random.default_rng(3))
    for table in TABLES:
        found, usual = table(case, chosen), table(full, chosen)
        pd.testing.assert_series_equal(found.dtypes, usual.dtypes)
        if "interval" in found:
            assert (found.loc[found["interval"] != "threads", "low"].isna()).all()
    assert (trends.overall(case, chosen)["n_comments"] == case["sentiment"].notna().sum()).all()


# Change over time


def test_the_statistic_of_a_change_is_the_difference_over_its_error_by_threads(rng):
    a = arrange(corpus(rng, days=60), QUICK)
    _, code = np.unique(a.period, return_inverse=True)
    start = np.full(a.n_threads, 99)
    np.minimum.at(start, a.thread, code)
    for kind in cusum.KINDS:
        family = cusum.family(kind, a, a.thread, code - start[a.thread], None)
        statistic = family.permuted(start[None], code.max() + 1, 5)[0][0]
        cells = [rows.by_cell(start, code.max() + 1) for rows in family.rows]
        once = np.ones((len(start), 1))
        sums = [rows.weighted(of, once, code.max() + 1) for rows, of in zip(family.rows, cells, strict=True)]
        assert family.scan(sums, 5)[0][0] == pytest.approx(statistic), "every thread once"
        if kind == "share of topic":
            begun = (start[:, None] <= np.arange(code.max())).sum(axis=0)
            assert ((statistic > 0).all(axis=1) == ((begun >= 5) & (a.n_threads - begun >= 5))).all()
        for j, topic in enumerate(family.topics):
            y = (a.topic == topic).astype(float) if kind == "share of topic" else a.sentiment
            of = a.topic == topic if kind == "sentiment of topic" else np.ones(len(y), bool)
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
    row = trends.change_points(c, QUICK).iloc[0]
    of = trends.sentiment_by_period(c, QUICK)["estimate"].to_numpy()
    assert ruptures.Binseg(model="l2", jump=1, min_size=1).fit(of).predict(n_bkps=1)[0] == 14
    assert row["at"] == pd.Timestamp("2021-03-01", tz="UTC")
    assert row["low"] <= row["at"] <= row["high"]
    assert row["p_value"] == pytest.approx(0.01)
    assert row["before"] - row["after"] == pytest.approx(0.3, abs=0.06)


def test_the_interval_of_a_date_is_that_of_threads_weighted_again_and_again(rng):
    a = arrange(planted(rng, 0.09, 14), QUICK)
    start, n, quick = np.full(a.n_threads, 99), a.n_threads, dataclasses.replace(QUICK, draws=120)
    np.minimum.at(start, a.thread, a.period)
    f = cusum.family("sentiment", a, a.thread, a.period - start[a.thread])
    at = f.permuted(start[None], 24, 5)[0][0, :, 0].argmax()
    ((low, high),) = changes._dates([f], start, 24, np.array([at]), quick)
    again, places = np.random.default_rng([quick.seed, 24]), []
    of, y = np.eye(n)[a.thread], a.sentiment - a.sentiment.mean()
    for begin in range(0, quick.draws, changes.DRAWN_AT_ONCE):
        for w in again.standard_exponential((n, min(changes.DRAWN_AT_ONCE, quick.draws - begin))).T:
            statistic = []
            for cut in range(1, 24):
                sides = [a.period < cut, a.period >= cut]
                n_of = [(w[a.thread] * side).sum() for side in sides]
                means = [(w[a.thread] * side * a.sentiment).sum() / m for side, m in zip(sides, n_of, strict=True)]
                residual = (y * sides[1]) @ of / n_of[1] - (y * sides[0]) @ of / n_of[0]
                begun = [w[start < cut].sum(), w[start >= cut].sum()]
                size = abs(means[1] - means[0]) / np.sqrt((w * residual**2).sum())
                statistic.append(size if min(begun) >= quick.min_threads else 0.0)
            places.append(int(np.argmax(statistic)))
    tail = (1 - quick.level) / 2
    expected = np.quantile(places, [tail, 1 - tail], method="inverted_cdf")
    assert low < high and (low, high) == (min(expected[0], at), max(expected[1], at))


def test_a_series_is_counted_until_it_is_decided_and_alone_as_among_others(rng):
    a = arrange(corpus(rng, days=60), QUICK)
    _, code = np.unique(a.period, return_inverse=True)
    start, n = np.full(a.n_threads, 99), int(code.max()) + 1
    np.minimum.at(start, a.thread, code)
    make = partial(cusum.family, "share of topic", a, a.thread, code - start[a.thread])
    f, quick = make(), dataclasses.replace(QUICK, permutations=999, min_threads=2)
    seen = np.zeros(len(f.topics))
    seen[0] = 99.0  # never beaten; the others always
    beaten, n_drawn = changes._beaten(f, make, start, n, seen, 1, quick)
    assert (beaten[0], n_drawn[0]) == (0, 999) and len(seen) > 1
    assert set(n_drawn[1:]) == set(beaten[1:]) == {50}, "as many as show that p is above .05"
    alone = f.permuted(start[None], n, 2)[0][0, :, 1]
    assert make(f.topics[[1]]).permuted(start[None], n, 2)[0][0, :, 0].tolist() == alone.tolist()


def test_changes_looked_for_side_by_side_are_the_same(rng, monkeypatch):
    c, seen = planted(rng, 0.3, 14), []
    monkeypatch.setattr(changes, "MIN_ITEMS", 0)
    one = trends.change_points(c, QUICK)
    two = trends.change_points(c, QUICK, Run(ComputeSettings(workers=2), lambda *step: seen.append(step)))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert seen[0] == ("looking for changes", 1, 3) and len(one["step"].unique()) > 1


def test_two_planted_changes_are_both_found(rng):
    c = planted(rng, 0.4, 8)
    c["sentiment"] += 0.4 * (c["posted_at"] >= pd.Timestamp("2021-05-01", tz="UTC"))
    table = trends.change_points(c[c["topic"] == 0].assign(topic=-1), QUICK)
    found = table[table["q_value"] <= 0.05]
    assert sorted(found["at"].dt.strftime("%Y-%m")) == ["2020-09", "2021-05"]


def test_what_never_changes_has_no_change_and_noise_has_none_that_is_claimed(rng):
    c = planted(rng, 0, 0)
    table = trends.change_points(c, QUICK)
    assert "share of topic 0" not in set(table["series"])  # always 1
    assert not len(trends.change_points(c.assign(sentiment=0.1), QUICK))
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
    assert trends.change_points(comments(rows), QUICK)["p_value"].iloc[0] > 0.05


def test_a_slope_is_that_of_least_squares_in_years(rng):
    c = corpus(rng)
    row = trends.slopes(c, QUICK).iloc[0]
    years = (c["posted_at"] - c["posted_at"].min()).dt.total_seconds() / (365.25 * 86_400)
    assert row["estimate"] == pytest.approx(stats.linregress(years, c["sentiment"]).slope)
    assert row["low"] < row["estimate"] < row["high"]


def test_a_gradual_rise_of_a_topic_is_a_slope_and_noise_is_none(rng):
    c = corpus(rng, 200)
    years = (c["posted_at"] - c["posted_at"].min()).dt.days / 365
    c["topic"] = np.where(rng.random(len(c)) < 0.1 + 0.4 * years, 0, rng.integers(1, 3, len(c)))
    table = trends.slopes(c, QUICK).set_index("series")
    assert table.loc["share of topic 0", "q_value"] < 0.01
    assert table.loc["share of topic 0", "low"] < 0.4 < table.loc["share of topic 0", "high"]
    assert (table.loc[table["measure"] == "sentiment", "q_value"] > 0.05).all()


def test_the_unassigned_are_in_tables_but_nothing_is_claimed_about_them(rng):
    c = corpus(rng)
    assert -1 in set(trends.topics_by_period(c, QUICK)["topic"])
    for table in (trends.slopes(c, QUICK), trends.change_points(c, QUICK)):
        assert (table["topic"].dropna() >= 0).all()


def test_kitagawas_parts_by_hand():
    # Before: topic 0 half at .3, topic 1 half at -.1; after: three quarters at .3, one quarter at -.5.
    before = [("0", 0.3), ("0", 0.3), ("1", -0.1), ("1", -0.1)]
    after = [("0", 0.3), ("0", 0.3), ("0", 0.3), ("1", -0.5)]
    rows = [(f"t{i}", "u", "2020-01-05", int(k), s) for i, (k, s) in enumerate(before)]
    rows += [(f"s{i}", "u", "2020-02-05", int(k), s) for i, (k, s) in enumerate(after)]
    table = trends.decomposition(comments(rows), QUICK)
    of = {(None if pd.isna(r.topic) else r.topic, r.part): r.estimate for r in table.itertuples()}
    assert of[None, "total"] == pytest.approx(0.0)
    assert of[None, "composition"] == pytest.approx(0.25 * (0.2 + 0.4))
    assert of[None, "within"] == pytest.approx(-0.4 * 0.375)
    assert of[1, "composition"] == pytest.approx(-0.25 * (-0.3 - 0.1))
    assert of[0, "within"] == pytest.approx(0.0)
    assert table["split"].eq(pd.Timestamp("2020-02-01", tz="UTC")).all()


@budget(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n_topics=st.integers(1, 5), n_threads=st.integers(2, 40))
def test_the_parts_sum_to_the_change(seed, n_topics, n_threads):
    c = corpus(np.random.default_rng(seed), n_threads, n_topics=n_topics)
    table = trends.decomposition(c, QUICK)
    if (table["n_before"][0] > 0) and (table["n_after"][0] > 0):
        whole = table[table["topic"].isna()].set_index("part")["estimate"]
        assert whole["composition"] + whole["within"] == pytest.approx(whole["total"], abs=1e-12)
        parts = table[table["topic"].notna()].groupby("part")["estimate"].sum()
        assert parts["composition"] == pytest.approx(whole["composition"], abs=1e-12)
        late = c["posted_at"] >= table["split"][0]
        change = c.loc[late, "sentiment"].mean() - c.loc[~late, "sentiment"].mean()
        assert whole["total"] == pytest.approx(change, abs=1e-12)


def test_a_topic_without_scores_takes_no_part(rng):
    c = corpus(rng)
    c.loc[c["topic"] == 1, "sentiment"] = np.nan
    table = trends.decomposition(c, QUICK)
    whole = table[table["topic"].isna()].set_index("part")["estimate"]
    assert whole["composition"] + whole["within"] == pytest.approx(whole["total"]) and np.isfinite(whole).all()
    assert (table.loc[table["topic"] == 1, "estimate"] == 0).all()


def test_a_topic_that_one_span_lacks_adds_composition_only(rng):
    c = corpus(rng)
    split = pd.Timestamp("2020-07-01", tz="UTC")
    c["topic"] = np.where(c["posted_at"] >= split, c["topic"], c["topic"].clip(upper=0))
    table = trends.decomposition(c, QUICK, split)
    row = table[(table["topic"] == 2) & (table["part"] == "within")].iloc[0]
    assert (row["estimate"], row["n_before"], row["interval"]) == (0.0, 0, "empty")
    assert np.isnan(row["mean_before"])


def test_leaving_out_loud_authors_and_duplicates(rng):
    c = corpus(rng)
    loud = c.groupby("author").size().sort_values(ascending=False, kind="stable").index[0]
    c["author"] = np.where(np.arange(len(c)) % 3 == 0, loud, c["author"])
    c.loc[:9, "duplicate_of"] = "c00020"
    c["near_duplicate_of"] = pd.Series(["c00020" if 30 <= i < 40 else None for i in range(len(c))], dtype="str")
    table = trends.sensitivity(c, QUICK)
    of = table[table["series"] == "sentiment"].set_index("left_out")
    assert of["estimate"].to_dict() == pytest.approx(
        {
            "nothing": c["sentiment"].mean(),
            "loudest authors": c.loc[c["author"] != loud, "sentiment"].mean(),
            "duplicates": c.loc[c["duplicate_of"].isna(), "sentiment"].mean(),
            "duplicates, exact or near": c[c["duplicate_of"].isna() & c["near_duplicate_of"].isna()][
                "sentiment"
            ].mean(),
        }
    )
    assert of.loc["loudest authors", "n_authors_out"] == 1
    row = of.loc["loudest authors"]
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert row["difference"] == pytest.approx(row["estimate"] - of.loc["nothing", "estimate"])
