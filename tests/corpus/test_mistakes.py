"""Sources that cannot be read as they are named are one clear line; what is read otherwise than it looks is noted."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
import zstandard

from analysis.corpus.encodings import MEND, read_lines
from analysis.corpus.exports.formats import tables_of
from analysis.corpus.exports.records import look
from analysis.corpus.exports.wide import CUT_OFF
from analysis.corpus.proposal import propose
from analysis.corpus.sources import read_sources
from analysis.settings import StudyError
from analysis.study import open_study
from analysis.study_file import read_settings

ROWS = [
    {"id": str(i), "article": f"a{i % 2}", "author": f"r{i % 3}", "comment": f"the ferry is late {i}"} for i in range(8)
]

COLUMNS = "[source.columns]\ntext = 'comment'\ncomment_id = 'id'\n"


def workbook(*names: str) -> bytes:
    """A workbook of sheets of the same rows."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        for name in names:
            pd.DataFrame(ROWS).to_excel(writer, sheet_name=name, index=False)
    return buffer.getvalue()


def csv(rows=ROWS) -> bytes:
    return pd.DataFrame(rows).to_csv(index=False).encode()


def study(folder, files, source=""):
    """A study of one file, and what is read."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "study.toml").write_text(f"title = 'x'\n[source]\npaths = {list(files)}\n{source}\n{COLUMNS}")
    settings = read_settings(folder)
    return read_sources(settings.source, settings.folder)


@pytest.mark.parametrize(
    ("name", "data", "source", "said"),
    [
        ("c.csv", csv(), 'encoding = "utf-9"', "an encoding such as utf-8, cp1251 or shift_jis, found 'utf-9'"),
        ("c.xlsx", workbook("April", "May"), 'sheet = "June"', "a sheet 'June', found April, May"),
        ("c.xlsx", workbook("April")[:-400], "", "expected a sheet file"),
        ("c.xls", b"\xd0\xcf\x11\xe0" + bytes(2000), "", "expected a sheet file"),
        ("c.xlsx", b"", "", "c.xlsx"),
    ],
    ids=["encoding", "sheet", "cut off", "damaged", "empty"],
)
def test_what_cannot_be_read_as_it_is_named_is_said(tmp_path, name, data, source, said):
    with pytest.raises(StudyError) as caught:
        study(tmp_path, {name: data}, source)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_encoding_that_is_stated_is_used(tmp_path):
    rows = [dict(ROWS[0], comment="паром опять опоздал")]
    data = pd.DataFrame(rows).to_csv(index=False).encode("koi8-r")
    assert study(tmp_path, {"c.csv": data}, 'encoding = "koi8-r"').comments["text"].tolist() == ["паром опять опоздал"]


def test_the_sheet_that_is_named_is_read_alone(tmp_path):
    (tmp_path / "c.xlsx").write_bytes(workbook("April", "May"))
    (one,) = tables_of(tmp_path / "c.xlsx", sheet="May")
    assert len(list(one.rows())) == 8 and one.name == "c.xlsx"
    assert [table.name for table in tables_of(tmp_path / "c.xlsx")] == ["c.xlsx/April", "c.xlsx/May"]


@pytest.mark.parametrize(
    ("ending", "data", "kind"),
    [
        (".txt", json.dumps(ROWS).encode(), "json"),
        (".dump", b"<?xml version='1.0'?><c><r><id>1</id></r></c>", "xml"),
        ("", pd.DataFrame(ROWS).to_parquet(), "parquet"),
        (".dat", csv(), "csv"),
        (".txt", workbook("April"), "sheet"),
    ],
)
def test_a_file_whose_ending_says_nothing_is_looked_into(tmp_path, ending, data, kind):
    (tmp_path / f"c{ending}").write_bytes(data)
    assert [table.kind for table in tables_of(tmp_path / f"c{ending}")] == [kind]


def test_a_dump_packed_with_the_largest_window_is_read(tmp_path):
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    long = zstandard.ZstdCompressionParameters.from_level(1, window_log=31)
    packed = zstandard.ZstdCompressor(compression_params=long).compressobj()  # of a size that is not known before
    (tmp_path / "c.jsonl.zst").write_bytes(packed.compress(lines) + packed.flush())
    assert zstandard.get_frame_parameters((tmp_path / "c.jsonl.zst").read_bytes()).window_size > 2**27
    (table,) = tables_of(tmp_path / "c.jsonl.zst")
    assert [value for _, value, _ in table.rows()] == ROWS


def test_files_of_one_name_in_several_folders_are_told_apart(tmp_path):
    files = []
    for folder in ("2023", "2024"):
        (tmp_path / folder).mkdir()
        (path := tmp_path / folder / "c.csv").write_bytes(csv([dict(row, id=f"{folder}-{row['id']}") for row in ROWS]))
        files.append(str(path))
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "study.toml").write_text(f"title = 'x'\n[source]\npaths = {files}\n{COLUMNS}")
    assert open_study(tmp_path / "s").inputs.keys() == {"c.csv", "c.csv (2)"}


def test_a_folder_of_other_things_and_articles_alone_are_no_study(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.pdf").write_bytes(b"%PDF-1.4\n" + bytes(99))
    with pytest.raises(StudyError, match=r"files that end in \.txt.* found none.*Name the files one by one"):
        propose(tmp_path / "study", [str(tmp_path / "other")])
    (tmp_path / "alone").mkdir()
    for name in ("a.csv", "b.csv"):
        articles = [
            {"article_id": i, "title": f"The ferry {i}", "published": "2024-01-05", "url": f"u{i}"} for i in range(4)
        ]
        (tmp_path / "alone" / name).write_bytes(csv(articles))
    with pytest.raises(StudyError, match="a table of comments, found tables of articles alone"):
        propose(tmp_path / "study", [str(tmp_path / "alone")])


def test_a_table_that_holds_the_threads_of_another_each_once_is_that_of_the_articles(tmp_path):
    (tmp_path / "comments.csv").write_bytes(csv())
    (tmp_path / "more.csv").write_bytes(csv([{"article": f"a{i}", "words": 9 * i} for i in range(2)]))
    proposal = propose(tmp_path / "study", [str(tmp_path / "comments.csv"), str(tmp_path / "more.csv")])
    assert any("more.csv: joined by article, which holds 100% of the threads" in one for one in proposal.seen)


def test_lines_end_at_carriage_returns_too_and_a_line_too_long_to_mend_is_noted():
    lines = read_lines(b"one\rtwo\r\nthree\n")
    assert lines.texts == ["one", "two", "three"] and lines.notes == []
    long = "schÃ¶n " * (MEND // 7 + 1)
    notes = read_lines(f"fine\n{long}\nschÃ¶n".encode()).notes
    assert [(at, said) for at, said in notes if "too long" in said] == [(2, "looks like mojibake, too long to repair")]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ({"thread": {"post": {"uri": "at://1", "record": {"text": "the first"}},
                     "replies": [{"post": {"uri": "at://2", "record": {"text": "an answer"}}}]}},
         ["the first", "an answer"]),
        ({"comments": {"11": {"comment": "so it is", "author": "Ann"}, "12": {"comment": "it is not", "author": "Bob"}}},
         ["so it is", "it is not"]),
    ],
    ids=["Bluesky", "by their ids"],
)  # fmt: skip
def test_comments_within_what_services_put_around_them(tmp_path, value, texts):
    (tmp_path / "c.json").write_text(json.dumps(value))
    (table,) = tables_of(tmp_path / "c.json")
    rows = [record.row for record in look(table).records if record.row]
    assert [next(str(one) for one in row.values() if str(one) in texts) for row in rows] == texts


def test_ends_of_lines_within_a_cell_are_one_kind(tmp_path):
    said = ["one\r\ntwo\rthree", "fine"]
    reading = study(tmp_path, {"c.csv": csv([dict(row, comment=text) for row, text in zip(ROWS, said, strict=False)])})
    assert reading.comments["text"].tolist() == ["one\ntwo\nthree", "fine"]


def test_a_list_in_a_cell_with_an_endless_number_is_rejected(tmp_path):
    cell = "[{{'id': {}, 'author': 'Ann', 'comment': 'so it is, {}'}}]"
    rows = [{"url": f"u{i}", "title": "The ferry", "comments": cell.format(i, i)} for i in range(4)]
    rows[2]["comments"] = cell.format(f"0x{'f' * 5000}", 2)
    (tmp_path / "c.csv").write_bytes(csv(rows))
    reading = read_sources(propose(tmp_path / "s", [str(tmp_path / "c.csv")]).source, tmp_path)
    assert reading.comments["text"].tolist() == [f"so it is, {i}" for i in (0, 1, 3)]
    assert reading.rejects["reason"].tolist() == [CUT_OFF]
