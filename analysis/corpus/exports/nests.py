"""An object of JSON or XML -> its values as one flat row, and the lists in it that may hold rows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.corpus.exports.columns import OUTER, Row, fold, roles

WORDS = {key: {fold(name) for name in names} for key, names in tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()}  # fmt: skip
COMMENTS, REPLIES, ROWS = WORDS["comments"], WORDS["replies"], WORDS["comments"] | WORDS["lists"]
DEEPEST = 8  # objects within objects that are looked into
NESTS = frozenset((dict, list, tuple))
Below = list[tuple[str, list[Any]]]  # lists within an object that may hold rows, by their folded names


def unwrapped(value: dict[str, object]) -> dict[str, object]:
    """An object without what APIs put around it."""
    for around, most in (("data", 3), ("node", 2)):  # Reddit, GraphQL
        inner = value.get(around)
        if isinstance(inner, dict) and len(value) <= most and (around == "node" or "kind" in value):
            return {**inner, **({"kind": value["kind"]} if "kind" in value else {})}
    post = value.get("post")
    if isinstance(post, dict) and "record" in post:
        return {**post, **{key: one for key, one in value.items() if key not in ("post", "parent")}}  # Bluesky
    if len(value) <= 2 and isinstance(thread := value.get("thread"), dict) and "post" in thread:
        return unwrapped(thread)
    snippet = value.get("snippet")
    if isinstance(snippet, dict) and isinstance(top := snippet.get("topLevelComment"), dict):  # YouTube
        said = top["snippet"] if isinstance(top.get("snippet"), dict) else {}
        return {**top, "snippet": {"videoId": snippet.get("videoId"), **said}, "replies": value.get("replies")}
    return value


def flat(node: Mapping[str, Any], before: str = "", depth: int = DEEPEST) -> tuple[dict[str, object], Below]:
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
            inner, more = flat(value, f"{before}{name}.", depth - 1) if depth else ({}, [])
            row |= inner
            below += more
        elif any(isinstance(one, dict) for one in value):
            if (text := _said(value, "text" in roles(name))) is not None:
                row[f"{before}{name}"] = text
            elif all(isinstance(one, dict) and isinstance(one.get("type"), str) and "id" in one for one in value):
                row |= {f"{before}{name}.{one['type']}.id": one["id"] for one in value}  # to what a tweet refers
            else:
                below.append((key, list(value)))
        else:
            row[f"{before}{name}"] = _several(str(name), [one for one in value if type(one) not in NESTS])
    return row, below


def _members(value: Any, depth: int = 4) -> list[Any] | None:
    """The rows under a name that holds rows; None if there are none such."""
    if not isinstance(value, dict):
        return list(value) if not value or any(isinstance(one, dict) for one in value) else None
    value = unwrapped(value)
    if holds_comments(value) and any(has({name: one}, "title", "articles") for name, one in value.items()):
        return [value]  # an article and its comments
    named = [one for key, one in value.items() if fold(key) in ROWS and type(one) in NESTS]
    if depth and named and (members := _members(named[0], depth - 1)) is not None:
        return members
    if rows := by_id(value):
        return rows
    return [value] if has(flat(value)[0], "text") else None


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


def has(row: Row, ours: str, role: str = "comments") -> bool:
    """Whether a row has a text under a name that may be a column of ours."""
    return any(isinstance(value, str) and value.strip() and ours in roles(name, role) for name, value in row.items())


def holds_comments(value: object) -> bool:
    """Whether something is an object in which there is a nest of comments."""
    return isinstance(value, dict) and any(fold(key) in COMMENTS and type(one) in NESTS for key, one in value.items())


def by_id(node: Mapping[str, object]) -> list[dict[str, object]]:
    """The rows that an object holds by their ids; none if it holds something else."""
    rows = {key: one for key, one in node.items() if isinstance(one, dict) and fold(key) not in OUTER}
    if len(rows) < len(node) or not all(has(flat(one)[0], "text") or holds_comments(one) for one in rows.values()):
        return []
    named = {key: any("comment_id" in roles(name) for name in one) for key, one in rows.items()}
    return [one if named[key] else {"id": key, **one} for key, one in rows.items()]
