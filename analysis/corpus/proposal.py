"""Files -> a first study.toml: what they are, which column is which, how long a period is; and what is not there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.corpus.columns import Recognised, is_articles, recognise, recognise_values
from analysis.corpus.formats import KINDS, PACKED, tables_of
from analysis.corpus.platforms import Dialect, recognise_dialect
from analysis.corpus.reading import Reading
from analysis.corpus.records import Look, look
from analysis.corpus.schema import KEY_FILE
from analysis.corpus.sources import mixed, read_sources
from analysis.corpus.wording import plural
from analysis.run.store import FOLDER
from analysis.settings import STUDY_FILE, SourceSettings, StudyError

# A period is short enough when it shows a change, and long enough when its intervals say something: with some ten
# threads in it, and no more periods than a figure can show.
LENGTHS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
MIN_THREADS, MOST_PERIODS = 10, 150
SHOWN, NOTES = 3, 9  # comments that are shown as they would be read, and notes
WIDTH = 60  # letters of a text that is shown
JOINED = 0.5  # share of threads that are in a table, if it is that of their articles
FOLLOWS = {
    "threads": "each comment counts as a thread of its own. Intervals then take comments for independent, and those of "
    "one thread are not: name the column that these share, article_id in [source.columns]",
    "times": "nothing can be said about change over time: name their column, posted_at in [source.columns]",
    "authors": "nothing can be said about how many people wrote, nor how much a few of them did",
}
EITHER = 'dates = "day-first" # or "month-first": day and month can be either, and without this there are no such times'


@dataclass(frozen=True)
class Proposal:
    """A first study.toml; what was seen, and what is not there or is asked, which study.toml says as well."""

    folder: Path
    title: str
    source: SourceSettings
    period: str = "month"
    seen: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def propose(folder: Path, files: Sequence[str], *, title: str = "", timezone: str = "UTC") -> Proposal:
    """Look at files, and propose a study of them.

    Parameters
    ----------
    folder : Path
        The study folder; need not exist. Its name is the title, where none is given.
    files : sequence of str
        Thread files or tables; a folder stands for the files in it.
    title : str
    timezone : str
        Zone of dates that state none.

    Raises
    ------
    StudyError
        If there is a study already, a file is missing, files of two formats are mixed, no column can be the
        text, or nothing can be read.
    """
    where = str(folder)
    if (folder / STUDY_FILE).exists():
        remedy = "Edit it, or name another folder."
        raise StudyError(expected="a folder without a study", found=f"a {STUDY_FILE}", where=where, remedy=remedy)
    if folder.exists() and not folder.is_dir():
        raise StudyError(expected="a folder", found="a file", where=where, remedy="Name another.")
    tables = {path: tables_of(path) for path in _files(files)}
    if other := mixed(tables):
        raise StudyError(expected="files of one format", found=other, where=where, remedy="Make a study of each.")
    said: list[str] = []
    paths, more = list(tables), {"format": "threads"}
    if any(tables.values()):
        looks = [(path, _joined([look(table) for table in some])) for path, some in tables.items()]
        paths, more = _of_tables(looks, folder, said)
    source = SourceSettings(paths=_patterns(paths, folder), timezone=timezone, **more)  # type: ignore[arg-type]
    draft = Proposal(folder, title or folder.resolve().name, source)
    return _with_what_is_there(draft, paths[0].name, said)


def _files(files: Sequence[str]) -> list[Path]:
    """The files that were named; of a folder, those in it that may be sources."""
    found: dict[Path, None] = {}
    for name in files:
        path = Path(name)
        inside = (
            sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")) if path.is_dir() else []
        )
        if not path.is_file() and not inside:
            what = "an empty folder" if path.is_dir() else "nothing"
            raise StudyError(
                expected="a file, or a folder of files", found=what, where=name, remedy="Correct the name."
            )
        found |= dict.fromkeys(p for p in inside if p.suffix.lower() == ".txt" or tables_of(p))
        found |= {path: None} if path.is_file() else {}
    if not found:
        endings = f".txt, {', '.join(KINDS)}, the tables also in .zip or {' or '.join(PACKED)}"
        remedy = "Name the files one by one."
        raise StudyError(expected=f"files that end in {endings}", found="none", where=files[0], remedy=remedy)
    return list(found)


# -------------------------------------------------------------------------------------------------- tables


def _joined(looks: list[Look]) -> Look:
    """The tables in one file as one."""
    return Look(iter(()), [row for one in looks for row in one.rows], [row for one in looks for row in one.nested])


def _known(one: Look) -> tuple[Dialect, bool] | None:
    return recognise_dialect(one.header) or recognise_dialect({name for row in one.nested for name in row})


def _of_tables(looks: list[tuple[Path, Look]], folder: Path, said: list[str]) -> tuple[list[Path], dict]:
    """Which files hold comments, and the further keys of [source]; what was found is said."""
    articles = _articles_among(looks) if len(looks) > 1 else []
    comments = [(path, one) for path, one in looks if path not in articles]
    if not comments:
        found, remedy = "tables of articles alone", "Add the comments' table."
        raise StudyError(expected="a table of comments", found=found, where=articles[0].name, remedy=remedy)
    (path, first), more = comments[0], {}
    known = _known(first)
    if known:  # an export that is known needs no columns named
        said.append(f"{path.name}: {known[0].title}")
        more["format"] = known[0].name
        threads = known[0].mapping(first.header).get("article_id", ("",))[0]
    else:
        found = {path: _recognised(path, one) for path, one in comments}
        alike = len({tuple(each.columns.items()) for each in found.values()}) == 1
        for (path, one), each in [*zip(comments, found.values(), strict=True)][: 1 if alike else NOTES]:
            _say(path.name, one, each, said)
        more |= {"columns": found[path].columns} if alike else {}
        threads = found[path].columns.get("article_id", "")
    if articles:
        table = dict(looks)[articles[0]]
        more["articles"] = {"paths": list(_patterns(articles, folder))}
        if not known or recognise_dialect(table.header) is None:
            more["articles"]["columns"] = _joins(_values(first, threads), articles[0].name, table, said)
    return [path for path, _ in comments], more


def _recognised(path: Path, one: Look) -> Recognised:
    found = recognise_values(one.rows)
    if "text" in found.columns:
        return found
    names, remedy = ", ".join(one.header[:12])[:200] or "no rows", "Rename the column that holds the comments to text."
    raise StudyError(expected="a column that could be text", found=names, where=path.name, remedy=remedy)


def _say(name: str, one: Look, found: Recognised, said: list[str]) -> None:
    """What a table's columns are, and why, where no name says it."""
    named = (f"{ours} = {theirs}" for ours, theirs in found.columns.items() if ours not in found.because)
    said.append(f"{name}: found: " + ", ".join(named))
    said += [f"{name}: guessed: {ours} = {found.columns[ours]}, because {why}" for ours, why in found.because.items()]
    if left := [column for column in one.header if column and column not in found.columns.values()]:
        said.append(f"{name}: not used: {', '.join(left)[:200]}")


