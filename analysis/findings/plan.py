"""`threadline freeze`: what is planned, written down before scores are opened, as plan.json in the study folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from analysis.settings import STUDY_FOLDER, Settings, StudyError, writing
from analysis.trends.wording import MAX_Q

FILE = "plan.json"
FAMILIES = "false discoveries are controlled among all series of an event; changes, slopes and periods are explored"


@dataclass(frozen=True)
class Plan:
    """What was planned, and when."""

    frozen_at: str  # ISO 8601, in UTC
    scores_opened: bool  # whether scores had been computed in the study folder by then
    measure: str
    instrument: str
    events: Mapping[str, str] = field(default_factory=dict)  # by name: its date, as study.toml has it
    alpha: float = MAX_Q
    families: str = FAMILIES

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def says(self, settings: Settings, event: str) -> str:
        """Whether the test of an event was planned, in a sentence."""
        day = self.frozen_at[:10]
        now = (settings.sentiment.name, settings.sentiment.instrument)
        if str(settings.time.events.get(event)) != self.events.get(event):
            return f"Explored: the plan of {day} does not have this event."
        if now != (self.measure, self.instrument):
            return f"Explored: the plan of {day} is of {self.measure} by {self.instrument}."
        after = "after" if self.scores_opened else "before"
        return f"Planned on {day}, {after} scores were first computed here."


def freeze(settings: Settings, scores_opened: bool) -> Path:
    """Write plan.json; a StudyError where there is a plan, or nothing to plan."""
    events = {name: str(date) for name, date in settings.time.events.items()}
    if not events:
        where = "[time] events in study.toml"
        remedy = 'Name what is known: events = { "the bridge closes" = 2023-02-16 }.'
        raise StudyError(expected="an event to plan for", found="none", where=where, remedy=remedy)
    at, of = datetime.now(UTC).isoformat(timespec="seconds"), settings.sentiment
    plan = Plan(at, scores_opened, of.name, of.instrument, events)
    text = json.dumps({**asdict(plan), "digest": plan.digest}, indent=1, ensure_ascii=False)
    path = settings.folder / FILE
    if path.exists():
        remedy = "What is planned twice is not planned. Whoever must, removes the file, and says so."
        raise StudyError(expected="no plan yet", found=FILE, where=str(settings.folder), remedy=remedy)
    with writing(settings.folder, **STUDY_FOLDER):
        path.write_text(f"{text}\n", encoding="utf-8")
    return path


def read(folder: Path) -> Plan | None:
    """The plan of a study folder; None where there is none, a StudyError where it was changed since."""
    path = folder / FILE
    if not path.is_file():
        return None
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        said = json.loads(path.read_text(encoding="utf-8"))
        digest = said.pop("digest")
        if (plan := Plan(**said)).digest == digest:
            return plan
    expected, remedy = "the plan as it was frozen", "Put back the file; without it nothing is planned."
    raise StudyError(expected=expected, found="another content", where=str(path), remedy=remedy)
