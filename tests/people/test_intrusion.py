"""Word intrusion: the odd word is another topic's and rare in this one; what people said is scored to the number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.people import intrusion
from analysis.settings import StudyError

WORDS = [[f"{name}{i}" for i in range(10)] for name in ("bread", "train", "rain", "song", "goal", "vote")]


def rates():
    """Each topic uses its own words, and a little of the next topic's."""
    own = np.kron(np.eye(6), np.ones(10)) / 10
    names = sorted(word for row in WORDS for word in row)
    order = [[word for row in WORDS for word in row].index(name) for name in names]
    return (own + 0.5 * np.roll(own, 1, axis=0))[:, order]


def test_the_odd_word_is_another_topics_and_rare_in_this_one():
    found = [intrusion.items(WORDS, rates(), seed) for seed in range(10)]
    assert all(table["topic"].tolist() == list(range(6)) for table in found)
    for row in pd.concat(found).to_dict("records"):
        shown = [row[str(i)] for i in range(1, 7)]
        odd = shown.pop(row["odd"] - 1)
        assert sorted(shown) == WORDS[row["topic"]][:5]
        owner = next(t for t, words in enumerate(WORDS) if odd in words)
        assert owner not in (row["topic"], (row["topic"] - 1) % 6), "a word that this topic uses too is no intruder"
    assert pd.concat(found)["odd"].nunique() == 6, "it may stand anywhere"


def test_what_people_said_is_scored_and_what_is_no_answer_is_refused(tmp_path):
    assert intrusion.scores(tmp_path).empty
    asked = intrusion.items(WORDS, rates(), 1)
    asked.to_csv(tmp_path / "sample.csv", index=False)
    for rater, right in (("anna", 6), ("brian", 3)):
        said = asked["odd"].where(asked.index < right, asked["odd"] % 6 + 1)
        pd.DataFrame({"comment_id": asked["comment_id"], "code": said}).to_csv(tmp_path / f"{rater}.csv", index=False)
    by = intrusion.scores(tmp_path).set_index("rater")
    assert by.loc["all", ["n", "n_topics", "estimate", "by_chance"]].tolist() == [12, 6, 0.75, 1 / 6]
    assert by["estimate"].to_dict() == {"all": 0.75, "anna": 1, "brian": 0.5}
    assert (by["high"] - by["low"] > 0.1).all() and 1 / 6 < by.loc["anna", "low"] < 1 == by.loc["anna", "high"]
    (tmp_path / "dora.csv").write_text("comment_id,code\nw000,7\n")
    with pytest.raises(StudyError, match="a number from 1 to 6.* “7” of w000"):
        intrusion.scores(tmp_path)
