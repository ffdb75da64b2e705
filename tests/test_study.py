"""The one door: a step is computed once, and anew only when what it rests on changed; all that is shown is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis import plots, show
from analysis.cli import main
from analysis.findings.claims import Finding
from analysis.findings.tables import TABLES
from analysis.settings import VARIABLE, StudyError
from analysis.study import STEPS, open_study
from analysis.trends.series import score_counts

SUBJECTS = {
    "ferry": "the ferry to the island was late and the boat smelled of diesel at the pier",
    "school": "the school kitchen serves soup to the pupils and the teacher eats lunch there",
    "match": "the match was lost because the goalkeeper and the referee fell out in the second half",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of 300 comments in 30 threads on three subjects over ten months."""
    place = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(1)
    rows = []
    for thread in range(30):
        words = SUBJECTS[list(SUBJECTS)[thread % 3]].split()
        for i in range(10):
            text = (
                " ".join(rng.choice(words, size=9))
                + (" I love it" if rng.random() < 0.5 else " I hate it")
                + f" {thread}{i}"
            )
            day = pd.Timestamp("2022-01-05") + pd.Timedelta(days=10 * thread, hours=i)
            rows.append(
                (f"t{thread:02d}", f"c{thread:02d}{i}", f"reader number {rng.integers(50)}", day.isoformat(), text)
            )
    table = pd.DataFrame(rows, columns=["article_id", "comment_id", "author", "posted_at", "text"])
    table.to_parquet(place / "comments.parquet")
    (place / "study.toml").write_text(
        "title = 'Three subjects'\n[source]\npaths = ['comments.parquet']\n"
        "[topics]\nruns = 4\n[time]\nperiod = 'month'\n"
    )
    return place


@pytest.fixture(scope="module")
def study(folder):
    s = open_study(folder)
    for name in TABLES:
        getattr(s.tables, name)
    return s


def test_every_table_is_there_with_its_columns(study):
    card = (Path(analysis.__file__).parent.parent / "data" / "README.md").read_text(encoding="utf-8")
    for name in TABLES:
        assert f"`{name}." in card, f"{name} is not in the data card"
        for column in getattr(study.tables, name).columns:
            base = re.sub("_(low|high)$", "", column)
            assert re.search(rf"\b({base}|{column})\b", card), f"{name}.{column} is not in the data card"


def test_nothing_changed_and_nothing_is_computed(folder, study):
    again = open_study(folder)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(again.tables, name), getattr(study.tables, name))
    assert all(again.store.kept.values()) and set(again.store.kept) <= {step.name for step in STEPS}


def test_another_period_computes_only_what_depends_on_it(study):
    other = study.with_(period="quarter")
    before = {name for name, kept in other.store.kept.items() if not kept}
    for name in TABLES:
        getattr(other.tables, name)
    assert len(other.tables.sentiment_by_period) < len(study.tables.sentiment_by_period)
    assert {name for name, digest in study.digests.items() if other.digests[name] == digest} == {
        "corpus", "tokens", "found", "topics", "sentiment", "overall", "by_topic", "articles_and_threads",
        "instruments",
    } and before is not None  # fmt: skip
    assert other.corpus is study.corpus, "what does not depend on it is shared"


def test_a_table_computes_only_what_it_needs(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".threadline"))
    fresh = open_study(copy, period="quarter")
    assert len(fresh.tables.activity_by_period) == 4
    assert set(fresh.store.kept) == {"corpus", "activity_by_period"}
    assert len(fresh.tables.sentiment_by_period) == 4 and "topics" not in fresh.store.kept


def test_completion_shows_what_there_is(study):
    shown = [name for name in dir(study.tables) if not name.startswith("_")]
    assert set(TABLES) <= set(shown)
    for name in shown:
        assert isinstance(getattr(study.tables, name), pd.DataFrame), name
    assert len(study.texts) == len(study.comments) == 300 and "text" not in study.comments


