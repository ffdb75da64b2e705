"""Tables of other tools (csv, tsv, parquet) -> the same tables that thread files give."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.settings import StudyError
from analysis.threads import Reading

Progress = Callable[[str, int, int], None]
Row = dict[str, object]

TABLE_ENDINGS = {".csv": ",", ".tsv": "\t", ".parquet": ""}
# What other tools call our columns, most telling first; compared without case, spaces and underscores.
COMMENT_NAMES: dict[str, tuple[str, ...]] = {
    "text": ("text", "comment_text", "body", "comment", "content", "message", "commentbody"),
    "comment_id": ("comment_id", "id", "commentid", "utterance_id"),
    "article_id": (
        "article_id",
        "thread_id",
        "conversation_id",
        "articleid",
        "threadid",
        "submission_id",
        "link_id",
    ),
    "author": ("author", "user", "username", "user_name", "speaker", "author_name", "name", "nickname"),
    "posted_at": (
        "posted_at",
        "date",
        "created_at",
        "created_utc",
        "timestamp",
        "time",
        "datetime",
        "created",
    ),
    "parent_id": ("parent_id", "reply_to", "in_reply_to", "parent", "parentid"),
}
ARTICLE_NAMES: dict[str, tuple[str, ...]] = {
    "article_id": (
        "article_id",
        "thread_id",
        "conversation_id",
        "articleid",
        "threadid",
        "submission_id",
        "id",
    ),
    "published_at": (
        "published_at",
        "date",
        "pub_date",
        "created_at",
        "created_utc",
        "timestamp",
        "published",
    ),
    "title": ("title", "headline", "name"),
    "text": ("text", "body", "content", "article_text", "selftext"),
}


def read_header(path: Path) -> list[str]:
    """Column names of a table.

    Raises
    ------
    StudyError
        If the file is not the table that its ending says.
    """
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return list(pq.read_schema(path).names)
        except (pa.ArrowException, OSError) as error:
            raise _not_a_table(path, str(error).splitlines()[0]) from None
    for _, values in _csv_rows(path):
        return values
    raise _not_a_table(path, "an empty file")


def recognise(header: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Our columns and what they are called in `header`: {ours: theirs}, those that are there."""
    folded = {_fold(column): column for column in reversed(header)}
    found: dict[str, str] = {}
    for ours, theirs in names.items():
        hit = next((folded[_fold(name)] for name in theirs if _fold(name) in folded), None)
        if hit is not None and hit not in found.values():
            found[ours] = hit
    return found


def is_articles(header: Sequence[str]) -> bool:
    """Whether a table looks like one of articles: a title, and neither a comment's id nor its parent."""
    columns = {_fold(column) for column in header}
    titled = bool(columns & {_fold(name) for name in ("title", "headline")})
    return titled and not columns & {"commentid", "parentid", "replyto", "author", "username"}


