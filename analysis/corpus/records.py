"""Rows of a table's file -> comments, articles and what is neither: of some rows at a time, whatever the others are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.corpus.columns import Plan
from analysis.corpus.dates import instants
from analysis.corpus.encodings import clean
from analysis.corpus.formats import Numbered, Row, lookup
from analysis.corpus.platforms import REMOVED, Dialect, plain

NAMES = ("text", "comment_id", "article_id", "author", "posted_at", "parent_id", "line")
_Columns = dict[str, list]


@dataclass(frozen=True)
class Batch:
    """What some rows of a file hold.

    Attributes
    ----------
    comments : DataFrame
        comment_id, article_id, author, parent_id, source_file, line, posted_at (UTC); unread: a time that cannot be
        read; order: the how manieth thing of the rows it is.
    texts : list of str
        The text of each comment.
    articles : list of mappings
        Articles as they are read, with line and order.
    rejects : list of (order, line, reason, n_chars)
    n_read : int
        Comments, articles and rejects.
    mended : Counter
        Comments with mojibake, its places, and control characters.
    """

    comments: pd.DataFrame
    texts: list[str]
    articles: list[Row]
    rejects: list[tuple[int, int, str, int]]
    n_read: int
    mended: Counter[str]


def read_batch(rows: Sequence[Numbered], *, name: str, plan: Plan, timezone: str) -> Batch:
    """Put each of some rows of a file where it belongs.

    Parameters
    ----------
    rows : sequence
        As `rows.read_rows` gives them.
    name : str
        The file, as tables show it.
    plan : Plan
    timezone : str
        Zone of times that state none, where the export's own is not known.

    Returns
    -------
    Batch
    """
    dialect, zone = plan.dialect, (plan.dialect.zone if plan.dialect else "") or timezone
    article_columns = dialect.articles if dialect and not plan.articles else plan.columns
    made: _Columns = {column: [] for column in NAMES}
    articles: list[Row] = []
    rejects: list[tuple[int, int, str, int]] = []
    order: list[int] = []
    n_read, mended = 0, Counter()  # type: ignore[var-annotated]
    for line, row, reason in rows:
        for is_article, part, why in _parts(row, reason, plan):
            if part is not None and not why:
                if is_article:
                    why, size = _add_article(part, article_columns, name, dialect, zone, articles)
                    if not why:
                        articles[-1] |= {"line": line, "order": n_read}
                else:
                    why, size = _add_comment(part, plan, name, line, made, mended)
                    if not why:
                        order.append(n_read)
            else:
                size = len(_value(lookup(part, plan.columns.get("text", "text"))) or "") if part is not None else 0
            if why:
                rejects.append((n_read, line, why, size))
            n_read += 1
    return Batch(_table(made, order, name, zone), made["text"], articles, rejects, n_read, mended)


def _table(made: _Columns, order: list[int], name: str, zone: str) -> pd.DataFrame:
    """The comments but for their texts, each column of its type; times that cannot be read are marked."""
    names = ("comment_id", "article_id", "author", "parent_id")
    table = pd.DataFrame({column: pd.Series(made[column], dtype="str") for column in names})
    table["source_file"] = pd.Series([name] * len(table), dtype="str")
    table["line"] = np.array(made["line"], dtype="int64")
    table["posted_at"] = instants(made["posted_at"], zone)
    unread = table["posted_at"].isna().to_numpy(copy=True)
    unread[unread] = np.array([_value(made["posted_at"][i]) is not None for i in np.flatnonzero(unread)], dtype=bool)
    return table.assign(unread=unread, order=np.array(order, dtype="int64"))


def _parts(row: Row | None, reason: str, plan: Plan) -> Iterator[tuple[bool, Row | None, str]]:
    """The comments and articles in a row: (is an article, it, why it is none)."""
    dialect = plan.dialect
    if row is None or dialect is None:
        yield plan.articles, row, reason
        return
    parts = list(dialect.unfold(row)) if dialect.unfold else [(plan.articles, row)]
    for is_article, part in parts:
        yield is_article, part, "" if is_article or dialect.refuse is None else dialect.refuse(part)
    if not parts:
        yield plan.articles, None, "no comment"


def _add_comment(row: Row, plan: Plan, name: str, line: int, made: _Columns, mended: Counter[str]) -> tuple[str, int]:
    """Put a comment into its columns; give why it is none, and the length of its text."""
    dialect = plan.dialect
    values: dict[str, object] = {
        ours: row[theirs] if theirs in row else lookup(row, theirs) for ours, theirs in plan.columns.items()
    }
    if dialect and dialect.mend:
        values = dialect.mend(values)
    raw = values.get("text")
    text = None
    if type(raw) is str or (isinstance(raw, (str, int, float)) and raw == raw):  # a missing number is not itself
        text, places, control = clean(plain(raw) if dialect and dialect.markup and isinstance(raw, str) else str(raw))
        if places or control:
            mended.update(comments=bool(places), places=places, control=control)
    if not text:
        return "no text", 0
    if text.casefold() in REMOVED:
        return "deleted at the source", len(text)
    comment_id = _identity(values.get("comment_id"), dialect) or f"{name}:{line}"
    article = _identity(values.get("article_id"), dialect) or comment_id
    parent = _identity(values.get("parent_id"), dialect)
    author = _value(values.get("author"))
    made["text"].append(text)
    made["comment_id"].append(comment_id)
    made["article_id"].append(article)
    made["author"].append(None if author and author.casefold() in REMOVED else author)
    made["posted_at"].append(values.get("posted_at"))
    # The parent of a comment on the article itself is the article, where a tool writes one.
    made["parent_id"].append(None if parent == article else parent)
    made["line"].append(line)
    return "", len(text)


def _add_article(
    row: Row, columns: Mapping[str, str], name: str, dialect: Dialect | None, zone: str, made: list[Row]
) -> tuple[str, int]:
    """Put an article among the others; give why it is none, and the length of its text."""
    values = {ours: lookup(row, theirs) for ours, theirs in columns.items()}
    text = _value(values.get("text"))
    if text and dialect and dialect.markup:
        text = plain(text).strip() or None
    key = _identity(values.get("article_id"), dialect)
    if key is None:
        return "no article_id", len(text or "")
    made.append(
        {
            "article_id": key,
            "published_at": values.get("published_at"),
            "title": _value(values.get("title")),
            "text": text,
            "source_file": name,
            "zone": zone,
        }
    )
    return "", len(text or "")


def _value(value: object) -> str | None:
    """A value as text; None where there is none."""
    if type(value) is str:  # as most are
        return clean(value)[0] or None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # ids that a spreadsheet made numbers of
    if isinstance(value, (Mapping, list, np.ndarray)):
        return None  # an object where a text was expected says nothing
    try:
        return clean(str(value))[0] or None
    except ValueError:  # a number of too many digits
        return None


def _identity(value: object, dialect: Dialect | None) -> str | None:
    """An id as text, without what its tool puts before it; "123.0" is a number that lost its type."""
    text = _value(value)
    if text is None:
        return None
    if text.endswith(".0") and text[:-2].isdigit():
        text = text[:-2]
    for prefix in dialect.prefixes if dialect else ():
        if text.startswith(prefix):
            return text[len(prefix) :]
    return text
