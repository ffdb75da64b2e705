"""Codes that people gave by hand: the sample and the coders' sheets, read and checked line by line.

A study's folder `coded/` holds `sample.csv` (comment_id, stratum, probability: the chance with which the comment was
drawn) and a sheet for each coder, `<coder>.csv` or .xlsx (comment_id, text, code: a class's value or name; -1 is
negative, 0 neither and 1 positive, unless study.toml names other classes; or, where it names labels, those that the
comment has, as in `insult|threat`, or `none`). Of labels each is read as two classes: a comment has it, or has it not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import Problems, read_rows, sheets_in
from analysis.sentiment import NEITHER
from analysis.sentiment.scores import number
from analysis.settings import CLASSES, StudyError

SAMPLE = "sample.csv"
COLUMNS = ["comment_id", "stratum", "probability"]
DTYPES = {"comment_id": "str", "stratum": "str", "probability": "float64", "code": "float64", "n_coders": "int64"}
VALUES = tuple(CLASSES.values())
NONE, AND = "none", "|"  # the cell of a comment without any label; between the labels of one with several
HAS = {"no": 0.0, "yes": 1.0}  # whether a comment has a label
LOGGED = ["skipped", "coded_at"]  # further columns of what the coding page keeps, of which a comment's last row counts


@dataclass(frozen=True)
class Codes:
    """What people coded by hand."""

    # A row a coded comment, sorted by comment_id: comment_id, stratum, probability (0, 1] of being drawn and coded, as
    # far as its stratum was coded, code (mean over coders, of the classes' values), n_coders, and a column a coder (a
    # class's value; NaN where that coder has no valid code).
    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(DTYPES)).astype(DTYPES))
    coders: tuple[str, ...] = ()  # names of the sheets; none where nobody codes
    # Every row that is not used, and every one that lacks.
    problems: pd.DataFrame = field(default_factory=lambda: Problems().table)
    classes: Mapping[str, float] = field(default_factory=lambda: CLASSES)  # their values, from the lowest


def read_codes(
    folder: Path,
    comment_ids: Collection[str],
    classes: Mapping[str, float] = CLASSES,
    labels: Sequence[str] = (),
    label: str = "",
) -> Codes:
    """Read the coded sample of a study, from its folder `coded/`; one without coders where there is no sheet.

    Where comments were given any of some `labels`, a `label` of them must be named; the classes are then `HAS`. Of rows
    that stand twice the first counts if they say the same, and none if they contradict each other. A StudyError if a
    file cannot be read or lacks a column, if a coder has two, or if there are sheets but no sample.csv.
    """
    sheets = [path for path in sheets_in(folder) if path.name != SAMPLE]
    classes = HAS if label else classes
    if not sheets:
        return Codes(classes=classes)

    def value(cell: str) -> float | None:
        has = labels_of(cell, labels) if label else None
        return class_of(cell, classes) if not label else None if has is None else float(label in has)

    values = f"{', '.join(labels)}, {NONE}" if label else ", ".join(f"{one:g}" for one in classes.values())
    problems = Problems()
    sample = _read_sample(folder / SAMPLE, set(comment_ids), problems)
    table = pd.DataFrame([(i, *sample[i]) for i in sorted(sample)], columns=COLUMNS)
    table = table.astype({name: DTYPES[name] for name in COLUMNS})
    for path in sheets:
        if path.stem in (*COLUMNS, "code", "n_coders", *table):
            expected, remedy = "a sheet named after its coder", "Rename the file; of a coder's two move one away."
            raise StudyError(expected=expected, found=path.name, where=str(folder), remedy=remedy)
        codes = _read_sheet(path, sample, problems, value, values)
        table[path.stem] = table["comment_id"].map(codes).astype("float64")
    coders = tuple(path.stem for path in sheets)
    by_coder = table[list(coders)]
    table.insert(3, "code", by_coder.mean(axis=1))
    table.insert(4, "n_coders", by_coder.notna().sum(axis=1).astype("int64"))
    # Whoever has coded but some of the sample has, of each stratum, as good as drawn fewer.
    table["probability"] *= (table["n_coders"] > 0).groupby(table["stratum"]).transform("mean")
    return Codes(table[table["n_coders"] > 0].reset_index(drop=True), coders, problems.table, classes)


def _read_sample(path: Path, known: set[str], problems: Problems) -> dict[str, tuple[str, float]]:
    """Stratum and probability of each comment that was drawn."""
    sample: dict[str, tuple[str, float]] = {}
    for line, (comment, stratum, chance) in read_rows(path, COLUMNS):
        probability = number(chance) or 0.0
        if comment not in known:
            problems.add(path, line, f"comment {comment or '(no id)'} is not in the corpus")
        elif comment in sample:
            problems.add(path, line, f"comment {comment} stands twice; the first counts")
        elif not 0 < probability <= 1:
            problems.add(path, line, f'probability "{chance}" of {comment} is not in (0, 1]')
        else:
            sample[comment] = (stratum, probability)
    return sample


def class_of(cell: str, classes: Mapping[str, float]) -> float | None:
    """The value of the class that a cell names, or whose value it has; None if there is no such class."""
    named = {name.casefold(): value for name, value in classes.items()}
    value = named.get(cell.casefold(), number(cell.lstrip("'")))  # a spreadsheet may have kept its guard
    return next((one for one in classes.values() if value is not None and abs(one - value) < 1e-9), None)


def labels_of(cell: str, labels: Sequence[str]) -> list[str] | None:
    """The labels that a cell names, in their order; none of `NONE`, and None where it names another, or nothing."""
    named = {label.casefold(): label for label in labels}
    parts = [named.get(part.strip().casefold()) for part in cell.split(AND)]
    if cell.strip().casefold() == NONE:
        return []
    return None if None in parts else [label for label in labels if label in parts]


def cell_of(cell: str, classes: Mapping[str, float], labels: Sequence[str] = ()) -> str:
    """A code as it is kept, a class's value or labels; "" if it is none."""
    if labels:
        has = labels_of(cell, labels)
        return "" if has is None else AND.join(has) or NONE
    value = class_of(cell, classes)
    return "" if value is None else f"{value:.10g}"


