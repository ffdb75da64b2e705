"""A comment in the context of its thread: lengths, order, and who counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.topics import context
from analysis.topics.context import in_context


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
    from analysis.topics.context import beside
    from analysis.topics.fit import nearest

    rng = np.random.default_rng(4)
    comments = np.concatenate([rng.normal(0, 0.05, (20, 6)) + np.eye(6)[k] + 3 for k in (0, 1)])
    articles = np.stack([np.eye(6)[1] + 3, np.eye(6)[0] + 3, np.zeros(6)])
    placed = beside(comments, articles)
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
