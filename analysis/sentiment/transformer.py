"""A trained text-classification model as an instrument: transformers and torch, which are not installed by default."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from analysis.settings import StudyError

BATCH = 32
SORTED = 100 * BATCH  # texts that are sorted by length, so that those of a batch are alike
POSITIVE, NEGATIVE = ("positive", "pos", "label_2"), ("negative", "neg", "label_0")


def score(texts: Sequence[str], name: str, version: str = "") -> np.ndarray:
    """Score texts in [-1, 1] by the probabilities of a model's classes, weighted by `class_values`; NaN of empty ones.

    A text longer than the model reads is cut; `version` tells kept scores apart.
    """
    tokenizer, model, values = _loaded(name)
    import torch

    longest = min(int(tokenizer.model_max_length), int(getattr(model.config, "max_position_embeddings", 512)))
    order = sorted((i for i, t in enumerate(texts) if t.strip()), key=lambda i: (len(texts[i]), texts[i]))
    scores, as_read = np.full(len(texts), np.nan), {"padding": True, "truncation": True, "return_tensors": "pt"}
    with torch.inference_mode():
        for some in (order[start : start + BATCH] for start in range(0, len(order), BATCH)):
            batch = tokenizer([texts[i] for i in some], max_length=longest, **as_read)
            scores[some] = torch.softmax(model(**batch).logits.double(), dim=1).numpy() @ values
    return np.clip(np.round(scores, 6), -1, 1)  # the last bits depend on what else is in a batch


@cache
def _loaded(name: str) -> tuple[Any, Any, np.ndarray]:
    """Tokenizer, model and values of its classes."""
    where = f'[sentiment] instrument = "transformer:{name}"'
    try:
        import torch  # noqa: F401
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForSequenceClassification.from_pretrained(name).eval()
    except ImportError:
        expected, found = "the packages transformers and torch", "not both"
        remedy = '`pip install "threadline[transformers]"` adds them (several GB), or use instrument = "vader".'
        raise StudyError(expected=expected, found=found, where=where, remedy=remedy) from None
    except Exception as error:  # the hub raises many kinds, and which ones changes with its version
        expected, remedy = "a text-classification model", "Check the name or folder, and the network."
        raise StudyError(expected=expected, found=type(error).__name__, where=where, remedy=remedy) from None
    labels = [str(label) for _, label in sorted(model.config.id2label.items())]
    return tokenizer, model, np.array(class_values(labels, where))


def class_values(labels: Sequence[str], where: str) -> list[float]:
    """What each class of a model counts for, in [-1, 1], by its name: negative, neutral, positive, or stars."""
    names = [label.lower() for label in labels]
    stars = [int(name.split()[0]) for name in names if name.endswith(("star", "stars")) and name.split()[0].isdigit()]
    if len(stars) == len(names) > 1:
        return [2 * (star - min(stars)) / (max(stars) - min(stars)) - 1 for star in stars]
    if set(names) == {"label_0", "label_1"}:
        return [-1.0 if name == "label_0" else 1.0 for name in names]
    values = [1.0 if name in POSITIVE else -1.0 if name in NEGATIVE else 0.0 for name in names]
    if 1.0 not in values or -1.0 not in values or values.count(0.0) > 1:
        expected = "classes called negative, (neutral,) positive, or 1 star to 5 stars"
        remedy = "Take a model of sentiment; others answer another question."
        raise StudyError(expected=expected, found=", ".join(labels), where=where, remedy=remedy)
    return values
