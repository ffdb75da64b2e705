"""Finished topics -> a fitted BERTopic, by its manual topic modelling.

Nothing is clustered or reduced here: UMAP, HDBSCAN and torch are neither needed nor imported.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from bertopic import BERTopic
from bertopic.backend import BaseEmbedder
from bertopic.cluster import BaseCluster
from bertopic.dimensionality import BaseDimensionalityReduction
from bertopic.representation._base import BaseRepresentation
from bertopic.vectorizers import ClassTfidfTransformer
from sklearn.feature_extraction.text import CountVectorizer

from analysis.run.texts import take
from analysis.run.vectors import Vectors
from analysis.settings import StudyError
from analysis.topics.encoders import parse
from analysis.topics.keywords import IN_LABEL, SHOWN, choose

if TYPE_CHECKING:
    from analysis.topics.description import Fit

LIMIT = 100_000  # comments that BERTopic reads: of a million it would make 3 GB
OF_EACH = 500  # of a topic at the least, where it has them: among so many BERTopic looks for representative documents
Words = Mapping[int, list[tuple[str, float]]]


class ConsensusTopic(BERTopic):
    """A BERTopic that keeps the numbers of topics it is given, until they are merged (it breaks ties otherwise)."""

    given = False
    topics_: list[int]  # BERTopic's own, which says nothing of types
    custom_labels_: list[str] | None
    topic_representations_: dict[int, list[tuple[str, float]]]

    def _sort_mappings_by_frequency(self, documents: pd.DataFrame) -> pd.DataFrame:
        if self.given:
            return super()._sort_mappings_by_frequency(documents)
        self.given = True
        self._update_topic_size(documents)
        return documents

    def visualize_topics(self, *args: Any, **kwargs: Any) -> Any:
        """Show topics on a map of two dimensions, by UMAP; `plots.topic_map(study.topics.map)` needs none."""
        _needs("umap", "umap-learn", "visualize_topics", "`plots.topic_map(study.topics.map)`")
        return super().visualize_topics(*args, **kwargs)

    def visualize_documents(self, docs: Sequence[str], *args: Any, **kwargs: Any) -> Any:
        """Show documents on a map of two dimensions: by UMAP, unless `reduced_embeddings` are given."""
        if kwargs.get("reduced_embeddings") is None:
            _needs("umap", "umap-learn", "visualize_documents", "`reduced_embeddings=`")
        return super().visualize_documents(docs, *args, **kwargs)

    def visualize_hierarchical_documents(
        self, docs: Sequence[str], hierarchical_topics: pd.DataFrame, *args: Any, nr_levels: int = 10, **kwargs: Any
    ) -> Any:
        """Show documents at levels of the hierarchy, as many as it has; by UMAP as above."""
        if kwargs.get("reduced_embeddings") is None:
            _needs("umap", "umap-learn", "visualize_hierarchical_documents", "`reduced_embeddings=`")
        levels = max(1, min(nr_levels, len(hierarchical_topics) // 2))  # else the last is the root, which has no name
        return super().visualize_hierarchical_documents(docs, hierarchical_topics, *args, nr_levels=levels, **kwargs)

    def visualize_document_datamap(self, *args: Any, **kwargs: Any) -> Any:
        """Show documents on a map by datamapplot, where that is installed."""
        _needs("datamapplot", "datamapplot", "visualize_document_datamap", "`plots.topic_map(study.topics.map)`")
        return super().visualize_document_datamap(*args, **kwargs)

    def visualize_approximate_distribution(self, *args: Any, **kwargs: Any) -> Any:
        """Show topics word by word; for which BERTopic asks pandas by a name that pandas 3 has not."""
        from unittest.mock import patch

        from pandas.io.formats.style import Styler

        with patch.object(Styler, "applymap", Styler.map, create=True):
            return super().visualize_approximate_distribution(*args, **kwargs)

    def delete_topics(self, topics_to_delete: list[int]) -> None:
        """Unassign the documents of topics; the others keep their labels, at which BERTopic stumbles."""
        before = np.array(self.topics_)
        labels = dict(zip(sorted(set(self.topics_)), self.custom_labels_ or [], strict=bool(self.custom_labels_)))
        self.custom_labels_ = None
        super().delete_topics(topics_to_delete)
        now = np.array(self.topics_)
        self.set_topic_labels({int(t): labels.get(int(before[now == t][0]), str(t)) for t in np.unique(now)})

    def visualize_term_rank(self, *args: Any, **kwargs: Any) -> Any:
        """Show how much each further word of a topic says; topics of fewer words than others are filled up."""
        had, longest = self.topic_representations_, max(map(len, self.topic_representations_.values()))
        filled = {topic: [*words, *[("", 1e-5)] * (longest - len(words))] for topic, words in had.items()}
        try:
            self.topic_representations_ = filled
            return super().visualize_term_rank(*args, **kwargs)
        finally:
            self.topic_representations_ = had


def _needs(module: str, package: str, what: str, other: str) -> None:
    """Say what to install."""
    if importlib.util.find_spec(module) is None:
        remedy = f"`pip install {package}`, or use {other}."
        raise StudyError(expected=f"the package {package}", found="no such package", where=what, remedy=remedy)


class Encoder(BaseEmbedder):
    """Our encoders under BERTopic's interface, so that `transform` takes new texts."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def embed(self, documents: list[str], verbose: bool = False) -> np.ndarray:
        """Vectors of texts, (n_texts, n_dims)."""
        return parse(self.name).encode(list(documents))[:]


