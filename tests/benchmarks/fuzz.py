"""Every reader against a coverage-guided fuzzer: no exception but our own, no line or row unaccounted for.

Run as `python tests/benchmarks/fuzz.py [--runs 100000] [reader …]`, a reader being "threads" or the ending of a table;
`--runs` inputs are shared out evenly. Needs atheris (`pip install atheris`, Linux or macOS), which is no dependency of the
project: the tests throw random input at the same readers with hypothesis. What breaks a reader is kept in the folder
that the table names, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

LONGEST = 4096  # bytes of an input: enough for every construct of every format
ROWS = [
    {"thread_id": "t1", "id": "c1", "author": "Ann", "date": "2020-01-02T03:04:05Z", "text": "one, \"two\"", "parent_id": ""},
    {"thread_id": "t1", "id": "c2", "author": "Bob", "date": "1577934245", "text": "two\nlines", "parent_id": "c1"},
]  # fmt: skip
THREAD = (
    "date 2020-01-02 The council voted on Tuesday.\nIt was close.\nCopyright 2020 The Courier. All rights reserved.\n"
    "Ann Lee\nI did not expect that.\nWell.\nbob_77\nNor did I, to be honest.\n"
)
PAGE = "date 2020-01-02 The council voted on Tuesday. © 2020 The Courier.\n" + "".join(
    f"{name}\n12 March 2020, 1{i}:05\n{i} days ago I did not expect that.\n{i} votes\nReply\nReport\n"
    for i, name in enumerate(("Ann Lee", "bob_77", "Ann Lee", "Dr. No"))
)
NESTS = {"response": {"items": [{"id": "t1", "title": "A", "date": "2020-01-01", "comments": [
    {"id": "c1", "user": {"name": "Ann"}, "text": ["one", "two"], "replies": [{"id": "c2", "text": "x", "kids": []}, 3, None]}]}]}}  # fmt: skip
DISQUS = (
    '<?xml version="1.0" encoding="utf-8"?><disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">'
    '<thread dsq:id="1"><title>A</title><createdAt>2020-01-01T00:00:00Z</createdAt></thread><post dsq:id="2"><message>'
    "<![CDATA[<p>text</p>]]></message><createdAt>2020-01-01T00:00:00Z</createdAt><author><name>Ann</name></author>"
    '<thread dsq:id="1"/></post></disqus>'
)


def seeds() -> dict[str, list[bytes]]:
    """Small right files of each format, from which the fuzzer starts."""
    import pandas as pd
    import pyarrow as pa

    table = pd.DataFrame(ROWS)
    lines = table.to_json(orient="records", lines=True).encode()
    parquet = pa.BufferOutputStream()
    table.to_parquet(parquet)
    utterance = {
        "id": "u1",
        "conversation_id": "u1",
        "speaker": "Ann",
        "timestamp": 1577934245,
        "reply-to": None,
        "text": "x",
    }
    reddit = {
        "id": "a",
        "link_id": "t3_b",
        "parent_id": "t3_b",
        "author": "Ann",
        "created_utc": 1577934245,
        "body": "x",
    }
    snippet = {"textOriginal": "x", "authorDisplayName": "Ann", "publishedAt": "2020-01-01T00:00:00Z", "videoId": "v"}
    top = {"id": "y", "snippet": snippet}
    youtube = {"kind": "youtube#commentThreadListResponse",
               "items": [{"id": "y", "snippet": {"videoId": "v", "topLevelComment": top}, "replies": {"comments": [top]}}]}  # fmt: skip
    return {
        "threads": [
            THREAD.encode(),
            THREAD.encode("utf-16"),
            THREAD.replace("\n", "\r\n").encode("cp1252"),
            PAGE.encode(),
        ],
        ".csv": [table.to_csv(index=False).encode(), table.to_csv(index=False).encode("utf-16")],
        ".tsv": [table.to_csv(index=False, sep="\t").encode()],
        ".jsonl": [lines, json.dumps(utterance).encode() + b"\n", json.dumps(reddit).encode() + b"\n"],
        ".json": [json.dumps(ROWS).encode(), json.dumps(youtube).encode(), json.dumps(NESTS).encode()],
        ".parquet": [parquet.getvalue().to_pybytes()],
        ".xml": [DISQUS.encode()],
        ".csv.gz": [gzip.compress(table.to_csv(index=False).encode(), mtime=0)],
        ".jsonl.zst": [pa.compress(lines, codec="zstd", asbytes=True)],
    }


def check(reader: str, path: Path, data: bytes) -> None:
    """Read one input; whatever is not our own error, or not accounted for, is raised."""
    from analysis.corpus.exports.tables import read_tables
    from analysis.corpus.pages.threads import read_threads
    from analysis.settings import SourceSettings, StudyError

    source = SourceSettings(paths=("x",), timezone="Europe/Dublin")
    path.write_bytes(data)
    try:
        if reader == "threads":
            reading = read_threads([path], source, path.parent)
        else:
            reading = read_tables([path], source, path.parent)
    except StudyError as error:
        assert "\n" not in str(error), f"an error of several lines: {error}"
        return
    accounts, rejects = reading.accounting, reading.rejects
    assert (accounts["read"] == accounts["kept"] + accounts["rejected"]).all(), accounts
    assert len(rejects) == accounts["rejected"].sum(), (accounts, rejects)
    assert rejects["reason"].str.len().gt(0).all()
    assert reading.comments["comment_id"].is_unique and reading.comments["text"].str.len().gt(0).all()
    assert reading.comments["article_id"].isin(reading.articles["article_id"]).all()
    if reader == "threads":
        in_comments = 1 + reading.comments["text"].str.count("\n") + 1
        assert in_comments.sum() <= accounts["kept"].sum(), (accounts, in_comments)
    else:
        assert len(reading.comments) <= accounts["kept"].sum()


def fuzz(reader: str, runs: int, found: Path) -> None:
    """Fuzz one reader in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["analysis"]):
        import analysis.corpus.exports.tables
        import analysis.corpus.pages.threads  # noqa: F401
    fast = Path("/dev/shm")  # noqa: S108  # files in memory, where there are such
    folder = Path(tempfile.mkdtemp(dir=fast if fast.is_dir() else None))
    corpus = folder / "corpus"
    corpus.mkdir()
    for i, seed in enumerate(seeds()[reader]):
        (corpus / str(i)).write_bytes(seed)
    path = folder / f"x{'.txt' if reader == 'threads' else reader}"
    options = [f"-runs={runs}", f"-max_len={LONGEST}", "-timeout=20", "-seed=1", f"-artifact_prefix={found}/{reader}-"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: check(reader, path, data))
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", metavar="reader")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        fuzz(given.child, given.runs, Path(given.readers[0]))
        return 0
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: `pip install atheris`, then run this again.")
        return 0
    readers = given.readers or list(seeds())
    each = -(-given.runs // len(readers))
    found = Path(tempfile.mkdtemp(prefix="fuzz-"))
    failed, total = [], 0
    print(f"{'reader':12} {'inputs':>8} {'seconds':>8}  result")
    for reader in readers:
        command = [sys.executable, __file__, "--runs", str(each), "--child", reader, str(found)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        runs = re.search(r"Done (\d+) runs in (\d+) second", done.stderr)
        if runs and not done.returncode:
            total += int(runs[1])
            print(f"{reader:12} {int(runs[1]):8,} {int(runs[2]):8,}  nothing found", flush=True)
        else:
            failed.append(reader)
            (found / f"{reader}.log").write_text(done.stdout + done.stderr)
            said = re.findall(r"^(\w+(?:\.\w+)*(?:Error|Exception|Interrupt)\b.*)$", done.stdout + done.stderr, re.M)
            print(f"{reader:12} {'':8} {'':8}  BROKEN: {(said or ['see the log'])[-1][:100]} ({found})", flush=True)
    print(f"{total:,} inputs in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
