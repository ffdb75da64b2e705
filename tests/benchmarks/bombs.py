"""Files that would fill the memory, at their real sizes: how each ends, in how many lines, seconds of the processor and GiB.

    python tests/benchmarks/bombs.py [part of a name …]

Each is given to `threadline new` and, where that makes a study of it, to `threadline check`, in processes that are watched.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from trends import show

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 300  # seconds of the processor
MIB = 1 << 20


def packed_row(path: Path) -> None:
    """A row of 1 GiB, packed into 1 MiB."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"id,thread,author,comment\n1,t,Ann,")
        for _ in range(1024):
            file.write(b"x" * MIB)


def plain_row(path: Path) -> None:
    """A row of 1 GiB."""
    with path.open("wb") as file:
        file.write(b"id,thread,author,comment\n1,t,Ann,")
        for _ in range(1024):
            file.write(b"x" * MIB)


def columns(path: Path) -> None:
    """A million columns."""
    path.write_text("id,comment," + ",".join(f"c{i}" for i in range(1_000_000)) + "\n1,fine\n")


def quotation(path: Path) -> None:
    """A quotation that never closes, over a million lines."""
    path.write_text('id,thread,author,comment\n1,t,Ann,"it begins\n' + "2,t,Bob,and goes on\n" * 1_000_000)


def nested_json(path: Path) -> None:
    """A list in a list, a million deep."""
    path.write_text("[" * 1_000_000)


def keys(path: Path) -> None:
    """An object of a million keys."""
    path.write_text("[{" + ",".join(f'"k{i}":1' for i in range(1_000_000)) + "}]")


def digits(path: Path) -> None:
    """A number of a million digits."""
    path.write_text('{"id":' + "9" * 1_000_000 + ',"comment":"fine"}\n{"id":2,"comment":"fine"}\n')


def laughs(path: Path) -> None:
    """Entities that grow: a billion laughs."""
    grow = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    path.write_text(f'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY l0 "ha">{grow}]><z><c>&l9;</c></z>')


def nested_xml(path: Path) -> None:
    """An element in an element, a million deep."""
    path.write_text('<?xml version="1.0"?>' + "<a>" * 1_000_000)


def archive(path: Path) -> None:
    """An archive of a csv file of 1 GiB without an end of line, in 1 MiB, under a path that climbs."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("../../c.csv", "w", force_zip64=True) as one,
    ):
        one.write(b"id,thread,author,comment\n1,t,Ann,")
        for _ in range(1024):
            one.write(b"x" * MIB)


def noise(path: Path) -> None:
    """256 MiB of chance, called csv."""
    with path.open("wb") as file:
        for _ in range(256):
            file.write(os.urandom(MIB))


def nulls(path: Path) -> None:
    """256 MiB of NUL."""
    with path.open("wb") as file:
        file.truncate(256 * MIB)


def nested_archive(path: Path) -> None:
    """An archive in an archive, ten deep, around 1 GiB of NUL."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as file, file.open("c.csv", "w", force_zip64=True) as one:
        for _ in range(1024):
            one.write(bytes(MIB))
    for i in range(10):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(f"{i}.zip", inner.getvalue())
        inner = outer
    path.write_bytes(inner.getvalue())


def members(path: Path) -> None:
    """An archive of a million files."""
    with zipfile.ZipFile(path, "w") as file:
        for i in range(1_000_000):
            file.writestr(f"{i}.csv", "")


def link(path: Path) -> None:
    """An archive whose only member is a link to a file of the system."""
    member = zipfile.ZipInfo("c.csv")
    member.create_system, member.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, "/etc/passwd")


def shared_strings(path: Path) -> None:
    """A workbook whose only text is an entity that grows."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["id", "comment"])
    book.active.append(["1", "fine"])
    book.save(path.with_suffix(".plain"))
    grow = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    kind = f'<!DOCTYPE sst [<!ENTITY l0 "ha">{grow}]><sst '
    with zipfile.ZipFile(path.with_suffix(".plain")) as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in plain.namelist():
            text = plain.read(name)
            if name.endswith("sharedStrings.xml"):
                text = text.replace(b"<sst ", kind.encode(), 1).replace(b"fine", b"&l9;")
            file.writestr(name, text)
    path.with_suffix(".plain").unlink()


def sheet(path: Path) -> None:
    """A workbook whose only row is said to be the last that a sheet can have, in the last column."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["id", "comment"])
    book.active.cell(1_048_576, 16_384, "far")
    book.save(path)


