"""Codes that were given elsewhere: a table with a column of ids and one of codes, or the JSON of Label Studio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.corpus.exports.formats import tables_of
from analysis.corpus.sheets import csv_bytes, sheets_in, write_new
from analysis.people.sampling import check_names
from analysis.sentiment.codes import AND, SAMPLE, cell_of
from analysis.settings import CLASSES, StudyError

# What columns are called, the first that is there.
IDS = ("comment_id", "item_id", "instance_id", "id")
CODES = ("code", "label", "annotation", "value", "sentiment", "choice")
CODERS = ("coder", "annotator", "user", "user_id", "author", "completed_by")
OTHER_NAMES = {"neutral": "neither", "neg": "negative", "pos": "positive"}  # of the usual classes


def read_other(
    path: Path, folder: Path, classes: Mapping[str, float] = CLASSES, labels: Sequence[str] = ()
) -> tuple[list[Path], list[str]]:
    """Write what a file has as `<coder>.csv` each, into a study's folder `coded`; nothing is overwritten.

    Gives the files, and a line for each code that is none of the study's. A StudyError if the file is no table, or has
    no id or code, if no code is the study's, or if there is no sample of which it is known how it was drawn.
    """
    if not (folder / SAMPLE).is_file():
        remedy = f"Draw one with `threadline code`; or write {SAMPLE}: comment_id, stratum, probability of being drawn."
        raise StudyError(expected="a sample, and how it was drawn", found="none", where=str(folder), remedy=remedy)
    tables = tables_of(path) if path.is_file() else []
    if not tables:
        raise StudyError(expected="a table of codes", found="none", where=str(path), remedy="Correct the path.")
    codes: dict[str, dict[str, str]] = {}
    odd: dict[str, int] = {}
    for comment, coder, said in (one for _, row, _ in tables[0].rows() if isinstance(row, dict) for one in _said(row)):
        if said is None:
            expected = f"a column of ids ({', '.join(IDS)}) and one of codes ({', '.join(CODES)})"
            raise StudyError(expected=expected, found="not both", where=str(path), remedy="Rename the columns.")
        usual = not labels and classes == CLASSES
        if cell := cell_of(OTHER_NAMES.get(said.casefold(), said) if usual else said, classes, labels):
            codes.setdefault(coder or path.stem, {})[comment] = cell
        elif said:
            odd[said] = odd.get(said, 0) + 1
    if not codes:
        found = ", ".join(f"“{code[:40]}”" for code in list(odd)[:5]) or "none"
        raise StudyError(expected=f"codes among: {', '.join(labels or classes)}", found=found, where=str(path))
    names = ["".join(c if c.isalnum() else "-" for c in coder) for coder in codes]
    check_names(names, str(path), Path(SAMPLE).stem)
    if there := sorted({sheet.stem for sheet in sheets_in(folder)} & {*names}):
        remedy = "Rename the coder, or move that file away."
        raise StudyError(expected="coders who have no codes here yet", found=there[0], where=str(folder), remedy=remedy)
    made = (pd.DataFrame(of.items(), columns=["comment_id", "code"]) for of in codes.values())
    sheets = {f"{name}.csv": csv_bytes(table, ["comment_id"]) for name, table in zip(names, made, strict=True)}
    write_new(folder, sheets, over=True)
    return [folder / name for name in sheets], [f"“{code[:40]}” is no code: {n:,} left out" for code, n in odd.items()]


def _said(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Comment, coder and code of all that a row says; None where no column is one of codes."""
    if not isinstance(row.get("annotations"), list):
        is_one = {*row} & {*IDS} and {*row} & {*CODES}
        yield _first(row, IDS), _first(row, CODERS), _first(row, CODES) if is_one else None
        return
    comment = _first({**row, **(row.get("data") or {})}, IDS)
    for one in row["annotations"]:  # Label Studio's JSON: a task with what people said of it
        by = one.get("completed_by", "")
        coder = _first(by, ("email", "username", "id")) if isinstance(by, dict) else str(by)
        values = [result.get("value", {}) for result in one.get("result", []) if not one.get("was_cancelled")]
        said = (AND.join(value.get("choices", [])) or str(value.get("rating", "")) for value in values)
        yield comment, coder, next(filter(None, said), "")


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of some columns that is there, as text."""
    return next((str(row[name]).strip() for name in names if row.get(name) not in (None, "")), "")
