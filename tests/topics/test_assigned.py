"""Topics of one's own: read from a file, and all that is said of found topics is said of them."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from analysis.settings import StudyError
from analysis.study import open_study
from analysis.topics import assigned

IDS = ["a", "b", "3", "d"]


def written(folder, text, name="mine.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_names_numbers_and_nothing(tmp_path):
    found, problems = assigned.read(written(tmp_path, "comment_id,topic\na,the  bus\nb,-1\n3.0,2.0\nx,rail\nd,\n"), IDS)
    assert found == ["the bus", "", "2", ""]
    assert problems["problem"].tolist() == ["comment x is not in the corpus"]
    twice, problems = assigned.read(written(tmp_path, "comment_id,topic\na,bus\na,rail\nb,bus\nb,bus\n"), IDS)
    assert twice[:2] == ["", "bus"] and "assigned twice, differently" in problems["problem"].iloc[0]


def test_other_kinds_of_tables(tmp_path):
    table = pd.DataFrame({"comment_id": ["a", "d"], "topic": [0.0, 1.0]})
    table.to_parquet(tmp_path / "mine.parquet")
    table.to_json(tmp_path / "mine.jsonl", orient="records", lines=True)
    for name in ("mine.parquet", "mine.jsonl"):
        assert assigned.read(tmp_path / name, IDS)[0] == ["0", "", "", "1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("comment_id,theme\na,b\n", "a column topic"),
        ("comment_id,topic\nx,b\n", "none of their ids"),
        ("comment_id,topic\na," + "b" * 99 + "\n", "80 characters"),
        ("comment_id,topic\n" + "".join(f"{one},t{one}\n" for one in IDS), "2 topics at the most, found 4"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, monkeypatch, text, says):
    monkeypatch.setattr(assigned, "MOST", 2)
    with pytest.raises(StudyError, match=says):
        assigned.read(written(tmp_path, text), IDS)
    with pytest.raises(StudyError, match="no such file"):
        assigned.read(tmp_path / "none.csv", IDS)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of 60 comments in 10 threads, whose topics are assigned."""
    folder = tmp_path_factory.mktemp("assigned")
    said = {"bus": "the bus was late again on {} street", "bread": "this bakery has good bread on {} square"}
    rows = [
        (
            f"t{i // 6}",
            f"c{i:02d}",
            f"reader {i}",
            "2023-01-01",
            said["bus" if i % 3 else "bread"].format(f"number {i} oak"),
        )
        for i in range(60)
    ]
    table = pd.DataFrame(rows, columns=["article_id", "comment_id", "author", "posted_at", "text"])
    table.to_csv(folder / "comments.csv", index=False)
    mine = table[["comment_id"]].assign(topic=["7" if i % 3 else "Bakeries" for i in range(60)])
    mine.iloc[1:].to_csv(folder / "mine.csv", index=False)
    (folder / "study.toml").write_text(
        "title = 'x'\n[source]\npaths = ['comments.csv']\n[topics]\nassigned = 'mine.csv'\n", encoding="utf-8"
    )
    return open_study(folder)


def test_everything_after_works_on_them(study):
    table = study.topics.table
    assert table["n_comments"].tolist() == [40, 19] and table["label"].iloc[1] == "Bakeries"
    assert table["label"].iloc[0].startswith("7: ") and "bus" in table["words"].iloc[0]
    assert table["stability"].isna().all() and study.tables.topic_choice.empty
    comments = study.comments
    assert comments["topic"].tolist() == [-1, *[0 if i % 3 else 1 for i in range(1, 60)]]
    assert (comments["own_topic"] == [0 if i % 3 else 1 for i in range(60)]).all()
    assert "assigned in a file" in study.findings.topics.text and "no finding" not in study.findings.topics.text
    assert "stability not known" in repr(study.browse_topics())
    assert study.topics.bertopic.get_topic_info()["Count"].tolist() == [1, 40, 19]
    assert "mine.csv" in study.inputs and len(study.tables.topics_by_period)


def test_a_file_that_assigns_nothing_gives_no_topics(study):
    (study.settings.folder / "none.csv").write_text("comment_id,topic\nc01,\nc02,-1\n")
    none = study.with_(assigned="none.csv")
    assert none.topics.table.empty and (none.comments["topic"] == -1).all()
    assert none.findings.topics.text == "No topics: the file assigns none."
    assert np.isfinite(none.comments["sentiment"]).any()


