"""The one door: opens a study folder; notebooks and commands use only this."""

from __future__ import annotations

import os
import shutil
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.duplicates import floods
from analysis.corpus.schema import Corpus, language_counts, summary
from analysis.corpus.sources import named as named_files
from analysis.corpus.sources import read_sources
from analysis.corpus.steps import corpus
from analysis.corpus.tables import source_name
from analysis.people.intrusion import ANSWERS, read_answers
from analysis.people.intrusion import FOLDER as INTRUSION
from analysis.people.labels import FOR_MATCHING, FOR_PEOPLE, Matched, match, named, read_labels
from analysis.people.steps import coding
from analysis.plots import comparisons as comparison_figures
from analysis.plots import over_time as time_figures
from analysis.plots import sentiment as tone_figures
from analysis.plots import style as figures
from analysis.plots import topics as topic_figures
from analysis.plots.style import Picture
from analysis.report import sentences as findings
from analysis.report import views
from analysis.report.privacy import Search, search
from analysis.report.sentences import Finding
from analysis.report.tables import Sheet, plain, sheet, under
from analysis.report.topic_browser import TopicBrowser, topic_browser
from analysis.run import Run
from analysis.run.steps import Results, Step
from analysis.run.store import FOLDER, PICTURE, Store, digest_of, digest_of_file, work_folder
from analysis.run.texts import Named, Partitioned, Texts
from analysis.run.vectors import Vectors, blocks
from analysis.sentiment.steps import sentiment
from analysis.settings import (
    DATA,
    PROGRESS,
    SCHEDULER,
    TITLE,
    VARIABLE,
    Settings,
    StudyError,
    changed,
    read_settings,
)
from analysis.topics.encoders import parse
from analysis.topics.fit import Topics
from analysis.topics.steps import fit_of, tokens, topics
from analysis.trends import steps as trends
from analysis.trends.periods import instant_of

Progress = Callable[[str, int, int], None]

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
PROGRESS_AFTER = 2.0  # seconds: a shorter step needs none
EXAMPLES = 3  # comments a topic, where quotes are allowed
MOST_ROWS = 40  # of a figure: more cannot be read
STEPS = (
    corpus,
    tokens,
    topics,
    sentiment,
    trends.activity_by_period,
    trends.sentiment_by_period,
    trends.topics_by_period,
    trends.topic_sentiment_by_period,
    trends.scores_by_period,
    trends.words_by_period,
    trends.overall,
    trends.by_topic,
    trends.change_points,
    trends.slopes,
    trends.compared,
    trends.decomposition,
    trends.sensitivity,
    trends.articles_and_threads,
    coding,
)


def open_study(
    folder: str | Path | None = None,
    progress: Progress | None = None,
    **changes: object,
) -> Study:
    """Open a study.

    Parameters
    ----------
    folder : str or Path, optional
        The study folder; default the environment variable THREADLINE_STUDY, else the sample study.
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
        progress = _notebook_progress()
    settings = read_settings(folder or os.environ.get(VARIABLE) or SAMPLE)
    for name, variable in (("title", TITLE), ("scheduler", SCHEDULER)):
        if (value := changes.pop(name, None) or os.environ.get(variable)) is not None and value:
            settings = changed(settings, f"--{name}", **{name: value})
    return Study(changed(settings, "open_study", **changes) if changes else settings, progress)


def _notebook_progress() -> Progress | None:
    """Progress in a notebook's cell: one line for a step that takes over two seconds, cleared at its end."""
    try:
        from IPython import get_ipython
        from IPython.display import clear_output
    except ImportError:
        return None
    if get_ipython() is None or not hasattr(get_ipython(), "kernel"):
        return None
    started: dict[str, float] = {}

    def show(message: str, done: int, total: int) -> None:
        start = started.setdefault(message, time.monotonic())
        if total and done >= total:
            clear_output()
        elif time.monotonic() - start > PROGRESS_AFTER or total == 1:
            clear_output(wait=True)
            print(f"{message}: {done:,} of {total:,}" if total > 1 else f"{message} …")

    return show


