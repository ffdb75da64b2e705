"""study.toml, read into frozen dataclasses. Every default lives here, with its unit and its reason."""

from __future__ import annotations

import datetime
import difflib
import functools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt
from pydantic import ValidationError as Invalid
from pydantic.dataclasses import dataclass

PERIODS = ("day", "week", "month", "quarter", "year")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_EVENTS, LONGEST_EVENT = 12, 60  # more of them, or longer names, no figure can show
MOST_SEEDS = 100
# What the sources may be: told by their endings and columns, plain-text threads, a table read by its columns' names, or
# the export of a tool (analysis/corpus/platforms.py).
KINDS = ("csv", "tsv", "jsonl", "json", "parquet", "xml")
EXPORTS = ("4cat", "bluesky", "communalytic", "convokit", "disqus", "nyt", "reddit", "socc", "wordpress", "youtube")
STUDY_FILE = "study.toml"
LEARNED = "learned"  # a context that no one names
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
UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")  # pydantic's words for a key that there is not


def _must(ok: object) -> None:
    if not ok:
        raise ValueError


def _day(date: object) -> str:
    """A date as ISO has it; a time of day is a date as well."""
    if isinstance(date, str):
        datetime.datetime.fromisoformat(date)
        return date
    _must(isinstance(date, datetime.date))
    return date.isoformat()  # type: ignore[attr-defined]


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
    format: Literal["auto", "threads", *KINDS, *EXPORTS] = "auto"  # "auto": by the files' endings and columns
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
    columns: Annotated[Mapping[str, str], says("names of their columns in quotes")] = Field({})
    # paths and columns of the articles' table
    articles: Annotated[Mapping[str, Any], says("a table [source.articles]")] = Field({})


@dataclass(frozen=True, config=CONFIG)
class TimeSettings:
    """How time is cut."""

    period: Literal[PERIODS] = "month"  # short enough to see a change, long enough for an interval
    week_starts: Literal[WEEKDAYS] = "monday"  # as ISO 8601 has it; of weeks only
    # what happened = its date; compared before and after
    events: Annotated[
        Mapping[Name, Annotated[str, BeforeValidator(_day)]],
        says(
            f"at most {MOST_EVENTS} names of 1 to {LONGEST_EVENT} characters and their dates, such as "
            '{ "the bridge is closed" = 2023-02-16 }',
            max_length=MOST_EVENTS,
        ),
    ] = Field({})


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
        Annotated[StrictFloat, Field(ge=0, le=10)] | Literal[LEARNED], says('"learned" or a number from 0 to 10')
    ] = LEARNED
    # a file of topics made elsewhere (comment_id, topic), in place of found ones
    assigned: Annotated[str, says('a table with comment_id and topic, such as "topics.csv"')] = ""
    # expected topics: a name = words and sentences that are typical of it
    seeds: Annotated[
        Mapping[Name, Annotated[tuple[Words, ...], Field(min_length=1)]],
        says('a table [topics.seeds] of names and lists of texts: tram = ["the tram is late"]', max_length=MOST_SEEDS),
    ] = Field({})
    # runs of which the topics are a consensus; more are steadier and slower
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
    ] = Field(CLASSES)
    # in place of classes, labels of which a comment may have several = what scores each from 0 to 1, or nobody does
    labels: Annotated[
        Mapping[
            Annotated[str, Field(pattern=r"^[^\s|=+@'-][^|]*$", max_length=40)],
            Annotated[str, Field(pattern=f"^$|^coded$|^{SCORES}:.+")],
        ],
        says(f'one to nine labels, and "", "coded" or "{SCORES}:FILE" each: {{ insult = "coded" }}', max_length=9),
        AfterValidator(lambda of: _must("none" not in map(str.casefold, of)) or of),
    ] = Field({})


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
    time: Annotated[TimeSettings, says("a table [time]")] = Field(TimeSettings())
    topics: Annotated[TopicSettings, says("a table [topics]")] = Field(TopicSettings())
    sentiment: Annotated[SentimentSettings, says("a table [sentiment]")] = Field(SentimentSettings())
    codes: Annotated[CodesSettings, says("a table [codes]")] = Field(CodesSettings())
    privacy: Annotated[PrivacySettings, says("a table [privacy]")] = Field(PrivacySettings())
    compute: Annotated[ComputeSettings, says("a table [compute]")] = Field(ComputeSettings())


SECTIONS = ("source", "time", "topics", "sentiment", "codes", "privacy", "compute")


# ------------------------------------------------------------------------------------------------ reading


def read_settings(folder: str | Path) -> Settings:
    """Read the settings of a study: of its folder, or its study.toml.

    A StudyError if the folder or the file is missing, is not TOML, or has an unknown key or a wrong value.
    """
    folder = Path(folder)
    folder = folder.parent if folder.name == STUDY_FILE else folder
    path, remedy = folder / STUDY_FILE, "`threadline new FOLDER FILES…` makes one from your files."
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise StudyError(expected="a study folder", found=found, where=str(folder), remedy=remedy)
    if not path.is_file():
        n_files = sum(1 for p in folder.iterdir() if not p.name.startswith("."))
        found = f"{n_files} other files and folders" if n_files else "an empty folder"
        raise StudyError(expected=f"a {STUDY_FILE} in the study folder", found=found, where=str(folder), remedy=remedy)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        found, remedy = f"text that is not: {error}", "README shows one."
        raise StudyError(expected="TOML in UTF-8", found=found, where=str(path), remedy=remedy) from None
    return _validated(folder, raw, str(path))


