"""Codes that people gave by hand: the sample and the coders' sheets, read and checked line by line.

A study's folder `coded/` holds `sample.csv` (comment_id, stratum, probability: the chance with which the comment was
drawn) and a sheet for each coder, `<coder>.csv` (comment_id, text, code: -1 negative, 0 neither, 1 positive).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.corpus.sheets import Problems, read_rows
from analysis.sentiment.scores import number
from analysis.settings import StudyError

SAMPLE = "sample.csv"
COLUMNS = ["comment_id", "stratum", "probability"]
LOGGED = ["skipped", "coded_at"]  # further columns of what the coding page keeps, of which a comment's last row counts
CLASSES = {"negative": -1.0, "neither": 0.0, "positive": 1.0}  # what is coded, if study.toml has no classes of its own
SCALE = (-1, 0, 1)


@dataclass(frozen=True)
class Codes:
    """What people coded by hand."""

    # A row a coded comment, sorted by comment_id: comment_id, stratum, probability (0, 1] of being drawn and coded, as
    # far as its stratum was coded, code (mean over coders, [-1, 1]), n_coders, and a column a coder (-1, 0, 1; NaN
    # where that coder has no valid code).
    table: pd.DataFrame
    coders: tuple[str, ...]  # names of the sheets
    problems: pd.DataFrame  # every row that is not used, and every one that lacks: see `Problems.table`


def read_codes(folder: Path, comment_ids: Collection[str]) -> Codes | None:
    """Read the coded sample of a study, from its folder `coded/`; None where there is no coder's sheet.

    Of rows that stand twice the first counts if they say the same, and none if they contradict each other. A StudyError
    if a file cannot be read or lacks a column, or if there are sheets but no sample.csv.
    """
    sheets = sorted(path for path in folder.glob("*.csv") if path.name != SAMPLE)
    if not sheets:
        return None
    problems = Problems()
    sample = _read_sample(folder / SAMPLE, set(comment_ids), problems)
    table = pd.DataFrame([(i, *sample[i]) for i in sorted(sample)], columns=COLUMNS)
    table = table.astype({"comment_id": "str", "stratum": "str", "probability": "float64"})
    for path in sheets:
        if path.stem in (*COLUMNS, "code", "n_coders"):
            expected, remedy = "a sheet named after its coder", "Rename the file."
            raise StudyError(expected=expected, found=path.name, where=str(folder), remedy=remedy)
        table[path.stem] = table["comment_id"].map(_read_sheet(path, sample, problems)).astype("float64")
    coders = tuple(path.stem for path in sheets)
    by_coder = table[list(coders)]
    table.insert(3, "code", by_coder.mean(axis=1))
    table.insert(4, "n_coders", by_coder.notna().sum(axis=1).astype("int64"))
    # Whoever has coded but some of the sample has, of each stratum, as good as drawn fewer.
    table["probability"] *= (table["n_coders"] > 0).groupby(table["stratum"]).transform("mean")
    return Codes(table[table["n_coders"] > 0].reset_index(drop=True), coders, problems.table)


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


def _read_sheet(path: Path, sample: Collection[str], problems: Problems) -> dict[str, int]:
    """Codes of one coder."""
    codes: dict[str, int | None] = {}  # None where none is valid
    rows = list(read_rows(path, ["comment_id", "code"], LOGGED))
    last = {comment: line for line, (comment, *_) in rows}
    for line, (comment, cell, skipped, coded_at) in rows:
        value = number(cell.lstrip("'"))  # a spreadsheet may have kept its guard against formulas
        code = int(value) if value in SCALE else None  # type: ignore[arg-type]
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
                text = f'code "{cell}" of {comment} is none of -1, 0, 1' if cell else f"comment {comment} has no code"
                problems.add(path, line, text)
    for comment in sorted(set(sample) - set(codes)):
        problems.add(path, None, f"comment {comment} of the sample is missing")
    return {comment: code for comment, code in codes.items() if code is not None}
