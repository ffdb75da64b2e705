"""Data as strangers have it, whose truth is known: what was lost, guessed in silence or read wrong once."""

from __future__ import annotations

import io
import json
import zipfile

import pandas as pd
import pytest

from analysis.corpus.exports import mail
from analysis.corpus.proposal import propose, write
from analysis.corpus.sources import read_sources
from analysis.settings import StudyError
from analysis.study_file import read_settings

FERRY = [  # id, thread, author, time, text, what it replies to
    ("11", "Ferry", "Mira", "2023-04-03 10:00", "Late again this morning", None),
    ("12", "Ferry", "Oskar", "2023-04-14 10:05", "not for me, I walked", "11"),
    ("13", "Bus", "Eve", "2023-04-15 09:30", "the bus was full as ever", None),
    ("14", "Bus", "Mira", "2023-04-28 23:59", "then walk as we all did", "13"),
]


def read(tmp_path, zone="UTC", **files):
    """What `threadline new` makes of files, and then reads; `__` in a name is a dot."""
    for name, data in files.items():
        (tmp_path / name.replace("__", ".")).write_bytes(data if isinstance(data, bytes) else data.encode())
    paths = [str(tmp_path / name.replace("__", ".")) for name in files]
    write(proposal := propose(tmp_path / "study", paths, timezone=zone))
    settings = read_settings(tmp_path / "study")
    return proposal, read_sources(settings.source, settings.folder)


def found(reading, *columns):
    """The comments in the order of FERRY, some columns of each; None where there is nothing, parents by their texts."""
    rows = reading.comments
    texts = dict(zip(rows["comment_id"], rows["text"], strict=True))
    rows = rows.assign(parent=rows["parent_id"].map(texts), at=rows["posted_at"].dt.strftime("%Y-%m-%d %H:%M"))
    rows = rows.set_index("text").reindex([one[4] for one in FERRY])
    return [tuple(None if pd.isna(one) else one for one in row) for row in rows[[*columns]].itertuples(index=False)]


def truth(*columns):
    """The same of FERRY."""
    texts = {one[0]: one[4] for one in FERRY}
    names = ("id", "article_id", "author", "at", "text", "parent")
    rows = [dict(zip(names, one, strict=True)) | {"parent": texts.get(one[5])} for one in FERRY]
    return [tuple(row[name] for name in columns) for row in rows]


def workbook(merge=(), **sheets):
    """An Excel file of sheets of rows; `merge` are ranges of the first."""
    from openpyxl import Workbook

    made, buffer = Workbook(), io.BytesIO()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for cells in merge:
        made.worksheets[0].merge_cells(cells)
    made.save(buffer)
    return buffer.getvalue()


