"""What can be said of a study, in sentences: each finding is asked for by its name, and made of the study's tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import pandas as pd

from analysis.corpus.wording import plural
from analysis.findings import plan
from analysis.findings.changes import Changes
from analysis.findings.claims import Finding, finding
from analysis.findings.html import spoken
from analysis.findings.tables import Tables, limits
from analysis.sentiment.instruments import Instrument, of_tone, parse
from analysis.settings import DATA
from analysis.topics.fit import SMALLEST
from analysis.trends.wording import MIN_ACCURACY, UNSTABLE, fixed, named, percent, signed, steady

MOST_STABLE = 0.6  # of the comments with a topic: where fewer are in stable ones, the topics are not told


class Findings:
    """What can be said of a study, in sentences with their numbers; each hedges or is silent as the data has it."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self._settings = tables, tables.settings

    def __dir__(self) -> list[str]:
        return [name for name, of in vars(Findings).items() if isinstance(of, property)]

    def __repr__(self) -> str:
        return "\n".join(map(str, self.all))

    @property
    def corpus(self) -> Finding:
        """How much there is, and from when; and whether every line of it is accounted for."""
        zone, rows = self._settings.source.timezone, self._tables.summary.iterrows()
        of = {row["quantity"]: row for _, row in rows}
        return finding("corpus", of, self._tables.comments, lambda at: f"{at.tz_convert(zone):%Y-%m-%d}")

    @property
    def topics(self) -> Finding:
        """What the comments are about, how far to trust that, and what became of the topics that people named."""
        t, table, note = self._tables, self._tables.topics, self._tables.note()
        if table.empty:
            return Finding.of(note or f"No topics are claimed for {plural(len(t.comments), 'comment')}.")
        stable, known = table[table["stability"] >= UNSTABLE], table["stability"].notna().any()
        few = bool(known and _share(table, stable) < MOST_STABLE)
        themes = t.topic_levels.query("level == 'theme'")
        steadier = themes[themes["stability"] >= UNSTABLE]
        labels = list(steadier["label"]) if few and len(themes) and _share(themes, steadier) >= MOST_STABLE else []
        first = next((stable if known else table).itertuples(), None)
        more = (t.topic_choice, t.main_topic, t.topic_history, note, SMALLEST)
        return finding("topics", table, t.comments, stable, first, few, themes, labels, *more)

    @property
    def judged(self) -> Finding:
        """What people found when they were asked to tell the topics apart, and what a formula says beside."""
        asked = self._tables.intrusion
        of_all = asked[asked["rater"] == "all"] if len(asked) else asked
        return finding("judged", _rows(of_all), _rows(self._tables.coherence))

    @property
    def sentiment(self) -> Finding:
        """How the comments sound on the whole: as people code it, where they did; and what the instrument is worth."""
        t, measure = self._tables, self._settings.sentiment.name
        row, coded = t.overall.iloc[0], self.coded()
        if not row["n_comments"] and coded is None:
            why_none = "" if t.comments["sentiment"].notna().any() else self._unread()
            return Finding.of(f"Nothing is said of the comments' {measure}: {why_none or 'none of them has a score.'}")
        agreement = t.agreement.iloc[0] if len(t.agreement) else None
        return finding("sentiment", row, coded, agreement, measure, self.level(), t.comments)

    def coded(self) -> pd.Series | None:
        """The row of all comments as people code them; None where nobody has."""
        table = self._tables.corrected
        return next(iter(_rows(table.query("by == 'all' and measure == 'mean'"))), None) if len(table) else None

    def _unread(self) -> str:
        """Why an instrument of certain languages scores nothing of a corpus, and what can be done."""
        made, languages = self.scored_by(), self._tables.languages
        if made.languages is None or languages.empty:
            return ""
        knows = ", ".join(f"“{code}”" for code in sorted(made.languages))
        main = languages.sort_values("n_comments", ascending=False, kind="stable")["language"].iloc[0]
        return spoken("unread", made.name, knows, main)

    def scored_by(self) -> Instrument:
        """What the scores are made by."""
        s = self._settings
        return parse(s.sentiment.instrument, s.folder, s.topics.encoder)

    def level(self) -> Callable[[float], str]:
        """How a mean of the measure is written: with a sign only where it goes to both sides of 0."""
        low, high = self._settings.sentiment.range
        return signed if low < 0 < high else fixed

    @property
    def instrument(self) -> str:
        """What should be written on a figure of scores that nobody checked, or ""."""
        return "Instrument not checked by people on this corpus." if self._tables.agreement.empty else ""

    @property
    def corrected(self) -> Finding:
        """What people would have said on the mean, and where the instrument must not be used."""
        t, topics, row = self._tables, self._tables.topics, self.coded()
        if row is None:
            none = f"no comment has been coded by hand for {self._settings.sentiment.name}"  # for labels some may be
            return Finding.of(f"Nothing is corrected: {none}. “threadline code” draws a sample.")
        groups = t.agreement.iloc[1:]
        topic = pd.to_numeric(groups["group"].where(groups["by"] == "topic"))
        groups = named(steady(groups.assign(topic=topic), topics).drop(columns="topic"), topics)
        sure = groups["accuracy_high"] < MIN_ACCURACY
        doubtful = groups.loc[~sure & (groups["accuracy"] < MIN_ACCURACY), "group"]
        poor = groups.loc[sure, "group"]
        return finding(
            "corrected", row, self._settings.sentiment.name, self.level(), list(poor), list(doubtful), t.comments
        )

    @property
    def moved(self) -> pd.DataFrame:
        """The threads and authors that move each change most: `influence` with the title, published_at and url."""
        articles = self._tables.articles.set_index("article_id")
        file = articles["source_file"]  # a thread file has a thread, a table many
        known = file.mask(file.duplicated(keep=False), articles.index.to_series())
        articles = articles.assign(title=articles["title"].fillna(known))
        found, zone = self._tables.influence, self._settings.source.timezone
        of = articles[["title", "published_at", "url"]].reindex(found["id"]).reset_index(drop=True)
        of["title"] = of["title"].where(found["of"] == "thread", _in_report(found["id"]))
        return found.join(of.assign(published_at=of["published_at"].dt.tz_convert(zone)))

    @property
    def loudest(self) -> pd.DataFrame:
        """The five authors with the most comments, by pseudonym: n_comments, n_threads, first and last comment."""
        of = {"n_comments": ("comment_id", "size"), "n_threads": ("article_id", "nunique")}
        by = self._tables.comments.groupby("author").agg(**of, first=("posted_at", "min"), last=("posted_at", "max"))
        by = by.sort_values(["n_comments", "n_threads", "first"], ascending=[False, False, True], kind="stable").head(5)
        return by.reset_index().assign(author=_in_report(by.index.to_series()).to_numpy())

    def changes(self) -> Changes:
        """What changed, and what people's codes, the plan and other ways of computing say of it."""
        frozen, settings, topics = plan.read(self._settings.folder), self._settings, self._tables.topics
        planned = partial(frozen.says, settings) if frozen else lambda event: ""
        return Changes(self._tables, topics, self.moved, of_tone(self.scored_by(), topics), planned, self.level())

    def breaks(self) -> pd.DataFrame:
        """The rows of `change_points` of which nothing keeps a change from being told: what figures mark."""
        return self.changes().tellable("break")

    @property
    def over_time(self) -> Finding:
        """What changed over time, a line each."""
        return self.changes().over_time(self._tables.comments, self._tables.activity_by_period)

    @property
    def events(self) -> Finding:
        """What changed with the events that study.toml names."""
        return self.changes().events()

    @property
    def article_and_comments(self) -> Finding:
        """Whether readers sound other than what they read, keep to its topic, and change as a thread goes on."""
        gaps, along = self._tables.article_gaps, self._tables.by_position
        same, tone = (gaps[(gaps["measure"] == "same topic") == of].iloc[0] for of in (True, False))
        along = along[along["from_position"].isna() & (along["measure"] == tone["measure"])].iloc[0]
        return finding("article_and_comments", tone, same, along, self.level())

    @property
    def limits(self) -> list[str]:
        """What the figures do not say, for a reader who sees nothing but the report."""
        return limits(self._tables)

    def too_short(self) -> str:
        """That the period leaves most cells of topics and time without an interval, or ""."""
        cells, period = self._tables.topics_by_period.query("topic != -1"), self._settings.time.period
        empty = float(cells["low"].isna().mean()) if len(cells) else 0.0
        if empty <= 0.5:
            return ""
        more = "More threads say more" if period == "year" else "A longer one says more ([time] period in study.toml)"
        return (
            f"A period of a {period} is too short for this corpus: {percent(empty)} of the cells of a topic in a "
            f"period have too few threads for an interval. {more}."
        )

    @property
    def all(self) -> list[Finding]:
        """The findings of a report's first page."""
        return [self.corpus, self.topics, self.sentiment, self.over_time]


def _share(table: pd.DataFrame, stable: pd.DataFrame) -> float:
    """Of the comments with a topic the share in stable ones."""
    return float(stable["n_comments"].sum() / max(int(table["n_comments"].sum()), 1))


def _rows(table: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in table.iterrows()]


def _in_report(names: pd.Series) -> pd.Series:
    """Pseudonyms, in a report alone: they go by the study's key, and what a notebook stores is everywhere the same."""
    return names if os.environ.get(DATA) == "on" else pd.Series("an author", names.index)
