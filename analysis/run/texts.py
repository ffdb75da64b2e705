"""Texts as one large column: Arrow strings in memory, or in a memory-mapped file whose pages the system may drop."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd
import pyarrow as pa

# A block ends with the text that makes it as large as one of these.
ROWS = 50_000
CHARACTERS = 2**24
AT_A_TIME = 2**21  # letters of the texts that a process works on: words and their pairs take a hundred times as much
STRING = pa.large_string()
SCHEMA = pa.schema([("text", STRING)])


class Lazy(Sequence[str]):
    """A sequence of texts that are read when they are asked for."""

    def take(self, rows: np.ndarray) -> list[str]:
        """The texts of some rows (int64), in the order of `rows`."""
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return self.take(np.arange(*at.indices(len(self))))
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self.take(np.array([at % len(self)]))[0]


class Texts(Lazy):
    """Texts in blocks.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of large_string
        A chunk is a block; what is in a file is mapped, not read.
    """

    def __init__(self, column: pa.ChunkedArray | None = None) -> None:
        self.column = pa.chunked_array([], type=STRING) if column is None else column
        self._ends = np.cumsum([len(chunk) for chunk in self.column.chunks], dtype=np.int64)

    @classmethod
    def open(cls, path: Path) -> Texts:
        """Texts of a file that `write` or `gathered` made."""
        return cls(pa.ipc.open_file(pa.memory_map(str(path))).read_all()["text"])

    def write(self, path: Path) -> None:
        """Write an Arrow file, a block after the other."""
        with pa.ipc.new_file(str(path), SCHEMA) as file:
            for chunk in self.column.chunks:
                file.write_batch(pa.record_batch([chunk], schema=SCHEMA))

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __iter__(self) -> Iterator[str]:
        for _, some in self.blocks():
            yield from some

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

    def reordered(self, order: np.ndarray, folder: Path | None = None) -> Texts:
        """The same texts in another order, or some of them; `folder` as in `gathered`."""
        size = rows_of_a_part(self, ROWS)
        return gathered((self.take(order[i : i + size]) for i in range(0, len(order), size)), folder)

    @property
    def n_letters(self) -> int:
        """Bytes of all texts, which for most languages are about their letters."""
        ends = (
            np.frombuffer(c.buffers()[1], dtype=np.int64)[c.offset : c.offset + len(c) + 1] for c in self.column.chunks
        )
        return int(sum(some[-1] - some[0] for some in ends if len(some)))


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


@dataclass(frozen=True)
class Named(Collection[tuple[str, str]]):
    """Ids and texts, pair by pair, as often as they are gone through."""

    ids: pd.Series
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for rows, some in partitions(self.texts):
            yield from zip(self.ids.iloc[rows], some, strict=True)

    def __contains__(self, pair: object) -> bool:
        return any(pair == one for one in self)


def rows_of_a_part(texts: Sequence[str], most: int) -> int:
    """How many texts have some two million letters, on average, at the most `most`: what is done at a time."""
    whole = texts.texts if isinstance(texts, Some) else texts
    letters = whole.n_letters if isinstance(whole, Texts) else sum(map(len, whole))
    return max(1, min(most, len(whole) * AT_A_TIME // max(1, letters)))


def take(texts: Sequence[str], rows: np.ndarray) -> list[str]:
    """The texts of some rows (int64), in the order of `rows`."""
    return texts.take(rows) if isinstance(texts, Lazy) else [texts[i] for i in rows.tolist()]


def partitions(texts: Sequence[str]) -> Iterator[tuple[slice, list[str]]]:
    """Rows and texts of each block; of a plain sequence of ROWS at a time."""
    if isinstance(texts, Texts):
        yield from texts.blocks()
        return
    for start in range(0, len(texts), ROWS):
        rows = slice(start, min(start + ROWS, len(texts)))
        yield rows, list(texts[rows])


def gathered(texts: Iterable[Iterable[str]], folder: Path | None = None) -> Texts:
    """Texts as they come, cut into blocks.

    Parameters
    ----------
    texts : iterable of iterables of str
    folder : Path, optional
        Where a file may be made, which is the caller's to remove; without it, or on a full disk, they are in memory.
    """
    made = Gathering(folder)
    for some in texts:
        made.extend(some)
    return made.texts()


class Gathering:
    """Texts that come one after the other, until `texts` gives all of them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder, self._file = folder, None
        self._path: Path | None = None
        self._chunks: list[pa.Array] = []  # those that are in no file
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
        chunk = pa.array(self._open, type=STRING)
        self._open, self._characters = [], 0
        if self._folder is not None and not self._chunks:
            try:
                if self._file is None:
                    self._path = self._folder / f"{next(_numbers)}.arrow"
                    self._file = pa.ipc.new_file(str(self._path), SCHEMA)
                self._file.write_batch(pa.record_batch([chunk], schema=SCHEMA))
                return
            except OSError:  # a full disk: what is written can be read, the others stay in memory
                pass
        self._chunks.append(chunk)

    def texts(self) -> Texts:
        """All texts that came."""
        if self._open:
            self._close()
        filed: list[pa.Array] = []
        if self._file is not None and self._path is not None:
            self._file.close()
            filed = Texts.open(self._path).column.chunks
        return Texts(pa.chunked_array([*filed, *self._chunks], type=STRING))


def ranks(texts: Sequence[str], folder: Path | None = None) -> np.ndarray:
    """Number the different texts in their own order (of code points): int64 of shape (n_texts,), from 0."""
    import pyarrow.compute as pc

    column = texts.column if isinstance(texts, Texts) else pa.chunked_array([pa.array(list(texts), type=STRING)])
    return pc.rank(column, tiebreaker="dense").to_numpy().astype(np.int64) - 1


_numbers = count()


@dataclass(frozen=True)
class Partitioned:
    """A table whose column `text` is apart.

    Attributes
    ----------
    rows : DataFrame
        All other columns.
    texts : Texts
        As many as there are rows.
    columns : tuple of str
        The order of all columns, `text` among them.
    """

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

        writer = None
        for block in self.blocks():
            table = pa.Table.from_pandas(block, preserve_index=False)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()
