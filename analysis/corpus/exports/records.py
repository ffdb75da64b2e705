"""Raw rows -> flat records, one for each comment and article: objects within objects, comments in articles, replies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

from analysis.corpus.exports.columns import SAMPLE, Row, columns_of, fold, roles
from analysis.corpus.exports.formats import Numbered, Table
from analysis.corpus.exports.nests import (
    COMMENTS,
    NESTS,
    REPLIES,
    ROWS,
    Below,
    by_id,
    flat,
    has,
    holds_comments,
    unwrapped,
)
from analysis.corpus.exports.wide import numbered_columns, packed_columns, unpacked

PEEK = 50  # rows that tell whether those of a file are articles
ALIKE = 0.75  # share of the columns of a row that replies to it have as well, at least
OF_THREAD = frozenset(("article_id", "article_weak"))
NOT_OBJECT, NOT_LOADED = "JSON, but no object", "a comment that the export did not load"


class Record(NamedTuple):
    """A comment or an article, or what is neither (row is None), and why.

    `article` and `parent` number the article and the comment in which it stands, 0 the file's first; −1: in none.
    """

    line: int
    row: Row | None
    reason: str = ""
    is_article: bool = False  # as the comments within show it
    article: int = -1
    parent: int = -1


class Look(NamedTuple):
    """A table's records, and rows among the first of them: articles that hold comments, and the others."""

    records: Iterator[Record]
    rows: list[Row]
    nested: list[Row]

    @property
    def header(self) -> list[str]:
        """The columns of the rows."""
        return columns_of(self.rows)


def look(table: Table) -> Look:
    """Look at how a table begins."""
    some = records(table.rows())
    head = list(islice(some, SAMPLE))
    rows = [one.row for one in head if one.row is not None and not one.is_article]
    return Look(chain(head, some), rows, [one.row for one in head if one.row is not None and one.is_article])


def records(rows: Iterable[Numbered]) -> Iterator[Record]:
    """Every comment and article in the rows of a table, each before what it holds, and every row that is none."""
    rows = iter(rows)
    head = list(islice(rows, PEEK))
    first = [value for _, value, _ in head if isinstance(value, dict)]
    if (packed := packed_columns(first)) or (wide := numbered_columns(first)):
        rows = (unpacked(packed, {} if packed else wide, *row) for row in chain(head, rows))
        head = list(islice(rows, PEEK))
    siblings = _kind_of(value for _, value, _ in head)
    number = 0
    for line, value, reason in chain(head, rows):
        if reason or (type(value) is dict and NESTS.isdisjoint(map(type, value.values()))):  # as most are
            yield Record(line, value, reason, siblings == "article" and not reason)  # type: ignore[arg-type]
            number += 1
        else:
            for record in _walk(line, value, siblings, number):
                yield record
                number += 1


def _walk(line: int, value: object, siblings: str, number: int) -> Iterator[Record]:
    """The records in one value; `siblings`: what the values beside it are, as `_kind_of` has it."""
    todo: list[tuple[object, str, int, int, Row]] = [(value, siblings, -1, -1, {})]
    while todo:
        value, siblings, article, parent, above = todo.pop()
        if isinstance(value, (list, tuple)):
            todo += [(one, siblings, article, parent, above) for one in reversed(value)]
            continue
        node = unwrapped(value) if isinstance(value, dict) else {}
        loaded = node.get("kind") != "more"
        row, below = flat(node) if loaded else ({}, [])
        kind = "comment" if not row and not below or article >= 0 or parent >= 0 else _kind(node, row, below, siblings)
        if kind == "envelope":
            members = _members_of(node, below)
            kind = _kind_of(islice(members, PEEK))
            todo += [(one, kind, article, parent, row) for one in reversed(members)]
            continue
        # A reply, or a comment in an envelope, is of the thread that these name.
        row = {name: one for name, one in above.items() if not OF_THREAD.isdisjoint(roles(name))} | row
        reason = NOT_OBJECT if not isinstance(value, dict) else "" if loaded else NOT_LOADED
        yield Record(line, None if reason else row, reason, kind == "article", article, parent)
        inside = (number, -1, {}) if kind == "article" else (article, number, row)
        number += 1
        held = [(key in COMMENTS or kind == "article" or _alike(row, values), values) for key, values in below]
        todo += [(one, "", *inside) for one in reversed([one for holds, values in held if holds for one in values])]


