"""What longer texts cost in memory: the same number of comments with texts of 1, 10, 50 and 200 titles.

    python tests/benchmarks/memory.py [20000] [--once]

Reads ../shared/data/scale (post titles, thread = subreddit and week; `scale.py` makes the study) and puts titles drawn by
chance behind each other, so that nothing but the length of a text differs. `threadline ingest` with one process and
nothing kept; memory is the most that the process held, of which what it maps of files is a part. `scale.py` says what more
comments cost. With --once, only the longest.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

from scale import DATA, STUDY, run, texts_of  # noqa: E402

from analysis.run.texts import Texts  # noqa: E402

TITLES = (1, 10, 50, 200)


def main() -> None:
    if not DATA.is_file():
        print("No ../shared/data/scale: nothing is measured.")
        return
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    table = texts_of(numbers[0] if numbers else 20_000)
    rng = np.random.default_rng(1)
    titles = table["text"].to_numpy(dtype=object)
    print("comments  titles a text  MB of text  seconds  GiB  blocks")
    for k in TITLES[-1:] if "--once" in sys.argv else TITLES:
        more = rng.integers(0, len(table), (len(table), k - 1))
        texts = [" ".join([text, *titles[row]]) for text, row in zip(titles, more, strict=True)]
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder) / "study"
            study.mkdir()
            table.assign(text=texts).to_parquet(study / "comments.parquet", row_group_size=2_000)
            toml = STUDY.format(context=0.5, seed=1) + "[compute]\nworkers = 1\n"
            (study / "study.toml").write_text(toml, encoding="utf-8")
            n_bytes = sum(len(text.encode()) for text in texts)
            del texts
            out = Path(folder) / "out"
            ran = run([sys.executable, "-m", "analysis", "ingest", str(study), "--out", str(out)])
            assert json.loads((out / "provenance.json").read_text())["tables"]["comments.parquet"]["rows"] == len(table)
            (kept,) = study.glob(".threadline/corpus-*/texts.arrow")
            parts = len(Texts.open(kept).column.chunks)
            print(
                f"{len(table):8,} {k:13} {n_bytes / 1e6:11.0f} {ran.seconds:8.0f} {ran.gib:5.2f} {parts:10}", flush=True
            )


if __name__ == "__main__":
    main()
