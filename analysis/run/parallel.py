"""The same function over many parts: in this process, on this machine's cores, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from analysis.run.cluster import map_on_cluster
from analysis.run.partitions import Parts
from analysis.run.texts import rows_of_a_part
from analysis.settings import ComputeSettings, StudyError, count_workers

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]

# Starting processes costs about as long as this many comments take in one.
MIN_ITEMS = 5_000
PART = 5_000
AHEAD = 4  # items of a stream that are begun at a time, for each worker
LEAK = 2**32  # bytes that a process may grow by before it is begun anew


def map_items(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    *,
    compute: ComputeSettings,
    message: str,
    progress: Progress | None = None,
    kept: Path | None = None,
    part: int | None = None,
    least: int | None = None,
) -> list[Result]:
    """Apply `function` to parts of `items`, and join what it gives in the order of the items.

    Parameters
    ----------
    function, items, compute, message, progress, kept, part, least
        As in `map_parts`.

    Returns
    -------
    list
        As long as `items`.

    Raises
    ------
    StudyError
        As `map_parts` does.
    """
    results: dict[int, Sequence[Result]] = dict(
        map_parts(
            function, items, compute=compute, message=message, progress=progress, kept=kept, part=part, least=least
        )
    )
    return [one for first in sorted(results) for one in results[first]]


def in_order(parts: Iterable[tuple[int, Sequence[Result]]]) -> Iterator[Sequence[Result]]:
    """The results of `map_parts` in the order of the items, each as soon as those before it are there."""
    waiting: dict[int, Sequence[Result]] = {}
    due = 0
    for first, result in parts:
        waiting[first] = result
        while due in waiting:
            ready = waiting.pop(due)
            due += len(ready)
            yield ready


def map_parts(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    *,
    compute: ComputeSettings,
    message: str,
    progress: Progress | None = None,
    kept: Path | None = None,
    part: int | None = None,
    least: int | None = None,
) -> Iterator[tuple[int, Sequence[Result]]]:
    """Apply `function` to parts of `items`: for a result that is put into its place as it comes.

    Parameters
    ----------
    function : callable
        Takes a sequence of items and gives as many results; importable by name (processes get its name).
        An item's result must not depend on the other items: one process and many then give the same bytes.
    items : sequence
    compute : ComputeSettings
        `scheduler` (a Dask scheduler's address) or `workers` (processes here).
    message : str
        What is done, for the progress.
    progress : callable, optional
        Called with (message, done, total).
    kept : Path, optional
        A folder in which each part's result is kept as soon as it is there, and from which it is taken by the next
        run: arrays of numbers, and lists of texts or numbers (analysis/run/partitions.py). The caller removes it when the
        whole result is kept.
    part : int, optional
        Items of a part; by default PART, or of long texts fewer (`texts.rows_of_a_part`).
    least : int, optional
        With fewer items than this, all is done in this process; MIN_ITEMS by default.

    Yields
    ------
    tuple of int and sequence
        The number of a part's first item, and its results; parts in the order in which they are ready.

    Raises
    ------
    StudyError
        If the cluster cannot be used (analysis/run/cluster.py), or a process here was killed.
    """
    if part is None:
        part = rows_of_a_part(items, PART) if len(items) and isinstance(items[0], str) else PART
    least = MIN_ITEMS if least is None else least
    firsts = range(0, len(items), part)
    store = Parts(kept, function) if kept is not None and len(firsts) > 1 else None
    missing, done = [], 0
    for first in firsts:
        result = store.read(items[first : first + part]) if store else None
        if result is None:
            missing.append(first)
        else:
            done += len(result)
            yield first, result
    for i, result in _run(function, Cut(items, missing, part), compute, message, least):
        first = missing[i]
        if store:
            store.write(items[first : first + part], result)
        done += len(result)
        if progress:
            progress(message, done, len(items))
        yield first, result


@dataclass(frozen=True)
class Cut(Sequence[Sequence[Item]]):
    """Parts of items, each cut out when it is asked for: the items may be read from files."""

    items: Sequence[Item]
    firsts: Sequence[int]
    size: int

    def __len__(self) -> int:
        return len(self.firsts)

    def __getitem__(self, i: int) -> Sequence[Item]:  # type: ignore[override]
        if i >= len(self):
            raise IndexError(i)
        return self.items[self.firsts[i] : self.firsts[i] + self.size]

    @property
    def n_items(self) -> int:
        """Items in all parts."""
        return sum(min(self.size, len(self.items) - first) for first in self.firsts)


def _run(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    parts: Cut[Item],
    compute: ComputeSettings,
    message: str,
    least: int,
) -> Iterator[tuple[int, Sequence[Result]]]:
    """Number and result of each part, in the order in which they are ready."""
    if not parts:
        return
    if compute.scheduler:
        yield from map_on_cluster(function, parts, scheduler=compute.scheduler, message=message)
        return
    workers = min(count_workers(compute), len(parts))
    if workers == 1 or parts.n_items < least:
        yield from enumerate(map(function, parts))
        return
    from joblib import Parallel, delayed

    run = Parallel(n_jobs=workers, backend="loky", return_as="generator_unordered", batch_size=1)
    with _living(compute, message):
        yield from run(delayed(_numbered)(function, number, part) for number, part in enumerate(parts))


def map_stream(
    function: Callable[[Item], Result], items: Iterable[Item], *, compute: ComputeSettings, message: str
) -> Iterator[Result]:
    """Apply `function` to items as they come, on this machine's cores; results in the order of the items.

    Parameters
    ----------
    function : callable
        Of one item, which takes long enough to be sent to another process; importable by name.
    items : iterable
        Gone through at most 2 * AHEAD items a worker ahead of the results. One item alone is done in this process.
    compute : ComputeSettings
    message : str
        What is done, for errors.

    Raises
    ------
    StudyError
        If a process was killed. What `items` and `function` raise passes through.
    """
    items, workers = iter(items), count_workers(compute)
    some = list(islice(items, AHEAD * workers if workers > 1 else 0))
    if len(some) < 2:
        yield from map(function, chain(some, items))
        return
    from joblib import Parallel, delayed

    with _living(compute, message):
        while some:
            run = Parallel(n_jobs=workers, backend="loky", return_as="generator", batch_size=1, pre_dispatch="all")
            begun, late = run(delayed(_tried)(function, item) for item in some), None
            try:  # the next are read meanwhile
                some = list(islice(items, AHEAD * workers))
            except Exception as error:
                some, late = [], error
            for result, error in begun:
                if error is not None and late is None:
                    some, late = [], error
                elif late is None:
                    yield result
            if late is not None:  # once nothing is under way: joblib warns of what nobody waits for
                raise late


def _tried(function: Callable[[Item], Result], item: Item) -> tuple[Result | None, Exception | None]:
    """The result of an item, or what it raised: what a process raises ends all that are under way."""
    try:
        return _numbered(function, 0, item)[1], None
    except Exception as error:
        return None, error


@contextmanager
def _living(compute: ComputeSettings, message: str) -> Iterator[None]:
    """Processes that were killed, as our error."""
    import warnings

    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # What joblib says of tasks in flight when a run ends early; why it does is said in our own line.
    warnings.filterwarnings("ignore", message=r"\d+ tasks", category=UserWarning, module="joblib")
    try:
        yield
    except TerminatedWorkerError:
        raise StudyError(
            expected="processes that live until the step is done",
            found="one that was killed, as a rule for want of memory",
            where=f"{message}, [compute] workers = {compute.workers!r}",
            remedy="Set fewer workers, or close other programs; what was finished is kept.",
        ) from None


def _numbered(
    function: Callable[[Sequence[Item]], Sequence[Result]], number: int, part: Sequence[Item]
) -> tuple[int, Sequence[Result]]:
    from joblib.externals.loky import process_executor

    # A worker that loads a model grows by 300 MB, which joblib takes for a leak: it would end it, and say so.
    process_executor._MAX_MEMORY_LEAK_SIZE = LEAK
    return number, function(part)
