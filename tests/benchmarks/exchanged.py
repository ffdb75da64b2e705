"""What is told of change in real comments whose times were exchanged: there is none, so that all that is told is false.

Run: python tests/benchmarks/exchanged.py TABLES … [--times N] [--late]; TABLES is a folder `tables/` that `threadline
ingest` wrote of a corpus with dates. Each time the threads exchange when they began (or the weeks do, with all threads
that began in them, so that a week's news stays together), and keep all else: sizes, authors, topics, scores, the course
of a thread. Comments later than a fortnight after their thread began are left out but with --late: the first periods of
a corpus have none of earlier threads, so that where late comments sound otherwise something may change in truth.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

from claims import Row, claimed, rows_of, show  # noqa: E402

from analysis.report.site import ingest  # noqa: E402
from analysis.study import open_study  # noqa: E402

WEEK = pd.Timedelta(days=7)
COLUMNS = ["comment_id", "article_id", "author", "posted_at", "topic", "sentiment"]


def exchanged(c: pd.DataFrame, rng: np.random.Generator, what: str) -> pd.DataFrame:
    """Comments whose threads, or whose weeks of threads, began when others did."""
    begin = c.groupby("article_id", sort=True)["posted_at"].min()
    if what == "threads":
        moved = begin.sample(frac=1, random_state=rng).set_axis(begin.index) - begin
    else:
        week = (begin - begin.min()) // WEEK
        there = np.sort(week.unique())
        to = pd.Series(rng.permutation(there), there)
        moved = (week.map(to) - week) * WEEK
    return c.assign(posted_at=c["posted_at"] + c["article_id"].map(moved))


def one(rng: np.random.Generator, corpus: str, what: str, late: bool) -> Row:
    """What is told of one corpus whose times were exchanged."""
    c = pd.read_parquet(Path(corpus) / "comments.parquet", columns=COLUMNS).dropna(subset="posted_at")
    c["posted_at"] = c["posted_at"].dt.tz_convert("UTC")
    begin = c.groupby("article_id")["posted_at"].transform("min")
    c = exchanged(c if late else c[c["posted_at"] <= begin + 2 * WEEK], rng, what)
    return claimed(c, by="topic", events={"nothing happens": f"{c['posted_at'].median():%Y-%m-%d}"})


if __name__ == "__main__":
    arguments = sys.argv[1:]
    times = int(arguments.pop(arguments.index("--times") + 1)) if "--times" in arguments else 100
    folders = [folder for folder in arguments if not folder.startswith("--")]
    if not folders:
        print(
            "No tables were named (DIR/tables that `threadline ingest STUDY --out DIR` wrote): the sample's are taken."
        )
        folders = [str(ingest(open_study(), Path(tempfile.mkdtemp())))]
    late = "--late" in arguments
    rows = [{"corpus": folder, "what": what, "late": late} for folder in folders for what in ("threads", "weeks")]
    show(f"Times exchanged {times} times: part in which something is told", rows_of(one, rows, times))
