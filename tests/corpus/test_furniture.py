"""What pages put around comments: taken off and counted, never an author; and their times are the comments'."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from analysis.corpus.line_times import RELATIVE, SOME, WHOLE, ago, mask, time_in
from analysis.corpus.pages.threads import read_threads
from analysis.corpus.reading import Reading
from analysis.settings import SourceSettings

HEAD = " date 2023-04-03 The ferry stops.© 2023 Harbour Press.\n"
COMMENTS = [
    ("Mira", "The boat was late again this morning, and nobody said why."),
    ("Oskar L", "On time for me, every day of this week."),
    ("tidewatcher7", "I walked home along the pier, which was cheaper."),
    ("Mira", "Nobody asked you about the pier, as far as I can see."),
    ("Ann Bellweather", "They have bought a new one. Read the article again."),
    ("Old Harbour Hand", "In my time there was a boat every hour, and no app."),
]


def page(
    above: str = "", name: str = "{name}", under: str = "", after: str = "", head: str = "", tail: str = ""
) -> str:
    """A thread as a page shows it; {n} is the comment's number, {name} its author."""
    made = [head] if head else []
    for n, (author, text) in enumerate(COMMENTS, 1):
        parts = (above, name, under, text, after)
        made += [part.format(name=author, n=n, hour=8 + n) for part in parts if part]
    return HEAD + "\n".join([*made, *([tail] if tail else [])]) + "\n"


def read(folder: Path, *texts: str, **options: object) -> Reading:
    for i, text in enumerate(texts):
        (folder / f"{i}.txt").write_text(text, encoding="utf-8")
    source = SourceSettings(paths=("x",), timezone="Europe/Paris", **options)  # type: ignore[arg-type]
    return read_threads(sorted(folder.glob("*.txt")), source, folder)


def said(reading: Reading) -> list[tuple[str, str]]:
    return list(zip(reading.comments["author"], reading.comments["text"], strict=True))


@pytest.mark.parametrize(
    ("put", "n_lines"),
    [
        ({"after": "Reply\nReport"}, 12),
        ({"after": "Log in to comment"}, 6),
        ({"after": "0 ( +{n} / -3 )"}, 6),
        ({"under": "Dec. 22 {hour}:15 am"}, 6),
        ({"after": "{n} votes\nAntworten\nMelden", "tail": "Anmelden"}, 19),
        ({"under": "{n} hours ago", "after": "Responder", "head": "6 Comments"}, 13),
        ({"above": "#{n}", "after": "Like · Reply · {n}d"}, 12),
        ({"after": "Quill it\nBrast {n}"}, 12),  # in no list of words
        ({"under": "Zorv {n}", "after": "Brast"}, 12),
        ({"after": "返信\nいいね！ {n}"}, 12),
        ({"above": "Avatar de {name}", "after": "Répondre"}, 12),  # whose it is differs from comment to comment
        ({"under": "{name} is a reader", "after": "Quill it"}, 12),
    ],
)
def test_furniture_is_taken_off_and_counted(put: dict[str, str], n_lines: int, tmp_path: Path) -> None:
    reading = read(tmp_path, page(**put))
    assert said(reading) == COMMENTS
    assert (reading.rejects["reason"] == "page furniture").sum() == len(reading.rejects) == n_lines
    assert reading.accounting[["read", "kept", "rejected"]].values.tolist() == [[13 + n_lines, 13, n_lines]]
    assert any(f"taken off: {n_lines} lines in 1 file" in note for note in reading.notes["note"])


def test_to_whom_some_comments_reply_is_no_part_of_them(tmp_path: Path) -> None:
    lines = page(under="{n} hours ago", after="Reply").splitlines()
    for i in (19, 15, 11):  # under the times of the third, fourth and fifth
        lines.insert(i, "in reply to Oskar L" if i < 19 else "in reply to Mira")
    reading = read(tmp_path, "\n".join(lines))
    assert said(reading) == COMMENTS


def test_what_is_said_twice_is_no_furniture(tmp_path: Path) -> None:
    """A dialogue of two, a phrase that recurs and a vote of confidence remain what they are."""
    talk = [("Mira", "Late again, and again, and again."), ("Oskar L", "On time for me."), ("Mira", "What do you say?"),
            ("Oskar L", "I said it."), ("Mira", "+1"), ("Oskar L", "+1"), ("Mira", "Thanks!"), ("Oskar L", "Thanks!")]  # fmt: skip
    reading = read(tmp_path, HEAD + "".join(f"{author}\n{text}\n" for author, text in talk))
    assert said(reading) == talk and reading.rejects.empty


def test_a_last_comment_that_is_the_same_in_every_file_is_no_furniture(tmp_path: Path) -> None:
    last = ("Harbour Desk", "This thread is closed for the night, thank you all.")
    talks = [[*COMMENTS[i:], *COMMENTS[:i], last] for i in range(5)]
    heads = [f" date 2023-04-0{i + 1} The ferry stops at {i}.© 2023 Harbour Press.\n" for i in range(5)]
    pages = [head + "".join(f"{a}\n{t} Day {i}.\n" for a, t in talk[:-1]) + "\n".join(last) + "\n"
             for i, (head, talk) in enumerate(zip(heads, talks, strict=True))]  # fmt: skip
    reading = read(tmp_path, *pages)
    assert [pair for pair in said(reading) if pair == last] == [last] * 5 and reading.rejects.empty


