"""Texts in partitions: a corpus whose texts are files of some rows each, of which one at a time is in memory.

What else is known of a comment (ids, times, scores) takes some hundred bytes and is in memory; its text is read where
it is needed, a partition at a time. A corpus of one partition is in memory whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import merge
from itertools import count
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd

from analysis.settings import StudyError

# A partition ends with the row that makes it as large as one of these.
ROWS = 50_000
CHARACTERS = 2**24
AT_A_TIME = 2**21  # letters of the texts that a process works on: words and their pairs take a hundred times as much
RUN = 2_000  # rows of a sorted partition that are in memory while all are merged


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


@dataclass(frozen=True)
class Texts(Lazy):
    """Texts in partitions.

    Attributes
    ----------
    parts : tuple of (list of str or Path)
        Each in memory, or a Parquet file with a column `text`; where it has a column `at`, sorted by that when read.
    ends : tuple of int
        How many rows there are up to the end of each.
    """

    parts: tuple[list[str] | Path, ...] = ()
    ends: tuple[int, ...] = ()

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __iter__(self) -> Iterator[str]:
        for _, texts in self.blocks():
            yield from texts

    def blocks(self) -> Iterator[tuple[slice, list[str]]]:
        """Rows and texts of each partition."""
        start = 0
        for part, end in zip(self.parts, self.ends, strict=True):
            yield slice(start, end), _read(part)
            start = end

    def take(self, rows: np.ndarray) -> list[str]:
        """The texts of some rows (int64), in the order of `rows`."""
        if len(self.parts) == 1 and isinstance(self.parts[0], list):
            return [self.parts[0][i] for i in rows.tolist()]
        which, out = np.searchsorted(self.ends, rows, side="right"), [""] * len(rows)
        for part in np.unique(which).tolist():
            texts, start = _read(self.parts[part]), self.ends[part - 1] if part else 0
            here = np.flatnonzero(which == part)
            for i, row in zip(here.tolist(), (rows[here] - start).tolist(), strict=True):
                out[i] = texts[row]
        return out

    def reordered(self, order: np.ndarray, folder: Path | None = None) -> Texts:
        """The same texts in another order, or some of them.

        Parameters
        ----------
        order : ndarray of int64
            The row of each text that is wanted, none twice.
        folder : Path, optional
            Where files may be made, which are the caller's to remove.
        """
        if folder is None or all(isinstance(part, list) for part in self.parts):
            return gathered([self.take(order)])
        to = np.full(len(self), -1, dtype=np.int64)
        to[order] = np.arange(len(order))
        size = -(-len(order) // len(self.parts)) or 1
        files: dict[int, _File] = {}
        for rows, texts in self.blocks():
            there = to[rows]
            for part in np.unique(there[there >= 0] // size).tolist():
                here = np.flatnonzero((there >= 0) & (there // size == part))
                if part not in files:
                    files[part] = _File(_fresh(folder))
                files[part].write({"at": there[here], "text": [texts[i] for i in here.tolist()]})
        for file in files.values():
            file.close()
        ends = [min((part + 1) * size, len(order)) for part in sorted(files)]
        return Texts(tuple(files[part].path for part in sorted(files)), tuple(ends))


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
    if isinstance(texts, Some):
        return rows_of_a_part(texts.texts, most)
    if isinstance(texts, Texts) and len(texts.parts) > 1:
        return max(1, min(most, len(texts) // len(texts.parts) * AT_A_TIME // CHARACTERS))
    return max(1, min(most, len(texts) * AT_A_TIME // max(1, sum(map(len, texts)))))


def take(texts: Sequence[str], rows: np.ndarray) -> list[str]:
    """The texts of some rows (int64), in the order of `rows`."""
    return texts.take(rows) if isinstance(texts, Lazy) else [texts[i] for i in rows.tolist()]


def partitions(texts: Sequence[str]) -> Iterator[tuple[slice, list[str]]]:
    """Rows and texts of each partition; of a plain sequence of ROWS at a time."""
    if isinstance(texts, Texts):
        yield from texts.blocks()
        return
    for start in range(0, len(texts), ROWS):
        rows = slice(start, min(start + ROWS, len(texts)))
        yield rows, list(texts[rows])


def gathered(texts: Iterable[Iterable[str]], folder: Path | None = None) -> Texts:
    """Texts as they come, cut into partitions: the first in memory as long as it is the only one, or without a folder.

    Parameters
    ----------
    texts : iterable of iterables of str
    folder : Path, optional
        Where files may be made, which are the caller's to remove.
    """
    made = Gathering(folder)
    for some in texts:
        made.extend(some)
    return made.texts()


class Gathering:
    """Texts that come one after the other, until `texts` gives all of them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._parts: list[list[str] | Path] = []
        self._ends: list[int] = []
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
        self._ends.append((self._ends[-1] if self._ends else 0) + len(self._open))
        self._parts.append(self._open)
        if self._folder is not None:
            self._parts = [self._written(part) if isinstance(part, list) else part for part in self._parts]
        self._open, self._characters = [], 0

    def _written(self, texts: list[str]) -> list[str] | Path:
        try:
            file = _File(_fresh(self._folder))  # type: ignore[arg-type]
            file.write({"text": texts})
            file.close()
        except OSError:  # a full disk: they stay in memory
            self._folder = None
            return texts
        return file.path

    def texts(self) -> Texts:
        """All texts that came."""
        if self._open and not self._parts:
            return Texts((self._open,), (len(self._open),))
        if self._open:
            self._close()
        return Texts(tuple(self._parts), tuple(self._ends))


