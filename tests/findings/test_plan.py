"""`threadline freeze`: what is planned is written once, and findings say what was planned and what explored."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from analysis.cli import main
from analysis.report.front import front
from analysis.settings import StudyError
from analysis.study import open_study
from analysis.study_file import changed


@pytest.fixture
def folder(tmp_path):
    rows = [
        (
            f"t{i:02d}",
            f"c{i:02d}{k}",
            f"2022-{1 + i // 2:02d}-{1 + 14 * (i % 2):02d}T1{k}:00:00",
            f"I love tram {i} {k}",
        )
        for i in range(24)
        for k in range(3)
    ]
    pd.DataFrame(rows, columns=["article_id", "comment_id", "posted_at", "text"]).to_csv(
        tmp_path / "comments.csv", index=False
    )
    (tmp_path / "study.toml").write_text(
        "title = 'x'\n[source]\npaths = ['comments.csv']\n[topics]\nruns = 2\nmin_comments = 100000\n"
        "[time]\nperiod = 'month'\nevents = { 'the closure' = 2022-07-01 }\n"
    )
    return tmp_path


def said(folder, **changes):
    study = open_study(folder)
    return str((study.with_(**changes) if changes else study).findings.events)


def test_a_plan_is_written_before_scores_are_opened_and_findings_say_so(folder, capsys):
    assert main(["freeze", str(folder)]) == 0
    assert "before scores were first computed" in capsys.readouterr().out
    today, plan = datetime.now(UTC).date(), json.loads((folder / "plan.json").read_text())
    assert (
        plan["events"] == {"the closure": "2022-07-01"}
        and abs(today - datetime.fromisoformat(plan["frozen_at"]).date()).days < 2
    )
    day = plan["frozen_at"][:10]
    assert f"Planned on {day}, before scores were first computed here." in said(folder)
    assert "Other changes over time are explored." in said(folder) and "plan.json" in open_study(folder).inputs
    moved = said(folder, time={"events": {"the closure": "2022-08-01"}})
    assert f"Explored: the plan of {day} does not have this event." in moved
    assert "is of sentiment by vader." in said(folder, instrument="vader-scaled")


def test_a_plan_that_came_after_the_scores_says_so(folder, capsys):
    assert "threadline freeze" in said(folder)
    assert main(["freeze", str(folder)]) == 0
    assert "after scores were first computed" in capsys.readouterr().out
    assert "after scores were first computed here." in said(folder)


def test_what_is_planned_twice_or_changed_is_refused(folder, capsys):
    assert main(["freeze", str(folder)]) == 0 and main(["freeze", str(folder)]) == 2
    assert "planned twice" in capsys.readouterr().err
    path, study = folder / "plan.json", open_study(folder)
    whole = path.read_text()
    for content in (whole.replace("2022-07-01", "2022-08-01"), "[]", "{", whole.replace('"alpha"', '"beta"'), ""):
        path.write_text(content)
        for asked in (lambda: front(study), lambda: study.findings.events):
            with pytest.raises(StudyError, match="Put back the file"):
                asked()


def test_without_an_event_nothing_is_planned(folder, capsys):
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(text[: text.index("events")])
    assert main(["freeze", str(folder)]) == 2 and "an event to plan for" in capsys.readouterr().err
    assert changed(open_study(folder).settings, "x") and not (folder / "plan.json").exists()
