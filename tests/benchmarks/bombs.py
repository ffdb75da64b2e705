"""Files that would fill the memory, at their real sizes: how each ends, in how many lines, seconds and GiB.

    python tests/benchmarks/bombs.py [part of a name …]

Each is given to `threadline new` and, where that makes a study of it, to `threadline check`, in processes that are watched.
"""

from __future__ import annotations

import gzip
import io
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
LIMIT = 120  # seconds
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

    began, most = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        process = psutil.Process(child.pid)
        while child.poll() is None and time.perf_counter() - began < LIMIT:
            with suppress(psutil.Error):
                family = [process, *process.children(recursive=True)]
                most = max(most, sum(one.memory_info().rss for one in family))
            if most > 12 << 30:
                break
            time.sleep(0.02)
        ended = child.poll() is not None
        child.kill()
        child.wait()
        said.seek(0)
        lines = [line for line in said.read().replace("\r", "\n").splitlines() if line.strip()]
    how = f"exit {child.returncode}" if ended else "no end"
    return how, lines, time.perf_counter() - began, round(most / 2**30, 2)


if __name__ == "__main__":
    parts = sys.argv[1:] or [""]
    show("Bombs", [tried(name) for name in BOMBS if any(part in name for part in parts)])
