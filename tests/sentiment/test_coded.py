"""What people coded, learned from: it is scored out of fold, and too little is said."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.sentiment.coded import score
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
    scores = score(texts, vectors, np.arange(150), y[:150].astype(float), threads)
    said = np.where(scores >= 0.05, 1, np.where(scores <= -0.05, -1, 0))
    assert (said[150:] == y[150:]).mean() > 0.95
    assert np.abs(scores).max() <= 1 and (np.abs(scores[said == 0]) < 0.05).all()


def test_a_coded_comment_is_scored_without_its_own_code(vectors):
    """Codes that are chance are not agreed with: a model that had seen them would."""
    texts, _, threads = corpus()
    noise = np.random.default_rng(3).integers(-1, 2, 200).astype(float)
    unique = [f"{text} {i}x{i}" for i, text in enumerate(texts)]
    scores = score(unique, vectors, np.arange(200), noise, threads)
    assert abs(np.corrcoef(scores[:200], noise)[0, 1]) < 0.25


def test_no_thread_is_on_both_sides(vectors):
    """Each thread has a word of its own that gives its codes away: out of fold it is of no use."""
    rng = np.random.default_rng(1)
    thread = np.repeat(np.arange(75), 4)
    code = rng.integers(-1, 2, 75)[thread]
    texts = [f"{' '.join(rng.choice(FLAT, 4))} secret{t:02d}secret" for t in thread]
    scores = score(texts, parse("static").encode(texts), np.arange(300), code.astype(float), [f"t{t}" for t in thread])
    assert abs(np.corrcoef(scores, code)[0, 1]) < 0.5, "0.99 where a thread is on both sides"


def test_the_same_whatever_the_order_of_other_texts_and_empty_ones_have_none(vectors):
    texts, y, threads = corpus()
    texts = [*texts[:-1], "  "]
    scores = score(texts, vectors, np.arange(150), y[:150].astype(float), threads)
    order = np.random.default_rng(2).permutation(300)
    rows = np.argsort(order)[:150]
    other = score([texts[i] for i in order], vectors[order], rows, y[:150].astype(float), [threads[i] for i in order])
    assert np.isnan(scores[-1]) and np.array_equal(other, scores[order], equal_nan=True)


@pytest.mark.parametrize("case", ["few", "one thread", "one class"])
def test_too_little_to_learn_from_is_said(vectors, case):
    texts, y, threads = corpus()
    n = 49 if case == "few" else 150
    code = np.ones(n) if case == "one class" else y[:n].astype(float)
    with pytest.raises(StudyError, match="threadline code"):
        score(texts, vectors, np.arange(n), code, ["t"] * len(texts) if case == "one thread" else threads)


def test_where_threads_cohere_a_word_that_nobody_coded_is_heard_with_the_others(vectors):
    """Half of each thread says nothing that was ever coded; its others do, and have one tone."""
    rng = np.random.default_rng(5)
    thread = np.repeat(np.arange(60), 10)
    tone = rng.integers(-1, 2, 60)
    words = {1: GOOD, -1: BAD, 0: FLAT}
    mute = np.tile([True, False], 300)
    texts = [
        f"{i}x{i}" if m else " ".join(rng.choice(words[tone[t]], 3))
        for i, (t, m) in enumerate(zip(thread, mute, strict=True))
    ]
    code, rows = tone[thread].astype(float), np.flatnonzero(thread < 30)
    encoded = parse("static").encode(texts)
    apart = [f"t{i}" if m else f"u{t}" for i, (t, m) in enumerate(zip(thread, mute, strict=True))]
    held = mute & (thread >= 30)
    right = [
        (np.sign(np.where(np.abs(s) < 0.05, 0, s)) == code)[held].mean()
        for s in (score(texts, encoded, rows, code[rows], names) for names in ([f"t{t}" for t in thread], apart))
    ]
    assert right[0] > right[1] + 0.2, right


def test_classes_of_a_study_are_scored_between_their_values(vectors):
    texts, y, threads = corpus()
    scores = score(texts, vectors, np.arange(150), (y[:150] + 1.0) / 2, threads, values=(0.0, 0.5, 1.0))
    assert scores.min() >= 0 and scores.max() <= 1
    assert (np.round(scores[150:] * 2) == y[150:] + 1).mean() > 0.95


def test_scores_are_right_on_the_mean_of_each_class_that_they_give():
    """Where words tell a class in seven of ten, the scores of that class say so, and no more."""
    rng = np.random.default_rng(6)
    heard = rng.integers(-1, 2, 1200)
    code = np.where(rng.random(1200) < 0.7, heard, rng.integers(-1, 2, 1200)).astype(float)
    words = {1: GOOD, -1: BAD, 0: FLAT}
    texts = [" ".join(rng.choice(words[c], 3)) for c in heard]
    scores = score(
        texts, parse("static").encode(texts), np.arange(800), code[:800], [f"t{i % 200}" for i in range(1200)]
    )
    for c in (-1, 1):
        given = np.sign(np.round(scores[800:], 1)) == c
        assert abs(scores[800:][given].mean() - code[800:][given].mean()) < 0.12
