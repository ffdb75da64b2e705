"""Sheets that people fill in, csv or xlsx: read line by line, and written so that nothing in them computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.corpus.exports.formats import Table
from analysis.settings import STUDY_FOLDER, StudyError, writing

# A text that begins with one of these is a formula to a spreadsheet; a quote before it makes it a text again.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = ".xlsx"
MOST_IN_CELL = 32_767  # characters: a spreadsheet holds no more


def sheets_in(folder: Path) -> list[Path]:
    """The sheets in a folder; not what a spreadsheet keeps beside one that is open."""
    found = (path for ending in (".csv", XLSX) for path in folder.glob(f"*{ending}"))
    return sorted(path for path in found if not path.name.startswith(("~", ".")))


def read_rows(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
    """Line number and the wanted columns of each row of a sheet, by whichever separator it was saved with.

    An optional column that is not there is empty; a quote before a formula is taken away.
    """
    try:
        rows = _rows(path)
        _, head = next(rows, (1, []))
        names = [name.strip().lower() for name in head]
        if missing := [c for c in columns if c not in names]:
            where, found = f"{path}, line 1", f"no {' and no '.join(missing)}"
            remedy = "Restore the head of the sheet."
            raise StudyError(expected=f"columns {', '.join(columns)}", found=found, where=where, remedy=remedy)
        wanted = [names.index(c) if c in names else len(names) for c in (*columns, *optional)]
        for line, row in rows:
            if any(cell.strip() for cell in row):
                cells = [row[i].strip() if i < len(row) else "" for i in wanted]
                yield line, [c[1:] if c[:1] == "'" and c[1:].startswith(FORMULA) else c for c in cells]
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        expected = f"a CSV file in UTF-8 with the columns {', '.join(columns)}"
        found, remedy = str(error), "Save it as CSV (UTF-8)."
        if isinstance(error, FileNotFoundError):
            found, remedy = "no such file", "Restore the file, or correct its path."
        raise StudyError(expected=expected, found=found, where=str(path), remedy=remedy) from None


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet, its head first; whole numbers of a spreadsheet as people write them."""
    if path.suffix == XLSX and path.is_file():
        table = Table(path)
        filled = [(line, row.values()) for line, row, _ in table.rows() if isinstance(row, dict)]
        yield 1, table.header
        for line, cells in filled:
            yield line, [f"{v:.10g}" if isinstance(v, float) else "" if v is None else str(v) for v in cells]
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        separator = max(",;\t", key=file.readline().count)  # whichever it was saved with
        file.seek(0)
        rows, line = csv.reader(file, delimiter=separator), 1
        for row in rows:
            yield line, row
            line = rows.line_num + 1  # a comment may span lines


class Problems(list[tuple[str, int | None, str]]):
    """Rows of sheets that are not used, and such as lack."""

    def add(self, path: Path, line: int | None, problem: str) -> None:
        """Note a row of a file; no line for one that is missing."""
        self.append((path.name, line, problem))

    @property
    def table(self) -> pd.DataFrame:
        """All of them: file, line (<NA> for a row that is missing), problem."""
        found = pd.DataFrame(list(self), columns=["file", "line", "problem"])
        return found.astype({"file": "str", "line": "Int64", "problem": "str"})


def csv_bytes(table: pd.DataFrame, texts: Iterable[str] | None = None, *, bom: bool = False) -> bytes:
    """A table as a CSV file: UTF-8, times in ISO form, texts inert in a spreadsheet.

    `texts` are columns of text from outside, by default every column of text; with `bom` a spreadsheet reads UTF-8.
    """
    out = table.copy()
    for column in [c for c in out if pd.api.types.is_string_dtype(out[c])] if texts is None else texts:
        out[column] = out[column].map(lambda v: f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v)
    for column in out.select_dtypes("datetimetz"):
        out[column] = out[column].map(lambda t: t.isoformat(), na_action="ignore")
    # Ten significant digits: more than any estimate supports, fewer than the last bit on which machines differ.
    text = out.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return text.encode("utf-8-sig" if bom else "utf-8")


def xlsx_bytes(table: pd.DataFrame) -> bytes:
    """A table of texts as a spreadsheet, each cell of which is a text: none computes, none loses its zeros."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for letter, column in zip("ABCDEFGHI", table, strict=False):
        sheet.column_dimensions[letter].width = 90 if column == "text" else 24
    for row in [list(table), *table.itertuples(index=False)]:
        cells = [WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text)[:MOST_IN_CELL]) for text in row]
        for cell in cells:
            cell.data_type, cell.number_format, cell.alignment = "s", "@", Alignment(wrap_text=True, vertical="top")
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_new(folder: Path, files: Mapping[str, bytes], *, over: bool = False) -> None:
    """Write files to a folder of a study, each whole or not at all; unless `over`, nothing where there are sheets."""
    if not over and (there := [path for place in (folder, *folder.glob("*/")) for path in sheets_in(place)]):
        remedy = "What people wrote is never overwritten: move the folder away first."
        raise StudyError(expected="no sheets yet", found=there[0].name, where=str(folder), remedy=remedy)
    with writing(folder, **STUDY_FOLDER):
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            work = path.with_name(f".{path.name}.part")
            work.write_bytes(content)
            work.replace(path)
