"""Exports of known tools: recognised, read whole, replies with their parents, times in UTC, what was deleted rejected."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analysis.corpus.encodings import plain
from analysis.corpus.exports.columns import columns_of as names_in
from analysis.corpus.exports.formats import tables_of
from analysis.corpus.exports.platforms import BY_NAME, recognise_dialect
from analysis.corpus.exports.records import records
from analysis.corpus.exports.tables import read_tables
from analysis.settings import EXPORTS, SourceSettings

T0 = "2020-01-02T03:04:05Z"
EPOCH = 1577934245


def csv_of(rows):
    return pd.DataFrame(rows).to_csv(index=False)


def columns_of(path):
    return names_in(one.row for table in tables_of(path) for one in records(table.rows()) if one.row is not None)


def snippet(text, **more):
    return {"textDisplay": text, "authorDisplayName": "Ann", "publishedAt": T0, **more}


FILES = {
    "4cat": ("x.csv", csv_of([
        {"id": "c1", "thread_id": "t1", "timestamp": "2020-01-02 03:04:05", "body": "first", "subject": "A", "author": "Ann"},
        {"id": "c2", "thread_id": "t1", "timestamp": "2020-01-02 03:05:05", "body": "second", "subject": "", "author": "Bob"},
    ])),
    "reddit": ("x.jsonl", "\n".join(json.dumps(row) for row in [
        {"id": "c1", "link_id": "t3_t1", "parent_id": "t3_t1", "author": "Ann", "created_utc": EPOCH, "body": "first"},
        {"id": "c2", "link_id": "t3_t1", "parent_id": "t1_c1", "author": "[deleted]", "created_utc": str(EPOCH + 60), "body": "a &gt; b"},
        {"id": "c3", "link_id": "t3_t1", "parent_id": "t1_c2", "author": "Bob", "created_utc": EPOCH, "body": "[removed]"},
    ])),
    "convokit": ("utterances.jsonl", "\n".join(json.dumps(row) for row in [
        {"id": "c1", "conversation_id": "t1", "speaker": "Ann", "timestamp": EPOCH, "reply-to": None, "text": "first", "meta": {}},
        {"id": "c2", "conversation_id": "t1", "speaker": "Bob", "timestamp": EPOCH + 60.0, "reply-to": "c1", "text": "second"},
    ])),
    "youtube": ("x.json", json.dumps({"kind": "youtube#commentThreadListResponse", "items": [{
        "id": "c1", "snippet": {"videoId": "t1", "topLevelComment": {"id": "c1", "snippet": snippet("fir<b>st</b>")}},
        "replies": {"comments": [{"id": "c2", "snippet": snippet("x", parentId="c1", textOriginal="second <3")}]},
    }]})),
    "disqus": ("x.xml", '<?xml version="1.0"?><disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">'
        '<category dsq:id="9"><title>General</title></category>'
        f'<thread dsq:id="t1"><id>slug</id><title>Trams</title><createdAt>2020-01-01T00:00:00Z</createdAt><message/></thread>'
        f'<post dsq:id="c1"><id/><message><![CDATA[<p>first</p>]]></message><createdAt>{T0}</createdAt><isDeleted>false</isDeleted>'
        '<isSpam>false</isSpam><author><name>Ann</name></author><thread dsq:id="t1"/></post>'
        f'<post dsq:id="c2"><message>one<br/>two &amp;amp; three</message><createdAt>{T0}</createdAt>'.replace("<br/>", "&lt;br/&gt;")
        + '<author><name>Bob</name></author><thread dsq:id="t1"/><parent dsq:id="c1"/></post>'
        f'<post dsq:id="c3"><message>gone</message><createdAt>{T0}</createdAt><isDeleted>true</isDeleted><thread dsq:id="t1"/></post>'
        f'<post dsq:id="c4"><message>buy</message><createdAt>{T0}</createdAt><isSpam>true</isSpam><thread dsq:id="t1"/></post></disqus>'),
    "socc": ("gnm_comments.csv", csv_of([
        {"article_id": "t1", "comment_counter": "source1_t1_0", "comment_author": "Ann", "timestamp": T0, "comment_text": "first"},
        {"article_id": "t1", "comment_counter": "source1_t1_0_0", "comment_author": "Bob", "timestamp": T0, "comment_text": "second"},
    ])),
    "nyt": ("x.csv", csv_of([
        {"commentID": "101.0", "articleID": "t1", "parentID": "0.0", "userDisplayName": "Ann", "createDate": EPOCH, "commentBody": "fir<br/>st"},
        {"commentID": "102", "articleID": "t1", "parentID": "101", "userDisplayName": "Bob", "createDate": EPOCH, "commentBody": "second"},
    ])),
    "wordpress": ("x.xml", '<?xml version="1.0"?><rss xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/">'
        "<channel><title>Trams daily</title><item><title>Trams</title><wp:post_id>t1</wp:post_id><wp:post_type>post</wp:post_type>"
        "<c:encoded><![CDATA[<p>They stop.</p>]]></c:encoded><wp:post_date_gmt>2020-01-01 00:00:00</wp:post_date_gmt>" + "".join(
            f"<wp:comment><wp:comment_id>{n}</wp:comment_id><wp:comment_author>{who}</wp:comment_author><wp:comment_date_gmt>2020-01-02 03:04:05"
            f"</wp:comment_date_gmt><wp:comment_content>{text}</wp:comment_content><wp:comment_approved>{state}</wp:comment_approved>"
            f"<wp:comment_parent>{up}</wp:comment_parent></wp:comment>"
            for n, who, text, state, up in (("c1", "Ann", "first", 1, 0), ("c2", "Bob", "second", 1, "c1"), ("c3", "X", "buy", "spam", 0)))
        + "</item><item><title>A picture</title><wp:post_id>9</wp:post_id><wp:post_type>attachment</wp:post_type></item></channel></rss>"),
    "bluesky": ("x.json", json.dumps({"posts": [
        {"uri": "c1", "cid": "x", "author": {"handle": "Ann"}, "record": {"text": "first", "createdAt": T0,
         "reply": {"root": {"uri": "t1"}, "parent": {"uri": "t1"}}}, "replyCount": 1},
        {"uri": "c2", "cid": "y", "author": {"handle": "Bob"}, "record": {"text": "second", "createdAt": T0,
         "reply": {"root": {"uri": "t1"}, "parent": {"uri": "c1"}}}},
    ]})),
    "communalytic": ("x.csv", csv_of([
        {"id": "c1", "thread_id": "t1", "parent_id": "", "author": "Ann", "date": "2020-01-02 03:04:05", "message": "first"},
        {"id": "c2", "thread_id": "t1", "parent_id": "c1", "author": "Bob", "date": "2020-01-02 03:05:05", "message": "second"},
    ])),
}  # fmt: skip
TEXTS = {
    "reddit": ["first", "a > b"], "youtube": ["first", "second <3"], "disqus": ["first", "one\ntwo & three"],
    "nyt": ["fir\nst", "second"],
}  # fmt: skip
REJECTED = {
    "reddit": ["deleted at the source"],
    "wordpress": ["marked as spam", "no article"],
    "disqus": ["no comment", "deleted at the source", "marked as spam"],  # the first is the category
}
ROOTS = {"4cat": None, "socc": "source1_t1_0", "nyt": "101"}


def read(folder, name, **options):
    file, text = FILES[name]
    path = folder / file
    path.write_text(text, encoding="utf-8")
    articles = options.pop("articles", ())
    return read_tables(
        [path], SourceSettings(paths=("x",), timezone="Asia/Tokyo", **options), folder, articles=articles
    )


def test_every_export_that_study_toml_may_name_is_known():
    assert sorted(BY_NAME) == sorted(EXPORTS) == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_export_is_recognised_and_read(tmp_path, name):
    r = read(tmp_path, name)
    known = recognise_dialect(columns_of(tmp_path / FILES[name][0]))
    assert known is not None and known[0].name == name and not known[1]
    c = r.comments
    assert c["text"].tolist() == TEXTS.get(name, ["first", "second"])
    assert c["article_id"].unique().tolist() == ["t1"]
    assert c["author"].iloc[0] == "Ann"
    root = ROOTS.get(name, "c1")
    assert pd.isna(c["parent_id"].iloc[0])
    assert (
        pd.isna(c["parent_id"].iloc[1]) if root is None else c["parent_id"].iloc[1] == root == c["comment_id"].iloc[0]
    )
    assert c["posted_at"].iloc[0] == pd.Timestamp(T0), "the tool's times are in UTC, not in the study's zone"
    assert r.rejects["reason"].tolist() == REJECTED.get(name, [])
    a = r.accounting.iloc[0]
    assert a["read"] == a["kept"] + a["rejected"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_export_that_is_named_is_read_as_it_would_be_recognised(tmp_path, name):
    pd.testing.assert_frame_equal(read(tmp_path, name).comments, read(tmp_path, name, format=name).comments)


def test_columns_that_are_named_go_before_what_is_recognised(tmp_path):
    r = read(tmp_path, "4cat", columns={"text": "subject", "comment_id": "id"})
    assert r.comments["text"].tolist() == ["A"] and r.rejects["reason"].tolist() == ["no text"]
    assert r.comments["author"].isna().all(), "what was not named is not read"


def test_an_author_who_was_deleted_is_none(tmp_path):
    assert pd.isna(read(tmp_path, "reddit").comments["author"].iloc[1])


def test_a_disqus_export_has_its_articles_within(tmp_path):
    r = read(tmp_path, "disqus")
    assert r.articles[["article_id", "title"]].to_numpy().tolist() == [["t1", "Trams"]]
    assert r.articles["published_at"].iloc[0] == pd.Timestamp("2020-01-01", tz="UTC")
    assert r.accounting[["read", "kept", "rejected"]].to_numpy().tolist() == [[6, 3, 3]]


def test_an_utterance_that_is_the_article_is_no_comment(tmp_path):
    article = {
        "id": "t1",
        "conversation_id": "t1",
        "speaker": "[article]",
        "timestamp": EPOCH,
        "reply-to": None,
        "text": "A b",
        "meta": {"article": True, "title": "A"},
    }
    said = {
        "id": "c1",
        "conversation_id": "t1",
        "speaker": "Ann",
        "timestamp": EPOCH,
        "reply-to": "t1",
        "text": "first",
        "meta": {"article": False},
    }
    (tmp_path / "utterances.jsonl").write_text("\n".join(map(json.dumps, (article, said))))
    r = read_tables([tmp_path / "utterances.jsonl"], SourceSettings(paths=("x",)), tmp_path)
    assert r.comments[["comment_id", "article_id", "text"]].values.tolist() == [["c1", "t1", "first"]]
    assert r.comments["parent_id"].isna().all() and r.articles["text"].tolist() == ["A b"]


def test_submissions_are_the_articles_of_reddit_comments(tmp_path):
    (tmp_path / "RS.jsonl").write_text(
        json.dumps({"id": "t1", "title": "Trams", "selftext": "Why?", "created_utc": EPOCH, "author": "Cy"})
    )
    r = read(tmp_path, "reddit", articles=[tmp_path / "RS.jsonl"])
    assert r.articles[["article_id", "title", "text"]].to_numpy().tolist() == [["t1", "Trams", "Why?"]]
    assert recognise_dialect(columns_of(tmp_path / "RS.jsonl")) == (BY_NAME["reddit"], True)


def test_older_names_of_a_column_are_known(tmp_path):
    (tmp_path / "u.jsonl").write_text(
        json.dumps({"id": "c2", "root": "t1", "user": "Ann", "timestamp": EPOCH, "reply_to": "c1", "text": "x"})
    )
    c = read_tables([tmp_path / "u.jsonl"], SourceSettings(paths=("x",)), tmp_path).comments.iloc[0]
    assert (c["article_id"], c["author"], c["parent_id"]) == ("t1", "Ann", "c1")


def test_a_plain_table_is_no_export():
    assert recognise_dialect(["thread_id", "comment_id", "author", "date", "text", "parent_id"]) is None
    assert recognise_dialect(["id", "author", "date", "text"]) is None


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b<BR/>c", "a\nb\nc"), ("<p>a</p><p>b</p>", "a\nb\n"), ('<a href="u">x</a> &amp; y', "x & y"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"), ("&lt;script&gt;", "<script>"), ("<!-- n -->a", "a"),
        ("I <3 it", "I <3 it"), ("<" * 100_000, "<" * 100_000),
    ],
)  # fmt: skip
def test_html_becomes_text_and_text_stays(html, text):
    assert plain(html) == text