def zipped(*names):
    """An archive of files that hold a tag."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "<w><p>Late again</p></w>")
    return buffer.getvalue()


HEAD = ["id", "article", "user", "date", "comment", "reply to"]
ROWS = [[one[0], one[1], one[2], one[3], one[4], one[5]] for one in FERRY]
NAMES = ("Mira", "Oskar", "Eve")
ALL = ("article_id", "author", "at", "parent")


def test_every_sheet_of_comments_is_read_and_one_of_articles_is_none(tmp_path):
    remarks, articles = [["Two months."], ["See the sheets."]], [["title", "published"], ["Ferry", "2023-04-01"]]
    book = workbook(Remarks=remarks, Articles=articles, April=[HEAD, *ROWS[:2]], May=[HEAD, *ROWS[2:]], Empty=[])
    _, reading = read(tmp_path, x__xlsx=book)
    assert found(reading, *ALL) == truth(*ALL)
    assert reading.accounting["source_file"].str.split("/").str[-1].tolist() == ["Articles", "April", "May"]
    assert reading.articles["published_at"].notna().tolist() == [False, True]


def test_a_cell_that_is_merged_down_a_column_is_of_all_its_rows(tmp_path):
    rows = [[name if i % 2 == 0 else None, *row[2:]] for i, row in enumerate(ROWS) for name in [row[1]]]
    head = [HEAD[1], *HEAD[2:]]
    _, reading = read(tmp_path, x__xlsx=workbook(("A2:A3", "A4:A5"), Sheet=[head, *rows]))
    assert found(reading, "article_id", "at") == truth("article_id", "at")


def test_json_by_columns_is_a_table(tmp_path):
    table = pd.DataFrame(ROWS, columns=HEAD)
    made = {"index": table.to_json(), "split": table.to_json(orient="split"), "list": json.dumps(table.to_dict("list"))}
    for name, text in made.items():
        (folder := tmp_path / name).mkdir()
        assert found(read(folder, x__json=text)[1], *ALL) == truth(*ALL), name


def test_comments_that_are_bare_texts_or_in_parts_are_comments(tmp_path):
    lines = [
        {"title": name, "text": "An article.", "comments": [one[4] for one in FERRY if one[1] == name], "kids": ["1a"]}
        for name in ("Ferry", "Bus")
    ]
    (tmp_path / "a").mkdir()
    _, reading = read(tmp_path / "a", x__jsonl="\n".join(map(json.dumps, lines)))
    threads = reading.articles.set_index("article_id")["title"]
    assert [threads[one] for (one,) in found(reading, "article_id")] == ["Ferry", "Ferry", "Bus", "Bus"]
    parts = [
        {"id": one[0], "thread": one[1], "user": one[2], "date": one[3], "content": [{"id": "q", "text": one[4]}, {"id": "r", "type": "gif"}]}
        for one in FERRY
    ]  # fmt: skip
    _, reading = read(tmp_path, x__json=json.dumps({"comments": parts}))
    assert found(reading, "article_id", "author", "at") == truth("article_id", "author", "at")


def test_a_column_tells_articles_from_comments(tmp_path):
    rows = [
        dict(id=one[0], kind="comment", thread=one[1], by=one[2], date=one[3], title="", text=one[4], parent=one[5] or "")
        for one in FERRY
    ]  # fmt: skip
    head = [dict(id=name[:1], kind="story", thread=name, by="Ed", date="2023-04-01", title=f"The {name}", text="An article.", parent="") for name in ("Ferry", "Bus")]  # fmt: skip
    (tmp_path / "a").mkdir()
    _, reading = read(tmp_path / "a", x__csv=pd.DataFrame(head + rows).to_csv(index=False))
    assert found(reading, *ALL) == truth(*ALL)
    assert sorted(reading.articles["title"]) == ["The Bus", "The Ferry"]
    assert "rows whose kind is story are articles" in reading.notes["note"].tolist()
    for row in rows:  # without a column of threads: what is replied to leads to the article
        row["parent"] = row["parent"] or row["thread"][:1]
    _, reading = read(tmp_path, x__csv=pd.DataFrame(head + rows).drop(columns="thread").to_csv(index=False))
    assert found(reading, "author", "at", "parent") == truth("author", "at", "parent")
    threads = reading.articles.set_index("article_id")["title"]
    assert [threads[one] for (one,) in found(reading, "article_id")] == [f"The {one[1]}" for one in FERRY]


ROW = [dict(zip(("id", "thread", "user", "date", "text", "parent"), one, strict=True)) for one in FERRY]


def columns(**names):
    """FERRY as csv, its columns called otherwise, in the order that is given."""
    return pd.DataFrame(ROW)[[*names]].rename(columns=names).to_csv(index=False)


@pytest.mark.parametrize(
    "names",
    [
        dict(id="ID_Post", parent="ID_Parent_Post", thread="ID_Article", user="ID_User", date="CreatedAt", text="Body"),
        dict(id="content_uuid", parent="parent_uuid", thread="thread_uuid", user="actor_name", date="date_created", text="content"),
        dict(id="objectID", parent="parent_id", thread="story_id", user="author", date="created_at", text="comment_text"),
        dict(id="Nr.", parent="Antwort auf", thread="Artikel", user="Benutzername", date="Datum", text="Kommentar"),
    ],
    ids=["id first", "uuid", "objects", "numbers"],
)  # fmt: skip
def test_the_ids_are_the_column_to_which_parents_refer(tmp_path, names):
    assert found(read(tmp_path, x__csv=columns(**names))[1], *ALL) == truth(*ALL)


def test_what_ids_say_of_the_parent_is_read(tmp_path):
    full = [dict(row, parent=f"t1_{row['parent']}" if row["parent"] else f"t3_{row['thread']}") for row in ROW]
    (tmp_path / "a").mkdir()
    _, reading = read(tmp_path / "a", x__csv=pd.DataFrame(full).to_csv(index=False))
    assert found(reading, *ALL) == truth(*ALL)
    going_on = [dict(row, id=f"{row['parent']}.{row['id']}" if row["parent"] else row["id"]) for row in ROW]
    lines = [json.dumps({key: row[key] for key in ("id", "user", "date", "text")}) for row in going_on]
    _, reading = read(tmp_path, x__jsonl="\n".join(lines))
    assert found(reading, "author", "at", "parent") == truth("author", "at", "parent")
    assert reading.notes["note"].str.contains("id goes on after another's").any()


def test_what_is_the_same_all_over_a_thread_is_the_article_s(tmp_path):
    table = pd.DataFrame(ROW * 2).rename(columns={"user": "commenter", "date": "commented", "text": "comment"})
    table["comment"] = [text if i < 4 else f"{text}, again" for i, text in enumerate(table["comment"])]
    table = table.drop(columns=["id", "parent"])
    table.insert(0, "author", table["thread"].map({"Ferry": "Ed", "Bus": "Una"}))
    table.insert(0, "publication_date", "2023-04-01")
    _, reading = read(tmp_path, x__csv=table.rename(columns={"thread": "title"}).to_csv(index=False))
    assert found(reading, "article_id", "author", "at") == truth("article_id", "author", "at")


def test_a_day_and_a_time_of_day_in_two_columns_are_one_time(tmp_path):
    table = pd.DataFrame(ROW).drop(columns=["parent", "date"])
    days, clocks = zip(*(row["date"].split() for row in ROW), strict=True)
    for name, (day, clock) in {"a": ("date", "time"), "b": ("Datum", "Uhrzeit"), "c": ("Día", "Hora")}.items():
        (tmp_path / name).mkdir()
        apart = table.assign(**{clock: clocks, day: [f"{one} 00:00:00" if name == "a" else one for one in days]})
        _, reading = read(tmp_path / name, zone="Europe/Berlin", x__csv=apart.to_csv(index=False))
        assert found(reading, "at")[0] == ("2023-04-03 08:00",), name


@pytest.mark.parametrize(
    "written",
    ["3. April 2023, 10.05 Uhr", "3 de abr. de 2023 10:05 a. m.", "03/04/2023 10:05 π.μ.", "2023. 4. 3. 오전 10:05",
     "2023.04.03. 10:05:00", "3 kwietnia 2023 r., godz. 10:05", "lun 3 aprile 2023 alle ore 10:05", "3. huhtikuuta 2023 klo 10.05"],
)  # fmt: skip
def test_dates_of_more_pages(tmp_path, written):
    rows = [dict(row, date=written) for row in ROW]
    _, reading = read(tmp_path, x__tsv=pd.DataFrame(rows + [dict(rows[0], id="15", text="more", date="25/04/2023")]).to_csv(index=False, sep="\t"))  # fmt: skip
    assert found(reading, "at")[1] == ("2023-04-03 10:05",)


def test_a_table_without_a_header_loses_no_row_and_says_so(tmp_path):
    lines = [[row["id"], f"https://e.example/{row['thread']}", row["user"], row["date"], row["text"]] for row in ROW]
    for name, data in {"x__csv": pd.DataFrame(lines).to_csv(index=False, header=False), "x__xlsx": workbook(A=lines)}.items():  # fmt: skip
        (folder := tmp_path / name).mkdir()
        _, reading = read(folder, **{name: data})
        assert found(reading, "at") == truth("at")
        assert reading.notes["note"].str.contains("first row is data, no header").any()
        assert "Late again" not in (folder / "study" / "study.toml").read_text()


def test_of_two_columns_of_a_name_the_article_s_text_is_not_the_comment_s(tmp_path):
    rows = [
        [r["thread"], r["user"], f"Of the {r['thread']}", r["date"], f"{r['text']} {i}"] for i, r in enumerate(ROW * 2)
    ]
    table = pd.DataFrame(rows, columns=["thread", "user", "text", "date", "text"])
    texts = read(tmp_path, x__csv=table.to_csv(index=False))[1].comments["text"]
    assert sorted(texts.str[-1]) == list("01234567")


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("x__html", b"<!DOCTYPE html>\n<html>\n<p>Mira</p>\n<p>Late again</p>\n<p>Oskar</p>\n<p>not for me</p></html>", "a web page"),
        ("x__xls", b"<html><table><tr><td>id</td><td>text</td></tr></table></html>", "a web page"),
        ("x__rtf", rb"{\rtf1\ansi Mira\par" + b"\nLate again\n\nOskar\nnot for me\n}", "rich text"),
        ("x__fods", b'<?xml version="1.0" encoding="UTF-8"?>\n\n<office:document>\n<p>Mira</p>\n<p>Late</p>\n</office:document>',
         "XML"),
        ("x__sql", b"-- a dump\nCREATE TABLE c (body text);\nINSERT INTO c VALUES ('Late again');\n\nCOMMIT;\n", "in SQL"),
        ("x__dta", b"<stata_dta>" + bytes(range(1, 9)) * 9, r"not text.*export a table as \.csv"),
        ("x__docx", lambda: zipped("[Content_Types].xml", "word/document.xml"), "not text"),
    ],
)  # fmt: skip
def test_what_is_neither_a_table_nor_a_thread_is_told(tmp_path, name, data, found):
    with pytest.raises(StudyError, match=found):
        read(tmp_path, **{name: data if isinstance(data, bytes) else data()})


def test_a_file_of_several_threads_is_told(tmp_path):
    pages = [f"2023-04-0{i} The ferry stops.\n© 2023 Harbour Press\n" + "".join(f"{one[2]}\n{one[4]}\n" for one in FERRY) for i in (1, 2)]  # fmt: skip
    (tmp_path / "a").mkdir()
    assert read(tmp_path / "a", x__txt=pages[0])[1].notes.empty
    notes = read(tmp_path, x__txt="\n".join(pages))[1].notes
    assert notes["note"].str.contains("several threads").any()


def test_totals_and_rows_without_a_thread_have_a_note(tmp_path):
    rows = [dict(row, id=f"{n}{row['id']}", text=f"{row['text']} {n}", parent="") for n in range(8) for row in ROW]
    rows[1]["thread"] = ""
    _, reading = read(
        tmp_path, x__csv=pd.DataFrame([*rows, {"id": "Total", "text": "32 comments"}]).to_csv(index=False)
    )
    notes = dict(zip(reading.notes["note"].str.split(",").str[0], reading.notes["line"], strict=True))
    assert notes["1 comments without author and time"] == 34
    assert notes["2 comments without a thread: each counts as one of its own"] == 3


def test_what_says_that_a_comment_was_removed_is_none(tmp_path):
    said = ["Comment deleted", "This comment was removed by a moderator because it broke the rules.", "Dieser Kommentar wurde entfernt.",
            "Ce commentaire a été supprimé", "该评论已被删除", "My comment was removed again!", "The post was deleted, and why?"]  # fmt: skip
    rows = [dict(ROW[0], id=i, text=text) for i, text in enumerate(said)]
    _, reading = read(tmp_path, x__csv=pd.DataFrame(rows + ROW).to_csv(index=False))
    assert reading.rejects["reason"].tolist() == ["deleted at the source"] * 5
    assert len(reading.comments) == 2 + len(ROW)


def test_the_text_of_an_xml_element_is_read_beside_its_attributes(tmp_path):
    rows = "".join(f"<post id='{r['id']}' thread='{r['thread']}' user='{r['user']}' date='{r['date']}' parent='{r['parent'] or ''}'>{r['text']}</post>" for r in ROW)  # fmt: skip
    assert found(read(tmp_path, x__xml=f"<posts>{rows}</posts>")[1], *ALL) == truth(*ALL)


def test_a_header_that_comes_again_is_no_comment(tmp_path):
    table = pd.DataFrame(ROW).drop(columns="parent")
    text = table[:2].to_csv(index=False) + table[2:].to_csv(index=False)
    lines = [[*table], *table[:2].to_numpy().tolist(), [*table], *table[2:].to_numpy().tolist()]
    for name, data in {"x__csv": text, "x__xlsx": workbook(A=lines)}.items():
        (folder := tmp_path / name).mkdir()
        _, reading = read(folder, **{name: data})
        assert found(reading, "article_id", "at") == truth("article_id", "at")
        assert reading.rejects[["line", "reason"]].to_numpy().tolist() == [[4, "the header again"]]


def test_links_to_comments_are_of_their_page_and_titles_of_authors_no_thread(tmp_path):
    rows = [dict(title=f"By: {r['user']}", by=r["user"], link=f"https://e.example/{r['thread']}/#comment-{r['id']}{n}", last_seen="2024-01-01", added_on_site=r["date"], text=f"{r['text']}{n}" if n else r["text"]) for n in ("", "b") for r in ROW]  # fmt: skip
    _, reading = read(tmp_path, x__csv=pd.DataFrame(rows).to_csv(index=False))
    want = [(f"https://e.example/{thread}/", *more) for thread, *more in truth("article_id", "author", "at")]
    assert found(reading, "article_id", "author", "at") == want


def test_the_messages_of_an_mbox_are_comments(tmp_path):
    head = "From {user}@e.example Mon Apr  3 08:00:00 2023\nFrom: {user} <{user}@e.example>\nSubject: {re}{thread}\n"
    more = "Date: {date} +0000\nMessage-ID: <{id}@e.example>\nReferences: {parent}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n"
    days = {"03": "3 Apr", "14": "14 Apr", "15": "15 Apr", "28": "28 Apr"}
    for row in ROW:
        row = dict(
            row, re="Re: " if row["parent"] else "", parent=f"<{row['parent']}@e.example>" if row["parent"] else ""
        )
        row["date"] = f"{days[row['date'][8:10]]} 2023 {row['date'][11:]}:00"
        with (tmp_path / "a.mbox").open("a") as file:
            file.write((head + more).format(**row))
    data = (tmp_path / "a.mbox").read_bytes()
    for name in ("x__mbox", "x__txt"):
        (folder := tmp_path / name).mkdir()
        _, reading = read(folder, **{name: data})
        assert found(reading, *ALL) == truth(*ALL)
        assert reading.rejects.empty


def test_a_reply_to_the_comment_that_has_the_article_s_number_is_one(tmp_path):
    rows = [dict(row, id=str(i), thread=row["thread"].replace("Ferry", "1").replace("Bus", "7")) for i, row in enumerate(ROW, 1)]  # fmt: skip
    rows = [dict(row, parent={"11": "1", "13": "3"}.get(row["parent"], row["thread"])) for row in rows]
    rows += [dict(rows[2], id=str(i), thread=str(i + 20), text=f"more {i}", parent=str(i + 20)) for i in (5, 6)]
    rows[0]["parent"] = ""
    _, reading = read(tmp_path, x__csv=pd.DataFrame(rows).to_csv(index=False))
    assert found(reading, "author", "at", "parent") == truth("author", "at", "parent")


def test_whether_it_is_a_reply_is_no_parent_and_a_link_to_a_comment_no_thread(tmp_path):
    rows = [dict(cid=r["id"], page=f"https://e.example/{r['thread']}#c{r['id']}", user=r["user"], date=r["date"], text=r["text"], padre=r["parent"] or "") for r in ROW]  # fmt: skip
    (tmp_path / "a").mkdir()
    _, reading = read(tmp_path / "a", x__csv=pd.DataFrame(rows).to_csv(index=False))
    assert found(reading, "author", "parent") == truth("author", "parent") and len(reading.articles) == 2
    flags = [dict(row, parent=str(row["parent"] is not None)) for row in ROW]
    _, reading = read(tmp_path, x__csv=pd.DataFrame(flags).to_csv(index=False))
    assert reading.comments["parent_id"].isna().all() and reading.notes.empty


@pytest.mark.parametrize("write_list", [json.dumps, str], ids=["JSON", "Python"])
def test_a_cell_that_holds_a_list_of_comments_is_its_comments(tmp_path, write_list):
    names = dict(date="time", id="id", user="author", text="body")
    lists = {t: write_list([{ours: r[key] for key, ours in names.items()} for r in ROW if r["thread"] == t]) for t in ("Ferry", "Bus")}  # fmt: skip
    for name, column in {"a": "comments", "b": "reader_comments_json"}.items():
        (folder := tmp_path / name).mkdir()
        table = pd.DataFrame([{"url": t, "n": 2, "title": f"The {t}", column: some} for t, some in lists.items()])
        proposal, reading = read(folder, x__csv=table.to_csv(index=False))
        assert found(reading, "article_id", "author", "at") == truth("article_id", "author", "at"), proposal.seen
        assert sorted(reading.articles["title"]) == ["The Bus", "The Ferry"]
    # As a spreadsheet cuts it; and so long that it could fill the memory.
    for name, unread in {"c": lists["Bus"][:40], "d": lists["Bus"].replace("[", "[" + " " * 2**20, 1)}.items():
        table[column] = [lists["Ferry"], unread]
        (tmp_path / name).mkdir()
        _, reading = read(tmp_path / name, x__csv=table.to_csv(index=False))
        assert found(reading, "at")[:2] == truth("at")[:2]
        why = "its list of comments cannot be read: cut off, or of more than 1,048,576 letters?"
        assert reading.rejects["reason"].tolist() == [why]


def test_lists_in_cells_that_are_no_comments_are_let_be(tmp_path):
    rows = [dict(row, tags='[{"text": "ferry", "indices": [0, 5]}]', mentions="[{'id': 3, 'name': 'Ann'}]") for row in ROW]  # fmt: skip
    _, reading = read(tmp_path, x__csv=pd.DataFrame(rows).to_csv(index=False))
    assert found(reading, *ALL) == truth(*ALL)


def test_links_that_differ_by_what_does_not_tell_the_page_are_one_thread(tmp_path):
    forms = ["https://www.e.example/{}/", "http://e.example/{}", "https://e.example/{}?utm_source=x&utm_medium=y", "https://e.example/{}/#top"]  # fmt: skip
    rows = [dict(row, thread=forms[i].format(row["thread"])) for i, row in enumerate(ROW)]
    articles = [dict(url=f"https://e.example/{t}", title=f"The {t}", published="2023-04-01") for t in ("Ferry", "Bus")]
    proposal, reading = read(
        tmp_path,
        c__csv=pd.DataFrame(rows).rename(columns={"thread": "article_url"}).to_csv(index=False),
        a__csv=pd.DataFrame(articles).to_csv(index=False),
    )
    assert any("holds 100% of the threads" in line for line in proposal.seen)
    want = [(f"https://e.example/{thread}", *more) for thread, *more in truth(*ALL)]
    assert found(reading, *ALL) == want and len(reading.articles) == 2
    (tmp_path / "b").mkdir()  # without a table of articles
    _, reading = read(tmp_path / "b", c__csv=pd.DataFrame(rows).rename(columns={"thread": "url"}).to_csv(index=False))
    assert len(reading.articles) == 2


def test_numbered_columns_are_the_comments_of_an_article_in_each_row(tmp_path):
    threads = {t: [r for r in ROW if r["thread"] == t] for t in ("Ferry", "Bus")}
    names = {"a": "{0}_{1}", "b": "comments/{1}/{0}"}
    for name, form in names.items():
        rows = [{"title": t, "n": 2, **{form.format(*key): value for i, r in enumerate(some) for key, value in {("comment" if name == "a" else "text", i): r["text"], ("author", i): r["user"], ("date", i): r["date"]}.items()}} for t, some in threads.items()]  # fmt: skip
        del rows[1][form.format("author", 1)]
        (folder := tmp_path / name).mkdir()
        _, reading = read(folder, x__csv=pd.DataFrame(rows).to_csv(index=False))
        assert sorted(reading.articles["title"]) == ["Bus", "Ferry"]
        assert found(reading, "author", "at") == [*truth("author", "at")[:3], (None, "2023-04-28 23:59")]
    answers = [{"respondent": i, "comment_1": r["text"], "comment_2": r["text"][:-4]} for i, r in enumerate(ROW)]
    proposal, reading = read(tmp_path, x__csv=pd.DataFrame(answers).to_csv(index=False))
    assert len(reading.comments) == 4
    note = "one comment a row is read: comment_1; not comment_2: make a row of each"
    assert any(note in line for line in proposal.seen)


@pytest.mark.parametrize(("column", "values"), [("is_deleted", (True, False)), ("status", ("removed", "visible")), ("Spam", ("1", "0"))])  # fmt: skip
def test_rows_that_a_column_says_are_gone_are_counted(tmp_path, column, values):
    rows = [{**row, column: values[i > 0]} for i, row in enumerate(ROW)]
    proposal, reading = read(tmp_path, x__jsonl="\n".join(map(json.dumps, rows)))
    assert found(reading, *ALL) == truth(*ALL)
    note = f"{column} = {str(values[0]).lower()} in 1 comment, read like others"
    assert note in "\n".join(proposal.seen) and note in "\n".join(reading.notes["note"])


def test_a_column_of_offsets_is_used_where_times_are_said_to_be_local_and_told_elsewhere(tmp_path):
    rows = [dict(row, date=f"{row['date']}:00", utc_offset="+02:00") for row in ROW]
    rows[0]["date"] = "2023-04-04 00:00:00"
    for name, (column, offset, at) in {
        "a": ("local_time", "+02:00", "2023-04-03 22:00"),
        "b": ("date", "+02:00", "2023-04-04 00:00"),
        "c": ("created_at_local", 120, "2023-04-04 00:00"),
        "d": ("created_utc", "+02:00", "2023-04-04 00:00"),
    }.items():
        (folder := tmp_path / name).mkdir()
        table = pd.DataFrame([dict(row, utc_offset=offset) for row in rows]).rename(columns={"date": column})
        _, reading = read(folder, x__csv=table.to_csv(index=False))
        assert found(reading, "at")[0] == (at,), name
        told = "utc_offset is not used: times of" in "\n".join(reading.notes["note"])
        assert told == (name in "bc"), name
    table[column] = [f"{one}Z" for one in table[column]]
    assert read(tmp_path, x__csv=table.to_csv(index=False))[1].notes.empty


def pages(form, notice="© 2023 Harbour Press\n"):
    """Thread files of FERRY's two threads, three times each, the comments in some form."""
    pages = {f"{t}{n}__txt": f"2023-04-0{n} The {t} stops again, said the council of day {n}.\n{notice}" for t in ("Ferry", "Bus") for n in (1, 2, 3)}  # fmt: skip
    return {name: head + "".join(form.format(**row, n=name[-6]) for row in ROW * 3 if name.startswith(row["thread"])) for name, head in pages.items()}  # fmt: skip


