"""What computes parts: this process, or this machine's cores; `cluster` has the third."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

import joblib

from analysis.settings import ComputeSettings, StudyError

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 8  # parts a worker that are on their way or wait for the slowest: none waits for work, and few are in memory
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
