"""Rows that hold several comments each, in numbered columns or as a list in a cell -> rows that hold a list."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from analysis.corpus.exports.columns import Row, columns_of, fold, roles
from analysis.corpus.exports.formats import Numbered
from analysis.corpus.exports.nests import COMMENTS, REPLIES, flat, has

LONGEST_LIST = 1 << 20  # letters of a cell: a list of Python that is longer takes minutes and gigabytes to read
CUT_OFF = f"its list of comments cannot be read: cut off, or of more than {LONGEST_LIST:,} letters?"
LISTED = re.compile(r"""\s*\[\s*(?:\{\s*["'}]|\]\s*$)""")  # objects in a cell, as JSON or as Python writes them
OBJECT = re.compile(r"""\s*\{\s*["'].*\}\s*$""", re.DOTALL)
NUMBERED = re.compile(r"(.*[^\W\d_])[\W_]*(\d{1,3})(?:[\W_]+(\D+))?")  # "comment_1", "comments/0/text"
REPLY = re.compile(r"([^\W\d_]+)[./](\D+)")  # "replies.text"
ARTICLE = {"article_id", "article_weak", "article_title", "article_url"}


def packed_columns(rows: Sequence[Row]) -> dict[str, str]:
    """Columns of which every cell is a list of comments, or an object as an author is; what each then is called."""
    found: dict[str, str] = {}
    for name in columns_of(rows):
        there = [cell for row in rows if (cell := row.get(name)) not in (None, "")]
        cells = [cell for cell in there if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{")]
        if not cells or len(cells) < len(there):
            continue
        some = next(filter(None, map(value_in, cells)), None)
        if all(map(LISTED.match, cells)):
            columns = flat(some[0])[0] if some and isinstance(some[0], dict) else {}
            if fold(name) in COMMENTS or (has(columns, "text") and any(map(_of_comment, columns))):
                found[name] = name if fold(name) in COMMENTS else "comments"
        elif isinstance(some, dict) and all(map(OBJECT.match, cells)) and roles(name):
            found[name] = name
    return found


def _of_comment(name: str) -> bool:
    return not {"author", "posted_at"}.isdisjoint(roles(name))


def numbered_columns(rows: Sequence[Row]) -> dict[str, tuple[str, str, str]]:
    """Columns of numbered comments where rows are articles, or of replies: the list of each, its number, its name."""
    names, replies = columns_of(rows), dict[str, tuple[str, str, str]]()
    numbered = {name: match for name in names if (match := NUMBERED.fullmatch(name))}
    for name in names:
        match = numbered.get(name) or REPLY.fullmatch(name)
        if match and fold(match[1]) in REPLIES and (inner := match[match.re.groups]):
            replies[name] = (match[1], match[2] if match.re is NUMBERED else "", inner)
    texts = [name for name in names if "text" in roles(replies.get(name, ("", "", name))[2])]
    if not {*texts}.isdisjoint(replies) and not {*texts} <= {*replies}:
        return replies
    found = {name: ("comments", match[2], match[3] or match[1]) for name, match in numbered.items()}
    numbers = {number for _, number, name in found.values() if "text" in roles(name)}
    keys = [name for name in names if name not in found and not ARTICLE.isdisjoint(roles(name))]
    if len(numbers) < 2 or not any(len({str(row.get(name)) for row in rows}) == len(rows) for name in keys):
        return {}
    return {name: one for name, one in found.items() if one[1] in numbers}


def unpacked(
    packed: Mapping[str, str], wide: Mapping[str, tuple[str, str, str]], line: int, value: object, reason: str
) -> Numbered:
    """A row with what its cells hold, or the list that its numbered columns are."""
    if not isinstance(value, dict):
        return line, value, reason
    row = {name: cell for name, cell in value.items() if name not in packed and name not in wide}
    comments: dict[tuple[str, str], dict[str, object]] = {}
    for name, (key, number, ours) in wide.items():
        comments.setdefault((key, number), {})[ours] = value.get(name)
    for (key, _), one in comments.items():
        row[key] = [*row.get(key, []), *([one] if has(one, "text") else [])]
    for name in filter(value.get, packed):
        row[packed[name]] = some = value_in(value[name])
        if some is None and LISTED.match(value[name]):
            return line, None, CUT_OFF
    return line, row, reason


def value_in(cell: str) -> Any:
    """The list or the object in a cell; None if it is none that is whole, or too long."""
    for load in (json.loads, ast.literal_eval) if len(cell) <= LONGEST_LIST else ():
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            str(value := load(cell))  # a number of too many digits, which may be written with a base, is none
            return value if isinstance(value, (list, dict)) else None
    return None
