"""What is told of change, computed otherwise: what must hold everywhere, and what one thread alone has made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import EVENTS, comments, corpus

from analysis import trends
from analysis.trends.specifications import TOLD, claims, specifications

DAY = np.datetime64("2020-07-01")


def fallen(rng, size=0.4):
    """A corpus of twelve months that falls by so much in its middle."""
    c = corpus(rng, n_threads=150, days=1.0)
    late = c["posted_at"].dt.tz_localize(None) >= DAY
    return c.assign(sentiment=(0.5 * c["sentiment"] + size / 2 - size * late).clip(-1, 1))


def told(c):
    return claims(trends.change_points(c), trends.slopes(c), trends.comparisons(c, events=EVENTS))


def test_as_told_is_what_the_tables_tell(rng):
    c = fallen(rng)
    found = specifications(told(c), c, {}, {})
    first = found[found["specification"] == TOLD].set_index(["change", "series", "at"]).sort_index()
    changes, slopes = trends.change_points(c), trends.slopes(c)
    changes, slopes = changes[changes["q_value"] < 0.05], slopes[slopes["q_value"] < 0.05]
    step = trends.comparisons(c, events=EVENTS).query("comparison == 'event'").iloc[0]
    assert len(changes) and len(slopes) and (first.groupby(level=0).size() >= 1).all() and len(first.index) >= 3
    of = changes[changes["step"] == 1].iloc[0]
    assert first.loc[("break", of["series"], of["at"]), "estimate"] == pytest.approx(of["after"] - of["before"])
    one = slopes.iloc[0]
    row = first.loc[("slope", one["series"])].iloc[0]
    assert row[["estimate", "low", "high"]].tolist() == pytest.approx(one[["estimate", "low", "high"]].tolist())
    row = first.loc[("event", "sentiment", step["at"])]
    assert row[["estimate", "low", "high"]].tolist() == pytest.approx(step[["step", "step_low", "step_high"]].tolist())


def test_a_fall_of_all_threads_holds_without_any_of_them(rng):
    c = fallen(rng)
    found = specifications(told(c), c, {}, {}).query("change == 'break' and series == 'sentiment'")
    assert found["holds"].all()
    assert {"without the thread that moves it most", "without the author that moves it most"} < set(
        found["specification"]
    )


def test_what_one_thread_or_one_author_has_made_does_not_hold_without(rng):
    quiet = [(f"t{i}", f"u{i % 50}", f"2020-{1 + i % 12:02d}-10", 0, rng.uniform(-0.1, 0.1)) for i in range(240)]
    claim = pd.DataFrame(
        {
            "change": ["break"],
            "event": pd.Series([None], dtype="str"),
            "at": [pd.Timestamp("2020-07-01", tz="UTC")],
            "series": ["sentiment"],
            "topic": pd.array([pd.NA], dtype="Int64"),
            "measure": ["sentiment"],
        }
    ).assign(since=pd.NaT, until=pd.NaT)
    for what, loud in (
        ("thread", [("loud", f"v{i}", "2020-09-10", 0, -1.0) for i in range(150)]),
        ("author", [(f"t{i}", "loud", "2020-09-10", 0, -1.0) for i in range(150)]),
    ):
        c = comments(quiet + loud)
        found = specifications(claim, c, {}, {}).set_index("specification")["estimate"]
        assert found[TOLD] < -0.3 and abs(found[f"without the {what} that moves it most"]) < 0.05


def test_topics_found_otherwise_are_known_by_their_comments(rng):
    c = fallen(rng)
    claim = told(c).query("topic.notna()").head(1)
    assert len(claim)
    topic = claim["topic"].iloc[0]
    renamed = c.assign(topic=(c["topic"] + 1) % 4 * 7)
    gone = c.assign(topic=np.arange(len(c)) % 40)
    none = c.assign(topic=-1)
    others = {"renamed": lambda: renamed, "gone": lambda: gone, "none": lambda: none}
    found = specifications(claim, c, others, {}).set_index("specification")
    assert (
        found.loc["renamed", "estimate"] == pytest.approx(found.loc[TOLD, "estimate"]) and found.loc["renamed", "holds"]
    )
    assert not found.loc[["gone", "none"], "holds"].any() and found.loc["none", "n_comments"] == 0
    assert (c["topic"] == topic).any(), "the comments that were given are not changed"


def test_a_claim_is_asked_only_of_what_it_rests_on(rng):
    c = fallen(rng)

    def never():
        raise AssertionError("asked")

    whole = told(c).query("topic.isna()")
    assert len(whole) and "other topics" not in set(
        specifications(whole, c, {"other topics": never}, {})["specification"]
    )
    share = whole.head(1).assign(series="share of topic 1", measure="share", topic=1)
    found = specifications(share, c, {}, {"other scores": never})
    assert "other scores" not in set(found["specification"])


def test_a_break_is_estimated_between_those_beside_it(rng):
    c = corpus(rng, n_threads=400, days=1.0)
    month = c["posted_at"].dt.month
    c = c.assign(sentiment=(0.3 * c["sentiment"] + np.select([month < 5, month < 9], [0.3, -0.5], 0.5)).clip(-1, 1))
    claim = told(c).query("change == 'break' and series == 'sentiment'").reset_index(drop=True)
    assert len(claim) == 2 and claim["until"][0] == claim["at"][1] and claim["since"][1] == claim["at"][0]
    found = specifications(claim, c, {}, {}).query("specification == 'as told'")["estimate"].tolist()
    assert found == pytest.approx([-0.8, 1.0], abs=0.08)


def test_slopes_alone_have_no_dates_and_yet_a_table(rng):
    c = fallen(rng)
    slopes = told(c).query("change == 'slope'")
    found = specifications(slopes, c, {}, {})
    assert len(slopes) and len(found) > len(slopes) and found["at"].isna().all()
    assert found["at"].dtype == slopes["at"].dtype


def test_nothing_told_gives_an_empty_table(rng):
    c = corpus(rng)
    empty = told(c).iloc[:0]
    assert specifications(empty, c, {}, {}).empty


def test_claims_are_the_events_and_what_is_sure():
    at = pd.Timestamp("2020-07-01", tz="UTC")
    breaks = pd.DataFrame({"series": ["sentiment", "share of topic 0"], "topic": [None, 0], "q_value": [0.01, 0.01]})
    breaks = breaks.assign(measure=["sentiment", "share"], at=at)
    slopes = pd.DataFrame({"series": ["sentiment of topic 0"], "topic": [0], "measure": "sentiment", "q_value": [0.5]})
    events = pd.DataFrame(
        {"comparison": "event", "event": "x", "at": at, "topic": [None, 0, 1], "measure": "sentiment"}
    )
    found = claims(breaks, slopes, events.assign(q_value=[0.9, 0.9, 0.01], step=0.1, series="s"), 0.05)
    assert found[["change", "topic"]].fillna(-9).to_numpy().tolist() == [
        ["event", -9], ["event", 1], ["break", -9], ["break", 0]
    ]  # fmt: skip
