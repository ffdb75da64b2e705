"""Files -> a first study.toml: what they are, which column is which, how long a period should be; what is not there is said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import pandas as pd

from analysis.corpus.columns import SAMPLE, Recognised, Row, columns_of, is_articles, recognise, recognise_values
from analysis.corpus.formats import KINDS, PACKED, Table, tables_of
from analysis.corpus.platforms import Dialect, recognise_dialect
from analysis.corpus.records import records
from analysis.corpus.schema import KEY_FILE
from analysis.corpus.sources import mixed, read_sources
from analysis.corpus.threads import Reading
from analysis.corpus.wording import plural
from analysis.run.store import FOLDER
from analysis.settings import STUDY_FILE, SourceSettings, StudyError

# A period is short enough when it shows a change, and long enough when its intervals say something: with some ten
# threads in it, and no more periods than a figure can show.
LENGTHS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
MIN_THREADS, MOST_PERIODS = 10, 150
SHOWN = 3  # comments that are shown as they would be read
NOTES = 9  # notes that are shown
WIDTH = 60  # letters of a text that is shown
JOINED = 0.5  # share of threads that are in a table, if it is that of their articles
MISSING = {
    "threads": "each comment counts as a thread of its own, so that intervals take comments for independent, which those of one "
    "thread are not, and nothing can be said about threads; name the column that they share: article_id in [source.columns]",
    "times": "nothing can be said about change over time; name their column: posted_at in [source.columns]",
    "authors": "nothing can be said about how many people wrote, nor how much a few of them did",
}


@dataclass(frozen=True)
class Proposal:
    """A first study.toml, what it was made from, and what is not there (`missing`, said in it as well)."""

    folder: Path
    title: str
    source: SourceSettings
    period: str = "month"
    seen: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Looked:
    """A file, and some rows of its tables: of comments, and of articles that hold them."""

    path: Path
    rows: list[Row] = field(repr=False)
    nested: list[Row] = field(repr=False)

    @property
    def header(self) -> list[str]:
        return columns_of(self.rows)

    @property
    def known(self) -> tuple[Dialect, bool] | None:
        return recognise_dialect(self.header) or recognise_dialect(columns_of(self.nested))

    def values(self, column: str) -> list[str]:
        return [str(row[column]) for row in self.rows if row.get(column) not in (None, "")]


def propose(folder: Path, files: Sequence[str], *, title: str = "", timezone: str = "UTC") -> Proposal:
    """Look at files, and propose a study of them.

    Parameters
    ----------
    folder : Path
        The study folder; need not exist.
    files : sequence of str
        Thread files or tables; a folder stands for the files in it.
    title : str
        Default: the folder's name.
    timezone : str
        Zone of dates that state none.

    Raises
    ------
    StudyError
        If there is a study already, a file is missing, files of two formats are mixed, no column can be the
        text, or nothing can be read.
    """
    if (folder / STUDY_FILE).exists():
        raise StudyError(
            expected="a folder without a study", found=f"a {STUDY_FILE}", where=str(folder), remedy="Edit it, or name another folder."
        )  # fmt: skip
    if folder.exists() and not folder.is_dir():
        raise StudyError(expected="a folder", found="a file", where=str(folder), remedy="Name another.")
    tables = _files(files)
    if other := mixed(tables):
        raise StudyError(
            expected="files of one format", found=" and ".join(other), where=str(folder), remedy="Make a study of each."
        )
    said: list[str] = []
    comments: list[Path] = list(tables)
    more: dict[str, object] = {"format": "threads"}
    if any(tables.values()):
        comments, more = _of_tables([_look(path, some) for path, some in tables.items()], folder, said)
    source = SourceSettings(paths=_patterns(comments, folder), timezone=timezone, **more)  # type: ignore[arg-type]
    draft = Proposal(folder, title or folder.resolve().name, source)
    return _with_what_is_there(draft, comments, said)


def _files(files: Sequence[str]) -> dict[Path, list[Table]]:
    """The files that were named, and the tables in each; of a folder, those in it that may be sources."""
    found: dict[Path, list[Table]] = {}
    for name in files:
        path = Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            looked = {p: tables_of(p) for p in inside}
            found |= {p: tables for p, tables in looked.items() if tables or p.suffix.lower() == ".txt"}
            if not inside:
                raise StudyError(
                    expected="files to read", found="an empty folder", where=name, remedy="Name the files."
                )
        elif path.is_file():
            found[path] = tables_of(path)
        else:
            raise StudyError(expected="a file", found="nothing", where=name, remedy="Correct the name.")
    if not found:
        raise StudyError(
            expected=f"files that end in .txt, {', '.join(KINDS)}, the tables also in .zip or {' or '.join(PACKED)}",
            found="none",
            where=files[0],
            remedy="Name the files one by one.",
        )
    return found


# -------------------------------------------------------------------------------------------------- tables


def _look(path: Path, tables: list[Table]) -> _Looked:
    some = [record for table in tables for record in islice(records(table.rows()), SAMPLE) if record.row is not None]
    rows = [record.row for record in some if not record.is_article]
    return _Looked(path, rows, [record.row for record in some if record.is_article])  # type: ignore[misc]


def _of_tables(looked: list[_Looked], folder: Path, said: list[str]) -> tuple[list[Path], dict[str, object]]:
    """Which files hold comments, and the further keys of [source]; what was found is said."""
    articles = _articles_among(looked) if len(looked) > 1 else []
    comments = [one for one in looked if one not in articles]
    if not comments:
        raise StudyError(
            expected="a table of comments",
            found="tables of articles alone",
            where=articles[0].path.name,
            remedy="Add the comments' table.",
        )
    first = comments[0]
    more: dict[str, object] = {}
    if first.known:  # an export that is known needs no columns named
        said.append(f"{first.path.name}: {first.known[0].title}")
        more["format"] = first.known[0].name
    else:
        found = [_recognised(one) for one in comments]
        for one, each in zip(comments[:NOTES], found, strict=False):
            _say(one, each, said)
            if len({tuple(each.columns.items()) for each in found}) == 1:
                break
        if len({tuple(each.columns.items()) for each in found}) == 1:
            more["columns"] = found[0].columns
    if articles:
        more["articles"] = {"paths": list(_patterns([one.path for one in articles], folder))}
        if not (first.known and articles[0].known):
            threads = _threads(first)
            columns = recognise(articles[0].header, "articles")
            key = max(
                articles[0].header,
                key=lambda name: (_overlap(threads, articles[0], name), name == columns.get("article_id")),
            )
            columns = {"article_id": key} | {
                ours: theirs for ours, theirs in columns.items() if ours != "article_id" and theirs != key
            }
            shared = _overlap(threads, articles[0], key)
            said.append(
                f"{articles[0].path.name}: the articles; "
                + ", ".join(f"{ours} = {theirs}" for ours, theirs in columns.items())
            )
            said.append(f"{articles[0].path.name}: joined by {key}, which holds {shared:.0%} of the threads")
            more["articles"]["columns"] = columns  # type: ignore[index]
    return [one.path for one in comments], more


def _recognised(one: _Looked) -> Recognised:
    found = recognise_values(one.rows)
    if "text" not in found.columns:
        raise StudyError(
            expected="a column that could be text",
            found=", ".join(one.header[:12])[:200] or "no rows",
            where=one.path.name,
            remedy="Rename the column that holds the comments to text.",
        )
    return found


def _say(one: _Looked, found: Recognised, said: list[str]) -> None:
    """What a table's columns are, and why, where no name says it."""
    said.append(
        f"{one.path.name}: found: "
        + ", ".join(f"{o} = {t}" for o, t in found.columns.items() if o not in found.because)
    )
    for ours, why in found.because.items():
        said.append(f"{one.path.name}: guessed: {ours} = {found.columns[ours]}, because {why}")
    if left := [name for name in one.header if name and name not in found.columns.values()]:
        said.append(f"{one.path.name}: not used: {', '.join(left)[:200]}")


