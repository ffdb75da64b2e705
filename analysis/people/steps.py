"""The steps that hold the instrument against people."""

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
from analysis.sentiment.instruments import Instrument, parse
from analysis.sentiment.steps import encoder_for_codes, scores_by, sentiment
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


def compared(settings: Settings) -> list[Instrument]:
    """The instruments that are compared on the coded sample."""
    return [
        parse(name, settings.folder, encoder_for_codes(settings.topics.encoder)) for name in settings.sentiment.compare
    ]


def compared_files(settings: Settings) -> dict[str, Path]:
    """The sheets of people's codes, and the files of the instruments that are compared."""
    files = [path for one in compared(settings) for path in one.files]
    return code_files(settings) | named(files, settings.folder)


def _range(settings: Settings) -> tuple[float, float]:
    """The least and the greatest value of a class: scores of another range cannot be held against codes."""
    values = settings.codes.classes.values()
    return min(values), max(values)


def _codes(given: Given, rows: pd.DataFrame) -> Codes | None:
    """What people coded, if it is of the scores' range."""
    in_range = given.settings.sentiment.range == _range(given.settings)
    classes = given.settings.codes.classes
    return read_codes(given.folder / "coded", rows["comment_id"].tolist(), classes) if in_range else None


@step(
    settings=(*CALENDAR, "sentiment.instrument", "sentiment.range", "codes.classes"),
    files=code_files,
    needs=(corpus, topics, sentiment),
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
        "class_errors": agreement.class_errors(codes, comments, BY),
        "corrected": corrected_table(codes, comments),
    }
    if codes is not None:
        made["confusion"] = agreement.confusion(codes, rows).reset_index()
        made["problems"] = codes.problems
    elif given.files and (low, high) != (ends := _range(given.settings)):
        unused = Problems()
        codes_are = f"codes are from {ends[0]:g} to {ends[1]:g}"
        unused.add(Path("coded"), None, f"{codes_are}, scores from {low:g} to {high:g}: none is compared")
        made["problems"] = unused.table
    return made


@step(
    settings=("sentiment.instrument", "sentiment.compare", "sentiment.range", "topics.encoder", "codes.classes"),
    files=compared_files,
    versions=lambda settings: " ".join(one.version for one in compared(settings)),
    needs=(corpus, sentiment),
)
def instruments(given: Given, run: Run) -> pd.DataFrame:
    """The study's instrument and those that it is compared with, against people: as `agreement`, a row each."""
    rows = scored(given, (sentiment,))
    codes, made = _codes(given, rows), []
    if codes is not None:
        of = pd.Index(rows["comment_id"]).get_indexer(codes.table["comment_id"])
        names = dict.fromkeys((given.settings.sentiment.instrument, *given.settings.sentiment.compare))
        for i, name in enumerate(names):
            some = rows if not i else rows.assign(sentiment=scores_by(given, name, run, of)[0])
            made.append(agreement.agreement(codes, some, instrument=name))
    return pd.concat(made, ignore_index=True) if made else agreement.agreement(None, rows, instrument="")


@step(
    settings=("sentiment.range", "codes.classes"),
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
