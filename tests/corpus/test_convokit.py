"""What ConvoKit opens: every comment, in trees, and the same comments when it is read again."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analysis.cli import main
from analysis.corpus.convokit import FILES, write_convokit
from analysis.corpus.tables import read_tables
from analysis.settings import StudyError
from analysis.study import open_study

ROWS = [
    ("t1", "c1", "Ann", "2020-01-02T03:04:05.250Z", "first\nof two lines", ""),
    ("t1", "c2", "", "2020-01-02T03:05:00Z", "naïve 日本 ❤️ <b>", "c1"),
    ("t1", "c3", "Ann", "2020-01-02T03:06:00Z", "a reply to what is not there", "c99"),
    ("t2", "d1", "Bob", "", "=1+1", ""),
]


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    table = pd.DataFrame(ROWS, columns=["thread_id", "comment_id", "author", "date", "text", "parent_id"])
    table.to_csv(folder / "x.csv", index=False)
    articles = pd.DataFrame({"thread_id": ["t1"], "title": ["Trams"], "date": ["2020-01-01"], "text": ["Body"]})
    articles.to_csv(folder / "a.csv", index=False)
    (folder / "study.toml").write_text(
        'title = "T"\n[source]\npaths = ["x.csv"]\n[source.articles]\npaths = ["a.csv"]\n', encoding="utf-8"
    )
    return folder


def lines(out):
    return [json.loads(line) for line in (out / "utterances.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_conversation_is_one_tree_below_its_article(study, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["export", str(study), "--to", "convokit", "--out", str(out)]) == 0
    assert "4 comments, texts word for word. Topics" in capsys.readouterr().out
    assert {p.name for p in out.iterdir()} == set(FILES)
    found = lines(out)
    assert [u["id"] for u in found] == ["t1", "c1", "c2", "c3", "t2", "d1"]
    for u in found:
        root = u["id"] == u["conversation_id"]
        assert u["meta"]["article"] is root and (u["reply-to"] is None) is root
    parents = {u["id"]: u["reply-to"] for u in found}
    assert (parents["c1"], parents["c2"], parents["c3"], parents["d1"]) == ("t1", "c1", "t1", "t2")
    assert found[3]["meta"]["parent_id"] == "c99", "the parent that is not there is not lost"
    assert found[1]["timestamp"] == pd.Timestamp(ROWS[0][3]).timestamp() and found[5]["timestamp"] is None
    assert found[0]["text"] == "Body" and found[2]["text"] == ROWS[1][4]
    speakers = json.loads((out / "speakers.json").read_text())
    assert {u["speaker"] for u in found} <= set(speakers) and "Ann" not in speakers
    index = json.loads((out / "index.json").read_text())
    assert set(index["utterances-index"]) == set(found[0]["meta"]) and index["version"] == 1
    assert json.loads((out / "conversations.json").read_text())["t1"]["meta"]["title"] == "Trams"


def test_what_is_written_is_read_again(study, tmp_path):
    corpus = open_study(study).corpus
    out = write_convokit(corpus, corpus.comments, tmp_path / "out", title="T")
    again = read_tables([out / "utterances.jsonl"], root=out, timezone="Asia/Tokyo", columns={}, articles={})
    one = corpus.comments.set_index("comment_id")
    two = again.comments.set_index("comment_id").loc[one.index]
    columns = ["article_id", "author", "posted_at", "text"]
    pd.testing.assert_frame_equal(one[columns], two[columns])
    assert again.articles[["article_id", "text"]].fillna("").to_numpy().tolist() == [["t1", "Body"], ["t2", ""]]
    assert again.rejects.empty


def test_what_was_modelled_goes_with_it(study, tmp_path):
    opened = open_study(study)
    assert opened.comments["sentiment"].notna().any()
    assert main(["export", str(study), "--to", "convokit", "--out", str(tmp_path / "out")]) == 0
    said = {u["id"]: u["meta"] for u in lines(tmp_path / "out")}
    assert said["c1"]["topic"] == -1 and said["t1"]["sentiment"] is None
    assert said["c2"]["sentiment"] == opened.comments.set_index("comment_id")["sentiment"]["c2"]


def test_a_folder_of_its_own_is_replaced_and_another_is_left(study, tmp_path, capsys):
    out = tmp_path / "out"
    corpus = open_study(study).corpus
    write_convokit(corpus, corpus.comments, out, title="one")
    write_convokit(corpus, corpus.comments, out, title="two")
    assert json.loads((out / "corpus.json").read_text())["title"] == "two"
    (out / "mine.txt").write_text("work of years")
    with pytest.raises(StudyError, match=r"'mine\.txt'"):
        write_convokit(corpus, corpus.comments, out, title="three")
    assert (out / "mine.txt").exists() and sorted(p.name for p in tmp_path.iterdir()) == ["out", "study"]
    assert main(["export", str(study), "--to", "convokit", "--out", str(study / "study.toml")]) == 2
    assert "found a file" in capsys.readouterr().err
