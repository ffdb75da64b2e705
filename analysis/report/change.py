"""Sentences on what changed over time: breaks, steady rises, and what came with events; what people's codes support."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.plots.wording import MAX_Q, is_unstable, name_of, percent, period_name, points, signed, steady
from analysis.report.robustness import survived
from analysis.report.sentences import Finding, interval, q_value

MOST = 6  # changes that are said; the others are in a table
UNSTEADY = "of topics that are not stable"
CIRCULAR = "of the tone of topics that are found by words which the instrument scores"
UNSUPPORTED = "of the scores that people's codes do not support; corrected_changes.csv has them"
FRAGILE = "not holding in most other ways of computing it; robustness.csv has them"
EXPLORED = "Other changes over time are explored."
UNPLANNED = (
    "Whether this was planned before its figures were seen, no file says (“threadline freeze” writes one). " + EXPLORED
)
MIN_PERIODS = 4  # fewer are no series


Said = tuple[str, str]  # a sentence, and why it is not told, or ""


def _significant(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that chance does not explain, the least likely first."""
    found = table[table["q_value"] < MAX_Q]
    return found.sort_values(["q_value", "p_value", "series"], kind="stable")


@dataclass(frozen=True)
class Ground:
    """What is known of a claim beside its own table."""

    coded: pd.DataFrame | None = None  # `corrected_changes`: what people would have coded of it
    of_tone: frozenset[int] = frozenset()  # topics that are found by words which the instrument scores
    planned: Callable[[str], str] | None = None  # whether the test of an event was planned, in a sentence
    tried: pd.DataFrame | None = None  # `robustness`: whether it holds where something is decided otherwise

    @property
    def is_coded(self) -> bool:
        """Whether people coded a sample."""
        return self.coded is not None and len(self.coded) > 0

    def of(self, row: pd.Series, change: str, topics: pd.DataFrame) -> tuple[str, str]:
        """What is said of a change beside it; and why it is not to be told, or ""."""
        if is_unstable(row["topic"], topics):
            return "", UNSTEADY
        if row["measure"] != "share" and row["topic"] in self.of_tone and not self.is_coded:
            return "", CIRCULAR
        coded, supported = self._as_coded(row, change)
        held, stands = self._held(row, change)
        return coded + held, UNSUPPORTED if not supported else "" if stands else FRAGILE

    def _as_coded(self, row: pd.Series, change: str) -> tuple[str, bool]:
        """What people's codes say of a change of the scores, and whether they support it."""
        if not self.is_coded or row["measure"] == "share":
            return "", True
        table = self.coded
        same = (table["change"] == change) & table["topic"].isna()
        if pd.notna(row["topic"]):
            same = (table["change"] == change) & (table["topic"] == row["topic"])
        if change != "slope":
            same &= table["at"] == row["at"]
        found = table[same & table["low"].notna()]
        if found.empty:
            return "; too few of its comments are coded to hold this against people", True
        coded = found.iloc[0]
        supported = coded["low"] > 0 if coded["scores"] > 0 else coded["high"] < 0
        return f"; as people code it, by {interval(coded)}", bool(supported)

    def _held(self, row: pd.Series, change: str) -> tuple[str, bool]:
        """In how many other ways of computing it a change holds, and whether that is most of them."""
        estimate = {"break": "difference", "slope": "estimate", "event": "step"}[change]
        value = row["after"] - row["before"] if estimate == "difference" else row[estimate]
        found = None if self.tried is None else survived(self.tried, change, row, value)
        if found is None or not found[1]:
            return "", True
        return f"; holds in {found[0]} of {found[1]} other ways of computing it", 2 * found[0] > found[1]


def _what(row: pd.Series, topics: pd.DataFrame, ground: Ground) -> tuple[str, str, Callable[[float], str]]:
    """Of a row's series: what it is of, whose, and how its values are written; of coded studies the scores by name."""
    whose = name_of(row["topic"], topics)
    share, scored = row["measure"] == "share", " as scored" if ground.is_coded else ""
    whose = whose if pd.isna(row["topic"]) else f"“{whose}”"
    return "share" if share else f"mean {row['measure']}{scored}", whose, percent if share else signed


def _changes(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground, sloping: set[str]) -> list[Said]:
    """Say each change that chance does not explain: `change_points`; as one at once only where no line explains it.

    Of what a line explains as well the slope is said, where there is one.
    """
    sentences: list[Said] = []
    for _, row in _significant(table).iterrows():
        at_once = row["line_p"] <= MAX_Q
        if not at_once and row["series"] in sloping:
            continue
        further, why_not = ground.of(row, "break", topics)
        what, whose, show = _what(row, topics, ground)
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
        sentences.append((f"{moved}{further}.", why_not))
    return sentences


def _sloping(table: pd.DataFrame) -> pd.DataFrame:
    """Steady rises and falls whose interval excludes none."""
    found = _significant(table)
    return found[(found["low"] > 0) | (found["high"] < 0)].sort_values(["q_value", "series"], kind="stable")


