"""Steps: a digest follows from what a step declares, and nothing that it does not declare can reach its result."""

from __future__ import annotations

import dataclasses
import datetime
import threading
import time

import numpy as np
import pandas as pd
import pytest

from analysis.run import Run
from analysis.run.steps import Results, code_of, modules_of, step
from analysis.run.store import Store, digest_of
from analysis.settings import SECTIONS, ComputeSettings, StudyError
from analysis.study import STEPS, Study, open_study
from analysis.study_file import changed, read_settings

WORDS = ["tram line stop fare depot rail", "bread oven flour dough crust bake", "goal match team league coach cup"]
# Another value for every setting of study.toml.
OTHER = {
    ("title",): "Another",
    ("seed",): 2,
    ("source", "paths"): ["comments.csv", "more.csv"],
    ("source", "format"): "csv",
    ("source", "timezone"): "Asia/Tokyo",
    ("source", "dates"): "month-first",
    ("source", "encoding"): "cp1252",
    ("source", "sheet"): "Comments",
    ("source", "retrieved"): datetime.date(2021, 3, 14),
    ("source", "licence"): "CC0",
    ("source", "authors"): "names.txt",
    ("source", "columns"): {"text": "text", "article_id": "comment_id"},
    ("source", "leave_out"): {"comment_id": "c003"},
    ("source", "articles"): {},
    ("time", "period"): "quarter",
    ("time", "week_starts"): "sunday",
    ("time", "events"): {"the bridge": "2022-06-01"},
    ("topics", "encoder"): "npy:vectors.npy",
    ("topics", "n_topics"): 3,
    ("topics", "context"): 0.1,
    ("topics", "assigned"): "mine.csv",
    ("topics", "seeds"): {"trams": ["the tram is late"]},
    ("topics", "runs"): 3,
    ("topics", "min_comments"): 100_000,
    ("sentiment", "instrument"): "lexicon:words.csv",
    ("sentiment", "compare"): ["vader-scaled"],
    ("sentiment", "name"): "warmth",
    ("sentiment", "range"): (-2.0, 2.0),
    ("codes", "classes"): {"low": -1.0, "high": 1.0},
    ("codes", "labels"): {"insult": "", "threat": ""},
    ("privacy", "authors"): "keep",
    ("privacy", "quotes"): True,
    ("compute", "workers"): 2,
    ("compute", "scheduler"): "tcp://127.0.0.1:1",
}
SAME = [("title",), ("source", "licence"), ("privacy", "quotes"), ("compute", "workers")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of 240 comments with a file of every kind that study.toml can name."""
    place, rng = tmp_path_factory.mktemp("study"), np.random.default_rng(1)
    rows = [
        (f"t{i // 8:02d}", f"c{i:03d}", f"reader {i % 9}", f"2022-{1 + i // 24:02d}-{1 + i % 24:02d}T10:00:00",
         f"I {rng.choice(['love', 'hate'])} the {' '.join(rng.choice(WORDS[i // 8 % 3].split(), 5))} {i}")
        for i in range(240)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["article_id", "comment_id", "author", "posted_at", "text"])
    table.to_csv(place / "comments.csv", index=False)
    table.head(3).assign(comment_id=["x", "y", "z"]).to_csv(place / "more.csv", index=False)
    pd.DataFrame({"article_id": ["t00"], "title": ["A tram"], "text": ["The tram stops."]}).to_csv(
        place / "articles.csv", index=False
    )
    (place / "names.txt").write_text("reader 1\n")
    (place / "words.csv").write_text("word,score\ntram,0.5\n")
    np.save(place / "vectors.npy", rng.normal(size=(240, 8)).astype(np.float32))
    sheet = table.iloc[::4][["comment_id"]]
    table[["comment_id"]].assign(score=0.5).to_csv(place / "scores.csv", index=False)
    table[["comment_id"]].assign(topic=np.arange(240) // 8 % 3).to_csv(place / "mine.csv", index=False)
    (place / "coded").mkdir()
    sheet.assign(stratum="all", probability=0.25).to_csv(place / "coded" / "sample.csv", index=False)
    sheet.assign(text="", code=rng.integers(-1, 2, len(sheet))).to_csv(place / "coded" / "anna.csv", index=False)
    (place / "study.toml").write_text(
        "title = 'x'\n[source]\npaths = ['comments.csv']\n[source.articles]\npaths = 'articles.csv'\n[topics]\nruns = 2\n"
        "n_topics = 2\nmin_comments = 50\n[time]\nperiod = 'month'\n[compute]\nworkers = 1\n"
    )
    return place


def test_every_setting_is_one_of_those_that_are_tried(folder):
    settings = read_settings(folder)
    there = {("title",), ("seed",)} | {
        (section, field.name) for section in SECTIONS for field in dataclasses.fields(getattr(settings, section))
    }
    assert there == set(OTHER)


@pytest.mark.parametrize("key", OTHER, ids=".".join)
def test_another_setting_is_another_digest_or_changes_no_table(folder, key, tmp_path):
    # Only a file of scores has another range.
    one = open_study(folder, **({"instrument": "scores:scores.csv"} if key[-1] == "range" else {}))
    change = {key[0]: OTHER[key]} if len(key) == 1 else {key[0]: {key[1]: OTHER[key]}}
    other = Study(changed(one.settings, **change))
    same = other.digests == one.digests
    assert same == (key in SAME or key == ("compute", "scheduler"))
    if key in SAME:  # the same digests: then the tables are the same, made anew, with nothing kept
        results = [
            Results(s.settings, Run(ComputeSettings(workers=1)), Store(tmp_path / n))
            for s, n in ((one, "1"), (other, "2"))
        ]
        for step in STEPS[4:]:
            first, second = (r[step] for r in results)
            for name, table in first.items() if isinstance(first, dict) else [("", first)]:
                pd.testing.assert_frame_equal(table, second[name] if isinstance(second, dict) else second)


@pytest.mark.parametrize(
    ("file", "study", "steps"),
    [
        ("comments.csv", {}, "corpus"),
        ("articles.csv", {}, "corpus"),
        ("names.txt", {"source": {"authors": "names.txt"}}, "corpus"),
        ("vectors.npy", {"encoder": "npy:vectors.npy"}, "topics"),
        ("words.csv", {"instrument": "lexicon:words.csv"}, "sentiment"),
        ("scores.csv", {"instrument": "scores:scores.csv"}, "sentiment"),
        ("coded/anna.csv", {}, "coding"),
        ("coded/sample.csv", {"instrument": "coded"}, "sentiment"),
    ],
)
def test_another_input_file_is_another_digest_and_stands_in_provenance(folder, file, study, steps):
    before = open_study(folder, **study)
    was, path = before.digests, folder / file
    assert before.inputs[file]
    data = path.read_bytes()
    try:
        path.write_bytes(data + b"\n")
        after = open_study(folder, **study)
        assert after.digests[steps] != was[steps] and after.inputs[file] != before.inputs[file]
    finally:
        path.write_bytes(data)


def test_the_first_day_of_the_week_reaches_the_corrected_means(folder):
    weeks = open_study(folder, period="week")
    assert weeks.digests["coding"] != weeks.with_(week_starts="sunday").digests["coding"]


def test_a_step_cannot_read_what_it_does_not_declare(tmp_path):
    settings = changed(read_settings_of(tmp_path), seed=3)

    @step()
    def greedy(given, run):
        return pd.DataFrame({"seed": [given.settings.seed]})

    @step(settings=["seed"], needs=[])
    def modest(given, run):
        return pd.DataFrame({"seed": [given.settings.seed]})

    @step(settings=["time.period"])
    def other(given, run):
        return given[modest]

    results = Results(settings, Run(), Store(tmp_path / "kept"))
    assert results[modest]["seed"].tolist() == [3]
    with pytest.raises(AttributeError, match="seed"):
        results[greedy]
    with pytest.raises(LookupError, match="does not declare that it needs modest"):
        results[other]


def test_steps_are_computed_at_once_share_what_both_need_and_stop_together(tmp_path):
    met, made = threading.Barrier(2, timeout=120), []

    @step()
    def shared(given, run):
        made.append("shared")
        return pd.DataFrame({"n": [1]})

    @step(needs=[shared])
    def first(given, run):
        met.wait()  # in vain, were the other not computed meanwhile
        return given[shared]

    @step(settings=["seed"], needs=[shared])
    def other(given, run):
        assert run.beside
        met.wait()
        return given[shared] + given.settings.seed

    results = Results(read_settings_of(tmp_path), Run(), Store(tmp_path / "kept"))
    results.beside(first, other)
    assert made == ["shared"] and results[first]["n"].tolist() == [1] and results[other]["n"].tolist() == [2]
    assert {path.name.partition("-")[0] for path in (tmp_path / "kept").iterdir() if path.is_dir()} == {
        "shared", "first", "other",
    }  # fmt: skip

    told = threading.Event()

    @step()
    def broken(given, run):
        told.wait(20)
        raise StudyError(expected="a thing", found="none", where="here", remedy="Look.")

    @step()
    def long(given, run):
        for i in range(1_000_000):
            run.tell("much", i, 1_000_000)
            told.set()
            time.sleep(0.001)

    with pytest.raises(StudyError, match="a thing"):
        results.beside(broken, long)
    with pytest.raises(StudyError, match="a thing"):
        results.beside(first, broken)


def read_settings_of(folder):
    (folder / "study.toml").write_text('title = "x"\n[source]\npaths = ["x"]\n')
    return read_settings(folder)


def test_a_step_s_code_is_found_from_its_imports():
    of_corpus = modules_of("analysis.corpus.steps")
    assert {
        "analysis.corpus.dates",
        "analysis.corpus.pages.decoding",
        "analysis.run.store",
        "analysis.settings",
    } <= set(of_corpus)
    assert not [
        name for name in of_corpus if name.split(".")[1] in ("topics", "sentiment", "trends", "plots", "report")
    ]
    assert "analysis.sentiment.vader" in modules_of("analysis.sentiment.steps")
    assert code_of("analysis.corpus.steps") != code_of("analysis.topics.steps") == code_of("analysis.topics.steps")
    assert digest_of(1) != digest_of(2)
