"""A comment in the context of its thread: lengths, order, and who counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.topics import context
from analysis.topics.context import Worth, in_context, in_main_topic, learned


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_by_hand():
    vectors = np.array([[1.0, 0], [0, 1], [0, -1], [-1, 0]])  # their mean is 0
    out = in_context(vectors, ["a", "a", "b", "c"], 0.5)
    assert out[0] == pytest.approx(np.array([1, 0.5]) / np.sqrt(1.25)), "its own direction, and half of the other's"
    assert out[1] == pytest.approx(np.array([0.5, 1]) / np.sqrt(1.25))
    assert out[2] == pytest.approx([0, -1]) and out[3] == pytest.approx([-1, 0]), "alone in its thread: its own"


def test_no_share_keeps_directions(rng):
    vectors = rng.normal(size=(30, 8))
    alone = in_context(vectors, [str(i) for i in range(30)], 0.5)
    assert in_context(vectors, ["t"] * 30, 0) == pytest.approx(alone, abs=1e-6)


def test_a_short_comment_moves_to_its_thread(rng):
    centre = rng.normal(size=8)
    thread = centre + 0.1 * rng.normal(size=(20, 8))
    others = rng.normal(size=(200, 8))
    odd = rng.normal(size=(1, 8))
    vectors = np.vstack([thread, others, odd])
    names = ["t"] * 20 + [f"o{i}" for i in range(200)] + ["t"]
    plain, context = (in_context(vectors, names, share) for share in (0, 0.5))
    assert context[-1] @ context[0] > plain[-1] @ plain[0] + 0.1


@given(st.integers(0, 10_000))
def test_row_order_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(25, 6)).astype(np.float32)
    names = np.array([f"t{i}" for i in rng.integers(5, size=25)])
    order = rng.permutation(25)
    assert np.allclose(
        in_context(vectors, list(names), 0.5)[order], in_context(vectors[order], list(names[order]), 0.5), atol=1e-6
    )


def test_an_empty_text_stays_nothing_and_lends_nothing():
    vectors = np.array([[0.0, 0], [1, 0], [0, 1], [-1, -1]])
    out = in_context(vectors, ["a", "a", "b", "c"], 0.5)
    assert (out[0] == 0).all()
    assert out[1] == pytest.approx(in_context(vectors[1:], ["a", "b", "c"], 0.5)[0])
    assert (in_context(np.zeros((3, 2)), ["a", "a", "b"], 0.5) == 0).all()
    assert in_context(np.zeros((0, 2)), [], 0.5).shape == (0, 2)


def test_an_article_is_placed_among_the_comments_by_its_own_words():
    from analysis.topics.context import directions, middle
    from analysis.topics.description import nearest

    rng = np.random.default_rng(4)
    comments = np.concatenate([rng.normal(0, 0.05, (20, 6)) + np.eye(6)[k] + 3 for k in (0, 1)])
    articles = np.stack([np.eye(6)[1] + 3, np.eye(6)[0] + 3, np.zeros(6)])
    placed = directions(articles, middle(comments))
    inside = in_context(comments, [str(i) for i in range(40)], 0.0)
    centroids = np.stack([inside[:20].mean(axis=0), inside[20:].mean(axis=0)])
    assert nearest(placed, centroids).tolist() == [1, 0, -1]
    assert nearest(placed, centroids[:0]).tolist() == [-1, -1, -1]


def test_threads_longer_than_a_block_are_added_up_whole(rng, monkeypatch):
    vectors = rng.normal(size=(60, 4))
    names = ["long"] * 25 + [f"t{i % 7}" for i in range(30)] + ["long"] * 5
    whole = in_context(vectors, names, 0.5)
    for size in (1, 7, 30):
        monkeypatch.setattr(context, "BLOCK", size)
        assert np.allclose(in_context(vectors, names, 0.5), whole, atol=1e-6)


def corpus(rng, coherent, n=900, themes=6, words=8):
    """Texts of `words` words of one theme each, those of a thread of ten of the same one where they are coherent."""
    vocabulary = rng.permutation([f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"])
    lists = vocabulary[: themes * 20].reshape(themes, 20)
    thread = np.arange(n) // 10
    about = thread % themes if coherent else rng.integers(themes, size=n)
    texts = [" ".join(rng.choice(lists[theme], words)) for theme in about]
    return texts, [f"t{i}" for i in thread], np.full(n, words)


def encode(texts):
    """A vector for each word, from its letters, averaged."""
    seed = lambda word: int.from_bytes(word.encode(), "big") % 2**32  # noqa: E731
    rows = [np.mean([np.random.default_rng(seed(w)).normal(size=40) for w in t.split()], axis=0) for t in texts]
    return np.array(rows, dtype=np.float32)


def test_threads_that_have_something_in_common_are_told_from_those_that_have_not(rng):
    texts, threads, n_words = corpus(rng, coherent=True)
    real = learned(texts, encode(texts), threads, n_words, encode)
    assert real.shared > 0.8 and real.noise > 1
    texts, threads, n_words = corpus(rng, coherent=False)
    vectors = encode(texts)
    none = learned(texts, vectors, threads, n_words, encode)
    assert none.shared < 0.03
    alone, apart = (in_context(vectors, threads, worth, n_words) for worth in (none, 0.0))
    assert np.einsum("ij,ij->i", alone, apart).min() > 0.995, "nothing is added where threads do not cohere"


def test_a_long_comment_and_a_small_thread_get_less_of_it():
    worth, one = Worth(noise=20.0, shared=0.3), np.ones(1)
    short, long = (worth.share(n * one, 3 * one, 5 * one)[0] for n in (10, 1000))
    assert 0 < long < short <= 0.5
    assert worth.share(10 * one, 0.1 * one, 5 * one)[0] < short, "others who say different things have a short sum"
    assert (Worth(20.0, 0.0).share(np.array([5.0]), one, one) == 0).all()


def test_of_normal_vectors_the_weights_are_those_of_the_conditional_mean():
    """Three comments of a thread, of lengths 4, 10 and 30, in one dimension; the predictor by linear algebra."""
    k, rho, n_words = 12.0, 0.4, np.array([4.0, 10.0, 30.0])
    worth = Worth(k, rho)
    lent, sure = worth.lent(n_words)
    cov = rho + np.diag(1 - rho + k / n_words)  # of the comments' directions, each divided by its clear part
    target = np.array([1.0, rho, rho])  # of the first comment's s with each
    best = np.linalg.solve(cov, target)
    scale = np.sqrt(1 + k / n_words)
    share = worth.share(n_words[:1], np.array([1e-6]), sure[1:].sum(keepdims=True))[0] / 1e-6  # far below the limit
    assert share * lent[1:] == pytest.approx(best[1:] * scale[1:] / (best[0] * scale[0]))


def test_where_nothing_can_be_learned_nothing_is_shared():
    assert learned(["a b", "c"], np.eye(2), ["t", "t"], np.array([2, 1]), encode).shared == 0
    assert learned([], np.zeros((0, 3)), [], np.zeros(0, dtype=int), encode).shared == 0
    texts, threads, n_words = corpus(np.random.default_rng(0), coherent=True, n=60)
    assert learned(texts, encode(texts), [str(i) for i in range(60)], n_words, encode).shared == 0, "each one alone"


def test_share_in_the_main_topic_by_hand():
    topic = np.array([0, 0, 1, 1, -1, 2])
    assert in_main_topic(topic, ["a", "a", "a", "b", "b", "c"]) == pytest.approx(2 / 3)  # one is no thread
    assert np.isnan(in_main_topic(topic[:1], ["a"]))
