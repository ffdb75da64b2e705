"""Scores by a named instrument; what it cannot score gets none."""

import numpy as np
import pytest

from analysis.run import Run
from analysis.sentiment import score as sentiment
from analysis.sentiment import vader
from analysis.settings import StudyError

TEXTS = ["I love the new bridge", "awful, just awful", "", "it is a bridge"]


def test_scores_are_the_instruments_own_and_empty_texts_have_none():
    scores = sentiment.score(TEXTS)
    assert scores.dtype == np.float64 and scores.shape == (4,)
    assert np.isnan(scores[2]) and scores[3] == 0
    assert scores[:2].tolist() == [vader.score(t) for t in TEXTS[:2]]
    scaled = sentiment.score(TEXTS, instrument="vader-scaled")
    assert scaled[:2].tolist() == [vader.score(t, scaled=True) for t in TEXTS[:2]]
    assert sentiment.score([]).shape == (0,)
    assert np.isnan(sentiment.score([None, float("nan")])).all()


def test_languages_that_the_instrument_does_not_know_get_no_score():
    texts = ["I love it"] * 8
    languages = ["en", "EN-gb", "en_US", "und", None, float("nan"), "de", "sl"]
    assert np.isnan(sentiment.score(texts, languages=languages)).tolist() == [False] * 6 + [True] * 2
    assert sentiment.knows("vader") == {"en"}


def test_progress_reaches_the_end():
    calls = []
    sentiment.score(["good"] * 3, run=Run(progress=lambda *call: calls.append(call[1:])))
    assert calls == [(3, 3)]


def test_errors_say_what_is_wrong():
    with pytest.raises(StudyError, match='one of: vader.*found "afinn"'):
        sentiment.score(TEXTS, instrument="afinn")
    with pytest.raises(StudyError, match="expected 4 languages, one a text, found 1"):
        sentiment.score(TEXTS, languages=["en"])


def test_arguments_are_left_alone_and_order_does_not_matter():
    texts = list(TEXTS)
    scores = sentiment.score(texts)
    assert texts == TEXTS
    assert np.array_equal(sentiment.score(texts[::-1])[::-1], scores, equal_nan=True)
