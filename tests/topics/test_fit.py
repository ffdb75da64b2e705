"""Topics: the same twice, found where they were planted, and silent where nothing can be said."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from analysis.run import Run
from analysis.settings import ComputeSettings, StudyError
from analysis.topics import clusters, consensus
from analysis.topics import keywords as words
from analysis.topics.context import directions, middle
from analysis.topics.description import Fit
from analysis.topics.encoders import parse
from analysis.topics.fit import UNASSIGNED_BELOW, fit_topics
from analysis.topics.keywords import choose, coherence, words_over_time
from analysis.topics.neighbours import neighbours
from analysis.topics.stop_words import stop_words
from analysis.topics.tokens import tokenised
from analysis.topics.topics import Topics

encode = parse("static").encode

THEMES = {
    "football": "goal keeper striker referee penalty league coach match stadium fans",
    "bread": "bakery flour oven dough loaf crust wheat yeast butter toast",
    "trains": "railway train platform station ticket locomotive track delay carriage conductor",
    "health": "hospital nurse doctor patient surgery vaccine clinic medicine ward illness",
    "music": "concert guitar singer orchestra melody album drummer piano chorus violin",
    "weather": "rain snow storm cloud wind thunder frost sunshine drizzle hail",
}


def planted(n=600, seed=0):
    """Comments of six or seven words on one theme each, in 40 threads; and the theme of each."""
    rng = np.random.default_rng(seed)
    themes = [words.split() for words in THEMES.values()]
    truth = np.arange(n) % len(themes)
    texts = [f"I think {' '.join(rng.choice(themes[t], 5, replace=False))} today" for t in truth]
    threads = [f"thread {i}" for i in rng.integers(0, 40, n)]
    ids = [f"c{i:05d}" for i in rng.permutation(n)]
    return texts, threads, ids, truth


def fit(texts, threads, ids, runs=4, **more):
    return fit_topics(texts, encode(texts), threads=threads, ids=ids, runs=runs, **more)


@pytest.fixture(scope="module")
def corpus():
    return planted()


@pytest.fixture(scope="module")
def topics(corpus):
    texts, threads, ids, _ = corpus
    return fit(texts, threads, ids)


def test_planted_topics_are_found_and_so_is_their_number(corpus, topics):
    truth = corpus[3]
    assert topics.note == ""
    assert len(topics.table) == 6
    assert topics.curve.loc[topics.curve["chosen"], "n_topics"].tolist() == [6]
    assert adjusted_rand_score(truth, topics.topic) > 0.95
    for label in topics.table["label"]:  # each label speaks of one theme
        words = label.split(" · ")
        assert len(words) >= 3
        assert any(set(words) <= set(theme.split()) for theme in THEMES.values()), label


def test_shapes_types_ranges_and_numbering(corpus, topics):
    texts = np.array(corpus[0])
    assert topics.topic.dtype == np.int64
    assert topics.agreement.dtype == np.float64
    assert topics.centroids.shape == (6, 256)
    for values in (topics.agreement, topics.table["stability"], topics.curve["stability"]):
        assert ((values >= 0) & (values <= 1)).all()
    assert topics.table["topic"].tolist() == list(range(6))
    key = [(-(topics.topic == t).sum(), min(texts[topics.topic == t])) for t in range(6)]
    assert key == sorted(key)
    assert topics.table["n_comments"].tolist() == [int((topics.topic == t).sum()) for t in range(6)]
    threads = np.array(corpus[1])
    assert topics.table["n_threads"].tolist() == [len(set(threads[topics.topic == t])) for t in range(6)]
    assert ((topics.topic == -1) == (topics.agreement < UNASSIGNED_BELOW)).all()
    assert list(topics.table) == ["topic", "label", "words", "n_comments", "n_threads", "stability"]


def expected(texts, **words):
    """Directions of seeds among texts, and the texts' own."""
    mean = middle(encode(texts))
    seeds = {name: directions(encode(some)[:], mean).mean(axis=0) for name, some in words.items()}
    return directions(encode(texts)[:], mean), seeds


