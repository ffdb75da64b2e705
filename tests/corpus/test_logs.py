"""Text that says what its lines are, and pages of comments without an article."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.corpus.proposal import propose, write
from analysis.corpus.sources import read_sources
from analysis.study_file import read_settings

SAID = [
    ("Mira K.", "2024-03-05 09:15", "The ferry was late again."),
    ("Oskar", "2024-03-15 09:40", "They told us: on the pier."),
    ("Eve Lund", "2024-03-20 11:02", "I walked home in the rain."),
    ("Harbour_Rat", "2024-03-21 18:00", "An hour is fine in good weather, with a coat."),
    ("Jon", "2024-03-21 19:30", "Nobody asked those who live there."),
    ("Petra Blom", "2024-03-22 07:05", "My brother works on it, and he says the engine is old."),
]
TWO_DAYS = "2 days ago"


def read(tmp_path, text):
    (tmp_path / "page.txt").write_text(text)
    write(propose(tmp_path / "study", [str(tmp_path / "page.txt")]))
    settings = read_settings(tmp_path / "study")
    return read_sources(settings.source, settings.folder)


def found(reading, timed=True):
    rows = reading.comments.sort_values(["source_file", "line"])
    at = [f"{one:%Y-%m-%d %H:%M}" if pd.notna(one) and timed else "" for one in rows["posted_at"]]
    return list(zip(rows["author"], at, rows["text"], strict=True))


def german(at):
    return f"{pd.Timestamp(at):%d.%m.%y, %H:%M}"


@pytest.mark.parametrize(
    "line",
    [
        lambda name, at, text: f"{german(at)} - {name}: {text}",
        lambda name, at, text: f"\u200e[{pd.Timestamp(at):%m/%d/%y, %I:%M:%S %p}] {name}: {text}",
        lambda name, at, text: f"{at} <{name}> {text}",
        lambda name, at, text: f"* **{name}** ({at}): {text}",
    ],
)
def test_a_log_of_a_chat_is_its_messages(tmp_path, line):
    reading = read(tmp_path, "".join(f"{line(*one)}\n" for one in SAID))
    assert found(reading) == [*SAID]
    assert set(reading.comments["article_id"]) == {"page"}


def test_lines_go_on_and_what_is_no_message_is_rejected(tmp_path):
    lines = [f"{german(at)} - {name}: {text}" for name, at, text in SAID]
    lines[1:1] = [
        "and another line",
        "05.03.24, 10:00 - Messages are encrypted",
        "05.03.24, 10:01 - Eve: <Media omitted>",
    ]
    reading = read(tmp_path, "\n".join(lines))
    assert found(reading)[0][2] == "The ferry was late again.\nand another line" and len(reading.comments) == len(SAID)
    assert list(reading.rejects["reason"]) == ["a line of the program, no message", "no text"]


def test_blocks_of_labelled_lines_are_rows(tmp_path):
    blocks = (f"Name: {name}\nDate: {at}\nComment: {text}\nand more\n\n" for name, at, text in SAID)
    assert found(read(tmp_path, "".join(blocks))) == [(name, at, f"{text}\nand more") for name, at, text in SAID]


PAGES = {
    "furniture below": lambda i, name, at, text: f"{name}\n{text}\nLike\nReply\n{i}\n",
    "one line below": lambda i, name, at, text: f"{name}\n{text}\nReply · Like · {i}\n",
    "a time above": lambda i, name, at, text: (
        f"{name}\n{pd.Timestamp(at):%B} {pd.Timestamp(at).day}, 2024\n{text}\nReply\n"
    ),
    "a name and a time": lambda i, name, at, text: f"{name} ({at})\n{text}\n",
}
MANY = [(name, at, f"{text} {more}") for more in ("Yes.", "No, it was not so.", "Ask them!") for name, at, text in SAID]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_an_article_begins_with_a_comment_and_says_so(tmp_path, page):
    reading = read(tmp_path, "".join(PAGES[page](i, *one) for i, one in enumerate(MANY, 1)))
    assert [(name, text) for name, _, text in found(reading)] == [(name, text) for name, _, text in MANY]
    assert "no article above the comments" in "\n".join(reading.notes["note"])
    first = reading.comments.sort_values("line").iloc[0]
    assert first["boundary_confidence"] == 0.5


@pytest.mark.parametrize("page", PAGES)
def test_an_article_above_the_comments_is_one(tmp_path, page):
    article = "The ferry stops on Tuesday, the council said.\nIt will run again in spring, when the pier is built.\n"
    reading = read(tmp_path, article + "".join(PAGES[page](i, *one) for i, one in enumerate(MANY, 1)))
    assert [(name, text) for name, _, text in found(reading)] == [(name, text) for name, _, text in MANY]
    assert reading.articles["text"].item() == article.strip()


@pytest.mark.parametrize(("verb", "number"), [("dijo", "#{} "), ("schrieb", "{}. "), ("says", "")])
def test_a_number_and_a_verb_of_saying_are_no_part_of_a_name(tmp_path, verb, number):
    above = "" if number else "The ferry stops.© 2024 Harbour Press.\n"
    lines = (f"{number.format(i)}{name} {verb}:\n{text}\n\n" for i, (name, _, text) in enumerate(MANY, 1))
    reading = read(tmp_path, above + "".join(lines))
    assert [(name, text) for name, _, text in found(reading)] == [(name, text) for name, _, text in MANY]
    assert ("are read as names" in "\n".join(reading.notes["note"])) == bool(number)


def test_a_day_of_the_week_beside_a_time_is_no_part_of_a_name(tmp_path):
    day = "{:%a %b %d, %Y %H:%M}"
    lines = (f"Post by {name} » {day.format(pd.Timestamp(at))}\n{text}\n\n" for name, at, text in MANY)
    reading = read(tmp_path, "The ferry stops.© 2024 Harbour Press.\n" + "".join(lines))
    assert found(reading) == MANY
