"""One schema for every corpus: checks, pseudonyms, duplicates, language; what was kept, and why."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.duplicates import duplicates, floods, marks, near_duplicates
from analysis.corpus.languages import languages
from analysis.corpus.threads import Reading
from analysis.run import Run
from analysis.run.texts import Partitioned, Some, Texts, gathered
from analysis.settings import StudyError

KEY_FILE = "pseudonym.key"
ARTICLE_COLUMNS = ("article_id", "published_at", "title", "text", "n_comments", "source_file", "copyright")
COMMENT_COLUMNS = (
    "comment_id",
    "article_id",
    "position",
    "parent_id",
    "author",
    "posted_at",
    "posted_at_source",
    "text",
    "language",
    "duplicate_of",
    "near_duplicate_of",
    "boundary_confidence",
)
BOUNDARY_COLUMNS = ["comment_id", "source_file", "line", "boundary_confidence"]
SURE = 0.9  # a boundary of less confidence is for a person to look at


@dataclass(frozen=True)
class Corpus:
    """A checked, pseudonymised corpus.

    Attributes
    ----------
    articles : DataFrame
        One row per thread, sorted by article_id; columns ARTICLE_COLUMNS.
    partitioned : Partitioned
        One row per comment, sorted by comment_id; columns COMMENT_COLUMNS; times in UTC.
    rejects : DataFrame
        source_file, line, reason, n_chars: every input line or row that is in no other table.
    accounting : DataFrame
        source_file, read, kept, rejected.
    notes : DataFrame
        source_file, line, note: what was kept and a person should look at.
    boundaries : DataFrame
        comment_id, source_file, line, boundary_confidence of the comments whose name line is doubtful.
    hidden_words : DataFrame
        word: names of authors that are one word, in lower case; they never become words of a topic. Kept with
        the study's other results, and in no report.
    """

    articles: pd.DataFrame
    partitioned: Partitioned
    rejects: pd.DataFrame
    accounting: pd.DataFrame
    notes: pd.DataFrame
    boundaries: pd.DataFrame
    hidden_words: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """The comments without their texts."""
        return self.partitioned.rows

    @property
    def texts(self) -> Texts:
        """The comments' texts, in the order of the rows, read where they are asked for."""
        return self.partitioned.texts

    @cached_property
    def comments(self) -> pd.DataFrame:
        """The comments with their texts, all in memory: for people, and for what is done on few comments."""
        return self.partitioned.whole()


def build(
    reading: Reading,
    folder: Path,
    authors: str = "pseudonym",
    run: Run = Run(),
) -> Corpus:
    """Check what was read, and make the corpus of it.

    Parameters
    ----------
    reading : Reading
        What a reader gave, with the authors' names as written.
    folder : Path
        Of the study, where the pseudonym key is.
    authors : str
        "pseudonym" or "keep".
    run : Run

    Returns
    -------
    Corpus

    Raises
    ------
    StudyError
        If an id occurs twice, a comment has no article, a line is unaccounted for, or nothing was read.
    """
    _check(reading, str(folder))
    order = reading.rows["comment_id"].reset_index(drop=True).sort_values(kind="stable").index.to_numpy("int64")
    raw = reading.rows.iloc[order].reset_index(drop=True)
    texts = gathered([Some(reading.texts.texts, reading.texts.rows[order])], run.scratch)
    seen = marks(texts, run)
    comments = raw.assign(
        author=_authors(raw["author"], folder, authors),
        language=languages(texts, run),
        duplicate_of=duplicates(raw, seen),
    )
    comments["near_duplicate_of"] = near_duplicates(comments, seen, texts)
    counts = comments.groupby("article_id").size()
    articles = reading.articles.sort_values("article_id", kind="stable").reset_index(drop=True)
    articles = articles.assign(n_comments=articles["article_id"].map(counts).fillna(0).astype("int64"))
    return Corpus(
        articles=articles[list(ARTICLE_COLUMNS)],
        partitioned=Partitioned(comments[[name for name in COMMENT_COLUMNS if name != "text"]], texts, COMMENT_COLUMNS),
        rejects=reading.rejects,
        accounting=reading.accounting,
        notes=reading.notes,
        boundaries=raw.loc[raw["boundary_confidence"] < SURE, BOUNDARY_COLUMNS].reset_index(drop=True),
        hidden_words=_hidden_words(raw["author"], authors),
    )


def _check(reading: Reading, where: str) -> None:
    """Raise where the corpus does not hold together, with the ids at fault."""
    if reading.accounting.empty:
        raise StudyError(
            expected="files that match [source] paths",
            found="none",
            where=where,
            remedy="Correct the paths in study.toml.",
        )
    if reading.articles.empty and reading.rows.empty:
        why = reading.rejects["reason"].value_counts().index
        raise StudyError(
            expected="at least one article or comment",
            found=f"none; files read: {len(reading.accounting)} ({', '.join(why[:3]) or 'no lines'})",
            where=where,
            remedy="See README, “Your own corpus”, for the layout of a thread file.",
        )
    if reading.rows.empty:
        raise StudyError(
            expected="at least one comment",
            found=f"none; articles read: {len(reading.articles)}",
            where=where,
            remedy="A comment is a line with the reader's name, then the lines of the comment.",
        )
    off = reading.accounting.query("read != kept + rejected")
    if len(off):
        raise StudyError(
            expected="read = kept + rejected in every file",
            found=off.iloc[0].to_dict().__repr__(),
            where=where,
            remedy="This is a fault of Threadline: please report it with the file.",
        )
    for name, table, column in (
        ("articles", reading.articles, "article_id"),
        ("comments", reading.rows, "comment_id"),
    ):
        twice = table[column][table[column].duplicated()]
        if len(twice):
            raise StudyError(
                expected=f"{column} unique in {name}",
                found=f"{len(twice)} ids that occur twice, such as {twice.iloc[0]!r}",
                where=where,
                remedy="Name the column that is unique.",
            )
    lost = sorted(set(reading.rows["article_id"].unique()) - set(reading.articles["article_id"]))
    if lost:
        raise StudyError(
            expected="an article for every comment",
            found=f"{len(lost)} article ids without one, such as {lost[0]!r}",
            where=where,
            remedy="This is a fault of Threadline: please report it with the file.",
        )


