"""The corpus: keyed pseudonyms, duplicates marked and kept, languages, and integrity that raises."""

from __future__ import annotations

import dataclasses
import hmac
import re
import stat
import threading

import numpy as np
import pandas as pd
import pytest

from analysis.corpus.duplicates import duplicates, marks
from analysis.corpus.exports.tables import read_tables
from analysis.corpus.schema import KEY_FILE, build, pseudonym, read_key, summary
from analysis.run.texts import Some
from analysis.settings import Settings, SourceSettings, StudyError

ROWS = [
    ("t1", "c1", "Ann", "2020-01-01", "The tram is late again, as it is every day."),
    ("t1", "c2", "Bob", "2020-01-02", "the  tram is late AGAIN, as it is every day."),
    ("t1", "c3", "Ann", "2020-01-03", "Well said."),
    ("t2", "c4", "Cem", "2020-01-04", "Well said."),
    ("t2", "c5", None, "2020-01-05", "Das ist doch völliger Unsinn, wer soll denn das bezahlen?"),
]


@pytest.fixture
def reading(tmp_path):
    table = pd.DataFrame(ROWS, columns=["article_id", "comment_id", "author", "posted_at", "text"])
    table.to_csv(tmp_path / "x.csv", index=False)
    return read_tables([tmp_path / "x.csv"], SourceSettings(paths=("x",)), tmp_path)


@pytest.fixture
def study(tmp_path):
    return Settings(folder=tmp_path, title="x", source=SourceSettings(paths=("x.csv",)))


def test_no_name_is_left_and_one_person_is_one_pseudonym(reading, study):
    authors = build(reading, study.folder).comments["author"]
    assert not set(authors.dropna()) & {"Ann", "Bob", "Cem"}
    assert authors[0] == authors[2] != authors[1] and authors.isna().sum() == 1


def test_pseudonyms_differ_across_studies_and_stay_within_one(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = read_key(tmp_path / "one"), read_key(tmp_path / "two")
    assert pseudonym("Ann", one) != pseudonym("Ann", two)
    assert pseudonym("Zoe\u0308", one) == pseudonym(" Zo\u00eb ", one), "one name, two Unicode forms"
    assert read_key(tmp_path / "one") == one


def test_the_key_is_the_owners_alone(tmp_path):
    key = read_key(tmp_path)
    assert re.fullmatch(b"[0-9a-f]{64}", key) and (tmp_path / KEY_FILE).read_bytes() == key + b"\n"
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_a_damaged_key_is_no_new_pseudonyms(tmp_path):
    (tmp_path / KEY_FILE).write_text("short")
    with pytest.raises(StudyError, match="32 characters"):
        read_key(tmp_path)


def test_a_key_has_32_characters_or_more(tmp_path):
    (tmp_path / KEY_FILE).write_text("k" * 32 + "\n")
    assert read_key(tmp_path) == b"k" * 32
    (tmp_path / KEY_FILE).write_text("k" * 31)
    with pytest.raises(StudyError, match="found 31 that can be read"):
        read_key(tmp_path)


def test_a_key_that_another_process_is_about_to_write_is_waited_for(tmp_path):
    (tmp_path / KEY_FILE).touch()
    later = threading.Timer(0.3, (tmp_path / KEY_FILE).write_text, ["k" * 40])
    later.start()
    assert read_key(tmp_path) == b"k" * 40


def test_a_pseudonym_is_of_its_key_and_its_length_is_told():
    assert re.fullmatch("reader-[0-9a-f]{12}", pseudonym("Ann", b"key"))
    digest = hmac.new(b"key", b"Ann", "sha256").hexdigest()
    assert pseudonym("Ann", b"key") == pseudonym(" Ann\n", b"key") == f"reader-{digest[:12]}"


def test_words_that_are_names_are_hidden_and_parts_of_longer_names_are_not(reading, study):
    names = ["Ann", " CEM ", "Ann", "Lee Quay", None]
    assert build(dataclasses.replace(reading, rows=reading.rows.assign(author=names)), study.folder).hidden_words[
        "word"
    ].tolist() == ["ann", "cem"]
    assert build(reading, study.folder, "keep").hidden_words.empty


def test_names_are_kept_where_the_study_says_so(reading, study):
    kept = build(reading, study.folder, "keep")
    assert kept.comments["author"].tolist()[:4] == ["Ann", "Bob", "Ann", "Cem"]


def test_duplicates_are_marked_and_short_ones_are_chance(reading, study):
    comments = build(reading, study.folder).comments.set_index("comment_id")
    assert len(comments) == len(ROWS)
    assert comments["duplicate_of"].dropna().to_dict() == {"c2": "c1"}


def test_the_first_in_time_is_the_original():
    table = pd.DataFrame(
        {
            "comment_id": ["a", "b", "c"],
            "posted_at": pd.to_datetime(["2020-01-03", "2020-01-01", None], utc=True),
            "text": ["one two three four five"] * 3,
        }
    )
    found = duplicates(table, marks(table["text"].tolist()))
    assert found.tolist()[0] == "b" and pd.isna(found[1])
    assert found.tolist()[2] == "b", "an undated one is not the first"


def test_languages(reading, study):
    found = build(reading, study.folder).comments.set_index("comment_id")["language"]
    assert found["c1"] == "en" and found["c5"] == "de"


def test_row_order_changes_nothing(reading, study):
    order = np.random.default_rng(3).permutation(len(reading.rows))
    texts = Some(reading.texts.texts, reading.texts.rows[order])
    shuffled = dataclasses.replace(reading, rows=reading.rows.iloc[order], texts=texts)
    pd.testing.assert_frame_equal(build(reading, study.folder).comments, build(shuffled, study.folder).comments)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": lambda t: pd.concat([t, t.tail(1)])}, "comment_id unique"),
        ({"articles": lambda t: t.iloc[1:]}, "an article for every comment"),
        ({"accounting": lambda t: t.assign(kept=0)}, "read = kept"),
        ({"accounting": lambda t: t.iloc[:0]}, "files that match"),
        ({"rows": lambda t: t.iloc[:0]}, "at least one comment"),
    ],
)
def test_a_corpus_that_does_not_hold_together_raises(reading, study, change, words):
    ((name, function),) = change.items()
    broken = dataclasses.replace(reading, **{name: function(getattr(reading, name))})
    with pytest.raises(StudyError, match=words):
        build(broken, study.folder)


def test_the_summary_counts(reading, study):
    n = summary(build(reading, study.folder)).set_index("quantity")["n"]
    assert (n["comments"], n["authors"], n["articles (threads)"], n["comments that repeat an earlier one"]) == (
        5,
        3,
        2,
        1,
    )
