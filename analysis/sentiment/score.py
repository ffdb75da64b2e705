"""Sentiment: texts -> one score in [-1, 1] per comment, by a named instrument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.texts import Some
from analysis.sentiment import lexicon, vader
from analysis.settings import StudyError

INSTRUMENTS = ("vader", "vader-scaled", "lexicon:FILE.csv", "transformer:NAME", "coded")


def knows(instrument: str, folder: Path | None = None) -> frozenset[str] | None:
    """Languages that an instrument can score.

    Parameters
    ----------
    instrument : str
        As in study.toml.
    folder : Path, optional
        The study folder, against which an instrument's file is looked up.

    Returns
    -------
    frozenset of str or None
        ISO 639-1 codes; None for any language.

    Raises
    ------
    StudyError
        If there is no such instrument, or its file is wrong.
    """
    return _instrument(instrument, folder)[1]


def _instrument(instrument: str, folder: Path | None) -> tuple[Callable[[str], float], frozenset[str] | None]:
    """The function that scores one text, and the languages that it knows."""
    if instrument in ("vader", "vader-scaled"):
        return partial(vader.score, scaled=instrument == "vader-scaled"), frozenset({"en"})
    kind, _, name = instrument.partition(":")
    if kind == "lexicon" and name:
        words = lexicon.read((folder or Path()) / name)
        return partial(lexicon.score, lexicon=words), words.languages
    raise StudyError(
        expected=f"one of: {', '.join(INSTRUMENTS)}",
        found=f'"{instrument}"',
        where="[sentiment] instrument",
        remedy="Correct it in study.toml.",
    )


def score(
    texts: Sequence[str],
    *,
    languages: Sequence[str] | None = None,
    instrument: str = "vader",
    folder: Path | None = None,
    run: Run = Run(),
) -> np.ndarray:
    """Score how texts sound.

    Parameters
    ----------
    texts : sequence of str
    languages : sequence of str, optional
        ISO 639-1 code of each text; "und" or a missing value where it is unknown: such a text is scored.
    instrument : str
        "vader": vaderSentiment's compound score of the normalised text (`normalise`); of one longer than PIECE_WORDS
        the mean of its pieces. "vader-scaled": the same valences scaled by the length of the text, negation ending
        with its sentence; it agrees better with people (tests/benchmarks/sentiment.py). "lexicon:FILE.csv": a word
        list of the researcher's own (analysis/sentiment/lexicon.py). "transformer:NAME": a trained model
        (analysis/sentiment/learned.py), which is held to know every language. "coded", which learns from hand-coded
        comments, is `learned.score_learned`.
    folder : Path, optional
        The study folder, against which an instrument's file is looked up.
    run : Run

    Returns
    -------
    ndarray of shape (n_texts,), float64
        In [-1, 1]; NaN where there is no score: an empty text, or a language that the instrument does not know.

    Raises
    ------
    StudyError
        If there is no such instrument, its file is wrong, or there is not one language for every text.
    """
    if instrument.startswith("transformer:"):
        from analysis.sentiment.learned import score_transformer

        name = instrument.partition(":")[2]
        there = (folder or Path()) / name
        return score_transformer(texts, str(there) if there.is_dir() else name, run.progress)
    measure, known = _instrument(instrument, folder)
    if languages is not None and len(languages) != len(texts):
        raise StudyError(
            expected=f"{len(texts)} languages, one a text", found=str(len(languages)), where="sentiment.score"
        )
    scores = np.full(len(texts), np.nan)
    if languages is None:
        rows = np.arange(len(texts))
    else:
        asked = {language: _in(language, known) for language in pd.unique(pd.Series(languages, dtype="object"))}
        rows = np.flatnonzero([asked[language] for language in languages])
    for first, some in run.map_parts(partial(_measured, measure), Some(texts, rows), "scoring sentiment"):
        scores[rows[first : first + len(some)]] = some
    return scores


def _measured(measure: Callable[[str], float], texts: Sequence[str]) -> np.ndarray:
    return np.array([measure(text) if isinstance(text, str) else np.nan for text in texts], dtype=np.float64)


def _in(language: object, known: frozenset[str] | None) -> bool:
    """Whether a text in `language` is scored: "en-GB" is English, and what is unknown is tried."""
    if known is None or not isinstance(language, str):
        return True
    code = language.lower().split("-")[0].split("_")[0]
    return code in known or code in ("", "und")
