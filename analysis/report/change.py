"""Sentences on what changed: breaks, steady rises, and what came with events; in tone or composition, how sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.report.claims import Cited, Finding, Sentence
from analysis.report.ground import (
    CIRCULAR,
    FRAGILE,
    TABLES,
    TESTS,
    UNSTEADY,
    UNSUPPORTED,
    Change,
    Ground,
    day,
    manner_of,
)
from analysis.report.html import spoken
from analysis.report.sentences import THREADS_ALIKE
from analysis.trends.wording import MAX_Q, name_of, percent, period_name, points, signed, steady

MOST = 6  # changes that are said; the others are in a table
EXPLORED = "Other changes over time are explored."
UNPLANNED = (
    "Whether this was planned before its figures were seen, no file says (“threadline freeze” writes one). " + EXPLORED
)
MIN_PERIODS = 4  # fewer are no series
COUNTED = {"change_points": ("break",), "slopes": ("steady change",), "comparisons": ("step",)}


def _significant(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that chance does not explain, the least likely first."""
    return table[table["q_value"] < MAX_Q].sort_values(["q_value", "p_value", "series"], kind="stable")


def _what(row: pd.Series, topics: pd.DataFrame, ground: Ground) -> dict[str, object]:
    """How a row's series is called, in full and in short; of coded studies the scores by name. How values are said."""
    whose, overall, share = name_of(row["topic"], topics), pd.isna(row["topic"]), row["measure"] == "share"
    whose, manner = whose if overall else f"“{whose}”", manner_of(row)
    difference = points if share else signed
    of = {"difference": difference, "unsigned": lambda value: difference(abs(value)).lstrip("+"), "overall": overall}
    of |= {"shared": ground.shared, "day": day, "around": lambda at: period_name(at, "month" if at.day == 1 else "day")}
    if share:
        of |= {"what": f"in composition, the share of {whose}", "brief": f"the share of {whose}"}
        return of | {"show": percent, "unit": " points", "falls": "fades"}
    lead, scored = "" if overall else f"in {manner}, ", " as scored" if ground.is_coded else ""
    of |= {"what": f"{lead}the mean {row['measure']}{scored} of {whose}", "brief": f"the {manner} of {whose}"}
    return of | {"show": ground.level, "unit": "", "falls": "falls"}


def _told(how: str, kind: str, rows: pd.DataFrame, topics: pd.DataFrame, ground: Ground) -> list[Change]:
    """Say each row of a table of changes, in full and in short."""
    found: list[Change] = []
    for _, row in rows.iterrows():
        say, of = Cited(TABLES[kind]), _what(row, topics, ground)
        text, short = spoken(how, say, row, of), spoken(f"{how}_short", Cited(""), row, of)
        short = f"{short[:1].upper()}{short[1:]}{': a change of composition' if row['measure'] == 'share' else ''}"
        found.append(ground.told(say, text, short, row, kind, topics))
    return found


def _sloping(table: pd.DataFrame) -> pd.DataFrame:
    """Steady rises and falls whose interval excludes none."""
    found = _significant(table)
    return found[(found["low"] > 0) | (found["high"] < 0)].sort_values(["q_value", "series"], kind="stable")


def changes(
    breaks: pd.DataFrame, slopes: pd.DataFrame, topics: pd.DataFrame, ground: Ground = Ground()
) -> list[Change]:
    """Every change that chance does not explain, told or not, the least likely by chance first.

    Of a series that both breaks and rises or fades, the break is said if no line explains it, else the line.
    """
    broken = set(_significant(breaks[breaks["line_p"] <= MAX_Q])["series"])
    sloping = _sloping(slopes.assign(q_value=slopes["q_value"].where(~slopes["series"].isin(broken))))
    breaks = _significant(breaks[(breaks["line_p"] <= MAX_Q) | ~breaks["series"].isin(sloping["series"])])
    return _told("broke", "break", breaks, topics, ground) + _told("slope", "slope", sloping, topics, ground)