def ranks(texts: Sequence[str], folder: Path | None = None) -> np.ndarray:
    """Number the different texts in their own order: int64 of shape (n_texts,), from 0.

    Parameters
    ----------
    texts : sequence of str
    folder : Path, optional
        Where files may be made, which are the caller's to remove; without one all texts are in memory for it.
    """
    runs = []
    for rows, some in partitions(texts):
        order = np.asarray(sorted(range(len(some)), key=some.__getitem__), dtype=np.int64)
        runs.append(_run([some[i] for i in order.tolist()], order + rows.start, folder))
    out = np.empty(len(texts), dtype=np.int64)
    rank, last = -1, None
    for text, row in runs[0] if len(runs) == 1 else merge(*runs):
        if text != last:
            rank, last = rank + 1, text
        out[row] = rank
    return out


def _run(texts: list[str], rows: np.ndarray, folder: Path | None) -> Iterable[tuple[str, int]]:
    """A sorted partition, read from a file some rows at a time where there may be one."""
    if folder is None or len(texts) < RUN:
        return list(zip(texts, rows.tolist(), strict=True))
    file = _File(_fresh(folder))
    for start in range(0, len(texts), RUN):
        file.write({"at": rows[start : start + RUN], "text": texts[start : start + RUN]})
    file.close()
    return _unwound(file.path)


def _unwound(path: Path) -> Iterator[tuple[str, int]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            yield from zip(table["text"].to_pylist(), table["at"].to_pylist(), strict=True)


# ---------------------------------------------------------------------------------------- tables and files


@dataclass(frozen=True)
class Partitioned:
    """A table whose column `text` is in partitions.

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
        """The table, a partition at a time; its one and empty partition where it has no rows."""
        for rows, texts in self.texts.blocks() if len(self.texts) else [(slice(0, 0), [])]:
            some = self.rows.iloc[rows]
            yield some.assign(text=pd.Series(texts, index=some.index, dtype="str"))[list(self.columns)]

    def whole(self) -> pd.DataFrame:
        """The table in memory."""
        blocks = list(self.blocks())
        return blocks[0] if len(blocks) == 1 else pd.concat(blocks)

    def write(self, folder: Path) -> list[Path]:
        """Write a Parquet file for each partition; give their paths."""
        folder.mkdir()
        paths = []
        for number, block in enumerate(self.blocks()):
            paths.append(folder / f"{number:05d}.parquet")
            block.to_parquet(paths[-1])
        return paths

    def write_file(self, path: Path) -> None:
        """Write one Parquet file, a partition after the other."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        writer = None
        for block in self.blocks():
            table = pa.Table.from_pandas(block, preserve_index=False)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()

    @classmethod
    def read(cls, paths: Sequence[Path]) -> Partitioned:
        """Read what `write` wrote, all but the texts; those of one partition as well."""
        import pyarrow.parquet as pq

        columns = tuple(name for name in pq.read_schema(paths[0]).names if not name.startswith("__index"))
        rows = [pd.read_parquet(path, columns=[name for name in columns if name != "text"]) for path in paths]
        ends = tuple(np.cumsum([len(some) for some in rows]).tolist())
        texts = Texts(tuple(paths) if len(paths) > 1 else (_read(paths[0]),), ends)
        return cls(rows[0] if len(rows) == 1 else pd.concat(rows, ignore_index=True), texts, columns)


class _File:
    """A Parquet file that is written some rows at a time."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path, self._table = path, pa.table
        self._writer: pq.ParquetWriter | None = None

    def write(self, columns: dict[str, object]) -> None:
        import pyarrow.parquet as pq

        table = self._table(columns)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


_numbers = count()


def _fresh(folder: Path) -> Path:
    return folder / f"{next(_numbers)}.parquet"


def _read(part: list[str] | Path) -> list[str]:
    return part if isinstance(part, list) else _read_file(part)


@lru_cache(maxsize=2)
def _read_file(path: Path) -> list[str]:
    """The texts of a partition; the last two that were read stay in memory: a part may reach from one into the next."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=["text", *({"at"} & set(file.schema_arrow.names))])
    except (OSError, pa.ArrowException) as error:
        raise StudyError(
            expected="the texts of the corpus, as they were kept",
            found=(str(error).splitlines() or [type(error).__name__])[0][:120],
            where=path.name,
            remedy="Run the command again: what is missing is made anew.",
        ) from None
    if "at" in table.column_names:
        table = table.take(np.argsort(table["at"].to_numpy()))
    return table["text"].to_pylist()
