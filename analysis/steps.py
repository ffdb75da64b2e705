"""A study's steps, in the order of the data: each computed when it is first asked for, and kept."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.corpus.encodings import read_lines
from analysis.corpus.languages import languages
from analysis.corpus.schema import Corpus, build, read_key, whole_text
from analysis.corpus.tables import read_tables
from analysis.corpus.threads import Reading, read_threads
from analysis.inputs import Inputs
from analysis.run.partitions import PACKAGES, PARTS
from analysis.run.store import FOLDER, VECTORS, Store, digest_of, work_folder
from analysis.run.texts import Partitioned

if TYPE_CHECKING:
    from analysis.people.agreement import Codes
    from analysis.people.labels import Labels, Matched
    from analysis.run.vectors import Vectors
    from analysis.topics.fit import Topics
    from analysis.topics.tokens import Tokens

Progress = Callable[[str, int, int], None]

ROOT = Path(__file__).resolve().parent
# Which rooms' code a step's result depends on: a change in one of them, and the step is computed anew.
ROOMS = {
    "corpus": (
        "settings",
        "partitions",
        "cluster",
        "texts",
        "parallel",
        "vectors",
        "shapes",
        "lines",
        "dates",
        "decoding",
        "threads",
        "rows",
        "dialects",
        "columns",
        "batches",
        "exports",
        "duplicates",
        "languages",
        "corpus",
    ),  # fmt: skip
    "topics": ("encoding", "context", "neighbours", "consensus", "tokens", "stopwords", "words", "topics"),
    "sentiment": ("languages", "encoding", "vader", "lexicon", "learned", "sentiment"),
    "trends": (
        "tokens",
        "stopwords",
        "words",
        "periods",
        "intervals",
        "cusum",
        "changes",
        "drivers",
        "comparisons",
        "gaps",
        "trends",
    ),
    "coding": ("codes", "coding", "corrected"),
}
CORPUS_TABLES = ("articles", "comments", "rejects", "accounting", "notes", "boundaries", "hidden_words")


@dataclass
class Steps(Inputs):
    """The inputs of a study, and the results of its steps.

    Attributes
    ----------
    progress : callable, optional
    """

    progress: Progress | None = None
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.settings.folder / FOLDER)

    # -------------------------------------------------------------------------------------------- steps

    def _digest(self, step: str, *parts: object) -> str:
        """Digest of a step: its rooms' code, the packages, and `parts`."""
        code = [p.read_text("utf-8") for p in sorted(ROOT.rglob("*.py"))]
        return digest_of(step, code, [version(p) for p in PACKAGES], *parts)

    def _parts_of(self, step: str) -> Path:
        """Where the parts of an unfinished step are kept."""
        return self.store.folder / f"{PARTS}-{step}"

    def _get(self, step: str, digest: str, compute: Callable[[Path | None], Mapping[str, Any]]) -> dict[str, Any]:
        """Tables of a step; `compute` gets a folder for what the memory should not hold, which goes when they are kept.

        Once they are, the parts that it was computed in are of no use.
        """
        with ExitStack() as until_kept:
            tables = self.store.get(step, digest, lambda: compute(until_kept.enter_context(self._scratch(step))))
        if self.store.has(step, digest):
            for name in (step, "words") if step in ("topics", "trends") else (step,):
                shutil.rmtree(self._parts_of(name), ignore_errors=True)
        return tables

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus: read, checked, pseudonymised."""
        tables = self._get("corpus", self._corpus_digest, self._read)
        return Corpus(partitioned=tables.pop("comments"), **tables)

    @cached_property
    def _corpus_digest(self) -> str:
        s = self.settings
        key = digest_of(read_key(s.folder).decode()) if s.privacy.authors == "pseudonym" else ""
        return self._digest("corpus", asdict(s.source), s.privacy.authors, self.format, self._sources, key)

    def read(self, scratch: Path | None = None) -> Reading:
        """Read the sources anew, names and all; nothing of it is kept, but what of the texts goes to `scratch`."""
        s = self.settings
        if self.format != "threads":
            return read_tables(
                self.files,
                root=s.folder,
                timezone=s.source.timezone,
                columns=s.source.columns,
                articles={**s.source.articles, "paths": self.article_files},
                format=self.format,
                compute=replace(s.compute, scheduler=""),
                progress=self.progress,
                scratch=scratch,
            )
        known: tuple[str, ...] = ()
        if s.source.authors:
            known = tuple(name for name in read_lines((s.folder / s.source.authors).read_bytes()).texts if name)
        return read_threads(
            self.files,
            root=s.folder,
            timezone=s.source.timezone,
            known_authors=known,
            progress=self.progress,
            scratch=scratch,
        )

    def _read(self, scratch: Path | None) -> Mapping[str, pd.DataFrame | Partitioned]:
        built = build(self.read(scratch), self.settings, self.progress, self._parts_of("corpus"), scratch)
        return {name: built.partitioned if name == "comments" else getattr(built, name) for name in CORPUS_TABLES}

    def _work_folder(self, name: str) -> Path | None:
        try:
            self.store.folder.mkdir(exist_ok=True)
            return work_folder(self.store.folder, name)
        except OSError:
            return None

    @contextmanager
    def _scratch(self, name: str) -> Iterator[Path | None]:
        """A folder that is there for a while; None where none can be made."""
        scratch = self._work_folder(name)
        try:
            yield scratch
        finally:
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)

    @cached_property
    def _topic_tables(self) -> dict[str, pd.DataFrame]:
        return self._get("topics", self._topics_digest, self._fit)

    @cached_property
    def _topics_digest(self) -> str:
        return self._digest("topics", self._corpus_digest, asdict(self.settings.topics))

    def _encoded(self, texts: Sequence[str], scratch: Path | None = None) -> Vectors:
        """Vectors of texts, kept by text and model; large ones in `scratch`."""
        from analysis.topics.encoders import encode_kept

        kept, encoder = self.store.folder / VECTORS, self.settings.topics.encoder
        return encode_kept(
            texts,
            encoder,
            kept,
            folder=self.settings.folder,
            compute=self.settings.compute,
            progress=self.progress,
            scratch=scratch,
        )

    def _vectors(self) -> Vectors:
        """Vectors as topics were found from; large ones are in a folder that goes with this object."""
        from analysis.topics.context import in_context

        scratch = self._work_folder("vectors") if len(self.corpus.texts.parts) > 1 else None
        if scratch:
            weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        own = self._encoded(self.corpus.texts, scratch)
        return in_context(own, self.corpus.rows["article_id"], self.settings.topics.context, scratch)

    @cached_property
    def _tokens(self) -> Tokens:
        """The words of the comments, which topics and their words over time count."""
        from analysis.topics.tokens import tokenised

        return tokenised(
            self.corpus.texts,
            compute=self.settings.compute,
            progress=self.progress,
            kept=self._parts_of("words"),
        )

    def _articles_beside(self, vectors: np.ndarray) -> np.ndarray:
        """Articles by their own words, in the space of the comments; zeros where the vectors are the user's own."""
        from analysis.topics.context import beside

        if self.settings.topics.encoder.startswith("npy:") or not len(self.corpus.articles):
            return np.zeros((len(self.corpus.articles), vectors.shape[1]), dtype=np.float32)
        return beside(vectors, self._encoded(whole_text(self.corpus.articles).tolist()))

    def _fit(self, scratch: Path | None) -> Mapping[str, pd.DataFrame]:
        from analysis.topics.context import in_context
        from analysis.topics.fit import fit_topics, nearest
        from analysis.topics.keywords import coherence

        c = self.corpus.rows
        own = self._encoded(self.corpus.texts, scratch)
        articles = self._articles_beside(own)
        vectors = in_context(own, c["article_id"], self.settings.topics.context, scratch)
        del own  # as large as all that is to come
        fitted = fit_topics(
            self.corpus.texts,
            vectors,
            threads=c["article_id"],
            ids=c["comment_id"],
            languages=c["language"],
            copy_of=c["duplicate_of"].fillna(c["near_duplicate_of"]),
            scratch=scratch,
            settings=self.settings.topics,
            compute=self.settings.compute,
            hidden_words=self.corpus.hidden_words["word"].tolist(),
            tokens=self._tokens,
            progress=self.progress,
        )
        words = [(i, word, weight) for i, row in enumerate(fitted.words) for word, weight in row]
        npmi, diversity = coherence(self._tokens, [[word for word, _ in row] for row in fitted.words])
        return {
            "comments": pd.DataFrame(
                {"comment_id": c["comment_id"], "topic": fitted.topic, "topic_agreement": fitted.agreement}
            ),
            "articles": pd.DataFrame(
                {"article_id": self.corpus.articles["article_id"], "topic": nearest(articles, fitted.centroids)}
            ),
            "table": fitted.table,
            "curve": fitted.curve,
            "centroids": pd.DataFrame(fitted.centroids, columns=[str(i) for i in range(fitted.centroids.shape[1])]),
            "note": pd.DataFrame({"note": [fitted.note]}),
            "coherence": pd.DataFrame({"npmi": [npmi], "diversity": [diversity]}),
            "words": pd.DataFrame(words, columns=["topic", "word", "weight"]),
            "vocabulary": pd.DataFrame({"word": list(fitted.vocabulary)}, dtype="str"),
        }

    @cached_property
    def topics(self) -> Topics:
        """The topics, and what they rest on; `topics.bertopic` is a fitted BERTopic."""
        from analysis.topics.fit import Topics

        t = self._topic_tables
        words: list[list[tuple[str, float]]] = [[] for _ in range(len(t["table"]))]
        for row in t["words"].itertuples():
            words[row.topic].append((row.word, row.weight))
        return Topics(
            topic=t["comments"]["topic"].to_numpy("int64"),
            agreement=t["comments"]["topic_agreement"].to_numpy(float),
            table=self.topic_table,
            curve=t["curve"],
            note=str(t["note"]["note"].iloc[0]),
            centroids=t["centroids"].to_numpy("float32"),
            texts=self.corpus.texts,
            vectors=self._vectors(),
            vocabulary=tuple(t["vocabulary"]["word"]),
            words=tuple(tuple(row) for row in words),
            encoder=self.settings.topics.encoder,
        )

    @cached_property
    def labels(self) -> Labels | None:
        """Names that people gave to topics; None if there are none."""
        from analysis.people.labels import read_labels

        return read_labels(self.settings.folder)

    @cached_property
    def matched(self) -> Matched | None:
        """The topics held against those that people named; None if there are no names or no topics."""
        from analysis.people.labels import match

        t = self._topic_tables
        return match(self.labels, t["comments"], t["table"]) if self.labels is not None and len(t["table"]) else None

    @cached_property
    def topic_table(self) -> pd.DataFrame:
        """The topics' table, with people's names for topics where there are any."""
        from analysis.people.labels import named

        table = self._topic_tables["table"]
        return table if self.matched is None else named(table, self.matched)

    @cached_property
    def intrusion(self) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """What people scored at word and topic intrusion, and what of their sheets is not used; None without sheets."""
        from analysis.people.intrusion import FOLDER as INTRUSION
        from analysis.people.intrusion import read_answers

        return read_answers(self.settings.folder / INTRUSION, self.settings.trend)

    @cached_property
    def _sentiment_digest(self) -> str:
        s = self.settings
        parts: list[object] = [self._corpus_digest, asdict(s.sentiment), self.instrument_files]
        if s.sentiment.instrument == "coded":
            parts += [self._codes_digests, s.topics.encoder]
        return self._digest("sentiment", *parts)

    def _score(self, scratch: Path | None) -> Mapping[str, pd.DataFrame]:
        from analysis.sentiment.score import score

        c, a = self.corpus.rows, self.corpus.articles

        def scores(texts: Sequence[str], language: pd.Series) -> np.ndarray:
            return score(
                texts,
                languages=language,
                instrument=self.settings.sentiment.instrument,
                folder=self.settings.folder,
                compute=self.settings.compute,
                progress=self.progress,
                kept=self._parts_of("sentiment"),
            )

        if self.settings.sentiment.instrument == "coded":  # it has learned from comments, and knows no articles
            of_comments, of_articles = self._learn(), np.full(len(a), np.nan)
        else:
            texts = whole_text(a).tolist()
            of_comments = scores(self.corpus.texts, c["language"])
            of_articles = scores(
                texts, languages(texts, self.settings.compute, self.progress, self._parts_of("sentiment"))
            )
        return {
            "comments": pd.DataFrame({"comment_id": c["comment_id"], "sentiment": of_comments}),
            "articles": pd.DataFrame({"article_id": a["article_id"], "sentiment": of_articles}),
        }

    def _learn(self) -> np.ndarray:
        """Scores by a model of the hand-coded comments."""
        from analysis.sentiment.learned import score_learned

        c, texts = self.corpus.rows, list(self.corpus.texts)
        vectors = self._encoded(texts)
        codes = pd.Series(dtype="float64") if self.codes is None else self.codes.table.set_index("comment_id")["code"]
        rows = pd.Index(c["comment_id"]).get_indexer(codes.index)
        return score_learned(texts, vectors, rows, codes.to_numpy(float), c["article_id"].tolist(), self.progress)

    @cached_property
    def _scores(self) -> dict[str, pd.DataFrame]:
        return self._get("sentiment", self._sentiment_digest, self._score)

    @cached_property
    def articles(self) -> pd.DataFrame:
        """The articles with topic and sentiment: `articles.parquet`."""
        ids = self.corpus.articles["article_id"]
        topic = self._topic_tables["articles"].set_index("article_id")["topic"]
        scores = self._scores["articles"].set_index("article_id")["sentiment"]
        return self.corpus.articles.assign(
            topic=topic.reindex(ids).to_numpy("int64"), sentiment=scores.reindex(ids).to_numpy(float)
        )

    @cached_property
    def comments(self) -> pd.DataFrame:
        """The comments with topic, topic_agreement and sentiment, and all their texts in memory."""
        return self.partitioned.whole()

    @cached_property
    def partitioned(self) -> Partitioned:
        """The comments with topic, topic_agreement and sentiment: `comments.parquet`."""
        added = ("topic", "topic_agreement", "sentiment")
        return Partitioned(self.rows, self.corpus.texts, (*self.corpus.partitioned.columns, *added))

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The comments with topic, topic_agreement and sentiment, without their texts."""
        topic = self._topic_tables["comments"].set_index("comment_id")
        scores = self._scores["comments"].set_index("comment_id")
        ids = self.corpus.rows["comment_id"]
        return self.corpus.rows.assign(
            topic=topic["topic"].reindex(ids).to_numpy("int64"),
            topic_agreement=topic["topic_agreement"].reindex(ids).to_numpy(float),
            sentiment=scores["sentiment"].reindex(ids).to_numpy(float),
        )

    @cached_property
    def _trends_digest(self) -> str:
        return self._digest("trends", self._topics_digest, self._sentiment_digest, asdict(self.settings.trend))

    @cached_property
    def _trends(self) -> dict[str, pd.DataFrame]:
        return self._get("trends", self._trends_digest, self._change)

    def _change(self, scratch: Path | None) -> Mapping[str, pd.DataFrame]:
        from analysis.trends import tables as trends
        from analysis.trends.articles import gaps
        from analysis.trends.comparisons import comparisons
        from analysis.trends.drivers import decompositions

        made: dict[str, pd.DataFrame] = {}
        vocabulary = self._topic_tables["vocabulary"]["word"].tolist()
        steps = {
            "activity_by_period": trends.activity_by_period,
            "sentiment_by_period": trends.sentiment_by_period,
            "topics_by_period": trends.topics_by_period,
            "topic_sentiment_by_period": trends.topic_sentiment_by_period,
            "overall": trends.overall,
            "by_topic": trends.by_topic,
            "slopes": trends.slopes,
            "decomposition": decompositions,
            "sensitivity": trends.sensitivity,
            "change_points": lambda comments, settings: trends.change_points(
                comments, settings, self.settings.compute, self.progress
            ),
            "comparisons": comparisons,
            "scores_by_period": trends.scores_by_period,
            "words_by_period": lambda comments, settings: trends.words_by_period(
                comments, self._tokens, vocabulary, settings
            ),
        }
        for done, (name, step) in enumerate(steps.items()):
            if self.progress:
                self.progress("estimating change over time", done, len(steps))
            made[name] = step(self.rows, self.settings.trend)
        made["article_gaps"], made["by_position"] = gaps(self.rows, self.articles, self.settings.trend)
        return made

    @cached_property
    def codes(self) -> Codes | None:
        """What people coded by hand; None if there is no coded sample."""
        from analysis.people.agreement import read_codes

        return read_codes(self.settings.folder / "coded", self.corpus.rows["comment_id"].tolist())

    @cached_property
    def _coding_digest(self) -> str:
        time = (self.settings.trend.period, self.settings.trend.timezone)
        return self._digest("coding", self._topics_digest, self._sentiment_digest, self._codes_digests, *time)

    @cached_property
    def _coding(self) -> dict[str, pd.DataFrame]:
        return self.store.get("coding", self._coding_digest, self._compare)

    def _compare(self) -> Mapping[str, pd.DataFrame]:
        from analysis.people import agreement as coding
        from analysis.people.corrected import corrected_table
        from analysis.trends.periods import assign

        lengths = [coding.length_of(pd.Series(some, dtype="str")) for _, some in self.corpus.texts.blocks()]
        comments = self.rows.assign(
            period_start=assign(self.rows["posted_at"], self.settings.trend),
            length=pd.concat(lengths, ignore_index=True),
        )
        instrument = self.settings.sentiment.instrument
        by = ("language", "length", "topic", "period_start")
        made = {
            "agreement": coding.agreement(self.codes, comments, instrument=instrument, by=by),
            "corrected": corrected_table(self.codes, comments),
        }
        if self.codes is not None:
            made["confusion"] = coding.confusion(self.codes, self.rows).reset_index()
            made["problems"] = self.codes.problems
        return made

    @property
    def digests(self) -> dict[str, str]:
        """Digest of what each step's result is made from, as things are now; nothing is computed for it."""
        return {step: getattr(self, f"_{step}_digest") for step in ROOMS}

    def is_kept(self, step: str) -> bool:
        """Whether a step's result is there without computing it."""
        return self.store.has(step, self.digests[step])
