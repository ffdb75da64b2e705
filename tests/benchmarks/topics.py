"""Topics beside BERTopic as installed, Turftopic and k-means: agreement with people, sameness, words, seconds.

Run as `python tests/benchmarks/topics.py [--vectors static,minilm] [--seeds 5] [--only NAME,…] [corpus …]` with corpus
among m10, subreddits, sample and scale (seconds at 100,000 alone), and methods after --only. Reads labelled texts from
../shared/data beside the repository, and the sample study's themes. BERTopic's own path wants umap-learn and hdbscan, MiniLM the extra
`transformers`, Turftopic itself, TriTopic itself (without its dependencies: torch) with leidenalg, igraph, rank-bm25 and umap-learn; what is not
installed is left out and named.

Each method gets the same vectors. A rerun has another seed, and the rows in another order with other ids. -1 counts as
one more cluster; "ARI, assigned" leaves it out. AMI and ARI are with the labels; "rerun" is the mean ARI between reruns. NPMI (of pairs of
words in a document) and diversity are of the ten words that a method itself shows for a topic. "right" is the share of
comments whose label is their topic's most frequent, "right, none" the same of the unassigned, put to the nearest topic.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import sys
import tempfile
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

from analysis.run import Run  # noqa: E402
from analysis.run.vectors import unit_length  # noqa: E402
from analysis.settings import ComputeSettings  # noqa: E402
from analysis.topics.encoders import parse  # noqa: E402
from analysis.topics.fit import fit_topics  # noqa: E402
from analysis.topics.keywords import coherence, count_words, topic_words, vocabulary  # noqa: E402
from analysis.topics.neighbours import centred  # noqa: E402
from analysis.topics.stop_words import stop_words  # noqa: E402
from analysis.topics.tokens import tokenised  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "topics"
ENCODERS = {"static": "static", "multilingual": "multilingual", "minilm": "sentence-transformers:all-MiniLM-L6-v2"}
RUN = Run(ComputeSettings(workers=2))
Words = list[list[str]]
Found = list[tuple[str, np.ndarray, Words, float]]  # name, topic of each text, words of each topic, seconds
Method = Callable[[list[str], np.ndarray, int], Found]


def here(package: str) -> bool:
    """Whether a package is installed."""
    return importlib.util.find_spec(package) is not None


def lists(words: pd.DataFrame) -> Words:
    """Words of each topic."""
    return words.groupby("topic")["word"].agg(list).tolist()


def ours(n_topics: int | str) -> Method:
    """Threadline's topics, each text in a thread of its own, since labelled texts have none."""

    def method(texts: list[str], vectors: np.ndarray, seed: int) -> Found:
        ids = [f"{i:07d}" for i in range(len(texts))]
        start = time.perf_counter()
        found = fit_topics(texts, vectors, threads=ids, ids=ids, n_topics=n_topics, seed=seed, run=RUN)
        seconds = time.perf_counter() - start
        return [(f"threadline, {n_topics}", found.topic, lists(found.words), seconds)]

    return method


def kmeans(n_topics: int, restarts: int = 100) -> Method:
    """The tightest of many k-means on principal components, with the words that we would show."""

    def method(texts: list[str], vectors: np.ndarray, seed: int) -> Found:
        start = time.perf_counter()
        parts = PCA(50, random_state=seed).fit_transform(centred(unit_length(vectors)))
        topic = KMeans(n_topics, n_init=restarts, random_state=seed).fit_predict(parts)
        cut = tokenised(texts)
        known = vocabulary(cut, [str(i) for i in range(len(texts))], stop_words(None))
        words = topic_words(count_words(cut, topic, n_topics, known), known)
        return [(f"k-means, {n_topics}", topic, lists(words), time.perf_counter() - start)]

    return method


def bertopic(n_topics: int) -> Method:
    """BERTopic as installed but for a seed: UMAP and HDBSCAN; the same model, then reduced to a number of topics."""

    def method(texts: list[str], vectors: np.ndarray, seed: int) -> Found:
        from bertopic import BERTopic
        from umap import UMAP

        start = time.perf_counter()
        umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
        model = BERTopic(umap_model=umap)
        topic = np.array(model.fit_transform(texts, embeddings=vectors)[0])
        once = time.perf_counter() - start
        found = [("BERTopic", topic, shown(model), once)]
        model.reduce_topics(texts, nr_topics=n_topics + 1)  # it counts the unassigned as a topic
        name = f"BERTopic, {n_topics}"
        return [*found, (name, np.array(model.topics_), shown(model), time.perf_counter() - start)]

    def shown(model: object) -> Words:
        topics = model.get_topics()  # type: ignore[attr-defined]
        return [[word for word, _ in topics[t] if word][:10] for t in sorted(topics) if t >= 0]

    return method


