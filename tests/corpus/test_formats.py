"""A table's rows, in every format and packing: the same rows, every line with a row or a reason."""

from __future__ import annotations

import csv
import gzip
import json

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.corpus.exports.columns import columns_of as names_in
from analysis.corpus.exports.formats import Table, tables_of
from analysis.corpus.exports.records import records
from analysis.settings import StudyError

ROWS = [{"id": "1", "text": 'one, "two"\nthree'}, {"id": "2", "text": "naïve 日本 ❤️"}, {"id": "3", "text": ""}]


def pack(path, data):
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    elif path.suffix == ".zst":
        data = pa.compress(data, codec="zstd", asbytes=True)
    path.write_bytes(data)
    return path


def table_bytes(kind, rows):
    frame = pd.DataFrame(rows)
    if kind == "parquet":
        sink = pa.BufferOutputStream()
        frame.to_parquet(sink)
        return sink.getvalue().to_pybytes()
    return {
        "csv": lambda: frame.to_csv(index=False).encode(),
        "tsv": lambda: frame.to_csv(index=False, sep="\t").encode(),
        "jsonl": lambda: "".join(json.dumps(row) + "\n" for row in rows).encode(),
        "json": lambda: json.dumps(rows).encode(),
        "xml": lambda: frame.to_xml(index=False, parser="etree").encode(),
    }[kind]()


def read_rows(path):
    tables = tables_of(path)
    if not tables:
        raise Table(path).error("another ending")
    return [(one.line, one.row, one.reason) for table in tables for one in records(table.rows())]


def rows_of(path):
    return [row for _, row, _ in read_rows(path)]


def columns_of(path):
    return names_in(row for row in rows_of(path) if row)


def kind_of(path):
    return next((table.kind for table in tables_of(path)), "")


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "xml", "parquet"])
def test_the_same_rows_come_out_of_every_format_and_packing(tmp_path, kind, packing):
    if kind == "parquet" and packing:
        pytest.skip("a parquet file is packed within")
    path = pack(tmp_path / f"x.{kind}{packing}", table_bytes(kind, ROWS))
    assert kind_of(path) == {"tsv": "csv", "jsonl": "json"}.get(kind, kind)
    found = [{k: v or "" for k, v in row.items() if k != "tag"} for row in rows_of(path)]
    assert [{k: str(v) for k, v in row.items()} for row in found] == ROWS
    assert [name for name in columns_of(path) if name != "tag"] == ["id", "text"]


def test_a_file_is_known_by_its_ending_in_any_case_and_another_is_none(tmp_path):
    assert kind_of(tmp_path / "a.b.CSV.GZ") == "csv" and kind_of(tmp_path / "x.ndjson") == "json"
    for name in ("x.txt", "x.gz", "csv", "x.pdf"):
        data = b"A thread, and no table.\nAnn\nSo it is.\n"
        (tmp_path / name).write_bytes(gzip.compress(data) if name == "x.gz" else data)
        assert kind_of(tmp_path / name) == ""
    with pytest.raises(StudyError, match="another ending"):
        list(read_rows(tmp_path / "x.txt"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_what_divides_a_csv(tmp_path, delimiter):
    path = tmp_path / "x.csv"
    path.write_text(delimiter.join(("id", "author", "text")) + "\n" + delimiter.join(("1", "A", "b")) + "\n")
    assert rows_of(path) == [{"id": "1", "author": "A", "text": "b"}]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path, kind, encoding):
    text = {"csv": "id,text\n1,naïve “café”\n", "jsonl": '{"id": "1", "text": "naïve “café”"}\n',
            "json": '[{"id": "1", "text": "naïve “café”"}]'}[kind]  # fmt: skip
    data = text.encode(encoding)
    (tmp_path / f"x.{kind}").write_bytes(b"\xff\xfe" + data if encoding == "utf-16-le" else data)
    assert rows_of(tmp_path / f"x.{kind}") == [{"id": "1", "text": "naïve “café”"}]


def test_every_line_of_a_csv_has_a_row_or_a_reason(tmp_path):
    (tmp_path / "x.csv").write_bytes(b'\nid,text\r\n1,a\n\n2\n3,b,c\n4,"d\ne"\n5,f\x00')
    assert list(read_rows(tmp_path / "x.csv")) == [
        (3, {"id": "1", "text": "a"}, ""),
        (4, None, "empty line"),
        (5, None, "not as many fields as the header"),
        (6, None, "not as many fields as the header"),
        (7, {"id": "4", "text": "d\ne"}, ""),
        (9, {"id": "5", "text": "f\x00"}, ""),
    ]


def test_every_line_of_a_jsonl_has_a_row_or_a_reason(tmp_path):
    lines = ['{"id": 1}', "", "{broken", "[1]", "9" * 5000, "[" * 100_000, '{"id": 2}']
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    found = list(read_rows(tmp_path / "x.jsonl"))
    assert [line for line, _, _ in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [reason for _, _, reason in found] == [
        "", "empty line", "not JSON", "JSON, but no object", "not JSON", "not JSON", ""
    ]  # fmt: skip


def test_of_columns_of_one_name_the_later_ones_are_numbered(tmp_path):
    (tmp_path / "x.csv").write_text("id,text,,text,\n1,first,a,second,b\n")
    assert rows_of(tmp_path / "x.csv") == [{"id": "1", "text": "first", "": "a", "text (2)": "second"}]


def test_rows_inside_of_an_object_and_of_pages_are_found(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"kind": "k", "items": [{"id": 1}, 5]}))
    assert list(read_rows(tmp_path / "x.json")) == [(1, {"id": 1}, ""), (1, None, "JSON, but no object")]
    (tmp_path / "x.json").write_text(json.dumps([{"items": [{"id": 1}]}, {"items": [{"id": 2}]}]))
    assert [row["id"] for row in rows_of(tmp_path / "x.json")] == [1, 2]


