"""Words as people read them: forms of one word count together, phrases are one, and other scripts have words too."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.topics import forms
from analysis.topics.forms import readable
from analysis.topics.keywords import everywhere
from analysis.topics.tokens import Cut, tokenised, tokens


def words(cut, rows=None):
    """The words of each text."""
    ends = np.cumsum(cut.n_of)
    return [[cut.names[i] for i in cut.ids[end - n : end]] for end, n in zip(ends, cut.n_of, strict=True)]


def test_forms_of_a_word_are_the_most_frequent_one():
    texts = [
        "trams the stop",
        "the tram the stopped",
        "trams my stopped",
        "trams parking park",
        "one tram",
        "the stop",
    ] * 3
    found = words(readable(tokenised(texts)))
    assert found[:3] == [["trams", "the", "stop"], ["the", "trams", "the", "stop"], ["trams", "my", "stop"]]
    assert found[3] == ["trams", "parking", "park"]
    slovene = ["vlada vlade", "vladi", "vlada"] * 3
    assert {word for row in words(readable(tokenised(slovene), ["sl"] * 9)) for word in row} == {"vlada"}
    assert words(readable(tokenised(["tram trams"])))[0] == ["tram", "trams"], "too rare to be looked for"


def test_korean_words_lose_their_particles():
    texts = ["버스가 늦다", "버스는 다리를", "버스를 다리가", "다리에서 버스"] * 3
    assert {word for row in words(readable(tokenised(texts), ["ko"] * 12)) for word in row} >= {"버스", "다리"}
    assert not {"버스가", "다리를"} & set(readable(tokenised(texts), ["ko"] * 12).names)


def test_names_and_stop_words_keep_their_form_and_are_in_no_phrase():
    texts = ["we saw jane banks again", "jane banks spoke", "they saw it as a pull request"] * 12
    cut = readable(tokenised(texts), None, ["banks"])
    assert "banks" in cut.names and "jane banks" not in cut.names and "pull request" in cut.names
    assert "saw" in cut.names and not any(name.startswith("they ") for name in cut.names)


def test_a_phrase_is_within_a_text_and_of_three_words_those_are_one_that_hold_together_best():
    texts = ["alpha beta", "gamma alpha beta gamma"] * 12 + ["delta", "epsilon"] * 12
    assert words(readable(tokenised(texts)))[:2] == [["alpha beta"], ["gamma", "alpha beta", "gamma"]]
    assert words(readable(tokenised(["alpha beta gamma"] * 12)))[0] == ["alpha beta", "gamma"], "equals: by name"
    farm = ["gannet offshore wind"] * 12 + ["gannet"] * 9 + ["offshore wind"] * 12
    assert words(readable(tokenised(farm)))[0] == ["gannet", "offshore wind"]
    chance = np.random.default_rng(0).choice(["oak", "elm", "ash", "fir"], (200, 6))
    assert set(readable(tokenised([" ".join(row) for row in chance])).names) == {"oak", "elm", "ash", "fir"}


def test_nothing_to_read():
    for texts in ([], [""], ["", "one", ""]):
        assert readable(tokenised(texts)).n_of.tolist() == [len(tokens(text)) for text in texts]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["tram", "trams", "stop", "the", "bell"]), max_size=7), max_size=40))
def test_another_text_is_cut_as_those_it_was_learned_from(rows):
    texts = [" ".join(row) for row in [*rows, *[["tram", "stop"]] * 11]]
    cut = readable(tokenised(texts))
    assert words(cut) == [cut.cut(text) for text in texts]
    assert pickle.loads(pickle.dumps(cut.cut)) == cut.cut


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_neighbours_are_counted_the_same_some_at_a_time(monkeypatch, block):
    texts = (
        ["alpha beta gamma delta"] * 15 + ["", "gamma delta alpha", "beta gamma"] * 9 + ["delta delta alpha beta"] * 3
    )
    whole = readable(tokenised(texts))
    assert {len(name.split()) for name in whole.names} == {1, 2}
    monkeypatch.setattr(forms, "BLOCK", block)
    some = readable(tokenised(texts))
    assert some.names == whole.names and (some.ids == whole.ids).all() and (some.n_of == whole.n_of).all()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("大桥关闭以后公交车总是晚点", ["大桥", "关闭", "公交车", "晚点"]),
        ("橋が閉鎖されてから、バスの遅れがひどい。市役所は説明を", ["閉鎖", "バス", "市役所", "説明"]),
        ("หลังจากสะพานปิด รถเมล์ก็มาสายทุกวัน", ["สะพาน", "เมล์", "สาย", "ทุก"]),
        ("버스가 매일 늦는다", ["버스가", "매일", "늦는다"]),
        ("الحافلة متأخرة كل يوم", ["الحافلة", "متأخرة"]),
        ("tram学校食堂的饭菜", ["tram", "学校食堂", "饭菜"]),
    ],
)
def test_texts_without_spaces_are_cut_into_words(text, found):
    assert set(found) <= set(tokens(text)), tokens(text)


def test_what_is_too_long_is_no_word():
    assert tokens("see " + "ab" * 16 + " here") == ["see", "here"]


def test_words_of_every_topic_are_stop_words_of_the_corpus():
    counts = sparse.csr_matrix(
        [[50, 30, 0, 2], [50, 0, 30, 2], [60, 1, 0, 2], [40, 0, 2, 2], [50, 0, 0, 1]]
    )  # one of all topics, one of the first, one of the second, one too rare to be judged
    assert everywhere(counts).tolist() == [True, False, False, False]
    assert not everywhere(counts[:3]).any(), "of three topics nothing is said"


def test_a_phrase_of_letters_without_spaces_has_none():
    assert Cut.joined(("学校", "食堂")) == "学校食堂" and Cut.joined(("pull", "request")) == "pull request"
