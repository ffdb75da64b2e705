"""The report: every page and table, safe, without names, the same again; a failing notebook leaves the others."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
from html.parser import HTMLParser

import nbformat
import pandas as pd
import pytest

from analysis.cli import main
from analysis.findings.tables import TABLES, table_file
from analysis.report import notebooks
from analysis.report.provenance import table_bytes, table_digest, write_tables
from analysis.report.site import build_report
from analysis.settings import StudyError
from analysis.study import open_study

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
NAMES = ["Simian Lane", "sourpuss", "Sh1mon M4sada", "Fighto!", "non party", "=cmd|'/C calc'!A0"]
COMMENTS = [
    "how many ferries have they mended between them, I should like to know?",
    f"Well, someone has to pay for it! {HOSTILE}",
    "About time. The old boat smells of diesel and regret, mail me at ann@example.com about it.",
    "Two councils who hate the sea and everyone on it, and both of them voted for this.",
    "It is still not too late to get out of the contract.\nThe harbour is full already.",
    "after January we will all take the bus, I am sure of that.",
]


def thread(folder, name="thread.txt", title="Two ferries will be replaced next spring."):
    lines = [f" date 2020-12-22 {title}", "The council said so.© Copyright 2020 The Example. All rights reserved."]
    for author, text in zip(NAMES, COMMENTS, strict=True):
        lines += [author, text]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """One small hostile study and its report."""
    folder = tmp_path_factory.mktemp("study")
    thread(folder / "threads")
    (folder / "names.txt").write_text("\n".join(NAMES), encoding="utf-8")
    (folder / "study.toml").write_text(
        "title = '<script>alert(3)</script> {{ 7*7 }}'\n[source]\npaths = ['threads/*.txt']\nauthors = 'names.txt'\n",
        encoding="utf-8",
    )
    out = tmp_path_factory.mktemp("out") / "report"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    return folder, out


BOOKS = tuple(notebooks.NAMES)
PAGES = ["index", *BOOKS]


def test_every_page_and_table_is_there(built):
    _, out = built
    for page in PAGES:
        assert (out / f"{page}.html").stat().st_size > 2000
    names = {p.name for p in (out / "tables").iterdir()}
    assert names == {table_file(t) for t in TABLES} | {"SHA256SUMS"}


class Page(HTMLParser):
    """The tags of a page, their attributes, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_nothing_and_asks_for_nothing(built, page):
    text = (built[1] / f"{page}.html").read_text(encoding="utf-8")
    parsed = Page(text)
    assert not [t for t, _ in parsed.tags if t in ("iframe", "object", "embed", "form", "base")]
    assert not [a for _, attrs in parsed.tags for a in attrs if a.startswith("on")]
    assert all(
        link.startswith("data:image/png;base64,") or not re.match(r"[a-z]+:|//", link) or link == "data:,"
        for link in parsed.links
    )
    policy = next(a["content"] for t, a in parsed.tags if t == "meta" and a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert sum(t == "script" for t, _ in parsed.tags) == 1 and policy.count("script-src") == 1
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy  # ours, and no other
    assert "{{ 7*7 }}" in text and "&lt;script&gt;" in text


def test_beside_a_figure_are_its_files(built):
    parsed = Page((built[1] / "3_sentiment.html").read_text(encoding="utf-8"))
    named = [attrs["href"] for tag, attrs in parsed.tags if tag == "a" and "download" in attrs]
    assert {name.rpartition("-")[2] for name in named} >= {"scores.csv", "article_gaps.pdf", "by_position.png"}
    assert all((built[1] / name).stat().st_size > 50 for name in named)
    table = pd.read_csv(built[1] / next(name for name in named if name.endswith("scores.csv")))
    assert list(table) == ["low", "high", "n_comments"] and table["n_comments"].sum() == len(COMMENTS)
    assert {p.name for p in (built[1] / "figures").glob("3_*")} == {name.removeprefix("figures/") for name in named}


def test_a_page_is_light_enough_to_be_read_on_a_phone(built):
    assert all((built[1] / f"{page}.html").stat().st_size <= 400_000 for page in PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_no_name_address_or_comment_reaches_a_page(built, page):
    text = (built[1] / f"{page}.html").read_text(encoding="utf-8")
    for name in (*NAMES, "ann@example.com"):
        assert name not in text
    for comment in COMMENTS:
        words = re.findall(r"\w+", comment)
        assert not any(" ".join(words[i : i + 8]) in text for i in range(max(0, len(words) - 7)))


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_has_words_and_every_page_one_heading(built, page):
    parsed = Page((built[1] / f"{page}.html").read_text(encoding="utf-8"))
    assert all(attrs.get("alt") for tag, attrs in parsed.tags if tag == "img")
    drawn = [attrs for tag, attrs in parsed.tags if tag == "svg" and "xmlns" in attrs]
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in drawn)
    assert sum(tag == "h1" for tag, _ in parsed.tags) == 1
    assert sum("aria-current" in attrs for _, attrs in parsed.tags) == 1


def test_what_is_too_little_is_said_plainly(built):
    text = (built[1] / "index.html").read_text(encoding="utf-8")
    assert "6 different comments are too few for topics" in text
    assert "6 comments in 1 thread over 1 period are too few to speak of a trend" in text
    assert "Nobody has checked the instrument" in text
    assert (pd.read_parquet(built[1] / "tables" / "comments.parquet")["topic"] == -1).all()


def test_provenance_names_inputs_and_tables_by_digest_and_no_path(built):
    folder, out = built
    text = (out / "provenance.json").read_text()
    said = json.loads(text)
    assert str(folder) not in text and str(out) not in text
    data = (folder / "threads" / "thread.txt").read_bytes()
    assert said["inputs"]["threads/thread.txt"] == hashlib.sha256(data).hexdigest()
    assert set(said["tables"]) == {table_file(t) for t in TABLES}
    assert all(step["seconds"] >= 0 for step in said["steps"].values())
    for line in (out / "tables" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / "tables" / name).read_bytes()).hexdigest() == digest


