"""Hand-coded samples: reading them, agreement, confusion, corrected means."""

import csv

import krippendorff
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from analysis import coding
from analysis.coding import Codes, read_codes
from analysis.settings import StudyError

IDS = [f"c{i}" for i in range(6)]


def write(folder, name, rows):
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def sample(folder, rows=None):
    rows = rows or [[i, "all", "0.5"] for i in IDS[:4]]
    write(folder, "sample.csv", [["comment_id", "stratum", "probability"], *rows])


def sheet(folder, name, codes):
    write(folder, name, [["comment_id", "text", "code"], *([i, "a comment,\nin two lines", c] for i, c in codes)])


def test_nothing_coded_is_none(tmp_path):
    assert read_codes(tmp_path / "coded", IDS) is None
    sample(tmp_path / "coded")
    assert read_codes(tmp_path / "coded", IDS) is None


def test_codes_are_read(tmp_path):
    sample(tmp_path)
    sheet(tmp_path, "anna.csv", zip(IDS, ["1", "-1", "0", "'-1"], strict=False))
    sheet(tmp_path, "brian.csv", zip(IDS, ["+1", "\u22121", "1.0", "0"], strict=False))
    codes = read_codes(tmp_path, IDS)
    assert codes.coders == ("anna", "brian") and codes.problems.empty
    assert list(codes.table) == ["comment_id", "stratum", "probability", "code", "n_coders", "anna", "brian"]
    assert codes.table["code"].tolist() == [1, -1, 0.5, -0.5]
    assert codes.table["n_coders"].tolist() == [2, 2, 2, 2] and codes.table["probability"].eq(0.5).all()


def test_semicolons_and_a_byte_order_mark_of_a_spreadsheet(tmp_path):
    (tmp_path / "sample.csv").write_text("\ufeffcomment_id;stratum;probability\nc0;a;1\n", encoding="utf-8")
    (tmp_path / "anna.csv").write_text("\ufeffcomment_id;text;code\r\nc0;so, so;-1\r\n", encoding="utf-8")
    assert read_codes(tmp_path, IDS).table["code"].tolist() == [-1]


def test_every_row_that_is_not_used_is_named_with_its_line(tmp_path):
    rows = [["c0", "a", "0.5"], ["c1", "a", "0"], ["zz", "a", "1"], ["c0", "b", "1"], ["c2", "a", "x"]]
    sample(tmp_path, [*rows, ["c3", "a", "1"], ["c4", "a", "1"], ["c5", "a", "1"]])
    sheet(
        tmp_path,
        "anna.csv",
        [("c0", "2"), ("c9", "1"), ("c3", "1"), ("c3", "1"), ("c4", "1"), ("c4", "-1"), ("c4", "-1"), ("c0", "")],
    )
    codes = read_codes(tmp_path, IDS)
    found = [(f, None if pd.isna(n) else n, p) for f, n, p in codes.problems.itertuples(index=False)]
    assert found == [
        ("sample.csv", 3, 'probability "0" of c1 is not in (0, 1]'),
        ("sample.csv", 4, "comment zz is not in the corpus"),
        ("sample.csv", 5, "comment c0 stands twice; the first counts"),
        ("sample.csv", 6, 'probability "x" of c2 is not in (0, 1]'),
        ("anna.csv", 2, 'code "2" of c0 is none of -1, 0, 1'),
        ("anna.csv", 4, "comment c9 is extra: it is not in the sample"),
        ("anna.csv", 8, "comment c3 is coded twice, alike"),
        ("anna.csv", 12, "comment c4 is coded twice, differently: neither counts"),
        ("anna.csv", 14, "comment c4 is coded twice, differently: neither counts"),
        ("anna.csv", 16, "comment c0 is coded twice, differently: neither counts"),
        ("anna.csv", None, "comment c5 of the sample is missing"),
    ]
    assert codes.table["comment_id"].tolist() == ["c3"]


def test_errors_name_the_file(tmp_path):
    sheet(tmp_path, "anna.csv", [("c0", "1")])
    with pytest.raises(StudyError, match=r"sample.csv beside the coders' sheets"):
        read_codes(tmp_path, IDS)
    sample(tmp_path)
    write(tmp_path, "anna.csv", [["comment_id", "text"], ["c0", "x"]])
    with pytest.raises(StudyError, match=r"anna.csv, line 1: expected columns comment_id, code, found no code"):
        read_codes(tmp_path, IDS)
    (tmp_path / "anna.csv").write_bytes("comment_id,code\nc0,1,Gr\u00fc\u00dfe\n".encode("latin-1"))
    with pytest.raises(StudyError, match=r"anna.csv: expected a CSV file in UTF-8"):
        read_codes(tmp_path, IDS)
    (tmp_path / "anna.csv").rename(tmp_path / "code.csv")
    with pytest.raises(StudyError, match="expected a sheet named after its coder, found code.csv"):
        read_codes(tmp_path, IDS)


