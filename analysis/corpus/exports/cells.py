"""Records -> columns: each cell as people saw it, each comment and article with its id, its thread and its parent."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from analysis.corpus.encodings import clean, plain
from analysis.corpus.exports.columns import NOTHING, REMOVED, WORDS, Row
from analysis.corpus.exports.plan import Plan
from analysis.corpus.exports.records import Record
from analysis.corpus.wording import plural
from analysis.run import Run
from analysis.run.context import PART
from analysis.run.texts import Gathering

NO_PARENT = ["", *WORDS["nothing"]["parents"]]
GONE, SAYS_GONE = REMOVED | {""}, re.compile(WORDS["nothing"]["gone"], re.IGNORECASE | re.VERBOSE)
LIKE_OTHERS = ", read like others: `[source] leave_out` takes such rows out"
TEXT = pa.large_string()
ALONE = ("author", "posted_at", "article_title", "article_url", "published_at", "title", "url")  # of one cell each


@dataclass
class Found:
    """What the files give, as it comes; the comments' texts apart."""

    texts: Gathering
    comments: list[pa.Table] = field(default_factory=list)
    articles: list[pa.Table] = field(default_factory=list)
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
        kind_of, n = self.plan.dialect.kind, self.mended
        while batch := list(islice(records, PART)):
            kinds = [one.row and kind_of(one.row, one.is_article or self.plan.is_articles) or "" for one in batch]
            first, lines = len(self.ids), Counter(record.line for record in batch)
            self.ids += [None] * len(batch)
            for kind in sorted(set(kinds)):  # an article before its comments
                some = [i for i, one in enumerate(kinds) if one == kind]
                self._add(kind, [first + i for i in some], [batch[i] for i in some], lines)
            run.tell(f"reading {self.name}", len(self.ids), 0)
        self.found.n_read[self.name] = len(self.ids)
        notes = {
            f"markup taken off {plural(n['html'], 'comment')}": n["html"],
            f"mojibake repaired in {plural(n['mojibake'], 'comment')} ({n['places']} places)": n["places"],
            f"{n['control']} control characters removed": n["control"],
        }
        flags = {f"{flag} in {plural(n[flag], 'comment')}{LIKE_OTHERS}": n[flag] for flag in sorted(n) if " = " in flag}
        self.found.notes += [(self.name, 0, note) for note, done in (notes | flags).items() if done]

    def _add(self, kind: str, numbers: list[int], records: list[Record], lines: Counter[int]) -> None:
        """Put records into a table of comments or of articles, by column; those that are none among the rejects."""
        plan, dialect = self.plan.columns if kind == "comment" else self.plan.articles, self.plan.dialect
        if not kind:
            for number, one in zip(numbers, records, strict=True):
                size = len(_value(_first(one.row, self.plan.columns.get("text", ()))) or "")
                self.found.rejects.append((self.name, number, one.line, one.reason or "no comment", size))
            return
        ids = self._identities(_column(records, plan.get(f"{kind}_id", ())), pages=kind == "article").to_pylist()
        if None in ids and not self.plan.is_articles:  # named by its place; an article's name is always its own
            for i, (number, one) in enumerate(zip(numbers, records, strict=True)):
                ids[i] = ids[i] or f"{self.name}:{one.line}" + (f".{number}" if lines[one.line] > 1 else "")
        for number, one in zip(numbers, ids, strict=True):
            self.ids[number] = one
        texts = [self._text(one) for one in _column(records, plan.get("text", ()))]
        whys = {i: "no article_id" for i, one in enumerate(ids) if one is None}
        if kind == "comment":
            gone = (i for i, text in enumerate(texts) if text.casefold() in GONE or SAYS_GONE.fullmatch(text))
            whys = {i: "deleted at the source" if texts[i] else "no text" for i in gone}
        if dialect.refused:
            whys |= {i: why for i, one in enumerate(records) if (why := dialect.reason(one.row or {}))}
        if whys:
            self.found.rejects += [
                (self.name, numbers[i], records[i].line, why, len(texts[i])) for i, why in whys.items()
            ]
            kept = [i for i in range(len(records)) if i not in whys]
            numbers, records, texts, ids = ([some[i] for i in kept] for some in (numbers, records, texts, ids))  # type: ignore[assignment]
        own = pa.array(ids, TEXT)
        columns = {ours: _strings(_column(records, plan[ours])) for ours in ALONE if ours in plan}
        if {"posted_at", "posted_time"} <= plan.keys():  # a day and a time of day
            clock = pc.fill_null(_strings(_column(records, plan["posted_time"])), "")
            day = pc.replace_substring_regex(columns["posted_at"], r"[T ]00:00(?::00)?$", "")
            day = pc.if_else(pc.match_substring_regex(clock, r"^[+-]"), columns["posted_at"], day)  # from UTC
            columns["posted_at"] = pc.utf8_trim_whitespace(
                pc.binary_join_element_wise(day, clock, pa.scalar(" ", TEXT))
            )
        if kind == "comment":
            columns |= {"comment_id": own, **self._above(own, records)}
            if self.plan.place[1]:
                columns["place"] = _strings(_column(records, self.plan.place[:1]))
            self.found.texts.extend(texts)
            for name, values in self.plan.flags.items():
                said = Counter(str((one.row or {}).get(name)).strip().casefold() for one in records)
                self.mended.update({f"{name} = {value}": n for value, n in said.items() if value in values})
        else:
            columns |= {"article_id": own, "text": pa.array([text or None for text in texts], TEXT)}
        if "author" in columns:
            gone = pc.is_in(pc.utf8_lower(columns["author"]), value_set=pa.array(sorted(REMOVED), TEXT))
            names = pc.replace_substring_regex(columns["author"], r"^acct:([^@\s]+)@\S+$", r"\1")  # Hypothesis
            columns["author"] = pc.if_else(gone, None, names)
        # Times of which the order of day and month is one: of a zone, and a column.
        when = "\t".join((self.zone, *plan.get("posted_at", ()), *plan.get("published_at", ())))
        place = {"source_file": pa.repeat(self.name, len(own)).cast(TEXT), "when": pa.repeat(when, len(own)).cast(TEXT)}
        place |= {"line": pa.array([one.line for one in records], pa.int64()), "number": pa.array(numbers, pa.int64())}
        (self.found.comments if kind == "comment" else self.found.articles).append(pa.table(columns | place))

    def _above(self, own: pa.Array, records: list[Record]) -> dict[str, pa.Array]:
        """The threads of comments, and the comments to which they reply."""
        threads = self._identities(_column(records, self.plan.columns.get("article_id", ())), pages=True)
        parents = self._identities(_column(records, self.plan.columns.get("parent_id", ())))
        if self.plan.dialect.parent_in_id:
            parents = pc.replace_substring_regex(own, r"^(?:[^_]*_[^_]*_[^_]*|(.*)_[^_]*)$", r"\1")
        if any(one.article >= 0 or one.parent >= 0 for one in records):
            within = zip(records, threads.to_pylist(), parents.to_pylist(), strict=True)
            above = [
                (
                    self.ids[one.article] if one.article >= 0 else thread,
                    self.ids[one.parent] if one.parent >= 0 else parent,
                )
                for one, thread, parent in within
            ]
            threads, parents = (pa.array(some, TEXT) for some in zip(*above, strict=True))
        none = pc.is_in(pc.utf8_lower(parents), value_set=pa.array(NO_PARENT, TEXT))
        return {"article_id": threads, "parent_id": pc.if_else(pc.fill_null(none, False), None, parents)}

    def _text(self, value: object) -> str:
        """A text as people saw it; "" where there is nothing."""
        if type(value) is not str:
            return _value(value) or ""
        if "<" in value or "&" in value or not (value.isascii() and value.isprintable()):
            text = plain(value) if self.plan.dialect.html else value
            self.mended["html"] += text != value
            value, places, control = clean(text)
            if places or control:
                self.mended.update(mojibake=bool(places), places=places, control=control)
        text = value.strip()
        return "" if len(text) < 12 and text.casefold() in NOTHING else text

    def _identities(self, values: list[object], pages: bool = False) -> pa.Array:
        """Ids as texts, without what a tool puts before them; "123.0" is a number that lost its type.

        A link to a place in a page is, of `pages`, one to the page.
        """
        prefixes = "|".join(self.plan.dialect.prefixes)
        found = pc.replace_substring_regex(_strings(values), r"^(\d+)\.0$", r"\1")
        found = pc.replace_substring_regex(found, r"^(https?://[^#]+)#(?:[^!/].*)?$", r"\1") if pages else found
        return pc.replace_substring_regex(found, f"^(?:{prefixes})", "") if prefixes else found


