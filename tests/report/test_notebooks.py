"""The notebooks of a report: ours, a study's own copies, what was changed in them, and what is kept of ours."""

from __future__ import annotations

import json
import os
import re
import shutil

import nbformat
import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.report import notebooks
from analysis.report.notebooks import NAMES, chosen, copy_to, notebooks_of
from analysis.report.site import build_report
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
    how = "import ipykernel\nprint('by', ipykernel.get_connection_info(unpack=True)['transport'])"
    edit(place / "2_topics.ipynb", f"print('changed', study.settings.title)\n{how}")
    mine = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# What did I add?"), nbformat.v4.new_code_cell("print(6 * 7)")]
    )
    nbformat.write(mine, place / "6_mine.ipynb")
    out = tmp_path / "out"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    assert "Pages by the study's own notebooks: 2_topics, 6_mine." in capsys.readouterr().out
    topics = (out / "2_topics.html").read_text()
    assert "changed Buses" in topics and (os.name != "posix" or "by ipc" in topics), "by files, and not by ports"
    assert "42" in (out / "6_mine.html").read_text()
    assert "notebook of the study's own" in (out / "6_mine.html").read_text()
    assert "notebook of the study's own" not in (out / "1_corpus.html").read_text()
    index = (out / "index.html").read_text()
    assert "Of the study&#39;s own notebooks are: 2_topics, 6_mine." in index and "What did I add?" in index
    said = json.loads((out / "provenance.json").read_text())["notebooks"]
    assert {name for name, of in said.items() if of["own"]} == {"2_topics.ipynb", "6_mine.ipynb"}
    assert main(["report", str(folder), "--out", str(out), "--only", "6_mine"]) == 0


def test_of_notebooks_that_share_a_kernel_none_sees_what_another_made_and_one_that_fails_stops_no_other(
    folder, tmp_path, monkeypatch
):
    ours, kernels = shutil.copytree(notebooks.shipped(), tmp_path / "ours"), set()
    monkeypatch.setattr(notebooks, "shipped", lambda: ours)
    monkeypatch.setattr(notebooks, "AT_ONCE", 1)
    source = "import os\nprint('kernel', os.getpid(), 'made' in globals(), __import__('gc').isenabled())\nmade = 1"
    for path in sorted(ours.glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        book.cells = [nbformat.v4.new_markdown_cell("# A page"), nbformat.v4.new_code_cell(source)]
        book.cells += [nbformat.v4.new_code_cell("1 / 0")] * path.name.startswith("3")
        nbformat.write(book, path)
    edit(copy_to(folder) / "5_findings.ipynb", "2")
    built = build_report(open_study(folder), tmp_path / "out")
    assert len(built.failures) == 1 and built.failures[0].startswith("3_sentiment, cell 3: division by zero")
    for name in NAMES:
        said = re.search(r"kernel (\d+) (\w+) True", (tmp_path / "out" / f"{name}.html").read_text())
        assert said[2] == "False", name
        kernels.add(said[1])
    assert len(kernels) == 3, "three of ours in one, one after the failure, and the study's own"


def test_what_ours_show_is_kept_until_something_changes_and_a_study_s_own_never(folder, tmp_path, monkeypatch):
    ours = shutil.copytree(notebooks.shipped(), tmp_path / "ours")
    monkeypatch.setattr(notebooks, "shipped", lambda: ours)
    book = nbformat.read(ours / "1_corpus.ipynb", as_version=4)
    book.cells = [nbformat.v4.new_markdown_cell("# Corpus"), nbformat.v4.new_code_cell("import os\nos.getpid()")]
    nbformat.write(book, ours / "1_corpus.ipynb")

    def shown(study=None):
        assert not build_report(study or open_study(folder), tmp_path / "out", only=["1_corpus"]).failures
        return re.findall(r'<pre class="output">(\d+)', (tmp_path / "out" / "1_corpus.html").read_text())

    first = shown()
    assert first and shown() == first, "kept"
    assert shown(open_study(folder, title="Trams")) != first, "another title is another page"
    edit(ours / "1_corpus.ipynb", "os.getpid()")
    assert shown()[0] != first[0], "another cell is another page"
    for kept in (folder / ".threadline").glob("page-*/*.json"):
        data = bytearray(kept.read_bytes())
        data[len(data) // 2] ^= 1
        kept.write_bytes(data)
    copy_to(folder)
    edit(folder / "notebooks" / "1_corpus.ipynb", "os.getpid()")
    assert shown() != shown(), "a study's own may read what we do not know of"


def test_figures_that_a_report_has_no_more_go_and_what_a_person_put_beside_them_stays(folder, tmp_path, monkeypatch):
    ours, out = shutil.copytree(notebooks.shipped(), tmp_path / "ours"), tmp_path / "out"
    monkeypatch.setattr(notebooks, "shipped", lambda: ours)
    book = nbformat.read(ours / "1_corpus.ipynb", as_version=4)
    draw = "from analysis import plots\nplots.topic_choice({'n_topics': [2], 'stability': [0.8], 'chosen': [True]})"
    for cells in ([draw, draw], [draw]):
        book.cells = [nbformat.v4.new_markdown_cell("# Corpus"), *map(nbformat.v4.new_code_cell, cells)]
        nbformat.write(book, ours / "1_corpus.ipynb")
        build_report(open_study(folder), out, only=["1_corpus"])
        drawn = {path.name for path in (out / "figures").glob("*_choice.csv")}
        (out / "figures" / "1_corpus-9-mine.csv").write_text("mine")
    assert drawn == {"1_corpus-1-topic_choice.csv"}
    assert (out / "figures" / "1_corpus-9-mine.csv").read_text() == "mine"
    named = {one["@id"] for one in json.loads((out / "ro-crate-metadata.json").read_text())["@graph"]}
    assert {"figures/1_corpus-1-topic_choice.csv", "index.html"} <= named
    assert not named & {"figures/1_corpus-2-topic_choice.csv", "figures/1_corpus-9-mine.csv"}
