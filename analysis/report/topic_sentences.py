"""Sentences on the topics: how many, how far to trust them, what people make of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.corpus.wording import plural
from analysis.plots.wording import UNSTABLE, fixed, percent
from analysis.report.claims import Cited, Finding, Sentence
from analysis.topics.context import in_main_topic
from analysis.topics.fit import SMALLEST

MOST_STABLE = 0.6  # of the comments with a topic: where fewer are in stable ones, the topics are not told
FLAT = 0.1  # between the best and the worst number of topics: within this, the curve chooses none
WHICH, CHOICE = "2_topics: Which topics?", "2_topics: How the topics were found"
STABLE = f"stability >= {UNSTABLE}"
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
    stable = table[table["stability"] >= UNSTABLE]
    first = (table if table["stability"].isna().all() else stable).head(1)
    say = Cited("topics")
    text = (
        f"{say.count(table, 'index.size', 'topic')} in {say.count(comments, 'index.size', 'comment', table='comments')}"
    )
    for row in first.itertuples():
        which = "" if row.topic == table["topic"].iloc[0] else "stable "
        size = say(comments, f"(topic == {row.topic}).mean()", percent, "comments")
        text += f"; the largest {which}one, “{row.label}”, has {size} of them"
    said = [say.sentence(f"{text}.", figure=WHICH), *_recurring(table, comments)]
    if levels is not None and not table["stability"].isna().all() and _share(table, stable) < MOST_STABLE:
        said += above(levels)
    said += choice(curve)
    if main is not None and main["share"].notna().all():
        say = Cited("main_topic")
        with_context, own = (say(main.iloc[i], "share", percent) for i in (0, 1))
        text = f"{with_context} of the comments have the main topic of their thread; by their own words alone, "
        said.append(say.sentence(f"{text}without their thread as context, {own} have.", figure=CHOICE))
    if history is not None and len(history):
        there, say = set(history["what"]), Cited("topic_history")
        kinds = [what for what in ("same", "split", "merged", "new", "gone") if what in there]
        counts = [f"{say(history, f'''(what == '{what}').sum()''', '{:,}'.format)} {what}" for what in kinds]
        said.append(say.sentence(f"Against the topics that people named: {', '.join(counts)}."))
    return Finding.of(*said, note)


def main_topic(comments: pd.DataFrame) -> pd.DataFrame:
    """Share of the comments that have the main topic of their thread: by topic, and by own_topic, without context."""
    columns = ["topic", "own_topic"]
    shares = [in_main_topic(comments[one].where(comments["topic"] >= 0, -1), comments["article_id"]) for one in columns]
    return pd.DataFrame({"topic_by": columns, "share": shares})


def _recurring(table: pd.DataFrame, comments: pd.DataFrame) -> list[Sentence]:
    """Which topics come out again, and how many comments have none."""
    say = Cited("comments")
    none = say(comments, "(topic == -1).mean()", _without)
    if table["stability"].isna().all():
        text = "They were assigned in a file: whether they would come out again is not known. "
        return [say.sentence(f"{text}{none}.")]
    why = f": the runs disagree on them, or fewer than {SMALLEST} different ones would be a topic"
    unassigned = say.sentence(none + (why if (comments["topic"] == -1).any() else "") + ".")
    say = Cited("topics")
    stable = table[table["stability"] >= UNSTABLE]
    n, of = say(table, f"({STABLE}).sum()", lambda n: f"{int(n)}" if n else "None"), say(table, "index.size", str)
    come = "comes" if len(stable) == 1 else "come"
    text = f"{n} of {of} {come} out again in reruns (stability of {UNSTABLE} or more)"
    if len(stable) < len(table):
        share = say(table, f"(n_comments * ({STABLE})).sum() / n_comments.sum()", percent)
        text += f", with {share} of the comments that have a topic"
    if _share(table, stable) < MOST_STABLE:
        text += ". So many are in topics that do not come out again that these topics are no finding: they are listed, "
        text += "drawn pale, and no sentence tells of them. Fewer topics (n_topics in study.toml) are often steadier"
    return [say.sentence(f"{text}.", figure=WHICH, test=RERUN), unassigned]


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
    say = Cited("topic_levels")
    n = say.count(themes, "index.size", "theme")
    again = say(themes, f"({STABLE}).sum()", "{:,}".format)
    share = say(themes, f"(n_comments * ({STABLE})).sum() / n_comments.sum()", percent)
    come = "comes" if len(stable) == 1 else "come"
    text = f"Their {n} {'is' if len(themes) == 1 else 'are'} steadier: {again} {come} out again, with {share} of these "
    labels = "; ".join(f"“{label}”" for label in stable["label"])
    return [say.sentence(f"{text}comments: {labels}.", figure=WHICH, test=RERUN)]


def choice(curve: pd.DataFrame | None) -> list[Sentence]:
    """What is to be said of the number of topics that was chosen: `topic_choice`."""
    if curve is None or curve.empty or not curve["chosen"].any():
        return []
    stability, number = curve["stability"], int(curve.loc[curve["chosen"], "n_topics"].iloc[0])
    best, low, high = float(stability.max()), int(curve["n_topics"].iloc[0]), int(curve["n_topics"].iloc[-1])
    count, said = partial(str.format, "{:,}"), []
    if best < UNSTABLE:
        say = Cited("topic_choice")
        agree = say(curve, "stability.max()", fixed)
        text = f"No number of topics is good here: two halves of the threads agree at best at {agree} of 1."
        said.append(say.sentence(text, figure=CHOICE))
    say = Cited("topic_choice")
    if len(curve) > 1 and best - stability.min() < FLAT:
        ends = [say(curve.iloc[i], "n_topics", count) for i in (0, -1)]
        text = f"The curve is flat: from {ends[0]} to {ends[1]} topics the halves agree about as well: the number is a"
        said.append(say.sentence(f"{text} choice of how fine to look, not a finding.", figure=CHOICE))
    elif len(curve) > 1 and number in (low, high):
        which, more = ("largest", "more") if number == high else ("smallest", "fewer")
        end = say(curve.iloc[-1 if number == high else 0], "n_topics", count)
        text = (
            f"{end} is the {which} number tried, and agreement still rises towards it: {more} topics may agree better"
        )
        said.append(say.sentence(f"{text} (n_topics in study.toml).", figure=CHOICE))
    return said


def judged(coherence: pd.DataFrame, intrusion: pd.DataFrame) -> Finding:
    """What people found when they were asked to tell the topics apart, and what a formula says beside."""
    said: list[Sentence] = []
    for _, row in intrusion[intrusion["rater"] == "all"].iterrows() if len(intrusion) else ():
        say = Cited("intrusion")
        found, n = say(row, "estimate", percent), say.count(row, "n", "answer")
        text = (
            f"People found the word that does not belong in {found} of {n} on {say.count(row, 'n_topics', 'topic')} ("
        )
        text += f"{say.ends(row, show=percent)}, " if np.isfinite(row["low"]) else ""
        said.append(say.sentence(f"{text}by chance {say(row, 'by_chance', percent)})."))
    if not said:
        said.append(Sentence("No person has judged these topics yet: “threadline code --topics” asks people."))
    if len(coherence) and np.isfinite(coherence["npmi"].iloc[0]):
        say, row = Cited("coherence"), coherence.iloc[0]
        text = (
            f"By formula, the words shown for a topic go together at NPMI {say(row, 'npmi')} (−1 to 1, 0 is chance), "
        )
        text += (
            f"and {say(row, 'diversity', percent)} of them stand for one topic alone. These two cannot say whether a "
        )
        text += (
            "topic means something: coherence by formula has preferred topics that people did not (Hoyle et al. 2021)."
        )
        said.append(say.sentence(text))
    return Finding.of(*said)
