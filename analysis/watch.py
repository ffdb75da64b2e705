"""Waits until something that a report rests on is changed: a source, a sheet of codes, study.toml or a notebook."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from analysis.settings import STUDY_FILE, StudyError
from analysis.store import FOLDER
from analysis.study import open_study

EVERY = 0.5  # seconds between looks
SETTLED = 2  # looks without a further change before one is believed: an editor or a copy may still be writing

State = dict[Path, tuple[int, int]]


def state(folder: Path, others: Iterable[Path] = ()) -> State:
    """Time of change (ns) and size (bytes) of each file that a study's report is made of.

    Parameters
    ----------
    folder : Path
        The study folder. As long as its settings are wrong, the files in it are looked at.
    others : iterable of Path
        Further files or folders, as that of the notebooks.
    """
    try:
        study = open_study(folder)
        sources = [*study.files, *study.article_files]
        if study.settings.source.authors:
            sources.append(folder / study.settings.source.authors)
    except StudyError:
        sources = [p for p in folder.rglob("*") if FOLDER not in p.parts] if folder.is_dir() else []
    sources += [folder / STUDY_FILE, *(folder / "coded").glob("*.csv"), *folder.glob("*.csv")]
    for other in others:
        sources += other.glob("*.ipynb") if other.is_dir() else [other]
    found: State = {}
    for path in sources:
        try:
            stat = path.stat()
        except OSError:
            continue  # gone between two looks: that it is missing is the change
        if path.is_file():
            found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def changed(before: State, after: State) -> list[Path]:
    """Files that are new, gone or not as they were, sorted."""
    return sorted(p for p in {*before, *after} if before.get(p) != after.get(p))


def wait_for_change(before: State, folder: Path, others: Iterable[Path] = ()) -> list[Path]:
    """Wait until a file is changed and no file changes any more; give those that were."""
    others = list(others)
    last, quiet = before, 0
    while True:
        time.sleep(EVERY)
        now = state(folder, others)
        quiet = quiet + 1 if now == last else 0
        last = now
        if quiet >= SETTLED and (found := changed(before, now)):
            return found
