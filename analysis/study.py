"""The one door: a study folder, opened. Notebooks and commands use only this."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.corpus.reading import ALONE
from analysis.corpus.schema import Corpus
from analysis.corpus.sheets import csv_bytes, write_new
from analysis.corpus.sources import read_sources
from analysis.corpus.steps import corpus
from analysis.corpus.wording import plural
from analysis.findings import plan, robustness
from analysis.findings.claims import Finding
from analysis.findings.findings import Findings
from analysis.findings.privacy import Search, search
from analysis.findings.shown import plain
from analysis.findings.tables import STEPS_OF_TABLES, Tables
from analysis.people import codebook, intrusion, planning, sampling
from analysis.people.desk import Desk
from analysis.people.page_server import Served
from analysis.people.steps import judged_files
from analysis.run import Run
from analysis.run.progress import Progress, in_notebook
from analysis.run.steps import Results
from analysis.run.store import FOLDER, Store, digest_of_file
from analysis.run.texts import Partitioned, Texts
from analysis.run.vectors import Vectors, unit_length
from analysis.sentiment.codes import HAS, read_codes
from analysis.sentiment.codes import SAMPLE as DRAWN
from analysis.sentiment.steps import sentiment
from analysis.settings import PERIODS, PROGRESS, SCHEDULER, TITLE, VARIABLE, Settings, StudyError
from analysis.study_file import around, changed, read_settings
from analysis.topics import assigned, labels
from analysis.topics.context import in_context
from analysis.topics.encoders import Encoder
from analysis.topics.naming import Naming
from analysis.topics.steps import encoder_of, fit_of, found, tokens, worth_of
from analysis.topics.steps import topics as topic_model
from analysis.topics.topics import Topics
from analysis.trends.periods import instant_of

if TYPE_CHECKING:
    from analysis.findings.topic_browser import TopicBrowser

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
SHOWN = (  # of a study, to a person who asks for completion
    "articles", "browse_topics", "code", "comments", "drawn", "events", "findings", "measure", "settings", "tables",
    "texts", "topics", "with_", "write_coding_sheets", "write_labels",
)  # fmt: skip
ENOUGH = 0.5  # part of the cells that say something, from which on a period is drawn
STEPS = tuple(dict.fromkeys((corpus, tokens, found, topic_model, sentiment, *STEPS_OF_TABLES)))


def open_study(folder: str | Path | None = None, progress: Progress | None = None, **changes: object) -> Study:
    """Open a study.

    Parameters
    ----------
    folder : str or Path, optional
        The study folder. Default: what the environment variable THREADLINE_STUDY names, else the folder with a
        study.toml in which we are, else the sample study.
    progress : callable, optional
        Called with (message, done, total) while a step runs.
    **changes
        Settings in place of those in study.toml, as `period="quarter"`, `n_topics=15`, `title="…"`; a key that
        two sections have as `privacy={"authors": "keep"}`.

    Raises
    ------
    StudyError
        If the folder holds no study, or its settings are wrong.
    """
    if progress is None and os.environ.get(PROGRESS) != "off":
        progress = in_notebook()
    settings = read_settings(folder or os.environ.get(VARIABLE) or around() or SAMPLE)
    for name, variable in (("title", TITLE), ("scheduler", SCHEDULER)):
        if value := changes.pop(name, None) or os.environ.get(variable):
            settings = changed(settings, f"--{name}", **{name: value})
    settings = changed(settings, "open_study", **changes) if changes else settings
    return Study(settings, Results(settings, Run(settings.compute, progress), Store(settings.folder / FOLDER)))


class Study:
    """A study: its comments, tables, topics and findings, each computed when it is first asked for, and kept."""

    settings: Settings
    tables: Tables
    findings: Findings

    def __init__(self, settings: Settings, results: Results | None = None) -> None:
        self.settings = settings
        self._results = results or Results(settings, Run(settings.compute), Store(settings.folder / FOLDER))
        self._naming = Naming(self._results, settings.folder)  # what people said of the topics
        self.tables = Tables(self._results, self._naming)
        self.findings = Findings(self.tables)

    def __dir__(self) -> list[str]:
        return list(SHOWN)

    def __repr__(self) -> str:
        return f"{self.settings.title}: {self.size}"

    def with_(self, **changes: object) -> Study:
        """The same study with other settings, as `period="quarter", n_topics=15`; what does not change is shared."""
        settings = changed(self.settings, **changes)
        return Study(settings, self._results.with_(settings))

    @cached_property
    def drawn(self) -> tuple[Study, str]:
        """The same study by the period that topics are drawn by, and why it is another than its own, or "".

        It is the shortest, from its own on, in which half of the cells of topics and periods have threads enough for an
        interval; its own where none has. Tables, tests and sentences are by the study's own.
        """
        own = self.settings.time.period
        for period in PERIODS[PERIODS.index(own) :]:
            study = self if period == own else self.with_(period=period)
            cells = study.tables.topics_by_period.query("topic >= 0")
            if len(cells) and cells["low"].notna().mean() >= ENOUGH:
                why = f"By {period}: most cells of a {own} have too few threads."
                return study, "" if period == own else why
        return self, ""

    # ------------------------------------------------------------------------------------ what a researcher holds

    @property
    def comments(self) -> pd.DataFrame:
        """The comments with what was found of topic and sentiment; their texts are apart, in `texts`."""
        return self.tables.comments

    @property
    def texts(self) -> Texts:
        """The comments' texts, in the order of `comments`, read where they are asked for."""
        return self.corpus.texts

    @property
    def articles(self) -> pd.DataFrame:
        """The articles with topic and sentiment."""
        return self.tables.articles

    @cached_property
    def topics(self) -> Topics:
        """The topics, and what can be made of them; `topics.bertopic` is a fitted BERTopic."""
        found, table = fit_of(self._results[topic_model]), self._naming.table
        fit = replace(found, cut=self._results[tokens].cut, table=table)
        return Topics(
            fit,
            self.texts,
            lambda: self._vectors,
            encoder=self.encoder.name,
            seed=self.settings.seed,
            adopted=self._adopted,
            changed=self._changed,
        )

    def _adopted(self, names: Sequence[str]) -> Study:
        """The study with topics named for each comment: a file in its folder, which study.toml names."""
        assigned.write(self.settings.folder, self.corpus.rows["comment_id"], names)
        settings = changed(self.settings, assigned=assigned.ADOPTED)
        return Study(settings, Results(settings, self._results.run, self.store))  # the file may be another than before

    @property
    def encoder(self) -> Encoder:
        """What makes vectors of the comments: the one that is named, or by their languages."""
        return encoder_of(self.settings, self.corpus.rows["language"])

    @property
    def events(self) -> dict[str, pd.Timestamp]:
        """What happened that study.toml names, and when it began, in the order of time."""
        zone, named = self.settings.source.timezone, self.settings.time.events
        return {event: instant_of(named[event], zone) for event in sorted(named, key=lambda e: (named[e], e))}

    @property
    def measure(self) -> str:
        """What the scores measure: “sentiment”, or as study.toml names it."""
        return self.settings.sentiment.name

    @property
    def size(self) -> str:
        """How much there is, in words."""
        c = self.corpus
        n, alone = c.rows["author"].nunique(), (c.notes["note"] == ALONE).any()
        by = f", by {plural(n, 'author')}" if n else ""
        under = " without threads" if alone else f" under {plural(len(c.articles), 'article')}"
        return f"{plural(len(c.rows), 'comment')}{under}{by}"

    def browse_topics(self) -> TopicBrowser | Finding:
        """Show every topic with its words, series and neighbours; comments only where study.toml allows quotes."""
        from analysis.findings.topic_browser import nearest, topic_browser  # draws: other commands need no matplotlib

        of = self.topics
        if of.table.empty:
            return Finding.of("No topics to look into.", of.note)
        quoted = (self.comments, self.texts, self._vectors, unit_length(of.centroids))
        examples = nearest(*quoted) if self.settings.privacy.quotes else {}
        return topic_browser(self.tables, of, self.measure, self.findings.level(), examples)

    # ------------------------------------------------------------------------------------------- what people judge

    def code(self, n: int | None = None, port: int = 0, *, rare: bool = False, topics: bool = False) -> Served:
        """Serve the page on which people code a sample of n (300 if none was drawn); a notebook shows it in place.

        A sample that was drawn is made larger; `rare`: as many of each class of the scores, not of periods and topics.
        `topics`: people are asked too which of six words is of another topic than the others (`people.intrusion`).
        """
        s, folder = self.settings, self.settings.folder / "coded"
        sampling.sampled(folder, n, lambda: sampling.strata(self.comments, self.settings, rare=rare), s.seed, even=rare)
        if topics and not (s.folder / intrusion.FOLDER / DRAWN).is_file():
            of = self.topics.words
            words = [of.loc[of["topic"] == topic, "word"].tolist() for topic in self.topics.table["topic"]]
            if len(words) < 2:
                remedy = self.topics.note or "Add comments."
                raise StudyError(expected="two topics or more", found=str(len(words)), where="topics", remedy=remedy)
            rates = intrusion.word_rates(self._results[tokens], self.comments["topic"].to_numpy("int64"), words)
            asked = csv_bytes(intrusion.items(words, rates, s.seed))
            write_new(s.folder / intrusion.FOLDER, {DRAWN: asked})
        given = (self.corpus, plain, s.codes.classes, tuple(s.codes.labels), s.seed)
        return Served(Desk(s.folder, s.title, self.measure, *given), port)

    def write_coding_sheets(
        self, n: int, coders: Sequence[str], *, rare: bool = False, xlsx: bool = False
    ) -> list[Path]:
        """Draw comments for people to code, by period and topic, and write their sheets: `people.sampling`."""
        folder, codes = self.settings.folder, self.settings.codes
        rules = codebook.read(folder, codebook.default(self.measure, codes.classes, tuple(codes.labels)))
        comments = sampling.strata(self.comments, self.settings, rare=rare)
        drawn = sampling.draw(comments, n, self.settings.seed, even=rare)
        texts = self.texts.take(pd.Index(comments["comment_id"]).get_indexer(drawn["comment_id"]))
        drawn["text"] = [*map(plain, texts)]
        return sampling.write_sheets(folder / "coded", drawn, coders, rules, xlsx=xlsx)

    def plan_coding(self) -> pd.DataFrame:
        """How wide the interval of the corrected mean would be with so many codes: `people.planning`."""
        folder, ids, of = self.settings.folder / "coded", self.comments["comment_id"].tolist(), self.settings.codes
        if not of.labels:
            return planning.plan(read_codes(folder, ids, of.classes), self.comments, of.classes)
        unscored, labels = self.comments.assign(sentiment=np.nan), tuple(of.labels)
        plans = {
            label: planning.plan(read_codes(folder, ids, of.classes, labels, label), unscored, HAS) for label in labels
        }
        return pd.concat([plan.assign(label=label) for label, plan in plans.items()], ignore_index=True)

    def write_labels(self) -> Path:
        """Write labels.csv, in which people name the topics; what was said of topics stays: `topics.labels`."""
        return self._naming.write()

    def _changed(self, changes: labels.Changes) -> Study:
        """The study with topics changed, by their numbers as they are shown, in labels.csv."""
        self._naming.change(changes)
        return Study(self.settings, Results(self.settings, self._results.run, self.store))

    # --------------------------------------------------------------------------------- for commands and the report

    @property
    def run(self) -> Run:
        """On what it computes, and what it tells."""
        return self._results.run

    @property
    def corpus(self) -> Corpus:
        """The corpus: read, checked, pseudonymised, without topics or sentiment."""
        return self._results[corpus]

    @cached_property
    def partitioned(self) -> Partitioned:
        """The comments with their texts: `comments.parquet`."""
        added = ("topic", "theme", "subtopic", "topic_agreement", "own_topic", "second_topic", "sentiment")
        return Partitioned(self.comments, self.texts, (*self.corpus.partitioned.columns, *added))

    @cached_property
    def _vectors(self) -> Vectors:
        """Vectors as topics were found from; large ones are in a folder that goes with this object."""
        t, run, until_gone = self.settings.topics, self.run, ExitStack()
        if len(self.texts.column.chunks) > 1:
            run = replace(run, scratch=until_gone.enter_context(self._results.scratch("vectors")))
            weakref.finalize(self, until_gone.close)
        own = self.encoder.encode(self.texts, run, self.store)
        worth = worth_of(self._results[topic_model], t.context)
        return in_context(own, self.corpus.rows["article_id"], worth, self._results[tokens].n_of, run)

    @property
    def store(self) -> Store:
        """What is kept of the study."""
        return self._results.store

    def kept_in(self, folder: Path) -> Study:
        """The same study with its results kept elsewhere: nothing that was kept here is used."""
        return Study(self.settings, Results(self.settings, self.run, Store(folder)))

    @property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every input file by its name: of what steps read, and of what people named or found odd."""
        read = {name: sha for step in STEPS for name, sha in self._results.files(step).items()}
        read |= {name: digest_of_file(path) for name, path in judged_files(self.settings).items()}
        made = [self.settings.folder / name for name in (plan.FILE, robustness.FILE)]
        return read | {path.name: digest_of_file(path) for path in made if path.is_file()}

    @property
    def digests(self) -> dict[str, str]:
        """Digest of what each step's result is made from, as things are now; nothing is computed for it."""
        return {step.name: self._results.digest(step) for step in STEPS}

    @property
    def is_scored(self) -> bool:
        """Whether any score was computed here and kept, of whatever settings."""
        return any(self.store.folder.glob(f"{sentiment.name}-*"))

    def search(self, report: Path, own: Iterable[str] = ()) -> Search:
        """Search a finished report for what tells who somebody is, the sources read anew for it: `privacy.search`."""
        s = self.settings
        with self._results.scratch("texts") as scratch:
            read = read_sources(s.source, s.folder, replace(self.run, scratch=scratch))
            ids = read.rows["comment_id"].iloc[np.argsort(read.texts.rows)]  # in the order of the texts' partitions
            authors = read.rows["author"].dropna().unique().tolist() if s.privacy.authors == "pseudonym" else []
            texts, quotes = read.texts.texts, s.privacy.quotes
            return search(report, authors=authors, ids=ids, texts=texts, own=own, quotes=quotes, tell=self.run.tell)
