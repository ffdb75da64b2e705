"""A report's first screen: what was asked, what was found, in one figure, how sure, what to mind, what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from analysis import plots
from analysis.findings import plan
from analysis.findings.changes import Change, Changes
from analysis.findings.claims import Cited, Sentence
from analysis.findings.findings import MOST_STABLE
from analysis.report.pages import page
from analysis.study import Study
from analysis.trends.wording import UNSTABLE

MOST = 3  # sentences
# What the title of a figure leaves to the sentence beside it.
BESIDE = re.compile(r"(, a (step|difference) of [^,;(]+)? \(95 % interval [^)]*\)|; (of the diff|how much of it).*")


@dataclass(frozen=True)
class Front:
    """What a first screen says."""

    asked: str
    found: tuple[Sentence, ...]  # at most three, the figure's first
    sure: tuple[str, ...]  # of the first one
    caveat: str
    next: tuple[str, ...]
    figure: plots.Figure


def front(study: Study) -> Front:
    """A study's first screen."""
    changes = study.findings.changes()
    told = leading(changes)
    found = [one.sentence for one in told][:MOST]
    if len(found) < MOST and not any(one.sure for one in told):
        found.append(study.findings.over_time.sentences[0])
    found += [one for one in _standing(study) if one not in found][: MOST - len(found)]
    first = told[0] if told else None
    sure = tuple(_sure(first, changes, study)) if first else ()
    return Front(_asked(study), tuple(found), sure, _caveat(study), tuple(_next(study)), _figure(study, first))


def _asked(study: Study) -> str:
    """The question of a study: what it names first."""
    events = [f"“{event}” ({at:%Y-%m-%d})" for event, at in study.events.items()]
    also = "What are the comments about, how do they sound, and does either change over time?"
    if not events:
        return also
    more = f" and {len(events) - 2} more" if len(events) > 2 else ""
    return f"What changed with {' and '.join(events[:2])}{more}? {also}"


def leading(changes: Changes) -> list[Change]:
    """What is told of change, of events first: what is sure, then what happened to all comments, then the rest."""
    steps = [found for _, found in changes.with_events().values() if found]
    overall = [one for some in steps for one in some if pd.isna(one.row["topic"])]
    sure = [one for some in steps for one in some if pd.notna(one.row["topic"]) and not one.why_not]
    sure.sort(key=lambda one: one.row["q_value"])
    series = {one.row["series"] for one in sure}
    others = [one for one in changes.explored() if not one.why_not and one.row["series"] not in series]
    first = [one for one in overall if one.sure and not one.why_not]
    return [*first, *sure[:1], *(one for one in overall if one not in first)][:2] + others + sure[1:]


def _standing(study: Study) -> Iterator[Sentence]:
    """How the comments sound and what they are about: what can be said without time."""
    coded = study.findings.coded()
    row = study.tables.overall.iloc[0] if coded is None else coded
    if np.isfinite(row["estimate"]):
        table, as_coded = ("overall", "") if coded is None else ("corrected", ", as people code it")
        say = Cited(table)
        mean = say.interval(row, show=study.findings.level())
        yield say.sentence(f"Mean {study.measure} of all comments is {mean}{as_coded}.")
    else:
        said = study.findings.sentiment.sentences[0]
        yield replace(said, short=f"{said.text.partition('. ')[0].removesuffix('.')}.")
    yield study.findings.topics.sentences[0]
    yield study.findings.corpus.sentences[0]


def _sure(first: Change, changes: Changes, study: Study) -> Iterator[str]:
    """How sure a change is: planned, held against people, computed otherwise."""
    event = first.kind == "event"
    planned = changes.planned(str(first.row["event"])) if event else ""
    yield planned or ("Not known to be planned" if event else "Explored: it was looked for, not expected")
    yield first.sentence.robustness or "Not computed otherwise yet"
    if first.row["measure"] == "share":
        assigned = study.settings.topics.assigned
        yield "Of a topic from a file: not rerun" if assigned else "Of a topic that comes out again in reruns"
    elif not changes.is_coded:
        yield "Not checked by people"
    elif first.supported is None:
        yield "Too few codes to check it by people"
    else:
        yield f"Checked by people: {'holds' if first.supported else 'open'}"


def _caveat(study: Study) -> str:
    """The gravest of what a reader must know."""
    t, topics, share = study.tables, study.topics.table, study.tables.summary.set_index("quantity")["share"].to_dict()
    of = {"scored": t.overall["n_comments"].iloc[0], "agreement": t.agreement.iloc[0] if len(t.agreement) else None}
    of |= {"coded": study.findings.coded(), "share": share, "stable": 1.0, "MOST_STABLE": MOST_STABLE}
    if len(topics) and topics["stability"].notna().any():
        sizes = topics["n_comments"]
        of["stable"] = sizes[topics["stability"] >= UNSTABLE].sum() / sizes.sum()
    return page("caveats.txt.j2", instrument=study.settings.sentiment.instrument, **of).splitlines()[0]


def _next(study: Study) -> list[str]:
    """What would make more of it, the cheapest first; each with what does it."""
    t, planned = study.tables, (study.settings.folder / plan.FILE).is_file()
    of = {"dated": t.comments["posted_at"].notna().any(), "topics": len(study.topics.table), "planned": planned}
    said = page("next.txt.j2", study=study, t=t, note=study.topics.note, **of).splitlines()
    return [line.strip() for line in said]


def _figure(study: Study, first: Change | None) -> plots.Figure:
    """The figure of the first finding, under its words; of nothing found, of what there is."""
    t, topics = study.tables, study.topics.table
    by_period = partial(plots.by_period, events=study.events, measure=study.measure, note=study.findings.instrument)
    title = BESIDE.sub("", first.sentence.short or first.sentence.text).rstrip(".") if first else ""
    if first is not None and pd.notna(topic := first.row["topic"]):
        changes = study.findings.breaks().query("topic == @topic").assign(topic=None)
        drawn, why = study.drawn
        if first.row["measure"] == "share":
            rows = drawn.tables.topics_by_period
            rows = rows[rows["topic"] == topic]
            at = first.row.get("at")  # a break is drawn where it is told; a slope has no date
            marked = [*study.events.items(), *([("the change", at)] if at is not None and pd.notna(at) else [])]
            return plots.shares_by_period(rows, topics=topics, events=marked, title=title, why=why)
        rows = drawn.tables.topic_sentiment_by_period
        rows = rows[rows["topic"] == topic].drop(columns="topic").reset_index(drop=True)
        return by_period(rows, changes=changes, title=title, why=why)
    if len(t.sentiment_by_period) > 1:
        figure = by_period(t.sentiment_by_period, corrected=t.corrected, title=title)
        if figure.axes:
            return figure
    if len(topics):
        return plots.topic_sizes(topics, n_unassigned=int((t.comments["topic"] == -1).sum()))
    return plots.scores(t.scores, measure=study.measure)
