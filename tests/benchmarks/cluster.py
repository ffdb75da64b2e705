"""Two Dask workers against one, and against this machine's own processes: python tests/benchmarks/cluster.py [100000]

Measures the steps that go comment by comment (language, VADER, static vectors) on so many post titles of
../shared/data/scale, in alternating pairs after a first run of each; each worker is a process of one thread, on the
loopback. "By CPU" is the processor time of one worker over that of the busier of two: what the ratio would be were each
worker alone on its core.

    python tests/benchmarks/cluster.py --whole 1000000 [--kill] [--plain]

Text to every table, `threadline ingest` with two workers; --kill ends one of them on the way, --plain runs the
same without a cluster as well and compares the tables' bytes. More rows than the data has are made of it: each further
title is the first half of one and the second half of another of its thread. Time, and the most memory of the client and of
scheduler and workers, looked at once a second.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
from scale import STUDY, run  # noqa: E402

from analysis.corpus.languages import languages  # noqa: E402
from analysis.run import Run  # noqa: E402
from analysis.sentiment import instruments  # noqa: E402
from analysis.settings import ComputeSettings  # noqa: E402
from analysis.topics.encoders import parse  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "scale" / "reddit_titles_1m.parquet"
PAIRS = 2
ASKED = 1.7


def language(texts: list[str], compute: ComputeSettings) -> np.ndarray:
    return languages(texts, Run(compute)).to_numpy(dtype=str)


def vader(texts: list[str], compute: ComputeSettings) -> np.ndarray:
    return instruments.parse("vader").score(texts, run=Run(compute))


def vectors(texts: list[str], compute: ComputeSettings) -> np.ndarray:
    return parse("static").encode(texts, Run(compute))


STEPS: dict[str, Callable[[list[str], ComputeSettings], np.ndarray]] = {
    "language": language,
    "VADER": vader,
    "static vectors": vectors,
}


class Cluster:
    """A scheduler and workers of one thread, as `dask scheduler` and `dask worker` start them."""

    def __init__(self, n_workers: int, folder: Path) -> None:
        folder.mkdir()
        file = folder / "scheduler.json"
        self.folder, self.processes = folder, []
        self._start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file)
        while not file.exists():
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        for _ in range(n_workers):
            self._start("worker", address, "--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", folder)
        self.compute = ComputeSettings(scheduler=address)

    def _start(self, *words: object) -> None:
        paths = os.pathsep.join(sys.path[:2])
        environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        command = [sys.executable, "-m", "dask", *map(str, words)]
        with (self.folder / "log").open("a") as log:
            self.processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    def cpu(self) -> list[float]:
        """CPU seconds that each worker has taken."""
        return [sum(psutil.Process(process.pid).cpu_times()[:2]) for process in self.processes[1:]]

    def close(self) -> None:
        """End the processes."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def once(step: str, texts: list[str], compute: ComputeSettings) -> tuple[float, str]:
    """Seconds of a step, and the digest of what it gives."""
    start = time.perf_counter()
    array = STEPS[step](texts, compute)
    spent = time.perf_counter() - start
    return spent, hashlib.sha256(array.tobytes()).hexdigest()[:12]


def compare(texts: list[str], ways: dict[str, ComputeSettings]) -> None:
    """Median seconds of each step in each way, pair by pair, and their ratios to the first way."""
    first, *others = ways
    total: dict[str, list[float]] = {name: [0.0] * PAIRS for name in ways}
    for step in STEPS:
        spent: dict[str, list[float]] = {name: [] for name in ways}
        digests = set()
        for pair in range(PAIRS):
            for name in ways if pair % 2 == 0 else reversed(ways):
                seconds, digest = once(step, texts, ways[name])
                spent[name].append(seconds)
                total[name][pair] += seconds
                digests.add(digest)
        said = ", ".join(f"{name} {np.median(s):6.2f} s" for name, s in spent.items())
        same = "the same bytes" if len(digests) == 1 else "OTHER BYTES"
        print(f"  {step:14} {said}, {_ratios(spent, first, others)}, {same}", flush=True)
    said = ", ".join(f"{name} {np.median(s):6.2f} s" for name, s in total.items())
    print(f"  {'together':14} {said}, {_ratios(total, first, others)}", flush=True)


def _ratios(spent: dict[str, list[float]], first: str, others: list[str]) -> str:
    """Median of the pairs' ratios, and their range."""
    said = []
    for other in others:
        r = np.array(spent[first]) / np.array(spent[other])
        said.append(f"{first} / {other} {np.median(r):.2f} ({r.min():.2f} to {r.max():.2f})")
    return ", ".join(said)