def test_a_name_and_its_comment_on_one_line_are_two_after_a_notice_and_told_elsewhere(tmp_path):
    (tmp_path / "a").mkdir()
    _, reading = read(tmp_path / "a", **pages("{user}: {text}: {n}\n"))
    assert len(reading.comments) == 36 and set(reading.comments["author"]) == {"Mira", "Oskar", "Eve"}
    assert {one[:-3] for one in reading.comments["text"]} == {row["text"] for row in ROW}
    assert reading.accounting["rejected"].sum() == 0
    (tmp_path / "b").mkdir()
    with pytest.raises(StudyError, match="for each comment a line with the reader's name"):
        read(tmp_path / "b", **pages("{user}: {text}: {n}\n", notice=""))
    notes = read(tmp_path, **pages("{user}: {text}: {n}\n", notice="Comments\nMira\nLate\n"))[1].notes["note"]
    assert notes.str.contains("“Name: text”").any()


def test_a_mark_before_names_is_none_of_theirs_and_doubtful_pages_are_told(tmp_path):
    (tmp_path / "a").mkdir()
    _, reading = read(tmp_path / "a", **pages("> {user}\n{text}, {n}\n"))
    assert set(reading.comments["author"]) == {"Mira", "Oskar", "Eve"}
    told = reading.notes["note"].str.contains("it is doubtful where they begin or end")
    assert not told.any()
    _, reading = read(tmp_path, **pages("#{id} {user} wrote\n{text}, {n}\n{date}\n"))
    assert reading.notes["note"].str.contains("it is doubtful where they begin or end").any(), reading.comments


