"""A trained model: its classes are told by their names, and what is missing is said."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from analysis.sentiment.instruments import parse
from analysis.sentiment.transformer import class_values, score
from analysis.settings import StudyError


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (["negative", "neutral", "positive"], [-1, 0, 1]),
        (["POSITIVE", "NEGATIVE"], [1, -1]),
        (["LABEL_0", "LABEL_1", "LABEL_2"], [-1, 0, 1]),
        (["LABEL_0", "LABEL_1"], [-1, 1]),
        (["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_classes_are_told_by_their_names(labels, values):
    assert class_values(labels, "here") == values


@pytest.mark.parametrize(
    "labels", [["joy", "anger"], ["positive", "other"], ["negative", "neutral", "mixed", "positive"]]
)
def test_classes_of_another_question_are_refused(labels):
    with pytest.raises(StudyError, match="classes called negative"):
        class_values(labels, "here")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_the_extra_is_named():
    with pytest.raises(StudyError, match="threadline.transformers"):
        score(["a"], "any")


def test_a_tiny_real_model_scores_by_its_classes(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizerFast(vocab_file=str(tmp_path / "vocab.txt"), model_max_length=16).save_pretrained(
        tmp_path
    )
    config = transformers.BertConfig(
        vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
        max_position_embeddings=16, id2label={0: "negative", 1: "neutral", 2: "positive"},
        label2id={"negative": 0, "neutral": 1, "positive": 2},
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["id2label"]["2"] == "positive"
    texts = ["good day", "", "bad " * 40, "good", "day " * 5]
    scores = score(texts, str(tmp_path))
    assert np.isnan(scores[1]) and np.isfinite(np.delete(scores, 1)).all() and np.abs(np.delete(scores, 1)).max() <= 1
    with torch.inference_mode():
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
        chance = torch.softmax(model(**tokenizer("good day", return_tensors="pt")).logits, dim=1)[0]
    assert scores[0] == pytest.approx(float(chance[2] - chance[0]), abs=1e-5)
    assert score(texts[::-1], str(tmp_path))[-1] == scores[0]
    assert parse("transformer:.", tmp_path).score(texts)[0] == scores[0]