def write_rows(n: int, path: Path) -> int:
    """Write whole threads of n rows together, or a few less, a copy of the data at a time; give how many there are."""
    once, written, writer = pd.read_parquet(DATA).drop(columns="subreddit"), 0, None
    once = once.sort_values(["thread_id", "date", "comment_id"], ignore_index=True)
    sizes = once["thread_id"].value_counts(sort=False)
    words = once["text"].str.split(" ")
    for copy in range(-(-n // len(once))):
        table = once
        if copy:
            other = once.groupby("thread_id").sample(frac=1, random_state=copy).index
            halves = zip(words, words.loc[other], strict=True)
            table = once.assign(text=[" ".join([*a[: len(a) // 2], *b[len(b) // 2 :]]) for a, b in halves])
            table = table.assign(**{key: once[key] + f"-{copy}" for key in ("thread_id", "comment_id")})
        if n - written < len(once):
            fits = sizes[sizes.cumsum() <= n - written].index
            table = table[once["thread_id"].isin(fits)]
        rows = pa.Table.from_pandas(table, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, rows.schema)
        writer.write_table(rows)
        written += len(table)
    writer.close()
    return written


def whole(n: int, kill: bool, plain: bool) -> None:
    """Ingest n rows on two workers, and say time and memory."""
    with tempfile.TemporaryDirectory() as place:
        folder, digests = Path(place), {}
        study = folder / "study"
        study.mkdir()
        n = write_rows(n, study / "comments.parquet")
        (study / "study.toml").write_text(STUDY.format(seed=1, context="learned"))
        cluster = Cluster(2, folder / "cluster")
        most, over = [0.0], threading.Event()

        def watch() -> None:
            while not over.wait(1):
                sizes = [psutil.Process(p.pid).memory_info().rss for p in cluster.processes if p.poll() is None]
                most[0] = max(most[0], sum(sizes) / 2**30)
                if kill and len(cluster.processes) == 3 and cluster.cpu()[1] > n / 50_000:  # it has begun to encode
                    print("  one worker killed", flush=True)
                    cluster.processes.pop().kill()

        threading.Thread(target=watch, daemon=True).start()
        try:
            for way in ("cluster", *["plain"] * plain):
                out = folder / way
                command = [sys.executable, "-m", "analysis", "ingest", str(study), "--out", str(out)]
                if way == "cluster":
                    command += ["--scheduler", cluster.compute.scheduler]
                shutil.rmtree(study / ".threadline", ignore_errors=True)
                ran = run(command)
                digests[way] = json.loads((out / "provenance.json").read_text())["tables"]
                print(f"{n:,} rows, {way}: {ran.seconds:.0f} s, client {ran.gib:.2f} GiB, ", end="")
                print(f"scheduler and workers {most[0]:.2f} GiB, load {os.getloadavg()[0]:.1f}", flush=True)
        finally:
            over.set()
            cluster.close()
        if plain:
            print("the same bytes" if digests["cluster"] == digests["plain"] else "OTHER BYTES")


def main() -> None:
    """Print the tables."""
    if not DATA.exists():
        print(f"{DATA.name} is not in ../shared/data/scale: nothing to measure on")
        return None
    parser = argparse.ArgumentParser()
    parser.add_argument("n", nargs="?", type=int, default=100_000)
    parser.add_argument("--whole", type=int)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--plain", action="store_true")
    asked = parser.parse_args()
    if asked.whole:
        return whole(asked.whole, asked.kill, asked.plain)
    n = asked.n
    titles = pq.read_table(DATA, columns=["text"])["text"].to_pylist()[:n]
    print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}; medians of {PAIRS} alternating runs")
    with tempfile.TemporaryDirectory() as folder:
        clusters = [Cluster(n, Path(folder) / str(n)) for n in (1, 2)]
        one, two = (c.compute for c in clusters)
        try:
            for compute in (one, two, ComputeSettings(workers=2)):  # each process loads what it needs
                for step in STEPS:
                    once(step, titles[:40_000], compute)
            print(f"\n{len(titles):,} titles, Dask workers (asked: one / two {ASKED} or more)")
            before = [c.cpu() for c in clusters]
            compare(titles, {"one": one, "two": two})
            (alone,), both = (np.subtract(c.cpu(), b) for c, b in zip(clusters, before, strict=True))
            print(
                f"  {'by CPU':14} {alone / max(both):.2f} ({alone:.1f} s over {both.max():.1f} s), load {os.getloadavg()[0]:.1f}"
            )
            ways = {"one process": ComputeSettings(workers=1), "two processes": ComputeSettings(workers=2)}
            for some in (titles[: n // 10], titles):
                print(f"\n{len(some):,} titles, here and on a cluster of two workers")
                compare(some, {**ways, "two workers": two})
        finally:
            for c in clusters:
                c.close()


if __name__ == "__main__":
    main()
