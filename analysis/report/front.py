"""A report's first screen: what was asked, what was found, in one figure, how sure, what to mind, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import plots
from analysis.report import change, plan
from analysis.report.claims import Cited, Sentence
from analysis.report.ground import TABLES, Change, Ground
from analysis.report.html import rendered
from analysis.report.sentences import ARTICLE_TIMES, NO_CAUSE, warnings
from analysis.report.topic_sentences import MOST_STABLE
from analysis.trends.wording import UNSTABLE

if TYPE_CHECKING:
    from analysis.study import Study

MOST = 3  # sentences


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
    ground = study.findings.ground()
    told = _changes(study, ground)
    found = [one.sentence for one in told][:MOST]
    if len(found) < MOST and not any(one.sure for one in told):
        found.append(study.findings.over_time.sentences[0])
    found += [one for one in _standing(study) if one not in found][: MOST - len(found)]
    first = told[0] if told else None
    sure = tuple(_sure(first, ground)) if first else ()
    return Front(_asked(study), tuple(found), sure, _caveats(study)[0], tuple(_next(study)), _figure(study, first))


def _asked(study: Study) -> str:
    """The question of a study: what it names first."""
    events = [f"“{event}” ({at:%Y-%m-%d})" for event, at in study.events.items()]
    also = "What are the comments about, how do they sound, and does either change over time?"
    if not events:
        return also
    more = f" and {len(events) - 2} more" if len(events) > 2 else ""
    return f"What changed with {' and '.join(events[:2])}{more}? {also}"


def _changes(study: Study, ground: Ground) -> list[Change]:
    """What is told of change, of events first: what is sure, then what happened to all comments, then the rest."""
    t, topics = study.tables, study.topics.table
    rows = t.comparisons[t.comparisons["comparison"] == "event"]
    steps = [change.steps_of(part, topics, ground) for _, part in rows.groupby("event", sort=False)]
    overall = [some[0] for some in steps if some]
    sure = [one for some in steps for one in some[1:] if not one.why_not]
    sure.sort(key=lambda one: one.row["q_value"])
    series = {one.row["series"] for one in sure}
    found = change.changes(t.change_points, t.slopes, topics, ground)
    others = [one for one in found if not one.why_not and one.row["series"] not in series]
    first = [one for one in overall if one.sure and not one.why_not]
    return [*first, *sure[:1], *(one for one in overall if one not in first)][:2] + others + sure[1:]


def _standing(study: Study) -> Iterator[Sentence]:
    """How the comments sound and what they are about: what can be said without time."""
    t = study.tables
    coded = _coded(study)
    of, table = (coded, "corrected") if len(coded) else (t.overall, "overall")
    if np.isfinite(of.iloc[0]["estimate"]):
        say, as_coded = Cited(table), ", as people code it" if len(coded) else ""
        mean = say.interval(of.iloc[0], show=study.findings.level())
        yield say.sentence(f"Mean {study.measure} of all comments is {mean}{as_coded}.")
    else:
        said = study.findings.sentiment.sentences[0]
        yield replace(said, short=f"{said.text.partition('. ')[0].removesuffix('.')}.")
    yield study.findings.topics.sentences[0]
    yield study.findings.corpus.sentences[0]


def _sure(first: Change, ground: Ground) -> Iterator[str]:
    """How sure a change is: planned, held against people, computed otherwise."""
    row, event = first.row, first.table == "comparisons"
    planned = ground.planned(str(row["event"])) if event and ground.planned else ""
    yield planned or ("Not known to be planned" if event else "Explored: it was looked for, not expected")
    yield first.sentence.robustness or "Not computed otherwise yet"
    if row["measure"] == "share":
        yield "Of a topic that comes out again in reruns"
    elif not ground.is_coded:
        yield "Not checked by people"
    else:
        kind = next(kind for kind, table in TABLES.items() if table == first.table)
        coded, supported = ground.as_coded(Cited(""), row, kind)
        few = "too few" in coded
        yield "Too few codes to check it by people" if few else f"Checked by people: {'holds' if supported else 'open'}"


def _caveats(study: Study) -> list[str]:
    """What a reader must know, the gravest first."""
    t, topics, share = study.tables, study.topics.table, study.tables.summary.set_index("quantity")["share"].to_dict()
    of = {"scored": t.overall["n_comments"].iloc[0], "agreement": t.agreement.iloc[0] if len(t.agreement) else None}
    of |= {"corrected": [row for _, row in _coded(study).iterrows()], "share": share, "stable": 1.0}
    if len(topics) and topics["stability"].notna().any():
        sizes = topics["n_comments"]
        of["stable"] = sizes[topics["stability"] >= UNSTABLE].sum() / sizes.sum()
    of |= {"MOST_STABLE": MOST_STABLE, "NO_CAUSE": NO_CAUSE, "ARTICLE_TIMES": ARTICLE_TIMES}
    return rendered("caveats.txt.j2", instrument=study.settings.sentiment.instrument, **of).splitlines()


def _coded(study: Study) -> pd.DataFrame:
    """The mean of all comments as people code them; no row where nobody has."""
    table = study.tables.corrected
    return table[(table["by"] == "all") & (table["measure"] == "mean")]


def _next(study: Study) -> list[str]:
    """What would make more of it, the cheapest first; each with what does it."""
    t, planned = study.tables, (study.settings.folder / plan.FILE).is_file()
    of = {"dated": t.comments["posted_at"].notna().any(), "topics": len(study.topics.table), "planned": planned}
    of["too_short"] = warnings(t.topics_by_period[t.topics_by_period["topic"] != -1], study.settings.time.period)
    said = rendered("next.txt.j2", study=study, t=t, note=study.topics.note, **of).splitlines()
    return [line.strip() for line in said]


def _figure(study: Study, first: Change | None) -> plots.Figure:
    """The figure of the first finding, under its words; of nothing found, of what there is."""
    t, topics = study.tables, study.topics.table
    said = {"events": study.events, "measure": study.measure, "note": study.findings.instrument}
    title = (first.sentence.short or first.sentence.text).rstrip(".") if first else ""
    if first is not None and pd.notna(topic := first.row["topic"]):
        changes = study.findings.breaks().query("topic == @topic").assign(topic=pd.NA)
        drawn, why = study.drawn
        if first.row["measure"] == "share":
            rows = drawn.tables.topics_by_period
            rows = rows[rows["topic"] == topic]
            at = first.row.get("at")  # a break is drawn where it is told; a slope has no date
            marked = [*study.events.items(), *([("the change", at)] if at is not None and pd.notna(at) else [])]
            return plots.shares_by_period(rows, topics=topics, events=marked, title=title, why=why)
        rows = drawn.tables.topic_sentiment_by_period
        rows = rows[rows["topic"] == topic].drop(columns="topic").reset_index(drop=True)
        return plots.by_period(rows, changes=changes, title=title, why=why, **said)
    if len(t.sentiment_by_period) > 1:
        figure = plots.by_period(t.sentiment_by_period, corrected=t.corrected, title=title, **said)
        if figure.axes:
            return figure
    if len(topics):
        return plots.topic_sizes(topics, n_unassigned=int((t.comments["topic"] == -1).sum()))
    return plots.scores(t.scores, measure=study.measure)