def test_the_same_study_gives_the_same_digests_under_another_name_and_without_kept_results(built, tmp_path):
    folder, out = built
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".threadline"))
    (tmp_path / "copy" / "threads" / "thread.txt").rename(tmp_path / "copy" / "threads" / "0.txt")
    study = open_study(tmp_path / "copy")
    said = write_tables(study, tmp_path / "out", TABLES)
    assert said == json.loads((out / "provenance.json").read_text())["tables"]
    assert study.store.kept["corpus"] is False


def test_a_failing_notebook_leaves_the_other_pages_and_says_which_cell(built, tmp_path, monkeypatch):
    books = tmp_path / "notebooks"
    shutil.copytree(notebooks.shipped(), books)
    for name in BOOKS:  # the other notebooks are not what is tested here
        book = nbformat.read(books / f"{name}.ipynb", as_version=4)
        book.cells = book.cells[:1]
        if name == "2_topics":
            book.cells.append(nbformat.v4.new_code_cell("raise ValueError('<b>the encoder is lost</b>')"))
        nbformat.write(book, books / f"{name}.ipynb")
    monkeypatch.setattr(notebooks, "shipped", lambda: books)
    made = build_report(open_study(built[0]), tmp_path / "out")
    (failure,) = made.failures
    assert failure == "2_topics, cell 2: <b>the encoder is lost</b>"
    assert all((tmp_path / "out" / f"{page}.html").exists() for page in PAGES)
    page = (tmp_path / "out" / "2_topics.html").read_text(encoding="utf-8")
    assert 'role="alert"' in page and "&lt;b&gt;the encoder is lost" in page and "<b>the encoder" not in page


def test_the_hostile_report_holds_nobody_and_a_name_that_is_put_in_is_found(built, tmp_path, capsys):
    folder, out = built
    assert main(["check", str(folder), "--privacy", str(out)]) == 0
    said = capsys.readouterr().out
    assert re.match(r"Nothing found in \d+ files, searched for 6 names of authors, 1 address", said)
    copy = shutil.copytree(out, tmp_path / "report")
    page = copy / "2_topics.html"
    page.write_text(
        page.read_text(encoding="utf-8").replace("</main>", "<p>by Simian Lane</p></main>"), encoding="utf-8"
    )
    assert main(["check", str(folder), "--privacy", str(copy)]) == 1
    assert capsys.readouterr().out.startswith("2_topics.html: author's name: Simian Lane\nFound the above")


