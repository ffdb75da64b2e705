"""How much of a file is read: what is more is no table that somebody wrote, and would fill the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

LONGEST = 1 << 26  # characters of a line
MOST_COLUMNS, MOST_FILES = 20_000, 10_000  # of a table, in an archive
MOST_CELLS, MOST_LETTERS = 1 << 25, 1 << 28  # of a sheet, empty ones too; of 2,048 rows
Line = TypeVar("Line", str, bytes)


class TooMuchError(Exception):
    """A file that holds more: what was expected, what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected, self.found = expected, found


def bounded(readline: Callable[[int], Line]) -> Iterator[Line]:
    """Lines, or an error at one that has no end."""
    for number, line in enumerate(iter(lambda: readline(LONGEST + 1), readline(0)), 1):
        if len(line) > LONGEST:
            raise TooMuchError(f"lines of at most {LONGEST:,} characters", f"a longer one, line {number:,}")
        yield line
