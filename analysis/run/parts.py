"""The same function over many parts: one loop, in this process, on this machine's cores or on a Dask cluster."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np

from analysis.run.store import PART, Store
from analysis.settings import ComputeSettings, StudyError

Item = TypeVar("Item")
Result = TypeVar("Result")

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "bertopic", "wordllama", "vaderSentiment", "py3langid")
PLAIN = {str, int, float, bool, type(None)}  # what JSON gives back as it was
LOOK_SECONDS = 2  # between looks at a cluster while nothing comes
AHEAD = 8  # parts a worker that are on their way or wait for the slowest: none waits for work, and few are in memory
CODE = (".py", ".toml", ".json")  # modules, and the words and weights beside them
LEAK = 2**32  # bytes that a process may grow by before it is begun anew


def count_workers(compute: ComputeSettings) -> int:
    """Processes to use on this machine, at least 1: the cores that this process may use, if "auto"."""
    return joblib.cpu_count() if compute.workers == "auto" else int(compute.workers)


class Here:
    """What computes parts: this process, one after the other."""

    room = 1  # how many parts may be on their way

    def submit(self, function: Callable[[Item], Result], part: Item) -> Any:
        """Have a part computed."""
        return functools.partial(function, part)

    def result(self, job: Any) -> Any:
        """The result of a part, which is waited for."""
        return job()

    def cancel(self, job: Any) -> None:
        """Do without a part."""


class Processes(Here):
    """Processes of this machine, which stay for the next step."""

    _executor: Executor

    def __init__(self, workers: int, where: str) -> None:
        from joblib.externals.loky import get_reusable_executor

        self.room, self._where = AHEAD * workers, where
        self._executor = get_reusable_executor(workers, timeout=300, initializer=_begun)

    def submit(self, function: Callable[[Item], Result], part: Item) -> Future[Any]:
        """Have a part computed."""
        return self._executor.submit(function, part)

    def result(self, job: Future[Any]) -> Any:
        """The result of a part, which is waited for; what broke the pool as a StudyError."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            return job.result()
        except BrokenProcessPool:
            raise self._error(
                "processes that live until the step is done",
                "one that was killed, as a rule for want of memory",
                "Set fewer workers, or close other programs; what was finished is kept.",
            ) from None

    def _error(self, expected: str, found: str, remedy: str) -> StudyError:
        return StudyError(expected=expected, found=found, where=self._where, remedy=remedy)

    def cancel(self, job: Future[Any]) -> None:
        """Do without a part."""
        job.cancel()


def _begun() -> None:
    from joblib.externals.loky import process_executor

    # A worker that loads a model grows by 300 MB, which loky takes for a leak: it would end it, and say so.
    process_executor._MAX_MEMORY_LEAK_SIZE = LEAK


@contextmanager
def pool_of(compute: ComputeSettings, message: str, n_parts: int) -> Iterator[Here]:
    """What there is to compute on: a cluster, else this machine's cores, if there are several parts."""
    if compute.scheduler:
        from analysis.run.cluster import cluster

        with cluster(compute.scheduler, message) as pool:
            yield pool
        return
    workers = count_workers(compute) if n_parts > 1 else 1
    yield Processes(workers, f"{message}, [compute] workers = {compute.workers!r}") if workers > 1 else Here()


def results(
    function: Callable[[Item], Result], items: Iterable[Item], pool: Here, kept: KeptParts | None = None, room: int = 1
) -> Iterator[tuple[bool, Result]]:
    """For each item, in order, whether its result is new, and the result: a kept one, or one that is kept from now on.

    While one is awaited, those after it are on their way, `room` at a time; items are asked for when there is room.
    """
    items, waiting = iter(items), deque[tuple[str, Any, Any]]()
    try:
        while True:
            for item in islice(items, max(0, room - len(waiting))):
                digest = kept.digest(function, item) if kept else ""  # type: ignore[arg-type]
                found = kept.read(digest) if kept else None
                waiting.append((digest, found, None if found is not None else pool.submit(function, item)))
            if not waiting:
                return
            digest, result, job = waiting[0]
            if job is not None:
                result = pool.result(job)
                if kept:
                    kept.write(digest, result)
            waiting.popleft()
            yield job is not None, result
    finally:
        for *_, job in waiting:
            pool.cancel(job)


# ------------------------------------------------------------------------------------------ kept parts


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of packages, by name."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@functools.cache
def made_with() -> dict[str, str]:
    """What results rest on beside their inputs: versions of Python and of packages, digest of our code."""
    home, code = Path(__file__).parent.parent, hashlib.sha256()
    for path in sorted(path for path in home.rglob("*") if path.suffix in CODE):
        code.update(f"{path.relative_to(home).as_posix()} {path.stat().st_size}\n".encode() + path.read_bytes())
    return {"Python": platform.python_version(), **versions(PACKAGES), "Threadline's code": code.hexdigest()[:20]}


@dataclass(frozen=True)
class KeptParts:
    """Results of a step's parts, from which an interrupted run goes on, by the digest of all that they rest on."""

    store: Store
    step: str

    def digest(self, function: Callable[..., object], part: Sequence[object]) -> str:
        """Of a function that is importable by name, or a `functools.partial` of one, and of its part."""
        texts = json.dumps(list(part), default=joblib.hash)  # twice as fast as joblib's way with many texts
        return str(joblib.hash([function, made_with(), texts], "sha1"))

    def read(self, digest: str) -> Sequence[object] | None:
        """A kept result; None where there is none."""
        found = self.store.read(f"{PART}{self.step}", digest)
        return None if found is None else found["result"]

    def write(self, digest: str, result: Any) -> None:
        """Keep a result that comes back as it was: an array of numbers, a list of plain values or of such lists."""
        if isinstance(result, np.ndarray):
            same = result.dtype.kind in "fiub"
        else:
            nested = isinstance(result, list) and set(map(type, result)) == {list}
            inner = [one for row in result for one in row] if nested else result
            same = isinstance(result, list) and set(map(type, inner)) <= PLAIN
        if same:
            self.store.write(f"{PART}{self.step}", digest, {"result": result})
