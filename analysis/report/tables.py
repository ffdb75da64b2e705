"""A finished table -> a table for people: words for heads, numbers rounded to what the data supports."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from analysis.plots.style import MINUS, Picture, percent, signed
from analysis.report.privacy import mask

HEADS = {
    "period_start": "from",
    "period_end": "to before",
    "n_comments": "comments",
    "n_threads": "threads",
    "n_authors": "authors",
    "p_value": "p",
    "q_value": "q",
    "source_file": "file",
    "n_files": "files",
    "n_topics": "number of topics",
    "n_lines": "lines or rows",
    "n_chars": "characters",
    "n_periods": "periods",
    "n_scored": "comments scored",
    "alpha": "α",
    "f1_macro": "macro F1",
}
SHARES = ("share", "share_negative", "share_positive")
# Controls, formats and surrogates: invisible, and some of them turn the order of the text around them.
HIDDEN = {"Cc", "Cf", "Cs", "Co"}
# A text that begins with one of these is a formula to a spreadsheet; the quote before it makes it a text again.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
DATE = re.compile(r"[+-]?\d{4,5}-\d\d-\d\d")  # stays on one line
UNDER_ROWS = 200  # a folded table that is longer is read in a spreadsheet


@dataclass(frozen=True)
class Sheet:
    """A table of texts, ready to be shown; a notebook shows it as HTML and compares it as text.

    Attributes
    ----------
    table : DataFrame of str
    numeric : tuple of str
        Columns that are set right.
    caption : str
    """

    table: pd.DataFrame
    numeric: tuple[str, ...]
    caption: str = ""

    def __repr__(self) -> str:
        body = self.table.to_string(index=False, max_colwidth=70) if len(self.table) else "(no rows)"
        return f"{self.caption}\n{body}" if self.caption else body

    def _repr_html_(self) -> str:
        def cell(tag: str, column: str, text: str) -> str:
            side = ' class="n"' if column in self.numeric else ' class="d"' if DATE.fullmatch(text) else ""
            scope = ' scope="col"' if tag == "th" else ""
            return f"<{tag}{side}{scope}>{escape(text)}</{tag}>"

        columns = list(self.table.columns)
        head = "".join(cell("th", c, c) for c in columns)
        rows = ["".join(cell("td", c, v) for c, v in zip(columns, row, strict=True)) for row in self.table.to_numpy()]
        body = "".join(f"<tr>{row}</tr>" for row in rows) or f'<tr><td colspan="{len(columns)}">none</td></tr>'
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        # A region that scrolls must be reachable by keyboard, and named.
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.caption or "Table")}"><table>'
            f"{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def plain(text: object) -> str:
    """Text from outside as one line, without invisible characters and without anyone's address."""
    kept = (" " if c in "\n\t\r" else c for c in str(text))
    return mask("".join(c for c in kept if unicodedata.category(c) not in HIDDEN))


def sheet(table: pd.DataFrame, *, caption: str = "", shares: tuple[str, ...] = ()) -> Sheet:
    """Show a table to people.

    Parameters
    ----------
    table : DataFrame
        Any of the package's tables. estimate, low and high become one column; times become dates.
    caption : str
    shares : tuple of str
        Columns besides the usual ones that hold shares in [0, 1]; "estimate" among them makes the interval's
        ends shares as well.

    Returns
    -------
    Sheet
    """
    as_share = "estimate" in shares
    out: dict[str, list[str]] = {}
    numeric: list[str] = []
    for column in table.columns:
        if column.removesuffix("_low").removesuffix("_high") != column and column.rsplit("_", 1)[0] in table:
            continue
        if column in ("low", "high") and "estimate" in table:
            continue
        head = HEADS.get(column, column.replace("_", " "))
        values = table[column]
        if column == "estimate" and "low" in table:
            out[head] = [
                _with_interval(*v, percent if as_share else signed) for v in _triples(table, "estimate", "low", "high")
            ]
        elif f"{column}_low" in table:
            show = percent if column in (*SHARES, *shares) else _fixed
            out[head] = [_with_interval(*v, show) for v in _triples(table, column, f"{column}_low", f"{column}_high")]
        else:
            out[head] = [_text(v, column, (*SHARES, *shares)) for v in values]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            numeric.append(head)
    return Sheet(pd.DataFrame(out, dtype="str"), tuple(numeric), caption)


def _triples(table: pd.DataFrame, *columns: str) -> list[tuple[float, float, float]]:
    return list(table[list(columns)].astype(float).itertuples(index=False, name=None))


def _fixed(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _with_interval(value: float, low: float, high: float, show: Callable[[float], str]) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{show(value)} ({show(low)} to {show(high)})" if np.isfinite(low) else f"{show(value)} (too few threads)"


def _text(value: object, column: str, shares: tuple[str, ...]) -> str:
    """One value as text."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}" if column != "topic" or value >= 0 else "unassigned"
    if isinstance(value, (float, np.floating)):
        if column in shares:
            return percent(float(value))
        if column in ("p_value", "q_value"):
            return "< 0.001" if value < 0.001 else f"{value:.3f}"
        return _fixed(float(value))
    return plain(value)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a csv file's bytes: UTF-8, times in ISO form, texts inert in a spreadsheet."""
    out = table.copy()
    for column in out.columns[[pd.api.types.is_string_dtype(out[c]) for c in out.columns]]:
        texts = out[column].astype("object")
        risky = texts.map(lambda v: isinstance(v, str) and v.startswith(FORMULA))
        out[column] = texts.where(~risky, "'" + texts.astype("str"))
    for column in out.select_dtypes("datetimetz"):
        out[column] = out[column].map(lambda t: t.isoformat(), na_action="ignore")
    # Ten significant digits: more than any estimate supports, fewer than the last bit on which machines differ.
    return out.to_csv(index=False, lineterminator="\n", float_format="%.10g").encode("utf-8")


def under(picture: Picture, name: str, shares: tuple[str, ...] = ()) -> str:
    """HTML of what stands under a figure: its data in a folded table, and both as files, held in the page itself.

    Parameters
    ----------
    picture : Picture
    name : str
        The files' name without its ending: one of ours, since nothing from a corpus may be in a file's name.
    shares : tuple of str
        As in `sheet`.
    """
    table, n = picture.data, len(picture.data)
    caption = f"Data of the figure “{name.replace('_', ' ')}”."  # of its own on a page: it names a region
    if n > UNDER_ROWS:
        caption += f" The first {UNDER_ROWS} of {n:,} rows; the csv file has them all."
    shown = sheet(table.head(UNDER_ROWS), caption=caption, shares=shares)._repr_html_()
    links = " · ".join(
        f'<a download="{escape(name)}.{kind}" href="data:{mime};base64,{base64.b64encode(data).decode()}">{words}</a>'
        for kind, mime, data, words in (
            ("csv", "text/csv;charset=utf-8", csv_bytes(table), "Table as csv"),
            ("pdf", "application/pdf", picture.pdf(), "Figure as pdf, for print"),
        )
    )
    return f'<details class="data"><summary>Data and downloads</summary><p>{links}</p>{shown}</details>'
