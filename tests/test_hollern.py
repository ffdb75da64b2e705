"""The second study is what its data card says: German tables, replies, scores and topics of one's own, read as they are."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis import open_study

HOLLERN = Path(__file__).parent.parent / "data" / "hollern"
EVENT = pd.Timestamp("2024-06-20", tz="Europe/Berlin")


def table(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    with (HOLLERN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = tmp_path_factory.mktemp("hollern") / "hollern"
    shutil.copytree(HOLLERN, place, ignore=shutil.ignore_patterns(".threadline"))
    return open_study(place)


def test_the_tables_are_made_again_byte_for_byte(tmp_path):
    command = [sys.executable, str(HOLLERN / "make_study.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env={"PYTHONHASHSEED": "77", "PYTHONUTF8": "1"})
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in HOLLERN.glob("*.csv")}


def test_every_row_is_read_with_its_reply_and_its_own_time(study):
    rows, given = study.corpus.rows.set_index("comment_id"), table("kommentare.csv", ";")
    assert (
        len(rows) == len(given) and study.tables.rejects.empty and len(study.articles) == len(table("artikel.csv", ";"))
    )
    assert rows["parent_id"].dropna().to_dict() == {
        r["Kommentar-Nr"]: r["Antwort auf"] for r in given if r["Antwort auf"]
    }
    local = rows["posted_at"].dt.tz_convert("Europe/Berlin").dt.strftime("%d.%m.%Y %H:%M")
    assert local.to_dict() == {r["Kommentar-Nr"]: r["Zeit"] for r in given}
    assert set(rows["language"]) == {"de"}


def test_scores_and_topics_are_those_of_the_files(study):
    comments = study.comments.set_index("comment_id")
    scores = {r["comment_id"]: float(r["score"]) for r in table("scores.csv")}
    assert comments["sentiment"].dropna().to_dict() == pytest.approx(scores)
    names = study.topics.table.set_index("topic")["label"]
    found = comments.loc[comments["topic"] >= 0, "topic"].map(names)
    assert found.to_dict() == {r["comment_id"]: r["topic"] for r in table("topics.csv")}
    assert study.measure == "incivility" and "incivility" in str(study.findings.sentiment)


def test_the_rise_that_was_planted_is_found_and_no_other(study):
    changes = study.tables.change_points.query("q_value < 0.05")
    assert changes["series"].tolist() == ["incivility of topic 0"]
    row = changes.iloc[0]
    assert row["low"] <= EVENT <= row["high"] and row["size"] > 0


def test_levels_of_a_measure_from_0_have_no_sign_and_differences_have_one(study):
    said = f"{study.findings.over_time} {study.findings.events}"
    assert "rose from 0.25 to 0.44" in said and "went from 0.25 to 0.29, a difference of +0.04" in said


def test_uncivil_comments_on_the_square_become_more_with_its_closing_and_others_do_not():
    times = {
        r["Kommentar-Nr"]: pd.to_datetime(r["Zeit"], format="%d.%m.%Y %H:%M") for r in table("kommentare.csv", ";")
    }
    truth = pd.DataFrame(table("truth.csv"))
    late = truth["comment_id"].map(times) >= EVENT.tz_localize(None)
    share = truth["uncivil"].astype(int).groupby([truth["topic"] == "platz", late]).mean().round(2).to_dict()
    assert share == {(False, False): 0.19, (False, True): 0.17, (True, False): 0.15, (True, True): 0.46}
