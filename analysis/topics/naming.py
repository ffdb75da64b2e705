"""The topics of a study as people named, merged, split and dropped them in labels.csv, and what they change there."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis.run.steps import Results
from analysis.settings import StudyError
from analysis.topics import labels
from analysis.topics.steps import found, topics


class Naming:
    """What people said of the topics of a study folder, held against those that were found."""

    def __init__(self, results: Results, folder: Path) -> None:
        self._results, self.folder = results, folder

    @cached_property
    def matched(self) -> labels.Matched | None:
        """The topics held against those that people named; None if there are no names or no topics."""
        given, made = labels.read_labels(self.folder), self._results[found]
        return labels.match(given, made["comments"], made["table"]) if given and len(made["table"]) else None

    @property
    def table(self) -> pd.DataFrame:
        """The topics as they are shown, with people's names where there are any."""
        table, named = self._results[topics]["table"], self.matched
        return table if named is None or labels.curating(self.folder) else labels.named(table, named)

    @cached_property
    def home(self) -> dict[int, int]:
        """Of each topic that was found, the one that has most of its comments, as they are shown."""
        was, now = (self._results[of]["comments"]["topic"] for of in (found, topics))
        return now[(was >= 0) & (now >= 0)].groupby(was).agg(lambda of: int(of.mode().iloc[0])).to_dict()

    @property
    def history(self) -> pd.DataFrame:
        """What became of the topics that people named, by the numbers that are shown; <NA> of dropped ones."""
        if self.matched is None or not labels.curating(self.folder):
            return pd.DataFrame() if self.matched is None else self.matched.history
        history = self.matched.history
        return history.assign(topic=history["topic"].map(self.home).astype("Int64"))

    def write(self, changes: labels.Changes | None = None) -> Path:
        """Write labels.csv of the topics as they were found, with changes by their numbers."""
        made = self._results[found]
        table = labels.named(made["table"], self.matched) if self.matched else made["table"]
        return labels.write_labels(self.folder, made["comments"], table, self.matched, changes)

    def change(self, changes: labels.Changes) -> None:
        """Write labels.csv with topics changed, by their numbers as they are shown."""
        before, key = labels.read_labels(self.folder), self.matched.label if self.matched else {}
        changed = {t: before.change.get(key[t][0], "") if before and t in key else "" for t in self.home}
        stays = {t: f for f, t in self.home.items() if not changed[f]}
        if parts := sorted(t for t in changes if t not in stays):
            expected = "topics that were found, or made one of such"
            remedy = "A part of a split topic: change labels.csv."
            raise StudyError(expected=expected, found=str(parts), where="topics.curate", remedy=remedy)
        said = {f: dict(changes[t]) for f, t in self.home.items() if t in changes and changed[f] != labels.SPLIT}
        for new in said.values():
            if isinstance(into := new.get("change"), int):
                new["change"] = stays[into]
        self.write(said)