def _articles_among(looks: list[tuple[Path, Look]]) -> list[Path]:
    """The tables of articles: those that look like one, or hold the threads of another's comments, each once."""
    found = [path for path, one in looks if (_known(one) or (None, is_articles(one.header)))[1] and not one.nested]
    if found and len(found) < len(looks):
        return found
    for _, comments in looks:
        threads = _values(comments, recognise_values(comments.rows).columns.get("article_id", ""))
        for _, one in looks:
            keys = _values(one, recognise(one.header, "articles").get("article_id", ""))
            alone = len(set(keys)) == len(keys)
            if one.header != comments.header and threads and alone and _share(threads, keys) >= JOINED:
                return [path for path, other in looks if other.header == one.header]
    return found


def _joins(threads: list[str], name: str, articles: Look, said: list[str]) -> dict[str, str]:
    """The columns of the articles' table: its id is the column that holds most of the comments' threads."""
    columns = recognise(articles.header, "articles")
    usual = columns.pop("article_id", "")
    key = max(articles.header, key=lambda column: (_share(threads, _values(articles, column)), column == usual))
    found = {"article_id": key} | {ours: theirs for ours, theirs in columns.items() if theirs != key}
    said.append(f"{name}: the articles: " + ", ".join(f"{ours} = {theirs}" for ours, theirs in found.items()))
    said.append(f"{name}: joined by {key}, which holds {_share(threads, _values(articles, key)):.0%} of the threads")
    return found


def _values(one: Look, column: str) -> list[str]:
    return [str(row[column]) for row in one.rows if row.get(column) not in (None, "")]


def _share(threads: Sequence[str], keys: Sequence[str]) -> float:
    """Share of the threads that are among the keys."""
    return len(set(threads) & set(keys)) / max(1, len(set(threads)))


# --------------------------------------------------------------------------------------------- what is there


