"""Finished topics -> a fitted BERTopic, by its manual topic modelling.

Nothing is clustered or reduced here: UMAP, HDBSCAN and torch are neither needed nor imported.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from bertopic import BERTopic
from bertopic.backend import BaseEmbedder
from bertopic.cluster import BaseCluster
from bertopic.dimensionality import BaseDimensionalityReduction
from bertopic.representation._base import BaseRepresentation
from bertopic.vectorizers import ClassTfidfTransformer
from sklearn.feature_extraction.text import CountVectorizer

from analysis.run.vectors import Vectors
from analysis.topics.encoders import parse
from analysis.topics.keywords import SHOWN, choose
from analysis.topics.tokens import tokens

Words = Mapping[int, list[tuple[str, float]]]


class ConsensusTopic(BERTopic):
    """A BERTopic that keeps the numbers of topics it is given (BERTopic breaks ties of size otherwise)."""

    def _sort_mappings_by_frequency(self, documents: pd.DataFrame) -> pd.DataFrame:
        self._update_topic_size(documents)
        return documents


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


def fitted(
    texts: Sequence[str],
    vectors: Vectors,
    topic: np.ndarray,
    table: pd.DataFrame,
    words: pd.DataFrame,
    vocabulary: Sequence[str],
    encoder: str,
) -> BERTopic:
    """Fit BERTopic on given topics (-1 is unassigned), with their labels and words, best first.

    `encoder` is for new texts; "npy:…" leaves `transform` to be given vectors.
    """
    logging.getLogger("BERTopic").setLevel(logging.ERROR)  # "embedding model not found" is no news to the user
    by_class = CountVectorizer(
        tokenizer=tokens, token_pattern=None, lowercase=False, vocabulary=list(vocabulary) or ["-"]
    )
    model = ConsensusTopic(
        language="multilingual",  # "english" would strip every letter that is not ASCII
        embedding_model=None if encoder.startswith("npy:") else Encoder(encoder),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        vectorizer_model=by_class,
        ctfidf_model=ClassTfidfTransformer(bm25_weighting=False, reduce_frequent_words=True),
        representation_model=Varied(),
        top_n_words=SHOWN,
        calculate_probabilities=False,
    )
    model.fit(list(texts), embeddings=vectors[:], y=[int(t) for t in topic])
    for number in table["topic"]:  # from distinct texts: floods would distort BERTopic's own
        own = words.loc[words["topic"] == number, ["word", "weight"]]
        model.topic_representations_[number] = list(own.itertuples(index=False, name=None)) or [("", 1e-5)]
    model.set_topic_labels({row.topic: row.label for row in table.itertuples()})
    return model
