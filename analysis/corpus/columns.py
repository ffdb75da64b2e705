"""Which column of a table is which of ours: as study.toml says, as a known export has it, or by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.corpus.formats import columns_of, kind_of
from analysis.corpus.platforms import BY_NAME, Dialect, mapping, recognise_dialect
from analysis.settings import StudyError

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


@dataclass(frozen=True)
class Plan:
    """How one file is read.

    Attributes
    ----------
    columns : dict
        Our column = theirs.
    dialect : Dialect or None
        The tool whose export it is.
    articles : bool
        Whether it is a table of articles.
    """

    columns: dict[str, str]
    dialect: Dialect | None
    articles: bool = False


def plan(path: Path, given: Mapping[str, str], *, format: str = "auto", articles: bool = False) -> Plan:
    """Decide how a file is read: by study.toml, else as the export that it is, else by its columns' names.

    Parameters
    ----------
    path : Path
    given : mapping
        Our column = theirs, as study.toml names them; they go before what is recognised.
    format : str
        "auto", a kind of file, which is then read by its columns' names, or the name of an export.
    articles : bool
        Whether it is to be read as a table of articles.

    Raises
    ------
    StudyError
        If a column that is named is not there, or none can be the one that must be there.
    """
    there = columns_of(path)
    names, section = (ARTICLE_NAMES, "source.articles.columns") if articles else (COMMENT_NAMES, "source.columns")
    for ours, theirs in given.items():
        if ours not in names:
            raise StudyError(
                expected=f"one of: {', '.join(names)}",
                found=repr(ours),
                where=f"study.toml, [{section}]",
                remedy="Our name stands left, the file's column right.",
            )
        # Objects need not have every key; a table has every column.
        if theirs not in there and (kind_of(path) in ("csv", "tsv", "parquet") or ours == "text"):
            raise StudyError(
                expected=f"a column {theirs!r} for {ours}",
                found=", ".join(there[:12])[:200] or "none",
                where=path.name,
                remedy=f"Correct [{section}] in study.toml.",
            )
    dialect = BY_NAME.get(format)
    if dialect is None and format == "auto" and not given and (known := recognise_dialect(there)):
        dialect = known[0]
    if articles and dialect and not set(dialect.article_needs) <= set(there):
        dialect = None  # an article's table of another source
    found = {**(mapping(dialect, there, articles) if dialect else {} if given else recognise(there, names)), **given}
    must = "article_id" if articles else "text"
    if must not in found:
        raise StudyError(
            expected=f"a column that holds {must}",
            found=", ".join(there[:12])[:200] or "none",
            where=path.name,
            remedy=f"Name it in [{section}] of study.toml.",
        )
    return Plan(found, dialect, articles)
