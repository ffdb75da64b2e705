"""The step that scores comments and articles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.corpus.languages import languages
from analysis.corpus.schema import whole_text
from analysis.corpus.sources import named
from analysis.corpus.steps import corpus
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values
from analysis.run.texts import Some
from analysis.sentiment import coded, scores
from analysis.sentiment.codes import Codes, read_codes
from analysis.sentiment.instruments import Instrument, parse
from analysis.settings import SCORES, Settings
from analysis.topics import encoders

# Of the comments, that an instrument of certain languages must be able to score: the mean of a minority of a corpus
# would be told as that of the corpus.
LEAST = 0.5


def _instrument(settings: Settings) -> Instrument:
    return parse(settings.sentiment.instrument, settings.folder, encoder_for_codes(settings.topics.encoder))


def encoder_for_codes(name: str) -> str:
    """What `coded` learns on: topics' own encoder where it is slow anyway, else the one that knows what words mean."""
    return "multilingual" if name in ("auto", "static") else name


def main_language(languages: pd.Series) -> str:
    """The most frequent language of a corpus, in which its texts of no certain one are held to be; "und" if none is.

    An English dictionary would else score the short texts of an Italian corpus, and they would be its mean.
    """
    counts = languages[languages != "und"].value_counts().sort_index()
    return str(counts.idxmax()) if len(counts) else "und"


def scores_by(
    given: Given, name: str, run: Run, of: np.ndarray | None = None, found: Codes | None = None, label: str = ""
) -> tuple[np.ndarray, pd.DataFrame]:
    """The comments' scores by an instrument, and rows of a file of scores that are not used.

    `of`, rows (int64), are the only ones whose scores are wanted: the others may be NaN. `found` are the codes that
    "coded" learns from, if not all; `label` names what is scored, from 0 to 1 and in a column of a file, in place of
    the study's measure.
    """
    c, texts, settings = given[corpus].rows, given[corpus].texts, given.settings
    whole, of = of is None, np.arange(len(c)) if of is None else of
    if name.startswith(f"{SCORES}:"):
        path, bounds = given.folder / name.partition(":")[2], (0.0, 1.0) if label else settings.sentiment.range
        return scores.read(path, c["comment_id"], bounds, label or "score")
    out = np.full(len(c), np.nan)
    if name == "coded":
        found = found or read_codes(given.folder / "coded", c["comment_id"].tolist(), settings.codes.classes)
        codes = found.table.set_index("comment_id")["code"]
        rows = pd.Index(c["comment_id"]).get_indexer(codes.index)
        threads = c["article_id"].to_numpy()
        # Of a comment that is scored, or taught from, the other comments of its thread are wanted too.
        where = np.flatnonzero(np.isin(threads, threads[np.union1d(of, rows)]))
        encoder = encoders.parse(encoder_for_codes(settings.topics.encoder), given.folder, c["language"])
        some = texts if whole else Some(texts, where)
        vectors = encoder.encode(some, run, run.store)
        at, values = np.searchsorted(where, rows), tuple(found.classes.values())
        out[where] = coded.score(some, vectors, at, codes.to_numpy(float), threads[where], run, values=values)
        return out, pd.DataFrame()
    spoken = c["language"].replace("und", main_language(c["language"])).iloc[of]
    out[of] = parse(name, given.folder).score(texts if whole else Some(texts, of), spoken.tolist(), run)
    return out, pd.DataFrame()


@step(
    settings=["sentiment.instrument", "sentiment.range", "topics.encoder", "codes.classes"],
    files=lambda settings: named(_instrument(settings).files, settings.folder),
    versions=lambda settings: _instrument(settings).version,
    needs=[corpus],
)
def sentiment(given: Given, run: Run) -> Values:
    """A score for each comment and article; missing where there is none, or where fewer than half could have one."""
    c, a = given[corpus].rows, given[corpus].articles
    name = given.settings.sentiment.instrument
    of_comments, problems = scores_by(given, name, run)
    of_articles, instrument = np.full(len(a), np.nan), parse(name, given.folder)
    if instrument.measure is not None:  # what learns from comments, or from a file of them, knows no articles
        whole, main = whole_text(a).tolist(), main_language(c["language"])
        spoken = [main if language == "und" else language for language in languages(whole, run)]
        of_articles = instrument.score(whole, spoken, run)
        if instrument.languages is not None and np.isfinite(of_comments).mean() < LEAST:
            of_comments, of_articles = np.full(len(c), np.nan), np.full(len(a), np.nan)
    return {
        "comments": pd.DataFrame({"comment_id": c["comment_id"], "sentiment": of_comments}),
        "articles": pd.DataFrame({"article_id": a["article_id"], "sentiment": of_articles}),
        "problems": problems,
    }
