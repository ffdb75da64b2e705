"""Two Dask workers against one, and against this machine's own processes: python tests/benchmarks/cluster.py [100000]

Measures the steps that go comment by comment (language, VADER, static vectors) on so many post titles of
../shared/data/scale, in alternating pairs after a first run of each; each worker is a process of one thread, on the
loopback. "By CPU" is the processor time of one worker over that of the busier of two: what the ratio would be were each
worker alone on its core.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
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


def main() -> None:
    """Print the tables."""
    if not DATA.exists():
        print(f"{DATA.name} is not in ../shared/data/scale: nothing to measure on")
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
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
