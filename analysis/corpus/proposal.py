"""Files -> a first study.toml: what they are, which column is which, how long a period is; and what is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.corpus.exports.columns import is_articles, page, recognise, recognise_values
from analysis.corpus.exports.formats import KINDS, PACKED, tables_of
from analysis.corpus.exports.plan import key_of, of_kind
from analysis.corpus.exports.platforms import Dialect, recognise_dialect
from analysis.corpus.exports.records import Look, look
from analysis.corpus.exports.wide import NUMBERED
from analysis.corpus.schema import KEY_FILE, LAYOUT
from analysis.corpus.sources import read_sources, tables_in
from analysis.corpus.wording import plural
from analysis.run.store import FOLDER
from analysis.settings import STUDY_FILE, SourceSettings, StudyError, writing

# A period is short enough when it shows a change, and long enough when its intervals say something: with some ten
# threads in it, and no more periods than a figure can show.
LENGTHS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
MIN_THREADS, MOST_PERIODS = 10, 150
SHOWN, NOTES = 3, 9  # comments that are shown as they would be read, and notes
WIDTH = 80  # letters of a line that is shown
JOINED = 0.5  # share of threads that are in a table, if it is that of their articles
FOLLOWS = {
    "threads": "each comment counts as a thread of its own. Intervals then take comments for independent, and those of "
    "one thread are not: name the column that these share, article_id in [source.columns]",
    "times": "nothing can be said about change over time: name their column, posted_at in [source.columns]",
    "authors": "nothing can be said about how many people wrote, nor how much a few of them did",
}
MORE = "one comment a row is read: {}; not {}: make a row of each"
EITHER = 'dates = "day-first" # or "month-first": day and month can be either, and without this there are no such times'


@dataclass(frozen=True)
class Proposal:
    """A first study.toml; what was seen, and what is not there or is asked, which study.toml says as well."""

    folder: Path
    title: str
    source: SourceSettings
    period: str
    because: str  # why this period
    seen: list[str]
    asked: list[str]


def propose(folder: Path, files: Sequence[str], *, title: str = "", timezone: str = "UTC") -> Proposal:
    """Look at thread files, tables or folders of them, and propose a study of them in `folder`, which need not exist.

    Its name is the title, where none is given; `timezone` is that of dates that state none. A StudyError if there is a
    study already, a file is missing, formats are mixed, no column can be the text, or nothing can be read.
    """
    if (folder / STUDY_FILE).exists():
        expected, remedy = "a folder without a study", "Edit it, or name another folder."
        raise StudyError(expected=expected, found=f"a {STUDY_FILE}", where=str(folder), remedy=remedy)
    tables, said = tables_in(_files(files), str(folder)), list[str]()
    comments, articles = list(tables), list[Path]()
    more: dict[str, Any] = {"format": "threads"}
    if any(tables.values()):
        looks = {path: _joined([look(table) for table in some]) for path, some in tables.items()}
        articles = _articles_among(looks) if len(looks) > 1 else []
        comments = [path for path in looks if path not in articles]
        if not comments:
            expected, found, where = "a table of comments", "tables of articles alone", articles[0].name
            raise StudyError(expected=expected, found=found, where=where, remedy="Add the comments' table.")
        more, threads = _columns({path: looks[path] for path in comments}, said)
        if articles:
            more["articles"] = {"paths": list(_patterns(articles, folder))}
            first, table = looks[comments[0]], looks[articles[0]]
            if "format" not in more or recognise_dialect(table.header) is None:
                more["articles"]["columns"] = _joins(_values(first, threads), articles[0].name, table, said)
    source = SourceSettings(paths=_patterns(comments, folder), timezone=timezone, **more)
    return _read(folder, title or folder.resolve().name, source, comments[0].name, said)


def _files(files: Sequence[str]) -> list[Path]:
    """The files that were named; of a folder, those in it that may be sources."""
    found: dict[Path, None] = {}
    for path in map(Path, files):
        inside = sorted(p for p in path.iterdir() if p.is_file() and p.name[:1] != ".") if path.is_dir() else []
        if not path.is_file() and not inside:
            expected, what = "a file, or a folder of files", "an empty folder" if path.is_dir() else "nothing"
            raise StudyError(expected=expected, found=what, where=str(path), remedy="Correct the name.")
        may_be = (p for p in inside if p.suffix.lower() == ".txt" or tables_of(p))
        found |= dict.fromkeys([path] if path.is_file() else may_be)
    if not found:
        endings = f".txt, {', '.join(KINDS)}, the tables also in .zip or {' or '.join(PACKED)}"
        remedy = "Name the files one by one."
        raise StudyError(expected=f"files that end in {endings}", found="none", where=files[0], remedy=remedy)
    return list(found)


# -------------------------------------------------------------------------------------------------- tables


def _joined(looks: list[Look]) -> Look:
    """The tables in one file as one; of articles and comments the latter."""
    looks = [one for one in looks if one.nested or not is_articles(one.header)] or looks
    return Look(iter(()), [row for one in looks for row in one.rows], [row for one in looks for row in one.nested])


def _known(one: Look) -> tuple[Dialect, bool] | None:
    return recognise_dialect(one.header) or recognise_dialect({name for row in one.nested for name in row})


def _columns(looks: Mapping[Path, Look], said: list[str]) -> tuple[dict[str, Any], str]:
    """Keys of [source] by which the comments' columns are known, and the column of threads; what was found is said."""
    path, first = next(iter(looks.items()))
    if known := _known(first):  # an export that is known needs no columns named
        said.append(f"{path.name}: {known[0].title}")
        return {"format": known[0].name}, known[0].mapping(first.header).get("article_id", ("",))[0]
    found = {path: recognise_values(of_kind(one.rows, "comment")) for path, one in looks.items()}
    for table, (columns, _) in found.items():
        if "text" not in columns:
            names = ", ".join(looks[table].header[:12])[:200] or "no rows"
            remedy = "Rename the column that holds the comments to text."
            raise StudyError(expected="a column that could be text", found=names, where=table.name, remedy=remedy)
    of_first = found[path][0]
    alike = all([*columns.items()] == [*of_first.items()] for columns, _ in found.values())
    for path, (columns, because) in [*found.items()][: 1 if alike else NOTES]:
        named = ", ".join(f"{ours} = {theirs}" for ours, theirs in columns.items() if ours not in because)
        left = [name for name in looks[path].header if name and name not in columns.values()]
        one = NUMBERED.fullmatch(columns["text"])
        more = [name for name in left if one and name.startswith(one[1]) and NUMBERED.fullmatch(name)]
        said.append(f"{path.name}: found: {named}")
        said += [f"{path.name}: guessed: {ours} = {columns[ours]}, because {why}" for ours, why in because.items()]
        said += [f"{path.name}: not used: {', '.join(left)[:200]}"] if left else []
        said += [f"{path.name}: {MORE.format(columns['text'], ', '.join(more)[:200])}"] if more else []
    return {"columns": of_first} if alike else {}, of_first.get("article_id", "")


