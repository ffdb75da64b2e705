"""Rows that hold several comments each, in numbered columns or as a list in a cell -> rows that hold a list."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from analysis.corpus.columns import Row, columns_of, fold, roles
from analysis.corpus.formats import Numbered
from analysis.corpus.nests import COMMENTS, flat, has

LONGEST_LIST = 1 << 20  # letters of a cell: a list of Python that is longer takes minutes and gigabytes to read
CUT_OFF = f"its list of comments cannot be read: cut off, or of more than {LONGEST_LIST:,} letters?"
LISTED = re.compile(r"""\s*\[\s*(?:\{\s*["'}]|\]\s*$)""")  # objects in a cell, as JSON or as Python writes them
NUMBERED = re.compile(r"(.*[^\W\d_])[\W_]*(\d{1,3})(?:[\W_]+(\D+))?")  # "comment_1", "comments/0/text"
ARTICLE = {"article_id", "article_weak", "article_title", "article_url"}


def packed_columns(rows: Sequence[Row]) -> dict[str, str]:
    """Columns of which every cell is a list of comments, and what each then is called."""
    found: dict[str, str] = {}
    for name in columns_of(rows):
        cells = [cell for row in rows if (cell := row.get(name)) not in (None, "")]
        if cells and all(isinstance(cell, str) and LISTED.match(cell) for cell in cells):
            some = next(filter(None, map(list_in, cells)), [])
            columns = flat(some[0])[0] if some and isinstance(some[0], dict) else {}
            if fold(name) in COMMENTS or (has(columns, "text") and any(map(_of_comment, columns))):
                found[name] = name if fold(name) in COMMENTS else "comments"
    return found


def _of_comment(name: str) -> bool:
    return not {"author", "posted_at"}.isdisjoint(roles(name))


def numbered_columns(rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """Columns of numbered comments, where another shows that rows are articles: which comment's each is, and what."""
    names = {name: match for name in columns_of(rows) if (match := NUMBERED.fullmatch(name))}
    found = {name: (match[2], match[3] or match[1]) for name, match in names.items()}
    texts = {number for number, name in found.values() if "text" in roles(name)}
    keys = [name for name in columns_of(rows) if name not in found and not ARTICLE.isdisjoint(roles(name))]
    if len(texts) < 2 or not any(len({str(row.get(name)) for row in rows}) == len(rows) for name in keys):
        return {}
    return {name: one for name, one in found.items() if one[0] in texts}


def unpacked(
    packed: Mapping[str, str], wide: Mapping[str, tuple[str, str]], line: int, value: object, reason: str
) -> Numbered:
    """A row with the lists that its cells hold, or that its numbered columns are."""
    if not isinstance(value, dict):
        return line, value, reason
    row = {name: cell for name, cell in value.items() if name not in packed and name not in wide}
    comments: dict[str, dict[str, object]] = {}
    for name, (number, ours) in wide.items():
        comments.setdefault(number, {})[ours] = value.get(name)
    row |= {"comments": [one for one in comments.values() if has(one, "text")]} if wide else {}
    for name in filter(value.get, packed):
        row[packed[name]] = some = list_in(value[name])
        if some is None:
            return line, None, CUT_OFF
    return line, row, reason


def list_in(cell: object) -> list[Any] | None:
    """The list in a cell; None if it is none that is whole, or too long."""
    for load in (json.loads, ast.literal_eval) if len(str(cell)) <= LONGEST_LIST else ():
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return value if isinstance(value := load(str(cell)), list) else None
    return None