class Tables:
    """A study's tables, each computed when it is asked for, from what it needs and no more; columns: data/README.md."""

    def __init__(self, study: Study) -> None:
        self._study, self._results = study, study._results

    def __dir__(self) -> list[str]:
        """What there is."""
        return sorted(name for name in vars(Tables) if not name.startswith("_"))

    articles = property(lambda self: self._study.articles, doc="Articles with topic and sentiment.")
    comments = property(lambda self: self._study.rows, doc="Comments with topic and sentiment, without their texts.")
    rejects = property(lambda self: self._results[corpus].rejects, doc="What was read and is in no other table.")
    accounting = property(lambda self: self._results[corpus].accounting, doc="Read, kept and rejected by file.")
    notes = property(lambda self: self._results[corpus].notes, doc="What was kept and a person should look at.")
    boundaries = property(lambda self: self._results[corpus].boundaries, doc="Names of readers that are doubtful.")
    summary = property(lambda self: summary(self._results[corpus]), doc="What is in the corpus, a line each.")
    languages = property(lambda self: language_counts(self._results[corpus]), doc="Comments by language.")
    floods = property(lambda self: floods(self._results[corpus].rows), doc="Comments that are said over and over.")
    topics = property(lambda self: self._study.topic_table, doc="The topics, with people's names where there are any.")
    topic_choice = property(lambda self: self._results[topics]["curve"], doc="Stability by number of topics.")
    coherence = property(lambda self: self._results[topics]["coherence"], doc="NPMI and diversity of the words shown.")
    topic_history = property(
        lambda self: pd.DataFrame() if self._study._matched is None else self._study._matched.history,
        doc="What became of the topics that people named.",
    )
    intrusion = property(lambda self: self._study._judged(0), doc="What people scored at word and topic intrusion.")
    intrusion_problems = property(lambda self: self._study._judged(1), doc="What of their sheets is not used.")
    activity_by_period = property(lambda self: self._results[trends.activity_by_period], doc="How many, by period.")
    sentiment_by_period = property(lambda self: self._results[trends.sentiment_by_period], doc="Mean by period.")
    topics_by_period = property(lambda self: self._results[trends.topics_by_period], doc="Shares by period.")
    topic_sentiment_by_period = property(
        lambda self: self._results[trends.topic_sentiment_by_period], doc="Mean of each topic by period."
    )
    scores_by_period = property(lambda self: self._results[trends.scores_by_period], doc="How scores are spread.")
    words_by_period = property(lambda self: self._results[trends.words_by_period], doc="Words of topics by period.")
    overall = property(lambda self: self._results[trends.overall], doc="Mean over all scored comments.")
    by_topic = property(lambda self: self._results[trends.by_topic], doc="Share and mean of each topic.")
    change_points = property(lambda self: self._results[trends.change_points], doc="The largest change of each series.")
    slopes = property(lambda self: self._results[trends.slopes], doc="Steady change a year of each series.")
    comparisons = property(lambda self: self._results[trends.compared], doc="Before and after, and one with another.")
    decomposition = property(lambda self: self._results[trends.decomposition], doc="What drove the change.")
    sensitivity = property(lambda self: self._results[trends.sensitivity], doc="With the loudest left out.")
    article_gaps = property(
        lambda self: self._results[trends.articles_and_threads]["article_gaps"], doc="Articles and their comments."
    )
    by_position = property(
        lambda self: self._results[trends.articles_and_threads]["by_position"], doc="Along a thread."
    )
    agreement = property(lambda self: self._coded("agreement"), doc="The instrument against people.")
    corrected = property(lambda self: self._coded("corrected"), doc="Means that people's codes correct.")
    confusion = property(lambda self: self._coded("confusion"), doc="Codes by people and by the instrument.")
    problems = property(lambda self: self._coded("problems"), doc="Rows of coders' sheets that are not used.")
    scores = property(lambda self: score_counts(self._study.rows["sentiment"]), doc="Comments by their score.")
    limits = property(lambda self: pd.DataFrame({"limit": self._study.limits()}), doc="What the figures do not say.")

    def _coded(self, name: str) -> pd.DataFrame:
        return self._results[coding].get(name, pd.DataFrame())


