"""The report of a hostile corpus: nothing of it runs, asks, or is lost, also where people named topics hostilely."""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from analysis.cli import main
from analysis.report.notebooks import NAMES

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "benchmarks")]

import hostile  # noqa: E402
import pages  # noqa: E402

PAGES = ("index", *NAMES)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Its report, with quotes allowed and hostile names of topics."""
    folder = hostile.write(tmp_path_factory.mktemp("evil") / "study", quotes=True)
    assert main(["labels", str(folder)]) == 0
    labels = pd.read_csv(folder / "labels.csv")
    labels["label"] = [hostile.EVIL[i] for i in range(len(labels))]
    labels.to_csv(folder / "labels.csv", index=False)
    out = tmp_path_factory.mktemp("out") / "report"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    return out


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("page", PAGES)
def test_what_the_corpus_says_is_text(report, page):
    tags = Tags((report / f"{page}.html").read_text(encoding="utf-8")).tags
    assert sum(tag == "script" for tag, _ in tags) == 1, "our own"
    assert not {tag for tag, _ in tags} & {"iframe", "object", "embed", "form", "base"}
    for tag, attributes in tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("href", "src"):
            value = attributes.get(name) or ""
            assert "javascript:" not in value and "evil" not in value, (tag, value[:80])
        assert "evil" not in (attributes.get("download") or ""), "a file's name is ours"
    assert [a["content"] for t, a in tags if t == "meta" and a.get("http-equiv")] != ["refresh"]


def test_hostile_text_is_shown_and_not_lost(report):
    page = (report / "2_topics.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert('evil')&lt;/script&gt;" in html.unescape(page).replace("<", "&lt;").replace(">", "&gt;")
    assert "<script>alert('evil')" not in page, "the name that people gave a topic"
    quotes = re.findall(r"<blockquote>(.*?)</blockquote>", page, flags=re.S)
    assert quotes and not any("@evil.example" in html.unescape(quote) for quote in quotes), "addresses are masked"
    assert "{{ 7*7 }}" in (report / "index.html").read_text(encoding="utf-8"), "templates are text"


def test_every_comment_is_accounted_for(report):
    table = pd.read_csv(report / "tables" / "accounting.csv")
    assert (table["read"] == table["kept"] + table["rejected"]).all() and table["kept"].sum() == 720 + 48


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_in_a_browser_nothing_runs_and_nothing_is_asked_for(report, capsys):
    with ThreadPoolExecutor(1) as thread:  # this thread's event loop may be another test's browser
        found = thread.submit(asyncio.run, pages.look([report], "", None)).result()
    assert found == 0, capsys.readouterr().out


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_on_a_page_whose_folds_are_open_light_or_dark(report, browser, width):
    for page in PAGES:
        shown = browser.open((report / f"{page}.html").as_uri(), width=width, dark=width == 390)
        shown.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert not shown.axe(), page
        assert not shown.outside((report / f"{page}.html").as_uri()) and not shown.dialogs and not shown.errors, page
        shown.page.context.close()


def test_a_sentence_of_the_first_page_opens_by_the_keyboard(report, browser):
    shown = browser.open((report / "index.html").as_uri(), width=390)
    first = shown.page.locator("details.said").first
    assert not first.locator("dl").is_visible()
    first.locator("summary").focus()
    shown.page.keyboard.press("Enter")
    assert first.locator("dl").is_visible() and "study.tables." in first.text_content()
    target = first.locator("a[href^='tables/']").first.get_attribute("href")
    assert (report / target).is_file()
