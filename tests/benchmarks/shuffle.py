"""All tests in random order, in parallel, with busy processes beside: five times by default, and each must be green.

python tests/benchmarks/shuffle.py [--seeds 1,2,3,4,5] [--busy 2] [path …]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUSY = "while True: sum(range(10_000))"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=[])
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--busy", type=int, default=2)
    given = parser.parse_args()
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(given.busy)]
    order = ["-n", "2", "--dist", "loadfile", "--random-order", "--random-order-bucket=global"]
    failed = 0
    try:
        for seed in given.seeds.split(","):
            began = time.perf_counter()
            command = [sys.executable, "-m", "pytest", "-q", *order, f"--random-order-seed={seed}", *given.paths]
            said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            print(
                f"seed {seed}: {time.perf_counter() - began:.0f} s, {said.stdout.strip().splitlines()[-1]}", flush=True
            )
            if said.returncode:
                failed += 1
                print(said.stdout[-6000:], said.stderr[-2000:])
    finally:
        for one in busy:
            one.kill()
    return failed


if __name__ == "__main__":
    sys.exit(main())
