"""Sentences on what changed: breaks, steady rises, and what came with events; in tone or composition, how sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.plots.wording import MAX_Q, fixed, name_of, percent, period_name, points, signed, steady
from analysis.report.claims import Cited, Finding, Sentence
from analysis.report.ground import CIRCULAR, FRAGILE, TESTS, UNSTEADY, UNSUPPORTED, Change, Ground, day, manner_of
from analysis.report.sentences import THREADS_ALIKE, q_text

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


def _what(row: pd.Series, topics: pd.DataFrame, ground: Ground) -> tuple[str, str, Callable[[float], str]]:
    """A row's series, in full and in short, and how its values are written; of coded studies the scores by name."""
    whose = name_of(row["topic"], topics)
    whose = whose if pd.isna(row["topic"]) else f"“{whose}”"
    if row["measure"] == "share":
        return f"in composition, the share of {whose}", f"the share of {whose}", percent
    lead = "" if pd.isna(row["topic"]) else f"in {manner_of(row)}, "
    scored = " as scored" if ground.is_coded else ""
    return f"{lead}the mean {row['measure']}{scored} of {whose}", f"the {manner_of(row)} of {whose}", ground.level


def _around(at: pd.Timestamp) -> str:
    return period_name(at, "month" if at.day == 1 else "day")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def breaks_of(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground, sloping: set[str]) -> list[Change]:
    """Say each change that chance does not explain: `change_points`; as one at once only where no line explains it.

    Of what a line explains as well the slope is said, where there is one.
    """
    found: list[Change] = []
    for _, row in _significant(table).iterrows():
        at_once = row["line_p"] <= MAX_Q
        if not at_once and row["series"] in sloping:
            continue
        say, (what, brief, show) = Cited("change_points"), _what(row, topics, ground)
        verb = "fell" if row["after"] < row["before"] else "rose"
        moved = f"{verb} from {say(row, 'before', show)} to {say(row, 'after', show)}"
        around, q = say(row, "at", _around), say(row, "q_value", q_text)
        if at_once:
            change, unit = (points, " points") if row["measure"] == "share" else (signed, "")
            text = (
                f"{what} {moved} around {around} (95 % interval of the date {say(row, 'low', day)} to "
                f"{say(row, 'high', day)}, of the change {say(row, 'size_low', change)} to "
                f"{say(row, 'size_high', change)}{unit}; {q})"
            )
        else:
            text = f"{what} {moved}, around {around} or little by little, which these data do not tell ({q})"
        text += ground.shared(say, row) if pd.isna(row["topic"]) else ""
        short = f"{_capital(brief)} {moved}, around {around}" + (" or little by little" if not at_once else "")
        found.append(ground.told(say, text, _in_parts(short, row), row, "break", topics))
    return found


def _in_parts(short: str, row: pd.Series) -> str:
    """A short sentence that says whether composition or tone changed."""
    return f"{short}: a change of composition" if row["measure"] == "share" else short


def _sloping(table: pd.DataFrame) -> pd.DataFrame:
    """Steady rises and falls whose interval excludes none."""
    found = _significant(table)
    return found[(found["low"] > 0) | (found["high"] < 0)].sort_values(["q_value", "series"], kind="stable")


def slopes_of(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground) -> list[Change]:
    """Say each steady rise or fall: `slopes`."""
    found: list[Change] = []
    for _, row in _sloping(table).iterrows():
        say, (what, brief, _) = Cited("slopes"), _what(row, topics, ground)
        show, unit, falls = (points, " points", "fades") if row["measure"] == "share" else (signed, "", "falls")
        by = say(row, "estimate", lambda value, show=show: show(abs(value)).lstrip("+"))
        moved = f"{'rises' if row['estimate'] > 0 else falls} by {by}{unit} a year"
        ends = say.ends(row, show=show)
        text = f"{what} {moved} ({ends}; {say(row, 'q_value', q_text)})"
        text += ground.shared(say, row) if pd.isna(row["topic"]) else ""
        short = _in_parts(f"{_capital(brief)} {moved} ({ends})", row)
        found.append(ground.told(say, text, short, row, "slope", topics))
    return found


