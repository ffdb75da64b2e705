"""Records -> columns: each cell as people saw it, each comment and article with its id, its thread and its parent."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.corpus.columns import NOTHING, WORDS, Plan, Row
from analysis.corpus.encodings import clean, plain
from analysis.corpus.records import Record
from analysis.corpus.wording import plural
from analysis.run import Run
from analysis.run.context import PART
from analysis.run.texts import AT_A_TIME, Gathering

REMOVED, NO_PARENT = frozenset(WORDS["nothing"]["removed"]), frozenset(WORDS["nothing"]["parents"])
ACCOUNT = re.compile(r"acct:([^@\s]+)@\S+")  # Hypothesis


@dataclass
class Found:
    """What the files give, as it comes; the comments' texts apart."""

    texts: Gathering
    tables: list[pd.DataFrame] = field(default_factory=list)  # of comments
    articles: list[dict[str, object]] = field(default_factory=list)
    rejects: list[tuple[str, int, int, str, int]] = field(
        default_factory=list
    )  # file, number of the record, line, why, letters
    n_read: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[str, int, str]] = field(default_factory=list)


@dataclass
class Cells:
    """Reads the records of one table, as its plan says, into what was found."""

    name: str
    plan: Plan
    zone: str  # of times that state none
    found: Found
    ids: list[str | None] = field(default_factory=list)  # of comments and articles by the numbers of their records
    mended: Counter[str] = field(default_factory=Counter)

    def read(self, records: Iterable[Record], run: Run) -> None:
        """Put every record where it belongs."""
        for batch in _batches(records):
            comments, first = [], len(self.ids)
            kinds = [self._kind(record) for record in batch]
            self._name(batch, kinds)
            for number, (record, kind) in enumerate(zip(batch, kinds, strict=True), first):
                why = record.reason or ("" if kind else "no comment")
                if self.plan.dialect and record.row is not None and not why:
                    why = self.plan.dialect.reason(record.row)
                if why:
                    size = len(_value(_first(record.row, self.plan.columns.get("text", ()))) or "")
                    self._reject(number, record, why, size)
                elif kind == "article":
                    self._add_article(number, record)
                else:
                    comments.append((number, record))
            self._add_comments(comments)
            if first // PART < len(self.ids) // PART:
                run.tell(f"reading {self.name}", len(self.ids), 0)
        self.found.n_read[self.name] = len(self.ids)
        n = self.mended
        for done, note in (
            (n["html"], f"markup taken off {plural(n['html'], 'comment')}"),
            (n["places"], f"mojibake repaired in {plural(n['mojibake'], 'comment')} ({n['places']} places)"),
            (n["control"], f"{n['control']} control characters removed"),
        ):
            self.found.notes += [(self.name, 0, note)] if done else []

    def _reject(self, number: int, record: Record, why: str, size: int) -> None:
        self.found.rejects.append((self.name, number, record.line, why, size))

    def _kind(self, record: Record) -> str:
        """ "comment" or "article"; "" if it is neither."""
        is_article = record.is_article or self.plan.is_articles
        if record.row is None or self.plan.dialect is None:
            return "article" if is_article else "comment"
        return self.plan.dialect.kind(record.row, is_article)

    def _name(self, batch: list[Record], kinds: list[str]) -> None:
        """Give each record its id: its own, or one made of its place; a row in a table of articles has none without its own."""
        own = {kind: columns for kind, columns in (
            ("comment", self.plan.columns.get("comment_id", ())), ("article", self.plan.articles.get("article_id", ()))
        )}  # fmt: skip
        found = self._identities(
            [_first(record.row, own.get(kind, ())) for record, kind in zip(batch, kinds, strict=True)]
        )
        lines = Counter(record.line for record in batch)
        for number, (one, record) in enumerate(zip(found, batch, strict=True), len(self.ids)):
            place = f"{self.name}:{record.line}" + (f".{number}" if lines[record.line] > 1 else "")
            self.ids.append(one if one is not None or self.plan.is_articles else place)

    def _add_comments(self, numbered: list[tuple[int, Record]]) -> None:
        """Put some records' comments into a table, column by column; those that are none among the rejects."""
        texts = _column([record.row for _, record in numbered], self.plan.columns.get("text", ()))
        kept, said = [], []
        for (number, record), raw in zip(numbered, texts, strict=True):
            text = self._text(raw)
            if not text or text.casefold() in REMOVED:
                self._reject(number, record, "deleted at the source" if text else "no text", len(text))
            else:
                kept.append((number, record))
                said.append(text)
        if not kept:
            return
        rows = [record.row for _, record in kept]
        column = {ours: _column(rows, self.plan.columns.get(ours, ())) for ours in (
            "article_id", "parent_id", "author", "posted_at", "article_title", "article_url")}  # fmt: skip
        own = [self.ids[number] for number, _ in kept]
        threads = self._identities(column["article_id"])
        parents = [None if one in NO_PARENT else one for one in self._identities(column["parent_id"])]
        if self.plan.dialect and self.plan.dialect.parent_in_id:
            places = [(one or "").split("_") for one in own]
            parents = ["_".join(place[:-1]) if len(place) > 3 else None for place in places]
        for i, (_, record) in enumerate(kept):
            threads[i] = self.ids[record.article] if record.article >= 0 else threads[i]
            parents[i] = self.ids[record.parent] if record.parent >= 0 else parents[i]
        # The parent of a comment on the article itself is the article, where a tool writes one.
        parents = [None if parent == thread else parent for parent, thread in zip(parents, threads, strict=True)]
        table = {
            "comment_id": own, "article_id": threads, "parent_id": parents, "author": _mapped(column["author"], _person),
            **{ours: _mapped(column[ours], _value) for ours in ("posted_at", "article_title", "article_url")},
        }  # fmt: skip
        self.found.tables.append(pd.DataFrame({ours: pd.Series(values, dtype="str") for ours, values in table.items()}).assign(
            source_file=self.name, when=self._when(self.plan.columns.get("posted_at", ())),
            line=[record.line for _, record in kept], number=[number for number, _ in kept],
        ))  # fmt: skip
        self.found.texts.extend(said)

    def _add_article(self, number: int, record: Record) -> None:
        """Put an article among the others, or among the rejects."""
        names = self.plan.articles
        values = {
            ours: _value(_first(record.row, names.get(ours, ()))) for ours in ("published_at", "title", "text", "url")
        }
        values |= {ours: plain(values[ours] or "").strip() or None for ours in ("title", "text")}
        if (key := self.ids[number]) is None:
            self._reject(number, record, "no article_id", len(values["text"] or ""))
            return
        when = self._when(names.get("published_at", ()))
        place = {"source_file": self.name, "line": record.line, "number": number}
        self.found.articles.append({"article_id": key, "when": when, **values, **place})

    def _when(self, columns: Sequence[str]) -> str:
        """Times of which the order of day and month is one: of a column, and a zone."""
        return "\t".join((self.zone, *columns))

    def _text(self, value: object) -> str:
        """A comment as people saw it; "" where there is nothing."""
        if type(value) is not str:
            return _value(value) or ""
        text = value
        if ("<" in text or "&" in text) and (self.plan.dialect is None or self.plan.dialect.html):
            text = plain(text)
            self.mended["html"] += text != value
        text, places, control = clean(text)
        if places or control:
            self.mended.update(mojibake=bool(places), places=places, control=control)
        return "" if len(text) < 12 and text.casefold() in NOTHING else text

    def _identities(self, values: Sequence[object]) -> list[str | None]:
        return _mapped(values, self._identity)

    def _identity(self, value: object) -> str | None:
        """An id as text, without what its tool puts before it; "123.0" is a number that lost its type."""
        text = _value(value)
        if text is not None and text.endswith(".0") and text[:-2].isdigit():
            text = text[:-2]
        prefixes = self.plan.dialect.prefixes if self.plan.dialect and text else ()
        return next((text[len(one) :] for one in prefixes if text.startswith(one)), text)  # type: ignore[index,union-attr]


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """PART records at a time, or fewer long ones."""
    some: list[Record] = []
    letters = 0
    for one in records:
        some.append(one)
        letters += sum(len(value) for value in (one.row or {}).values() if type(value) is str)
        if len(some) >= PART or letters >= AT_A_TIME:
            yield some
            some, letters = [], 0
    if some:
        yield some


def _first(row: Row | None, names: Sequence[str]) -> object:
    """The first of a row's values under some names that is something."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None) if row else None


def _column(rows: Sequence[Row | None], names: Sequence[str]) -> list[object]:
    if len(names) == 1:
        return [row.get(names[0]) for row in rows]  # type: ignore[union-attr]
    return [_first(row, names) for row in rows]


def _mapped(values: Sequence[object], function: Callable[[object], str | None]) -> list[str | None]:
    """A function of each value, called once for values that are the same."""
    known = {value: function(value) for value in set(values)}
    return [known[value] for value in values]


def _value(value: object) -> str | None:
    """A value as text; None where there is none."""
    if type(value) is not str:
        if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # ids that a spreadsheet made numbers of
        try:
            value = str(value)
        except ValueError:  # a number of too many digits
            return None
    text = clean(value)[0]
    return None if not text or (len(text) < 12 and text.casefold() in NOTHING) else text


def _person(value: object) -> str | None:
    name = _value(value)
    if name is None or name.casefold() in REMOVED:
        return None
    account = ACCOUNT.fullmatch(name)
    return account[1] if account else plain(name) if "&" in name else name
