"""The steps that cut comments into words and find their topics."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.schema import whole_text
from analysis.corpus.sheets import Problems
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.run.vectors import blocks
from analysis.settings import LEARNED, Settings
from analysis.topics import assigned
from analysis.topics.context import Worth, directions, in_context, learned, middle
from analysis.topics.description import Fit, nearest
from analysis.topics.encoders import Encoder, parse
from analysis.topics.fit import fit_assigned, fit_topics
from analysis.topics.forms import readable
from analysis.topics.keywords import coherence
from analysis.topics.tokens import Cut, Tokens, tokenised

AS_FOUND = ("table", "curve", "centroids", "words", "levels")  # of a fit, kept under the same names


def _opened(values: Values) -> Tokens:
    form, phrases = values["forms"], values["phrases"]
    pairs = phrases[["first", "second"]].itertuples(index=False, name=None)
    cut = Cut(
        dict(form[["form", "shown"]].itertuples(index=False, name=None)), {pair: i for i, pair in enumerate(pairs)}
    )
    return Tokens(tuple(values["names"]), values["ids"], values["n_of"], cut)


@step(needs=[corpus], opened=_opened)
def tokens(given: Given, run: Run) -> Values:
    """The words of the comments, as numbers."""
    read = given[corpus]
    made = readable(tokenised(read.texts, run), read.rows["language"], read.hidden_words["word"].tolist())
    return {
        "names": list(made.names),
        "ids": made.ids,
        "n_of": made.n_of,
        "forms": pd.DataFrame(sorted(made.cut.form.items()), columns=["form", "shown"], dtype="str"),
        "phrases": pd.DataFrame(list(made.cut.phrases), columns=["first", "second"], dtype="str"),
    }


def fit_of(values: Values) -> Fit:
    """The fit of kept values."""
    comments = values["comments"]
    return Fit(
        topic=comments["topic"].to_numpy("int64"),
        agreement=comments["topic_agreement"].to_numpy(float),
        theme=comments["theme"].to_numpy("int64"),
        subtopic=comments["subtopic"].to_numpy("int64"),
        note=str(values["note"][0]),
        vocabulary=tuple(values["vocabulary"]),
        **{name: values[name] for name in AS_FOUND},
    )


def worth_of(values: Values, context: float | str) -> Worth | float:
    """What a thread is worth by kept values, or by the setting that names it."""
    return context if isinstance(context, float) else Worth(*values["context"].iloc[0])


def _encoder(settings: Settings) -> Encoder:
    return parse(settings.topics.encoder, settings.folder)


def _assigned(settings: Settings) -> list[Path]:
    """The file of topics of one's own, where there is one."""
    path = settings.folder / settings.topics.assigned
    return [path] if settings.topics.assigned and path.is_file() else []


@step(
    settings=["topics", "seed"],
    files=lambda settings: named([*_encoder(settings).files, *_assigned(settings)], settings.folder),
    versions=lambda settings: _encoder(settings).version,
    needs=[corpus, tokens],
)
def topics(given: Given, run: Run) -> Values:
    """The topics, their words, and which topic each comment and article has."""
    settings, read, store = given.settings.topics, given[corpus], run.kept.store if run.kept else None
    c, words = read.rows, given[tokens]
    encoder = parse(settings.encoder, given.folder)
    own = encoder.encode(read.texts, run, store)
    mean = middle(own)
    articles = np.zeros((len(read.articles), own.shape[1]), dtype=np.float32)
    if not encoder.files and len(articles):  # the user's own vectors are of comments alone
        articles = directions(encoder.encode(whole_text(read.articles).tolist(), run, store)[:], mean)
    worth: Worth | float = settings.context
    if worth == LEARNED:
        halves = parse("static") if encoder.files else encoder  # which words a comment has is luck for any encoder
        worth = learned(read.texts, own, c["article_id"], words.n_of, lambda texts: halves.encode(texts, run, store))
    vectors = in_context(own, c["article_id"], worth, words.n_of, run)
    given_of = {
        "threads": c["article_id"],
        "ids": c["comment_id"],
        "languages": c["language"],
        "copies": c["duplicate_of"].fillna(c["near_duplicate_of"]),
        "hidden_words": read.hidden_words["word"].tolist(),
        "tokens": words,
        "run": run,
    }
    problems = Problems().table
    if settings.assigned:
        names, problems = assigned.read(given.folder / settings.assigned, c["comment_id"])
        found = fit_assigned(read.texts, vectors, names, **given_of)
    else:
        wanted = {"n_topics": settings.n_topics, "runs": settings.runs, "min_comments": settings.min_comments}
        expected = {
            name: directions(encoder.encode(list(words), run, store)[:], mean).mean(axis=0)
            for name, words in settings.seeds.items()
        }
        found = fit_topics(read.texts, vectors, seed=given.settings.seed, expected=expected, **wanted, **given_of)
    shown = [found.words.loc[found.words["topic"] == topic, "word"].tolist() for topic in found.table["topic"]]
    npmi, diversity = coherence(words, shown)
    by_own_words = [nearest(directions(own[rows], mean), found.centroids) for rows in blocks(len(own))]
    none = np.full(len(c), -1, dtype=np.int64)
    of_comments = {
        "comment_id": c["comment_id"],
        "topic": found.topic,
        "topic_agreement": found.agreement,
        "theme": none if found.theme is None else found.theme,
        "subtopic": none if found.subtopic is None else found.subtopic,
        "own_topic": np.concatenate([np.zeros(0, dtype=np.int64), *by_own_words]),
    }
    of_articles = {"article_id": read.articles["article_id"], "topic": nearest(articles, found.centroids)}
    return {
        "comments": pd.DataFrame(of_comments),
        "articles": pd.DataFrame(of_articles),
        "note": [found.note],
        "problems": problems,
        "context": pd.DataFrame([asdict(worth)] if isinstance(worth, Worth) else []),
        "coherence": pd.DataFrame({"npmi": [npmi], "diversity": [diversity]}),
        "vocabulary": list(found.vocabulary),
        **{name: getattr(found, name) for name in AS_FOUND},
    }
