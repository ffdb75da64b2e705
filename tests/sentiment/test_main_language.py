"""The step that scores a corpus: which texts are held to be in a language that the instrument knows."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.sentiment.steps import main_language
from analysis.study import open_study

GERMAN = "Die Fähre kam heute Morgen wieder zu spät, und niemand am Hafen hat uns den Grund genannt, Nummer"
KOREAN = "오늘 아침 배가 또 늦었는데 항구에서는 아무도 그 이유를 우리에게 말해 주지 않았습니다"
CHINESE = "今天早上的渡轮又晚点了，码头上没有一个人告诉我们到底是什么原因，第"
ITALIAN = "Il traghetto di stamattina era di nuovo in ritardo, e nessuno al porto ci ha detto il motivo numero"
ENGLISH = "The ferry was late again this morning and nobody at the harbour told us why, number"


def written(folder, long, n_long=140):
    """200 comments: long ones in a language, and short ones of which nobody can tell."""
    texts = [f"{long} {i}" for i in range(n_long)] + [f"super ok {i}" for i in range(200 - n_long)]
    pd.DataFrame({"article_id": [f"a{i % 9}" for i in range(200)], "text": texts}).to_csv(folder / "c.csv", index=False)
    (folder / "sl.csv").write_text("word,score,language\nsuper,1,sl\n")
    (folder / "study.toml").write_text("title = 'x'\n[source]\npaths = ['c.csv']\n[topics]\nmin_comments = 999\n")
    study = open_study(folder)
    assert (study.corpus.rows["language"] == "und").sum() >= 45, "short texts are of no certain language"
    return study


def test_an_english_dictionary_scores_the_short_texts_of_an_english_corpus(tmp_path):
    assert written(tmp_path, ENGLISH).tables.overall["n_comments"].iloc[0] == 200


def test_short_texts_are_held_to_be_in_the_language_of_the_others_even_where_they_are_most(tmp_path):
    study = written(tmp_path, ITALIAN, n_long=60)
    assert (study.corpus.rows["language"] == "und").mean() > 0.5 and study.comments["sentiment"].isna().all()


@pytest.mark.parametrize(
    ("code", "long"), [("it", ITALIAN), ("de", GERMAN), ("ko", KOREAN), ("zh", CHINESE)], ids=["it", "de", "ko", "zh"]
)
def test_a_dictionary_scores_nothing_that_it_cannot_read_and_it_is_said_what_can_be_done(tmp_path, code, long):
    study = written(tmp_path, long)
    for instrument, reads in (("vader", "en"), ("lexicon:sl.csv", "sl")):
        by = study.with_(instrument=instrument)
        assert by.comments["sentiment"].isna().all() and by.tables.overall["n_comments"].iloc[0] == 0
        assert not (by.tables.sentiment_by_period["n_comments"] > 0).any(), "no curve"
        said = by.findings.sentiment.text
        assert f"“{instrument}” reads “{reads}”" in said and f"most are in “{code}”" in said and "Mean" not in said
        assert all(way in said for way in ("“threadline code”", "“coded”", "lexicon:FILE.csv", "scores:FILE.csv"))


def test_the_mean_of_a_minority_is_not_told_as_that_of_the_corpus(tmp_path):
    texts = [f"{ITALIAN} {i}" for i in range(40)] + [f"{ENGLISH} {i}" for i in range(20)]
    table = pd.DataFrame({"article_id": [f"a{i % 9}" for i in range(60)], "text": texts})
    table.to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "study.toml").write_text("title = 'x'\n[source]\npaths = ['c.csv']\n")
    study = open_study(tmp_path)
    assert study.tables.overall["n_comments"].iloc[0] == 0 and study.comments["sentiment"].isna().all()
    assert "fewer than half of the comments, of which most are in “it”" in study.findings.sentiment.text


def test_the_main_language_is_the_most_frequent_one_that_is_certain():
    assert main_language(pd.Series(["und", "und", "und", "it", "en", "it"])) == "it"
    assert main_language(pd.Series(["it", "en"])) == "en", "of equals the first by name"
    assert main_language(pd.Series(["und"])) == "und"