def test_a_notice_of_another_form_among_comments_is_no_second_thread(tmp_path):
    page = "2023-04-01 The ferry stops.\n© 2023 Harbour Press\n" + "".join(f"{r['user']}\n{r['text']}\n" for r in ROW)
    notes = read(tmp_path, x__txt=f"{page}Copyright (C) 2016 Shell Makers. All rights reserved.\n")[1].notes["note"]
    assert not notes.str.contains("another copyright").any()


def test_local_ids_of_comments_that_are_articles_numbers_too_do_not_hide_replies(tmp_path):
    rows = [
        dict(id=str(i), article=str(a), user=NAMES[i % 3], text=f"remark {i} on {a}, again", parent={3: "1", 4: "2"}.get(i, ""))
        for a in (1, 2, 3) for i in (1, 2, 3, 4)
    ]  # fmt: skip
    rows = [dict(row, parent=row["article"]) if row["id"] == "4" else row for row in rows]
    _, reading = read(tmp_path, x__csv=pd.DataFrame(rows).to_csv(index=False))
    texts = dict(zip(reading.comments["comment_id"], reading.comments["text"], strict=True))
    above = dict(zip(reading.comments["text"], reading.comments["parent_id"].map(texts).fillna(""), strict=True))
    for a in (1, 2, 3):
        want = ["", "", f"remark 1 on {a}, again", f"remark {a} on {a}, again"]
        assert [above[f"remark {i} on {a}, again"] for i in (1, 2, 3, 4)] == want


