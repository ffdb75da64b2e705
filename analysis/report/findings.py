"""What can be said of a study, in sentences: each is asked for by its name, and made of the study's tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from analysis.report import change, plan, sentences, topic_sentences
from analysis.report.claims import Cited, Finding
from analysis.report.ground import Ground
from analysis.sentiment.instruments import Instrument, of_tone, parse
from analysis.settings import DATA
from analysis.trends.wording import fixed, signed

if TYPE_CHECKING:
    from analysis.study import Study


class Findings:
    """What can be said of a study, in sentences with their numbers; each hedges or is silent as the data has it."""

    def __init__(self, study: Study) -> None:
        self._study, self._tables = study, study.tables

    def __dir__(self) -> list[str]:
        return [name for name, of in vars(Findings).items() if isinstance(of, property)]

    def __repr__(self) -> str:
        return "\n".join(map(str, self.all))

    @property
    def corpus(self) -> Finding:
        """How much there is, and from when."""
        zone = self._study.settings.source.timezone
        return sentences.corpus(self._tables.summary, self._study.comments, zone)

    @property
    def topics(self) -> Finding:
        """What the comments are about."""
        of, t = self._study.topics, self._tables
        told = {"history": t.topic_history, "curve": of.curve, "main": t.main_topic, "levels": of.levels}
        return topic_sentences.topics(of.table, t.comments, note=of.note, **told)

    @property
    def judged(self) -> Finding:
        """What people make of the topics."""
        return topic_sentences.judged(self._tables.coherence, self._tables.intrusion)

    @property
    def sentiment(self) -> Finding:
        """How the comments sound, and whether people agree."""
        t, scores = self._tables, self._study.comments["sentiment"]
        return sentences.sentiment(
            t.overall,
            t.agreement,
            t.corrected,
            measure=self._study.measure,
            comments=t.comments,
            why_none="" if scores.notna().any() else sentences.unread(self._instrument(), t.languages),
        )

    @property
    def instrument(self) -> str:
        """What should be written on a figure of scores that nobody checked, or ""."""
        return sentences.unchecked(self._tables.agreement)

    @property
    def corrected(self) -> Finding:
        """What the means are when people's codes correct them."""
        t = self._tables
        return sentences.corrected(t.corrected, t.agreement, self._study.topics.table, self._study.measure)

    @property
    def moved(self) -> pd.DataFrame:
        """The threads and authors that move each change most: `influence` with the title, published_at and url."""
        articles = self._study.articles.set_index("article_id")
        articles = articles.assign(title=articles["title"].fillna(articles["source_file"]))
        found, zone = self._tables.influence, self._study.settings.source.timezone
        of = articles[["title", "published_at", "url"]].reindex(found["id"]).reset_index(drop=True)
        of["title"] = of["title"].where(found["of"] == "thread", _in_report(found["id"]))
        return found.join(of.assign(published_at=of["published_at"].dt.tz_convert(zone)))

    @property
    def loudest(self) -> pd.DataFrame:
        """The five authors with the most comments, by pseudonym: n_comments, n_threads, first and last comment."""
        of = {"n_comments": ("comment_id", "size"), "n_threads": ("article_id", "nunique")}
        by = self._study.comments.groupby("author").agg(**of, first=("posted_at", "min"), last=("posted_at", "max"))
        by = by.sort_values(["n_comments", "n_threads", "first"], ascending=[False, False, True], kind="stable").head(5)
        return by.reset_index().assign(author=_in_report(by.index.to_series()).to_numpy())

    def ground(self) -> Ground:
        """What people's codes, the plan and other ways of computing say of changes."""
        settings = self._study.settings
        frozen = plan.read(settings.folder)
        planned = partial(frozen.says, settings) if frozen else None
        circular = of_tone(self._instrument(), self._study.topics.table)
        t = self._tables
        return Ground(t.corrected_changes, circular, planned, t.robustness, t.decomposition, self.moved, self.level())

    def level(self) -> Callable[[float], str]:
        """How a mean of the measure is written: with a sign only where it goes to both sides of 0."""
        low, high = self._study.settings.sentiment.range
        return signed if low < 0 < high else fixed

    def _instrument(self) -> Instrument:
        """What the scores are made by."""
        settings = self._study.settings
        return parse(settings.sentiment.instrument, settings.folder, settings.topics.encoder)

    def breaks(self) -> pd.DataFrame:
        """The rows of `change_points` of which nothing keeps a change from being told: what figures mark."""
        table, ground, of = self._tables.change_points, self.ground(), self._study.topics.table
        say = Cited("change_points")
        told = [not ground.told(say, "", "", row, "break", of).why_not for _, row in table.iterrows()]
        return table[pd.Series(told, table.index, dtype=bool)]

    @property
    def over_time(self) -> Finding:
        """What changed over time, a line each."""
        t = self._tables
        asked = (t.change_points, t.slopes, self._study.topics.table, self.ground())
        return change.over_time(*asked, comments=t.comments, activity=t.activity_by_period)

    @property
    def events(self) -> Finding:
        """What changed with the events that study.toml names."""
        return change.events(self._tables.comparisons, self._study.topics.table, self.ground())

    @property
    def article_and_comments(self) -> Finding:
        """How comments differ from their article, and later ones from the first."""
        return sentences.article_and_comments(self._tables.article_gaps, self._tables.by_position)

    @property
    def limits(self) -> list[str]:
        """What the figures do not say."""
        instrument = self._study.settings.sentiment.instrument
        return sentences.limits(self._tables.summary, self._tables.agreement, instrument)

    @property
    def all(self) -> list[Finding]:
        """The findings of a report's first page."""
        return [self.corpus, self.topics, self.sentiment, self.over_time]


def _in_report(names: pd.Series) -> pd.Series:
    """Pseudonyms, in a report alone: they go by the study's key, and what a notebook stores is everywhere the same."""
    return names if os.environ.get(DATA) == "on" else pd.Series("an author", names.index)
