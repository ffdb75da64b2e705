"""Word intrusion: of six words five are of a topic, one of another; who sees what the topic is finds it (Chang 2009).

The words are a round of the coding page, in `intrusion/sample.csv` of a study, with the number of the odd one, which
the page does not tell; what people say is kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import read_rows
from analysis.people.agreement import share_of
from analysis.people.records import Record
from analysis.sentiment.codes import SAMPLE
from analysis.settings import StudyError
from analysis.topics.keywords import count_words
from analysis.topics.tokens import Tokens

FOLDER = "intrusion"
CHOICES = ["1", "2", "3", "4", "5", "6"]
RARE = 0.2  # an intruding word is at most so frequent in the topic as in its own


def items(words: Sequence[Sequence[str]], rates: np.ndarray, seed: int) -> pd.DataFrame:
    """A row for each topic: comment_id (of what is asked), topic, 1 to 6 (words), odd (1 to 6).

    `words` are those of each topic, best first; `rates`, of shape (n_topics, n_words), are from `word_rates`.
    """
    rng, rows = np.random.default_rng([seed, 9]), []
    column = {word: i for i, word in enumerate(sorted({word for row in words for word in row}))}
    for t, own in enumerate(words):
        n = len(CHOICES) - 1
        foreign = [(u, w) for u, row in enumerate(words) if u != t for w in row[:n] if w not in own]
        ratio = np.array([rates[t, column[w]] / max(rates[u, column[w]], 1e-12) for u, w in foreign])
        if len(own) < n or not len(ratio):
            continue
        rare, order = np.flatnonzero(ratio <= RARE), rng.permutation(len(CHOICES))
        shown = [*own[:n], foreign[int(rng.choice(rare)) if len(rare) else int(ratio.argmin())][1]]
        rows.append((f"w{t:03d}", t, *(shown[i] for i in order), int(np.flatnonzero(order == n)[0]) + 1))
    return pd.DataFrame(rows, columns=["comment_id", "topic", *CHOICES, "odd"])


def word_rates(tokens: Tokens, topic: np.ndarray, words: Sequence[Sequence[str]]) -> np.ndarray:
    """How often each topic uses each of the shown words, sorted, of all uses of shown words: (n_topics, n_words)."""
    counts = count_words(tokens, topic, len(words), sorted({word for row in words for word in row})).toarray()
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def words_of(folder: Path) -> dict[str, list[str]]:
    """What is to choose from, by what is asked."""
    return {item: words for _, (item, *words) in read_rows(folder / SAMPLE, ["comment_id", *CHOICES])}


def scores(folder: Path) -> pd.DataFrame:
    """Of all raters and of each the share of right answers, with its interval over topics, and that by chance."""
    given = []
    asked = read_rows(folder / SAMPLE, ["comment_id", "topic", "odd"]) if (folder / SAMPLE).is_file() else ()
    answers = {item: (topic, odd) for _, (item, topic, odd) in asked}
    for path in sorted(folder.glob("*.csv")) if answers else ():
        for item, said in Record(path).read().items() if path.name != SAMPLE else ():
            if item not in answers or said.code not in ("", *CHOICES):
                found = f"“{said.code[:20]}” of {item[:40]}"
                raise StudyError(expected="a number from 1 to 6, of what was asked", found=found, where=str(path))
            topic, odd = answers[item]
            given += [(path.stem, topic, said.code == odd)] if said.code else []
    table = pd.DataFrame(given, columns=["rater", "thread", "right"]).assign(weight=1.0)
    rows = []
    for rater in ("all", *sorted(table["rater"].unique())) if given else ():
        some = table if rater == "all" else table[table["rater"] == rater]
        share = share_of(some["right"].to_numpy(bool), some)  # answers on a topic are alike, as comments of a thread
        rows.append((rater, len(some), some["thread"].nunique(), *share, 1 / len(CHOICES)))
    return pd.DataFrame(rows, columns=["rater", "n", "n_topics", "estimate", "low", "high", "by_chance"])
