"""study.toml, read into frozen dataclasses. Every default lives here, with its unit and its reason."""

from __future__ import annotations

import datetime
import difflib
import functools
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PERIODS = ("day", "week", "month", "quarter", "year")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_EVENTS, LONGEST_EVENT = 12, 60  # more of them, or longer names, no figure can show
# What the sources may be: told by their endings and columns, plain-text threads, a table read by its columns' names, or
# the export of a tool (analysis/corpus/platforms.py).
KINDS = ("csv", "tsv", "jsonl", "json", "parquet", "xml")
EXPORTS = ("4cat", "communalytic", "convokit", "disqus", "nyt", "reddit", "socc", "youtube")
INSTRUMENTS, FILED = ("vader", "vader-scaled", "coded"), ("lexicon", "transformer")
FORMATS = ("auto", "threads", *KINDS, *EXPORTS)
STUDY_FILE = "study.toml"
# Environment variables that notebooks and commands obey.
VARIABLE = "THREADLINE_STUDY"
TITLE = "THREADLINE_TITLE"  # in place of the title that study.toml states
SCHEDULER = "THREADLINE_SCHEDULER"  # in place of [compute] scheduler
PROGRESS = "THREADLINE_PROGRESS"  # "off" where a notebook is executed to be kept: nothing but results belongs in it
DATA = "THREADLINE_DATA"  # "on" where each figure has its data under it: in a report, not in a stored notebook

# The tables that a report writes, in the order of the data. They are the contract: data/README.md.
TABLES = (
    "articles",
    "comments",
    "rejects",
    "accounting",
    "topics",
    "activity_by_period",
    "sentiment_by_period",
    "topics_by_period",
    "topic_sentiment_by_period",
    "words_by_period",
    "by_topic",
    "change_points",
    "slopes",
    "comparisons",
    "decomposition",
    "sensitivity",
    "article_gaps",
    "by_position",
    "agreement",
    "corrected",
)


class StudyError(Exception):
    """An error that the user can mend: one line that says what, where and how.

    Parameters
    ----------
    expected : str
        What would have been right.
    found : str
        What was there instead.
    where : str
        The file, and the key, line or column in it.
    remedy : str
        What to do about it.
    """

    def __init__(self, *, expected: str, found: str, where: str, remedy: str = "") -> None:
        self.expected, self.found, self.where, self.remedy = expected, found, where, remedy
        text = f"{where}: expected {expected}, found {found}."
        super().__init__(" ".join(f"{text} {remedy}".split()))

    def __reduce__(self) -> tuple[object, ...]:
        """As it is sent from another process, whose error it was."""
        said = {"expected": self.expected, "found": self.found, "where": self.where, "remedy": self.remedy}
        return functools.partial(StudyError, **said), ()


@dataclass(frozen=True)
class SourceSettings:
    """Where the threads are, and how to read them."""

    paths: tuple[str, ...]  # files or globs, relative to study.toml or absolute
    format: str = "auto"  # by the files' endings
    timezone: str = "UTC"  # of dates without a zone; periods are cut in it
    licence: str = "not stated"
    authors: str = ""  # a file of known names, one a line: settles what is a name in plain-text threads
    columns: Mapping[str, str] = field(default_factory=dict)  # our column = theirs; tables only
    articles: Mapping[str, object] = field(default_factory=dict)  # paths and columns of the articles' table


@dataclass(frozen=True)
class TimeSettings:
    """How time is cut."""

    period: str = "month"  # short enough to see a change, long enough for an interval
    week_starts: str = "monday"  # as ISO 8601 has it; of weeks only
    events: Mapping[str, str] = field(
        default_factory=dict
    )  # what happened = its date, in ISO; compared before and after


@dataclass(frozen=True)
class TopicSettings:
    """How topics are found."""

    encoder: str = "static"  # needs no network and no GPU
    n_topics: int | str = "auto"  # the number that is most stable
    context: float = 0.5  # weight of a comment's thread against its own words, 0 to 10; 0 is none
    runs: int = 20  # runs of which the topics are a consensus; more are steadier and slower
    seed: int = 1
    min_comments: int = 200  # below, no topics are claimed: too few for a topic of ten comments to recur


@dataclass(frozen=True)
class SentimentSettings:
    """By which instrument sentiment is scored."""

    instrument: str = "vader"


@dataclass(frozen=True)
class TrendSettings:
    """How intervals are made. None of it is in study.toml: it is the method's own."""

    # Resamples of threads for the date of a change: its 2.5 % end is then known to 0.7 points (its error). With 199
    # the interval holds the date in 96 to 100 % of simulated corpora.
    draws: int = 500
    level: float = 0.95
    seed: int = 1
    min_threads: int = 5  # fewer threads than this in a cell: "too few" instead of an interval
    permutations: int = 999  # of threads, for the null of a change point
    period: str = "month"
    week_starts: str = "monday"
    timezone: str = "UTC"
    events: tuple[tuple[str, str], ...] = ()  # name and ISO date or time, in `timezone` where it says no other


