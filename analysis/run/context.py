"""A run: on what it computes, what it tells, and where what the memory should not hold may go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from analysis.run import parallel
from analysis.run.texts import Texts, gathered
from analysis.run.vectors import Vectors, zeros
from analysis.settings import ComputeSettings

if TYPE_CHECKING:
    import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Run:
    """How one run computes; `Run()` is this process alone, in silence, all in memory.

    Attributes
    ----------
    compute : ComputeSettings
        How many processes here, or which Dask cluster.
    progress : callable, optional
        Called with (message, done, total).
    kept : Path, optional
        Where the parts of an unfinished step are kept, from which the next run goes on.
    scratch : Path, optional
        A folder for large columns, which is there as long as the step runs.
    """

    compute: ComputeSettings = ComputeSettings(workers=1)
    progress: Progress | None = None
    kept: Path | None = None
    scratch: Path | None = None

    def tell(self, message: str, done: int, total: int) -> None:
        """Say how much is done of what."""
        if self.progress:
            self.progress(message, done, total)

    def with_(self, **changes: object) -> Run:
        """The same run but for some attributes."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def map(
        self,
        function: Callable[[Sequence[Item]], Sequence[Result]],
        items: Sequence[Item],
        message: str,
        *,
        part: int | None = None,
        least: int | None = None,
    ) -> list[Result]:
        """Apply `function` to parts of `items` on what there is; results in their order."""
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
    ) -> Iterator[tuple[int, Sequence[Result]]]:
        """The number of each part's first item and its results, as they are ready: `parts.map_parts`."""
        return parallel.map_parts(
            function,
            items,
            compute=self.compute,
            message=message,
            progress=self.progress,
            kept=self.kept,
            part=part,
            least=least,
        )

    def stream(self, function: Callable[[Item], Result], items: Iterable[Item], message: str) -> Iterator[Result]:
        """Apply `function` to items as they come, on this machine's cores; results in the order of the items."""
        return parallel.map_stream(function, items, compute=self.compute, message=message)

    def matrix(self, shape: tuple[int, int], dtype: type[np.generic] | None = None) -> Vectors:
        """Rows of zeros to write to: in memory, large ones in a file of the scratch folder; float32 unless said."""
        return zeros(shape, self.scratch, *([dtype] if dtype else []))

    def texts(self, blocks: Iterable[Iterable[str]]) -> Texts:
        """Texts as they come: in memory, many of them in files of the scratch folder."""
        return gathered(blocks, self.scratch)
