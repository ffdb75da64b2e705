"""Texts that repeat an earlier one, word for word or nearly: marked, never dropped; and floods of them."""

from __future__ import annotations

import re
import unicodedata
import zlib
from itertools import chain

import numpy as np
import pandas as pd

# Below this many words a text recurs by chance ("Well said."), which makes nobody a copyist.
MIN_WORDS = 5
# Two texts are nearly the same where their sets of three words in a row overlap by this much (Jaccard). One word
# changed in a text of 30 leaves 0.81; two different comments on one subject hardly reach 0.1.
SIMILAR = 0.8
MIN_NEAR_WORDS = 8  # shorter texts have too few runs of three words for the overlap to mean anything
# Candidates are found by MinHash: of two texts that overlap by 0.8, 99.8 % share one of 12 bands of 4 of 48 minima.
BANDS, ROWS = 12, 4
BLOCK = 8_192  # texts at a time
MOST = 50  # texts of a bucket to compare with: one of many different texts is of a common phrase
FLOOD = 5  # comments that are the same or nearly so: more than two people's joke
WORD = re.compile(r"\w+")
FLOOD_COLUMNS = ["first", "n_comments", "n_authors", "n_threads", "earliest", "latest"]


def duplicates(comments: pd.DataFrame) -> pd.Series:
    """Mark texts that repeat an earlier one; nothing is dropped.

    Parameters
    ----------
    comments : DataFrame
        comment_id, posted_at, text.

    Returns
    -------
    Series of str
        The comment_id of the first comment with the same text (case, white space and Unicode form aside) and
        five words or more; missing where there is none. Of one time, the smallest comment_id is the first.
    """
    folded = pd.Series(
        [
            " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold().split())
            for text in comments["text"].tolist()
        ],
        index=comments.index,
        dtype="str",
    )
    long_enough = folded.str.count(" ") >= MIN_WORDS - 1
    order = comments.assign(folded=folded)[long_enough].sort_values(["posted_at", "comment_id"], kind="stable")
    first = order.groupby("folded", sort=False)["comment_id"].transform("first")
    copies = first[first != order["comment_id"]]
    return copies.reindex(comments.index).astype("str")


def near_duplicates(comments: pd.DataFrame) -> pd.Series:
    """Mark texts that are nearly an earlier one: reworded, shortened, with a name put in.

    Parameters
    ----------
    comments : DataFrame
        comment_id, posted_at, text, duplicate_of.

    Returns
    -------
    Series of str
        The comment_id of an earlier comment of which at least 0.8 of the runs of three words are shared (Jaccard,
        counted, not estimated); missing where none was found, where the text has fewer than eight words, and where it
        is the same as an earlier one, which `duplicate_of` says. A chain of changes leads to its first text.

    References
    ----------
    Broder (1997), On the resemblance and containment of documents. Candidates by MinHash in bands, as in Leskovec,
    Rajaraman and Ullman, Mining of Massive Datasets, chapter 3.
    """
    order = comments[comments["duplicate_of"].isna()].sort_values(["posted_at", "comment_id"], kind="stable")
    texts, earlier = order["text"].tolist(), np.full(len(order), -1)
    made = [_shingles(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]
    shingles = np.concatenate([np.zeros(0, dtype=np.uint64), *(values for values, _ in made)])
    ends = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *(n_of for _, n_of in made)]))
    kept = np.flatnonzero(np.diff(ends))

    def similar(i: int, j: int) -> bool:
        return _jaccard(shingles[ends[i] : ends[i + 1]], shingles[ends[j] : ends[j + 1]]) >= SIMILAR

    for bands in _bands(shingles, ends[kept]).T:
        by_band = np.argsort(bands, kind="stable")  # texts of one band stand together, in the order of time
        edges = np.flatnonzero(np.diff(bands[by_band], prepend=~bands[by_band[:1]], append=~bands[by_band[-1:]]))
        for start, end in zip(edges[:-1], edges[1:], strict=True):
            if end - start > 1:
                firsts: list[int] = []
                for i in kept[by_band[start:end]].tolist():
                    if earlier[i] < 0:
                        earlier[i] = next((j for j in firsts if similar(i, j)), -1)
                    if len(firsts) < MOST:
                        firsts.append(i)
    for i in range(len(earlier)):  # in the order of time: what is found here is already the first of its chain
        if earlier[i] >= 0 and earlier[earlier[i]] >= 0:
            earlier[i] = earlier[earlier[i]]
    ids = order["comment_id"].to_numpy(dtype=object)
    found = pd.Series([ids[j] if j >= 0 else None for j in earlier], index=order.index, dtype="str")
    return found.reindex(comments.index).astype("str")


