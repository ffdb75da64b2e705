"""Kept results: a folder for each, by the digest of what it was made from, written whole or not at all."""

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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import local
from typing import Any

import numpy as np
import pandas as pd

from analysis.run.texts import Texts

FOLDER = ".threadline"  # in the study folder; ignored by git
VECTORS, PAGE = "vectors", "page"  # names of what is kept beside the steps' results
PART = "part."  # begins the name of what an unfinished step has so far
LEFT_SECONDS = 24 * 3600  # of what another machine began to write: no result takes as long
DIGITS = 20  # of a digest that name a kept result: 80 bits

Value = pd.DataFrame | Texts | np.ndarray | list[Any]  # a list of plain values, or of lists of them
Values = dict[str, Any]  # each a Value; whose step it is knows which


def digest_of(*parts: object) -> str:
    """SHA-256 (hex) of values that JSON can write; anything else by its text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode("utf-8")).hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def work_folder(beside: Path, name: str) -> Path:
    """Make a folder to write to before its content takes its place; remove what killed runs left of theirs.

    Its name says which process of which machine it is of. A rename is whole for every process; after a power cut a file
    may still be empty, which its digest shows, so that nothing is synced. An OSError if it cannot be made.
    """
    import psutil  # os.kill(process, 0) would end it on Windows

    host = digest_of(platform.node())[:8]
    for left in beside.glob(".*.part"):
        of = re.fullmatch(r"\..+-([0-9a-f]{8})-(\d+)-\w+\.part", left.name)
        with contextlib.suppress(OSError):  # another process has just removed it
            old = time.time() - left.stat().st_mtime > LEFT_SECONDS
            if of and (old or (of[1] == host and not psutil.pid_exists(int(of[2])))):
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f".{name}-{host}-{os.getpid()}-", suffix=".part", dir=beside))


# ------------------------------------------------------------------------------------------ values as files


def _write(name: str, value: Value, place: Path) -> str:
    """Write a value by its kind; give the file's name. Nothing is pickled: a pickle could run code."""
    if isinstance(value, pd.DataFrame):
        value.to_parquet(place / (file := f"{name}.parquet"))
    elif isinstance(value, Texts):
        value.write(place / (file := f"{name}.arrow"))
    elif isinstance(value, np.ndarray):
        np.save(place / (file := f"{name}.npy"), value, allow_pickle=False)
    else:
        (place / (file := f"{name}.json")).write_text(json.dumps(value), encoding="utf-8")
    return file


def _read(path: Path) -> Value:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".arrow":
        return Texts.open(path)
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    return json.loads(path.read_text(encoding="utf-8"))


