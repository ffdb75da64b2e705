"""VADER made sound: its own scores, on text as people write it, in linear time."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

from analysis.sentiment import vader

ANALYZER = SentimentIntensityAnalyzer()
RATED = Path(__file__).parents[3] / "shared" / "data" / "sentiment" / "human_ratings.parquet"

PLAIN = [
    "The ferry was late again and nobody told us why.",
    "What a lovely idea, I really hope they build it!",
    "I don't like this at all.",
    "Not a bad plan, but the council never listens.",
    "BUT the food was GREAT and the staff were kind of rude.",
    "No. Good riddance to the old bridge :)",
    "This is the shit, honestly.",
    "It was the bomb; to die for, even. Yeah right.",
    "She has never been so happy, never this proud.",
    "Without doubt the least helpful office in town, at least on Mondays.",
    "HORRIBLE service, hardly worth the very slight discount",
    "Bus stop moved without a word??? Terrible!!!!",
    "kiss of death for the harbour, a beating heart no more",
    "No joy, no hope or love. Nor peace.",
    "good but good but bad but good",
    "",
    "1200 people",
    ":-( :D <3 sad",
    "The smiling children \U0001f600 and an angry man \U0001f620 !",
]


def theirs(text):
    return ANALYZER.polarity_scores(text)["compound"]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_left_alone_and_scored_as_vader_does(text):
    assert vader.normalise(text) == text
    if text:
        assert vader.score(text) == theirs(text)


def test_no_words_no_score():
    for text in ("", " \n", "\ufe0f", "\u200b\u200d"):
        assert np.isnan(vader.score(text))


RULES = {*BOOSTER_DICT, *SPECIAL_CASES, *NEGATE, "at but doubt kind least never no nor of or so this very without"}
WORDS = sorted({w for rule in RULES for w in rule.split()}) + sorted(ANALYZER.lexicon)[::29]


@st.composite
def short_texts(draw):
    """Up to 15 words on which VADER has rules, in any case, with marks."""
    words = draw(st.lists(st.sampled_from([*WORDS, "table", "I", "the shit", "kind of", "but"]), max_size=15))
    shapes = draw(st.lists(st.sampled_from(["{}", "{}", "{}!", "{}.", "({}", "{}?", "U"]), min_size=15, max_size=15))
    return " ".join(w.upper() if s == "U" else s.format(w) for w, s in zip(words, shapes, strict=False))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(short_texts())
def test_score_is_vaders_on_the_normalised_text(text):
    if text:
        assert vader.score(text) == theirs(vader.normalise(text))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_gets_vaders_score_of_its_normalised_form(text):
    plain = vader.normalise(text)
    if plain.strip():
        assert vader.score(text) == theirs(plain)
        assert -1 <= vader.score(text, scaled=True) <= 1
    else:
        assert np.isnan(vader.score(text))


@pytest.mark.skipif(not RATED.exists(), reason="the rated texts are not here")
def test_every_rated_text_has_vaders_score_where_normalising_changes_nothing():
    texts = pd.read_parquet(RATED)["text"]
    same = [t for t in texts if vader.normalise(t) == " ".join(t.split())]
    assert len(same) > 0.95 * len(texts)
    assert [vader.score(t) for t in same] == [theirs(t) for t in same]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("I don\u2019t like this", "I don't like this"),
        ("I don`t like this", "I don't like this"),
        ("\u201cgood\u201d", '"good"'),
        ("today \u2764\ufe0f", "today \u2764"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d"),
        ("so\u00adft", "soft"),
        ("I can&#39;t &lt;3 it &amp; you", "I can't <3 it & you"),
        ("AT&T R&D &nosuchentity;", "AT&T R&D &nosuchentity;"),
        ("fine\u2014really", "fine -- really"),
        ("\U0001d420\U0001d428\U0001d428\U0001d41d", "good"),
        ("soooo goooood, looooove it", "so good, love it"),
        ("haaaappyyyy :))))) <3333", "happy :) <3"),
        ("grrr", "grrr"),  # VADER knows it so
        ("www.example.org aaaargh", "www.example.org aaaargh"),
        ("no no NO no no", "no no NO"),
        ("go away go away go away go away", "go away go away go away"),
        ("bad bad bad", "bad bad bad"),
        ("\U0001f600" * 9, "\U0001f600" * 3),
        ("\U0001f600good", "\U0001f600 good"),
    ],
)
def test_normalise(written, meant):
    assert vader.normalise(written) == meant


def test_signs():
    assert vader.score("I don\u2019t like this") < 0 < vader.score("today \u2764\ufe0f")
    assert vader.score("\U0001f600" * 1600) > 0 > vader.score("\U0001f622" * 1600)
    assert vader.score("great" + "!" * 10_000) > 0 > vader.score("awful" + "!" * 10_000)
    assert vader.score("This is awful. " * 70_000) < 0 < vader.score("Good work. " * 10_000)


def test_long_text_is_the_mean_of_its_pieces():
    good, bad = "I love this place. " * 20, "I hate that road. " * 20  # 80 words each
    pieces = [theirs(vader.normalise(t)) for t in (good, bad)]
    assert vader.score(good + bad) == pytest.approx(np.mean(pieces))


def test_pieces_end_with_sentences_and_cover_everything():
    words = (["word"] * 9 + ["end."]) * 30
    pieces = vader.pieces(words)
    assert sum(pieces, []) == words and len(pieces) == 4 and all(piece[-1] == "end." for piece in pieces)
    assert max(map(len, vader.pieces(["word"] * 1001))) <= vader.PIECE_WORDS  # no sentence ends at all


def test_scaled_ends_negation_with_the_sentence_and_does_not_saturate():
    assert vader.score("I would not. Great day", scaled=True) > 0 > vader.score("I would not. Great day")
    assert vader.score("D: D:", scaled=True) < 0
    twelve = "the harbour is good and the new bridge over there is fine"
    assert vader.score(twelve, scaled=True) == pytest.approx(theirs(twelve), abs=1e-4)
    assert vader.score("outstanding", scaled=True) > theirs("outstanding") + 0.1
    text = "The old harbour is good on most of the days that we have been there. "
    assert vader.score(text, scaled=True) < vader.score(text * 3, scaled=True) < 0.95 < theirs(text * 9)