def test_an_expected_topic_has_its_name_and_what_the_corpus_does_not_hold_is_said(corpus):
    texts, threads, ids, truth = corpus
    words = {"rail": ["the train was late"], "songs": ["a concert", "guitar music"], "volcanoes": ["lava and ash"]}
    own, seeds = expected(texts, **words)
    found = fit_topics(texts, own, threads=threads, ids=ids, runs=4, expected=seeds)
    of = found.table.set_index("label")
    assert found.note == "The corpus does not hold what was expected as: volcanoes."
    assert set(of.loc["rail", "words"].split(", ")) <= set(THEMES["trains"].split())
    assert set(of.loc["songs", "words"].split(", ")) <= set(THEMES["music"].split())
    assert of.loc["rail", "stability"] > 0.9 and adjusted_rand_score(truth, found.topic) > 0.95
    again = fit_topics(
        texts, own, threads=threads, ids=ids, runs=4, expected=seeds, run=Run(ComputeSettings(workers=3))
    )
    assert digest(again) == digest(found)


def test_what_is_expected_parts_what_would_be_one_topic(corpus):
    texts, threads, ids, truth = corpus
    own, seeds = expected(texts, rail=["train station ticket"], songs=["concert guitar"], rain=["rain and snow"])
    found = fit_topics(texts, own, threads=threads, ids=ids, runs=2, expected=seeds, n_topics=3)
    labels = found.table["label"].tolist()
    assert sorted(labels) == ["rail", "rain", "songs"]
    themes = [list(THEMES).index(name) for name in ("trains", "music", "weather")]
    for theme, label in zip(themes, ("rail", "songs", "rain"), strict=True):
        assert (found.topic[truth == theme] == labels.index(label)).mean() > 0.9


def test_fewer_than_ten_different_comments_are_no_topic():
    texts, threads, ids, _ = planted(300)
    found = fit([*texts, *texts[:200]], [*threads, *threads[:200]], [*ids, *[f"z{i}" for i in range(200)]], n_topics=40)
    different = pd.Series(found.topic[:300]).value_counts().drop(-1)
    assert different.min() >= 10 and len(found.table) == len(different) < 40, "copies count once"
    assert (found.topic[:300] == -1).any()


def test_a_given_number_is_obeyed(corpus):
    texts, threads, ids, _ = corpus
    found = fit(texts, threads, ids, runs=2, n_topics=3)
    assert len(found.table) == 3
    assert found.curve.empty
    assert list(found.curve) == ["n_topics", "stability", "chosen"]


def digest(found):
    parts = (found.topic, found.agreement, found.centroids)
    whole = b"".join(p.tobytes() for p in parts) + found.table.to_csv().encode() + found.curve.to_csv().encode()
    return hashlib.sha256(whole).hexdigest()


def test_rows_in_another_order_and_more_workers_give_the_same(corpus, topics):
    texts, threads, ids, _ = corpus
    order = np.random.default_rng(5).permutation(len(texts))
    shuffled = fit(
        [texts[i] for i in order],
        [threads[i] for i in order],
        [ids[i] for i in order],
        run=Run(ComputeSettings(workers=4)),
    )
    assert shuffled.topic.tolist() == topics.topic[order].tolist()
    assert shuffled.agreement.tolist() == topics.agreement[order].tolist()
    assert shuffled.table.equals(topics.table)
    assert shuffled.centroids.tobytes() == topics.centroids.tobytes()
    renamed = fit(texts, threads, ids[::-1])
    assert renamed.topic.tolist() == topics.topic.tolist()
    assert renamed.centroids.tobytes() == topics.centroids.tobytes()


def test_another_process_gives_the_same_bytes(topics):
    code = (
        "import sys; sys.path.insert(0, 'tests/topics')\n"
        "from test_fit import *\n"
        "texts, threads, ids, _ = planted()\n"
        "print(digest(fit(texts, threads, ids, run=Run(ComputeSettings(workers=3)))))\n"
    )
    for hash_seed, cores in (("0", "1"), ("1", "2")):
        threads = {f"{name}_NUM_THREADS": cores for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, **threads},
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert done.stdout.strip() == digest(topics)


