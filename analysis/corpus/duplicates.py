"""Texts that repeat an earlier one, word for word or nearly: marked, never dropped; and floods of them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain

import numpy as np
import pandas as pd

from analysis.corpus.wording import normal
from analysis.run import Run
from analysis.run.texts import rows_of_a_part, take
from analysis.run.vectors import BLOCK, Vectors

# Below this many words a text recurs by chance ("Well said."), which makes nobody a copyist: it must recur in a flood.
LONG = 1 << 20  # letters: longer texts are compared as they are, for letters in one form may be 18 times as many
MIN_WORDS = 5  # or as many letters of a script without spaces
# Two texts are nearly the same where their sets of three words in a row overlap by this much (Jaccard). One word
# changed in a text of 30 leaves 0.81; two different comments on one subject hardly reach 0.1.
SIMILAR = 0.8
MIN_NEAR_WORDS = 8  # shorter texts have too few runs of three words for the overlap to mean anything
# Candidates are found by MinHash: of two texts that overlap by 0.8, 99.8 % share one of 12 bands of 4 of 48 minima.
BANDS, ROWS = 12, 4
MOST = 50  # texts of a bucket to compare with: one of many different texts is of a common phrase
FLOOD = 5  # comments that are the same or nearly so: more than two people's joke
# Letters of scripts without spaces (Thai, Lao, Burmese, Khmer, Chinese, Japanese) count as words.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD, LETTER_OR_WORD = re.compile(r"\w+"), re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
FLOOD_COLUMNS = ["first", "n_comments", "n_authors", "n_threads", "earliest", "latest"]
WIDTH = 60  # letters of a text that is shown


def marks(texts: Sequence[str], run: Run = Run()) -> Vectors:
    """Numbers by which texts are compared, of shape (3 + BANDS, n_texts), uint64.

    The text's digest (128 bits in two rows, 0 and 0 of an empty one, of which the lowest bit says whether it has five
    words): case, white space and Unicode form aside. The number of its different runs of three words; the hashes of
    its bands.
    """
    made = run.matrix((3 + BANDS, len(texts)), np.uint64)
    for first, some in run.map_parts(_marked, texts, "looking for duplicates"):
        made[:, first : first + len(some)] = np.asarray(some).T
    return made


def _marked(texts: Sequence[str]) -> np.ndarray:
    """The marks of each text, of shape (n_texts, 3 + BANDS)."""
    made = np.zeros((len(texts), 3 + BANDS), dtype=np.uint64)
    for i, text in enumerate(texts):
        if words := (folded := _folded(text)).split():
            whole = " ".join(words).encode("utf-8", "surrogatepass")
            made[i, :2] = np.frombuffer(blake2b(whole, digest_size=16).digest(), dtype=np.uint64)
            enough = len(words) >= MIN_WORDS or (not folded.isascii() and len(_words(folded)) >= MIN_WORDS)
            made[i, 0] = made[i, 0] >> np.uint64(1) << np.uint64(1) | np.uint64(enough)
    shingles, n_of = _shingles(texts)
    made[:, 2] = n_of
    made[n_of > 0, 3:] = _bands(shingles, (np.cumsum(n_of) - n_of)[n_of > 0])
    return made


def _words(text: str) -> list[str]:
    """The words of a folded text, and each letter of a script without spaces."""
    return (WORD if text.isascii() else LETTER_OR_WORD).findall(text)


def _folded(text: str) -> str:
    return (text if text.isascii() or len(text) > LONG else normal("NFKC", text)).casefold()


def duplicates(comments: pd.DataFrame, marks: Vectors) -> pd.Series:
    """The comment_id of the first comment with the same text, missing where there is none; nothing is dropped.

    Of one time, the smallest comment_id is the first. A text of fewer than five words counts where five or more
    comments are it. Of the comments, comment_id and posted_at count; `marks` are those of their texts.
    """
    high, low = marks[:2]
    order = comments[["comment_id", "posted_at"]].assign(high=high, low=low)
    order = order[(order["high"] | order["low"]) > 0].sort_values(["posted_at", "comment_id"], kind="stable")
    same = order.groupby(["high", "low"], sort=False)["comment_id"]
    first, many = same.transform("first"), same.transform("size") >= FLOOD
    return (
        first[(first != order["comment_id"]) & (many | (order["high"] & 1).astype(bool))]
        .reindex(comments.index)
        .astype("str")
    )


def near_duplicates(comments: pd.DataFrame, marks: Vectors, texts: Sequence[str]) -> pd.Series:
    """The comment_id of an earlier comment of which the text is a change: reworded, shortened, with a name put in.

    At least 0.8 of the runs of three words are shared (Jaccard, counted, not estimated). Missing where none was found,
    where the text has fewer than eight words, and where it is the same as an earlier one, which `duplicate_of` says.
    A chain of changes leads to its first text. Of the comments, comment_id, posted_at and duplicate_of count.

    References
    ----------
    Broder (1997), On the resemblance and containment of documents. Candidates by MinHash in bands, as in Leskovec,
    Rajaraman and Ullman, Mining of Massive Datasets, chapter 3.
    """
    when = comments[["posted_at", "comment_id"]].reset_index(drop=True)
    by_time = when.sort_values(["posted_at", "comment_id"], kind="stable").index.to_numpy("int64")
    by_time = by_time[comments["duplicate_of"].isna().to_numpy()[by_time] & (marks[2][by_time] > 0)]
    groups: list[np.ndarray] = []  # of rows that share a band, in the order of time
    for k in range(BANDS):
        band = pd.Series(marks[3 + k][by_time], index=by_time)
        band = band[band.duplicated(keep=False)]
        groups += [rows.to_numpy() for rows in band.groupby(band).groups.values()]
    shingles_of: dict[int, np.ndarray] = {}  # of those alone that share a band with another
    candidates = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *groups]))
    size = rows_of_a_part(texts, BLOCK)
    for rows in (candidates[start : start + size] for start in range(0, len(candidates), size)):
        shingles, n_of = _shingles(take(texts, rows))
        shingles_of.update(zip(rows.tolist(), np.split(shingles, np.cumsum(n_of)[:-1]), strict=True))

    def alike(i: int, j: int) -> bool:
        a, b = shingles_of[i], shingles_of[j]
        shared = len(np.intersect1d(a, b, assume_unique=True))
        return shared >= SIMILAR * (len(a) + len(b) - shared)

    earlier: dict[int, int] = {}
    for group in groups:
        firsts: list[int] = []
        for i in group.tolist():
            if i not in earlier:
                found = next((j for j in firsts if alike(i, j)), None)
                if found is not None:
                    earlier[i] = found
            if len(firsts) < MOST:
                firsts.append(i)
    for i in filter(earlier.__contains__, by_time.tolist()):
        earlier[i] = earlier.get(earlier[i], earlier[i])  # in the order of time: already the first of its chain
    near = pd.Series(None, index=comments.index, dtype="str")
    near.iloc[list(earlier)] = comments["comment_id"].iloc[list(earlier.values())].to_numpy()
    return near


def _shingles(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the runs of three words, text after text, each text's sorted and once; how many each long text has."""
    words = [_words(_folded(text)) for text in texts]
    n_words = np.array([len(one) for one in words], dtype=np.int64)
    every = list(chain.from_iterable(words))
    hashed = {word: zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(every)}
    codes = np.fromiter(map(hashed.__getitem__, every), np.uint64, len(every))
    mixed = codes[:-2] * np.uint64(0x9E3779B97F4A7C15) + codes[1:-1] * np.uint64(0xC2B2AE3D27D4EB4F)
    runs = mixed + codes[2:] * np.uint64(0x165667B19E3779F9)
    text, end = np.repeat(np.arange(len(texts)), n_words), np.repeat(np.cumsum(n_words), n_words)
    whole = (np.arange(len(codes)) + 2 < end) & (n_words[text] >= MIN_NEAR_WORDS)  # a run within one text
    found = pd.DataFrame({"text": text[whole], "run": runs[whole[: len(runs)]]}).drop_duplicates()
    found = found.sort_values(["text", "run"])
    return found["run"].to_numpy(), np.bincount(found["text"], minlength=len(texts))


