"""The topics of a study, as a researcher holds them: their tables, BERTopic, and what is changed by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.run.vectors import Vectors
from analysis.settings import StudyError
from analysis.topics.similarity import topic_map

if TYPE_CHECKING:
    from bertopic import BERTopic

from analysis.topics.description import MAP, Fit, empty
from analysis.topics.labels import DROP, SPLIT, Changes


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
        changed: Callable[[Changes], Any] | None = None,
    ) -> None:
        self.table, self.curve, self.note = fit.table, fit.curve, fit.note
        self.centroids, self.words, self.levels = fit.centroids, fit.words, fit.levels
        self._fit, self._texts, self._vectors, self._encoder, self._seed = fit, texts, vectors, encoder, seed
        self._adopted, self._changed = adopted, changed

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
        group: Mapping[str, Sequence[int]] | None = None,
    ) -> Any:
        """Change topics by their numbers, in the study's labels.csv, and give the study with what comes of it.

        `merge` makes topics one, under the name of the first; `split` puts in a topic's place its subtopics, and what
        is in none of them is unassigned; so are comments of one to `drop`; `group` puts topics into themes, by name.
        It stays when topics are found anew.
        """
        changes: dict[int, dict[str, int | str]] = {topic: {"label": name} for topic, name in (rename or {}).items()}

        def mark(topics: Sequence[int], column: str, value: int | str) -> None:
            for topic in topics:
                changes.setdefault(topic, {})[column] = value

        mark(drop, "change", DROP)
        mark(split, "change", SPLIT)
        for first, *others in merge:
            mark(others, "change", first)
        for theme, of in (group or {}).items():
            mark(of, "group", theme)
        wrong = sorted({t for t in [*changes, *(one[0] for one in merge)] if t not in set(self.table["topic"])})
        if wrong or self._changed is None:
            found = f"{wrong}" if wrong else "topics of no study"
            expected = f"numbers of topics, 0 to {len(self.table) - 1}"
            raise StudyError(expected=expected, found=found, where="topics.curate", remedy="See study.topics.table.")
        return self._changed(changes)

    @cached_property
    def map(self) -> pd.DataFrame:
        """Where topics and comments lie to each other: `similarity.topic_map`; empty without topics."""
        some = len(self.table) > 0
        return topic_map(self.centroids, self._vectors(), self._fit.topic, self._seed) if some else empty(MAP)
