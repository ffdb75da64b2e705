"""The files that study.toml names: which they are, of what format, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from analysis.corpus.exports.formats import Table, tables_of
from analysis.corpus.exports.tables import read_tables
from analysis.corpus.pages.threads import read_threads
from analysis.corpus.reading import Reading, source_name
from analysis.run import Run
from analysis.settings import STUDY_FILE, SourceSettings, StudyError


def find_files(folder: Path, patterns: Iterable[str], key: str) -> list[Path]:
    """Files of paths and globs, relative to the study folder or absolute, sorted; an error if a pattern has none."""
    found: set[Path] = set()
    for pattern in patterns:
        path = Path(pattern)
        base, rest = (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (folder, path)
        files = {p for p in base.glob(str(rest)) if p.is_file()} or {p for p in (base / rest,) if p.is_file()}
        if not files:
            remedy = "Paths are relative to the study folder; correct the path, or put the files there."
            where = f"{folder / STUDY_FILE}, {key}"
            raise StudyError(expected=f"files that match {pattern!r}", found="none", where=where, remedy=remedy)
        found |= files
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
        name = first = source_name(path, folder)
        n = 1
        while name in found:
            n += 1
            name = f"{first} ({n})"
        found[name] = path
    return found


def tables_in(files: Iterable[Path], where: str) -> dict[Path, list[Table]]:
    """The tables in each file, of which a thread has none; a StudyError if there are both."""
    tables = {path: tables_of(path) for path in files}
    of = {bool(some): path.name for path, some in reversed(tables.items())}
    if len(of) == 2:
        found, remedy = f"{of[True]} and {of[False]}", "Make a study of each, or name the format."
        raise StudyError(expected="files of one format", found=found, where=where, remedy=remedy)
    return tables


def read_sources(source: SourceSettings, folder: Path, run: Run = Run()) -> Reading:
    """Read the sources, names and all: as threads, or as tables, which show or are told by study.toml what they are."""
    files, kind = comment_files(source, folder), source.format
    if kind == "auto":
        tables = tables_in(files, f"{folder / STUDY_FILE}, [source] paths")
        kind = "auto" if any(tables.values()) else "threads"
    if kind == "threads":
        return read_threads(files, source, folder, run)
    return read_tables(files, source, folder, run, articles=article_files(source, folder))
