"""What replies to what, and of which thread it is, as exports have it that no column names."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analysis.corpus.proposal import propose, write
from analysis.corpus.sources import read_sources
from analysis.settings import StudyError
from analysis.study_file import read_settings

FERRY = [  # id, author, time, text, what it replies to
    ("11", "Mira", "2024-03-05T09:15", "The ferry was late again", None),
    ("12", "Oskar", "2024-03-05T09:40", "They told us on the pier", "11"),
    ("13", "Eve", "2024-03-20T11:02", "I walked home in the rain", None),
    ("14", "Mira", "2024-03-21T08:00", "An hour is fine in good weather", "13"),
]
TEXTS = {one[0]: one[3] for one in FERRY}
TOPS = [one for one in FERRY if one[4] is None]


def read(tmp_path, name, data, more=""):
    """The notes and the comments that are read of a file."""
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    study = write(propose(tmp_path / "study", [str(path)]))
    study.write_text(study.read_text().replace('licence = "not stated"', f'{more}\nlicence = "none"'))
    settings = read_settings(tmp_path / "study")
    reading = read_sources(settings.source, settings.folder)
    return "\n".join(reading.notes["note"]), reading


def parents(reading):
    """Text = the text of what it replies to."""
    rows = reading.comments
    texts = dict(zip(rows["comment_id"], rows["text"], strict=True))
    found = zip(rows["text"], rows["parent_id"], strict=True)
    return {text: None if pd.isna(parent) else texts.get(parent, parent) for text, parent in found}


def times(reading):
    rows = reading.comments.set_index("text")["posted_at"].reindex(list(TEXTS.values()))
    return [None if pd.isna(at) else f"{at:%Y-%m-%dT%H:%M}" for at in rows]


TRUTH = {one[3]: TEXTS.get(one[4]) for one in FERRY}


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"depth": [0, 1, 0, 1]}, "told by depth and the order of rows"),
        ({"path": ["1", "1.1", "2", "2.1"]}, "told by path"),
        ({"path": ["0.11", "0.11.12", "0.13", "0.13.14"], "id": [11, 12, 13, 14]}, "told by path"),
        ({"": ["1", "1-1", "2", "2-1"]}, "told by unnamed"),
    ],
)
def test_places_of_comments_tell_what_they_reply_to(tmp_path, columns, note):
    rows = pd.DataFrame({"article": "a", "author": "Ann", "text": list(TEXTS.values())})
    said, reading = read(tmp_path, "c.csv", pd.DataFrame(columns).join(rows).to_csv(index=False))
    assert parents(reading) == TRUTH and note in said


def test_a_depth_that_the_order_of_rows_does_not_explain_is_told(tmp_path):
    rows = pd.DataFrame({"article": "a", "text": list(TEXTS.values()), "depth": [0, 2, 0, 3]})
    said, reading = read(tmp_path, "c.csv", rows.to_csv(index=False))
    assert set(parents(reading).values()) == {None} and "depth says that there are replies" in said


def test_ratings_are_no_places(tmp_path):
    rows = pd.DataFrame({"article": "a", "text": list(TEXTS.values()), "rating": ["4", "4.5", "3", "3.5"]})
    assert set(parents(read(tmp_path, "c.csv", rows.to_csv(index=False))[1]).values()) == {None}


def nested(one, **more):
    return {"id": one[0], "date": one[2], "text": one[3], "name": one[1], "post_id": "p", **more}


def facebook(one):
    inside = [nested(reply) for reply in FERRY if reply[4] == one[0]]
    return nested(one, postTitle="Ferry", comments=inside)


def graph(one):
    made = {"id": one[0], "created_time": one[2], "message": one[3], "from": {"name": one[1]}, "like_count": 1}
    inside = [graph(reply) | {"parent": {"id": one[0]}} for reply in FERRY if reply[4] == one[0]]
    return made | ({"comments": {"data": inside}} if inside else {})


def wall(one):
    inside = [nested(reply, reply_to_user=1) for reply in FERRY if reply[4] == one[0]]
    return nested(one, thread={"count": len(inside), "items": inside})


@pytest.mark.parametrize(
    "data",
    [
        [facebook(one) for one in TOPS],
        {"data": [graph(one) for one in TOPS]},
        {"response": {"items": [wall(one) for one in TOPS]}},
    ],
)
def test_what_holds_rows_of_its_own_kind_is_a_comment_with_replies(tmp_path, data):
    assert parents(read(tmp_path, "c.json", json.dumps(data))[1]) == TRUTH


def test_a_post_that_holds_comments_of_comments_is_an_article(tmp_path):
    post = {"id": "p", "created_time": "2024-03-05T06:00", "message": "The ferry stops", "from": {"name": "News"}}
    _, reading = read(tmp_path, "c.json", json.dumps({"data": [post | {"comments": {"data": list(map(graph, TOPS))}}]}))
    assert parents(reading) == TRUTH and set(reading.comments["article_id"]) == {"p"}


def test_replies_are_of_the_thread_of_what_they_reply_to(tmp_path):
    kept = ("id", "date", "text", "name")
    rows = [
        {"postUrl": f"https://e.example/{one[0]}", **nested(one)}
        | {"replies": [{k: v for k, v in nested(r).items() if k in kept} for r in FERRY if r[4] == one[0]]}
        for one in TOPS
    ]
    rows = [{key: value for key, value in row.items() if key != "post_id"} for row in rows]
    _, reading = read(tmp_path, "c.json", json.dumps(rows))
    assert parents(reading) == TRUTH and reading.comments["article_id"].nunique() == 2


@pytest.mark.parametrize("form", ["replies/0/{}", "replies.{}"])
def test_columns_of_replies_are_comments(tmp_path, form):
    rows = []
    for one in TOPS:
        reply = next(other for other in FERRY if other[4] == one[0])
        names = {"id": reply[0], "user": reply[1], "date": reply[2], "text": reply[3]}
        rows.append({"id": one[0], "user": one[1], "date": one[2], "text": one[3]})
        rows[-1] |= {form.format(name): value for name, value in names.items()}
    assert parents(read(tmp_path, "c.csv", pd.DataFrame(rows).to_csv(index=False))[1]) == TRUTH


def test_what_a_tweet_refers_to_is_its_parent(tmp_path):
    rows = [
        {"id": one[0], "text": one[3], "conversation_id": "9", "author_id": one[1], "created_at": one[2]}
        | ({"referenced_tweets": [{"type": "replied_to", "id": one[4], "text": "x y"}]} if one[4] else {})
        for one in FERRY
    ]
    assert parents(read(tmp_path, "c.jsonl", "\n".join(map(json.dumps, rows)))[1]) == TRUTH


def test_numbers_of_posts_are_the_ids_even_beside_rows_that_are_none(tmp_path):
    posts = [
        {"id": 500 + i, "username": one[1], "cooked": f"<p>{one[3]}</p>", "created_at": one[2], "topic_id": 7}
        | {"post_number": i + 1, "reply_to_post_number": [*TEXTS].index(one[4]) + 1 if one[4] else None}
        for i, one in enumerate(FERRY)
    ]
    data = {"post_stream": {"posts": posts}, "id": 7, "title": "Ferry", "tags": []}
    data |= {"details": {"participants": [{"id": 90 + i, "username": "Ann", "post_count": 1} for i in range(3)]}}
    assert parents(read(tmp_path, "c.json", json.dumps(data))[1]) == TRUTH


def test_an_envelope_around_a_discussion_is_no_article(tmp_path):
    inside = {"key": "/p/x", "title": "Ferry", "comments": [nested(one) for one in TOPS]}
    for page in (1, 2):
        _, reading = read(tmp_path, f"{page}.json", json.dumps({"status": "ok", "page": page, "discussion": inside}))
        assert list(reading.articles["title"]) == ["Ferry"] and not len(reading.comments["parent_id"].dropna())
        (tmp_path / "study" / "study.toml").unlink()


@pytest.mark.parametrize("write_cell", [json.dumps, str])
def test_an_author_who_is_an_object_in_a_cell_is_a_name(tmp_path, write_cell):
    rows = [{"post": "p", "text": one[3], "user": write_cell({"id": 9, "name": one[1]})} for one in FERRY]
    _, reading = read(tmp_path, "c.csv", pd.DataFrame(rows).to_csv(index=False))
    assert set(reading.comments["author"]) == {"Mira", "Oskar", "Eve"}


@pytest.mark.parametrize("between", ["\t", " "])
def test_a_table_of_r_has_no_name_for_the_names_of_its_rows(tmp_path, between):
    quoted = [["thread", "author", "comment"], *([str(i), "t", one[1], one[3]] for i, one in enumerate(FERRY, 1))]
    data = "\n".join(between.join(f'"{cell}"' for cell in row) for row in quoted)
    _, reading = read(tmp_path, "c.txt", data)
    assert set(reading.comments["text"]) == {*TEXTS.values()} and set(reading.comments["article_id"]) == {"t"}


def test_a_file_whose_name_has_brackets_is_found(tmp_path):
    data = json.dumps({"id": "v", "title": "Ferry", "comments": [nested(one) for one in FERRY]})
    assert len(read(tmp_path, "ferry [v].info.json", data)[1].comments) == 4


def test_rows_that_study_toml_leaves_out_are_rejects(tmp_path):
    rows = pd.DataFrame([{"id": o[0], "text": o[3], "status": "spam" if o[0] == "12" else "ok"} for o in FERRY])
    _, reading = read(tmp_path, "c.csv", rows.to_csv(index=False), 'leave_out = { status = ["spam", "trash"] }')
    assert len(reading.comments) == 3 and list(reading.rejects["reason"]) == ["status = spam"]
    (tmp_path / "study" / "study.toml").unlink()
    with pytest.raises(StudyError, match="a column 'state'"):
        read(tmp_path, "c.csv", rows.to_csv(index=False), 'leave_out = { state = "spam" }')


def dates(tmp_path, written):
    rows = pd.DataFrame({"thread": "t", "text": list(TEXTS.values()), "date": list(written)})
    return read(tmp_path, "c.csv", rows.to_csv(index=False))


@pytest.mark.parametrize(
    "form",
    [
        lambda at: f"{at.isocalendar()[0]}-W{at.isocalendar()[1]:02}-{at.isocalendar()[2]}T{at:%H:%M}",
        lambda at: f"{at.day} มี.ค. {at.year + 543} {at:%H:%M}",
        lambda at: f"{at:%d/%m}/{at.year + 543} {at:%H:%M}",
        lambda at: f"{at.day} مارس {at.year} {at:%I:%M} {'ص' if at.hour < 12 else 'م'}",
        lambda at: f"{at:%y.%m.%d. %H:%M}",
        lambda at: f"{at:%Y/%m/%d-%H:%M:%S}",
        lambda at: f"{at:%d %b %y %H:%M}",
    ],
)
def test_dates_of_weeks_of_other_calendars_and_letters(tmp_path, form):
    _, reading = dates(tmp_path, [form(pd.Timestamp(one[2])) for one in FERRY])
    assert times(reading) == [one[2] for one in FERRY]


def test_days_and_months_that_a_spreadsheet_swapped_are_no_times(tmp_path):
    at = [pd.Timestamp(one[2]) for one in FERRY]
    said, reading = dates(
        tmp_path, [f"{one:%Y-%d-%m %H:%M}" if one.day < 13 else f"{one:%d/%m/%Y %H:%M}" for one in at]
    )
    assert times(reading) == [None, None, "2024-03-20T11:02", "2024-03-21T08:00"]
    assert "2 times left out: a spreadsheet seems to have swapped their day and month" in said


def test_times_that_lost_their_digits_and_columns_without_times_are_told(tmp_path):
    said, reading = dates(tmp_path, ["1.70963E+12", "1.70963E+12", "1.71093E+12", "1.71101E+12"])
    assert times(reading) == [None] * 4 and "date is not used: none of its values can be read as a time" in said


def test_the_column_of_threads_is_none_that_is_another_in_every_row(tmp_path):
    rows = [{"item_id": one[0], "cid": one[0], "aweme_id": "v", "text": one[3]} for one in FERRY]
    _, reading = read(tmp_path, "c.jsonl", "\n".join(map(json.dumps, rows)))
    assert set(reading.comments["article_id"]) == {"v"}
