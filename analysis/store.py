"""Kept results: one folder per step and digest, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

FOLDER = ".threadline"  # in the study folder; ignored by git
VECTORS = "vectors"  # the folder of vectors of texts, beside the results of steps
LEFT_SECONDS = 24 * 3600  # no result takes as long to write
DIGITS = 20  # of a digest that name a kept result: 80 bits
Tables = dict[str, pd.DataFrame]


def digest_of(*parts: object) -> str:
    """SHA-256 (hex) of values that JSON can write; anything else by its text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode("utf-8")).hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Entry:
    """One kept result, or what an interrupted run left of one.

    Attributes
    ----------
    path : Path
    step : str
        The step's name; "" of what was left unfinished.
    digest : str
        The first 20 digits of what it was made from.
    n_bytes : int
    seconds : float
        How long it took to compute.
    written_at : float
        Seconds since 1970.
    """

    path: Path
    step: str
    digest: str
    n_bytes: int
    seconds: float
    written_at: float


def entries(folder: Path) -> list[Entry]:
    """All that is kept under a folder, sorted by step and age, the newest first; nothing if there is no such folder."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.is_dir():
            continue
        try:
            size = sum(file.stat().st_size for file in path.iterdir())
            written = path.stat().st_mtime
        except OSError:  # another process has just removed it
            continue
        step, _, digest = path.name.rpartition("-")
        try:
            index = json.loads((path / "index.json").read_text(encoding="utf-8"))
            seconds = float(index["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            step, digest, seconds = "", "", 0.0
        if path.name.startswith("."):
            step, digest = "", ""
        found.append(Entry(path, step, digest, size, seconds, written))
    return sorted(found, key=lambda e: (e.step, -e.written_at, e.digest))


def remove(found: Iterable[Entry]) -> int:
    """Remove kept results; give the bytes that are free now.

    Raises
    ------
    OSError
        If one cannot be removed.
    """
    freed = 0
    for entry in found:
        shutil.rmtree(entry.path)
        freed += entry.n_bytes
    return freed


@dataclass
class Store:
    """Results of steps under a folder, by the digest of what they were made from.

    Attributes
    ----------
    folder : Path
        Where results are kept. Where it cannot be written, they are computed at each run.
    seconds : dict
        Wall time of each step that was asked for, in seconds: of its computing, also where it was kept.
    kept : dict
        Whether each step's result was kept (True) or computed (False).
    damaged : list of str
        Steps whose kept result was not as it was written.
    """

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)
    kept: dict[str, bool] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def get(self, step: str, digest: str, compute: Callable[[], Mapping[str, pd.DataFrame]]) -> Tables:
        """Tables of a step: read if they were kept, else computed and kept.

        Parameters
        ----------
        step : str
            The step's name.
        digest : str
            Of its inputs, settings and code.
        compute : callable
            Gives the tables by name.
        """
        place = self.folder / f"{step}-{digest[:DIGITS]}"
        tables = self._read(step, place)
        if tables is not None:
            return tables
        start = time.perf_counter()
        made = dict(compute())
        self.seconds[step], self.kept[step] = time.perf_counter() - start, False
        self._write(step, place, made)
        kept_seconds = self.seconds[step]
        # What was just written is read back, so that a first run and a later one see the same types.
        tables = self._read(step, place)
        self.seconds[step], self.kept[step] = kept_seconds, False
        return made if tables is None else tables

    def has(self, step: str, digest: str) -> bool:
        """Whether a step's result is kept."""
        return (self.folder / f"{step}-{digest[:DIGITS]}" / "index.json").is_file()

    def _read(self, step: str, place: Path) -> Tables | None:
        """A kept result; None where there is none, or where it is damaged (it is then removed)."""
        try:
            index = json.loads((place / "index.json").read_text(encoding="utf-8"))
            for name, digest in index["tables"].items():
                if digest_of_file(place / f"{name}.parquet") != digest:
                    raise ValueError(name)
            tables = {name: pd.read_parquet(place / f"{name}.parquet") for name in index["tables"]}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # whatever a changed byte makes of it
            self.damaged.append(step)
            shutil.rmtree(place, ignore_errors=True)
            return None
        self.seconds[step], self.kept[step] = float(index["seconds"]), True
        return tables

    def _write(self, step: str, place: Path, tables: Tables) -> None:
        """Write to a folder beside and rename it: a reader sees the whole result or none."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(".*-*"):  # by a run that was killed; a younger one may be another process's
                if left.is_dir() and time.time() - left.stat().st_mtime > LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            work = Path(tempfile.mkdtemp(prefix=f".{step}-", dir=self.folder))
        except OSError:
            return
        try:
            index: dict[str, object] = {"step": step, "seconds": round(self.seconds[step], 3), "tables": {}}
            for name, table in tables.items():
                table.to_parquet(work / f"{name}.parquet")
                index["tables"][name] = digest_of_file(work / f"{name}.parquet")  # type: ignore[index]
            (work / "index.json").write_text(json.dumps(index), encoding="utf-8")
            work.replace(place)
        except OSError:  # the disk is full, or another process was first: its result is the same
            shutil.rmtree(work, ignore_errors=True)
