"""Topics beside k-means and, where it is installed, BERTopic's own UMAP+HDBSCAN: agreement, sameness, seconds.

Run as `python tests/benchmarks/topics.py [corpus …]` with corpus among m10, subreddits. Reads labelled texts from
../shared/data/topics beside the repository. AMI and ARI are with the labels; "rerun" is the mean ARI between reruns
with other seeds on shuffled rows with new ids. -1 counts as one more cluster; "ARI, assigned" leaves it out.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.encoding import encode  # noqa: E402
from analysis.settings import TopicSettings  # noqa: E402
from analysis.topics import fit_topics  # noqa: E402
from analysis.words import class_tfidf, count_words, stop_words, tokens, vocabulary  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "topics"
CORPORA = {"m10": ("m10.csv", (10, 15)), "subreddits": ("subreddits.parquet", (16, 22))}
SEEDS = (1, 2, 3)
WORKERS = 2
Method = Callable[[list[str], np.ndarray, int], np.ndarray]


def ours(n_topics: int | str) -> Method:
    def labels(texts: list[str], vectors: np.ndarray, seed: int) -> np.ndarray:
        ids = [f"{i:07d}" for i in range(len(texts))]
        settings = TopicSettings(n_topics=n_topics, seed=seed)
        return fit_topics(texts, vectors, threads=ids, ids=ids, settings=settings, workers=WORKERS).topic

    return labels


def kmeans(n_topics: int, restarts: int = 100) -> Method:
    def labels(texts: list[str], vectors: np.ndarray, seed: int) -> np.ndarray:
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        unit = unit - unit.mean(axis=0)
        unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
        parts = PCA(50, random_state=seed).fit_transform(unit)
        return KMeans(n_topics, n_init=restarts, random_state=seed).fit_predict(parts)

    return labels


def umap_hdbscan(texts: list[str], vectors: np.ndarray, seed: int) -> np.ndarray:
    from bertopic import BERTopic
    from umap import UMAP

    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
    return np.array(BERTopic(umap_model=umap).fit_transform(texts, embeddings=vectors)[0])


def npmi_and_diversity(texts: list[str], topic: np.ndarray) -> tuple[float, float]:
    """Mean NPMI of the pairs of ten top words (by document), and the share of top words that are of one topic."""
    n_topics = int(topic.max()) + 1
    words = vocabulary(texts, [str(i) for i in range(len(texts))], stop_words(None))
    weights = class_tfidf(count_words(texts, topic, n_topics, words).counts)
    top = [[words[i] for i in np.argsort(-row, kind="stable")[:10]] for row in weights]
    wanted = set(itertools.chain(*top))
    holds: dict[str, set[int]] = {word: set() for word in wanted}
    for i, text in enumerate(texts):
        for word in wanted.intersection(tokens(text)):
            holds[word].add(i)
    scores = []
    for row in top:
        for a, b in itertools.combinations(row, 2):
            both, p, q = (len(s) / len(texts) for s in (holds[a] & holds[b], holds[a], holds[b]))
            scores.append(np.log(both / (p * q)) / -np.log(both) if both else -1.0)
    return float(np.mean(scores)), len(wanted) / sum(map(len, top))


def measure(name: str, method: Method, texts: list[str], vectors: np.ndarray, truth: np.ndarray) -> dict:
    found, seconds = [], []
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(texts))
        start = time.perf_counter()
        labels = method([texts[i] for i in order], vectors[order], seed)
        seconds.append(time.perf_counter() - start)
        back = np.empty(len(texts), dtype=np.int64)
        back[order] = labels
        found.append(back)
    npmi, diversity = npmi_and_diversity(texts, found[0])
    assigned = [f >= 0 for f in found]
    return {
        "method": name,
        "topics": "/".join(str(f.max() + 1) for f in found),
        "AMI": np.mean([adjusted_mutual_info_score(truth, f) for f in found]),
        "ARI": np.mean([adjusted_rand_score(truth, f) for f in found]),
        "ARI, assigned": np.mean([adjusted_rand_score(truth[a], f[a]) for f, a in zip(found, assigned, strict=True)]),
        "rerun": np.mean([adjusted_rand_score(a, b) for a, b in itertools.combinations(found, 2)]),
        "NPMI": npmi,
        "diversity": diversity,
        "unassigned": np.mean([1 - a.mean() for a in assigned]),
        "seconds": np.mean(seconds),
    }


def main(names: list[str]) -> None:
    if not DATA.is_dir():
        print("No labelled texts beside the repository (../shared/data/topics): nothing to measure.")
        return
    for name in names or list(CORPORA):
        file, numbers = CORPORA[name]
        path = DATA / file
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        table = table[table["text"].fillna("").str.strip() != ""]
        texts, truth = table["text"].tolist(), pd.factorize(table["label"])[0]
        vectors = encode(texts)
        methods: list[tuple[str, Method]] = [("threadline, auto", ours("auto"))]
        for n in numbers:
            methods += [(f"threadline, {n}", ours(n)), (f"k-means, {n}", kmeans(n))]
        if importlib.util.find_spec("umap") and importlib.util.find_spec("hdbscan"):
            methods.append(("BERTopic, UMAP+HDBSCAN", umap_hdbscan))
        rows = []
        for label, method in methods:
            rows.append(measure(label, method, texts, vectors, truth))
            print(f"… {name}: {label}", file=sys.stderr, flush=True)
        print(f"\n{name}, {len(texts)} texts, {truth.max() + 1} labels, static vectors, seeds {SEEDS}\n")
        print(pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
