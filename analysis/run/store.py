"""Kept results: one folder per step and digest, written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from analysis.run.partitions import PARTS
from analysis.run.texts import Partitioned, gathered

FOLDER = ".threadline"  # in the study folder; ignored by git
VECTORS = "vectors"  # the folder of vectors of texts, beside the results of steps
PICTURE = "picture"  # as a step's name: a drawn figure
LEFT_SECONDS = 24 * 3600  # of what another machine began to write: no result takes as long
DIGITS = 20  # of a digest that name a kept result: 80 bits
Tables = dict[str, pd.DataFrame | Partitioned]


def digest_of(*parts: object) -> str:
    """SHA-256 (hex) of values that JSON can write; anything else by its text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode("utf-8")).hexdigest()


def work_folder(beside: Path, name: str) -> Path:
    """Make a folder to write to before its content takes its place; remove what killed runs left of theirs.

    Its name says which process of which machine it is of. A rename is whole for every process; after a power cut a file
    may still be empty, which its digest shows, so that nothing is synced.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    host = digest_of(platform.node())[:8]
    for left in beside.glob(".*.part"):
        of = re.fullmatch(r"\..+-([0-9a-f]{8})-(\d+)-\w+\.part", left.name)
        if of and ((of[1] == host and not _runs(int(of[2]))) or _age(left) > LEFT_SECONDS):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f".{name}-{host}-{os.getpid()}-", suffix=".part", dir=beside))


def _runs(process: int) -> bool:
    import psutil  # os.kill(process, 0) would end it on Windows

    return psutil.pid_exists(process)


def _age(path: Path) -> float:
    """Seconds since a path was written; 0 of one that is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


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
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
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


def _write(table: pd.DataFrame | Partitioned, path: Path) -> list[Path]:
    """Write a table as a Parquet file, or as a folder of them; give all paths."""
    if isinstance(table, Partitioned):
        return table.write(path)
    table.to_parquet(path)
    return [path]


def _read(place: Path, name: str, files: Mapping[str, str]) -> pd.DataFrame | Partitioned:
    """Read a table that `_write` wrote, among the files of a kept result."""
    path = f"{name}.parquet"
    if path in files:
        return pd.read_parquet(place / path)
    return Partitioned.read([place / file for file in files if file.startswith(f"{path}/")])


def _name(path: Path, place: Path) -> str:
    return path.relative_to(place).as_posix()


def _as_read(table: pd.DataFrame | Partitioned) -> pd.DataFrame | Partitioned:
    """A table as it would be had it been kept."""
    if isinstance(table, Partitioned):
        return replace(table, rows=_as_read(table.rows), texts=gathered(some for _, some in table.texts.blocks()))
    return pd.read_parquet(io.BytesIO(table.to_parquet()))


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
    older : list of str
        Steps that were computed though there is a kept result, of other inputs, settings or versions.
    """

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)
    kept: dict[str, bool] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)

    def get(self, step: str, digest: str, compute: Callable[[], Mapping[str, pd.DataFrame | Partitioned]]) -> Tables:
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
        if step not in self.damaged and any(self.folder.glob(f"{step}-*")):
            self.older.append(step)
        start = time.perf_counter()
        made = dict(compute())
        self.seconds[step], self.kept[step] = time.perf_counter() - start, False
        self._write(step, place, made)
        kept_seconds = self.seconds[step]
        # What was just written is read back, so that a first run and a later one see the same types.
        tables = self._read(step, place)
        self.seconds[step], self.kept[step] = kept_seconds, False
        if tables is None:  # it could not be kept
            return {name: _as_read(table) for name, table in made.items()}
        return tables

    def has(self, step: str, digest: str) -> bool:
        """Whether a step's result is kept."""
        return (self.folder / f"{step}-{digest[:DIGITS]}" / "index.json").is_file()

    def _read(self, step: str, place: Path) -> Tables | None:
        """A kept result; None where there is none, or where it is damaged (it is then removed)."""
        if not place.is_dir():
            return None
        try:
            index = json.loads((place / "index.json").read_text(encoding="utf-8"))
            if index["of"] != place.name or index.pop("digest") != digest_of(index):
                raise ValueError("index.json")
            for name, digest in index["files"].items():
                if digest_of_file(place / name) != digest:
                    raise ValueError(name)
            tables: Tables = {name: _read(place, name, index["files"]) for name in index["tables"]}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # whatever a changed byte makes of it
            if place.is_dir():  # else another process has just removed it
                self.damaged.append(step)
                self._remove(place)
            return None
        self.seconds[step], self.kept[step] = float(index["seconds"]), True
        return tables

    def _remove(self, place: Path) -> None:
        """Rename a damaged result, then remove it: another process sees all of it or nothing."""
        try:
            work = work_folder(self.folder, place.name)
        except OSError:  # a folder that cannot be written
            return
        with contextlib.suppress(OSError):  # another process was first
            place.rename(work / "damaged")
        shutil.rmtree(work, ignore_errors=True)

    def check(self) -> None:
        """Remove what is damaged of the pictures, vectors and parts: a notebook that finds it so tells nobody."""
        pictures = Store(self.folder, damaged=self.damaged)
        for place in sorted(self.folder.glob(f"{PICTURE}-*")):
            pictures._read(PICTURE, place)
        for path in sorted([*self.folder.glob(f"{VECTORS}/*.npy"), *self.folder.glob(f"{PARTS}-*/*.part")]):
            try:
                data = path.read_bytes()
                if hashlib.sha256(data[32:]).digest() != data[:32]:
                    self.damaged.append(path.parent.name)
                    path.unlink()
            except OSError:  # gone, or it cannot be removed: then it is read as damaged again, and made anew
                continue

    def _write(self, step: str, place: Path, tables: Tables) -> None:
        """Write to a folder beside and rename it: a reader sees the whole result or none."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            work = work_folder(self.folder, place.name)
        except OSError:
            return
        try:
            index: dict[str, object] = {"of": place.name, "seconds": round(self.seconds[step], 3)}
            files = [path for name, table in tables.items() for path in _write(table, work / f"{name}.parquet")]
            index |= {"tables": list(tables), "files": {_name(file, work): digest_of_file(file) for file in files}}
            index["digest"] = digest_of(index)
            (work / "index.json").write_text(json.dumps(index), encoding="utf-8")
            work.replace(place)
        except OSError:  # the disk is full, or another process was first: its result is the same
            shutil.rmtree(work, ignore_errors=True)
