"""What a fitted BERTopic of a large corpus costs in memory: made of 1,000,000 short texts and vectors that are in a file.

    python tests/benchmarks/bertopic_memory.py [1000000]

Texts of 12 words and vectors of 256 dimensions by chance, 21 topics; what is printed is the most that the process held
before, and with, `study.topics.bertopic` made of them.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
from analysis.run.vectors import OnDisk  # noqa: E402
from analysis.topics.description import Fit  # noqa: E402
from analysis.topics.topics import Topics  # noqa: E402

N_TOPICS, BLOCK = 21, 50_000


def peak() -> float:
    """GiB that the process held at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    n = int(next(iter(sys.argv[1:]), 1_000_000))
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abdegiklmnoprstu"), 7)) for _ in range(4_000)]
    texts = [" ".join(words[j] for j in rng.integers(0, len(words), 12)) for _ in range(n)]
    topic = rng.integers(-1, N_TOPICS, n)
    with tempfile.TemporaryDirectory() as folder:
        vectors = OnDisk(Path(folder) / "vectors", (n, 256))
        with vectors.path.open("wb") as file:
            for start in range(0, n, BLOCK):
                file.write(rng.standard_normal((min(BLOCK, n - start), 256), dtype=np.float32).tobytes())
        names = [f"{words[i]} · {words[i + 1]}" for i in range(N_TOPICS)]
        table = pd.DataFrame({"topic": range(N_TOPICS), "label": names, "words": names, "stability": 1.0})
        table = table.assign(n_comments=np.bincount(topic[topic >= 0], minlength=N_TOPICS), n_threads=9)
        own = pd.DataFrame({"topic": range(N_TOPICS), "word": words[:N_TOPICS], "weight": 1.0})
        fit = Fit(
            topic=topic, agreement=np.ones(n), table=table, curve=pd.DataFrame(), note="",
            centroids=np.zeros((N_TOPICS, 256), dtype=np.float32), words=own, theme=topic, subtopic=topic,
            vocabulary=tuple(words),
        )  # fmt: skip
        before, start = peak(), time.perf_counter()
        model = Topics(fit, texts, lambda: vectors).bertopic
        assert len(model.topics_) == n
        print(
            f"{n:,} texts: {before:.2f} GiB before, {peak():.2f} GiB with BERTopic; {time.perf_counter() - start:.0f} s"
        )


if __name__ == "__main__":
    main()