def _kind(node: Mapping[str, object], row: Row, below: Below, siblings: str) -> str:
    """What an object that stands in no other is: "article", "comment", or the "envelope" of others."""
    if (known := {"t3": "article", "t1": "comment", "Listing": "envelope"}.get(str(node.get("kind")))) is not None:
        return known
    held = [(key, values) for key, values in below if key in COMMENTS]
    titled = any(has({name: one}, "title", "articles") and fold(name) != "name" for name, one in row.items())
    itself = siblings == "article" or has(row, "text") or has(row, "author")
    if not held:
        dated = any(one is not None and "posted_at" in roles(name) for name, one in row.items())
        rows = [one for key, values in below if key in ROWS or not dated for one in values if isinstance(one, dict)]
        if rows and not itself:
            plain = any(has(flat(unwrapped(one))[0], "text") and not holds_comments(one) for one in rows[:PEEK])
            return "article" if titled and plain else "envelope"
        return "envelope" if by_id(node) else siblings or "comment"
    if any(key in ("posts", "discussion") and any(map(holds_comments, values[:PEEK])) for key, values in held):
        return "envelope"
    if siblings == "comment" or any(_are_replies(row, values) for _, values in held):
        return "comment"
    if titled or siblings:
        return "article"
    if all(key in REPLIES for key, _ in held):
        return "comment" if itself else "envelope"
    named = any(one is not None and roles(name, "articles") & {"article_id", "url"} for name, one in row.items())
    return "article" if has(row, "text") or named else "envelope"


def _alike(row: Row, values: list[Any]) -> bool:
    """Whether rows that a row holds are of its own kind: texts, with most of its columns."""
    one = next((flat(unwrapped(one))[0] for one in values if isinstance(one, dict)), {})
    return has(row, "text") and has(one, "text") and len(row.keys() & one.keys()) >= ALIKE * len(row)


def _are_replies(row: Row, values: list[Any]) -> bool:
    """Whether rows that a row holds are of its own kind, and reply to it or are of its own thread, as they say."""
    one = next((flat(unwrapped(one))[0] for one in values if isinstance(one, dict)), {})
    ids = {str(value) for name, value in row.items() if "comment_id" in roles(name) and value}
    above = any(str(value) in ids for name, value in one.items() if "parent_id" in roles(name))
    threads = [name for name in row if (some := roles(name)) & OF_THREAD and "comment_id" not in some]
    beside = ids and any(row[name] and row[name] == one.get(name) for name in threads)
    return bool(above or beside) and has(row, "author") and has(one, "author") and _alike(row, values)


def _kind_of(values: Iterable[object]) -> str:
    """What the objects that hold comments among some values are: "comment", "article", or "" if none tells."""
    kinds = set()
    for value in values:
        if isinstance(value, dict) and not NESTS.isdisjoint(map(type, value.values())):
            row, below = flat(node := unwrapped(value))
            if any(key in COMMENTS and _are_replies(row, some) for key, some in below):
                return "comment"
            kinds.add(_kind(node, row, below, "") if node.get("kind") != "t3" else "")
    return "article" if "article" in kinds else ""


def _members_of(node: Mapping[str, object], below: Below) -> list[Any]:
    """The rows in an envelope: of lists whose names say so, else of the others, else its own values by their keys."""
    named = [one for key, values in below if key in ROWS for one in values]
    return by_id(node) or named or [one for _, values in below for one in values if isinstance(one, dict)]
