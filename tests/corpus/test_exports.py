"""Exports as strangers have them: other tools, languages, names of columns, nests and code pages; nothing written by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analysis.corpus.proposal import propose, write
from analysis.corpus.schema import build
from analysis.corpus.sources import read_sources
from analysis.study_file import read_settings

J = json.dumps
# name: (file, its content, thread, authors of the two comments, what the second replies to); ...: not looked at.
EXPORTS = {
    "tiktok scraper": ("c.json", J([{"awemeId":"73","cid":"c1","text":"Late again","createTime":1680516000,"user":{"uniqueId":"mira","nickname":"Mira"},"diggCount":3,"replyCommentTotal":1},{"awemeId":"73","cid":"c2","text":"not for me","createTime":1680516300,"user":{"uniqueId":"oskar"},"replyId":"c1","diggCount":0}]), '73', ["mira", "oskar"], 'c1'),
    "apify facebook comments": ("c.json", J([{"facebookUrl":"https://fb.example/p/1","commentUrl":"https://fb.example/p/1?c=1","id":"Y1","feedbackId":"ZZ","date":"2023-04-03T10:00:00.000Z","text":"Late again","profileName":"Mira","likesCount":"2","postTitle":"Ferry"},{"facebookUrl":"https://fb.example/p/1","commentUrl":"https://fb.example/p/1?c=2","id":"Y2","feedbackId":"ZY","date":"2023-04-03T10:05:00.000Z","text":"not for me","profileName":"Oskar","likesCount":"0","postTitle":"Ferry"}]), 'https://fb.example/p/1', ["Mira", "Oskar"], None),
    "heads with remarks": ("c.csv", "Export for https://example.org/watch?v=1\n\n,\"Name (click to view profile)\",\"Profile ID\",Date,Likes,\"Live video timestamp\",Comment,\"(view source)\"\n1,Mira,p1,2023-04-03 10:00:00,3,,Late again,view\n2,Oskar,p2,2023-04-03 10:05:00,0,,not for me,view\n", ..., ["Mira", "Oskar"], None),
    "twarc csv": ("t.csv", "id,conversation_id,referenced_tweets.replied_to.id,author_id,author.username,created_at,text,lang\n1,9,9,55,mira,2023-04-03T10:00:00.000Z,Late again,en\n2,9,1,56,oskar,2023-04-03T10:05:00.000Z,not for me,en\n", '9', ["mira", "oskar"], '1'),
    "mastodon statuses csv": ("m.csv", "id,in_reply_to_id,account.acct,created_at,content,url\n1,,mira,2023-04-03T10:00:00.000Z,<p>Late again</p>,https://m.example/1\n2,1,oskar,2023-04-03T10:05:00.000Z,<p>not for me</p>,https://m.example/2\n", '1', ["mira", "oskar"], '1'),
    "stack exchange xml": ("Comments.xml", '<?xml version="1.0" encoding="utf-8"?>\n<comments>\n<row Id="1" PostId="9" Score="0" Text="Late again" CreationDate="2023-04-03T10:00:00.000" UserId="5" UserDisplayName="Mira"/>\n<row Id="2" PostId="9" Score="0" Text="not for me" CreationDate="2023-04-03T10:05:00.000" UserId="6" UserDisplayName="Oskar"/>\n</comments>', '9', ["Mira", "Oskar"], None),
    "discourse": ("d.json", J({"post_stream":{"posts":[{"id":1,"username":"mira","created_at":"2023-04-03T10:00:00.000Z","cooked":"<p>Late again</p>","post_number":1,"reply_to_post_number":None,"topic_id":9},{"id":2,"username":"oskar","created_at":"2023-04-03T10:05:00.000Z","cooked":"<p>not for me</p>","post_number":2,"reply_to_post_number":1,"topic_id":9}]},"id":9,"title":"Ferry"}), '9', ["mira", "oskar"], '1'),
    "telegram export": ("result.json", J({"name":"Ferry chat","type":"public_supergroup","id":9,"messages":[{"id":1,"type":"message","date":"2023-04-03T10:00:00","date_unixtime":"1680516000","from":"Mira","from_id":"user5","text":"Late again"},{"id":2,"type":"message","date":"2023-04-03T10:05:00","date_unixtime":"1680516300","from":"Oskar","from_id":"user6","reply_to_message_id":1,"text":"not for me"}]}), '9', ["Mira", "Oskar"], '1'),
    "discord chat exporter": ("d.json", J({"guild":{"id":"1","name":"Ferry"},"channel":{"id":"9","name":"general"},"messages":[{"id":"1","type":"Default","timestamp":"2023-04-03T10:00:00+00:00","content":"Late again","author":{"id":"5","name":"mira","nickname":"Mira"}},{"id":"2","type":"Reply","timestamp":"2023-04-03T10:05:00+00:00","content":"not for me","author":{"id":"6","name":"oskar"},"reference":{"messageId":"1"}}]}), '9', ["mira", "oskar"], '1'),
    "slack channel": ("2023-04-03.json", J([{"type":"message","user":"U5","text":"Late again","ts":"1680516000.000100","thread_ts":"1680516000.000100"},{"type":"message","user":"U6","text":"not for me","ts":"1680516300.000200","thread_ts":"1680516000.000100"}]), '1680516000.000100', ["U5", "U6"], None),
    "guardian api": ("g.json", J({"status":"ok","discussion":{"key":"/p/9","title":"Ferry","comments":[{"id":1,"body":"<p>Late again</p>","isoDateTime":"2023-04-03T10:00:00Z","userProfile":{"userId":"5","displayName":"Mira"},"responses":[{"id":2,"body":"<p>not for me</p>","isoDateTime":"2023-04-03T10:05:00Z","userProfile":{"displayName":"Oskar"}}]}]}}), '/p/9', ["Mira", "Oskar"], '1'),
    "polish csv cp1250": ("k.csv", "id_artykułu;autor;treść;data_dodania\nv1;Mira;Znów spóźniony;03.04.2023 10:00\nv1;Żółw;nie dla mnie;25.04.2023 10:05\n".encode("cp1250"), 'v1', ["Mira", "Żółw"], None),
    "russian csv": ("k.csv", "статья,автор,комментарий,дата\nv1,Мира,Опять опоздал,03.04.2023 10:00\nv1,Оскар,не для меня,25.04.2023 10:05\n", 'v1', ["Мира", "Оскар"], None),
    "japanese csv sjis": ("k.csv", "記事ID,投稿者,コメント,投稿日時\nv1,ミラ,また遅れた。困ります,2023/04/03 10:00\nv1,オスカー,私は平気でした,2023/04/25 10:05\n".encode("shift_jis"), 'v1', ["ミラ", "オスカー"], None),
    "chinese csv gbk": ("k.csv", "文章编号,用户名,评论内容,发布时间\nv1,米拉,又晚点了真烦人,2023-04-03 10:00\nv1,奥斯卡,我没有遇到,2023-04-25 10:05\n".encode("gbk"), 'v1', ["米拉", "奥斯卡"], None),
    "italian tsv": ("k.tsv", "articolo\tutente\tcommento\tdata e ora\nv1\tMira\tDi nuovo in ritardo\t03/04/2023 10:00\nv1\tOskar\tnon per me\t25/04/2023 10:05\n", 'v1', ["Mira", "Oskar"], None),
    "portuguese": ("k.csv", "noticia,nome do usuário,comentário,data de publicação\nv1,Mira,Atrasado de novo,03/04/2023 10:00\nv1,Oskar,para mim não,25/04/2023 10:05\n", 'v1', ["Mira", "Oskar"], None),
    "dutch": ("k.csv", "artikel,gebruiker,reactie,geplaatst op\nv1,Mira,Weer te laat,3 april 2023 10:00\nv1,Oskar,niet voor mij,25 april 2023 10:05\n", 'v1', ["Mira", "Oskar"], None),
    "turkish": ("k.csv", "haber_id,kullanıcı,yorum,tarih\nv1,Mira,Yine geç kaldı,03.04.2023 10:00\nv1,Oskar,benim için değil,25.04.2023 10:05\n", 'v1', ["Mira", "Oskar"], None),
    "arabic": ("k.csv", "المقال,الاسم,التعليق,التاريخ\nv1,ميرا,متأخر مرة أخرى,2023-04-03 10:00\nv1,أوسكار,ليس بالنسبة لي,2023-04-25 10:05\n", 'v1', ["ميرا", "أوسكار"], None),
    "swedish utf16": ("k.csv", "artikel;namn;kommentar;datum\nv1;Mira;Sent igen nu;2023-04-03 10:00\nv1;Oskar;inte för mig;2023-04-25 10:05\n".encode("utf-16"), 'v1', ["Mira", "Oskar"], None),
    "rows that have names": ("r.csv", '"","thread","id","user","body","time"\n"1","v1","c1","Mira","Late again","2023-04-03 10:00:00"\n"2","v1","c2","Oskar","not for me","2023-04-03 10:05:00"\n', 'v1', ["Mira", "Oskar"], None),
    "pandas index": ("r.csv", 'Unnamed: 0,story_id,comment_id,username,comment_body,timestamp\n0,v1,c1,Mira,Late again,2023-04-03 10:00:00+00:00\n1,v1,c2,Oskar,not for me,2023-04-03 10:05:00+00:00\n', 'v1', ["Mira", "Oskar"], None),
    "hn bigquery": ("h.csv", "id,by,parent,time,time_ts,text,type\n1,mira,9,1680516000,2023-04-03 10:00:00 UTC,Late again,comment\n2,oskar,1,1680516300,2023-04-03 10:05:00 UTC,not for me,comment\n", '9', ["mira", "oskar"], '1'),
    "hn firebase tree": ("h.json", J({"id":9,"type":"story","by":"eve","title":"Ferry","time":1680515000,"url":"https://e.example","kids":[{"id":1,"type":"comment","by":"mira","time":1680516000,"text":"Late again","kids":[{"id":2,"by":"oskar","type":"comment","time":1680516300,"text":"not for me"}]}]}), '9', ["mira", "oskar"], '1'),
    "lemmy": ("l.json", J({"comments":[{"comment":{"id":1,"creator_id":5,"post_id":9,"content":"Late again","published":"2023-04-03T10:00:00Z","path":"0.1"},"creator":{"id":5,"name":"mira"},"post":{"id":9,"name":"Ferry"}},{"comment":{"id":2,"creator_id":6,"post_id":9,"content":"not for me","published":"2023-04-03T10:05:00Z","path":"0.1.2"},"creator":{"id":6,"name":"oskar"},"post":{"id":9,"name":"Ferry"}}]}), '9', ["mira", "oskar"], '1'),
    "elastic hits": ("e.json", J({"took":3,"hits":{"total":2,"hits":[{"_id":"c1","_source":{"url":"https://e.example/v1","author":"Mira","body":"Late again","published":"2023-04-03T10:00:00Z"}},{"_id":"c2","_source":{"url":"https://e.example/v1","author":"Oskar","body":"not for me","published":"2023-04-03T10:05:00Z"}}]}}), 'https://e.example/v1', ["Mira", "Oskar"], None),
    "mongoexport": ("m.json", "\n".join(J(x) for x in [{"_id":{"$oid":"c1"},"articleId":{"$oid":"v1"},"author":{"name":"Mira"},"content":"Late again","createdAt":{"$date":"2023-04-03T10:00:00Z"}},{"_id":{"$oid":"c2"},"articleId":{"$oid":"v1"},"author":{"name":"Oskar"},"content":"not for me","createdAt":{"$date":{"$numberLong":"1680516300000"}}}]), 'v1', ["Mira", "Oskar"], None),
    "vk": ("v.json", J({"response":{"count":2,"items":[{"id":1,"from_id":5,"date":1680516000,"text":"Late again","owner_id":-1,"post_id":9},{"id":2,"from_id":6,"date":1680516300,"text":"not for me","owner_id":-1,"post_id":9,"reply_to_comment":1}]}}), '9', ["5", "6"], '1'),
    "instagram loader": ("i.json", J([{"id":1,"text":"Late again","created_at":1680516000,"owner":{"username":"mira"},"answers":[{"id":2,"text":"not for me","created_at":1680516300,"owner":{"username":"oskar"}}]}]), '1', ["mira", "oskar"], '1'),
    "yt-dlp info": ("y.info.json", J({"id":"v1","title":"Ferry","upload_date":"20230401","description":"A film","comments":[{"id":"c1","parent":"root","text":"Late again","author":"Mira","author_id":"5","timestamp":1680516000},{"id":"c1.c2","parent":"c1","text":"not for me","author":"Oskar","timestamp":1680516300}]}), 'v1', ["Mira", "Oskar"], 'c1'),
    "articles by their ids": ("w.json", J({"v1":{"title":"Ferry","date":"2023-04-01","comments":[{"user":"Mira","text":"Late again","date":"2023-04-03 10:00"},{"user":"Oskar","text":"not for me","date":"2023-04-03 10:05"}]},"v2":{"title":"Bus","comments":[]}}), 'v1', ["Mira", "Oskar"], None),
    "german nests": ("z.jsonl", "\n".join(J(x) for x in [{"artikel_url":"https://z.example/1","kommentare":[{"nutzername":"Mira","inhalt":"Late again","zeitpunkt":"3. April 2023, 10:00 Uhr"},{"nutzername":"Oskar","inhalt":"not for me","zeitpunkt":"3. April 2023, 10:05 Uhr"}]}]), 'https://z.example/1', ["Mira", "Oskar"], None),
    "paragraph list": ("p.json", J([{"article":"v1","user":"Mira","text":["Late again","and again"],"date":"2023-04-03T10:00:00Z"},{"article":"v1","user":"Oskar","text":["not for me"],"date":"2023-04-03T10:05:00Z"}]), 'v1', ["Mira", "Oskar"], None),
    "german survey": ("s.csv", "Zeitstempel;Beitrag-ID;Pseudonym;Kommentartext\n03.04.2023 10:00:00;v1;Mira;Late again\n25.04.2023 10:05:00;v1;Oskar;not for me\n", 'v1', ["Mira", "Oskar"], None),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_read_without_a_word(name, tmp_path):
    file, data, thread, authors, parent = EXPORTS[name]
    (tmp_path / file).write_bytes(data if isinstance(data, bytes) else data.encode())
    write(propose(tmp_path / "study", [str(tmp_path / file)]))
    settings = read_settings(tmp_path / "study")
    reading = read_sources(settings.source, settings.folder)
    accounting, rows = reading.accounting, reading.comments.sort_values("posted_at")
    assert (accounting["read"] == accounting["kept"] + accounting["rejected"]).all()
    assert rows["author"].tolist() == authors and (rows["text"].str.len() > 3).all()
    assert thread is ... or rows["article_id"].tolist() == [thread] * 2
    assert rows["posted_at_source"].tolist() == ["comment"] * 2
    assert [f"{at:%Y-%m-%d %H:%M}" for at in rows["posted_at"]] in (
        ["2023-04-03 10:00", "2023-04-03 10:05"],
        ["2023-04-03 10:00", "2023-04-25 10:05"],
        ["2023-04-03 10:00", "2023-04-25 10:00"],
    )
    assert rows["parent_id"].iloc[1] == parent if parent else pd.isna(rows["parent_id"].iloc[1])


def test_without_a_column_of_threads_replies_are_of_the_thread_of_what_they_answer(tmp_path):
    rows = ["id,author,comment,date,parent_id", "1,Mira,Late again,2023-04-03,", "2,Oskar,not for me,2023-04-03,1",
            "3,Eve,lucky you,2023-04-04,2", "4,Mira,I walked home,2023-04-05,", "5,Tern,so did I,2023-04-05,9", "6,Eve,me too,2023-04-05,9"]  # fmt: skip
    (tmp_path / "c.csv").write_text("\n".join(rows))
    write(propose(tmp_path / "study", [str(tmp_path / "c.csv")]))
    settings = read_settings(tmp_path / "study")
    reading = read_sources(settings.source, settings.folder)
    threads = reading.comments.set_index("comment_id")["article_id"].to_dict()
    assert threads == {"1": "1", "2": "1", "3": "1", "4": "4", "5": "9", "6": "9"}
    assert any("of one thread with what they reply to" in note for note in reading.notes["note"])


def test_an_articles_address_is_kept_where_it_is_one(tmp_path):
    articles = [{"id": f"v{i}", "title": "Ferry", "url": url, "comments": [{"user": "Mira", "text": f"Late again, {i}"}]}
                for i, url in enumerate(("https://z.example/1", "javascript:alert(1)", 'http://z.example/"><b>'))]  # fmt: skip
    (tmp_path / "w.json").write_text(json.dumps(articles))
    write(propose(tmp_path / "study", [str(tmp_path / "w.json")]))
    settings = read_settings(tmp_path / "study")
    corpus = build(read_sources(settings.source, settings.folder), settings.folder)
    assert corpus.articles["url"].fillna("").tolist() == ["https://z.example/1", "", ""]


def test_a_column_of_counts_is_no_reply(tmp_path):
    rows = ["Kommentar ID;Faden;Gefällt;Name;Kommentar"]
    rows += [
        f"{i};f{i // 6};{(i * 5) % 11 or ''};Anna{i % 5};Das sind nun einmal {i + 2} Wörter, Nummer {i}"
        for i in range(1, 13)
    ]
    (tmp_path / "c.csv").write_text("\n".join(rows), encoding="utf-8")
    write(propose(tmp_path / "study", [str(tmp_path / "c.csv")]))
    assert "parent_id" not in (tmp_path / "study" / "study.toml").read_text(encoding="utf-8")
