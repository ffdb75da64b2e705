"""The topics of a study, as a researcher holds them: their tables, BERTopic, and what is changed by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.run.vectors import Vectors
from analysis.settings import StudyError
from analysis.topics.similarity import topic_map, topic_tree

if TYPE_CHECKING:
    from bertopic import BERTopic

from analysis.topics.description import MAP, Fit, empty


class Topics:
    """The topics of a study, with what a `Fit` has (`table`, `levels`, `curve`, `words` …), and what is made of it."""

    def __init__(
        self,
        fit: Fit,
        texts: Sequence[str],
        vectors: Callable[[], Vectors],
        *,
        encoder: str = "static",
        seed: int = 1,
        adopted: Callable[[Sequence[str]], Any] | None = None,
    ) -> None:
        self.table, self.curve, self.note = fit.table, fit.curve, fit.note
        self.centroids, self.words, self.levels = fit.centroids, fit.words, fit.levels
        self._fit, self._texts, self._vectors, self._encoder, self._seed = fit, texts, vectors, encoder, seed
        self._adopted = adopted

    def __repr__(self) -> str:
        """How many there are, and which."""
        return f"{len(self.table)} topics: {', '.join(self.table['label'])}" if len(self.table) else self.note

    @cached_property
    def bertopic(self) -> BERTopic:
        """A fitted BERTopic with these topics, labels and words; its documents are the comments in their order.

        Of more than 100,000 comments it reads a fixed sample of as many, with 500 of each topic where there are: from
        these are its `c_tf_idf_`, `topic_embeddings_` and `representative_docs_`. Its `topics_` are those of all, so
        that `topics_over_time`, `hierarchical_topics` and `get_document_info` take all texts.

        Raises
        ------
        StudyError
            If there are no topics.
        """
        if not len(self.table):
            remedy = self.note or "Add comments."
            raise StudyError(expected="topics, 1 or more", found="none", where="topics", remedy=remedy)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm's; nothing is shown by it
            from analysis.topics.bertopic_model import fitted
        return fitted(self._texts, self._vectors(), self._fit, self._encoder)

    def adopt(self, model: BERTopic) -> Any:
        """Take the topics as a model has them, after its `merge_topics` or `reduce_topics`: `study.adopt`.

        Gives the study with these topics; they are in its folder from now on, and in its report.
        """
        from analysis.topics.bertopic_model import names_of_topics

        if self._adopted is None:
            raise StudyError(expected="topics of a study", found="others", where="topics.adopt", remedy="Open a study.")
        return self._adopted(names_of_topics(model, self._fit.topic, self.table["label"].tolist()))

    def curate(
        self,
        *,
        merge: Sequence[Sequence[int]] = (),
        split: Sequence[int] = (),
        drop: Sequence[int] = (),
        rename: Mapping[int, str] | None = None,
    ) -> Any:
        """Change topics by their numbers, and give the study with what comes of it, as `adopt` does.

        `merge` makes topics one, under the name of the first; `split` puts in a topic's place its subtopics; comments
        of one to `drop` are unassigned.
        """
        label = dict(zip(self.table["topic"], self.table["label"], strict=True)) | dict(rename or {})
        named = [*drop, *split, *(topic for one in merge for topic in one), *(rename or {})]
        wrong = sorted({topic for topic in named if topic not in set(self.table["topic"])})
        if wrong or self._adopted is None:
            found = f"{wrong}" if wrong else "topics of no study"
            expected = f"numbers of topics, 0 to {len(self.table) - 1}"
            raise StudyError(expected=expected, found=found, where="topics.curate", remedy="See study.topics.table.")
        name = {topic: label[topic] for topic in label} | {topic: label[one[0]] for one in merge for topic in one}
        name |= dict.fromkeys(drop, "")
        parts = self.levels[self.levels["level"] == "subtopic"].set_index("number")["label"].to_dict()
        inside = np.full(len(self._fit.topic), -1) if self._fit.subtopic is None else self._fit.subtopic
        of = zip(self._fit.topic.tolist(), inside.tolist(), strict=True)
        return self._adopted([parts[s] if t in split and s in parts else name.get(t, "") for t, s in of])

    @cached_property
    def map(self) -> pd.DataFrame:
        """Where topics and comments lie to each other: `similarity.topic_map`; empty without topics."""
        some = len(self.table) > 0
        return topic_map(self.centroids, self._vectors(), self._fit.topic, self._seed) if some else empty(MAP)

    @cached_property
    def tree(self) -> np.ndarray:
        """Topics of topics, as scipy's linkage matrix: `similarity.topic_tree`; no rows of fewer than two."""
        return topic_tree(self.centroids) if len(self.table) > 1 else np.zeros((0, 4))
