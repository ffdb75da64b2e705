"""The researcher's own page: every comment, found by topic, period, disagreement and words; never in a report."""

from __future__ import annotations

import json
import re

import hostile
import pytest

from analysis.cli import main
from analysis.report import private
from analysis.study import open_study


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a hostile study, of which some comments are coded."""
    folder = hostile.write(tmp_path_factory.mktemp("evil") / "study")
    ids = [f"c00-{i:02d}" for i in range(3)]
    (folder / "coded").mkdir()
    head = "comment_id,stratum,probability\n"
    (folder / "coded" / "sample.csv").write_text(head + "".join(f"{one},all,0.1\n" for one in ids))
    for coder, codes in (("anna", (-1, -1, 1)), ("brian", (-1, 1, 1))):
        rows = "".join(f"{one},x,{code}\n" for one, code in zip(ids, codes, strict=True))
        (folder / "coded" / f"{coder}.csv").write_text("comment_id,text,code\n" + rows)
    assert main(["private", str(folder)]) == 0
    return folder, folder / private.FOLDER / private.FILE


def rows_of(path):
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"))
    return json.loads(data)


def test_every_comment_is_there_with_what_it_is_found_by(page):
    folder, path = page
    study, data = open_study(folder), rows_of(page[1])
    assert sorted(row[8] for row in data["rows"]) == sorted(study.texts)
    assert [row[2] for row in data["rows"]] == sorted(row[2] for row in data["rows"]), "in the order of time"
    coded = {row[6]: row[7] for row in data["rows"] if row[6]}
    assert 0 in coded["anna −1, brian +1"] and 0 not in coded["anna −1, brian −1"]
    assert {str(row[0]) for row in data["rows"]} <= set(data["topics"])
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert "evil" not in re.sub(
        r"<script.*?</script>|<title>.*?</title>|<h1>.*?</h1>", "", path.read_text(encoding="utf-8"), flags=re.S
    )


def test_it_is_refused_in_a_report(page, tmp_path, capsys):
    folder, path = page
    report = tmp_path / "report"
    report.mkdir()
    (report / "index.html").write_text("<p>fine</p>")
    assert main(["check", str(folder), "--privacy", str(report)]) == 0
    (report / "more.html").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(
        text.replace("quotes = false", "quotes = true")
    )  # comments may be quoted: not this
    capsys.readouterr()
    assert main(["check", str(folder), "--privacy", str(report)]) == 1
    assert "more.html: private page" in capsys.readouterr().out
    (folder / "study.toml").write_text(text)


def test_in_a_browser_it_is_searched_offline_and_nothing_of_it_runs(page, browser):
    shown = browser.open(page[1].as_uri(), width=390, height=800)
    assert shown.page.locator("article").count() == 50
    shown.page.fill("#words", "captain harbour")
    texts = shown.page.locator("article").all_text_contents()
    assert texts and all("captain" in text and "harbour" in text for text in texts)
    shown.page.fill("#words", "")
    shown.page.select_option("#kind", "0")
    assert shown.page.locator("article").count() == 1
    shown.page.select_option("#kind", "")
    shown.page.select_option("#topic", "0")
    shown.page.select_option("#period", "2021 Q2")
    assert shown.page.locator("article").count() > 0 and "2021-0" in shown.page.locator("article").first.text_content()
    assert shown.page.url.endswith("topic=0&period=2021+Q2&kind=&words=")
    assert not shown.outside(page[1].as_uri()) and not shown.dialogs and not shown.errors and not shown.axe()
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
