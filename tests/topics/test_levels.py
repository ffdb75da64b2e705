"""Themes and subtopics: nested with the topics, found again by halves or not, and numbered by size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.topics import consensus
from analysis.topics.curation import curated
from analysis.topics.encoders import parse
from analysis.topics.fit import fit_topics
from analysis.topics.labels import Labels, match
from analysis.topics.levels import numbers_beside, of_unions, subtopics, themes

encode = parse("static").encode


def test_numbers_above_and_below():
    grid = (5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 64, 96)
    assert numbers_beside(6, grid) == (0, 12) and numbers_beside(10, grid) == (5, 20)
    assert numbers_beside(24, grid) == (8, 64) and numbers_beside(12, (5, 6, 8, 12)) == (6, 0)


def test_a_theme_is_topics_that_coarser_fits_put_together():
    topic = np.repeat(np.arange(4), 25)
    coarse = np.stack([topic // 2, 1 - topic // 2, topic // 2])
    found = themes(topic, np.arange(100), coarse, 2)
    assert len(set(zip(found.of.tolist(), (topic // 2).tolist(), strict=True))) == 2
    assert found.stability.tolist() == [1.0, 1.0]
    half = np.stack([topic // 2, topic % 2])  # the second fit puts others together
    assert (themes(topic, np.arange(100), half, 2).stability < 1).all()
    some = np.arange(0, 100, 2)
    assert themes(topic, some, coarse[:, some], 2).of.tolist() == found.of.tolist(), "some texts tell it of all"


def test_subtopics_are_parts_of_ten_or_more_where_a_topic_has_two():
    topic = np.repeat([0, 0, 0, 1], [20, 15, 4, 30])
    fine = np.repeat([0, 1, 2, 2], [20, 15, 4, 30])
    found = subtopics(topic, fine, np.arange(69), np.stack([fine, topic]))
    assert found.of.tolist() == [0] * 20 + [1] * 15 + [-1] * 34, "four texts are no part, and one part is the topic"
    assert found.stability == pytest.approx([(1 + 20 / 39) / 2, (1 + 15 / 39) / 2])


THEMES = {
    "rail": ["train station platform track carriage", "tram stop depot line conductor"],
    "food": ["bread flour oven dough crust", "soup pot spoon carrot onion"],
    "play": ["goal striker referee penalty keeper", "tennis racket serve court umpire"],
}


@pytest.fixture(scope="module")
def fitted():
    """1,200 texts of three themes, of two topics each, whose words they mix now and then."""
    rng = np.random.default_rng(4)
    of = np.arange(1200) % 6
    lists = [words.split() for pair in THEMES.values() for words in pair]
    texts = [
        " ".join([*rng.choice(lists[t], 5), *rng.choice(lists[t ^ 1], 1), "today"]) + f" {'abcdefgh'[i % 8] * 3}"
        for i, t in enumerate(of)
    ]
    ids = [f"c{i:04d}" for i in range(1200)]
    return of, fit_topics(
        texts, encode(texts), threads=[f"t{i}" for i in rng.integers(0, 60, 1200)], ids=ids, runs=4, n_topics=12
    )


def test_levels_are_nested_counted_and_named(fitted):
    _, found = fitted
    levels = found.levels.set_index(["level", "number"])
    assert {"theme", "subtopic"} <= set(found.levels["level"])
    for level, of in (("theme", found.theme), ("subtopic", found.subtopic)):
        sizes = levels.loc[level, "n_comments"].tolist()
        assert sizes == np.bincount(of[of >= 0]).tolist() == sorted(sizes, reverse=True)
        assert levels.loc[level, "stability"].between(0, 1).all() and (levels.loc[level, "label"] != "").all()
    assert all(len(set(found.theme[found.topic == t])) == 1 for t in found.table["topic"])
    for number, parent in levels.loc["subtopic", "parent"].items():
        assert set(found.topic[found.subtopic == number]) == {parent}
    assert levels.loc["theme", "parent"].isna().all()
    assert ((found.theme >= 0) == (found.topic >= 0)).all()


def said_of(found, *, change=None, group=None, label=None):
    """What people said of the topics, by number, in a sheet of the same run."""
    keys = {t: f"T{t:03d}" for t in found.table["topic"]}
    name = dict(zip(keys.values(), found.table["label"], strict=True)) | {
        keys[t]: of for t, of in (label or {}).items()
    }
    ids = pd.Series([f"{i:04d}" for i in range(len(found.topic))])
    some = pd.Series(found.topic, index=ids)
    labels = Labels(
        name,
        {keys[t]: keys.get(of, of) for t, of in (change or {}).items()},
        {keys[t]: of for t, of in (group or {}).items()},
        some[some >= 0].map(keys),
    )
    return curated(found, labels, match(labels, pd.DataFrame({"comment_id": ids, "topic": found.topic}), found.table))


def test_a_topic_that_is_split_has_its_subtopics_in_its_place(fitted):
    _, found = fitted
    subtopics = found.levels[found.levels["level"] == "subtopic"]
    parent, whole = (
        int(subtopics["parent"].iloc[0]),
        min(set(found.table["topic"]) - set(subtopics["parent"]), default=None),
    )
    made = said_of(found, change={parent: "split"} | ({} if whole is None else {whole: "split"}))
    parts, names = subtopics[subtopics["parent"] == parent], np.array(made.names, dtype=object)
    inside = names[(found.topic == parent) & (found.subtopic >= 0)]
    assert set(inside) == set(parts["label"])
    assert set(names[(found.topic == parent) & (found.subtopic < 0)]) <= {""}
    assert [made.stability[name] for name in parts["label"]] == parts["stability"].tolist()
    others = (found.topic >= 0) & (found.topic != parent)
    assert (names[others] == found.table["label"].to_numpy()[found.topic[others]]).all()
    assert (made.subtopic.of[found.topic == parent] == -1).all()
    if whole is not None:
        assert found.table["label"].iloc[whole] in made.note and "cannot be split" in made.note


def test_topics_made_one_are_as_stable_as_halves_put_them_together(fitted):
    _, found = fitted
    made = said_of(found, change={1: 0, 2: "drop"}, label={0: "both"}, group={0: "up", 3: "up", 4: "down"})
    names = np.array(made.names, dtype=object)
    assert set(names[np.isin(found.topic, [0, 1])]) == {"both"} and set(names[np.isin(found.topic, [-1, 2])]) == {""}
    code, called = pd.factorize(np.where(names == "", None, names))
    anew = of_unions(code[found.seen], found.halves, len(called))
    assert made.stability["both"] == anew[list(called).index("both")] != found.table["stability"].iloc[0]
    kept = found.table["label"].iloc[3:]
    assert [made.stability[name] for name in kept] == found.table["stability"].iloc[3:].tolist()
    group = np.array([*made.groups, ""], dtype=object)[made.theme.of]
    assert set(group[np.isin(found.topic, [0, 1, 3])]) == {"up"} and set(group[found.topic == 4]) == {"down"}
    assert set(group[~np.isin(found.topic, [0, 1, 3, 4])]) == {""}


def test_the_overlap_of_a_union_is_that_of_the_clusters_that_lie_mostly_in_it():
    group = np.array([0, 0, 0, 0, 1, 1, -1, -1, -1])
    fit = np.array([0, 0, 1, 1, 2, 1, 3, 3, 2])  # cluster 1 is mostly in group 0, and 2 as much in 1 as in none
    assert of_unions(group, fit[None], 2).tolist() == [4 / 5, 1 / 3]
    assert np.isnan(of_unions(group, np.zeros((0, 9), dtype=int), 2)).all()


def test_large_corpora_are_asked_for_more_topics(monkeypatch):
    rng = np.random.default_rng(0)
    lists = [words.split() for pair in THEMES.values() for words in pair]
    texts = [" ".join([*rng.choice(lists[i % 6], 4), f"{'abcdefgh'[i % 8] * 3}{i:04d}"]) for i in range(1_000)]
    given = {"threads": [f"t{i % 50}" for i in range(1_000)], "ids": [f"{i:04d}" for i in range(1_000)], "runs": 2}
    few = fit_topics(texts, encode(texts), **given).curve["n_topics"]
    monkeypatch.setattr(consensus, "LARGE", 1_000)
    more = fit_topics(texts, encode(texts), **given).curve["n_topics"]
    assert few.max() == 40 and more.tolist() == [*few, 48], "of 64 there would be fewer than twenty texts each"
