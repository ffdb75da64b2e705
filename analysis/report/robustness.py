"""`threadline robustness`: what is told, computed otherwise; kept as robustness.csv in the study folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.corpus.sheets import csv_bytes
from analysis.settings import LEARNED, STUDY_FOLDER, StudyError, writing
from analysis.trends.specifications import CLAIM, TOLD, claims, specifications

if TYPE_CHECKING:
    from analysis.study import Study

FILE = "robustness.csv"
FIGURES = ["n_comments", "estimate", "low", "high"]
COLUMNS = [*CLAIM, "specification", *FIGURES, "holds"]
CONTEXTS = {"own words alone": 0.0, "half of the thread": 0.5, "context learned": LEARNED}
INSTRUMENTS = {"vader": "vader-scaled", "vader-scaled": "vader"}
Variants = Mapping[str, Callable[[], pd.DataFrame]]


def variants(study: Study) -> tuple[Variants, Variants]:
    """Other topics, and other scores: by what is decided otherwise, the study's comments then."""
    settings, k = study.settings, len(study.topics.table)
    topics: dict[str, dict[str, object]] = {
        f"{n} topics": {"n_topics": n} for n in sorted({max(2, round(0.75 * k)), round(1.33 * k)} - {k, 0})
    }
    topics |= {name: {"context": worth} for name, worth in CONTEXTS.items() if worth != settings.topics.context}
    instrument = INSTRUMENTS.get(settings.sentiment.instrument)
    scores = {f"scored by {instrument}": {"instrument": instrument}} if instrument else {}
    return _made(study, topics), _made(study, scores)


def _made(study: Study, otherwise: Mapping[str, Mapping[str, object]]) -> Variants:
    return {name: partial(lambda changes: _comments(study.with_(**changes)), of) for name, of in otherwise.items()}


def _comments(study: Study) -> pd.DataFrame:
    """The comments, the score by the measure's name."""
    return study.comments.rename(columns={"sentiment": study.measure})


def computed(study: Study) -> pd.DataFrame:
    """Everything that the study tells of change, under every specification."""
    t, settings = study.tables, study.settings
    told = claims(t.change_points, t.slopes, t.comparisons)
    topics, scores = variants(study)
    older = list(study.store.older)
    made = specifications(told, _comments(study), topics, scores, study.measure, bounds=settings.sentiment.range)
    study.store.older[:] = older  # what is kept of the study itself is no older than what was computed otherwise
    return made


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Of each claim: what was told, and in how many of the other ways of computing it it holds."""
    told = table["specification"] == TOLD
    by = table[~told].groupby(CLAIM, dropna=False, sort=False)["holds"].agg(["sum", "size"]).reset_index()
    first = table.loc[told, [*CLAIM, "estimate", "low", "high"]]
    found = first.merge(by, on=CLAIM, how="left")
    return found.rename(columns={"sum": "holds_in", "size": "of"}).drop(columns=["series"])


def write(study: Study, table: pd.DataFrame) -> Path:
    """Write robustness.csv into the study folder."""
    path = study.settings.folder / FILE
    with writing(study.settings.folder, **STUDY_FOLDER):
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
