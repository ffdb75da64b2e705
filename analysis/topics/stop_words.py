"""Stop words of eight languages: the words are in stop_words.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def stop_words(languages: Sequence[str] | None) -> frozenset[str]:
    """Stop words of the languages in which at least one text in fifty is written; English where none is known."""
    lists = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    known = languages is not None and len(languages) > 0
    codes, counts = np.unique(np.asarray(languages if known else ["en"], dtype=str), return_counts=True)
    used = [code for code, count in zip(codes, counts, strict=True) if count * 50 >= counts.sum() and code in lists]
    words = frozenset(" ".join(lists[code] for code in used or ["en"]).split())
    return words | {word.replace("'", "") for word in words}
