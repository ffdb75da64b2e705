"""What repeats an earlier text, word for word or nearly, is marked; floods are counted."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.duplicates import SIMILAR, duplicates, floods, marks, near_duplicates
from analysis.run import Run, vectors

TEXT = (
    "the night tram never comes when it rains and the drivers know very well that nobody on the council ever has to wait "
    "for one of them at the harbour stop after ten"
)


def alike(one, other):
    """Jaccard of the sets of three words in a row."""
    runs = [set(zip(words, words[1:], words[2:], strict=False)) for words in (one.split(), other.split())]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


def table(texts, **more):
    n = len(texts)
    frame = pd.DataFrame({
        "comment_id": [f"c{i:04d}" for i in range(n)], "posted_at": pd.date_range("2020-01-01", periods=n, tz="UTC"),
        "text": texts, "author": [f"a{i % 3}" for i in range(n)], "article_id": [f"t{i % 2}" for i in range(n)],
    })  # fmt: skip
    frame = frame.assign(**more)
    frame["duplicate_of"] = duplicates(frame, seen := marks(texts))
    frame["near_duplicate_of"] = near_duplicates(frame, seen, texts)
    return frame


def test_a_text_with_a_word_changed_is_nearly_the_earlier_one_and_another_is_not():
    other = (
        "the library should stay open because children read there and nobody else in town lends them any books at all"
    )
    found = table([TEXT, TEXT.replace("harbour", "market"), other, TEXT.upper(), "Dear all, " + TEXT])
    assert found["near_duplicate_of"].fillna("").tolist() == ["", "c0000", "", "", "c0000"]
    assert found["duplicate_of"].fillna("").tolist() == ["", "", "", "c0000", ""], "the same text is no near one"


def test_the_earlier_is_by_time_and_not_by_row():
    times = pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-02"], utc=True)
    found = table([TEXT, TEXT + " at night", TEXT + " in winter"], posted_at=times)
    assert found["near_duplicate_of"].fillna("").tolist() == ["c0001", "", "c0001"]
    shuffled = found.drop(columns="near_duplicate_of").sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(
        near_duplicates(shuffled, marks(shuffled["text"].tolist()), shuffled["text"].tolist()).sort_index(),
        found["near_duplicate_of"],
        check_names=False,
    )


def test_what_is_compared_in_a_file_is_found_as_in_memory(tmp_path, monkeypatch):
    texts = [TEXT, TEXT.replace("harbour", "market"), TEXT.upper(), "Nobody else has said so yet."]
    found = table(texts)
    monkeypatch.setattr(vectors, "IN_MEMORY", 0)
    seen = marks(texts, Run(scratch=tmp_path))
    assert isinstance(seen, vectors.OnDisk)
    assert duplicates(found, seen).equals(found["duplicate_of"])
    assert near_duplicates(found, seen, texts).equals(found["near_duplicate_of"])


def test_short_texts_are_not_compared():
    assert (
        table(["well said my very good old friend", "well said my very good old friend!"])["near_duplicate_of"]
        .isna()
        .all()
    )


def test_a_chain_of_changes_leads_to_its_first_text():
    words = TEXT.split()
    chain = [" ".join(words[: len(words) - 3 * i]) for i in range(4)]
    assert alike(chain[0], chain[3]) < SIMILAR
    assert table(chain)["near_duplicate_of"].fillna("").tolist() == ["", "c0000", "c0000", "c0000"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_found_is_what_comparing_every_pair_finds(seed):
    draw = random.Random(seed)
    vocabulary = [f"w{i}" for i in range(40)]
    base = [[draw.choice(vocabulary) for _ in range(draw.randint(8, 30))] for _ in range(6)]
    texts = []
    for words in base:
        for _ in range(3):
            copy = list(words)
            for _ in range(draw.randint(0, 2)):
                copy[draw.randrange(len(copy))] = "x" + draw.choice(vocabulary)
            texts.append(" ".join(copy))
    found = table(texts)
    ids = found["comment_id"].tolist()
    for i, earlier in enumerate(found["near_duplicate_of"]):
        pairs = [j for j in range(i) if alike(texts[i], texts[j]) >= SIMILAR and texts[i] != texts[j]]
        if pd.isna(earlier):
            assert (
                not pairs or pd.notna(found["duplicate_of"][i]) or all(alike(texts[i], texts[j]) < 0.95 for j in pairs)
            ), "one that is very near is found"
        else:
            assert pairs and ids.index(earlier) < i


def test_a_flood_is_five_or_more_and_is_counted_with_its_authors_threads_and_time():
    texts = [
        TEXT,
        TEXT,
        TEXT + " again",
        TEXT + " today",
        TEXT,
        "a text of one person alone that nobody has copied yet",
    ]
    found = floods(table(texts))
    assert found[["first", "n_comments", "n_authors", "n_threads"]].to_numpy().tolist() == [["c0000", 5, 3, 2]]
    assert (found["latest"] - found["earliest"]).iloc[0] == pd.Timedelta(days=4)
    assert floods(table(texts[:4])).empty and "text" not in found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("渡轮今天又晚点了一个小时真让人生气", "市议会说下个月会有新的渡轮开往对岸"),
        ("フェリーは今日も一時間遅れて到着しました", "市議会は来月新しい船を出すと言っています"),
        ("เรือข้ามฟากมาสายอีกแล้ววันนี้", "สภาเมืองบอกว่าจะมีเรือใหม่เดือนหน้า"),
    ],
)
def test_texts_without_spaces_are_compared_letter_by_letter(one, other):
    changed = one[:4] + other[:5] + one[9:]
    found = table([one, other, one, changed, other + "。"])
    assert found["duplicate_of"].fillna("").tolist() == ["", "", "c0000", "", ""]
    assert found["near_duplicate_of"].fillna("").tolist() == ["", "", "", "", "c0001"]
    long = one + other
    assert table([long, long[:20] + "很" + long[20:]])["near_duplicate_of"].tolist()[1] == "c0000"


def test_a_short_text_is_a_repeat_where_many_say_it():
    found = table(["Late again", "late  again", "LATE AGAIN", "Late again", "Well said.", "Well said."])
    assert found["duplicate_of"].isna().all()
    found = table(["Late again"] * 990 + [f"Number {i}" for i in range(10)] + ["Well said."] * 4)
    assert found["duplicate_of"].notna().sum() == 989
    assert floods(found)[["first", "n_comments"]].to_numpy().tolist() == [["c0000", 990]]


def test_the_words_of_a_flood_are_shown_where_quotes_are_on():
    texts = ["Late again"] * 5 + [TEXT] * 6
    assert "text" not in floods(table(texts), texts)
    found = floods(table(texts), texts, quotes=True)
    assert found["n_words"].tolist() == [33, 2]
    assert found["text"].tolist() == [TEXT[:60] + "…", "Late again"]
