"""Exports of known tools: how each is recognised, and which of its columns is which of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape

from analysis.corpus.formats import Row, lookup

# What stands where a comment was: it is none.
REMOVED = frozenset({"[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]"})
ARTICLE_SPEAKER, UNKNOWN_SPEAKER = "[article]", "[unknown]"  # in what analysis/corpus/convokit.py writes
BREAK = re.compile(r"<(?:br|/p|/div|/li|/blockquote)\b[^<>]{0,200}>", re.IGNORECASE)
TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")


@dataclass(frozen=True)
class Dialect:
    """The export of one tool.

    Attributes
    ----------
    name : str
        As `[source] format` names it.
    title : str
        What it is, for people.
    needs : tuple of str
        Columns by which it is recognised: all of them are there.
    columns : mapping
        Our column = theirs, of comments; "a.b" is b in the object a.
    articles : mapping
        The same, of its table of articles, if it has one; recognised by `article_needs`.
    article_needs : tuple of str
    zone : str
        Zone of its times that state none; "" is the study's.
    markup : bool
        Whether its texts are HTML.
    prefixes : tuple of str
        What its ids begin with to say what they are ids of.
    unfold : callable, optional
        From a row to the comments and articles in it: (is an article, row).
    mend : callable, optional
        From a comment in our columns to the same, what only this tool does being undone.
    refuse : callable, optional
        From a row to the reason why it is no comment, or "".
    """

    name: str
    title: str
    needs: tuple[str, ...]
    columns: Mapping[str, str]
    articles: Mapping[str, str] = field(default_factory=dict)
    article_needs: tuple[str, ...] = ()
    zone: str = ""
    markup: bool = False
    prefixes: tuple[str, ...] = ()
    unfold: Callable[[Row], Iterator[tuple[bool, Row]]] | None = None
    mend: Callable[[dict[str, object]], dict[str, object]] | None = None
    refuse: Callable[[Row], str] | None = None


def plain(text: str) -> str:
    """The text of HTML: tags gone, entities read. What looked like markup once they are read stays as it is, text."""
    if "<" in text:
        text = TAG.sub("", BREAK.sub("\n", text))
    return unescape(text) if "&" in text else text


def _threads(row: Row) -> Iterator[tuple[bool, Row]]:
    """YouTube: a comment thread's top comment and the replies that came with it."""
    top = lookup(row, "snippet.topLevelComment")
    if not isinstance(top, Mapping):
        yield False, row  # a single comment, of the other call of its API
        return
    video = lookup(row, "snippet.videoId")
    replies = lookup(row, "replies.comments")
    for comment in [top, *(replies if isinstance(replies, Sequence) and not isinstance(replies, str) else [])]:
        if isinstance(comment, Mapping):
            snippet = comment.get("snippet")
            yield False, {**comment, "snippet": {"videoId": video, **(snippet if isinstance(snippet, Mapping) else {})}}


def _youtube(comment: dict[str, object]) -> dict[str, object]:
    """Prefer the text as written to the one for display, which is HTML."""
    written = comment.pop("written", None)
    return {**comment, "text": written if isinstance(written, str) else plain(str(comment.get("text") or ""))}


def _posts(row: Row) -> Iterator[tuple[bool, Row]]:
    """Disqus: posts are comments, threads are articles; categories are neither."""
    if row.get("tag") != "category":
        yield row.get("tag") == "thread", row


def _disqus_refuses(row: Row) -> str:
    if row.get("tag") != "post":
        return "no comment"
    if str(row.get("isDeleted")).lower() == "true":
        return "deleted at the source"
    return "marked as spam" if str(row.get("isSpam")).lower() == "true" else ""


def _parent_in_counter(comment: dict[str, object]) -> dict[str, object]:
    """SOCC: the counter is source_article_place_place…: without its last place it is the parent's."""
    parts = str(comment.get("comment_id") or "").split("_")
    return {**comment, "parent_id": "_".join(parts[:-1]) if len(parts) > 3 else None}


def _utterances(row: Row) -> Iterator[tuple[bool, Row]]:
    """ConvoKit: an utterance that says so is the article on which the others comment."""
    yield lookup(row, "meta.article") is True, row


def _known_speaker(comment: dict[str, object]) -> dict[str, object]:
    return {**comment, "author": None if comment.get("author") == UNKNOWN_SPEAKER else comment.get("author")}


def _no_zero(comment: dict[str, object]) -> dict[str, object]:
    """NYT: a comment on the article itself has the parent 0."""
    zero = str(comment.get("parent_id") or "").strip() in ("0", "0.0")
    return {**comment, "parent_id": None if zero else comment.get("parent_id")}


