"""A Dask cluster as a pool of workers, and one line where it cannot go on."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, wait
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from analysis.run.made_with import made_with
from analysis.run.pools import AHEAD, Item, Processes, Result
from analysis.settings import StudyError

if TYPE_CHECKING:
    from distributed import Client

LOOK_SECONDS = 2  # between looks while nothing comes
SCHEDULER_SECONDS = 10  # a scheduler that is up answers in a fraction of one
WORKER_SECONDS = 60  # without a worker that works: one that was killed is back in a few
SAME = "Install the same requirements.lock and Threadline for the scheduler and the workers, and start them again."
NO_WORKER = (
    "Start some with `dask worker ADDRESS`, with more memory or fewer threads each; if they end at once, their log "
    "says why. What was finished is kept."
)
NO_MEMORY = (
    "Give each worker fewer threads (`--nthreads 1`) or more memory (`--memory-limit`), or run without the cluster; "
    "what was finished is kept."
)
GONE = "What was finished is kept: start the cluster again, or run without it, and it goes on from there."


@contextmanager
def cluster(scheduler: str, message: str) -> Iterator[Cluster]:
    """The workers of a scheduler; a StudyError if Dask is not installed, or the scheduler does not answer."""
    where = f"{message}, [compute] scheduler = {scheduler!r}"
    with _quiet():
        try:
            from distributed import Client, Security
        except ImportError:
            remedy = 'Install it with `pip install "threadline[cluster]"`, or remove the key.'
            raise StudyError(expected="Dask to be installed", found="none", where=where, remedy=remedy) from None
        try:
            if scheduler.startswith("tls:") and not Security().get_connection_args("client")["ssl_context"]:
                raise ValueError("no certificates in DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …CLIENT__CERT, …CLIENT__KEY")
            client = Client(scheduler, timeout=SCHEDULER_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
            expected = f"a Dask scheduler that answers within {SCHEDULER_SECONDS} seconds"
            found = str(error).splitlines()[0][:120] if str(error) else "no answer"
            remedy = "Start it with `dask scheduler`, or remove the key to run on this machine."
            raise StudyError(expected=expected, found=found, where=where, remedy=remedy) from None
        try:
            yield Cluster(client, where)
        finally:
            with suppress(OSError, TimeoutError):
                client.close(timeout=SCHEDULER_SECONDS)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs and warns on stderr what is said here in one line."""
    with warnings.catch_warnings(action="ignore"), ExitStack() as until:
        for logger in map(logging.getLogger, ("distributed", "distributed.client", "tornado.application")):
            until.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.CRITICAL + 1)
        yield


class Cluster(Processes):
    """Dask's workers: a part whose worker is lost is done by another."""

    def __init__(self, client: Client, where: str) -> None:
        self._executor, self._client, self._where = client.get_executor(pure=False), client, where
        self.room, self._looked, self._worked = AHEAD, 0.0, monotonic()
        self.look()

    def submit(self, function: Callable[[Item], Result], part: Item) -> Future[Any]:
        """Have a part computed, by a worker that has what this process has."""
        return self._executor.submit(_on_worker, function, part, made_with())

    def look(self) -> None:
        """Ask the scheduler, if it has not been asked just now; an error if it or its workers are gone."""
        if monotonic() - self._looked < LOOK_SECONDS:
            return
        try:
            ask = self._client.scheduler.identity  # type: ignore[union-attr] # see below
            workers = self._client.sync(ask, callback_timeout=SCHEDULER_SECONDS)["workers"]
        except (OSError, TimeoutError, AttributeError):  # without a connection the client has no scheduler
            raise self._gone() from None
        self._looked = monotonic()
        threads = sum(worker["nthreads"] for worker in workers.values() if worker["status"] == "running")
        if threads:
            self.room, self._worked = AHEAD * threads, self._looked
        elif self._looked - self._worked > WORKER_SECONDS:
            found = f"{len(workers)} that paused, their memory full" if workers else "none"
            raise self._error(f"a worker that works, within {WORKER_SECONDS} seconds", found, NO_WORKER)

    def result(self, job: Future[Any]) -> Any:
        """The result of a part; the cluster's own errors as ours, those of the function as they are."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        self.look()
        while not job.done():
            wait([job], timeout=LOOK_SECONDS)
            self.look()
        try:
            result, error = job.result()
        except KilledWorker:
            result, error = None, MemoryError()
        except (CancelledError, CommClosedError, TimeoutError):  # the connection is lost: Dask cancels every part
            raise self._gone() from None
        except (OSError, RuntimeError, ImportError, AttributeError) as lost:  # what was sent could not be read there
            expected = "the same Threadline for the scheduler and every worker"
            raise self._error(expected, str(lost).partition(".")[0][:120], SAME) from None
        if isinstance(error, MemoryError):
            found = "a part at which several were killed, as a rule for want of memory"
            raise self._error("workers that live through a part of the step", found, NO_MEMORY)
        if error is not None:
            raise error
        return result

    def _gone(self) -> StudyError:
        return self._error("the Dask scheduler to stay until the step is done", "no answer", GONE)


def _on_worker(
    function: Callable[[Item], Result], part: Item, made: Mapping[str, str]
) -> tuple[Result | None, Exception | None]:
    """`function` of a part, or what it raised: what is raised beside that is of the cluster.

    A worker that has not what the caller has refuses, for the bytes could differ.
    """
    here = made_with()
    if other := next((name for name, wanted in made.items() if here.get(name) != wanted), None):
        wanted, found = f"{other} {made[other]} on every worker, as where the study is run", here.get(other, "nothing")
        return None, StudyError(expected=wanted, found=found, where="[compute] scheduler", remedy=SAME)
    try:
        return function(part), None
    except Exception as error:
        return None, error
