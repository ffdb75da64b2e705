"""Files -> a first study.toml: what they are, which column is which, how long a period should be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.corpus.columns import ARTICLE_NAMES, COMMENT_NAMES, is_articles, recognise
from analysis.corpus.formats import KINDS, PACKED, columns_of, kind_of
from analysis.corpus.platforms import Dialect, recognise_dialect
from analysis.corpus.schema import KEY_FILE
from analysis.corpus.wording import plural
from analysis.run.store import FOLDER
from analysis.settings import STUDY_FILE, StudyError

# A period is short enough when it shows a change, and long enough when its intervals say something: with some ten
# threads in it, and no more periods than a figure can show.
LENGTHS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
MIN_THREADS, MOST_PERIODS = 10, 150
SHOWN = 3  # comments that are shown as they would be read
WIDTH = 60  # letters of a text that is shown


@dataclass(frozen=True)
class Proposal:
    """A first study.toml, and what it was made from."""

    folder: Path
    title: str
    paths: tuple[str, ...]
    timezone: str
    period: str
    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    article_paths: tuple[str, ...] = ()
    article_columns: Mapping[str, str] = field(default_factory=dict)
    seen: tuple[str, ...] = ()


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
            expected="a folder without a study",
            found=f"a {STUDY_FILE}",
            where=str(folder),
            remedy="Edit it, or name another folder.",
        )
    if folder.exists() and not folder.is_dir():
        raise StudyError(expected="a folder", found="a file", where=str(folder), remedy="Name another.")
    paths = _files(files)
    tables = [p for p in paths if kind_of(p)]
    if tables and len(tables) < len(paths):
        other = next(p for p in paths if p not in tables)
        raise StudyError(
            expected="files of one format",
            found=f"{tables[0].name} and {other.name}",
            where=str(folder),
            remedy="Make a study of each.",
        )
    seen: list[str] = []
    comments, articles = paths, []
    columns: dict[str, str] = {}
    article_columns: dict[str, str] = {}
    dialect: Dialect | None = None
    if tables:
        headers = {p: columns_of(p) for p in paths}
        known = {p: recognise_dialect(headers[p]) for p in paths}
        articles = [p for p in paths if (known[p] or (None, is_articles(headers[p])))[1]] if len(paths) > 1 else []
        comments = [p for p in paths if p not in articles]
        if not comments:
            raise StudyError(
                expected="a table of comments",
                found="tables of articles alone",
                where=articles[0].name,
                remedy="Add the comments' table.",
            )
        if first := known[comments[0]]:  # an export that is known needs no columns named
            dialect = first[0]
            seen.append(f"{comments[0].name}: {dialect.title}")
        else:
            columns = _mapping(comments[0], headers[comments[0]], COMMENT_NAMES, "text", seen)
        if articles and not (dialect and known[articles[0]]):
            article_columns = _mapping(articles[0], headers[articles[0]], ARTICLE_NAMES, "article_id", seen)
    draft = Proposal(
        folder=folder,
        title=title or folder.resolve().name,
        paths=_patterns(comments, folder, files),
        timezone=timezone,
        period="month",
        format=dialect.name if dialect else "auto" if tables else "threads",
        columns=columns,
        article_paths=_patterns(articles, folder, files),
        article_columns=article_columns,
    )
    return _with_period(draft, comments, articles, seen)


def _files(files: Sequence[str]) -> list[Path]:
    """The files that were named; of a folder, those in it that may be sources."""
    found: dict[Path, None] = {}
    for name in files:
        path = Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            found.update(dict.fromkeys(p for p in inside if p.suffix.lower() == ".txt" or kind_of(p)))
            if not inside:
                raise StudyError(
                    expected="files to read", found="an empty folder", where=name, remedy="Name the files."
                )
        elif path.is_file():
            found[path] = None
        else:
            raise StudyError(expected="a file", found="nothing", where=name, remedy="Correct the name.")
    if not found:
        raise StudyError(
            expected=f"files that end in .txt, {', '.join(KINDS)}, the tables also in {' or '.join(PACKED)}",
            found="none",
            where=files[0],
            remedy="Name the files one by one.",
        )
    return list(found)


def _mapping(
    path: Path, header: Sequence[str], names: Mapping[str, Sequence[str]], must: str, seen: list[str]
) -> dict[str, str]:
    """Our column = theirs, as recognised; said line by line."""
    found = recognise(header, names)
    if must not in found:
        raise StudyError(
            expected=f"a column that could be {must}",
            found=", ".join(header[:12])[:200],
            where=path.name,
            remedy=f"Rename the column that holds it to {must}.",
        )
    left = [c for c in header if c not in found.values()]
    seen.append(f"{path.name}: " + ", ".join(f"{ours} = {theirs}" for ours, theirs in found.items()))
    if left:
        seen.append(f"{path.name}: not used: {', '.join(left)[:200]}")
    return found


def _patterns(paths: Sequence[Path], folder: Path, files: Sequence[str]) -> tuple[str, ...]:
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


def _with_period(draft: Proposal, comments: Sequence[Path], articles: Sequence[Path], seen: list[str]) -> Proposal:
    """Read what is there, once, to say what it holds and to choose the period."""
    from dataclasses import replace

    from analysis.corpus.tables import read_tables
    from analysis.corpus.threads import read_threads

    if draft.format != "threads":
        reading = read_tables(
            comments,
            root=draft.folder,
            timezone=draft.timezone,
            columns=draft.columns,
            articles={"paths": articles, "columns": draft.article_columns},
            format=draft.format,
        )
    else:
        reading = read_threads(comments, root=draft.folder, timezone=draft.timezone)
    n_articles, n_comments = len(reading.articles), len(reading.rows)
    n_files = plural(len(comments) + len(articles), "file")
    seen.insert(0, f"{n_files}: {plural(n_articles, 'article')}, {plural(n_comments, 'comment')}")
    if not n_comments:
        reasons = reading.rejects["reason"].value_counts().index.tolist()
        raise StudyError(
            expected="at least one comment",
            found=f"{plural(n_articles, 'article')} and no comments" + (f" ({reasons[0]})" if reasons else ""),
            where=comments[0].name,
            remedy="A comment is a line with the reader's name, then the lines of the comment.",
        )
    when = reading.rows["posted_at"].dropna()
    if len(when):
        seen.append(f"from {when.min():%Y-%m-%d} to {when.max():%Y-%m-%d}")
    seen.append("The first comments, as they would be read:")
    seen += shown(reading.comments)
    period = choose_period(reading.rows, draft.timezone)
    return replace(draft, period=period, seen=tuple(seen))


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


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(columns: Mapping[str, str]) -> str:
    return "".join(f"{ours} = {_quoted(theirs)}\n" for ours, theirs in columns.items())


def write(proposal: Proposal) -> Path:
    """Write study.toml and a .gitignore that keeps the key and kept results out of git; give the first's path.

    Raises
    ------
    StudyError
        If the folder cannot be written.
    """
    p = proposal
    text = f"title = {_quoted(p.title)}\n\n[source]\npaths = [{', '.join(map(_quoted, p.paths))}]\n"
    if p.format not in ("auto", "threads"):
        text += f"format = {_quoted(p.format)} # whose export it is, and so which column is which\n"
    text += f"timezone = {_quoted(p.timezone)} # of dates without one; periods are cut in it\n"
    text += 'licence = "not stated" # under which the comments may be used\n'
    if p.columns:
        text += f"\n[source.columns] # ours = theirs\n{_table(p.columns)}"
    if p.article_paths:
        text += f"\n[source.articles]\npaths = [{', '.join(map(_quoted, p.article_paths))}]\n"
        text += f"\n[source.articles.columns]\n{_table(p.article_columns)}"
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
