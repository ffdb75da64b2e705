"""Hand-coded samples: reading them, agreement, confusion."""

import csv

import krippendorff
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from analysis.people import agreement as coding
from analysis.sentiment.codes import Codes, read_codes
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
    assert not read_codes(tmp_path / "coded", IDS).coders
    sample(tmp_path / "coded")
    assert not read_codes(tmp_path / "coded", IDS).coders


def test_codes_are_read(tmp_path):
    sample(tmp_path)
    sheet(tmp_path, "anna.csv", zip(IDS, ["1", "-1", "0", "'-1"], strict=False))
    sheet(tmp_path, "brian.csv", zip(IDS, ["+1", "\u22121", "1.0", "0"], strict=False))
    codes = read_codes(tmp_path, IDS)
    assert codes.coders == ("anna", "brian") and codes.problems.empty
    assert list(codes.table) == ["comment_id", "stratum", "probability", "code", "n_coders", "anna", "brian"]
    assert codes.table["code"].tolist() == [1, -1, 0.5, -0.5]
    assert codes.table["n_coders"].tolist() == [2, 2, 2, 2] and codes.table["probability"].eq(0.5).all()


def test_who_has_coded_but_some_has_as_good_as_drawn_fewer(tmp_path):
    sample(tmp_path, [["c0", "a", "0.5"], ["c1", "a", "0.5"], ["c2", "b", "0.8"], ["c3", "b", "0.8"], ["c4", "c", "1"]])
    sheet(tmp_path, "anna.csv", [("c0", "1"), ("c1", ""), ("c2", "0"), ("c3", "-1")])
    table = read_codes(tmp_path, IDS).table.set_index("comment_id")
    assert table["probability"].to_dict() == pytest.approx({"c0": 0.25, "c2": 0.8, "c3": 0.8})


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
    with pytest.raises(
        StudyError, match="sample.csv: expected .* comment_id, stratum, probability, found no such file"
    ):
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
    none = coding.agreement(Codes(), comments, instrument="vader")
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
    assert coding.class_of_people(np.array([codes], float)).tolist() == [people]


def test_a_group_has_the_agreement_of_its_own_comments(study):
    codes, comments = study
    table = coding.agreement(codes, comments, instrument="vader", by=["topic"], draws=100)
    assert table["by"].tolist() == ["all", "topic", "topic", "topic"] and table["group"].tolist() == [
        "all",
        "0",
        "1",
        "2",
    ]
    for topic in range(3):
        alone = coding.agreement(codes, comments[comments["topic"] == topic], instrument="vader", draws=100).iloc[0]
        row = table.iloc[topic + 1]
        for column in ("n", "accuracy", "f1_macro", "r"):
            assert row[column] == pytest.approx(alone[column])
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"] and np.isnan(row["alpha"])
    ids = codes.table["comment_id"]
    few = comments.assign(topic=comments["comment_id"].isin(ids[:9]).astype(int))
    table = coding.agreement(codes, few, instrument="vader", by=["topic"], draws=50)
    assert table["group"].tolist() == ["all", "0"], "nine codes are no group"


def test_lengths_are_counted_in_words():
    texts = pd.Series(["", "one", "a b c d e", "a b c d e f", " ".join("x" * 20), " ".join("x" * 21)])
    said = coding.length_of(texts).tolist()
    assert said == ["1 to 5 words"] * 3 + ["6 to 20 words"] * 2 + ["more than 20 words"]
