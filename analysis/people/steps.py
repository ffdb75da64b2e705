"""The steps that hold the instrument against people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import Problems, sheets_in
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.people import agreement, intrusion, planning
from analysis.people.changes import CLAIM, corrected_changes
from analysis.people.corrected import corrected_table
from analysis.people.labelled import COLUMNS, figures
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

CODES = ("codes.classes", "codes.labels")
BY = ("language", "length", "topic", "period_start")


def code_files(settings: Settings) -> dict[str, Path]:
    """The sheets of people's codes."""
    return named(sheets_in(settings.folder / "coded"), settings.folder)


def judged_files(settings: Settings) -> dict[str, Path]:
    """What people named and found odd of the topics: no step reads it."""
    folder = settings.folder
    globs = (labels.FOR_PEOPLE, labels.FOR_MATCHING, f"{intrusion.FOLDER}/**/*.csv")
    return named([path for glob in globs for path in sorted(folder.glob(glob))], folder)


def _measuring(settings: Settings) -> list[Instrument]:
    """The study's instrument, those that it is compared with, and those of labels."""
    names = (settings.sentiment.instrument, *settings.sentiment.compare, *settings.codes.labels.values())
    encoder = encoder_for_codes(settings.topics.encoder)
    return [parse(name, settings.folder, encoder) for name in dict.fromkeys(names) if name]


MEASURED = {
    "files": lambda settings: (
        code_files(settings)
        | named(sorted({path for one in _measuring(settings) for path in one.files}), settings.folder)
    ),
    "versions": lambda settings: " ".join(one.version for one in _measuring(settings)),
}


def _range(classes: Mapping[str, float]) -> tuple[float, float]:
    """The least and the greatest value of a class: scores of another range cannot be held against codes."""
    return min(classes.values()), max(classes.values())


def _codes(given: Given, rows: pd.DataFrame) -> Codes:
    """What people coded, if it is of the measure, and of the scores' range; else nothing."""
    settings = given.settings
    if settings.codes.labels or settings.sentiment.range != _range(settings.codes.classes):
        return Codes()
    return read_codes(given.folder / "coded", rows["comment_id"].tolist(), settings.codes.classes)


@step(
    settings=(*CALENDAR, "sentiment.instrument", "sentiment.range", *CODES),
    files=code_files,
    needs=(corpus, topics, sentiment),
)
def coding(given: Given, run: Run) -> Values:
    """How far coders and instrument agree, and what the means are when people's codes correct them."""
    rows = scored(given, (topics, sentiment))
    codes, own = _codes(given, rows), given.settings.codes
    (low, high), (least, greatest) = given.settings.sentiment.range, _range(own.classes)
    at = np.flatnonzero(rows["comment_id"].isin(codes.table["comment_id"]))  # of no others is the length asked for
    comments = rows.assign(
        period_start=Calendar(**arguments(given, CALENDAR)).starts(rows["posted_at"]),
        length=agreement.length_of(pd.Series(given[corpus].texts.take(at), index=rows.index[at], dtype="str")),
    )
    instrument = given.settings.sentiment.instrument
    made: Values = {
        "agreement": agreement.agreement(codes, comments, instrument=instrument, by=BY),
        "class_errors": agreement.class_errors(codes, comments, BY),
        "corrected": corrected_table(codes, comments),
    }
    if codes.coders:
        made["confusion"] = agreement.confusion(codes, rows).reset_index()
        made["problems"] = codes.problems
    elif given.files and not own.labels and (low, high) != (least, greatest):
        unused = Problems()
        codes_are = f"codes are from {least:g} to {greatest:g}"
        unused.add(Path("coded"), None, f"{codes_are}, scores from {low:g} to {high:g}: none is compared")
        made["problems"] = unused.table
    return made


@step(
    settings=("sentiment.instrument", "sentiment.compare", "sentiment.range", "topics.encoder", *CODES),
    needs=(corpus, sentiment),
    **MEASURED,
)
def instruments(given: Given, run: Run) -> Values:
    """The study's instrument and those that it is compared with, against people; what `coded` gains by codes."""
    rows, s = scored(given, (sentiment,)), given.settings.sentiment
    codes, names = _codes(given, rows), dict.fromkeys((s.instrument, *s.compare))
    made = [agreement.agreement(Codes(), rows, instrument="")]
    if codes.coders:
        of = pd.Index(rows["comment_id"]).get_indexer(codes.table["comment_id"])
        for name in names:
            some = rows if name == s.instrument else rows.assign(sentiment=scores_by(given, name, run, of)[0])
            made.append(agreement.agreement(codes, some, instrument=name))

    def learned(some: Codes, of: np.ndarray) -> np.ndarray:
        return scores_by(given, "coded", run, of, some)[0][of]

    curve = planning.learning(codes if "coded" in names else Codes(), rows, learned)
    return {"instruments": pd.concat(made[1:] or made, ignore_index=True), "learning": curve}


@step(
    settings=(*CALENDAR, "sentiment.instrument", "sentiment.compare", "sentiment.range", "topics.encoder", *CODES),
    needs=(corpus, topics),
    **MEASURED,
)
def labelled(given: Given, run: Run) -> Values:
    """Labels of which comments have several: `labelled.figures` of each."""
    rows, labels, made = scored(given, (topics,)), given.settings.codes.labels, [pd.DataFrame(columns=COLUMNS)]
    rows = rows.assign(period_start=Calendar(**arguments(given, CALENDAR)).starts(rows["posted_at"]))
    problems = Problems().table
    for label, name in labels.items():
        codes = read_codes(given.folder / "coded", rows["comment_id"].tolist(), labels=tuple(labels), label=label)
        if codes.coders:
            scores, unused = scores_by(given, name, run, None, codes, label) if name else (np.nan, problems.iloc[:0])
            some = rows.assign(sentiment=scores).astype({"sentiment": "float64"})
            made.append(figures(codes, some, label, name, ("topic", "period_start")))
            problems = pd.concat([problems, codes.problems, unused]).drop_duplicates(ignore_index=True)
    return {"labels": pd.concat(made[1:] or made, ignore_index=True), "problems": problems}


@step(
    settings=("sentiment.range", *CODES),
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
