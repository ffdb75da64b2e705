"""Instruments that were trained: on the study's own hand-coded comments, or by somebody else.

`coded` is regularised logistic regression, on what the hand-coded sample itself says serves best: runs of two to five
letters (any language), the encoder's vectors with two parts of VADER (English), or both. A hand-coded comment is scored
by a model that has seen neither it nor its thread: agreement with people is then that on new comments.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.sentiment import vader
from analysis.settings import StudyError

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Progress = Callable[[str, int, int], None]

CLASSES = (-1, 0, 1)

FOLDS = 5
MIN_CODED = 50  # hand-coded comments below which nothing is learnt that a dictionary does not know
STRENGTH = {"letters": 1.0, "vectors": 3.0}  # inverse of the penalty; 0.3 to 10 times as much changes little
HEARD = 0.7  # weight of VADER's parts beside a vector of length 1
NEITHER = 0.05  # scores within this of 0 are neither, as VADER's authors have it
CHUNK = 5_000  # texts between two reports of progress
BATCH = 32
POSITIVE, NEGATIVE = ("positive", "pos", "label_2"), ("negative", "neg", "label_0")


def score_learned(
    texts: Sequence[str],
    vectors: np.ndarray,
    rows: np.ndarray,
    codes: np.ndarray,
    threads: Sequence[str],
    progress: Progress | None = None,
) -> np.ndarray:
    """Score texts by what people coded.

    Parameters
    ----------
    texts : sequence of str, length n_texts
    vectors : ndarray of shape (n_texts, n_dims)
    rows : ndarray of int of shape (n_coded,)
        Which texts were coded, in an order of their own (comment_id).
    codes : ndarray of shape (n_coded,)
        Mean code of each, in [-1, 1].
    threads : sequence of str, length n_texts
        A thread is never in two folds.
    progress : callable, optional
        Called with (message, done, total).

    Returns
    -------
    ndarray of shape (n_texts,), float64
        In [-1, 1]: the chance of positive less that of negative, kept within 0.05 of 0 where neither is likeliest and
        out of it elsewhere; NaN of an empty text. Coded texts are scored out of fold.

    Raises
    ------
    StudyError
        If fewer than 50 texts are coded, they are in fewer threads than folds, or a class has fewer than ten.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GroupKFold
    from threadpoolctl import threadpool_limits

    y = (np.sign(codes) * (np.abs(codes) >= 0.5)).astype(np.int64)
    group = np.unique([threads[i] for i in rows], return_inverse=True)[1].reshape(-1) if len(rows) else np.zeros(0, int)
    least = min((int((y == c).sum()) for c in CLASSES), default=0)
    if len(rows) < MIN_CODED or len(np.unique(group)) < FOLDS or least < 2 * FOLDS:
        raise StudyError(
            expected=f"{MIN_CODED} comments or more coded by hand, {2 * FOLDS} of each class, in {FOLDS} threads",
            found=f"{len(rows)}, {least} of the rarest class, in {len(np.unique(group))} threads",
            where='[sentiment] instrument = "coded"',
            remedy="Draw a sample with `threadline code`, and let people code it; or use another instrument.",
        )
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    letters.fit([texts[i] for i in rows])

    def features(some: Sequence[int]) -> dict[str, object]:
        heard = np.array([[vader.score(texts[i]), vader.score(texts[i], scaled=True)] for i in some])
        unit = vectors[some] / np.maximum(np.linalg.norm(vectors[some], axis=1, keepdims=True), 1e-12)
        return {
            "letters": letters.transform([texts[i] for i in some]),
            "vectors": np.hstack([unit, HEARD * np.nan_to_num(heard)]).astype(np.float64),
        }

    with threadpool_limits(1):
        known = features(rows)
        unseen = {kind: np.zeros((len(rows), len(CLASSES))) for kind in known}
        for train, test in GroupKFold(FOLDS).split(rows, groups=group):
            for kind, x in known.items():
                unseen[kind][test] = _fitted(kind, x[train], y[train]).predict_proba(x[test])  # type: ignore[index]
        unseen["both"] = (unseen["letters"] + unseen["vectors"]) / 2
        surprise = {k: -np.log(np.maximum(p[np.arange(len(y)), y + 1], 1e-12)).mean() for k, p in unseen.items()}
        best = min(surprise, key=lambda kind: (round(surprise[kind], 9), kind))
        used = [best] if best != "both" else ["letters", "vectors"]
        models = {kind: _fitted(kind, known[kind], y) for kind in used}
        scores = np.full(len(texts), np.nan)
        for start in range(0, len(texts), CHUNK):
            some = list(range(start, min(start + CHUNK, len(texts))))
            x = features(some)
            scores[some] = _score(np.mean([models[kind].predict_proba(x[kind]) for kind in used], axis=0))
            if progress is not None:
                progress("scoring sentiment", some[-1] + 1, len(texts))
    scores[rows] = _score(unseen[best])
    scores[[i for i, text in enumerate(texts) if not text.strip()]] = np.nan
    return scores


