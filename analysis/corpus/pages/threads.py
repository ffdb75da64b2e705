"""Plain-text thread files -> articles, comments, rejects: every line is in a table or has a reason."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.corpus.dates import instants, take_date
from analysis.corpus.encodings import is_text, read_lines
from analysis.corpus.exports.columns import REMOVED
from analysis.corpus.line_times import NUMBER, RELATIVE, WHOLE, ago, beside_time, mask, time_in
from analysis.corpus.pages.decoding import Vocabulary, decode
from analysis.corpus.pages.line_features import LOOK
from analysis.corpus.reading import COLUMNS, EITHER, SURE, Reading, source_name
from analysis.corpus.wording import plural
from analysis.run import Run
from analysis.run.texts import Gathering, Some
from analysis.settings import SourceSettings, StudyError

# What begins a copyright sentence, which goes on to the end of its line; the second where the first is nowhere.
SIGN = r"©|\(c\)\s{0,2}(?:copyright\b|\d{4})|\bcopyright\s{0,2}(?:©|\(c\))?\s{0,2}\d{4}"
RESERVED = (
    r"\ball rights reserved|\balle rechte vorbehalten|\btous droits réservés|\btodos los derechos reservados"
    r"|\btodos os direitos reservados|\btutti i diritti riservati|\bwszelkie prawa zastrzeżone|\bвсе права защищены"
    r"|無断転載|版权所有|版權所有"
)
CERTAIN = re.compile(r"(?:©|copyright|\(c\)).{0,40}\d{4}", re.IGNORECASE)  # more than a mention of copyright
SENTENCE = 400  # letters of the longest copyright sentence
FEW = 3  # lines with a name and a text
DIVIDES = 6.0  # log weight of the comments' beginning right after a line that may end in a copyright sentence
OTHERS = {  # texts that are no threads: why, and how they begin
    "a web page: save it as text": re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE),
    "rich text: save it as plain text": re.compile(rb"\s*\{\\rtf"),
    "XML, no plain text": re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b"),
    "a dump in SQL": re.compile(
        rb"(?i)(?:\s|--[^\n]*\n)*(?:(?:create|drop)\s+table|insert\s+into|pragma|begin\s+transaction)\b"
    ),
}
SAYS, MARK = (
    re.compile(r"[^\W\d][^:]{0,30}(?<!\s): (?=\S)"),
    re.compile(r"^[>*•·|–—-]+\s+(?=\S)"),
)  # "Ann: text"; "> Ann"
ON_A_LINE = "lines such as “Name: text”: a comment is a line with the name, then its lines; make two of each"
DOUBTFUL = (
    "comments of {:,}: it is doubtful where they begin or end (boundaries.csv); look whether names and texts are right"
)
FURNITURE = "page furniture"
SEVERAL = "another copyright sentence: if the file holds several threads, make a file of each"
NUMBERED, TELLER = r"#?\d+[.:)]?\s+", r"(?P<name>\S.{0,60}?)\s(?P<verb>[^\W\d_]+):"  # "#1 Ann says:"
MOST = 0.8  # share of names with one verb after them, if it is none of theirs
TELLS = "lines such as “{}” are read as names"
NO_ARTICLE = "no article above the comments: the page seems to begin with one of them"
UNSURE = 0.5  # of a name that is found by what stands around it
NO_DAY = "times such as “2 days ago”, left out: set `[source] retrieved` to the day on which the page was saved"


@dataclass
class _File:
    """One file between the two passes: numbers, not texts."""

    path: Path
    source: str
    digest: str
    unread: str = ""  # why its lines are not read
    notices: dict[int, int] = field(default_factory=dict)  # where a copyright sentence may begin: line -> letter
    first: int | None = None  # from which filled line on there is something to decode
    names: dict[int, float] = field(default_factory=dict)  # of the filled lines, and how sure each is
    page: set[int] = field(default_factory=set)  # those that are furniture
    stamps: set[int] = field(default_factory=set)  # those of these that hold a time
    named: set[int] = field(default_factory=set)  # those of a name and a time


def article_id(date: str, paragraphs: Sequence[str]) -> str:
    """Id of an article: 12 hexadecimal digits that depend on its date ("" or "YYYY-MM-DD") and its words alone."""
    return hashlib.sha256("\n".join([date, *paragraphs]).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_threads(paths: Sequence[Path], source: SourceSettings, root: Path, run: Run = Run()) -> Reading:
    """Read plain-text thread files, whose order and names do not matter; `root` is the study folder.

    Rows are sorted by article_id and position; the unit of the accounting is a line. Of `source` timezone, dates,
    encoding, retrieved and authors count.
    """
    files, vocabulary, rows = _open_files(paths, root), Vocabulary(), _Rows(source, Gathering(run.scratch))
    for i, file in enumerate(files):  # first pass: what the lines look like, and what the study knows
        if not file.unread:
            _look_at(file, vocabulary, source.encoding)
        run.tell("looking at lines", i + 1, len(files))
    if decoded := [file for file in files if file.first is not None]:
        listed = read_lines(_read(root / source.authors)).texts if source.authors else []
        found = decode(vocabulary, list(filter(None, listed)))
        page = found.furniture
        for file, (i, j) in zip(decoded, pairwise(found.bounds.tolist()), strict=True):
            kinds = (found.is_name, page.lines, page.stamps, page.named)
            names, *others = (np.flatnonzero(some[i:j]) for some in kinds)
            first = file.first or 0
            file.names = dict(zip((names + first).tolist(), found.confidence[i + names].tolist(), strict=True))
            file.page, file.stamps, file.named = (set((some + first).tolist()) for some in others)
        # Whether the time of a comment stands before its name: before the first name, and after the last none.
        timed = [file for file in decoded if file.stamps and file.names]
        lead = sum(min(one.stamps) < min(one.names) and max(one.stamps) < max(one.names) for one in timed)
        rows.common, rows.lead = page.common, lead > len(timed) / 2
    for i, file in enumerate(files):  # second pass: the texts
        rows.add(file)
        run.tell("reading threads", i + 1, len(files))
    return rows.reading()


def _open_files(paths: Sequence[Path], root: Path) -> list[_File]:
    """Digest all files, sort them by content, and find those that are no text, or the same."""
    files = []
    for path in sorted({p.absolute() for p in paths}):
        raw, source = _read(path), source_name(path, root)
        other = next((why for why, begins in OTHERS.items() if begins.match(raw)), "") if is_text(raw) else "not text"
        files.append(_File(path, source, hashlib.sha256(raw).hexdigest(), other))
    files.sort(key=lambda file: (file.digest, file.source))
    for before, file in pairwise(files):
        if file.digest == before.digest and not file.unread:
            file.unread = before.unread or f"same content as {before.source}"
    return files


def _read(path: Path) -> bytes:
    """Bytes of a file, or our own error."""
    try:
        return path.read_bytes()
    except OSError as error:
        found, remedy = error.strerror or "an error", "Correct [source] paths in study.toml, or the file's permissions."
        raise StudyError(expected="a file that can be read", found=found, where=str(path), remedy=remedy) from error


def _look_at(file: _File, vocabulary: Vocabulary, encoding: str) -> None:
    """Find where a file's copyright sentence may be, and look at the lines that may be comments."""
    texts = read_lines(_read(file.path), encoding).texts
    filled = [i for i, line in enumerate(texts) if line]
    for pattern in (SIGN, f"{SIGN}|{RESERVED}"):
        marked = re.compile(pattern, re.IGNORECASE)
        for i in filled if not file.notices else ():
            before = max(0, len(texts[i]) - SENTENCE)
            if match := marked.search(texts[i][before:]):
                file.notices[i] = before + match.start()
    places = [k for k, i in enumerate(filled) if i in file.notices]
    certain = len(places) == 1 and CERTAIN.match(texts[filled[places[0]]], file.notices[filled[places[0]]])
    first = places[0] + 1 if certain else 0
    start = np.zeros(len(filled) - first)
    start[:1] = np.inf if certain else 0
    start[[k + 1 for k in places if not certain and k + 1 < len(filled)]] = DIVIDES
    if len(start):
        file.first = first
        vocabulary.add([texts[i] for i in filled[first:]], start)


