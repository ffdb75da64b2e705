"""Scores made elsewhere: the same figures as an instrument that gives the same numbers, and no row lost in silence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.sentiment import scores
from analysis.settings import StudyError
from analysis.study import open_study

IDS = ["a", "b", "c", "d"]


def written(folder, text, name="scores.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_scores_are_read_by_comment_and_what_is_not_used_is_told(tmp_path):
    path = written(tmp_path, "comment_id;score\nb;0,5\na;\u22120.25\nx;1\nc;\nd;1\nd;0\n")
    found, problems = scores.read(path, IDS, (-1, 1))
    np.testing.assert_array_equal(found, [-0.25, 0.5, np.nan, np.nan])
    assert problems["line"].tolist() == [4, 7]
    assert "not in the corpus" in problems["problem"][0] and "scored twice" in problems["problem"][1]


def test_an_empty_score_says_nothing_against_another_and_two_that_differ_are_none(tmp_path):
    rows = "comment_id,score\na,\na,0.5\nb,0.5\nb,\nc,0.5\nc,0.5\nd,0.1\nd,0.2\nd,0.1\n"
    found, problems = scores.read(written(tmp_path, rows), IDS, (-1, 1))
    np.testing.assert_array_equal(found, [0.5, 0.5, 0.5, np.nan])
    assert problems["line"].tolist() == [9]


def test_codes_of_another_range_are_not_held_against_scores(tmp_path):
    made = pd.DataFrame({"comment_id": range(90), "score": np.linspace(0, 1, 90)})
    made.to_csv(tmp_path / "s.csv", index=False)
    (tmp_path / "coded").mkdir()
    sheet = made[["comment_id"]].head(60)
    sheet.assign(stratum="all", probability=0.5).to_csv(tmp_path / "coded" / "sample.csv", index=False)
    sheet.assign(code=-1).to_csv(tmp_path / "coded" / "anna.csv", index=False)
    study = corpus(tmp_path, "instrument = 'scores:s.csv'\nname = 'incivility'\nrange = [0, 1]")
    assert study.tables.corrected.empty and study.tables.corrected_changes.empty and study.tables.agreement.empty
    assert "codes are from -1 to 1, scores from 0 to 1" in study.tables.problems["problem"].iloc[0]
    assert "As people code it" not in study.findings.sentiment.text
    same = study.with_(sentiment={"range": (-1.0, 1.0)})
    assert len(same.tables.corrected) and "As people code it" in same.findings.sentiment.text


def test_an_id_that_lost_its_type_is_the_comment_s(tmp_path):
    path = written(tmp_path, "comment_id,score\n12.0,0.5\n1.0,0.25\n")
    found, problems = scores.read(path, ["12", "1.0"], (0, 1))
    np.testing.assert_array_equal(found, [0.5, 0.25])
    assert problems.empty


def test_other_formats_are_read_alike(tmp_path):
    rows = [{"comment_id": "a", "score": 0.5}, {"comment_id": "b", "score": None}]
    written(tmp_path, "\n".join(map(json.dumps, rows)), "s.jsonl")
    pd.DataFrame(rows).to_parquet(tmp_path / "s.parquet")
    for name in ("s.jsonl", "s.parquet"):
        np.testing.assert_array_equal(scores.read(tmp_path / name, IDS, (0, 1))[0], [0.5, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("comment_id,score\na,2\n", 'expected a number from -1 to 1, found "2"'),
        ("comment_id,score\na,high\n", 'found "high"'),
        ("comment_id,score\nz,1\n", "none of their ids"),
        ("comment_id,scores\na,1\n", "found comment_id, scores"),
        ("id,score\na,1\n", "a column comment_id"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, text, said):
    with pytest.raises(StudyError, match="expected") as error:
        scores.read(written(tmp_path, text), IDS, (-1, 1))
    assert said in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(StudyError, match="no such file"):
        scores.read(tmp_path / "none.csv", IDS, (-1, 1))


def corpus(folder, settings):
    texts = [
        f"I love the new ferry, number {i}" if i % 3 else f"The awful ferry was late, number {i}" for i in range(90)
    ]
    days = pd.date_range("2024-01-01", periods=90, tz="UTC").astype(str)
    table = pd.DataFrame({"article_id": [f"a{i % 18}" for i in range(90)], "comment_id": range(90), "date": days})
    table.assign(text=texts).to_csv(folder / "c.csv", index=False)
    (folder / "study.toml").write_text(f"title = 'x'\n[source]\npaths = ['c.csv']\n[sentiment]\n{settings}")
    return open_study(folder)


def test_the_same_numbers_give_the_same_tables_and_a_name_of_their_own(tmp_path):
    vader = corpus(tmp_path, "instrument = 'vader'")
    comments = vader.comments
    comments[["comment_id", "sentiment"]].set_axis(["comment_id", "score"], axis=1).to_csv(
        tmp_path / "s.csv", index=False
    )
    own = open_study(tmp_path, instrument="scores:s.csv")
    for name in ("sentiment_by_period", "overall", "slopes", "change_points", "by_topic"):
        pd.testing.assert_frame_equal(getattr(own.tables, name), getattr(vader.tables, name), check_exact=True)
    named = open_study(tmp_path, instrument="scores:s.csv", sentiment={"name": "warmth"})
    assert set(named.tables.slopes["measure"]) == {"warmth"} and "Mean warmth is" in named.findings.sentiment.text
    assert "sentiment" not in " ".join(
        map(str, [named.findings.sentiment, named.findings.over_time, named.findings.events])
    )


def test_a_range_of_one_side_is_kept_to(tmp_path):
    made = pd.DataFrame({"comment_id": range(60), "score": np.linspace(0, 1, 60)})
    made.to_csv(tmp_path / "s.csv", index=False)
    study = corpus(tmp_path, "instrument = 'scores:s.csv'\nname = 'incivility'\nrange = [0, 1]")
    row = study.tables.overall.iloc[0]
    assert row["n_comments"] == 60 and row["estimate"] == pytest.approx(0.5) and row["low"] >= 0
    assert "Mean incivility is 0.50 (95 % interval 0." in study.findings.sentiment.text
    assert "share_negative" not in row and study.tables.scores["n_comments"].sum() == 60
    assert "30 comments got no score" in study.findings.sentiment.text


def test_only_scores_have_another_range(tmp_path):
    with pytest.raises(StudyError, match="range"):
        corpus(tmp_path, "range = [0, 1]")
    for name in (*open_study().comments.columns.drop("sentiment"), "share", "same topic", " "):
        with pytest.raises(StudyError, match="a word or two"):
            corpus(tmp_path, f"name = '{name}'")
