"""Tables read whole: rows a second and peak memory, of csv, jsonl packed by zstd, and parquet; of comments made up here.

Run as `python tests/benchmarks/exports.py [rows]`, default 100,000; ten times as many are read beside it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
ENDINGS = (".csv", ".jsonl.zst", ".parquet")
READ = """
import resource, sys, time
from pathlib import Path
from analysis.corpus.exports.tables import read_tables
from analysis.settings import SourceSettings
path = Path(sys.argv[1])
start = time.perf_counter()
reading = read_tables([path], SourceSettings(paths=("x",)), path.parent)
seconds = time.perf_counter() - start
held = reading.comments.memory_usage(deep=True).sum() + reading.articles.memory_usage(deep=True).sum()
print(len(reading.comments), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, held / 2**20)
"""


def made_up(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    words = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(words[rng.integers(0, 5000, 25)]) for _ in range(n)]
    return pd.DataFrame({
        "thread_id": [f"t{i // 20}" for i in range(n)], "comment_id": [f"c{i}" for i in range(n)],
        "author": [f"author {i}" for i in rng.integers(0, n // 10 + 1, n)],
        "date": 1_500_000_000 + np.arange(n) * 60, "text": texts,
    })  # fmt: skip


def main() -> int:
    few = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{'format':12} {'rows':>10} {'rows/s':>8} {'peak MiB':>9} {'of it tables':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for n in (few, 10 * few):
            table = made_up(n)
            for ending in ENDINGS:
                path = Path(folder) / f"x{ending}"
                if ending == ".csv":
                    table.to_csv(path, index=False)
                elif ending == ".parquet":
                    table.to_parquet(path)
                else:
                    import pyarrow as pa

                    with pa.CompressedOutputStream(str(path), "zstd") as file:
                        file.write(table.to_json(orient="records", lines=True).encode())
                done = subprocess.run(
                    [sys.executable, "-c", READ, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
                )
                rows, seconds, peak, held = map(float, done.stdout.split())
                print(f"{ending:12} {rows:10,.0f} {rows / seconds:8,.0f} {peak:9,.0f} {held:12,.0f}", flush=True)
                path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
