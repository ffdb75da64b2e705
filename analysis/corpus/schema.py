"""One schema for every corpus: checks, pseudonyms, duplicates, language; what was kept, and why."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.duplicates import duplicates, floods, marks, near_duplicates
from analysis.corpus.languages import languages
from analysis.corpus.reading import ALONE, SURE, Reading
from analysis.corpus.wording import normal
from analysis.run import Run
from analysis.run.texts import Partitioned, Some, Texts, gathered
from analysis.settings import StudyError, writing

KEY_FILE = "pseudonym.key"
ARTICLE_COLUMNS = ("article_id", "published_at", "title", "text", "n_comments", "source_file", "copyright", "url")
COMMENT_COLUMNS = (
    "comment_id", "article_id", "position", "parent_id", "author", "posted_at", "posted_at_source", "text", "language",
    "duplicate_of", "near_duplicate_of", "boundary_confidence",
)  # fmt: skip
BOUNDARY_COLUMNS = ["comment_id", "source_file", "line", "boundary_confidence"]
WAIT = 20  # looks at a key that is empty yet
LAYOUT = (
    "A thread is a date and the article, then for each comment a line with the reader's name, and its lines; "
    "export a table as .csv, .xlsx, .ods, .json or .parquet."
)


@dataclass(frozen=True)
class Corpus:
    """A checked, pseudonymised corpus."""

    articles: pd.DataFrame  # ARTICLE_COLUMNS of each thread, sorted by article_id
    partitioned: Partitioned  # COMMENT_COLUMNS of each comment, sorted by comment_id; times in UTC
    rejects: pd.DataFrame  # this and the next two as in `Reading`
    accounting: pd.DataFrame
    notes: pd.DataFrame
    boundaries: pd.DataFrame  # BOUNDARY_COLUMNS of the comments whose name line is doubtful
    # word: names of authors that are one word, in lower case; they never become words of a topic, and are in no report
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


def build(reading: Reading, folder: Path, authors: str = "pseudonym", run: Run = Run()) -> Corpus:
    """Check what was read, with the names as written, and make the corpus of it.

    The pseudonym key is in `folder`, the study's; `authors` is "pseudonym" or "keep".
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
    articles = reading.articles.sort_values("article_id", kind="stable", ignore_index=True)
    url = articles["url"].astype("str")
    url = url.where(url.str.match(r"https?://[^\s<>\"]+$", case=False))
    articles = articles.assign(url=url, n_comments=articles["article_id"].map(counts).fillna(0).astype("int64"))
    return Corpus(
        articles=articles[list(ARTICLE_COLUMNS)],
        partitioned=Partitioned(comments[[name for name in COMMENT_COLUMNS if name != "text"]], texts, COMMENT_COLUMNS),
        rejects=reading.rejects,
        accounting=reading.accounting,
        notes=reading.notes,
        boundaries=raw.loc[raw["boundary_confidence"] < SURE, BOUNDARY_COLUMNS].reset_index(drop=True),
        hidden_words=_hidden_words(raw["author"] if authors == "pseudonym" else raw["author"].iloc[:0]),
    )


def _check(reading: Reading, where: str) -> None:
    """Raise where the corpus does not hold together, with the ids at fault."""
    accounting, articles, rows = reading.accounting, reading.articles, reading.rows
    why = ", ".join(reading.rejects["reason"].value_counts().index[:3]) or "no lines"
    off = accounting.query("read != kept + rejected").to_dict("records")
    lost = sorted(set(rows["article_id"].unique()) - set(articles["article_id"]))
    ours = "This is a fault of Threadline: please report it with the file."
    faults = [
        (not len(accounting), "files that match [source] paths", "none", "Correct the paths in study.toml."),
        (not len(articles) + len(rows), "at least one article or comment",
         f"none; files read: {len(accounting)} ({why})", LAYOUT),
        (not len(rows), "at least one comment", f"none; articles read: {len(articles)}", LAYOUT),
        (off, "read = kept + rejected in every file", str(off[:1]), ours),
    ]  # fmt: skip
    for name, ids in (("articles", articles["article_id"]), ("comments", rows["comment_id"])):
        twice = ids[ids.duplicated()].tolist()
        found = f"{len(twice)} ids that occur twice, such as {twice[:1]}"
        faults.append((twice, f"{ids.name} unique in {name}", found, "Name the column that is unique."))
    found = f"{len(lost)} article ids without one, such as {lost[:1]}"
    for wrong, expected, what, remedy in (*faults, (lost, "an article for every comment", found, ours)):
        if wrong:
            raise StudyError(expected=expected, found=what, where=where, remedy=remedy)


