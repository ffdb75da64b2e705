"""Sentences on the topics: how many, how far to trust them, what people make of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.report.claims import Cited, Finding, Sentence
from analysis.topics.context import in_main_topic
from analysis.topics.fit import SMALLEST
from analysis.trends.wording import UNSTABLE, percent

MOST_STABLE = 0.6  # of the comments with a topic: where fewer are in stable ones, the topics are not told
FLAT = 0.1  # between the best and the worst number of topics: within this, the curve chooses none
WHICH, CHOICE = "2_topics: Which topics?", "2_topics: How the topics were found"
RERUN = "Independent runs on halves of the threads: mean best Jaccard overlap (Hennig 2007)."


def topics(
    table: pd.DataFrame,
    comments: pd.DataFrame,
    *,
    note: str = "",
    history: pd.DataFrame | None = None,
    main: pd.DataFrame | None = None,
    curve: pd.DataFrame | None = None,
    levels: pd.DataFrame | None = None,
) -> Finding:
    """How many topics there are, how large, how far to trust them, and what became of those that people named.

    `curve` is `topic_choice`, `levels` `topic_levels`, `main` `main_topic`.
    """
    if table.empty:
        return Finding.of(note or f"No topics are claimed for {plural(len(comments), 'comment')}.")
    stable, known = table[table["stability"] >= UNSTABLE], table["stability"].notna().any()
    first = next((stable if known else table).itertuples(), None)
    which = "" if first is None or first.topic == table["topic"].iloc[0] else "stable "
    said = [Cited("topics").tell("topics", table, comments, first, which, figure=WHICH), *_recurring(table, comments)]
    if levels is not None and known and _share(table, stable) < MOST_STABLE:
        said += above(levels)
    said += choice(curve)
    if main is not None and main["share"].notna().all():
        said.append(Cited("main_topic").tell("main_topic", main, figure=CHOICE))
    if history is not None and len(history):
        kinds = [what for what in ("same", "split", "merged", "new", "gone") if what in set(history["what"])]
        said.append(Cited("topic_history").tell("history", history, kinds))
    return Finding.of(*said, note)


def main_topic(comments: pd.DataFrame) -> pd.DataFrame:
    """Share of the comments that have the main topic of their thread: by topic, and by own_topic, without context."""
    columns = ["topic", "own_topic"]
    shares = [in_main_topic(comments[one].where(comments["topic"] >= 0, -1), comments["article_id"]) for one in columns]
    return pd.DataFrame({"topic_by": columns, "share": shares})


def _recurring(table: pd.DataFrame, comments: pd.DataFrame) -> list[Sentence]:
    """Which topics come out again, and how many comments have none."""
    if table["stability"].isna().all():
        return [Cited("comments").tell("assigned", comments, _without)]
    stable = table[table["stability"] >= UNSTABLE]
    of = {"n_stable": len(stable), "few": _share(table, stable) < MOST_STABLE, "some": lambda n: str(int(n) or "None")}
    return [
        Cited("topics").tell("recurring", table, **of, figure=WHICH, test=RERUN),
        Cited("comments").tell("unassigned", comments, SMALLEST, _without),
    ]


def _without(share: float) -> str:
    """How many comments have no topic, as a clause."""
    return f"{percent(share)} of the comments are unassigned" if share else "No comment is unassigned"


def _share(table: pd.DataFrame, stable: pd.DataFrame) -> float:
    """Of the comments with a topic the share in stable ones."""
    return float(stable["n_comments"].sum() / max(int(table["n_comments"].sum()), 1))


def above(levels: pd.DataFrame) -> list[Sentence]:
    """What the themes above unstable topics are, where those are stable."""
    themes = levels[levels["level"] == "theme"]
    stable = themes[themes["stability"] >= UNSTABLE]
    if themes.empty or _share(themes, stable) < MOST_STABLE:
        return []
    return [Cited("topic_levels").tell("themes", themes, list(stable["label"]), figure=WHICH, test=RERUN)]


def choice(curve: pd.DataFrame | None) -> list[Sentence]:
    """What is to be said of the number of topics that was chosen: `topic_choice`."""
    if curve is None or curve.empty or not curve["chosen"].any():
        return []
    stability, number, n = curve["stability"], int(curve.loc[curve["chosen"], "n_topics"].iloc[0]), curve["n_topics"]
    say, said = Cited("topic_choice"), []
    if stability.max() < UNSTABLE:
        said.append(Cited("topic_choice").tell("no_good_number", curve, figure=CHOICE))
    if len(curve) > 1 and stability.max() - stability.min() < FLAT:
        said.append(say.tell("flat_curve", curve, figure=CHOICE))
    elif len(curve) > 1 and number in (n.iloc[0], n.iloc[-1]):
        largest = number == n.iloc[-1]
        said.append(say.tell("end_of_curve", curve.iloc[-1 if largest else 0], largest, figure=CHOICE))
    return said


def judged(coherence: pd.DataFrame, intrusion: pd.DataFrame) -> Finding:
    """What people found when they were asked to tell the topics apart, and what a formula says beside."""
    asked = intrusion[intrusion["rater"] == "all"].iterrows() if len(intrusion) else ()
    said = [Cited("intrusion").tell("intrusion", row) for _, row in asked]
    said = said or [Sentence("No person has judged these topics yet: “threadline code --topics” asks people.")]
    if len(coherence) and np.isfinite(coherence["npmi"].iloc[0]):
        said.append(Cited("coherence").tell("coherence", coherence.iloc[0]))
    return Finding.of(*said)
