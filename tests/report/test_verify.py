"""A report is held against a new run of its study, and what differs is named."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from analysis.cli import main
from analysis.findings.tables import TABLES
from analysis.report.verify import verify
from analysis.run.store import digest_of, digest_of_file
from analysis.run.texts import Texts, gathered
from analysis.settings import StudyError
from analysis.study import open_study

ROWS = [
    ("t1", "c1", "Ann", "2020-01-02T03:04:05Z", "I love the new tram, it is wonderful"),
    ("t1", "c2", "Bob", "2020-02-02T03:04:05Z", "It is a terrible, terrible waste"),
    ("t2", "c3", "Ann", "2020-03-02T03:04:05Z", "Nothing to say about this"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study and its tables, written once."""
    folder = tmp_path_factory.mktemp("verify") / "study"
    folder.mkdir()
    table = pd.DataFrame(ROWS, columns=["thread_id", "comment_id", "author", "date", "text"])
    table.to_csv(folder / "x.csv", index=False)
    (folder / "study.toml").write_text('title = "T"\n[source]\npaths = ["x.csv"]\n', encoding="utf-8")
    out = folder.parent / "out"
    assert main(["ingest", str(folder), "--out", str(out)]) == 0
    return folder, out


@pytest.fixture
def copy(made, tmp_path):
    """A copy of both that a test may change."""
    return [shutil.copytree(path, tmp_path / path.name) for path in made]


def test_an_unchanged_study_is_verified(made, capsys):
    folder, out = made
    verdict = verify(out, open_study(folder))
    assert verdict.holds and not verdict.differs and verdict.n_tables == len(TABLES)
    assert main(["verify", str(out), str(folder)]) == 0
    assert capsys.readouterr().out == "Verified: all 27 tables come out the same.\n"


def test_a_changed_comment_is_found_in_the_input_and_in_the_tables_of_its_tone(copy, capsys):
    folder, out = copy
    path = folder / "x.csv"
    path.write_text(path.read_text().replace("wonderful", "dreadful"))
    assert main(["verify", str(out), str(folder)]) == 1
    first, *tables, last = capsys.readouterr().out.splitlines()
    assert first == "input x.csv: differs" and "table comments.parquet: other values in its 3 rows" in tables
    assert last.startswith(f"Not verified. {len(tables)} of 27 tables come out otherwise: ")
    names = {line.split()[1].rstrip(":").partition(".")[0] for line in tables}
    assert "sentiment_by_period" in names and not names & {"articles", "rejects", "accounting", "topics_by_period"}


def test_a_changed_setting_is_named_with_both_values(copy):
    folder, out = copy
    path = folder / "study.toml"
    path.write_text(path.read_text() + "[topics]\nseed = 2\n")
    verdict = verify(out, open_study(folder))
    assert verdict.holds, "three comments are too few for topics, whatever the seed"
    assert "setting seed: 1 in the report, 2 now" in str(verdict)


def test_what_was_kept_is_not_believed(copy):
    folder, out = copy
    (kept,) = (folder / ".threadline").glob("corpus-*/texts.arrow")
    forged = gathered([["forged"] * len(Texts.open(kept))])
    kept.unlink()
    forged.write(kept)
    index = kept.with_name("index.json")
    said = json.loads(index.read_text())
    said["files"]["texts"][1] = digest_of_file(kept)
    del said["digest"]
    said["digest"] = digest_of(said)
    index.write_text(json.dumps(said))
    assert (open_study(folder).corpus.comments["text"] == "forged").all(), "the forgery is one that a study would read"
    assert verify(out, open_study(folder)).holds


def test_a_table_that_was_edited_or_lost_is_named(copy, capsys):
    folder, out = copy
    (out / "tables" / "rejects.csv").write_text("edited")
    (out / "tables" / "accounting.csv").unlink()
    assert main(["verify", str(out), str(folder)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "file accounting.csv: not there any more",
        "file rejects.csv: differs",
        "Not verified. Changed or lost since the report was written: accounting.csv, rejects.csv.",
    ]


def test_another_key_gives_other_pseudonyms_and_is_noticed(copy):
    folder, out = copy
    (folder / "pseudonym.key").unlink()
    verdict = verify(out, open_study(folder))
    assert list(verdict.differs) == [("table", "comments.parquet")]


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"inputs": 3}'])
def test_a_folder_that_is_no_report_is_one_clear_line(made, tmp_path, text, capsys):
    if text is not None:
        (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(StudyError, match=r"provenance\.json"):
        verify(tmp_path, open_study(made[0]))
    assert main(["verify", str(tmp_path), str(made[0])]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
