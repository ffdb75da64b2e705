"""Raw rows -> flat records, one for each comment and article: objects within objects, comments in articles, replies."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from analysis.corpus.columns import OUTER, SAMPLE, Row, columns_of, fold, roles
from analysis.corpus.formats import Numbered, Table

WORDS = {key: {fold(name) for name in names} for key, names in tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()}  # fmt: skip
COMMENTS, REPLIES, ROWS = WORDS["comments"], WORDS["replies"], WORDS["comments"] | WORDS["lists"]
PEEK = 50  # rows that tell whether those of a file are articles
DEEPEST = 8  # objects within objects that are looked into
NESTS = frozenset((dict, list, tuple))
NOT_OBJECT, NOT_LOADED = "JSON, but no object", "a comment that the export did not load"
LONGEST_LIST = 1 << 20  # letters of a cell: a list of Python that is longer takes minutes and gigabytes to read
CUT_OFF = f"its list of comments cannot be read: cut off, or of more than {LONGEST_LIST:,} letters?"
LISTED = re.compile(r"""\s*\[\s*(?:\{\s*["'}]|\]\s*$)""")  # objects in a cell, as JSON or as Python writes them
NUMBERED = re.compile(r"(.*[^\W\d_])[\W_]*(\d{1,3})(?:[\W_]+(\D+))?")  # "comment_1", "comments/0/text"
ARTICLE = {"article_id", "article_weak", "article_title", "article_url"}
Below = list[tuple[str, list[Any]]]  # lists within an object that may hold rows, by their folded names


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
    if (packed := _packed(first)) or (wide := _wide(first)):
        rows = (_unpacked(packed, {} if packed else wide, *row) for row in chain(head, rows))
        head = list(islice(rows, PEEK))
    siblings = any(_is_article(value) for _, value, _ in head)
    number = 0
    for line, value, reason in chain(head, rows):
        if reason or (type(value) is dict and NESTS.isdisjoint(map(type, value.values()))):  # as most are
            yield Record(line, value, reason, siblings and not reason)  # type: ignore[arg-type]
            number += 1
        else:
            for record in _walk(line, value, siblings, number):
                yield record
                number += 1


def _packed(rows: Sequence[Row]) -> dict[str, str]:
    """Columns of which every cell is a list of comments, and what each then is called."""
    found: dict[str, str] = {}
    for name in columns_of(rows):
        cells = [cell for row in rows if (cell := row.get(name)) not in (None, "")]
        if cells and all(isinstance(cell, str) and LISTED.match(cell) for cell in cells):
            some = next(filter(None, map(_loaded, cells)), [])
            columns = _flat(some[0])[0] if some and isinstance(some[0], dict) else {}
            if fold(name) in COMMENTS or (_has(columns, "text") and any(map(_of_comment, columns))):
                found[name] = name if fold(name) in COMMENTS else "comments"
    return found


def _of_comment(name: str) -> bool:
    return not {"author", "posted_at"}.isdisjoint(roles(name))


def _wide(rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """Columns of numbered comments, where another shows that rows are articles: which comment's each is, and what."""
    names = {name: match for name in columns_of(rows) if (match := NUMBERED.fullmatch(name))}
    found = {name: (match[2], match[3] or match[1]) for name, match in names.items()}
    texts = {number for number, name in found.values() if "text" in roles(name)}
    keys = [name for name in columns_of(rows) if name not in found and not ARTICLE.isdisjoint(roles(name))]
    if len(texts) < 2 or not any(len({str(row.get(name)) for row in rows}) == len(rows) for name in keys):
        return {}
    return {name: one for name, one in found.items() if one[0] in texts}


def _unpacked(
    packed: Mapping[str, str], wide: Mapping[str, tuple[str, str]], line: int, value: object, reason: str
) -> Numbered:
    """A row with the lists that its cells hold, or that its numbered columns are."""
    if not isinstance(value, dict):
        return line, value, reason
    row = {name: cell for name, cell in value.items() if name not in packed and name not in wide}
    comments: dict[str, dict[str, object]] = {}
    for name, (number, ours) in wide.items():
        comments.setdefault(number, {})[ours] = value.get(name)
    row |= {"comments": [one for one in comments.values() if _has(one, "text")]} if wide else {}
    for name in filter(value.get, packed):
        row[packed[name]] = some = _loaded(value[name])
        if some is None:
            return line, None, CUT_OFF
    return line, row, reason


def _loaded(cell: object) -> list[Any] | None:
    """The list in a cell; None if it is none that is whole, or too long."""
    for load in (json.loads, ast.literal_eval) if len(str(cell)) <= LONGEST_LIST else ():
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return value if isinstance(value := load(str(cell)), list) else None
    return None


def _walk(line: int, value: object, siblings: bool, number: int) -> Iterator[Record]:
    """The records in one value; `siblings`: whether values beside it are articles."""
    todo: list[tuple[object, bool, int, int, Row]] = [(value, siblings, -1, -1, {})]
    while todo:
        value, siblings, article, parent, above = todo.pop()
        if isinstance(value, (list, tuple)):
            todo += [(one, siblings, article, parent, above) for one in reversed(value)]
            continue
        node = _unwrapped(value) if isinstance(value, dict) else {}
        loaded = node.get("kind") != "more"
        row, below = _flat(node) if loaded else ({}, [])
        kind = "comment" if not row and not below or article >= 0 or parent >= 0 else _kind(node, row, below, siblings)
        if kind == "envelope":
            members = _members_of(node, below)
            are_articles = any(map(_is_article, islice(members, PEEK)))
            todo += [(one, are_articles, article, parent, row) for one in reversed(members)]
            continue
        # A reply, or a comment in an envelope, is of the thread that these name.
        row = {name: one for name, one in above.items() if "article_id" in roles(name)} | row
        reason = NOT_OBJECT if not isinstance(value, dict) else "" if loaded else NOT_LOADED
        yield Record(line, None if reason else row, reason, kind == "article", article, parent)
        inside = (number, -1, {}) if kind == "article" else (article, number, row)
        number += 1
        held = [one for key, values in below if key in COMMENTS or kind == "article" for one in values]
        todo += [(one, False, *inside) for one in reversed(held)]


def _unwrapped(value: dict[str, object]) -> dict[str, object]:
    """An object without what APIs put around it."""
    for around, most in (("data", 3), ("node", 2)):  # Reddit, GraphQL
        inner = value.get(around)
        if isinstance(inner, dict) and len(value) <= most and (around == "node" or "kind" in value):
            return {**inner, **({"kind": value["kind"]} if "kind" in value else {})}
    post = value.get("post")
    if isinstance(post, dict) and "record" in post:
        return {**post, **{key: one for key, one in value.items() if key not in ("post", "parent")}}  # Bluesky
    if len(value) <= 2 and isinstance(thread := value.get("thread"), dict) and "post" in thread:
        return _unwrapped(thread)
    snippet = value.get("snippet")
    if isinstance(snippet, dict) and isinstance(top := snippet.get("topLevelComment"), dict):  # YouTube
        said = top["snippet"] if isinstance(top.get("snippet"), dict) else {}
        return {**top, "snippet": {"videoId": snippet.get("videoId"), **said}, "replies": value.get("replies")}
    return value


def _flat(node: Mapping[str, Any], before: str = "", depth: int = DEEPEST) -> tuple[dict[str, object], Below]:
    """An object's values, those inside of objects as "a.b"; and the lists in it."""
    row: dict[str, object] = {}
    below: Below = []
    for name, value in node.items():
        while isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("$"):  # Mongo
            value = next(iter(value.values()))
        if type(value) not in NESTS:
            row[f"{before}{name}"] = value
            continue
        key = fold(str(name))
        if key == "comment" and isinstance(value, dict):  # beside its author and its post, where nothing else is said
            said = (name for name, one in node.items() if type(one) not in NESTS)
            key = key if any(roles(name, "articles") & {"title", "text"} for name in said) else ""
        members = _members(value) if key in COMMENTS or (key in ROWS and not isinstance(value, dict)) else None
        if members is None and key in COMMENTS and "text" not in roles(name):
            members = [{"text": one} for one in value if isinstance(one, str) and " " in one.strip()] or None
        if members is not None:
            below.append((key, members))
        elif isinstance(value, dict):
            inner, more = _flat(value, f"{before}{name}.", depth - 1) if depth else ({}, [])
            row |= inner
            below += more
        elif any(isinstance(one, dict) for one in value) and (text := _said(value, "text" in roles(name))) is None:
            below.append((key, list(value)))
        elif any(isinstance(one, dict) for one in value):
            row[f"{before}{name}"] = text
        else:
            row[f"{before}{name}"] = _several(str(name), [one for one in value if type(one) not in NESTS])
    return row, below


def _members(value: Any, depth: int = 4) -> list[Any] | None:
    """The rows under a name that holds rows; None if there are none such."""
    if not isinstance(value, dict):
        return list(value) if not value or any(isinstance(one, dict) for one in value) else None
    value = _unwrapped(value)
    if _holds_comments(value) and any(_has({name: one}, "title", "articles") for name, one in value.items()):
        return [value]  # an article and its comments
    named = [one for key, one in value.items() if fold(key) in ROWS and type(one) in NESTS]
    if depth and named and (members := _members(named[0], depth - 1)) is not None:
        return members
    if rows := _by_id(value):
        return rows
    return [value] if _has(_flat(value)[0], "text") else None


def _said(value: Sequence[Any], named: bool) -> str | None:
    """The text of which a list holds the parts, as its name or they say; None if it holds something else."""
    parts = [one.get("text", "" if named else None) if isinstance(one, dict) else one for one in value]
    marked = (named and any(parts)) or all(
        set(one) <= {"type", "text", "href", "user_id"} for one in value if type(one) is dict
    )
    return "".join(parts) if marked and all(isinstance(part, str) for part in parts) else None  # type: ignore[arg-type]


def _several(name: str, values: list[Any]) -> object:
    """One value of several: paragraphs of a text, names of its authors; of others, as ids from the root, the last."""
    if len(values) > 1 and all(isinstance(one, str) for one in values) and (found := roles(name) & {"text", "author"}):
        return ("\n" if "text" in found else ", ").join(values)
    return values[-1] if values else None


def _has(row: Row, ours: str, role: str = "comments") -> bool:
    return any(isinstance(value, str) and value.strip() and ours in roles(name, role) for name, value in row.items())


def _kind(node: Mapping[str, object], row: Row, below: Below, siblings: bool) -> str:
    """What an object that stands in no other is: "article", "comment", or the "envelope" of others."""
    if (known := {"t3": "article", "t1": "comment", "Listing": "envelope"}.get(str(node.get("kind")))) is not None:
        return known
    held = [(key, values) for key, values in below if key in COMMENTS]
    titled = any(_has({name: one}, "title", "articles") and fold(name) != "name" for name, one in row.items())
    itself = siblings or _has(row, "text") or _has(row, "author")
    if not held:
        dated = any(one is not None and "posted_at" in roles(name) for name, one in row.items())
        rows = [one for key, values in below if key in ROWS or not dated for one in values if isinstance(one, dict)]
        if rows and not itself:
            plain = any(_has(_flat(_unwrapped(one))[0], "text") and not _holds_comments(one) for one in rows[:PEEK])
            return "article" if titled and plain else "envelope"
        return "envelope" if _by_id(node) else "article" if siblings else "comment"
    if any(key == "posts" and any(map(_holds_comments, values[:PEEK])) for key, values in held):
        return "envelope"
    if titled or siblings:
        return "article"
    if all(key in REPLIES for key, _ in held):
        return "comment" if itself else "envelope"
    named = any(one is not None and roles(name, "articles") & {"article_id", "url"} for name, one in row.items())
    return "article" if _has(row, "text") or named else "envelope"


def _holds_comments(value: object) -> bool:
    return isinstance(value, dict) and any(fold(key) in COMMENTS and type(one) in NESTS for key, one in value.items())


def _is_article(value: object) -> bool:
    """Whether an object is an article by the comments that it holds."""
    if not isinstance(value, dict) or NESTS.isdisjoint(map(type, value.values())):
        return False
    node = _unwrapped(value)
    return node.get("kind") != "t3" and _kind(node, *_flat(node), False) == "article"


def _members_of(node: Mapping[str, object], below: Below) -> list[Any]:
    """The rows in an envelope: of lists whose names say so, else of the others, else its own values by their keys."""
    named = [one for key, values in below if key in ROWS for one in values]
    return _by_id(node) or named or [one for _, values in below for one in values if isinstance(one, dict)]


def _by_id(node: Mapping[str, object]) -> list[dict[str, object]]:
    """The rows that an object holds by their ids; none if it holds something else."""
    rows = {key: one for key, one in node.items() if isinstance(one, dict) and fold(key) not in OUTER}
    if len(rows) < len(node) or not all(_has(_flat(one)[0], "text") or _holds_comments(one) for one in rows.values()):
        return []
    named = {key: any("comment_id" in roles(name) for name in one) for key, one in rows.items()}
    return [one if named[key] else {"id": key, **one} for key, one in rows.items()]