def over_time(
    breaks: pd.DataFrame,
    slopes: pd.DataFrame,
    topics: pd.DataFrame,
    ground: Ground = Ground(),
    *,
    comments: pd.DataFrame,
    activity: pd.DataFrame,
) -> Finding:
    """What changed, each in a sentence; or that nothing can be said to have.

    What people's codes do not support, does not hold in most ways of computing it, or is of no stable topic, is
    counted, and not told.
    """
    found, tables = changes(breaks, slopes, topics, ground), {"change_points": breaks, "slopes": slopes}
    told = [change for change in found if not change.why_not]
    said = [change.sentence for change in told[:MOST]]
    if more := told[MOST:]:
        said.append(_counted(more, tables, "Further, and with q below .05, see Over time: {}."))
    for why in (UNSTEADY, CIRCULAR, UNSUPPORTED, FRAGILE):
        if withdrawn := [change for change in found if change.why_not == why]:
            said.append(_counted(withdrawn, tables, f"Not told: {{}} {why}."))
    if said:
        return Finding.of(*said)
    if not len(activity):
        return Finding.of(Cited("comments").tell("undated", comments))
    if len(activity) < MIN_PERIODS or breaks["p_value"].isna().all() and slopes["p_value"].isna().all():
        return Finding.of(Cited("comments").tell("too_few", comments, activity))
    return Finding.of(Cited("slopes").tell("no_change", breaks, slopes, test=f"{TESTS['break']}; {THREADS_ALIKE}."))


def _counted(some: Sequence[Change], tables: dict[str, pd.DataFrame], text: str) -> Sentence:
    """A sentence that counts changes, by the table that has them."""
    say, parts = Cited(""), []
    for name, table in tables.items():
        if rows := [change.row.name for change in some if change.table == name]:
            parts.append(say.count(table.loc[rows], "index.size", *COUNTED[name], table=name))
    return say.sentence(text.format(" and ".join(parts)))


# --------------------------------------------------------------------------------------------------- events


def steps_of(part: pd.DataFrame, topics: pd.DataFrame, ground: Ground) -> list[Change]:
    """The changes with an event, from its rows of `comparisons`: of all comments, then what chance does not explain."""
    overall, others = part.iloc[:1], _significant(part.iloc[1:])
    found = _told("step", "event", overall[np.isfinite(overall["low"])], topics, ground)
    return found + _told("stepped", "event", others, topics, ground)


def events(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground = Ground()) -> Finding:
    """What changed from each event on that the study names: the mean of all, and what chance does not explain."""
    rows = table[table["comparison"] == "event"]
    if rows.empty:
        return Finding.of("The study names no event to compare before and after: [time] events in study.toml.")
    said: list[Sentence | str] = []
    for event, part in rows.groupby("event", sort=False):
        planned, overall = ground.planned(str(event)) if ground.planned else "", part.iloc[0]
        if not np.isfinite(overall["low"]):
            said += [Cited("comparisons").tell("too_few_around", overall, {"day": day}), planned]
            continue
        found = steps_of(part, topics, ground)
        sure, series, say = found[1:], steady(part.iloc[1:], topics), Cited("comparisons")
        which = "stable topics" if any(change.why_not == UNSTEADY for change in sure) else "topics"
        said.append(found[0].sentence)
        if len(series):
            count = lambda n: f"{int(n):,}" if n else "none"  # noqa: E731
            said.append(say.tell("steps", series, which, count, test=f"{TESTS['event']}."))
        elif sure:
            said.append("There is no stable topic to compare.")
        # Of what the study asked for beforehand it is told also that people do not support it.
        told = [change for change in sure if change.why_not in ("", UNSUPPORTED)]
        said += [change.sentence for change in told[:MOST]]
        for why in (UNSTEADY, CIRCULAR, FRAGILE):
            if withdrawn := [change for change in sure if change.why_not == why]:
                said.append(_counted(withdrawn, {"comparisons": table}, f"Not told: {{}} {why}."))
        said.append(planned)
    return Finding.of(*said, EXPLORED if ground.planned else UNPLANNED)