def _articles_among(looks: Mapping[Path, Look]) -> list[Path]:
    """The tables of articles: those that look like one, or hold the threads of another's comments, each once."""
    found = [path for path, one in looks.items() if (_known(one) or (0, is_articles(one.header)))[1] and not one.nested]
    if found and len(found) < len(looks):
        return found
    for comments in looks.values():
        threads = _values(comments, recognise_values(comments.rows)[0].get("article_id", ""))
        for one in looks.values():
            keys = _values(one, recognise(one.header, "articles").get("article_id", ""))
            alone = len(set(keys)) == len(keys)
            if one.header != comments.header and threads and alone and _share(threads, keys) >= JOINED:
                return [path for path, other in looks.items() if other.header == one.header]
    return found


def _joins(threads: list[str], name: str, articles: Look, said: list[str]) -> dict[str, str]:
    """The columns of the articles' table: its id is the column that holds most of the comments' threads."""
    columns = recognise(articles.header, "articles")
    usual = columns.pop("article_id", "")
    key, share = key_of(threads, articles.rows, usual)
    found = {"article_id": key} | {ours: theirs for ours, theirs in columns.items() if theirs != key}
    said.append(f"{name}: the articles: " + ", ".join(f"{ours} = {theirs}" for ours, theirs in found.items()))
    said.append(f"{name}: joined by {key}, which holds {share:.0%} of the threads")
    return found


def _values(one: Look, column: str) -> list[str]:
    return [str(row[column]) for row in one.rows if row.get(column) not in (None, "")]


def _share(threads: Sequence[str], keys: Sequence[str]) -> float:
    """Share of the threads that are among the keys."""
    wanted = {*map(page, threads)}
    return len(wanted & {*map(page, keys)}) / max(1, len(wanted))


# --------------------------------------------------------------------------------------------- what is there


