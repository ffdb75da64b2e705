"""What a person with pandas and no knowledge of us passes: any subset, any columns, and errors that name the mistake."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pandas as pd
import pytest
from corpora import EVENTS, QUICK, TABLES, corpus

import analysis
from analysis import trends
from analysis.settings import StudyError

BARE = ["article_id", "posted_at", "sentiment"]
WITHOUT_GROUPS = {
    "by_period": trends.by_period,
    "overall": trends.overall,
    "slopes": lambda c: trends.slopes(c, by=None),
    "comparisons": lambda c: trends.comparisons(c, by=None, events=EVENTS),
    "change_points": lambda c: trends.change_points(c, by=None, method=QUICK),
}


def test_completion_shows_the_functions_and_nothing_else():
    assert "trends" in dir(analysis) and analysis.trends is trends
    public = [getattr(trends, name) for name in dir(trends)]
    assert all(inspect.isfunction(of) or of is trends.Method for of in public) and trends.by_period in public
    assert all(of.__doc__ for of in public)


def test_importing_them_imports_no_step_and_nothing_heavy():
    said = "import sys, analysis.trends; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout.split()
    assert not {"analysis.trends.steps", "analysis.study", "sklearn", "scipy.stats", "matplotlib"} & set(loaded)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_subset_is_a_corpus_of_its_own(table, rng):
    c = corpus(rng)
    some = c[c["topic"] != 1]
    pd.testing.assert_frame_equal(table(some), table(some.reset_index(drop=True)), check_exact=True)
    assert len(some) < len(c) and not some.index.equals(pd.RangeIndex(len(some)))


@pytest.mark.parametrize("table", WITHOUT_GROUPS.values(), ids=WITHOUT_GROUPS)
def test_three_columns_are_enough_and_others_change_nothing(table, rng):
    c = corpus(rng)
    bare, full = table(c[BARE]), table(c.assign(author=c["comment_id"]))  # authors who are in no two threads
    shared = [name for name in full if name in bare]
    assert set(full) - set(shared) <= {"n_authors"}
    pd.testing.assert_frame_equal(bare, full[shared], check_exact=True)
    if "series" in bare:
        assert set(bare["series"]) <= {"sentiment", "change of sentiment"} and bare["topic"].isna().all()


def test_what_has_no_score_needs_none(rng):
    c = corpus(rng)
    two = trends.activity_by_period(c[["article_id", "posted_at"]])
    assert list(two) == ["period_start", "period_end", "n_comments", "n_threads"]
    shares = trends.shares_by_period(c[["article_id", "posted_at", "topic"]])
    assert shares.groupby("period_start")["estimate"].sum().to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("name", ["about", "topic"])
def test_values_may_be_names_as_well_as_numbers(name, rng):
    c = corpus(rng)
    c["about"] = c["topic"].map({0: "rents", 1: "trams", 2: "weather"})  # the unassigned have none
    table = trends.by_period(c, by=name)
    assert table[name].drop_duplicates().tolist() == sorted(c[name].dropna().unique())
    expected = c.groupby(name)["sentiment"].mean()
    assert trends.by_topic(c, by=name).set_index(name)["estimate"].to_dict() == pytest.approx(expected.to_dict())
    for make in (trends.slopes, trends.comparisons):
        named, numbered = make(c, by=name), make(c)
        assert named["estimate"].tolist() == numbered["estimate"].tolist(), "nothing is claimed about the unassigned"
        assert f"share of {name} {c[name].dropna().max()}" in set(named["series"])
    change = trends.change_points(c, by=name, method=QUICK)
    assert change["p_value"].tolist() == trends.change_points(c, method=QUICK)["p_value"].tolist()


def test_classes_and_flags_are_groups_too(rng):
    c = corpus(rng)
    c["loud"], c["about"] = c["author"] < "u3", pd.Categorical(c["topic"].map(str))
    assert trends.by_topic(c, by="loud")["loud"].tolist() == [False, True]
    assert trends.slopes(c, by="loud")["loud"].tolist() == [pd.NA, False, True, False, True]
    assert trends.shares_by_period(c, by="about")["about"].nunique() == 4


def test_topics_that_a_merge_left_as_floats_are_whole_numbers(rng):
    c = corpus(rng)
    merged = c.assign(topic=c["topic"].astype(float).where(c["topic"] >= 0))
    pd.testing.assert_frame_equal(trends.shares_by_period(merged), trends.shares_by_period(c), check_exact=True)
    with pytest.raises(StudyError, match=r"column “topic”: expected names or whole numbers, found 0\.5"):
        trends.shares_by_period(c.assign(topic=0.5))


def test_another_measure_has_bounds_of_its_own(rng):
    c = corpus(rng).rename(columns={"sentiment": "stars"})
    c["stars"] = 3 + 2 * c["stars"]
    with pytest.raises(StudyError, match=r"column “stars”: expected numbers from -1 to 1.*bounds="):
        trends.by_period(c, "stars")
    with pytest.raises(StudyError, match="numbers from 4 to 5, found"):
        trends.by_period(c, "stars", bounds=(4, 5))
    table = trends.by_period(c, "stars", bounds=(1, 5))
    assert table["high"].max() > 1 and "share_positive" not in table
    like = c.assign(like=(c["stars"] - 3) / 2)
    assert table["low"].tolist() == pytest.approx((3 + 2 * trends.by_period(like, "like")["low"]).tolist(), nan_ok=True)
    assert trends.slopes(c, "stars", bounds=(1, 5))["series"].iloc[[0, -1]].tolist() == ["stars", "stars of topic 2"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: trends.by_period(c, "sentimnet"), "a column “sentimnet”.*Did you mean “sentiment”?"),
        (lambda c: trends.by_period(c, by="topics"), "a column “topics”.*Did you mean “topic”?"),
        (lambda c: trends.by_period(c.drop(columns="article_id")), "a column “article_id”, found comment_id, author"),
        (lambda c: trends.slopes(c.rename(columns={"posted_at": "posted"})), "“posted_at”.*mean “posted”?"),
        (lambda c: trends.by_period(c, "author"), "column “author”: expected numbers"),
        (lambda c: trends.overall(c[[]]), "a column “article_id”, found no columns"),
        (lambda c: trends.articles_and_comments(c, c), "a column “position”"),
        (lambda c: trends.by_period(c, period="decade"), "period: expected one of: day, week"),
        (lambda c: trends.by_period(c, zone="Paris"), "zone: expected an IANA time zone"),
        (lambda c: trends.comparisons(c, events={"x": "soon"}), "a date, such as 2023-02-16, found 'soon'"),
        (lambda c: trends.by_period(c.assign(posted_at="2020-01-01")), "posted_at: expected times with a zone"),
    ],
)
def test_a_mistake_is_named_with_what_was_meant(call, said, rng):
    with pytest.raises(StudyError, match=said):
        call(corpus(rng))


@pytest.mark.parametrize(
    "name", [name for name in TABLES if name not in ("overall", "by_topic", "articles_and_comments")]
)
def test_times_without_a_zone_are_an_error(name, rng):
    c = corpus(rng)
    with pytest.raises(StudyError, match="posted_at: expected times with a zone"):
        TABLES[name](c.assign(posted_at=c["posted_at"].dt.tz_localize(None)))


def test_times_may_be_of_any_zone_and_unit(rng):
    c = corpus(rng)
    there = c.assign(posted_at=c["posted_at"].dt.tz_convert("Asia/Tokyo").dt.as_unit("ns"))
    pd.testing.assert_frame_equal(trends.by_period(there), trends.by_period(c), check_exact=True)
