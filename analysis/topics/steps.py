"""The steps that cut comments into words and find their topics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.corpus.schema import whole_text
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.settings import Settings
from analysis.topics.context import beside, in_context
from analysis.topics.encoders import Encoder, parse
from analysis.topics.fit import Fit, fit_topics, nearest
from analysis.topics.keywords import coherence
from analysis.topics.tokens import Tokens, tokenised

AS_FOUND = ("table", "curve", "centroids", "words")  # of a fit, kept under the same names


@step(needs=[corpus], opened=lambda values: Tokens(tuple(values["names"]), values["ids"], values["n_of"]))
def tokens(given: Given, run: Run) -> Values:
    """The words of the comments, as numbers."""
    made = tokenised(given[corpus].texts, run)
    return {"names": list(made.names), "ids": made.ids, "n_of": made.n_of}


def fit_of(values: Values) -> Fit:
    """The fit of kept values."""
    comments = values["comments"]
    return Fit(
        topic=comments["topic"].to_numpy("int64"),
        agreement=comments["topic_agreement"].to_numpy(float),
        note=str(values["note"][0]),
        vocabulary=tuple(values["vocabulary"]),
        **{name: values[name] for name in AS_FOUND},
    )


def _encoder(settings: Settings) -> Encoder:
    return parse(settings.topics.encoder, settings.folder)


@step(
    settings=["topics", "seed"],
    files=lambda settings: named(_encoder(settings).files, settings.folder),
    versions=lambda settings: _encoder(settings).version,
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
    of_comments = {"comment_id": c["comment_id"], "topic": found.topic, "topic_agreement": found.agreement}
    of_articles = {"article_id": read.articles["article_id"], "topic": nearest(articles, found.centroids)}
    return {
        "comments": pd.DataFrame(of_comments),
        "articles": pd.DataFrame(of_articles),
        "note": [found.note],
        "coherence": pd.DataFrame({"npmi": [npmi], "diversity": [diversity]}),
        "vocabulary": list(found.vocabulary),
        **{name: getattr(found, name) for name in AS_FOUND},
    }
