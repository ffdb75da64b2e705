"""How a table is read: as study.toml or a known export has it, else as its columns' names and values show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analysis.corpus.exports import columns as names_of
from analysis.corpus.exports.columns import (
    GONE,
    MUST,
    OURS,
    STATES,
    WORDS,
    Columns,
    Row,
    columns_of,
    fold,
    page,
    sampled,
)
from analysis.corpus.exports.platforms import BY_NAME, Dialect, recognise_dialect
from analysis.settings import StudyError

NO_TIMES = "{} is not used: none of its values can be read as a time"
NO_ORDER = "{} says that there are replies, and neither it nor the order of rows to what: name a column, parent_id"
NOT_LOCAL = "{} is not used: times of {} count as of [source] timezone, or need be written with their zone"


@dataclass(frozen=True)
class Plan:
    """How one table is read: where its comments and its articles have what, whose export it is, what it holds."""

    columns: Columns
    articles: Columns
    dialect: Dialect = Dialect()
    is_articles: bool = False
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)  # columns and which values say that one is gone
    place: tuple[str, str] = ("", "")  # as `place_of` has it, where no column names parents
    notes: tuple[str, ...] = ()


def plan(
    header: Sequence[str],
    rows: Sequence[Row],
    nested: Sequence[Row],
    given: Mapping[str, str],
    role: str,
    format: str,
    where: str,
) -> Plan:
    """Decide how a table is read: by study.toml, else as the export that it is, else by its columns' names.

    `rows` and `nested` are the first: of what it holds, "comments" or "articles" (`role`), and of articles that hold
    comments. `given`, our column = theirs as study.toml names them, goes before what is recognised. `format` is "auto",
    a kind of file, or an export's name; `where` the table, for errors.
    """
    section, must = "source.columns" if role == "comments" else "source.articles.columns", MUST[role]
    names, remedy = ", ".join(header[:12])[:200] or "none", f"Correct [{section}] in study.toml."
    for ours, theirs in given.items():
        if ours not in OURS[role]:
            where, expected = f"study.toml, [{section}]", f"one of: {', '.join(OURS[role])}"
            remedy = "Our name stands left, the file's column right."
            raise StudyError(expected=expected, found=repr(ours), where=where, remedy=remedy)
        whole = all(set(row) == set(header) for row in rows)  # no row need have all
        if theirs not in header and (ours == must or whole):
            raise StudyError(expected=f"a column {theirs!r} for {ours}", found=names, where=where, remedy=remedy)
    dialect, within = BY_NAME.get(format, Dialect()), columns_of(nested) or header
    if format == "auto" and not given and (known := recognise_dialect(header) or recognise_dialect(within)):
        dialect = known[0]
    if role == "articles" and not (dialect.article_needs and set(dialect.article_needs) <= set(header)):
        dialect = Dialect()  # an article's table of another source
    if role == "comments" and not dialect.name and not nested:
        dialect = replace(dialect, kinds=kinds_in(rows))
    sample = sampled(of_kind(rows, "comment") if role == "comments" else rows)
    by_name = {} if given else names_of.recognise(header, role, sample)
    found: Columns = {ours: (theirs,) for ours, theirs in by_name.items()}
    found |= dialect.mapping(header, role == "articles") | {ours: (theirs,) for ours, theirs in given.items()}
    if role == "articles" and "title" in found:
        found.setdefault(must, found["title"])  # the name by which comments may know an article without an id
    if must not in found and not nested:
        remedy = f"Name it in [{section}] of study.toml."
        raise StudyError(expected=f"a column that holds {must}", found=names, where=where, remedy=remedy)
    if role == "articles":
        return Plan({}, found, dialect, True)
    if not dialect.name and any(
        names_of.FULL.match(str(row.get(name, ""))) for name in found.get("parent_id", ()) for row in rows
    ):
        dialect = replace(dialect, prefixes=BY_NAME["reddit"].prefixes)
    inside: Columns = {ours: (theirs,) for ours, theirs in names_of.recognise(within, "articles").items()}
    inside |= dialect.mapping(within, True)
    if dialect.kinds and not dialect.name:
        above = sample.get(found.get("article_id", found.get("parent_id", ("",)))[0], [])
        key, _ = key_of(filter(None, above), of_kind(rows, "article"), inside.get("article_id", ("",))[0])
        inside["article_id"] = (key,)
    used = {*dialect.refused, *dialect.kinds.values(), *(name for names in found.values() for name in names)}
    values = {name: WORDS["others"]["gone_values"] + WORDS["others"]["yes"] * (fold(name) in GONE) for name in header}
    flags = {name: frozenset(some) for name, some in values.items() if fold(name) in GONE | STATES and name not in used}
    at = found.get("posted_at", ("",))[0]
    offset = "" if dialect.zone else names_of.offset_of({"posted_at": at}, sample)
    notes = [NOT_LOCAL.format(offset, at)] if offset and offset not in used else []
    times = [name for name in header if "posted_at" in names_of.roles(name) and name not in used and any(sample[name])]
    notes += [] if at or nested else map(NO_TIMES.format, times)
    by = {ours: theirs[0] for ours, theirs in found.items()}
    place = ("", "") if nested or "parent_id" in by else names_of.place_of(by, sample)
    notes += [NO_ORDER.format(place[0])] if place[0] and not place[1] else []
    return Plan(found, inside, dialect, False, flags, place if place[1] else ("", ""), tuple(notes))


def kinds_in(rows: Sequence[Row]) -> dict[str, str]:
    """The column that tells articles from comments, as `Dialect.kinds` has it; none if there is none."""
    for name, values in sampled(rows).items():
        there = {value.casefold() for value in values}
        articles = there & {*WORDS["kinds"]["article"]}
        if len(articles) == 1 and there & {*WORDS["kinds"]["comment"]}:
            return {"column": name, "article": articles.pop(), "comment": "*"}
    return {}


def of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    """Those of the rows that are a "comment" or an "article", where a column tells; else all."""
    if not (kinds := kinds_in(rows)):
        return list(rows)
    return [row for row in rows if Dialect(kinds=kinds).kind(row, False) == kind]


def key_of(threads: Iterable[str], rows: Sequence[Row], usual: str) -> tuple[str, float]:
    """The column of the articles that holds most of the comments' threads, and the share that it holds."""
    wanted, columns = {*map(page, threads)}, sampled(rows)
    shares = {name: len(wanted & {*map(page, values)}) / max(1, len(wanted)) for name, values in columns.items()}
    best = max(shares, key=lambda name: (shares[name], name == usual), default=usual)
    return best, shares.get(best, 0.0)
