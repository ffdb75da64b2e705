"""What marking a corpus costs and how right it is: languages, duplicates, near duplicates.

Run as `python tests/benchmarks/corpus.py`. Reads ../shared/data: Slovene news comments, an English blog's comments, English
tweets and editorial sentences, a million post titles. The detector is the one that the project uses (py3langid); langdetect
is measured beside it where it is installed. Seconds are of one process.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.corpus.duplicates import SIMILAR, duplicates, floods, marks, near_duplicates  # noqa: E402
from analysis.corpus.languages import languages  # noqa: E402
from analysis.run import Run  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
ONE = Run()  # in this process


def language() -> None:
    slovene = pd.read_parquet(DATA / "comments" / "slovene_news.parquet")["text"]
    blog = pd.read_parquet(DATA / "comments" / "haacked_comments.parquet")["text"].sample(5000, random_state=1)
    short = pd.read_parquet(DATA / "sentiment" / "human_ratings.parquet")["text"]
    print(f"{'texts':22} {'n':>6} {'right':>7} {'undetermined':>13} {'wrong':>7} {'s per 100,000':>14}")
    for name, texts, truth in (
        ("Slovene news", slovene, "sl"),
        ("English blog", blog, "en"),
        ("tweets, sentences", short, "en"),
    ):
        texts = texts.drop_duplicates().reset_index(drop=True)
        start = time.perf_counter()
        found = languages(texts, ONE)
        took = time.perf_counter() - start
        right, open_ = (found == truth).mean(), (found == "und").mean()
        print(
            f"{name:22} {len(texts):6,} {right:7.1%} {open_:13.1%} {1 - right - open_:7.1%} {took / len(texts) * 1e5:14.0f}"
        )
        try:
            from langdetect import DetectorFactory, LangDetectException, detect
        except ImportError:
            continue
        DetectorFactory.seed = 0
        some, right, start = texts.sample(min(500, len(texts)), random_state=1), 0, time.perf_counter()
        for text in some:
            with contextlib.suppress(LangDetectException):
                right += detect(text) == truth
        took = time.perf_counter() - start
        print(f"    langdetect {len(some):17,} {right / len(some):7.1%} {'':13} {'':7} {took / len(some) * 1e5:14.0f}")


def alike(one: str, other: str) -> float:
    """Jaccard of the sets of three words in a row."""
    words = [re.findall(r"\w+", text.casefold()) for text in (one, other)]
    runs = [set(zip(w, w[1:], w[2:], strict=False)) for w in words]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


def repeats() -> None:
    titles = pd.read_parquet(DATA / "scale" / "reddit_titles_1m.parquet").head(100_000)
    blog = pd.read_parquet(DATA / "comments" / "haacked_comments.parquet")
    names = {"date": "posted_at", "thread_id": "article_id"}
    for name, table in (("post titles", titles.assign(author="x")), ("English blog", blog)):
        table = table.rename(columns=names).assign(comment_id=table["comment_id"].astype(str)).reset_index(drop=True)
        start = time.perf_counter()
        texts = table["text"].tolist()
        seen = marks(texts, ONE)
        table["duplicate_of"] = duplicates(table, seen)
        exact, start = time.perf_counter() - start, time.perf_counter()
        table["near_duplicate_of"] = near_duplicates(table, seen, texts)
        near = time.perf_counter() - start
        print(
            f"{name}: {len(table):,} texts; {table['duplicate_of'].notna().sum():,} repeat an earlier one (marks {exact:.1f} s), "
            f"{table['near_duplicate_of'].notna().sum():,} nearly ({near:.1f} s), {len(floods(table)):,} floods"
        )
    # Recall: long comments with a share of their words changed, beside what counting every pair would find.
    rng = np.random.default_rng(1)
    long = blog[blog["text"].str.split().str.len().between(20, 60)].sample(1000, random_state=1)["text"].tolist()
    for share in (0.01, 0.03, 0.05):
        changed = []
        for text in long:
            words = text.split()
            for i in np.flatnonzero(rng.random(len(words)) < share):
                words[i] = f"other{i}"
            changed.append(" ".join(words))
        pairs = [alike(a, b) >= SIMILAR for a, b in zip(long, changed, strict=True)]
        table = pd.DataFrame({"text": long + changed, "comment_id": [f"{i:05d}" for i in range(2000)]})
        table["posted_at"] = pd.Timestamp("2020-01-01", tz="UTC")
        seen = marks(long + changed, ONE)
        table["duplicate_of"] = duplicates(table, seen)
        near = near_duplicates(table, seen, long + changed)
        marked = (near.notna() | table["duplicate_of"].notna())[1000:].to_numpy()
        found = marked[np.array(pairs)].mean()
        print(
            f"{share:.0%} of the words changed: {np.mean(pairs):.1%} are still 0.8 alike, of these {found:.1%} are marked"
        )


def main() -> int:
    if not DATA.is_dir():
        print("No ../shared/data: nothing to measure on.")
        return 0
    language()
    repeats()
    return 0


if __name__ == "__main__":
    sys.exit(main())
