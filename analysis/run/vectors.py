"""Vectors of texts: in memory, or in a file of which some rows at a time are read and written.

Both are indexed alike, by a slice or by an array of row numbers, and give copies of rows; nobody asks for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

IN_MEMORY = 2**28  # bytes; larger ones go to a file
BLOCK = 8_192  # rows at a time


@dataclass(frozen=True)
class OnDisk:
    """A matrix in a file, of shape (n_rows, n_dims)."""

    path: Path
    shape: tuple[int, int]
    dtype: type[np.generic] = np.float32

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        if isinstance(rows, int):
            return self[rows : rows + 1][0]
        # Read and not mapped: for each page of a map that is touched the system maps those around it, and rows from
        # all over would have the whole file in memory.
        wanted = np.arange(len(self))[rows]
        out = np.empty((len(wanted), self.shape[1]), dtype=self.dtype)
        at_once = (np.diff(wanted) == 1) & (np.arange(1, max(len(wanted), 1)) % BLOCK > 0)  # with the row before
        ends = np.flatnonzero(~at_once) + 1
        with self.path.open("rb", buffering=0) as file:
            for first, last in zip([0, *ends], [*ends, len(wanted)], strict=True) if len(wanted) else ():
                file.seek(int(wanted[first]) * out.strides[0])
                file.readinto(out[first:last])  # type: ignore[arg-type]  # an array says so from 3.12 on
        return out

    def __setitem__(self, rows: slice | np.ndarray | tuple[slice, slice], values: np.ndarray) -> None:
        # It leaves the memory with the array, so that each use maps it anew.
        np.memmap(self.path, dtype=self.dtype, mode="r+", shape=self.shape)[rows] = values


Vectors = np.ndarray | OnDisk


def zeros(shape: tuple[int, int], folder: Path | None = None, dtype: type[np.generic] = np.float32) -> Vectors:
    """Rows of zeros to write to: in memory; large ones in a file of `folder`, if there is one."""
    size = shape[0] * shape[1] * np.dtype(dtype).itemsize
    if folder is None or size <= IN_MEMORY:
        return np.zeros(shape, dtype=dtype)
    path = folder / f"{len(list(folder.iterdir()))}.matrix"
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):  # else a disk that fills later would end the process
            os.posix_fallocate(file.fileno(), 0, size)
        file.truncate(size)
    return OnDisk(path, shape, dtype)


def blocks(n: int) -> Iterator[slice]:
    """Slices of some of n rows at a time."""
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def whole_threads(thread: np.ndarray, size: int = BLOCK) -> Iterator[np.ndarray]:
    """Rows of whole threads, as many threads at a time as have about `size` rows, each in the order of the rows."""
    order = np.argsort(thread, kind="stable")
    ends = np.cumsum(np.bincount(thread))
    start = 0
    while start < len(order):
        end = int(ends[max(np.searchsorted(ends, start + size, "right") - 1, np.searchsorted(ends, start, "right"))])
        yield order[start:end]
        start = end


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; a row of zeros stays."""
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]  # numpy's norm makes two copies first
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Directions:
    """Some rows (int64) of vectors, scaled to length 1 as they are asked for."""

    vectors: Vectors
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice | np.ndarray) -> np.ndarray:
        return unit_length(self.vectors[self.rows[which]])