@dataclass(frozen=True)
class PrivacySettings:
    """What of the authors and their words may be shown."""

    authors: str = "pseudonym"  # or "keep"
    quotes: bool = False  # no verbatim comment in a report: it could be searched for


@dataclass(frozen=True)
class ComputeSettings:
    """On what the study runs."""

    workers: int | str = "auto"  # processes; "auto" is the number of cores
    scheduler: str = ""  # address of a Dask scheduler, "tcp://…"


@dataclass(frozen=True)
class Settings:
    """All of study.toml, and the folder that it stands in."""

    folder: Path
    title: str
    source: SourceSettings
    time: TimeSettings = field(default_factory=TimeSettings)
    topics: TopicSettings = field(default_factory=TopicSettings)
    sentiment: SentimentSettings = field(default_factory=SentimentSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    compute: ComputeSettings = field(default_factory=ComputeSettings)

    @property
    def trend(self) -> TrendSettings:
        """Settings of everything over time, with the study's period, zone and events in them."""
        return TrendSettings(
            period=self.time.period,
            week_starts=self.time.week_starts,
            timezone=self.source.timezone,
            events=tuple(sorted(self.time.events.items(), key=lambda event: (event[1], event[0]))),
            seed=self.topics.seed,
        )


def count_workers(compute: ComputeSettings) -> int:
    """Processes to use on this machine, at least 1: the cores that this process may run on, if "auto"."""
    if compute.workers == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(compute.workers)


def read_settings(folder: str | Path) -> Settings:
    """Read a study's settings.

    Parameters
    ----------
    folder : str or Path
        The study folder, or its study.toml.

    Returns
    -------
    Settings

    Raises
    ------
    StudyError
        If the folder or the file is missing, is not TOML, or has an unknown key or a wrong value.
    """
    folder = Path(folder)
    folder = folder.parent if folder.name == STUDY_FILE else folder
    path = folder / STUDY_FILE
    if not folder.is_dir():
        raise StudyError(
            expected="a study folder",
            found="a file" if folder.exists() else "nothing",
            where=str(folder),
            remedy="`threadline new FOLDER FILES…` makes one from your files.",
        )
    if not path.is_file():
        n_files = sum(1 for p in folder.iterdir() if not p.name.startswith("."))
        raise StudyError(
            expected=f"a {STUDY_FILE} in the study folder",
            found=f"{n_files} other files and folders" if n_files else "an empty folder",
            where=str(folder),
            remedy="`threadline new FOLDER FILES…` writes a first one from your files.",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(
            expected="TOML in UTF-8",
            found=f"text that is not: {error}",
            where=str(path),
            remedy="See README, “Your own corpus”.",
        ) from None
    settings = _build(Settings, {"folder": folder, **raw}, str(path), "")
    _check(settings, str(path))
    return settings


def on_cluster(settings: Settings, scheduler: str) -> Settings:
    """The same settings with another Dask scheduler.

    Raises
    ------
    StudyError
        If that is no address.
    """
    changed = replace(settings, compute=replace(settings.compute, scheduler=scheduler))
    _check(changed, "--scheduler")
    return changed


def _build(kind: type, raw: Mapping[str, object], where: str, section: str) -> typing.Any:
    """One dataclass from one TOML table; every key is known and of its type, or the error names it."""
    hints = typing.get_type_hints(kind)
    known = [f.name for f in fields(kind)]
    values: dict[str, object] = {}
    for key, value in raw.items():
        name = f"[{section}] {key}" if section else key
        if key not in known or (not section and key == "folder" and not isinstance(value, Path)):
            near = difflib.get_close_matches(key, known, n=1)
            valid = ", ".join(k for k in known if k != "folder")
            raise StudyError(
                expected=f"one of: {valid}",
                found="an unknown key",
                where=f"{where}, {name}",
                remedy=f"Did you mean “{near[0]}”?" if near else "Remove it or correct its name.",
            )
        values[key] = _typed(hints[key], value, where, name, key)
    for f in fields(kind):
        if f.name not in values and f.default is MISSING and f.default_factory is MISSING:
            name = f"[{section}] {f.name}" if section else f.name
            what = f"a table [{f.name}]" if is_dataclass(hints[f.name]) else f"a value for {name}"
            raise StudyError(expected=what, found="nothing", where=where, remedy="Add it; README shows one.")
    return kind(**values)


def _typed(hint: typing.Any, value: object, where: str, name: str, key: str) -> object:
    """`value` as the type that the field names, or an error that quotes it."""
    if is_dataclass(hint):
        if isinstance(value, dict):
            return _build(typing.cast(type, hint), value, where, key)
        expected = f"a table [{key}]"
    elif hint == tuple[str, ...]:
        if isinstance(value, list) and value and all(isinstance(v, str) and v for v in value):
            return tuple(value)
        expected = 'a list of files or globs, such as ["threads/*.txt"]'
    elif key == "events":
        if isinstance(value, dict) and all(isinstance(date, datetime.date) for date in value.values()):
            return {event: date.isoformat() for event, date in value.items()}  # a time of day is a date as well
        if isinstance(value, dict):
            event, value = next((e, v) for e, v in value.items() if not isinstance(v, datetime.date))
            name = f"{name}, “{event}”"
        expected = 'a name and a date without quotes, such as { "the bridge is closed" = 2023-02-16 }'
    elif typing.get_origin(hint) is not None and typing.get_origin(hint) is not types.UnionType:  # Mapping[…]
        if isinstance(value, dict):
            return dict(value)
        expected = f"a table [{name.strip('[]').replace('] ', '.')}]"
    else:
        kinds = typing.get_args(hint) or (hint,)
        kinds = (*kinds, int) if float in kinds else kinds  # 1 is a number as well as 1.0
        # TOML's true is Python's True, which is an int: without this, runs = true would be one run.
        if isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds):
            return value
        words = {int: "a whole number", str: "a text in quotes", bool: "true or false", float: "a number"}
        expected = " or ".join(words.get(k, k.__name__) for k in kinds)
    raise StudyError(expected=expected, found=_shown(value), where=f"{where}, {name}", remedy="Correct the value.")


def _shown(value: object) -> str:
    """A value for a message: short, and on one line."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _check(settings: Settings, where: str) -> None:
    """Values that have the right type and are wrong all the same."""

    def must(ok: bool, name: str, expected: str, value: object, remedy: str = "Correct the value.") -> None:
        if not ok:
            raise StudyError(expected=expected, found=_shown(value), where=f"{where}, {name}", remedy=remedy)

    source, topics, compute = settings.source, settings.topics, settings.compute
    must(bool(settings.title.strip()), "title", "a title", settings.title)
    must(source.format in FORMATS, "[source] format", f"one of: {', '.join(FORMATS)}", source.format)
    try:
        ZoneInfo(source.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        must(False, "[source] timezone", "an IANA time zone such as Europe/Paris", source.timezone)
    must(
        settings.time.period in PERIODS,
        "[time] period",
        f"one of: {', '.join(PERIODS)}",
        settings.time.period,
    )
    must(
        settings.time.week_starts in WEEKDAYS,
        "[time] week_starts",
        f"one of: {', '.join(WEEKDAYS)}",
        settings.time.week_starts,
    )
    events = settings.time.events
    must(len(events) <= MOST_EVENTS, "[time] events", f"at most {MOST_EVENTS} events", f"{len(events)}")
    for event in events:
        must(
            0 < len(event.strip()) <= LONGEST_EVENT, "[time] events", f"names of 1 to {LONGEST_EVENT} characters", event
        )
    n = topics.n_topics
    must(n == "auto" if isinstance(n, str) else 2 <= n <= 500, "[topics] n_topics", '"auto" or 2 to 500', n)
    must(0 <= topics.context <= 10, "[topics] context", "a number from 0 to 10", topics.context)
    must(1 <= topics.runs <= 200, "[topics] runs", "a whole number from 1 to 200", topics.runs)
    must(topics.seed >= 0, "[topics] seed", "a whole number from 0", topics.seed)
    must(topics.min_comments >= 0, "[topics] min_comments", "a whole number from 0", topics.min_comments)
    must(
        topics.encoder == "static" or topics.encoder.startswith(("sentence-transformers:", "npy:")),
        "[topics] encoder",
        '"static", "sentence-transformers:NAME" or "npy:FILE"',
        topics.encoder,
    )
    instrument = settings.sentiment.instrument
    must(
        instrument in INSTRUMENTS or (instrument.partition(":")[0] in FILED and instrument.partition(":")[2] != ""),
        "[sentiment] instrument",
        '"vader", "vader-scaled", "coded", "lexicon:FILE.csv" or "transformer:NAME"',
        instrument,
    )
    must(
        settings.privacy.authors in ("pseudonym", "keep"),
        "[privacy] authors",
        '"pseudonym" or "keep"',
        settings.privacy.authors,
    )
    w = compute.workers
    must(w == "auto" if isinstance(w, str) else w >= 1, "[compute] workers", '"auto" or a number from 1', w)
    must(
        not compute.scheduler or "://" in compute.scheduler,
        "[compute] scheduler",
        'an address such as "tcp://host:8786"',
        compute.scheduler,
    )
    if source.authors:
        must(
            (settings.folder / source.authors).is_file(),
            "[source] authors",
            "a file of names, one a line",
            source.authors,
            "Write the file, or remove the key.",
        )
    for key, value in source.columns.items():
        must(isinstance(value, str), f"[source.columns] {key}", "the name of their column in quotes", value)
