"""What tells who somebody is: masked in whatever is shown, and searched for in a finished report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from bs4 import BeautifulSoup

from analysis.corpus.wording import plural
from analysis.run.progress import Progress
from analysis.settings import StudyError

# Bounded everywhere, so that the time is linear in the text. An address as in RFC 5322's plain form.
EMAIL = re.compile(r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
MENTION = re.compile(
    r"(?<![\w@/\]])@[^\W_][\w.-]{0,60}(?<![.-])(?:@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})?|(?<![\w/])/?u/[\w-]{3,20}"
)
# +353 1 234 5678 (E.123), 0851 234567, (020) 7946 0958, 555-123-4567; no date, no year, no amount.
PHONE = re.compile(
    r"(?<![\w+])(?:\+\d{1,3}[ ./-]?(?:\(0?\d{1,4}\)[ ./-]?)?\d{1,5}(?:[ ./-]?\d{2,5}){1,4}"
    r"|(?:\(0\d{1,4}\)|0\d{1,4})[ ./-]\d{3,8}(?:[ ./-]\d{2,5}){0,2}"
    r"|(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])"
)
CREDENTIALS = re.compile(r"(\w{2,10}://)[^\s/@]{1,100}@")
PROFILE = re.compile(
    r"((?<![\w.-])(?:www\.|m\.)?(?:twitter|x|facebook|instagram|tiktok|threads|linkedin|github|medium|bsky)\.(?:com|net|app)/"
    r"(?:in/|profile/)?|(?<=\w)/(?:user|users|u|people|profile|profiles|author|members?)/|/[@~])[\w.%-]{2,60}",
    re.IGNORECASE,
)
HINTS = re.compile(r"@|u/|/|\d{3}")  # without any of these there is nothing to mask
DIGITS, DIGITS_WITH_SLASH = 7, 9  # of a phone number, at least; fewer with a slash are a date or a folder

RUN = 8  # words of a comment that a search engine finds it by
WORD = re.compile(r"\w+")
PAGES = (".html", ".htm")
TEXTS = (".csv", ".json", ".txt", ".md", ".svg")
PRIVATE = "private page"  # what a page of the comments themselves says in its head
SHORT = 3  # letters: a shorter name stands in every text


def mask(text: str) -> str:
    """A text without e-mail addresses, phone numbers, mentions, and the user's part of a URL; linear in its length."""
    if not HINTS.search(text):
        return text
    text = PROFILE.sub(r"\1[user]", CREDENTIALS.sub(r"\1[user]@", text))
    text = EMAIL.sub("[e-mail]", MENTION.sub("@[name]", text))
    return PHONE.sub(lambda match: "[phone]" if _is_phone(match.group()) else match.group(), text)


def _is_phone(text: str) -> bool:
    n = sum(map(str.isdigit, text))
    return n >= (DIGITS_WITH_SLASH if "/" in text else DIGITS + (text[0] == "+"))


def addresses(text: str) -> set[str]:
    """E-mail addresses, mentions and phone numbers in a text."""
    patterns = (EMAIL, MENTION) if "@" in text else ()
    found = {match.group() for pattern in patterns for match in pattern.finditer(text)}
    return found | {match.group() for match in PHONE.finditer(text) if _is_phone(match.group())}


@dataclass(frozen=True)
class Leak:
    """Something of a person that stands in a file of a report: a name, an address, or words of the comment of an id."""

    file: str
    kind: str
    what: str


@dataclass(frozen=True)
class Search:
    """What a report was searched for, and what was found."""

    leaks: tuple[Leak, ...]
    n_files: int
    n_names: int
    n_addresses: int
    n_comments: int
    # Names that were not searched for: words that stand in the texts in small letters or in what Threadline itself
    # says, numbers, and names of one or two letters.
    ordinary: int
    texts: tuple[str, ...]  # files that hold the comments by design, in which only names of authors were searched

    def __str__(self) -> str:
        """A line for each leak, then what was searched."""
        said = [f"{leak.file}: {leak.kind}: {leak.what}" for leak in self.leaks]
        of = f"and runs of {RUN} words of {plural(self.n_comments, 'comment')}"
        runs = of if self.n_comments else "(quotes are on)"
        said.append(
            f"{'Found the above' if self.leaks else 'Nothing found'} in {plural(self.n_files, 'file')}, searched for "
            f"{plural(self.n_names, 'name')} of authors, {plural(self.n_addresses, 'address', 'addresses')} {runs}."
        )
        if self.ordinary:
            said.append(f"Not searched for: {self.ordinary:,} names that are also common words, numbers or very short.")
        if self.texts:
            said.append(f"These hold the comments themselves, do not share them: {', '.join(self.texts)}.")
        return "\n".join(said)


