"""Corrected means: the truth where all is coded, and never wider than codes alone."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.people import corrected as coding
from analysis.people.corrected import corrected_table
from analysis.sentiment.codes import Codes
from analysis.settings import StudyError


def test_corrected_is_the_truth_where_everything_is_coded(study):
    _, comments = study
    code = np.sign(np.round(comments["sentiment"] - 0.3, 1))
    table = pd.DataFrame({"comment_id": comments["comment_id"], "stratum": "s", "probability": 1.0, "anna": code})
    codes = Codes(table.assign(code=code, n_coders=1), ("anna",), pd.DataFrame())
    for measure, truth in (("mean", code.mean()), ("negative", (code == -1).mean()), ("positive", (code == 1).mean())):
        row = coding.corrected(codes, comments, measure=measure).iloc[0]
        assert row["estimate"] == pytest.approx(truth) and row["codes_only"] == pytest.approx(truth)
        assert row["n_coded"] == row["n_comments"] == 1200 and row["n_threads"] == 60


def test_corrected_by_hand(study):
    codes, comments = study
    row = coding.corrected(codes, comments).iloc[0]
    t = codes.table.merge(comments, on="comment_id")
    w = 1 / t["probability"]
    by_hand = np.average(t["code"], weights=w) + row["weight"] * (
        comments["sentiment"].mean() - np.average(t["sentiment"], weights=w)
    )
    assert row["estimate"] == pytest.approx(by_hand)
    assert row["uncorrected"] == pytest.approx(comments["sentiment"].mean())
    assert row["weight"] > 0
    assert row["high"] - row["low"] < row["codes_only_high"] - row["codes_only_low"]
    assert row["low"] < row["estimate"] < row["high"] < row["uncorrected_low"]  # the instrument is too kind


def test_corrected_by_group_is_never_wider_than_codes_alone(study):
    codes, comments = study
    table = coding.corrected(codes, comments, by="topic")
    assert table["topic"].tolist() == [0, 1, 2] and table["n_comments"].sum() == 1200
    assert table["n_coded"].sum() == len(codes.table)
    assert ((table["high"] - table["low"]) <= (table["codes_only_high"] - table["codes_only_low"]) + 1e-12).all()
    pd.testing.assert_frame_equal(table, coding.corrected(codes, comments.iloc[::-1], by="topic"), check_exact=True)
    turned = comments.assign(sentiment=comments["sentiment"] * np.where(comments["topic"] == 2, -1, 1))
    other = coding.corrected(codes, turned, by="topic")  # where the instrument errs otherwise than overall: codes alone
    assert (
        other.loc[2, "weight"] == 0 < other.loc[0, "weight"] and other.loc[2, "estimate"] == other.loc[2, "codes_only"]
    )
    noise = comments.assign(sentiment=np.random.default_rng(1).uniform(-1, 1, len(comments)))
    useless = coding.corrected(codes, noise).iloc[0]  # an instrument that knows nothing costs nothing
    assert useless["high"] - useless["low"] <= useless["codes_only_high"] - useless["codes_only_low"]


def test_corrected_with_gaps(study):
    codes, comments = study
    lost = comments.assign(topic=np.where(comments["comment_id"].isin(codes.table["comment_id"]), 0, 1))
    table = coding.corrected(codes, lost, by="topic").set_index("topic")
    assert np.isnan(table.loc[1, "estimate"]) and np.isfinite(table.loc[1, "uncorrected_low"])
    few = comments.assign(topic=np.where(comments["article_id"].isin(["a0", "a3", "a6", "a9"]), 1, 0))
    table = coding.corrected(codes, few, by="topic").set_index("topic")
    assert np.isnan(table.loc[1, "low"]) and np.isfinite(table.loc[1, "estimate"])
    unscored = coding.corrected(codes, comments.assign(sentiment=np.nan)).iloc[0]
    assert unscored["estimate"] == unscored["codes_only"] and np.isnan(unscored["uncorrected"])
    none = coding.corrected(Codes(), comments, by="topic")
    assert none.empty and list(none) == list(table.reset_index())
    with pytest.raises(StudyError, match="one of: mean, negative, positive"):
        coding.corrected(codes, comments, measure="median")
    with pytest.raises(StudyError, match="by: expected a column of comments, found colour"):
        coding.corrected(codes, comments, by="colour")


def test_the_table_has_each_part_and_measure_and_is_that_of_its_rows(study):
    codes, comments = study
    start = pd.Timestamp("2024-01-01", tz="Europe/Dublin").as_unit("us")
    comments = comments.assign(period_start=start)
    comments.loc[:99, "period_start"] = pd.NaT
    table = corrected_table(codes, comments)
    assert table.groupby(["by", "measure"]).size().to_dict() == {
        (by, m): n
        for by, n in (("all", 1), ("period_start", 1), ("topic", 3))
        for m in ("mean", "negative", "positive")
    }
    whole = table[(table["by"] == "all") & (table["measure"] == "mean")].iloc[0]
    assert whole["estimate"] == coding.corrected(codes, comments).iloc[0]["estimate"]
    period = table[(table["by"] == "period_start") & (table["measure"] == "mean")].iloc[0]
    assert period["n_comments"] == 1100 and period["period_start"] == start and pd.isna(period["topic"])
    assert table.loc[table["by"] == "topic", "topic"].tolist() == [0, 1, 2] * 3
    assert corrected_table(Codes(), comments).empty


def test_no_interval_has_no_width_and_a_share_s_stays_between_none_and_all(study):
    codes, comments = study
    rare = dataclasses.replace(codes, table=codes.table.assign(anna=0.0, brian=0.0, code=0.0))  # nobody coded otherwise
    for measure, estimate in (("mean", 0), ("positive", 0), ("negative", 0)):
        table = coding.corrected(rare, comments.assign(sentiment=0.0), by="topic", measure=measure)
        assert (table["estimate"] == estimate).all()
        if measure != "mean":
            assert (table["low"] == 0).all() and table["high"].between(0.01, 0.3).all()
            assert (table["codes_only_high"] >= table["high"] - 1e-12).all()


def test_a_group_of_few_codes_that_agree_borrows_its_variance_from_the_others(study):
    codes, comments = study
    table = codes.table.merge(comments[["comment_id", "topic"]])
    alike = table["topic"] == 2
    table.loc[alike, ["anna", "brian", "code"]] = 1.0
    one = dataclasses.replace(codes, table=table.drop(columns="topic"))
    flat = comments.assign(sentiment=comments["sentiment"].where(comments["topic"] != 2, 0.5))
    widths = coding.corrected(one, flat, by="topic").eval("codes_only_high - codes_only_low")
    assert widths[2] > 0.25 * widths[:1].mean(), "all its codes are the same, and it is not sure for that"
