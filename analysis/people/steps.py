"""The step that holds the instrument against people."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.corpus.sheets import Problems
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.people import agreement, intrusion
from analysis.people.changes import CLAIM, corrected_changes
from analysis.people.corrected import corrected_table
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.sentiment.codes import Codes, read_codes
from analysis.sentiment.steps import sentiment
from analysis.settings import Settings
from analysis.topics import labels
from analysis.topics.steps import topics
from analysis.trends.periods import Calendar
from analysis.trends.specifications import WITHIN, claims
from analysis.trends.steps import CALENDAR, arguments, change_points, comparisons, scored, slopes

BY = ("language", "length", "topic", "period_start")


def code_files(settings: Settings) -> dict[str, Path]:
    """The sheets of people's codes."""
    return named(sorted((settings.folder / "coded").glob("*.csv")), settings.folder)


def judged_files(settings: Settings) -> dict[str, Path]:
    """What people named and found odd of the topics: no step reads it."""
    folder = settings.folder
    globs = (labels.FOR_PEOPLE, labels.FOR_MATCHING, f"{intrusion.FOLDER}/**/*.csv")
    return named([path for glob in globs for path in sorted(folder.glob(glob))], folder)


CODED = (-1.0, 1.0)  # what people code: scores of another range cannot be held against it


def _codes(given: Given, rows: pd.DataFrame) -> Codes | None:
    """What people coded, if it is of the scores' range."""
    in_range = given.settings.sentiment.range == CODED
    return read_codes(given.folder / "coded", rows["comment_id"].tolist()) if in_range else None


@step(
    settings=(*CALENDAR, "sentiment.instrument", "sentiment.range"), files=code_files, needs=(corpus, topics, sentiment)
)
def coding(given: Given, run: Run) -> Values:
    """How far coders and instrument agree, and what the means are when people's codes correct them."""
    rows = scored(given, (topics, sentiment))
    lengths = [agreement.length_of(pd.Series(some, dtype="str")) for _, some in given[corpus].texts.blocks()]
    comments = rows.assign(
        period_start=Calendar(**arguments(given, CALENDAR)).starts(rows["posted_at"]),
        length=pd.concat(lengths, ignore_index=True),
    )
    codes, (low, high) = _codes(given, rows), given.settings.sentiment.range
    instrument = given.settings.sentiment.instrument
    made: Values = {
        "agreement": agreement.agreement(codes, comments, instrument=instrument, by=BY),
        "corrected": corrected_table(codes, comments),
    }
    if codes is not None:
        made["confusion"] = agreement.confusion(codes, rows).reset_index()
        made["problems"] = codes.problems
    elif given.files and (low, high) != CODED:
        unused = Problems()
        unused.add(Path("coded"), None, f"codes are from -1 to 1, scores from {low:g} to {high:g}: none is compared")
        made["problems"] = unused.table
    return made


@step(
    settings=("sentiment.range",),
    files=code_files,
    needs=(corpus, topics, sentiment, change_points, slopes, comparisons),
)
def changes(given: Given, run: Run) -> pd.DataFrame:
    """What the scores claim to have changed, as people would have coded it."""
    rows = scored(given, (topics, sentiment))
    codes = _codes(given, rows)
    told = claims(given[change_points], given[slopes], given[comparisons])
    told = told.loc[told["measure"] != "share", [*CLAIM, *WITHIN]].reset_index(drop=True)
    return corrected_changes(codes, rows, told).drop(columns=WITHIN)
