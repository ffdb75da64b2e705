"""The step that scores a corpus: which texts are held to be in a language that the instrument knows."""

from __future__ import annotations

import pandas as pd

from analysis.sentiment.steps import main_language
from analysis.study import open_study

ITALIAN = "Il traghetto di stamattina era di nuovo in ritardo, e nessuno al porto ci ha detto il motivo numero"
ENGLISH = "The ferry was late again this morning and nobody at the harbour told us why, number"


def scored(folder, long):
    """Comments with a score, of a corpus of long comments in a language and short ones of which nobody can tell."""
    texts = [f"{long} {i}" for i in range(40)] + [f"super ok {i}" for i in range(20)]
    folder.mkdir()
    pd.DataFrame({"article_id": [f"a{i % 9}" for i in range(60)], "text": texts}).to_csv(folder / "c.csv", index=False)
    (folder / "study.toml").write_text("title = 'x'\n[source]\npaths = ['c.csv']\n")
    study = open_study(folder)
    assert (study.corpus.rows["language"] == "und").sum() >= 15, "short texts are of no certain language"
    return int(study.tables.overall["n_comments"].iloc[0]), study


def test_an_english_dictionary_scores_the_short_texts_of_an_english_corpus_and_not_of_an_italian_one(tmp_path):
    assert scored(tmp_path / "english", ENGLISH)[0] == 60
    n, study = scored(tmp_path / "italian", ITALIAN)
    said = study.findings.sentiment.text
    assert n == 0 and "“vader” reads “en”" in said and "“threadline code”" in said and "Mean" not in said


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
