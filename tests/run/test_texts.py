"""Texts in partitions: the same whatever is in memory, and never all of them in memory."""

from __future__ import annotations

import gc
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.corpus.schema import Corpus
from analysis.findings.tables import TABLES
from analysis.report.provenance import write_tables
from analysis.run import texts as room
from analysis.run import vectors as vectors_room
from analysis.run.texts import Partitioned, Some, Texts, gathered, partitions, ranks, take
from analysis.study import open_study

WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=30)


@pytest.fixture
def small(monkeypatch):
    """Blocks of a few rows, so that a test has several."""
    monkeypatch.setattr(room, "ROWS", 7)


@given(texts=WORDS)
def test_in_memory_and_in_files_they_are_the_same(texts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "ROWS", 4)
        filed = gathered([texts[:5], texts[5:]], folder)
        assert len(list(folder.iterdir())) == bool(texts)
        assert list(filed) == list(gathered([texts])) == texts and len(filed) == len(texts)
        rows = np.random.default_rng(1).permutation(len(texts))[: len(texts) // 2 + 1]
        assert filed.take(rows) == [texts[i] for i in rows]
        assert filed[2:9:3] == texts[2:9:3] and (not texts or filed[-1] == texts[-1])
        again = gathered([Some(filed, rows)], folder)
        assert list(again) == [texts[i] for i in rows], "another order, some left out"
        assert list(Some(filed, rows)[1:3]) == [texts[i] for i in rows[1:3]]
        places = {text: i for i, text in enumerate(sorted(set(texts)))}
        assert ranks(filed).tolist() == [places[text] for text in texts] == ranks(texts).tolist()
        filed.write(folder / "written.arrow")
        written = Texts.open(folder / "written.arrow")
        assert list(written) == texts and [s for s, _ in written.blocks()] == [s for s, _ in filed.blocks()]


def test_a_block_ends_with_so_many_rows_or_characters(small, monkeypatch, tmp_path):
    assert [len(some) for _, some in partitions(gathered([["a"] * 16], tmp_path))] == [7, 7, 2]
    monkeypatch.setattr(room, "CHARACTERS", 10)
    assert [len(some) for _, some in partitions(gathered([["four"] * 7], tmp_path))] == [3, 3, 1]


def test_a_row_that_is_not_there():
    with pytest.raises(IndexError):
        Texts()[0]
    assert take(["a", "b"], np.array([1, 0])) == ["b", "a"] and list(Texts()) == []


def test_a_table_is_written_block_by_block(small, tmp_path):
    n = 17
    table = pd.DataFrame({
        "comment_id": pd.Series([f"c{i:02d}" for i in range(n)], dtype="str"), "n": np.arange(n),
        "text": pd.Series([f"text {i}" for i in range(n)], dtype="str"),
        "at": pd.date_range("2020-01-01", periods=n, tz="UTC").as_unit("us"),
        "language": pd.Series([None] * n, dtype="str"),
    })  # fmt: skip
    made = Partitioned(table.drop(columns="text"), gathered([table["text"]]), tuple(table.columns))
    assert len(list(made.blocks())) == 3
    pd.testing.assert_frame_equal(made.whole(), table)
    made.write_file(tmp_path / "one.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "one.parquet"), table)


@pytest.fixture
def folder(tmp_path):
    """A study of 60 threads of twenty comments, some of which repeat one."""
    rng = np.random.default_rng(4)
    themes = ["tram line stop fare depot", "bread oven flour dough crust", "goal match team league coach"]
    rows = []
    for thread in range(60):
        words = themes[thread % 3].split()
        for i in range(20):
            text = f"I {'love' if rng.random() < 0.5 else 'hate'} the {' '.join(rng.choice(words, 20))} of {thread}-{i}"
            text = rows[-1][4] if i % 9 == 8 else f"{rows[-1][4]} again" if i % 7 == 6 else text
            day = pd.Timestamp("2022-01-05") + pd.Timedelta(days=10 * thread, hours=i)
            rows.append((f"t{thread:02d}", f"c{19 - i:02d}{thread}", f"reader {i % 5}", day.isoformat(), text))
    table = pd.DataFrame(rows, columns=["article_id", "comment_id", "author", "posted_at", "text"])
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "study.toml").write_text(
        "title = 'x'\n[source]\npaths = ['comments.csv']\n[topics]\nruns = 4\n[time]\nperiod = 'quarter'\n"
        "[compute]\nworkers = 1\n"
    )
    return tmp_path


def test_a_corpus_in_many_partitions_gives_the_same_tables_and_is_never_in_memory_whole(folder, monkeypatch):
    plain = write_tables(open_study(folder), folder / "one", TABLES)
    for kept in sorted((folder / ".threadline").glob("*-*")):
        for path in sorted(kept.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        kept.rmdir()
    monkeypatch.setattr(room, "ROWS", 100)

    def whole(*_):
        raise AssertionError("all texts in memory")

    monkeypatch.setattr(Corpus, "comments", property(whole))
    monkeypatch.setattr(Partitioned, "whole", whole)
    study = open_study(folder)
    parted = write_tables(study, folder / "many", TABLES)
    assert len(study.texts.column.chunks) == 12
    one, many = (pd.read_parquet(folder / name / "tables" / "comments.parquet") for name in ("one", "many"))
    pd.testing.assert_frame_equal(one, many)
    assert one["duplicate_of"].notna().any() and one["near_duplicate_of"].notna().any()
    del plain["comments.parquet"], parted["comments.parquet"]
    assert plain == parted
    assert not list((folder / ".threadline").glob(".*.part")), "what the memory did not hold is gone"


def test_topics_of_many_partitions_have_their_vectors_in_a_file_that_goes_with_the_study(folder, monkeypatch):
    plain = open_study(folder, quotes=True)
    dots, page = plain.topics.map, plain.browse_topics().html
    assert page.count("I love the") + page.count("I hate the") >= 6, "comments are shown"
    tree = sorted((folder / ".threadline").glob("corpus-*"))
    shutil.rmtree(tree[0])
    monkeypatch.setattr(room, "ROWS", 100)
    monkeypatch.setattr(vectors_room, "IN_MEMORY", 0)
    study = open_study(folder, quotes=True)
    pd.testing.assert_frame_equal(study.topics.map, dots)
    assert study.browse_topics().html == page
    assert study.topics.bertopic.get_topic_info()["Count"].sum() == len(study.comments)
    (left,) = (folder / ".threadline").glob(".vectors-*.part")
    assert list(left.glob("*.matrix"))
    del study
    gc.collect()
    assert not left.exists()


def test_a_report_is_searched_for_comments_of_all_partitions(folder, monkeypatch):
    monkeypatch.setattr(room, "ROWS", 100)
    report = folder / "report"
    report.mkdir()
    study = open_study(folder)
    some = study.corpus.comments.drop_duplicates("text", keep=False).iloc[[3, 700]]
    (report / "index.html").write_text(f"<p>{some['text'].iloc[0]}</p><p>{some['text'].iloc[1]}</p>")
    found = study.search(report)
    assert found.n_comments == len(study.comments)
    assert {f"comment {one}" for one in some["comment_id"]} <= {leak.what for leak in found.leaks}
    assert found.n_names and open_study(folder, privacy={"authors": "keep"}).search(report).n_names == 0


def test_a_damaged_partition_is_made_anew(folder, monkeypatch):
    monkeypatch.setattr(room, "ROWS", 100)
    before = list(open_study(folder).corpus.texts)
    path = next((folder / ".threadline").glob("corpus-*/texts.arrow"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    again = open_study(folder)
    assert list(again.corpus.texts) == before and again.store.damaged == ["corpus"]


def test_a_folder_that_cannot_be_written_gives_the_same_texts(folder, monkeypatch):
    monkeypatch.setattr(room, "ROWS", 100)
    before = list(open_study(folder).corpus.texts)
    for path in sorted((folder / ".threadline").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (folder / ".threadline").rmdir()
    (folder / ".threadline").write_text("a file where the folder should be")
    assert list(open_study(folder).corpus.texts) == before
