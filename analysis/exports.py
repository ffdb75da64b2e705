"""Tables of other tools -> the same tables that thread files give."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.columns import ARTICLE_NAMES, COMMENT_NAMES, Plan, plan
from analysis.dates import instants
from analysis.dialects import REMOVED, Dialect, plain
from analysis.lines import clean
from analysis.rows import Row, lookup, read_rows
from analysis.texts import ROWS, Gathering, Some
from analysis.threads import Reading

Progress = Callable[[str, int, int], None]


@dataclass
class _Found:
    """What the files give, column by column, as it comes; the comments' texts apart."""

    texts: Gathering
    comments: dict[str, list] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    tables: list[pd.DataFrame] = field(default_factory=list)  # of comments that came before those
    articles: dict[str, Row] = field(default_factory=dict)
    rejects: list[tuple[str, int, str, int]] = field(default_factory=list)
    accounting: list[tuple[str, int, int, int]] = field(default_factory=list)
    notes: list[tuple[str, int, str]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


COLUMNS = (*(name for name in COMMENT_NAMES if name != "text"), "source_file", "line", "zone")


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


def _read_file(path: Path, name: str, plan: Plan, timezone: str, found: _Found, progress: Progress | None) -> None:
    """Put every row of a file where it belongs."""
    dialect, zone = plan.dialect, (plan.dialect.zone if plan.dialect else "") or timezone
    article_columns = dialect.articles if dialect and not plan.articles else plan.columns
    n_read = n_kept = 0
    mended: Counter[str] = Counter()
    for line, row, reason in read_rows(path):
        for is_article, part, why in _parts(row, reason, plan):
            n_read += 1
            if progress and n_read % 5000 == 0:
                progress(f"reading {name}", n_read, 0)
            if part is not None and not why:
                if is_article:
                    why, size = _add_article(part, article_columns, name, dialect, zone, found)
                else:
                    why, size = _add_comment(part, plan, name, line, zone, found, mended)
            else:
                size = len(_value(lookup(part, plan.columns.get("text", "text"))) or "") if part is not None else 0
            if why:
                found.rejects.append((name, line, why, size))
            else:
                n_kept += 1
    found.accounting.append((name, n_read, n_kept, n_read - n_kept))
    if mended["places"]:
        found.notes.append((name, 0, f"mojibake repaired in {mended['comments']} comments ({mended['places']} places)"))
    if mended["control"]:
        found.notes.append((name, 0, f"{mended['control']} control characters removed"))


def _add_comment(
    row: Row, plan: Plan, name: str, line: int, zone: str, found: _Found, mended: Counter[str]
) -> tuple[str, int]:
    """Put a comment into its table; give why it is none, and the length of its text."""
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
    if comment_id in found.ids:
        return "comment_id seen before", len(text)
    found.ids.add(comment_id)
    article = _identity(values.get("article_id"), dialect) or comment_id
    parent = _identity(values.get("parent_id"), dialect)
    author = _value(values.get("author"))
    found.texts.extend([text])
    for column, value in (
        ("comment_id", comment_id),
        ("article_id", article),
        ("author", None if author and author.casefold() in REMOVED else author),
        ("posted_at", values.get("posted_at")),
        # The parent of a comment on the article itself is the article, where a tool writes one.
        ("parent_id", None if parent == article else parent),
        ("source_file", name),
        ("line", line),
        ("zone", zone),
    ):
        found.comments[column].append(value)
    if len(found.comments["line"]) >= ROWS:
        _close(found)
    return "", len(text)


def _add_article(
    row: Row, columns: Mapping[str, str], name: str, dialect: Dialect | None, zone: str, found: _Found
) -> tuple[str, int]:
    """Put an article into its table; give why it is none, and the length of its text."""
    values = {ours: lookup(row, theirs) for ours, theirs in columns.items()}
    text = _value(values.get("text"))
    if text and dialect and dialect.markup:
        text = plain(text).strip() or None
    key = _identity(values.get("article_id"), dialect)
    if key is None:
        return "no article_id", len(text or "")
    if key in found.articles:
        return "article_id seen before", len(text or "")
    found.articles[key] = {
        "article_id": key,
        "published_at": values.get("published_at"),
        "title": _value(values.get("title")),
        "text": text,
        "source_file": name,
        "zone": zone,
    }
    return "", len(text or "")


def read_tables(
    paths: Sequence[Path],
    *,
    root: Path,
    timezone: str,
    columns: Mapping[str, str],
    articles: Mapping[str, object],
    format: str = "auto",
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> Reading:
    """Read tables of comments, and of articles where there are any.

    Parameters
    ----------
    paths : sequence of Path
        Files of comments; the order does not matter.
    root : Path
        The study folder; file names are kept relative to it.
    timezone : str
        Zone of times that state none, where the export's own is not known.
    columns : mapping
        Our column = theirs; empty: recognised by the export or by their names.
    articles : mapping
        `paths` (list of Path) and `columns` of the articles' tables; may be empty.
    format : str
        "auto", a kind of file or the name of an export.
    progress : callable, optional
    scratch : Path, optional
        Where texts that the memory should not hold may go; without it all are in memory.

    Returns
    -------
    Reading
        The unit of its accounting is a row; of a row that holds several comments, a comment. A table without
        article_id makes every comment its own thread; one without comment_id numbers the comments by file and row.

    Raises
    ------
    StudyError
        If a file is not what its ending says, or a column that study.toml names is not there.
    """
    found = _Found(Gathering(scratch))
    for path in sorted(paths):
        name = source_name(path, root)
        how = plan(path, columns, format=format)
        if "article_id" not in how.columns:
            found.notes.append((name, 0, "no column names the thread: each comment counts as a thread of its own"))
        _read_file(path, name, how, timezone, found, progress)
    given = articles.get("columns", {})
    for path in sorted(articles.get("paths", ())):  # type: ignore[call-overload]
        how = plan(path, given, format=format, articles=True)  # type: ignore[arg-type]
        _read_file(path, source_name(path, root), how, timezone, found, progress)
    return _tables(found)


def _tables(found: _Found) -> Reading:
    """Make the tables, sorted, each column of its type."""
    comments = _comments(found)
    articles = _articles(comments, found)
    published = (
        articles.set_index("article_id")["published_at"].reindex(comments["article_id"]).set_axis(comments.index)
    )
    own = comments["posted_at"].notna()
    comments["posted_at_source"] = np.where(own, "comment", "article")
    comments["posted_at"] = comments["posted_at"].where(own, published).astype("datetime64[us, UTC]")
    by = ["article_id", "posted_at", "comment_id"]
    order = comments[by].sort_values(by, kind="stable")
    comments["position"] = (order.groupby("article_id").cumcount() + 1).reindex(comments.index).astype("int64")
    comments = comments.sort_values("comment_id", kind="stable")
    return Reading(
        articles=articles,
        rows=comments.reset_index(drop=True),
        texts=Some(found.texts.texts(), comments.index.to_numpy("int64")),
        rejects=pd.DataFrame(found.rejects, columns=["source_file", "line", "reason", "n_chars"]),
        accounting=pd.DataFrame(found.accounting, columns=["source_file", "read", "kept", "rejected"]),
        notes=pd.DataFrame(found.notes, columns=["source_file", "line", "note"]),
    )


def source_name(path: Path, root: Path) -> str:
    """A file's name as tables show it: relative to the study folder, or its bare name outside."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name


def _zoned(values: Sequence[object], zones: Sequence[str]) -> pd.Series:
    """Instants of times, each in the zone of the file that it is from."""
    zone = pd.Series(list(zones), dtype="str")
    stamps = pd.Series(pd.NaT, index=zone.index, dtype="datetime64[us, UTC]")
    for name in sorted(zone.unique()):
        at = np.flatnonzero(zone == name)
        stamps.iloc[at] = instants([values[i] for i in at], name).to_numpy()
    return stamps


def _close(found: _Found) -> None:
    """Make a table of the comments that came, which takes less memory, each column of its type."""
    columns = found.comments
    table = pd.DataFrame(
        {name: pd.Series(columns[name], dtype="str") for name in COLUMNS if name not in ("posted_at", "line", "zone")}
    )
    table["line"] = np.array(columns["line"], dtype="int64")
    table["posted_at"] = _zoned(columns["posted_at"], columns["zone"])
    unread = table["posted_at"].isna().to_numpy(copy=True)
    unread[unread] = np.array([_value(columns["posted_at"][i]) is not None for i in np.flatnonzero(unread)], dtype=bool)
    found.tables.append(table.assign(unread=unread))
    for values in columns.values():
        values.clear()


def _comments(found: _Found) -> pd.DataFrame:
    """The comments' table of what was kept; times that cannot be read, and replies to nothing, are noted."""
    _close(found)
    table = pd.concat([some for some in found.tables if len(some)] or found.tables, ignore_index=True)
    unread = table.pop("unread").to_numpy(dtype=bool)
    lost = table["parent_id"].notna() & ~table["parent_id"].isin(table["comment_id"])
    for which, what in (
        (unread, "times that cannot be read"),
        (lost, "replies to comments that are not there"),
    ):
        for file, n in table["source_file"][which].value_counts(sort=False).sort_index().items():
            first = int(table["line"][which & (table["source_file"] == file)].iloc[0])
            found.notes.append((str(file), first, f"{n} {what}, the first here"))
    return table.assign(boundary_confidence=np.nan)


def _articles(comments: pd.DataFrame, found: _Found) -> pd.DataFrame:
    """The articles' table: what its files give, and an empty article for every thread that they lack."""
    rows = found.articles
    without = comments[~comments["article_id"].isin(list(rows))].groupby("article_id")["source_file"].first()
    if rows and len(without):
        found.notes.append((str(without.iloc[0]), 0, f"{len(without)} threads have no row in the articles' table"))
    table = pd.DataFrame(
        [*rows.values(), *({"article_id": key, "source_file": file, "zone": "UTC"} for key, file in without.items())],
        columns=[*ARTICLE_NAMES, "source_file", "zone"],
    )
    return pd.DataFrame({
        "article_id": table["article_id"].astype("str"),
        "published_at": _zoned(table["published_at"].tolist(), table["zone"].tolist()),
        "title": table["title"].astype("str"),
        "text": table["text"].astype("str"),
        "source_file": table["source_file"].astype("str"),
        "copyright": pd.Series(None, index=table.index, dtype="str"),
    }).sort_values("article_id", kind="stable", ignore_index=True)  # fmt: skip
