"""Expected topics: agreement with labels with and without seeds, and how near what is there and what is not comes.

Run as `python tests/benchmarks/seeds.py`. Of m10 (../shared/data beside the repository) all ten labels are seeded with
one line each, then five, beside what the vectors allow: each text at the nearest mean of its true labels; of the sample lines on its themes and on what nobody wrote about are held against it: "near"
is how near a line comes to comments, against how near comments come to each other (below .65 it is not in the corpus).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.run import Run  # noqa: E402
from analysis.run.vectors import unit_length  # noqa: E402
from analysis.settings import ComputeSettings  # noqa: E402
from analysis.topics.context import directions, middle  # noqa: E402
from analysis.topics.encoders import parse  # noqa: E402
from analysis.topics.fit import fit_topics  # noqa: E402

M10 = ROOT.parent / "shared" / "data" / "topics" / "m10.csv"
LINES = (
    "crop yield and soil", "fossil record and human evolution", "protein structure and gene expression",
    "machine learning algorithm", "stock market price volatility",
    "power control of robots and embedded industrial systems", "composite material crack defects",
    "oil and gas reservoir drilling", "quantum field theory particle", "social behaviour organisation trust",
)  # fmt: skip
THERE = (
    "the tram is always late", "hospital waiting lists", "football match", "the wind turbines at sea",
    "rent is too high", "a cycle lane in the road",
)  # fmt: skip
NOT_THERE = (
    "volcano lava and ash", "income tax and deficit", "dogs and cats", "religion and church",
    "immigration and asylum seekers", "computer software bugs",
)  # fmt: skip


def seeded() -> None:
    """Agreement with the labels of m10."""
    table, encode = pd.read_csv(M10).dropna(subset="text"), parse("static").encode
    texts, truth = table["text"].tolist(), table["label"].to_numpy()
    vectors, ids = encode(texts), [f"{i:05d}" for i in range(len(texts))]
    mean = middle(vectors)
    own, seeds = directions(vectors, mean), directions(encode(list(LINES)), mean)
    code = np.unique(truth, return_inverse=True)[1]  # what no seed can be better than: the means of the labels
    means = unit_length(np.stack([own[code == label].mean(axis=0) for label in range(10)]))
    best = (own @ means.T).argmax(axis=1)
    scores = [score(truth, best) for score in (adjusted_rand_score, adjusted_mutual_info_score)]
    print(f"m10, each text to the nearest mean of the true labels: ARI {scores[0]:.3f}, AMI {scores[1]:.3f}")
    for n in (0, 5, 10):
        expected = {LINES[i]: seeds[i] for i in range(n)}
        found = fit_topics(
            texts, own, threads=ids, ids=ids, n_topics=10, expected=expected, run=Run(ComputeSettings(workers=1))
        )
        scores = [score(truth, found.topic) for score in (adjusted_rand_score, adjusted_mutual_info_score)]
        named = found.table["label"].isin(LINES)
        stable = np.round(found.table.loc[named, "stability"].tolist(), 2).tolist()
        print(f"m10, {n} seeds: ARI {scores[0]:.3f}, AMI {scores[1]:.3f}; named {named.sum()}, stability {stable}")


def near() -> None:
    """How near lines come to the sample's comments, against comments to each other."""
    from analysis.study import open_study

    study = open_study(ROOT / "data" / "sample")
    encode, own = parse("static").encode, study._vectors[:]
    mean = middle(encode(list(study.texts)))
    usual = np.median(np.sort(own[::6] @ own.T, axis=1)[:, -11:-1].mean(axis=1))
    for name, lines in (("there", THERE), ("not there", NOT_THERE)):
        close = np.sort(directions(encode(list(lines)), mean) @ own.T, axis=1)[:, -10:].mean(axis=1) / usual
        print(f"sample, {name}: {', '.join(f'{line} {one:.2f}' for line, one in zip(lines, close, strict=True))}")


if __name__ == "__main__":
    near()
    if M10.is_file():
        seeded()
    else:
        print("No ../shared/data beside the repository: m10 is left out.")
