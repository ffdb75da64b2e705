"""What a report is made of is watched, and a change is believed when it has settled."""

from __future__ import annotations

import threading
import time

import pytest

from analysis import watch
from analysis.watch import changed, state, wait_for_change

STUDY = 'title = "T"\n[source]\npaths = ["*.txt"]\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "a.txt").write_text("date 2020-01-02 One.\nAnn\nWell.\n")
    (tmp_path / "coded").mkdir()
    (tmp_path / "coded" / "ann.csv").write_text("comment_id,code\n")
    return tmp_path


def test_sources_settings_codes_and_notebooks_are_watched_and_nothing_else(folder, tmp_path_factory):
    books = tmp_path_factory.mktemp("books")
    (books / "1.ipynb").write_text("{}")
    (folder / ".threadline").mkdir()
    (folder / ".threadline" / "kept.txt").write_text("")
    (folder / "notes.md").write_text("")
    assert {p.name for p in state(folder, [books])} == {"study.toml", "a.txt", "ann.csv", "1.ipynb"}


def test_new_gone_and_changed_files_are_told(folder):
    before = state(folder)
    (folder / "b.txt").write_text("date 2020-01-02 Two.\n")
    (folder / "a.txt").unlink()
    (folder / "study.toml").write_text(STUDY + "# more\n")
    assert [p.name for p in changed(before, state(folder))] == ["a.txt", "b.txt", "study.toml"]
    assert changed(before, before) == []


def test_wrong_settings_are_watched_until_they_are_right(folder):
    (folder / "study.toml").write_text("no toml")
    before = state(folder)
    (folder / "study.toml").write_text(STUDY)
    assert [p.name for p in changed(before, state(folder))] == ["study.toml"]


def test_a_change_is_believed_when_no_other_follows(folder, monkeypatch):
    monkeypatch.setattr(watch, "EVERY", 0.05)
    before = state(folder)

    def write() -> None:
        for i in range(4):  # a copy that takes its time
            (folder / f"new{i}.txt").write_text("date 2020-01-02 Two.\n")
            time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    found = wait_for_change(before, folder)
    writer.join()
    assert [p.name for p in found] == [f"new{i}.txt" for i in range(4)]
