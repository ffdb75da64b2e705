"""What study.toml can say, as frozen dataclasses. Every default lives here, with its unit and its reason."""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt
from pydantic.dataclasses import dataclass

Period = Literal["day", "week", "month", "quarter", "year"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
PERIODS: tuple[str, ...] = get_args(Period)
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
MOST_EVENTS, LONGEST_EVENT = 12, 60  # more of them, or longer names, no figure can show
MOST_SEEDS = 100
# What the sources may be: told by their endings and columns, plain-text threads, a table read by its columns' names, or
# the export of a tool (analysis/corpus/exports/platforms.py).
Kind = Literal["csv", "tsv", "jsonl", "json", "parquet", "xml"]
Export = Literal[
    "4cat", "bluesky", "communalytic", "convokit", "disqus", "nyt", "reddit", "socc", "wordpress", "youtube"
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
EXPORTS: tuple[str, ...] = get_args(Export)
STUDY_FILE = "study.toml"
LEARNED: Literal["learned"] = "learned"  # a context that no one names
SCORES = "scores"  # kind of an instrument: a file of them
INSTRUMENTS = f"^(vader|vader-scaled|coded|(lexicon|transformer|{SCORES}):.+)$"
CLASSES = {"negative": -1.0, "neither": 0.0, "positive": 1.0}  # what people code, if study.toml names no other classes
# What a measure cannot be called: tables have it for something else.
NOT_MEASURES = (
    "share", "same topic", "topic", "theme", "subtopic", "topic_agreement", "own_topic", "second_topic", "comment_id",
    "article_id", "position", "parent_id", "author", "posted_at", "posted_at_source", "language", "duplicate_of",
    "near_duplicate_of", "boundary_confidence",
)  # fmt: skip
# Environment variables that notebooks and commands obey.
VARIABLE = "THREADLINE_STUDY"
TITLE = "THREADLINE_TITLE"  # in place of the title that study.toml states
SCHEDULER = "THREADLINE_SCHEDULER"  # in place of [compute] scheduler
PROGRESS = "THREADLINE_PROGRESS"  # "off" where a notebook is executed to be kept: nothing but results belongs in it
DATA = "THREADLINE_DATA"  # "on" where each figure has its data under it: in a report, not in a stored notebook


class StudyError(Exception):
    """An error that the user can mend: one line with what would be right, what is there, where, and what to do."""

    def __init__(self, *, expected: str, found: str, where: str, remedy: str = "") -> None:
        self.expected, self.found, self.where, self.remedy = expected, found, where, remedy
        super().__init__(" ".join(f"{where}: expected {expected}, found {found}. {remedy}".split()))

    def __reduce__(self) -> tuple[object, ...]:
        """As it is sent from another process, whose error it was."""
        return functools.partial(StudyError, **vars(self)), ()

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the line, without the way through our code."""
        return [f"{type(self).__name__}: {self}"]


@contextmanager
def writing(folder: Path, what: str = "a folder", remedy: str = "Name another with --out.") -> Iterator[None]:
    """Say of a folder that cannot be written that it cannot."""
    try:
        yield
    except OSError as error:
        expected, found = f"{what} that can be written", error.strerror or str(error)
        raise StudyError(expected=expected, found=found, where=str(folder), remedy=remedy) from None


STUDY_FOLDER = {"what": "a study folder", "remedy": "Change its permissions, or copy the study."}

# ------------------------------------------------------------------------------------------------ the keys
# What a field's description says stands in an error as what was expected.

CONFIG = ConfigDict(extra="forbid")


def _must(ok: object) -> None:
    if not ok:
        raise ValueError


def _day(date: object) -> str:
    """A date as ISO has it; a time of day is a date as well."""
    if isinstance(date, str):
        datetime.datetime.fromisoformat(date)
        return date
    if not isinstance(date, datetime.date):
        raise ValueError
    return date.isoformat()


def says(expected: str, **limits: Any) -> Any:
    """The limits of a value, and what is said to be right where it is beyond them."""
    return Field(description=expected, **limits)


Zone = Annotated[
    str,
    says("an IANA time zone such as Europe/Paris"),
    AfterValidator(lambda name: _must(name in available_timezones()) or name),
]
Count = Annotated[StrictInt, says("a whole number from 0", ge=0)]
AUTO = Literal["auto"]
Cell = StrictBool | StrictInt | StrictFloat | str  # what a table may have in a cell
Words = Annotated[str, Field(pattern=r"\S")]
Name = Annotated[str, Field(pattern=r"\S", max_length=LONGEST_EVENT)]


@dataclass(frozen=True, config=CONFIG)
class SourceSettings:
    """Where the threads are, and how to read them."""

    # relative to study.toml or absolute
    paths: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        says('a list of files or globs, such as ["threads/*.txt"]', min_length=1),
    ]
    format: Literal["auto", "threads", Kind, Export] = "auto"  # "auto": by the files' endings and columns
    timezone: Zone = "UTC"  # of dates without a zone; periods are cut in it
    # of dates such as 03/04/2023; "auto": as the rows of a column settle it
    dates: Literal["auto", "day-first", "month-first", "year-first"] = "auto"
    # of text files, as "cp1251"; "": as each file shows it
    encoding: Annotated[str, says('an encoding such as "cp1251"')] = ""
    # the day on which pages of threads were saved, to which "2 days ago" is relative
    retrieved: Annotated[datetime.date | None, says("a date such as 2021-03-14, without quotes")] = None
    # of spreadsheets; "": the first in which there is a table
    sheet: Annotated[str, says("the name of a sheet")] = ""
    licence: Annotated[str, says("a text in quotes")] = "not stated"
    # a file of known names, one a line: settles what is a name in plain-text threads
    authors: Annotated[str, says("a file of names, one a line")] = ""
    # our column = theirs; tables only
    columns: Annotated[Mapping[str, str], says("names of their columns in quotes")] = Field(default={})
    # a column of tables = the value, or a list of them, of rows that do not count
    leave_out: Annotated[
        Mapping[str, Cell | tuple[Cell, ...]], says('columns and values, such as { is_deleted = "true" }')
    ] = Field(default={})
    # paths and columns of the articles' table
    articles: Annotated[Mapping[str, Any], says("a table [source.articles]")] = Field(default={})


@dataclass(frozen=True, config=CONFIG)
class TimeSettings:
    """How time is cut."""

    period: Period = "month"  # short enough to see a change, long enough for an interval
    week_starts: Weekday = "monday"  # as ISO 8601 has it; of weeks only
    # what happened = its date; compared before and after
    events: Annotated[
        Mapping[Name, Annotated[str, BeforeValidator(_day)]],
        says(
            f"at most {MOST_EVENTS} names of 1 to {LONGEST_EVENT} characters and their dates, such as "
            '{ "the bridge is closed" = 2023-02-16 }',
            max_length=MOST_EVENTS,
        ),
    ] = Field(default={})


@dataclass(frozen=True, config=CONFIG)
class TopicSettings:
    """How topics are found."""

    # needs no network and no GPU: multilingual where it knows the languages of the corpus, and that is not English
    encoder: Annotated[
        str,
        says(
            '"auto", "static", "multilingual", "sentence-transformers:NAME" or "npy:FILE"',
            pattern="^(auto|static|multilingual|(sentence-transformers|npy):.+)$",
        ),
    ] = "auto"
    # the number that is most stable
    n_topics: Annotated[Annotated[StrictInt, Field(ge=2, le=500)] | AUTO, says('"auto" or 2 to 500')] = "auto"
    # weight of a comment's thread against its own words; 0 is none. "learned": what it is worth in this corpus
    context: Annotated[
        Annotated[StrictFloat, Field(ge=0, le=10)] | Literal["learned"], says('"learned" or a number from 0 to 10')
    ] = LEARNED
    # a file of topics made elsewhere (comment_id, topic), in place of found ones
    assigned: Annotated[str, says('a table with comment_id and topic, such as "topics.csv"')] = ""
    # expected topics: a name = words and sentences that are typical of it
    seeds: Annotated[
        Mapping[Name, Annotated[tuple[Words, ...], Field(min_length=1)]],
        says('a table [topics.seeds] of names and lists of texts: tram = ["the tram is late"]', max_length=MOST_SEEDS),
    ] = Field(default={})
    # fits of halves of the threads, and half as many of all, whose consensus topics are; more are steadier, slower
    runs: Annotated[StrictInt, says("a whole number from 1 to 200", ge=1, le=200)] = 20
    min_comments: Count = 200  # below, no topics are claimed: too few for a topic of ten comments to recur


@dataclass(frozen=True, config=CONFIG)
class SentimentSettings:
    """What is measured, and by which instrument."""

    instrument: Annotated[
        str,
        says(
            '"vader", "vader-scaled", "coded", "lexicon:FILE", "transformer:NAME" or "scores:FILE"',
            pattern=INSTRUMENTS,
        ),
    ] = "vader"
    # others, to be held against what people coded; what they would say is in one table, and nowhere else
    compare: Annotated[
        tuple[Annotated[str, Field(pattern=INSTRUMENTS)], ...],
        says('a list of instruments, such as ["vader-scaled", "coded"]', max_length=12),
    ] = ()
    # what the scores measure: it stands in titles, tables and sentences
    name: Annotated[
        str,
        says('a word or two that no table has for something else, such as "incivility"', max_length=40),
        AfterValidator(lambda value: _must(value.strip() and value not in NOT_MEASURES) or value),
    ] = "sentiment"
    # the lowest and the highest score; of "scores:FILE" alone, for all others are from -1 to 1
    range: Annotated[
        tuple[StrictFloat, StrictFloat],
        says("the lowest and the highest score, such as [0, 1]"),
        AfterValidator(lambda value: _must(value[0] < value[1] and all(map(math.isfinite, value))) or value),
    ] = (-1.0, 1.0)


@dataclass(frozen=True, config=CONFIG)
class CodesSettings:
    """What people code."""

    # a class = its value, from the lowest: keys 1, 2, 3 of the coding page. Values of scores' range are comparable
    classes: Annotated[
        Mapping[Annotated[str, Field(pattern=r"\S", max_length=40)], StrictFloat],
        says("two to nine classes and a value each, from the lowest: { no = 0, yes = 1 }", min_length=2, max_length=9),
        AfterValidator(lambda of: _must(list(of.values()) == sorted({*of.values()}) and "mean" not in of) or of),
    ] = Field(default=CLASSES)
    # in place of classes, labels of which a comment may have several = what scores each from 0 to 1, or nobody does
    labels: Annotated[
        Mapping[
            Annotated[str, Field(pattern=r"^[^\s|=+@'-][^|]*$", max_length=40)],
            Annotated[str, Field(pattern=f"^$|^coded$|^{SCORES}:.+")],
        ],
        says(f'one to nine labels, and "", "coded" or "{SCORES}:FILE" each: {{ insult = "coded" }}', max_length=9),
        AfterValidator(lambda of: _must("none" not in map(str.casefold, of)) or of),
    ] = Field(default={})


@dataclass(frozen=True, config=CONFIG)
class PrivacySettings:
    """What of the authors and their words may be shown."""

    authors: Literal["pseudonym", "keep"] = "pseudonym"
    # no verbatim comment in a report: it could be searched for
    quotes: Annotated[StrictBool, says("true or false")] = False


@dataclass(frozen=True, config=CONFIG)
class ComputeSettings:
    """On what the study runs; it changes no result."""

    # processes; "auto" is the number of cores
    workers: Annotated[Annotated[StrictInt, Field(ge=1)] | AUTO, says('"auto" or a number from 1')] = "auto"
    # of a Dask scheduler
    scheduler: Annotated[str, says('an address such as "tcp://host:8786"', pattern="^$|://")] = ""


@dataclass(frozen=True, config=CONFIG)
class Settings:
    """All of study.toml, and the folder that it stands in."""

    folder: Path
    title: Annotated[Words, says("a title")]
    source: Annotated[SourceSettings, says("a table [source]")]
    seed: Count = 1  # of everything that draws: fits, intervals, maps, coded samples
    time: Annotated[TimeSettings, says("a table [time]")] = Field(default=TimeSettings())
    topics: Annotated[TopicSettings, says("a table [topics]")] = Field(default=TopicSettings())
    sentiment: Annotated[SentimentSettings, says("a table [sentiment]")] = Field(default=SentimentSettings())
    codes: Annotated[CodesSettings, says("a table [codes]")] = Field(default=CodesSettings())
    privacy: Annotated[PrivacySettings, says("a table [privacy]")] = Field(default=PrivacySettings())
    compute: Annotated[ComputeSettings, says("a table [compute]")] = Field(default=ComputeSettings())


SECTIONS = ("source", "time", "topics", "sentiment", "codes", "privacy", "compute")
