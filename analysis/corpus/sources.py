"""The files that study.toml names: which they are, of what format, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from analysis.corpus.encodings import read_lines
from analysis.corpus.formats import tables_of
from analysis.corpus.tables import read_tables, source_name
from analysis.corpus.threads import Reading, read_threads
from analysis.run import Run
from analysis.settings import STUDY_FILE, SourceSettings, StudyError


def find_files(folder: Path, patterns: Iterable[str], key: str) -> list[Path]:
    """Files of paths and globs, relative to the study folder or absolute, sorted.

    Raises
    ------
    StudyError
        If a pattern has none.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        base, rest = (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (folder, path)
        files = sorted(p for p in base.glob(str(rest)) if p.is_file())
        if not files:
            raise StudyError(
                expected=f"files that match {pattern!r}",
                found="none",
                where=f"{folder / STUDY_FILE}, {key}",
                remedy="Paths are relative to the study folder; correct the path, or put the files there.",
            )
        found.update(dict.fromkeys(files))
    return sorted(found)


def comment_files(source: SourceSettings, folder: Path) -> list[Path]:
    """The files that [source] paths name, sorted."""
    return find_files(folder, source.paths, "[source] paths")


def article_files(source: SourceSettings, folder: Path) -> list[Path]:
    """The files of the articles' table, sorted; none if study.toml names none."""
    paths = source.articles.get("paths", ())
    return find_files(folder, [paths] if isinstance(paths, str) else list(paths), "[source.articles] paths")


def named(files: Iterable[Path], folder: Path) -> dict[str, Path]:
    """Files by their names as tables and provenance show them; of several of one name the later are numbered."""
    found: dict[str, Path] = {}
    for path in files:
        name, n = source_name(path, folder), 1
        while name in found:
            n += 1
            name = f"{source_name(path, folder)} ({n})"
        found[name] = path
    return found


def mixed(tables: Mapping[Path, object]) -> tuple[str, str] | None:
    """Of files and the tables in each, the names of one that has some and of one that has none."""
    of = {bool(some): path.name for path, some in reversed(tables.items())}
    return (of[True], of[False]) if len(of) == 2 else None


def format_of(files: list[Path], stated: str, folder: Path) -> str:
    """The sources' format: "threads", "auto" for tables that show what they are, or what study.toml says.

    Raises
    ------
    StudyError
        If there are tables and threads.
    """
    if stated != "auto":
        return stated
    tables = {path: tables_of(path) for path in files}
    if other := mixed(tables):
        raise StudyError(
            expected="files of one format",
            found=" and ".join(other),
            where=f"{folder / STUDY_FILE}, [source] paths",
            remedy="Make a study of each, or name the format.",
        )
    return "auto" if any(tables.values()) else "threads"


def read_sources(source: SourceSettings, folder: Path, run: Run = Run()) -> Reading:
    """Read the sources, names and all.

    Parameters
    ----------
    source : SourceSettings
    folder : Path
        The study folder.
    run : Run
    """
    files = comment_files(source, folder)
    kind = format_of(files, source.format, folder)
    if kind != "threads":
        articles = {**source.articles, "paths": article_files(source, folder)}
        return read_tables(
            files,
            root=folder,
            timezone=source.timezone,
            columns=source.columns,
            articles=articles,
            format=kind,
            dates=source.dates,
            encoding=source.encoding,
            sheet=source.sheet,
            run=run,
        )
    known: tuple[str, ...] = ()
    if source.authors:
        known = tuple(name for name in read_lines((folder / source.authors).read_bytes()).texts if name)
    return read_threads(files, root=folder, timezone=source.timezone, known_authors=known, run=run)
