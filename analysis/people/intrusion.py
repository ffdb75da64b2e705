"""Topics -> sheets on which people show whether topics mean something to them, and the score of what they wrote.

Word intrusion: five words of a topic and one that belongs to another; who sees the topic finds the odd word. Topic
intrusion: a comment, the words of its own topic, of the two that are nearest to it and of one that is far; who
finds the far one sees why the comment was put where it was [1]_. Answers lie in a folder apart from the sheets.

References
----------
.. [1] Chang, J., Gerrish, S., Wang, C., Boyd-Graber, J., & Blei, D. (2009). Reading tea leaves: how humans interpret
   topic models.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.run.vectors import unit_length
from analysis.sentiment.codes import read_rows
from analysis.settings import StudyError
from analysis.topics.keywords import count_words
from analysis.topics.tokens import tokenised
from analysis.trends.intervals import Method, shares

FOLDER, ANSWERS = "intrusion", "answers"  # in the study folder; the answers in a folder of their own
WORDS, COMMENTS = "words", "topics"  # the two kinds of sheet
AMONG = {WORDS: 6, COMMENTS: 4}  # what is to choose from; by chance one in so many is right
OWN_WORDS = 5
PER_TOPIC = 3  # comments shown of each topic
RARE = 0.2  # an intruding word is at most so frequent in the topic as in its own
LONG = range(8, 81)  # words of a comment that is shown: enough to tell, short enough to read


def word_items(words: Sequence[Sequence[str]], rates: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each topic: topic, 1 to 6 (words), odd (1 to 6).

    Parameters
    ----------
    words : sequence of sequences of str, length n_topics
        Words of each topic, best first.
    rates : ndarray of shape (n_topics, n_words)
        Uses of each word per word of the topic; columns are the distinct words of `words`, sorted.
    rng : Generator
    """
    names = sorted({word for row in words for word in row})
    column = {word: i for i, word in enumerate(names)}
    rows = []
    for t, own in enumerate(words):
        foreign = [(u, w) for u, row in enumerate(words) if u != t for w in row[:OWN_WORDS] if w not in own]
        ratio = np.array([rates[t, column[w]] / max(rates[u, column[w]], 1e-12) for u, w in foreign])
        if len(own) < OWN_WORDS or not len(ratio):
            continue
        rare = np.flatnonzero(ratio <= RARE)
        chosen = int(rng.choice(rare)) if len(rare) else int(ratio.argmin())
        shown = [*own[:OWN_WORDS], foreign[chosen][1]]
        order = rng.permutation(len(shown))
        rows.append((t, *(shown[i] for i in order), int(np.flatnonzero(order == OWN_WORDS)[0]) + 1))
    return pd.DataFrame(rows, columns=["topic", *map(str, range(1, AMONG[WORDS] + 1)), "odd"])


