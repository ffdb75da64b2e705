"""Plain-text thread files -> articles, comments, rejects: every line is in a table or has a reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.dates import take_date
from analysis.corpus.decoding import Draft, decode, draft
from analysis.corpus.encodings import is_text, read_lines
from analysis.corpus.evidence import Vocabulary
from analysis.run import Run
from analysis.run.texts import Gathering, Some
from analysis.settings import StudyError

# What begins a copyright sentence, which goes on to the end of its line; the second where the first is nowhere.
SIGN = r"©|\(c\)\s{0,2}(?:copyright\b|\d{4})|\bcopyright\s{0,2}(?:©|\(c\))?\s{0,2}\d{4}"
RESERVED = (
    r"\ball rights reserved|\balle rechte vorbehalten|\btous droits réservés|\btodos los derechos reservados"
    r"|\btodos os direitos reservados|\btutti i diritti riservati|\bwszelkie prawa zastrzeżone|\bвсе права защищены"
    r"|無断転載|版权所有|版權所有"
)
CERTAIN = re.compile(r"(?:©|copyright|\(c\)).{0,40}\d{4}", re.IGNORECASE)  # more than a mention of copyright
SENTENCE = 400  # letters of the longest copyright sentence
DIVIDES = 6.0  # log weight of the comments' beginning right after a line that may end in a copyright sentence
COLUMNS = {
    "articles": ("article_id", "published_at", "title", "text", "copyright", "source_file"),
    "rows": (
        "comment_id", "article_id", "position", "parent_id", "author", "posted_at", "posted_at_source",
        "boundary_confidence", "source_file", "line",
    ),
    "rejects": ("source_file", "line", "reason", "n_chars"),
    "accounting": ("source_file", "read", "kept", "rejected"),
    "notes": ("source_file", "line", "note"),
}  # fmt: skip


ALONE = "no column names the thread: each comment counts as a thread of its own"  # a note of a table


@dataclass(frozen=True)
class Reading:
    """What a reader of any format gives: the tables of COLUMNS.

    Attributes
    ----------
    articles : DataFrame
        published_at in UTC, NaT if unknown; text: paragraphs joined by a newline.
    rows : DataFrame
        The comments without their texts: author as written; posted_at in UTC, whose source is "comment" or "article";
        boundary_confidence: probability in [0, 1] that the comment begins and ends where it is said to, NaN where
        nothing had to be decoded; line (1 = first).
    texts : Some
        The text of each, its lines joined by a newline.
    rejects : DataFrame
        Every line or row that is in no other table.
    accounting : DataFrame
        In lines or rows; read = kept + rejected.
    notes : DataFrame
        What a person should look at and what is not a loss; line 0 is the whole file.
    """

    articles: pd.DataFrame
    rows: pd.DataFrame
    texts: Some
    rejects: pd.DataFrame
    accounting: pd.DataFrame
    notes: pd.DataFrame

    @property
    def comments(self) -> pd.DataFrame:
        """The comments with their texts, all in memory."""
        return self.rows.assign(text=pd.Series(list(self.texts), index=self.rows.index, dtype="str"))


@dataclass
class _File:
    """One file between the two passes: numbers, not texts."""

    path: Path
    source: str
    digest: str
    unread: str = ""  # why its lines are not read
    notices: dict[int, int] = field(default_factory=dict)  # where a copyright sentence may begin: line -> letter
    first: int = 0  # from which filled line on there is something to decode
    draft: Draft | None = None
    names: list[int] = field(default_factory=list)  # of the filled lines
    confidence: list[float] = field(default_factory=list)


class _Rows(dict[str, list[tuple]]):
    """Rows of the five tables, as they come; the comments' texts apart."""

    def __init__(self, texts: Gathering) -> None:
        super().__init__({name: [] for name in COLUMNS})
        self.texts = texts


