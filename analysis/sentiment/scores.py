"""Scores that were made elsewhere, by a language model, an archived service or by hand: a row a comment."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.exports.by_comment import NOTHING, read_by_comment
from analysis.settings import StudyError


def read(
    path: Path, comment_ids: Iterable[str], bounds: tuple[float, float], column: str = "score"
) -> tuple[np.ndarray, pd.DataFrame]:
    """The score of each comment, float64, and the rows that are not used: `by_comment.read_by_comment`.

    Scores are from one of the bounds to the other; a comma may divide decimals. NaN where there is none, or two that
    differ. A StudyError also if a score is beyond the bounds.
    """

    def score(cell: str, where: str) -> float:
        value = number(cell)
        if value is None or not bounds[0] <= value <= bounds[1]:
            raise StudyError(
                expected=f"a number from {bounds[0]:g} to {bounds[1]:g}",
                found=f'"{cell[:60]}"',
                where=where,
                remedy="Correct it, or state what scores can be: `range` under [sentiment] in study.toml.",
            )
        return value

    found, problems = read_by_comment(path, column, comment_ids, score, "scored")
    return np.array([math.nan if one is None else one for one in found], dtype=np.float64), problems


def number(cell: str) -> float | None:
    """A number as people and spreadsheets write it, with a comma or a typographic minus; NaN of nothing, else None."""
    if cell.casefold() in NOTHING:
        return math.nan
    try:
        value = float(cell.replace("\u2212", "-").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
