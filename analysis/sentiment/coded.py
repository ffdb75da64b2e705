"""The instrument that learns from the study's own hand-coded comments.

Regularised logistic regression and complement naive Bayes (Rennie et al. 2003) on runs of two to five letters (any
language), and regression on the encoder's vectors with two parts of VADER (English): the chances that they give are
averaged by their logarithms, and a further regression calibrates the mean, and says how far a thread's other comments
count. A hand-coded comment is scored by models that have seen neither it nor its thread: agreement with people is then
that on new comments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from analysis.corpus.wording import normal
from analysis.run import Run
from analysis.run.texts import take
from analysis.run.vectors import Vectors
from analysis.sentiment import vader
from analysis.sentiment.codes import VALUES, class_of_people, edges_of
from analysis.settings import StudyError

FOLDS = 5
MIN_CODED = 50  # hand-coded comments below which nothing is learnt that a dictionary does not know
STRENGTH = {"letters": 1.0, "vectors": 3.0}  # inverse of the penalty; 0.3 to 10 times as much changes little
SMOOTHED = 0.5  # naive Bayes: added to the count of each run of letters
HEARD = 0.7  # weight of VADER's parts beside a vector of length 1
BLOCK = 5_000  # texts at a time
FROM_THREAD = (0.0, 0.15, 0.3, 0.45, 0.6)  # weights of what the other comments of a thread sound like
INSIDE = 1e-8  # of the edge between two classes
_STRETCHED = re.compile(r"(.)\1{2,}")


def score(
    texts: Sequence[str],
    vectors: Vectors,
    rows: np.ndarray,
    codes: np.ndarray,
    threads: Sequence[str],
    run: Run = Run(),
    *,
    values: Sequence[float] = VALUES,
) -> np.ndarray:
    """Score texts, (n_texts,), by the mean codes that people gave to some `rows` of them.

    The class that is likeliest, each counted as equally frequent, gives the range (as `codes.class_of_score` cuts it);
    the score is the mean code that is to be expected, by chances calibrated on comments that no model had seen, within
    that range. NaN of an empty text. `threads`, of all texts, are never in two folds. A StudyError if fewer than 50
    texts are coded, they are in fewer threads than folds, or a class has fewer than ten.
    """
    from sklearn.base import clone
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.naive_bayes import ComplementNB
    from threadpoolctl import threadpool_limits

    y = np.searchsorted(values, class_of_people(np.asarray(codes, dtype=float)[:, None], values))
    _, thread = np.unique(np.asarray(threads, dtype="str"), return_inverse=True)
    group, k = thread[rows], len(values)
    least = int(np.bincount(y, minlength=k).min())
    if len(rows) < MIN_CODED or len(np.unique(group)) < FOLDS or least < 2 * FOLDS:
        raise StudyError(
            expected=f"{MIN_CODED} comments or more coded by hand, {2 * FOLDS} of each class, in {FOLDS} threads",
            found=f"{len(rows)}, {least} of the rarest class, in {len(np.unique(group))} threads",
            where='[sentiment] instrument = "coded"',
            remedy="Draw a sample with `threadline code`, and let people code it; or use another instrument.",
        )
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    letters.fit(map(plain, take(texts, rows)))

    def features(of: np.ndarray) -> dict[str, Any]:
        some, its = take(texts, of), vectors[of]
        heard = np.array([[vader.score(text), vader.score(text, scaled=True)] for text in some])
        unit = its / np.maximum(np.linalg.norm(its, axis=1, keepdims=True), 1e-12)
        both = np.hstack([unit, HEARD * np.nan_to_num(heard)]).astype(np.float64)
        return {"letters": letters.transform(map(plain, some)), "vectors": both}

    # Balanced: the rarest class would otherwise never be the likeliest.
    regression = partial(LogisticRegression, max_iter=3000, class_weight="balanced")
    models = [(of, regression(C=strength)) for of, strength in STRENGTH.items()]
    models.append(("letters", ComplementNB(alpha=SMOOTHED)))
    n, empty, fold = len(texts), np.zeros(len(texts), dtype=bool), np.full(thread.max() + 1, FOLDS)
    for i, (_, out) in enumerate(GroupKFold(FOLDS).split(rows, groups=group)):
        fold[group[out]] = i
    # By all codes, and of threads with codes also by the models of which none has seen the thread.
    by_all, unseen = (np.zeros((len(models), n, k)) for _ in range(2))
    with threadpool_limits(1):
        known = features(rows)
        fitted = [
            [clone(model).fit(known[of][fold[group] != i], y[fold[group] != i]) for i in range(FOLDS + 1)]
            for of, model in models
        ]
        for start in range(0, n, BLOCK):
            of = np.arange(start, min(start + BLOCK, n))
            x, its = features(of), fold[thread[of]]
            empty[of] = [not text.strip() for text in take(texts, of)]
            for m, (kind, _) in enumerate(models):
                by_all[m, of] = fitted[m][FOLDS].predict_proba(x[kind])
                for i in np.unique(its[its < FOLDS]):
                    unseen[m, of[its == i]] = fitted[m][i].predict_proba(x[kind][its == i])
            run.tell("scoring sentiment", int(of[-1]) + 1, n)
        # The regression that calibrates, too, says nothing of a thread that it has seen.
        apart = {"groups": group, "cv": GroupKFold(FOLDS), "method": "predict_proba"}
        join, calibrate = (LogisticRegression(max_iter=3000, class_weight=how) for how in ("balanced", None))
        surprise, joined, seen_by_none = np.inf, np.empty(0), np.empty(0)
        for weight in FROM_THREAD:
            logs, of_unseen = (
                np.mean([np.log(_with_thread(p, thread, empty, weight)) for p in chances], axis=0)
                for chances in (by_all, unseen)
            )
            told = cross_val_predict(join, of_unseen[rows], y, **apart)
            loss = -np.log(np.maximum(told[np.arange(len(y)), y], 1e-12))
            if (mean := round(float(np.average(loss, weights=1 / np.bincount(y)[y])), 9)) < surprise:
                surprise, joined, seen_by_none, likeliest = mean, logs, of_unseen[rows], told.argmax(axis=1)
        expected = calibrate.fit(seen_by_none, y).predict_proba(joined) @ np.asarray(values, dtype=float)
        expected[rows] = cross_val_predict(calibrate, seen_by_none, y, **apart) @ np.asarray(values, dtype=float)
        of_all = join.fit(seen_by_none, y).predict(joined)
        of_all[rows] = likeliest
    edges = edges_of(values)
    low, high = np.append(values[0], edges + INSIDE), np.append(edges - INSIDE, values[-1])
    return np.where(empty, np.nan, np.round(np.clip(expected, low[of_all], high[of_all]), 9))


def plain(text: str) -> str:
    """The text in lower case without accents, which many leave out, and without stretched letters."""
    text = "".join(c for c in normal("NFKD", text.lower()) if not unicodedata.combining(c))
    return _STRETCHED.sub(r"\1\1", text)


def _with_thread(chance: np.ndarray, thread: np.ndarray, empty: np.ndarray, weight: float) -> np.ndarray:
    """Chances, with so much of the mean of the thread's other comments as `weight` says."""
    counts = np.bincount(thread, ~empty)[thread] - ~empty
    sums = np.stack([np.bincount(thread, p * ~empty)[thread] for p in chance.T], axis=1)
    others = (sums - chance * ~empty[:, None]) / np.maximum(counts, 1)[:, None]
    return np.maximum(np.where(counts[:, None] > 0, (1 - weight) * chance + weight * others, chance), 1e-12)
