"""The same function over many parts: in this process, on this machine's cores, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from analysis.settings import ComputeSettings, StudyError, count_workers

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]

# Starting processes costs about as long as this many comments take in one.
MIN_ITEMS = 5_000
PART = 2_500
SCHEDULER_SECONDS = 10  # a scheduler that is up answers in a fraction of one


def map_items(
    function: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    *,
    compute: ComputeSettings,
    message: str,
    progress: Progress | None = None,
) -> list[Result]:
    """Apply `function` to parts of `items`, and join what it gives in the order of the items.

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

    Returns
    -------
    list
        As long as `items`.

    Raises
    ------
    StudyError
        If the scheduler does not answer, or Dask is not installed.
    """
    parts = [items[i : i + PART] for i in range(0, len(items), PART)]
    if compute.scheduler:
        results = _on_cluster(function, parts, compute.scheduler)
    elif len(items) < MIN_ITEMS or count_workers(compute) == 1:
        results = map(function, parts)
    else:
        from joblib import Parallel, delayed

        run = Parallel(n_jobs=min(count_workers(compute), len(parts)), backend="loky", return_as="generator")
        results = run(delayed(function)(part) for part in parts)
    joined: list[Result] = []
    for result in results:
        joined.extend(result)
        if progress:
            progress(message, len(joined), len(items))
    return joined


def _on_cluster(
    function: Callable[[Sequence[Item]], Sequence[Result]], parts: Sequence[Sequence[Item]], address: str
) -> list[Sequence[Result]]:
    """Results of the parts, in their order, from the cluster whose scheduler is at `address`."""
    where = f"study.toml, [compute] scheduler = {address!r}"
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
        with Client(address, timeout=SCHEDULER_SECONDS, set_as_default=False) as client:
            return client.gather(client.map(function, parts, pure=False))
    except (OSError, TimeoutError) as error:
        raise StudyError(
            expected=f"a Dask scheduler that answers within {SCHEDULER_SECONDS} seconds",
            found=str(error).splitlines()[0][:120] or "no answer",
            where=where,
            remedy="Start it with `dask scheduler`, or remove the key to run on this machine.",
        ) from None
