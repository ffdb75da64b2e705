"""Scores that were made elsewhere, by a language model, an archived service or by hand: a row a comment."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.formats import Table, tables_of
from analysis.corpus.sheets import Problems
from analysis.settings import StudyError

COLUMNS = ("comment_id", "score")
LOST_TYPE = re.compile(r"^(\d+)\.0$")  # a number that lost its type, which the comments' reader mends as well


def read(path: Path, comment_ids: Iterable[str], bounds: tuple[float, float]) -> tuple[np.ndarray, pd.DataFrame]:
    """The score of each comment, float64, and the rows that are not used, as `Problems.table`.

    The file is a table of any kind that comments are read from (csv, jsonl, parquet, xlsx), with comment_id, as in
    comments.parquet, and score, from one of the bounds to the other; a comma may divide decimals. NaN where there is no
    score, or two that differ. A StudyError if the file cannot be read, lacks a column, names no comment of the study,
    or a score is beyond the bounds.
    """
    ids = list(comment_ids)
    known, found, twice, problems, seen = set(ids), dict[str, float](), set[str](), Problems(), 0
    tables = tables_of(path) if path.is_file() else []
    if not tables:
        what = "a file of another kind" if path.exists() else "no such file"
        raise StudyError(expected="a table with comment_id and score", found=what, where=str(path), remedy=_REMEDY)
    for line, row, reason in tables[0].rows():
        if not isinstance(row, dict):
            problems.add(path, line, reason or "no row of a table")
            continue
        if not seen:
            _must_have(tables[0], row)
        seen += 1
        comment, cell = (str("" if row.get(name) is None else row[name]).strip() for name in COLUMNS)
        comment = comment if comment in known else LOST_TYPE.sub(r"\1", comment)
        if comment not in known:
            problems.add(path, line, f"comment {comment or '(no id)'} is not in the corpus")
            continue
        value = number(cell)
        if value is None or (not math.isnan(value) and not bounds[0] <= value <= bounds[1]):
            raise StudyError(
                expected=f"a number from {bounds[0]:g} to {bounds[1]:g}",
                found=f'"{cell[:60]}"',
                where=f"{path}, line {line}, column score",
                remedy="Correct it, or state what scores can be: `range` under [sentiment] in study.toml.",
            )
        before = found.setdefault(comment, value)
        if math.isnan(before):  # an empty score says nothing against another
            found[comment] = value
        elif before != value and not math.isnan(value):
            problems.add(path, line, f"comment {comment} is scored twice, differently: neither counts")
            twice.add(comment)
    if seen and not found:
        raise StudyError(
            expected="comment_id as in comments.parquet of this study",
            found=f"{seen:,} rows, and none of their ids",
            where=str(path),
            remedy="`threadline ingest` writes tables/comments.parquet: score its rows.",
        )
    found |= dict.fromkeys(twice, math.nan)
    return np.array([found.get(one, math.nan) for one in ids], dtype=np.float64), problems.table


_REMEDY = "Write comment_id and score for each row of tables/comments.parquet, which `threadline ingest` makes."


def _must_have(table: Table, row: dict[str, object]) -> None:
    """Both columns must be there."""
    for name in COLUMNS:
        if name not in row:
            near = difflib.get_close_matches(name, [str(one) for one in row], n=1)
            remedy = f"Is “{near[0]}” meant? Rename it." if near else _REMEDY
            there = ", ".join(map(str, list(row)[:12]))
            raise StudyError(expected=f"a column {name}", found=there or "none", where=table.name, remedy=remedy)


def number(cell: str) -> float | None:
    """A number as people and spreadsheets write it, with a comma or a typographic minus; NaN of nothing, else None."""
    if cell.casefold() in ("", "nan", "none", "null", "na", "n/a"):
        return math.nan
    try:
        value = float(cell.replace("\u2212", "-").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