def tritopic(n_topics: int) -> Method:
    """TriTopic as installed but for a seed: at a number of topics, and as it chooses."""

    def method(texts: list[str], vectors: np.ndarray, seed: int) -> Found:
        from tritopic import TriTopic, TriTopicConfig

        found = []
        for wanted in (n_topics, "auto"):
            start = time.perf_counter()
            model = TriTopic(n_topics=wanted, config=TriTopicConfig(random_state=seed, verbose=False))
            model.fit(texts, embeddings=vectors)
            words = [
                topic.keywords[:10] for topic in sorted(model.topics_, key=lambda t: t.topic_id) if topic.topic_id >= 0
            ]
            found.append((f"TriTopic, {wanted}", np.asarray(model.labels_), words, time.perf_counter() - start))
        return found

    return method


def turftopic(n_topics: int) -> Method:
    """Turftopic's clustering model with its defaults but for the number of topics."""

    def method(texts: list[str], vectors: np.ndarray, seed: int) -> Found:
        from turftopic import ClusteringTopicModel

        class Given:  # its encoder is not asked for anything: the vectors are given
            def encode(self, texts: list[str], **_: object) -> np.ndarray:
                return parse("static").encode(list(texts))

        start = time.perf_counter()
        model = ClusteringTopicModel(n_reduce_to=n_topics, encoder=Given(), random_state=seed)
        model.fit(texts, embeddings=vectors)
        seconds = time.perf_counter() - start
        labels = [int(c) for c in model.classes_]
        words = [[w for w, _ in row] for c, (_, row) in zip(labels, model.get_topics(10), strict=True) if c >= 0]
        return [(f"Turftopic, {n_topics}", np.asarray(model.labels_), words, seconds)]

    return method


