"""Tables of other tools: columns recognised or named, times in UTC, every row accounted for."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.dates import instants
from analysis.corpus.exports import cells
from analysis.corpus.exports.columns import is_articles, recognise
from analysis.corpus.exports.tables import read_tables
from analysis.settings import SourceSettings, StudyError

HEADER = ["thread_id", "comment_id", "author", "date", "text", "parent_id"]


def write(path, rows, header=HEADER):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read(*paths, articles=(), **keys):
    return read_tables(list(paths), SourceSettings(paths=("x",), **keys), paths[0].parent, articles=articles)


def test_columns_are_recognised_by_their_names():
    assert recognise(["Comment Text", "User", "created_utc", "link_id", "id"]) == {
        "text": "Comment Text",
        "comment_id": "id",
        "article_id": "link_id",
        "author": "User",
        "posted_at": "created_utc",
    }
    assert is_articles(["thread_id", "title", "date", "text"])
    assert not is_articles(["title", "comment_id", "text"])


def test_rows_are_read_and_every_one_is_accounted_for(tmp_path):
    rows = [
        ["t1", "c1", "Ann", "2020-01-02T03:04:05Z", "first", ""],
        ["t1", "c2", "", "2020-01-01 00:00", "two\nlines", "c1"],
        ["t1", "c3", "Bob", "yesterday", "bad time", ""],
        ["t1", "c1", "Ann", "2020-01-02T03:04:05Z", "first, changed", ""],
        ["t2", "c4", "Bob", "2020-01-03", "   ", ""],
        ["t2", "c5", "Bob", "2020-01-03"],
    ]
    r = read(write(tmp_path / "x.csv", rows), timezone="Asia/Tokyo")
    assert r.accounting.to_dict("records") == [{"source_file": "x.csv", "read": 6, "kept": 3, "rejected": 3}]
    assert r.rejects[["line", "reason"]].to_numpy().tolist() == [
        [6, "comment_id seen before"],
        [7, "no text"],
        [8, "not as many fields as the header"],
    ]
    c = r.comments.set_index("comment_id")
    assert c.loc["c1", "posted_at"] == pd.Timestamp("2020-01-02T03:04:05Z")
    assert c.loc["c2", "posted_at"] == pd.Timestamp("2019-12-31T15:00Z"), "a time without a zone is the study's"
    assert pd.isna(c.loc["c3", "posted_at"]) and "cannot be read" in r.notes["note"].iloc[0]
    assert c.loc["c2", "text"] == "two\nlines" and pd.isna(c.loc["c2", "author"]) and c.loc["c2", "parent_id"] == "c1"
    assert c.loc[["c2", "c1", "c3"], "position"].tolist() == [1, 2, 3]


def test_parquet_and_csv_of_the_same_rows_give_the_same(tmp_path):
    rows = [
        ["t1", "c1", "Ann", "2020-01-02T03:04:05Z", "first", "c0"],
        ["t1", "c2", "Bob", "2020-01-02T04:00:00Z", "b", "c1"],
    ]
    one = read(write(tmp_path / "x.csv", rows)).comments.drop(columns=["source_file", "line"])
    table = pd.DataFrame(rows, columns=HEADER).assign(date=lambda t: pd.to_datetime(t["date"]))
    table.to_parquet(tmp_path / "x.parquet")
    two = read(tmp_path / "x.parquet").comments.drop(columns=["source_file", "line"])
    pd.testing.assert_frame_equal(one, two)


def test_articles_are_joined_and_missing_ones_made(tmp_path):
    comments = write(tmp_path / "c.csv", [["t1", "c1", "A", "", "text", ""], ["t9", "c2", "B", "", "text", ""]])
    articles = write(
        tmp_path / "a.csv",
        [["t1", "Title", "2020-05-01", "Body"], ["t1", "Again", "2020-05-01", ""], ["", "No id", "", ""]],
        ["thread_id", "title", "date", "text"],
    )
    r = read(comments, articles=[articles])
    assert r.articles["article_id"].tolist() == ["t1", "t9"]
    assert r.articles["title"].iloc[0] == "Title" and pd.isna(r.articles["title"].iloc[1])
    c = r.comments.set_index("comment_id")
    assert c.loc["c1", "posted_at"] == pd.Timestamp("2020-05-01", tz="UTC")
    assert c.loc["c1", "posted_at_source"] == "article" and pd.isna(c.loc["c2", "posted_at"])
    assert (r.accounting["read"] == r.accounting["kept"] + r.accounting["rejected"]).all()
    assert sorted(r.rejects["reason"]) == ["article_id seen before", "no article_id"]


def test_the_order_of_files_and_rows_changes_nothing(tmp_path):
    a = write(tmp_path / "a.csv", [["t1", f"c{i}", "A", "2020-01-01", f"text {i}", ""] for i in range(5)])
    b = write(tmp_path / "b.csv", [["t2", f"d{i}", "A", "2020-01-01", f"text {i}", ""] for i in range(5)])
    pd.testing.assert_frame_equal(read(a, b).comments, read(b, a).comments)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("1262304000", "2010-01-01T00:00:00Z"),
        (1262304000, "2010-01-01T00:00:00Z"),
        (1262304000.0, "2010-01-01T00:00:00Z"),
        ("1262304000000", "2010-01-01T00:00:00Z"),
        ("2010-01-01T02:00:00+02:00", "2010-01-01T00:00:00Z"),
        ("2010-07-01", "2010-06-30T22:00:00Z"),
        (pd.Timestamp("2010-07-01"), "2010-06-30T22:00:00Z"),
        ("2010-03-28 02:30", None),  # the clocks went from 2 to 3
        ("Jan 5, 2010 10:00 AM", "2010-01-05T09:00:00Z"),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_times_come_out_in_utc(value, instant):
    out = instants([value, "2011-01-01T00:00:00Z"], "Europe/Paris").at
    assert str(out.dtype) == "datetime64[us, UTC]"
    assert (pd.isna(out[0]) if instant is None else out[0] == pd.Timestamp(instant)) and out[1].year == 2011


@pytest.mark.parametrize(
    ("columns", "word"), [({"text": "nope"}, "'nope'"), ({"words": "text"}, "'words'"), ({"author": "author"}, "text")]
)
def test_a_wrong_mapping_names_the_column(tmp_path, columns, word):
    path = write(tmp_path / "x.csv", [["t", "c", "a", "", "x", ""]])
    with pytest.raises(StudyError, match=word):
        read(path, columns=columns)


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"PAR1 and no more"])
def test_a_file_that_is_no_table_is_our_own_error(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(StudyError, match=name):
        read(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "x.csv").write_bytes("text,author\nnaïve café,Zoë\n".encode(encoding))
    r = read(tmp_path / "x.csv")
    assert r.comments["text"].tolist() == ["naïve café"] and r.comments["author"].tolist() == ["Zoë"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")),
                 min_size=1, max_size=4), max_size=8)
)  # fmt: skip
def test_no_row_is_unaccounted_for(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["text", "author", "date"], *rows])
    (folder / "x.csv").write_text(buffer.getvalue(), encoding="utf-8", newline="")
    r = read(folder / "x.csv")
    read_, kept, rejected = r.accounting.loc[0, ["read", "kept", "rejected"]]
    assert read_ == kept + rejected == len(rows)
    assert kept == len(r.comments) and rejected == len(r.rejects)


def test_how_many_rows_are_looked_at_at_a_time_changes_nothing(tmp_path, monkeypatch):
    rows = [
        {"comment_id": f"c{i % 97}", "article_id": f"t{i % 7}", "author": f"a{i % 5}", "date": f"2020-01-{i % 28 + 1:02d}",
         "text": "" if i % 11 == 0 else "[deleted]" if i % 13 == 0 else f"the tram of {i} was late\x07"}
        for i in range(100)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "b.csv", index=False)
    pd.DataFrame(rows[40:60]).to_csv(tmp_path / "c.csv", index=False)
    paths = [tmp_path / "c.csv", tmp_path / "b.csv"]
    one = read(*paths)
    monkeypatch.setattr(cells, "PART", 9)
    other = read(*paths)
    for name in ("comments", "articles", "rejects", "accounting", "notes"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.rejects["reason"].value_counts()["comment_id seen before"] > 15
    b = one.rejects[one.rejects["source_file"] == "b.csv"]["line"].tolist()
    assert b == sorted(b), "rejects are in the order of the lines"


def test_a_file_that_was_cut_off_is_our_own_error_after_many_rows(tmp_path):
    path = tmp_path / "a.csv.gz"
    table = pd.DataFrame({"comment_id": range(5_000), "text": [f"text {i} {i * 7919}" for i in range(5_000)]})
    table.to_csv(path, index=False)
    path.write_bytes(path.read_bytes()[:-2_000])
    with pytest.raises(StudyError, match="damaged or was cut off"):
        read(path)
