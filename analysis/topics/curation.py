"""Topics as people changed them in labels.csv: made one, split, dropped, grouped; and how far halves agree on those."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.topics.description import Fit
from analysis.topics.labels import DROP, SPLIT, Labels, Matched
from analysis.topics.levels import Level, of_unions


@dataclass(frozen=True)
class Curated:
    """What n_texts comments are about, as people have it."""

    names: list[str]  # of each comment's topic, "" for none
    stability: dict[str, float]  # of a topic, by name: its own where it was not changed, else as `levels.of_unions`
    theme: Level
    subtopic: Level
    groups: list[str]  # names of the themes, where people gave any
    note: str  # what could not be done, or ""


def curated(found: Fit, labels: Labels, matched: Matched) -> Curated:
    """Change topics as labels.csv says, each held to the one that was found again."""
    n, table = len(found.table), found.table
    key = {t: key for t, (key, _) in matched.label.items()}
    topic_of = {key: t for t, key in key.items()}
    change = [labels.change.get(key.get(t, ""), "") for t in range(n)]
    into = [-1 if what == DROP else topic_of.get(what, t) for t, what in enumerate(change)]
    topic = np.array([*into, -1], dtype=np.int64)[found.topic]  # -1 looks up the last
    parts = found.levels[found.levels["level"] == "subtopic"]
    has = set(parts["parent"].dropna().astype(int))
    split = np.array([*(what == SPLIT and t in has for t, what in enumerate(change)), False])[found.topic]
    number = np.where(split, np.where(found.subtopic < 0, -1, n + found.subtopic), topic)
    whole = [f"“{label}”" for t, label in enumerate(table["label"]) if change[t] == SPLIT and t not in has]
    some, dense = np.unique(number, return_inverse=True)
    dense = dense - int(some[0] < 0)  # from -1 on
    some = some[some >= 0]
    called = [matched.label.get(t, ("", ""))[1] or words for t, words in enumerate(table["label"])] + list(
        parts["label"]
    )
    times = Counter(called[i] for i in some.tolist())
    called = [f"{name} ({i})" if times[name] > 1 else name for i, name in enumerate(called)]
    anew = of_unions(dense[found.seen], found.halves, len(some))
    before = np.concatenate([table["stability"], parts["stability"]])
    joined = Counter(into)
    same = [i >= n or joined[i] == 1 for i in some.tolist()]
    stability = np.where(same, before[some], anew)
    group = [labels.group.get(key.get(t, ""), "") for t in range(n)]
    theme, stable, groups = found.theme, _of(found, "theme"), list[str]()
    if any(group):
        groups = sorted(set(group) - {""})
        theme = np.array([*(groups.index(g) if g else -1 for g in group), -1])[np.where(number < 0, -1, topic)]
        stable = of_unions(theme[found.seen], found.halves, len(groups))
    else:  # what is one topic now is in one theme
        of_topic = pd.Series(theme).groupby(found.topic).first().reindex(range(n)).fillna(-1).astype("int64")
        theme = np.append(of_topic.to_numpy(), -1)[np.where(number < 0, -1, topic)]
    return Curated(
        ["" if i < 0 else called[i] for i in number.tolist()],
        {called[i]: float(of) for i, of in zip(some.tolist(), stability, strict=True)},
        Level(theme, stable),
        Level(np.where(split | (number < 0), -1, found.subtopic), _of(found, "subtopic")),
        groups,
        f"Topics that have no parts cannot be split: {', '.join(whole)}." if whole else "",
    )


def _of(found: Fit, level: str) -> np.ndarray:
    """How stable the groups of a level are, by number."""
    return found.levels.loc[found.levels["level"] == level, "stability"].to_numpy(dtype=float)