def one_text(path: Path) -> None:
    """A Parquet file of 20,000 rows that all say the same 16 MiB: 320 GiB, in a file of a few."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    index = pa.array(range(20_000))
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x " * (8 * MIB)]))
    pq.write_table(pa.table({"id": index, "comment": text}), path, dictionary_pagesize_limit=1 << 30)


def nested_rows(path: Path) -> None:
    """A thousand rows of JSON, in each a list in a list, 100,000 deep."""
    deep = "[" * 100_000 + "]" * 100_000
    with path.open("w") as file:
        for i in range(1000):
            file.write(f'{{"id":{i},"comment":"fine","more":{deep}}}\n')


def endless(path: Path) -> None:
    """A file that never ends, and never a line of it."""
    path.symlink_to("/dev/zero")


def picture(path: Path) -> None:
    """A picture, called csv."""
    from PIL import Image

    Image.effect_noise((1000, 1000), 90).save(path, "png")


def letters(path: Path) -> None:
    """Texts that grow or that are sorted when letters are normalised: signs of 18 letters, a million accents on one."""
    accents = "a" + "\u0316\u0301" * 500_000
    path.write_text(f"id,thread,author,comment\n1,t,Ann,{chr(0xFDFA) * 3_000_000}\n2,t,{accents},{accents}\n")


def comment(number: int) -> str:
    """A comment as a cell's list holds it."""
    return f'{{"id": {number}, "author": "Ann", "comment": "{"so it is, " * 5}"}}'


