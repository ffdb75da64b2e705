"""Texts as one large column: Arrow strings in memory, or in a memory-mapped file whose pages the system may drop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# A block ends with the text that makes it as large as one of these.
ROWS = 50_000
CHARACTERS = 2**24
AT_A_TIME = 2**21  # letters of the texts that a process works on: words and their pairs take a hundred times as much
SCHEMA = pa.schema([("text", pa.large_string())])


Column = Sequence[str] | pd.Series  # of a table of comments, a text each


class Lazy(Sequence[str]):
    """A sequence of texts that are read when they are asked for."""

    def take(self, rows: np.ndarray) -> list[str]:
        """The texts of some rows (int64), in the order of `rows`."""
        raise NotImplementedError

    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return self.take(np.arange(*at.indices(len(self))))
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self.take(np.array([at % len(self)]))[0]

    def __iter__(self) -> Iterator[str]:
        return (text for _, some in partitions(self) for text in some)


class Texts(Lazy):
    """Texts in blocks: the chunks of an Arrow column, of which what is in a file is mapped, not read."""

    def __init__(self, chunks: Iterable[pa.Array] = ()) -> None:
        self.column = pa.chunked_array(list(chunks), type=pa.large_string())
        self._ends = np.cumsum([len(chunk) for chunk in self.column.chunks], dtype=np.int64)

    @classmethod
    def open(cls, path: Path) -> Texts:
        """Texts of an Arrow file."""
        return cls(pa.ipc.open_file(pa.memory_map(str(path))).read_all()["text"].chunks)

    def write(self, path: Path) -> None:
        """Write an Arrow file, a block after the other."""
        with pa.ipc.new_file(str(path), SCHEMA) as file:
            for chunk in self.column.chunks:
                file.write_batch(pa.record_batch([chunk], schema=SCHEMA))

    def __len__(self) -> int:
        return len(self.column)

    def blocks(self) -> Iterator[tuple[slice, list[str]]]:
        """Rows and texts of each block."""
        for chunk, end in zip(self.column.chunks, self._ends.tolist(), strict=True):
            yield slice(end - len(chunk), end), chunk.to_pylist()

    def take(self, rows: np.ndarray) -> list[str]:
        """The texts of some rows (int64), in the order of `rows`."""
        which, out = np.searchsorted(self._ends, rows, side="right"), np.empty(len(rows), dtype=object)
        for i in np.unique(which).tolist():  # Arrow's own `take` would join the blocks first, in memory
            here, chunk = which == i, self.column.chunk(i)
            out[here] = chunk.take(pa.array(rows[here] - (self._ends[i] - len(chunk)))).to_pylist()
        return out.tolist()


@dataclass(frozen=True)
class Some(Lazy):
    """Some rows of a sequence of texts, read when they are asked for."""

    texts: Sequence[str]
    rows: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: np.ndarray) -> list[str]:
        """The texts of some of these rows."""
        return take(self.texts, self.rows[rows])


def take(texts: Sequence[str], rows: np.ndarray) -> list[str]:
    """The texts of some rows (int64), in the order of `rows`."""
    return texts.take(rows) if isinstance(texts, Lazy) else [texts[i] for i in rows.tolist()]


def partitions(texts: Sequence[str]) -> Iterator[tuple[slice, list[str]]]:
    """Rows and texts of each block; of other sequences some at a time."""
    if isinstance(texts, Texts):
        yield from texts.blocks()
        return
    size = rows_of_a_part(texts, ROWS)
    for rows in (slice(start, min(start + size, len(texts))) for start in range(0, len(texts), size)):
        yield rows, list(texts[rows])


def rows_of_a_part(texts: Sequence[str], most: int) -> int:
    """How many texts have some two million letters, on average, at the most `most`: what is done at a time."""
    whole = texts.texts if isinstance(texts, Some) else texts
    # Of a column the bytes, which for most languages are about the letters.
    lengths = pc.sum(pc.binary_length(whole.column)).as_py() if isinstance(whole, Texts) else sum(map(len, whole))
    return max(1, min(most, len(whole) * AT_A_TIME // max(1, lengths or 0)))


def ranks(texts: Sequence[str]) -> np.ndarray:
    """Number the different texts in their own order (of code points): int64 of shape (n_texts,), from 0."""
    column = texts.column if isinstance(texts, Texts) else pa.array(list(texts), type=pa.large_string())
    return pc.rank(column, tiebreaker="dense").to_numpy().astype(np.int64) - 1


def gathered(texts: Iterable[Iterable[str]], folder: Path | None = None) -> Texts:
    """Texts as they come, cut into blocks; `folder` as in `Gathering`."""
    made = Gathering(folder)
    for some in texts:
        made.extend(some)
    return made.texts()


class Gathering:
    """Texts that come one after the other, until `texts` gives all of them.

    They go to a file that is made in `folder`, which is the caller's to remove; without one they are in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder, self._path = folder, Path()
        self._file: Any = None
        self._chunks: list[pa.Array] = []  # if they are in no file
        self._open: list[str] = []
        self._characters = 0

    def extend(self, texts: Iterable[str]) -> None:
        """Take more texts."""
        for text in texts:
            if len(self._open) >= ROWS or self._characters >= CHARACTERS:
                self._close()
            self._open.append(text)
            self._characters += len(text)

    def _close(self) -> None:
        chunk = pa.array(self._open, type=pa.large_string())
        self._open, self._characters = [], 0
        if self._folder is None:
            self._chunks.append(chunk)
            return
        if self._file is None:
            self._path = self._folder / f"{len(list(self._folder.iterdir()))}.arrow"
            self._file = pa.ipc.new_file(str(self._path), SCHEMA)
        self._file.write_batch(pa.record_batch([chunk], schema=SCHEMA))

    def texts(self) -> Texts:
        """All texts that came."""
        if self._open:
            self._close()
        if self._file is None:
            return Texts(self._chunks)
        self._file.close()
        return Texts.open(self._path)


@dataclass(frozen=True)
class Partitioned:
    """A table whose column `text` is apart: the other columns, the texts, and the order of all columns."""

    rows: pd.DataFrame
    texts: Texts
    columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def blocks(self) -> Iterator[pd.DataFrame]:
        """The table, a block at a time; its one and empty block where it has no rows."""
        for rows, texts in self.texts.blocks() if len(self.texts) else [(slice(0, 0), [])]:
            some = self.rows.iloc[rows]
            yield some.assign(text=pd.Series(texts, index=some.index, dtype="str"))[list(self.columns)]

    def whole(self) -> pd.DataFrame:
        """The table in memory."""
        return pd.concat(list(self.blocks()))

    def write_file(self, path: Path) -> None:
        """Write one Parquet file, a block after the other."""
        import pyarrow.parquet as pq

        tables = (pa.Table.from_pandas(block, preserve_index=False) for block in self.blocks())
        first = next(tables)
        with pq.ParquetWriter(path, first.schema) as file:
            for table in chain([first], tables):
                file.write_table(table)
