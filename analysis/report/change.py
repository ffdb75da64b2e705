"""Sentences on what changed over time: breaks, steady rises, and what came with events; what people's codes support."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.plots.wording import MAX_Q, name_of, percent, period_name, points, signed, steady
from analysis.report.sentences import Finding, interval, q_value

MOST = 6  # changes that are said; the others are in a table
MIN_PERIODS = 4  # fewer are no series


def _significant(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that chance does not explain, the least likely first."""
    found = table[table["q_value"] < MAX_Q]
    return found.sort_values(["q_value", "p_value", "series"], kind="stable")


def _what(
    row: pd.Series, topics: pd.DataFrame, checked: pd.DataFrame | None
) -> tuple[str, str, Callable[[float], str]]:
    """Of a row's series: what it is of, whose, and how its values are written; of coded studies the scores by name."""
    whose = name_of(row["topic"], topics)
    share, scored = row["measure"] == "share", " as scored" if checked is not None and len(checked) else ""
    whose = whose if pd.isna(row["topic"]) else f"“{whose}”"
    return "share" if share else f"mean {row['measure']}{scored}", whose, percent if share else signed


def _as_coded(row: pd.Series, change: str, checked: pd.DataFrame | None) -> tuple[str, bool]:
    """What people's codes say of a change of the scores (`corrected_changes`), and whether it may be told."""
    if checked is None or checked.empty or row["measure"] == "share":
        return "", True
    same = (checked["change"] == change) & checked["topic"].isna()
    if pd.notna(row["topic"]):
        same = (checked["change"] == change) & (checked["topic"] == row["topic"])
    if change != "slope":
        same &= checked["at"] == row["at"]
    found = checked[same & checked["low"].notna()]
    if found.empty:
        return "; too few of its comments are coded to hold this against people", True
    coded = found.iloc[0]
    supported = coded["low"] > 0 if coded["scores"] > 0 else coded["high"] < 0
    return f"; as people code it, by {interval(coded)}", bool(supported)


def _changes(
    table: pd.DataFrame, topics: pd.DataFrame, checked: pd.DataFrame | None, sloping: set[str]
) -> list[str | None]:
    """Say each change that chance does not explain: `change_points`; as one at once only where no line explains it.

    Of what a line explains as well the slope is said, where there is one. None for what the codes do not support.
    """
    sentences: list[str | None] = []
    for _, row in _significant(table).iterrows():
        at_once = row["line_p"] <= MAX_Q
        if not at_once and row["series"] in sloping:
            continue
        coded, supported = _as_coded(row, "break", checked)
        if not supported:
            sentences.append(None)
            continue
        what, whose, show = _what(row, topics, checked)
        verb = "fell" if row["after"] < row["before"] else "rose"
        around = period_name(row["at"], "month" if row["at"].day == 1 else "day")
        moved = f"The {what} of {whose} {verb} from {show(row['before'])} to {show(row['after'])}"
        if at_once:
            change, unit = (points, " points") if what == "share" else (signed, "")
            moved += (
                f" around {around} (95 % interval of the date {row['low']:%Y-%m-%d} to {row['high']:%Y-%m-%d}, of the "
                f"change {change(row['size_low'])} to {change(row['size_high'])}{unit}; {q_value(row)})"
            )
        else:
            moved += f", around {around} or little by little, which these data do not tell ({q_value(row)})"
        sentences.append(f"{moved}{coded}.")
    return sentences


def _sloping(table: pd.DataFrame) -> pd.DataFrame:
    """Steady rises and falls whose interval excludes none."""
    found = _significant(table)
    return found[(found["low"] > 0) | (found["high"] < 0)].sort_values(["q_value", "series"], kind="stable")


def _trends(table: pd.DataFrame, topics: pd.DataFrame, checked: pd.DataFrame | None) -> list[str | None]:
    """Say each steady rise or fall: `slopes`; None for what the codes do not support."""
    sentences: list[str | None] = []
    for _, row in _sloping(table).iterrows():
        coded, supported = _as_coded(row, "slope", checked)
        if not supported:
            sentences.append(None)
            continue
        what, whose, _ = _what(row, topics, checked)
        show, unit, falls = (points, " points", "fades") if what == "share" else (signed, "", "falls")
        verb = "rises" if row["estimate"] > 0 else falls
        sentences.append(
            f"The {what} of {whose} {verb} by {show(row['estimate'])}{unit} a year (95 % interval {show(row['low'])} "
            f"to {show(row['high'])}; {q_value(row)}){coded}."
        )
    return sentences