def around() -> Path | None:
    """The study folder in which we are: a study's own notebooks are in a folder of it."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / STUDY_FILE).is_file()), None)


def changed(settings: Settings, where: str = "with_", **changes: object) -> Settings:
    """The same settings with other values: `period="quarter"`, or `privacy={"authors": "keep"}` for a section's keys.

    A StudyError if there is no key of a name, if two sections have it, or if a value is wrong.
    """
    raw = asdict(settings)
    del raw["folder"]
    for key, value in changes.items():
        of = [section for section in SECTIONS if key in raw[section]]
        if key in SECTIONS and isinstance(value, Mapping):
            raw[key] |= value
        elif key in ("title", "seed"):
            raw[key] = value
        elif len(of) == 1:
            raw[of[0]][key] = value
        else:
            expected = f"a section: {of[0]}={{{key!r}: …}} or {of[1]}=…" if of else f"a key of {STUDY_FILE}"
            known = sorted({name for section in SECTIONS for name in raw[section]} | {"title", "seed"})
            raise StudyError(expected=expected, found=repr(key), where=where, remedy=_suggestion(key, known))
    return _validated(settings.folder, raw, where)


def _validated(folder: Path, raw: Mapping[str, object], where: str) -> Settings:
    """Settings of what TOML holds; the first thing that is wrong with it as one line."""
    raw = dict(raw)
    topics = raw.get("topics")
    if isinstance(topics, Mapping) and "seed" in topics:  # its place before it ruled more than topics
        raw["topics"] = {key: value for key, value in topics.items() if key != "seed"}
        raw.setdefault("seed", topics["seed"])
    if "folder" in raw:
        raise _wrong_key("folder", Settings, where)
    try:
        settings = Settings(folder=folder, **raw)  # type: ignore[arg-type]
    except Invalid as error:
        wrong = sorted(error.errors(), key=lambda one: one["type"] not in UNKNOWN)  # a misspelt key is one that lacks
        raise _as_ours(wrong[0], raw, where) from None
    source, topics, of = settings.source, settings.topics, settings.sentiment
    for key, found, wrong, expected, remedy in (  # what a key asks of another, or of the folder
        ("[source] authors", source.authors, source.authors and not (folder / source.authors).is_file(),
         "a file of names, one a line", "Write the file, or remove the key."),
        ("[topics.seeds]", topics.encoder, topics.seeds and topics.encoder.startswith("npy:"),
         "an encoder that makes vectors of the seeds too", "Remove the seeds, or use another encoder."),
        ("[codes] labels", settings.codes.classes, settings.codes.labels and settings.codes.classes != CLASSES,
         "either classes or labels", "Remove one of the two."),
        ("[sentiment] instrument", "coded", settings.codes.labels and "coded" in (of.instrument, *of.compare),
         "an instrument that needs no codes: people give labels", "Name it under [codes] labels, for a label."),
        ("[sentiment] range", of.instrument, of.range != (-1, 1) and not of.instrument.startswith(f"{SCORES}:"),
         f'an instrument "{SCORES}:FILE.csv", the only one that has another range than −1 to 1',
         "Remove the key, or name the file of scores."),
        ("[sentiment] compare", of.compare, of.range != (-1, 1) and not all(c.startswith(SCORES) for c in of.compare),
         f'instruments "{SCORES}:FILE.csv", the only ones that have the study\'s range', "Take the others out."),
    ):  # fmt: skip
        if wrong:
            raise StudyError(expected=expected, found=repr(found), where=f"{where}, {key}", remedy=remedy)
    return settings


def _as_ours(error: Any, raw: Mapping[str, object], where: str) -> StudyError:
    """What pydantic found, in one line: the key, what is right by its choices or description, and what stands there."""
    section, *key = (str(part) for part in error["loc"][:2])
    keys = Settings.__pydantic_fields__  # type: ignore[attr-defined]
    kind = keys[section].annotation if key and section in SECTIONS else Settings
    names = [section, *key] if kind is not Settings else [section]
    if error["type"] in UNKNOWN:
        return _wrong_key(names[-1], kind, where, section if len(names) > 1 else "")
    expected = kind.__pydantic_fields__[names[-1]].description
    name = f"[{section}] {names[1]}" if len(names) > 1 else section
    if error["type"] in ("missing", "missing_argument"):
        what = expected if expected.startswith("a table") else f"a value for {name}"
        return StudyError(expected=what, found="nothing", where=where, remedy="Add it; README shows one.")
    value = repr(functools.reduce(lambda at, key: at[key] if isinstance(at, Mapping) else at, names, raw))
    found = value if len(value) <= 80 else value[:77] + "…"
    expected = expected or f"one of: {error['ctx']['expected']}".replace("'", "")
    return StudyError(expected=expected, found=found, where=f"{where}, {name}", remedy="Correct the value.")


def _wrong_key(key: str, kind: Any, where: str, section: str = "") -> StudyError:
    known = [name for name in kind.__pydantic_fields__ if name != "folder"]
    return StudyError(
        expected=f"one of: {', '.join(known)}",
        found="an unknown key",
        where=f"{where}, {f'[{section}] {key}' if section else key}",
        remedy=_suggestion(key, known),
    )


def _suggestion(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean “{near[0]}”?" if near else "Remove it or correct its name."