def read_key(folder: Path) -> bytes:
    """Read the study's pseudonym key; make it, mode 0600, where there is none."""
    path, remedy = folder / KEY_FILE, "Make the study folder writable, or copy it to where you may write."
    with writing(path, "a folder for the pseudonym key", remedy), suppress(FileExistsError):
        path.touch(0o600, exist_ok=False)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    key = ""
    for wait in range(WAIT):  # another process may have made the file, and be about to write
        time.sleep(0.05 * (wait > 0))
        with suppress(OSError, UnicodeDecodeError):
            key = path.read_text(encoding="ascii").strip()
        if key:
            break
    if len(key) < 32:
        expected, found = "a key of 32 characters or more", f"{len(key)} that can be read"
        remedy = "Put the old key back (or delete the file, and every pseudonym will be another)."
        raise StudyError(expected=expected, found=found, where=str(path), remedy=remedy)
    return key.encode("ascii")


def pseudonym(name: str, key: bytes) -> str:
    """Pseudonym of a name: the same within a study, and not across studies (HMAC-SHA256, 48 bits shown)."""
    digest = hmac.new(key, normal("NFC", name.strip()).encode("utf-8"), hashlib.sha256)
    return f"reader-{digest.hexdigest()[:12]}"


def _authors(names: pd.Series, folder: Path, kept_as: str) -> pd.Series:
    """Names as the settings allow them to be kept; a missing name stays missing."""
    names = names.astype("str")
    if kept_as == "keep":
        return names
    key = read_key(folder)
    return names.map({name: pseudonym(name, key) for name in names.dropna().unique()}).astype("str")


def _hidden_words(names: pd.Series) -> pd.DataFrame:
    """Names that are one word, in lower case: those alone, for a word of a longer name names nobody."""
    known = names.dropna().astype("str").str.strip().str.casefold().unique()
    return pd.DataFrame({"word": sorted(name for name in known if len(name.split()) == 1)}, dtype="str")


def whole_text(articles: pd.DataFrame) -> pd.Series:
    """Title and text of each article, as one text."""
    return (articles["title"].fillna("") + "\n" + articles["text"].fillna("")).str.strip()


def summary(corpus: Corpus) -> pd.DataFrame:
    """What is in the corpus, a line each: quantity, n, share (of the line that `of` names), of."""
    comments, articles, accounting, notes = corpus.rows, corpus.articles, corpus.accounting, corpus.notes
    without_thread = accounting["source_file"].isin(notes.loc[notes["note"] == ALONE, "source_file"])
    alone = int(accounting.loc[without_thread, "kept"].sum())
    by_author = comments["author"].dropna().value_counts()
    loudest, n_doubtful = by_author.head(-(-len(by_author) // 100)), (comments["boundary_confidence"] < SURE).sum()
    flooding = "comments in floods (five or more that are the same or nearly so)"
    rows = [
        ("files read", len(accounting), ""),
        ("lines or rows read", accounting["read"].sum(), ""),
        ("lines or rows rejected", accounting["rejected"].sum(), "lines or rows read"),
        ("articles (threads)", len(articles), ""),
        ("articles without comments", (articles["n_comments"] == 0).sum(), "articles"),
        ("comments", len(comments), ""),
        ("authors", len(by_author), ""),
        ("comments by the most active 1 % of authors", loudest.sum(), "comments"),
        ("comments that repeat an earlier one", comments["duplicate_of"].notna().sum(), "comments"),
        ("comments that nearly repeat an earlier one", comments["near_duplicate_of"].notna().sum(), "comments"),
        (flooding, floods(comments)["n_comments"].sum(), "comments"),
        ("comments with a time of their own", (comments["posted_at_source"] == "comment").sum(), "comments"),
        ("comments without any date", comments["posted_at"].isna().sum(), "comments"),
        *([("comments without a thread", alone, "comments")] if alone else []),
        (f"comments whose boundary is doubtful (confidence below {SURE})", n_doubtful, "comments"),
    ]
    of = {"lines or rows read": accounting["read"].sum(), "articles": len(articles), "comments": len(comments)}
    shares = [(name, int(n), n / max(1, of[whole]) if whole else np.nan, whole) for name, n, whole in rows]
    return pd.DataFrame(shares, columns=["quantity", "n", "share", "of"])


def language_counts(corpus: Corpus) -> pd.DataFrame:
    """Comments per language, most first: language, n_comments, share."""
    counts = corpus.rows["language"].value_counts().rename("n_comments").rename_axis("language").reset_index()
    counts = counts.sort_values(["n_comments", "language"], ascending=[False, True], ignore_index=True)
    return counts.assign(share=counts["n_comments"] / max(1, len(corpus.rows)))