@pytest.mark.parametrize(("written", "at"), [("/Date(1680516000000)/", "2023-04-03 10:00"), ("3 tháng 4, 2023 10:00", "2023-04-03 10:00"), ("10:00 03 Tháng 4 2023", "2023-04-03 10:00"), ("Thứ hai, 3/4/2023, 10:00 (GMT+7)", "2023-04-03 03:00")])  # fmt: skip
def test_dates_of_vietnamese_pages_and_of_old_services(tmp_path, written, at):
    rows = [dict(row, date=written) for row in ROW]
    rows += [dict(rows[0], id="15", text="more", date="25/04/2023")]
    assert found(read(tmp_path, x__csv=pd.DataFrame(rows).to_csv(index=False))[1], "at")[1] == (at,)


def box(*messages: str) -> list[bytes]:
    head = "From a@b Mon Jan  1 00:00:00 2024\nMessage-ID: <{}>\n"
    return "".join(head.format(i) + one + "\n\n" for i, one in enumerate(messages)).encode("latin-1").splitlines(True)


@pytest.mark.parametrize(
    "heavy",
    [
        "\n" + "long\n" * 2000,
        "Subject: " + "so " * 2000 + "\n\nshort",
        "From: " + "(" * 4000 + "\n\nshort",
        "Content-Type: text/plain" + "; a=b" * 2000 + "\n\nshort",
        "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nso\n" * 100,
        "Content-Type: message/rfc822\n\n" * 5000,
    ],
    ids=["text", "subject", "sender", "kind", "parts", "nested"],
)
def test_a_message_that_would_fill_the_memory_is_rejected_and_the_others_are_read(monkeypatch, heavy):
    monkeypatch.setattr(mail, "MOST", 5000 if heavy.startswith("\n") else mail.MOST)
    monkeypatch.setattr(mail, "LONGEST", 5000)
    monkeypatch.setattr(mail, "PARTS", 90 if "--b" in heavy else 10**6)
    found = list(mail.messages(box("\nshort", heavy, "\nshort")))
    assert [row and row["message_id"] for _, row, _ in found] == ["<0>", None, "<2>"]
    assert [reason for *_, reason in found] == ["", mail.TOO_MUCH, ""]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("=?utf-8?q?Sch=C3=B6n?=  =?iso-8859-1?b?5Gg=?= so", "Schönäh so"),
        ("Re: AW: [list] Tolls", "[list] Tolls"),
        ("a folded\n line", "a folded line"),
        ("bytes\u00c3\u00a4 as they are", "bytesä as they are"),
        ("bytes\u00c3\u00a4 and =?utf-8?q?=C3=B6?=", "bytesä and ö"),
        ("\u00c5\u0081 and =?utf-8?q?=C3=B6?=", "Ł and ö"),
        ("=?nobody-knows?q?a?= word", "=?nobody-knows?q?a?= word"),
        ("=?utf-8?b?a?= broken", "=?utf-8?b?a?= broken"),
    ],
)
def test_the_words_of_a_field_are_read_in_all_their_forms(field, words):
    ((_, row, _),) = mail.messages(box(f"Subject: {field}\n\nshort"))
    assert row["subject"] == words


def test_of_a_message_of_parts_the_text_is_read_and_what_is_attached_is_not():
    kinds = "Content-Type: multipart/mixed; boundary=b\n\n"
    attached = "--b\nContent-Type: text/plain\nContent-Disposition: ATTACHMENT; filename=a.txt\n\na list\n"
    both = kinds + attached + "--b\nContent-Type: text/plain; charset=utf-8\n\n>From here, \u00c3\u00a4h\n--b--\n"
    alone = kinds + attached + "--b--\n"
    coded = "Content-Type: text/plain; charset=nobody-knows\n\nso it is"
    found = list(mail.messages(box(both, alone, coded)))
    assert [row and row["text"] for _, row, _ in found] == ["From here, äh", None, "so it is"]
    assert [reason for *_, reason in found] == ["", mail.NO_TEXT, ""]
