"""Processor seconds of the topic step's parts on post titles: run it in two checkouts at once to compare them.

Run as `PYTHONPATH=CHECKOUT python topic_step.py [n]`, n = 100,000 unless said, on ../shared/data/scale beside the
repository. One process and one thread; seconds are of the processor, so that what else runs changes little.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import pandas as pd  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # after PYTHONPATH, which may name another checkout

from analysis.run import Run  # noqa: E402
from analysis.settings import ComputeSettings  # noqa: E402
from analysis.topics.context import in_context, learned  # noqa: E402
from analysis.topics.encoders import parse  # noqa: E402
from analysis.topics.fit import fit_topics  # noqa: E402
from analysis.topics.forms import readable  # noqa: E402
from analysis.topics.tokens import tokenised  # noqa: E402

TITLES = ROOT.parent / "shared" / "data" / "scale" / "reddit_titles_1m.parquet"


def processor() -> float:
    """Seconds of the processor so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print the parts."""
    if not TITLES.is_file():
        print("No ../shared/data/scale beside the repository: nothing to measure.")
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    table = pd.read_parquet(TITLES).sample(n, random_state=1).drop_duplicates("text")
    texts, threads, ids = (table[c].astype(str).tolist() for c in ("text", "thread_id", "comment_id"))
    encode, run, at = parse("static").encode, Run(ComputeSettings(workers=1)), [processor()]
    own = encode(texts)
    at.append(processor())
    tokens = readable(tokenised(texts, run), ["en"] * len(texts))
    at.append(processor())
    worth = learned(texts, own, threads, tokens.n_of, encode)
    vectors = in_context(own, threads, worth, tokens.n_of)
    at.append(processor())
    found = fit_topics(texts, vectors, threads=threads, ids=ids, tokens=tokens, run=run)
    at.append(processor())
    parts = zip(("vectors", "words", "context", "fit"), (b - a for a, b in zip(at, at[1:], strict=False)), strict=True)
    print(f"{len(texts):,} titles, {len(found.table)} topics: " + ", ".join(f"{name} {s:.1f} s" for name, s in parts))
    print(f"all {at[-1] - at[0]:.1f} s of the processor")


if __name__ == "__main__":
    main()
