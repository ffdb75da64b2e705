"""Codes of other tools become sheets of ours, whose labels are the study's classes; what is none is said."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analysis.people.other_codes import read_other
from analysis.sentiment.codes import read_codes
from analysis.settings import StudyError

IDS = ["c1", "c2", "c3"]
STUDIO = [
    {"id": 7, "data": {"comment_id": "c1", "text": "x"}, "annotations": [
        {"completed_by": {"email": "anna@x.org"}, "was_cancelled": False, "result": [{"type": "choices", "value": {"choices": ["Negative"]}}]},
        {"completed_by": {"email": "brian"}, "was_cancelled": True, "result": [{"type": "choices", "value": {"choices": ["Positive"]}}]}]},
    {"id": 8, "data": {"comment_id": "c2", "text": "x"}, "annotations": [
        {"completed_by": {"email": "anna@x.org"}, "result": [{"type": "choices", "value": {"choices": ["neutral"]}}]}]},
    {"id": 9, "data": {"comment_id": "c3", "text": "x"}, "annotations": []},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    coded = tmp_path / "coded"
    coded.mkdir()
    (coded / "sample.csv").write_text("comment_id,stratum,probability\n" + "".join(f"{i},s,0.5\n" for i in IDS))
    return coded


def put(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "coder", "codes"),
    [
        ("studio.json", json.dumps(STUDIO), "anna-x-org", {"c1": -1, "c2": 0}),
        (
            "p.csv",
            "user,instance_id,label\nemil,c1,negative\nemil,c2,positive\nemil,c3,odd\n",
            "emil",
            {"c1": -1, "c2": 1},
        ),
        ("4cat.csv", "item_id,label,author\nc1,pos,fay\nc2,-1,fay\n", "fay", {"c1": 1, "c2": -1}),
        ("gus.csv", "id;label\nc2;neutral\nc3;positive\n", "gus", {"c2": 0, "c3": 1}),
    ],
)
def test_what_other_tools_write_is_read(tmp_path, folder, name, content, coder, codes):
    paths, odd = read_other(put(tmp_path / name, content), folder)
    assert [path.stem for path in paths] == [coder]
    assert bool(odd) == ("odd" in content) and all("“odd” is no code: 1" in line for line in odd)
    table = read_codes(folder, IDS).table.set_index("comment_id")[coder]
    assert table.to_dict() == codes
    with pytest.raises(StudyError, match="no codes here yet"):
        read_other(tmp_path / name, folder)


def test_classes_of_a_study_and_its_spreadsheets(tmp_path, folder):
    pd.DataFrame({"comment_id": IDS, "label": ["yes", "no", "Yes"], "coder": "anna"}).to_excel(
        tmp_path / "a.xlsx", index=False
    )
    read_other(tmp_path / "a.xlsx", folder, {"no": 0.0, "yes": 1.0})
    assert read_codes(folder, IDS, {"no": 0.0, "yes": 1.0}).table["anna"].tolist() == [1, 0, 1]


def test_several_labels_of_a_study(tmp_path, folder):
    choices = [["threat", "Insult"], ["insult"], ["rain"]]
    tasks = [
        {"data": {"comment_id": i}, "annotations": [{"completed_by": 7, "result": [{"value": {"choices": of}}]}]}
        for i, of in zip(IDS, choices, strict=True)
    ]
    paths, odd = read_other(put(tmp_path / "s.json", json.dumps(tasks)), folder, labels=("insult", "threat"))
    assert paths[0].read_text() == "comment_id,code\nc1,insult|threat\nc2,insult\n"
    assert odd == ["“rain” is no code: 1 left out"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [("comment,tone\nc1,1\n", "a column of ids"), ("id,label\nc1,rain\n", "codes among: negative, neither, positive")],
)
def test_what_is_no_table_of_codes_is_said(tmp_path, folder, content, expected):
    with pytest.raises(StudyError, match=expected):
        read_other(put(tmp_path / "x.csv", content), folder)
    with pytest.raises(StudyError, match="a table of codes, found none"):
        read_other(tmp_path / "nowhere.csv", folder)
    (folder / "sample.csv").unlink()
    with pytest.raises(StudyError, match="how it was drawn"):
        read_other(tmp_path / "x.csv", folder)