def _fold(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _not_a_table(path: Path, found: str) -> StudyError:
    kind = path.suffix.lstrip(".") or "table"
    return StudyError(
        expected=f"a {kind} file",
        found=found[:120],
        where=path.name,
        remedy="Export it again, or correct its ending.",
    )


# ------------------------------------------------------------------------------------------ rows of a file


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each row of a csv or tsv file, the header first."""
    csv.field_size_limit(1 << 30)  # a long comment is not a fault
    data = path.read_bytes()
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _not_a_table(path, "bytes that are not text")
    reader = csv.reader(text.splitlines(keepends=True), delimiter=TABLE_ENDINGS[path.suffix])
    line = 1
    try:
        for values in reader:
            if values:
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        raise _not_a_table(path, f"line {line}: {error}") from None


def _rows(path: Path, wanted: Mapping[str, str]) -> Iterator[tuple[int, Row | None]]:
    """Line number and {our column: value} of each row; None for a row that does not fit the header.

    Of a parquet file the line is the row's number, 1 the first.
    """
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        line = 0
        for batch in pq.ParquetFile(path).iter_batches(columns=list(dict.fromkeys(wanted.values()))):
            table = batch.to_pydict()
            for i in range(batch.num_rows):
                line += 1
                yield line, {ours: table[theirs][i] for ours, theirs in wanted.items()}
        return
    rows = _csv_rows(path)
    _, header = next(rows)
    at = {ours: header.index(theirs) for ours, theirs in wanted.items()}
    for line, values in rows:
        yield line, {ours: values[i] for ours, i in at.items()} if len(values) == len(header) else None


# ------------------------------------------------------------------------------------------------ values


def _text(value: object) -> str | None:
    """A value as text; None where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # ids that a spreadsheet made numbers of
    text = str(value).replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    return text or None


def instants(values: Sequence[object], timezone: str) -> pd.Series:
    """Instants in UTC of what tools write as a time.

    Parameters
    ----------
    values : sequence
        Datetimes, ISO 8601 texts, or seconds or milliseconds since 1970 as numbers or texts.
    timezone : str
        Zone of those that state none.

    Returns
    -------
    Series of datetime64[us, UTC]
        NaT where the value is no time, or a local time that does not exist.
    """
    raw = pd.Series([None if value is None else str(value).strip() for value in values], dtype="str")
    number = pd.to_numeric(raw, errors="coerce")
    number = number.where(number.abs() >= 1e8)  # smaller are years and the like, no epoch
    epoch = pd.to_datetime(number.where(number.abs() < 1e11, number / 1000), unit="s", utc=True, errors="coerce")
    zoned = raw.str.contains(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", na=False)
    stated = pd.to_datetime(raw.where(zoned & number.isna()), format="mixed", utc=True, errors="coerce")
    local = pd.to_datetime(raw.where(~zoned & number.isna()), format="mixed", utc=True, errors="coerce")
    local = local.dt.tz_localize(None).dt.tz_localize(timezone, ambiguous=False, nonexistent="NaT")
    found = epoch.fillna(stated).fillna(local.dt.tz_convert("UTC"))
    return found.astype("datetime64[us, UTC]")


# ----------------------------------------------------------------------------------------------- reading


def _wanted(path: Path, given: Mapping[str, str], names: Mapping[str, Sequence[str]], section: str) -> dict[str, str]:
    """Which column is which: those that study.toml names, and those that are recognised."""
    header = read_header(path)
    for ours, theirs in given.items():
        if ours not in names:
            raise StudyError(
                expected=f"one of: {', '.join(names)}",
                found=repr(ours),
                where=f"study.toml, [{section}]",
                remedy="Our name stands left, the file's column right.",
            )
        if theirs not in header:
            raise StudyError(
                expected=f"a column {theirs!r} for {ours}",
                found=", ".join(header[:12])[:200],
                where=path.name,
                remedy=f"Correct [{section}] in study.toml.",
            )
    wanted = {**recognise(header, names), **given} if not given else dict(given)
    must = "text" if "parent_id" in names else "article_id"
    if must not in wanted:
        raise StudyError(
            expected=f"a column that holds {must}",
            found=", ".join(header[:12])[:200],
            where=path.name,
            remedy=f"Name it in [{section}] of study.toml.",
        )
    return wanted


def read_tables(
    paths: Sequence[Path],
    *,
    root: Path,
    timezone: str,
    columns: Mapping[str, str],
    articles: Mapping[str, object],
    progress: Progress | None = None,
) -> Reading:
    """Read tables of comments, and of articles where there are any.

    Parameters
    ----------
    paths : sequence of Path
        Files of comments; the order does not matter.
    root : Path
        The study folder; file names are kept relative to it.
    timezone : str
        Zone of times that state none.
    columns : mapping
        Our column = theirs; empty: recognised by their names.
    articles : mapping
        `paths` (list of Path) and `columns` of the articles' tables; may be empty.
    progress : callable, optional

    Returns
    -------
    Reading
        The unit of its accounting is a row. A table without article_id makes every comment its own thread;
        one without comment_id numbers the comments by file and row.

    Raises
    ------
    StudyError
        If a file is not what its ending says, or a column that study.toml names is not there.
    """
    rejects: list[tuple[str, int, str, int]] = []
    notes: list[tuple[str, int, str]] = []
    accounting: list[tuple[str, int, int, int]] = []
    kept: list[Row] = []
    seen: set[str] = set()
    for path in sorted(paths):
        name = source_name(path, root)
        wanted = _wanted(path, columns, COMMENT_NAMES, "source.columns")
        if "article_id" not in wanted:
            notes.append((name, 0, "no column names the thread: each comment counts as a thread of its own"))
        read = before = len(kept)
        n_read = 0
        for line, row in _rows(path, wanted):
            n_read += 1
            if progress and n_read % 5000 == 0:
                progress(f"reading {name}", n_read, 0)
            reason, size = "", 0
            if row is None:
                reason = "not as many fields as the header"
            else:
                text = _text(row["text"])
                comment_id = _text(row.get("comment_id")) or f"{name}:{line}"
                size = len(text or "")
                reason = "no text" if text is None else "comment_id seen before" if comment_id in seen else ""
            if reason:
                rejects.append((name, line, reason, size))
                continue
            seen.add(comment_id)
            thread = (_text(row.get("article_id")) if "article_id" in wanted else comment_id) or comment_id
            kept.append(
                {
                    **row,
                    "comment_id": comment_id,
                    "article_id": thread,
                    "text": text,
                    "source_file": name,
                    "line": line,
                }
            )
        read = len(kept) - before
        accounting.append((name, n_read, read, n_read - read))
    comments = _comments(kept, timezone, notes)
    article_table = _articles(comments, articles, root, timezone, rejects, notes, accounting)
    by_id = article_table.set_index("article_id")["published_at"]
    published = by_id.reindex(comments["article_id"]).set_axis(comments.index)
    own = comments["posted_at"].notna()
    comments["posted_at_source"] = np.where(own, "comment", "article")
    comments["posted_at"] = comments["posted_at"].where(own, published).astype("datetime64[us, UTC]")
    order = comments.sort_values(["article_id", "posted_at", "comment_id"], kind="stable")
    comments["position"] = (order.groupby("article_id").cumcount() + 1).reindex(comments.index).astype("int64")
    return Reading(
        articles=article_table,
        comments=comments.sort_values("comment_id", kind="stable", ignore_index=True),
        rejects=pd.DataFrame(rejects, columns=["source_file", "line", "reason", "n_chars"]),
        accounting=pd.DataFrame(accounting, columns=["source_file", "read", "kept", "rejected"]),
        notes=pd.DataFrame(notes, columns=["source_file", "line", "note"]),
    )


def source_name(path: Path, root: Path) -> str:
    """A file's name as tables show it: relative to the study folder, or its bare name outside."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name


def _comments(kept: list[Row], timezone: str, notes: list[tuple[str, int, str]]) -> pd.DataFrame:
    """The comments' table of what was kept; times that cannot be read are noted."""
    table = pd.DataFrame(kept, columns=[*COMMENT_NAMES, "source_file", "line"]).astype(
        {"text": "str", "comment_id": "str", "article_id": "str", "source_file": "str", "line": "int64"}
    )
    stamps = instants(table["posted_at"].tolist(), timezone)
    unread = stamps.isna() & table["posted_at"].map(_text).notna()
    for file, n in table["source_file"][unread].value_counts(sort=False).sort_index().items():
        first = int(table["line"][unread & (table["source_file"] == file)].iloc[0])
        notes.append((str(file), first, f"{n} times that cannot be read, the first here"))
    return table.assign(
        posted_at=stamps,
        author=table["author"].map(_text).astype("str"),
        parent_id=table["parent_id"].map(_text).astype("str"),
        boundary_confidence=np.nan,
    )


def _articles(
    comments: pd.DataFrame,
    source: Mapping[str, object],
    root: Path,
    timezone: str,
    rejects: list[tuple[str, int, str, int]],
    notes: list[tuple[str, int, str]],
    accounting: list[tuple[str, int, int, int]],
) -> pd.DataFrame:
    """The articles' table: what its files give, and an empty article for every thread that they lack."""
    rows: dict[str, Row] = {}
    given = source.get("columns", {})
    for path in sorted(source.get("paths", ())):  # type: ignore[call-overload]
        name = source_name(path, root)
        n_read = n_kept = 0
        for line, row in _rows(path, _wanted(path, given, ARTICLE_NAMES, "source.articles.columns")):
            n_read += 1
            key = _text(row["article_id"]) if row is not None else None
            reason = "not as many fields as the header" if row is None else "no article_id" if key is None else ""
            if not reason and key in rows:
                reason = "article_id seen before"
            if reason:
                rejects.append((name, line, reason, len(_text((row or {}).get("text")) or "")))
                continue
            n_kept += 1
            rows[str(key)] = {**row, "article_id": key, "source_file": name}  # type: ignore[dict-item]
        accounting.append((name, n_read, n_kept, n_read - n_kept))
    without = comments[~comments["article_id"].isin(list(rows))].groupby("article_id")["source_file"].first()
    if rows and len(without):
        notes.append((str(without.iloc[0]), 0, f"{len(without)} threads have no row in the articles' table"))
    for key, file in without.items():
        rows[str(key)] = {"article_id": key, "source_file": file}
    table = pd.DataFrame(list(rows.values()), columns=[*ARTICLE_NAMES, "source_file"])
    return table.assign(
        article_id=table["article_id"].astype("str"),
        published_at=instants(table["published_at"].tolist(), timezone),
        title=table["title"].map(_text).astype("str"),
        text=table["text"].map(_text).astype("str"),
        copyright=pd.Series(None, index=table.index, dtype="str"),
    ).sort_values("article_id", kind="stable", ignore_index=True)