def _articles_among(looked: list[_Looked]) -> list[_Looked]:
    """The tables of articles: those that look like one, or hold the threads of another's comments, each once."""
    found = [one for one in looked if (one.known or (None, is_articles(one.header)))[1] and not one.nested]
    if found and len(found) < len(looked):
        return found
    for comments in looked:
        threads = _threads(comments)
        for one in looked:
            key = recognise(one.header, "articles").get("article_id", "")
            alone = len(set(one.values(key))) == len(one.values(key))
            if one.header != comments.header and threads and alone and _overlap(threads, one, key) >= JOINED:
                return [other for other in looked if other.header == one.header]
    return found


def _threads(one: _Looked) -> set[str]:
    """The threads of some comments."""
    known = one.known[0].mapping(one.header).get("article_id", ("",))[0] if one.known else ""
    return set(one.values(known or recognise_values(one.rows).columns.get("article_id", "")))


def _overlap(threads: set[str], articles: _Looked, column: str) -> float:
    return len(threads & set(articles.values(column))) / max(1, len(threads))


# --------------------------------------------------------------------------------------------- what is there


def _patterns(paths: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Paths as study.toml names them: relative where they are inside the study, a glob where they are many."""
    root = folder.resolve()

    def shown(path: Path) -> str:
        full = path.resolve()
        return full.relative_to(root).as_posix() if full.is_relative_to(root) else full.as_posix()

    if len(paths) > 3:
        parents, endings = {p.resolve().parent for p in paths}, {p.suffix for p in paths}
        if len(parents) == 1 and len(endings) == 1:
            parent, ending = next(iter(parents)), next(iter(endings))
            if len(list(parent.glob(f"*{ending}"))) == len(paths):
                return (f"{shown(parent)}/*{ending}".removeprefix("./"),)
    return tuple(shown(path) for path in paths)


def _with_what_is_there(draft: Proposal, comments: Sequence[Path], said: list[str]) -> Proposal:
    """Read the files, once, to say what they hold and what not, and to choose the period."""
    reading = read_sources(draft.source, draft.folder)
    n_files = plural(len(reading.accounting), "file")
    n_articles, n_comments = plural(len(reading.articles), "article"), plural(len(reading.rows), "comment")
    if not len(reading.rows):
        reasons = reading.rejects["reason"].value_counts().index.tolist()
        threads = draft.source.format == "threads"
        raise StudyError(
            expected="at least one comment",
            found=f"{n_articles} and no comments" + (f" ({reasons[0]})" if reasons else ""),
            where=comments[0].name,
            remedy="A comment is a line with the reader's name, then the lines of the comment." if threads
            else "Each row needs a text: see which column holds it.",
        )  # fmt: skip
    seen = [f"{n_files}: {n_articles}, {n_comments}", *said]
    missing = _missing(reading, draft.source.format == "threads")
    seen += [f"not found: {what}: {follows}" for what, follows in missing.items()]
    when = reading.rows["posted_at"].dropna()
    if len(when):
        seen.append(f"from {when.min():%Y-%m-%d} to {when.max():%Y-%m-%d}")
    notes = reading.notes if draft.source.format != "threads" else reading.notes.iloc[:0]
    notes = notes[~notes["note"].str.startswith("no column names the thread")]
    seen += [f"{row.source_file}: {row.note}" for row in notes.head(NOTES).itertuples()]
    seen += ["The first comments, as they would be read:", *shown(reading.comments)]
    period = choose_period(reading.rows, draft.source.timezone)
    undecided = notes["note"].str.contains("day and month can be either").any()
    asked = ('dates = "day-first" # or "month-first": day and month can be either; until one of them is chosen there are no such times',) if undecided else ()  # fmt: skip
    told = tuple(f"not found: {what}: {follows}" for what, follows in missing.items())
    return replace(draft, period=period, seen=tuple(seen), missing=asked + told)


def _missing(reading: Reading, threads: bool) -> dict[str, str]:
    """What the comments have none of, and what follows."""
    rows = reading.rows
    there = {
        "threads": not (rows["article_id"] == rows["comment_id"]).all(),
        "times": bool((rows["posted_at"].notna() & (threads | (rows["posted_at_source"] == "comment"))).any()),
        "authors": bool(rows["author"].notna().any()),
    }
    return {what: MISSING[what] for what, is_there in there.items() if not is_there}


def shown(comments: pd.DataFrame) -> list[str]:
    """Two lines for each of the first comments: whose, when and under what; and how the text begins."""
    first = comments.sort_values(["source_file", "line"], kind="stable").head(SHOWN)
    lines = []
    for row in first.itertuples():
        when = f"{row.posted_at:%Y-%m-%d %H:%M} UTC" if pd.notna(row.posted_at) else "no time"
        who = _inert(row.author) if pd.notna(row.author) else "no author"
        reply = f", a reply to {_inert(row.parent_id)}" if pd.notna(row.parent_id) else ""
        lines += [f"  {who}, {when}, thread {_inert(row.article_id)}{reply}", f"    {_inert(row.text)}"]
    return lines


def _inert(text: str) -> str:
    """How a text begins, on one line, without what a terminal would obey or write from right to left."""
    cut = text[: WIDTH + 1]
    line = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in cut[:WIDTH])
    return line + ("…" if len(cut) > WIDTH else "")


def choose_period(comments: pd.DataFrame, timezone: str) -> str:
    """Choose the shortest period of which the middle one has ten threads, and of which there are 150 at most.

    Where none is long enough for that, the longest that still gives four periods; without dates, a month.
    """
    dated = comments.dropna(subset=["posted_at"])
    longest = "month"
    for name, length in LENGTHS.items():
        local = dated["posted_at"].dt.tz_convert(timezone).dt.tz_localize(None)
        by = dated["article_id"].groupby(local.dt.to_period(length)).nunique()
        span = (by.index.max() - by.index.min()).n + 1 if len(by) else 0
        if span > MOST_PERIODS:
            longest = name
            continue
        if span >= 4:
            longest = name
        if len(by) and by.median() >= MIN_THREADS and span >= 4:
            return name
    return longest


# ------------------------------------------------------------------------------------------------- writing


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(paths: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, paths))}]"


def _table(columns: Mapping[str, str]) -> str:
    return "".join(f"{ours} = {_quoted(theirs)}\n" for ours, theirs in columns.items())


def write(proposal: Proposal) -> Path:
    """Write study.toml and a .gitignore that keeps the key and kept results out of git; give the first's path.

    Raises
    ------
    StudyError
        If the folder cannot be written.
    """
    p, source = proposal, proposal.source
    text = f"title = {_quoted(p.title)}\n\n[source]\npaths = {_list(source.paths)}\n"
    if source.format not in ("auto", "threads"):
        text += f"format = {_quoted(source.format)} # whose export it is, and so which column is which\n"
    text += f"timezone = {_quoted(source.timezone)} # of dates without one; periods are cut in it\n"
    text += 'licence = "not stated" # under which the comments may be used\n'
    text += "".join(f"# {line}\n" for line in p.missing)
    if source.columns:
        text += f"\n[source.columns] # ours = theirs\n{_table(source.columns)}"
    if source.articles:
        text += f"\n[source.articles]\npaths = {_list(source.articles['paths'])}\n"
        if source.articles.get("columns"):
            text += f"\n[source.articles.columns]\n{_table(source.articles['columns'])}"
    text += f"\n[time]\nperiod = {_quoted(p.period)} # day, week, month, quarter or year\n"
    text += '# events = { "what happened" = 2024-05-01 } # compared before and after; known from elsewhere\n'
    text += '\n[topics]\nn_topics = "auto" # or a number\nseed = 1\n'
    text += '\n[privacy]\nauthors = "pseudonym" # or "keep"\nquotes = false\n'
    try:
        p.folder.mkdir(parents=True, exist_ok=True)
        (p.folder / STUDY_FILE).write_text(text, encoding="utf-8")
        ignore = p.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(f"{KEY_FILE}\n{FOLDER}/\n", encoding="utf-8")
    except OSError as error:
        raise StudyError(
            expected="a folder that can be written",
            found=error.strerror or str(error),
            where=str(p.folder),
            remedy="Name another.",
        ) from None
    return p.folder / STUDY_FILE
