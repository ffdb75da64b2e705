"""Second topics: found where two comments of different topics are joined, and where there is but one.

Run as `python tests/benchmarks/second.py [corpus …]` with corpus among sample, m10 and subreddits of `context.py`. Pairs
are of different labels and topics, each comment of six words or more, with the topic of its own words.
"""

from __future__ import annotations

import sys

import numpy as np
from context import RUN, corpus

from analysis.run.vectors import unit_length
from analysis.topics.context import directions, in_context, learned, middle
from analysis.topics.encoders import parse
from analysis.topics.fit import fit_topics
from analysis.topics.second import LEAST_WORDS, second_topics
from analysis.topics.tokens import tokenised


def main(names: list[str]) -> None:
    """Measure and print."""
    encode = parse("static").encode
    for name in names:
        table = corpus(name).reset_index(drop=True)
        table = table.sample(min(len(table), 4_000), random_state=1).reset_index(drop=True)
        texts, threads, label = table["text"].tolist(), table["thread"].astype(str).tolist(), table["label"].to_numpy()
        own, tokens = encode(texts)[:], tokenised(texts)
        worth = learned(texts, own, threads, tokens.n_of, encode)
        vectors = in_context(own, threads, worth, tokens.n_of)
        ids = [f"{i:07d}" for i in range(len(texts))]
        found = fit_topics(texts, vectors, threads=threads, ids=ids, tokens=tokens, runs=6, run=RUN)
        topic, mean = found.topic, middle(own)
        near = (directions(own, mean) @ unit_length(found.centroids).T).argmax(axis=1)
        some = np.flatnonzero((topic >= 0) & (near == topic) & (tokens.n_of >= 6) & table["label"].notna().to_numpy())
        pairs = np.random.default_rng(0).choice(some, (3_000, 2))
        a, b = pairs[(topic[pairs[:, 0]] != topic[pairs[:, 1]]) & (label[pairs[:, 0]] != label[pairs[:, 1]])].T
        joined, rest = [f"{texts[i]} {texts[j]}" for i, j in zip(a, b, strict=True)], (encode, mean)
        other = second_topics(joined, topic[a], found.centroids, tokens.n_of[a] + tokens.n_of[b], *rest)
        single = second_topics(texts, topic, found.centroids, tokens.n_of, *rest)
        long = (tokens.n_of >= LEAST_WORDS) & (topic >= 0)
        right, marked, wrong = (other == topic[b]).mean(), (other >= 0).mean(), (single[long] >= 0).mean()
        print(
            f"{name}: {len(table)} texts, {len(found.table)} topics; of {len(joined)} joined {right:.2f} have the second, "
            f"{marked - right:.2f} another; of {long.sum()} single ones of {LEAST_WORDS} words {wrong:.3f} have one. "
            f"Precision, if one in five has two: {right / (marked + 4 * wrong):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:] or ["sample", "m10"])
