"""The claim ledger: each number of each sentence of a report equals its row, and no number is without one."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from analysis.findings.claims import Cited, Finding, Number
from analysis.findings.findings import Findings
from analysis.findings.tables import TABLES, table_file
from analysis.report.provenance import write_tables
from analysis.study import open_study

# Numbers of ours, which no table has: levels, thresholds, the literature.
OURS = r"“[^”]*”|95 % interval|stability of 0\.6|below \.05|fewer than 10 |\(−1 to 1, 0 is|et al\. 2021|of 1\b|below 0\.667"
TIMES = {"at", "low", "high", "posted_at", "published_at"}
NAMES = [
    name
    for name in dir(Findings(open_study().tables))
    if name in ("corpus", "topics", "judged", "sentiment", "corrected", "over_time", "events", "article_and_comments")
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The sample, and its tables as they were written."""
    study, out = open_study(), tmp_path_factory.mktemp("out")
    write_tables(study, out, TABLES)
    return study, out / "tables"


def read(study, folder, name):
    """A table as its reader has it: from its file, where there is one."""
    if name not in TABLES:
        return getattr(study.tables, name)
    path = folder / table_file(name)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    table = pd.read_csv(path)
    texts = [
        column
        for column in table.columns.intersection(list(TIMES))
        if table[column].dtype.kind in "OU" or str(table[column].dtype) == "str"
    ]
    zone = study.settings.source.timezone
    return table.assign(**{c: pd.to_datetime(table[c], utc=True).dt.tz_convert(zone) for c in texts})


def unaccounted(text: str, numbers: tuple[Number, ...], *, all_said: bool = True) -> str:
    """What is left of a text's digits without the numbers that stand in a table, each once for each time it is said."""
    for number in sorted({number.text for number in numbers}, key=len, reverse=True):
        assert not all_said or number in text or not re.search(r"\d", number), (number, text)
        text = text.replace(number, "")
    return "".join(re.findall(r"\d", re.sub(OURS, "", text)))


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_every_sentence_equals_its_row(written, name):
    study, folder = written
    for sentence in getattr(study.findings, name).sentences:
        for number in (*sentence.numbers, *(moved.without for moved in sentence.moved)):
            table = read(study, folder, number.table)
            assert number.read(table) == number.text, (sentence.text, number)
        assert not unaccounted(sentence.text, sentence.numbers), sentence.text
        if sentence.short:
            assert not unaccounted(sentence.short, sentence.numbers, all_said=False), sentence.short
        assert sentence.text[0].isupper() or sentence.text[0].isdigit() or sentence.text[0] == "“"


def test_the_cell_of_a_sentence_gives_its_numbers(written):
    study, _ = written
    (sentence, *_) = study.findings.over_time.sentences
    for line in sentence.cell.splitlines():
        assert eval(line, {"study": study}) is not None  # noqa: S307
    assert "study.tables.change_points.iloc[[" in sentence.cell and '"before"' in sentence.cell


def test_a_sentence_opens_without_a_script_and_says_where_each_number_stands(monkeypatch):
    table = pd.DataFrame({"estimate": [0.1, 0.25], "low": [0.0, 0.2], "high": [0.2, None]})
    say = Cited("slopes")
    text = f"the “<b>” rose by {say.interval(table.iloc[1])}, in {say.count(table, '(estimate > 0).sum()', 'series', 'series')}."
    sentence = say.sentence(text, figure="4_over_time: Do topics come and go?", test="x < y", short="It rose by +0.25.")
    html = sentence.html()
    assert html.startswith('<details class="said"><summary>The “&lt;b&gt;” rose by +0.25')
    assert "<code>slopes.csv</code>, row 2: <code>estimate</code> +0.25; <code>low</code> +0.20" in html
    assert "x &lt; y" in html and "<a " not in html
    monkeypatch.setenv("THREADLINE_DATA", "on")
    html = sentence.html(short=True)
    assert '<a href="tables/slopes.csv">' in html and 'href="4_over_time.html#Do-topics-come-and-go?"' in html
    assert "<summary>It rose by +0.25.</summary>" in html and "In full" in html
    assert Finding.of("Nothing.", "").sentences[0].html() == '<p class="said">Nothing.</p>'
