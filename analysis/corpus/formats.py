"""A table's file -> its rows, one after the other: csv, tsv, jsonl, json, parquet, xml, each also packed."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from analysis.settings import StudyError

Row = Mapping[str, object]
# Line, row or None, and why it is none. The line is the row's number, 1 the first, where the format has no lines.
Numbered = tuple[int, Row | None, str]

KINDS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet",
         ".xml": "xml"}  # fmt: skip
PACKED = (".gz", ".zst")
DELIMITERS = ",;\t|"  # that the header of a csv file may have; the first wins a tie
PEEK = 50  # rows whose keys tell what a file of objects is
BYTE = {0xDC00 + b: bytes([b]).decode("cp1252", "replace").replace("\ufffd", chr(b)) for b in range(0x80, 0x100)}
NOT_FITTING, EMPTY, NOT_JSON, NOT_OBJECT = (
    "not as many fields as the header",
    "empty line",
    "not JSON",
    "JSON, but no object",
)


def kind_of(path: Path) -> str:
    """Which table a file is by its ending, "csv", "tsv", "jsonl", "json", "parquet" or "xml"; "" if it is none."""
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in PACKED:
        endings.pop()
    return KINDS.get(endings[-1], "") if endings else ""


def read_rows(path: Path) -> Iterator[Numbered]:
    """Read a table's rows, without holding the file (of json: the file is held, since it is one value).

    Parameters
    ----------
    path : Path
        Its ending says what it is. Text is UTF-8 with or without its mark, or UTF-16; bytes that are not are read as
        Windows-1252.

    Yields
    ------
    tuple of (int, mapping or None, str)
        Line, {column: value}, and the reason where there is no row.

    Raises
    ------
    StudyError
        If the file cannot be opened or unpacked, or is not the table that its ending says.
    """
    kind = kind_of(path)
    if not kind:
        raise not_a_table(path, "another ending")
    try:
        if kind == "parquet":
            yield from _parquet(path)
            return
        with _opened(path) as file:
            yield from {"csv": _csv, "tsv": _csv, "jsonl": _jsonl, "json": _json, "xml": _xml}[kind](file, path)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise not_a_table(path, "a file that is damaged or was cut off") from None
    except MemoryError:
        raise not_a_table(path, "more than the memory holds") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and path.suffix.lower() != ".zst":
            raise  # only what unpacks zst has no errors of its own
        raise not_a_table(path, (str(error).splitlines() or ["a file that cannot be read"])[0]) from None


def columns_of(path: Path) -> list[str]:
    """Names of a table's columns: of its header, or of the first rows' keys, those inside of objects as "a.b".

    Raises
    ------
    StudyError
        If the file is not the table that its ending says.
    """
    if kind_of(path) == "parquet":
        return _parquet_schema(path)
    if kind_of(path) in ("csv", "tsv"):
        try:
            with _opened(path) as file:
                return _header(_text(file), path)[0]
        except (OSError, EOFError, zlib.error):
            raise not_a_table(path, "a file that is damaged or was cut off") from None
    names: dict[str, None] = {}
    for n, (_, row, _) in enumerate(read_rows(path)):
        if n >= PEEK:
            break
        names.update(dict.fromkeys(_paths(row or {})))
    return list(names)


def lookup(row: Row, name: str) -> object:
    """A row's value, None if there is none; where no column has the name, "a.b" is b in the object a."""
    if name in row or "." not in name:
        return row.get(name)
    value: object = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _paths(row: Row, before: str = "", depth: int = 4) -> Iterator[str]:
    for key, value in row.items():
        yield f"{before}{key}"
        if isinstance(value, Mapping) and depth:
            yield from _paths(value, f"{before}{key}.", depth - 1)


def not_a_table(path: Path, found: str) -> StudyError:
    """The error of a file that is not what its ending says."""
    return StudyError(
        expected=f"a {kind_of(path)} file" if kind_of(path) else f"a table, a file that ends in {', '.join(KINDS)}",
        found=found[:120],
        where=path.name,
        remedy="Export it again, or correct its ending.",
    )


# ------------------------------------------------------------------------------------------------- formats


def _opened(path: Path) -> BinaryIO:
    """The file's bytes, unpacked as they are read."""
    ending = path.suffix.lower()
    try:
        if ending == ".gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]
        if ending == ".zst":
            import pyarrow as pa

            return io.BufferedReader(pa.input_stream(str(path), compression="zstd"))  # type: ignore[arg-type]
        return path.open("rb")
    except OSError as error:
        raise not_a_table(path, error.strerror or str(error)) from None


