"""Files that would fill the memory, at their real sizes: how each ends, in how many lines, seconds and GiB.

    python tests/benchmarks/bombs.py

Each is given to `threadline new` in a process of its own, which is watched.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
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
}


def tried(name: str) -> dict[str, object]:
    """One of them, in a process of its own."""
    import psutil

    file, make = BOMBS[name]
    with tempfile.TemporaryDirectory() as place:
        path, began, most = Path(place) / file, time.perf_counter(), 0
        make(path)
        began = time.perf_counter()
        command = [sys.executable, "-m", "analysis", "new", str(Path(place) / "study"), str(path)]
        with tempfile.TemporaryFile("w+") as said:
            child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
            process = psutil.Process(child.pid)
            while child.poll() is None and time.perf_counter() - began < LIMIT:
                try:
                    most = max(most, process.memory_info().rss)
                except psutil.Error:
                    break
                time.sleep(0.02)
            ended = child.poll() is not None or child.wait(5) is not None
            child.kill()
            said.seek(0)
            lines = [line for line in said.read().splitlines() if line.strip()]
        seconds = time.perf_counter() - began
    how = f"exit {child.returncode}" if ended else "no end"
    return {"bomb": name, "how": how, "lines": len(lines), "seconds": round(seconds, 1), "GiB": round(most / 2**30, 2),
            "last line": (lines or [""])[-1].replace(str(place), "")[:90]}  # fmt: skip


if __name__ == "__main__":
    show("Bombs", [tried(name) for name in BOMBS])
