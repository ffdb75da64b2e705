"""The corpus -> the folder that ConvoKit opens: `convokit.Corpus(filename=FOLDER)`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from analysis.corpus.platforms import ARTICLE_SPEAKER, UNKNOWN_SPEAKER
from analysis.corpus.schema import Corpus
from analysis.settings import StudyError, writing

Progress = Callable[[str, int, int], None]

FILES = ("utterances.jsonl", "speakers.json", "conversations.json", "corpus.json", "index.json")
# What an utterance says besides who, when and what; the last six once they have been modelled.
META = (
    "position",
    "parent_id",
    "posted_at_source",
    "language",
    "duplicate_of",
    "topic",
    "theme",
    "subtopic",
    "topic_agreement",
    "own_topic",
    "sentiment",
)


def write_convokit(
    corpus: Corpus, comments: pd.DataFrame, out: Path, *, title: str, progress: Progress | None = None
) -> Path:
    """Write a corpus in ConvoKit's format, word for word.

    A thread is a conversation; its article is the first utterance, on which comments without a parent reply, so that
    every conversation is one tree. Times are seconds since 1970 in UTC. Speakers are the authors as they are in the
    corpus: pseudonyms, unless the study keeps names.

    Parameters
    ----------
    corpus : Corpus
    comments : DataFrame
        Its comments, with or without topic, theme, subtopic, topic_agreement, own_topic and sentiment.
    out : Path
        The folder to make. One that this function wrote before is replaced.
    title : str
    progress : callable, optional

    Raises
    ------
    StudyError
        If the folder holds something else, or cannot be written.

    References
    ----------
    Chang et al. (2020), ConvoKit: a toolkit for the analysis of conversations. SIGDIAL.
    """
    others = sorted({path.name for path in out.iterdir()} - set(FILES)) if out.is_dir() else []
    if out.is_file() or others:
        raise StudyError(
            expected="a new folder, or one that this command wrote",
            found=f"a folder with {others[0]!r} in it" if others else "a file",
            where=str(out),
            remedy="Name another with --out.",
        )
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True) as folder:
            work = Path(folder) / out.name
            work.mkdir()
            _write(work, corpus, comments, title, progress)
            if out.exists():
                shutil.rmtree(out)
            work.replace(out)
    return out


def _write(work: Path, corpus: Corpus, comments: pd.DataFrame, title: str, progress: Progress | None) -> None:
    """Write the five files."""
    meta = [name for name in META if name in comments]
    n = len(comments) + len(corpus.articles)
    with (work / "utterances.jsonl").open("w", encoding="utf-8") as file:
        for done, utterance in enumerate(_utterances(corpus.articles, comments, meta)):
            file.write(json.dumps(utterance, ensure_ascii=False) + "\n")
            if progress and done % 5000 == 0:
                progress("writing utterances", done, n)
    text, kinds = [str(str)], {name: comments[name].dropna().head(1).tolist() or [""] for name in meta}
    for name, value in {
        "speakers": {
            speaker: {"meta": {}, "vectors": []}
            for speaker in (UNKNOWN_SPEAKER, ARTICLE_SPEAKER, *sorted(comments["author"].dropna().unique()))
        },
        "conversations": {
            row.article_id: {
                "meta": {
                    "title": _plain(row.title),
                    "published_at": None if pd.isna(row.published_at) else row.published_at.isoformat(),
                    "n_comments": row.n_comments,
                },
                "vectors": [],
            }
            for row in corpus.articles.itertuples()
        },
        "corpus": {"title": title, "made_with": "Threadline"},
        "index": {
            "utterances-index": {"article": [str(bool)], **{key: [str(type(one[0]))] for key, one in kinds.items()}},
            "speakers-index": {},
            "conversations-index": {"title": text, "published_at": text, "n_comments": [str(int)]},
            "overall-index": {"title": text, "made_with": text},
            "version": 1,
            "vectors": [],
        },
    }.items():
        (work / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def _utterances(articles: pd.DataFrame, comments: pd.DataFrame, meta: list[str]) -> Iterator[dict[str, object]]:
    """Each article, and after it its comments in their order."""

    def utterance(
        key: str, thread: str, speaker: str, at: pd.Timestamp, text: object, parent: object, said: dict[str, object]
    ) -> dict[str, object]:
        return {
            "id": key,
            "conversation_id": thread,
            "text": _plain(text) or "",
            "speaker": speaker,
            "meta": said,
            "reply-to": parent,
            "timestamp": None if pd.isna(at) else at.timestamp(),
            "vectors": [],
        }

    ids = set(comments["comment_id"])
    by_thread = comments.sort_values(["article_id", "position"], kind="stable").groupby("article_id", sort=False)
    groups = dict(iter(by_thread))
    for article in articles.itertuples():
        thread = article.article_id
        said = {"article": True, **dict.fromkeys(meta)}
        yield utterance(thread, thread, ARTICLE_SPEAKER, article.published_at, article.text, None, said)
        for row in groups[thread].itertuples() if thread in groups else ():
            parent = row.parent_id if row.parent_id in ids else thread
            speaker = UNKNOWN_SPEAKER if pd.isna(row.author) else row.author
            said = {"article": False, **{name: _plain(getattr(row, name)) for name in meta}}
            yield utterance(row.comment_id, thread, speaker, row.posted_at, row.text, parent, said)


def _plain(value: object) -> object:
    """A value as JSON has it; a missing one is null."""
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    return value.item() if hasattr(value, "item") else value
