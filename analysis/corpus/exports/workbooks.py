"""A workbook of Excel, LibreOffice and their like -> its sheets, and the cells of one as people see them."""

from __future__ import annotations

import io
import re
import zipfile
from functools import reduce
from typing import Any, BinaryIO

from analysis.corpus.exports.bounds import MOST_CELLS, MOST_LETTERS, TooMuchError
from analysis.corpus.exports.delimited import LOOK, header_of, known

FAR, ROW = re.compile(rb'\br="([A-Z]{2,3})\d'), re.compile(rb'\br="[A-Z]*(\d+)"')  # columns after the 26th; rows


def workbook(data: bytes) -> Any:
    """The workbook, looked at before it fills the memory; a ValueError if it is none."""
    from python_calamine import CalamineError, CalamineWorkbook

    if data.startswith(b"PK"):
        _check(io.BytesIO(data))
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except CalamineError as error:
        raise ValueError(str(error)) from None


def cells(book: Any, sheet: str, n: int | None = None) -> list[list[Any]]:
    """The first rows of a sheet; cells that are merged down a column have the same value, as people see it."""
    found = book.get_sheet_by_name(sheet)
    rows: list[list[Any]] = found.to_python(skip_empty_area=False, nrows=n)
    for (top, left), (bottom, right) in found.merged_cell_ranges or ():
        for row in rows[top + 1 : bottom + 1] if left == right < len(rows[top]) else ():
            row[left] = rows[top][left]
    return rows


def written(rows: list[list[Any]]) -> list[list[str]]:
    """The rows among which the header is, as texts."""
    return [[str(value).strip() for value in row] for row in rows[:LOOK]]


def tables(book: Any) -> list[str]:
    """The sheets in which there are columns that are known."""
    heads = {name: written(cells(book, name, LOOK)) for name in book.sheet_names}
    return [name for name, rows in heads.items() if len(rows) > 1 and known(rows[header_of(rows)]) > 1]


def _check(book: BinaryIO) -> None:
    """An error where cells lie so far apart that the empty ones between them would fill the memory."""
    with zipfile.ZipFile(book) as parts:
        for part in (one for one in parts.infolist() if "worksheets/" in one.filename):
            text = parts.read(part) if part.file_size <= 4 * MOST_LETTERS else b""
            far = max((m[1] for m in FAR.finditer(text)), key=lambda name: (len(name), name), default=b"Z")
            n = reduce(lambda n, letter: 26 * n + letter - 64, far, 0)
            n *= max((int(m[1]) for m in ROW.finditer(text)), default=0) if n > 26 else int(not text) * MOST_CELLS
            if n > MOST_CELLS:
                raise TooMuchError(f"a sheet of at most {MOST_CELLS:,} cells, empty ones too", f"{n:,}")
