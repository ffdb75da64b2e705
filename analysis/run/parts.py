"""The same function over many parts: one loop, in this process, on this machine's cores or on a Dask cluster."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import numpy as np

from analysis.run.store import PART, Store
from analysis.settings import ComputeSettings, StudyError

Item = TypeVar("Item")
Result = TypeVar("Result")

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "bertopic", "wordllama", "vaderSentiment", "py3langid")
PLAIN = {str, int, float, bool, type(None)}  # what JSON gives back as it was
LOOK_SECONDS = 2  # between looks at the pool while nothing comes
AHEAD = 4  # parts a worker that are on their way: none waits for work, and few are in memory
CODE = (".py", ".toml", ".json")  # modules, and the words and weights beside them
LEAK = 2**32  # bytes that a process may grow by before it is begun anew


def count_workers(compute: ComputeSettings) -> int:
    """Processes to use on this machine, at least 1: the cores that this process may run on, if "auto"."""
    if compute.workers == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(compute.workers)


class Pool:
    """What computes parts: processes of this machine, which stay for the next step; a cluster is another."""

    room: int  # how many parts may be on their way

    def __init__(self, workers: int, where: str) -> None:
        from joblib.externals.loky import get_reusable_executor

        self.room, self._where = AHEAD * workers, where
        self._executor: Executor = get_reusable_executor(workers, timeout=300, initializer=_begun)

    def submit(self, function: Callable[[Item], Result], part: Item) -> Future:
        """Have a part computed."""
        return self._executor.submit(function, part)

    def look(self) -> None:
        """Raise a StudyError if nothing can come any more; a process here that ends fails its parts at once."""

    def result(self, future: Future) -> object:
        """The result of a part that is done; what broke the pool as a StudyError."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            return future.result()
        except BrokenProcessPool:
            raise StudyError(
                expected="processes that live until the step is done",
                found="one that was killed, as a rule for want of memory",
                where=self._where,
                remedy="Set fewer workers, or close other programs; what was finished is kept.",
            ) from None


def _begun() -> None:
    from joblib.externals.loky import process_executor

    # A worker that loads a model grows by 300 MB, which loky takes for a leak: it would end it, and say so.
    process_executor._MAX_MEMORY_LEAK_SIZE = LEAK


@contextmanager
def pool_of(compute: ComputeSettings, message: str, n_parts: int) -> Iterator[Pool | None]:
    """What there is to compute on: a cluster, else this machine's cores, if there are several parts."""
    if compute.scheduler:
        from analysis.run.cluster import cluster

        with cluster(compute.scheduler, message) as pool:
            yield pool
        return
    workers = count_workers(compute) if n_parts > 1 else 1
    yield Pool(workers, f"{message}, [compute] workers = {compute.workers!r}") if workers > 1 else None


def mapped(
    function: Callable[[Item], Result], items: Iterable[Item], pool: Pool | None
) -> Iterator[tuple[int, Result]]:
    """Number and result of each item, as they are ready; items are asked for when there is room for them."""
    if pool is None:
        yield from enumerate(map(function, items))
        return
    numbered, flying = enumerate(items), {}
    try:
        more, sent = True, 0
        while more or flying:
            # None runs far ahead of the slowest: results that are wanted in order wait for it, in memory.
            while more and len(flying) < pool.room and (not flying or sent - min(flying.values()) < 2 * pool.room):
                if (item := next(numbered, None)) is None:
                    more = False
                else:
                    flying[pool.submit(function, item[1])] = item[0]
                    sent = item[0] + 1
            done, _ = wait(flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            pool.look()
            for future in sorted(done, key=flying.__getitem__):
                result = pool.result(future)
                yield flying.pop(future), result
    finally:
        for future in flying:
            future.cancel()


def in_order(numbered: Iterable[tuple[int, Result]]) -> Iterator[Result]:
    """Results in the order of their numbers, each as soon as those before it are there."""
    waiting: dict[int, Result] = {}
    due = 0
    for number, result in numbered:
        waiting[number] = result
        while due in waiting:
            yield waiting.pop(due)
            due += 1


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
        return hashlib.sha256(json.dumps([function, made_with(), list(part)], default=_said).encode()).hexdigest()

    def read(self, digest: str) -> Sequence[object] | None:
        """A kept result; None where there is none."""
        found = self.store.read(f"{PART}{self.step}", digest)
        return None if found is None else found["result"]  # type: ignore[return-value]

    def write(self, digest: str, result: Sequence[object]) -> None:
        """Keep a result that comes back as it was: an array of numbers, a list of plain values or of such lists."""
        if isinstance(result, np.ndarray):
            same = result.dtype.kind in "fiub"
        else:
            nested = isinstance(result, list) and set(map(type, result)) == {list}
            inner = [one for row in result for one in row] if nested else result
            same = isinstance(result, list) and set(map(type, inner)) <= PLAIN
        if same:
            self.store.write(f"{PART}{self.step}", digest, {"result": result})  # type: ignore[dict-item]


def _said(value: object) -> object:
    """What JSON cannot write, in a form that is the same under every hash seed."""
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, (set, frozenset)):
        return sorted(json.dumps(one, default=_said) for one in value)
    if isinstance(value, (types.FunctionType, type)):
        return f"{value.__module__}.{value.__qualname__}"
    if is_dataclass(value):
        # What takes no part in comparing, as words looked up already, changes no result.
        return [type(value), [getattr(value, f.name) for f in fields(value) if f.compare]]
    import joblib

    return str(joblib.hash(value, "sha1"))
