"""Masking and the search of a report: growth with the text, false alarms, seconds.

Run as `python tests/benchmarks/privacy.py [REPORT]`. Growth on hostile texts needs nothing; the counts of what is masked are
of ../shared/data/comments (24,250 comments of a blog); the search is of REPORT, by default reports/sample, for that blog's
authors and comments.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.findings.privacy import EMAIL, MENTION, PROFILE, addresses, mask, search  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "comments" / "haacked_comments.parquet"
PIECES = ("@", "1", "a.", "+1 ", "(0", "u/", "://a", "a@", "/@", "0 1", "a-", "x.com/")


def seconds(text: str) -> float:
    best = 9.0
    for _ in range(3):
        start = time.perf_counter()
        mask(text)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> int:
    worst = max((seconds(p * 200_000) / max(seconds(p * 20_000), 1e-4), p) for p in PIECES)
    print(f"ten times a hostile text takes at most {worst[0]:.1f} times as long (of {worst[1]!r})")
    if not DATA.is_file():
        print("No ../shared/data: nothing else to measure on.")
        return 0
    table = pd.read_parquet(DATA)
    start = time.perf_counter()
    masked = [mask(text) for text in table["text"]]
    took = time.perf_counter() - start
    changed = sum(a != b for a, b in zip(table["text"], masked, strict=True))
    print(f"masking {len(table):,} comments: {took:.1f} s, {changed:,} changed")
    for name, pattern in (("e-mail", EMAIL), ("mention", MENTION), ("profile", PROFILE)):
        print(f"    {name}: {sum(len(pattern.findall(text)) for text in table['text']):,}")
    phones = [a for text in table["text"] for a in addresses(text) if "@" not in a and not a.startswith(("u/", "/u/"))]
    print(f"    phone: {len(phones)}")
    report = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "reports" / "sample"
    if report.is_dir():
        start = time.perf_counter()
        ids, texts = table["comment_id"].astype(str).tolist(), table["text"].tolist()
        found = search(report, authors=table["author"].dropna().unique(), ids=ids, texts=texts)
        print(f"searching {report.name} for them: {time.perf_counter() - start:.1f} s, {len(found.leaks)} found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
