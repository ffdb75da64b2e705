"""`threadline robustness`: what is told, computed otherwise; kept as robustness.csv in the study folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.corpus.sheets import csv_bytes
from analysis.settings import LEARNED, STUDY_FOLDER, Settings, StudyError, writing
from analysis.trends.specifications import CLAIM, TOLD, specifications

FILE = "robustness.csv"
FIGURES = ["n_comments", "estimate", "low", "high"]
COLUMNS = [*CLAIM, "specification", *FIGURES, "holds"]
CONTEXTS = {"own words alone": 0.0, "half of the thread": 0.5, "context learned": LEARNED}
INSTRUMENTS = {"vader": "vader-scaled", "vader-scaled": "vader"}
Variants = Mapping[str, Callable[[], pd.DataFrame]]


def computed(
    told: pd.DataFrame, k: int, settings: Settings, comments_with: Callable[..., pd.DataFrame]
) -> pd.DataFrame:
    """The `claims` of a study of k topics under every specification; it is asked for its comments by other settings."""
    measure, context, instrument = settings.sentiment.name, settings.topics.context, settings.sentiment.instrument
    numbers = sorted({max(2, round(0.75 * k)), round(1.33 * k)} - {k, 0})
    topics: dict[str, dict[str, object]] = {f"{n} topics": {"n_topics": n} for n in numbers}
    topics |= {name: {"context": worth} for name, worth in CONTEXTS.items() if worth != context}
    scores = {f"scored by {other}": {"instrument": other} for one, other in INSTRUMENTS.items() if one == instrument}

    def named(**changes: Any) -> pd.DataFrame:
        """The comments, the score by the measure's name."""
        return comments_with(**changes).rename(columns={"sentiment": measure})

    def made(of: Mapping[str, Mapping[str, object]]) -> Variants:
        return {name: partial(named, **changes) for name, changes in of.items()}

    return specifications(told, named(), made(topics), made(scores), measure, bounds=settings.sentiment.range)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Of each claim: what was told, and in how many of the other ways of computing it it holds."""
    told = table["specification"] == TOLD
    by = table[~told].groupby(CLAIM, dropna=False, sort=False)["holds"].agg(["sum", "size"]).reset_index()
    first = table.loc[told, [*CLAIM, "estimate", "low", "high"]]
    found = first.merge(by, on=CLAIM, how="left")
    return found.rename(columns={"sum": "holds_in", "size": "of"}).drop(columns=["series"])


def write(folder: Path, table: pd.DataFrame) -> Path:
    """Write robustness.csv into the study folder."""
    path = folder / FILE
    with writing(folder, **STUDY_FOLDER):
        path.write_bytes(csv_bytes(table))
    return path


def read(folder: Path, zone: str) -> pd.DataFrame:
    """robustness.csv of a study folder; no rows where there is none."""
    path = folder / FILE
    if not path.is_file():
        return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
    try:
        table = pd.read_csv(path, dtype={"event": "str", "series": "str", "specification": "str", "topic": "Int64"})
        table = table[COLUMNS].astype(dict.fromkeys(FIGURES, "float64") | {"holds": "bool"})
        table["at"] = pd.to_datetime(table["at"], utc=True).dt.tz_convert(zone).dt.as_unit("us")
    except (KeyError, ValueError, UnicodeDecodeError) as error:
        raise StudyError(
            expected=f"the columns {', '.join(COLUMNS)}",
            found=str(error).strip("'\"").splitlines()[0][:200],
            where=str(path),
            remedy="It is not to be edited: remove it, or write it anew by `threadline robustness`.",
        ) from None
    return table