def test_topics_are_found_and_bertopic_is_a_fitted_one(study):
    comments = study.tables.comments
    subject = comments["article_id"].str[1:].astype(int) % 3
    assigned = comments["topic"] >= 0
    assert assigned.mean() > 0.8
    for topic in comments.loc[assigned, "topic"].unique():
        assert subject[comments["topic"] == topic].value_counts(normalize=True).iloc[0] > 0.9
    model = study.topics.bertopic
    info = model.get_topic_info()
    assert set(info["Topic"]) - {-1} == set(study.tables.topics["topic"])
    shown = study.tables.topics.set_index("topic")["words"].str.split(", ")
    assert all([word for word, _ in model.get_topic(t)][: len(words)] == words for t, words in shown.items())


def test_completion_is_what_a_researcher_holds_and_each_of_it_answers(study):
    assert {"comments", "texts", "tables", "topics", "findings", "events", "with_"} <= set(dir(study))
    for name in dir(study.findings):
        said = getattr(study.findings, name)
        assert isinstance(said, (Finding, pd.DataFrame, str, list)), name
    assert repr(study.tables).count("\n") == len(dir(study.tables)) - 1 and "mean by period" in repr(study.tables)


def test_every_table_can_be_shown_and_a_changed_one_is_the_reader_s_own(study):
    for name in dir(study.tables):
        assert show(getattr(study.tables, name), topics=study.topics.table)._repr_html_().startswith(("<div", "<p"))
    comments, by_topic = study.comments, study.tables.by_topic
    comments["sentiment"], by_topic["estimate"] = 0, 0
    assert study.comments["sentiment"].std() > 0 and study.tables.by_topic["estimate"].std() > 0


def test_a_subset_of_comments_its_series_and_its_figure_from_what_completion_shows(study, tmp_path):
    from analysis import trends

    mine = study.comments.query("topic == 0")
    table = trends.by_period(mine, "sentiment", period="year")
    assert table["n_comments"].sum() == len(mine) and (table["low"] <= table["estimate"]).all()
    plots.by_period(table).savefig(tmp_path / "mine.pdf")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF-")


def test_a_wrong_name_is_an_attribute_that_is_not_there(study):
    with pytest.raises(AttributeError, match="'sentiment_by_perod': 'sentiment_by_period' was meant"):
        _ = study.tables.sentiment_by_perod


