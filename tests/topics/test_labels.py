"""Labels: a name stays with its topic whatever its number becomes, and what became of topics is said."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.settings import StudyError
from analysis.topics.labels import curating, match, named, read_labels, write_labels


def corpus(sizes, start=0):
    """Comments c0000… of topics 0, 1, … of the given sizes."""
    topic = [t for t, n in enumerate(sizes) for _ in range(n)]
    return pd.DataFrame({"comment_id": [f"c{start + i:04d}" for i in range(len(topic))], "topic": topic})


def table(labels):
    return pd.DataFrame(
        {"topic": range(len(labels)), "label": labels, "words": [f"{x}, more" for x in labels], "n_comments": 9}
    )


@pytest.fixture
def folder(tmp_path):
    """Three topics of 40, 30 and 20 comments, of which two were given names."""
    write_labels(tmp_path, corpus([40, 30, 20]), table(["trams", "rents", "wind"]), None)
    sheet = tmp_path / "labels.csv"
    sheet.write_text(
        sheet.read_text("utf-8-sig").replace("T001,trams", "T001,Our trams").replace("T003,wind", "T003,Gales")
    )
    return tmp_path


def test_names_are_read_back_with_their_comments(folder):
    labels = read_labels(folder)
    assert labels.label == {"T001": "Our trams", "T002": "rents", "T003": "Gales"}
    assert labels.key.value_counts().to_dict() == {"T001": 40, "T002": 30, "T003": 20}
    assert read_labels(folder / "nowhere") is None


def test_a_name_follows_its_comments_to_another_number_and_past_new_ones(folder):
    comments = corpus([40, 30, 20]).assign(topic=lambda c: c["topic"].map({0: 2, 1: 0, 2: 1}))
    comments = pd.concat([comments, corpus([0, 60, 0], start=500)], ignore_index=True)  # the corpus has grown
    comments.loc[:4, "topic"] = -1  # and some are unassigned now
    matched = match(read_labels(folder), comments, table(["a", "b", "c"]))
    assert named(table(["a", "b", "c"]), matched)["label"].tolist() == ["rents", "Gales", "Our trams"]
    assert matched.history["what"].tolist() == ["same"] * 3
    assert matched.history["shared"].tolist() == [30, 20, 35]


def test_split_merged_new_and_gone_are_told_apart(folder):
    old = corpus([40, 30, 20])
    now = old["topic"].to_numpy().copy()
    now[22:40] = 3  # 18 of the 40 trams go
    now[70:] = 1  # wind is among rents now
    comments = pd.concat([old.assign(topic=now), corpus([0, 0, 30], start=900)])
    matched = match(read_labels(folder), comments, table(["a", "b", "c", "d"]))
    said = {
        (row.what, row.before if isinstance(row.before, str) else None, row.topic)
        for row in matched.history.itertuples()
    }
    assert said == {
        ("same", "Our trams", 0),
        ("same", "rents", 1),
        ("merged", "Gales", 1),
        ("new", None, 2),
        ("split", "Our trams", 3),
    }
    gone = match(read_labels(folder), old[old["topic"] < 2], table(["a", "b"]))
    assert gone.history.loc[gone.history["what"] == "gone", "before"].tolist() == ["Gales"]


def test_writing_again_keeps_names_and_never_reuses_a_key(folder):
    comments = pd.concat([corpus([40, 30]), corpus([0, 0, 25], start=700)])
    matched = match(read_labels(folder), comments, table(["a", "b", "c"]))
    write_labels(folder, comments, named(table(["a", "b", "c"]), matched), matched)
    again = read_labels(folder)
    assert again.label == {"T001": "Our trams", "T002": "rents", "T004": "c"}, "T003 was another topic's"


def test_what_was_said_stays_in_the_sheet_and_an_older_one_has_nothing_to_say(folder):
    sheet = folder / "labels.csv"
    assert curating(folder) == []
    sheet.write_text(sheet.read_text().replace("rents,,,", "rents,T001,town,").replace("Gales,,,", "Gales,drop,,"))
    assert curating(folder) == [sheet, folder / "labels.parquet"]
    matched = match(read_labels(folder), corpus([40, 30, 20]), table(["a", "b", "c"]))
    write_labels(folder, corpus([40, 30, 20]), named(table(["a", "b", "c"]), matched), matched, {0: {"group": "town"}})
    again = read_labels(folder)
    assert again.change == {"T002": "T001", "T003": "drop"} and again.group == {"T001": "town", "T002": "town"}
    rest = corpus([40, 30, 20]).iloc[40:].assign(topic=lambda c: c["topic"] - 1)
    write_labels(folder, rest, table(["b", "c"]), match(again, rest, table(["b", "c"])))
    assert read_labels(folder).change == {"T003": "drop"}, "the topic that it was one with is gone"
    pd.read_csv(sheet).drop(columns=["change", "group"]).to_csv(sheet, index=False)
    assert read_labels(folder).change == {} and curating(folder) == []


def test_two_topics_of_one_name_are_told_apart(folder):
    sheet = folder / "labels.csv"
    sheet.write_text(sheet.read_text().replace("T002,rents", "T002,Gales"))
    matched = match(read_labels(folder), corpus([40, 30, 20]), table(["a", "b", "c"]))
    assert named(table(["a", "b", "c"]), matched)["label"].tolist() == ["Our trams", "Gales (b)", "Gales (c)"]


def test_a_formula_is_text_in_the_sheet_and_itself_again_when_read(tmp_path):
    write_labels(tmp_path, corpus([9]), table(["=1+1"]), None)
    assert ",'=1+1," in (tmp_path / "labels.csv").read_text("utf-8-sig")
    assert read_labels(tmp_path).label == {"T001": "=1+1"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("T002,", "T009,", "line 3"),
        ("T002,", "T001,", "a second time"),
        ("rents,", ",", "a label of 0 characters"),
        ("rents,", "r" * 81 + ",", "a label of 81 characters"),
        ("key,label", "name,title", "no key and no label"),
        ("rents,,", "rents,remove,", "the change 'remove'"),
        ("rents,,", "rents,T002,", "the change 'T002'"),
        ("rents,,,", "rents,," + "r" * 81 + ",", "a group of 81 characters"),
    ],
)
def test_a_spoilt_sheet_is_refused_with_its_line(folder, old, new, says):
    sheet = folder / "labels.csv"
    sheet.write_text(sheet.read_text().replace(old, new, 1))
    with pytest.raises(StudyError, match=says):
        read_labels(folder)


def test_a_sheet_without_its_memory_is_refused(folder):
    (folder / "labels.parquet").write_bytes(b"no")
    with pytest.raises(StudyError, match="threadline labels"):
        read_labels(folder)


def test_without_topics_there_is_nothing_to_name(tmp_path):
    with pytest.raises(StudyError, match="nothing to name"):
        write_labels(tmp_path, corpus([]), table([]), None)
    assert not list(tmp_path.iterdir())
