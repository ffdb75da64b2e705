"""The notebooks of a report: ours, a study's own copies, what was changed in them, and what is kept of ours."""

from __future__ import annotations

import json
import shutil
import socket

import nbformat
import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.report import notebooks
from analysis.report.notebooks import NAMES, chosen, copy_to, executed, notebooks_of
from analysis.settings import StudyError
from analysis.study import SAMPLE, open_study


@pytest.fixture
def folder(tmp_path):
    """A study of forty comments, and our notebooks cut to a cell each."""
    rng = np.random.default_rng(1)
    texts = [f"I {rng.choice(['love', 'hate'])} the number {i} bus" for i in range(40)]
    days = pd.date_range("2022-01-01", periods=40, freq="5D", tz="UTC").astype(str)
    table = pd.DataFrame({"article_id": np.arange(40) // 4, "author": "x", "posted_at": days, "text": texts})
    (tmp_path / "study").mkdir()
    table.to_csv(tmp_path / "study" / "comments.csv", index=False)
    (tmp_path / "study" / "study.toml").write_text("title = 'Buses'\n[source]\npaths = ['comments.csv']\n")
    return tmp_path / "study"


def edit(path, source):
    book = nbformat.read(path, as_version=4)
    book.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(book, path)


def test_a_study_s_copies_show_nothing_of_another_and_give_way_to_ours_until_they_are_changed(folder):
    place = copy_to(folder)
    assert place == folder / "notebooks" and {p.stem for p in place.glob("*.ipynb")} == set(NAMES)
    for path in place.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        assert not any(cell.get("outputs") for cell in cells)
    assert not any(notebook.own for notebook in notebooks_of(folder))
    edit(place / "4_over_time.ipynb", "1 + 1")
    assert [notebook.name for notebook in notebooks_of(folder) if notebook.own] == ["4_over_time"]
    changed = (place / "4_over_time.ipynb").read_bytes()
    (place / "1_corpus.ipynb").unlink()
    copy_to(folder)
    assert (place / "4_over_time.ipynb").read_bytes() == changed and (place / "1_corpus.ipynb").is_file()


def test_a_copy_of_an_older_version_that_nobody_changed_is_replaced(folder):
    place = copy_to(folder)
    book = nbformat.read(place / "2_topics.ipynb", as_version=4)
    book.cells = book.cells[:3]
    path = place / "2_topics.ipynb"
    nbformat.write(book, path)
    assert [n.name for n in notebooks_of(folder) if n.own] == ["2_topics"], "changed since it was copied"
    book.metadata["threadline"]["copied"] = next(n for n in notebooks_of(folder) if n.name == "2_topics").digest
    nbformat.write(book, path)
    assert not any(n.own for n in notebooks_of(folder)), "as it was copied, of another version"
    copy_to(folder)
    assert len(nbformat.read(path, as_version=4).cells) > 3


def test_the_sample_s_notebooks_are_those_of_the_clone():
    assert copy_to(SAMPLE) == notebooks.shipped() and not (SAMPLE / "notebooks").exists()


def test_what_is_no_notebook_is_one_clear_error(folder):
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "mine.ipynb").write_text("{")
    with pytest.raises(StudyError, match=r"mine\.ipynb: expected a Jupyter notebook"):
        chosen(folder, [])


def test_the_report_executes_a_study_s_own_notebooks_and_says_so(folder, tmp_path, monkeypatch, capsys):
    ours = shutil.copytree(notebooks.shipped(), tmp_path / "ours")
    for path in ours.glob("*.ipynb"):
        book = nbformat.read(path, as_version=4)
        book.cells = book.cells[:2]
        nbformat.write(book, path)
    monkeypatch.setattr(notebooks, "shipped", lambda: ours)
    place = copy_to(folder)
    edit(place / "2_topics.ipynb", "print('changed', study.settings.title)")
    mine = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# What did I add?"), nbformat.v4.new_code_cell("print(6 * 7)")]
    )
    nbformat.write(mine, place / "6_mine.ipynb")
    out = tmp_path / "out"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    assert "Pages by the study's own notebooks: 2_topics, 6_mine." in capsys.readouterr().out
    assert "changed Buses" in (out / "2_topics.html").read_text() and "42" in (out / "6_mine.html").read_text()
    assert "notebook of the study's own" in (out / "6_mine.html").read_text()
    assert "notebook of the study's own" not in (out / "1_corpus.html").read_text()
    index = (out / "index.html").read_text()
    assert "Of the study&#39;s own notebooks are: 2_topics, 6_mine." in index and "What did I add?" in index
    said = json.loads((out / "provenance.json").read_text())["notebooks"]
    assert {name for name, of in said.items() if of["own"]} == {"2_topics.ipynb", "6_mine.ipynb"}
    assert main(["report", str(folder), "--out", str(out), "--only", "6_mine"]) == 0


def test_what_ours_show_is_kept_until_something_changes_and_a_study_s_own_never(folder, tmp_path, monkeypatch):
    ours = shutil.copytree(notebooks.shipped(), tmp_path / "ours")
    monkeypatch.setattr(notebooks, "shipped", lambda: ours)
    book = nbformat.read(ours / "1_corpus.ipynb", as_version=4)
    book.cells = [*book.cells[:2], nbformat.v4.new_code_cell("import os\nos.getpid()")]
    nbformat.write(book, ours / "1_corpus.ipynb")

    def shown(study=None):
        (one,) = executed(study or open_study(folder), chosen(folder, ["1_corpus"]))
        assert not one.failure
        return one.book.cells[-1].outputs[0]["data"]["text/plain"]

    first = shown()
    assert shown() == first, "kept"
    assert shown(open_study(folder, title="Trams")) != first, "another title is another page"
    edit(ours / "1_corpus.ipynb", "os.getpid()")
    assert shown() != first, "another cell is another page"
    (kept, *_) = sorted((folder / ".threadline").glob("notebook-*/*.json"))
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.write_bytes(data)
    copy_to(folder)
    edit(folder / "notebooks" / "1_corpus.ipynb", "os.getpid()")
    assert shown() != shown(), "a study's own may read what we do not know of"


def test_a_kernel_whose_port_another_process_took_is_started_again(folder, monkeypatch):
    from jupyter_client.manager import KernelManager

    (path := folder / "notebooks").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")]), path / "1_corpus.ipynb")
    taken, begin = socket.create_server(("127.0.0.1", 0)), KernelManager.write_connection_file
    starts = []

    def with_a_port_that_is_taken(self, **kwargs):
        starts.append(self)
        if len(starts) <= limit:
            self.stdin_port = taken.getsockname()[1]
        return begin(self, **kwargs)

    monkeypatch.setattr(KernelManager, "write_connection_file", with_a_port_that_is_taken)
    with taken:
        limit = 1
        own = [book for book in notebooks_of(folder) if book.own]
        (book,) = executed(open_study(folder), own)
        assert not book.failure and len(starts) == 2
        assert book.book.cells[0].outputs[0].data["text/plain"] == "42"
        starts.clear()
        limit = 9
        with pytest.raises(RuntimeError, match="before replying"):
            executed(open_study(folder), own)
        assert len(starts) == notebooks.STARTS