class Varied(BaseRepresentation):
    """The best words by class TF-IDF without inflections and near-synonyms of one another."""

    def extract_topics(self, topic_model: BERTopic, documents: pd.DataFrame, c_tf_idf: object, topics: Words) -> Words:
        """For each topic its words and weights."""
        return {topic: choose(words) or [("", 1e-5)] for topic, words in topics.items()}


def fitted(texts: Sequence[str], vectors: Vectors, fit: Fit, encoder: str) -> BERTopic:
    """Fit BERTopic on found topics; what it reads of large corpora is said at `Topics.bertopic`.

    `encoder` is for new texts; "npy:…" leaves `transform` to be given vectors.
    """
    logging.getLogger("BERTopic").setLevel(logging.ERROR)  # "embedding model not found" is no news to the user
    rows = _read(fit.topic)
    read = take(texts, rows)
    used = set().union(*map(fit.cut, read))  # a word that is in none of them would have an infinite weight
    vocabulary = [word for word in fit.vocabulary if word in used] or ["-"]
    model = ConsensusTopic(
        language="multilingual",  # "english" would strip every letter that is not ASCII
        embedding_model=None if encoder.startswith("npy:") else Encoder(encoder),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        vectorizer_model=CountVectorizer(tokenizer=fit.cut, token_pattern=None, lowercase=False, vocabulary=vocabulary),
        ctfidf_model=ClassTfidfTransformer(bm25_weighting=False, reduce_frequent_words=True),
        representation_model=Varied(),
        top_n_words=SHOWN,
        calculate_probabilities=False,
    )
    model.fit(read, embeddings=vectors[rows], y=fit.topic[rows].tolist())
    model._update_topic_size(pd.DataFrame({"Topic": fit.topic}))  # topics_ and their sizes are those of all comments
    for number in fit.table["topic"]:  # from distinct texts: floods would distort BERTopic's own
        own = fit.words.loc[fit.words["topic"] == number, ["word", "weight"]]
        model.topic_representations_[number] = list(own.itertuples(index=False, name=None)) or [("", 1e-5)]
    model.set_topic_labels(dict(zip(fit.table["topic"], fit.table["label"], strict=True)))
    return model


def names_of_topics(model: BERTopic, before: np.ndarray, labels: Sequence[str]) -> list[str]:
    """What a BERTopic now has as the topic of each comment, by name; "" for none.

    A topic that has the comments that it had `before` keeps its label, unless the model was given other labels since.
    """
    now = np.asarray(model.topics_)
    if len(now) != len(before):
        raise StudyError(
            expected=f"a model of the study's {len(before):,} comments: study.topics.bertopic, changed",
            found=f"one of {len(now):,}",
            where="topics.adopt",
            remedy="Change the model that study.topics.bertopic gives, or name a file: [topics] assigned.",
        )
    numbers, names = [int(t) for t in np.unique(now) if t >= 0], dict[int, str]()
    own = model.custom_labels_ or []
    given = dict(zip(sorted(set(now.tolist())), own, strict=True)) if len(own) == len(set(now.tolist())) else {}
    for t in numbers:
        here = now == t
        was = int(before[here][0])
        words = " · ".join(word for word, _ in list(model.get_topic(t) or [])[:IN_LABEL] if word) or f"topic {t}"
        name = given.get(t) or (labels[was] if was >= 0 and (here == (before == was)).all() else words)
        names[t] = name if name not in names.values() else f"{name} ({t})"
    return [names.get(int(t), "") for t in now]


def _read(topic: np.ndarray) -> np.ndarray:
    """The comments that BERTopic reads, in their order: all, or a fixed sample with some of each topic."""
    if len(topic) <= LIMIT:
        return np.arange(len(topic))
    order = np.random.default_rng(0).permutation(len(topic))
    place = pd.Series(order).groupby(topic[order]).cumcount()  # of a comment among those of its topic
    return np.sort(order[np.argsort(np.minimum(place, OF_EACH), kind="stable")[:LIMIT]])
