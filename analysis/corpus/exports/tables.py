"""Tables of other tools -> the same tables that thread files give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.corpus.dates import instants
from analysis.corpus.exports.cells import Cells, Found
from analysis.corpus.exports.columns import LINK, PLACE, columns_of, is_articles, page
from analysis.corpus.exports.formats import Table, tables_of
from analysis.corpus.exports.plan import plan
from analysis.corpus.exports.records import look
from analysis.corpus.reading import ALONE, COLUMNS, EITHER, SWAPPED, Reading, source_name
from analysis.run import Run
from analysis.run.texts import Gathering, Some
from analysis.settings import SourceSettings, StudyError

REPLIES = "no column names the thread: comments are of one thread with what they reply to"
IN_IDS = "no column names parents: comments whose id goes on after another's are replies to it"
PARTS = re.compile(r"(?s)(.+)\.[^.]+")  # an id that goes on after another's
PLACES = {
    "path": "no column names parents: what replies to what is told by {}",
    "depth": "no column names parents: what replies to what is told by {} and the order of rows",
}
MANY = 0.05  # share of comments whose id another has: if more, the ids are none
FEW = 0.05  # share of comments that lack what others have, if it is worth a look
PLAUSIBLE = range(1990, 2051)  # years of comments; others are told
FROM = ("source_file", "when")
COMMENT = ("comment_id", "article_id", "parent_id", "author", "posted_at", "article_title", "article_url", *FROM)
ARTICLE = ("article_id", "published_at", "title", "text", "url", *FROM)


def read_tables(
    paths: Sequence[Path], source: SourceSettings, root: Path, run: Run = Run(), *, articles: Sequence[Path] = ()
) -> Reading:
    """Read tables of comments, and of articles where there are any, as `source` says; `root` is the study folder.

    The unit of the accounting is a row, or each comment and article of a row that holds several. Without article_id
    every comment is a thread of its own; comments without comment_id are numbered by file and row.
    """
    found = Found(Gathering(run.scratch))
    files = [(path, source.columns, "comments") for path in sorted(paths)]
    files += [(path, source.articles.get("columns", {}), "articles") for path in sorted(articles)]
    for path, given, role in files:
        tables = tables_of(path, encoding=source.encoding, sheet=source.sheet)
        if not tables:
            raise Table(path).error("another ending")
        for table in tables:
            seen = look(table)
            rows = [*seen.nested, *seen.rows] if role == "articles" else seen.rows
            header = seen.header or table.header
            beside = len(tables) > 1 and not seen.nested and is_articles(header)
            beside &= not given or not {*given.values()} <= {*header}  # of the comments' columns not all are there
            mine, what = ({}, "articles") if beside else (given, role)
            how = plan(header, rows, seen.nested, mine, what, source.format, table.name)
            if what == "comments" and (lacking := {*source.leave_out} - {*header, *columns_of(seen.nested)}):
                expected, where = f"a column {min(lacking)!r}", f"{table.name}, [source] leave_out"
                names = ", ".join(header[:12])[:200]
                raise StudyError(expected=expected, found=names, where=where, remedy="Correct its name in study.toml.")
            how = replace(how, dialect=how.dialect.leaving_out(source.leave_out if what == "comments" else {}))
            name = source_name(path, root) + table.within
            alone = not how.is_articles and "article_id" not in how.columns and not seen.nested
            before = len(found.comments)
            Cells(name, how, how.dialect.zone or source.timezone, found).read(seen.records, run)
            if (how.place[1] or "comment_id" in how.columns) and not _replies(found.comments[before:]):
                found.comments[before:] = [_by_places(found.comments[before:], how.place[1])]
                note = PLACES.get(how.place[1], IN_IDS).format(how.place[0])
                found.notes += [(name, 0, note)] if _replies(found.comments[before:]) else []
            notes = [REPLIES if _replies(found.comments[before:]) else ALONE] if alone else []
            if (kinds := how.dialect.kinds) and not how.dialect.name:
                notes.append(f"rows whose {kinds['column']} is {kinds['article']} are articles")
            found.notes += [(name, 0, note) for note in [*notes, *how.notes, *table.notes]]
    return _together(found, source.dates)


def _together(found: Found, dates: str) -> Reading:
    """Make the tables, sorted, each column of its type."""
    texts = found.texts.texts()
    known = pd.concat([some["article_id"].to_pandas() for some in found.articles] or [pd.Series(dtype="str")])
    comments = _on_pages(_joined(found.comments, COMMENT), known)
    comments = _identified(_on_articles(comments), texts, found)
    bare = comments["author"].isna() & comments["posted_at"].isna()
    if 0 < bare.sum() < FEW * len(comments):
        _note(comments[bare], "comments without author and time, which others have: totals, or remarks?", found)
    comments["posted_at"] = _dated(comments, "posted_at", dates, found)
    replies = comments[comments["parent_id"].notna()]
    lost = pd.Index(comments["comment_id"]).get_indexer(replies["parent_id"]) < 0
    top = lost & (replies["parent_id"] == replies["article_id"]) & replies["article_id"].isin(known)  # on the article
    comments.loc[replies.index[top], "parent_id"] = None
    _note(replies[lost & ~top], "replies to comments that are not there", found)
    articles = _articles(comments, dates, found)
    published = articles.set_index("article_id")["published_at"].reindex(comments["article_id"])
    comments["posted_at_source"] = np.where(comments["posted_at"].notna(), "comment", "article")
    comments["posted_at"] = (
        comments["posted_at"].fillna(published.set_axis(comments.index)).astype("datetime64[us, UTC]")
    )
    by = ["article_id", "posted_at", "comment_id"]
    places = comments[by].sort_values(by, kind="stable").groupby("article_id").cumcount() + 1
    comments["position"] = places.reindex(comments.index).astype("int64")
    comments = comments.assign(boundary_confidence=np.nan).sort_values("comment_id", kind="stable")
    files = {name: i for i, name in enumerate(found.n_read)}
    found.rejects.sort(key=lambda one: (files[one[0]], one[1]))
    rejects = pd.DataFrame(found.rejects, columns=["source_file", "number", "line", "reason", "n_chars"])
    accounting = pd.DataFrame(found.n_read.items(), columns=["source_file", "read"])
    rejected = accounting["source_file"].map(rejects["source_file"].value_counts()).fillna(0).astype("int64")
    return Reading(
        articles=articles,
        rows=comments[list(COLUMNS["rows"])].reset_index(drop=True),
        texts=Some(texts, comments.index.to_numpy("int64")),
        rejects=rejects.drop(columns="number"),
        accounting=accounting.assign(kept=accounting["read"] - rejected, rejected=rejected),
        notes=pd.DataFrame(found.notes, columns=list(COLUMNS["notes"])),
    )


def _joined(tables: list[pa.Table], columns: Sequence[str]) -> pd.DataFrame:
    schema = pa.schema([(name, pa.large_string()) for name in columns] + [("line", pa.int64()), ("number", pa.int64())])
    return pa.concat_tables([schema.empty_table(), *tables], promote_options="default").to_pandas()


def _replies(tables: list[pa.Table]) -> bool:
    """Whether there is a reply."""
    return any(some["parent_id"].null_count < len(some) for some in tables)


def _by_places(tables: list[pa.Table], kind: str) -> pa.Table:
    """Comments without parents, as replies to those above whose places theirs go on after: by depth, path or id."""
    table = pa.concat_tables(tables, promote_options="default")
    if not kind and not pc.any(pc.match_substring(table["comment_id"], ".")).as_py():
        return table
    threads, places, ids = (
        table[n].to_pylist() for n in ("article_id", "place" if kind else "comment_id", "comment_id")
    )
    if kind == "depth":
        last, above = dict[tuple[str | None, int], str](), list[str | None]()
        for thread, place, own in zip(threads, places, ids, strict=True):
            above.append(last.get((thread, int(place or 0) - 1)))
            last[thread, int(place or 0)] = own
    else:
        form = PLACE if kind else PARTS
        known = dict(zip(zip(threads, places, strict=True), ids, strict=True))
        found = (form.fullmatch(place or "") for place in places)
        above = [known.get((thread, match[1])) if match else None for thread, match in zip(threads, found, strict=True)]
    return table.set_column(table.column_names.index("parent_id"), "parent_id", pa.array(above, pa.large_string()))


def _note(rows: pd.DataFrame, what: str, found: Found) -> None:
    """Note something about rows, file by file: how many, and which is the first."""
    for file, some in rows.groupby("source_file", sort=True):
        found.notes.append((str(file), int(some["line"].iloc[0]), f"{len(some)} {what}, the first here"))


def _reject(rows: pd.DataFrame, key: str, found: Found) -> None:
    """Reject rows whose id was there before."""
    columns = (rows[name].fillna("").tolist() for name in ("source_file", "number", "line", "text"))
    for file, number, line, text in zip(*columns, strict=True):
        found.rejects.append((file, number, line, f"{key} seen before", len(text)))


def _identified(table: pd.DataFrame, texts: Sequence[str], found: Found) -> pd.DataFrame:
    """The comments, each with an id that no other has: of the same ones the first, and ids that are none anew."""
    twice = table[table.duplicated("comment_id", keep=False)]
    if len(twice):
        twice = twice.assign(text=texts.take(twice.index.to_numpy("int64")))  # type: ignore[attr-defined]
        timed = twice["posted_at"].notna() & twice.duplicated(["comment_id", "article_id", "author", "posted_at"])
        same = timed | twice.duplicated(["comment_id", "article_id", "text"])
        again = twice.duplicated("comment_id")
        if (again & ~same).sum() > MANY * len(table):
            again, table = same, _made_anew(table, found)
        _reject(twice[again], "comment_id", found)
        table = table.drop(index=twice.index[again])
    none = table["article_id"].isna()
    some = ~none.groupby(table["source_file"]).transform("all")
    _note(
        table[none & some], "comments without a thread: each counts as one of its own, or of what it replies to", found
    )
    roots = _roots(table)
    threads = table.drop_duplicates("comment_id").set_index("comment_id")["article_id"]
    return table.assign(article_id=table["article_id"].fillna(roots.map(threads)).fillna(roots))


def _on_pages(table: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """The comments; of threads whose names are links to one page each has the article's name, else the first's."""
    there = [*known.dropna(), *table["article_id"].dropna().drop_duplicates().tolist()]
    links = [*filter(LINK.match, reversed(there))]
    names = dict(zip(map(page, links), links, strict=True))
    new = {link: names[page(link)] for link in {*links} - {*known} if names[page(link)] != link}
    return table.assign(**{key: table[key].map(new).fillna(table[key]) for key in ("article_id", "parent_id") if new})


def _on_articles(table: pd.DataFrame) -> pd.DataFrame:
    """The comments; those that reply to the article have no parent, unless a comment has its number by chance."""
    threads, ids = table["article_id"], table["comment_id"] == table["article_id"]
    if not (to_article := table["parent_id"] == threads).any():
        return table
    firsts, several = ({*threads[some].unique()} for some in (ids, table["parent_id"].isna() & ~ids))
    # In most threads the comment that has its number is the one without a parent, if these are called by their roots.
    chance = threads.isin(firsts if len(firsts - several) < threads.nunique() / 2 else [])
    return table.assign(parent_id=table["parent_id"].mask(to_article & ~chance))


def _roots(table: pd.DataFrame) -> pd.Series:
    """The comment at the root of what each replies to; of replies to what is not there, that."""
    ids = table["comment_id"].astype("str")
    above = table["parent_id"].fillna(ids).set_axis(ids)
    roots = above.copy()
    for _ in range(len(ids).bit_length()):  # each time twice as far up
        further = above.reindex(above.to_numpy()).set_axis(ids).fillna(above)
        if further.equals(above):
            break
        roots = above = further
    return roots.set_axis(table.index)


def _made_anew(table: pd.DataFrame, found: Found) -> pd.DataFrame:
    """Ids of the thread and the id in it; where these repeat as well, of the thread and the place in it."""
    ids, parents = table["article_id"] + ":" + table["comment_id"], table["article_id"] + ":" + table["parent_id"]
    note = "comment_id repeats from thread to thread: made from the thread's and its own"
    if ids.isna().any() or ids.duplicated().mean() > MANY:
        thread = table["article_id"].fillna(table["source_file"])
        ids = thread + "-" + (table.groupby(thread).cumcount() + 1).astype("str").str.zfill(4)
        parents = pd.Series(None, index=table.index, dtype="str")
        note = "comment_id repeats: made from the thread and the place in it; what replies to what is lost"
    found.notes.append((str(table["source_file"].iloc[0]), 0, note))
    return table.assign(comment_id=ids, parent_id=parents)


def _dated(table: pd.DataFrame, column: str, dates: str, found: Found) -> pd.Series:
    """Instants of a column of times, in one order of day and month for all files in which it is the same column."""
    at = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us, UTC]")
    for when, rows in table.groupby("when", sort=True):
        times = instants(rows[column], str(when).split("\t")[0], dates)
        at[rows.index] = times.at.array
        there = times.at.notna().to_numpy()
        _note(
            rows[~there & rows[column].notna().to_numpy() & ~times.undecided & ~times.swapped],
            "times that cannot be read",
            found,
        )
        _note(rows[times.undecided], EITHER, found)
        _note(rows[times.swapped], SWAPPED, found)
        odd = rows[there & ~times.at.dt.year.isin(PLAUSIBLE).to_numpy()]
        lines = ", ".join(map(str, odd["line"].head(9)))
        _note(odd, f"times outside of {PLAUSIBLE[0]} to {PLAUSIBLE[-1]} (lines {lines})", found)
    return at


def _articles(comments: pd.DataFrame, dates: str, found: Found) -> pd.DataFrame:
    """The articles' table: what its files give, and for every thread that they lack what its comments say of it."""
    table = _joined(found.articles, ARTICLE)
    again = table.duplicated("article_id")
    _reject(table[again], "article_id", found)
    said = comments.groupby("article_id")[["source_file", "article_title", "article_url"]].first()
    without = said[~said.index.isin(table["article_id"])].reset_index()
    if len(table) and len(without):
        note = f"{len(without)} threads have no row in the articles' table"
        found.notes.append((str(without["source_file"].iloc[0]), 0, note))
    made = without.rename(columns={"article_title": "title", "article_url": "url"}).assign(when="UTC", line=0)
    table = pd.concat([table[~again], made], ignore_index=True).astype(dict.fromkeys(ARTICLE, "str"))
    published = _dated(table, "published_at", dates, found)
    table = table.assign(published_at=published, copyright=pd.Series(None, index=table.index, dtype="str"))
    return table.drop(columns=["when", "line", "number"]).sort_values("article_id", kind="stable", ignore_index=True)
