"""A sentence and what stands behind it: of each number the table, row and column; the figure, the test, the code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.corpus.wording import plural
from analysis.findings.html import rendered, spoken
from analysis.findings.shown import LINKED
from analysis.findings.tables import TABLES, table_file
from analysis.settings import DATA
from analysis.trends.wording import signed

Of = pd.DataFrame | pd.Series
Show = Callable[..., str]


@dataclass(frozen=True)
class Number:
    """A number of a sentence, and where it stands."""

    text: str  # as the sentence has it
    table: str  # `study.tables` has it, and mostly a file of tables/
    rows: tuple[int, ...]  # of the table, from 0; none: all of its rows
    what: str  # the column, or what is made of columns: "after - before", "(q_value < 0.05).sum()"
    show: Show = field(repr=False, compare=False)  # how the value is written

    def read(self, table: pd.DataFrame) -> str:
        """The number as its table has it."""
        return self.show(_value(table.iloc[list(self.rows)] if self.rows else table, self.what))


@dataclass(frozen=True)
class Moved:
    """A thread or an author without which a change would be less."""

    name: str  # the article's title, or a pseudonym
    when: str  # the article's day, or how much the author wrote
    url: str  # the article's page, or ""
    without: Number


@dataclass(frozen=True)
class Sentence:
    """What is said, its numbers, and what else stands behind it; a paragraph that rests on one thing may be one."""

    text: str
    numbers: tuple[Number, ...] = ()
    figure: str = ""  # the page and the question under which it is drawn: "4_over_time: Does the tone change?"
    test: str = ""  # what was tested and how
    robustness: str = ""  # in how many other ways it holds
    short: str = ""  # the same for a first page, of numbers of the whole
    moved: tuple[Moved, ...] = ()  # what moves a change most

    @property
    def cell(self) -> str:
        """Code that gives its numbers: `study.tables.slopes.iloc[[3]][["estimate", "low", "high"]]`."""
        lines = []
        for numbers in _together(self.numbers):
            of = f"study.tables.{numbers[0].table}" + (f".iloc[{list(numbers[0].rows)}]" if numbers[0].rows else "")
            columns = [number.what for number in numbers if number.what.isidentifier()]
            lines += [f"{of}[{json.dumps(columns)}]"] if columns else []
            lines += [f'{of}.eval("{number.what}")' for number in numbers if not number.what.isidentifier()]
        return "\n".join(dict.fromkeys(lines))

    def html(self, *, short: bool = False) -> str:
        """The sentence, which opens to what stands behind it without a script; text is escaped."""
        said, (page, _, question) = self.short if short and self.short else self.text, self.figure.partition(": ")
        of = {"files": {name: table_file(name) for name in TABLES}, "linked": LINKED.fullmatch}
        of |= {"links": os.environ.get(DATA) == "on", "page": page, "question": question}  # a report has files
        return rendered("sentence.html.j2", sentence=self, said=said, together=_together(self.numbers), **of)


@dataclass(frozen=True)
class Finding:
    """Sentences that a notebook shows, each of which opens, and compares as text."""

    sentences: tuple[Sentence, ...]

    @classmethod
    def of(cls, *said: str | Sentence) -> Finding:
        """A finding of sentences, some without anything behind them; empty ones are none."""
        return cls(tuple(one if isinstance(one, Sentence) else Sentence(one) for one in said if one))

    @property
    def text(self) -> str:
        """The sentences, a line each."""
        return "\n".join(sentence.text for sentence in self.sentences)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<div class="finding">{"".join(sentence.html() for sentence in self.sentences)}</div>'


class Cited:
    """Writes the numbers of sentences, and keeps of each where it stands."""

    def __init__(self, table: str = "") -> None:
        self.table, self.numbers, self.sentences = table, list[Number](), list[Sentence]()

    def __call__(self, of: Of, what: str, show: Show = signed, table: str = "") -> str:
        """Write what a row has, or what all rows of a table or some of them give."""
        rows = (int(str(of.name)),) if isinstance(of, pd.Series) else () if _is_whole(of) else tuple(map(int, of.index))
        text = show(_value(of, what))
        self.numbers.append(Number(text, table or self.table, rows, what, show))
        return text

    def count(self, of: Of, what: str, one: str, many: str = "", table: str = "") -> str:
        """Write a number with its noun."""
        return self(of, what, lambda n: plural(int(n), one, many), table)

    def interval(self, row: pd.Series, of: str = "estimate", show: Show = signed, table: str = "") -> str:
        """Write an estimate with its interval: low and high, of any other column of_low and of_high."""
        low, high = ("low", "high") if of == "estimate" else (f"{of}_low", f"{of}_high")
        return f"{self(row, of, show, table)} ({self.ends(row, low, high, show, table)})"

    def ends(self, row: pd.Series, low: str = "low", high: str = "high", show: Show = signed, table: str = "") -> str:
        """Write an interval alone."""
        if pd.isna(row[low]):
            return "too few threads for an interval"
        return f"95 % interval {self(row, low, show, table)} to {self(row, high, show, table)}"

    def sentence(self, text: str, **behind: Any) -> Sentence:
        """Make a sentence of what was written; a capital begins it."""
        return Sentence(text[:1].upper() + text[1:], tuple(self.numbers), **behind)

    def tells(self, table: str = "", *, caller: Callable[[], str], **behind: str) -> str:
        """Make a sentence of what a template's `call` block says, unless that is nothing; its numbers are a table's."""
        self.table, self.numbers = table, []
        if text := " ".join(caller().split()):
            self.sentences.append(self.sentence(text, **behind))
        return ""


def finding(name: str, *of: object) -> Finding:
    """What a macro of sentences.txt.j2 finds, by its name, in what it is given."""
    say = Cited()
    spoken(name, say, *of)
    return Finding(tuple(say.sentences))


@contextmanager
def linked() -> Iterator[None]:
    """In a report's own pages sentences link to its files, as they do in the notebooks that it executes."""
    before = os.environ.get(DATA)
    os.environ[DATA] = "on"
    try:
        yield
    finally:
        os.environ.pop(DATA) if before is None else os.environ.update({DATA: before})


def _is_whole(table: pd.DataFrame) -> bool:
    return isinstance(table.index, pd.RangeIndex) and table.index.start == 0 and table.index.step == 1


def _value(of: Of, what: str) -> object:
    """What a column, or something made of columns, is in a row or over some."""
    if isinstance(of, pd.Series):
        if what in of:
            return of[what]
        of = of.to_frame().T.infer_objects()
    value = of.eval(what, engine="python")
    return value.iloc[0] if isinstance(value, pd.Series) else value


def _together(numbers: Iterable[Number]) -> list[list[Number]]:
    """The numbers of the same rows together."""
    by: dict[tuple[str, tuple[int, ...]], dict[Number, None]] = {}
    for number in numbers:
        by.setdefault((number.table, number.rows), {})[number] = None
    return [list(some) for some in by.values()]
