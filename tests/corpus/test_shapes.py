"""Small files as people have them, one for each kind: `threadline new` and nothing written by hand reads each right."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.cli import main
from analysis.corpus.exports.formats import tables_of
from analysis.study import open_study


def zipped(**files):
    """A zip archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def book(*rows, sheets=("Sheet1",)):
    """An Excel file of rows, the first its head; they are in its last sheet."""
    from openpyxl import Workbook

    made, buffer = Workbook(), io.BytesIO()
    made.remove(made.active)
    for name in sheets:
        made.create_sheet(name)
    for row in rows:
        made[sheets[-1]].append(row)
    made.save(buffer)
    return buffer.getvalue()


def open_document(*rows):
    """An OpenDocument sheet of rows."""
    cells = "".join(
        "<table:table-row>" + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        ) + "</table:table-row>" for row in rows
    )  # fmt: skip
    names = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    content = f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet><table:table table:name="A">{cells}</table:table></office:spreadsheet></office:body></office:document-content>'
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped(mimetype=kind, content__xml=content, **{"META-INF/manifest__xml": manifest})


def lines(*rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def comments(*rows):
    """Expected comments: text, then what is expected of thread, author and time; None: not there, ...: not looked at."""
    names = ("text", "thread", "author", "at", "parent")
    return [dict(zip(names, row + (...,) * (5 - len(row)), strict=True)) for row in rows]


TWO = comments(("Late again", "v1", "Mira", "2023-04-03T10:00"), ("not for me", "v1", "Oskar", "2023-04-03T10:05"))
ONE_TIME = [("Late again", ..., ..., "2023-04-03T18:20")]

# name: (files, expected comments, further keys of study.toml)
CASES = {
    "columns that youtube exporters write": (
        {
            "c.csv": "video_id,comment_id,author_name,comment_text,published_at\nv1,c1,Mira,Late again,2023-04-03T10:00:00Z\nv1,c2,Oskar,not for me,2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "columns in other spellings": (
        {
            "c.csv": "Video URL;Comment ID;Owner Username;Comment Text;Published At\nv1;c1;Mira;Late again;2023-04-03T10:00:00Z\nv1;c2;Oskar;not for me;2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "columns in korean": (
        {
            "c.csv": "기사,작성자,내용,작성일\nv1,Mira,Late again,2023-04-03T10:00:00Z\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "columns in german": (
        {
            "c.csv": "Artikel;Verfasser;Kommentar;Datum\nv1;Mira;Late again;03.04.2023 10:00\nv1;Oskar;not for me;25.04.2023 10:05\n"
        },
        comments(("Late again", "v1", "Mira", "2023-04-03T10:00"), ("not for me", "v1", "Oskar", "2023-04-25T10:05")),
    ),
    "columns in french": (
        {
            "c.csv": "titre_article,auteur,commentaire,date_publication\nv1,Mira,Late again,3 avril 2023 à 10:00\nv1,Oskar,not for me,3 avril 2023 à 10:05\n"
        },
        TWO,
    ),
    "columns in spanish": (
        {
            "c.csv": "noticia,usuario,comentario,fecha\nv1,Mira,Late again,2023-04-03 10:00\nv1,Oskar,not for me,2023-04-03 10:05\n"
        },
        TWO,
    ),
    "a thread that only its values show": (
        {
            "c.csv": "ref,who,comment,when\n"
            + "".join(
                f"{'ab'[i // 10]}{i // 10},p{i % 7},said number {i} of them,2023-04-{i + 1:02d}T10:00:00Z\n"
                for i in range(20)
            )
        },
        comments(
            *(
                (f"said number {i} of them", f"{'ab'[i // 10]}{i // 10}", f"p{i % 7}", f"2023-04-{i + 1:02d}T10:00")
                for i in range(20)
            )
        ),
    ),
    "a day that settles the column": (
        {
            "c.csv": "article_id,id,author,comment,date\na,1,Mira,The ferry was late,03/04/2023 18:20\na,2,Oskar,On time for me,25/04/2023 09:05\n"
        },
        comments(
            ("The ferry was late", "a", "Mira", "2023-04-03T18:20"),
            ("On time for me", "a", "Oskar", "2023-04-25T09:05"),
        ),
    ),
    "a month first": (
        {
            "c.csv": "article_id,id,author,comment,date\na,1,Mira,The ferry was late,04/03/2023 6:20 PM\na,2,Oskar,On time for me,04/25/2023 9:05 AM\n"
        },
        comments(
            ("The ferry was late", "a", "Mira", "2023-04-03T18:20"),
            ("On time for me", "a", "Oskar", "2023-04-25T09:05"),
        ),
    ),
    "dots": (
        {"c.csv": "article_id,comment,date\na,Late again,03.04.2023 18:20\na,not for me,25.04.2023 18:20\n"},
        comments(("Late again", "a", None, "2023-04-03T18:20"), ("not for me", "a", None, "2023-04-25T18:20")),
    ),
    "a time before its day": (
        {"c.csv": "article_id,comment,date\na,Late again,18:20 03/04/2023\na,not for me,18:20 25/04/2023\n"},
        comments(("Late again", "a", None, "2023-04-03T18:20"), ("not for me", "a", None, "2023-04-25T18:20")),
    ),
    "a year in two digits, first": (
        {"c.csv": "article_id,comment,date\na,Late again,23-04-03\na,not for me,23-04-25\n"},
        comments(("Late again", "a", None, "2023-04-03T00:00"), ("not for me", "a", None, "2023-04-25T00:00")),
    ),
    **{
        f"a time as {written}": (
            {"c.csv": f'article_id,comment,date\na,Late again,"{written}"\n'},
            comments(*[(*ONE_TIME[0][:3], at)]),
        )
        for written, at in {
            "2023-04-03 18:20 GMT+2": "2023-04-03T16:20",
            "Mon Apr 03 18:20:00 +0000 2023": "2023-04-03T18:20",
            "2023-04-03 18:20:00-05": "2023-04-03T23:20",
            "2023-04-03 18:20:00 EST": "2023-04-03T23:20",
            "2023-04-03 18:20:00 UTC": "2023-04-03T18:20",
            "Mon Apr  3 18:20:00 2023": "2023-04-03T18:20",
            "Mon, 03 Apr 2023 18:20:00 GMT": "2023-04-03T18:20",
            "Mon Apr 03 2023 18:20:00 GMT+0200 (Central European Summer Time)": "2023-04-03T16:20",
            "45019.76388888889": "2023-04-03T18:20",
            "45019,76388888889": "2023-04-03T18:20",
            "20230403182000": "2023-04-03T18:20",
            "1680546000": "2023-04-03T18:20",
            "1680546000000": "2023-04-03T18:20",
            "3 avril 2023 à 18:20": "2023-04-03T18:20",
            "3. April 2023, 18:20": "2023-04-03T18:20",
            "3 de abril de 2023 18:20": "2023-04-03T18:20",
            "2023年4月3日 18:20": "2023-04-03T18:20",
            "April 3, 2023 6:20 PM": "2023-04-03T18:20",
            "3 Apr 2023 6:20pm": "2023-04-03T18:20",
            "2023-04-03T18:20:00.123456Z": "2023-04-03T18:20",
        }.items()
    },
    **{
        f"no time: {written}": (
            {"c.csv": f'article_id,comment,date\na,Late again,"{written}"\na,not for me,2023-04-03T18:20Z\n'},
            comments(("Late again", "a", None, None), ("not for me", "a", None, "2023-04-03T18:20")),
        )
        for written in ("18:20", "now", "today", "3h", "2 days ago", "May 3", "-1", "nan", "None", "yesterday")
    },
    "markup": (
        {"c.csv": 'article_id,id,text\na,1,"Late<br>again, I don&#39;t mind <img alt=""[smile]"" src=""x.png""/>"\n'},
        comments(("Late\nagain, I don't mind [smile]", "a")),
    ),
    "a link": (
        {
            "c.csv": 'article_id,id,text\na,1,"<p>See <a href=""https://harbour.example"">the harbour</a> &amp; wait</p>"\n'
        },
        comments(("See the harbour & wait", "a")),
    ),
    "a smaller than sign is no markup": (
        {"c.csv": 'article_id,id,text\na,1,"I <3 this, 2 < 3 and x > y"\n'},
        comments(("I <3 this, 2 < 3 and x > y", "a")),
    ),
    "comments in an article's row": (
        {
            "c.json": json.dumps(
                [
                    {
                        "id": "a",
                        "title": "Ferry stops",
                        "text": "The ferry stops.",
                        "comments": [{"author": "Mira", "text": "Late again"}],
                    }
                ]
            )
        },
        comments(("Late again", "a", "Mira")),
    ),
    "replies in replies": (
        {
            "c.json": json.dumps(
                [
                    {
                        "id": "a",
                        "title": "Ferry stops",
                        "comments": [
                            {
                                "id": "1",
                                "author": "Mira",
                                "text": "Late again",
                                "replies": [{"id": "2", "author": "Oskar", "text": "not for me", "replies": []}],
                            }
                        ],
                    }
                ]
            )
        },
        comments(("Late again", "a", "Mira", ..., None), ("not for me", "a", "Oskar", ..., "1")),
    ),
    "ancestors and descendants": (
        {
            "c.json": json.dumps(
                {
                    "ancestors": [
                        {
                            "id": "10",
                            "content": "<p>x said</p>",
                            "created_at": "2023-04-03T18:20:00Z",
                            "account": {"acct": "Mira"},
                        }
                    ],
                    "descendants": [
                        {
                            "id": "11",
                            "content": "<p>y said</p>",
                            "in_reply_to_id": "10",
                            "created_at": "2023-04-03T18:21:00Z",
                            "account": {"acct": "Oskar"},
                        }
                    ],
                }
            )
        },
        comments(("x said", ..., "Mira", "2023-04-03T18:20"), ("y said", ..., "Oskar", "2023-04-03T18:21", "10")),
    ),
    "messages in parts": (
        {
            "c.json": json.dumps(
                {
                    "name": "Harbour",
                    "type": "public_channel",
                    "id": 7,
                    "messages": [
                        {
                            "id": 2,
                            "type": "message",
                            "date": "2023-04-03T18:21:00",
                            "from": "Oskar",
                            "text": ["see ", {"type": "link", "text": "harbour.example"}],
                        }
                    ],
                }
            )
        },
        comments(("see harbour.example", ..., "Oskar", "2023-04-03T18:21")),
    ),
    "rows": (
        {
            "c.json": json.dumps(
                {
                    "rows": [
                        {"article_id": "v1", "author": "Mira", "text": "Late again", "created": "2023-04-03T10:00:00Z"},
                        {
                            "article_id": "v1",
                            "author": "Oskar",
                            "text": "not for me",
                            "created": "2023-04-03T10:05:00Z",
                        },
                    ]
                }
            )
        },
        TWO,
    ),
    "posts within threads": (
        {
            "c.json": json.dumps(
                {
                    "threads": [
                        {
                            "id": "v1",
                            "title": "Ferry",
                            "posts": [
                                {"author": "Mira", "text": "Late again", "created": "2023-04-03T10:00:00Z"},
                                {"author": "Oskar", "text": "not for me", "created": "2023-04-03T10:05:00Z"},
                            ],
                        }
                    ]
                }
            )
        },
        TWO,
    ),
    "objects by id": (
        {
            "c.json": json.dumps(
                {
                    "c1": {"article_id": "v1", "author": "Mira", "text": "Late again", "date": "2023-04-03T10:00:00Z"},
                    "c2": {"article_id": "v1", "author": "Oskar", "text": "not for me", "date": "2023-04-03T10:05:00Z"},
                }
            )
        },
        TWO,
    ),
    "mongo": (
        {
            "c.jsonl": lines(
                {
                    "_id": {"$oid": "64"},
                    "article_id": {"$oid": "v1"},
                    "author": {"name": "Mira"},
                    "text": "Late again",
                    "date": {"$date": "2023-04-03T10:00:00Z"},
                },
                {
                    "_id": {"$oid": "65"},
                    "article_id": {"$oid": "v1"},
                    "author": {"name": "Oskar"},
                    "text": "not for me",
                    "date": {"$date": {"$numberLong": "1680516300000"}},
                },
            )
        },
        TWO,
    ),
    "ndjson called json": (
        {
            "c.json": lines(
                {"article_id": "v1", "author": "Mira", "text": "Late again", "date": "2023-04-03T10:00:00Z"},
                {"article_id": "v1", "author": "Oskar", "text": "not for me", "date": "2023-04-03T10:05:00Z"},
            )
        },
        TWO,
    ),
    "a reddit listing": (
        {
            "c.json": json.dumps(
                [
                    {
                        "kind": "Listing",
                        "data": {
                            "children": [
                                {
                                    "kind": "t3",
                                    "data": {
                                        "id": "v1",
                                        "name": "t3_v1",
                                        "title": "Ferry stops",
                                        "selftext": "",
                                        "author": "Ann",
                                        "created_utc": 1680512400,
                                    },
                                }
                            ]
                        },
                    },
                    {
                        "kind": "Listing",
                        "data": {
                            "children": [
                                {
                                    "kind": "t1",
                                    "data": {
                                        "id": "c1",
                                        "name": "t1_c1",
                                        "link_id": "t3_v1",
                                        "parent_id": "t3_v1",
                                        "author": "Mira",
                                        "body": "Late again",
                                        "created_utc": 1680516000,
                                        "replies": {
                                            "kind": "Listing",
                                            "data": {
                                                "children": [
                                                    {
                                                        "kind": "t1",
                                                        "data": {
                                                            "id": "c2",
                                                            "name": "t1_c2",
                                                            "link_id": "t3_v1",
                                                            "parent_id": "t1_c1",
                                                            "author": "Oskar",
                                                            "body": "not for me",
                                                            "created_utc": 1680516300,
                                                            "replies": "",
                                                        },
                                                    }
                                                ]
                                            },
                                        },
                                    },
                                }
                            ]
                        },
                    },
                ]
            )
        },
        comments(
            ("Late again", "v1", "Mira", "2023-04-03T10:00"), ("not for me", "v1", "Oskar", "2023-04-03T10:05", "c1")
        ),
    ),
    "hacker news": (
        {
            "c.json": json.dumps(
                {
                    "id": 1,
                    "title": "Ferry stops",
                    "type": "story",
                    "author": "ann",
                    "created_at": "2023-04-03T09:00:00.000Z",
                    "text": None,
                    "children": [
                        {
                            "id": 2,
                            "type": "comment",
                            "author": "Mira",
                            "text": "<p>Late again",
                            "created_at": "2023-04-03T10:00:00.000Z",
                            "parent_id": 1,
                            "story_id": 1,
                            "children": [
                                {
                                    "id": 3,
                                    "type": "comment",
                                    "author": "Oskar",
                                    "text": "not for me",
                                    "created_at": "2023-04-03T10:05:00.000Z",
                                    "parent_id": 2,
                                    "story_id": 1,
                                    "children": [],
                                }
                            ],
                        }
                    ],
                }
            )
        },
        comments(
            ("Late again", "1", "Mira", "2023-04-03T10:00"), ("not for me", "1", "Oskar", "2023-04-03T10:05", "2")
        ),
    ),
    "youtube's commentThreads": (
        {
            "c.json": json.dumps(
                {
                    "kind": "youtube#commentThreadListResponse",
                    "items": [
                        {
                            "kind": "youtube#commentThread",
                            "id": "c1",
                            "snippet": {
                                "videoId": "v1",
                                "topLevelComment": {
                                    "id": "c1",
                                    "snippet": {
                                        "videoId": "v1",
                                        "textDisplay": "Late again",
                                        "textOriginal": "Late again",
                                        "authorDisplayName": "Mira",
                                        "publishedAt": "2023-04-03T10:00:00Z",
                                    },
                                },
                            },
                            "replies": {
                                "comments": [
                                    {
                                        "id": "c1.2",
                                        "snippet": {
                                            "videoId": "v1",
                                            "textDisplay": "not for me",
                                            "textOriginal": "not for me",
                                            "authorDisplayName": "Oskar",
                                            "parentId": "c1",
                                            "publishedAt": "2023-04-03T10:05:00Z",
                                        },
                                    }
                                ]
                            },
                        }
                    ],
                }
            )
        },
        comments(
            ("Late again", "v1", "Mira", "2023-04-03T10:00", None),
            ("not for me", "v1", "Oskar", "2023-04-03T10:05", "c1"),
        ),
    ),
    "hypothes.is": (
        {
            "c.json": json.dumps(
                {
                    "total": 1,
                    "rows": [
                        {
                            "id": "h1",
                            "created": "2023-04-03T18:20:00+00:00",
                            "user": "acct:mira@hypothes.is",
                            "uri": "https://harbour.example/a",
                            "text": "Late again",
                            "tags": [],
                            "document": {"title": ["Ferry stops"]},
                        }
                    ],
                }
            )
        },
        comments(("Late again", "https://harbour.example/a", "mira", "2023-04-03T18:20")),
    ),
    "wordpress": (
        {
            "c.xml": '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Harbour</title><wp:wxr_version>1.2</wp:wxr_version><item><title>Ferry stops</title><link>https://harbour.example/a</link><content:encoded><![CDATA[The ferry stops.]]></content:encoded><wp:post_id>5</wp:post_id><wp:post_date_gmt>2023-04-03 09:00:00</wp:post_date_gmt><wp:post_type>post</wp:post_type><wp:comment><wp:comment_id>8</wp:comment_id><wp:comment_author><![CDATA[Mira]]></wp:comment_author><wp:comment_date_gmt>2023-04-03 18:20:00</wp:comment_date_gmt><wp:comment_content><![CDATA[Late again]]></wp:comment_content><wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type><wp:comment_parent>0</wp:comment_parent></wp:comment></item></channel></rss>'
        },
        comments(("Late again", "5", "Mira", "2023-04-03T18:20")),
    ),
    "an instagram export": (
        {
            "c.json": json.dumps(
                [
                    {
                        "shortCode": "v1",
                        "caption": "Ferry",
                        "timestamp": "2023-04-03T09:00:00.000Z",
                        "latestComments": [
                            {
                                "id": "c1",
                                "ownerUsername": "Mira",
                                "text": "Late again",
                                "timestamp": "2023-04-03T10:00:00.000Z",
                            },
                            {
                                "id": "c2",
                                "ownerUsername": "Oskar",
                                "text": "not for me",
                                "timestamp": "2023-04-03T10:05:00.000Z",
                            },
                        ],
                    }
                ]
            )
        },
        TWO,
    ),
    "a facebook page": (
        {
            "c.json": json.dumps(
                {
                    "data": [
                        {
                            "id": "v1",
                            "message": "Ferry stops",
                            "created_time": "2023-04-03T09:00:00+0000",
                            "comments": {
                                "data": [
                                    {
                                        "id": "c1",
                                        "from": {"name": "Mira", "id": "9"},
                                        "message": "Late again",
                                        "created_time": "2023-04-03T10:00:00+0000",
                                    },
                                    {
                                        "id": "c2",
                                        "from": {"name": "Oskar", "id": "8"},
                                        "message": "not for me",
                                        "created_time": "2023-04-03T10:05:00+0000",
                                    },
                                ]
                            },
                        }
                    ]
                }
            )
        },
        TWO,
    ),
    "excel": (
        {
            "c.xlsx": lambda: book(
                ["article_id", "author", "text", "date"],
                ["v1", "Mira", "Late again", "2023-04-03T10:00:00Z"],
                ["v1", "Oskar", "not for me", "2023-04-03T10:05:00Z"],
            )
        },
        TWO,
    ),
    "open document": (
        {
            "c.ods": lambda: open_document(
                ["article_id", "author", "text", "date"],
                ["v1", "Mira", "Late again", "2023-04-03T10:00:00Z"],
                ["v1", "Oskar", "not for me", "2023-04-03T10:05:00Z"],
            )
        },
        TWO,
    ),
    "tab": (
        {
            "c.tab": "article_id\tauthor\ttext\tdate\nv1\tMira\tLate again\t2023-04-03T10:00:00Z\nv1\tOskar\tnot for me\t2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "a table called txt": (
        {
            "c.txt": "article_id\tauthor\ttext\tdate\nv1\tMira\tLate again\t2023-04-03T10:00:00Z\nv1\tOskar\tnot for me\t2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "a table in utf-16 called txt": (
        {
            "c.txt": "article_id\tauthor\ttext\tdate\nv1\tMira\tLate again\t2023-04-03T10:00:00Z\nv1\tOskar\tnot for me\t2023-04-03T10:05:00Z\n".encode(
                "utf-16"
            )
        },
        TWO,
    ),
    "utf-16 without a mark": (
        {
            "c.csv": "article_id,author,text,date\nv1,Mira,Late again,2023-04-03T10:00:00Z\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n".encode(
                "utf-16-le"
            )
        },
        TWO,
    ),
    "csv in a zip": (
        {
            "c.csv.zip": zipped(
                c__csv="article_id,author,text,date\nv1,Mira,Late again,2023-04-03T10:00:00Z\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n"
            )
        },
        TWO,
    ),
    "two files in a zip": (
        {
            "c.zip": zipped(
                a__csv="article_id,author,text,date\nv1,Mira,Late again,2023-04-03T10:00:00Z\n",
                b__csv="article_id,author,text,date\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n",
            )
        },
        TWO,
    ),
    "gzip": (
        {
            "c.csv.gz": gzip.compress(
                b"article_id,author,text,date\nv1,Mira,Late again,2023-04-03T10:00:00Z\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n"
            )
        },
        TWO,
    ),
    "bzip2": (
        {
            "c.jsonl.bz2": bz2.compress(
                lines(
                    {"article_id": "v1", "author": "Mira", "text": "Late again", "date": "2023-04-03T10:00:00Z"},
                    {"article_id": "v1", "author": "Oskar", "text": "not for me", "date": "2023-04-03T10:05:00Z"},
                ).encode()
            )
        },
        TWO,
    ),
    "sep": (
        {
            "c.csv": "sep=;\narticle_id;author;text;date\nv1;Mira;Late again;2023-04-03T10:00:00Z\nv1;Oskar;not for me;2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "lines before the head": (
        {
            "c.csv": "Export of the harbour\nmade 2023\n\narticle_id,author,text,date\nv1,Mira,Late again,2023-04-03T10:00:00Z\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n"
        },
        TWO,
    ),
    "a trailing separator": (
        {
            "c.csv": "article_id;author;text;date;\nv1;Mira;Late again;2023-04-03T10:00:00Z;\nv1;Oskar;not for me;2023-04-03T10:05:00Z;\n"
        },
        TWO,
    ),
    "a quote that never closes": (
        {
            "c.tsv": 'article_id\tauthor\ttext\tdate\nv1\tMira\t"Late again\t2023-04-03T10:00:00Z\nv1\tOskar\tnot for me\t2023-04-03T10:05:00Z\n'
        },
        comments(('"Late again', "v1", "Mira", "2023-04-03T10:00"), ("not for me", "v1", "Oskar", "2023-04-03T10:05")),
    ),
    "strokes before quotes": (
        {"c.csv": 'article_id,author,text\na,Mira,"Nobody said \\"never\\" here"\na,Oskar,not for me\n'},
        comments(('Nobody said "never" here', "a", "Mira"), ("not for me", "a", "Oskar")),
    ),
    "ids that repeat in each thread": (
        {"c.csv": "article_id,comment_id,comment\na,1,Late again\nb,1,I walked\na,2,not for me\nb,2,nor did I\n"},
        comments(("Late again", "a"), ("not for me", "a"), ("I walked", "b"), ("nor did I", "b")),
    ),
    "ids that lost their digits": (
        {"c.csv": "id,comment\n1.68055E+17,Late again\n1.68055E+17,not for me\n1.68055E+17,nor for me\n"},
        comments(("Late again",), ("not for me",), ("nor for me",)),
    ),
    "words for nothing": (
        {
            "c.csv": "article_id,author,parent_id,text\na,nan,NULL,Late again\na,None,\\N,not for me\na,Mira,,nan\na,[deleted],,[deleted]\na,Ann,,so there\n"
        },
        comments(("Late again", "a", None, ..., None), ("not for me", "a", None, ..., None), ("so there", "a", "Ann")),
    ),
    "mojibake": ({"c.csv": "article_id,text\na,we wonâ\x80\x99t go\n"}, comments(("we won’t go", "a"))),
    "cp1251": (
        {
            "c.csv": (
                "article_id;text\n"
                + "1;Паром опоздал сегодня, и никто не сказал почему\n2;Я пошёл домой пешком через весь город\n"
            ).encode("cp1251")
        },
        comments(
            ("Паром опоздал сегодня, и никто не сказал почему", "1"), ("Я пошёл домой пешком через весь город", "2")
        ),
    ),
    "shift-jis": (
        {
            "c.csv": (
                "article_id,text\n"
                + "1,船がまた遅れました。誰も理由を教えてくれません。\n2,私は町を歩いて家に帰りました。\n"
            ).encode("shift_jis")
        },
        comments(("船がまた遅れました。誰も理由を教えてくれません。", "1"), ("私は町を歩いて家に帰りました。", "2")),
    ),
    "gbk": (
        {
            "c.csv": (
                "article_id,text\n" + "1,渡船又晚点了，没有人告诉我们为什么。\n2,我走路穿过整个城市回家。\n"
            ).encode("gbk")
        },
        comments(("渡船又晚点了，没有人告诉我们为什么。", "1"), ("我走路穿过整个城市回家。", "2")),
    ),
    "cp949": (
        {
            "c.csv": (
                "article_id,text\n"
                + "1,배가 또 늦었는데 아무도 이유를 말해주지 않았다.\n2,나는 도시를 걸어서 집에 갔다.\n"
            ).encode("cp949")
        },
        comments(("배가 또 늦었는데 아무도 이유를 말해주지 않았다.", "1"), ("나는 도시를 걸어서 집에 갔다.", "2")),
    ),
    "cp1250": (
        {
            "c.csv": (
                "article_id;text\n"
                + "1;Prom się spóźnił i nikt nie powiedział dlaczego, jak zwykle\n2;Poszłam pieszo przez całe miasto, żeby zdążyć\n"
            ).encode("cp1250")
        },
        comments(
            ("Prom się spóźnił i nikt nie powiedział dlaczego, jak zwykle", "1"),
            ("Poszłam pieszo przez całe miasto, żeby zdążyć", "2"),
        ),
    ),
    "comments beside their videos": (
        {
            "videos.csv": "video_id,title,published_at,url\nv1,Ferry stops,2023-04-03T09:00:00Z,https://x.example/v1\nv2,Bus goes on,2023-04-04T09:00:00Z,https://x.example/v2\n",
            "comments.csv": "video_id,author,text,published_at\nv1,Mira,Late again,2023-04-03T10:00:00Z\nv1,Oskar,not for me,2023-04-03T10:05:00Z\n",
        },
        TWO,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_read_as_its_writer_meant_it(name, tmp_path, capsys):
    files, expected, *further = CASES[name]
    paths = []
    for file, data in files.items():
        path = tmp_path / file
        data = data() if callable(data) else data
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        paths.append(str(path))
    assert main(["new", str(tmp_path / "study"), *paths]) == 0, capsys.readouterr()
    toml = tmp_path / "study" / "study.toml"
    toml.write_text(
        toml.read_text() + "\n[privacy]\nauthors = 'keep'\n"
        if "[privacy]" not in toml.read_text()
        else toml.read_text().replace('authors = "pseudonym"', 'authors = "keep"')
    )
    corpus = open_study(tmp_path / "study").corpus
    accounting = corpus.accounting
    assert (accounting["read"] == accounting["kept"] + accounting["rejected"]).all()
    table = corpus.comments
    found = sorted(
        (
            {
                "text": row.text,
                "thread": row.article_id,
                "author": None if pd.isna(row.author) else row.author,
                "at": None
                if pd.isna(row.posted_at) or row.posted_at_source != "comment"
                else f"{row.posted_at:%Y-%m-%dT%H:%M}",
                "parent": None if pd.isna(row.parent_id) else row.parent_id,
            }
            for row in table.itertuples()
            if row.text
        ),
        key=lambda row: row["text"],
    )
    wanted = sorted(expected, key=lambda row: row["text"])
    assert [row["text"] for row in found] == [row["text"] for row in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert {key: value for key, value in one.items() if other[key] is not ...} == {
            key: value for key, value in other.items() if value is not ...
        }


def test_half_a_letter_in_json_is_no_traceback(tmp_path, capsys):
    row = '{"article_id": "v1", "author": "Mi\\ud83dra", "id": "c\\ud83d1", "text": "Late \\ud83dagain", "date": "2023-04-03T10:00:00Z"}'
    (tmp_path / "c.jsonl").write_text(row + "\n" + row.replace("c\\ud83d1", "c2").replace("Late", "Never late"))
    assert main(["new", str(tmp_path / "study"), str(tmp_path / "c.jsonl")]) == 0, capsys.readouterr()
    assert len(open_study(tmp_path / "study").corpus.rows) == 2


@given(
    st.lists(st.text(st.sampled_from(' ab,;"\n\\'), min_size=1, max_size=30), min_size=1, max_size=12),
    st.sampled_from(",;\t"),
)
@example(["late\nand again, again, again"], ",")
@example(["he said \\"], ";")
@settings(max_examples=60, deadline=None)
def test_what_a_spreadsheet_writes_comes_back_row_by_row(texts, delimiter):
    texts = [f"said {text} so" for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerows([("comment_id", "author", "text"), *((f"c{i}", "Mira", t) for i, t in enumerate(texts))])
        (table,) = tables_of(path)
        assert [row["text"] for _, row, _ in table.rows()] == texts
