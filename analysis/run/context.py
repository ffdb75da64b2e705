"""A run: on what it computes, what it tells, and where what the memory should not hold may go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from analysis.run.parts import KeptParts, pool_of, results
from analysis.run.progress import Progress
from analysis.run.store import Store
from analysis.run.texts import rows_of_a_part
from analysis.run.vectors import Vectors, zeros
from analysis.settings import ComputeSettings

Item = TypeVar("Item")
Result = TypeVar("Result")
Done = TypeVar("Done", bound=Sized)

MIN_ITEMS = 5_000  # starting processes costs about as long as this many comments take in one
PART = 5_000  # items that a process gets at a time


@dataclass(frozen=True)
class Run:
    """How one run computes; `Run()` is this process alone, in silence, all in memory.

    Attributes
    ----------
    kept : KeptParts, optional
        Where the parts of an unfinished step are kept, from which the next run goes on.
    scratch : Path, optional
        A folder for large columns, which is there as long as the step runs.
    beside : bool
        Whether another step goes first: of this one, one part at a time is computed elsewhere.
    """

    compute: ComputeSettings = ComputeSettings(workers=1)
    progress: Progress | None = None
    kept: KeptParts | None = None
    scratch: Path | None = None
    beside: bool = False

    def tell(self, message: str, done: int, total: int) -> None:
        """Say how much is done of what."""
        if self.progress:
            self.progress(message, done, total)

    def map(
        self,
        function: Callable[[Sequence[Item]], Collection[Result]],
        items: Sequence[Item],
        message: str,
        **cut: int | None,
    ) -> list[Result]:
        """Apply `function` to parts of `items`, and join what it gives: see `map_parts`."""
        return [one for _, some in self.map_parts(function, items, message, **cut) for one in some]

    def map_parts(
        self,
        function: Callable[[Sequence[Item]], Done],
        items: Sequence[Item],
        message: str,
        *,
        part: int | None = None,
        least: int | None = None,
    ) -> Iterator[tuple[int, Done]]:
        """Apply `function` to parts of `items`; yield the number of each part's first item and its results, in order.

        `function` takes a sequence of items and gives as many results, can be imported by name, and gives an item the
        same whatever the other items: one process and many then give the same bytes. A part has 5,000 items, or of long
        texts fewer; with fewer items than `least`, 5,000 unless said, all is done in this process. A StudyError if the
        cluster cannot be used, or a process here was killed; what `function` raises passes through.
        """
        if part is None:
            texts = len(items) > 0 and isinstance(items[0], str)
            part = rows_of_a_part(items, PART) if texts else PART  # type: ignore[arg-type]  # as one is, all are
        cuts = [slice(first, first + part) for first in range(0, len(items), part)]
        few = not self.compute.scheduler and len(items) < (MIN_ITEMS if least is None else least)
        kept, done = self.kept if len(cuts) > 1 else None, 0
        with pool_of(ComputeSettings(workers=1) if few else self.compute, message, len(cuts)) as pool:
            every = results(function, (items[cut] for cut in cuts), pool, kept, 1 if self.beside else pool.room)
            for cut, (is_new, result) in zip(cuts, every, strict=True):
                done += len(result)
                if is_new:
                    self.tell(message, done, len(items))
                yield cut.start, result

    @property
    def store(self) -> Store | None:
        """What is kept of the study whose step this is."""
        return self.kept.store if self.kept else None

    def matrix(self, shape: tuple[int, int], dtype: type[np.generic] = np.float32) -> Vectors:
        """Rows of zeros to write to: in memory, large ones in a file of the scratch folder."""
        return zeros(shape, self.scratch, dtype)