def changes(
    breaks: pd.DataFrame, slopes: pd.DataFrame, topics: pd.DataFrame, ground: Ground = Ground()
) -> list[Change]:
    """Every change that chance does not explain, told or not, the least likely by chance first.

    Of a series that both breaks and rises or fades, the break is said if no line explains it, else the line.
    """
    broken = set(_significant(breaks[breaks["line_p"] <= MAX_Q])["series"])
    slopes = slopes.assign(q_value=slopes["q_value"].where(~slopes["series"].isin(broken)))
    return breaks_of(breaks, topics, ground, set(_sloping(slopes)["series"])) + slopes_of(slopes, topics, ground)


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
    say = Cited("comments")
    n = say.count(comments, "index.size", "comment")
    if not len(activity):
        text = f"Nothing can be said of change over time: none of {n} has a date"
        return Finding.of(say.sentence(f"{text}."))
    if len(activity) < MIN_PERIODS or breaks["p_value"].isna().all() and slopes["p_value"].isna().all():
        text = f"{n} in {say.count(comments, 'article_id.nunique()', 'thread')} over "
        text += say.count(activity, "index.size", "period", table="activity_by_period")
        return Finding.of(say.sentence(f"{text} are too few to speak of a trend or any other change over time."))
    say = Cited("slopes")
    of = say.count(breaks, "p_value.notna().sum()", "break", table="change_points")
    of += f" and {say.count(slopes, 'p_value.notna().sum()', 'steady change')}"
    text = f"No change over time that chance does not explain, in tone or composition: of {of} tested none has q "
    return Finding.of(say.sentence(f"{text}below .05.", test=f"{TESTS['break']}; {THREADS_ALIKE}."))


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
    overall, found = part.iloc[0], []
    if np.isfinite(overall["low"]):
        say, what = Cited("comparisons"), _what(overall, topics, ground)[0]
        moved = f"went from {say(overall, 'first', ground.level)} to {say(overall, 'second', ground.level)}"
        text = f"{_from(say, overall)}, {what} {moved}, a difference of {say.interval(overall)}"
        parts = ground.shared(say, overall, str(overall["event"]))
        text += f"{_step(say, overall)}{parts}"
        short = (
            f"With “{overall['event']}” the mean {overall['measure']} of all comments {moved}{_chance(overall)}{parts}"
        )
        found.append(ground.told(say, text, short, overall, "event", topics))
    for _, row in _significant(part.iloc[1:]).iterrows():
        say, (what, brief, show) = Cited("comparisons"), _what(row, topics, ground)
        moved = f"went from {say(row, 'first', show)} to {say(row, 'second', show)}"
        step = say.interval(row, "step", points if row["measure"] == "share" else signed)
        unit = " points" if row["measure"] == "share" else ""
        text = f"{_from(say, row)}, {what} {moved}, a step of {step[:-1]}{unit}; {say(row, 'q_value', q_text)})"
        short = f"After “{row['event']}” {brief} {moved}"
        found.append(ground.told(say, text, _in_parts(short, row), row, "event", topics))
    return found


def _from(say: Cited, row: pd.Series) -> str:
    return f"From “{row['event']}” ({say(row, 'at', day)}) on"


def _chance(row: pd.Series) -> str:
    return "" if row["q_value"] < MAX_Q else ", which chance may explain"


def _step(say: Cited, row: pd.Series) -> str:
    """Whether it changed at an event, and not as it did all along; else what would have been found."""
    if not np.isfinite(row["step"]):
        return ", of which nothing tells a step from a line"
    said = f"; between a line before and one after, a step of {say.interval(row, 'step')}"
    if row["n_placebo"] > 0:
        count = "{:.0f}".format
        said += f", number {say(row, 'placebo_rank', count)} of {say(row, 'n_placebo + 1', count)} dates by size"
    if row["q_value"] < MAX_Q:
        return f"{said}, {say(row, 'q_value', q_text)}"
    least = say(row, "detectable", fixed)
    return f"{said}, which chance may explain (four of five such studies would find a step of {least})"


def events(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground = Ground()) -> Finding:
    """What changed from each event on that the study names: the mean of all, and what chance does not explain."""
    rows = table[table["comparison"] == "event"]
    if rows.empty:
        return Finding.of("The study names no event to compare before and after: [time] events in study.toml.")
    said: list[Sentence | str] = []
    for event, part in rows.groupby("event", sort=False):
        planned, overall = ground.planned(str(event)) if ground.planned else "", part.iloc[0]
        if not np.isfinite(overall["low"]):
            say = Cited("comparisons")
            text = f"{_from(say, overall)}, nothing can be said: {say.count(overall, 'n_first', 'comment')} before and "
            text += f"{say(overall, 'n_second', '{:,.0f}'.format)} after are in too few threads."
            said += [say.sentence(text), planned]
            continue
        found = steps_of(part, topics, ground)
        sure, series, say = found[1:], steady(part.iloc[1:], topics), Cited("comparisons")
        which = "stable topics" if any(change.why_not == UNSTEADY for change in sure) else "topics"
        said.append(found[0].sentence)
        if len(series):
            count = lambda n: f"{int(n):,}" if n else "none"  # noqa: E731
            tested, n = (say(series, what, count) for what in ("q_value.notna().sum()", f"(q_value < {MAX_Q}).sum()"))
            of = f"Of {tested} series of {which}, {n} took a step that chance does not explain"
            said.append(say.sentence(f"{of}, in tone or composition.", test=f"{TESTS['event']}."))
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
