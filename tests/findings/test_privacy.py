"""Who somebody is: masked where text is shown, and found where it stands in a report all the same."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.findings.privacy import EMAIL, addresses, mask, search
from analysis.findings.shown import show
from analysis.settings import StudyError


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to Ann.Lee+x@mail.example.co.uk now", "write to [e-mail] now"),
        ("@Ann said, @bob_7: no", "@[name] said, @[name]: no"),
        ("@ann@social.example wrote", "@[name] wrote"),
        ("ask u/some-one or /u/other_1", "ask @[name] or @[name]"),
        ("https://ann:secret@host.example/x", "https://[user]@host.example/x"),
        ("see https://twitter.com/ann_lee/status/1", "see https://twitter.com/[user]/status/1"),
        ("www.github.com/annlee", "www.github.com/[user]"),
        ("https://host.example/user/ann and https://host.example/@ann", "https://host.example/user/[user] and https://host.example/@[user]"),
        ("call +353 1 234 5678.", "call [phone]."),
        ("(020) 7946 0958, 0851 234567", "[phone], [phone]"),
        ("555-123-4567 or (503) 615-3883", "[phone] or [phone]"),
        # What is none.
        ("on 2020-12-22 at 10:30, 3.5 % of 1,234,567", "on 2020-12-22 at 10:30, 3.5 % of 1,234,567"),
        ("01/2006, 09/152, line 0123", "01/2006, 09/152, line 0123"),
        ("+1000 and issue #4212193, 24/7", "+1000 and issue #4212193, 24/7"),
        ("codeplex.com/project a@b", "codeplex.com/project a@b"),
        ("threads/2020-12-22-two-ferries.txt", "threads/2020-12-22-two-ferries.txt"),
        ("ISBN 978-3-16-148410-0", "ISBN 978-3-16-148410-0"),
        ("+0.12 (+0.05 to +0.19)", "+0.12 (+0.05 to +0.19)"),
    ],
)  # fmt: skip
def test_what_tells_who_somebody_is_is_masked_and_the_rest_stays(text, masked):
    assert mask(text) == masked


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab.@/u 0123+-()_ü:"), max_size=60))
def test_a_masked_text_has_no_address_and_stays_when_masked_again(text):
    once = mask(text)
    assert not EMAIL.search(once)
    assert not addresses(once) or "[" in text


def test_a_table_for_people_masks_text_and_nothing_else():
    table = pd.DataFrame({"source_file": ["ann@mail.example.txt"], "n_comments": [5551234567], "share": [0.5]})
    shown = show(table)
    assert "[e-mail]" in repr(shown) and "mail.example" not in repr(shown) and "5,551,234,567" in repr(shown)


COMMENTS = [
    ("c1", "The tram was late again and I have had quite enough of it, ask @Marla or 0851 234567."),
    ("c2", "I hope that it rains, will it? Write to Ann.Lee@mail.example please."),
]
AUTHORS = ["Zebedee Quill", "zebedee QUILL!", "Hope", "Marla", "Jo", "1975", "the tram", "Ünsal", "«»", "Tom & Co"]


def page(folder, body, name="index.html"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(
        f"<html><head><style>p::before{{content:'Ünsal'}}</style></head><body>{body}</body></html>"
    )
    return folder


def look(folder, **options):
    ids, texts = zip(*COMMENTS, strict=True)
    return search(folder, authors=AUTHORS, ids=ids, texts=texts, own=["the tram and the bus"], **options)


def test_a_clean_report_is_clean_and_it_is_said_what_was_searched(tmp_path):
    found = look(page(tmp_path / "r", "<h1>Tone</h1><p>Comments about the tram, hope and rain. In 1975 Jo.</p>"))
    assert found.leaks == ()
    assert (found.n_files, found.n_names, found.n_addresses, found.n_comments) == (1, 5, 3, 2)
    assert found.ordinary == 5 and "Nothing found in 1 file, searched for 5 names of authors, 3 addresses" in str(found)


@pytest.mark.parametrize(
    ("body", "kind", "what"),
    [
        ("<p>as zebedee quill said</p>", "author's name", "Zebedee Quill"),
        ("<p>as Zebedee</p><p>Quill said</p>", "author's name", "Zebedee Quill"),
        ('<img alt="by &Uuml;nsal" src="data:,">', "author's name", "Ünsal"),
        ("<p>Tom &amp; Co</p>", "author's name", "Tom & Co"),
        ("<!-- as Zebedee Quill said -->", "author's name", "Zebedee Quill"),
        ("<p>mar<b>la</b></p>", "author's name", "Marla"),
        ("<p>write to Ann.Lee@mail.example</p>", "address", "Ann.Lee@mail.example"),
        ("<p>call 0851 234567</p>", "address", "0851 234567"),
        ("<p>was late AGAIN, and I&nbsp;have had quite\n<i>enough</i></p>", "run of 8 words", "comment c1"),
    ],
)
def test_what_leaks_is_found_and_named(tmp_path, body, kind, what):
    found = look(page(tmp_path / "r", body))
    assert ("index.html", kind, what) in [(leak.file, leak.kind, leak.what) for leak in found.leaks]
    assert f"index.html: {kind}: {what}" in str(found)


def test_seven_words_are_no_run_and_quotes_may_be_allowed(tmp_path):
    assert not look(page(tmp_path / "r", "<p>late again and I have had quite</p>")).leaks
    quoted = page(tmp_path / "q", "<p>late again and I have had quite enough of it</p>")
    assert [leak.kind for leak in look(quoted).leaks] == ["run of 8 words"]
    assert not look(quoted, quotes=True).leaks


def test_tables_and_provenance_are_searched_and_those_that_hold_texts_are_named(tmp_path):
    folder = page(tmp_path / "r", "")
    (folder / "tables").mkdir()
    (folder / "tables" / "rejects.csv").write_text("file,reason\nmarla.txt,no text\n")
    (folder / "provenance.json").write_text('{"inputs": {"\\u00dcnsal.txt": "x"}}')
    table = pd.DataFrame({"author": ["reader-1", "zebedee QUILL!"], "text": ["x", COMMENTS[0][1]]})
    table.to_parquet(folder / "tables" / "comments.parquet")
    found = look(folder)
    assert [(leak.file, leak.what) for leak in found.leaks] == [
        ("provenance.json", "Ünsal"),
        ("tables/rejects.csv", "Marla"),
        ("tables/comments.parquet", "zebedee QUILL!"),
    ]
    assert "do not share them: tables/comments.parquet" in str(found)


def test_a_folder_without_a_page_is_no_report(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StudyError, match="at least one page"):
            look(folder)
