"""Labels of which a comment may have several: each is two classes, coded in csv or xlsx, and held against a file of scores."""

from __future__ import annotations

import krippendorff
import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from sklearn.metrics import accuracy_score, f1_score

from analysis import open_study
from analysis.cli import main
from analysis.people.corrected import corrected
from analysis.sentiment.codes import HAS, labels_of, read_codes
from analysis.settings import StudyError

LABELS = ("insult", "threat")
N = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """120 comments in 24 threads, 80 drawn and coded by two; a file scores one of two labels."""
    place, rng = tmp_path_factory.mktemp("labels"), np.random.default_rng(3)
    ids = [f"{i:04d}" for i in range(N)]
    truth = pd.DataFrame({"insult": rng.random(N) < 0.4, "threat": rng.random(N) < 0.15}, index=ids)
    day = pd.Timestamp("2023-01-01", tz="UTC")
    rows = {"comment_id": ids, "article_id": [f"t{i % 24}" for i in range(N)], "text": [f"=word {i}" for i in range(N)]}
    rows["posted_at"] = [(day + pd.Timedelta(days=i // 2)).isoformat() for i in range(N)]
    pd.DataFrame(rows).to_csv(place / "comments.csv", index=False)
    score = np.clip(np.where(truth["insult"], 0.8, 0.2) + rng.normal(0, 0.25, N), 0, 1)
    pd.DataFrame({"comment_id": ids, "insult": score}).to_csv(place / "llm.csv", index=False)
    (place / "study.toml").write_text(
        'title = "t"\n[source]\npaths = ["comments.csv"]\n'
        '[codes]\nlabels = { insult = "scores:llm.csv", threat = "" }\n'
    )
    assert main(["code", str(place), "--n", "80", "--coders", "anna,brian", "--xlsx"]) == 0
    for coder, errs in (("anna", 0.0), ("brian", 0.1)):
        book = load_workbook(place / "coded" / f"{coder}.xlsx")
        for row in [*book.active.rows][1:]:
            has = truth.loc[row[0].value] ^ (rng.random(2) < errs)
            row[2].value = "|".join(label for label in reversed(LABELS) if has[label]) or "None"
        book.save(place / "coded" / f"{coder}.xlsx")
    return place


def codes_of(folder, label):
    return read_codes(folder / "coded", [f"{i:04d}" for i in range(N)], labels=LABELS, label=label)


def test_each_label_is_held_against_people_as_two_classes_are(folder):
    study = open_study(folder)
    table = study.tables.coded_labels.query("by == 'all'").set_index(["label", "figure"])
    comments = study.comments.set_index("comment_id")
    scores = pd.read_csv(folder / "llm.csv", dtype={"comment_id": str}).set_index("comment_id")["insult"]
    for label in LABELS:
        codes = codes_of(folder, label)
        given, w = codes.table[["anna", "brian"]].to_numpy(), 1 / codes.table["probability"]
        alpha = krippendorff.alpha(given.T, value_domain=[0, 1], level_of_measurement="nominal")
        assert table.loc[(label, "alpha"), ["n", "estimate"]].tolist() == pytest.approx([80, alpha])
        people = given.mean(axis=1) >= 0.5
        share = table.loc[(label, "share by codes alone")]
        assert share["estimate"] == pytest.approx(np.average(people, weights=w)) and share["low"] < share["high"]
        machine = scores[codes.table["comment_id"]].to_numpy() >= 0.5
        if label == "insult":
            assert table.loc[(label, "accuracy"), "estimate"] == pytest.approx(
                accuracy_score(people, machine, sample_weight=w)
            )
            f1 = f1_score(people, machine, sample_weight=w, average="macro")
            assert table.loc[(label, "f1_macro"), "estimate"] == pytest.approx(f1)
            missed = np.average(~machine[people], weights=w[people])
            assert table.loc[(label, "missed"), ["n", "estimate"]].tolist() == pytest.approx([people.sum(), missed])
            rows = comments.assign(sentiment=scores.reindex(comments.index)).reset_index()
            own = corrected(codes, rows, measure="share of yes").iloc[0]
            assert (
                table.loc[(label, "share"), ["estimate", "low", "high"]].tolist()
                == own[["estimate", "low", "high"]].tolist()
            )
        else:
            assert (label, "accuracy") not in table.index and table.loc[(label, "share"), "n"] == 80
    assert {"topic", "period_start"} >= set(study.tables.coded_labels["by"]) - {"all"} >= {"period_start"}
    assert study.tables.agreement.empty and study.tables.corrected.empty, "nobody coded the measure"


def test_a_cell_names_labels_in_any_order_and_what_is_none_is_said(folder, tmp_path):
    assert labels_of("Threat | insult", LABELS) == ["insult", "threat"] and labels_of("NONE", LABELS) == []
    assert labels_of("", LABELS) is labels_of("insult|irony", LABELS) is None
    (tmp_path / "sample.csv").write_text("comment_id,stratum,probability\na,s,1\nb,s,1\nc,s,1\n")
    (tmp_path / "anna.csv").write_text("comment_id,code\na,insult\nb,insult|irony\nc,none\n")
    codes = read_codes(tmp_path, ["a", "b", "c"], labels=LABELS, label="threat")
    assert codes.table["anna"].tolist() == [0, 0] and codes.classes == HAS
    assert codes.problems["problem"].tolist() == ['code "insult|irony" of b is none of insult, threat, none']


def test_a_sheet_of_a_spreadsheet_is_text_and_is_read_as_csv_is(folder, tmp_path):
    cells = [cell for row in load_workbook(folder / "coded" / "anna.xlsx").active.iter_rows() for cell in row]
    assert [cell.value[:6] for cell in cells if cell.column == 2][1:] == ["=word "] * 80
    assert all(cell.data_type == "s" for cell in cells), "a comment that begins as a formula is a text"
    (tmp_path / "sample.csv").write_text("comment_id,stratum,probability\n007,s,1\nb,s,1\nc,s,1\n")
    rows = [("007", -1.0), ("zz", 1), ("b", "often"), (None, None), ("b", None)]
    pd.DataFrame(rows, columns=["Comment_id", "code"]).to_excel(tmp_path / "anna.xlsx", index=False)
    (tmp_path / "~$anna.xlsx").write_bytes(b"open")
    codes = read_codes(tmp_path, ["007", "b", "c"])
    assert codes.table.set_index("comment_id")["anna"].to_dict() == {"007": -1}
    in_csv = tmp_path / "csv"
    in_csv.mkdir()
    (in_csv / "sample.csv").write_text((tmp_path / "sample.csv").read_text())
    (in_csv / "anna.csv").write_text("Comment_id,code\n007,-1\nzz,1\nb,often\n,\nb,\n")
    same = read_codes(in_csv, ["007", "b", "c"]).problems
    assert len(same) == 4 and codes.problems.drop(columns="file").equals(same.drop(columns="file"))
    (tmp_path / "anna.csv").write_text("comment_id,code\nb,1\n")
    with pytest.raises(StudyError, match="of a coder's two move one away"):
        read_codes(tmp_path, ["007", "b", "c"])


@pytest.mark.parametrize("labels", ['{ none = "" }', '{ "a|b" = "" }', '{ a = "vader" }', '["a"]'])
def test_what_cannot_be_labels_is_refused(folder, labels):
    toml = (folder / "study.toml").read_text().split("labels =")[0]
    place = folder.with_name("other")
    place.mkdir(exist_ok=True)
    (place / "study.toml").write_text(f"{toml}labels = {labels}\n")
    with pytest.raises(StudyError, match=r"\[codes\] labels: expected one to nine labels"):
        open_study(place)


def test_labels_and_classes_are_not_both_and_a_measure_without_codes_is_not_learned(folder):
    with pytest.raises(StudyError, match="either classes or labels"):
        open_study(folder, classes={"no": 0.0, "yes": 1.0})
    with pytest.raises(StudyError, match="needs no codes"):
        open_study(folder, instrument="coded")
