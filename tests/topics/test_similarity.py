"""Maps: distances that two dimensions can hold are held, and the tree joins the most alike first."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.topics.similarity import scaled, topic_map


def test_distances_of_points_in_the_plane_come_back():
    points = np.random.default_rng(1).normal(size=(9, 2))
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    place, stress = scaled(distance)
    assert np.allclose(np.linalg.norm(place[:, None] - place[None], axis=2), distance, atol=1e-3) and stress < 1e-3


def test_points_on_a_line_stay_on_it():
    points = np.array([0.0, 1, 3, 7])
    place, stress = scaled(np.abs(points[:, None] - points[None]))
    assert np.allclose(np.ptp(place, axis=0), [7, 0], atol=1e-3) and stress < 1e-3
    assert np.isfinite(scaled(np.zeros((3, 3)))[0]).all(), "topics that are alike are in one place"


def test_what_a_plane_cannot_hold_is_said():
    distance = 1 - np.eye(12)  # twelve points, each as far from each
    assert 0.2 < scaled(distance)[1] < 0.6


@pytest.mark.parametrize("n", [1, 2])
def test_one_topic_or_two_have_places_too(n):
    places = topic_map(np.eye(n, 4, dtype=np.float32), np.eye(4, dtype=np.float32)[:n], np.arange(n), 1)
    assert np.isfinite(places[["x", "y"]].to_numpy()).all() and len(places) == 2 * n


def test_a_comment_lies_by_its_own_topic_and_unassigned_ones_are_not_drawn():
    rng = np.random.default_rng(0)
    centroids = rng.normal(size=(6, 30)).astype(np.float32)
    topic = rng.integers(-1, 6, 400)
    vectors = np.where(topic[:, None] < 0, 0, centroids[topic]) + 0.3 * rng.normal(size=(400, 30))
    places = topic_map(centroids, vectors.astype(np.float32), topic, 1)
    spots = places.loc[~places["comment"], ["x", "y"]].to_numpy()
    dots = places[places["comment"]]
    assert len(dots) == (topic >= 0).sum()
    nearest = np.linalg.norm(dots[["x", "y"]].to_numpy()[:, None] - spots[None], axis=2).argmin(axis=1)
    assert (nearest == dots["topic"]).mean() > 0.95


def test_the_same_places_each_time_and_at_most_so_many_dots():
    rng = np.random.default_rng(0)
    centroids, vectors = rng.normal(size=(5, 20)), rng.normal(size=(4000, 20)).astype(np.float32)
    one, two = (topic_map(centroids.astype(np.float32), vectors, rng.integers(0, 5, 4000) * 0, 3) for _ in range(2))
    assert one.equals(two) and one["comment"].sum() == 3000
