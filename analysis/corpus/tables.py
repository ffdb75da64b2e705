"""Tables of other tools -> the same tables that thread files give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.columns import ARTICLE_NAMES, Plan, plan
from analysis.corpus.dates import instants
from analysis.corpus.formats import Numbered, Row, read_rows
from analysis.corpus.records import Batch, read_batch
from analysis.corpus.threads import Reading
from analysis.run import Run
from analysis.run.context import PART
from analysis.run.texts import AT_A_TIME, Gathering, Some


@dataclass
class _Found:
    """What the files give, as it comes; the comments' texts apart."""

    texts: Gathering
    tables: list[pd.DataFrame] = field(default_factory=list)  # of comments
    articles: dict[str, Row] = field(default_factory=dict)
    rejects: list[tuple[str, int, str, int]] = field(default_factory=list)
    accounting: list[tuple[str, int, int, int]] = field(default_factory=list)
    notes: list[tuple[str, int, str]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


def _read_file(
    path: Path,
    name: str,
    plan: Plan,
    timezone: str,
    found: _Found,
    run: Run,
) -> None:
    """Put every row of a file where it belongs; rows are looked at on every core, and joined in their order."""
    read = partial(read_batch, name=name, plan=plan, timezone=timezone)
    n_read = n_rejected = 0
    mended: Counter[str] = Counter()
    for batch in run.stream(read, _batches(read_rows(path)), f"reading {name}"):
        n_read += batch.n_read
        if n_read >= PART:
            run.tell(f"reading {name}", n_read, 0)
        n_rejected += _join(batch, name, found)
        mended.update(batch.mended)
    found.accounting.append((name, n_read, n_read - n_rejected, n_rejected))
    if mended["places"]:
        found.notes.append((name, 0, f"mojibake repaired in {mended['comments']} comments ({mended['places']} places)"))
    if mended["control"]:
        found.notes.append((name, 0, f"{mended['control']} control characters removed"))


def _batches(rows: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    """PART rows at a time, or fewer long ones."""
    some: list[Numbered] = []
    letters = 0
    for one in rows:
        some.append(one)
        letters += sum(len(value) for value in (one[1] or {}).values() if type(value) is str)
        if len(some) >= PART or letters >= AT_A_TIME:
            yield some
            some, letters = [], 0
    if some:
        yield some


def _join(batch: Batch, name: str, found: _Found) -> int:
    """Add what some rows hold, but for ids that were there before; give how many rows were rejected."""
    rejects, again = list(batch.rejects), []
    for i, one in enumerate(batch.comments["comment_id"].tolist()):
        if one in found.ids:
            again.append(i)
        found.ids.add(one)
    table, texts = batch.comments, batch.texts
    if again:
        lines, order = table["line"].tolist(), table["order"].tolist()
        rejects += [(order[i], lines[i], "comment_id seen before", len(texts[i])) for i in again]
        left_out = set(again)
        texts = [text for i, text in enumerate(texts) if i not in left_out]
        table = table.drop(index=again)
    found.tables.append(table)
    found.texts.extend(texts)
    for article in batch.articles:
        if article["article_id"] in found.articles:
            size = len(article["text"] or "")
            rejects.append((article["order"], article["line"], "article_id seen before", size))
        else:
            found.articles[article["article_id"]] = article
    found.rejects += [(name, line, why, size) for _, line, why, size in sorted(rejects)]
    return len(rejects)


def read_tables(
    paths: Sequence[Path],
    *,
    root: Path,
    timezone: str,
    columns: Mapping[str, str],
    articles: Mapping[str, object],
    format: str = "auto",
    run: Run = Run(),
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
    run : Run
        Files are read here also where there is a cluster.

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
    found = _Found(Gathering(run.scratch))
    for path in sorted(paths):
        name = source_name(path, root)
        how = plan(path, columns, format=format)
        if "article_id" not in how.columns:
            found.notes.append((name, 0, "no column names the thread: each comment counts as a thread of its own"))
        _read_file(path, name, how, timezone, found, run)
    given = articles.get("columns", {})
    for path in sorted(articles.get("paths", ())):  # type: ignore[call-overload]
        how = plan(path, given, format=format, articles=True)  # type: ignore[arg-type]
        _read_file(path, source_name(path, root), how, timezone, found, run)
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


def _comments(found: _Found) -> pd.DataFrame:
    """The comments' table of what was kept; times that cannot be read, and replies to nothing, are noted."""
    nothing = read_batch([], name="", plan=Plan({}, None), timezone="UTC").comments
    table = pd.concat([some for some in found.tables if len(some)] or [nothing], ignore_index=True)
    table = table.drop(columns="order")
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


def _zoned(values: Sequence[object], zones: Sequence[str]) -> pd.Series:
    """Instants of times, each in the zone of the file that it is from."""
    zone = pd.Series(list(zones), dtype="str")
    stamps = pd.Series(pd.NaT, index=zone.index, dtype="datetime64[us, UTC]")
    for name in sorted(zone.unique()):
        at = np.flatnonzero(zone == name)
        stamps.iloc[at] = instants([values[i] for i in at], name).to_numpy()
    return stamps


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
