"""Plain-text thread files -> articles, comments, rejects: every line is in a table or has a reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.dates import take_date
from analysis.corpus.decoding import START, Decoding, Draft, Vocabulary, decode, draft
from analysis.corpus.encodings import is_text, read_lines
from analysis.run import Run
from analysis.run.texts import Gathering, Some
from analysis.settings import StudyError

Progress = Callable[[str, int, int], None]

# What begins a copyright sentence, which goes on to the end of its line.
COPYRIGHT = re.compile(
    r"©|\(c\)\s{0,2}(?:copyright\b|\d{4})|\bcopyright\s{0,2}(?:©|\(c\))?\s{0,2}\d{4}|\ball rights reserved"
    r"|\balle rechte vorbehalten|\btous droits réservés|\btodos los derechos reservados|\btodos os direitos reservados"
    r"|\btutti i diritti riservati|\bwszelkie prawa zastrzeżone|\bвсе права защищены|無断転載|版权所有|版權所有",
    re.IGNORECASE,
)
CERTAIN = re.compile(r"(?:©|copyright|\(c\)).{0,40}\d{4}", re.IGNORECASE)  # more than a mention of copyright
# Cheap to look for: where none of these stands, COPYRIGHT need not be searched for. The others only if the first do not.
STEMS = ("©", "(c)", "(C)", "opyright", "OPYRIGHT")
OTHER_STEMS = tuple(form for stem in ("eserved", "orbehalten", "éservés", "eservados", "iservati", "astrzeżone", "ащищены",
                    "転載", "版权", "版權") for form in dict.fromkeys((stem, stem.upper())))  # fmt: skip
SENTENCE = 400  # letters of the longest copyright sentence
DIVIDES = 6.0  # log weight of the comments' beginning right after a line that may end in a copyright sentence
COMMENT_COLUMNS = ("comment_id", "article_id", "position", "parent_id", "author", "posted_at", "posted_at_source", "text",
                   "boundary_confidence", "source_file", "line")  # fmt: skip
ARTICLE_COLUMNS = ("article_id", "published_at", "title", "text", "copyright", "source_file")
REJECT_COLUMNS = ("source_file", "line", "reason", "n_chars")
ACCOUNTING_COLUMNS = ("source_file", "read", "kept", "rejected")
NOTE_COLUMNS = ("source_file", "line", "note")


@dataclass(frozen=True)
class Reading:
    """What a reader of any format gives.

    Attributes
    ----------
    articles : DataFrame
        article_id, published_at (datetime64[us, UTC], NaT if unknown), title (or NA), text (paragraphs joined by a newline),
        copyright (or NA), source_file.
    rows : DataFrame
        The comments without their texts: comment_id, article_id, position (1 = first), parent_id (or NA), author (as
        written), posted_at (UTC), posted_at_source ("comment" or "article"), boundary_confidence (probability in
        [0, 1] that the comment begins and ends where it is said to; NaN where nothing had to be decoded), source_file,
        line (1 = first).
    texts : Some
        The text of each, its lines joined by a newline.
    rejects : DataFrame
        source_file, line, reason, n_chars: every line or row that is in no other table.
    accounting : DataFrame
        source_file, read, kept, rejected, in lines or rows; read = kept + rejected.
    notes : DataFrame
        source_file, line (0: the whole file), note: what a person should look at and what is not a loss.
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
        texts = pd.Series(list(self.texts), index=self.rows.index, dtype="str")
        return self.rows.assign(text=texts)[list(COMMENT_COLUMNS)]


@dataclass
class _File:
    """One file between the two passes: numbers, not texts."""

    path: Path
    source: str
    digest: str
    is_text: bool
    same_as: str = ""
    notices: dict[int, int] = field(default_factory=dict)
    first: int = 0
    draft: Draft | None = None


@dataclass(frozen=True)
class _Layout:
    """What is certain of a file's lines before they are decoded."""

    notices: dict[int, int]  # where a copyright sentence may begin: index of the line -> letter
    first: int  # from which filled line on there is something to decode
    to_decode: list[str]
    start: np.ndarray  # as in Draft