def _trends(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground) -> list[Said]:
    """Say each steady rise or fall: `slopes`."""
    sentences: list[Said] = []
    for _, row in _sloping(table).iterrows():
        further, why_not = ground.of(row, "slope", topics)
        what, whose, _ = _what(row, topics, ground)
        show, unit, falls = (points, " points", "fades") if what == "share" else (signed, "", "falls")
        verb = "rises" if row["estimate"] > 0 else falls
        moved = f"The {what} of {whose} {verb} by {show(row['estimate'])}{unit} a year"
        moved += f" (95 % interval {show(row['low'])} to {show(row['high'])}; {q_value(row)})"
        sentences.append((f"{moved}{further}.", why_not))
    return sentences


def over_time(
    breaks: pd.DataFrame,
    slopes: pd.DataFrame,
    topics: pd.DataFrame,
    ground: Ground = Ground(),
    *,
    n_comments: int,
    n_threads: int,
    n_periods: int,
) -> Finding:
    """What changed, a line each, the least likely by chance first; or that nothing can be said to have.

    Of a series that both breaks and rises or fades, the break is said if no line explains it, else the line. What
    people's codes do not support, does not hold in most ways of computing it, or is of no stable topic, is counted, and
    not told.
    """
    broken = set(_significant(breaks[breaks["line_p"] <= MAX_Q])["series"])
    slopes = slopes.assign(**{"q_value": slopes["q_value"].where(~slopes["series"].isin(broken))})
    found = _changes(breaks, topics, ground, set(_sloping(slopes)["series"])) + _trends(slopes, topics, ground)
    sentences = [one for one, why_not in found if not why_not]
    if (more := len(sentences) - MOST) > 0:
        sentences[MOST:] = [f"{plural(more, 'further change')} with q below {MAX_Q}: see Over time."]
    for why in (UNSTEADY, CIRCULAR, UNSUPPORTED, FRAGILE):
        if withdrawn := sum(why_not == why for _, why_not in found):
            sentences.append(f"Not told: {plural(withdrawn, 'change')} {why}.")
    if sentences:
        return Finding("\n".join(sentences))
    tested = int(breaks["p_value"].notna().sum() + slopes["p_value"].notna().sum())
    if not tested or n_periods < MIN_PERIODS:
        what = f"{plural(n_comments, 'comment')} in {plural(n_threads, 'thread')} over {plural(n_periods, 'period')}"
        return Finding(f"{what} are too few to speak of a trend or any other change over time.")
    return Finding(f"No change over time that chance does not explain: of {tested} tests none has q below {MAX_Q}.")


def events(table: pd.DataFrame, topics: pd.DataFrame, ground: Ground = Ground()) -> Finding:
    """What changed from each event on that the study names: the mean of all, and what chance does not explain."""
    rows = table[table["comparison"] == "event"]
    if rows.empty:
        return Finding("The study names no event to compare before and after: [time] events in study.toml.")
    lines = []
    for event, part in rows.groupby("event", sort=False):
        overall, others = part.iloc[0], part.iloc[1:]
        start = f"From “{event}” ({overall['at']:%Y-%m-%d}) on"
        planned = f" {ground.planned(str(event))}" if ground.planned else ""
        if not np.isfinite(overall["low"]):
            n = f"{plural(int(overall['n_first']), 'comment')} before and {int(overall['n_second']):,} after"
            lines.append(f"{start}, nothing can be said: {n} are in too few threads.{planned}")
            continue
        moved = f"went from {signed(overall['first'])} to {signed(overall['second'])}"
        name = _what(overall, topics, ground)[0]
        text = f"{start}, the {name} of all comments {moved}, a difference of {interval(overall)}"
        text += f"{_step(overall)}{ground.of(overall, 'event', topics)[0]}."
        unsteady, others = len(_significant(others)), steady(others, topics)
        sure = _significant(others)
        unsteady -= len(sure)
        tested = int(others["q_value"].notna().sum())
        said, held_back = [], {CIRCULAR: 0, FRAGILE: 0}
        for _, row in sure.head(MOST).iterrows():
            what, whose, show = _what(row, topics, ground)
            moved = f"went from {show(row['first'])} to {show(row['second'])}"
            further, why_not = ground.of(row, "event", topics)
            if why_not in held_back:
                held_back[why_not] += 1
                continue
            further = further.replace(";", ",")
            change = points if what == "share" else signed
            said.append(
                f"the {what} of {whose} {moved}, a step of {interval(row, 'step', change)} ({q_value(row)}){further}"
            )
        which = "stable topics" if unsteady else "topics"
        text += f" Of {tested} series of {which}, {len(sure) or 'none'} took a step that chance does not explain"
        text += f"{': ' + '; '.join(said) if said else ''}."
        for why, n in {UNSTEADY: unsteady, **held_back}.items():
            text += f" Not told: {plural(n, 'change')} {why}." if n else ""
        lines.append(text + planned)
    lines[-1] += f" {EXPLORED if ground.planned else UNPLANNED}"
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
