"""The words of topics: which may be shown, class TF-IDF, and what of it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.run.codes import distinct
from analysis.run.vectors import unit_length, whole_threads
from analysis.topics.encoders import parse
from analysis.topics.tokens import Tokens

if TYPE_CHECKING:
    import scipy.sparse as sp

MIN_COMMENTS = 3  # a word that fewer use could point to a person
EVERYWHERE = 0.8  # share of topics that use a word about as often as all do, from which it is a stop word here
TOKENS = 2_000_000  # that are counted at a time
SHOWN = 10  # words per topic
IN_LABEL = 3
POOL = 40  # candidates per topic, among which inflections and near-synonyms are passed over
ALIKE = 0.72  # cosine of two words' static vectors from which they count as near-synonyms


def vocabulary(tokens: Tokens, threads: np.ndarray, hidden: Collection[str]) -> list[str]:
    """Words that at least three comments use, in at least three threads where there are as many; sorted."""
    thread = pd.factorize(np.asarray(threads))[0]
    _, n_comments, places = _counted(tokens, np.zeros(len(thread), dtype=np.int64), 1, tokens.names, thread)
    least = min(MIN_COMMENTS, int(thread.max(initial=-1)) + 1)
    enough = (n_comments.data >= MIN_COMMENTS) & (places.data >= least)
    return sorted({tokens.names[i] for i in n_comments.indices[enough]}.difference(hidden))


def count_words(tokens: Tokens, topic: np.ndarray, n_topics: int, words: Sequence[str]) -> sp.csr_matrix:
    """How often each topic uses each word, (n_topics, n_words); texts with topic -1 are left out."""
    return _counted(tokens, np.asarray(topic), n_topics, words)[0]


def everywhere(counts: sp.csr_matrix) -> np.ndarray:
    """Which words most topics use about as often as all do, from `count_words`: they tell no topic from another.

    Stop words of this corpus, in whatever language: in four topics of five at half of the overall rate or more. Words
    of fewer than five uses a topic, and of fewer than four topics, are not judged.
    """
    n_topics, total = counts.shape[0], np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)
    uses = np.asarray(counts.sum(axis=0)).ravel()
    often = np.flatnonzero(uses >= 5 * n_topics)
    rate = counts[:, often].toarray() / total[:, None]
    usual = (rate >= 0.5 * uses[often] / total.sum()).mean(axis=0) >= EVERYWHERE
    found = np.zeros(len(uses), dtype=bool)
    found[often[usual]] = n_topics >= 4
    return found


def _counted(
    tokens: Tokens, cell: np.ndarray, n_cells: int, words: Sequence[str], thread: np.ndarray | None = None
) -> list[sp.csr_matrix]:
    """How often each cell's texts use each word; with threads also how many texts, and how many threads, use it.

    All of shape (n_cells, n_words) and with the same entries; a text of cell -1 is left out.
    """
    import scipy.sparse as sp

    made = [sp.csr_matrix((n_cells, len(words)), dtype=np.int64) for _ in range(1 if thread is None else 3)]
    for rows in _some(tokens, thread):
        some, here = tokens.take(rows), cell[rows]
        column = np.where(here[some.row] >= 0, some.columns(words), -1)
        used = column >= 0
        places = [(here[some.row[used]], column[used])]
        if thread is not None and len(words):
            row, at = some.pairs(column, len(words))
            n_threads = int(thread.max()) + 1
            of_threads = distinct((here[row] * len(words) + at) * n_threads + thread[rows][row]) // n_threads
            places += [(here[row], at), np.divmod(of_threads, len(words))]
        for i, entry in enumerate(places):
            made[i] = made[i] + sp.csr_matrix((np.ones(len(entry[0]), dtype=np.int64), entry), shape=made[i].shape)
    for counts in made:
        counts.sort_indices()
    return made


def _some(tokens: Tokens, thread: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """Some texts at a time, or whole threads: what is counted of their words should not be in memory at once."""
    n = len(tokens.n_of)
    size = max(1, TOKENS * n // max(1, len(tokens.ids)))
    if thread is not None:
        return whole_threads(thread, size)
    return (np.arange(start, min(start + size, n)) for start in range(0, n, size))


def _rarity(overall: np.ndarray, average: float) -> np.ndarray:
    """Of words, from how often each is used, and how often a topic uses any."""
    return np.log(1 + np.maximum(int(average) - overall + 0.5, 0) / (overall + 0.5))


def choose(ranked: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The first ten words and phrases of a ranking that share no word with one before them, nor are its synonym."""
    ranked = [(word, float(score)) for word, score in ranked if word and score > 0][:POOL]
    vectors = unit_length(parse("static").encode([word for word, _ in ranked])[:])
    kept: list[int] = []
    for i, (word, _) in enumerate(ranked):
        if len(kept) == SHOWN:
            break
        before = [other for j in kept for other in ranked[j][0].split()]
        if any(_same_stem(one, other) for one in word.split() for other in before):
            continue
        if not any(float(vectors[i] @ vectors[j]) > ALIKE for j in kept):
            kept.append(i)
    return [ranked[i] for i in kept]