def topic_items(
    comments: pd.DataFrame,
    vectors: np.ndarray,
    centroids: np.ndarray,
    words: Sequence[Sequence[str]],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A few rows for each topic: topic, comment_id, text, 1 to 4 (words of a topic each), odd (1 to 4).

    Parameters
    ----------
    comments : DataFrame of n rows
        comment_id, topic, text.
    vectors : ndarray of shape (n, n_dims)
    centroids : ndarray of shape (n_topics, n_dims)
    words : sequence of sequences of str, length n_topics
    rng : Generator
    """
    columns = ["topic", "comment_id", "text", *map(str, range(1, AMONG[COMMENTS] + 1)), "odd"]
    if len(centroids) < AMONG[COMMENTS]:
        return pd.DataFrame([], columns=columns)
    n_words = comments["text"].str.split().str.len()
    rows = []
    for t in range(len(centroids)):
        fit = np.flatnonzero((comments["topic"] == t) & n_words.between(LONG.start, LONG.stop - 1))
        fit = fit[np.argsort(comments["comment_id"].to_numpy(dtype=object)[fit])]
        for i in np.sort(rng.choice(fit, min(PER_TOPIC, len(fit)), replace=False)) if len(fit) else ():
            near = np.argsort(-(unit_length(centroids) @ vectors[i]), kind="stable")
            others = [int(u) for u in near if u != t]
            far = others[len(others) // 2 :] if len(others) > 3 else others[2:]  # the farther half
            shown = [t, *others[:2], int(rng.choice(far))]
            order = rng.permutation(len(shown))
            cells = (", ".join(words[shown[j]][: OWN_WORDS + 1]) for j in order)
            odd = int(np.flatnonzero(order == 3)[0]) + 1
            rows.append((t, comments["comment_id"].iloc[i], comments["text"].iloc[i], *cells, odd))
    return pd.DataFrame(rows, columns=columns)


def word_rates(texts: Sequence[str], topic: np.ndarray, words: Sequence[Sequence[str]]) -> np.ndarray:
    """How often each topic uses each of the shown words, of all uses of shown words: (n_topics, n_words)."""
    names = sorted({word for row in words for word in row})
    counts = count_words(tokenised(texts), topic, len(words), names).toarray()
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def read_answers(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Read what people wrote, and score it.

    Parameters
    ----------
    folder : Path
        The folder `intrusion` of a study.

    Returns
    -------
    tuple of two DataFrames, or None where there are no sheets
        Scores: kind ("words", "topics", and by rater), rater, n (answers), n_topics, estimate, low, high (share of
        right answers, [0, 1], its interval from resampling topics), by_chance. Problems: file, line, problem.

    Raises
    ------
    StudyError
        If there are sheets without answers, or a file cannot be read.
    """
    sheets = {kind: sorted(folder.glob(f"{kind}_*.csv")) for kind in AMONG}
    if not any(sheets.values()):
        return None
    problems: list[tuple[str, int | None, str]] = []
    given: list[tuple[str, str, int, bool]] = []
    for kind, paths in sheets.items():
        if not paths:
            continue
        answers = {}
        for _, (item, topic, odd) in read_rows(folder / ANSWERS / f"{kind}.csv", ["item", "topic", "odd"]):
            answers[item] = (int(topic), int(odd))
        for path in paths:
            rater = path.stem.removeprefix(f"{kind}_")
            seen: set[str] = set()
            for line, (item, odd) in read_rows(path, ["item", "odd"]):
                problem = ""
                if item not in answers:
                    problem = f"item {item or '(none)'} is not in the answers"
                elif item in seen:
                    problem = f"item {item} stands twice; the first counts"
                elif odd not in map(str, range(1, AMONG[kind] + 1)):
                    what = f'"{odd}" is not a number from 1 to {AMONG[kind]}' if odd else "no answer"
                    problem = f"item {item}: {what}"
                else:
                    given.append((kind, rater, answers[item][0], int(odd) == answers[item][1]))
                seen.add(item)
                if problem:
                    problems.append((path.name, line, problem))
            problems += [(path.name, None, f"item {item} is missing") for item in answers if item not in seen]
    table = pd.DataFrame(given, columns=["kind", "rater", "topic", "right"])
    found = pd.DataFrame(problems, columns=["file", "line", "problem"])
    return _scores(table), found.astype({"file": "str", "line": "Int64", "problem": "str"})


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers by kind, over all raters and for each."""
    rows = []
    for kind in (WORDS, COMMENTS):
        of_kind = table[table["kind"] == kind]
        for rater in ("all", *sorted(of_kind["rater"].unique())):
            some = of_kind if rater == "all" else of_kind[of_kind["rater"] == rater]
            if some.empty:
                continue
            topics = np.unique(some["topic"].to_numpy(), return_inverse=True)[1].reshape(-1)
            # Answers on one topic are alike, as comments in one thread are.
            option = np.where(some["right"].to_numpy(bool), 0, -1)
            share = shares(np.zeros(len(some), dtype=np.int64), topics, option, 1, 1, Method()).iloc[0]
            n_topics = int(topics.max()) + 1
            chance = 1 / AMONG[kind]
            rows.append((kind, rater, len(some), n_topics, share["estimate"], share["low"], share["high"], chance))
    columns = ["kind", "rater", "n", "n_topics", "estimate", "low", "high", "by_chance"]
    return pd.DataFrame(rows, columns=columns)


def write_sheets(folder: Path, items: dict[str, pd.DataFrame], raters: Sequence[str]) -> list[Path]:
    """Write a sheet of each kind for each rater, and the answers apart; nothing that is there is overwritten.

    Parameters
    ----------
    folder : Path
        The folder `intrusion` of a study.
    items : dict
        Kind of sheet -> its items, from `word_items` and `topic_items`, texts ready to be shown.
    raters : sequence of str

    Returns
    -------
    list of Path
        The sheets.

    Raises
    ------
    StudyError
        If there are sheets already, or the folder cannot be written.
    """
    if there := sorted(folder.glob("**/*.csv")):
        raise StudyError(
            expected="no sheets yet",
            found=there[0].name,
            where=str(folder),
            remedy="Answers are never overwritten: move the folder away first, or read it with --read.",
        )
    written = []
    try:
        (folder / ANSWERS).mkdir(parents=True, exist_ok=True)
        for kind, table in items.items():
            if table.empty:
                continue
            table = table.reset_index(drop=True)
            table.insert(0, "item", [f"{kind[0]}{i + 1:03d}" for i in range(len(table))])
            kept = [c for c in ("item", "topic", "comment_id", "odd") if c in table]
            table[kept].to_csv(folder / ANSWERS / f"{kind}.csv", index=False)
            blank = table.drop(columns=[c for c in ("topic", "comment_id") if c in table]).assign(odd="")
            texts = blank.columns.drop(["item", "odd"])
            blank[texts] = blank[texts].map(lambda v: f"'{v}" if str(v)[:1] in "=+-@\t\r" else v)
            for rater in raters:
                path = folder / f"{kind}_{rater}.csv"
                blank.to_csv(path, index=False, encoding="utf-8-sig")
                written.append(path)
    except OSError as error:
        raise StudyError(
            expected="a study folder that can be written",
            found=error.strerror or str(error),
            where=str(folder),
            remedy="Change its permissions, or copy the study.",
        ) from None
    return written
