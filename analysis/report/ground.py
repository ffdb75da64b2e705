"""What stands behind a change beside its own table: people's codes, other ways of computing it, what moved it most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.report.claims import Cited, Moved, Sentence
from analysis.report.robustness import others, same_claim
from analysis.report.sentences import THREADS_ALIKE
from analysis.report.tables import plain
from analysis.trends.wording import MAX_Q, is_unstable, points, signed

UNSTEADY = "of topics that are not stable"
CIRCULAR = "of the tone of topics that are found by words which the instrument scores"
UNSUPPORTED = "of the scores that people's codes do not support; corrected_changes.csv has them"
FRAGILE = "not holding in most other ways of computing it; robustness.csv has them"
TABLES = {"break": "change_points", "slope": "slopes", "event": "comparisons"}
TESTS = {
    "break": "CUSUM between any two weeks, Benjamini–Hochberg over all series that were looked at",
    "slope": "Least squares, Benjamini–Hochberg over all series that were looked at",
    "event": "Two lines with a step between them, Benjamini–Hochberg over all series of all events",
}


def day(at: object) -> str:
    """The day of a time, or that there is none."""
    return "without a date" if pd.isna(at) else f"{at:%Y-%m-%d}"


@dataclass(frozen=True)
class Change:
    """A change as it is told, the row that it is of, and why it is not to be told, or ""."""

    sentence: Sentence
    table: str
    row: pd.Series
    why_not: str = ""

    @property
    def sure(self) -> bool:
        """Whether chance does not explain it."""
        return bool(self.row["q_value"] < MAX_Q)


@dataclass(frozen=True)
class Ground:
    """What is known of a claim beside its own table."""

    coded: pd.DataFrame | None = None  # `corrected_changes`: what people would have coded of it
    of_tone: frozenset[int] = frozenset()  # topics that are found by words which the instrument scores
    planned: Callable[[str], str] | None = None  # whether the test of an event was planned, in a sentence
    tried: pd.DataFrame | None = None  # `robustness`: whether it holds where something is decided otherwise
    parts: pd.DataFrame | None = None  # `decomposition`: how much of the change of all comments is composition
    moved: pd.DataFrame | None = None  # `influence`, with the title, published_at and url of threads
    level: Callable[[float], str] = signed  # how a mean of the measure is written; `fixed` where none is below 0

    @property
    def is_coded(self) -> bool:
        """Whether people coded a sample."""
        return self.coded is not None and len(self.coded) > 0

    def told(self, say: Cited, text: str, short: str, row: pd.Series, kind: str, topics: pd.DataFrame) -> Change:
        """A change with what people's codes and other ways of computing say of it, and whether it is to be told."""
        coded, supported = self.as_coded(say, row, kind)
        held, stands = self._held(say, row, kind)
        asked = "Do topics come and go?" if row["measure"] == "share" else "Does the tone of a topic break?"
        asked = "Does the tone change?" if pd.isna(row["topic"]) else asked
        figure = f"4_over_time: {'Before and after what happened' if kind == 'event' else asked}"
        behind = {"figure": figure, "test": f"{TESTS[kind]}; {THREADS_ALIKE}."}
        found = say.sentence(f"{text}{coded}{held}.", robustness=held[2:].capitalize(), **behind)
        why_not = UNSUPPORTED if not supported else "" if stands else FRAGILE
        if row["measure"] != "share" and row["topic"] in self.of_tone and not self.is_coded:
            why_not = CIRCULAR
        why_not = UNSTEADY if is_unstable(row["topic"], topics) else why_not
        return Change(replace(found, short=f"{short}.", moved=self._moved(row, kind)), TABLES[kind], row, why_not)

    def as_coded(self, say: Cited, row: pd.Series, kind: str) -> tuple[str, bool]:
        """What people's codes say of a change of the scores, and whether they support it."""
        if not self.is_coded or row["measure"] == "share":
            return "", True
        table = self.coded
        same = table["topic"].isna() if pd.isna(row["topic"]) else table["topic"].eq(row["topic"]).fillna(False)
        same &= table["change"] == kind
        if kind != "slope":
            same &= table["at"] == row["at"]
        found = table[same.astype(bool) & table["low"].notna()]
        if found.empty:
            return "; too few of its comments are coded to hold this against people", True
        coded = found.iloc[0]
        supported = coded["low"] > 0 if coded["scores"] > 0 else coded["high"] < 0
        return f"; as people code it, by {say.interval(coded, table='corrected_changes')}", bool(supported)

    def _held(self, say: Cited, row: pd.Series, kind: str) -> tuple[str, bool]:
        """In how many other ways of computing it a change holds, and whether that is most of them."""
        value = row["after"] - row["before"] if kind == "break" else row["step" if kind == "event" else "estimate"]
        found = None if self.tried is None else others(self.tried, kind, row, value)
        if found is None or found.empty:
            return "", True
        held = say(found, "holds.sum()", "{:,}".format, "robustness")
        ways = say.count(found, "index.size", "other way", table="robustness")
        return f"; holds in {held} of {ways} of computing it", 2 * found["holds"].sum() > len(found)

    def _moved(self, row: pd.Series, kind: str) -> tuple[Moved, ...]:
        """The threads and authors that move a change most."""
        if self.moved is None or self.moved.empty:
            return ()
        same, found = same_claim(self.moved, kind, row), []
        show = points if row["measure"] == "share" else signed
        for _, one in self.moved[same].iterrows():
            say, author = Cited("influence"), one["of"] == "author"
            say(one, "without", lambda value: show(value) if np.isfinite(value) else "nothing can be said")
            when = plural(one["n_comments"], "comment") if author else day(one["published_at"])
            title = one["id"] if pd.isna(one["title"]) else plain(one["title"])
            url = "" if author or pd.isna(one["url"]) else str(one["url"])
            found.append(Moved(str(title), when, url, say.numbers[0]))
        return tuple(found)

    def shared(self, say: Cited, row: pd.Series, event: str = "") -> str:
        """How much of a change of all comments is tone, how much composition; of breaks and slopes, of the halves'."""
        if self.parts is None:
            return ""
        whole = self.parts["topic"].isna() & (self.parts["event"].fillna("") == event)
        at, manner = {one["part"]: one for _, one in self.parts[whole].iterrows()}, manner_of(row)
        if any(part not in at or pd.isna(at[part]["estimate"]) for part in ("within", "composition")):
            return f"; how much of it is {manner} and how much composition, these data do not tell"
        tone, composition = (say(at[part], "estimate", table="decomposition") for part in ("within", "composition"))
        where = "" if event else " between the halves of the time"
        return f"; of the difference{where}, {tone} is {manner} and {composition} composition"


def manner_of(row: pd.Series) -> str:
    """What changes where composition does not: tone, or what else the scores measure."""
    return "tone" if row["measure"] == "sentiment" else str(row["measure"])