def test_another_seed_gives_nearly_the_same(corpus, topics):
    texts, threads, ids, _ = corpus
    other = fit(texts, threads, ids, runs=4, seed=7)
    assert adjusted_rand_score(topics.topic, other.topic) > 0.95


def test_nothing_given_is_changed(corpus):
    texts, threads, ids, _ = planted(240)
    vectors, copies = encode(texts), [None] * 239 + [ids[0]]
    before = (list(texts), vectors.copy(), list(threads), list(ids), list(copies))
    fit_topics(texts, vectors, threads=threads, ids=ids, copies=copies, runs=2, n_topics=4)
    assert (texts, threads, ids, copies) == (before[0], *before[2:])
    assert np.array_equal(vectors, before[1])


def test_a_flood_counts_once_in_the_fit(corpus, topics):
    texts, threads, ids, _ = corpus
    flood = [texts[0]] * 300
    found = fit(texts + flood, threads + ["thread 0"] * 300, ids + [f"x{i:04d}" for i in range(300)])
    assert adjusted_rand_score(found.topic[:600], topics.topic) == 1
    assert len(set(found.topic[600:])) == 1
    assert found.topic[600] == found.topic[0]
    assert found.table["n_comments"].sum() == (found.topic >= 0).sum()
    assert sorted(found.table["words"]) == sorted(topics.table["words"])


def test_a_copy_in_other_words_gets_the_topic_of_what_it_copies(corpus, topics):
    texts, threads, ids, _ = corpus
    # "y" copies a comment of another topic than its words are of; "z" copies "y"; nobody knows what "x" copies.
    other = int(np.flatnonzero((topics.topic != topics.topic[1]) & (topics.topic >= 0))[0])
    found = fit(
        [*texts, texts[1] + "!", texts[1] + "!!", texts[1] + "?"],
        [*threads, *[threads[1]] * 3],
        [*ids, "x", "y", "z"],
        copies=[*[None] * 600, "gone", ids[other], "y"],
    )
    assert found.topic[600] == -1 and found.agreement[600] == 0
    assert found.topic[601:].tolist() == [found.topic[other]] * 2
    assert found.agreement[601:].tolist() == [found.agreement[other]] * 2
    # They are not in the fit: the topics' centres are the same to the last bit.
    assert sorted(found.centroids.tolist()) == sorted(topics.centroids.tolist())


def test_vectors_in_a_file_give_the_same_bytes(corpus, topics, tmp_path, monkeypatch):
    from analysis.run import vectors
    from analysis.topics.context import in_context

    texts, threads, ids, _ = corpus
    plain = in_context(encode(texts), threads, 0.5)
    here = fit_topics(texts, plain, threads=threads, ids=ids, runs=4)
    monkeypatch.setattr(vectors, "IN_MEMORY", 0)
    run = Run(scratch=tmp_path)
    own = encode(texts, run)
    filed = in_context(own, threads, 0.5, run=run)
    assert isinstance(own, vectors.OnDisk) and isinstance(filed, vectors.OnDisk)
    assert filed[:].tobytes() == plain.tobytes()
    assert digest(fit_topics(texts, filed, threads=threads, ids=ids, runs=4)) == digest(here)


