"""A word list of one's own as an instrument."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sentiment import lexicon, vader
from analysis.sentiment.instruments import parse
from analysis.settings import StudyError

LIST = "word,score\nlep,2\nljub*,1.5\nljubosum*,-2\ngrd,-4\nne,negation\nČudovit,3\n\U0001f600,2\nd'accord,1\n"


@pytest.fixture
def words(tmp_path):
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return lexicon.read(tmp_path / "list.csv")


def test_scores_are_put_on_one_scale(words):
    assert words.look_up("grd") == -1 and words.look_up("lep") == 0.5 and words.languages == ()
    assert words.look_up("ljubezen") == 0.375 and words.look_up("ljubosumen") == -0.5  # the longest beginning
    assert np.isnan(words.look_up("ne")) and words.look_up("ljudje") is None


def test_score_is_the_scaled_sum(words):
    assert lexicon.score("Lep dan.", words) == pytest.approx(vader.scale(2, 2))
    assert lexicon.score("čudovit \U0001f600\ufe0f D\u2019accord", words) == pytest.approx(vader.scale(6, 3))
    assert lexicon.score("Grd, grd most", words) == pytest.approx(vader.scale(-8, 4))  # a comma counts, ends nothing
    assert lexicon.score("to je most", words) == 0
    assert np.isnan(lexicon.score("  ", words)) and np.isnan(lexicon.score("...", words))


def test_negation_turns_what_follows_until_the_sentence_ends(words):
    assert lexicon.score("ne lep", words) == pytest.approx(vader.scale(2 * -0.74, 2))
    assert lexicon.score("ne a b lep", words) < 0 < lexicon.score("ne a b c lep", words)
    assert lexicon.score("Ne. Lep", words) > 0


@given(st.text(max_size=80))
def test_any_text_is_scored_within_bounds(text):
    made = lexicon.Lexicon({"a": 1.0, "b": -0.5, "n": float("nan")}, (), None)
    score = lexicon.score(text, made)
    assert np.isnan(score) or -1 <= score <= 1


def test_as_an_instrument(tmp_path):
    (tmp_path / "list.csv").write_text("word;score;language\nlep;1,5;sl\ngrd;-2;sl\n", encoding="utf-8")
    name = "lexicon:list.csv"
    scores = parse(name, tmp_path).score(["lep"] * 3, ["sl", "en", "und"])
    assert np.isnan(scores).tolist() == [False, True, False]
    assert scores[0] == pytest.approx(vader.scale(3, 1))
    assert parse(name, tmp_path).languages == {"sl"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wort,score\na,1\n", "line 1: expected columns word, score, found no word"),
        ("word,score\na,1\nb,much\n", 'line 3, column score: expected a number, or negation, found "much"'),
        ("word,score\na,1\nb\n", 'line 3, column score: expected a number, or negation, found ""'),
        ("word,score\na,1e-3\nb,x1\n", 'line 3, column score: expected a number, or negation, found "x1"'),
        ("word,score\na,nan\n", 'line 2, column score: expected a number, or negation, found "nan"'),
        ("word,score\na,inf\n", 'line 2, column score: expected a number, or negation, found "inf"'),
        ("word,score\na,1\n\nA,2\n", 'line 4, column word: expected each word once, found "A"'),
        ("word,score\nso so,1\n", 'line 2, column word: expected one word, or its beginning and *, found "so so"'),
        ("word,score\n*,1\n", 'line 2, column word: expected one word, or its beginning and *, found "*"'),
        ("word,score\na,0\n", "column score: expected at least one score other than 0"),
        ("word,score,language\na,1,slovene\n", 'line 2, column language: expected an ISO 639-1 code, found "slovene"'),
    ],
)
def test_a_bad_list_is_named_by_line_and_column(tmp_path, text, message):
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        lexicon.read(tmp_path / "list.csv")
    assert message in str(caught.value)


def test_a_missing_or_unreadable_list(tmp_path):
    with pytest.raises(StudyError, match="list.csv: expected a CSV file in UTF-8 with .* found no such file"):
        parse("lexicon:list.csv", tmp_path)
    (tmp_path / "list.csv").write_bytes(b"word,score\n\xff\xfe,1\n")
    with pytest.raises(StudyError, match="expected a CSV file in UTF-8"):
        lexicon.read(tmp_path / "list.csv")