DIALECTS = (
    Dialect(
        "4cat",
        "a 4CAT export",
        ("id", "thread_id", "timestamp", "body", "author"),
        {"comment_id": "id", "article_id": "thread_id", "author": "author", "posted_at": "timestamp", "text": "body"},
        zone="UTC",
    ),
    Dialect(
        "reddit",
        "a Reddit dump of comments",
        ("body", "link_id", "author", "created_utc"),
        {
            "comment_id": "id",
            "article_id": "link_id",
            "parent_id": "parent_id",
            "author": "author",
            "posted_at": "created_utc",
            "text": "body",
        },
        {"article_id": "id", "published_at": "created_utc", "title": "title", "text": "selftext"},
        ("selftext", "title", "created_utc", "id"),
        zone="UTC",
        prefixes=("t1_", "t3_"),
        mend=lambda comment: {**comment, "text": unescape(str(comment.get("text") or ""))},
    ),
    Dialect(
        "convokit",
        "ConvoKit's utterances",
        ("id", "text", "speaker", "timestamp"),
        {
            "comment_id": "id",
            "article_id": "conversation_id",
            "parent_id": "reply-to",
            "author": "speaker",
            "posted_at": "timestamp",
            "text": "text",
        },
        {"article_id": "id", "published_at": "timestamp", "title": "meta.title", "text": "text"},
        zone="UTC",
        unfold=_utterances,
        mend=_known_speaker,
    ),
    Dialect(
        "youtube",
        "comments of the YouTube Data API",
        ("id", "snippet"),
        {
            "comment_id": "id",
            "article_id": "snippet.videoId",
            "parent_id": "snippet.parentId",
            "author": "snippet.authorDisplayName",
            "posted_at": "snippet.publishedAt",
            "text": "snippet.textDisplay",
            "written": "snippet.textOriginal",
        },
        zone="UTC",
        unfold=_threads,
        mend=_youtube,
    ),
    Dialect(
        "disqus",
        "a Disqus export",
        ("tag", "id", "createdAt"),
        {
            "comment_id": "id",
            "article_id": "thread.id",
            "parent_id": "parent.id",
            "author": "author.name",
            "posted_at": "createdAt",
            "text": "message",
        },
        {"article_id": "id", "published_at": "createdAt", "title": "title", "text": "message"},
        zone="UTC",
        markup=True,
        unfold=_posts,
        refuse=_disqus_refuses,
    ),
    Dialect(
        "socc",
        "the SFU Opinion and Comments Corpus",
        ("article_id", "comment_counter", "comment_text"),
        {
            "comment_id": "comment_counter",
            "article_id": "article_id",
            "author": "comment_author",
            "posted_at": "timestamp",
            "text": "comment_text",
        },
        {"article_id": "article_id", "published_at": "published_date", "title": "title", "text": "article_text"},
        ("article_id", "article_text", "published_date"),
        markup=True,
        mend=_parent_in_counter,
    ),
    Dialect(
        "nyt",
        "a table of New York Times comments",
        ("commentID", "commentBody", "articleID", "createDate"),
        {
            "comment_id": "commentID",
            "article_id": "articleID",
            "parent_id": "parentID",
            "author": "userDisplayName",
            "posted_at": "createDate",
            "text": "commentBody",
        },
        {"article_id": "articleID", "published_at": "pubDate", "title": "headline", "text": "snippet"},
        ("articleID", "headline", "pubDate"),
        markup=True,
        mend=_no_zero,
    ),
    # Communalytic's columns differ by platform and have changed; these are of its Reddit and YouTube collectors.
    Dialect(
        "communalytic",
        "a Communalytic export",
        ("id", "author", "date", "message"),
        {"comment_id": "id", "article_id": "thread_id", "parent_id": "parent_id", "author": "author",
         "posted_at": "date", "text": "message"},
        zone="UTC",
    ),
)  # fmt: skip
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
# Names that older versions of a tool gave to a column.
OTHERWISE = {
    "reply-to": ("reply_to",),
    "conversation_id": ("root",),
    "speaker": ("user",),
    "comment_author": ("author",),
    "thread_id": ("link_id", "video_id"),
}


def recognise_dialect(columns: Iterable[str]) -> tuple[Dialect, bool] | None:
    """Which tool's export has these columns, and whether it is its table of articles; None if none that is known."""
    there = set(columns)
    for dialect in DIALECTS:
        if all(any(n in there for n in (name, *OTHERWISE.get(name, ()))) for name in dialect.needs):
            return dialect, False
        if dialect.article_needs and there.issuperset(dialect.article_needs):
            return dialect, True
    return None


def mapping(dialect: Dialect, columns: Iterable[str], articles: bool = False) -> dict[str, str]:
    """Our column = theirs, those of a dialect's that are there, under the names that they have there."""
    there = set(columns)
    found = {}
    for ours, theirs in (dialect.articles if articles else dialect.columns).items():
        name = next((n for n in (theirs, *OTHERWISE.get(theirs, ())) if n in there or "." in n), None)
        if name is not None:
            found[ours] = name
    return found
