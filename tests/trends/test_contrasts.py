"""Comparisons: exact by hand, two-sided as Welch has it where threads are single comments, one control over all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.trends import Method, comparisons
from analysis.trends.contrasts import Lines, Sides
from analysis.trends.intervals import adjusted
from analysis.trends.periods import Calendar, instants
from analysis.trends.units import arrange

EVENT = {"the bridge is closed": "2020-07-01"}


def corpus(rng, n_threads=60, size=4, drop=0.0, topics=2):
    """Threads of one size, spread over 2020; from July on the tone of topic 0 is lower."""
    thread = np.repeat(np.arange(n_threads), size)
    day = np.linspace(0, 365, n_threads)[thread]
    topic = thread % topics
    tone = rng.normal(0, 0.1, n_threads)[thread] + rng.normal(0, 0.2, len(thread))
    tone = np.clip(tone - drop * ((day >= 182) & (topic == 0)), -1, 1)
    at = np.datetime64("2020-01-01", "us") + (day * 86400e6).astype("m8[us]")
    return pd.DataFrame(
        {
            "comment_id": [f"c{i:04d}" for i in range(len(thread))],
            "article_id": [f"t{t}" for t in thread],
            "author": "a",
            "posted_at": pd.Series(at).dt.tz_localize("UTC"),
            "topic": topic,
            "sentiment": tone,
        }
    )


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_before_and_after_by_hand(rng):
    c = corpus(rng, drop=0.3)
    table = comparisons(c, events=EVENT)
    row = table[(table["comparison"] == "event") & table["topic"].isna()].iloc[0]
    late = c["posted_at"] >= "2020-07-01"
    assert row["event"] == "the bridge is closed" and row["at"] == pd.Timestamp("2020-07-01", tz="UTC")
    assert (row["n_first"], row["n_second"]) == ((~late).sum(), late.sum())
    assert row["first"] == pytest.approx(c.loc[~late, "sentiment"].mean())
    assert row["estimate"] == pytest.approx(c.loc[late, "sentiment"].mean() - row["first"])
    of = table[(table["comparison"] == "event") & (table["series"] == "sentiment of topic 0")].iloc[0]
    assert of["high"] < 0 and of["step_low"] < -0.3 < of["step_high"] < 0 and of["q_value"] < 0.05
    share = table[(table["comparison"] == "event") & (table["series"] == "share of topic 0")].iloc[0]
    assert share["first"] == pytest.approx((c.loc[~late, "topic"] == 0).mean())


def test_with_one_comment_a_thread_it_is_nearly_welchs_test(rng):
    c = corpus(rng, n_threads=120, size=1)
    table = comparisons(c, events=EVENT)
    row = table[(table["comparison"] == "event") & table["topic"].isna()].iloc[0]
    late = (c["posted_at"] >= "2020-07-01").to_numpy()
    welch = stats.ttest_ind(c.loc[late, "sentiment"], c.loc[~late, "sentiment"], equal_var=False)
    low, high = welch.confidence_interval()
    assert row["serial_ratio"] < 1
    assert row["high"] - row["low"] == pytest.approx(high - low, rel=0.03)  # the jackknife's is a little larger


def test_a_thread_on_both_sides_is_no_evidence_twice(rng):
    """Threads that say the same before and after differ in level alone: that must not widen the difference."""
    c = corpus(rng, n_threads=40, size=2)
    level = rng.uniform(-0.8, 0.8, 40)
    c["sentiment"] = np.clip(np.repeat(level, 2) + rng.normal(0, 0.01, 80), -1, 1)
    c["posted_at"] = pd.to_datetime(np.tile(["2020-06-01", "2020-08-01"], 40), utc=True).as_unit("us")
    row = comparisons(c, events=EVENT).iloc[0]
    assert row["high"] - row["low"] < 0.02


def test_false_discoveries_are_controlled_within_events_and_within_periods(rng):
    table = comparisons(corpus(rng, n_threads=200), events=EVENT)
    for kind in ("event", "period"):
        of = table[table["comparison"] == kind]
        np.testing.assert_allclose(of["q_value"], adjusted(of["p_value"].to_numpy()))


def test_a_line_is_no_event_and_a_step_is_the_largest_of_all_dates(rng):
    c = corpus(rng, n_threads=240)
    days = (c["posted_at"] - c["posted_at"].min()).dt.days / 365
    row = comparisons(c.assign(sentiment=(c["sentiment"] - 0.3 * days).clip(-1, 1)), by=None, events=EVENT).iloc[0]
    assert row["high"] < 0 and row["p_value"] > 0.05 and row["step_low"] < 0 < row["step_high"]
    assert row["detectable"] > (row["step_high"] - row["step_low"]) / 2
    step = comparisons(corpus(rng, n_threads=240, drop=0.4, topics=1), by=None, events=EVENT).iloc[0]
    assert step["placebo_rank"] == 1 and step["n_placebo"] > 5 and step["p_value"] < 0.01


def test_the_step_of_an_event_is_that_of_least_squares(rng):
    c = corpus(rng, n_threads=90, drop=0.2)
    row = comparisons(c, by=None, events=EVENT).iloc[0]
    t = (c["posted_at"] - pd.Timestamp("2020-07-01", tz="UTC")).dt.total_seconds().to_numpy() / (365.25 * 86_400)
    late = (t >= 0).astype(float)
    beta = np.linalg.lstsq(np.column_stack([np.ones(len(t)), t, late, t * late]), c["sentiment"], rcond=None)[0]
    assert (row["step"], row["turn"]) == pytest.approx((beta[2], beta[3]))


def test_the_rank_of_an_event_is_by_regressions_at_each_other_period(rng):
    c = corpus(rng, n_threads=160, size=3, drop=0.0, topics=1).sample(frac=0.8, random_state=1)  # no size stands out
    c["sentiment"] = (c["sentiment"] + rng.normal(0, 0.2, len(c))).clip(-1, 1)
    for day in [f"2020-{month:02d}-{day:02d}" for month in range(3, 11) for day in (1, 16)]:
        row = comparisons(c, by=None, events={"x": day}).iloc[0]
        month = c["posted_at"].dt.month.to_numpy()
        so_far = np.array([(month <= m).sum() for m in range(1, 13)])
        cuts = [m + 1 for m in range(1, 12) if 0.1 * len(c) <= so_far[m - 1] <= 0.9 * len(c)]
        at = pd.Timestamp(day, tz="UTC")
        cuts = [pd.Timestamp(2020, m, 1, tz="UTC") for m in cuts if m not in (at.month, at.month + 1)]
        sizes = []
        for cut in [*cuts, at]:
            t = (c["posted_at"] - cut).dt.total_seconds().to_numpy() / (365.25 * 86_400)
            late = (t >= 0).astype(float)
            x = np.column_stack([np.ones(len(t)), t, late, t * late])
            inverse = np.linalg.inv(x.T @ x)
            sizes.append(abs(inverse[2] @ x.T @ c["sentiment"].to_numpy()) / np.sqrt(inverse[2, 2]))
        assert row["n_placebo"] == len(cuts) > 5
        assert row["placebo_rank"] == 1 + sum(size > sizes[-1] for size in sizes[:-1])
        assert row["detectable"] == pytest.approx(1.43 * (row["step_high"] - row["step_low"]) / 2)


@pytest.mark.parametrize("hour", range(0, 24, 4))  # what is rounded is below 0 in one, above it in another
def test_a_date_with_one_time_on_a_side_has_no_line_and_no_step_larger_than_the_event(rng, hour):
    c = corpus(rng, n_threads=120, topics=1)
    first = c["article_id"].isin(c["article_id"].unique()[:30])
    c["posted_at"] = c["posted_at"].where(~first, pd.Timestamp(2020, 1, 15, hour, tz="UTC")).astype("M8[us, UTC]")
    c = c[first | (c["posted_at"] > "2020-07-01")]
    a = arrange(c, "sentiment", None, Calendar("month"), (-1, 1))
    lines = Lines(a, pd.Timestamp("2020-10-10", tz="UTC"), instants(a.grid["period_start"]), Method())
    sizes, one_time = lines.step_sizes(a.y), instants(a.grid["period_start"])[lines.cuts] <= np.datetime64("2020-07-01")
    assert one_time.sum() > 3 and np.isfinite(sizes).all() and sizes[-1] > 1e-3
    assert (sizes[:-1][one_time] < 1e-3).all() and (sizes[:-1][~one_time] > 1e-3).all()


def test_a_measure_from_0_to_1_that_is_0_in_most_threads_is_a_mean_and_no_share(rng):
    c = corpus(rng, n_threads=60, topics=1)
    few = c["article_id"].isin(c["article_id"].unique()[::20])  # three threads
    row = comparisons(c.assign(rude=few * 0.5), "rude", by=None, bounds=(0, 1), events=EVENT).iloc[0]
    assert row["interval"] == "threads" and np.isfinite(row["low"])
    shares = comparisons(c.assign(topic=few.astype(int)), events=EVENT)
    rare = shares[(shares["measure"] == "share") & (shares["topic"] == 1)].iloc[0]
    assert rare["interval"] == "too few" and np.isnan(rare["low"])


def test_periods_and_those_before_them_by_hand(rng):
    c = corpus(rng, n_threads=300, topics=1)
    month = c["posted_at"].dt.month.to_numpy()
    c["sentiment"] = (c["sentiment"] + rng.normal(0, 0.15, 13)[month]).clip(-1, 1)
    table = comparisons(c, by=None, bounds=(-1, 1)).set_index("at")
    assert table.index.month.tolist() == list(range(2, 13)) and (table["comparison"] == "period").all()
    a = arrange(c, "sentiment", None, Calendar("month"), (-1, 1))
    own = [a.only((a.period == m - 1) | (a.period == m - 2)) for m in range(2, 13)]
    parts = [Sides(one, one.period == one.period.max(), Method()).design.coefficient(one.y, 1, Method()) for one in own]
    z = np.array([part["estimate"] / part["se"] for part in parts]) ** 2
    for i, (at, row) in enumerate(table.iterrows()):
        first, second = (c.loc[month == m, "sentiment"] for m in (at.month - 1, at.month))
        assert (row["n_first"], row["n_second"]) == (len(first), len(second))
        assert (row["first"], row["second"]) == pytest.approx((first.mean(), second.mean()))
        assert row["estimate"] == pytest.approx(second.mean() - first.mean())
        ratio = np.sqrt((z.sum() - z[i]) / 10)
        assert row["serial_ratio"] == pytest.approx(ratio) and ratio > 1
        se, df = parts[i]["se"] * ratio, min(parts[i]["df"], 10)
        assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(row["estimate"]) / se, df))
        half = stats.t.ppf(0.975, df) * se
        assert (row["low"], row["high"]) == pytest.approx((row["estimate"] - half, row["estimate"] + half))
    few = comparisons(c[month < 8], by=None)  # five others: nothing says how far periods differ
    assert len(few) == 6 and few["serial_ratio"].isna().all()
    assert comparisons(c[month < 9], by=None)["serial_ratio"].notna().all()


def test_the_columns_and_their_types_also_where_there_is_no_row(rng):
    c = corpus(rng)
    full, none = comparisons(c, events=EVENT), comparisons(c.iloc[:0])
    names = """comparison event at series topic measure n_first n_second threads_first threads_second first second estimate low high
        p_value q_value author_ratio serial_ratio interval step step_low step_high turn turn_low turn_high detectable placebo_rank
        n_placebo"""
    assert list(full) == list(none) == names.split()
    assert (none.dtypes == full.dtypes).all() or {"at", "topic"} >= set(none.columns[none.dtypes != full.dtypes])
    assert (none.dtypes[["n_first", "n_second", "threads_first", "threads_second"]] == "int64").all()


def test_periods_that_differ_by_their_news_are_not_told_apart(rng):
    c = corpus(rng, n_threads=300)
    month = c["posted_at"].dt.month.to_numpy()
    c["sentiment"] = (c["sentiment"] + rng.normal(0, 0.2, 13)[month]).clip(-1, 1)
    table = comparisons(c, by=None)
    assert (table["serial_ratio"] > 2).all() and (table["q_value"] > 0.05).all()


def test_nothing_is_claimed_about_the_unassigned_nor_of_one_topic_against_another(rng):
    c = corpus(rng, topics=4)
    c.loc[c["topic"] == 3, "topic"] = -1
    table = comparisons(c, events=EVENT)
    assert set(table["comparison"]) == {"event", "period"} and not (table["topic"] == -1).any()


def test_periods_with_too_few_threads_are_not_compared(rng):
    table = comparisons(corpus(rng, n_threads=24), events=EVENT)
    assert not (table["comparison"] == "period").any(), "two threads a month"
    table = comparisons(corpus(rng, n_threads=24), events=EVENT, period="quarter")
    assert (table.loc[table["comparison"] == "period", "interval"] == "threads").any()


def test_a_share_that_few_threads_hold_gets_no_interval(rng):
    c = corpus(rng)
    c["topic"] = 0
    c.loc[c["article_id"].isin(["t0", "t1", "t59"]), "topic"] = 1
    table = comparisons(c, events=EVENT)
    row = table[(table["comparison"] == "event") & (table["series"] == "share of topic 1")].iloc[0]
    assert row["interval"] == "too few" and np.isnan(row["low"]) and np.isnan(row["q_value"])
    assert row["estimate"] == row["second"] - row["first"] != 0
    for n, interval in ((4, "too few"), (5, "threads")):
        c["topic"] = c["article_id"].isin([f"t{i}" for i in range(n)]).astype(int)
        share = comparisons(c, events=EVENT).query("comparison == 'event' and series == 'share of topic 1'")
        assert share["interval"].tolist() == [interval]


def test_a_side_of_few_threads_has_a_difference_and_no_interval(rng):
    c = corpus(rng)
    early = c.groupby("article_id")["posted_at"].min().nsmallest(4).iloc[-1] + pd.Timedelta(1, "s")
    row = comparisons(c, by=None, events={"early": early}).iloc[0]
    assert (row["threads_first"], row["interval"]) == (4, "too few")
    assert row["estimate"] == row["second"] - row["first"] != 0 and np.isnan(row["low"])


def test_an_event_outside_of_the_corpus_says_so(rng):
    table = comparisons(corpus(rng), events={"long ago": "1990-01-01"})
    row = table.iloc[0]
    assert (row["n_first"], row["interval"]) == (0, "empty") and np.isnan(row["estimate"])


def test_false_alarms_are_as_rare_as_they_should_be():
    """No change anywhere, threads that differ: of 40 corpora at most a handful have a finding at q < .05."""
    alarms = 0
    for seed in range(40):
        table = comparisons(corpus(np.random.default_rng(seed), n_threads=80), events=EVENT)
        alarms += bool((table["q_value"] < 0.05).any())
    assert alarms <= 6  # 2 expected; 7 or more of 40 at 5 % has a probability of 0.3 %
