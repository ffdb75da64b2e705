"""A table's file -> its raw rows: delimited text, JSON, Parquet, XML, sheets; packed or in an archive."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError, iterparse

import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from analysis.corpus.encodings import encoding_of, is_text
from analysis.corpus.exports import logs, mail, workbooks
from analysis.corpus.exports.bounds import MOST_COLUMNS, MOST_FILES, MOST_LETTERS, TooMuchError, bounded
from analysis.corpus.exports.delimited import LOOK, SPACE, Lines, fields_of, find_header, header_of, known, names_of
from analysis.settings import StudyError

# Line, value or None, and why it is none. The line is the row's number, 1 the first, where the format has no lines.
Numbered = tuple[int, object, str]

KINDS = {".csv": "csv", ".tsv": "csv", ".tab": "csv", ".jsonl": "json", ".ndjson": "json", ".json": "json",
         ".parquet": "parquet", ".xml": "xml", ".xlsx": "sheet", ".xlsm": "sheet", ".xlsb": "sheet", ".xls": "sheet",
         ".ods": "sheet", ".mbox": "mail"}  # fmt: skip
PACKED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
PLAIN = ("", ".txt", ".text", ".dat", ".dump", ".log")  # endings that say nothing: the file is looked into
HEAD = 65_536  # bytes that tell what a file is
ITEMS = {"rss": "item"}  # XML whose rows are not the root's children: their tag
NOT_FITTING, EMPTY, NOT_JSON, BEFORE = "not as many fields as the header", "empty line", "not JSON", "before the header"
NO_HEADER = "the first row is data, no header: its columns are numbered"
AGAIN = "the header again"
DAMAGED = "a file that is damaged or was cut off"
BROKEN = object()


@dataclass
class Table:
    """One table: of a file, of a member of an archive, or a part of either, which is one of several sheets.

    Its encoding and sheet as stated, or "": they are found.
    `header` (where it has one) is known when the first row is, `notes` of how rows were found when all are.
    """

    path: Path
    member: str = ""
    encoding: str = ""
    sheet: str = ""
    part: str = ""
    header: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.within = "".join(f"/{name}" for name in (self.member, self.part) if name)
        self.name = f"{self.path.name}{self.within}"
        endings = ["", "", *map(str.lower, Path(self.member or self.path.name).suffixes)]
        self._packing = endings[-1] if endings[-1] in PACKED else ""
        self._ending = endings[-2 if self._packing else -1]

    def rows(self) -> Iterator[Numbered]:
        """Every row, or line that is none; objects of JSON and XML as they are, nests and all."""
        with self._guard():
            yield from getattr(self, f"_{self.kind}")()

    def error(self, found: str) -> StudyError:
        """The error of a file that is not what its ending says."""
        kind, found = KINDS.get(self._ending, ""), (found.splitlines() or [""])[0][:120]
        expected = f"a {kind} file" if kind else f"a table, a file that ends in {', '.join(KINDS)}"
        remedy = "Export it again, or correct its ending."
        return StudyError(expected=expected, found=found, where=self.name, remedy=remedy)

    def _too_much(self, error: TooMuchError) -> StudyError:
        remedy = "A quotation that never closes, or what is no table, looks so: export it again, or in parts."
        return StudyError(expected=error.expected, found=error.found, where=self.name, remedy=remedy)

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Whatever a damaged file raises is our own error."""
        try:
            yield
        except (EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError):
            raise self.error(DAMAGED) from None
        except TooMuchError as error:
            raise self._too_much(error) from None
        except MemoryError:
            raise self.error("more than the memory holds") from None
        except (OSError, ValueError, RuntimeError, NotImplementedError, LookupError, pa.ArrowException) as error:
            unpacking = self._packing and type(error) is OSError and not error.strerror
            said = getattr(error, "strerror", "") or str(error) or type(error).__name__
            raise self.error(DAMAGED if unpacking else said) from None

    def _open(self) -> BinaryIO:
        """Its bytes, unpacked as they are read."""
        file = zipfile.ZipFile(self.path).open(self.member) if self.member else self.path.open("rb")  # noqa: SIM115
        if not self._packing:
            return file  # type: ignore[return-value]
        if self._packing == ".zst" and zstandard.get_frame_parameters(file.peek(18)).window_size > 2**27:  # type: ignore[attr-defined]
            # Arrow, which knows what is cut off, refuses windows of 2 GiB, which dumps of Reddit have.
            unpacking = zstandard.ZstdDecompressor(max_window_size=2**31)
            return io.BufferedReader(unpacking.stream_reader(file, read_across_frames=True))
        return io.BufferedReader(pa.input_stream(file, compression=PACKED[self._packing]))

    def _text(self) -> io.TextIOWrapper:
        """The file as text, in the encoding that the whole of it shows."""
        with self._open() as file:
            lines = bounded(file.readline) if self.kind == "csv" else file
            encoding, errors, note = encoding_of(lines, self.encoding)
        self.notes += [note] if note and note not in self.notes else []
        try:
            return io.TextIOWrapper(self._open(), encoding, errors, newline="")
        except LookupError:
            expected, where = "an encoding such as utf-8, cp1251 or shift_jis", "study.toml, [source] encoding"
            remedy = "Correct it, or leave it out."
            raise StudyError(expected=expected, found=repr(encoding), where=where, remedy=remedy) from None

    @cached_property
    def kind(self) -> str:
        """What it is, a value of `KINDS` or "zip", by its ending or by how it begins; "" if it is no table."""
        kind = KINDS.get(self._ending, "")
        if kind and kind != "sheet":
            return kind
        with self._guard(), self._open() as file:
            head = file.read(HEAD)
        if head.startswith(b"PK\x03\x04"):
            return "sheet" if kind or b"xl/workbook" in head or b"opendocument.spreadsheet" in head else "zip"
        if head.startswith((b"PAR1", b"\xd0\xcf\x11\xe0")):
            return "parquet" if head.startswith(b"PAR1") else "sheet"
        if not is_text(head) or (not kind and self._ending not in PLAIN and self._ending[1:].isalpha()):
            return kind
        if kind and re.match(rb"\s*<(?:!doctype html|html|table|meta)\b", head, re.IGNORECASE):
            raise self.error("a web page: open it in a spreadsheet program, and save it anew")
        if mail.BEGINS.match(head):
            return "mail"
        text = head.decode(*encoding_of(io.BytesIO(head))[:2]).lstrip(SPACE)
        if text[:1] in "[{" and text[1:].lstrip()[:1] in tuple('"{[]}'):
            return "json"
        if text.startswith(("<?xml", "<rss", "<disqus")):
            return "xml"
        lines = text.splitlines()[:LOOK] or [""]
        if not kind and (said := logs.kind_of([line for line in lines if line.strip()])):
            return said
        delimiter, at = find_header(lines)
        fields = fields_of(lines[at], delimiter)
        return "csv" if kind or (len(fields) > 1 and known(fields) > 1) else kind

    # ------------------------------------------------------------------------------------------- formats

    def _csv(self) -> Iterator[Numbered]:
        with self._open() as file:
            first = file.read(HEAD)
            if len(first) == HEAD and not is_text(first):  # of a few bytes nobody can tell
                raise self.error("bytes that are no text")
        with self._text() as text:
            lines = Lines(bounded(text.readline))
            head = lines.look(LOOK)
            if not any(line.strip() for line in head):
                raise self.error("an empty file")
            delimiter, at = find_header(head)
            for line in islice(lines, at):
                if line.strip() and not line.startswith("sep="):
                    yield lines.number, None, BEFORE
            if len(fields := fields_of(head[at], delimiter)) > MOST_COLUMNS:
                raise TooMuchError(f"at most {MOST_COLUMNS:,} columns", f"{head[at].count(delimiter) + 1:,}")
            header, named = names_of(fields)
            if named:  # whole, of several lines too
                header = names_of(next(lines.rows(delimiter, 0))[1])[0]
            self.notes += [] if named else [NO_HEADER]
            widths = [fields_of(line, delimiter) for line in lines.look(9)[:9] if line.strip()]
            if named and widths and all(len(one) == len(header) + 1 and one[-1].strip() for one in widths):
                header = ["unnamed", *header]  # the rows' names, for which R has none
            self.header = header
            n, places = len(header), {name: i for i, name in reversed([*enumerate(header)])}  # of one name the first
            columns = {name: places[name] for name in header}
            for number, values in lines.rows(delimiter, n):
                if len(values) == n + 1 and not values[-1].strip():
                    values.pop()  # a divider at the end of every row but the header
                if values == header or (n > 1 and values[1:] == header[1:]):
                    yield number, None, AGAIN
                elif len(values) != n:
                    yield number, None, NOT_FITTING if any(map(str.strip, values)) else EMPTY
                else:
                    yield number, {name: values[at] for name, at in columns.items()}, ""

    def _json(self) -> Iterator[Numbered]:
        """A value a line, where the first line is one and not all; else the values of a list, or the one object."""
        with self._text() as text:
            head = list(islice(text, 9))
            filled = [line for line in head if line.strip(SPACE)] or [""]
            first, lines = _json_of(filled[0]), chain(head, text)
            whole = filled[0].strip(SPACE).startswith("[") and first is BROKEN
            named = self._ending in (".jsonl", ".ndjson")
            if not whole if named else isinstance(first, dict) and len(filled) > 1:
                for number, line in enumerate(lines, 1):
                    value = _json_of(line) if line.strip(SPACE) else None
                    reason = NOT_JSON if value is BROKEN else "" if line.strip(SPACE) else EMPTY
                    yield number, None if reason else value, reason
                return
            try:
                first = json.loads("".join(lines).strip(SPACE))
            except (ValueError, RecursionError) as error:
                raise self.error(f"text that is no JSON: {error}") from None
        rows = first if isinstance(first, list) else _by_columns(first) or [first]
        yield from ((n, item, "") for n, item in enumerate(rows, 1))

    def _parquet(self) -> Iterator[Numbered]:
        import pyarrow.parquet as pq

        number, source = 0, io.BytesIO(self._open().read()) if self.member else self.path
        flat = (one for one in pq.read_schema(source) if not pa.types.is_nested(one.type))
        texts = [one.name for one in flat if "string" in str(one.type)]
        with pq.ParquetFile(source, read_dictionary=texts) as file:  # one text in all rows is in memory once
            self.header = list(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=2048):
                for text in (one for one in batch.columns if str(one.type).startswith("dictionary<values=string")):
                    n = pc.sum(pc.binary_length(text.dictionary).take(text.indices)).as_py() or 0
                    if n > MOST_LETTERS:
                        raise TooMuchError(f"at most {MOST_LETTERS:,} letters in {len(batch):,} rows", f"{n:,}")
                columns = [c.cast(pa.string()) if pa.types.is_timestamp(c.type) else c for c in batch.columns]
                for values in zip(*(column.to_pylist() for column in columns), strict=True):
                    number += 1
                    yield number, dict(zip(batch.schema.names, values, strict=True)), ""

    def _xml(self) -> Iterator[Numbered]:
        """Every child of the root, or of a feed its items: tag, attributes and children, without namespaces."""
        number, depth, item = 0, 0, ""
        root: Element | None = None
        try:
            with self._open() as file:  # expat fetches nothing from outside, and ends entities that grow too much
                for event, element in iterparse(file, events=("start", "end")):  # noqa: S314
                    depth += 1 if event == "start" else -1
                    if root is None:
                        root, item = element, ITEMS.get(_local(element.tag), "")
                    if event == "end" and (_local(element.tag) == item if item else depth == 1):
                        number += 1
                        yield number, {"tag": _local(element.tag), **_children(element)}, ""
                        element.clear() if item else root.clear()
        except (ParseError, ValueError, LookupError, RecursionError) as error:
            raise self.error(f"text that is no XML: {error}") from None

    def _mail(self) -> Iterator[Numbered]:
        with self._open() as file:
            yield from mail.messages(bounded(file.readline))

    def _chat(self) -> Iterator[Numbered]:
        with self._text() as text:
            yield from logs.messages(bounded(text.readline), Path(self.member or self.path.name).stem)

    def _blocks(self) -> Iterator[Numbered]:
        with self._text() as text:
            yield from logs.blocks(bounded(text.readline))

    def _sheet(self) -> Iterator[Numbered]:
        """Rows of the sheet that is named, or of the first in which there is a table."""
        with self._open() as file:
            book = workbooks.workbook(file.read())
        names = [self.sheet] if self.sheet in book.sheet_names else [] if self.sheet else book.sheet_names
        if self.sheet and not names:
            found, remedy = ", ".join(book.sheet_names)[:200], "Correct [source] sheet in study.toml."
            raise StudyError(expected=f"a sheet {self.sheet!r}", found=found, where=self.name, remedy=remedy)
        sheets = ((name, workbooks.cells(book, name)) for name in names)
        name, rows = next(((name, rows) for name, rows in sheets if len(rows) > 1), ("", []))
        if not rows:
            raise self.error("an empty file")
        if len(names) > 1:
            self.notes.append(f"of {len(names)} sheets {name!r} is read; `[source] sheet` names another")
        text = workbooks.written(rows)
        at = header_of(text)
        names, named = names_of(text[at])
        self.header = [name for name in names if name]
        self.notes += [] if named else [NO_HEADER]
        yield from ((n, None, BEFORE) for n, row in enumerate(text[:at], 1) if any(row))
        for number, row in enumerate(rows[at + named :], at + named + 1):
            filled = {name: value for name, value in zip(names, row, strict=False) if name and value != ""}
            why = AGAIN if filled and [*filled.values()] == [*filled] else "" if filled else EMPTY
            yield number, None if why else dict.fromkeys(self.header) | filled, why

    def parts(self) -> list[Table]:
        """Itself; of a workbook the sheets in which there are columns that are known, each a table."""
        if self.kind != "sheet" or self.sheet:
            return [self]
        with self._guard(), self._open() as file:
            names = workbooks.tables(workbooks.workbook(file.read()))
        return [replace(self, sheet=name, part=name if len(names) > 1 else "") for name in names] or [self]


