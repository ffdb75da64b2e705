"""Stop words: of eight languages those in stop_words.toml, of fifty others those of stopwordsiso."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from analysis.run.texts import Column


def used_languages(languages: Column | None) -> list[str]:
    """Languages of at least one text in fifty, the most frequent first; English where none is known."""
    known = languages is not None and len(languages) > 0
    codes, counts = np.unique(np.asarray(languages if known else ["en"], dtype=str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [str(codes[i]) for i in order if counts[i] * 50 >= counts.sum()]


def stop_words(languages: Column | None) -> frozenset[str]:
    """Stop words of the used languages, and English ones, which comments in all languages quote."""
    import stopwordsiso

    lists = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    used = used_languages(languages)
    words = {word for code in used for word in (lists[code].split() if code in lists else stopwordsiso.stopwords(code))}
    words |= set(lists["en"].split())
    return frozenset(words | {word.replace("'", "") for word in words})
