"""What drove a change: by hand, and parts that sum to the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import comments, corpus
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from analysis import trends


def test_kitagawas_parts_by_hand():
    # Before: topic 0 half at .3, topic 1 half at -.1; after: three quarters at .3, one quarter at -.5.
    before = [("0", 0.3), ("0", 0.3), ("1", -0.1), ("1", -0.1)]
    after = [("0", 0.3), ("0", 0.3), ("0", 0.3), ("1", -0.5)]
    rows = [(f"t{i}", "u", "2020-01-05", int(k), s) for i, (k, s) in enumerate(before)]
    rows += [(f"s{i}", "u", "2020-02-05", int(k), s) for i, (k, s) in enumerate(after)]
    table = trends.decomposition(comments(rows))
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
    table = trends.decomposition(c)
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
    table = trends.decomposition(c)
    whole = table[table["topic"].isna()].set_index("part")["estimate"]
    assert whole["composition"] + whole["within"] == pytest.approx(whole["total"]) and np.isfinite(whole).all()
    assert (table.loc[table["topic"] == 1, "estimate"] == 0).all()


def test_a_topic_that_one_span_lacks_adds_composition_only(rng):
    c = corpus(rng)
    split = pd.Timestamp("2020-07-01", tz="UTC")
    c["topic"] = np.where(c["posted_at"] >= split, c["topic"], c["topic"].clip(upper=0))
    table = trends.decomposition(c, events={"half": split})
    table = table[table["event"] == "half"]
    row = table[(table["topic"] == 2) & (table["part"] == "within")].iloc[0]
    assert (row["estimate"], row["n_before"], row["interval"]) == (0.0, 0, "empty")
    assert np.isnan(row["mean_before"])


def test_the_change_is_also_split_at_each_event(rng):
    c = corpus(rng)
    table = trends.decomposition(
        c, events={"later": "2020-07-01", "before": "1990-01-01", "first": "2020-04-01", "after": "2090-01-01"}
    )
    assert list(dict.fromkeys(table["event"])) == ["", "first", "later"], (
        "nothing to split before or after all comments"
    )
    at = table[table["event"] == "later"]
    assert at["split"].eq(pd.Timestamp("2020-07-01", tz="UTC")).all()
    early = (c["posted_at"] < "2020-07-01").sum()
    assert at.loc[at["topic"].isna(), "n_before"].eq(early).all() and 0 < early < len(c)