def _index(place: Path) -> dict[str, Any]:
    """What is said of a kept result; {} where there is nothing, or something else."""
    try:
        said = json.loads((place / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


# ----------------------------------------------------------------------------------------------- entries


@dataclass(frozen=True)
class Entry:
    """One kept result, or what an interrupted run left of one: then its step is ""."""

    path: Path
    step: str
    n_bytes: int
    seconds: float  # that it took
    written_at: float  # seconds since 1970


def entries(folder: Path) -> list[Entry]:
    """All that is kept under a folder, sorted by step and age, the newest first; nothing if there is no such folder."""
    found = []
    for path in folder.glob("*/"):
        with contextlib.suppress(OSError):  # another process has just removed it
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            step, seconds = path.name.rpartition("-")[0], _index(path).get("seconds")
            if path.name.startswith(".") or not isinstance(seconds, float):
                step, seconds = "", 0.0
            found.append(Entry(path, step, size, seconds, path.stat().st_mtime))
    return sorted(found, key=lambda e: (e.step, -e.written_at, e.path))


def place_of(name: str, digest: str) -> str:
    """The folder in which a result is kept."""
    return f"{name}-{digest[:DIGITS]}"


@dataclass
class Store:
    """Results under a folder, by the digest of what they were made from, and what was found of each step asked for.

    Where the folder cannot be written, results are computed at each run.
    """

    folder: Path
    # That the computing took, also where it was kept, without the steps that were computed for it.
    seconds: dict[str, float] = field(default_factory=dict)
    kept: dict[str, bool] = field(default_factory=dict)  # or computed
    damaged: list[str] = field(default_factory=list)  # not as it was written
    older: list[str] = field(default_factory=list)  # kept as well, of other inputs, settings or versions
    _now: local = field(default_factory=local)  # in a thread: seconds of steps that were computed for the present one

    def get(self, step: str, digest: str, compute: Callable[[], Mapping[str, Value]]) -> Values:
        """Values of a step by name: read if they were kept, else computed and kept."""
        seconds, values = self._opened(step, digest)
        self.kept[step] = values is not None
        if values is None:
            if step not in self.damaged and any(self.folder.glob(f"{step}-*")):
                self.older.append(step)
            start, outside, self._now.inside = time.perf_counter(), getattr(self._now, "inside", 0.0), 0.0
            made = dict(compute())
            took = time.perf_counter() - start
            seconds, self._now.inside = took - self._now.inside, outside + took
            self.write(step, digest, made, seconds=seconds)
            # What was just written is read back, so that a first run and a later one see the same types.
            values = self.read(step, digest)
            if values is None:
                values = {
                    name: pd.read_parquet(io.BytesIO(value.to_parquet())) if isinstance(value, pd.DataFrame) else value
                    for name, value in made.items()
                }
        self.seconds[step] = seconds
        return values

    def read(self, name: str, digest: str) -> Values | None:
        """A kept result; None where there is none, or where it is damaged (it is then removed)."""
        return self._opened(name, digest)[1]

    def write(self, name: str, digest: str, values: Mapping[str, Value], seconds: float = 0.0) -> None:
        """Keep a result: written to a folder beside that is then renamed, so that a reader sees all of it or none.

        It takes the place of one of the same digest; where it cannot be written, nothing happens.
        """
        place = self.folder / place_of(name, digest)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            work = work_folder(self.folder, place.name)
        except OSError:
            return
        try:
            files = {key: _write(key, value, work) for key, value in values.items()}
            index: dict[str, object] = {"of": place.name, "seconds": round(seconds, 3)}
            index["files"] = {key: [file, digest_of_file(work / file)] for key, file in files.items()}
            index["digest"] = digest_of(index)
            (work / "index.json").write_text(json.dumps(index), encoding="utf-8")
            if place.is_dir():
                self._remove(place)
            work.replace(place)
        except OSError:  # the disk is full, or another process was first: its result is the same
            shutil.rmtree(work, ignore_errors=True)

    def check(self) -> None:
        """Remove what is damaged of vectors and parts: a notebook that finds it so tells nobody."""
        for place in sorted([*self.folder.glob(f"{VECTORS}-*"), *self.folder.glob(f"{PART}*-*")]):
            name, _, digest = place.name.rpartition("-")
            self._sound(name, digest)

    def _opened(self, name: str, digest: str) -> tuple[float, Values | None]:
        """How long a kept result took, and its values."""
        place, index = self.folder / place_of(name, digest), self._sound(name, digest)
        try:
            values = index and {key: _read(place / file) for key, (file, _) in index["files"].items()}
        except (OSError, ValueError):  # another process has just removed it
            values = None
        return (index["seconds"], values) if index and values is not None else (0.0, None)

    def _sound(self, name: str, digest: str) -> dict[str, Any] | None:
        """What is said of a kept result; None where there is none, or where a byte of it is not as it was written."""
        place = self.folder / place_of(name, digest)
        index = _index(place)
        if index.pop("digest", "") == digest_of(index) and index.get("of") == place.name:
            with contextlib.suppress(OSError, KeyError, TypeError, ValueError):
                if all(digest_of_file(place / file) == is_now for file, is_now in index["files"].values()):
                    return index
        if place.is_dir():  # else another process has just removed it
            self.damaged.append(name)
            self._remove(place)
        return None

    def _remove(self, place: Path) -> None:
        """Rename a result, then remove it: another process sees all of it or nothing."""
        try:
            work = work_folder(self.folder, place.name)
        except OSError:  # a folder that cannot be written
            return
        with contextlib.suppress(OSError):  # another process was first
            place.rename(work / "damaged")
        shutil.rmtree(work, ignore_errors=True)
