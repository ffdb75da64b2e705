"""What is told of change: breaks, steady rises, what came with events; in tone or composition, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.findings.claims import Cited, Finding, Moved, Sentence, finding
from analysis.findings.html import alike, spoken
from analysis.findings.shown import plain
from analysis.findings.tables import Tables
from analysis.trends.specifications import CLAIM, TOLD
from analysis.trends.wording import MAX_Q, is_unstable, name_of, percent, period_name, points, signed, steady

MOST = 6  # changes that are said; the others are in a table
MIN_PERIODS = 4  # fewer are no series
EXPLORED = "Other changes over time are explored."
UNPLANNED = (
    "Whether this was planned before its figures were seen, no file says (“threadline freeze” writes one). " + EXPLORED
)
# Why a change is not told.
UNSTEADY = "of topics that are not stable"
CIRCULAR = "of the tone of topics that are found by words which the instrument scores"
UNSUPPORTED = "of the scores that people's codes do not support; corrected_changes.csv has them"
FRAGILE = "not holding in most other ways of computing it; robustness.csv has them"


class Kind(NamedTuple):
    """A kind of change: its table, what one is called, its macro in sentences.txt.j2, how it is tested."""

    table: str
    noun: str
    macro: str
    test: str


OVER_ALL = "Benjamini–Hochberg over all series"
KINDS = {
    "break": Kind("change_points", "break", "broke", f"CUSUM between any two weeks, {OVER_ALL} that were looked at"),
    "slope": Kind("slopes", "steady change", "slope", f"Least squares, {OVER_ALL} that were looked at"),
    "event": Kind("comparisons", "step", "step", f"Two lines with a step between them, {OVER_ALL} of all events"),
}


@dataclass(frozen=True)
class Change:
    """A change as it is told, its row, whether people's codes support it, and why it is not to be told, or ""."""

    sentence: Sentence
    kind: str
    row: pd.Series
    supported: bool | None  # None where too few comments are coded, or of a share
    why_not: str

    @property
    def sure(self) -> bool:
        """Whether chance does not explain it."""
        return bool(self.row["q_value"] < MAX_Q)


