"""What a comment's thread is worth: topics with the thread's share learned, beside a named one and beside none.

Run as `python tests/benchmarks/context.py [--seeds 2] [--auto] [--encoder static] [corpus …]` with corpus among m10, subreddits (in random threads
of a dozen, which have nothing in common), sample, haacked (labels: the 16 most frequent first tags of the post) and
weeks (subreddit-weeks of post titles) and slovene (labels: the news' topics), read from ../shared/data beside the repository. The number of topics is that of
the labels; a rerun has another seed and another order. "main" is the share of comments in their thread's main topic.
With --auto the number is chosen, and what is told is held against reruns: the mean ARI of topics and of themes between
them, and the share of the comments with a topic that are in stable ones (of .6 on, a level is told).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.run import Run  # noqa: E402
from analysis.settings import ComputeSettings  # noqa: E402
from analysis.topics.context import in_context, in_main_topic, learned  # noqa: E402
from analysis.topics.encoders import parse  # noqa: E402
from analysis.topics.fit import fit_topics  # noqa: E402
from analysis.topics.tokens import tokenised  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
RUN = Run(ComputeSettings(workers=1))
CORPORA = ("m10", "subreddits", "sample", "haacked", "weeks", "slovene")


def corpus(name: str) -> pd.DataFrame:
    """text, thread, label (None where there is none)."""
    if name == "sample":
        from analysis.study import open_study

        study = open_study(ROOT / "data" / "sample")
        truth = pd.read_csv(ROOT / "data" / "sample" / "truth.csv").set_index("comment_id")["theme"]
        rows = study.corpus.rows
        label = rows["comment_id"].map(truth).replace("none", None)
        return pd.DataFrame({"text": list(study.texts), "thread": rows["article_id"], "label": label})
    if name == "haacked":
        table = pd.read_parquet(DATA / "comments" / "haacked_comments.parquet")
        tags = pd.read_parquet(DATA / "comments" / "haacked_articles.parquet").set_index("thread_id")["tags"]
        first = table["thread_id"].map(tags.map(lambda of: next(iter(json.loads(of or "[]")), None)))
        table["label"] = first.where(first.isin(first.value_counts().index[:16]))
    elif name == "slovene":
        table = pd.read_parquet(DATA / "comments" / "slovene_news.parquet")
        table = table.rename(columns={"topic": "label"})
    elif name == "weeks":
        table = pd.read_parquet(DATA / "scale" / "reddit_titles_1m.parquet").rename(columns={"subreddit": "label"})
        table = table[table["label"].isin(table["label"].value_counts().index[:16])]
        table = table[table["thread_id"].isin(pd.Series(table["thread_id"].unique()).sample(800, random_state=1))]
    else:
        path = DATA / "topics" / {"m10": "m10.csv", "subreddits": "subreddits.parquet"}[name]
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        table["thread_id"] = np.random.default_rng(0).integers(0, len(table) // 12, len(table))
    table = table[table["text"].fillna("").str.strip() != ""].drop_duplicates("text")
    return table.rename(columns={"thread_id": "thread"})[["text", "thread", "label"]]


def chosen(name: str, seeds: int, encoder: str) -> None:
    """What is told with the number of topics chosen, and how far reruns agree on it."""
    table = corpus(name).reset_index(drop=True)
    texts, threads = table["text"].tolist(), table["thread"].astype(str).to_numpy()
    encode, tokens = parse(encoder).encode, tokenised(texts)
    own, found, start = encode(texts)[:], [], time.perf_counter()
    worth = learned(texts, own, threads.tolist(), tokens.n_of, encode)
    vectors, truth = in_context(own, threads.tolist(), worth, tokens.n_of), pd.factorize(table["label"])[0]
    for seed in range(1, seeds + 1):
        order = np.random.default_rng(seed).permutation(len(texts))
        fit = fit_topics(
            [texts[i] for i in order], vectors[order], threads=threads[order].tolist(), tokens=tokens.take(order),
            ids=[f"{i:07d}" for i in order], seed=seed, run=Run(ComputeSettings(workers=1)),
        )  # fmt: skip
        back = np.argsort(order)
        found.append((fit, fit.topic[back], fit.theme[back]))
    shares, best, known = [], [fit.curve["stability"].max() for fit, *_ in found], truth >= 0
    for fit, *_ in found:
        themes = fit.levels[fit.levels["level"] == "theme"]
        shares.append([_stable(of) for of in (fit.table, themes)])
    print(
        f"\n{name}, {len(texts)} texts, {encoder}, {seeds} seeds: topics {'/'.join(str(len(f.table)) for f, *_ in found)}, "
        f"agreement at best {np.mean(best):.2f}, in stable topics {'/'.join(f'{a:.2f}' for a, _ in shares)}, "
        f"in stable themes {'/'.join(f'{b:.2f}' for _, b in shares)}"
    )
    for level, of in (("topics", [t for _, t, _ in found]), ("themes", [t for *_, t in found if (t >= 0).any()])):
        aris = [adjusted_rand_score(a, b) for a, b in itertools.combinations(of, 2)]
        ami = np.mean([adjusted_mutual_info_score(truth[known], f[known]) for f in of]) if of else np.nan
        if aris:
            print(f"  {level}: reruns ARI {np.mean(aris):.3f} (least {min(aris):.3f}), AMI with labels {ami:.3f}")
    print(
        f"  notes: {sorted({fit.note for fit, *_ in found} - {''})}; {(time.perf_counter() - start) / seeds:.0f} s a fit",
        flush=True,
    )


def _stable(table: pd.DataFrame) -> float:
    """Of the comments with a topic the share in stable ones."""
    return float(table.loc[table["stability"] >= 0.6, "n_comments"].sum() / max(int(table["n_comments"].sum()), 1))


def measure(name: str, seeds: int) -> list[dict]:
    """A row for each kind of context: means over its reruns."""
    table, rows = corpus(name).reset_index(drop=True), []
    texts, threads, labels = table["text"].tolist(), table["thread"].astype(str).to_numpy(), table["label"]
    truth, encode = pd.factorize(labels)[0], parse("static").encode
    own, n_words = encode(texts)[:], tokenised(texts).n_of
    worth = learned(texts, own, threads.tolist(), n_words, encode)
    print(f"\n{name}, {len(texts)} texts in {len(set(threads))} threads: {worth}", flush=True)
    for kind, share in {"none": 0.0, "0.5": 0.5, "learned": worth}.items():
        vectors, found, start = in_context(own, threads.tolist(), share, n_words), [], time.perf_counter()
        for seed in range(1, seeds + 1):
            order = np.random.default_rng(seed).permutation(len(texts))
            fit = fit_topics(
                [texts[i] for i in order], vectors[order], threads=threads[order].tolist(),
                ids=[f"{i:07d}" for i in order], n_topics=int(truth.max()) + 1, seed=seed, run=Run(ComputeSettings(workers=1)),
            )  # fmt: skip
            found.append(fit.topic[np.argsort(order)])
        known, both = truth >= 0, itertools.combinations(found, 2)
        rows.append(
            {
                "context": kind,
                "AMI": np.mean([adjusted_mutual_info_score(truth[known], f[known]) for f in found]),
                "ARI": np.mean([adjusted_rand_score(truth[known], f[known]) for f in found]),
                "rerun": np.mean([adjusted_rand_score(a, b) for a, b in both] or [np.nan]),
                "main": np.mean([in_main_topic(f, threads) for f in found]),
                "stable topics": float((fit.table["stability"] >= 0.6).mean()),
                "seconds": (time.perf_counter() - start) / seeds,
            }
        )
    return rows


def main() -> None:
    """Measure and print a table for each corpus."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("corpus", nargs="*", default=CORPORA)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--auto", action="store_true")
    options.add_argument("--encoder", default="static")
    asked = options.parse_args()
    for name in asked.corpus:
        if (name == "sample" or DATA.is_dir()) and asked.auto:
            chosen(name, asked.seeds, asked.encoder)
        elif name == "sample" or DATA.is_dir():
            print(pd.DataFrame(measure(name, asked.seeds)).round(3).to_string(index=False), flush=True)
        else:
            print(f"No ../shared/data beside the repository: {name} is left out.")


if __name__ == "__main__":
    main()
