"""A run: on what it computes, what it tells, and where what the memory should not hold may go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from analysis.run.parts import KeptParts, in_order, mapped, pool_of
from analysis.run.texts import Texts, gathered, rows_of_a_part
from analysis.run.vectors import Vectors, zeros
from analysis.settings import ComputeSettings

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]

MIN_ITEMS = 5_000  # starting processes costs about as long as this many comments take in one
PART = 5_000  # items that a process gets at a time


@dataclass(frozen=True)
class Run:
    """How one run computes; `Run()` is this process alone, in silence, all in memory.

    Attributes
    ----------
    compute : ComputeSettings
        How many processes here, or which Dask cluster.
    progress : callable, optional
        Called with (message, done, total).
    kept : KeptParts, optional
        Where the parts of an unfinished step are kept, from which the next run goes on.
    scratch : Path, optional
        A folder for large columns, which is there as long as the step runs.
    """

    compute: ComputeSettings = ComputeSettings(workers=1)
    progress: Progress | None = None
    kept: KeptParts | None = None
    scratch: Path | None = None

    def tell(self, message: str, done: int, total: int) -> None:
        """Say how much is done of what."""
        if self.progress:
            self.progress(message, done, total)

    def map(
        self,
        function: Callable[[Sequence[Item]], Sequence[Result]],
        items: Sequence[Item],
        message: str,
        *,
        part: int | None = None,
        least: int | None = None,
    ) -> list[Result]:
        """Apply `function` to parts of `items`, and join what it gives in their order: see `map_parts`."""
        results = dict(self.map_parts(function, items, message, part=part, least=least))
        return [one for first in sorted(results) for one in results[first]]

    def map_parts(
        self,
        function: Callable[[Sequence[Item]], Sequence[Result]],
        items: Sequence[Item],
        message: str,
        *,
        part: int | None = None,
        least: int | None = None,
        ordered: bool = False,
    ) -> Iterator[tuple[int, Sequence[Result]]]:
        """Apply `function` to parts of `items`.

        Parameters
        ----------
        function : callable
            Takes a sequence of items and gives as many results; importable by name. An item's result must not depend on
            the other items: one process and many then give the same bytes.
        items : sequence
        message : str
            What is done, for progress and errors.
        part : int, optional
            Items of a part; by default 5,000, or of long texts fewer.
        least : int, optional
            With fewer items than this, all is done in this process; 5,000 by default.
        ordered : bool
            Whether parts come in the order of the items, and not as they are ready.

        Yields
        ------
        tuple of int and sequence
            The number of a part's first item, and its results.

        Raises
        ------
        StudyError
            If the cluster cannot be used, or a process here was killed. What `function` raises passes through.
        """
        numbered = self._parts(function, items, message, part, least)
        if not ordered:
            yield from numbered
            return
        first = 0
        for result in in_order(numbered, len):
            yield first, result
            first += len(result)

    def _parts(
        self,
        function: Callable[[Sequence[Item]], Sequence[Result]],
        items: Sequence[Item],
        message: str,
        part: int | None,
        least: int | None,
    ) -> Iterator[tuple[int, Sequence[Result]]]:
        if part is None:
            part = rows_of_a_part(items, PART) if len(items) and isinstance(items[0], str) else PART  # type: ignore[arg-type]
        firsts = range(0, len(items), part)
        keep = self.kept is not None and len(firsts) > 1
        missing: list[tuple[int, str]] = []
        done = 0
        for first in firsts:
            digest = self.kept.digest(function, items[first : first + part]) if keep else ""
            result = self.kept.read(digest) if keep else None
            if result is None:
                missing.append((first, digest))
            else:
                done += len(result)
                yield first, result  # type: ignore[misc]
        few = not self.compute.scheduler and len(missing) * part < (MIN_ITEMS if least is None else least)
        compute = ComputeSettings(workers=1) if few else self.compute
        cut = (items[first : first + part] for first, _ in missing)
        if not missing:
            return
        with pool_of(compute, message, len(missing)) as pool:
            for number, result in mapped(function, cut, pool):
                first, digest = missing[number]
                if keep:
                    self.kept.write(digest, result)
                done += len(result)
                self.tell(message, done, len(items))
                yield first, result

    def stream(self, function: Callable[[Item], Result], items: Iterable[Item], message: str) -> Iterator[Result]:
        """Apply `function` to items as they come, on this machine's cores; results in the order of the items."""
        items = iter(items)
        some = list(islice(items, 2))
        here = ComputeSettings(workers=self.compute.workers if len(some) > 1 else 1)
        with pool_of(here, message, len(some)) as pool:
            yield from in_order(mapped(function, chain(some, items), pool))

    def matrix(self, shape: tuple[int, int], dtype: type[np.generic] = np.float32) -> Vectors:
        """Rows of zeros to write to: in memory, large ones in a file of the scratch folder."""
        return zeros(shape, self.scratch, dtype)

    def texts(self, blocks: Iterable[Iterable[str]]) -> Texts:
        """Texts as they come: in a file of the scratch folder, where there is one."""
        return gathered(blocks, self.scratch)
