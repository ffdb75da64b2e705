"""The same function over many parts: one loop, in this process, on this machine's cores or on a Dask cluster."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import joblib
import numpy as np

from analysis.run.cluster import cluster
from analysis.run.made_with import made_with
from analysis.run.pools import Here, Processes, Result, count_workers
from analysis.run.store import PART, Store
from analysis.settings import ComputeSettings

Part = TypeVar("Part", bound=Sequence[Any])
PLAIN = {str, int, float, bool, type(None)}  # what JSON gives back as it was


@contextmanager
def pool_of(compute: ComputeSettings, message: str, n_parts: int) -> Iterator[Here]:
    """What there is to compute on: a cluster, else this machine's cores, if there are several parts."""
    if compute.scheduler:
        with cluster(compute.scheduler, message) as pool:
            yield pool
        return
    workers = count_workers(compute) if n_parts > 1 else 1
    yield Processes(workers, f"{message}, [compute] workers = {compute.workers!r}") if workers > 1 else Here()


def results(
    function: Callable[[Part], Result], items: Iterable[Part], pool: Here, kept: KeptParts | None = None, room: int = 1
) -> Iterator[tuple[bool, Result]]:
    """For each item, in order, whether its result is new, and the result: a kept one, or one that is kept from now on.

    While one is awaited, those after it are on their way, `room` at a time; items are asked for when there is room.
    """
    items, waiting = iter(items), deque[tuple[str, Any, Any]]()
    try:
        while True:
            for item in islice(items, max(0, room - len(waiting))):
                digest = kept.digest(function, item) if kept else ""
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
