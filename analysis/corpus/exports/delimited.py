"""Lines of delimited text -> fields: what divides them, which line is the header, where a quotation ends."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from analysis.corpus.dates import instants
from analysis.corpus.exports.bounds import MOST_COLUMNS
from analysis.corpus.exports.columns import roles

DELIMITERS = ",;\t|^\x01"  # the first wins a tie
SPACE = "\x00 \t\r\n\ufeff\u200b"
VALUE = re.compile(r"https?://|\d{3,}$")  # what is no name of a column
QUOTED = re.compile(r'"[^"]*"')
LOOK = 30  # lines among which the header is
OPEN = 2_000  # lines after which a quotation that was opened counts as one that never closes
csv.field_size_limit(1 << 30)  # a long comment is not a fault


def known(fields: Iterable[str]) -> int:
    """How many of the fields are names that people give to a column of ours."""
    return sum(len(name) < 60 and bool(roles(name)) for name in fields)


def find_header(lines: list[str]) -> tuple[str, int]:
    """What divides a table's fields, and in which of its first lines the header is, 0 the first."""
    if stated := re.match(r"\s*sep=(.)\s*$", lines[0]):
        return stated[1], 1
    if re.fullmatch(r'"[^"]*"( "[^"]*")+\s*', lines[0]):
        return " ", 0  # as R writes a table
    best = (-1, -1, ",", 0)
    for delimiter in DELIMITERS:
        rows = [fields_of(line, delimiter) for line in lines]
        at = header_of(rows)
        best = max(best, (min(known(rows[at]), 2), len(rows[at]), delimiter, at), key=lambda one: one[:2])
    return best[2], best[3]


def header_of(rows: list[list[str]]) -> int:
    """The first row of which two columns are known; else the first that has as many fields as most."""
    filled = [sum(value.strip() != "" for value in row) for row in rows]
    widths = Counter(len(row) for row, n in zip(rows, filled, strict=True) if n > 1)
    width = max(widths, key=lambda n: (widths[n], n), default=1)
    fit = [i for i, n in enumerate(filled) if n and len(rows[i]) >= width - 1 and n > width // 2]
    first = next(iter(fit), next((i for i, n in enumerate(filled) if n), 0))
    return next((i for i in fit[:10] if known(rows[i]) > 1), first)


def names_of(fields: Iterable[str]) -> tuple[list[str], bool]:
    """Names of the columns, each once, and whether the fields are these; else, where they are data, numbers."""
    names = [name.strip(SPACE) for name in fields]
    if not known(names) and (any(map(VALUE.match, names)) or instants(names, "UTC").at.notna().any()):
        return [f"column {i}" for i, _ in enumerate(names, 1)], False
    names[:1] = [names[0] or "unnamed"] if names else []  # numbers of rows, as R and pandas write them
    before = [names[:i].count(name) for i, name in enumerate(names)]
    return [f"{name} ({n + 1})" if name and n else name for name, n in zip(names, before, strict=True)], True


def fields_of(line: str, delimiter: str) -> list[str]:
    """The fields of a line that is a whole row; of one that is no table's, which would fill the memory, the first."""
    if line.count(delimiter) > MOST_COLUMNS and QUOTED.sub("", line).count(delimiter) > MOST_COLUMNS:
        return line.split(delimiter, MOST_COLUMNS + 1)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


class Lines:
    """Lines of delimited text, from which rows are taken: some are looked at twice."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self._seen, self.number = iter(lines), deque[str](), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._seen.popleft() if self._seen else next(self._lines)
        self.number += 1
        return line

    def look(self, n: int) -> list[str]:
        """The next lines, which remain."""
        self._seen.extend(islice(self._lines, max(0, n - len(self._seen))))
        return list(self._seen)

    def rows(self, delimiter: str, n: int) -> Iterator[tuple[int, list[str]]]:
        """Line and fields of each row, `n` of them if it is one; quotations and strokes as its writer meant them."""
        for line in self:
            plain, number = line.rstrip("\r\n"), self.number
            yield number, self._quoted(line, delimiter, n) if '"' in plain else plain.split(delimiter) if plain else []

    def _quoted(self, line: str, delimiter: str, n: int) -> list[str]:
        for escape in (None, "\\"):
            taken: list[str] = []
            lines = chain([line], self)
            reader = csv.reader(_kept(lines, taken), delimiter=delimiter, strict=True, escapechar=escape)
            try:
                row = next(reader)
            except (csv.Error, StopIteration):
                row = []
            # Several lines that are each a row are no quotation, but a mark that never closes. Two or three lines of a
            # text with commas may look so by chance.
            torn = n > 2 and len(taken) > (1 if delimiter == "\t" else 3) and (n > 3 or delimiter == "\t")
            torn = torn and all(len(one.rstrip("\r\n").split(delimiter)) == n for one in taken)
            if row and not torn and (not n or len(row) in (n, n + 1)):
                return row
            self._seen.extendleft(reversed(taken[1:]))
            self.number -= len(taken) - 1
        plain = line.rstrip("\r\n")
        fields = plain.split(delimiter)
        if len(fields) != n:
            return fields_of(plain, delimiter)
        whole = [len(field) > 1 and field[0] == field[-1] == '"' for field in fields]
        return [field[1:-1].replace('""', '"') if one else field for field, one in zip(fields, whole, strict=True)]


def _kept(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    """The lines, as far as a quotation may reach, and a list of those that were taken."""
    for line in islice(lines, OPEN):
        taken.append(line)
        yield line
