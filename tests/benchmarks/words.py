"""Memory and processor time of the step that cuts comments into words and finds phrases, on post titles.

Run as `PYTHONPATH=CHECKOUT python words.py [n]`, n = 1,000,000 unless said, on ../shared/data/scale beside the
repository, in one process. Memory is the most that the process had so far; the digest says whether two agree.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # after PYTHONPATH, which may name another checkout

from analysis.topics.forms import readable  # noqa: E402
from analysis.topics.tokens import tokenised  # noqa: E402

TITLES = ROOT.parent / "shared" / "data" / "scale" / "reddit_titles_1m.parquet"


def said(what: str) -> None:
    """Print how far it is."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    print(f"{what}: at most {peak:.2f} GiB, {time.process_time():.1f} s of the processor", flush=True)


def main() -> None:
    """Measure and print."""
    if not TITLES.is_file():
        print("No ../shared/data/scale beside the repository: nothing to measure.")
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    texts = pd.read_parquet(TITLES, columns=["text"])["text"].head(n).tolist()
    said(f"{n:,} titles read")
    cut = tokenised(texts)
    said(f"{len(cut.ids):,} words")
    made = readable(cut, ["en"] * n)
    said(f"{len(made.cut.phrases):,} phrases")
    print("digest", hashlib.sha256(made.ids.tobytes() + "\n".join(made.names).encode()).hexdigest()[:12])


if __name__ == "__main__":
    main()
