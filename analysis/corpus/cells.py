"""Records -> columns: each cell as people saw it, each comment and article with its id, its thread and its parent."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import pandas as pd

from analysis.corpus.columns import NOTHING, WORDS, Plan, Row
from analysis.corpus.encodings import clean, plain
from analysis.corpus.records import Record
from analysis.corpus.wording import plural
from analysis.run import Run
from analysis.run.context import PART
from analysis.run.texts import Gathering

REMOVED, NO_PARENT = frozenset(WORDS["nothing"]["removed"]), frozenset(WORDS["nothing"]["parents"])
ACCOUNT = re.compile(r"acct:([^@\s]+)@\S+")  # Hypothesis
OTHERS = {"comment": ("author", "posted_at", "article_title", "article_url"),
          "article": ("published_at", "title", "url")}  # fmt: skip
Numbers = list[tuple[int, Record]]  # records with their numbers in the table


@dataclass
class Found:
    """What the files give, as it comes; the comments' texts apart."""

    texts: Gathering
    comments: list[pd.DataFrame] = field(default_factory=list)
    articles: list[pd.DataFrame] = field(default_factory=list)
    rejects: list[tuple[str, int, int, str, int]] = field(default_factory=list)  # file, number, line, why, letters
    n_read: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[str, int, str]] = field(default_factory=list)


