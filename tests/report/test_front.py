"""The first screen, and what stands to be copied: the sample's, a few comments', an undated corpus's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.findings.findings import Findings
from analysis.report import methods
from analysis.report.front import BESIDE, MOST, front
from analysis.study import open_study


@pytest.fixture(scope="module")
def sample():
    return open_study()


def study_of(folder, rows, extra=""):
    pd.DataFrame(rows, columns=["article_id", "comment_id", "author", "date", "text"]).to_csv(
        folder / "c.csv", index=False
    )
    (folder / "study.toml").write_text(f"title = 'x'\n[source]\npaths = ['c.csv']\n{extra}")
    return open_study(folder)


def test_the_sample_s_first_screen(sample):
    said = front(sample)
    assert said.asked.startswith("What changed with “evening trams are cut” (2023-02-16)? What are")
    first, second, third = said.found
    title = "After “evening trams are cut” the tone of “tram · timetable · ticket” went from +0.25 to −0.10"
    assert first.short == f"{title}, a step of −0.42 (95 % interval −0.63 to −0.21)." and said.figure.title == title
    assert "a difference of −0.07 (95 % interval −0.16 to +0.01), which chance may explain; of the" in second.short
    assert "of all comments" in second.short and "is tone and" in second.short and "chance may explain" in second.short
    assert "a change of composition" in third.short
    assert said.sure == ("Not known to be planned", first.robustness, "Checked by people: holds")
    assert first.robustness == "Holds in 8 of 9 other ways of computing it"
    assert said.caveat.startswith("The instrument scores higher than people do") and said.figure.axes
    assert [one.name.startswith("threads/") for one in first.moved] == [True] * 3 + [False] * 3


def test_a_thread_of_a_table_without_titles_is_named_by_its_id(tmp_path):
    study = study_of(tmp_path, [("a", 1, "r", "2024-01-05", "Late"), ("b", 2, "r", "2024-01-06", "Late again")])
    moved = pd.DataFrame({"of": ["thread", "author"], "id": ["b", "reader-1"]})
    tables = SimpleNamespace(influence=moved, articles=study.articles, settings=study.settings)
    findings = Findings(tables)
    assert findings.moved["title"].tolist() == ["b", "an author"]


def test_the_title_of_a_figure_keeps_what_hedges():
    said = "With “x” the mean of all went from +0.1 to +0.2, a difference of +0.1 (95 % interval 0.0 to +0.2)"
    said += ", which chance may explain; of the difference, +0.1 is tone and 0.0 composition."
    assert BESIDE.sub("", said) == "With “x” the mean of all went from +0.1 to +0.2, which chance may explain"
    assert BESIDE.sub("", "It rises by 2 a year (95 % interval 1 to 3): a change.") == "It rises by 2 a year: a change."


def test_nine_comments_have_no_figure_of_time_and_say_what_to_do(tmp_path):
    rows = [("a", i, "", "2024-01-05", f"The ferry was late, number {i} of them") for i in range(9)]
    said = front(study_of(tmp_path, rows))
    texts = [sentence.short or sentence.text for sentence in said.found]
    assert 1 <= len(texts) <= MOST and texts[0].startswith("9 comments in 1 thread over 1 period are too few")
    assert said.sure == () and said.caveat.startswith("Nobody has checked the instrument")
    assert any("threadline code" in step for step in said.next) and any("[time] events" in step for step in said.next)


def test_an_undated_corpus_says_so_and_asks_for_dates(tmp_path):
    rows = [(f"a{i % 4}", i, f"r{i}", "", f"The ferry was late, number {i} of them") for i in range(20)]
    said = front(study_of(tmp_path, rows))
    assert said.found[0].text == "Nothing can be said of change over time: none of 20 comments has a date."
    assert any("Name the column of times" in step for step in said.next)


def test_methods_and_checklist_follow_the_settings(sample, tmp_path):
    text = methods.paragraph(sample)
    assert text.startswith("3,016 comments under 156 articles, by 511 authors, were read with Threadline")
    assert "periods of a quarter" in text and "scored by “vader” from −1 to 1" in text and "(seed 1)" in text
    assert "at least" not in text and "planned on" not in text
    # The partition is a vote of fits of all comments; fits of halves tell how far it comes out again.
    assert (
        "with a share of its thread's vector (as the corpus teaches it), as what 10 fits with different seeds" in text
    )
    assert (
        "20 fits of halves of the threads say how far a topic comes out again" in text and "people (labels" not in text
    )
    lines = methods.checklist(sample).splitlines()
    assert "[x] The licence of the comments is stated: “CC0-1.0”." in lines
    assert "[ ] Tests of events were planned before scores were opened: no plan." in lines
    rows = [("a", i, "r", "2024-01-05", f"The ferry was late, number {i} of them") for i in range(9)]
    few = study_of(tmp_path, rows, "[time]\nperiod = 'day'\n[privacy]\nauthors = 'keep'\nquotes = true\n")
    text, lines = methods.paragraph(few), methods.checklist(few).splitlines()
    assert "authors' names were kept" in text and "periods of a day" in text and "coded by people" not in text
    assert (
        "[ ] No comment is quoted in the report." in lines
        and "[ ] Topics come out again in reruns: 0 of 0 (topics.csv)." in lines
    )


def test_methods_claim_nothing_that_the_data_did_not_allow(tmp_path):
    table = pd.DataFrame(
        {"text": [f"Il traghetto era in ritardo, dice la gente del porto numero {i}" for i in range(40)]}
    )
    table.to_csv(tmp_path / "c.csv", index=False)
    (tmp_path / "study.toml").write_text("title = 'x'\n[source]\npaths = ['c.csv']\n")
    text, lines = methods.paragraph(study := open_study(tmp_path)), methods.checklist(study).splitlines()
    assert (
        "No topics were found. No comment has a score of sentiment by “vader”." in text and "was scored by" not in text
    )
    assert "take comments for independent, since nothing names their threads." in text and "CR2" not in text
    assert "No comment has a date: nothing was asked of time." in text and "CUSUM" not in text
    assert not any("authors' names" in said for said in (text,)) and "replaced" not in text
    assert any(line.startswith("[ ] Intervals respect threads") and "not known" in line for line in lines)


def test_methods_say_what_people_made_of_the_topics(sample, tmp_path):
    shutil.copytree(sample.settings.folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".threadline"))
    study = open_study(tmp_path / "copy", privacy={"quotes": False}, context=0.0, n_topics=8)
    text = methods.paragraph(study)
    assert "their number set" in text and "share of its thread" not in text
    text = methods.paragraph(study.topics.curate(merge=[(0, 1)]))
    assert text.startswith("3,016") and "7 topics" in text and "were then changed by people (labels.csv)" in text


def crate(study, before=Path("none")):
    files = ["index.html", "provenance.json", "tables/slopes.csv"]
    return methods.crate(study, files, {"slopes.csv": {"sha256": "ab", "rows": 3}}, before)


def test_the_crate_is_whole_and_keeps_its_day_while_nothing_changes(sample, tmp_path):
    said = json.loads(crate(sample))
    graph = {one["@id"]: one for one in said["@graph"]}
    assert said["@context"] == "https://w3id.org/ro/crate/1.1/context" and len(graph) == len(said["@graph"])
    about, root = graph[methods.CRATE], graph["./"]
    assert about["about"] == {"@id": "./"} and about["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert {"name", "description", "datePublished", "license"} <= set(root) and root["@type"] == "Dataset"
    pd.Timestamp(root["datePublished"])

    def refers(one):
        if isinstance(one, dict):
            yield from [one["@id"]] if set(one) == {"@id"} else (r for value in one.values() for r in refers(value))
        elif isinstance(one, list):
            yield from (r for value in one for r in refers(value))

    lost = {r for one in said["@graph"] for value in one.values() for r in refers(value)} - set(graph)
    assert lost == {"https://w3id.org/ro/crate/1.1"}, "all else that is referred to is described"
    assert graph["tables/slopes.csv"]["encodingFormat"] == "text/csv" and graph["tables/slopes.csv"]["sha256"] == "ab"
    assert graph["https://spdx.org/licenses/CC0-1.0"]["name"] == "CC0-1.0"
    before = tmp_path / methods.CRATE
    before.write_bytes(crate(sample).replace(root["datePublished"].encode(), b"2020-02-02"))
    assert crate(sample, before) == before.read_bytes(), "made again, it is of the same day"
    before.write_bytes(before.read_bytes().replace(b'"ab"', b'"cd"'))
    assert b"2020-02-02" not in crate(sample, before)
    before.write_text("[]")
    assert json.loads(crate(sample, before)) == said


@pytest.mark.parametrize("assigned", ["mine.csv", ""])
def test_of_a_change_of_a_share_the_first_page_draws_the_share_and_says_where_the_topic_is_from(tmp_path, assigned):
    rng, rows, topics = np.random.default_rng(0), [], []
    for month in range(24):
        for thread in range(8):
            for _ in range(5):
                ferry = rng.random() < (0.2 if month < 12 else 0.7)
                words = "ferry pier boat harbour" if ferry else "school kitchen soup pupils"
                date = f"{2022 + month // 12}-{month % 12 + 1:02d}-{3 * thread + 2:02d}"
                rows.append((f"{month}-{thread}", len(rows), f"r{len(rows)}", date, f"{words} number {len(rows)}"))
                topics.append((rows[-1][1], "ferry" if ferry else "school"))
    pd.DataFrame(topics, columns=["comment_id", "topic"]).to_csv(tmp_path / "mine.csv", index=False)
    extra = f"[topics]\nassigned = '{assigned}'\n[time]\nperiod = 'month'\nevents.'the pier opens' = 2023-01-01\n"
    said = front(study_of(tmp_path, rows, extra))
    first = said.found[0].short or said.found[0].text
    assert "share" in first and "the pier opens" in first
    assert said.sure[2] == (
        "Of a topic from a file: not rerun" if assigned else "Of a topic that comes out again in reruns"
    )
    assert said.figure.axes and said.figure.title.startswith("After “the pier opens” the share")