def over_time(
    breaks: pd.DataFrame,
    slopes: pd.DataFrame,
    topics: pd.DataFrame,
    checked: pd.DataFrame | None = None,
    *,
    n_comments: int,
    n_threads: int,
    n_periods: int,
) -> Finding:
    """What changed, a line each, the least likely by chance first; or that nothing can be said to have.

    Of a series that both breaks and rises or fades, the break is said if no line explains it, else the line. What
    `checked` (`corrected_changes`) does not support, and what is of no stable topic, is counted and not told.
    """
    broken = set(_significant(breaks[breaks["line_p"] <= MAX_Q])["series"])
    slopes = slopes.assign(**{"q_value": slopes["q_value"].where(~slopes["series"].isin(broken))})
    sloping = set(_sloping(slopes)["series"])
    found = _changes(steady(breaks, topics), topics, checked, sloping)
    found += _trends(steady(slopes, topics), topics, checked)
    unsteady = len(_changes(breaks, topics, checked, sloping) + _trends(slopes, topics, checked)) - len(found)
    sentences = [one for one in found if one is not None]
    withdrawn = len(found) - len(sentences)
    if (more := len(sentences) - MOST) > 0:
        sentences[MOST:] = [f"{plural(more, 'further change')} with q below {MAX_Q}: see Over time."]
    if unsteady:
        sentences.append(f"Not told: {plural(unsteady, 'change')} of topics that are not stable.")
    if withdrawn:
        what = f"{plural(withdrawn, 'change')} of the scores that people's codes do not support"
        sentences.append(f"Not told: {what}; corrected_changes.csv has them.")
    if sentences:
        return Finding("\n".join(sentences))
    tested = int(breaks["p_value"].notna().sum() + slopes["p_value"].notna().sum())
    if not tested or n_periods < MIN_PERIODS:
        what = f"{plural(n_comments, 'comment')} in {plural(n_threads, 'thread')} over {plural(n_periods, 'period')}"
        return Finding(f"{what} are too few to speak of a trend or any other change over time.")
    return Finding(f"No change over time that chance does not explain: of {tested} tests none has q below {MAX_Q}.")


def events(table: pd.DataFrame, topics: pd.DataFrame, checked: pd.DataFrame | None = None) -> Finding:
    """What changed from each event on that the study names: the mean of all, and what chance does not explain."""
    rows = table[table["comparison"] == "event"]
    if rows.empty:
        return Finding("The study names no event to compare before and after: [time] events in study.toml.")
    lines = []
    for event, part in rows.groupby("event", sort=False):
        overall, others = part.iloc[0], part.iloc[1:]
        start = f"From “{event}” ({overall['at']:%Y-%m-%d}) on"
        if not np.isfinite(overall["low"]):
            n = f"{plural(int(overall['n_first']), 'comment')} before and {int(overall['n_second']):,} after"
            lines.append(f"{start}, nothing can be said: {n} are in too few threads.")
            continue
        moved = f"went from {signed(overall['first'])} to {signed(overall['second'])}"
        name = _what(overall, topics, checked)[0]
        text = f"{start}, the {name} of all comments {moved}, a difference of {interval(overall)}"
        text += f"{_step(overall)}{_as_coded(overall, 'event', checked)[0]}."
        unsteady, others = len(_significant(others)), steady(others, topics)
        sure = _significant(others)
        unsteady -= len(sure)
        tested = int(others["q_value"].notna().sum())
        said = []
        for _, row in sure.head(MOST).iterrows():
            what, whose, show = _what(row, topics, checked)
            moved = f"went from {show(row['first'])} to {show(row['second'])}"
            coded = _as_coded(row, "event", checked)[0].replace(";", ",")
            change = points if what == "share" else signed
            said.append(
                f"the {what} of {whose} {moved}, a step of {interval(row, 'step', change)} ({q_value(row)}){coded}"
            )
        which = "stable topics" if unsteady else "topics"
        text += f" Of {tested} series of {which}, {len(sure) or 'none'} took a step that chance does not explain"
        text += f"{': ' + '; '.join(said) if said else ''}."
        if unsteady:
            text += f" Not told: {plural(unsteady, 'change')} of topics that are not stable."
        lines.append(text)
    lines[-1] += (
        " An event is named before its figures are seen, so that its tests confirm; "
        "other changes over time are explored."
    )
    return Finding("\n".join(lines))


def _step(row: pd.Series) -> str:
    """Whether it changed at an event, and not as it did all along; else what would have been found."""
    if not np.isfinite(row["step"]):
        return ", of which nothing tells a step from a line"
    said = f"; between a line before and one after, a step of {interval(row, 'step')}"
    if row["n_placebo"] > 0:
        said += f", number {int(row['placebo_rank'])} of {int(row['n_placebo']) + 1} dates by size"
    if row["q_value"] < MAX_Q:
        return f"{said}, {q_value(row)}"
    least = f"{row['detectable']:.2f}"
    return f"{said}, which chance may explain (four of five such studies would find a step of {least})"