def _first(row: Row | None, names: Sequence[str]) -> object:
    """The first of a row's values under some names that is something."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None) if row else None


def _column(records: list[Record], names: Sequence[str]) -> list[object]:
    if len(names) == 1:
        name = names[0]
        return [record.row.get(name) for record in records]  # type: ignore[union-attr]
    return [_first(record.row, names) for record in records] if names else [None] * len(records)


def _strings(values: list[object]) -> pa.Array:
    """Values as texts, null where there is nothing."""
    kinds = set(map(type, values))
    if kinds <= {int, type(None)}:
        return pa.array([None if value is None else str(value) for value in values], TEXT)
    try:
        found = pa.array(values, TEXT) if kinds <= {str, type(None)} else None
    except UnicodeEncodeError:  # half a letter
        found = None
    if found is None or pc.all(pc.ascii_is_printable(found)).as_py() is False:
        return pa.array([_value(value) for value in values], TEXT)
    found = pc.ascii_trim_whitespace(found)
    return pc.if_else(pc.is_in(pc.ascii_lower(found), value_set=pa.array(["", *NOTHING], TEXT)), None, found)


def _value(value: object) -> str | None:
    """A value as text; None where there is none."""
    if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # ids that a spreadsheet made numbers of
    text = plain(clean(str(value))[0])
    return None if not text or text.casefold() in NOTHING else text