def _shingles(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the runs of three words, text after text, each text's sorted and once; and how many each text has.

    None of a text that is too short.
    """
    words = [
        WORD.findall((text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()) for text in texts
    ]
    hashed: dict[str, int] = {}
    for word in chain.from_iterable(words):
        if word not in hashed:
            hashed[word] = zlib.crc32(word.encode("utf-8", "surrogatepass"))
    n_words = np.array([len(one) for one in words], dtype=np.int64)
    codes = np.fromiter((hashed[word] for word in chain.from_iterable(words)), np.uint64, int(n_words.sum()))
    mixed = codes[:-2] * np.uint64(0x9E3779B97F4A7C15) + codes[1:-1] * np.uint64(0xC2B2AE3D27D4EB4F)
    runs = mixed + codes[2:] * np.uint64(0x165667B19E3779F9)
    text, end = np.repeat(np.arange(len(texts)), n_words), np.repeat(np.cumsum(n_words), n_words)
    whole = (np.arange(len(codes)) + 2 < end) & (n_words[text] >= MIN_NEAR_WORDS)  # a run within one text
    text, runs = text[whole], runs[whole[: len(runs)]]
    order = np.lexsort((runs, text))
    text, runs = text[order], runs[order]
    new = np.ones(len(runs), dtype=bool)
    new[1:] = (np.diff(runs) != 0) | (np.diff(text) != 0)
    return runs[new], np.bincount(text[new], minlength=len(texts))


def _bands(shingles: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Hashes of the bands of minima of the texts whose shingles begin at `starts`: of shape (n_texts, BANDS)."""
    rng = np.random.default_rng(0)  # the hash functions; another seed finds other candidates of the same kind
    factors = rng.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
    shifts = rng.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    bands = np.zeros((len(starts), BANDS), dtype=np.uint64)
    if not len(starts):
        return bands
    stirred = shingles ^ (shingles >> np.uint64(29))
    for k in range(BANDS * ROWS):
        mixed = stirred * factors[k] + shifts[k]
        minima = np.minimum.reduceat(mixed ^ (mixed >> np.uint64(32)), starts)
        bands[:, k // ROWS] = bands[:, k // ROWS] * np.uint64(0x9E3779B97F4A7C15) + minima
    return bands


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)


def floods(comments: pd.DataFrame) -> pd.DataFrame:
    """Groups of five comments or more that are the same or nearly so, the largest first; no text.

    Returns
    -------
    DataFrame
        first (comment_id), n_comments, n_authors, n_threads, earliest, latest (UTC).
    """
    exact = comments["duplicate_of"].fillna(comments["comment_id"])
    near = comments.set_index("comment_id")["near_duplicate_of"]
    group = exact.map(near).fillna(exact)
    sizes = group.map(group.value_counts())
    by = comments.assign(first=group)[sizes >= FLOOD].groupby("first", sort=True)
    table = pd.DataFrame(
        {
            "n_comments": by.size(),
            "n_authors": by["author"].nunique(),
            "n_threads": by["article_id"].nunique(),
            "earliest": by["posted_at"].min(),
            "latest": by["posted_at"].max(),
        }
    ).reset_index()
    return table.sort_values(["n_comments", "first"], ascending=[False, True], ignore_index=True)[FLOOD_COLUMNS]