def test_the_sample_s_report_holds_nobody(tmp_path, capsys):
    folder, made = str(open_study().settings.folder), ["4_over_time", "5_findings"]
    only = [word for name in made for word in ("--only", name)]
    assert main(["report", folder, "--out", str(tmp_path / "report"), *only]) == 0
    for name in set(BOOKS) - set(made):  # what the others show is stored, and held against a new run by nbval
        shutil.copy(notebooks.shipped() / f"{name}.ipynb", tmp_path / "report" / f"{name}.json")
    assert main(["check", folder, "--privacy", str(tmp_path / "report")]) == 0
    said = capsys.readouterr().out
    assert said.count("Nothing found in ") == 1 and "runs of 8 words of 3,0" in said
    comment = open_study().partitioned.whole().loc[lambda c: c["text"].str.split().str.len() >= 8].iloc[5]
    page = tmp_path / "report" / "4_over_time.html"
    page.write_text(page.read_text(encoding="utf-8") + f"<p>{html.escape(comment['text'])}</p>", encoding="utf-8")
    assert main(["check", folder, "--privacy", str(tmp_path / "report")]) == 1
    assert f"4_over_time.html: run of 8 words: comment {comment['comment_id']}" in capsys.readouterr().out


def test_one_page_is_made_under_another_title_and_the_others_are_left(built, tmp_path):
    folder, out = built
    copy = shutil.copytree(out, tmp_path / "report")
    before = {p.name: p.read_bytes() for p in copy.glob("*.html")}
    command = ["report", str(folder), "--out", str(copy), "--only", "1_corpus", "--title", "Another <b>title</b>"]
    assert main(command) == 0
    after = {p.name: p.read_bytes() for p in copy.glob("*.html")}
    assert {name for name in after if after[name] != before[name]} == {"index.html", "1_corpus.html"}
    page = after["1_corpus.html"].decode()
    assert page.count("Another &lt;b&gt;title&lt;/b&gt;") >= 2 and "{{ 7*7 }}" not in page and "<b>title" not in page


def test_a_notebook_that_is_not_there_is_one_clear_line_before_anything_is_computed(built, tmp_path, capsys):
    assert main(["report", str(built[0]), "--out", str(tmp_path / "x"), "--only", "6_more"]) == 2
    assert "5_findings, found '6_more'" in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_a_csv_is_inert_in_a_spreadsheet_and_true_to_its_numbers():
    table = pd.DataFrame({"reason": ["=1+1", "-2", "@x", "+y", "fine", None], "n": [-1, 2, 3, 4, 5, 6]})
    lines = table_bytes(table, "rejects").decode().splitlines()
    assert lines[1:] == ["'=1+1,-1", "'-2,2", "'@x,3", "'+y,4", "fine,5", ",6"]


def test_a_digest_is_of_content_and_not_of_file_names_or_row_order():
    one = pd.DataFrame({"source_file": ["b", "a"], "line": [1, 2], "reason": ["x", "y"], "n_chars": [0, 1]})
    two = pd.DataFrame({"source_file": ["c", "d"], "line": [2, 1], "reason": ["y", "x"], "n_chars": [1, 0]})
    assert table_digest(one, "rejects") == table_digest(two, "rejects")
    assert table_digest(one, "rejects") != table_digest(two.assign(n_chars=9), "rejects")


def test_a_report_is_not_written_into_its_study(built):
    with pytest.raises(StudyError, match="other than the study"):
        build_report(open_study(built[0]), built[0])


def test_a_corpus_without_authors_has_its_pages_too(tmp_path):
    rows = [(f"a{i % 7}", i, f"2024-01-{1 + i % 28:02d}", f"The ferry was late again, number {i}") for i in range(40)]
    table = pd.DataFrame(rows, columns=["article_id", "comment_id", "date", "text"])
    table.to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "study.toml").write_text("title = 'x'\n[source]\npaths = ['c.csv']\n")
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "out"), "--only", "1_corpus"]) == 0