def topic_words(counts: sp.csr_matrix, words: Sequence[str]) -> pd.DataFrame:
    """The words of each topic, best first, equals in the order of the alphabet: topic, word, weight.

    Weights are class TF-IDF as BERTopic computes it with bm25_weighting and reduce_frequent_words.
    """
    total, rows = np.asarray(counts.sum(axis=1)).ravel(), []
    rarity = _rarity(np.asarray(counts.sum(axis=0)).ravel(), total.mean())
    for topic, (start, end) in enumerate(pairwise(counts.indptr.tolist())):  # of a hundred by all words some GiB
        word, uses = counts.indices[start:end], counts.data[start:end]
        weight = np.sqrt(uses / max(total[topic], 1)) * rarity[word]
        order = np.lexsort((word, -np.round(weight, 12)))[:POOL]
        rows += [(topic, *shown) for shown in choose([(words[word[i]], weight[i]) for i in order])]
    table = pd.DataFrame(rows, columns=["topic", "word", "weight"])
    return table.astype({"topic": "int64", "word": "str", "weight": "float64"})


def words_over_time(
    tokens: Tokens, threads: np.ndarray, topic: np.ndarray, period: np.ndarray, words: Sequence[str], n_topics: int
) -> pd.DataFrame:
    """The words of each topic in each period, by class TF-IDF: frequency there, rarity over all topics and periods.

    As BERTopic's `topics_over_time` without its tuning of periods towards each other, which would smooth away what
    changed. Of the `words` those are shown that at least three comments in three threads of the topic and period use;
    a topic or period of -1 is left out. Columns: period, topic; n_comments, n_threads of these; rank (from 1), word,
    weight, n_using (comments that use it).
    """
    thread = pd.factorize(np.asarray(threads))[0]
    placed = (topic >= 0) & (period >= 0)
    n_periods, n_threads = (int(of.max(initial=0)) + 1 for of in (period, thread))
    cells, code = np.unique(topic[placed] * n_periods + period[placed], return_inverse=True)
    cell = np.full(len(topic), -1, dtype=np.int64)
    cell[placed] = code
    n_comments = np.bincount(code, minlength=len(cells))
    where = np.bincount(distinct(code * n_threads + thread[placed]) // n_threads, minlength=len(cells))
    uses, using, places = _counted(tokens, cell, len(cells), words, thread)
    of, column = np.repeat(np.arange(len(cells)), np.diff(uses.indptr)), uses.indices.astype(np.int64)
    n_uses, n_using, places = uses.data, using.data, places.data
    rarity = _rarity(np.bincount(column, n_uses, minlength=len(words)), n_uses.sum() / max(n_topics, 1))
    total = np.bincount(of, n_uses, minlength=len(cells))
    enough = (n_using >= MIN_COMMENTS) & (places >= MIN_COMMENTS)
    weight = np.sqrt(n_uses / np.maximum(total, 1)[of]) * rarity[column]
    order = np.lexsort((column, -np.round(weight, 12), of))
    order = order[enough[order]]
    first = np.searchsorted(of[order], np.arange(len(cells) + 1))
    rows = []
    for i, cell_of in enumerate(cells.tolist()):
        best = order[first[i] : first[i + 1]][:POOL]
        using = {words[column[j]]: n_using[j] for j in best}
        shown = choose([(words[column[j]], weight[j]) for j in best])
        about = (*divmod(cell_of, n_periods)[::-1], n_comments[i], where[i])
        rows += [(*about, rank, word, value, using[word]) for rank, (word, value) in enumerate(shown, 1)]
    dtypes = dict.fromkeys(("period", "topic", "n_comments", "n_threads", "rank", "word", "weight", "n_using"), "int64")
    return pd.DataFrame(sorted(rows), columns=list(dtypes)).astype(dtypes | {"word": "str", "weight": "float64"})


def coherence(tokens: Tokens, words: Sequence[Sequence[str]]) -> tuple[float, float]:
    """How far the words shown for a topic go together, and how far topics share words; NaN without words.

    NPMI, the mean over the pairs of a topic's words of their normalised pointwise mutual information in a text,
    [-1, 1] (Bouma 2009); diversity, the share of distinct words among the words shown, (0, 1].
    """
    import scipy.sparse as sp

    names = sorted({word for row in words for word in row})
    if not names:
        return float("nan"), float("nan")
    n, scores, at = len(tokens.n_of), [], {word: i for i, word in enumerate(names)}
    together = np.zeros((len(names), len(names)))
    for rows in _some(tokens):
        some = tokens.take(rows)
        row, column = some.pairs(some.columns(names), len(names))
        holds = sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(rows), len(names)))
        together += (holds.T @ holds).toarray()
    for one, other in ((at[a], at[b]) for row in words for a, b in combinations(row, 2)):
        both, p, q = together[one, other] / n, together[one, one] / n, together[other, other] / n
        scores.append(np.log(both / (p * q)) / -np.log(both) if 0 < both < 1 else -1.0)
    return float(np.mean(scores)) if scores else float("nan"), len(names) / sum(map(len, words))


def _same_stem(one: str, other: str) -> bool:
    """Whether two words look like forms of one: a long common beginning and short, different ends."""
    short, long = sorted((one, other), key=len)
    common = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return common >= max(3, len(short) - 2, int(0.6 * len(long)))
