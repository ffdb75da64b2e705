"""The words of topics: tokens, stop words, class TF-IDF, and what of it is shown.

Never a word: addresses (URL, e-mail), @mentions, numbers, single letters, stop words of the texts' languages, and words
that fewer than three comments in three threads use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from analysis.stopwords import STOP_WORDS

if TYPE_CHECKING:
    import scipy.sparse as sp

MIN_COMMENTS = 3  # a word that fewer use could point to a person
SHOWN = 10  # words per topic
IN_LABEL = 3
POOL = 40  # candidates per topic, among which inflections and near-synonyms are passed over
ALIKE = 0.72  # cosine of two words' static vectors from which they count as near-synonyms

_NOT_WORDS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+|(?<!\w)[@#]\S+|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Scripts written without spaces: pairs of neighbouring characters stand for words.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class WordCounts:
    """How often each topic uses each word."""

    words: list[str]
    counts: sp.csr_matrix  # (n_topics, n_words)


def tokens(text: str) -> list[str]:
    """Words of a text, in lower case and in their order; addresses, mentions and numbers left out."""
    text = _NOT_WORDS.sub(" ", text.lower().replace("’", "'"))
    found: list[str] = []
    for word in _WORD.findall(text):
        if _DIGIT.search(word):
            continue  # a telephone number, a year, an amount
        if _UNSPACED.search(word):
            for run in _UNSPACED.findall(word):
                found.extend(run[i : i + 2] for i in range(len(run) - 1))
        elif len(word) > 1:
            found.append(word)
    return found


def stop_words(languages: Sequence[str] | None) -> frozenset[str]:
    """Stop words of the languages in which at least one text in fifty is written; English where none is known."""
    codes, counts = np.unique(np.asarray(list(languages or ["en"]), dtype=str), return_counts=True)
    used = [code for code, count in zip(codes, counts, strict=True) if count * 50 >= counts.sum()]
    lists = [STOP_WORDS[code] for code in used if code in STOP_WORDS] or [STOP_WORDS["en"]]
    words = frozenset(" ".join(lists).split())
    return words | {word.replace("'", "") for word in words}


def vocabulary(texts: Sequence[str], threads: Sequence[str], hidden: Collection[str]) -> list[str]:
    """Words that at least three comments use, in at least three threads where there are as many; sorted."""
    comments: dict[str, int] = {}
    places: dict[str, set[str]] = {}
    for text, thread in zip(texts, threads, strict=True):
        for word in dict.fromkeys(tokens(text)):
            comments[word] = comments.get(word, 0) + 1
            spots = places.setdefault(word, set())
            if len(spots) < MIN_COMMENTS:
                spots.add(thread)
    enough = min(MIN_COMMENTS, len(set(threads)))
    return sorted(
        word for word, n in comments.items() if n >= MIN_COMMENTS and len(places[word]) >= enough and word not in hidden
    )


def count_words(texts: Sequence[str], topic: np.ndarray, n_topics: int, words: Sequence[str]) -> WordCounts:
    """Count the words of each topic; texts with topic -1 are left out."""
    import scipy.sparse as sp

    column = {word: i for i, word in enumerate(words)}
    rows: list[int] = []
    columns: list[int] = []
    for text, label in zip(texts, topic, strict=True):
        if label >= 0:
            here = [column[word] for word in tokens(text) if word in column]
            columns.extend(here)
            rows.extend([int(label)] * len(here))
    counts = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n_topics, len(words)))
    counts.sum_duplicates()
    return WordCounts(list(words), counts)


def class_tfidf(counts: sp.csr_matrix) -> np.ndarray:
    """Class TF-IDF as BERTopic computes it with bm25_weighting and reduce_frequent_words, (n_topics, n_words)."""
    dense = counts.toarray()
    total = dense.sum(axis=0)
    average = int(dense.sum(axis=1).mean())
    idf = np.log(1 + np.maximum(average - total + 0.5, 0) / (total + 0.5))
    return np.sqrt(dense / np.maximum(dense.sum(axis=1, keepdims=True), 1)) * idf


def choose(ranked: Sequence[tuple[str, float]], n: int = SHOWN) -> list[tuple[str, float]]:
    """The first n words of a ranking that are neither inflections nor near-synonyms of one before them."""
    from analysis.encoding import encode

    ranked = [(word, float(score)) for word, score in ranked if word and score > 0][:POOL]
    vectors = encode([word for word, _ in ranked])
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    kept: list[int] = []
    for i, (word, _) in enumerate(ranked):
        if len(kept) == n:
            break
        if not any(_same_stem(word, ranked[j][0]) or float(vectors[i] @ vectors[j]) > ALIKE for j in kept):
            kept.append(i)
    return [ranked[i] for i in kept]


def topic_words(word_counts: WordCounts) -> list[list[tuple[str, float]]]:
    """For each topic its words with their weights, best first; equal weights in the order of the alphabet."""
    weights = class_tfidf(word_counts.counts)
    shown = []
    for row in weights:
        order = np.lexsort((np.arange(len(row)), -np.round(row, 12)))[:POOL]
        shown.append(choose([(word_counts.words[i], row[i]) for i in order]))
    return shown


def words_over_time(
    texts: Sequence[str],
    threads: Sequence[str],
    topic: np.ndarray,
    period: np.ndarray,
    words: Sequence[str],
    n_topics: int,
) -> list[tuple[int, int, int, int, list[tuple[str, float, int]]]]:
    """The words of each topic in each period, by class TF-IDF: frequency there, rarity over all topics and periods.

    As BERTopic's `topics_over_time` without its tuning of periods towards each other, which would smooth away what
    changed. A word is shown where at least three comments in three threads of that topic and period use it: else it
    could point to a person.

    Parameters
    ----------
    texts, threads : sequences of str, length n_texts
    topic : ndarray of int of shape (n_texts,)
        -1 is left out.
    period : ndarray of int of shape (n_texts,)
        -1 is left out.
    words : sequence of str
        All words that may be shown.
    n_topics : int

    Returns
    -------
    list of (topic, period, n_comments, n_threads, words)
        Of each topic and period that has comments; its words with their weight and the number of comments that use
        them, best first, perhaps none.
    """
    column = {word: i for i, word in enumerate(words)}
    whole = np.zeros((max(n_topics, 1), len(words)))
    cells: dict[tuple[int, int], dict[int, int]] = {}
    users: dict[tuple[int, int], dict[int, tuple[int, set[str]]]] = {}
    sizes: dict[tuple[int, int], tuple[int, set[str]]] = {}
    for text, thread, of, at in zip(texts, threads, topic.tolist(), period.tolist(), strict=True):
        if of < 0 or at < 0:
            continue
        counts, used = cells.setdefault((of, at), {}), users.setdefault((of, at), {})
        n, where = sizes.get((of, at), (0, set()))
        where.add(thread)
        sizes[of, at] = (n + 1, where)
        here = [column[word] for word in tokens(text) if word in column]
        for i in here:
            counts[i] = counts.get(i, 0) + 1
            whole[of, i] += 1
        for i in set(here):
            n, places = used.get(i, (0, set()))
            if len(places) < MIN_COMMENTS:
                places.add(thread)
            used[i] = (n + 1, places)
    overall = whole.sum(axis=0)
    average = int(whole.sum(axis=1).mean())
    idf = np.log(1 + np.maximum(average - overall + 0.5, 0) / (overall + 0.5))
    out = []
    for (of, at), counts in sorted(cells.items()):
        n_words = max(sum(counts.values()), 1)
        enough = [i for i, (n, places) in users[of, at].items() if n >= MIN_COMMENTS and len(places) >= MIN_COMMENTS]
        ranked = sorted(
            ((np.sqrt(counts[i] / n_words) * idf[i], i) for i in enough), key=lambda w: (-round(w[0], 12), w[1])
        )
        chosen = choose([(words[i], weight) for weight, i in ranked])
        n, where = sizes[of, at]
        shown = [(word, weight, users[of, at][column[word]][0]) for word, weight in chosen]
        out.append((of, at, n, len(where), shown))
    return out


def coherence(texts: Sequence[str], words: Sequence[Sequence[str]]) -> tuple[float, float]:
    """How far the words shown for a topic go together, and how far topics share words.

    Parameters
    ----------
    texts : sequence of str
    words : sequence of sequences of str
        The words of each topic.

    Returns
    -------
    tuple of float
        NPMI, the mean over the pairs of a topic's words of their normalised pointwise mutual information in a
        text, [-1, 1] [1]_; diversity, the share of distinct words among the words shown, (0, 1]. NaN without words.

    References
    ----------
    .. [1] Bouma, G. (2009). Normalized (pointwise) mutual information in collocation extraction.
    """
    holds: dict[str, set[int]] = {word: set() for row in words for word in row}
    if not holds:
        return float("nan"), float("nan")
    for i, text in enumerate(texts):
        for word in holds.keys() & set(tokens(text)):
            holds[word].add(i)
    n, scores = len(texts), []
    for one, other in (pair for row in words for pair in combinations(row, 2)):
        both, p, q = (len(s) / n for s in (holds[one] & holds[other], holds[one], holds[other]))
        scores.append(np.log(both / (p * q)) / -np.log(both) if 0 < both < 1 else -1.0)
    return float(np.mean(scores)) if scores else float("nan"), len(holds) / sum(map(len, words))


def _same_stem(one: str, other: str) -> bool:
    """Whether two words look like forms of one: a long common beginning and short, different ends."""
    short, long = sorted((one, other), key=len)
    common = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return common >= max(3, len(short) - 2, int(0.6 * len(long)))