def tables_of(path: Path, *, encoding: str = "", sheet: str = "") -> list[Table]:
    """The tables in a file: one, or those in an archive or a workbook; none where it is something else, as a thread."""
    tables = [Table(path, "", encoding, sheet)]
    if tables[0].kind == "zip":
        with tables[0]._guard(), zipfile.ZipFile(path) as archive:
            listed = [] if "[Content_Types].xml" in archive.namelist() else archive.namelist()  # a document of Word
            names = sorted(name for name in listed if not re.search(r"/$|(?:^|/)(?:\.|__MACOSX)", name))
            if len(names) > MOST_FILES:
                raise TooMuchError(f"at most {MOST_FILES:,} files in an archive", f"{len(names):,}")
        tables = [Table(path, name, encoding, sheet) for name in names]
    return [part for table in tables if table.kind in {*KINDS.values(), "chat", "blocks"} for part in table.parts()]


def _json_of(line: str) -> object:
    try:
        return json.loads(line.strip(SPACE))
    except (ValueError, RecursionError):  # ValueError: also a number of too many digits
        return BROKEN


def _by_columns(value: Any) -> list[dict[str, Any]]:
    """The rows of a table that is written column by column, as pandas does; none if it is something else."""
    if not isinstance(value, dict) or not all(isinstance(one, (dict, list)) and one for one in value.values()):
        return []
    if {"columns", "data"} <= {*value} <= {"columns", "data", "index"}:
        return [dict(zip(value["columns"], row, strict=False)) for row in value["data"]]
    numbers = {tuple(one if isinstance(one, dict) else map(str, range(len(one)))) for one in value.values()}
    columns = [[*one.values()] if isinstance(one, dict) else one for one in value.values()]
    plain = all(type(cell) not in (dict, list) for column in columns for cell in column)
    if len(numbers) != 1 or not all(map(str.isdigit, *numbers)) or not plain or known(value) < 2:
        return []
    return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _children(element: Element) -> dict[str, object]:
    """An element's attributes, and its children: of several of one name that hold others all, else the first."""
    attributes = {_local(name): value for name, value in element.attrib.items()}
    found: dict[str, object] = dict(attributes)
    if (element.text or "").strip():  # beside its attributes or its children
        found["#text"] = element.text
    for child in element:
        plain, name = not len(child) and not child.attrib, _local(child.tag)
        value = (child.text or "") if plain else _children(child)
        if name not in found:
            found[name] = value
        elif not plain and name not in attributes:
            before = found[name]
            found[name] = [*(before if isinstance(before, list) else [before]), value]
    return found