@pytest.fixture
def three(study, tmp_path):
    """The same comments with three assigned topics, which study.toml does not name; and the number of each."""
    folder = tmp_path / "again"
    shutil.copytree(study.settings.folder, folder)
    (folder / "study.toml").write_text("title = 'x'\n[source]\npaths = ['comments.csv']\n[topics]\n")
    rows = "".join(f"c{i:02d},{['bus', 'bread', 'oak'][i % 3]}\n" for i in range(60))
    (folder / "three.csv").write_text("comment_id,topic\n" + rows)
    made = open_study(folder, assigned="three.csv")
    return made, {label: number for number, label in enumerate(made.topics.table["label"])}


def test_what_is_merged_in_bertopic_reaches_the_study_and_stays(three):
    made, number = three
    folder, model = made.settings.folder, made.topics.bertopic
    model.merge_topics(made.texts, [number["bus"], number["oak"]])
    assert sorted(model.get_topic_info()["Topic"]) == [0, 1], "numbered without a gap"
    merged = made.topics.adopt(model)
    assert merged.topics.table["n_comments"].tolist() == [40, 20] and merged.topics.table["label"].iloc[1] == "bread"
    assert 'assigned = "adopted.csv"' in (folder / "study.toml").read_text()
    again = open_study(folder)
    assert again.comments["topic"].equals(merged.comments["topic"])
    assert again.topics.adopt(again.topics.bertopic).topics.table["label"].equals(again.topics.table["label"])
    with pytest.raises(StudyError, match="changed"):
        model.topics_ = model.topics_[1:]
        again.topics.adopt(model)


def test_topics_are_merged_dropped_and_renamed(three):
    made, number = three
    bus, oak = number["bus"], number["oak"]
    changed = made.topics.curate(merge=[[bus, oak]], rename={bus: "roads"})
    assert changed.topics.table["label"].tolist() == ["roads", "bread"]
    again = open_study(made.settings.folder, assigned="three.csv")
    assert again.topics.table["label"].tolist() == ["roads", "bread"] and "labels.csv" in again.inputs
    dropped = again.topics.curate(drop=[1])
    assert dropped.topics.table["label"].tolist() == ["roads"] and (dropped.comments["topic"] == -1).sum() == 20
    assert dropped.topics.curate(rename={0: "ways"}).topics.table["label"].tolist() == ["ways"]
    with pytest.raises(StudyError, match="0 to 2"):
        made.topics.curate(drop=[7])


def test_a_model_for_a_study_that_names_another_file_leaves_it_as_it_is(three):
    made, _ = three
    path = made.settings.folder / "study.toml"
    path.write_text("title = 'x'\n[source]\npaths = ['comments.csv']\n[topics]\nassigned = 'three.csv'\n")
    with pytest.raises(StudyError, match="change the key"):
        open_study(made.settings.folder).topics.adopt(made.topics.bertopic)
    assert "adopted" not in path.read_text()


def test_what_was_changed_stays_when_the_corpus_grows(three):
    made, number = three
    made.topics.curate(merge=[[number["bus"], number["oak"]]], group={"town": [number["bread"]]})
    folder = made.settings.folder
    more = pd.read_csv(folder / "comments.csv")
    new = more.assign(comment_id="n" + more["comment_id"], text="Moreover: " + more["text"].astype(str))
    pd.concat([new, more]).to_csv(folder / "comments.csv", index=False)
    rows = "".join(f"nc{i:02d},{['bus', 'bread', 'oak'][i % 3]}\n" for i in range(60))
    (folder / "three.csv").write_text((folder / "three.csv").read_text() + rows)
    grown = open_study(folder, assigned="three.csv")
    assert grown.topics.table["n_comments"].tolist() == [80, 40]
    assert grown.topics.levels["label"].tolist() == ["town"]
    assert grown.comments.groupby("topic")["theme"].first().tolist() == [-1, 0]
    history = grown.tables.topic_history
    assert (history["what"] == "same").all()
    assert dict(zip(history["before"], history["topic"], strict=True)) == {"bus": 0, "oak": 0, "bread": 1}
    dropped = grown.topics.curate(drop=[1]).tables.topic_history
    assert dropped.loc[dropped["before"] == "bread", "topic"].isna().all()
