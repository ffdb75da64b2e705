"""Vectors -> consensus topics, their levels, their stability and their words; or topics that a file assigns."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Sized
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.texts import Column, Some, ranks, take
from analysis.run.vectors import Directions, Vectors, blocks, unit_length
from analysis.settings import StudyError
from analysis.topics.consensus import ANCHORS, find_consensus, has_halves, nearest_to
from analysis.topics.description import CURVE, Fit, described, empty, nothing
from analysis.topics.levels import Level
from analysis.topics.stop_words import stop_words
from analysis.topics.tokens import Tokens, tokenised

if TYPE_CHECKING:
    from analysis.topics.curation import Curated

# Agreement: of the usual twenty fits none puts the comment where the consensus does. A stricter rule would leave out
# comments by the luck of the seed: at 0.15 reruns agree at ARI 0.81 on post titles of 22 subreddits, at 0.05 at 0.94.
UNASSIGNED_BELOW = 0.05
SMALLEST = 10  # different texts in a topic; of fewer, none would be left in a half to find it again by
CLAIM_FROM = 0.1  # stability of the best number of topics; on vectors without any structure it is below 0.01
FEW_THREADS = (
    "The topics were tried on halves of the comments, since the threads are too few or one is too large: whether they "
    "come out again in other threads is not known."
)
MIN_WORDS = 3  # in a text on average (median), or there is nothing to tell topics by
NEAR = 0.65  # of how near texts come to each other, from which an expected topic is one of the corpus
LOOKED_AT = 5_000  # texts, to know that average
_WORDISH = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+")


def fit_topics(
    texts: Sequence[str],
    vectors: Vectors,
    *,
    threads: Column,
    ids: Column,
    languages: Column | None = None,
    copies: Sequence[str | None] | pd.Series | None = None,
    n_topics: int | str = "auto",
    runs: int = 20,
    min_comments: int = 200,
    seed: int = 1,
    hidden_words: Collection[str] = (),
    tokens: Tokens | None = None,
    expected: Mapping[str, np.ndarray] | None = None,
    run: Run = Run(),
) -> Fit:
    """Find the topics of comments: the partition as in `consensus`, its words as in `keywords`.

    The result does not depend on the order of the rows, on `run` or on the number of cores: the fit sees each distinct
    text once, in the order of the texts themselves.

    Parameters
    ----------
    vectors : ndarray or OnDisk of shape (n_texts, n_dims), float32
        From `context.in_context`; a row of zeros stays unassigned.
    threads, ids : sequence of str
        Article of each comment, halves of which are what stability is measured on; comment_id, unique.
    languages : sequence of str, optional
        ISO 639-1 of each text, for stop words; English where not given.
    copies : sequence of str or None, optional
        comment_id of the comment of which one is a copy, or nearly: it is not in the fit, which it tells nothing new,
        and gets the topic of its text, or else of the comment that it copies.
    runs : int
        Fits of halves of the threads, and half as many of all.
    min_comments : int
        With fewer distinct texts no topics are claimed.
    hidden_words : collection of str
        Never shown as words of a topic, such as names of authors; in lower case.
    tokens : Tokens, optional
        The words of the texts, where they are cut already.
    expected : mapping of str to ndarray of shape (n_dims,), optional
        Directions of topics that are expected, by name: each is held to what is nearest to it, and has its name; the
        note says which ones are not there.

    Returns
    -------
    Fit
        With a `note` and everything unassigned where nothing can be said: too few distinct texts, texts of one or two
        words, or no number of topics on which halves of the threads agree.

    Raises
    ------
    StudyError
        If lengths differ, ids are not unique or the vectors are not finite.
    """
    names = pd.Index(pd.Series(ids, dtype="str"))
    copied = pd.Series([None] * len(texts) if copies is None else copies, dtype="str").reset_index(drop=True)
    able = _check(texts, vectors, names, threads=threads, languages=languages, copies=copied)
    thread = pd.factorize(pd.Series(threads, dtype="str"), sort=True)[0]
    same = ranks(texts)  # texts as numbers, in the order of the texts
    # Of each text that is no copy one row stands for all, the first by id.
    by_id = names.argsort()
    by_id = by_id[(able & copied.isna().to_numpy())[by_id]]
    fit = by_id[np.unique(same[by_id], return_index=True)[1]]
    unit, auto = Directions(vectors, fit), n_topics == "auto"
    note = _too_little(Some(texts, fit), unit, max(min_comments, 20, 0 if auto else 5 * int(n_topics)))
    if note:
        return nothing(vectors.shape, note, empty(CURVE))
    seeds, missing = _held(unit, expected or {})
    found = find_consensus(
        unit,
        thread[fit],
        n_topics=n_topics,
        runs=runs,
        seed=seed,
        run=run,
        expected=np.stack(list(seeds.values())) if seeds else None,
    )
    curve, best = found.curve if auto else empty(CURVE), float(found.curve["stability"].max())
    row = _stands_for(same, names.get_indexer(pd.Index(copied)), fit, able)
    agreement = np.where(row < 0, 0.0, found.agreement[row])
    topic = np.where(agreement < UNASSIGNED_BELOW, -1, found.topic[row])
    size = np.bincount(topic[fit][topic[fit] >= 0], minlength=int(found.topic.max()) + 1)
    topic = np.where(size[topic] < SMALLEST, -1, topic)  # the unassigned stay so, whatever is looked up
    what = "threads" if has_halves(thread[fit]) else "comments"
    if auto and best < CLAIM_FROM:
        why = f"agree on no number of topics (agreement at best {best:.2f} of 1)."
        note = f"No topics are claimed: two halves of the {what}, each modelled on its own, {why}"
    elif (topic < 0).all():
        note = f"No topics are claimed: independent fits agree on no topic of {SMALLEST} comments or more."
    if note:
        return nothing(vectors.shape, note, curve)
    if best < CLAIM_FROM:
        note = (
            f"Two halves of the {what}, each modelled on its own, hardly agree on {n_topics} topics "
            f"({best:.2f} of 1): these topics arrange the comments, they are not findings about them."
        )
    if what == "comments":
        note = f"{note} {FEW_THREADS}".strip()
    theme, subtopic = (
        _numbered(Level(np.where(topic < 0, -1, level.of[row]), level.stability))[0]
        for level in (found.themes, found.subtopics)
    )
    topic, order = _by_size(topic, found.topic)
    hidden = stop_words(languages) | set(hidden_words)
    used = (tokens or tokenised(texts, run)).take(fit)
    made = described(topic, agreement, found.stability[order], theme, subtopic, thread, unit, fit, used, hidden)
    table = made.table
    if seeds:
        table, lost = _named(table, seeds, topic[fit], unit)
        missing += lost
    if missing:
        note = f"{note} The corpus does not hold what was expected as: {', '.join(missing)}.".strip()
    return replace(made, table=table, curve=curve, note=note, seen=fit[found.seen], halves=found.halves)


def _numbered(level: Level) -> tuple[Level, np.ndarray]:
    """A level with its groups numbered by size, those without a text left out; and the old number of each."""
    size = np.bincount(level.of[level.of >= 0], minlength=len(level.stability))
    order = np.argsort(-size, kind="stable")[: int((size > 0).sum())]
    number = np.full(len(size) + 1, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    return Level(number[level.of], level.stability[order]), order


def _held(unit: Directions, expected: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Directions, of length 1, of the expected topics that texts come near to, and the names of the others.

    That is, about two thirds as near as texts come to texts: to the ten nearest on average, in the median. On the
    sample lines on its themes come to .84 and more of that, lines on what nobody wrote about to .50 and less.
    """
    if not expected:
        return {}, []
    some = unit[np.linspace(0, len(unit) - 1, min(len(unit), LOOKED_AT)).astype(np.int64)]
    seeds = unit_length(np.stack(list(expected.values())))

    def near(others: np.ndarray, skip: int) -> np.ndarray:
        """Mean cosine of each to the ten nearest of some texts."""
        return np.sort(others @ some.T, axis=1)[:, ::-1][:, skip : skip + ANCHORS].mean(axis=1)

    enough = near(seeds, 0) >= NEAR * np.median(near(some[:: max(1, len(some) // 500)], 1))
    there = {name: seed for name, seed, one in zip(expected, seeds, enough, strict=True) if one}
    return there, [name for name in expected if name not in there]


def _named(
    table: pd.DataFrame, seeds: Mapping[str, np.ndarray], topic: np.ndarray, unit: Directions
) -> tuple[pd.DataFrame, list[str]]:
    """Give expected topics their names, and say which ones have none: most of the texts nearest to it must be in it."""
    from scipy.optimize import linear_sum_assignment

    names, wanted = list(seeds), np.stack(list(seeds.values()))
    near = np.concatenate([nearest_to(unit[rows], wanted) + rows.start for rows in blocks(len(unit))], axis=1)
    close = np.stack([unit[rows] @ seed for rows, seed in zip(near, wanted, strict=True)])
    near = np.take_along_axis(near, np.argsort(-close, axis=1, kind="stable")[:, :ANCHORS], axis=1)
    count = [np.bincount(topic[rows][topic[rows] >= 0], minlength=len(table)) for rows in near]
    share = np.stack(count) / near.shape[1]
    which, place = linear_sum_assignment(-share)
    label, there = table["label"].tolist(), share[which, place] > 0.5
    for i, at in zip(which[there], place[there], strict=True):
        label[at] = names[i]
    lost = [name for i, name in enumerate(names) if i not in which[there]]
    return table.assign(label=pd.Series(label, table.index, dtype="str")), lost


def fit_assigned(
    texts: Sequence[str],
    vectors: Vectors,
    names: Sequence[str],
    *,
    threads: Column,
    ids: Column,
    languages: Column | None = None,
    copies: Sequence[str | None] | pd.Series | None = None,
    hidden_words: Collection[str] = (),
    tokens: Tokens | None = None,
    curated: Curated | None = None,
    run: Run = Run(),
) -> Fit:
    """Take the topics of comments as they are named, "" for none: what `fit_topics` says of topics, of these.

    Whether they would come out again is not known, but of `curated` ones: stability and agreement are NaN. A topic
    whose name is a number has it before its words, as its label.
    """
    by_id = pd.Index(pd.Series(ids, dtype="str"))
    copied = pd.Series([None] * len(texts) if copies is None else copies, dtype="str").reset_index(drop=True)
    able = _check(texts, vectors, by_id, threads=threads, languages=languages, copies=copied, names=names)
    thread = pd.factorize(pd.Series(threads, dtype="str"), sort=True)[0]
    topic, called = pd.factorize(np.array([name or None for name in names], dtype=object), sort=True)
    if not len(called):
        return nothing(vectors.shape, "No topics: the file assigns none.", empty(CURVE))
    stability = curated.stability if curated else {}
    topics, order = _numbered(Level(topic, np.array([stability.get(str(name), np.nan) for name in called])))
    theme = subtopic = Level.without_groups(len(texts))
    if curated:
        (theme, old), (subtopic, _) = _numbered(curated.theme), _numbered(curated.subtopic)
    unknown, fit = np.full(len(texts), np.nan), np.flatnonzero(able & copied.isna().to_numpy())
    hidden = stop_words(languages) | set(hidden_words)
    used, unit = (tokens or tokenised(texts, run)).take(fit), Directions(vectors, fit)
    made = described(topics.of, unknown, topics.stability, theme, subtopic, thread, unit, fit, used, hidden)
    both = zip([str(called[i]) for i in order], made.table["label"], strict=True)
    labels = [f"{given}: {own}" if given.isdecimal() else given for given, own in both]
    made.table["label"] = pd.Series(labels, dtype="str")
    if curated and curated.groups:
        made.levels.loc[made.levels["level"] == "theme", "label"] = [curated.groups[i] for i in old]
    return made


def _check(texts: Sequence[str], vectors: Vectors, ids: pd.Index, **others: Sized | None) -> np.ndarray:
    """One row per text everywhere, unique ids, finite numbers; give which rows are not all zero."""
    lengths: dict[str, Sized | None] = {"vectors": vectors, "ids": ids, **others}
    wrong = [f"{len(of)} {name}" for name, of in lengths.items() if of is not None and len(of) != len(texts)]
    able, problem = np.zeros(len(texts), dtype=bool), ", ".join(wrong)
    if len(vectors.shape) != 2:
        problem = f"vectors of shape {vectors.shape}"
    elif not problem and not ids.is_unique:
        problem = "an id twice"
    for rows in blocks(0 if problem else len(texts)):
        some = vectors[rows]
        able[rows] = some.any(axis=1)
        if not np.isfinite(some).all():
            problem = "vectors with missing or infinite values"
    if problem:
        expected = f"one finite vector, one thread and one id for each of {len(texts)} texts"
        raise StudyError(expected=expected, found=problem, where="topics", remedy="Encode the comments again.")
    return able


def _too_little(texts: Sequence[str], unit: Directions, need: int) -> str:
    """Why nothing can be said about these distinct texts, or ""."""
    n = len(texts)
    if n < need:
        return (
            f"{n} different comment{' is' if n == 1 else 's are'} too few for topics: at least {need} are needed for a "
            "topic to recur when half of the threads are left out. [topics] min_comments sets the limit."
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


def _stands_for(same: np.ndarray, copy_of: np.ndarray, fit: np.ndarray, able: np.ndarray) -> np.ndarray:
    """Which of the distinct texts, those of the rows `fit`, stands for each text; -1 where a copy's model has none."""
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
    return which


def _by_size(topic: np.ndarray, of_texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Topics numbered by size, of equals first the one with the smallest text; and the old number of each."""
    n_found = int(of_texts.max()) + 1
    size = np.bincount(topic[topic >= 0], minlength=n_found)
    smallest = np.full(n_found, len(of_texts))
    np.minimum.at(smallest, of_texts, np.arange(len(of_texts)))  # they are in the order of the texts
    order = np.lexsort((smallest, -size))[: int((size > 0).sum())]
    number = np.full(n_found + 1, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[topic], order  # -1 looks up the last, which is -1
