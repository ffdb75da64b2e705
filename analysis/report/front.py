"""A report's first screen: what was asked, what was found, in one figure, how sure, what to mind, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import plots
from analysis.plots.wording import MIN_ACCURACY, UNSTABLE
from analysis.report import change, plan
from analysis.report.claims import Cited, Sentence
from analysis.report.ground import TABLES, Change, Ground
from analysis.report.sentences import ARTICLE_TIMES, MIN_ALPHA, NO_CAUSE, warnings
from analysis.report.topic_sentences import MOST_STABLE

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
    caveats = list(_caveats(study))
    sure = tuple(_sure(first, ground)) if first else ()
    return Front(_asked(study), tuple(found), sure, caveats[0], tuple(_next(study)), _figure(study, first))


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
    coded = t.corrected[(t.corrected["by"] == "all") & (t.corrected["measure"] == "mean")]
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


def _caveats(study: Study) -> Iterator[str]:
    """What a reader must know, the gravest first."""
    t, topics = study.tables, study.topics.table
    share = t.summary.set_index("quantity")["share"]
    if len(topics) and topics["stability"].notna().any():
        stable = topics.loc[topics["stability"] >= UNSTABLE, "n_comments"].sum() / topics["n_comments"].sum()
        if stable < MOST_STABLE:
            yield "Most comments are in topics that do not come out again: only of the others is anything told."
    if not t.overall["n_comments"].iloc[0]:
        yield "The instrument scores too few of these comments: nothing is said of how they sound."
    if t.agreement.empty and t.overall["n_comments"].iloc[0]:
        instrument = study.settings.sentiment.instrument
        yield f"Nobody has checked the instrument ({instrument}) on these comments: its scores may mislead."
    elif len(t.agreement):
        row = t.agreement.iloc[0]
        if row["accuracy"] < MIN_ACCURACY:
            yield "The instrument is wrong more often than right on these comments: do not use its scores."
        if row["alpha_low"] < MIN_ALPHA:
            yield "The coders hardly agree with each other: the check of the instrument is weak."
    if "comments without a thread" in share:
        yield "Nothing names the comments' threads: intervals are too narrow where those of a thread are alike."
    if share["comments without any date"] > 0.2:
        yield "Many comments have no date: what is said of time is of the others alone."
    yield from warnings(t.topics_by_period[t.topics_by_period["topic"] != -1], study.settings.time.period)
    for _, of in t.corrected[(t.corrected["by"] == "all") & (t.corrected["measure"] == "mean")].iterrows():
        if np.isfinite(of["low"]) and not of["low"] <= of["uncorrected"] <= of["high"]:
            kind = "higher" if of["uncorrected"] > of["estimate"] else "lower"
            yield f"The instrument scores {kind} than people do: means “as scored” are off, changes less so. {NO_CAUSE}"
    if share["comments with a time of their own"] + share["comments without any date"] < 0.5:
        yield ARTICLE_TIMES
    yield NO_CAUSE


def _next(study: Study) -> Iterator[str]:
    """What would make more of it, the cheapest first; each with what does it."""
    t, folder = study.tables, study.settings.folder
    dated = t.comments["posted_at"].notna().any()
    if study.topics.table.empty:
        yield f"Add comments. {study.topics.note}".strip()
    if not dated:
        yield "Name the column of times (posted_at in [source.columns]): without dates nothing is said of change."
    elif not study.events:
        yield "Name what happened ([time] events in study.toml): it is then compared before and after."
    elif not (folder / plan.FILE).is_file():
        yield "Freeze the plan of your next study before its scores are opened (threadline freeze)."
    if t.agreement.empty:
        yield "Let people code a sample (threadline code): it checks the instrument and corrects the means."
    if t.robustness.empty and len(t.influence):
        yield "Compute what is told otherwise (threadline robustness): fragile changes are then withdrawn."
    if len(study.topics.table) and t.topic_history.empty:
        yield "Name the topics (threadline labels), and let people judge them (threadline code --topics)."
    yield "Read the comments behind a topic or a point of a curve (threadline private): a page for you alone."


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