def _texts(path: Path) -> list[str]:
    """What a file says, in each of the ways in which a reader may join it."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix.lower() in PAGES:
        page = BeautifulSoup(text, "html.parser", multi_valued_attributes=None)
        parts = [part for part in page.find_all(string=True) if part.parent and part.parent.name != "style"]
        said = [
            value for tag in page.find_all() for value in map(str, tag.attrs.values()) if not value.startswith("data:")
        ]
        return ["".join(parts), " ".join(parts), "\n".join(said)]
    if path.suffix.lower() == ".json":
        with suppress(ValueError, RecursionError):
            return [text, json.dumps(json.loads(text), ensure_ascii=False)]  # escapes read
    return [text]


def words(text: str) -> list[str]:
    """The words of a text, without case and marks."""
    return WORD.findall(text.casefold())


def _grams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[i:] for i in range(n)), strict=False)


def search(
    report: Path,
    *,
    authors: Iterable[str],
    ids: Iterable[str],
    texts: Sequence[str],
    own: Iterable[str] = (),
    quotes: bool = False,
    tell: Progress = lambda *_: None,
) -> Search:
    """Search a finished report, every page, csv and json file in it and below, for what tells who somebody is.

    `authors` are the names as they were read, before pseudonyms; `ids` and `texts` are the comments, whose words are
    not searched for if they may be quoted (`quotes`); `own` is what Threadline itself says in a report: a name that
    stands there is an ordinary word. A StudyError if there is no report in the folder.
    """
    files = {p.relative_to(report).as_posix(): p for p in sorted(report.rglob("*")) if p.is_file()}
    read = {file: path for file, path in files.items() if path.suffix.lower() in (*PAGES, *TEXTS)}
    if not any(path.suffix.lower() in PAGES for path in read.values()):
        expected, remedy = "a report with at least one page", "Name its folder."
        raise StudyError(expected=expected, found="none", where=str(report), remedy=remedy)
    said = {file: [(text, words(text)) for text in _texts(path)] for file, path in read.items()}
    names, ordinary = _names(authors, texts, own)
    sizes, known = sorted(set(map(len, names))), {address for text in texts for address in addresses(text)}
    mark = f'<meta name="threadline" content="{PRIVATE}">'
    leaks = {  # in their order, each once
        Leak(file, PRIVATE, "the comments themselves, for the researcher alone"): None
        for file, path in read.items()
        if path.suffix.lower() in PAGES and mark in path.read_text(encoding="utf-8", errors="replace")
    }
    for done, (file, ways) in enumerate(said.items()):
        tell("searching the report", done, len(said))
        for text, tokens in ways:
            there = (name for n in sizes for gram in _grams(tokens, n) for name in names.get(gram, ()))
            leaks |= dict.fromkeys(Leak(file, "author's name", name) for name in there)
            leaks |= dict.fromkeys(Leak(file, "address", one) for one in sorted(addresses(text) & known))
    if not quotes:
        for done, (identity, found) in enumerate(zip(ids, _runs(said, texts), strict=True)):
            if done % 10_000 == 0:
                tell("searching for comments", done, len(texts))
            leaks |= dict.fromkeys(Leak(file, f"run of {RUN} words", f"comment {identity}") for file in found)
    held, every = [], {name for some in names.values() for name in some}
    for file, path in files.items():
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            held += [file] * ("text" in table)
            found = sorted(every & set(table["author"].dropna())) if "author" in table else []
            leaks |= dict.fromkeys(Leak(file, "author's name", name) for name in found)
    n_comments = 0 if quotes else len(texts)
    return Search(tuple(leaks), len(read), len(every), len(known), n_comments, ordinary, tuple(held))


Names = dict[tuple[str, ...], list[str]]  # by their words


def _names(authors: Iterable[str], texts: Iterable[str], own: Iterable[str]) -> tuple[Names, int]:
    """The names to search for, by their words; and how many are not, since they stand in texts that name nobody."""
    small = {word for text in texts for word in WORD.findall(text) if word.islower()}
    ours = words(" ".join(own))
    plain = {gram for n in (1, 2, 3) for gram in _grams(ours, n)} | {(word,) for word in small}
    found, ordinary = Names(), 0
    for name in sorted(set(authors)):
        tokens = tuple(words(name))
        letters = "".join(tokens)
        if len(letters) < SHORT or letters.isdigit() or tokens in plain:
            ordinary += 1
        else:
            found.setdefault(tokens, []).append(name)
    return found, ordinary


def _runs(said: dict[str, list[tuple[str, list[str]]]], texts: Iterable[str]) -> Iterator[list[str]]:
    """Of each text the files in which eight of its words in a row stand."""
    where: dict[tuple[str, ...], list[str]] = {}
    for file, ways in said.items():
        for gram in {gram for _, tokens in ways for gram in _grams(tokens, RUN)}:
            where.setdefault(gram, []).append(file)
    pairs = {gram[:2] for gram in where}  # most words of a comment are passed over by looking at two of them
    for tokens in map(words, texts):
        near = (i for i, pair in enumerate(_grams(tokens, 2)) if pair in pairs)
        yield sorted({file for i in near for file in where.get(tuple(tokens[i : i + RUN]), ())})
