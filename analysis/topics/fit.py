"""Vectors -> consensus topics, their stability and their words, handed to BERTopic.

How the partition is found is said in `analysis.consensus`, how words are chosen in `analysis.words`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.run.texts import Some, ranks, take
from analysis.run.vectors import Directions, OnDisk, Vectors, blocks, unit_length
from analysis.settings import ComputeSettings, StudyError, TopicSettings
from analysis.topics.consensus import Consensus, find_consensus
from analysis.topics.keywords import IN_LABEL, count_words, stop_words, topic_words, vocabulary
from analysis.topics.tokens import Tokens, tokenised

if TYPE_CHECKING:
    from bertopic import BERTopic

Progress = Callable[[str, int, int], None]

# Agreement: of the usual twenty fits none puts the comment where the consensus does. A stricter rule would leave out
# comments by the luck of the seed: at 0.15 reruns agree at ARI 0.81 on post titles of 22 subreddits, at 0.05 at 0.94.
UNASSIGNED_BELOW = 0.05
CLAIM_FROM = 0.1  # stability of the best number of topics; on vectors without any structure it is below 0.01
MIN_WORDS = 3  # in a text on average (median), or there is nothing to tell topics by
LOOKED_AT = 5_000  # texts, to know that average
_WORDISH = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+")


@dataclass(frozen=True)
class Topics:
    """Topics of n_texts comments, in the order in which the texts were given."""

    topic: np.ndarray  # (n_texts,) int64, -1 = unassigned; numbered by size, ties by the smallest text
    agreement: np.ndarray  # (n_texts,) float64 in [0, 1]: share of the independent fits that agree on the text
    table: pd.DataFrame  # topic, label, words, n_comments, n_threads, stability; without -1
    curve: pd.DataFrame  # n_topics, stability, chosen; empty if a number was given
    note: str  # what cannot be said, in plain words, or ""; with or without topics
    centroids: np.ndarray  # (n_topics, n_dims): mean vector of a topic's distinct texts, each scaled to length 1
    texts: Sequence[str] = field(default=(), repr=False)
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    vocabulary: tuple[str, ...] = field(default=(), repr=False)
    words: tuple[tuple[tuple[str, float], ...], ...] = field(default=(), repr=False)
    encoder: str = field(default="", repr=False)

    @cached_property
    def bertopic(self) -> BERTopic:
        """A fitted BERTopic with these topics, labels and words; its documents are in the order of the texts.

        Raises
        ------
        StudyError
            If there are no topics.
        """
        from analysis.topics.bertopic_model import fitted

        if self.table.empty:
            raise StudyError(expected="topics", found="none", where="topics", remedy=self.note or "Add comments.")
        return fitted(self.texts, self.vectors, self.topic, self.table, self.words, self.vocabulary, self.encoder)


def fit_topics(
    texts: Sequence[str],
    vectors: Vectors,
    *,
    threads: Sequence[str],
    ids: Sequence[str],
    languages: Sequence[str] | None = None,
    copy_of: Sequence[str | None] | None = None,
    settings: TopicSettings,
    compute: ComputeSettings | None = None,
    hidden_words: Collection[str] = (),
    tokens: Tokens | None = None,
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> Topics:
    """Find the topics of comments.

    The result does not depend on the order of the rows, on `compute` or on the number of cores: the fit sees each
    distinct text once, in the order of the texts themselves.

    Parameters
    ----------
    texts : sequence of str, length n_texts
    vectors : ndarray or OnDisk of shape (n_texts, n_dims), float32
        From `analysis.context.in_context`; a row of zeros stays unassigned.
    threads : sequence of str, length n_texts
        Article of each comment; halves of these are what stability is measured on.
    ids : sequence of str, length n_texts
        comment_id, unique.
    languages : sequence of str, optional
        ISO 639-1 of each text, for stop words; English where not given.
    copy_of : sequence of str or None, optional
        comment_id of the comment of which one is a copy, or nearly: it is not in the fit, which it tells nothing new,
        and gets the topic of its text, or else of the comment that it copies.
    settings : TopicSettings
    compute : ComputeSettings, optional
        How many fits go side by side; by default one.
    hidden_words : collection of str
        Never shown as words of a topic, such as names of authors; in lower case.
    tokens : Tokens, optional
        The words of the texts, where they are known.
    progress : callable, optional
        Called with (message, done, total).
    scratch : Path, optional
        Where texts that the memory should not hold may go (`texts.ranks`).

    Returns
    -------
    Topics
        With a `note` and everything unassigned where nothing can be said: fewer distinct texts than
        `settings.min_comments`, texts of one or two words, or no number of topics on which halves of the threads
        agree.

    Raises
    ------
    StudyError
        If lengths differ, ids are not unique or the vectors are not finite.
    """
    vectors = vectors if isinstance(vectors, OnDisk) else np.asarray(vectors, dtype=np.float32)
    names = pd.Index(pd.Series(ids, dtype="str"))
    copied = pd.Series([None] * len(texts) if copy_of is None else copy_of, dtype="str").reset_index(drop=True)
    able = _check(texts, vectors, threads, names, languages, copied)
    thread = pd.factorize(pd.Series(threads, dtype="str"), sort=True)[0]
    same = ranks(texts, scratch)  # texts as numbers, in the order of the texts
    # Of each text that is no copy one row stands for all, the first by id.
    by_id = names.argsort()
    by_id = by_id[(able & copied.isna().to_numpy())[by_id]]
    fit = by_id[np.unique(same[by_id], return_index=True)[1]]
    unit = Directions(vectors, fit)
    note = _too_little(Some(texts, fit), unit, settings)
    found: Consensus | None = None
    if not note:
        found = find_consensus(
            unit,
            thread[fit],
            n_topics=settings.n_topics,
            runs=settings.runs,
            seed=settings.seed,
            compute=compute,
            progress=progress,
        )
        best = float(found.curve["stability"].max())
        if best < CLAIM_FROM and settings.n_topics == "auto":
            note = (
                "No topics are claimed: two halves of the threads, each modelled on its own, "
                f"agree on no number of topics (agreement at best {best:.2f} of 1)."
            )
    if note or found is None:
        return _nothing(len(texts), vectors.shape[1], note, found)
    topic, agreement = _to_all(same, names.get_indexer(copied), fit, found, able)
    if (agreement < UNASSIGNED_BELOW).all():
        note = "No topics are claimed: independent fits agree on the topic of no comment."
        return _nothing(len(texts), vectors.shape[1], note, found)
    return _finished(
        texts,
        vectors,
        thread,
        fit,
        found,
        topic,
        agreement,
        languages,
        frozenset(hidden_words),
        settings,
        tokens or tokenised(texts),
    )


def nearest(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The topic whose direction is nearest to each vector, int64; -1 for a vector of zeros, or without topics."""
    found = np.full(len(vectors), -1, dtype=np.int64)
    if len(centroids):
        directions = unit_length(centroids).T
        for rows in blocks(len(vectors)):
            some = vectors[rows]
            found[rows] = np.where(some.any(axis=1), (some @ directions).argmax(axis=1), -1)
    return found