@dataclass
class _Rows:
    """Rows of the five tables, as they come; the comments' texts apart."""

    texts: Gathering
    articles: list[tuple] = field(default_factory=list)
    comments: list[tuple] = field(default_factory=list)
    rejects: list[tuple] = field(default_factory=list)
    accounting: list[tuple] = field(default_factory=list)
    notes: list[tuple] = field(default_factory=list)


def article_id(date: str, paragraphs: Sequence[str]) -> str:
    """Return the id of an article: 12 hexadecimal digits that depend on what it says and on nothing else.

    Parameters
    ----------
    date : str
        "YYYY-MM-DD", or "" if unknown.
    paragraphs : sequence of str
        Stripped, without the copyright sentence.
    """
    return hashlib.sha256("\n".join([date, *paragraphs]).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_threads(
    paths: Sequence[Path],
    *,
    root: Path,
    timezone: str,
    known_authors: Collection[str] = (),
    run: Run = Run(),
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
    files = _open_files(paths, root)
    vocabulary = Vocabulary()
    for i, file in enumerate(files):  # first pass: what the lines look like, and what the study knows
        if file.is_text and not file.same_as:
            layout = _lay_out(read_lines(_read(file.path)).texts)
            file.notices, file.first = layout.notices, layout.first
            if layout.to_decode:
                file.draft = draft(layout.to_decode, layout.start, vocabulary)
        run.tell("looking at lines", i + 1, len(files))
    drafted = [file for file in files if file.draft is not None]
    decoded = decode([file.draft for file in drafted if file.draft], vocabulary, known_authors)
    decodings = {file.digest: found for file, found in zip(drafted, decoded, strict=True)}
    rows, used = _Rows(Gathering(run.scratch)), {}
    for i, file in enumerate(files):  # second pass: the texts
        _add(file, decodings.get(file.digest), rows, used, timezone)
        run.tell("reading threads", i + 1, len(files))
    return _tables(rows)


def _open_files(paths: Sequence[Path], root: Path) -> list[_File]:
    """Digest all files, sort them by content, and find those that are the same."""
    files = []
    base = root.absolute()
    for path in sorted({p.absolute() for p in map(Path, paths)}):
        raw = _read(path)
        source = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
        files.append(_File(path, source, hashlib.sha256(raw).hexdigest(), is_text(raw)))
    files.sort(key=lambda file: (file.digest, file.source))
    for before, file in zip(files, files[1:], strict=False):
        if file.digest == before.digest and file.is_text:
            file.same_as = before.same_as or before.source
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


def _lay_out(texts: list[str]) -> _Layout:
    """Find the lines that are not empty, and where the copyright sentence may be."""
    filled = [i for i, line in enumerate(texts) if line]
    notices = {}
    whole = "\n".join(texts)
    mentions = {i for stem in STEMS for i in _lines_with(stem, whole)}
    for i in sorted(mentions or {i for stem in OTHER_STEMS for i in _lines_with(stem, whole)}):
        tail = texts[i][-SENTENCE:]
        if match := COPYRIGHT.search(tail):
            notices[i] = len(texts[i]) - len(tail) + match.start()
    places = [k for k, i in enumerate(filled) if i in notices]
    if len(places) == 1 and CERTAIN.match(texts[filled[places[0]]], notices[filled[places[0]]]):
        first = places[0] + 1
        start = np.zeros(len(filled) - first)
        start[:1] = np.inf
    else:
        first = 0
        start = np.full(len(filled), START)
        start[[k + 1 for k in places if k + 1 < len(filled)]] += DIVIDES
    return _Layout(notices, first, [texts[i] for i in filled[first:]], start)


def _lines_with(stem: str, text: str) -> list[int]:
    """Indices of the lines of a text in which a string stands."""
    found, at, line, before = [], text.find(stem), 0, 0
    while at >= 0:
        line, before = line + text.count("\n", before, at), at
        found.append(line)
        end = text.find("\n", at)
        at = text.find(stem, end) if end >= 0 else -1
    return found


def _add(file: _File, decoding: Decoding | None, rows: _Rows, used: dict[str, int], timezone: str) -> None:
    """Put every line of a file into a table."""
    if not file.is_text:
        rows.rejects.append((file.source, 0, "not text", file.path.stat().st_size))
        rows.accounting.append((file.source, 1, 0, 1))
        return
    lines = read_lines(_read(file.path))
    texts = lines.texts
    rows.notes += [(file.source, number, note) for number, note in lines.notes]
    if file.same_as:
        rows.rejects += [(file.source, i + 1, f"same content as {file.same_as}", len(x)) for i, x in enumerate(texts)]
        rows.accounting.append((file.source, len(texts), 0, len(texts)))
        return
    rejects = [(file.source, i + 1, "empty line", 0) for i, line in enumerate(texts) if not line]
    filled = [i for i, line in enumerate(texts) if line]
    names = (decoding.names + file.first).tolist() if decoding is not None else []
    if not names and file.first and file.first < len(filled):
        rejects += [(file.source, i + 1, "a name without a comment", len(texts[i])) for i in filled[file.first :]]
    end = names[0] if names else file.first or len(filled)
    if filled:
        article = filled[:end]
        notices = [file.notices.get(i) for i in article]
        instant, identity = _add_article(file, [texts[i] for i in article], notices, article[0], rows, used, timezone)
        if not names:
            rows.notes.append((file.source, 0, "no comments"))
    else:
        rows.notes.append((file.source, 0, "no text"))
    for position, (at, after) in enumerate(zip(names, [*names[1:], len(filled)], strict=False), 1):
        rows.comments.append((
            f"{identity}-{position:04d}", identity, position, None, texts[filled[at]], instant, "article",
            float(decoding.confidence[position - 1]), file.source, filled[at] + 1,
        ))  # fmt: skip
        rows.texts.extend(["\n".join(texts[i] for i in filled[at + 1 : after])])
    rows.rejects += rejects
    rows.accounting.append((file.source, len(texts), len(texts) - len(rejects), len(rejects)))


def _add_article(
    file: _File, lines: list[str], notices: list[int | None], number: int, rows: _Rows, used: dict[str, int], timezone: str
) -> tuple[object, str]:
    """Put the article into its table; return its instant and its id."""
    sentences: list[str] = []
    for at in reversed(notices):  # the notice, and what may stand on lines of its own after it
        if at is None:
            break
        whole, lines = lines[-1], lines[:-1]
        sentences.insert(0, whole[at:].strip())
        if whole[:at].strip():
            lines = [*lines, whole[:at].strip()]
            break
    dated = take_date(lines[0] if lines else "", timezone)
    if dated.note:
        rows.notes.append((file.source, number + 1, dated.note))
    paragraphs = [line for line in (dated.rest, *lines[1:]) if line]
    identity = article_id(dated.day, paragraphs)
    used[identity] = used.get(identity, 0) + 1
    if used[identity] > 1:
        identity = f"{identity}-{used[identity]}"
    rows.articles.append((identity, dated.instant, None, "\n".join(paragraphs), " ".join(sentences) or None, file.source))
    return dated.instant, identity


def _tables(rows: _Rows) -> Reading:
    """Make the tables, sorted, each column of its type."""
    articles = pd.DataFrame(rows.articles, columns=ARTICLE_COLUMNS).sort_values("article_id", ignore_index=True)
    comments = pd.DataFrame(rows.comments, columns=[name for name in COMMENT_COLUMNS if name != "text"])
    comments = comments.sort_values(["article_id", "position"])
    texts = Some(rows.texts.texts(), comments.index.to_numpy("int64"))
    comments = comments.reset_index(drop=True)
    comments["boundary_confidence"] = comments["boundary_confidence"].astype("float64").round(4)
    for table, column in ((articles, "published_at"), (comments, "posted_at")):
        table[column] = pd.to_datetime(table[column], utc=True).dt.as_unit("us")
    integers = {"position": comments, "line": comments}
    others = []
    for columns, content in ((REJECT_COLUMNS, rows.rejects), (ACCOUNTING_COLUMNS, rows.accounting), (NOTE_COLUMNS, rows.notes)):
        others.append(pd.DataFrame(sorted(content), columns=columns))
    for name, table in integers.items():
        table[name] = table[name].astype("int64")
    return Reading(articles, comments, texts, *others)