def test_in_a_folder_of_a_study_that_study_is_opened(folder, monkeypatch):
    (folder / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(folder / "notebooks")
    assert open_study().settings.title == "Three subjects"


def test_the_study_is_the_one_that_the_variable_names(folder, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(folder))
    assert open_study().settings.title == "Three subjects"
    monkeypatch.delenv(VARIABLE)
    assert open_study().settings.folder.name == "sample"


def test_all_scores_are_counted_and_zero_is_neutral():
    counts = score_counts(pd.Series([-1.0, 0.0, 0.0, 0.04, 1.0, np.nan]))
    assert counts["n_comments"].sum() == 5
    middle = counts[(counts["low"] < 0) & (counts["high"] > 0)]
    assert middle["n_comments"].tolist() == [3]


def test_topics_are_named_and_judged_by_people_and_figures_use_their_names(folder, study, tmp_path, capsys):
    copy = shutil.copytree(folder, tmp_path / "named")
    assert main(["labels", str(copy)]) == 0
    sheet, n = copy / "labels.csv", len(study.tables.topics)
    old = study.tables.topics["label"].iloc[0]
    sheet.write_text(sheet.read_text("utf-8-sig").replace(f"T001,{old},", "T001,What people eat,"), "utf-8")
    named = open_study(copy)
    assert named.tables.topics["label"].iloc[0] == "What people eat"
    assert "What people eat" in plots.topic_sizes(named.topics.table).alt
    assert f"{n} same" in named.findings.topics.text
    assert named.topics.bertopic.get_topic_info()["CustomName"].tolist()[-n] == "What people eat"
    assert {"labels.csv", "labels.parquet"} <= set(named.inputs)
    assert main(["labels", str(copy)]) == 0, "and again, which keeps the name"
    assert "T001,What people eat," in sheet.read_text("utf-8-sig")
    capsys.readouterr()
    open_study(copy).code(topics=True).close()
    asked = pd.read_csv(copy / "intrusion" / "sample.csv")
    assert len(asked) == n
    asked.rename(columns={"odd": "code"})[["comment_id", "code"]].to_csv(copy / "intrusion" / "anna.csv", index=False)
    judged = open_study(copy)
    assert "People found the word that does not belong in 100 % of" in judged.findings.judged.text
    assert "intrusion/anna.csv" in judged.inputs
    assert "No person" in study.findings.judged.text


def test_topics_are_browsed_without_scripts_and_without_comments(study):
    shown = study.browse_topics()
    page = shown._repr_html_()
    topics = study.tables.topics
    assert page.count("<details") == len(topics) == page.count("<img ") or "Too few periods" in page
    assert "<script" not in page and "blockquote" not in page and " on" not in re.sub(r">[^<]*<", "><", page)
    for label in topics["label"]:
        assert label in page and label in repr(shown)
    page = study.with_(quotes=True).browse_topics()._repr_html_()
    assert page.count("<blockquote>") >= len(topics)


def test_no_text_of_the_corpus_is_in_an_attribute_of_the_browser(study, monkeypatch):
    evil = 'x" onload="alert(1)"><script>alert(2)</script>'
    monkeypatch.setattr(study.topics, "table", study.topics.table.assign(label=evil))
    page = study.browse_topics()._repr_html_()
    assert "<script" not in page and not any("alert" in tag for tag in re.findall(r"<[^>]*>", page))


def test_without_threads_authors_or_dates_it_says_what_follows_and_claims_no_article(tmp_path):
    texts = [f"I {'love' if i % 3 else 'hate'} the number {i} bus" for i in range(40)]
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "c.csv", index=False)
    assert main(["new", str(tmp_path / "study"), str(tmp_path / "c.csv")]) == 0
    bare = open_study(tmp_path / "study")
    assert bare.size == "40 comments without threads"
    said = bare.findings.corpus.text
    assert "40 comments, whose threads are not known, none of which has a date" in said
    assert "author" not in said and "time of their article" not in said
    assert any("take comments for independent" in limit for limit in bare.findings.limits)
    assert not any("respect that comments in one thread" in limit for limit in bare.findings.limits)


def test_where_there_are_no_topics_nobody_is_asked_of_them_and_nothing_is_browsed(tmp_path):
    rows = [{"comment_id": i, "thread": i % 3, "text": f"The ferry was late, number {i} of them"} for i in range(9)]
    pd.DataFrame(rows).to_csv(tmp_path / "c.csv", index=False)
    labels = "[codes]\nlabels = { fares = '', crowding = '' }\n"
    (tmp_path / "study.toml").write_text(f"title = 'x'\n[source]\npaths = ['c.csv']\n{labels}")
    study = open_study(tmp_path)
    found = study.browse_topics()
    assert found.text.startswith("No topics to look into.") and "9 different comments are too few" in str(found)
    with pytest.raises(StudyError, match="two topics or more, found 0.*9 different comments are too few"):
        study.code(5, topics=True)
    plans = study.plan_coding()
    assert plans["label"].unique().tolist() == ["fares", "crowding"] and not plans["known"].any()


def test_topics_are_drawn_by_the_shortest_period_that_says_something(study):
    drawn, why = study.drawn  # three threads a month
    part = drawn.tables.topics_by_period["low"].notna().mean()
    assert drawn.settings.time.period == "quarter" and part >= 0.5 and "of a month have too few threads" in why
    assert study.tables.topics_by_period["low"].notna().mean() < 0.5 and study.settings.time.period == "month"
    longer = study.with_(period="quarter")
    own, why = longer.drawn
    assert own is longer and why == ""


def test_what_a_command_does_not_use_is_not_imported():
    heavy = {"bertopic", "sklearn", "scipy.stats", "model2vec", "numba", "matplotlib", "IPython", "nbformat", "dask"}
    code = f"import sys, analysis.study, analysis.report.site; there = {heavy} & set(sys.modules); sys.exit(str(there) if there else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