def _check(
    texts: Sequence[str],
    vectors: Vectors,
    threads: Sequence[str],
    names: pd.Index,
    languages: Sequence[str] | None,
    copies: pd.Series,
) -> np.ndarray:
    """One row per text everywhere, unique ids, finite numbers; give which rows are not all zero."""
    lengths = {"vectors": len(vectors), "threads": len(threads), "ids": len(names), "copy_of": len(copies)}
    if languages is not None:
        lengths["languages"] = len(languages)
    wrong = {name: n for name, n in lengths.items() if n != len(texts)}
    able, problem = np.zeros(len(texts), dtype=bool), ""
    if len(vectors.shape) != 2:
        problem = f"vectors of shape {vectors.shape}"
    elif wrong:
        problem = ", ".join(f"{n} {name}" for name, n in wrong.items())
    elif not names.is_unique:
        problem = "an id twice"
    else:
        for rows in blocks(len(texts)):
            some = vectors[rows]
            able[rows] = some.any(axis=1)
            if not np.isfinite(some).all():
                problem = "vectors with missing or infinite values"
    if problem:
        expected = f"one finite vector, one thread and one id for each of {len(texts)} texts"
        raise StudyError(expected=expected, found=problem, where="topics", remedy="Encode the comments again.")
    return able


def _too_little(texts: Sequence[str], unit: Directions, settings: TopicSettings) -> str:
    """Why nothing can be said about these distinct texts, or ""."""
    n = len(texts)
    need = max(settings.min_comments, 20)
    if isinstance(settings.n_topics, int):
        need = max(need, 5 * settings.n_topics)
    what = "comment is" if n == 1 else "comments are"
    if n < need:
        return (
            f"{n} different {what} too few for topics: at least {need} are needed for a topic to recur when "
            "half of the threads are left out. [topics] min_comments sets the limit."
        )
    different: set[bytes] = set()
    for rows in blocks(n):
        different.update(row.tobytes() for row in unit[rows])
        if len(different) >= need:
            break
    else:
        return f"The comments have fewer than {need} different vectors: too few for topics."
    some = take(texts, np.arange(0, n, max(1, n // LOOKED_AT)))  # they are sorted: these are of every kind
    if np.median([len(_WORDISH.findall(text)) for text in some]) < MIN_WORDS:
        return f"Half of the comments have fewer than {MIN_WORDS} words: too little text to tell topics by."
    return ""


def _nothing(n: int, n_dims: int, note: str, found: Consensus | None) -> Topics:
    """Everything unassigned, and why."""
    auto = found is not None and len(found.curve) > 1
    curve = found.curve.assign(chosen=False) if found is not None and auto else _empty_curve()
    table = pd.DataFrame(
        {
            "topic": np.zeros(0, np.int64),
            "label": pd.Series([], dtype="str"),
            "words": pd.Series([], dtype="str"),
            "n_comments": np.zeros(0, np.int64),
            "n_threads": np.zeros(0, np.int64),
            "stability": np.zeros(0),
        }
    )
    return Topics(np.full(n, -1, dtype=np.int64), np.zeros(n), table, curve, note, np.zeros((0, n_dims), np.float32))


def _empty_curve() -> pd.DataFrame:
    return pd.DataFrame({"n_topics": np.zeros(0, np.int64), "stability": np.zeros(0), "chosen": np.zeros(0, bool)})


def _to_all(
    same: np.ndarray, copy_of: np.ndarray, fit: np.ndarray, found: Consensus, able: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Topic and agreement of every text from those of the distinct ones; -1 and 0 where a copy's model has none."""
    row = np.full(int(same.max(initial=-1)) + 1, -1, dtype=np.int64)
    row[same[fit]] = np.arange(len(fit))
    row = row[same]
    which = np.where(able, row, -1)
    for i in np.flatnonzero(able & (row < 0) & (copy_of >= 0)):  # a copy in other words, or a copy of one
        at, seen = int(i), set()
        while row[at] < 0 and copy_of[at] >= 0 and at not in seen:
            seen.add(at)
            at = int(copy_of[at])
        which[i] = row[at]
    return np.where(which >= 0, found.topic[which], -1), np.where(which >= 0, found.agreement[which], 0.0)


def _finished(
    texts: Sequence[str],
    vectors: Vectors,
    thread: np.ndarray,
    fit: np.ndarray,
    found: Consensus,
    topic: np.ndarray,
    agreement: np.ndarray,
    languages: Sequence[str] | None,
    hidden: frozenset[str],
    settings: TopicSettings,
    tokens: Tokens,
) -> Topics:
    """Topics in their order, with words and table; comments without agreement unassigned."""
    from scipy import sparse

    topic = np.where(agreement < UNASSIGNED_BELOW, -1, topic)
    n_found = len(found.stability)
    size = np.bincount(topic[topic >= 0], minlength=n_found)
    smallest = np.full(n_found, len(fit))
    np.minimum.at(smallest, found.topic, np.arange(len(fit)))  # they are in the order of the texts
    ranked = sorted((c for c in range(n_found) if size[c]), key=lambda c: (-size[c], smallest[c]))
    number = np.full(n_found + 1, -1, dtype=np.int64)
    number[ranked] = np.arange(len(ranked))
    topic = number[topic]  # -1 looks up the last, which is -1
    distinct = topic[fit]
    unit, centroids = Directions(vectors, fit), np.zeros((len(ranked), vectors.shape[1]))
    for rows in blocks(len(fit)):
        named = distinct[rows] >= 0
        some = unit[rows][named].astype(np.float64)
        of = (np.ones(len(some)), (distinct[rows][named], np.arange(len(some))))
        centroids += sparse.csr_matrix(of, shape=(len(ranked), len(some))) @ some
    centroids = (centroids / np.bincount(distinct[distinct >= 0], minlength=len(ranked))[:, None]).astype(np.float32)
    used = tokens.take(fit)
    words = vocabulary(used, thread[fit], stop_words(languages) | hidden)
    chosen = topic_words(count_words(used, distinct, len(ranked), words))
    label = [" · ".join(word for word, _ in row[:IN_LABEL]) for row in chosen]
    table = pd.DataFrame(
        {
            "topic": np.arange(len(ranked), dtype=np.int64),
            "label": [text or f"topic {i}" for i, text in enumerate(label)],
            "words": [", ".join(word for word, _ in row) for row in chosen],
            "n_comments": size[ranked].astype(np.int64),
            "n_threads": pd.Series(thread).groupby(topic).nunique().reindex(range(len(ranked))).to_numpy("int64"),
            "stability": found.stability[ranked],
        }
    )
    given = settings.n_topics != "auto"
    best = float(found.curve["stability"].max())
    weak = (
        f"Two halves of the threads, each modelled on its own, hardly agree on {settings.n_topics} topics "
        f"({best:.2f} of 1): these topics arrange the comments, they are not findings about them."
    )
    return Topics(
        topic,
        agreement,
        table,
        _empty_curve() if given else found.curve,
        weak if given and best < CLAIM_FROM else "",
        centroids,
        texts=texts,
        vectors=vectors if isinstance(vectors, np.ndarray) else np.zeros((0, 0), np.float32),
        vocabulary=tuple(words),
        words=tuple(tuple(row) for row in chosen),
        encoder=settings.encoder,
    )