def test_empty_comments_stay_unassigned(corpus, topics):
    texts, threads, ids, _ = corpus
    found = fit([*texts, "", "  "], [*threads, "a", "b"], [*ids, "y", "z"])
    assert found.topic[600:].tolist() == [-1, -1]
    assert found.agreement[600:].tolist() == [0, 0]
    assert found.topic[:600].tolist() == topics.topic.tolist()


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([], "0 different comments are too few"),
        (["only this comment"], "1 different comment is too few"),
        ([f"comment number {i} of a few" for i in range(9)], "9 different comments are too few"),
        ([f"comment number {i} of a few" for i in range(12)], "12 different"),
        ([f"comment number {i} of a few" for i in range(60)], "60 different"),
        (["all the very same words"] * 300, "1 different comment is too few"),
        ([""] * 300, "0 different"),
        ([f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(300)], "fewer than 3 words"),
    ],
    ids=["none", "one", "nine", "twelve", "sixty", "same", "empty", "one word each"],
)
def test_where_nothing_can_be_said_it_says_so(texts, says):
    n = len(texts)
    found = fit(texts, [f"t{i % 20}" for i in range(n)], [f"c{i}" for i in range(n)])
    assert says in found.note
    assert found.topic.tolist() == [-1] * n
    assert found.agreement.tolist() == [0] * n
    assert found.table.empty
    assert found.centroids.shape == (0, 256)
    made = Topics(found, texts, lambda: encode(texts))
    assert repr(made) == found.note
    assert made.map.empty
    with pytest.raises(StudyError, match="topics"):
        _ = made.bertopic


def test_topics_of_few_threads_are_not_told_as_if_other_threads_had_been_tried(corpus, topics):
    texts, _, ids, *_ = corpus
    few = fit(texts, [f"t{i % 3}" for i in range(len(texts))], ids)
    assert len(few.table) and "halves of the comments" in few.note and "in other threads is not known" in few.note
    assert "other threads" not in topics.note


def test_different_words_of_the_same_vector_are_too_few_and_vectors_without_rows_are_refused():
    texts = [f"these are words number {i}" for i in range(300)]
    more = {"threads": [f"t{i % 20}" for i in range(300)], "ids": [f"c{i}" for i in range(300)]}
    found = fit_topics(texts, np.ones((300, 8), dtype=np.float32), **more)
    assert "different vectors: too few for topics" in found.note and (found.topic == -1).all()
    with pytest.raises(StudyError, match=r"vectors of shape \(300,\)"):
        fit_topics(texts, np.ones(300, dtype=np.float32), **more)


def test_noise_is_not_called_topics():
    noise = np.random.default_rng(0).normal(size=(600, 64)).astype(np.float32)
    texts = [f"these are words number {i}" for i in range(600)]
    threads, ids = [f"t{i % 50}" for i in range(600)], [f"c{i}" for i in range(600)]
    found = fit_topics(texts, noise, threads=threads, ids=ids, runs=4)
    assert "No topics are claimed" in found.note
    assert (found.topic == -1).all()
    assert not found.curve["chosen"].any()
    assert found.curve["stability"].max() < 0.1
    given = fit_topics(texts, noise, threads=threads, ids=ids, runs=4, n_topics=6)
    assert "hardly agree on 6 topics" in given.note
    assert 1 <= len(given.table) <= 6
    many = fit_topics(texts, noise, threads=threads, ids=ids, runs=10, n_topics=100)
    assert len(many.note) > 0


def test_three_hundred_comments_are_enough():
    texts, threads, ids, truth = planted(300, seed=3)
    found = fit(texts, threads, ids)
    assert found.note == ""
    assert adjusted_rand_score(truth, found.topic) > 0.9


def test_above_the_limit_the_rest_is_assigned(corpus, monkeypatch):
    texts, threads, ids, truth = corpus
    monkeypatch.setattr(consensus, "FIT_LIMIT", 250)
    monkeypatch.setattr(consensus, "HALF_LIMITS", (150, 150))
    found = fit(texts, threads, ids, runs=4, n_topics=6)
    assert adjusted_rand_score(truth, found.topic) > 0.9


@pytest.mark.parametrize("wrong", ["vectors", "threads", "ids", "twice", "nan", "languages"])
def test_what_does_not_fit_together_is_refused(wrong):
    given = {"threads": ["a"] * 3, "ids": ["1", "2", "3"], "languages": None}
    vectors = np.ones((3, 4), dtype=np.float32)
    if wrong == "vectors":
        vectors = vectors[:2]
    elif wrong == "twice":
        given["ids"] = ["1", "1", "2"]
    elif wrong == "nan":
        vectors[0, 0] = np.nan
    else:
        given[wrong] = ["a"] * 2
    with pytest.raises(StudyError, match="3 texts"):
        fit_topics(["a", "b", "c"], vectors, runs=4, **given)


