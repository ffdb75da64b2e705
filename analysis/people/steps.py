"""The step that holds the instrument against people."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.people import agreement
from analysis.people.changes import claims_of, corrected_changes
from analysis.people.corrected import corrected_table
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.sentiment.codes import read_codes
from analysis.sentiment.steps import sentiment
from analysis.settings import Settings
from analysis.topics.steps import topics
from analysis.trends.periods import Calendar
from analysis.trends.steps import CALENDAR, arguments, change_points, comparisons, scored, slopes

SURE = 0.05  # q-value below which a change of the scores is claimed, and held against the codes
BY = ("language", "length", "topic", "period_start")


def code_files(settings: Settings) -> dict[str, Path]:
    """The sheets of people's codes."""
    return named(sorted((settings.folder / "coded").glob("*.csv")), settings.folder)


@step(settings=(*CALENDAR, "sentiment.instrument"), files=code_files, needs=(corpus, topics, sentiment))
def coding(given: Given, run: Run) -> Values:
    """How far coders and instrument agree, and what the means are when people's codes correct them."""
    rows = scored(given, (topics, sentiment))
    lengths = [agreement.length_of(pd.Series(some, dtype="str")) for _, some in given[corpus].texts.blocks()]
    comments = rows.assign(
        period_start=Calendar(**arguments(given, CALENDAR)).starts(rows["posted_at"]),
        length=pd.concat(lengths, ignore_index=True),
    )
    codes = read_codes(given.folder / "coded", rows["comment_id"].tolist())
    instrument = given.settings.sentiment.instrument
    made: Values = {
        "agreement": agreement.agreement(codes, comments, instrument=instrument, by=BY),
        "corrected": corrected_table(codes, comments),
    }
    if codes is not None:
        made["confusion"] = agreement.confusion(codes, rows).reset_index()
        made["problems"] = codes.problems
    return made


@step(files=code_files, needs=(corpus, topics, sentiment, change_points, slopes, comparisons))
def changes(given: Given, run: Run) -> pd.DataFrame:
    """What the scores claim to have changed, as people would have coded it."""
    rows = scored(given, (topics, sentiment))
    codes = read_codes(given.folder / "coded", rows["comment_id"].tolist())
    claims = claims_of(given[change_points], given[slopes], given[comparisons], SURE)
    return corrected_changes(codes, rows, claims).drop(columns=["since", "until"])