@pytest.fixture
def study():
    """240 coded comments of 1,200, in 60 threads: two coders who err, an instrument that is too kind."""
    rng = np.random.default_rng(7)
    n = 1200
    ids = np.array([f"c{i:04d}" for i in range(n)])
    people = rng.integers(-1, 2, n)
    score = np.clip(0.4 * people + 0.3 + rng.normal(0, 0.3, n), -1, 1)
    comments = pd.DataFrame(
        {
            "comment_id": ids,
            "article_id": [f"a{i % 60}" for i in range(n)],
            "sentiment": score,
            "topic": np.arange(n) % 3,
        }
    )
    chance = np.where(np.arange(n) % 3 == 0, 0.4, 0.1)
    chosen = np.flatnonzero(rng.random(n) < chance)
    by_coder = {c: np.where(rng.random(n) < 0.8, people, rng.integers(-1, 2, n))[chosen] for c in ("anna", "brian")}
    table = pd.DataFrame({"comment_id": ids[chosen], "stratum": "s", "probability": chance[chosen]})
    table = table.assign(code=np.mean([*by_coder.values()], axis=0), n_coders=2, **by_coder)
    table = table.astype({"anna": float, "brian": float})
    return Codes(table, ("anna", "brian"), pd.DataFrame(columns=["file", "line", "problem"])), comments


def test_agreement_is_that_of_the_packages(study):
    codes, comments = study
    row = coding.agreement(codes, comments, instrument="vader", draws=200).iloc[0]
    t = codes.table.merge(comments, on="comment_id")
    people = [int(np.sign(c)) if abs(c) >= 0.5 else 0 for c in t["code"]]
    machine = [1 if s >= 0.05 else -1 if s <= -0.05 else 0 for s in t["sentiment"]]
    w = 1 / t["probability"]
    assert (row["instrument"], row["coders"], row["n"]) == ("vader", 2, len(t))
    assert row["alpha"] == pytest.approx(
        krippendorff.alpha(t[["anna", "brian"]].to_numpy().T, level_of_measurement="ordinal")
    )
    assert row["accuracy"] == pytest.approx(accuracy_score(people, machine, sample_weight=w))
    assert row["f1_macro"] == pytest.approx(f1_score(people, machine, sample_weight=w, average="macro"))
    c = np.cov(t["code"], t["sentiment"], aweights=w)
    assert row["r"] == pytest.approx(c[0, 1] / np.sqrt(c[0, 0] * c[1, 1]))
    for m in coding.METRICS:
        assert row[f"{m}_low"] < row[m] < row[f"{m}_high"]
    table = coding.confusion(codes, comments)
    assert table.to_numpy().sum() == len(t)
    assert table.loc["negative", "positive"] == sum(p == -1 and m == 1 for p, m in zip(people, machine, strict=True))


def test_agreement_does_not_depend_on_the_order_of_rows_and_respects_threads(study):
    codes, comments = study
    one = coding.agreement(codes, comments, instrument="vader", draws=100)
    other = coding.agreement(codes, comments.sample(frac=1, random_state=1), instrument="vader", draws=100)
    pd.testing.assert_frame_equal(one, other)
    twin = comments.assign(article_id=[f"b{i % 8}" for i in range(len(comments))])
    assert not coding.agreement(codes, twin, instrument="vader", draws=100).equals(one)  # other threads, other draws


def test_agreement_without_codes_or_without_a_second_coder(study):
    codes, comments = study
    none = coding.agreement(None, comments, instrument="vader")
    assert list(none) == coding.COLUMNS and none.empty and none["n"].dtype == "int64"
    one = Codes(
        codes.table.assign(code=codes.table["anna"], n_coders=1).drop(columns="brian"), ("anna",), codes.problems
    )
    row = coding.agreement(one, comments, instrument="vader", draws=50).iloc[0]
    assert np.isnan(row["alpha"]) and np.isnan(row["alpha_low"]) and row["accuracy_low"] > 0
    few = comments[comments["article_id"].isin(["a0", "a1"])]
    row = coding.agreement(codes, few, instrument="vader", draws=50).iloc[0]
    assert np.isnan(row["accuracy_low"]) and row["accuracy"] > 0
    row = coding.agreement(codes, comments.assign(sentiment=np.nan), instrument="vader", draws=50).iloc[0]
    assert row["n"] == 0 and np.isnan(row["accuracy"]) and row["alpha"] > 0


@pytest.mark.parametrize(
    ("codes", "people"),
    [([-1, -1], -1), ([-1, 0], -1), ([1, 0], 1), ([-1, 1], 0), ([1, 1, -1], 1), ([0, 0, 1], 0), ([np.nan, 1], 1)],
)
def test_class_of_several_coders(codes, people):
    assert coding._people(np.array([codes], float)).tolist() == [people]


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
    table = coding.corrected(codes, few, by=["topic"]).set_index("topic")
    assert np.isnan(table.loc[1, "low"]) and np.isfinite(table.loc[1, "estimate"])
    unscored = coding.corrected(codes, comments.assign(sentiment=np.nan)).iloc[0]
    assert unscored["estimate"] == unscored["codes_only"] and np.isnan(unscored["uncorrected"])
    none = coding.corrected(None, comments, by="topic")
    assert none.empty and list(none) == list(table.reset_index())
    with pytest.raises(StudyError, match="one of: mean, negative, positive"):
        coding.corrected(codes, comments, measure="median")
    with pytest.raises(StudyError, match="by: expected columns of comments, found colour"):
        coding.corrected(codes, comments, by="colour")
