"""Kill runs at random moments, and see whether the next one goes on to the same bytes.

    python tests/benchmarks/kills.py [--kills 200] [--at-a-time 10] [--seed 1] [--report]

On a copy of the sample study with nothing kept: `threadline ingest` (with --report: `threadline report`) is started and
killed with SIGKILL after a random time, again and again; then it runs to its end. A kill is recovered from if that run
ends well and gives the tables (and pages) of a run that nobody disturbed, and if no process and no unfinished file of
another run's is left. `--at-a-time` kills share one final run. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
WAIT = 20  # seconds that what a killed process started may take to notice


def start(command: str, study: Path, out: Path) -> subprocess.Popen:
    line = [sys.executable, "-m", "analysis", command, str(study), "--out", str(out)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)  # fmt: skip


def session(number: int) -> list[int]:
    """Processes of a session that still run."""
    found = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(number)], capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "Z" not in line.split()[1]]


def made(out: Path) -> dict[str, bytes]:
    """Bytes of what a run wrote; of pages without the time at which they were built."""
    files = [*sorted((out / "tables").glob("*")), *sorted(out.glob("*.html"))]
    return {f.name: re.sub(rb"[Bb]uilt[^<]*", b"", f.read_bytes()) if f.suffix == ".html" else f.read_bytes()
            for f in files}  # fmt: skip


def copy_of(place: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, place, ignore=shutil.ignore_patterns(".threadline", "__pycache__")))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--at-a-time", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    command, rng = "report" if given.report else "ingest", random.Random(given.seed)
    folder = Path(tempfile.mkdtemp())
    undisturbed = copy_of(folder / "undisturbed")
    began = time.perf_counter()
    if start(command, undisturbed, folder / "truth").wait():
        raise SystemExit("The undisturbed run failed.")
    took, truth = time.perf_counter() - began, made(folder / "truth")
    key = (undisturbed / "pseudonym.key").read_bytes()  # pseudonyms are made with it
    print(f"undisturbed: {took:.0f} s, {len(truth)} files", flush=True)
    killed = recovered = orphans = left = 0
    while killed < given.kills:
        study = copy_of(folder / f"study-{killed}")
        (study / "pseudonym.key").write_bytes(key)
        now, hit, stray = min(given.at_a_time, given.kills - killed), 0, 0
        for _ in range(now):
            run = start(command, study, folder / f"out-{killed}")
            time.sleep(rng.uniform(0.2, 0.6 * took))
            hit += run.poll() is None
            run.send_signal(signal.SIGKILL)
            run.wait()
            until = time.monotonic() + WAIT
            while (others := session(run.pid)) and time.monotonic() < until:
                time.sleep(0.2)
            stray += len(others)
        last = start(command, study, folder / f"out-{killed}")
        _, said = last.communicate()
        same = last.returncode == 0 and made(folder / f"out-{killed}") == truth
        if not same:
            print(f"after kill {killed + now}: exit code {last.returncode}, other bytes\n{said[-2000:]}")
        parts = [*(folder / f"out-{killed}").rglob("*.part"), *(study / ".threadline").glob("part.*")]
        killed, recovered, orphans, left = killed + now, recovered + now * same, orphans + stray, left + len(parts)
        print(f"{killed} kills ({hit} of these {now} while it ran): {recovered} recovered from, {orphans} processes "
              f"left after {WAIT} s, {left} unfinished files left", flush=True)  # fmt: skip
        shutil.rmtree(study)
    shutil.rmtree(folder)
    return int(recovered != killed or orphans > 0)


if __name__ == "__main__":
    sys.exit(main())