def _fitted(kind: str, x: object, y: np.ndarray) -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression

    # Balanced: the rarest class would otherwise never be the likeliest.
    return LogisticRegression(C=STRENGTH[kind], max_iter=3000, class_weight="balanced").fit(x, y)


def _score(chance: np.ndarray) -> np.ndarray:
    """Scores in [-1, 1] from the chances of negative, neither and positive, (n, 3)."""
    tilt = chance[:, 2] - chance[:, 0]
    likeliest = chance.argmax(axis=1) - 1
    out = NEITHER + (1 - NEITHER) * np.maximum(tilt * likeliest, 0)
    return np.round(np.where(likeliest == 0, tilt * (NEITHER - 1e-3), likeliest * out), 9)


def score_transformer(texts: Sequence[str], name: str, progress: Progress | None = None) -> np.ndarray:
    """Score texts by a trained text-classification model.

    The probabilities of its classes, weighted with -1, 0 and 1: classes are told by their names (negative, neutral,
    positive), or are one to five stars.

    Parameters
    ----------
    texts : sequence of str
    name : str
        A model's name, or a folder.
    progress : callable, optional
        Called with (message, done, total).

    Returns
    -------
    ndarray of shape (n_texts,), float64
        In [-1, 1]; NaN of an empty text. A text longer than the model reads is cut.

    Raises
    ------
    StudyError
        If the package or the model is missing, or its classes are not understood.
    """
    where = f'[sentiment] instrument = "transformer:{name}"'
    if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
        raise StudyError(
            expected="the packages transformers and torch",
            found="not both",
            where=where,
            remedy='`pip install "threadline[transformers]"` adds them (several GB), or use instrument = "vader".',
        )
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForSequenceClassification.from_pretrained(name).eval()
    except Exception as error:  # the hub raises many kinds, and which ones changes with its version
        raise StudyError(
            expected="a text-classification model",
            found=type(error).__name__,
            where=where,
            remedy="Check the name or folder, and the network.",
        ) from None
    labels = [str(label) for _, label in sorted(model.config.id2label.items())]
    value = torch.tensor(class_values(labels, where), dtype=torch.float64)
    longest = min(int(tokenizer.model_max_length), int(getattr(model.config, "max_position_embeddings", 512)))
    order = sorted((i for i, t in enumerate(texts) if t.strip()), key=lambda i: (len(texts[i]), texts[i]))
    scores = np.full(len(texts), np.nan)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            batch = tokenizer(
                [texts[i] for i in some], padding=True, truncation=True, max_length=longest, return_tensors="pt"
            )
            chance = torch.softmax(model(**batch).logits.double(), dim=1)
            scores[some] = (chance @ value).numpy()
            if progress is not None:
                progress("scoring sentiment", min(start + BATCH, len(order)), len(order))
    return np.clip(np.round(scores, 6), -1, 1)  # the last bits depend on what else is in a batch


def class_values(labels: Sequence[str], where: str) -> list[float]:
    """What each class of a model counts for, in [-1, 1], from its name.

    Raises
    ------
    StudyError
        If the names are neither negative (neutral) positive nor stars.
    """
    names = [label.lower() for label in labels]
    stars = [name.split()[0] for name in names if name.endswith(("star", "stars"))]
    if len(stars) == len(names) > 1 and all(star.isdigit() for star in stars):
        least, most = min(map(int, stars)), max(map(int, stars))
        return [2 * (int(star) - least) / (most - least) - 1 for star in stars]
    values = [1.0 if name in POSITIVE else -1.0 if name in NEGATIVE else 0.0 for name in names]
    if len(names) == 2 and set(names) == {"label_0", "label_1"}:
        return [-1.0 if name == "label_0" else 1.0 for name in names]
    if 1.0 not in values or -1.0 not in values or values.count(0.0) > 1:
        raise StudyError(
            expected="classes called negative, (neutral,) positive, or 1 star to 5 stars",
            found=", ".join(labels),
            where=where,
            remedy="Take a model of sentiment; others answer another question.",
        )
    return values
