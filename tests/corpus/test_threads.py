"""Plain-text threads: dates, encodings, the chain of names and texts, and that no line is lost."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis.corpus.dates import take_date
from analysis.corpus.encodings import is_text, read_lines
from analysis.corpus.pages.chain import chain
from analysis.corpus.pages.decoding import WEIGHTS
from analysis.corpus.pages.line_features import flags
from analysis.corpus.pages.threads import article_id, read_threads
from analysis.corpus.reading import Reading
from analysis.settings import SourceSettings, StudyError

ARTICLE = [
    "The ferry between the two islands will sail every hour from Monday, the harbour board said.",
    "It used to leave twice a day, and not at all when the wind was from the north.",
]
NOTICE = "© Copyright 2021 The Island Post. All rights reserved."
COMMENTS = [
    ("Moss Gardener", ["At last somebody listens to the people who live here."]),
    ("tidewatcher7", ["I doubt that they will keep it up in winter.", "The old boat is not made for that sea."]),
    ("Ann Bellweather", ["@tidewatcher7 they have bought a new one, read the article again."]),
]


def thread(
    date: str = " date 2021-03-04 ", notice: str = NOTICE, comments: list[tuple[str, list[str]]] = COMMENTS
) -> str:
    """Write a thread as the format has it."""
    lines = [date + ARTICLE[0], ARTICLE[1] + notice]
    for author, text in comments:
        lines += [author, *text]
    return "\n".join(lines) + "\n"


def read(folder: Path, *, names: tuple[str, ...] = (), timezone: str = "UTC", **files: bytes | str) -> Reading:
    """Write files and read them."""
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        paths.append(path)
    known = folder / "names"
    known.write_text("\n".join(names), encoding="utf-8")
    source = SourceSettings(paths=("x",), timezone=timezone, authors="names" if names else "")
    return read_threads(paths, source, folder)


def said(reading: Reading) -> list[tuple[str, list[str]]]:
    """Authors and texts, in order."""
    return [(a, t.split("\n")) for a, t in zip(reading.comments["author"], reading.comments["text"], strict=True)]


def test_a_thread_is_read(tmp_path: Path) -> None:
    reading = read(tmp_path, one=thread())
    article = reading.articles.iloc[0]
    assert article["text"] == "\n".join(ARTICLE)
    assert article["copyright"] == NOTICE
    assert article["published_at"] == pd.Timestamp("2021-03-04", tz="UTC")
    assert pd.isna(article["title"])
    assert said(reading) == COMMENTS
    assert reading.comments["line"].tolist() == [3, 5, 8]
    assert reading.comments["comment_id"].tolist() == [f"{article['article_id']}-{i:04d}" for i in (1, 2, 3)]
    assert (reading.comments["posted_at"] == article["published_at"]).all()
    assert set(reading.comments["posted_at_source"]) == {"article"}
    assert reading.comments["boundary_confidence"].between(0, 1).all()
    assert (
        str(reading.articles["published_at"].dtype) == str(reading.comments["posted_at"].dtype) == "datetime64[us, UTC]"
    )
    assert reading.accounting.to_dict("records") == [{"source_file": "one.txt", "read": 9, "kept": 9, "rejected": 0}]


def test_the_id_is_of_the_content(tmp_path: Path) -> None:
    wanted = hashlib.sha256(("2021-03-04\n" + "\n".join(ARTICLE)).encode()).hexdigest()[:12]
    assert article_id("2021-03-04", ARTICLE) == wanted
    assert read(tmp_path, one=thread()).articles["article_id"].tolist() == [wanted]


@pytest.mark.parametrize(
    "notice", ["", "\n" + NOTICE, "\u2029 Copyright 2021 The Island Post.", "\n(c) 2021 Island Post"]
)
def test_the_copyright_sentence_may_be_missing_or_alone(tmp_path: Path, notice: str) -> None:
    reading = read(tmp_path, one=thread(notice=notice))
    assert said(reading) == COMMENTS
    assert reading.articles["text"].tolist() == ["\n".join(ARTICLE)]
    assert reading.articles["article_id"].tolist() == [article_id("2021-03-04", ARTICLE)]
    if notice:
        assert reading.articles["copyright"].tolist() == [notice.strip()]
    else:
        assert reading.articles["copyright"].isna().all()


def test_a_file_without_comments_keeps_its_article(tmp_path: Path) -> None:
    reading = read(tmp_path, one=thread(comments=[]), two=thread(comments=[], notice="", date="date 2020-01-01 "))
    assert len(reading.articles) == 2 and reading.comments.empty
    assert reading.notes["note"].tolist() == ["no comments"] * 2


def test_a_name_without_a_comment_is_not_lost(tmp_path: Path) -> None:
    reading = read(tmp_path, one=thread(comments=[("Moss Gardener", [])]))
    assert reading.comments.empty
    assert reading.rejects[["line", "reason", "n_chars"]].values.tolist() == [[3, "a name without a comment", 13]]


def test_known_authors_settle_what_shape_cannot(tmp_path: Path) -> None:
    odd = [
        *COMMENTS,
        ("It was better in my time.", ["Nothing here for me."]),
        ("Moss Gardener", ["Well said.", "Bell Ringer"]),
    ]
    names = tuple(sorted({a for a, _ in odd}))
    assert said(read(tmp_path, one=thread(comments=odd))) != odd
    assert said(read(tmp_path, one=thread(comments=odd), names=names)) == odd


def test_other_threads_tell_what_is_a_name(tmp_path: Path) -> None:
    """A line that looks like a sentence is a name where it opens comments in other threads, too."""
    odd, others = "I do not believe a word of it.", {}
    for i, (author, text) in enumerate(itertools.product(("Q. Marl", "oat_cake", "Tern"), COMMENTS[:2])):
        said_ = f"{text[1][0]} So they told {author} in the harbour."
        comments = [(odd, [said_]), (author, [f"Number {i} of the boats leaks, they say."])]
        others[f"other{i}"] = thread(comments=comments, date=f"date 2021-05-0{i + 1} ")
    comments = [
        ("Moss Gardener", ["It will be late again, mark my words."]),
        (odd, ["Nobody asked us about the new timetable."]),
    ]
    text = thread(comments=comments)
    assert said(read(tmp_path, one=text)) != comments
    together = read(tmp_path, one=text, **others)
    mine = together.comments[together.comments["source_file"] == "one.txt"]
    assert mine["author"].tolist() == [a for a, _ in comments]


# --------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (" date 2020-12-22 ", "2020-12-22"),
        ("Date: 2020/12/22 ", "2020-12-22"),
        ("date 22.12.2020 ", "2020-12-22"),
        ("date 12/22/2020 ", "2020-12-22"),
        ("date 22/12/2020 ", "2020-12-22"),
        ("date Dec. 22, 2020 ", "2020-12-22"),
        ("date Tuesday, December 22nd, 2020 ", "2020-12-22"),
        ("Tue 22 December 2020 - ", "2020-12-22"),
        ("date 22. Dezember 2020 ", "2020-12-22"),
        ("date 22 décembre 2020 ", "2020-12-22"),
        ("date 22 de diciembre de 2020 ", "2020-12-22"),
        ("date 22 grudnia 2020 ", "2020-12-22"),
        ("date 22 декабря 2020 ", "2020-12-22"),
        ("date 1 März 2020 ", "2020-03-01"),
        ("date 2020年12月22日 ", "2020-12-22"),
        ("2020-12-22T09:30:00Z ", "2020-12-22"),
    ],
)
def test_dates_in_the_forms_people_write(written: str, day: str) -> None:
    dated = take_date(written + "First words.", "UTC")
    assert (dated.day, dated.rest, dated.note) == (day, "First words.", "")


@pytest.mark.parametrize(
    "written", ["0000-01-01", "2020-02-30", "2020-13-01", "9999-01-01", "31.04.2021", "1200-05-05"]
)
def test_a_date_that_cannot_be_is_kept_and_flagged(written: str, tmp_path: Path) -> None:
    reading = read(tmp_path, one=thread(date=f"date {written} "))
    assert reading.articles["published_at"].isna().all() and reading.comments["posted_at"].isna().all()
    assert reading.articles["article_id"].tolist() == [article_id("", ARTICLE)]
    assert written in reading.notes["note"].item()
    assert len(reading.comments) == len(COMMENTS)


def test_a_first_line_without_a_date_is_article() -> None:
    for line in ("Date palms grow here.", "In 2020 there was none.", "May I ask?", "date unknown First words."):
        dated = take_date(line, "UTC")
        assert (dated.day, dated.instant, dated.rest) == ("", None, line) and "no date" in dated.note


def test_midnight_is_that_of_the_place() -> None:
    assert str(take_date("date 2020-12-22 A", "Asia/Tokyo").instant) == "2020-12-21 15:00:00+00:00"
    assert str(take_date("date 2020-12-22 18:30 A", "Asia/Tokyo").instant) == "2020-12-22 09:30:00+00:00"
    assert str(take_date("date 2020-12-22 6:30 pm EST A", "Asia/Tokyo").instant) == "2020-12-22 23:30:00+00:00"
    assert str(take_date("date 2020-12-22T18:30:00+02:00 A", "Asia/Tokyo").instant) == "2020-12-22 16:30:00+00:00"


def test_a_day_that_may_be_a_month_is_flagged() -> None:
    assert "ambiguous" in take_date("date 03/04/2020 A", "UTC").note
    assert take_date("date 04/04/2020 A", "UTC").note == ""


# --------------------------------------------------------------------------------------------------- bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_endings(encoding: str, ending: str, tmp_path: Path) -> None:
    comments = [("Мария К.", ["Это очень хорошо, спасибо."]), *COMMENTS, ("さくら", ["とても良い記事でした。"])]
    text = thread(comments=comments).replace("\n", ending)
    assert said(read(tmp_path, one=text.encode(encoding))) == comments


def test_single_lines_of_another_encoding() -> None:
    lines = read_lines("Grüße\nJörg\n".encode() + "Jörg’s\n".encode("cp1252") + b"a\x81b\n")
    assert lines.texts == ["Grüße", "Jörg", "Jörg’s", "a\ufffdb"]
    assert [note for _, note in lines.notes] == [
        "2 lines are not UTF-8: read as Windows-1252",
        "1 undecodable bytes replaced",
    ]


def test_mojibake_is_repaired_and_noted() -> None:
    wrong = "someone’s café".encode().decode("cp1252")
    lines = read_lines(f"plain\n{wrong}\nÂme et Ãme\n".encode())
    assert lines.texts == ["plain", "someone’s café", "Âme et Ãme"]
    assert [(n, note.split(" (")[0]) for n, note in lines.notes] == [(2, "mojibake repaired")]


def test_control_characters_are_removed_and_noted() -> None:
    lines = read_lines(b"a\x00b\n\x07\nc\td\n")
    assert lines.texts == ["ab", "", "c\td"]
    assert lines.notes == [(1, "1 control characters removed"), (2, "1 control characters removed")]


def test_files_that_are_not_text(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
    reading = read(tmp_path, picture=png, noise=np.random.default_rng(1).bytes(5000), one=thread())
    assert reading.rejects[["source_file", "line", "reason"]].values.tolist() == [
        ["noise.txt", 0, "not text"],
        ["picture.txt", 0, "not text"],
    ]
    assert reading.accounting.set_index("source_file").loc["picture.txt"].tolist() == [1, 0, 1]
    assert len(reading.comments) == len(COMMENTS)
    assert is_text(b"") and is_text("plain text".encode("utf-16-le"))


def test_empty_lines_are_counted(tmp_path: Path) -> None:
    reading = read(tmp_path, one="\n" * 100_000 + thread().replace("tidewatcher7\n", "\u200b\n \t\ntidewatcher7\n"))
    assert set(reading.rejects["reason"]) == {"empty line"} and len(reading.rejects) == 100_002
    assert said(reading) == COMMENTS


def test_a_line_of_fifty_million_letters(tmp_path: Path) -> None:
    long = "word, " * 4_000_000 + "Ãa@:;&(" * 3_700_000
    text = thread(comments=[("Moss Gardener", [long]), *COMMENTS[1:]])
    reading = read(tmp_path, one=text)  # a pass that is quadratic in the length would take hours
    assert len(reading.comments) == 3
    assert reading.comments["text"].str.len().max() == len(long)


def test_a_missing_file_is_our_own_error(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="absent.txt"):
        read_threads([tmp_path / "absent.txt"], SourceSettings(paths=("x",)), tmp_path)


# ---------------------------------------------------------------------------------------------- whole study


def test_the_same_article_twice(tmp_path: Path) -> None:
    other = thread(comments=COMMENTS[:1])
    reading = read(tmp_path, b=thread(), a=other, d=thread(), c=thread())
    identity = article_id("2021-03-04", ARTICLE)
    first, second = sorted([thread(), other], key=lambda text: hashlib.sha256(text.encode()).hexdigest())
    ids = reading.articles.set_index("source_file")["article_id"].to_dict()
    assert sorted(ids.values()) == [identity, f"{identity}-2"]
    assert ids["a.txt"] == (identity if first == other else f"{identity}-2") and second
    assert set(reading.rejects["reason"]) == {"same content as b.txt"}
    assert reading.accounting.set_index("source_file")["kept"].to_dict() == {
        "a.txt": 4,
        "b.txt": 9,
        "c.txt": 0,
        "d.txt": 0,
    }


def test_neither_order_nor_names_of_files_matter(tmp_path: Path) -> None:
    texts = [thread(date=f"date 2021-03-{d:02d} ", notice="" if d % 2 else NOTICE) for d in range(1, 9)]
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    a = read(one, **{f"f{i}": t for i, t in enumerate(texts)})
    b = read(two, **{f"g{i}": t for i, t in enumerate(reversed(texts))})
    assert a.comments["article_id"].is_monotonic_increasing
    for x, y in ((a.articles, b.articles), (a.comments, b.comments)):
        pd.testing.assert_frame_equal(x.drop(columns="source_file"), y.drop(columns="source_file"))


def check_accounts(reading: Reading, folder: Path) -> None:
    """Every line of every file is in one table, once."""
    books = reading.accounting.set_index("source_file")
    assert (books["read"] == books["kept"] + books["rejected"]).all()
    assert (
        reading.rejects.groupby("source_file").size().reindex(books.index, fill_value=0).tolist()
        == books["rejected"].tolist()
    )
    for source, row in books.iterrows():
        raw = (folder / str(source)).read_bytes()
        if is_text(raw):
            assert row["read"] == len(read_lines(raw).texts)
        mine = reading.comments[reading.comments["source_file"] == source]
        article = reading.articles[reading.articles["source_file"] == source]
        rejected = set(reading.rejects.loc[reading.rejects["source_file"] == source, "line"])
        assert not rejected & set(mine["line"])
        if not article.empty:
            texts = [x for i, x in enumerate(read_lines(raw).texts, 1) if i not in rejected]
            kept = [
                *itertools.chain.from_iterable(
                    [a, *t.split("\n")] for a, t in zip(mine["author"], mine["text"], strict=True)
                )
            ]
            assert row["kept"] == len(texts)
            times = list[str]()  # a line that says when a comment was written is in `posted_at`
            while kept:
                line = texts.pop()
                if line == kept[-1]:
                    kept.pop()
                else:
                    times.append(line)
            in_article = " ".join([*article["text"], *article["copyright"].dropna()])
            # The time of the first comment may stand above its name.
            times += [line for line in texts[1:] if not all(part in in_article for part in line.split("©"))]
            assert len(times) <= (mine["posted_at_source"] == "comment").sum(), times
            assert all(re.search(r"\d", line) for line in times)
    assert (reading.comments["text"] != "").all() and (reading.comments["author"] != "").all()


LINE = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            NOTICE,
            "Vern",
            "@Vern:",
            "Thanks,",
            "1. No",
            "date 2020-01-01",
            "さくら",
            "© 2004",
            "&nbsp;",
            "\u200b",
            "-",
        ]
    ),
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=80),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(LINE, max_size=25), min_size=1, max_size=3), known=st.lists(LINE, max_size=3))
@example([["date 2020-01-01", "date 2020-01-01", "Vern", "Vern", "@Vern:", "date 2020-01-01"]], [])
@example([["date 2020-01-01"] * 2, [NOTICE, "date 2020-01-01", "Vern", NOTICE]], [])
def test_no_line_is_lost(tmp_path: Path, files: list[list[str]], known: list[str]) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    reading = read(tmp_path, names=tuple(known), **{f"f{i}": "\n".join(lines) for i, lines in enumerate(files)})
    check_accounts(reading, tmp_path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.one_of(st.binary(max_size=300), st.binary(max_size=40).map(lambda b: b * 7 + thread().encode())))
def test_no_bytes_are_too_bad(tmp_path: Path, raw: bytes) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    check_accounts(read(tmp_path, one=raw), tmp_path)


# ------------------------------------------------------------------------------------------------ the chain


def every_sequence(name: np.ndarray, article: np.ndarray, start: np.ndarray) -> dict[str, float]:
    """All sequences that the chain allows, with their log weights."""
    found = {}
    for states in map("".join, itertools.product("ant", repeat=len(name))):
        if states[-1] == "n" or states[0] != ("n" if start[0] == np.inf else "a"):
            continue
        if not {states[i - 1 : i + 1] for i in range(1, len(states))} <= {"aa", "an", "nt", "tt", "tn"}:
            continue
        weight = 0.0
        for i in range(1, len(states)):
            weight += {"n": name[i], "a": article[i], "t": 0.0}[states[i]]
            if states[i - 1 : i + 1] == "an":
                weight += start[i]
        found[states] = weight
    return found


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(2, 7), min_size=1, max_size=3),
    certain=st.booleans(),
)
def test_the_chain_agrees_with_counting_all_sequences(seed: int, sizes: list[int], certain: bool) -> None:
    rng = np.random.default_rng(seed)
    bounds = np.cumsum([0, *sizes])
    name, article, start = rng.normal(0, 2, (3, bounds[-1]))
    start[0] = np.inf if certain else start[0]
    found = chain(name, article, start, bounds)
    for k, (i, j) in enumerate(itertools.pairwise(bounds)):
        sequences = every_sequence(name[i:j], article[i:j], start[i:j])
        total = sum(np.exp(w) for w in sequences.values())
        best = max(sequences, key=sequences.__getitem__)
        names = [at for at, state in enumerate(best) if state == "n"]
        assert np.flatnonzero(found.is_name[i:j]).tolist() == names
        assert found.log_z[k] == pytest.approx(np.log(total))
        for state, p in (("n", found.p_name), ("a", found.p_article)):
            by_hand = [sum(np.exp(w) for s, w in sequences.items() if s[at] == state) / total for at in range(j - i)]
            assert p[i:j] == pytest.approx(by_hand)
        for at, end in itertools.pairwise([*names, j - i]):
            whole = "n" + "t" * (end - at - 1) + ("n" if end < j - i else "")
            p = sum(np.exp(w) for s, w in sequences.items() if s[at : at + len(whole)] == whole) / total
            assert found.confidence[i + at] == pytest.approx(p)


@settings(max_examples=100, deadline=None)
@given(line=LINE)
def test_every_line_has_flags_that_have_weights(line: str) -> None:
    if line := line.strip():
        found = flags(line)
        assert found and len(found) == len(set(found)) and set(found) <= set(WEIGHTS.flags)


@pytest.mark.skipif(os.name == "nt", reason="file names are case-blind there")
def test_a_file_outside_the_root_has_its_name_alone(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "far.txt").write_text(thread(), encoding="utf-8")
    reading = read_threads([tmp_path / "far.txt"], SourceSettings(paths=("x",)), tmp_path / "study")
    assert reading.articles["source_file"].tolist() == ["far.txt"]