def _patterns(paths: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Paths as study.toml names them: relative where they are inside the study, a glob where they are many."""
    root, full = folder.resolve(), [path.resolve() for path in paths]
    if len(full) > 3 and len({(path.parent, path.suffix) for path in full}) == 1:
        glob = f"*{full[0].suffix}"
        if len(list(full[0].parent.glob(glob))) == len(full):
            full = [full[0].parent / glob]
    return tuple(path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix() for path in full)


def _with_what_is_there(draft: Proposal, first: str, said: list[str]) -> Proposal:
    """Read the files, once, to say what they hold and what not, and to choose the period."""
    threads = draft.source.format == "threads"
    reading = read_sources(draft.source, draft.folder)
    n_articles, n_comments = plural(len(reading.articles), "article"), plural(len(reading.rows), "comment")
    if not len(reading.rows):
        reasons = reading.rejects["reason"].value_counts().index.tolist()
        raise StudyError(
            expected="at least one comment",
            found=f"{n_articles} and no comments" + (f" ({reasons[0]})" if reasons else ""),
            where=first,
            remedy="A comment is a line with the reader's name, then the lines of the comment."
            if threads
            else "See which column holds the comments' texts.",
        )
    missing = [f"not found: {what}: {FOLLOWS[what]}" for what in _missing(reading, threads)]
    seen = [f"{plural(len(reading.accounting), 'file')}: {n_articles}, {n_comments}", *said, *missing]
    when = reading.rows["posted_at"].dropna()
    seen += [f"from {when.min():%Y-%m-%d} to {when.max():%Y-%m-%d}"] if len(when) else []
    notes = reading.notes[~reading.notes["note"].str.startswith("no column names the thread") & (not threads)]
    seen += [f"{row.source_file}: {row.note}" for row in notes.head(NOTES).itertuples()]
    either = notes["note"].str.contains("day and month can be either").any()
    seen += [f"to be decided: [source] {EITHER}"] if either else []
    seen += ["The first comments, as they would be read:", *shown(reading.comments)]
    period = choose_period(reading.rows, draft.source.timezone)
    return replace(draft, period=period, seen=tuple(seen), asked=(*([EITHER] if either else []), *missing))


def _missing(reading: Reading, threads: bool) -> list[str]:
    """What the comments have none of."""
    rows = reading.rows
    timed = rows["posted_at"].notna() & (threads | (rows["posted_at_source"] == "comment"))
    there = {
        "threads": not (rows["article_id"] == rows["comment_id"]).all(),
        "times": timed.any(),
        "authors": rows["author"].notna().any(),
    }
    return [what for what, is_there in there.items() if not is_there]


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
    line = "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text[:WIDTH])
    return line + ("…" if len(text) > WIDTH else "")


def choose_period(comments: pd.DataFrame, timezone: str) -> str:
    """Choose the shortest period of which the middle one has ten threads, and of which there are 150 at most.

    Where none is long enough for that, the longest that still gives four periods; without dates, a month.
    """
    dated, longest = comments.dropna(subset=["posted_at"]), "month"
    local = dated["posted_at"].dt.tz_convert(timezone).dt.tz_localize(None)
    for name, length in LENGTHS.items():
        by = dated["article_id"].groupby(local.dt.to_period(length)).nunique()
        span = (by.index.max() - by.index.min()).n + 1 if len(by) else 0
        longest = name if span >= 4 else longest
        if 4 <= span <= MOST_PERIODS and by.median() >= MIN_THREADS:
            return name
    return longest


# ------------------------------------------------------------------------------------------------- writing


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(paths: Iterable[str]) -> str:
    return f"paths = [{', '.join(map(_quoted, paths))}]\n"


def _table(columns: Mapping[str, str]) -> str:
    return "".join(f"{ours} = {_quoted(theirs)}\n" for ours, theirs in columns.items())


def write(proposal: Proposal) -> Path:
    """Write study.toml and a .gitignore that keeps the key and kept results out of git; give the first's path.

    Raises
    ------
    StudyError
        If the folder cannot be written.
    """
    source, path = proposal.source, proposal.folder / STUDY_FILE
    text = f"title = {_quoted(proposal.title)}\n\n[source]\n{_list(source.paths)}"
    if source.format not in ("auto", "threads"):
        text += f"format = {_quoted(source.format)} # whose export it is, and so which column is which\n"
    text += f"timezone = {_quoted(source.timezone)} # of dates without one; periods are cut in it\n"
    text += 'licence = "not stated" # under which the comments may be used\n'
    text += "".join(f"# {line}\n" for line in proposal.asked)
    text += f"\n[source.columns] # ours = theirs\n{_table(source.columns)}" if source.columns else ""
    if source.articles:
        columns = source.articles.get("columns", {})
        text += f"\n[source.articles]\n{_list(source.articles['paths'])}"
        text += f"\n[source.articles.columns]\n{_table(columns)}" if columns else ""
    text += f"\n[time]\nperiod = {_quoted(proposal.period)} # day, week, month, quarter or year\n"
    text += '# events = { "what happened" = 2024-05-01 } # compared before and after; known from elsewhere\n'
    text += '\n[topics]\nn_topics = "auto" # or a number\nseed = 1\n'
    text += '\n[privacy]\nauthors = "pseudonym" # or "keep"\nquotes = false\n'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        ignore = path.with_name(".gitignore")
        if not ignore.exists():
            ignore.write_text(f"{KEY_FILE}\n{FOLDER}/\n", encoding="utf-8")
    except OSError as error:
        found, where = error.strerror or str(error), str(path.parent)
        raise StudyError(
            expected="a folder that can be written", found=found, where=where, remedy="Name another."
        ) from None
    return path
