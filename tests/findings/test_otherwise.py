"""`threadline robustness`: what is told of change, computed otherwise, from a study folder to its sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.findings import robustness
from analysis.study import open_study

DAY = "2022-07-01"


@pytest.fixture
def folder(tmp_path):
    """Sixty threads over a year, whose comments are friendly until an event and hostile from it on."""
    rng, rows = np.random.default_rng(2), []
    for i in range(60):
        at = np.datetime64("2022-01-03") + 6 * i
        for k in range(6):
            mood = rng.choice(["love", "enjoy"] if at < np.datetime64(DAY) else ["hate", "dread"])
            text = f"I {mood} the {rng.choice(['tram', 'bus', 'ferry'])} of line {i} at stop {k}"
            rows.append((f"t{i:02d}", f"c{i:02d}{k}", f"reader {rng.integers(20)}", f"{at}T1{k}:00:00", text))
    columns = ["article_id", "comment_id", "author", "posted_at", "text"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "study.toml").write_text(
        "title = 'x'\n[source]\npaths = ['comments.csv']\n[topics]\nruns = 2\nmin_comments = 100000\n"
        f"[time]\nperiod = 'month'\nevents = {{ 'the closure' = {DAY} }}\n"
    )
    return tmp_path


def test_the_command_writes_what_findings_then_say(folder, capsys):
    before = str(open_study(folder).findings.over_time)
    assert "holds in" not in before and main(["robustness", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "robustness.csv" in said and "the closure" in said
    study = open_study(folder)
    table = study.tables.robustness
    ways = {"without the loudest 1 % of authors", "without the thread that moves it most", "scored by vader-scaled"}
    assert ways < set(table["specification"]) and table["holds"].all()
    others = table[(table["change"] == "break") & (table["specification"] != "as told")]
    assert f"; holds in {len(others)} of {len(others)} other ways" in str(study.findings.over_time)
    assert "other ways of computing it" in str(study.findings.events)
    assert "robustness.csv" in study.inputs
    first = (folder / robustness.FILE).read_bytes()
    assert main(["robustness", str(folder)]) == 0 and (folder / robustness.FILE).read_bytes() == first


def test_a_table_of_other_data_says_nothing(folder, capsys):
    assert main(["robustness", str(folder)]) == 0
    comments = pd.read_csv(folder / "comments.csv")
    comments.iloc[12:].to_csv(folder / "comments.csv", index=False)
    assert "holds in" not in str(open_study(folder).findings.over_time)


def test_a_study_that_tells_no_change_has_nothing_to_compute(folder, capsys):
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(text[: text.index("[time]")])
    pd.read_csv(folder / "comments.csv").assign(text="The tram").to_csv(folder / "comments.csv", index=False)
    assert main(["robustness", str(folder)]) == 0
    assert "nothing to compute otherwise" in capsys.readouterr().out and not (folder / robustness.FILE).exists()


@pytest.mark.parametrize(
    "content", [b"", b"change,at\nbreak,2022-01-01\n", b"\xff\xfe\x00", b"change,event,at,series,topic,measure,specification,n_comments,estimate,low,high,holds\nbreak,,never,a,1,b,c,9,x,0,1,True\n"]
)  # fmt: skip
def test_a_damaged_table_is_one_line(folder, capsys, content):
    (folder / robustness.FILE).write_bytes(content)
    assert main(["ingest", str(folder), "--out", str(folder / "out")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "robustness.csv" in said and "threadline robustness" in said


def test_the_sample_says_in_how_many_ways_its_drop_holds():
    text = (Path(__file__).parents[2] / "notebooks" / "5_findings.ipynb").read_text(encoding="utf-8")
    assert "other ways of computing it" in text, "stale: `threadline robustness data/sample`, then store the notebooks"