def _read_sheet(
    path: Path, sample: Collection[str], problems: Problems, value: Callable[[str], float | None], values: str
) -> dict[str, float]:
    """Codes of one coder, by the `value` of a cell; `values` are those that there are, in words."""
    codes: dict[str, float | None] = {}  # None where none is valid
    rows = list(read_rows(path, ["comment_id", "code"], LOGGED))
    last = {comment: line for line, (comment, *_) in rows}
    for line, (comment, cell, skipped, coded_at) in rows:
        code = value(cell)
        if coded_at and line < last[comment]:
            continue  # the page keeps what was said before as well
        if comment not in sample:
            problems.add(path, line, f"comment {comment or '(no id)'} is extra: it is not in the sample")
        elif code is None and skipped:
            codes[comment] = None
            problems.add(path, line, f"comment {comment} was skipped: {skipped}")
        elif comment in codes:
            same = code is not None and codes[comment] == code
            how = "alike" if same else "differently: neither counts"
            problems.add(path, line, f"comment {comment} is coded twice, {how}")
            codes[comment] = code if same else None
        else:
            codes[comment] = code
            if code is None:
                text = f'code "{cell}" of {comment} is none of {values}' if cell else f"comment {comment} has no code"
                problems.add(path, line, text)
    for comment in sorted(set(sample) - set(codes)):
        problems.add(path, None, f"comment {comment} of the sample is missing")
    return {comment: code for comment, code in codes.items() if code is not None}


def class_of_people(by_coder: np.ndarray, values: Sequence[float] = VALUES) -> np.ndarray:
    """Class, by its value, by most of the coders; if none has more than half, the one next to their mean, outwards."""
    n = np.isfinite(by_coder).sum(axis=1)
    mean = np.nansum(by_coder, axis=1) / n
    outward = np.array(sorted(values, key=lambda value: (-abs(value), -value)))  # the first of two that are as near
    chosen = outward[np.round(np.abs(mean[:, None] - outward), 9).argmin(axis=1)]
    for c in values:
        chosen = np.where((by_coder == c).sum(axis=1) * 2 > n, c, chosen)
    return chosen


def class_of_score(score: np.ndarray, values: Sequence[float] = VALUES) -> np.ndarray:
    """Class of a score, by its value; of none, that of 0.

    Of −1, 0 and 1 the authors of VADER's thresholds, ±0.05; of other classes the one whose value is next.
    """
    return np.asarray(values, dtype=float)[np.digitize(np.nan_to_num(score), edges_of(values))]


def edges_of(values: Sequence[float]) -> np.ndarray:
    """The scores from which on the next class begins."""
    if tuple(values) == VALUES:
        return np.array([np.nextafter(-NEITHER, 0), NEITHER])
    return np.convolve(np.asarray(values, dtype=float), [0.5, 0.5], mode="valid")
