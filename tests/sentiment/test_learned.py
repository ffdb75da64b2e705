"""Instruments that were trained: they learn, they are scored out of fold, and what they cannot do they say."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from analysis.sentiment import learned
from analysis.sentiment.learned import class_values, score_learned, score_transformer
from analysis.settings import StudyError
from analysis.topics.encoders import parse

GOOD, BAD, FLAT = (
    ["lepo", "krasno", "super", "odlično"],
    ["grdo", "slabo", "zanič", "obupno"],
    ["danes", "včeraj", "mesto", "cesta"],
)


def corpus(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(-1, 2, n)
    words = {1: GOOD, -1: BAD, 0: FLAT}
    texts = [f"{' '.join(rng.choice(FLAT, 3))} {rng.choice(words[c])} {rng.choice(words[c])}" for c in y]
    return texts, y, [f"t{i % 40}" for i in range(n)]


@pytest.fixture(scope="module")
def vectors():
    return parse("static").encode(corpus()[0])


def test_words_of_a_language_that_no_dictionary_knows_are_learnt(vectors):
    texts, y, threads = corpus()
    scores = score_learned(texts, vectors, np.arange(150), y[:150].astype(float), threads)
    said = np.where(scores >= 0.05, 1, np.where(scores <= -0.05, -1, 0))
    assert (said[150:] == y[150:]).mean() > 0.95
    assert np.abs(scores).max() <= 1 and (np.abs(scores[said == 0]) < 0.05).all()


def test_a_coded_comment_is_scored_without_its_own_code(vectors):
    """Codes that are chance are not agreed with: a model that had seen them would."""
    texts, _, threads = corpus()
    noise = np.random.default_rng(3).integers(-1, 2, 200).astype(float)
    unique = [f"{text} {i}x{i}" for i, text in enumerate(texts)]
    scores = score_learned(unique, vectors, np.arange(200), noise, threads)
    assert abs(np.corrcoef(scores[:200], noise)[0, 1]) < 0.25


def test_no_thread_is_on_both_sides(vectors):
    """Each thread has a word of its own that gives its codes away: out of fold it is of no use."""
    rng = np.random.default_rng(1)
    thread = np.repeat(np.arange(30), 10)
    code = rng.integers(-1, 2, 30)[thread]
    texts = [f"{' '.join(rng.choice(FLAT, 4))} secret{t:02d}secret" for t in thread]
    scores = score_learned(
        texts, parse("static").encode(texts), np.arange(300), code.astype(float), [f"t{t}" for t in thread]
    )
    assert abs(np.corrcoef(scores, code)[0, 1]) < 0.35


def test_the_same_whatever_the_order_of_other_texts_and_empty_ones_have_none(vectors):
    texts, y, threads = corpus()
    texts = [*texts[:-1], "  "]
    scores = score_learned(texts, vectors, np.arange(150), y[:150].astype(float), threads)
    order = np.random.default_rng(2).permutation(300)
    rows = np.argsort(order)[:150]
    other = score_learned(
        [texts[i] for i in order], vectors[order], rows, y[:150].astype(float), [threads[i] for i in order]
    )
    assert np.isnan(scores[-1]) and np.array_equal(other, scores[order], equal_nan=True)


@pytest.mark.parametrize("case", ["few", "one thread", "one class"])
def test_too_little_to_learn_from_is_said(vectors, case):
    texts, y, threads = corpus()
    n = 49 if case == "few" else 150
    code = np.ones(n) if case == "one class" else y[:n].astype(float)
    with pytest.raises(StudyError, match="threadline code"):
        score_learned(texts, vectors, np.arange(n), code, ["t"] * 300 if case == "one thread" else threads)


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
        score_transformer(["a"], "any")


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
    scores = score_transformer(texts, str(tmp_path))
    assert np.isnan(scores[1]) and np.isfinite(np.delete(scores, 1)).all() and np.abs(np.delete(scores, 1)).max() <= 1
    with torch.inference_mode():
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
        chance = torch.softmax(model(**tokenizer("good day", return_tensors="pt")).logits, dim=1)[0]
    assert scores[0] == pytest.approx(float(chance[2] - chance[0]), abs=1e-5)
    assert score_transformer(texts[::-1], str(tmp_path)).tolist()[::-1][0] == scores[0]
    assert learned.BATCH == 32