@dataclass
class Cells:
    """Reads the records of one table, as its plan says, into what was found."""

    name: str
    plan: Plan
    zone: str  # of times that state none
    found: Found
    ids: list[str | None] = field(default_factory=list)  # of comments and articles by their numbers
    mended: Counter[str] = field(default_factory=Counter)

    def read(self, records: Iterator[Record], run: Run) -> None:
        """Put every record where it belongs."""
        while batch := list(islice(records, PART)):
            kinds = ["" if one.row is None else self.plan.dialect.kind(one.row, one.is_article or self.plan.is_articles)
                     for one in batch]  # fmt: skip
            taken: dict[str, Numbers] = {"comment": [], "article": []}
            first = len(self.ids)
            self._name(batch, kinds)
            for number, (record, kind) in enumerate(zip(batch, kinds, strict=True), first):
                why = record.reason or (self.plan.dialect.reason(record.row) if kind else "no comment")
                if why:
                    size = len(_value(_first(record.row, self.plan.columns.get("text", ()))) or "")
                    self._reject(number, record, why, size)
                else:
                    taken[kind].append((number, record))
            self._add_articles(taken["article"])
            self._add_comments(taken["comment"])
            run.tell(f"reading {self.name}", len(self.ids), 0)
        self.found.n_read[self.name] = len(self.ids)
        n = self.mended
        notes = {
            f"markup taken off {plural(n['html'], 'comment')}": n["html"],
            f"mojibake repaired in {plural(n['mojibake'], 'comment')} ({n['places']} places)": n["places"],
            f"{n['control']} control characters removed": n["control"],
        }
        self.found.notes += [(self.name, 0, note) for note, done in notes.items() if done]

    def _name(self, batch: list[Record], kinds: list[str]) -> None:
        """Give each record its id: its own, or one of its place; an article's is always its own."""
        own = {"article": self.plan.articles.get("article_id", ()), "comment": self.plan.columns.get("comment_id", ())}
        lines = Counter(record.line for record in batch)
        found = self._identities([_first(one.row, own.get(kind, ())) for one, kind in zip(batch, kinds, strict=True)])
        for number, (one, record) in enumerate(zip(found, batch, strict=True), len(self.ids)):
            place = f"{self.name}:{record.line}" + (f".{number}" if lines[record.line] > 1 else "")
            self.ids.append(None if one is None and self.plan.is_articles else one or place)

    def _add_comments(self, numbered: Numbers) -> None:
        """Put some records' comments into a table, column by column; those that are none among the rejects."""
        texts = [self._text(raw) for raw in _column(numbered, self.plan.columns.get("text", ()))]
        for (number, record), text in zip(numbered, texts, strict=True):
            if not text or text.casefold() in REMOVED:
                self._reject(number, record, "deleted at the source" if text else "no text", len(text))
        good = [bool(text) and text.casefold() not in REMOVED for text in texts]
        kept = [one for one, is_good in zip(numbered, good, strict=True) if is_good]
        own = [self.ids[number] for number, _ in kept]
        threads = self._identities(_column(kept, self.plan.columns.get("article_id", ())))
        parents = self._identities(_column(kept, self.plan.columns.get("parent_id", ())))
        if self.plan.dialect.parent_in_id:
            places = [(one or "").split("_") for one in own]
            parents = ["_".join(place[:-1]) if len(place) > 3 else None for place in places]
        for i, (_, record) in enumerate(kept):
            threads[i] = self.ids[record.article] if record.article >= 0 else threads[i]
            parents[i] = self.ids[record.parent] if record.parent >= 0 else parents[i]
            if parents[i] in NO_PARENT or parents[i] == threads[i]:
                parents[i] = None  # the parent of a comment on the article itself is the article, or 0
        self._add("comment", kept, {"comment_id": own, "article_id": threads, "parent_id": parents})
        self.found.texts.extend(text for text, is_good in zip(texts, good, strict=True) if is_good)

    def _add_articles(self, numbered: Numbers) -> None:
        """Put some records' articles into a table; those without an id among the rejects."""
        texts = [plain(_value(raw) or "").strip() for raw in _column(numbered, self.plan.articles.get("text", ()))]
        for (number, record), text in zip(numbered, texts, strict=True):
            if self.ids[number] is None:
                self._reject(number, record, "no article_id", len(text))
        good = [self.ids[number] is not None for number, _ in numbered]
        kept = [one for one, is_good in zip(numbered, good, strict=True) if is_good]
        there = [text or None for text, is_good in zip(texts, good, strict=True) if is_good]
        self._add("article", kept, {"article_id": [self.ids[number] for number, _ in kept], "text": there})

    def _add(self, kind: str, kept: Numbers, columns: dict[str, list[str | None]]) -> None:
        """Add a table of comments or articles, of these columns and the others of its kind."""
        plan, tables = (
            (self.plan.columns, self.found.comments) if kind == "comment" else (self.plan.articles, self.found.articles)
        )
        for ours in OTHERS[kind]:
            columns[ours] = _mapped(_column(kept, plan.get(ours, ())), _person if ours == "author" else _value)
        # Times of which the order of day and month is one: of a zone, and a column.
        when = "\t".join((self.zone, *plan.get("posted_at", ()), *plan.get("published_at", ())))
        table = pd.DataFrame({ours: pd.Series(values, dtype="str") for ours, values in columns.items()})
        place = {"line": [record.line for _, record in kept], "number": [number for number, _ in kept]}
        tables += [table.assign(source_file=self.name, when=when, **place)] if kept else []

    def _reject(self, number: int, record: Record, why: str, size: int) -> None:
        self.found.rejects.append((self.name, number, record.line, why, size))

    def _text(self, value: object) -> str:
        """A comment as people saw it; "" where there is nothing."""
        if type(value) is not str:
            return _value(value) or ""
        text = value
        if ("<" in text or "&" in text) and self.plan.dialect.html:
            text = plain(text)
            self.mended["html"] += text != value
        text, places, control = clean(text)
        if places or control:
            self.mended.update(mojibake=bool(places), places=places, control=control)
        return "" if len(text) < 12 and text.casefold() in NOTHING else text

    def _identities(self, values: Sequence[object]) -> list[str | None]:
        """Ids as texts, without what a tool puts before them; "123.0" is a number that lost its type."""

        def identity(value: object) -> str | None:
            text = _value(value) or ""
            if text.endswith(".0") and text[:-2].isdigit():
                text = text[:-2]
            return next((text[len(one) :] for one in self.plan.dialect.prefixes if text.startswith(one)), text) or None

        return _mapped(values, identity)


def _first(row: Row | None, names: Sequence[str]) -> object:
    """The first of a row's values under some names that is something."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None) if row else None


def _column(records: Numbers, names: Sequence[str]) -> list[object]:
    if len(names) == 1:
        return [record.row.get(names[0]) for _, record in records]  # type: ignore[union-attr]
    return [_first(record.row, names) for _, record in records]


def _mapped(values: Sequence[object], function: Callable[[object], str | None]) -> list[str | None]:
    """A function of each value, called once for values that are the same."""
    known = {value: function(value) for value in set(values)}
    return [known[value] for value in values]


def _value(value: object) -> str | None:
    """A value as text; None where there is none."""
    if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # ids that a spreadsheet made numbers of
    try:
        text = clean(str(value))[0]
    except ValueError:  # a number of too many digits
        return None
    return None if not text or (len(text) < 12 and text.casefold() in NOTHING) else text


def _person(value: object) -> str | None:
    name = _value(value) or ""
    account = ACCOUNT.fullmatch(name)
    return None if name.casefold() in REMOVED else account[1] if account else plain(name) or None
