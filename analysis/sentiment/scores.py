"""Scores that were made elsewhere, by a language model, an archived service or by hand: a row a comment."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.by_comment import read_by_comment
from analysis.settings import StudyError


def read(path: Path, comment_ids: Iterable[str], bounds: tuple[float, float]) -> tuple[np.ndarray, pd.DataFrame]:
    """The score of each comment, and the rows that are not used.

    Parameters
    ----------
    path : Path
        A table of any kind that comments are read from (csv, jsonl, parquet, xlsx), with comment_id, as in
        comments.parquet, and score; an empty score is none. A comma may divide decimals.
    comment_ids : iterable of str
    bounds : tuple of float
        The lowest and the highest score that there can be.

    Returns
    -------
    tuple of (ndarray of shape (n_comments,), DataFrame)
        NaN where there is no score, or two that differ; file, line, problem.

    Raises
    ------
    StudyError
        If the file cannot be read, lacks a column, names no comment of the study, or a score is beyond the bounds.
    """

    def score(cell: str, where: str) -> float:
        try:
            value = float(cell.replace("\u2212", "-").replace(",", "."))
        except ValueError:
            value = math.inf
        if not (math.isfinite(value) and bounds[0] <= value <= bounds[1]):
            raise StudyError(
                expected=f"a number from {bounds[0]:g} to {bounds[1]:g}",
                found=f'"{cell[:60]}"',
                where=where,
                remedy="Correct it, or state what scores can be: `range` under [sentiment] in study.toml.",
            )
        return value

    found, problems = read_by_comment(path, "score", comment_ids, score, "scored")
    return np.array([math.nan if one is None else one for one in found], dtype=np.float64), problems
