"""The same function over many parts on a Dask cluster: results as they come, and one line where they do not."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from analysis.run.partitions import made_with
from analysis.settings import StudyError

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Result = TypeVar("Result")

SCHEDULER_SECONDS = 10  # a scheduler that is up answers in a fraction of one
WORKER_SECONDS = 60  # without a worker that works: one that was killed is back in a few
LOOK_SECONDS = 2  # between looks at the cluster while nothing comes
IN_FLIGHT = 4  # parts a thread that are on their way: none waits for work, and the scheduler holds few texts
SAME = "Install the same requirements.lock and Threadline for the scheduler and the workers, and start them again."
REMEDY = "What was finished is kept: start the cluster again, or run without it, and it goes on from there."


def map_on_cluster(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    parts: Sequence[Sequence[Item]],
    *,
    scheduler: str,
    message: str,
) -> Iterator[tuple[int, Sequence[Result]]]:
    """Apply `function` to parts on a cluster.

    A part whose worker is lost is done by another; the scheduler gives up on one that has cost several.

    Parameters
    ----------
    function : callable
        Importable by name, there as here.
    parts : sequence of sequences
        Each is sent when a worker has room for it.
    scheduler : str
        The scheduler's address.
    message : str
        What is done, for errors.

    Yields
    ------
    tuple of int and sequence
        Number of a part and its result, in the order in which they are ready.

    Raises
    ------
    StudyError
        If Dask is not installed, the scheduler does not answer or goes away, there are no workers, they run another
        version of something that results rest on, or a part kills them. What `function` raises passes through.
    """
    where = f"{message}, [compute] scheduler = {scheduler!r}"
    waiting = iter(range(len(parts)))
    flying: dict[str, tuple[int, Future]] = {}
    ready: SimpleQueue[Future] = SimpleQueue()
    with _quiet(), _connected(scheduler, where) as client:
        watch = _Watch(client, where)
        done = 0
        while done < len(parts):
            watch.look()
            while len(flying) < watch.room and (number := next(waiting, None)) is not None:
                future = client.submit(_on_worker, function, parts[number], made_with(), pure=False)
                flying[future.key] = number, future
                future.add_done_callback(ready.put)
            try:
                future = ready.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            number, _ = flying.pop(future.key)
            result = _result(future, watch)
            future.release()
            done += 1
            yield number, result


def _on_worker(
    function: Callable[[Sequence[Item]], Sequence[Result]], part: Sequence[Item], made: Mapping[str, str]
) -> tuple[Sequence[Result], Exception | None]:
    """`function` of a part and what it raised, if this worker has what the caller has: else the bytes could differ.

    What is raised beside that is of the cluster.
    """
    here = made_with()
    other = next((name for name, wanted in made.items() if here.get(name) != wanted), None)
    if other is not None:
        return [], StudyError(
            expected=f"{other} {made[other]} on every worker, as where the study is run",
            found=here.get(other, "nothing"),
            where="[compute] scheduler",
            remedy=SAME,
        )
    try:
        return function(part), None
    except Exception as error:
        return [], error


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs and warns on stderr what is said here in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _connected(scheduler: str, where: str) -> Iterator[Client]:
    """A client of the scheduler, closed at the end also where the scheduler is gone."""
    try:
        from distributed import Client
    except ImportError:
        raise StudyError(
            expected="Dask to be installed",
            found="no package named distributed",
            where=where,
            remedy='Install it with `pip install "threadline[cluster]"`, or remove the key.',
        ) from None
    try:
        client = Client(scheduler, timeout=SCHEDULER_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        raise StudyError(
            expected=f"a Dask scheduler that answers within {SCHEDULER_SECONDS} seconds",
            found=str(error).splitlines()[0][:120] if str(error) else "no answer",
            where=where,
            remedy="Start it with `dask scheduler`, or remove the key to run on this machine.",
        ) from None
    try:
        yield client
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=SCHEDULER_SECONDS)


class _Watch:
    """Whether the cluster can still give anything, and how much of it there is.

    Attributes
    ----------
    room : int
        How many parts the workers have use for.
    """

    def __init__(self, client: Client, where: str) -> None:
        self.client, self.where = client, where
        self.room, self.looked, self.worked = IN_FLIGHT, 0.0, monotonic()

    def look(self) -> None:
        """Ask the scheduler, if it has not been asked just now; an error if it or its workers are gone."""
        if monotonic() - self.looked < LOOK_SECONDS:
            return
        try:
            workers = self.client.sync(self.client.scheduler.identity, callback_timeout=SCHEDULER_SECONDS)["workers"]
        except (OSError, TimeoutError, AttributeError):  # without a connection the client has no scheduler
            raise self.gone() from None
        self.looked = monotonic()
        threads = sum(worker["nthreads"] for worker in workers.values() if worker["status"] == "running")
        if threads:
            self.room, self.worked = IN_FLIGHT * threads, self.looked
        elif self.looked - self.worked > WORKER_SECONDS:
            raise StudyError(
                expected=f"a worker that works, within {WORKER_SECONDS} seconds",
                found=f"{len(workers)} that paused, their memory full" if workers else "none",
                where=self.where,
                remedy="Start some with `dask worker ADDRESS`, with more memory or fewer threads each; if they end at "
                "once, their log says why. What was finished is kept.",
            )

    def full(self) -> StudyError:
        """Workers have too little memory for a part."""
        return StudyError(
            expected="workers that live through a part of the step",
            found="a part at which several were killed, as a rule for want of memory",
            where=self.where,
            remedy="Give each worker fewer threads (`--nthreads 1`) or more memory (`--memory-limit`), or run "
            "without the cluster; what was finished is kept.",
        )

    def gone(self) -> StudyError:
        """The scheduler does not answer any more."""
        return StudyError(
            expected="the Dask scheduler to stay until the step is done",
            found="no answer",
            where=self.where,
            remedy=REMEDY,
        )


def _result(future: Future, watch: _Watch) -> Sequence[object]:
    """The result of a part that is done; the cluster's own errors as ours, those of the function as they are."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    while True:
        try:
            result, error = future.result(timeout=LOOK_SECONDS)
        except KilledWorker:
            raise watch.full() from None
        except (OSError, CancelledError, RuntimeError, ImportError, AttributeError) as lost:
            if future.status == "error":  # the scheduler or a worker could not read what it was sent
                raise StudyError(
                    expected="the same Threadline for the scheduler and every worker",
                    found=str(lost).partition(".")[0][:120],
                    where=watch.where,
                    remedy=SAME,
                ) from None
            if not isinstance(lost, TimeoutError):  # the connection is lost: Dask cancels every part
                raise watch.gone() from None
            watch.look()  # its worker died with the result, which is made again; or the scheduler hangs
        else:
            if isinstance(error, MemoryError):
                raise watch.full()
            if error is not None:
                raise error
            return result