def _bands(shingles: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Hashes of the bands of minima of the texts whose shingles begin at `starts`: of shape (n_texts, BANDS)."""
    rng = np.random.default_rng(0)  # the hash functions; another seed finds other candidates of the same kind
    factors = rng.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
    shifts = rng.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    bands = np.zeros((len(starts), BANDS), dtype=np.uint64)
    stirred = shingles ^ (shingles >> np.uint64(29))
    for k in range(BANDS * ROWS if len(starts) else 0):
        mixed = stirred * factors[k] + shifts[k]
        minima = np.minimum.reduceat(mixed ^ (mixed >> np.uint64(32)), starts)
        bands[:, k // ROWS] = bands[:, k // ROWS] * np.uint64(0x9E3779B97F4A7C15) + minima
    return bands


def floods(comments: pd.DataFrame, texts: Sequence[str] = (), quotes: bool = False) -> pd.DataFrame:
    """Groups of five comments or more that are the same or nearly so, the largest first.

    FLOOD_COLUMNS, of which `first` is the first comment's id; with its texts also n_words, how long this is, and how it
    begins, where comments may be quoted.
    """
    exact = comments["duplicate_of"].fillna(comments["comment_id"])
    group = exact.map(comments.set_index("comment_id")["near_duplicate_of"]).fillna(exact)
    by = comments.assign(first=group)[group.map(group.value_counts()) >= FLOOD].groupby("first", sort=True)
    table = by.agg(
        n_comments=("comment_id", "size"),
        n_authors=("author", "nunique"),
        n_threads=("article_id", "nunique"),
        earliest=("posted_at", "min"),
        latest=("posted_at", "max"),
    ).reset_index()
    table = table.sort_values(["n_comments", "first"], ascending=[False, True], ignore_index=True)[FLOOD_COLUMNS]
    if len(texts):
        rows = pd.Series(np.arange(len(comments)), index=comments["comment_id"])[table["first"]].to_numpy("int64")
        said = list(take(texts, rows))
        table.insert(1, "n_words", [len(_words(_folded(text))) for text in said])
        if quotes:
            table["text"] = [" ".join(text.split())[:WIDTH] + "…" * (len(text) > WIDTH) for text in said]
    return table