def test_ward_agrees_with_scipy():
    from scipy.cluster.hierarchy import cut_tree, linkage

    points = np.random.default_rng(0).normal(size=(60, 5))
    cuts = clusters.ward(points, np.ones(60), {3, 7, 20})
    tree = linkage(points, "ward")
    for k, centres in cuts.items():
        labels = cut_tree(tree, k).ravel()
        theirs = np.array([points[labels == c].mean(axis=0) for c in range(k)])
        assert np.allclose(sorted(map(tuple, centres)), sorted(map(tuple, theirs)), atol=1e-6)


def test_agreement_and_stability_by_hand():
    topic = np.array([0, 0, 0, 1, 1, 1])
    votes = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1]])
    (one, best), (two, second) = (consensus.compared(topic, vote) for vote in votes)
    assert one.tolist() == [True] * 6 and two.tolist() == [True, True, False, True, True, True]
    assert best.tolist() == [1, 1] and second.tolist() == pytest.approx([2 / 3, 3 / 4])


def test_halves_share_no_thread():
    threads = [f"t{i % 31}" for i in range(900)]
    halves = consensus.halves(threads, 6, seed=1)
    for a, b in zip(halves[::2], halves[1::2], strict=True):
        assert {threads[i] for i in a}.isdisjoint(threads[i] for i in b)
        assert len(a) + len(b) == 900
        assert 0.4 < len(a) / 900 < 0.6


