"""The steps that cut comments into words and find their topics."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.corpus.schema import whole_text
from analysis.corpus.sheets import Problems
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.run.texts import Column
from analysis.run.vectors import blocks
from analysis.settings import LEARNED, Settings
from analysis.topics import assigned, labels
from analysis.topics.context import Worth, directions, in_context, learned, middle
from analysis.topics.curation import curated
from analysis.topics.description import Fit, nearest
from analysis.topics.encoders import Encoder, parse
from analysis.topics.fit import fit_assigned, fit_topics
from analysis.topics.forms import readable
from analysis.topics.keywords import coherence
from analysis.topics.second import second_topics
from analysis.topics.tokens import Cut, Tokens, tokenised

if TYPE_CHECKING:
    from analysis.corpus.schema import Corpus
    from analysis.run.vectors import Vectors

AS_FOUND = ("table", "curve", "centroids", "words", "levels", "seen", "halves")  # of a fit, kept under the same names


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


def encoder_of(settings: Settings, languages: Column = ()) -> Encoder:
    """The encoder of a study, whose comments are in these languages."""
    return parse(settings.topics.encoder, settings.folder, languages)


def _assigned(settings: Settings) -> list[Path]:
    """The file of topics of one's own, where there is one."""
    path = settings.folder / settings.topics.assigned
    return [path] if settings.topics.assigned and path.is_file() else []


def _given_of(read: Corpus, words: Tokens, run: Run) -> dict[str, Any]:
    """What fits are given of the comments."""
    c = read.rows
    return {
        "threads": c["article_id"],
        "ids": c["comment_id"],
        "languages": c["language"],
        "copies": c["duplicate_of"].fillna(c["near_duplicate_of"]),
        "hidden_words": read.hidden_words["word"].tolist(),
        "tokens": words,
        "run": run,
    }


@step(
    settings=["topics", "seed"],
    files=lambda settings: named([*encoder_of(settings).files, *_assigned(settings)], settings.folder),
    versions=lambda settings: encoder_of(settings).version,
    needs=[corpus, tokens],
)
def found(given: Given, run: Run) -> Values:
    """The topics as they are found, or as a file assigns them."""
    settings, read, store = given.settings.topics, given[corpus], run.store
    c, words = read.rows, given[tokens]
    encoder = parse(settings.encoder, given.folder, c["language"])
    own = encoder.encode(read.texts, run, store)
    mean = middle(own)
    worth: Worth | float = settings.context
    if settings.context == LEARNED:
        halves = parse("static") if encoder.files else encoder  # which words a comment has is luck for any encoder
        worth = learned(read.texts, own, c["article_id"], words.n_of, lambda texts: halves.encode(texts, run, store))
    vectors = in_context(own, c["article_id"], worth, words.n_of, run)
    problems = Problems().table
    if settings.assigned:
        names, problems = assigned.read(given.folder / settings.assigned, c["comment_id"])
        fit = fit_assigned(read.texts, vectors, names, **_given_of(read, words, run))
    else:
        expected = {
            name: directions(encoder.encode(list(words), run, store)[:], mean).mean(axis=0)
            for name, words in settings.seeds.items()
        }
        fit = fit_topics(
            read.texts,
            vectors,
            n_topics=settings.n_topics,
            runs=settings.runs,
            min_comments=settings.min_comments,
            seed=given.settings.seed,
            expected=expected,
            **_given_of(read, words, run),
        )
    context = pd.DataFrame([asdict(worth)] if isinstance(worth, Worth) else [])
    return _values(fit, read, words, encoder, own, run) | {"problems": problems, "context": context}


@step(
    settings=["topics"],
    files=lambda settings: named([*encoder_of(settings).files, *labels.curating(settings.folder)], settings.folder),
    needs=[corpus, tokens, found],
)
def topics(given: Given, run: Run) -> Values:
    """The topics, their words, and which topic each comment and article has; as labels.csv changes them."""
    read, words, values, settings = given[corpus], given[tokens], given[found], given.settings.topics
    said = labels.read_labels(given.folder)
    if said is None or not said.curate or values["table"].empty:
        return values
    fit = fit_of(values)
    people = curated(fit, said, labels.match(said, values["comments"], values["table"]))
    encoder = parse(settings.encoder, given.folder, read.rows["language"])
    own = encoder.encode(read.texts, run, run.store)
    vectors = in_context(own, read.rows["article_id"], worth_of(values, settings.context), words.n_of, run)
    made = fit_assigned(read.texts, vectors, people.names, curated=people, **_given_of(read, words, run))
    note = f"{fit.note} {people.note}".strip()
    made = replace(made, agreement=fit.agreement, curve=fit.curve, note=note, seen=fit.seen, halves=fit.halves)
    return values | _values(made, read, words, encoder, own, run)


def _values(fit: Fit, read: Corpus, words: Tokens, encoder: Encoder, own: Vectors, run: Run) -> Values:
    """What is kept of a fit."""
    shown = [fit.words.loc[fit.words["topic"] == topic, "word"].tolist() for topic in fit.table["topic"]]
    npmi, diversity = coherence(words, shown)
    encode = partial(encoder.encode, run=run, store=run.store)
    mean, none = middle(own), np.full(len(read.rows), -1, dtype=np.int64)

    def placed(vectors: Vectors) -> np.ndarray:
        """The topic to which each text is nearest by its own words."""
        near = [nearest(directions(vectors[rows], mean), fit.centroids) for rows in blocks(len(vectors))]
        return np.concatenate([none[:0], *near])

    of_comments = {
        "comment_id": read.rows["comment_id"],
        "topic": fit.topic,
        "topic_agreement": fit.agreement,
        "theme": fit.theme,
        "subtopic": fit.subtopic,
        "own_topic": placed(own),
        "second_topic": none
        if encoder.files
        else second_topics(read.texts, fit.topic, fit.centroids, words.n_of, encode, mean),
    }
    of_articles = {"article_id": read.articles["article_id"], "topic": -1}
    if not encoder.files and len(read.articles):  # the user's own vectors are of comments alone
        of_articles["topic"] = placed(encode(whole_text(read.articles).tolist()))
    return {
        "comments": pd.DataFrame(of_comments),
        "articles": pd.DataFrame(of_articles).astype({"topic": "int64"}),
        "note": [fit.note],
        "coherence": pd.DataFrame({"npmi": [npmi], "diversity": [diversity]}),
        "vocabulary": list(fit.vocabulary),
        **{name: getattr(fit, name) for name in AS_FOUND},
    }
