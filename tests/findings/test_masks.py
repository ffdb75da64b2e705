"""What is masked and searched for, at its edges: how many digits are a phone, which names are words, which files are read."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.findings.privacy import Leak, mask, search


@pytest.mark.parametrize(
    ("number", "is_phone"),
    [
        ("012 3456", True), ("012 345", False),  # seven digits
        ("0123/45678", True), ("0123/4567", False),  # nine with a slash, which dates and folders have
        ("+12 345678", True), ("+12 34567", False),  # eight with a plus, which changes have
        ("+353 (0)1 234 5678", True), ("(020) 79460958", True), ("503-615-3883", True), ("503-615-38834", False),
    ],
)  # fmt: skip
def test_how_many_digits_are_a_phone(number, is_phone):
    assert mask(f"call {number} today") == ("call [phone] today" if is_phone else f"call {number} today")


def look(folder, page="", *, authors=(), texts=("Nothing to see.",), own=(), quotes=False):
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text(f"<html><body>{page}</body></html>")
    ids = [f"c{i}" for i in range(len(texts))]
    return search(folder, authors=authors, ids=ids, texts=texts, own=own, quotes=quotes)


@pytest.mark.parametrize(
    ("name", "own", "ordinary"),
    [
        ("Joe", "", False), ("Jo", "", True), ("J.o.e", "", False), ("123", "", True), ("12a", "", False),
        ("Nothing", "", False), ("See", "", True),  # in small letters in a text, it is a word
        ("Quay", "Quay and harbour", True), ("Harbour Quay", "Quay and harbour", False), ("Quay and", "Quay and harbour", True),
        ("Quay And Harbour", "Quay and harbour", True), ("Quay and harbour side", "Quay and harbour side", False),
    ],
)  # fmt: skip
def test_which_names_are_words(tmp_path, name, own, ordinary):
    found = look(tmp_path / "r", f"<p>as {name} said</p>", authors=[name], own=[own])
    assert (found.n_names, found.ordinary) == ((0, 1) if ordinary else (1, 0))
    assert found.leaks == (() if ordinary else (Leak("index.html", "author's name", name),))


@pytest.mark.parametrize(
    "file", ["figure.svg", "notes.txt", "notes.md", "tables/x.csv", "a.json", "more.htm", "UPPER.CSV"]
)
def test_files_below_a_report_are_searched(tmp_path, file):
    path = tmp_path / "r" / file
    path.parent.mkdir(parents=True)
    path.write_text('"Zebedee"')
    found = look(tmp_path / "r", authors=["Zebedee"])
    assert found.leaks == (Leak(file, "author's name", "Zebedee"),) and found.n_files == 2


def test_names_in_a_table_that_holds_texts_are_leaks_and_so_is_a_page_of_comments(tmp_path):
    (tmp_path / "r").mkdir()
    pd.DataFrame({"author": ["Zebedee", None], "text": ["a", "b"]}).to_parquet(tmp_path / "r" / "c.parquet")
    pd.DataFrame({"author": ["reader-1"]}).to_parquet(tmp_path / "r" / "other.parquet")
    page = '<meta name="threadline" content="private page">'
    found = look(tmp_path / "r", page, authors=["Zebedee"], texts=("one", "two"))
    assert found.leaks == (
        Leak("index.html", "private page", "the comments themselves, for the researcher alone"),
        Leak("c.parquet", "author's name", "Zebedee"),
    )
    assert found.texts == ("c.parquet",) and found.n_comments == 2
    assert look(tmp_path / "r", authors=["Zebedee"], texts=("one", "two"), quotes=True).n_comments == 0


def test_eight_words_of_a_comment_are_found_wherever_they_stand_in_it(tmp_path):
    words = [f"w{i}" for i in range(12)]
    text = " ".join(words)
    for first in range(5):
        found = look(tmp_path / "r", " ".join(words[first : first + 8]).upper(), texts=("other words", text))
        assert found.leaks == (Leak("index.html", "run of 8 words", "comment c1"),)
    assert look(tmp_path / "r", " ".join([*words[:4], "x", *words[4:11]]), texts=(text,)).leaks == ()


def test_what_is_said_of_a_search(tmp_path):
    texts = ("Bins bins, call 012 3456.", "Of two")
    found = look(tmp_path / "r", "<p>as Zebedee said, 012 3456</p>", authors=["Zebedee", "Jo", "bins"], texts=texts)
    assert str(found).splitlines() == [
        "index.html: author's name: Zebedee",
        "index.html: address: 012 3456",
        "Found the above in 1 file, searched for 1 name of authors, 1 address and runs of 8 words of 2 comments.",
        "Not searched for: 2 names that are also common words, numbers or very short.",
    ]
    pd.DataFrame({"text": ["a"]}).to_parquet(tmp_path / "r" / "c.parquet")
    pd.DataFrame({"text": ["a"]}).to_parquet(tmp_path / "r" / "d.parquet")
    found = look(tmp_path / "r", authors=["Zebedee", "Ann"], texts=texts, quotes=True)
    assert str(found).splitlines() == [
        "Nothing found in 1 file, searched for 2 names of authors, 1 address (quotes are on).",
        "These hold the comments themselves, do not share them: c.parquet, d.parquet.",
    ]


def test_bytes_that_are_no_letters_hide_no_name_and_no_private_page(tmp_path):
    look(tmp_path / "r")
    page = b'<meta name="threadline" content="private page"><p>\xff\xfe Zebedee</p>'
    (tmp_path / "r" / "index.html").write_bytes(page)
    (tmp_path / "r" / "a.csv").write_bytes(b"\xff,Zebedee\n")
    found = search(tmp_path / "r", authors=["Zebedee"], ids=["c"], texts=["x"])
    assert [(leak.file, leak.kind) for leak in found.leaks] == [
        ("index.html", "private page"),
        ("a.csv", "author's name"),
        ("index.html", "author's name"),
    ]


def test_what_stands_in_two_attributes_or_two_words_of_ours_is_no_name(tmp_path):
    page = '<img alt="by Anna" title="Lee"><p title="other">x</p>'
    assert [leak.what for leak in look(tmp_path / "r", page, authors=["Anna Lee", "Lee"]).leaks] == ["Lee", "Anna Lee"]
    found = look(tmp_path / "r", page, authors=["Quay Harbour", "Other"], own=["Quay", "Harbour"])
    assert (found.n_names, found.ordinary) == (1, 1)
