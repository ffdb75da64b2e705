"""Intrusion: sheets that hide their answers, and scores that are right to the number."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest

from analysis.people import intrusion
from analysis.settings import StudyError

WORDS = [[f"{name}{i}" for i in range(10)] for name in ("bread", "train", "rain", "song", "goal", "vote")]


def rng():
    return np.random.default_rng(1)


def rates():
    """Each topic uses its own words, and a little of the next topic's."""
    own = np.kron(np.eye(6), np.ones(10)) / 10
    names = sorted(word for row in WORDS for word in row)
    order = [[word for row in WORDS for word in row].index(name) for name in names]
    return (own + 0.5 * np.roll(own, 1, axis=0))[:, order]


@pytest.fixture
def comments():
    topic = np.repeat(np.arange(6), 5)
    text = [f"=the {WORDS[t][0]} and one two three four five six seven" for t in topic]
    return pd.DataFrame({"comment_id": [f"c{i:02d}" for i in range(30)], "topic": topic, "text": text})


def items(comments):
    vectors = np.eye(6, dtype=np.float32)[comments["topic"]]
    return {
        "words": intrusion.word_items(WORDS, rates(), rng()),
        "topics": intrusion.topic_items(comments, vectors, np.eye(6, dtype=np.float32), WORDS, rng()),
    }


def test_the_odd_word_is_another_topics_and_rare_in_this_one():
    found = [intrusion.word_items(WORDS, rates(), np.random.default_rng(seed)) for seed in range(10)]
    assert all(table["topic"].tolist() == list(range(6)) for table in found)
    for row in pd.concat(found).to_dict("records"):
        shown = [row[str(i)] for i in range(1, 7)]
        odd = shown.pop(row["odd"] - 1)
        assert sorted(shown) == WORDS[row["topic"]][:5]
        owner = next(t for t, words in enumerate(WORDS) if odd in words)
        assert owner not in (row["topic"], (row["topic"] - 1) % 6), "a word that this topic uses too is no intruder"


def test_the_odd_topic_is_neither_the_comments_own_nor_near(comments):
    vectors = np.eye(6, dtype=np.float32)[comments["topic"]]
    centroids = np.eye(6) + 0.9 * np.roll(np.eye(6), 1, axis=1) + 0.8 * np.roll(np.eye(6), 2, axis=1)
    found = intrusion.topic_items(comments, vectors, centroids.astype(np.float32), WORDS, rng())
    assert found["topic"].value_counts().eq(3).all()
    for row in found.to_dict("records"):
        shown = [row[str(i)].split(", ")[0] for i in range(1, 5)]
        own, odd = WORDS[row["topic"]][0], shown[row["odd"] - 1]
        near = [WORDS[(row["topic"] - step) % 6][0] for step in (1, 2)]
        assert own in shown and own != odd and odd not in near and set(near) <= set(shown)


def test_three_topics_are_too_few_to_hide_one_among(comments):
    few = comments[comments["topic"] < 3]
    assert intrusion.topic_items(few, np.eye(3)[few["topic"]], np.eye(3), WORDS[:3], rng()).empty


def test_sheets_hold_no_answer_no_id_and_no_formula(comments, tmp_path):
    paths = intrusion.write_sheets(tmp_path, items(comments), ["anna", "brian"])
    assert [p.name for p in paths] == ["words_anna.csv", "words_brian.csv", "topics_anna.csv", "topics_brian.csv"]
    for path in paths:
        rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
        assert rows and all(row["odd"] == "" for row in rows)
        assert not {"topic", "comment_id"} & set(rows[0])
        assert not any(cell[:1] in "=+-@" for row in rows for cell in row.values() if cell)


def fill(folder, kind, rater, right):
    """Answer a sheet: the first `right` items rightly, the others wrongly."""
    answers = {r["item"]: int(r["odd"]) for r in csv.DictReader((folder / "answers" / f"{kind}.csv").open())}
    path = folder / f"{kind}_{rater}.csv"
    sheet = pd.read_csv(path, dtype=str)
    sheet["odd"] = [str(answers[i] if n < right else answers[i] % 4 + 1) for n, i in enumerate(sheet["item"])]
    sheet.to_csv(path, index=False)


def test_scores_are_shares_of_right_answers_with_chance_inside_no_interval_of_all_right(comments, tmp_path):
    intrusion.write_sheets(tmp_path, items(comments), ["anna", "brian"])
    fill(tmp_path, "words", "anna", 6)
    fill(tmp_path, "words", "brian", 3)
    fill(tmp_path, "topics", "anna", 9)
    scores, problems = intrusion.read_answers(tmp_path)
    assert problems["problem"].str.contains("no answer").all() and len(problems) == 18  # brian's topics are empty
    by = scores.set_index(["kind", "rater"])
    assert by.loc[("words", "all"), ["n", "n_topics", "estimate"]].tolist() == [12, 6, 0.75]
    assert by.loc[("words", "anna"), "estimate"] == 1 and by.loc[("words", "brian"), "estimate"] == 0.5
    assert by.loc[("topics", "all"), ["n", "estimate", "by_chance"]].tolist() == [18, 0.5, 0.25]
    inside = scores["low"].le(scores["estimate"]) & scores["high"].ge(scores["estimate"])
    assert inside.all() and (scores["high"] - scores["low"]).gt(0.1).all()
    assert by.loc[("words", "anna"), "low"] > 1 / 6


def test_what_is_not_an_answer_is_named_line_by_line(comments, tmp_path):
    intrusion.write_sheets(tmp_path, items(comments), ["anna"])
    fill(tmp_path, "words", "anna", 6)
    path = tmp_path / "words_anna.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].rsplit(",", 1)[0] + ",7"
    lines[2] = lines[2].rsplit(",", 1)[0] + ",two"
    lines[3] = "w999" + lines[3][4:]
    lines.append(lines[4])
    path.write_text("\n".join(lines))
    _, problems = intrusion.read_answers(tmp_path)
    said = problems[problems["file"] == path.name]
    assert said["problem"].tolist() == [
        'item w001: "7" is not a number from 1 to 6',
        'item w002: "two" is not a number from 1 to 6',
        "item w999 is not in the answers",
        "item w004 stands twice; the first counts",
        "item w003 is missing",
    ]
    assert said["line"].tolist()[:4] == [2, 3, 4, 8] and said["line"].isna().iloc[4]


def test_nothing_is_overwritten_and_answers_must_be_there(comments, tmp_path):
    assert all(table.empty for table in intrusion.read_answers(tmp_path))
    intrusion.write_sheets(tmp_path, items(comments), ["anna"])
    with pytest.raises(StudyError, match="never overwritten"):
        intrusion.write_sheets(tmp_path, items(comments), ["anna"])
    (tmp_path / "answers" / "words.csv").unlink()
    with pytest.raises(StudyError, match="words.csv"):
        intrusion.read_answers(tmp_path)