@pytest.mark.parametrize(("n", "size"), [(8_000, 4_000), (60_000, 5_000), (160_000, 8_000), (240_000, 10_000)])
def test_halves_of_large_corpora_are_larger(n, size):
    assert [len(half) for half in consensus.halves(np.arange(n) // 10, 2, seed=1)] == [size] * 2


def test_a_thread_that_holds_most_comments_is_no_half():
    halves = consensus.halves(["giant"] * 280 + [f"t{i}" for i in range(20)], 4, seed=1)
    assert [len(half) for half in halves] == [150] * 4


def test_one_giant_thread_still_gets_topics(corpus):
    texts, _, ids, truth = corpus
    found = fit(texts, ["giant"] * 580 + [f"t{i}" for i in range(20)], ids, runs=2, n_topics=6)
    assert adjusted_rand_score(truth, found.topic) > 0.9


def test_words_over_time_are_those_of_topic_and_period_and_of_three_threads():
    texts = ["the ferry sank"] * 3 + ["the ferry sails"] * 3 + ["soup again"] * 3 + ["ferry secret"]
    threads = ["a", "b", "c"] * 3 + ["d"]
    topic = np.array([0] * 6 + [1] * 3 + [0])
    period = np.array([0] * 3 + [1] * 3 + [0] * 3 + [1])
    words = ["again", "ferry", "sails", "sank", "secret", "soup"]
    cut = tokenised(texts)
    found = words_over_time(cut, threads, topic, period, words, 2)
    shown = {cell: set(part["word"]) for cell, part in found.groupby(["topic", "period"])}
    assert shown == {(0, 0): {"ferry", "sank"}, (0, 1): {"ferry", "sails"}, (1, 0): {"again", "soup"}}, "no secret"
    late = found[found["period"] == 1].set_index("word")
    assert (late["n_comments"] == 4).all() and (late["n_threads"] == 4).all() and late.loc["ferry", "n_using"] == 4
    once = words_over_time(tokenised(texts[:3]), ["a"] * 3, topic[:3], period[:3], words, 2)
    assert once.empty, "three comments of one thread could be one person"
    assert words_over_time(cut, threads, topic, np.full(10, -1), words, 2).empty


def test_coherence_by_hand():
    texts = tokenised(["tram stop", "tram stop", "tram bell", "fish"])
    npmi, diversity = coherence(texts, [["tram", "stop"], ["tram", "fish"]])
    together = np.log(0.5 / (0.75 * 0.5)) / -np.log(0.5)
    assert npmi == pytest.approx((together - 1) / 2)  # words that never meet have -1
    assert diversity == 3 / 4
    assert all(np.isnan(coherence(texts, [])))


def test_words_recur_in_three_threads_and_hidden_words_are_never_shown(corpus):
    texts, threads, ids, _ = corpus
    texts = [
        text.replace("today", "zyxwv") if thread == "thread 1" else text
        for text, thread in zip(texts, threads, strict=True)
    ]
    found = fit(texts, threads, ids, 2, n_topics=6, hidden_words={"striker", "oven"})
    shown = set(", ".join(found.table["words"]).split(", "))
    assert shown & {"goal", "flour", "referee"}
    assert not shown & {"zyxwv", "striker", "oven"}


def test_inflections_and_stop_words_are_passed_over():
    ranked = [("train", 9.0), ("trains", 8.0), ("ticket", 7.0), ("tickets", 6.0), ("delay", 5.0)]
    assert [word for word, _ in choose(ranked)] == ["train", "ticket", "delay"]
    ranked = [("tram stop", 9.0), ("tram", 8.0), ("tram stops", 7.0), ("late trams", 6.0), ("delay", 5.0)]
    assert [word for word, _ in choose(ranked)] == ["tram stop", "delay"]
    assert {"the", "don't", "dont"} <= stop_words(None)
    assert {"und", "nicht", "the"} <= stop_words(["de"] * 9 + ["en"])
    assert "und" not in stop_words(["en"] * 99 + ["de"])
    assert {"ali", "koji", "the"} <= stop_words(["hr"] * 9) and "から" in stop_words(["ja"])
    assert "the" in stop_words(["xx"])


@pytest.fixture(scope="module")
def made(corpus, topics):
    return Topics(topics, corpus[0], lambda: encode(corpus[0]))


@pytest.fixture(scope="module")
def model(made):
    return made.bertopic


def test_a_researcher_sees_what_there_is(made, topics):
    seen = [name for name in dir(made) if not name.startswith("_")]
    assert seen == [
        "adopt",
        "bertopic",
        "centroids",
        "curate",
        "curve",
        "levels",
        "map",
        "note",
        "table",
        "words",
    ]
    assert made.table is topics.table and made.map is made.map
    assert set(made.map["topic"]) == set(range(6))
    assert made.words.groupby("topic")["word"].agg(", ".join).tolist() == made.table["words"].tolist()


def test_bertopic_has_our_topics_words_and_labels(topics, made, model):
    from bertopic import BERTopic

    assert isinstance(model, BERTopic)
    assert list(model.topics_) == topics.topic.tolist()
    info = model.get_topic_info()
    info = info[info["Topic"] >= 0]
    assert info["Count"].tolist() == topics.table["n_comments"].tolist()
    assert info["CustomName"].tolist() == topics.table["label"].tolist()
    for row in topics.table.itertuples():
        words, weights = zip(*model.get_topic(row.topic), strict=True)
        assert ", ".join(words) == row.words
        assert list(weights) == sorted(weights, reverse=True)
    assert made.bertopic is model
    assert not {"torch", "umap", "hdbscan"} & set(sys.modules)


def test_bertopic_takes_new_texts(topics, model):
    labels, _ = model.transform(["The referee gave a penalty to the striker", "flour and yeast for a loaf"])
    football, bread = (topics.table["label"].iloc[t] for t in labels)
    assert set(football.split(" · ")) <= set(THEMES["football"].split())
    assert set(bread.split(" · ")) <= set(THEMES["bread"].split())


def test_bertopic_over_time_and_its_plots(corpus, model):
    texts = corpus[0]
    when = pd.date_range("2024-01-01", periods=len(texts), freq="6h").tolist()
    over_time = model.topics_over_time(texts, when, nr_bins=5)
    assert over_time["Frequency"].sum() == len(texts)
    hierarchy = model.hierarchical_topics(texts)
    assert len(hierarchy) == 5
    assert model.visualize_barchart().data
    assert model.visualize_hierarchy(hierarchical_topics=hierarchy).data
    assert model.visualize_topics_over_time(over_time).data
    assert model.visualize_heatmap().data
    assert model.visualize_term_rank().data
    assert model.visualize_documents(texts, reduced_embeddings=np.random.default_rng(0).normal(size=(600, 2))).data
    assert model.visualize_topics_per_class(model.topics_per_class(texts, ["a", "b"] * 300)).data
    assert model.get_document_info(texts).shape[0] == 600 and model.find_topics("bread")[0]
    assert len(model.get_representative_docs(0)) and model.generate_topic_labels()
    flat = np.random.default_rng(0).normal(size=(600, 2))
    assert model.visualize_hierarchical_documents(texts, hierarchy, reduced_embeddings=flat).data
    shares, of_tokens = model.approximate_distribution(texts[:3], calculate_tokens=True)
    assert model.visualize_distribution(shares[0]).data
    assert "background-color" in model.visualize_approximate_distribution(texts[0], of_tokens[0]).to_html()
    assert (
        model.get_topic_tree(hierarchy)
        and len(model.get_topic_freq()) == 6
        and len(model.get_topics(full=True)["Main"]) == 6
    )


def test_bertopic_lets_go_of_topics_and_takes_outliers_back(corpus, made):
    from analysis.topics.bertopic_model import fitted

    texts = corpus[0]
    less = fitted(texts, encode(texts), made._fit, "static")
    left = {less.custom_labels_[t] for t in (0, 1, 2, 4)}
    less.delete_topics([3, 5])
    assert {name for t, name in zip(sorted(set(less.topics_)), less.custom_labels_, strict=True) if t >= 0} == left
    found = less.reduce_outliers(texts, less.topics_, strategy="embeddings", embeddings=encode(texts))
    assert set(less.topics_) == {-1, 0, 1, 2, 3} and set(found) == {0, 1, 2, 3}
    less.update_topics(texts, topics=found, top_n_words=3)
    assert len(less.get_topic(0)) <= 3
    assert isinstance(type(less).merge_models([less, made.bertopic]).topics_, list)


@pytest.mark.parametrize(
    ("ask", "package"),
    [
        (lambda m: m.visualize_topics(), "umap-learn"),
        (lambda m: m.visualize_documents(["a"]), "umap-learn"),
        (lambda m: m.visualize_hierarchical_documents(["a"], pd.DataFrame()), "umap-learn"),
        (lambda m: m.visualize_document_datamap(["a"]), "datamapplot"),
    ],
)
def test_what_needs_another_package_says_so(model, ask, package, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match=f"pip install {package}"):
        ask(model)


def test_bertopic_reduced_numbers_its_topics_anew(corpus, made):
    from analysis.topics.bertopic_model import fitted

    texts = corpus[0]
    reduced = fitted(texts, encode(texts), made._fit, "static").reduce_topics(texts, nr_topics=3)
    merged = fitted(texts, encode(texts), made._fit, "static")
    merged.merge_topics(texts, [[0, 1], [2, 3]])
    for one, n in ((reduced, 3), (merged, 4)):
        assert sorted(set(one.topics_)) == list(range(n)) and one.get_topic_info()["Count"].sum() == len(texts)
    merged.reduce_topics(texts, nr_topics=2)
    assert set(merged.topics_) == {0, 1}


def test_bertopic_saved_and_loaded_gives_the_same_words_and_assignments(corpus, model, tmp_path):
    from bertopic import BERTopic

    from analysis.topics.bertopic_model import Encoder

    texts = corpus[0][:50]
    model.save(tmp_path / "model", serialization="safetensors", save_ctfidf=True)
    loaded = BERTopic.load(str(tmp_path / "model"), embedding_model=Encoder("static"))
    assert [[w for w, _ in loaded.get_topic(t)] for t in range(6)] == [
        [w for w, _ in model.get_topic(t)] for t in range(6)
    ]
    assert list(loaded.transform(texts)[0]) == list(model.transform(texts)[0])


def given(topic, vocabulary):
    """A fit of two topics, with nothing in it but what BERTopic is given."""
    table = pd.DataFrame({"topic": [0, 1], "label": ["bread", "football"]})
    words = pd.DataFrame({"topic": [0, 1], "word": ["flour", "goal"], "weight": [1.0, 1.0]})
    return Fit(topic, topic * 1.0, table, table[:0], "", np.zeros((0, 256)), words, topic, topic, vocabulary)


def test_ties_of_size_keep_their_numbers():
    from analysis.topics.bertopic_model import fitted

    texts, topic = ["flour oven", "goal coach"] * 20, np.array([1, 0] * 20)
    built = fitted(texts, encode(texts), given(topic, ("coach", "flour", "goal", "oven")), "static")
    assert list(built.topics_) == topic.tolist()


def test_bertopic_reads_some_of_a_large_corpus_and_knows_the_topic_of_all(monkeypatch):
    from analysis.topics import bertopic_model

    monkeypatch.setattr(bertopic_model, "LIMIT", 40)
    monkeypatch.setattr(bertopic_model, "OF_EACH", 5)
    asked = []

    class Noting(np.ndarray):
        def __getitem__(self, rows):
            asked.append(rows)
            return np.asarray(self)[rows]

    texts, topic = ["flour oven"] * 297 + ["goal coach"] * 3, np.array([0] * 297 + [1] * 3)
    vectors = encode(texts).view(Noting)
    texts[1] += " dough"
    built = bertopic_model.fitted(texts, vectors, given(topic, ("coach", "dough", "flour", "goal", "oven")), "static")
    assert 1 not in asked[0] and "dough" not in built.vectorizer_model.get_feature_names_out()
    assert list(built.topics_) == topic.tolist() and built.get_topic_info()["Count"].tolist() == [297, 3]
    assert len(asked) == 1 and len(asked[0]) == 40 and {297, 298, 299} < set(asked[0].tolist())
    assert built.transform(["goal coach"])[0][0] == 1


def test_progress_says_what_is_done(corpus):
    seen = []
    texts, threads, ids, _ = planted(240)
    fit_topics(
        texts,
        encode(texts),
        threads=threads,
        ids=ids,
        runs=2,
        n_topics=4,
        run=Run(progress=lambda *step: seen.append(step)),
    )
    assert ("comparing the fits", 240, 240) in seen
    assert ("fitting halves of the threads", 1, 2) in seen


def test_words_are_counted_the_same_some_texts_at_a_time(corpus, monkeypatch):
    texts, _, _, truth = corpus
    cut, period = tokenised(texts), np.arange(len(texts)) % 20
    threads = [f"thread {i}" for i in np.random.default_rng(3).integers(0, 6, len(texts))]

    def counted():
        used = words.vocabulary(cut, threads, frozenset({"think"}))
        return (
            used,
            words.count_words(cut, truth, 6, used).toarray().tolist(),
            words_over_time(cut, threads, truth, period, used, 6).to_csv(),
            coherence(cut, [used[:8], used[8:16]]),
        )

    whole = counted()
    assert whole[2].count("\n") > 20 and len(whole[0]) > 40
    monkeypatch.setattr(words, "TOKENS", 300)
    assert counted() == whole


def test_neighbours_are_the_nearest_and_processors_do_not_choose_among_equals():
    rng = np.random.default_rng(2)
    unit = rng.normal(size=(1_500, 8)).astype(np.float32)
    alike = [*range(20, 30), *range(700, 720), *range(1400, 1420)]  # more that are the same than are asked for
    unit[alike] = unit[5]
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    near, weight = neighbours(unit, 4)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -2)
    assert not (near == np.arange(len(unit))[:, None]).any()
    np.testing.assert_allclose(np.sort(weight), np.sort(similarity)[:, -4:], atol=1e-6)
    assert {5, *alike} >= set(near[29].tolist()) and len(set(near[29].tolist())) == 4
    more, same = neighbours(unit, 4, workers=8)
    assert more.tobytes() == near.tobytes() and same.tobytes() == weight.tobytes()
