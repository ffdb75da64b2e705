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
from analysis.settings import StudyError

Progress = Callable[[str, int, int], None]

FILES = ("utterances.jsonl", "speakers.json", "conversations.json", "corpus.json", "index.json")
# What an utterance says besides who, when and what; the last three once they have been modelled.
META = (
    "position",
    "parent_id",
    "posted_at_source",
    "language",
    "duplicate_of",
    "topic",
    "topic_agreement",
    "sentiment",
)


def write_convokit(
    corpus: Corpus, comments: pd.DataFrame, out: Path, *, title: str, progress: Progress | None = None
) -> Path:
    """Write a corpus in ConvoKit's format.

    Parameters
    ----------
    corpus : Corpus
    comments : DataFrame
        Its comments, with or without topic, topic_agreement and sentiment.
    out : Path
        The folder to make. One that this function wrote before is replaced.
    title : str
    progress : callable, optional

    Returns
    -------
    Path
        The folder. A thread is a conversation; its article is the first utterance, on which comments without a parent
        reply, so that every conversation is one tree. Times are seconds since 1970 in UTC. Speakers are the authors
        as they are in the corpus: pseudonyms, unless the study keeps names. The texts are in it, word for word.

    Raises
    ------
    StudyError
        If the folder holds something else, or cannot be written.

    References
    ----------
    Chang et al. (2020), ConvoKit: a toolkit for the analysis of conversations. SIGDIAL.
    """
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if out.exists() and not (out.is_dir() and names <= set(FILES)):
        raise StudyError(
            expected="a new folder, or one that this command wrote",
            found="a file" if out.is_file() else f"a folder with {sorted(names - set(FILES))[0]!r} in it",
            where=str(out),
            remedy="Name another with --out.",
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            _write(work, corpus, comments, title, progress)
            work.chmod(0o755)
            if out.exists():
                shutil.rmtree(out)
            work.replace(out)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise StudyError(
            expected="a folder that can be written",
            found=error.strerror or str(error),
            where=str(out),
            remedy="Name another with --out.",
        ) from None
    return out


def _write(work: Path, corpus: Corpus, comments: pd.DataFrame, title: str, progress: Progress | None) -> None:
    """Write the five files."""
    meta = [name for name in META if name in comments]
    with (work / "utterances.jsonl").open("w", encoding="utf-8") as file:
        for done, utterance in enumerate(_utterances(corpus.articles, comments, meta)):
            file.write(json.dumps(utterance, ensure_ascii=False) + "\n")
            if progress and done % 5000 == 0:
                progress("writing utterances", done, len(comments) + len(corpus.articles))
    speakers = [UNKNOWN_SPEAKER, ARTICLE_SPEAKER, *sorted(comments["author"].dropna().unique())]
    conversations = {
        row.article_id: {
            "meta": {"title": _plain(row.title), "published_at": _iso(row.published_at), "n_comments": row.n_comments},
            "vectors": [],
        }
        for row in corpus.articles.itertuples()
    }
    index = {
        "utterances-index": {"article": [str(bool)], **{name: [str(type(_sample(comments[name])))] for name in meta}},
        "speakers-index": {},
        "conversations-index": {"title": [str(str)], "published_at": [str(str)], "n_comments": [str(int)]},
        "overall-index": {"title": [str(str)], "made_with": [str(str)]},
        "version": 1,
        "vectors": [],
    }
    for name, value in (
        ("speakers", {speaker: {"meta": {}, "vectors": []} for speaker in speakers}),
        ("conversations", conversations),
        ("corpus", {"title": title, "made_with": "Threadline"}),
        ("index", index),
    ):
        (work / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def _utterances(articles: pd.DataFrame, comments: pd.DataFrame, meta: list[str]) -> Iterator[dict[str, object]]:
    """Each article, and after it its comments in their order."""
    ids = set(comments["comment_id"])
    by_thread = comments.sort_values(["article_id", "position"], kind="stable").groupby("article_id", sort=False)
    groups = {key: group for key, group in by_thread}
    for article in articles.itertuples():
        yield _utterance(
            article.article_id, article.article_id, ARTICLE_SPEAKER, article.published_at, article.text, None,
            {"article": True, **dict.fromkeys(meta)},
        )  # fmt: skip
        for row in groups[article.article_id].itertuples() if article.article_id in groups else ():
            parent = row.parent_id if row.parent_id in ids else article.article_id
            said = {"article": False, **{name: _plain(getattr(row, name)) for name in meta}}
            speaker = UNKNOWN_SPEAKER if pd.isna(row.author) else row.author
            yield _utterance(row.comment_id, row.article_id, speaker, row.posted_at, row.text, parent, said)


def _utterance(
    key: str, thread: str, speaker: str, at: object, text: object, parent: object, meta: dict[str, object]
) -> dict[str, object]:
    return {
        "id": key,
        "conversation_id": thread,
        "text": _plain(text) or "",
        "speaker": speaker,
        "meta": meta,
        "reply-to": parent,
        "timestamp": None if pd.isna(at) else at.timestamp(),  # type: ignore[call-overload,attr-defined]
        "vectors": [],
    }


def _plain(value: object) -> object:
    """A value as JSON has it; a missing one is null."""
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    return value.item() if hasattr(value, "item") else value


def _iso(at: object) -> str | None:
    return None if pd.isna(at) else at.isoformat()  # type: ignore[call-overload,attr-defined]


def _sample(column: pd.Series) -> object:
    there = column.dropna()
    return _plain(there.iloc[0]) if len(there) else ""
