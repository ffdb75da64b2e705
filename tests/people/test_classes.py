"""Classes of a study's own: three, five or two; accuracy's intervals have a width also where all is right."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from analysis import open_study
from analysis.cli import main
from analysis.people.agreement import agreement, class_errors, class_of_people, class_of_score, confusion, share_of
from analysis.people.corrected import corrected, corrected_table
from analysis.sentiment.codes import Codes, read_codes
from analysis.settings import CLASSES, StudyError
from analysis.study_file import changed, read_settings

FIVE = {"awful": -1.0, "bad": -0.5, "so so": 0.0, "good": 0.5, "great": 1.0}
YES = {"no": 0.0, "yes": 1.0}


def coded(classes, seed=1, n=600):
    """All of n comments coded by two who err, in 60 threads, and scores that err too."""
    rng = np.random.default_rng(seed)
    values = np.array(list(classes.values()))
    truth = rng.integers(len(values), size=n)
    said = {
        c: values[np.where(rng.random(n) < 0.9, truth, rng.integers(len(values), size=n))] for c in ("anna", "brian")
    }
    ids = [f"c{i:03d}" for i in range(n)]
    table = pd.DataFrame({"comment_id": ids, "stratum": "s", "probability": 1.0, **said})
    table.insert(3, "code", table[["anna", "brian"]].mean(axis=1))
    score = np.clip(values[truth] + rng.normal(0, 0.2, n), values[0], values[-1])
    comments = pd.DataFrame({"comment_id": ids, "article_id": [f"a{i % 60}" for i in range(n)], "sentiment": score})
    return Codes(table, ("anna", "brian"), pd.DataFrame(), classes), comments.assign(topic=np.arange(n) % 2)


@pytest.mark.parametrize("classes", [CLASSES, FIVE, YES], ids=["three", "five", "yes or no"])
def test_agreement_confusion_and_corrected_shares_are_of_the_classes(classes):
    codes, comments = coded(classes)
    row = agreement(codes, comments, instrument="x", draws=100).iloc[0]
    people = class_of_people(codes.table[["anna", "brian"]].to_numpy(), tuple(classes.values()))
    machine = class_of_score(comments["sentiment"].to_numpy(), tuple(classes.values()))
    assert row["accuracy"] == pytest.approx((people == machine).mean()) and row["alpha"] > 0.6
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
    table = confusion(codes, comments)
    assert (
        list(table) == list(classes) == table.index.tolist() and table.to_numpy().trace() == (people == machine).sum()
    )
    means = corrected(codes, comments)
    assert means["estimate"].iloc[0] == pytest.approx(codes.table["code"].mean())
    whole = corrected_table(codes, comments.assign(period_start=pd.Timestamp("2022-01-01", tz="UTC")))
    measures = whole.loc[whole["by"] == "all"].set_index("measure")["estimate"]
    for name, value in classes.items():
        measure = name if classes == CLASSES else f"share of {name}"
        assert (measure in measures) == (value != 0)
        if value:
            assert measures[measure] == pytest.approx((people == value).mean())


@pytest.mark.parametrize(
    ("said", "classes", "value"),
    [([0, 1], YES, 1), ([-1, 1], FIVE, 0), ([0.5, 1], FIVE, 1), ([-0.5, 0], FIVE, -0.5), ([0, 0, 1], YES, 0)],
)
def test_coders_who_differ_have_the_class_next_to_their_mean(said, classes, value):
    assert class_of_people(np.array([said], float), tuple(classes.values())).tolist() == [value]


def test_a_score_has_the_class_whose_value_is_next():
    scores = np.array([-1, -0.75, -0.74, 0.2, 0.76, np.nan])
    assert class_of_score(scores, tuple(FIVE.values())).tolist() == [-1, -0.5, -0.5, 0, 1, 0]
    assert class_of_score(np.array([-0.05, -0.0499, 0.0499, 0.05, np.nan])).tolist() == [-1, 0, 0, 1, 0]


def test_a_cell_may_have_the_name_of_a_class_or_its_value(tmp_path):
    (tmp_path / "sample.csv").write_text("comment_id,stratum,probability\n" + "".join(f"c{i},s,1\n" for i in range(4)))
    (tmp_path / "anna.csv").write_text("comment_id,code\nc0,Great\nc1,'-0.5\nc2,so so\nc3,good enough\n")
    codes = read_codes(tmp_path, [f"c{i}" for i in range(4)], FIVE)
    assert codes.table["anna"].tolist() == [1, -0.5, 0] and codes.classes == FIVE
    assert codes.problems["problem"].tolist() == ['code "good enough" of c3 is none of -1, -0.5, 0, 0.5, 1']


def test_accuracy_has_a_width_also_where_all_is_right():
    rows = pd.DataFrame({"weight": 1.0, "thread": np.arange(40) % 20})
    share, low, high = share_of(np.ones(40, dtype=bool), rows)
    assert share == high == 1 and 0.80 < low < 0.87
    share, low, high = share_of(np.zeros(40, dtype=bool), rows)
    assert share == low == 0 and 0.13 < high < 0.20
    assert np.isnan(share_of(np.ones(40, dtype=bool), rows.assign(thread=np.arange(40) % 4))[1]), "four threads"
    codes, comments = coded(CLASSES)
    right = comments.assign(sentiment=codes.table["anna"])
    alone = Codes(codes.table.drop(columns="brian").assign(code=codes.table["anna"]), ("anna",), codes.problems)
    row = agreement(alone, right, instrument="x", draws=100).iloc[0]
    assert row["accuracy"] == 1 and row["accuracy_low"] < 1 and np.isnan(row["f1_macro_low"])


def test_intervals_of_accuracy_cover(rng=None):
    """Comments in threads that differ: 95 of 100 intervals have the truth."""
    rng, hits = np.random.default_rng(4), 0
    for _ in range(400):
        right = rng.random(30) < 0.5
        chance = np.where(right, 0.97, 0.83)  # of a comment of the thread to be right; 0.9 on the mean
        thread = np.repeat(np.arange(30), 4)
        _, low, high = share_of(rng.random(120) < chance[thread], pd.DataFrame({"weight": 1.0, "thread": thread}))
        hits += low <= 0.9 <= high
    assert 0.93 <= hits / 400 <= 0.995


def test_errors_by_class_are_those_of_the_confusion():
    codes, comments = coded(CLASSES)
    table = class_errors(codes, comments, ["topic"])
    counts = confusion(codes, comments)
    of_all = table[table["by"] == "all"].set_index(["class", "error"])
    for name in CLASSES:
        row, column = counts.loc[name], counts[name]
        assert of_all.loc[(name, "missed"), "estimate"] == pytest.approx(1 - row[name] / row.sum())
        assert of_all.loc[(name, "wrong"), "estimate"] == pytest.approx(1 - column[name] / column.sum())
        assert of_all.loc[(name, "missed"), "n"] == row.sum()
    assert (
        set(table["by"]) == {"all", "topic"}
        and ((table["low"] < table["estimate"]) & (table["estimate"] < table["high"])).all()
    )
    assert class_errors(Codes(), comments).empty and list(class_errors(Codes(), comments)) == list(table)


@pytest.mark.parametrize(
    "classes",
    [
        "{ no = 0 }",
        "{ yes = 1, no = 0 }",
        "{ a = 1, b = 1 }",
        '{ a = "low", b = 1 }',
        "{ mean = 0, b = 1 }",
        '["no", "yes"]',
    ],
)
def test_what_cannot_be_classes_is_refused(tmp_path, classes):
    (tmp_path / "study.toml").write_text(f'title = "t"\n[source]\npaths = ["c.csv"]\n[codes]\nclasses = {classes}\n')
    with pytest.raises(StudyError, match=r"\[codes\] classes: expected two to nine classes"):
        read_settings(tmp_path)


def test_classes_of_a_study(tmp_path):
    (tmp_path / "study.toml").write_text(
        'title = "t"\n[source]\npaths = ["c.csv"]\n[codes]\nclasses = { no = 0, yes = 1 }\n'
    )
    settings = read_settings(tmp_path)
    assert settings.codes.classes == {"no": 0, "yes": 1}
    assert changed(settings, classes=FIVE).codes.classes == FIVE


def test_instruments_are_compared_on_what_was_coded(tmp_path):
    rng = np.random.default_rng(2)
    says = {
        -1: "This is awful, terrible and sad.",
        0: "The tram leaves at ten.",
        1: "This is great, I love it, thanks!",
    }
    truth = rng.integers(-1, 2, 156)
    ids = [f"c{i:03d}" for i in range(156)]
    rows = {"comment_id": ids, "article_id": [f"t{i % 30}" for i in range(156)], "text": [says[t] for t in truth]}
    pd.DataFrame(rows).to_csv(tmp_path / "comments.csv", index=False)
    pd.DataFrame({"comment_id": ids, "score": np.where(truth > 0, 0.4, -0.4)}).to_csv(tmp_path / "llm.csv", index=False)
    (tmp_path / "coded").mkdir()
    sample = pd.DataFrame({"comment_id": ids[:104], "stratum": "s", "probability": 104 / 156})
    sample.to_csv(tmp_path / "coded" / "sample.csv", index=False)
    sample.assign(code=truth[:104]).to_csv(tmp_path / "coded" / "anna.csv", index=False)
    compare = '["scores:llm.csv", "coded", "vader"]'
    study_toml = (
        f'title = "t"\n[source]\npaths = ["comments.csv"]\n[sentiment]\ninstrument = "vader"\ncompare = {compare}\n'
    )
    (tmp_path / "study.toml").write_text(study_toml)
    table = open_study(tmp_path).tables.instruments.set_index("instrument")
    assert table.index.tolist() == ["vader", "scores:llm.csv", "coded"], "each once, the study's own first"
    assert table.loc["scores:llm.csv", "accuracy"] == pytest.approx(
        (np.sign(np.where(truth > 0, 1, -1)) == truth)[:104].mean()
    )
    assert table.loc["coded", "accuracy"] > 0.95 and table["n"].eq(104).all()
    assert open_study(tmp_path).tables.learning["n_codes"].tolist() == [52, 104], "a quarter is too few to learn from"
    own = open_study(tmp_path).tables.agreement.set_index("by").loc["all"]
    assert table.loc["vader", "accuracy"] == own["accuracy"] and table.loc["vader", "r"] == own["r"]
    alone = open_study(tmp_path, compare=()).tables.instruments
    assert alone["instrument"].tolist() == ["vader"]
    with pytest.raises(StudyError, match=r"\[sentiment\] compare: expected a list of instruments"):
        open_study(tmp_path, compare=["vadr"])
    with pytest.raises(StudyError, match="the only ones that have the study's range"):
        open_study(tmp_path, instrument="scores:llm.csv", range=[0.0, 1.0])
    shutil.rmtree(tmp_path / "coded")
    assert main(["code", str(tmp_path), "--n", "30", "--rare", "--coders", "anna"]) == 0
    drawn = pd.read_csv(tmp_path / "coded" / "sample.csv")
    assert drawn["stratum"].value_counts().to_dict() == dict.fromkeys(CLASSES, 10), (
        "as many of each class of the scores"
    )
