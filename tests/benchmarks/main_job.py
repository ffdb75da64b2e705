"""The main job on real and invented data: time, sameness, and what was planted in the sample.

    python tests/benchmarks/main_job.py            all of it, some five minutes
    python tests/benchmarks/main_job.py sample     one part: sample, same, seed, haacked

The parts `seed` and `haacked` read ../shared/data, and say so where it is not there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
SHARED = ROOT.parent / "shared" / "data"
COMMAND = [sys.executable, "-m", "analysis"]


def threadline(*arguments: object, **env: str) -> float:
    """Run a command; give its wall time in seconds."""
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")
    return time.perf_counter() - start


def digests(out: Path) -> dict[str, str]:
    said = json.loads((out / "provenance.json").read_text())
    return {name: table["sha256"] for name, table in said["tables"].items()}


def copy_of(place: Path, *, renamed: bool = False) -> Path:
    """A copy of the sample without kept results; its files in another order if `renamed`."""
    shutil.copytree(SAMPLE, place, ignore=shutil.ignore_patterns(".threadline", "__pycache__"))
    if renamed:
        for i, path in enumerate(sorted((place / "threads").glob("*.txt"))):
            path.rename(path.with_name(f"{(i * 67) % 997:03d}-{i:03d}.txt"))
    return place


def sample(folder: Path) -> None:
    """What was planted, and what was found."""
    out = folder / "out"
    cold = threadline("report", copy_of(folder / "study"), "--out", out)
    warm = threadline("report", folder / "study", "--out", out)
    print(f"report of the sample: {cold:.0f} s with nothing kept, {warm:.0f} s with everything kept")
    comments = pd.read_parquet(out / "tables" / "comments.parquet")
    topics = pd.read_csv(out / "tables" / "topics.csv")
    truth = pd.read_csv(SAMPLE / "truth.csv", keep_default_na=False).set_index("comment_id")
    both = comments.set_index("comment_id").join(truth[["theme", "tone"]], how="inner")
    themed = both[both["theme"] != "none"]
    assigned = themed[themed["topic"] >= 0]
    print(f"{len(both):,} of {len(truth):,} comments have the id of a true one")
    print(
        f"topics with themes: AMI {adjusted_mutual_info_score(themed['theme'], themed['topic']):.3f}, "
        f"ARI {adjusted_rand_score(themed['theme'], themed['topic']):.3f} on {len(themed):,} comments with a theme "
        f"({len(assigned) / len(themed):.1%} assigned); {len(topics)} topics for {truth['theme'].nunique() - 1} themes"
    )
    print(f"r of the score with the true tone: {both['sentiment'].corr(both['tone'].astype(float)):.3f}")
    planted = tomllib.loads((SAMPLE / "truth.toml").read_text())
    theme_of = assigned.groupby("topic")["theme"].agg(lambda t: t.value_counts().idxmax()).to_dict()
    changes = pd.read_csv(out / "tables" / "change_points.csv", parse_dates=False)
    slopes = pd.read_csv(out / "tables" / "slopes.csv")
    print(f"planted: {planted['drop']['theme']} drops on {planted['drop']['on']}")
    for name, table in (("change", changes), ("slope", slopes)):
        for row in table[table["q_value"] < 0.05].to_dict("records"):
            theme = theme_of.get(row["topic"], "all comments") if pd.notna(row["topic"]) else "all comments"
            if name == "change":
                span = f"{row['low'][:10]} to {row['high'][:10]}" if isinstance(row["low"], str) else "no interval"
                what = f"at {row['at'][:10]} ({span}), {row['before']:+.2f} to {row['after']:+.2f}"
            else:
                what = f"{row['estimate']:+.3f} a year ({row['low']:+.3f} to {row['high']:+.3f})"
            print(f"found, {name} of {row['measure']}, {theme}: {what}, q = {row['q_value']:.3f}")


def same(folder: Path) -> None:
    """Digests of every table under conditions that must not matter."""
    first = copy_of(folder / "first")
    threadline("report", first, "--out", folder / "a")
    wanted = digests(folder / "a")
    conditions = {
        "once more, kept results deleted": ({}, False),
        "files renamed, found in another order": ({}, True),
        "PYTHONHASHSEED 0": ({"PYTHONHASHSEED": "0"}, False),
        "PYTHONHASHSEED 1": ({"PYTHONHASHSEED": "1"}, False),
        "NUMBA_NUM_THREADS 1, OMP_NUM_THREADS 1": ({"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}, False),
        "NUMBA_NUM_THREADS 2, OMP_NUM_THREADS 2": ({"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}, False),
    }
    for i, (name, (env, renamed)) in enumerate(conditions.items()):
        place = copy_of(folder / f"s{i}", renamed=renamed)
        shutil.copy(first / "pseudonym.key", place / "pseudonym.key")
        threadline("report", place, "--out", folder / f"o{i}", **env)
        other = digests(folder / f"o{i}")
        differ = [table for table in wanted if other[table] != wanted[table]]
        print(f"{name}: {'the same digests' if not differ else 'DIFFER: ' + ', '.join(differ)}")


def seed(folder: Path) -> None:
    """The one real example of the thread format against what is known of it."""
    gold = json.loads((SHARED / "seed" / "thread.gold.json").read_text())
    threadline("new", folder / "seed", SHARED / "seed" / "thread.txt")
    toml = folder / "seed" / "study.toml"
    toml.write_text(toml.read_text().replace('authors = "pseudonym"', 'authors = "keep"'))
    took = threadline("report", folder / "seed", "--out", folder / "seed-out")
    comments = pd.read_parquet(folder / "seed-out" / "tables" / "comments.parquet")
    article = pd.read_parquet(folder / "seed-out" / "tables" / "articles.parquet").iloc[0]
    got = [(c.author, c.text.count("\n") + 1) for c in comments.itertuples()]
    print(
        f"seed: authors and paragraphs right: {got == [(c['author'], c['paragraphs']) for c in gold['comments']]}; ",
        end="",
    )
    paragraphs, apart = article["text"].count("\n") + 1, bool(article["copyright"])
    print(
        f"article of {paragraphs} paragraphs, {article['published_at']:%Y-%m-%d}, copyright apart: {apart}; {took:.0f} s"
    )


def haacked(folder: Path) -> None:
    """A real corpus of 22 years."""
    tables = [SHARED / "comments" / f"haacked_{name}.parquet" for name in ("comments", "articles")]
    threadline("new", folder / "haacked", *tables)
    cold = threadline("report", folder / "haacked", "--out", folder / "haacked-out")
    warm = threadline("report", folder / "haacked", "--out", folder / "haacked-out")
    said = json.loads((folder / "haacked-out" / "provenance.json").read_text())
    steps = ", ".join(f"{name} {step['seconds']:.0f} s" for name, step in said["steps"].items())
    print(f"haacked: {cold:.0f} s with nothing kept, {warm:.0f} s with everything kept ({steps})")
    print(
        pd.read_csv(folder / "haacked-out" / "tables" / "topics.csv")[["label", "n_comments", "stability"]].to_string()
    )


if __name__ == "__main__":
    parts = {"sample": sample, "same": same, "seed": seed, "haacked": haacked}
    for part in sys.argv[1:] or parts:
        if part in ("seed", "haacked") and not SHARED.is_dir():
            print(f"{part}: ../shared/data is not there; left out")
            continue
        with tempfile.TemporaryDirectory() as place:
            parts[part](Path(place))