# ---------------------------------------------------------------------------------------------- authors


def read_key(folder: Path) -> bytes:
    """Read the study's pseudonym key; make it, mode 0600, where there is none.

    Raises
    ------
    StudyError
        If it can be neither read nor made, or is too short to protect a name.
    """
    path = folder / KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise StudyError(
            expected="a folder in which the pseudonym key can be kept",
            found=error.strerror or "an error",
            where=str(path),
            remedy="Make the study folder writable, or copy it to where you may write.",
        ) from None
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if len(key) < 32:
        raise StudyError(
            expected="a key of 32 characters or more",
            found=f"{len(key)} that can be read",
            where=str(path),
            remedy="Put the old key back (or delete the file, and every pseudonym will be another).",
        )
    return key.encode("ascii")


def pseudonym(name: str, key: bytes) -> str:
    """Pseudonym of a name: the same within a study, and not across studies (HMAC-SHA256, 48 bits shown)."""
    digest = hmac.new(key, unicodedata.normalize("NFC", name.strip()).encode("utf-8"), hashlib.sha256)
    return f"reader-{digest.hexdigest()[:12]}"


def _authors(names: pd.Series, folder: Path, kept_as: str) -> pd.Series:
    """Names as the settings allow them to be kept; a missing name stays missing."""
    names = names.astype("str")
    if kept_as == "keep":
        return names
    key = read_key(folder)
    return names.map({name: pseudonym(name, key) for name in names.dropna().unique()}).astype("str")


def _hidden_words(names: pd.Series, kept_as: str) -> pd.DataFrame:
    """Names that are one word, in lower case: those alone, for a word of a longer name names nobody."""
    one_word = names.dropna().astype("str").str.strip().str.casefold()
    if kept_as == "keep":
        one_word = one_word.iloc[:0]
    return pd.DataFrame(
        {"word": sorted({name for name in one_word if name and not any(map(str.isspace, name))})}
    ).astype("str")


def whole_text(articles: pd.DataFrame) -> pd.Series:
    """Title and text of each article, as one text."""
    return (articles["title"].fillna("") + "\n" + articles["text"].fillna("")).str.strip()


# ------------------------------------------------------------------------------------- what is in it


def summary(corpus: Corpus) -> pd.DataFrame:
    """What is in the corpus, a line each: quantity, n, share (of the line that `of` names), of."""
    comments, articles, accounting = corpus.rows, corpus.articles, corpus.accounting
    n = len(comments)
    by_author = comments["author"].dropna().value_counts()
    top = int(np.ceil(len(by_author) / 100))
    flooded = int(floods(comments)["n_comments"].sum())
    doubtful = int((comments["boundary_confidence"] < SURE).sum())
    rows: list[tuple[str, int, float, str]] = [
        ("files read", len(accounting), np.nan, ""),
        ("lines or rows read", int(accounting["read"].sum()), np.nan, ""),
        ("lines or rows rejected", int(accounting["rejected"].sum()), int(accounting["rejected"].sum())
         / max(1, int(accounting["read"].sum())), "lines or rows read"),
        ("articles (threads)", len(articles), np.nan, ""),
        ("articles without comments", int((articles["n_comments"] == 0).sum()),
         float((articles["n_comments"] == 0).mean()) if len(articles) else np.nan, "articles"),
        ("comments", n, np.nan, ""),
        ("authors", len(by_author), np.nan, ""),
        ("comments by the most active 1 % of authors", int(by_author.head(top).sum()),
         by_author.head(top).sum() / max(1, n), "comments"),
        ("comments that repeat an earlier one", int(comments["duplicate_of"].notna().sum()),
         float(comments["duplicate_of"].notna().mean()), "comments"),
        ("comments that nearly repeat an earlier one", int(comments["near_duplicate_of"].notna().sum()),
         float(comments["near_duplicate_of"].notna().mean()), "comments"),
        ("comments in floods (five or more that are the same or nearly so)", flooded, flooded / max(1, n), "comments"),
        ("comments with a time of their own", int((comments["posted_at_source"] == "comment").sum()),
         float((comments["posted_at_source"] == "comment").mean()), "comments"),
        ("comments without any date", int(comments["posted_at"].isna().sum()),
         float(comments["posted_at"].isna().mean()), "comments"),
        ("comments whose boundary is doubtful (confidence below 0.9)", doubtful, doubtful / max(1, n), "comments"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["quantity", "n", "share", "of"])


def language_counts(corpus: Corpus) -> pd.DataFrame:
    """Comments per language, most first: language, n_comments, share."""
    counts = corpus.rows["language"].value_counts().rename("n_comments").rename_axis("language").reset_index()
    counts = counts.sort_values(["n_comments", "language"], ascending=[False, True], ignore_index=True)
    return counts.assign(share=counts["n_comments"] / max(1, len(corpus.rows)))
