"""The steps that cut comments into words and find their topics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.schema import whole_text
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.run.vectors import Vectors
from analysis.settings import Settings
from analysis.topics.context import beside, in_context
from analysis.topics.encoders import Encoder, parse
from analysis.topics.fit import Fit, fit_topics, nearest
from analysis.topics.keywords import coherence
from analysis.topics.tokens import Tokens, tokenised


def encoder_files(settings: Settings) -> dict[str, Path]:
    """The files of the encoder that study.toml names."""
    return named(parse(settings.topics.encoder, settings.folder).files, settings.folder)


def encoder_version(settings: Settings) -> str:
    """What the encoder's vectors rest on beside its files."""
    return parse(settings.topics.encoder, settings.folder).version


def _tokens(values: Values) -> Tokens:
    return Tokens(tuple(values["names"]), values["ids"], values["n_of"])


@step(needs=[corpus], opened=_tokens)
def tokens(given: Given, run: Run) -> Values:
    """The words of the comments, as numbers."""
    made = tokenised(given[corpus].texts, run)
    return {"names": list(made.names), "ids": made.ids, "n_of": made.n_of}


def comment_vectors(texts: Vectors, threads: pd.Series, encoder: Encoder, context: float, run: Run) -> Vectors:
    """Vectors as topics are found from: a comment's own words and a share of its thread."""
    return in_context(encoder.encode(texts, run, run.kept.store if run.kept else None), threads, context, run)


def fit_of(values: Values) -> Fit:
    """The fit of kept values."""
    comments = values["comments"]
    return Fit(
        topic=comments["topic"].to_numpy("int64"),
        agreement=comments["topic_agreement"].to_numpy(float),
        table=values["table"],
        curve=values["curve"],
        note=str(values["note"][0]),
        centroids=values["centroids"],
        words=values["words"],
        vocabulary=tuple(values["vocabulary"]),
    )


@step(
    settings=["topics", "seed"],
    files=encoder_files,
    versions=encoder_version,
    needs=[corpus, tokens],
)
def topics(given: Given, run: Run) -> Values:
    """The topics, their words, and which topic each comment and article has."""
    settings, read, store = given.settings.topics, given[corpus], run.kept.store if run.kept else None
    c, words = read.rows, given[tokens]
    encoder = parse(settings.encoder, given.folder)
    own = encoder.encode(read.texts, run, store)
    articles = np.zeros((len(read.articles), own.shape[1]), dtype=np.float32)
    if not encoder.files and len(articles):  # the user's own vectors are of comments alone
        articles = beside(own, encoder.encode(whole_text(read.articles).tolist(), run, store)[:])
    vectors = in_context(own, c["article_id"], settings.context, run)
    del own  # as large as all that is to come
    found = fit_topics(
        read.texts,
        vectors,
        threads=c["article_id"],
        ids=c["comment_id"],
        languages=c["language"],
        copies=c["duplicate_of"].fillna(c["near_duplicate_of"]),
        n_topics=settings.n_topics,
        runs=settings.runs,
        min_comments=settings.min_comments,
        seed=given.settings.seed,
        hidden_words=read.hidden_words["word"].tolist(),
        tokens=words,
        run=run,
    )
    shown = [found.words.loc[found.words["topic"] == topic, "word"].tolist() for topic in found.table["topic"]]
    npmi, diversity = coherence(words, shown)
    return {
        "comments": pd.DataFrame(
            {"comment_id": c["comment_id"], "topic": found.topic, "topic_agreement": found.agreement}
        ),
        "articles": pd.DataFrame(
            {"article_id": read.articles["article_id"], "topic": nearest(articles, found.centroids)}
        ),
        "table": found.table,
        "curve": found.curve,
        "centroids": found.centroids,
        "note": [found.note],
        "coherence": pd.DataFrame({"npmi": [npmi], "diversity": [diversity]}),
        "words": found.words,
        "vocabulary": list(found.vocabulary),
    }