def article_id(date: str, paragraphs: Sequence[str]) -> str:
    """Id of an article: 12 hexadecimal digits that depend on its date ("" or "YYYY-MM-DD") and its words alone."""
    return hashlib.sha256("\n".join([date, *paragraphs]).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_threads(
    paths: Sequence[Path], *, root: Path, timezone: str, known_authors: Collection[str] = (), run: Run = Run()
) -> Reading:
    """Read plain-text thread files.

    Parameters
    ----------
    paths : sequence of Path
        The files; their order and their names do not matter.
    root : Path
        source_file is the path relative to it, or the bare name of a file outside.
    timezone : str
        Zone of dates without one, as "Europe/Dublin".
    known_authors : collection of str
        Names known to be authors', if there is a list.
    run : Run

    Returns
    -------
    Reading
        Rows sorted by article_id and position; the unit of the accounting is a line.

    Raises
    ------
    StudyError
        If a file cannot be opened.
    """
    files, vocabulary = _open_files(paths, root), Vocabulary()
    for i, file in enumerate(files):  # first pass: what the lines look like, and what the study knows
        if not file.unread:
            _look_at(file, vocabulary)
        run.tell("looking at lines", i + 1, len(files))
    if drafted := [file for file in files if file.draft is not None]:
        found, bounds, _ = decode([file.draft for file in drafted], vocabulary, known_authors)
        for file, (i, j) in zip(drafted, pairwise(bounds), strict=True):
            at = np.flatnonzero(found.is_name[i:j])
            file.names, file.confidence = (at + file.first).tolist(), found.confidence[i:j][at].tolist()
    rows, used = _Rows(Gathering(run.scratch)), {}
    for i, file in enumerate(files):  # second pass: the texts
        _add(file, rows, used, timezone)
        run.tell("reading threads", i + 1, len(files))
    return _tables(rows)


def _open_files(paths: Sequence[Path], root: Path) -> list[_File]:
    """Digest all files, sort them by content, and find those that are no text, or the same."""
    files, base = [], root.absolute()
    for path in sorted({p.absolute() for p in map(Path, paths)}):
        raw = _read(path)
        source = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
        files.append(_File(path, source, hashlib.sha256(raw).hexdigest(), "" if is_text(raw) else "not text"))
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
        raise StudyError(
            expected="a file that can be read",
            found=error.strerror or type(error).__name__,
            where=str(path),
            remedy="Correct [source] paths in study.toml, or the file's permissions.",
        ) from error


def _look_at(file: _File, vocabulary: Vocabulary) -> None:
    """Find where a file's copyright sentence may be, and look at the lines that may be comments."""
    texts = read_lines(_read(file.path)).texts
    filled = [i for i, line in enumerate(texts) if line]
    for pattern in (SIGN, f"{SIGN}|{RESERVED}"):
        marked = re.compile(pattern, re.IGNORECASE)
        for i in filled if not file.notices else ():
            before = max(0, len(texts[i]) - SENTENCE)
            if match := marked.search(texts[i][before:]):
                file.notices[i] = before + match.start()
    places = [k for k, i in enumerate(filled) if i in file.notices]
    certain = len(places) == 1 and CERTAIN.match(texts[filled[places[0]]], file.notices[filled[places[0]]])
    file.first = places[0] + 1 if certain else 0
    start = np.zeros(len(filled) - file.first)
    if certain:
        start[:1] = np.inf
    else:
        start[[k + 1 for k in places if k + 1 < len(filled)]] = DIVIDES
    if len(start):
        file.draft = draft([texts[i] for i in filled[file.first :]], start, vocabulary)


def _add(file: _File, rows: _Rows, used: dict[str, int], timezone: str) -> None:
    """Put every line of a file into a table."""
    if file.unread == "not text":
        rows["rejects"].append((file.source, 0, file.unread, file.path.stat().st_size))
        rows["accounting"].append((file.source, 1, 0, 1))
        return
    lines = read_lines(_read(file.path))
    texts, names = lines.texts, file.names
    rows["notes"] += [(file.source, number, note) for number, note in lines.notes]
    rejected = {i: file.unread or "empty line" for i, line in enumerate(texts) if file.unread or not line}
    filled = [i for i, line in enumerate(texts) if line and not file.unread]
    if not names and file.first:
        rejected |= dict.fromkeys(filled[file.first :], "a name without a comment")
    if filled:
        article = filled[: names[0] if names else file.first or len(filled)]
        instant, identity = _add_article(file, {i: texts[i] for i in article}, rows, used, timezone)
        for position, (at, end) in enumerate(pairwise([*names, len(filled)]), 1):
            author, *text = (texts[i] for i in filled[at:end])
            rows["rows"].append(
                (f"{identity}-{position:04d}", identity, position, None, author, instant, "article")
                + (file.confidence[position - 1], file.source, filled[at] + 1)
            )
            rows.texts.extend(["\n".join(text)])
    if not names and not file.unread:
        rows["notes"].append((file.source, 0, "no comments" if filled else "no text"))
    rows["rejects"] += [(file.source, i + 1, why, len(texts[i])) for i, why in rejected.items()]
    rows["accounting"].append((file.source, len(texts), len(texts) - len(rejected), len(rejected)))


def _add_article(
    file: _File, article: dict[int, str], rows: _Rows, used: dict[str, int], timezone: str
) -> tuple[object, str]:
    """Put the article, given as its lines by their indices, into its table; return its instant and its id."""
    sentences: list[str] = []
    lines, number = list(article.values()), next(iter(article)) + 1
    for i in reversed(article):  # the notice, and what may stand on lines of its own after it
        if i not in file.notices:
            break
        whole, at = lines.pop(), file.notices[i]
        sentences.insert(0, whole[at:].strip())
        if whole[:at].strip():
            lines.append(whole[:at].strip())
            break
    dated = take_date(lines[0] if lines else "", timezone)
    if dated.note:
        rows["notes"].append((file.source, number, dated.note))
    paragraphs = [line for line in (dated.rest, *lines[1:]) if line]
    identity = article_id(dated.day, paragraphs)
    used[identity] = used.get(identity, 0) + 1
    if used[identity] > 1:
        identity = f"{identity}-{used[identity]}"
    text, notice = "\n".join(paragraphs), " ".join(sentences) or None
    rows["articles"].append((identity, dated.instant, None, text, notice, file.source))
    return dated.instant, identity


def _tables(rows: _Rows) -> Reading:
    """Make the tables, sorted, each column of its type."""
    made = {name: pd.DataFrame(rows[name], columns=columns) for name, columns in COLUMNS.items()}
    articles = made["articles"].sort_values("article_id", ignore_index=True)
    comments = made["rows"].sort_values(["article_id", "position"])
    texts = Some(rows.texts.texts(), comments.index.to_numpy("int64"))
    comments = comments.reset_index(drop=True).astype({"position": "int64", "line": "int64"})
    comments["boundary_confidence"] = comments["boundary_confidence"].astype("float64").round(4)
    for table, column in ((articles, "published_at"), (comments, "posted_at")):
        table[column] = pd.to_datetime(table[column], utc=True).dt.as_unit("us")
    others = {
        name: made[name].sort_values(list(COLUMNS[name]), ignore_index=True)
        for name in ("rejects", "accounting", "notes")
    }
    return Reading(articles, comments, texts, **others)