def _text(file: BinaryIO) -> io.TextIOWrapper:
    """The file as text. Bytes that are no UTF-8 come out as lone surrogates, for `_mended`."""
    head = file.peek(4)[:4] if hasattr(file, "peek") else b""
    encoding, errors = (
        ("utf-16", "replace") if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "surrogateescape")
    )
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")


def _mended(text: str) -> str:
    """A line in which bytes that are no UTF-8 are read as Windows-1252."""
    return text if text.isascii() else text.translate(BYTE)


def _header(file: io.TextIOWrapper, path: Path) -> tuple[list[str], Iterator[list[str]]]:
    """The header of a csv or tsv file, and its reader."""
    csv.field_size_limit(1 << 30)  # a long comment is not a fault
    before = []
    for line in file:
        before.append(_mended(line))
        if line.strip():
            break
    else:
        raise not_a_table(path, "an empty file")
    delimiter = "\t" if kind_of(path) == "tsv" else max(DELIMITERS, key=before[-1].count)
    reader = csv.reader(chain(before, map(_mended, file)), delimiter=delimiter)
    try:
        return next(values for values in reader if values), reader
    except (csv.Error, StopIteration) as error:
        raise not_a_table(path, f"a header that cannot be read: {error}") from None


def _csv(file: BinaryIO, path: Path) -> Iterator[Numbered]:
    header, reader = _header(_text(file), path)
    twice = len(set(header)) < len(header)
    while True:
        line = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise not_a_table(path, f"line {line}: {error}") from None
        if len(values) != len(header):
            yield line, None, NOT_FITTING if values else EMPTY
        elif twice:  # of two columns of one name, the first
            yield line, dict(zip(reversed(header), reversed(values), strict=True)), ""
        else:
            yield line, dict(zip(header, values, strict=True)), ""


def _object(value: object) -> tuple[Row | None, str]:
    return (value, "") if isinstance(value, dict) else (None, NOT_OBJECT)


def _jsonl(file: BinaryIO, path: Path) -> Iterator[Numbered]:
    for number, line in enumerate(_text(file), 1):
        if not line.strip("\x00 \t\r\n\ufeff"):
            yield number, None, EMPTY
            continue
        try:
            row, reason = _object(json.loads(_mended(line).strip("\x00 \t\r\n\ufeff")))
        except (ValueError, RecursionError):  # ValueError: also a number of too many digits
            row, reason = None, NOT_JSON
        yield number, row, reason


def _json(file: BinaryIO, path: Path) -> Iterator[Numbered]:
    """Rows of a list; of an object, of the first list in it; of a list of such objects (pages), of all of theirs."""
    try:
        value = json.loads(_mended(_text(file).read()))
    except (ValueError, RecursionError) as error:
        raise not_a_table(path, f"text that is no JSON: {error}") from None
    pages = value if isinstance(value, list) else [value]
    number = 0
    for page in pages:
        lists = [v for v in page.values() if isinstance(v, list) and any(isinstance(x, dict) for x in v)] if (
            isinstance(page, dict) and (page is value or "items" in page)) else []  # fmt: skip
        for item in lists[0] if lists else [page]:
            number += 1
            yield number, *_object(item)


def _parquet_schema(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise not_a_table(path, str(error).splitlines()[0]) from None


def _parquet(path: Path) -> Iterator[Numbered]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=2048):
                names = batch.schema.names  # of two columns of one name, the last
                for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, dict(zip(names, values, strict=True)), ""
    except (pa.ArrowException, OSError, ValueError) as error:  # damaged within
        raise not_a_table(path, str(error).splitlines()[0]) from None


def _xml(file: BinaryIO, path: Path) -> Iterator[Numbered]:
    """Every child of the root: {"tag": …, its attributes, its children}, names without their namespace."""
    from xml.etree.ElementTree import ParseError, iterparse

    number, depth = 0, 0
    root = None
    try:
        # expat fetches nothing from outside, and ends when entities grow out of all proportion.
        for event, element in iterparse(file, events=("start", "end")):
            depth += 1 if event == "start" else -1
            if root is None:
                root = element
            if event == "end" and depth == 1:
                number += 1
                yield number, {"tag": _local(element.tag), **_children(element)}, ""
                root.clear()
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise not_a_table(path, f"text that is no XML: {error}") from None


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _children(element: object) -> dict[str, object]:
    """An element's attributes, and its children under other names; a child that has neither is its text."""
    found: dict[str, object] = {_local(k): v for k, v in element.attrib.items()}  # type: ignore[attr-defined]
    for child in element:  # type: ignore[attr-defined]
        plain = not len(child) and not child.attrib
        found.setdefault(_local(child.tag), (child.text or "") if plain else _children(child))
    return found