def test_what_is_inside_of_an_object_is_a_column_by_its_path(tmp_path):
    (tmp_path / "x.jsonl").write_text(json.dumps({"a": {"b": {"c": 1}}, "a.d": 2, "e": None, "f": ["x", "y"]}))
    assert rows_of(tmp_path / "x.jsonl") == [{"a.b.c": 1, "a.d": 2, "e": None, "f": "y"}]


def test_an_element_s_own_id_goes_before_a_child_of_that_name(tmp_path):
    (tmp_path / "x.xml").write_text('<r xmlns:d="u"><post d:id="7"><id>slug</id><thread d:id="3"/></post></r>')
    assert rows_of(tmp_path / "x.xml") == [{"tag": "post", "id": "7", "thread.id": "3"}]


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
) + "]><r><post>&j;</post></r>"  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", b""), ("x.csv", b"\n\n"), ("x.json", b"{"), ("x.json", b"[" * 100_000), ("x.json", b""),
        ("x.xml", b"<r>"), ("x.xml", b"no"), ("x.xml", BOMB.encode()),
        ("x.xml", b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><p>&a;</p></r>'),
        ("x.parquet", b"PAR1 and no more"), ("x.parquet", b""), ("x.csv.gz", b"no gz"),
        ("x.csv.gz", gzip.compress(b"text\n" + b"a,b\n" * 9999, mtime=0)[:-20]), ("x.csv.zst", b"no zst"),
        ("x.jsonl.zst", pa.compress(b"{}\n" * 9999, codec="zstd", asbytes=True)[:-9]),
        ("x.parquet", table_bytes("parquet", ROWS)[:-30] + b"PAR1"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_our_own_error(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(StudyError, match=f"{name}: expected a .* file") as caught:
        columns_of(tmp_path / name)
        list(read_rows(tmp_path / name))
    assert len(str(caught.value).splitlines()) == 1


def test_a_damaged_part_of_a_parquet_file_is_our_own_error(tmp_path):
    frame = pd.DataFrame({"text": [f"comment {i}" for i in range(5000)]})
    frame.to_parquet(tmp_path / "x.parquet", compression="snappy")
    data = bytearray((tmp_path / "x.parquet").read_bytes())
    data[100:300] = b"\xff" * 200
    (tmp_path / "x.parquet").write_bytes(bytes(data))
    with pytest.raises(StudyError, match=r"x\.parquet"):
        list(read_rows(tmp_path / "x.parquet"))


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"id": LINE, "text": LINE}), min_size=1, max_size=6))
def test_what_is_written_is_read(tmp_path, rows):
    for kind in ("csv", "jsonl", "json"):
        path = tmp_path / f"x.{kind}"
        if kind == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
                    [["id", "text"], *([row["id"], row["text"]] for row in rows)]
                )
        else:
            path.write_bytes(table_bytes(kind, rows))
        assert rows_of(path) == rows


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from([".csv", ".tsv", ".jsonl", ".json", ".xml", ".parquet", ".csv.gz"]))
def test_no_bytes_are_too_bad(tmp_path, data, ending):
    path = tmp_path / f"x{ending}"
    path.write_bytes(data)
    try:
        numbers = [line for line, row, reason in read_rows(path) if (row is None) == bool(reason)]
    except StudyError:
        return
    assert numbers == sorted(numbers)
