"""A finished table -> a table for people: words for heads, topics by name, numbers rounded to what data supports."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd

from analysis.findings.html import rendered
from analysis.findings.privacy import mask
from analysis.settings import DATA
from analysis.trends.wording import fixed, named, percent, points, signed

LINK = "link"
HEADS = {
    "url": LINK,
    "n_comments": "comments",
    "n_threads": "threads",
    "n_authors": "authors",
    "n_words": "words",
    "n_own_time": "with a time of their own",
    "n_before": "comments before",
    "n_after": "comments after",
    "n_coded": "comments coded",
    "n_files": "files",
    "n_periods": "periods",
    "period_start": "from",
    "period_end": "to before",
    "p_value": "p",
    "q_value": "q",
    "source_file": "file",
    "n_topics": "number of topics",
    "n_lines": "lines or rows",
    "n_chars": "characters",
    "n_scored": "comments scored",
    "alpha": "α",
    "f1_macro": "macro F1",
}
MOST = 60  # rows that are shown unless more are asked for: a longer table is read in a spreadsheet
NONE = "–"
MACHINES = {"series", "interval", "n_eff", "author_ratio", "naive_low", "naive_high"}  # read these, people do not
SHARE_MEASURES = ("share", "same topic", "negative", "positive")  # in a column `measure`: the row's values are shares
MEANS = {"before", "after", "first", "second", "article", "thread", "uncorrected", "codes_only"}
CHANGES = {"difference", "step", "without"}
OF_CHANGES = {"p_value", "without", "part"}  # where one of these is a column, an estimate is a change
VALUES = MEANS | CHANGES | {"estimate"}
COUNTS_NOTHING = ("topic", "year")
# Controls, formats and surrogates: invisible, and some of them turn the order of the text around them.
INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
DATE = re.compile(r"[+-]?\d{4,5}-\d\d-\d\d")
ONE_LINE = re.compile(rf"(from )?{DATE.pattern}( \({DATE.pattern} to {DATE.pattern}\))?")
LONG = 24  # letters: a cell that has more is wide enough to be read
LINKED = re.compile(r"https?://[^\s/\"'<>]+(/[^\s\"'<>]*)?")  # the page of an article; nothing else is a link
TIME = re.compile(rf"({DATE.pattern})[T ]\d\d:\d\d\S*")  # as a csv file has it


@dataclass(frozen=True)
class Sheet:
    """A table of texts, ready to be shown; a notebook shows it as HTML and compares it as text."""

    table: pd.DataFrame
    numeric: tuple[str, ...]  # columns that are set right
    caption: str = ""
    none: str = ""  # what is said, and what to do next, where it has no rows

    def __repr__(self) -> str:
        body = self.table.to_string(index=False, max_colwidth=70) if len(self.table) else self.none or "(no rows)"
        return f"{self.caption}\n{body}" if self.caption else body

    def _repr_html_(self) -> str:
        rows = [list(zip(self.table.columns, row, strict=True)) for row in self.table.to_numpy()]
        script = os.environ.get(DATA) != "on"  # that sorts by a column; a page has it once
        of = {"columns": self.table.columns, "rows": rows, "script": script, "linked": LINKED.fullmatch}
        return rendered("table.html.j2", sheet=self, dated=ONE_LINE.fullmatch, long=LONG, **of)


def plain(text: object) -> str:
    """Text from outside as one line, without invisible characters and without anyone's address."""
    kept = (" " if c in "\n\t\r" else c for c in str(text))
    return mask("".join(c for c in kept if unicodedata.category(c) not in INVISIBLE))