def _patterns(paths: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Paths as study.toml names them: relative where they are inside the study, a glob where they are many."""
    root, full = folder.resolve(), [path.resolve() for path in paths]
    if len(full) > 3 and len({(path.parent, path.suffix) for path in full}) == 1:
        glob = f"*{full[0].suffix}"
        if len(list(full[0].parent.glob(glob))) == len(full):
            full = [full[0].parent / glob]
    return tuple(path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix() for path in full)


def _read(folder: Path, title: str, source: SourceSettings, first: str, said: list[str]) -> Proposal:
    """Read the files, once, to say what they hold and what not, and to choose the period."""
    threads, reading = source.format == "threads", read_sources(source, folder)
    rows, n_articles = reading.rows, plural(len(reading.articles), "article")
    if rows.empty:
        reasons = reading.rejects["reason"].value_counts().index.tolist()
        found = f"{n_articles} and no comments" + (f" ({reasons[0]})" if reasons else "")
        remedy = LAYOUT if threads else "See which column holds the comments' texts."
        raise StudyError(expected="at least one comment", found=found, where=first, remedy=remedy)
    timed = rows["posted_at"].notna() & (threads | (rows["posted_at_source"] == "comment"))
    there = (rows["article_id"] != rows["comment_id"]).any(), timed.any(), rows["author"].notna().any()
    missing = [f"not found: {what}: {so}" for (what, so), one in zip(FOLLOWS.items(), there, strict=True) if not one]
    notes = reading.notes[~reading.notes["note"].str.startswith("no column names the thread") & (not threads)]
    either = [EITHER] if notes["note"].str.contains("day and month can be either").any() else []
    period, why = choose_period(rows, source.timezone)
    when = rows["posted_at"].dropna()
    seen = [f"{plural(len(reading.accounting), 'file')}: {n_articles}, {plural(len(rows), 'comment')}", *said, *missing]
    seen += [f"from {when.min():%Y-%m-%d} to {when.max():%Y-%m-%d}"] if len(when) else []
    seen += [f"{row.source_file}: {row.note}" for row in notes.head(NOTES).itertuples()]
    seen += [f"to be decided: [source] {one}" for one in either]
    seen += [f"period = {period}: {why}", "The first comments, as they would be read:", *_shown(reading.comments)]
    return Proposal(folder, title, source, period, why, seen, [*either, *missing])


def _shown(comments: pd.DataFrame) -> list[str]:
    """Two lines for each of the first comments: whose, when and under what; and how the text begins."""
    lines: list[str] = []
    first: list[Any] = [*comments.sort_values(["source_file", "line"], kind="stable").head(SHOWN).itertuples()]
    for row in first:
        when = f"{row.posted_at:%Y-%m-%d %H:%M} UTC" if pd.notna(row.posted_at) else "no time"
        who = row.author if pd.notna(row.author) else "no author"
        reply = f", a reply to {row.parent_id}" if pd.notna(row.parent_id) else ""
        lines += [f"  {_inert(f'{who}, {when}, thread {row.article_id}{reply}')}", f"    {_inert(row.text)}"]
    return lines


def _inert(text: str) -> str:
    """How a text begins, on one line, without what a terminal would obey or write from right to left."""
    line = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text[:WIDTH])
    return line + ("…" if len(text) > WIDTH else "")


def choose_period(comments: pd.DataFrame, timezone: str) -> tuple[str, str]:
    """Choose the shortest period of which the middle one has ten threads, and of which there are 150 at most; say why.

    Where none is long enough for that, the longest that still gives four periods; without dates, a month.
    """
    dated, longest = comments.dropna(subset=["posted_at"]), ("month", "no period gives four")
    if dated.empty:
        return "month", "no comment has a date"
    local = dated["posted_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    for name, length in LENGTHS.items():
        by = dated["article_id"].groupby(local.dt.to_period(length)).nunique()
        span = (by.index.max() - by.index.min()).n + 1
        threads = float(np.median(np.r_[by, np.zeros(span - len(by))]))
        has = f"in the middle one of {span} are {threads:.0f} threads"
        if 4 <= span <= MOST_PERIODS and threads >= MIN_THREADS:
            return name, f"the shortest that has {MIN_THREADS} threads or more: {has}"
        if span >= 4:
            longest = (name, f"the longest of which there are four; {has}, and intervals want more")
    return longest


# ------------------------------------------------------------------------------------------------- writing


def _quoted(value: object) -> str:
    """A TOML string, or an array of them; JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(name: str, keys: Mapping[str, object], says: str = "") -> str:
    """A table of study.toml; nothing where it has no keys."""
    return f"\n[{name}]{says}\n" + "".join(f"{key} = {_quoted(value)}\n" for key, value in keys.items()) if keys else ""


def write(proposal: Proposal) -> Path:
    """Write study.toml and a .gitignore that keeps the key and kept results out of git; give the first's path."""
    source, path = proposal.source, proposal.folder / STUDY_FILE
    export = f"format = {_quoted(source.format)} # whose export it is, and so which column is which\n"
    export = "" if source.format in ("auto", "threads") else export
    articles = {key: value for key, value in source.articles.items() if key != "columns"}
    text = f"""title = {_quoted(proposal.title)}
seed = 1 # another one shows how much is chance

[source]
paths = {_quoted(source.paths)}
{export}timezone = {_quoted(source.timezone)} # of dates without one; periods are cut in it
licence = "not stated" # under which the comments may be used
{"".join(f"# {line}{chr(10)}" for line in proposal.asked)}"""
    text += _table("source.columns", source.columns, " # ours = theirs") + _table("source.articles", articles)
    text += _table("source.articles.columns", source.articles.get("columns", {}))
    text += f"""
[time]
period = {_quoted(proposal.period)} # day, week, month, quarter or year; {proposal.because}
# events = {{ "what happened" = 2024-05-01 }} # compared before and after; known from elsewhere

[topics]
n_topics = "auto" # or a number

[privacy]
authors = "pseudonym" # or "keep"
quotes = false
"""
    with writing(path.parent, remedy="Name another."):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        ignore = path.with_name(".gitignore")
        if not ignore.exists():
            ignore.write_text(f"{KEY_FILE}\n{FOLDER}/\n", encoding="utf-8")
    return path
