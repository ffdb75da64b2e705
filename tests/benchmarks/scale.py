"""Text to every table, from a thousand comments to a million: time, memory, and beside BERTopic as installed.

    python tests/benchmarks/scale.py [1000 10000 100000 1000000] [--beside N] [--out FOLDER]

Reads ../shared/data/scale (post titles, thread = subreddit and week) and makes a study of whole threads of each size.
Each run is a process of its own, `threadline ingest`, first with nothing kept, then with nothing changed; time is of
the whole process, memory the largest resident set of it and of each process that it starts (not their sum). AMI and
ARI are with the subreddits. `--beside N` adds BERTopic as installed (all-MiniLM-L6-v2, UMAP, HDBSCAN) and then VADER
row by row, on the same N texts in the same run, where the extra `transformers`, umap-learn and hdbscan are there; its
encoding is timed on 2,000 texts and multiplied, for it takes longer than all else. `--out` gets scale.csv and scale.png.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "scale" / "reddit_titles_1m.parquet"
SIZES = (1_000, 10_000, 100_000)
ENCODED = 2_000
STUDY = """title = "Post titles"
[source]
paths = ["comments.parquet"]
timezone = "UTC"
licence = "PDDL 1.0"
[source.columns]
text = "text"
comment_id = "comment_id"
article_id = "thread_id"
posted_at = "date"
"""


def some(n: int) -> pd.DataFrame:
    """Whole threads, drawn by chance, of n texts together or a few less."""
    table = pd.read_parquet(DATA)
    threads = table["thread_id"].drop_duplicates().sample(frac=1, random_state=0)
    size = table["thread_id"].value_counts().reindex(threads).cumsum()
    return table[table["thread_id"].isin(set(threads[(size <= n).to_numpy()]))]


def run(study: Path, out: Path) -> tuple[float, float, str]:
    """Seconds, GiB at the most, and what was said; in a process between, whose children's memory is counted."""
    line = [sys.executable, "-m", "analysis", "ingest", str(study), "--out", str(out)]
    script = f"import subprocess,resource,sys; r=subprocess.run({line!r}); " \
             "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(r.returncode)"  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    peak = int(re.findall(r"peak (\d+)", done.stderr)[-1]) / 2**20
    return time.perf_counter() - began, peak, done.stderr


def ours(n: int, folder: Path) -> dict[str, object]:
    study = folder / f"study-{n}"
    study.mkdir()
    table = some(n)
    table.to_parquet(study / "comments.parquet", index=False)
    (study / "study.toml").write_text(STUDY)
    seconds, peak, _ = run(study, folder / f"out-{n}")
    again, _, _ = run(study, folder / f"out-{n}")
    steps = json.loads((folder / f"out-{n}" / "provenance.json").read_text())["steps"]
    found = pd.read_parquet(folder / f"out-{n}" / "tables" / "comments.parquet").set_index("comment_id")
    truth, topic = table.set_index("comment_id")["subreddit"], found["topic"]
    truth = truth.reindex(topic.index)
    return {
        "comments": len(table),
        "seconds": seconds,
        "per_1000": seconds / len(table) * 1000,
        "GiB": peak,
        "unchanged": again,
        "n_topics": int(topic.max()) + 1,
        "AMI": adjusted_mutual_info_score(truth, topic),
        "ARI": adjusted_rand_score(truth, topic),
        **{step: of["seconds"] for step, of in steps.items() if step != "tables"},
    }


def beside(n: int) -> None:
    """BERTopic as installed, then VADER, on the same texts."""
    try:
        import umap  # noqa: F401  # BERTopic takes PCA and no topics without it
        from bertopic import BERTopic
        from sentence_transformers import SentenceTransformer
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        from analysis.encoding import _carried_model
    except ImportError as error:
        print(f"BERTopic as installed is not here ({error.name}): nothing beside it.")
        return
    table = some(n)
    texts = table["text"].tolist()
    model = SentenceTransformer(str(_carried_model("all-MiniLM-L6-v2")), device="cpu")
    model.encode(texts[:64])
    began = time.perf_counter()
    model.encode(texts[:: max(1, len(texts) // ENCODED)][:ENCODED])
    encoding = (time.perf_counter() - began) * len(texts) / min(ENCODED, len(texts))
    from analysis.encoding import encode

    began = time.perf_counter()  # UMAP's time does not depend on which vectors it gets
    topic, _ = BERTopic(calculate_probabilities=False).fit_transform(texts, encode(texts))
    fitting = time.perf_counter() - began
    analyzer = SentimentIntensityAnalyzer()
    began = time.perf_counter()
    for text in texts:
        analyzer.polarity_scores(text)
    scoring = time.perf_counter() - began
    truth = table["subreddit"]
    print(f"BERTopic, {len(texts):,} texts: {encoding + fitting + scoring:.0f} s (encoding {encoding:.0f} of "
          f"{ENCODED} texts multiplied, topics {fitting:.0f}, VADER {scoring:.0f}); {max(topic) + 1} topics, on static "
          f"vectors AMI {adjusted_mutual_info_score(truth, topic):.3f}, ARI {adjusted_rand_score(truth, topic):.3f}")  # fmt: skip


def draw(table: pd.DataFrame, out: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7.2, 4), layout="constrained")
    axis.loglog(table["comments"], table["seconds"], "o-", label="nothing kept")
    axis.loglog(table["comments"], table["unchanged"], "o-", label="nothing changed")
    axis.set_xlabel("comments")
    axis.set_ylabel("seconds, text to every table")
    axis.legend()
    figure.savefig(out / "scale.png", dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--beside", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if not DATA.is_file():
        print("No ../shared/data/scale beside the repository: nothing to measure.")
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n in given.sizes:
            rows.append(ours(n, Path(folder)))
            print(pd.DataFrame(rows).round(3).to_string(index=False), flush=True)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(given.out / "scale.csv", index=False)
        draw(pd.DataFrame(rows), given.out)
    if given.beside:
        beside(given.beside)


if __name__ == "__main__":
    main()
