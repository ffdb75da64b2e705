"""What is said of topics: how many comments and threads each has, its words, its place; or that there are none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.run.vectors import Directions, blocks, unit_length
from analysis.topics.clusters import sums
from analysis.topics.keywords import IN_LABEL, count_words, everywhere, topic_words, vocabulary
from analysis.topics.levels import Level
from analysis.topics.tokens import Cut, Tokens

TABLE = dict(topic="int64", label="str", words="str", n_comments="int64", n_threads="int64", stability="float64")
LEVELS = dict(level="str", number="int64", parent="Int64") | {k: v for k, v in TABLE.items() if k != "topic"}
WORDS = dict(topic="int64", word="str", weight="float64")
MAP = dict(topic="int64", comment="bool", x="float64", y="float64")
CURVE = dict(n_topics="int64", stability="float64", chosen="bool")


@dataclass(frozen=True)
class Fit:
    """Topics of n_texts comments, in the order in which the texts were given."""

    topic: np.ndarray  # (n_texts,) int64, -1 = unassigned; numbered by size, ties by the smallest text
    agreement: np.ndarray  # (n_texts,) float64 in [0, 1]: share of the independent fits that agree on the text
    table: pd.DataFrame  # topic, label, words, n_comments, n_threads, stability; without -1
    curve: pd.DataFrame  # n_topics, stability, chosen; empty if a number was given
    note: str  # what cannot be said, in plain words, or ""; with or without topics
    centroids: np.ndarray  # (n_topics, n_dims): mean vector of a topic's distinct texts, each scaled to length 1
    words: pd.DataFrame  # topic, word, weight; best first
    theme: np.ndarray  # (n_texts,) int64, -1 = none: a theme is one topic or more
    subtopic: np.ndarray  # (n_texts,) int64, -1 = none: a part of a topic
    vocabulary: tuple[str, ...] = ()  # all words that may be shown
    cut: Cut = Cut()  # cuts a text into such words
    levels: pd.DataFrame = field(default_factory=lambda: empty(LEVELS))  # themes and subtopics, as in `table`
    # Rows of some texts, and the labels that fits of halves give them.
    seen: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    halves: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int16))


def described(
    topic: np.ndarray,
    agreement: np.ndarray,
    stability: np.ndarray,
    theme: Level,
    subtopic: Level,
    thread: np.ndarray,
    unit: Directions,
    fit: np.ndarray,
    used: Tokens,
    hidden: Collection[str],
) -> Fit:
    """Topics, numbered from 0, and levels with all that is said of them; `fit` are the rows in `unit` and `used`."""
    words = vocabulary(used, thread[fit], hidden)
    counts = count_words(used, topic[fit], len(stability), words)
    telling = np.flatnonzero(~everywhere(counts))
    words = [words[i] for i in telling]
    shown = topic_words(counts[:, telling], words)
    table = table_of(topic, thread, shown, stability)
    levels = [empty(LEVELS)]
    for level, of in (("theme", theme), ("subtopic", subtopic)):
        if n := len(of.stability):
            own = topic_words(count_words(used, of.of[fit], n, words), words)
            inside = pd.Series(topic).groupby(of.of).first().reindex(range(n)).astype("Int64")
            parent = inside if level == "subtopic" else pd.Series(pd.NA, index=inside.index)
            part = table_of(of.of, thread, own, of.stability).assign(level=level, parent=parent)
            levels.append(part.rename(columns={"topic": "number"})[list(LEVELS)].astype(LEVELS))
    return Fit(
        topic,
        agreement,
        table,
        empty(CURVE),
        "",
        centroids_of(unit, topic[fit], len(stability)),
        shown,
        theme.of,
        subtopic.of,
        tuple(words),
        used.cut,
        pd.concat(levels, ignore_index=True),
    )


def table_of(topic: np.ndarray, thread: np.ndarray, words: pd.DataFrame, stability: np.ndarray) -> pd.DataFrame:
    """Label, words, size and stability of each topic, of which the words are given."""
    n = len(stability)
    own = [words.loc[words["topic"] == i, "word"].tolist() for i in range(n)]
    return pd.DataFrame(
        {
            "topic": np.arange(n, dtype=np.int64),
            "label": [" · ".join(row[:IN_LABEL]) or f"topic {i}" for i, row in enumerate(own)],
            "words": [", ".join(row) for row in own],
            "n_comments": np.bincount(topic[topic >= 0], minlength=n).astype(np.int64),
            "n_threads": pd.Series(thread).groupby(topic).nunique().reindex(range(n)).to_numpy("int64"),
            "stability": stability,
        }
    )


def nearest(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The topic whose direction is nearest to each vector, int64; -1 for a vector of zeros, or without topics."""
    found = np.full(len(vectors), -1, dtype=np.int64)
    if len(centroids):
        directions = unit_length(centroids).T
        for rows in blocks(len(vectors)):
            some = vectors[rows]
            found[rows] = np.where(some.any(axis=1), (some @ directions).argmax(axis=1), -1)
    return found


def empty(columns: dict[str, str]) -> pd.DataFrame:
    """A table of these columns without a row."""
    return pd.DataFrame(columns=list(columns)).astype(columns)


def nothing(shape: tuple[int, int], note: str, curve: pd.DataFrame) -> Fit:
    """Everything unassigned, and why."""
    (n, n_dims), curve = shape, curve.assign(chosen=False)
    none, centroids = np.full(n, -1, dtype=np.int64), np.zeros((0, n_dims), np.float32)
    return Fit(none, np.zeros(n), empty(TABLE), curve, note, centroids, empty(WORDS), none, none)


def centroids_of(unit: Directions, topic: np.ndarray, n_topics: int) -> np.ndarray:
    """Mean direction of each topic's texts."""
    total = np.zeros((n_topics, unit.vectors.shape[1]))
    for rows in blocks(len(unit)):
        named = topic[rows] >= 0
        total += sums(unit[rows][named].astype(np.float64), topic[rows][named], n_topics)
    size = np.maximum(np.bincount(topic[topic >= 0], minlength=n_topics), 1)  # of an assigned one all may be copies
    return (total / size[:, None]).astype(np.float32)
