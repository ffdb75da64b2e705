"""Codes that people gave by hand: the sample and the coders' sheets, read and checked line by line.

A study's folder `coded/` holds `sample.csv` (comment_id, stratum, probability: the chance with which the comment was
drawn) and a sheet for each coder, `<coder>.csv` (comment_id, text, code: -1 negative, 0 neither, 1 positive).
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.settings import StudyError

SAMPLE = "sample.csv"
_CODES = {"-1": -1, "0": 0, "1": 1, "+1": 1, "-1.0": -1, "0.0": 0, "1.0": 1, "-0": 0}


@dataclass(frozen=True)
class Codes:
    """What people coded by hand.

    Attributes
    ----------
    table : DataFrame
        One row per coded comment, sorted by comment_id: comment_id, stratum, probability (0, 1], code (mean over
        coders, [-1, 1]), n_coders, and a column per coder (-1, 0, 1; NaN where that coder has no valid code).
    coders : tuple of str
        Names of the sheets.
    problems : DataFrame
        file, line (<NA> for a row that is missing), problem: every row that is not used, and every one that lacks.
    """

    table: pd.DataFrame
    coders: tuple[str, ...]
    problems: pd.DataFrame


def read_codes(folder: Path, comment_ids: Collection[str]) -> Codes | None:
    """Read the coded sample of a study.

    Parameters
    ----------
    folder : Path
        The folder `coded/`.
    comment_ids : collection of str
        The comments of the corpus.

    Returns
    -------
    Codes or None
        None where there is no folder or no coder's sheet. Of rows that stand twice the first counts if they say the
        same, and none if they contradict each other.

    Raises
    ------
    StudyError
        If a file cannot be read or lacks a column, or if there are sheets but no sample.csv.
    """
    sheets = sorted(p for p in folder.glob("*.csv") if p.name != SAMPLE) if folder.is_dir() else []
    if not sheets:
        return None
    known = set(comment_ids)
    problems: list[tuple[str, int | None, str]] = []
    sample = _read_sample(folder / SAMPLE, known, problems)
    table = pd.DataFrame(
        [(i, *sample[i]) for i in sorted(sample)], columns=["comment_id", "stratum", "probability"]
    ).astype({"comment_id": "str", "stratum": "str", "probability": "float64"})
    coders = tuple(p.stem for p in sheets)
    for path, coder in zip(sheets, coders, strict=True):
        if coder in ("comment_id", "stratum", "probability", "code", "n_coders"):
            raise StudyError(
                expected="a sheet named after its coder",
                found=path.name,
                where=str(folder),
                remedy="Rename the file.",
            )
        codes = _read_sheet(path, sample, problems)
        table[coder] = table["comment_id"].map(codes).astype("float64")
    by_coder = table[list(coders)]
    table.insert(3, "code", by_coder.mean(axis=1))
    table.insert(4, "n_coders", by_coder.notna().sum(axis=1).astype("int64"))
    table = table[table["n_coders"] > 0].reset_index(drop=True)
    found = pd.DataFrame(problems, columns=["file", "line", "problem"])
    return Codes(table, coders, found.astype({"file": "str", "line": "Int64", "problem": "str"}))


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number and the wanted columns of each row of a sheet, by whichever separator it was saved with.

    Raises
    ------
    StudyError
        If the file is not there, is no CSV in UTF-8 or lacks a column.
    """
    csv.field_size_limit(1 << 30)  # a long comment is not a fault
    remedy = "Save it as CSV (UTF-8)."
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            separator = max(",;\t", key=head.count)
            names = [n.strip().lower() for n in next(csv.reader([head], delimiter=separator), [])]
            if missing := [c for c in columns if c not in names]:
                raise StudyError(
                    expected=f"columns {', '.join(columns)}",
                    found=f"no {' and no '.join(missing)}",
                    where=f"{path}, line 1",
                    remedy="Restore the head of the sheet.",
                )
            wanted = [names.index(c) for c in columns]
            rows = csv.reader(file, delimiter=separator)
            line = 2
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield line, [row[i].strip() if i < len(row) else "" for i in wanted]
                line = rows.line_num + 2  # a comment may span lines
    except FileNotFoundError:
        raise StudyError(
            expected=f"a sheet {path.name} with the columns {', '.join(columns)}",
            found="none",
            where=str(path.parent),
            remedy="Restore the file.",
        ) from None
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise StudyError(expected="a CSV file in UTF-8", found=str(error), where=str(path), remedy=remedy) from None


def _read_sample(path: Path, known: set[str], problems: list) -> dict[str, tuple[str, float]]:
    """Stratum and probability of each comment that was drawn."""
    sample: dict[str, tuple[str, float]] = {}
    if not path.is_file():
        raise StudyError(
            expected=f"{SAMPLE} beside the coders' sheets",
            found="none",
            where=str(path.parent),
            remedy="It says with which chance each comment was drawn: comment_id, stratum, probability.",
        )
    for line, (comment, stratum, chance) in read_rows(path, ["comment_id", "stratum", "probability"]):
        try:
            probability = float(chance)
        except ValueError:
            probability = np.nan
        if comment not in known:
            problems.append((path.name, line, f"comment {comment or '(no id)'} is not in the corpus"))
        elif comment in sample:
            problems.append((path.name, line, f"comment {comment} stands twice; the first counts"))
        elif not 0 < probability <= 1:
            problems.append((path.name, line, f'probability "{chance}" of {comment} is not in (0, 1]'))
        else:
            sample[comment] = (stratum, probability)
    return sample


def _read_sheet(path: Path, sample: Collection[str], problems: list) -> dict[str, int]:
    """Codes of one coder."""
    codes: dict[str, int] = {}
    seen: set[str] = set()
    for line, (comment, cell) in read_rows(path, ["comment_id", "code"]):
        # A spreadsheet may have kept its guard against formulas, or set a typographic minus.
        code = _CODES.get(cell.lstrip("'").replace("\u2212", "-").replace(",", "."))
        if comment not in sample:
            problems.append((path.name, line, f"comment {comment or '(no id)'} is extra: it is not in the sample"))
            continue
        if comment in seen:
            same = comment in codes and codes[comment] == code
            problems.append(
                (
                    path.name,
                    line,
                    f"comment {comment} is coded twice" + (", alike" if same else ", differently: neither counts"),
                )
            )
            if not same:
                codes.pop(comment, None)
            continue
        seen.add(comment)
        if code is None:
            text = f'code "{cell}" of {comment} is none of -1, 0, 1' if cell else f"comment {comment} has no code"
            problems.append((path.name, line, text))
        else:
            codes[comment] = code
    missing = sorted(set(sample) - seen)
    problems += [(path.name, None, f"comment {c} of the sample is missing") for c in missing]
    return codes
