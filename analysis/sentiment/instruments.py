"""Texts -> scores in [-1, 1], float64 of shape (n_texts,), by one of five kinds of instrument.

English dictionaries (``vader``; ``vader-scaled`` heeds the length of a text and agrees better with people), a word list
of the researcher's own (``lexicon:FILE.csv``), a trained model, held to know every language (``transformer:NAME``),
what is learned from this study's codes (``coded``), and scores made elsewhere, of any range (``scores:FILE.csv``). The
score of a text does not depend on what else is in the batch. Empty texts have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.corpus.sheets import sheets_in
from analysis.run import Run
from analysis.run.texts import Some
from analysis.sentiment import lexicon, transformer, vader
from analysis.settings import SCORES, ComputeSettings, StudyError
from analysis.topics import encoders

DICTIONARIES = ("vader", "vader-scaled", "lexicon")
SHOWN, OF_TONE = 10, 4  # words of a topic; so many scored ones make it one of tone


@dataclass(frozen=True)
class Instrument:
    """What scores texts."""

    name: str  # as in study.toml
    version: str = ""  # the packages and models that its scores rest on, beside its name
    files: tuple[Path, ...] = ()  # the study's files that they rest on
    languages: frozenset[str] | None = None  # ISO 639-1 of those that it can score; None for any
    # Texts -> their scores, whatever their language; none of "coded" and "scores", which score a whole study.
    measure: Callable[[Sequence[str]], Any] | None = field(default=None, repr=False)
    part: int | None = None  # texts that it takes at a time, in this process alone, whose threads take the cores

    def score(self, texts: Sequence[str], languages: Sequence[str] | None = None, run: Run = Run()) -> np.ndarray:
        """Score how texts sound: (n_texts,), float64, in [-1, 1].

        NaN of an empty text, and of one in a language that the instrument does not know, by the ISO 639-1 code of each
        text, such as "en" or "en-GB"; one whose language is "und" or missing is scored.
        """
        if self.measure is None:
            raise StudyError(expected="an instrument that knows texts by themselves", found=self.name, where="score")
        if languages is not None and len(languages) != len(texts):
            raise StudyError(expected=f"{len(texts)} languages, one a text", found=str(len(languages)), where="score")
        scores, rows = np.full(len(texts), np.nan), np.arange(len(texts))
        if languages is not None and self.languages is not None:
            codes = pd.Series(languages, dtype="object").fillna("und").str.lower().str.split("[-_]").str[0]
            rows = np.flatnonzero(codes.isin({*self.languages, "und", ""}))
        if self.part:
            # A folder's files may change while its name stays.
            run = replace(run, compute=ComputeSettings(workers=1), kept=None if self.files else run.kept)
        for first, some in run.map_parts(self.measure, Some(texts, rows), "scoring sentiment", part=self.part):
            scores[rows[first : first + len(some)]] = some
        return scores


def of_tone(instrument: Instrument, topics: pd.DataFrame) -> frozenset[int]:
    """Topics that are found by words which a dictionary scores: OF_TONE or more of their first ten are in it.

    Their tone is what they were found by: it says little, and is not told. Of other instruments none is known to be so.
    """
    if instrument.name.partition(":")[0] not in DICTIONARIES or instrument.measure is None or topics.empty:
        return frozenset()
    words = topics.set_index("topic")["words"].str.split(", ").explode().dropna().groupby(level=0).head(SHOWN)
    scored = pd.Series(np.nan_to_num(instrument.measure(words.tolist())) != 0, index=words.index).groupby(level=0).sum()
    return frozenset(int(topic) for topic in scored.index[scored >= OF_TONE])


def parse(name: str, folder: Path = Path(), encoder: str = "static") -> Instrument:
    """The instrument of a name; a FILE, and a NAME that is a folder, are relative to `folder`.

    `encoder` is by name what "coded" learns on. A StudyError if there is no such instrument, or its file is wrong.
    """
    kind, _, of = name.partition(":")
    if name in ("vader", "vader-scaled"):
        measure = partial(_each, partial(vader.score, scaled=name == "vader-scaled"))
        return Instrument(name, encoders.versions_of("vaderSentiment"), (), frozenset({"en"}), measure)
    if kind == "lexicon" and of:
        words = lexicon.read(folder / of)
        measure = partial(_each, partial(lexicon.score, lexicon=words))
        return Instrument(name, "", (folder / of,), frozenset(words.languages) or None, measure)
    if kind == "transformer" and of:
        version = encoders.versions_of("transformers", "torch")
        files = tuple(sorted(path for path in (folder / of).rglob("*") if path.is_file()))
        measure = partial(transformer.score, name=str(folder / of) if files else of, version=version)
        return Instrument(name, version, files, None, measure, transformer.SORTED)
    if name == "coded":
        on, sheets = encoders.parse(encoder, folder), sheets_in(folder / "coded")
        return Instrument(name, on.version, (*sheets, *on.files))
    if kind == SCORES and of:
        return Instrument(name, "", (folder / of,))
    raise StudyError(
        expected="one of: vader, vader-scaled, lexicon:FILE.csv, transformer:NAME, coded, scores:FILE.csv",
        found=f'"{name}"',
        where="[sentiment] instrument",
        remedy="Correct it in study.toml.",
    )


def _each(measure: Callable[[str], float], texts: Sequence[str]) -> np.ndarray:
    return np.array([measure(text) if isinstance(text, str) else np.nan for text in texts], dtype=np.float64)
