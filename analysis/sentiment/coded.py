"""The instrument that learns from the study's own hand-coded comments.

Regularised logistic regression, on what the hand-coded sample itself says serves best: runs of two to five letters (any
language), the encoder's vectors with two parts of VADER (English), or both. A hand-coded comment is scored by a model
that has seen neither it nor its thread: agreement with people is then that on new comments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.run import Run
from analysis.run.texts import take
from analysis.run.vectors import Vectors
from analysis.sentiment import NEITHER, vader
from analysis.settings import StudyError

FOLDS = 5
MIN_CODED = 50  # hand-coded comments below which nothing is learnt that a dictionary does not know
STRENGTH = {"letters": 1.0, "vectors": 3.0}  # inverse of the penalty; 0.3 to 10 times as much changes little
HEARD = 0.7  # weight of VADER's parts beside a vector of length 1
BLOCK = 5_000  # texts at a time


def score(
    texts: Sequence[str],
    vectors: Vectors,
    rows: np.ndarray,
    codes: np.ndarray,
    threads: Sequence[str],
    run: Run = Run(),
) -> np.ndarray:
    """Score texts, (n_texts,), by the mean codes in [-1, 1] that people gave to some `rows` of them.

    The chance of positive less that of negative, kept within 0.05 of 0 where neither is likeliest and out of it
    elsewhere; NaN of an empty text. `threads`, of the coded texts, are never in two folds. A StudyError if fewer than
    50 texts are coded, they are in fewer threads than folds, or a class has fewer than ten.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    y = (np.sign(codes) * (np.abs(codes) >= 0.5)).astype(np.int64)
    names, group = np.unique(np.asarray(threads, dtype="str"), return_inverse=True)
    least = min(int((y == c).sum()) for c in (-1, 0, 1))
    if len(rows) < MIN_CODED or len(names) < FOLDS or least < 2 * FOLDS:
        raise StudyError(
            expected=f"{MIN_CODED} comments or more coded by hand, {2 * FOLDS} of each class, in {FOLDS} threads",
            found=f"{len(rows)}, {least} of the rarest class, in {len(names)} threads",
            where='[sentiment] instrument = "coded"',
            remedy="Draw a sample with `threadline code`, and let people code it; or use another instrument.",
        )
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    letters.fit(coded := take(texts, rows))
    # Balanced: the rarest class would otherwise never be the likeliest.
    models = {k: LogisticRegression(C=c, max_iter=3000, class_weight="balanced") for k, c in STRENGTH.items()}

    def features(some: Sequence[str], of_some: np.ndarray) -> dict[str, object]:
        heard = np.array([[vader.score(text), vader.score(text, scaled=True)] for text in some])
        unit = of_some / np.maximum(np.linalg.norm(of_some, axis=1, keepdims=True), 1e-12)
        both = np.hstack([unit, HEARD * np.nan_to_num(heard)]).astype(np.float64)
        return {"letters": letters.transform(some), "vectors": both}

    with threadpool_limits(1):
        known = features(coded, vectors[rows])
        folds = {"groups": group, "cv": GroupKFold(FOLDS), "method": "predict_proba"}
        unseen = {kind: cross_val_predict(models[kind], x, y, **folds) for kind, x in known.items()}
        unseen["both"] = (unseen["letters"] + unseen["vectors"]) / 2
        surprise = {k: -np.log(np.maximum(p[np.arange(len(y)), y + 1], 1e-12)).mean() for k, p in unseen.items()}
        best = min(surprise, key=lambda kind: (round(surprise[kind], 9), kind))
        used = {kind: model.fit(known[kind], y) for kind, model in models.items() if best in (kind, "both")}
        scores, empty = np.full(len(texts), np.nan), np.zeros(len(texts), dtype=bool)
        for start in range(0, len(texts), BLOCK):
            block = slice(start, min(start + BLOCK, len(texts)))
            some = list(texts[block])
            x = features(some, vectors[block])
            scores[block] = _score(np.mean([model.predict_proba(x[kind]) for kind, model in used.items()], axis=0))
            empty[block] = [not text.strip() for text in some]
            run.tell("scoring sentiment", block.stop, len(texts))
    scores[rows] = _score(unseen[best])
    return np.where(empty, np.nan, scores)


def _score(chance: np.ndarray) -> np.ndarray:
    """Scores in [-1, 1] from the chances of negative, neither and positive, (n, 3)."""
    tilt = chance[:, 2] - chance[:, 0]
    likeliest = chance.argmax(axis=1) - 1
    out = NEITHER + (1 - NEITHER) * np.maximum(tilt * likeliest, 0)
    return np.round(np.where(likeliest == 0, tilt * (NEITHER - 1e-3), likeliest * out), 9)