@dataclass(frozen=True)
class Changes:
    """What changed in a study, by its tables, and what else is known of it."""

    tables: Tables
    topics: pd.DataFrame
    moved: pd.DataFrame  # `influence`, with the title, published_at and url of threads
    of_tone: frozenset[int] = frozenset()  # topics that are found by words which the instrument scores
    planned: Callable[[str], str] = lambda event: ""  # whether the test of an event was planned, in a sentence
    level: Callable[[float], str] = signed  # how a mean of the measure is written

    # ------------------------------------------------------------------------------------------- what is told

    def explored(self) -> list[Change]:
        """Every change over time that chance does not explain, told or not, the least likely by chance first.

        Of a series that both breaks and rises or fades, the break is said if no line explains it, else the line.
        """
        breaks, slopes = self.tables.change_points, self.tables.slopes
        at_once = breaks["line_p"] <= MAX_Q
        broken = _significant(breaks[at_once])["series"]
        slopes = _significant(slopes[~slopes["series"].isin(broken) & ((slopes["low"] > 0) | (slopes["high"] < 0))])
        breaks = _significant(breaks[at_once | ~breaks["series"].isin(slopes["series"])])
        return [*self._told("break", breaks), *self._told("slope", slopes)]

    def over_time(self, comments: pd.DataFrame, activity: pd.DataFrame) -> Finding:
        """What changed, each in a sentence; or that nothing can be said to have."""
        if said := list(self._said(self.explored())):
            return Finding.of(*said)
        breaks, slopes = self.tables.change_points, self.tables.slopes
        series = len(activity) >= MIN_PERIODS and (breaks["p_value"].notna().any() or slopes["p_value"].notna().any())
        test = f"{KINDS['break'].test}; {alike(comments)}."
        return finding("none_told", comments, activity, breaks, slopes, series, test)

    def with_events(self) -> dict[str, tuple[pd.DataFrame, list[Change]]]:
        """By event its rows, and its changes: of all comments, if it is known, then what chance does not explain."""
        found, table = {}, self.tables.comparisons
        for event, part in table[table["comparison"] == "event"].groupby("event", sort=False):
            overall = part.iloc[:1]
            known = pd.concat([overall[np.isfinite(overall["low"])], _significant(part.iloc[1:])])
            found[str(event)] = part, list(self._told("event", known))
        return found

    def events(self) -> Finding:
        """What changed from each event on that the study names: the mean of all, and what chance does not explain."""
        said: list[Sentence | str] = []
        by_event, planned = self.with_events(), ""
        for event, (part, found) in by_event.items():
            overall, sure, series = part.iloc[0], found, steady(part.iloc[1:], self.topics)
            planned = self.planned(event)
            if known := bool(np.isfinite(overall["low"])):
                said.append(found[0].sentence)
                sure = found[1:]
            else:
                said += finding("too_few_around", overall).sentences
                series = series[series["q_value"].notna()]  # of shares, where nothing is scored
            which = "stable topics" if any(change.why_not == UNSTEADY for change in sure) else "topics"
            counted = finding("steps", series, which, f"{KINDS['event'].test}.").sentences if len(series) else ()
            said += counted
            if sure and known and not len(series):
                said.append("There is no stable topic to compare.")
            # Of what the study asked for beforehand it is told also that people do not support it.
            said += [*self._said(sure, UNSUPPORTED), planned]
        if not by_event:
            return Finding.of("The study names no event to compare before and after: [time] events in study.toml.")
        return Finding.of(*said, EXPLORED if planned else UNPLANNED)

    def tellable(self, kind: str) -> pd.DataFrame:
        """The rows of a kind's table of which nothing keeps a change from being told."""
        table = getattr(self.tables, KINDS[kind].table)
        told = [not change.why_not for change in self._told(kind, table)]
        return table[pd.Series(told, table.index, dtype=bool)]

    def _said(self, found: Sequence[Change], told_all_the_same: str = "") -> Iterator[Sentence]:
        """A sentence for each that is told; and how many are not, and why."""
        told = [change for change in found if change.why_not in ("", told_all_the_same)]
        yield from (change.sentence for change in told[:MOST])
        yield from self._counted(told[MOST:], "Further, and with q below .05, see Over time: {}.")
        for why in (UNSTEADY, CIRCULAR, UNSUPPORTED, FRAGILE):
            if why != told_all_the_same:
                yield from self._counted([one for one in found if one.why_not == why], f"Not told: {{}} {why}.")

    def _counted(self, some: Sequence[Change], text: str) -> Iterator[Sentence]:
        """A sentence that counts changes, by the table that has them; of none there is none."""
        say, parts = Cited(), []
        for kind, of in KINDS.items():
            if rows := [change.row.name for change in some if change.kind == kind]:
                parts.append(say.count(getattr(self.tables, of.table).loc[rows], "index.size", of.noun, table=of.table))
        if parts:
            yield say.sentence(text.format(" and ".join(parts)))

    # ------------------------------------------------------------------------------------------- one change

    def _told(self, kind: str, rows: pd.DataFrame) -> Iterator[Change]:
        """Each row of a kind's table, in full and in short, with what is known of it."""
        for _, row in rows.iterrows():
            of, say, w, share = KINDS[kind], Cited(KINDS[kind].table), self._words(row), row["measure"] == "share"
            macro = of.macro if kind != "event" or w["overall"] else "stepped"
            text, short = spoken(macro, say, row, w), spoken(f"{macro}_short", Cited(), row, w)
            coded, supported = self._as_coded(say, kind, row)
            held, stands = self._held(say, kind, row)
            asked = "Do topics come and go?" if share else "Does the tone of a topic break?"
            asked = "Before and after what happened" if kind == "event" else asked
            asked = "Does the tone change?" if w["overall"] and kind != "event" else asked
            sentence = say.sentence(
                f"{text}{coded}{held}.",
                figure=f"4_over_time: {asked}",
                test=f"{of.test}; {alike(self.tables.comments)}.",
                robustness=held[2:].capitalize(),
                short=f"{short[:1].upper()}{short[1:]}{': a change of composition' if share else ''}.",
                moved=tuple(self._moved(kind, row)),
            )
            why_not = UNSUPPORTED if supported is False else "" if stands else FRAGILE
            if not share and row["topic"] in self.of_tone and not self.is_coded:
                why_not = CIRCULAR
            why_not = UNSTEADY if is_unstable(row["topic"], self.topics) else why_not
            yield Change(sentence, kind, row, supported, why_not)

    def _words(self, row: pd.Series) -> dict[str, Any]:
        """What a row's series is called, in full and in short; and how its values are written."""
        whose, overall, share = name_of(row["topic"], self.topics), pd.isna(row["topic"]), row["measure"] == "share"
        whose, manner = whose if overall else f"“{whose}”", _manner(row)
        difference = points if share else signed
        of: dict[str, Any] = {"overall": overall, "shared": self._shared, "day": day, "difference": difference}
        of["unsigned"] = lambda value: difference(abs(value)).lstrip("+")
        of["around"] = lambda at: period_name(at, "month" if at.day == 1 else "day")
        if share:
            of |= {"what": f"in composition, the share of {whose}", "brief": f"the share of {whose}"}
            return of | {"show": percent, "unit": " points", "falls": "fades"}
        lead, scored = "" if overall or manner != "tone" else "in tone, ", " as scored" if self.is_coded else ""
        of |= {"what": f"{lead}the mean {row['measure']}{scored} of {whose}", "brief": f"the {manner} of {whose}"}
        return of | {"show": self.level, "unit": "", "falls": "falls"}

    @property
    def is_coded(self) -> bool:
        """Whether people coded a sample."""
        return len(self.tables.corrected_changes) > 0

    def _as_coded(self, say: Cited, kind: str, row: pd.Series) -> tuple[str, bool | None]:
        """What people's codes say of a change of the scores, and whether they support it."""
        if not self.is_coded or row["measure"] == "share":
            return "", None
        found = _of_claim(self.tables.corrected_changes, kind, row).dropna(subset="low")
        if found.empty:
            return "; too few of its comments are coded to hold this against people", None
        coded = found.iloc[0]
        supported = coded["low"] > 0 if coded["scores"] > 0 else coded["high"] < 0
        return f"; as people code it, by {say.interval(coded, table='corrected_changes')}", bool(supported)

    @cached_property
    def _otherwise(self) -> pd.DataFrame:
        return self.tables.robustness  # a file, read once

    def _held(self, say: Cited, kind: str, row: pd.Series) -> tuple[str, bool]:
        """In how many other ways of computing it a change holds, and whether that is most of them.

        A file that was made of other settings or data has another estimate, and says nothing.
        """
        value = row["after"] - row["before"] if kind == "break" else row["step" if kind == "event" else "estimate"]
        tried = _of_claim(self._otherwise, kind, row)
        told = tried["specification"] == TOLD if len(tried) else pd.Series(dtype=bool)
        if told.sum() != 1 or not np.isclose(tried.loc[told, "estimate"], value, rtol=1e-6, atol=1e-9).all():
            return "", True
        if (others := tried[~told]).empty:
            return "", True
        held = say(others, "holds.sum()", "{:,}".format, "robustness")
        ways = say.count(others, "index.size", "other way", table="robustness")
        return f"; holds in {held} of {ways} of computing it", 2 * others["holds"].sum() > len(others)

    def _moved(self, kind: str, row: pd.Series) -> Iterator[Moved]:
        """The threads and authors that move a change most."""
        show = points if row["measure"] == "share" else signed
        for _, one in _of_claim(self.moved, kind, row).iterrows():
            say, author = Cited("influence"), one["of"] == "author"
            say(one, "without", lambda value: show(value) if np.isfinite(value) else "nothing can be said")
            when = plural(one["n_comments"], "comment") if author else day(one["published_at"])
            title = one["id"] if pd.isna(one["title"]) else plain(one["title"])
            url = "" if author or pd.isna(one["url"]) else str(one["url"])
            yield Moved(str(title), when, url, say.numbers[0])

    def _shared(self, say: Cited, row: pd.Series, event: str = "") -> str:
        """How much of a change of all comments is tone, how much composition; of breaks and slopes, of the halves'."""
        parts, manner = self.tables.decomposition, _manner(row)
        whole = parts["topic"].isna() & (parts["event"].fillna("") == event)
        at = {one["part"]: one for _, one in parts[whole].iterrows()}
        if any(part not in at or pd.isna(at[part]["estimate"]) for part in ("within", "composition")):
            return f"; how much of it is {manner} and how much composition, these data do not tell"
        tone, composition = (say(at[part], "estimate", table="decomposition") for part in ("within", "composition"))
        where = "" if event else " between the halves of the time"
        return f"; of the difference{where}, {tone} is {manner} and {composition} composition"


def day(at: datetime | None) -> str:
    """The day of a time, or that there is none."""
    return "without a date" if at is None or pd.isna(at) else f"{at:%Y-%m-%d}"


def _manner(row: pd.Series) -> str:
    """What changes where composition does not: tone, or what else the scores measure."""
    return "tone" if row["measure"] == "sentiment" else str(row["measure"])


def _significant(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that chance does not explain, the least likely first."""
    return table[table["q_value"] < MAX_Q].sort_values(["q_value", "p_value", "series"], kind="stable")


def _of_claim(table: pd.DataFrame, kind: str, row: pd.Series) -> pd.DataFrame:
    """The rows of a table by claims that are of a row's claim."""
    same = pd.Series(True, table.index)
    for key in (key for key in CLAIM if key in table):
        value = kind if key == "change" else row.get(key)
        same &= table[key].isna() if pd.isna(value) else table[key].eq(value).fillna(False)
    return table[same.astype(bool)]