def show(
    table: pd.DataFrame,
    *,
    caption: str = "",
    rows: int | None = MOST,
    shares: Sequence[str] = (),
    topics: pd.DataFrame | None = None,
    none: str = "",
) -> Sheet:
    """Show a table to people: an estimate and its interval in one column, times as dates, topics by their names.

    Parameters
    ----------
    table : DataFrame
        Any of the package's tables, or a part of it; a named index is a column too. Beside an estimate the columns
        that only machines read are left out: series, interval, n_eff, naive_low, naive_high.
    caption : str
    rows : int, optional
        The first so many are shown, and the caption says of how many; None shows all.
    shares : sequence of str
        Further columns that hold shares in [0, 1], as those do whose name begins so and what a column `measure` says to
        be a share, whose differences are in points; "estimate" stands for its interval too.
    topics : DataFrame, optional
        topic, label, stability.
    none : str
        What is said where the table has no rows: why, and what to do next.
    """
    table = pd.DataFrame(table)
    table = table.reset_index() if table.index.names != [None] else table
    if rows is not None and len(table) > rows:
        caption = f"{caption} The first {rows} of {len(table):,} rows.".strip()
    table = named(table[:rows], topics).rename(columns=str)
    columns = list(map(str, table))
    if "n_total" in table and "share" not in table:
        shares = ("estimate", *shares)  # `topics_by_period`
    ends = {column: _ends(table, column) for column in columns}
    unread = {end for pair in ends.values() for end in pair} | (MACHINES if "estimate" in table else set())
    out: dict[str, list[str]] = {}
    numeric = []
    for column in [c for c in columns if c not in unread]:
        head = HEADS.get(column, column.replace("_", " "))
        head = column if head in out else head
        cells, numbers = zip(*(table[c] for c in (column, *ends[column])), strict=True), _shown(table, column, shares)
        out[head] = [_cell(*cell, column=column, number=number) for cell, number in zip(cells, numbers, strict=True)]
        if pd.api.types.is_numeric_dtype(table[column]) and not pd.api.types.is_bool_dtype(table[column]):
            numeric.append(head)
    return Sheet(pd.DataFrame(out, dtype="str"), tuple(numeric), caption, none)


def _ends(table: pd.DataFrame, column: str) -> tuple[str, ...]:
    """The columns that hold the ends of a column's interval, if it has one."""
    own = column == ("estimate" if "estimate" in table else "at")
    ends = ("low", "high") if own else (f"{column}_low", f"{column}_high")
    return ends if all(end in table for end in ends) else ()


def _shown(table: pd.DataFrame, column: str, shares: Sequence[str]) -> list[Callable[[float], str]]:
    """For each row how a number of the column is written."""
    change = column in CHANGES or (column == "estimate" and not OF_CHANGES.isdisjoint(table))
    level = column in VALUES and not change
    sign = signed if not level or _is_sided(table) else fixed
    usual = percent if column.startswith("share") or column in shares else sign if column in VALUES else fixed
    if column not in VALUES or "measure" not in table:
        return [usual] * len(table)
    # Of `by_position` the rows with a place are means, and the others changes.
    mean = table["from_position"].notna() if "from_position" in table else pd.Series(not change, table.index)
    share = table["measure"].isin(SHARE_MEASURES) | table["measure"].str.startswith("share of ")
    return [usual if not s else percent if m else points for s, m in zip(share, mean, strict=True)]


def _is_sided(table: pd.DataFrame) -> bool:
    """Whether the means of a table go to both sides of 0, as sentiment does: only then they are written with a sign."""
    means = table[[c for c in table if c in MEANS or (c in ("estimate", "low", "high") and "p_value" not in table)]]
    named = "share_negative" in table or ("measure" in table and table["measure"].eq("sentiment").any())
    return bool(named or (means.select_dtypes("number") < 0).any(axis=None))


def _cell(value: object, *ends: object, column: str, number: Callable[[float], str]) -> str:
    """A value as text, with its interval where it has one."""
    text = _text(value, column, number)
    if text == NONE:
        return text
    text += " points" if number is points else ""
    low, high = (_text(end, column, number) for end in ends or (NONE, NONE))
    if low != NONE:
        return f"{text} ({low} to {high})"
    return f"{text} (too few threads)" if ends and column != "at" else text


def _text(value: object, column: str, number: Callable[[float], str]) -> str:
    """One value as text."""
    if pd.api.types.is_scalar(value) and pd.isna(value):  # type: ignore[call-overload]  # is_scalar narrows nothing
        return NONE
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Integral) and number is fixed:  # a csv file has whole numbers for 0.0 and 1.0
        return str(value) if column in COUNTS_NOTHING else f"{value:,}"
    if isinstance(value, Real):
        if column in ("p_value", "q_value", "line_p"):
            return "< 0.001" if value < 0.001 else f"{value:.3f}"
        return number(float(value))
    time = TIME.fullmatch(str(value))
    return time[1] if time else plain(value)