class Study:
    """A study: its comments, tables and topics, each computed when it is first asked for, and kept.

    Attributes
    ----------
    settings : Settings
    tables : Tables
    store : Store
        What is kept of it.
    """

    def __init__(self, settings: Settings, progress: Progress | None = None, results: Results | None = None) -> None:
        self.settings, self.progress = settings, progress
        store = Store(settings.folder / FOLDER)
        self._results = results or Results(settings, Run(settings.compute, progress), store)
        self.tables = Tables(self)

    def with_(self, **changes: object) -> Study:
        """The same corpus with other settings, as `period="quarter", n_topics=15`; what does not change is shared.

        Raises
        ------
        StudyError
            If there is no such setting, or its value is wrong.
        """
        settings = changed(self.settings, **changes)
        return Study(settings, self.progress, self._results.with_(settings))

    @property
    def store(self) -> Store:
        """What is kept of the study."""
        return self._results.store

    @store.setter
    def store(self, store: Store) -> None:
        self._results = Results(self.settings, self._results.run, store)
        self.tables = Tables(self)

    @property
    def corpus(self) -> Corpus:
        """The corpus: read, checked, pseudonymised, without topics or sentiment."""
        return self._results[corpus]

    @property
    def texts(self) -> Texts:
        """The comments' texts, in the order of `rows`, read where they are asked for."""
        return self.corpus.texts

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The comments with topic, topic_agreement and sentiment, without their texts."""
        return trends.scored(self._results, (topics, sentiment))  # type: ignore[arg-type]

    @property
    def comments(self) -> pd.DataFrame:
        """The comments with topic, topic_agreement and sentiment; their texts are apart, in `texts`."""
        return self.rows

    @cached_property
    def partitioned(self) -> Partitioned:
        """The comments with their texts: `comments.parquet`."""
        added = ("topic", "topic_agreement", "sentiment")
        return Partitioned(self.rows, self.texts, (*self.corpus.partitioned.columns, *added))

    @cached_property
    def articles(self) -> pd.DataFrame:
        """The articles with topic and sentiment: `articles.parquet`."""
        ids = self.corpus.articles["article_id"]
        topic = self._results[topics]["articles"].set_index("article_id")["topic"]
        scores = self._results[sentiment]["articles"].set_index("article_id")["sentiment"]
        return self.corpus.articles.assign(
            topic=topic.reindex(ids).to_numpy("int64"), sentiment=scores.reindex(ids).to_numpy(float)
        )

    @cached_property
    def topics(self) -> Topics:
        """The topics, and what can be made of them; `topics.bertopic` is a fitted BERTopic."""
        fit = replace(fit_of(self._results[topics]), table=self.topic_table)
        return Topics(
            fit, self.texts, lambda: self.vectors, encoder=self.settings.topics.encoder, seed=self.settings.seed
        )

    @cached_property
    def vectors(self) -> Vectors:
        """Vectors as topics were found from; large ones are in a folder that goes with this object."""
        scratch = None
        if len(self.texts.column.chunks) > 1:
            try:
                scratch = work_folder(self.store.folder, "vectors")
                weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
            except OSError:
                pass
        t = self.settings.topics
        run = replace(self._results.run, scratch=scratch)
        own = parse(t.encoder, self.settings.folder).encode(self.texts, run, self.store)
        from analysis.topics.context import in_context

        return in_context(own, self.corpus.rows["article_id"], t.context, run)

    @cached_property
    def _matched(self) -> Matched | None:
        """The topics held against those that people named; None if there are no names or no topics."""
        labels, found = read_labels(self.settings.folder), self._results[topics]
        return match(labels, found["comments"], found["table"]) if labels is not None and len(found["table"]) else None

    @cached_property
    def topic_table(self) -> pd.DataFrame:
        """The topics' table, with people's names for topics where there are any."""
        table = self._results[topics]["table"]
        return table if self._matched is None else named(table, self._matched)

    @cached_property
    def _intrusion(self) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        return read_answers(self.settings.folder / INTRUSION, self.settings.trend)

    def _judged(self, which: int) -> pd.DataFrame:
        return pd.DataFrame() if self._intrusion is None else self._intrusion[which]

    # ------------------------------------------------------------------------------- what it is made from

    @property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every input file by its name: of what steps read, and of what people named or found odd."""
        folder = self.settings.folder
        names = [path for name in (FOR_PEOPLE, FOR_MATCHING) if (path := folder / name).is_file()]
        odd = sorted([*(folder / INTRUSION).glob("*.csv"), *(folder / INTRUSION / ANSWERS).glob("*.csv")])
        further = {name: digest_of_file(path) for name, path in named_files([*names, *odd], folder).items()}
        return {**{name: sha for step in STEPS for name, sha in self._results.files(step).items()}, **further}

    @property
    def settings_table(self) -> dict[str, object]:
        """The settings as provenance.json keeps them: every value, no path or address of this machine or cluster."""
        raw = {k: v for k, v in asdict(self.settings).items() if k != "folder"}
        folder = self.settings.folder
        raw["source"]["paths"] = [source_name(Path(folder, p), folder) for p in raw["source"]["paths"]]
        raw["compute"]["scheduler"] = ""  # where it was computed changes nothing
        if paths := raw["source"]["articles"].get("paths"):
            listed = [paths] if isinstance(paths, str) else paths
            names = [source_name(Path(folder, p), folder) for p in listed]
            raw["source"]["articles"] = {**raw["source"]["articles"], "paths": names}
        return raw

    @property
    def digests(self) -> dict[str, str]:
        """Digest of what each step's result is made from, as things are now; nothing is computed for it."""
        return {step.name: self._results.digest(step) for step in STEPS}

    def is_kept(self, step: Step) -> bool:
        """Whether a step's result is there without computing it."""
        return self._results.is_kept(step)

    def __repr__(self) -> str:
        """Title and size, for a notebook's first cell."""
        return f"{self.settings.title}: {self.size}"

    @property
    def size(self) -> str:
        """How much there is, in words."""
        c, plural = self.corpus, findings.plural
        return (
            f"{plural(len(c.rows), 'comment')} under {plural(len(c.articles), 'article')}, "
            f"by {plural(c.rows['author'].nunique(), 'author')}"
        )

    # ------------------------------------------------------------------------------------- what is shown

    def table(self, name: str) -> pd.DataFrame:
        """Look a table up by its name: see `tables`.

        Raises
        ------
        StudyError
            If there is no table of that name.
        """
        if name not in dir(self.tables):
            known = ", ".join(dir(self.tables))
            raise StudyError(expected=f"one of {known}", found=repr(name), where="table", remedy="Correct it.")
        return getattr(self.tables, name)

    def view(self, name: str) -> pd.DataFrame:
        """Look a table up as people read it: fewer columns or rows, topics by their labels."""
        source = {
            "rejected_reasons": "rejects",
            "concentration": "comments",
            "doubtful": "boundaries",
            "agreement_by_topic": "comments",
            "naive": "sentiment_by_period",
            "within_threads": "by_position",
        }.get(name, name)
        table = self.rows if source == "comments" != name else self.table(source)
        if name in ("agreement", "corrected"):
            table = table.assign(group=self._groups(table) if name == "agreement" else self._parts(table))
        if len(table.columns) and hasattr(views, name):
            table = getattr(views, name)(table)
        if "other_topic" in table:
            pairs = zip(table["against"], table["other_topic"], strict=True)
            named = [event if pd.isna(topic) else self.topic_name(topic) for event, topic in pairs]
            table = table.assign(against=named).drop(columns="other_topic")
        if "topic" not in table or "label" in table:
            return table
        return table.assign(topic=self.topic_names(table["topic"]))

    def _groups(self, table: pd.DataFrame) -> list[str]:
        """What the groups of `agreement` are called."""
        return [
            self.topic_name(int(group))
            if by == "topic"
            else f"from {group[:10]}"
            if by == "period_start"
            else f"language {group}"
            if by == "language"
            else str(group)
            for by, group in zip(table["by"], table["group"], strict=True)
        ]

    def _parts(self, table: pd.DataFrame) -> list[str]:
        """What the rows of `corrected` are called."""
        return [
            self.topic_name(row.topic)
            if row.by == "topic"
            else f"from {row.period_start:%Y-%m-%d}"
            if row.by == "period_start"
            else findings.OVERALL
            for row in table.itertuples()
        ]

    def topic_name(self, topic: object) -> str:
        """Name a topic as figures do; a missing one stands for all comments."""
        return findings.OVERALL if pd.isna(topic) else figures.name_of(int(topic), self.table("topics"))  # type: ignore[call-overload]

    def topic_names(self, topics: pd.Series) -> list[str]:
        """Name each topic of a column; each is looked up once."""
        names = {topic: self.topic_name(topic) for topic in topics.dropna().unique()}
        return [findings.OVERALL if pd.isna(topic) else names[topic] for topic in topics]

    def show(self, name: str, *, rows: int = 40, caption: str = "", shares: tuple[str, ...] = ()) -> Sheet:
        """Show a table or view to people: its first `rows` rows, and how many there are if there are more."""
        table = self.view(name)
        if len(table) > rows:
            caption = f"{caption} The first {rows} of {len(table):,} rows.".strip()
        return sheet(table.head(rows), caption=caption, shares=shares)

    def picture(self, name: str) -> Picture | Finding:
        """Draw a figure by its name.

        activity, topics, topic_choice, topic_map, topic_tree, scores, sentiment_by_topic, agreement,
        agreement_by_group, corrected; by period sentiment_by_period, topics_by_period, topic_heat,
        topic_sentiment_by_period, tone_ridges; article_gaps, by_position; "event 1" of those that study.toml names.

        A corpus that is too small for a figure gives a sentence that says so.
        """
        drawn = self._kept(self._draw(name), name)
        return self._with_data(drawn, name) if os.environ.get(DATA) == "on" and isinstance(drawn, Picture) else drawn

    def _kept(self, drawn: Picture | Finding, name: str) -> Picture | Finding:
        """The same picture, whose files are kept: laying it out and drawing it takes most of a report's time."""
        if not isinstance(drawn, Picture):
            return drawn
        store = Store(self.store.folder, damaged=self.store.damaged)

        def keep(kind: str, make: Callable[[], bytes]) -> bytes:
            digest = self.picture_digest + digest_of(name, kind, drawn.alt)
            return store.get(PICTURE, digest, lambda: {"file": pd.DataFrame({"bytes": [make()]})})["file"]["bytes"][0]

        return replace(drawn, keep=keep)

    @cached_property
    def picture_digest(self) -> str:
        """Eight digits of the digest of all that a picture may show: tables, names, settings, the code that draws."""
        code = [p.read_text("utf-8") for p in sorted(Path(__file__).parent.rglob("*.py"))]
        return digest_of(
            self.digests, self.inputs, self.settings_table, code, version("matplotlib"), version("pillow")
        )[:8]

    def _with_data(self, picture: Picture, name: str) -> Picture:
        """The same picture with its data under it, topics by their labels."""
        table = picture.data
        if "topic" in table and "label" not in table:
            picture = replace(picture, data=table.assign(topic=self.topic_names(table["topic"])))
        shares = ("estimate",) if name in ("topics_by_period", "topic_heat") else ()
        return replace(picture, under=under(picture, name.replace(" ", "_"), shares))

    def _draw(self, name: str) -> Picture | Finding:
        period, topics = self.settings.time.period, self.table("topics")
        warning = findings.unchecked(self.table("agreement"))
        if name == "activity":
            table = self.table("activity_by_period")
            return time_figures.activity(table, period) if len(table) else self._nothing(name)
        if name == "topics":
            n = int((self.rows["topic"] == -1).sum())
            return topic_figures.topic_sizes(topics, n) if len(topics) else self._nothing(name)
        if name == "topic_choice":
            curve = self.table("topic_choice")
            return topic_figures.topic_choice(curve) if len(curve) else self._nothing(name)
        if name == "topic_map":
            t = self.topics
            return topic_figures.topic_map(t.map, topics) if len(topics) else self._nothing(name)
        if name == "topic_tree":
            if len(topics) < 2:
                return self._nothing(name)
            return topic_figures.topic_tree(self.topics.tree, topics)
        if name == "scores":
            return tone_figures.sentiment_shares(self.table("scores"))
        if name == "sentiment_by_topic":
            table = self.table("by_topic")
            return tone_figures.sentiment_by_topic(table, topics) if len(topics) else self._nothing(name)
        if name == "agreement":
            table = self.table("agreement")
            return tone_figures.agreement(table.iloc[0]) if len(table) else self._nothing(name)
        if name == "agreement_by_group":
            table = self.table("agreement").iloc[1:].head(MOST_ROWS)
            named = self._groups(table)
            return tone_figures.agreement_by_group(table, named) if len(table) else self._nothing("agreement")
        if name == "corrected":
            table = self.table(name)
            table = table[table["measure"] == "mean"].reset_index(drop=True)
            if len(table) > MOST_ROWS:  # the table has the periods too
                table = table[table["by"] != "period_start"].head(MOST_ROWS).reset_index(drop=True)
            return tone_figures.corrected_means(table, self._parts(table)) if len(table) else self._nothing("agreement")
        if name == "sentiment_by_period":
            table = self.table(name)
            if len(table) < 2:
                return self._nothing(name)
            return time_figures.sentiment_by_period(table, period, warning, self.events)
        if name == "topics_by_period":
            table = self.table(name)
            if table.empty or topics.empty:
                return self._nothing(name)
            return time_figures.topics_by_period(table, topics, period, self.events)
        if name == "topic_heat":
            table = self.table("topics_by_period")
            return time_figures.topic_heat(table, topics, period) if len(topics) and len(table) else self._nothing(name)
        if name == "tone_ridges":
            table = self.table(name := "scores_by_period")
            taken = str(table["period"].iloc[0]) if len(table) else period
            return time_figures.tone_ridges(table, taken) if table["share"].notna().any() else self._nothing(name)
        if name == "topic_sentiment_by_period":
            if topics.empty or self.table(name).empty:
                return self._nothing(name)
            marked = findings.significant(self.table("change_points"), "sentiment")
            return time_figures.topic_sentiment_by_period(
                self.table(name), topics, marked, period, warning, self.events
            )
        if name == "article_gaps":
            table = self.table(name)
            table = table[(table["measure"] == "sentiment") & (table["n_articles"] > 0)].reset_index(drop=True)
            if table.empty:
                return Finding("No figure of articles and their comments: none has a score of both.")
            names = ["all articles", *(self.topic_name(topic) for topic in table["topic"].iloc[1:])]
            return comparison_figures.article_gaps(table, names, warning)
        if name == "by_position":
            return comparison_figures.by_position(self.table(name)) if len(self.rows) else self._nothing(name)
        if name.startswith("event "):
            return self._event(int(name.split()[1]))
        raise StudyError(expected="a figure's name", found=repr(name), where="picture", remedy="See its docstring.")

    def browse_topics(self) -> TopicBrowser | Finding:
        """Show every topic with its words, series and neighbours; comments only where study.toml allows quotes."""
        topics = self.table("topics")
        if topics.empty:
            return Finding(f"No topics to look into. {self.note}".strip())
        of = self.topics
        unit = of.centroids / np.maximum(np.linalg.norm(of.centroids, axis=1, keepdims=True), 1e-12)
        return topic_browser(
            topics,
            self.topics.words,
            self.table("topics_by_period"),
            self.table("by_topic"),
            unit @ unit.T,
            self.settings.time.period,
            self._examples(unit) if self.settings.privacy.quotes else None,
        )

    def _examples(self, directions: np.ndarray) -> dict[int, list[str]]:
        """Of each topic the comments nearest to its direction, one a thread, no duplicates."""
        c = self.rows
        near, of = np.zeros(len(c)), directions[np.maximum(c["topic"].to_numpy(), 0)]
        for rows in blocks(len(c)):
            near[rows] = np.einsum("ij,ij->i", self.vectors[rows], of[rows])
        usable = c[c["duplicate_of"].isna() & (c["topic"] >= 0)].assign(
            near=near[c["duplicate_of"].isna() & (c["topic"] >= 0)]
        )
        best = usable.sort_values(["near", "comment_id"], ascending=[False, True], kind="stable")
        best = best.drop_duplicates(["topic", "article_id"]).groupby("topic").head(EXAMPLES)
        rows = {int(topic): c.index.get_indexer(part.index) for topic, part in best.groupby("topic")}
        return {topic: self.corpus.texts.take(which) for topic, which in rows.items()}

    @property
    def events(self) -> list[tuple[pd.Timestamp, str]]:
        """What happened that study.toml names, in the order of time."""
        trend = self.settings.trend
        return [(instant_of(date, trend.timezone), event) for event, date in trend.events]

    def _event(self, number: int) -> Picture | Finding:
        """The figure of one event, from 1."""
        if not 0 < number <= len(self.events):
            return Finding("No figure of an event: study.toml names none ([time] events).")
        at, event = self.events[number - 1]
        table = self.table("comparisons")
        table = table[(table["comparison"] == "event") & (table["event"] == event)].reset_index(drop=True)
        if not np.isfinite(table["low"]).any():
            return Finding(f"No figure of “{event}”: too few threads before or after {at:%Y-%m-%d}.")
        names = self.topic_names(table["topic"])
        return comparison_figures.event(table, names, f"After “{event}” ({at:%Y-%m-%d}) against before")

    def _nothing(self, name: str) -> Finding:
        why = f"{self.size}, in one period or without any date." if name == "sentiment_by_period" else self.note
        if name == "agreement":
            why = findings.instrument(self.table("agreement"))
        return Finding(f"No figure of {name.replace('_', ' ')}. {why}".strip())

    @property
    def note(self) -> str:
        """What cannot be said of the topics, in plain words; empty if nothing."""
        return self.topics.note

    def finding(self, name: str) -> Finding:
        """Say the finding of a notebook, with its numbers.

        corpus, topics, judged, sentiment, corrected, over_time, events or article_and_comments.
        """
        if name == "corpus":
            return findings.corpus(self.table("summary"), self.table("activity_by_period"))
        if name == "topics":
            n = int((self.rows["topic"] == -1).sum())
            return findings.topics(self.table("topics"), len(self.rows), n, self.note, self.table("topic_history"))
        if name == "judged":
            return findings.judged(self.table("coherence"), self.table("intrusion"))
        if name == "sentiment":
            unscored = int(self.rows["sentiment"].isna().sum())
            return findings.sentiment(self.table("overall").iloc[0], self.table("agreement"), unscored)
        if name == "corrected":
            named = self.view("agreement")["group"].iloc[1:].tolist()
            return findings.corrected(self.table("corrected"), self.table("agreement"), named)
        if name == "over_time":
            return Finding("\n".join(finding.text for finding in self.changes()))
        if name == "events":
            return findings.events(self.table("comparisons"), self.table("topics"))
        if name == "article_and_comments":
            return findings.article_and_comments(self.table("article_gaps"), self.table("by_position"))
        raise StudyError(expected="a finding's name", found=repr(name), where="finding", remedy="See its docstring.")

    def findings(self) -> list[Finding]:
        """Say every finding, in the order of the notebooks."""
        return [*(self.finding(name) for name in ("corpus", "topics", "sentiment")), *self.changes()]

    def changes(self) -> list[Finding]:
        """Say what changed over time, a finding each."""
        return findings.over_time(
            self.table("change_points"),
            self.table("slopes"),
            self.table("topics"),
            n_comments=len(self.rows),
            n_threads=self.rows["article_id"].nunique(),
            n_periods=len(self.table("activity_by_period")),
        )

    def limits(self) -> list[str]:
        """Say what the figures do not say, in plain words."""
        return findings.limits(self.table("summary"), self.table("agreement"), self.settings.sentiment.instrument)

    def search(self, report: Path, own: Iterable[str] = ()) -> Search:
        """Search a finished report for what tells who somebody of this study is; the sources are read anew for it.

        Parameters
        ----------
        report : Path
        own : iterable of str
            What a report says whatever the corpus: a name that stands there is an ordinary word.

        Raises
        ------
        StudyError
            If there is no report, or the sources cannot be read.
        """
        privacy = self.settings.privacy
        with self._results.scratch("texts") as scratch:
            run = replace(self._results.run, scratch=scratch)
            read = read_sources(self.settings.source, self.settings.folder, run)
            as_read = np.argsort(read.texts.rows)  # texts in the order of their partitions
            return search(
                report,
                authors=read.rows["author"].dropna().unique(),
                texts=Named(read.rows["comment_id"].iloc[as_read], read.texts.texts),
                own=own,
                quotes=privacy.quotes,
                keep=privacy.authors == "keep",
                progress=self.progress,
            )

    def intrusion_sheets(self, raters: Sequence[str]) -> list[Path]:
        """Write the sheets on which people judge the topics: `intrusion.write_sheets`.

        Raises
        ------
        StudyError
            If there are fewer than two topics, or sheets already.
        """
        from analysis.people import intrusion

        found, of = self.topics, self.rows["topic"].to_numpy("int64")
        if len(found.table) < 2:
            raise StudyError(
                expected="two topics or more", found=str(len(found.table)), where="topics", remedy=self.note or "Add."
            )
        words = [found.words.loc[found.words["topic"] == topic, "word"].tolist() for topic in found.table["topic"]]
        rng = np.random.default_rng([self.settings.seed, 9])
        rates = intrusion.word_rates(self.texts, of, words)
        odd = intrusion.word_items(words, rates, rng)
        far = intrusion.topic_items(self.partitioned.whole(), self.vectors, found.centroids, words, rng)
        items = {intrusion.WORDS: odd, intrusion.COMMENTS: far.assign(text=far["text"].map(plain))}
        return intrusion.write_sheets(self.settings.folder / intrusion.FOLDER, items, raters)

    def coding_sheets(self, n: int, coders: Sequence[str]) -> list[Path]:
        """Draw comments for people to code, by period and topic, and write their sheets: `sampling`.

        Raises
        ------
        StudyError
            If there are codes already, or the names of coders cannot be files'.
        """
        from analysis.people import sampling
        from analysis.trends.periods import assign

        c = self.partitioned.whole()
        start = assign(c["posted_at"], self.settings.trend)
        comments = c.assign(period=start.dt.strftime("%Y-%m-%d").fillna("undated"), about=c["topic"].astype("str"))
        drawn = sampling.draw(comments, ["period", "about"], n, self.settings.seed)
        return sampling.write_sheets(self.settings.folder / "coded", drawn, coders, plain)

    def headline_pictures(self) -> list[tuple[str, Picture]]:
        """Draw the three figures of the first page, those that the corpus is large enough for."""
        titles = {
            "sentiment_by_period": "How the comments sound over time",
            "topics": "What the comments are about",
            "topic_sentiment_by_period": "How each topic sounds over time",
        }
        drawn = [(name, title, self._kept(self._draw(name), name)) for name, title in titles.items()]
        return [(title, self._with_data(p, name)) for name, title, p in drawn if isinstance(p, Picture)]


def score_counts(scores: pd.Series) -> pd.DataFrame:
    """Comments in 21 bins of their score, the middle one around 0: low, high, n_comments."""
    edges = np.linspace(-1.05, 1.05, 22)
    counts, _ = np.histogram(scores.dropna(), bins=edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n_comments": counts})
