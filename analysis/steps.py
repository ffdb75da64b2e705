"""A study's steps, in the order of the data: each computed when it is first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.corpus import Corpus, build, read_key
from analysis.exports import read_tables, source_name
from analysis.lines import read_lines
from analysis.rows import kind_of
from analysis.settings import STUDY_FILE, Settings, StudyError, count_workers
from analysis.store import FOLDER, Store, digest_of, digest_of_file
from analysis.threads import Reading, read_threads

if TYPE_CHECKING:
    from analysis.coding import Codes
    from analysis.topics import Topics

Progress = Callable[[str, int, int], None]

ROOT = Path(__file__).resolve().parent
# Which rooms' code a step's result depends on: a change in one of them, and the step is computed anew.
ROOMS = {
    "corpus": (
        "settings",
        "parallel",
        "shapes",
        "lines",
        "dates",
        "decoding",
        "threads",
        "rows",
        "dialects",
        "columns",
        "exports",
        "duplicates",
        "corpus",
    ),  # fmt: skip
    "topics": ("encoding", "context", "neighbours", "consensus", "stopwords", "words", "topics"),
    "sentiment": ("vader", "lexicon", "sentiment"),
    "trends": ("periods", "intervals", "changes", "drivers", "trends"),
    "coding": ("codes", "coding"),
}
CORPUS_TABLES = ("articles", "comments", "rejects", "accounting", "notes", "boundaries", "hidden_words")
PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "bertopic", "wordllama", "vaderSentiment", "py3langid")


@dataclass
class Steps:
    """The settings of a study, and the results of its steps.

    Attributes
    ----------
    settings : Settings
    progress : callable, optional
    """

    settings: Settings
    progress: Progress | None = None
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.settings.folder / FOLDER)

    # ------------------------------------------------------------------------------------------- inputs

    @cached_property
    def files(self) -> list[Path]:
        """The files that [source] paths name, sorted."""
        return self._find(self.settings.source.paths, "[source] paths")

    @cached_property
    def article_files(self) -> list[Path]:
        """The files of the articles' table, sorted; none if study.toml names none."""
        paths = self.settings.source.articles.get("paths", ())
        return (
            self._find([paths] if isinstance(paths, str) else list(paths), "[source.articles] paths") if paths else []
        )  # type: ignore[call-overload]

    def _find(self, patterns: object, key: str) -> list[Path]:
        """Files of paths and globs, relative to the study folder or absolute; a pattern without any is an error."""
        folder = self.settings.folder
        found: dict[Path, None] = {}
        for pattern in patterns:  # type: ignore[attr-defined]
            base, rest = (
                (Path(pattern).anchor, Path(pattern).relative_to(Path(pattern).anchor))
                if Path(pattern).is_absolute()
                else (folder, Path(pattern))
            )
            files = sorted(p for p in Path(base).glob(str(rest)) if p.is_file())
            if not files:
                raise StudyError(
                    expected=f"files that match {pattern!r}",
                    found="none",
                    where=f"{folder / STUDY_FILE}, {key}",
                    remedy="Paths are relative to the study folder; correct the path, or put the files there.",
                )
            found.update(dict.fromkeys(files))
        return sorted(found)

    @cached_property
    def format(self) -> str:
        """The sources' format: "threads", "auto" for tables that show what they are, or what study.toml says."""
        stated = self.settings.source.format
        tables = [path for path in self.files if kind_of(path)]
        if stated != "auto":
            return stated
        if 0 < len(tables) < len(self.files):
            thread = next(path for path in self.files if not kind_of(path))
            raise StudyError(
                expected="files of one format",
                found=f"{tables[0].name} and {thread.name}",
                where=f"{self.settings.folder / STUDY_FILE}, [source] paths",
                remedy="Make a study of each, or name the format.",
            )
        return "auto" if tables else "threads"

    @cached_property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every input file by its name: of sources and of coders' sheets."""
        return {**self._sources, **self._digests(sorted((self.settings.folder / "coded").glob("*.csv")))}

    @cached_property
    def _sources(self) -> dict[str, str]:
        files = [*self.files, *self.article_files]
        if self.settings.source.authors:
            files.append(self.settings.folder / self.settings.source.authors)
        return self._digests(files)

    def _digests(self, files: Sequence[Path]) -> dict[str, str]:
        """SHA-256 of files, by their name: relative to the study folder, the bare name outside of it."""
        return {source_name(path, self.settings.folder): digest_of_file(path) for path in files}

    # -------------------------------------------------------------------------------------------- steps

    def _digest(self, step: str, *parts: object) -> str:
        """Digest of a step: its rooms' code, the packages, and `parts`."""
        code = [(ROOT / f"{room}.py").read_text("utf-8") for room in ROOMS[step]]
        return digest_of(step, code, [version(p) for p in PACKAGES], *parts)

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus: read, checked, pseudonymised."""
        tables = self.store.get("corpus", self._corpus_digest, self._read)
        return Corpus(**tables)

    @cached_property
    def _corpus_digest(self) -> str:
        s = self.settings
        key = digest_of(read_key(s.folder).decode()) if s.privacy.authors == "pseudonym" else ""
        return self._digest("corpus", asdict(s.source), s.privacy.authors, self.format, self._sources, key)

    def read(self) -> Reading:
        """Read the sources anew, names and all; nothing of it is kept."""
        s = self.settings
        if self.format != "threads":
            return read_tables(
                self.files,
                root=s.folder,
                timezone=s.source.timezone,
                columns=s.source.columns,
                articles={**s.source.articles, "paths": self.article_files},
                format=self.format,
                progress=self.progress,
            )
        known: tuple[str, ...] = ()
        if s.source.authors:
            known = tuple(name for name in read_lines((s.folder / s.source.authors).read_bytes()).texts if name)
        return read_threads(
            self.files, root=s.folder, timezone=s.source.timezone, known_authors=known, progress=self.progress
        )

    def _read(self) -> Mapping[str, pd.DataFrame]:
        built = build(self.read(), self.settings, self.progress)
        return {name: getattr(built, name) for name in CORPUS_TABLES}

    @cached_property
    def _topic_tables(self) -> dict[str, pd.DataFrame]:
        return self.store.get("topics", self._topics_digest, self._fit)

    @cached_property
    def _topics_digest(self) -> str:
        return self._digest("topics", self._corpus_digest, asdict(self.settings.topics))

    def _vectors(self) -> np.ndarray:
        from analysis.context import in_context
        from analysis.encoding import encode

        s = self.settings
        texts = self.corpus.comments["text"].tolist()
        vectors = encode(texts, s.topics.encoder, folder=s.folder, progress=self.progress)
        return in_context(vectors, self.corpus.comments["article_id"].tolist(), s.topics.context)

    def _fit(self) -> Mapping[str, pd.DataFrame]:
        from analysis.topics import fit_topics

        c = self.corpus.comments
        fitted = fit_topics(
            c["text"].tolist(),
            self._vectors(),
            threads=c["article_id"].tolist(),
            ids=c["comment_id"].tolist(),
            languages=c["language"].tolist(),
            # A text that repeats an earlier one tells the fit nothing new.
            weight=c["duplicate_of"].isna().to_numpy(float),
            settings=self.settings.topics,
            workers=count_workers(self.settings.compute),
            hidden_words=self.corpus.hidden_words["word"].tolist(),
            progress=self.progress,
        )
        words = [(i, word, weight) for i, row in enumerate(fitted.words) for word, weight in row]
        return {
            "comments": pd.DataFrame(
                {"comment_id": c["comment_id"], "topic": fitted.topic, "topic_agreement": fitted.agreement}
            ),
            "table": fitted.table,
            "curve": fitted.curve,
            "centroids": pd.DataFrame(fitted.centroids, columns=[str(i) for i in range(fitted.centroids.shape[1])]),
            "note": pd.DataFrame({"note": [fitted.note]}),
            "words": pd.DataFrame(words, columns=["topic", "word", "weight"]),
            "vocabulary": pd.DataFrame({"word": list(fitted.vocabulary)}, dtype="str"),
        }

    @cached_property
    def topics(self) -> Topics:
        """The topics, and what they rest on; `topics.bertopic` is a fitted BERTopic."""
        from analysis.topics import Topics

        t = self._topic_tables
        words: list[list[tuple[str, float]]] = [[] for _ in range(len(t["table"]))]
        for row in t["words"].itertuples():
            words[row.topic].append((row.word, row.weight))
        return Topics(
            topic=t["comments"]["topic"].to_numpy("int64"),
            agreement=t["comments"]["topic_agreement"].to_numpy(float),
            table=t["table"],
            curve=t["curve"],
            note=str(t["note"]["note"].iloc[0]),
            centroids=t["centroids"].to_numpy("float32"),
            texts=tuple(self.corpus.comments["text"]),
            vectors=self._vectors(),
            vocabulary=tuple(t["vocabulary"]["word"]),
            words=tuple(tuple(row) for row in words),
            encoder=self.settings.topics.encoder,
        )

    @cached_property
    def _sentiment_digest(self) -> str:
        return self._digest("sentiment", self._corpus_digest, asdict(self.settings.sentiment))

    def _score(self) -> Mapping[str, pd.DataFrame]:
        from analysis.sentiment import score

        c = self.corpus.comments
        scores = score(
            c["text"].tolist(),
            languages=c["language"].tolist(),
            instrument=self.settings.sentiment.instrument,
            folder=self.settings.folder,
            progress=self.progress,
        )
        return {"comments": pd.DataFrame({"comment_id": c["comment_id"], "sentiment": scores})}

    @cached_property
    def comments(self) -> pd.DataFrame:
        """The comments with topic, topic_agreement and sentiment: `comments.parquet`."""
        topic = self._topic_tables["comments"].set_index("comment_id")
        scores = self.store.get("sentiment", self._sentiment_digest, self._score)["comments"].set_index("comment_id")
        ids = self.corpus.comments["comment_id"]
        return self.corpus.comments.assign(
            topic=topic["topic"].reindex(ids).to_numpy("int64"),
            topic_agreement=topic["topic_agreement"].reindex(ids).to_numpy(float),
            sentiment=scores["sentiment"].reindex(ids).to_numpy(float),
        )

    @cached_property
    def _trends_digest(self) -> str:
        return self._digest("trends", self._topics_digest, self._sentiment_digest, asdict(self.settings.trend))

    @cached_property
    def _trends(self) -> dict[str, pd.DataFrame]:
        return self.store.get("trends", self._trends_digest, self._change)

    def _change(self) -> Mapping[str, pd.DataFrame]:
        from analysis import trends

        made: dict[str, pd.DataFrame] = {}
        steps = {
            "activity_by_period": trends.activity_by_period,
            "sentiment_by_period": trends.sentiment_by_period,
            "topics_by_period": trends.topics_by_period,
            "topic_sentiment_by_period": trends.topic_sentiment_by_period,
            "overall": trends.overall,
            "by_topic": trends.by_topic,
            "slopes": trends.slopes,
            "decomposition": trends.decomposition,
            "sensitivity": trends.sensitivity,
            "change_points": trends.change_points,
        }
        for done, (name, step) in enumerate(steps.items()):
            if self.progress:
                self.progress("estimating change over time", done, len(steps))
            made[name] = step(self.comments, self.settings.trend)
        return made

    @cached_property
    def codes(self) -> Codes | None:
        """What people coded by hand; None if there is no coded sample."""
        from analysis.coding import read_codes

        return read_codes(self.settings.folder / "coded", self.corpus.comments["comment_id"].tolist())

    @cached_property
    def _coding_digest(self) -> str:
        return self._digest("coding", self._topics_digest, self._sentiment_digest, self.inputs)

    @cached_property
    def _coding(self) -> dict[str, pd.DataFrame]:
        return self.store.get("coding", self._coding_digest, self._compare)

    def _compare(self) -> Mapping[str, pd.DataFrame]:
        from analysis import coding

        instrument = self.settings.sentiment.instrument
        made = {"agreement": coding.agreement(self.codes, self.comments, instrument=instrument)}
        if self.codes is not None:
            made["confusion"] = coding.confusion(self.codes, self.comments).reset_index()
            made["problems"] = self.codes.problems
        return made

    @property
    def digests(self) -> dict[str, str]:
        """Digest of what each step's result is made from, as things are now; nothing is computed for it."""
        return {step: getattr(self, f"_{step}_digest") for step in ROOMS}

    def is_kept(self, step: str) -> bool:
        """Whether a step's result is there without computing it."""
        return self.store.has(step, self.digests[step])

    # ---------------------------------------------------------------------------------------- provenance

    @property
    def settings_table(self) -> dict[str, object]:
        """The settings as provenance.json keeps them: every value, no path of this machine."""
        raw = {k: v for k, v in asdict(self.settings).items() if k != "folder"}
        raw["source"]["paths"] = [
            source_name(Path(self.settings.folder, p), self.settings.folder) for p in raw["source"]["paths"]
        ]
        if paths := raw["source"]["articles"].get("paths"):
            listed = [paths] if isinstance(paths, str) else paths
            names = [source_name(Path(self.settings.folder, p), self.settings.folder) for p in listed]
            raw["source"]["articles"] = {**raw["source"]["articles"], "paths": names}
        return raw
