"""Scores by a named instrument; what it cannot score gets none."""

import numpy as np
import pandas as pd
import pytest

from analysis.run import Run
from analysis.sentiment import vader
from analysis.sentiment.instruments import of_tone, parse
from analysis.settings import StudyError

TEXTS = ["I love the new bridge", "awful, just awful", "", "it is a bridge"]


def test_scores_are_the_instruments_own_and_empty_texts_have_none():
    scores = parse("vader").score(TEXTS)
    assert scores.dtype == np.float64 and scores.shape == (4,)
    assert np.isnan(scores[2]) and scores[3] == 0
    assert scores[:2].tolist() == [vader.score(t) for t in TEXTS[:2]]
    scaled = parse("vader-scaled").score(TEXTS)
    assert scaled[:2].tolist() == [vader.score(t, scaled=True) for t in TEXTS[:2]]
    assert parse("vader").score([]).shape == (0,)
    assert np.isnan(parse("vader").score([None, float("nan")])).all()


def test_languages_that_the_instrument_does_not_know_get_no_score():
    texts = ["I love it"] * 8
    languages = ["en", "EN-gb", "en_US", "und", None, float("nan"), "de", "sl"]
    assert np.isnan(parse("vader").score(texts, languages)).tolist() == [False] * 6 + [True] * 2
    assert parse("vader").languages == {"en"}


def test_an_instrument_knows_what_its_scores_rest_on(tmp_path):
    (tmp_path / "list.csv").write_text("word,score\nlep,1\n", encoding="utf-8")
    (tmp_path / "coded").mkdir()
    (tmp_path / "model").mkdir()
    np.save(tmp_path / "mine.npy", np.zeros((1, 1)))
    for file in ("coded/sample.csv", "coded/anna.csv", "model/config.json"):
        (tmp_path / file).write_text("x")
    files = {
        "vader": [],
        "lexicon:list.csv": ["list.csv"],
        "transformer:model": ["config.json"],
        "transformer:some/other": [],
        "coded": ["anna.csv", "sample.csv", "mine.npy"],
    }
    for name, expected in files.items():
        instrument = parse(name, tmp_path, "npy:mine.npy")
        assert instrument.name == name and [path.name for path in instrument.files] == expected
    assert "vaderSentiment 3" in parse("vader").version and "torch" in parse("transformer:x").version
    assert "model2vec" in parse("coded").version, "coded learns on the encoder's vectors"


def test_progress_reaches_the_end():
    calls = []
    parse("vader").score(["good"] * 3, run=Run(progress=lambda *call: calls.append(call[1:])))
    assert calls == [(3, 3)]


def test_errors_say_what_is_wrong():
    for name in ("afinn", "lexicon:", "transformer:", "vader:x", "coded:x"):
        with pytest.raises(StudyError, match=f'one of: vader.*found "{name}"'):
            parse(name)
    with pytest.raises(StudyError, match="expected 4 languages, one a text, found 1"):
        parse("vader").score(TEXTS, ["en"])
    with pytest.raises(StudyError, match="found coded"):
        parse("coded").score(TEXTS)


def test_arguments_are_left_alone_and_order_does_not_matter():
    texts = list(TEXTS)
    scores = parse("vader").score(texts)
    assert texts == TEXTS
    assert np.array_equal(parse("vader").score(texts[::-1])[::-1], scores, equal_nan=True)


def test_topics_that_are_found_by_words_of_tone_are_known_where_the_instrument_is_a_dictionary(tmp_path):
    words = ["tram, line, stop, fare, great, nice", "awful, great, nice, terrible, tram, stop", "", "hate, love"]
    topics = pd.DataFrame({"topic": [0, 1, 2, 3], "words": words})
    assert of_tone(parse("vader"), topics) == {1}
    (tmp_path / "words.csv").write_text("word,score\ntram,0.5\nline,0.5\nstop,-0.5\nfare,1\n")
    assert of_tone(parse("lexicon:words.csv", tmp_path), topics) == {0}
    assert of_tone(parse("coded", tmp_path), topics) == of_tone(parse("vader"), topics.iloc[:0]) == frozenset()
