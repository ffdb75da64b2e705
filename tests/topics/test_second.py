"""A second topic where the halves of a comment are about different ones, and none where they are not."""

import numpy as np
import pytest

from analysis.run.vectors import unit_length
from analysis.topics.context import directions, middle
from analysis.topics.encoders import parse
from analysis.topics.second import second_topics

encode = parse("static").encode
TRAM = "the tram was late again and the timetable at the stop is wrong"
RENT = "my landlord raised the rent of the flat and keeps the deposit"
BREAD = "the bakery sells good bread with flour from the old mill"
TEXTS = [TRAM, RENT, BREAD]


@pytest.fixture(scope="module")
def place():
    mean = middle(encode(TEXTS))
    return unit_length(directions(encode(TEXTS)[:], mean)), mean


def second(place, texts, topic, n_words=None):
    n_words = np.array([len(text.split()) for text in texts]) if n_words is None else np.array(n_words)
    return second_topics(texts, np.array(topic), place[0], n_words, encode, place[1]).tolist()


def test_joined_comments_have_two_topics_of_which_one_is_theirs(place):
    both = [f"{TRAM}. {RENT}", f"{RENT}. {TRAM}", f"{BREAD}. {RENT}"]
    assert second(place, both, [0, 0, 1]) == [1, 1, 2]
    assert second(place, both, [2, 2, 0]) == [-1, -1, -1], "neither half is about the topic that they have"


def test_comments_of_one_topic_short_ones_and_those_without_one_have_no_second(place):
    both = f"{TRAM}. {RENT}"
    assert second(place, [TRAM, f"{TRAM}. {TRAM}", both], [0, 0, -1]) == [-1, -1, -1]
    assert second(place, [both, both], [0, 0], [11, 12]) == [-1, 1]
    assert second((place[0][:1], place[1]), [both], [0]) == [-1]
    assert second(place, ["tram" * 40], [0], [12]) == [-1]
    assert second(place, [], []) == []