@pytest.mark.parametrize(
    "put",
    [
        {"under": "12 March 2021, {hour:02}:05"},
        {"after": "Posted: 2021-03-12 {hour:02}:05\nReply"},
        {"above": "12.03.2021, {hour:02}:05 Uhr", "after": "Antworten"},
        {"under": "Le 12 mars 2021 à {hour:02}:05"},
        {"under": "2021年3月12日 {hour:02}:05"},
        {"under": "venerdì 12 marzo 2021 {hour:02}:05"},
        {"name": "{name} · 12 March 2021 {hour:02}:05", "after": "Reply"},
        {"name": "{n}. {name} 12.03.2021, {hour:02}:05 Uhr", "after": "Antworten"},
        {"name": "Posted by {name} on 12 March 2021 at {hour:02}:05"},
    ],
)
def test_a_line_that_is_a_time_is_the_comments(put: dict[str, str], tmp_path: Path) -> None:
    reading = read(tmp_path, page(**put))
    assert said(reading) == COMMENTS
    assert set(reading.comments["posted_at_source"]) == {"comment"}
    wanted = [pd.Timestamp(f"2021-03-12 {8 + n:02}:05", tz="Europe/Paris") for n in range(1, 7)]
    assert reading.comments["posted_at"].tolist() == wanted


def test_day_and_month_are_settled_by_all_lines_or_asked_for(tmp_path: Path) -> None:
    put = {"under": "0{n}/03/2021 {hour:02}:05", "after": "Reply"}
    reading = read(tmp_path, page(**put))
    assert reading.comments["posted_at_source"].value_counts().to_dict() == {"article": 5, "comment": 1}  # 03/03
    assert any("5 times whose day and month can be either" in note for note in reading.notes["note"])
    days = read(tmp_path, page(**put), dates="day-first").comments["posted_at"].dt.day
    assert days.tolist() == [1, 2, 3, 4, 5, 6]


def test_two_days_ago_is_relative_to_a_stated_day_only(tmp_path: Path) -> None:
    text = page(under="{n} days ago", after="Reply")
    reading = read(tmp_path, text)
    assert set(reading.comments["posted_at_source"]) == {"article"} and len(reading.rejects) == 12
    assert any("6 times such as “2 days ago”, left out: set `[source] retrieved`" in x for x in reading.notes["note"])
    reading = read(tmp_path, text, retrieved=dt.date(2023, 4, 10))
    local = reading.comments["posted_at"].dt.tz_convert("Europe/Paris")
    assert local.tolist() == [pd.Timestamp(2023, 4, 10 - n, tz="Europe/Paris") for n in range(1, 7)]
    assert len(reading.rejects) == 6  # the buttons alone


def test_comments_of_one_paragraph_under_handles(tmp_path: Path) -> None:
    """Names that look like nothing are found where every comment is a name and a paragraph."""
    handles = ["Still_Water7404", "a66o", "deleted", "@moss", "x0x0", "No Idea At All", "[gone]", "99red"]
    texts = []
    for i in range(24):
        # Questions and greetings look like names no more than "@moss" does.
        comments = [
            (handles[(i + j * 5) % 8], f"{COMMENTS[(i + j) % 6][1]} Number {i} of {j}, I would say.") for j in range(8)
        ]
        texts.append((f" date 2023-04-{i + 1:02} The ferry stops at {i}.© 2023 Harbour Press.\n", comments))
    reading = read(tmp_path, *(head + "".join(f"{a}\n{t}\n" for a, t in comments) for head, comments in texts))
    assert sorted(said(reading)) == sorted(pair for _, comments in texts for pair in comments)


@pytest.mark.parametrize(
    ("line", "kind", "day"),
    [
        ("12 March 2021, 14:05", WHOLE, None),
        ("Posted on 2021-03-12", WHOLE, None),
        ("Dec. 22 10:15 am", SOME, None),
        ("2 days ago", RELATIVE, "2021-03-13"),
        ("vor einem Tag", RELATIVE, "2021-03-14"),
        ("il y a 2 semaines", RELATIVE, "2021-03-01"),
        ("hace 3 días", RELATIVE, "2021-03-12"),
        ("3日前", RELATIVE, "2021-03-12"),
        ("2 дня назад", RELATIVE, "2021-03-13"),
        ("Yesterday at 14:05", RELATIVE, "2021-03-14"),
        ("5h", RELATIVE, "2021-03-15"),
        ("1y", RELATIVE, "2020-03-15"),
        ("12 votes", "", None),
        ("0 ( +3 / -3 )", "", None),
    ],
)
def test_times_in_lines(line: str, kind: str, day: str | None) -> None:
    found, at, end = time_in(line)
    assert found == kind
    if day:
        assert ago(line[at:end], dt.date(2021, 3, 15)) == dt.date.fromisoformat(day)


def test_lines_that_differ_in_numbers_and_times_are_one() -> None:
    assert mask("12 votes") == mask("1,204 votes") != mask("12 vote")
    assert mask("like · reply · 2d") == mask("like · reply · 15 h")
    assert mask("avatar of ann", {"ann"}) == mask("avatar of bo lee", {"bo lee"}) != mask("avatar of ann", {"bo lee"})
    assert mask("5 days ago", {"5", "ann"}) == mask("6 days ago", {"5", "ann"}), "votes are nobody's name"