def right(vectors: np.ndarray, topic: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Share of the assigned whose label is their topic's most frequent, and of the unassigned, put to the nearest."""
    there = [t for t in np.unique(topic) if t >= 0]
    if not there:
        return np.nan, np.nan
    unit = unit_length(vectors)
    label = np.array([np.bincount(truth[topic == t]).argmax() for t in there])
    centre = unit_length(np.stack([unit[topic == t].mean(axis=0) for t in there]))
    nearest = label[(unit @ centre.T).argmax(axis=1)]
    given = np.zeros(int(topic.max()) + 1, dtype=np.int64)
    given[there] = label
    assigned = topic >= 0
    none = float((nearest == truth)[~assigned].mean()) if (~assigned).any() else np.nan
    return float((given[topic[assigned]] == truth[assigned]).mean()), none


def measure(methods: list[Method], texts: list[str], vectors: np.ndarray, truth: np.ndarray, seeds: int) -> list[dict]:
    """A row for each method: means over its reruns."""
    runs: dict[str, list[tuple[np.ndarray, Words, float]]] = {}
    for method in methods:
        for seed in range(1, seeds + 1):
            order = np.random.default_rng(seed).permutation(len(texts))
            for name, labels, words, seconds in method([texts[i] for i in order], vectors[order], seed):
                back = np.empty(len(texts), dtype=np.int64)
                back[order] = labels
                runs.setdefault(name, []).append((back, words, seconds))
                print(f"… {name}, seed {seed}: {seconds:.0f} s", file=sys.stderr, flush=True)
    return [_row(name, done, texts, vectors, truth) for name, done in runs.items()]


def _row(name: str, done: list, texts: list[str], vectors: np.ndarray, truth: np.ndarray) -> dict:
    found = [topic for topic, _, _ in done]
    assigned = [f >= 0 for f in found]
    cut = tokenised(texts)
    words = np.array([coherence(cut, shown) for _, shown, _ in done])
    shares = np.array([right(vectors, f, truth) for f in found])
    return {
        "method": name,
        "topics": "/".join(str(f.max() + 1) for f in found),
        "AMI": np.mean([adjusted_mutual_info_score(truth, f) for f in found]),
        "ARI": np.mean([adjusted_rand_score(truth, f) for f in found]),
        "ARI, assigned": np.mean([adjusted_rand_score(truth[a], f[a]) for f, a in zip(found, assigned, strict=True)]),
        "rerun": np.mean([adjusted_rand_score(a, b) for a, b in itertools.combinations(found, 2)] or [np.nan]),
        "NPMI": words[:, 0].mean(),
        "diversity": words[:, 1].mean(),
        "unassigned": np.mean([1 - a.mean() for a in assigned]),
        "right": shares[:, 0].mean(),
        "right, none": shares[:, 1].mean(),
        "seconds": np.median([seconds for _, _, seconds in done]),
    }


def corpus(name: str) -> tuple[list[str], np.ndarray]:
    """Texts and labels of a corpus; of the sample the comments that have a theme."""
    if name == "sample":
        from analysis.study import open_study

        study = open_study(ROOT / "data" / "sample")
        comments = study.comments[["comment_id"]].assign(text=list(study.texts))
        truth = pd.read_csv(ROOT / "data" / "sample" / "truth.csv")
        table = comments.merge(truth[["comment_id", "theme"]], on="comment_id").rename(columns={"theme": "label"})
        table = table[table["label"] != "none"]
    else:
        path = DATA / {"m10": "m10.csv", "subreddits": "subreddits.parquet"}[name]
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    table = table[table["text"].fillna("").str.strip() != ""]
    return table["text"].tolist(), pd.factorize(table["label"])[0]


def vectors_of(name: str, kind: str, texts: list[str]) -> np.ndarray:
    """Vectors, from the machine's folder for passing things where they were made before."""
    path = Path(tempfile.gettempdir()) / f"threadline-{name}-{kind}-{len(texts)}.npy"
    if not path.is_file():
        np.save(path, parse(ENCODERS[kind]).encode(texts))
    return np.load(path)


def scale(n: int = 100_000) -> None:
    """Seconds of the topic step beside UMAP and HDBSCAN alone, as BERTopic sets them, on the same vectors."""
    path = ROOT.parent / "shared" / "data" / "scale" / "reddit_titles_1m.parquet"
    if not path.is_file():
        print("No ../shared/data/scale beside the repository: nothing to measure.")
        return
    table = pd.read_parquet(path).sample(n, random_state=1).drop_duplicates("text")
    texts, threads, ids = (table[c].astype(str).tolist() for c in ("text", "thread_id", "comment_id"))
    vectors = parse("static").encode(texts)
    start = time.perf_counter()
    found = fit_topics(texts, vectors, threads=threads, ids=ids, run=RUN)
    took = time.perf_counter() - start
    print(f"\n{len(texts):,} post titles: the whole topic step, words and all, {took:.0f} s, {len(found.table)} topics")
    if here("umap") and here("hdbscan"):
        from hdbscan import HDBSCAN
        from umap import UMAP

        for some in (vectors[:3000], vectors):  # compiled before the clock runs
            start = time.perf_counter()
            flat = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine").fit_transform(some)
            HDBSCAN(min_cluster_size=10, cluster_selection_method="eom", prediction_data=True).fit(flat)
        other = time.perf_counter() - start
        print(
            f"UMAP and HDBSCAN alone, on every core and without a seed, {other:.0f} s: {other / took:.1f} times as long"
        )


def main() -> None:
    """Measure and print a table for each corpus and kind of vectors."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("corpus", nargs="*", default=["sample", "m10", "subreddits"])
    options.add_argument("--vectors", default="static,minilm")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--only", default="threadline,auto,k-means,BERTopic,TriTopic,Turftopic")
    chosen = options.parse_args()
    if not DATA.is_dir():
        print("No labelled texts beside the repository (../shared/data/topics): the sample alone is measured.")
    for name in chosen.corpus:
        if name == "scale":
            scale()
            continue
        if name != "sample" and not DATA.is_dir():
            continue
        texts, truth = corpus(name)
        n = int(truth.max()) + 1
        offered: dict[str, tuple[Method, bool]] = {
            "threadline": (ours(n), True),
            "auto": (ours("auto"), True),
            "k-means": (kmeans(n), True),
            "BERTopic": (bertopic(n), here("umap") and here("hdbscan")),
            "TriTopic": (tritopic(n), here("tritopic")),
            "Turftopic": (turftopic(n), here("turftopic")),
        }
        wanted = chosen.only.split(",")
        missing = [key for key in wanted if not offered[key][1]]
        if missing:
            print(f"Not installed, and left out: {', '.join(missing)}.")
        methods = [offered[key][0] for key in wanted if offered[key][1]]
        for kind in chosen.vectors.split(","):
            if kind == "minilm" and not here("sentence_transformers"):
                print("Not installed, and left out: MiniLM's vectors (the extra transformers).")
                continue
            rows = measure(methods, texts, vectors_of(name, kind, texts), truth, chosen.seeds)
            print(f"\n{name}, {len(texts)} texts, {n} labels, {kind} vectors, {chosen.seeds} seeds\n")
            print(pd.DataFrame(rows).round(3).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
