"""Texts -> words as numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.run import Run
from analysis.run.codes import distinct
from analysis.settings import ComputeSettings
from analysis.topics.tokens import tokenised, tokens

TEXTS = ["The tram stops.", "", "the stop, the tram; the 7 trams", "橋は閉鎖 tram", "..."]


def test_tokens_leave_out_what_could_identify():
    text = "Mail me@home.org or @jane, see https://a.b/c?d www.x.org/y example.com, call +44 20 7946 0958 or B2C"
    assert tokens(text) == ["mail", "or", "see", "call", "or"]
    assert tokens("Don’t re-read O'Neill's café") == ["don't", "re-read", "o'neill's", "café"]
    assert tokens("橋は閉鎖") == ["閉鎖"]


@given(st.text(alphabet="aB1 .@#/:-'www", max_size=40))
def test_a_text_of_plain_letters_is_cut_as_any_other(text):
    assert tokens(text) == tokens(f"{text} é")  # one letter is no word; but it takes the longer way


def test_each_kind_of_address_is_left_out_where_it_is_alone():
    assert [tokens(f"see {one}") for one in ("example.com", "a@home", "#tag", "http://host")] == [["see"]] * 4


def test_words_come_back_from_their_numbers():
    cut = tokenised(TEXTS)
    words = [cut.names[i] for i in cut.ids]
    assert words == [word for text in TEXTS for word in tokens(text)]
    assert cut.n_of.tolist() == [len(tokens(text)) for text in TEXTS]
    assert cut.row.tolist() == [0] * 3 + [2] * 6 + [3] * 2


def test_some_texts_in_another_order():
    rows = np.array([3, 0, 1, 3])
    some = tokenised(TEXTS).take(rows)
    assert [some.names[i] for i in some.ids] == [word for i in rows for word in tokens(TEXTS[i])]
    assert some.n_of.tolist() == [2, 3, 0, 2]


def test_a_word_that_a_text_repeats_is_one_pair():
    cut = tokenised(TEXTS)
    row, column = cut.pairs(cut.columns(["the", "tram"]), 2)
    assert list(zip(row.tolist(), column.tolist(), strict=True)) == [(0, 0), (0, 1), (2, 0), (2, 1), (3, 1)]
    assert cut.pairs(cut.columns([]), 0)[0].tolist() == []


def test_processes_change_nothing():
    texts = [f"tram {TEXTS[i % 5]} {chr(97 + i % 7)}bc" for i in range(5_200)]
    one, two = (tokenised(texts, Run(ComputeSettings(workers=n))) for n in (1, 2))
    assert one.names == two.names and (one.ids == two.ids).all() and (one.n_of == two.n_of).all()


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_distinct_numbers_are_each_there_once_and_sorted(numbers):
    assert distinct(np.array(numbers, dtype=np.int64)).tolist() == sorted(set(numbers))
