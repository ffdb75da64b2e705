"""Every row of tables made by hand, and where each of them is: kept, rejected and why, noted and at which line."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.corpus.exports.by_comment import read_by_comment
from analysis.corpus.exports.tables import read_tables
from analysis.corpus.schema import build, language_counts, summary, whole_text
from analysis.settings import SourceSettings, StudyError

HEADER = ["comment_id", "thread_id", "parent_id", "author", "date", "text"]
ROWS = [
    ["c1", "t1", "", "Ann", "2021-03-04 10:00", "The tram is late again today"],
    ["c2", "t1", "c1", "Bob", "2021-03-04 11:00", "<p>So it is &amp; was</p>"],
    ["c3", "t1", "c9", "[deleted]", "no date", "Replies to what is not there"],
    ["c4", "t2", "t2", "Cem", "", "[deleted]"],
    ["c5", "t2", "", "Cem", "1960-01-01", "An old\x07 comment about buses"],
    ["c5", "t2", "", "Cem", "1960-01-01", "An old\x07 comment about buses"],
    ["c6", "t2", "0", "", "2060-01-01", "  A new one about ferries  "],
    ["c7", "t2", "nan", "n/a", "2021-03-05 10:00", ""],
    ["c8", "t3", "null", "Ann", "2021-03-06 10:00", "Of another thread it is"],
]  # fmt: skip
ARTICLES = [
    ["t1", "Trams", "2021-03-04", "On trams.", "https://paper.example/1"],
    ["t2", "Buses", "2021-03-03", "", "javascript:alert(1)"],
    ["t1", "Again", "2021-03-02", "Twice.", ""],
    ["", "None", "2021-03-01", "No id.", ""],
]


@pytest.fixture
def reading(tmp_path):
    for name, head, rows in (
        ("c.csv", HEADER, ROWS),
        ("a.csv", ["thread_id", "title", "date", "text", "url"], ARTICLES),
    ):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
    source = SourceSettings(paths=("c.csv",), timezone="Europe/Berlin")
    return read_tables([tmp_path / "c.csv"], source, tmp_path, articles=[tmp_path / "a.csv"])


def records(table):
    return [tuple(row) for row in table.astype(object).where(table.notna(), None).to_numpy().tolist()]


def test_every_row_is_kept_or_rejected_with_its_line_and_reason(reading):
    assert records(reading.accounting) == [("c.csv", 9, 6, 3), ("a.csv", 4, 2, 2)]
    assert records(reading.rejects) == [
        ("c.csv", 5, "deleted at the source", 9),
        ("c.csv", 7, "comment_id seen before", 26),
        ("c.csv", 9, "no text", 0),
        ("a.csv", 4, "article_id seen before", 6),
        ("a.csv", 5, "no article_id", 6),
    ]
    assert sorted(records(reading.notes)) == [
        ("c.csv", 0, "1 threads have no row in the articles' table"),
        ("c.csv", 0, "2 control characters removed"),
        ("c.csv", 0, "markup taken off 1 comment"),
        ("c.csv", 4, "1 replies to comments that are not there, the first here"),
        ("c.csv", 4, "1 times that cannot be read, the first here"),
        ("c.csv", 6, "2 times outside of 1990 to 2050 (lines 6, 8), the first here"),
    ]


def test_every_field_of_what_is_kept(reading):
    table = reading.comments.drop(columns="boundary_confidence")
    at = table.pop("posted_at").dt.strftime("%Y-%m-%d %H:%M").tolist()
    assert reading.comments["boundary_confidence"].isna().all()
    assert at == [
        "2021-03-04 09:00",
        "2021-03-04 10:00",
        "2021-03-03 23:00",
        "1959-12-31 23:00",
        "2059-12-31 23:00",
        "2021-03-06 09:00",
    ]
    columns = [
        "comment_id",
        "article_id",
        "position",
        "parent_id",
        "author",
        "posted_at_source",
        "source_file",
        "line",
        "text",
    ]
    assert list(table) == columns
    assert records(table) == [
        ("c1", "t1", 2, None, "Ann", "comment", "c.csv", 2, "The tram is late again today"),
        ("c2", "t1", 3, "c1", "Bob", "comment", "c.csv", 3, "So it is & was"),
        ("c3", "t1", 1, "c9", None, "article", "c.csv", 4, "Replies to what is not there"),
        ("c5", "t2", 1, None, "Cem", "comment", "c.csv", 6, "An old comment about buses"),
        ("c6", "t2", 2, None, None, "comment", "c.csv", 8, "A new one about ferries"),
        ("c8", "t3", 1, None, "Ann", "comment", "c.csv", 10, "Of another thread it is"),
    ]
    articles = reading.articles
    articles = articles[["article_id", "published_at", "title", "text", "copyright", "url", "source_file"]]
    published = articles["published_at"].dt.strftime("%Y-%m-%d %H:%M").where(articles["published_at"].notna(), None)
    assert published.tolist()[:2] == ["2021-03-03 23:00", "2021-03-02 23:00"] and pd.isna(published[2])
    assert records(articles.drop(columns="published_at")) == [
        ("t1", "Trams", "On trams.", None, "https://paper.example/1", "a.csv"),
        ("t2", "Buses", None, None, "javascript:alert(1)", "a.csv"),
        ("t3", None, None, None, None, "c.csv"),
    ]


def test_the_corpus_and_its_summary_count_the_same(reading, tmp_path):
    corpus = build(reading, tmp_path)
    assert records(corpus.articles[["article_id", "n_comments", "url"]]) == [
        ("t1", 3, "https://paper.example/1"),
        ("t2", 2, None),
        ("t3", 1, None),
    ]
    assert whole_text(corpus.articles).tolist() == ["Trams\nOn trams.", "Buses", ""]
    found = summary(corpus)
    counts = [
        (n, None if np.isnan(share) else round(share, 6), of)
        for n, share, of in found[["n", "share", "of"]].to_numpy().tolist()
    ]
    assert dict(zip(found["quantity"], counts, strict=True)) == {
        "files read": (2, None, ""),
        "lines or rows read": (13, None, ""),
        "lines or rows rejected": (5, round(5 / 13, 6), "lines or rows read"),
        "articles (threads)": (3, None, ""),
        "articles without comments": (0, 0, "articles"),
        "comments": (6, None, ""),
        "authors": (3, None, ""),
        "comments by the most active 1 % of authors": (2, round(2 / 6, 6), "comments"),
        "comments that repeat an earlier one": (0, 0, "comments"),
        "comments that nearly repeat an earlier one": (0, 0, "comments"),
        "comments in floods (five or more that are the same or nearly so)": (0, 0, "comments"),
        "comments with a time of their own": (5, round(5 / 6, 6), "comments"),
        "comments without any date": (0, 0, "comments"),
        "comments whose boundary is doubtful (confidence below 0.9)": (0, 0, "comments"),
    }
    languages = language_counts(corpus)
    assert languages["n_comments"].sum() == 6 and languages["share"].sum() == pytest.approx(1)
    assert languages.equals(languages.sort_values(["n_comments", "language"], ascending=[False, True]))
    assert corpus.boundaries.empty


def test_doubtful_boundaries_are_listed_and_articles_without_comments_counted(reading, tmp_path):
    sure = [0.95, 0.9, 0.89, np.nan, 0.1, 1.0]
    corpus = build(dataclasses.replace(reading, rows=reading.rows.assign(boundary_confidence=sure)), tmp_path)
    assert records(corpus.boundaries) == [("c3", "c.csv", 4, 0.89), ("c6", "c.csv", 8, 0.1)]
    found = summary(corpus).set_index("quantity")["n"]
    assert found["comments whose boundary is doubtful (confidence below 0.9)"] == 2
    more = pd.concat([reading.articles, reading.articles.tail(1).assign(article_id="t4")])
    found = summary(build(dataclasses.replace(reading, articles=more), tmp_path)).set_index("quantity")["n"]
    assert found["articles without comments"] == 1 and found["articles (threads)"] == 4


def test_rows_without_a_thread_are_threads_of_their_own_or_of_what_they_reply_to(tmp_path):
    (tmp_path / "alone.csv").write_text("author,text\nAnn,one two three\nBob,four five six\n")
    found = read_tables([tmp_path / "alone.csv"], SourceSettings(paths=("x",)), tmp_path)
    assert found.rows["article_id"].tolist() == found.rows["comment_id"].tolist() == ["alone.csv:2", "alone.csv:3"]
    assert records(found.notes) == [
        ("alone.csv", 0, "no column names the thread: each comment counts as a thread of its own")
    ]
    assert summary(build(found, tmp_path)).set_index("quantity").loc[
        "comments without a thread", ["n", "share"]
    ].tolist() == [2, 1]
    chain = (
        "".join(f"r{i},{f'r{i - 1}' if i else ''},A,text number {i}\n" for i in range(40))
        + "x,gone,A,a reply to nothing\n"
    )
    (tmp_path / "replies.csv").write_text("comment_id,parent_id,author,text\n" + chain)
    found = read_tables([tmp_path / "replies.csv"], SourceSettings(paths=("x",)), tmp_path)
    assert set(found.rows["article_id"]) == {"r0", "gone"} and (found.rows["article_id"] == "r0").sum() == 40
    assert (
        "replies.csv",
        0,
        "no column names the thread: comments are of one thread with what they reply to",
    ) in records(found.notes)


@pytest.mark.parametrize("places", [False, True], ids=["ids in threads", "places in threads"])
def test_ids_that_repeat_from_thread_to_thread_are_made_anew(tmp_path, places):
    rows = [
        (1 if places and i % 2 else i, f"t{t}", 1 if i == 2 else "", "A", f"text {t} {i}")
        for t in range(3)
        for i in (1, 2, 3)
    ]
    with (tmp_path / "c.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["comment_id", "thread_id", "parent_id", "author", "text"], *rows])
    columns = {"comment_id": "comment_id", "article_id": "thread_id", "parent_id": "parent_id", "text": "text"}
    found = read_tables([tmp_path / "c.csv"], SourceSettings(paths=("x",), columns=columns), tmp_path)
    first = found.rows.iloc[:3]
    if places:
        assert first["comment_id"].tolist() == ["t0-0001", "t0-0002", "t0-0003"] and first["parent_id"].isna().all()
        said = "comment_id repeats: made from the thread and the place in it; what replies to what is lost"
    else:
        assert first["comment_id"].tolist() == ["t0:1", "t0:2", "t0:3"] and first["parent_id"].tolist()[1] == "t0:1"
        said = "comment_id repeats from thread to thread: made from the thread's and its own"
    assert records(found.notes) == [("c.csv", 0, said)] and found.accounting["rejected"].tolist() == [0]


def test_a_table_by_comment_says_what_it_does_not_use(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("comment_id,score\nc1,1\nc1,1\nc2,2\nc2,3\nc3,\nc3,4\nc4.0,5\n7.0,6\nzz,7\n,8\nc5,nan\n")
    values, problems = read_by_comment(
        path, "score", ["c1", "c2", "c3", "7", "c5", "c6"], lambda cell, _: float(cell), "scored"
    )
    assert values == [1, None, 4, 6, None, None]
    assert records(problems) == [
        ("s.csv", 5, "comment c2 is scored twice, differently: neither counts"),
        ("s.csv", 8, "comment c4.0 is not in the corpus"),
        ("s.csv", 10, "comment zz is not in the corpus"),
        ("s.csv", 11, "comment (no id) is not in the corpus"),
    ]
    with pytest.raises(StudyError, match="11 rows, and none of their ids"):
        read_by_comment(path, "score", ["other"], lambda cell, _: float(cell), "scored")
    with pytest.raises(StudyError, match="expected a column scores, found comment_id, score"):
        read_by_comment(path, "scores", ["c1"], lambda cell, _: float(cell), "scored")
    for name, what in (("none.csv", "no such file"), ("x.png", "a file of another kind")):
        if name == "x.png":
            (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
        with pytest.raises(StudyError, match=what):
            read_by_comment(tmp_path / name, "score", ["c1"], lambda cell, _: float(cell), "scored")
