"""A table that says something of each comment, made elsewhere: by a language model, an archived service or by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.corpus.exports.formats import tables_of
from analysis.corpus.sheets import Problems
from analysis.settings import StudyError

LOST_TYPE = re.compile(r"^(\d+)\.0$")  # a number that lost its type, which the comments' reader mends as well
NOTHING = ("", "nan", "none", "null", "na", "n/a")
T = TypeVar("T")


def read_by_comment(
    path: Path, column: str, comment_ids: Iterable[str], value: Callable[[str, str], T | None], does: str
) -> tuple[list[T | None], pd.DataFrame]:
    """What a file says of each comment, and the rows that are not used, as `Problems.table`.

    The file is a table of any kind that comments are read from (csv, jsonl, parquet, xlsx), with comment_id, as in
    comments.parquet, and the column. `value` makes of a cell, given where it stands, what it says, and may raise a
    StudyError; an empty cell says nothing. None where nothing is said, or two things that differ; `does` is what was
    done to a comment, as "scored". A StudyError if the file cannot be read, lacks a column, or names no comment.
    """
    ids = list(comment_ids)
    known, found, problems, seen, twice = set(ids), dict[str, T | None](), Problems(), 0, set[str]()
    tables = tables_of(path) if path.is_file() else []
    remedy = f"Write comment_id and {column} for each row of tables/comments.parquet, which `threadline ingest` makes."
    if not tables:
        what = "a file of another kind" if path.exists() else "no such file"
        raise StudyError(expected=f"a table with comment_id and {column}", found=what, where=str(path), remedy=remedy)
    for line, row, reason in tables[0].rows():
        if not isinstance(row, dict):
            problems.add(path, line, reason or "no row of a table")
            continue
        if not seen and (lacking := [name for name in ("comment_id", column) if name not in row]):
            there = ", ".join(map(str, list(row)[:12])) or "none"
            raise StudyError(expected=f"a column {lacking[0]}", found=there, where=tables[0].name, remedy=remedy)
        seen += 1
        comment, cell = (str("" if row.get(name) is None else row[name]).strip() for name in ("comment_id", column))
        comment = comment if comment in known else LOST_TYPE.sub(r"\1", comment)
        if comment not in known:
            problems.add(path, line, f"comment {comment or '(no id)'} is not in the corpus")
            continue
        said = None if cell.casefold() in NOTHING else value(cell, f"{path}, line {line}, column {column}")
        before = found.setdefault(comment, said)
        if before is None:  # an empty cell says nothing against another
            found[comment] = said
        elif said is not None and before != said:
            problems.add(path, line, f"comment {comment} is {does} twice, differently: neither counts")
            twice.add(comment)
    if seen and not found:
        expected, what = "comment_id as in comments.parquet of this study", f"{seen:,} rows, and none of their ids"
        raise StudyError(expected=expected, found=what, where=str(path), remedy=remedy)
    found |= dict.fromkeys(twice)
    return [found.get(one) for one in ids], problems.table
