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
from analysis.sentiment import coded, scores
from analysis.sentiment.codes import read_codes
from analysis.sentiment.instruments import Instrument, parse
from analysis.settings import SCORES, Settings
from analysis.topics import encoders

# Of the comments, that an instrument of certain languages must be able to score: the mean of a minority of a corpus
# would be told as that of the corpus.
LEAST = 0.5


def _instrument(settings: Settings) -> Instrument:
    return parse(settings.sentiment.instrument, settings.folder, settings.topics.encoder)


def main_language(languages: pd.Series) -> str:
    """The most frequent language of a corpus, in which its texts of no certain one are held to be; "und" if none is.

    An English dictionary would else score the short texts of an Italian corpus, and they would be its mean.
    """
    counts = languages[languages != "und"].value_counts().sort_index()
    return str(counts.idxmax()) if len(counts) else "und"


@step(
    settings=["sentiment.instrument", "sentiment.range", "topics.encoder"],
    files=lambda settings: named(_instrument(settings).files, settings.folder),
    versions=lambda settings: _instrument(settings).version,
    needs=[corpus],
)
def sentiment(given: Given, run: Run) -> Values:
    """A score for each comment and article; missing where there is none, or where fewer than half could have one."""
    c, a, texts = given[corpus].rows, given[corpus].articles, given[corpus].texts
    setting = given.settings.sentiment
    of_articles, problems = np.full(len(a), np.nan), pd.DataFrame()
    if setting.instrument.startswith(f"{SCORES}:"):
        path = given.folder / setting.instrument.partition(":")[2]
        of_comments, problems = scores.read(path, c["comment_id"], setting.range)
    elif setting.instrument == "coded":  # it learns from comments, and knows no articles
        found = read_codes(given.folder / "coded", c["comment_id"].tolist())
        codes = pd.Series(dtype="float64") if found is None else found.table.set_index("comment_id")["code"]
        rows = pd.Index(c["comment_id"]).get_indexer(codes.index)
        encoder = encoders.parse(given.settings.topics.encoder, given.folder, c["language"])
        vectors = encoder.encode(texts, run, run.kept.store if run.kept else None)
        threads = c["article_id"].iloc[rows].tolist()
        of_comments = coded.score(texts, vectors, rows, codes.to_numpy(float), threads, run)
    else:
        instrument, whole = parse(setting.instrument, given.folder), whole_text(a).tolist()
        main = main_language(c["language"])
        of_comments = instrument.score(texts, c["language"].replace("und", main), run)
        of_articles = instrument.score(whole, pd.Series(languages(whole, run), dtype="str").replace("und", main), run)
        if instrument.languages is not None and np.isfinite(of_comments).mean() < LEAST:
            of_comments, of_articles = np.full(len(c), np.nan), np.full(len(a), np.nan)
    return {
        "comments": pd.DataFrame({"comment_id": c["comment_id"], "sentiment": of_comments}),
        "articles": pd.DataFrame({"article_id": a["article_id"], "sentiment": of_articles}),
        "problems": problems,
    }