def _told(lines: Mapping[int, str], number: str = "") -> dict[int, str]:
    """Of lines of a name and a verb of saying, as "Ann says:", the names; of those alone that have most lines' verb."""
    found = {k: match for k, line in lines.items() if (match := re.fullmatch(number + TELLER, line))}
    verbs = Counter(match["verb"].casefold() for match in found.values())
    return {
        k: match["name"] for k, match in found.items() if match["verb"].casefold() == max(verbs, key=verbs.__getitem__)
    }


def _tellers(lines: Sequence[str], decoded: Collection[int]) -> dict[int, str]:
    """The names in lines of a number, a name and a verb, as "#1 Ann says:", unless names were found elsewhere."""
    names = _told(dict(enumerate(lines)), NUMBERED)
    alone = all(k + 1 < len(lines) and k + 1 not in names for k in names)
    others = len({*decoded} - {*names})
    return names if len(names) >= FEW and alone and others < len(names) > len({*decoded} & {*names}) else {}


def _begins(file: _File, lines: Sequence[str]) -> int | None:
    """The name above the first that was found, if what ends every comment stands between: there is no article."""

    def beside(k: int, step: int) -> tuple[str, ...]:
        page = []
        while (k := k + step) in file.page:
            page.append(mask(lines[k].casefold()))
        return tuple(page)

    names = [*file.names]
    early = [k for k in file.named if names and k < names[0] and time_in(lines[k])[1] > 0]
    if early and file.first == 0 and not file.notices and {*names} <= file.named:
        return min(early)
    if file.first != 0 or file.notices or len(names) < FEW:
        return None
    (under, _), (over, n) = (Counter(beside(k, step) for k in names[1:]).most_common(1)[0] for step in (1, -1))
    above = [k for k in range(names[0]) if k not in file.page]
    able = [k for k in above[:-1] if len(lines[k]) <= LOOK and beside(k, 1) == under]
    ends = over and beside(names[0], -1) == over and n > (len(names) - 1) / 2
    return able[-1 if under else 0] if ends and able else None


