"""study.toml: what is right is read; what is wrong is one line that names file, key, found and right."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from analysis.run.pools import count_workers
from analysis.settings import StudyError, TopicSettings
from analysis.study_file import changed, read_settings

MINIMAL = 'title = "A study"\n[source]\npaths = ["threads/*.txt"]\n'


def study(tmp_path, text):
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_minimal_file_takes_the_defaults(tmp_path):
    s = read_settings(study(tmp_path, MINIMAL))
    assert (s.title, s.source.paths, s.time.period) == ("A study", ("threads/*.txt",), "month")
    assert s.topics == TopicSettings()
    assert s.privacy.authors == "pseudonym" and s.privacy.quotes is False


def test_every_value_is_read(tmp_path):
    text = MINIMAL + (
        'format = "csv"\ntimezone = "Asia/Tokyo"\nlicence = "CC0"\n[source.columns]\ntext = "body"\n'
        '[time]\nperiod = "week"\n[topics]\nn_topics = 7\nruns = 3\nseed = 5\n[privacy]\nauthors = "keep"\nquotes = true\n'
        "[compute]\nworkers = 1\n"
    )
    s = read_settings(study(tmp_path, text))
    assert s.source.columns == {"text": "body"}
    assert (s.topics.n_topics, s.topics.runs, s.seed) == (7, 3, 5), "the seed in its old place"
    assert (s.time.period, s.source.timezone) == ("week", "Asia/Tokyo")
    assert s.privacy.quotes is True and count_workers(s.compute) == 1


def test_events_are_dates_or_times(tmp_path):
    events = '"later" = 2023-02-16\n"noon" = 2022-01-01T12:00:00\n"here" = 2022-01-01T12:00:00+01:00\n"text" = "2022-02-24"\n'
    s = read_settings(study(tmp_path, MINIMAL + '[time]\nweek_starts = "sunday"\n[time.events]\n' + events))
    assert s.time.events == {
        "later": "2023-02-16",
        "noon": "2022-01-01T12:00:00",
        "here": "2022-01-01T12:00:00+01:00",
        "text": "2022-02-24",
    }


def test_the_seed_is_the_study_s_and_its_old_place_is_read(tmp_path):
    assert read_settings(study(tmp_path, "seed = 7\n" + MINIMAL)).seed == 7
    assert read_settings(study(tmp_path, MINIMAL + "[topics]\nseed = 5\n")).seed == 5
    assert read_settings(study(tmp_path, "seed = 7\n" + MINIMAL + "[topics]\nseed = 5\n")).seed == 7


def test_keys_are_changed_by_their_name_or_by_their_section(tmp_path):
    s = read_settings(study(tmp_path, MINIMAL))
    other = changed(s, period="quarter", n_topics=15, seed=3, privacy={"authors": "keep"})
    assert (other.time.period, other.topics.n_topics, other.seed, other.privacy.authors) == ("quarter", 15, 3, "keep")
    assert dataclasses.replace(other, seed=1, time=s.time, topics=s.topics, privacy=s.privacy) == s
    for wrong, words in (({"perod": 1}, "period"), ({"authors": "keep"}, "section"), ({"n_topics": 1}, "2 to 500")):
        with pytest.raises(StudyError, match=words):
            changed(s, **wrong)


def test_settings_are_frozen(tmp_path):
    s = read_settings(study(tmp_path, MINIMAL))
    with pytest.raises(dataclasses.FrozenInstanceError):
        s.title = "another"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMAL + '[topics]\nn_topic = 7\n', ["[topics] n_topic", "unknown key", "n_topics"]),
        (MINIMAL + 'titel = "x"\n', ["titel", "unknown key"]),
        ('titel = "x"\n[source]\npaths = ["a"]\n', ["titel", "unknown key", "“title”"]),
        (MINIMAL + '[topics]\nn_topics = true\n', ["[topics] n_topics", "2 to 500", "True"]),
        (MINIMAL + '[topics]\nn_topics = "many"\n', ["[topics] n_topics", '"auto" or 2 to 500', "'many'"]),
        (MINIMAL + '[topics]\nruns = 1.5\n', ["[topics] runs", "a whole number", "1.5"]),
        (MINIMAL + '[privacy]\nquotes = "no"\n', ["[privacy] quotes", "true or false", "'no'"]),
        (MINIMAL + 'timezone = "Mars/Olympus"\n', ["[source] timezone", "Mars/Olympus"]),
        (MINIMAL + 'timezone = "../../etc/passwd"\n', ["[source] timezone"]),
        (MINIMAL + 'authors = "names.txt"\n', ["[source] authors", "names.txt"]),
        (MINIMAL + "leave_out = { n = 1979-05-27 }\n", ["[source] leave_out", "columns and values", "1979"]),
        (MINIMAL + "leave_out = { n = { a = 1 } }\n", ["[source] leave_out", "columns and values"]),
        (MINIMAL + '[time]\nperiod = "fortnight"\n', ["[time] period", "day, week, month", "fortnight"]),
        (MINIMAL + '[time]\nweek_starts = "Sunday"\n', ["[time] week_starts", "monday", "Sunday"]),
        (MINIMAL + '[time]\nevents = { "war" = "24.2.2022" }\n', ["[time] events", "dates", "24.2.2022"]),
        (MINIMAL + '[time]\nevents = 2022-02-24\n', ["[time] events", "names", "2022"]),
        (MINIMAL + "[topics.seeds]\nrail = []\n", ["[topics] seeds", "lists of texts"]),
        (MINIMAL + "[topics.seeds]\nrail = ['late', ' ']\n", ["[topics] seeds", "lists of texts"]),
        (MINIMAL + "[topics]\nencoder = 'npy:v.npy'\nseeds = { a = ['b'] }\n", ["[topics.seeds]", "vectors of the seeds"]),
        (MINIMAL + '[time]\nevents = { "" = 2022-02-24 }\n', ["[time] events", "1 to 60 characters"]),
        (MINIMAL + "[time.events]\n" + "".join(f"e{i} = 2022-02-24\n" for i in range(13)), ["at most 12 names"]),
        ('title = "x"\n[source]\npaths = "threads"\n', ["[source] paths", "a list of files", "'threads'"]),
        ('title = "x"\n', ["a table [source]"]),
        ('[source]\npaths = ["a"]\n', ["title"]),
        ('title = "x\n', ["TOML", "line 1"]),
        (MINIMAL + 'folder = "x"\n', ["folder", "unknown key"]),
        ('folder = "x"\n' + MINIMAL, ["folder", "unknown key"]),
        ("source = 3\n" + 'title = "x"\n', ["source", "a table [source]", "3"]),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_it(tmp_path, text, words):
    with pytest.raises(StudyError) as caught:
        read_settings(study(tmp_path, text))
    message = str(caught.value)
    assert "\n" not in message
    for word in ["study.toml", *words]:
        assert word in message


@pytest.mark.parametrize(("make", "found"), [("nothing", "nothing"), ("empty", "an empty folder"), ("file", "a file")])
def test_a_missing_study_says_what_to_do(tmp_path, make, found):
    place = tmp_path / "study"
    if make == "empty":
        place.mkdir()
    if make == "file":
        place.write_text("x")
    with pytest.raises(StudyError, match="threadline new") as caught:
        read_settings(place)
    assert f"found {found}" in str(caught.value)


def test_a_file_that_is_not_text_is_no_traceback(tmp_path):
    (tmp_path / "study.toml").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(StudyError, match="TOML in UTF-8"):
        read_settings(tmp_path)


def test_in_a_notebook_a_mistake_is_one_line_and_no_traceback():
    code = "import analysis; analysis.open_study('nowhere')"
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    shown = said.stdout + said.stderr
    assert "StudyError: nowhere: expected a study folder" in shown and "Traceback" not in shown
