"""Tables by period and by topic: what pandas counts, whatever the order of rows and however poor the corpus."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import TABLES, comments, corpus, dates
from scipy import stats

from analysis import trends
from analysis.trends.periods import Calendar


def test_shares_sum_to_one_and_lie_in_their_intervals(rng):
    table = trends.shares_by_period(corpus(rng))
    table = table[table["n_total"] > 0]
    assert table.groupby("period_start")["estimate"].sum().to_numpy() == pytest.approx(1)
    known = table[table["interval"] == "threads"]
    assert len(known) > 20
    assert ((known["low"] >= 0) & (known["low"] <= known["estimate"])).all()
    assert ((known["estimate"] <= known["high"]) & (known["high"] <= 1)).all()
    assert (table["estimate"] * table["n_total"]).to_numpy() == pytest.approx(table["n_comments"].to_numpy())


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
        )
    )
    assert table[["n_comments", "n_threads", "n_authors"]].to_numpy().tolist() == [[3, 2, 1], [0, 0, 0], [1, 1, 1]]


def test_sentiment_counts_only_the_scored_and_calls_poles_as_vader_does():
    scores = [-0.05, -0.04, 0.04, 0.05, np.nan]
    table = trends.by_period(comments([("a", "u", "2020-01-05", 0, s) for s in scores]))
    row = table.iloc[0]
    assert (row["n_comments"], row["share_negative"], row["share_positive"]) == (4, 0.25, 0.25)


def test_activity_counts_comments_with_a_time_of_their_own(rng):
    c = corpus(rng)
    c["posted_at_source"] = np.where(np.arange(len(c)) % 3 == 0, "comment", "article")
    table = trends.activity_by_period(c.sample(frac=1, random_state=2))
    own = c[c["posted_at_source"] == "comment"]
    expected = own.groupby(Calendar().starts(own["posted_at"])).size().reindex(table["period_start"], fill_value=0)
    assert table["n_own_time"].tolist() == expected.tolist() and 0 < table["n_own_time"].sum() < len(c)


def test_by_topic_agrees_with_pandas(rng):
    c = corpus(rng)
    table = trends.by_topic(c).set_index("topic")
    assert table["estimate"].to_dict() == pytest.approx(c.groupby("topic")["sentiment"].mean().to_dict())
    assert table["share"].to_dict() == pytest.approx(c["topic"].value_counts(normalize=True).to_dict())


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_table_depends_on_the_order_of_rows_or_changes_its_input(table, rng):
    c = corpus(rng)
    mixed = c.sample(frac=1, random_state=1)
    before = mixed.copy()
    pd.testing.assert_frame_equal(table(c), table(mixed), check_exact=True)
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
    full, when = corpus(np.random.default_rng(3)), {"period": "year", "zone": "America/New_York"}
    for table in TABLES.values():
        found, usual = table(case, **when), table(full, **when)
        pd.testing.assert_series_equal(found.dtypes, usual.dtypes)
        if "interval" in found:
            assert (found.loc[found["interval"] != "threads", "low"].isna()).all()
    assert (trends.overall(case)["n_comments"] == case["sentiment"].notna().sum()).all()


def test_the_mean_by_threads_is_students_on_their_means(rng):
    c = corpus(rng)
    row = trends.overall(c).iloc[0]
    of = c.groupby("article_id")["sentiment"].mean()
    low, high = stats.t.interval(0.95, len(of) - 1, of.mean(), of.sem())
    assert row[["by_thread", "by_thread_low", "by_thread_high"]].tolist() == pytest.approx([of.mean(), low, high])


def test_bounds_hold_whatever_the_unscored_sound_like(rng):
    c = corpus(rng)
    gone = rng.random(len(c)) < 0.2
    table = trends.by_period(c.assign(sentiment=c["sentiment"].where(~gone)))
    for filled in (-1.0, 1.0, c["sentiment"]):
        whole = trends.by_period(c.assign(sentiment=c["sentiment"].where(~gone, filled)))["estimate"]
        assert ((table["least"] <= whole + 1e-9) & (whole <= table["most"] + 1e-9)).all()
    ends = [trends.by_period(c.assign(sentiment=c["sentiment"].where(~gone, end)))["estimate"] for end in (-1.0, 1.0)]
    assert table["least"].tolist() == pytest.approx(ends[0].tolist())
    assert table["most"].tolist() == pytest.approx(ends[1].tolist())
    assert table["n_unscored"].sum() == gone.sum()
    assert "least" not in trends.by_period(c, bounds=(-np.inf, np.inf))