class _Rows(dict[str, list[tuple[Any, ...]]]):
    """Rows of the five tables, as they come; the comments' texts apart, and their times as the page has them."""

    def __init__(self, source: SourceSettings, texts: Gathering) -> None:
        super().__init__({name: [] for name in COLUMNS})
        self.source, self.texts = source, texts
        self.times: list[tuple[str, str]] = []  # of each comment, kind and words; "" where there is none
        self.common, self.lead, self.ids = frozenset[str](), False, Counter[str]()

    def add(self, file: _File) -> None:
        """Put every line of a file into a table."""
        if file.unread == "not text":
            self["rejects"].append((file.source, 0, file.unread, file.path.stat().st_size))
            self["accounting"].append((file.source, 1, 0, 1))
            return
        lines = read_lines(_read(file.path), self.source.encoding)
        texts = lines.texts
        filled = [i for i, line in enumerate(texts) if line and not file.unread]
        first = file.first or next(iter(file.names), 0)
        says = [k for k in range(first, len(filled)) if SAYS.match(texts[filled[k]])]
        share = len(says) / max(1, len(filled) - first)
        told: dict[int, str] = {}
        if on_a_line := len(says) >= FEW and share > 0.5:
            if on_a_line := says[0] == file.first:
                file = replace(file, names=dict.fromkeys(says, share), page=set(), stamps=set(), named=set())
            else:
                self["notes"].append((file.source, filled[says[0]] + 1, f"{len(says)} {ON_A_LINE}"))
        elif told := _tellers([texts[k] for k in filled], file.names):
            file = replace(file, names=dict.fromkeys(told, SURE), page=set(), stamps=set(), named=set())
            self["notes"].append((file.source, filled[min(told)] + 1, TELLS.format(texts[filled[min(told)]])))
        elif (began := _begins(file, [texts[k] for k in filled])) is not None:
            file = replace(file, names={began: UNSURE, **file.names})
            self["notes"].append((file.source, filled[began] + 1, NO_ARTICLE))
        names = list(file.names)
        told = told or _told({k: texts[filled[k]] for k in names})
        told = told if len(told) >= max(FEW, MOST * len(names)) else {}
        self["notes"] += [(file.source, number, note) for number, note in lines.notes]
        certain = {i: said[0] for i, at in sorted(file.notices.items()) if (said := CERTAIN.match(texts[i], at))}
        forms = {i: NUMBER.sub("0", said.casefold()) for i, said in certain.items()}  # of one site
        if far := [i for i in forms if i > min(forms) + 2 and forms[i] == forms[min(forms)]]:
            self["notes"].append((file.source, far[0] + 1, SEVERAL))
        rejected = {i: file.unread or "empty line" for i, line in enumerate(texts) if file.unread or not line}
        if not names and file.first:
            rejected |= dict.fromkeys(filled[file.first :], "a name without a comment")
        rejected |= {filled[k]: FURNITURE for k in file.page}
        if filled:
            article = filled[: names[0] if names else file.first or len(filled)]
            instant, identity = self._article(file, {i: texts[i] for i in article if i not in rejected})
            times: dict[int, tuple[str, str]] = {}  # of each comment, the first that is whole
            for k in sorted(file.stamps | file.named):
                comment = bisect_left(names, k) if self.lead and k in file.stamps else bisect_right(names, k) - 1
                kind, at, end = time_in(texts[filled[k]])
                if 0 <= comment < len(names) and times.get(comment, ("",))[0] != WHOLE:
                    times[comment] = kind, texts[filled[k]][at:end].strip()
                    if kind == WHOLE or (kind == RELATIVE and self.source.retrieved):
                        rejected.pop(filled[k], None)
            for n, (at, end) in enumerate(pairwise([*names, len(filled)])):
                author, *text = (texts[filled[k]] for k in range(at, end) if k not in file.page)
                author = MARK.sub("", beside_time(author, self.common) or author if at in file.named else author)
                author = told.get(at, author)
                if on_a_line:
                    author, _, words = author.partition(": ")
                    text = [words, *text]
                person = None if author.casefold() in REMOVED else author
                key, place = f"{identity}-{n + 1:04d}", (file.source, filled[at] + 1)
                self["rows"].append((key, identity, n + 1, None, person, instant, "article", file.names[at], *place))
                self.times.append(times.get(n, ("", "")))
                self.texts.extend(["\n".join(text)])
        if not names and not file.unread:
            self["notes"].append((file.source, 0, "no comments" if filled else "no text"))
        self["rejects"] += [(file.source, i + 1, why, len(texts[i])) for i, why in rejected.items()]
        self["accounting"].append((file.source, len(texts), len(texts) - len(rejected), len(rejected)))

    def _article(self, file: _File, article: dict[int, str]) -> tuple[object, str]:
        """Put the article, given as its lines by their indices, into its table; return its instant and its id."""
        sentences: list[str] = []
        lines, number = list(article.values()), next(iter(article), 0) + 1
        for i in reversed(article):  # the notice, and what may stand on lines of its own after it
            if i not in file.notices:
                break
            whole, at = lines.pop(), file.notices[i]
            sentences.insert(0, whole[at:].strip())
            if whole[:at].strip():
                lines.append(whole[:at].strip())
                break
        dated = take_date(lines[0] if lines else "", self.source.timezone, self.source.dates)
        self["notes"] += [(file.source, number, dated.note)] if dated.note else []
        paragraphs = [line for line in (dated.rest, *lines[1:]) if line]
        identity = article_id(dated.day, paragraphs)
        self.ids[identity] += 1
        if self.ids[identity] > 1:
            identity = f"{identity}-{self.ids[identity]}"
        text, notice = "\n".join(paragraphs), " ".join(sentences) or None
        self["articles"].append((identity, dated.instant, None, text, notice, None, file.source))
        return dated.instant, identity

    def reading(self) -> Reading:
        """The tables, sorted, each column of its type."""
        if page := sorted(row[:2] for row in self["rejects"] if row[2] == FURNITURE):
            n_files = plural(len({source for source, _ in page}), "file")
            note = f"page furniture (votes, buttons and the like) taken off: {plural(len(page), 'line')} in {n_files}"
            self["notes"].append((*page[0], f"{note}, the first here"))
        doubtful = sorted(row[8:] for row in self["rows"] if row[7] < SURE)
        if len(doubtful) > len(self["rows"]) / 2:
            self["notes"].append((*doubtful[0], f"{len(doubtful):,} {DOUBTFUL.format(len(self['rows']))}"))
        made = {name: pd.DataFrame(self[name], columns=columns) for name, columns in COLUMNS.items()}
        articles, comments = made["articles"].sort_values("article_id", ignore_index=True), made["rows"]
        for table, column in ((articles, "published_at"), (comments, "posted_at")):
            table[column] = pd.to_datetime(table[column], utc=True).dt.as_unit("us")
        self._timed(comments)
        comments = comments.sort_values(["article_id", "position"])
        texts = Some(self.texts.texts(), comments.index.to_numpy("int64"))
        types = {"position": "int64", "line": "int64", "boundary_confidence": "float64"}
        comments = comments.reset_index(drop=True).astype(types).round({"boundary_confidence": 4})
        made["notes"] = pd.DataFrame(self["notes"], columns=COLUMNS["notes"])
        others = (made[name].sort_values(list(COLUMNS[name]), ignore_index=True) for name in list(COLUMNS)[2:])
        return Reading(articles, comments, texts, *others)

    def _timed(self, comments: pd.DataFrame) -> None:
        """Give comments the times that the page has of them; what is none that can be told is counted."""
        day, kinds = self.source.retrieved, np.array([kind for kind, _ in self.times], dtype=object)
        written = [
            words if kind == WHOLE else str(ago(words, day) or "") if kind == RELATIVE and day else None
            for kind, words in self.times
        ]
        times = instants(written, self.source.timezone, self.source.dates)
        there = times.at.notna().to_numpy()
        comments["posted_at"] = comments["posted_at"].where(~there, times.at)
        comments["posted_at_source"] = comments["posted_at_source"].where(~there, "comment")
        lost, relative = (kinds != "") & ~there, kinds == RELATIVE
        for some, what in (
            (times.undecided, EITHER),
            (relative & lost, NO_DAY),
            (lost & ~times.undecided & ~relative, "times without a year or that cannot be read, left out"),
        ):
            if some.any():
                first = comments[some].sort_values(["source_file", "line"]).iloc[0]
                note = f"{some.sum():,} {what}, the first here"
                self["notes"].append((first["source_file"], int(first["line"]), note))