def rows_of_cells(path: Path, cell: str) -> None:
    """An article whose cell is given, beside one whose comments can be read."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["article", "comments"], ["a", f"[{comment(1)}]"], ["b", cell]])


def listed_json(path: Path) -> None:
    """A cell that holds a list of comments of 60 MB, as JSON."""
    cell = f"[{', '.join(map(comment, range(700_000)))}]"
    path.write_text(
        f'{json.dumps({"article": "a", "comments": f"[{comment(1)}]"})}\n{{"article":"b","comments":{json.dumps(cell)}}}\n'
    )


def listed_python(path: Path) -> None:
    """A cell that holds a list of comments of 60 MB, as Python writes it."""
    rows_of_cells(path, f"[{', '.join(map(comment, range(650_000)))}]".replace('"', "'"))


def short_lists(path: Path) -> None:
    """A hundred cells, each a list as long as is read, as Python writes it: 95 MB."""
    cell = f"[{', '.join(map(comment, range(10_000)))}]".replace('"', "'")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["article", "comments"], *([i, cell] for i in range(100))])


def nested_cells(path: Path) -> None:
    """Cells that hold a list in a list, in brackets and in braces, 100,000 deep; and one of a thousand calls for it."""
    deep = [("[" * n + "]" * n, '{"a": ' * n + "1" + "}" * n) for n in (90, 900, 9_000, 100_000)]
    held = [f'[{{"id": 1, "author": "Ann", "comment": {one}}}]' for some in deep for one in some]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["article", "comments"], ["a", f"[{comment(1)}]"], *enumerate(held)])


def numbered_columns(path: Path) -> None:
    """Articles with comments in 300,000 numbered columns."""
    names = [f"comment_{i}_{what}" for i in range(100_000) for what in ("text", "author", "date")]
    path.write_text(f"url,title,{','.join(names)}\n" + f"u,t{',x' * len(names)}\nv,t{',y' * len(names)}\n")


def message(number: int, head: str = "", body: str = "So it is.") -> str:
    """A message of an mbox."""
    return (
        f"From ann@example.org Mon Jan  1 00:00:00 2024\nMessage-ID: <{number}@example.org>\nFrom: Ann <ann@example.org>\n"
        f"Date: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: Tolls\n{head}\n{body}\n\n"
    )


def long_message(path: Path) -> None:
    """An mbox with a message of 1 GiB."""
    with path.open("w") as file:
        file.write(message(1) + message(2))
        for _ in range(1024):
            file.write("so it is, say\n" * (MIB // 14))
        file.write("\n" + message(3))


def short_messages(path: Path) -> None:
    """An mbox of a million messages."""
    with path.open("w") as file:
        file.writelines(message(i) for i in range(1_000_000))


def nested_parts(path: Path) -> None:
    """An mbox with messages whose parts have parts, and messages within messages, up to 10,000 deep."""
    with path.open("w") as file:
        for i, deep in enumerate((9, 90, 900, 10_000)):
            parts = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(deep))
            file.write(message(2 * i, "Content-Type: multipart/mixed; boundary=b0\n", parts))
            inner = "Content-Type: message/rfc822\n\n" * deep
            file.write(message(2 * i + 1, "Content-Type: message/rfc822\n", inner))
        file.write(message(99))


def many_parts(path: Path) -> None:
    """An mbox with a message of a million parts."""
    parts = "--b\nContent-Type: text/plain\n\nso\n" * 1_000_000
    path.write_text(message(1) + message(2, "Content-Type: multipart/mixed; boundary=b\n", parts) + message(3))


def encoded_messages(path: Path) -> None:
    """An mbox with a message of 30 MB in base64, and one that holds another, 30 deep."""
    head = "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-7\n"
    lines = (base64.encodebytes(b"+AGE-so it is, say\n" * 1_150_000)).decode()
    inner = b"So it is."
    for _ in range(30):
        inner = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(inner)
    path.write_text(message(1) + message(2, head, lines) + message(3, head.partition("\n")[0], inner.decode()))


def long_fields(path: Path) -> None:
    """An mbox with messages whose subject, sender, date or references are of megabytes."""
    long = {
        "Subject": "=?utf-8?b?w6Q=?= " * 500_000,
        "From": "(" * 1_000_000,
        "Date": "1 " * 1_000_000,
        "References": "<1@example.org> " * 1_000_000,
        "Content-Type": "text/plain" + "; a=b" * 200_000,
    }
    with path.open("w") as file:
        file.write(message(1))
        for i, (name, text) in enumerate(long.items(), 2):
            file.write(message(i).replace(f"\n{name}:", "\nX:").replace("\n\n", f"\n{name}: {text}\n\n", 1))


BOMBS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "row of 1 GiB, packed": ("c.csv.gz", packed_row),
    "row of 1 GiB": ("c.csv", plain_row),
    "a million columns": ("c.csv", columns),
    "a quotation that never closes": ("c.csv", quotation),
    "json a million deep": ("c.json", nested_json),
    "an object of a million keys": ("c.json", keys),
    "a number of a million digits": ("c.jsonl", digits),
    "entities that grow": ("c.xml", laughs),
    "xml a million deep": ("c.xml", nested_xml),
    "archive of 1 GiB, a path that climbs": ("c.zip", archive),
    "256 MiB of chance": ("c.csv", noise),
    "256 MiB of NUL": ("c.csv", nulls),
    "archives in archives": ("c.zip", nested_archive),
    "an archive of a million files": ("c.zip", members),
    "an archive of a link": ("c.zip", link),
    "a workbook with entities that grow": ("c.xlsx", shared_strings),
    "a workbook with a cell at its far end": ("c.xlsx", sheet),
    "Parquet, one text in all rows": ("c.parquet", one_text),
    "rows of json 100,000 deep": ("c.jsonl", nested_rows),
    "a file without an end": ("c.csv", endless),
    "a picture": ("c.csv", picture),
    "letters that grow": ("c.csv", letters),
    "a cell with a list of 60 MB, as json": ("c.jsonl", listed_json),
    "a cell with a list of 60 MB, as Python": ("c.csv", listed_python),
    "a hundred, a cell with a list of 1 MB": ("c.csv", short_lists),
    "cells with lists 100,000 deep": ("c.csv", nested_cells),
    "300,000 numbered columns": ("c.csv", numbered_columns),
    "a message of 1 GiB": ("c.mbox", long_message),
    "a million messages": ("c.mbox", short_messages),
    "messages in messages 10,000 deep": ("c.mbox", nested_parts),
    "a message of a million parts": ("c.mbox", many_parts),
    "a message of 30 MB in base64": ("c.mbox", encoded_messages),
    "fields of a message of megabytes": ("c.mbox", long_fields),
}


def tried(name: str) -> dict[str, object]:
    """One of them, in processes of its own."""
    file, make = BOMBS[name]
    row: dict[str, object] = {"bomb": name, "how": "", "lines": 0, "seconds": 0.0, "GiB": 0.0}
    with tempfile.TemporaryDirectory() as place:
        path, study = Path(place) / file, str(Path(place) / "study")
        make(path)
        for given in (["new", study, str(path)], ["check", study]):
            how, lines, seconds, most = watched([sys.executable, "-m", "analysis", *given])
            row["how"] = f"{row['how']}, {given[0]}: {how}".strip(", ")
            row |= {"lines": len(lines), "seconds": round(row["seconds"] + seconds, 1), "GiB": max(row["GiB"], most)}
            row["last line"] = (lines or [""])[-1].replace(place, "")[:90]
            if how != "exit 0":
                break
    return row


def watched(command: list[str]) -> tuple[str, list[str], float, float]:
    """How a command ends, the lines that it says of what is wrong, its seconds and its GiB."""
    import psutil

    most, used = 0, dict[int, float]()
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        process = psutil.Process(child.pid)
        while child.poll() is None and sum(used.values()) < LIMIT:
            with suppress(psutil.Error):
                family = [process, *process.children(recursive=True)]
                most = max(most, sum(one.memory_info().rss for one in family))
                used |= {one.pid: sum(one.cpu_times()[:2]) for one in family}
            if most > 12 << 30:
                break
            time.sleep(0.02)
        ended = child.poll() is not None
        child.kill()
        child.wait()
        said.seek(0)
        lines = [line for line in said.read().replace("\r", "\n").splitlines() if line.strip()]
    how = f"exit {child.returncode}" if ended else "no end"
    return how, lines, sum(used.values()), round(most / 2**30, 2)


if __name__ == "__main__":
    parts = sys.argv[1:] or [""]
    show("Bombs", [tried(name) for name in BOMBS if any(part in name for part in parts)])
