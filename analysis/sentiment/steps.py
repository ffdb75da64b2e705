"""The step that scores comments and articles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.languages import languages
from analysis.corpus.schema import whole_text
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.sentiment.score import score
from analysis.settings import Settings
from analysis.topics.encoders import parse
from analysis.topics.steps import encoder_files, encoder_version


def instrument_files(settings: Settings) -> dict[str, Path]:
    """A word list, or people's codes that are learned from and the vectors that they are learned on."""
    kind, _, name = settings.sentiment.instrument.partition(":")
    if kind == "coded":
        return {**named(sorted((settings.folder / "coded").glob("*.csv")), settings.folder), **encoder_files(settings)}
    path = settings.folder / name
    return named([path] if kind == "lexicon" and path.is_file() else [], settings.folder)


def _version(settings: Settings) -> str:
    return encoder_version(settings) if settings.sentiment.instrument == "coded" else ""


@step(
    settings=["sentiment.instrument", "topics.encoder"],
    files=instrument_files,
    versions=_version,
    needs=[corpus],
)
def sentiment(given: Given, run: Run) -> Values:
    """A score for each comment and article; missing where there is none."""
    read, instrument = given[corpus], given.settings.sentiment.instrument
    c, a = read.rows, read.articles

    def scores(texts: Sequence[str], language: pd.Series) -> np.ndarray:
        return score(texts, languages=language, instrument=instrument, folder=given.folder, run=run)

    if instrument == "coded":  # it has learned from comments, and knows no articles
        of_comments, of_articles = _learned(given, run), np.full(len(a), np.nan)
    else:
        texts = whole_text(a).tolist()
        of_comments, of_articles = scores(read.texts, c["language"]), scores(texts, languages(texts, run))
    return {
        "comments": pd.DataFrame({"comment_id": c["comment_id"], "sentiment": of_comments}),
        "articles": pd.DataFrame({"article_id": a["article_id"], "sentiment": of_articles}),
    }


def _learned(given: Given, run: Run) -> np.ndarray:
    """Scores by a model of the hand-coded comments."""
    from analysis.sentiment.codes import read_codes
    from analysis.sentiment.learned import score_learned

    read = given[corpus]
    encoder = parse(given.settings.topics.encoder, given.folder)
    vectors = encoder.encode(read.texts, run, run.kept.store if run.kept else None)
    ids = read.rows["comment_id"]
    found = read_codes(given.folder / "coded", ids.tolist())
    codes = pd.Series(dtype="float64") if found is None else found.table.set_index("comment_id")["code"]
    rows = pd.Index(ids).get_indexer(codes.index)
    threads = read.rows["article_id"].tolist()
    return score_learned(list(read.texts), vectors, rows, codes.to_numpy(float), threads, run.progress)
