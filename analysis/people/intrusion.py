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

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import Problems, csv_bytes, read_rows, write_new
from analysis.people.sampling import check_names
from analysis.run.vectors import Vectors, unit_length
from analysis.topics.keywords import count_words
from analysis.topics.tokens import Tokens
from analysis.trends.intervals import Method, shares

FOLDER, ANSWERS = "intrusion", "answers"  # in the study folder; the answers in a folder of their own
WORDS, COMMENTS = "words", "topics"  # the two kinds of sheet
AMONG = {WORDS: 6, COMMENTS: 4}  # what is to choose from; by chance one in so many is right
OWN_WORDS = 5
PER_TOPIC = 3  # comments shown of each topic
RARE = 0.2  # an intruding word is at most so frequent in the topic as in its own
LONG = range(8, 81)  # words of a comment that is shown: enough to tell, short enough to read


def items(
    words: pd.DataFrame,
    centroids: np.ndarray,
    comments: pd.DataFrame,
    tokens: Tokens,
    vectors: Vectors,
    show: Callable[[str], str],
    seed: int,
) -> dict[str, pd.DataFrame]:
    """What is asked of topics, by kind of sheet; `show` makes a text fit to be shown."""
    own = [words.loc[words["topic"] == topic, "word"].tolist() for topic in range(len(centroids))]
    rng = np.random.default_rng([seed, 9])
    rates = word_rates(tokens, comments["topic"].to_numpy("int64"), own)
    odd, far = word_items(own, rates, rng), topic_items(comments, vectors, centroids, own, rng)
    return {WORDS: odd, COMMENTS: far.assign(text=far["text"].map(show))}


def word_items(words: Sequence[Sequence[str]], rates: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each topic: topic, 1 to 6 (words), odd (1 to 6).

    `words` are those of each topic, best first; `rates`, of shape (n_topics, n_words), are from `word_rates`.
    """
    column = {word: i for i, word in enumerate(_names(words))}
    rows = []
    for t, own in enumerate(words):
        foreign = [(u, w) for u, row in enumerate(words) if u != t for w in row[:OWN_WORDS] if w not in own]
        ratio = np.array([rates[t, column[w]] / max(rates[u, column[w]], 1e-12) for u, w in foreign])
        if len(own) < OWN_WORDS or not len(ratio):
            continue
        rare = np.flatnonzero(ratio <= RARE)
        chosen = int(rng.choice(rare)) if len(rare) else int(ratio.argmin())
        rows.append((t, *_shuffled([*own[:OWN_WORDS], foreign[chosen][1]], rng)))
    return pd.DataFrame(rows, columns=["topic", *_cells(WORDS), "odd"])


def topic_items(
    comments: pd.DataFrame,
    vectors: Vectors,
    centroids: np.ndarray,
    words: Sequence[Sequence[str]],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A few rows for each topic: topic, comment_id, text, 1 to 4 (words of a topic each), odd (1 to 4).

    `comments` have comment_id, topic and text, and `vectors` a row for each of them; `centroids` and `words` are the
    topics'.
    """
    n_words, shown = comments["text"].str.split().str.len(), [", ".join(row[: OWN_WORDS + 1]) for row in words]
    rows = []
    for t in range(len(centroids)) if len(centroids) >= AMONG[COMMENTS] else ():
        fit = np.flatnonzero((comments["topic"] == t) & n_words.between(LONG.start, LONG.stop - 1))
        fit = fit[np.argsort(comments["comment_id"].to_numpy(dtype=object)[fit])]
        for i in np.sort(rng.choice(fit, min(PER_TOPIC, len(fit)), replace=False)) if len(fit) else ():
            near = np.argsort(-(unit_length(centroids) @ vectors[i]), kind="stable")
            others = [int(u) for u in near if u != t]
            far = others[len(others) // 2 :] if len(others) > 3 else others[2:]  # the farther half
            cells = [shown[u] for u in (t, *others[:2], int(rng.choice(far)))]
            rows.append((t, *comments.iloc[i][["comment_id", "text"]], *_shuffled(cells, rng)))
    return pd.DataFrame(rows, columns=["topic", "comment_id", "text", *_cells(COMMENTS), "odd"])


def word_rates(tokens: Tokens, topic: np.ndarray, words: Sequence[Sequence[str]]) -> np.ndarray:
    """How often each topic uses each of the shown words, sorted, of all uses of shown words: (n_topics, n_words)."""
    counts = count_words(tokens, topic, len(words), _names(words)).toarray()
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _names(words: Sequence[Sequence[str]]) -> list[str]:
    return sorted({word for row in words for word in row})


def _cells(kind: str) -> list[str]:
    """What a sheet's columns to choose from are called, and what an answer may be."""
    return list(map(str, range(1, AMONG[kind] + 1)))


def _shuffled(cells: Sequence[str], rng: np.random.Generator) -> list[object]:
    """The cells in an order by chance, and where the last of them, the odd one, is now."""
    order = rng.permutation(len(cells))
    return [*(cells[i] for i in order), int(np.flatnonzero(order == len(cells) - 1)[0]) + 1]


def read_answers(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read what people wrote to the folder `intrusion` of a study, and score it.

    Gives the scores, a row for each kind ("words", "topics") and rater ("all", then each): n (answers), n_topics,
    estimate, low, high (share of right answers, [0, 1], its interval from resampling topics), by_chance; and the
    problems, as `Problems.table`. A StudyError if there are sheets without answers, or a file cannot be read.
    """
    problems, given = Problems(), []
    for kind in AMONG:
        if not (paths := sorted(folder.glob(f"{kind}_*.csv"))):
            continue
        rows = read_rows(folder / ANSWERS / f"{kind}.csv", ["item", "topic", "odd"])
        answers = {item: (int(topic), odd) for _, (item, topic, odd) in rows}
        for path in paths:
            seen: set[str] = set()
            for line, (item, odd) in read_rows(path, ["item", "odd"]):
                if item not in answers:
                    problems.add(path, line, f"item {item or '(none)'} is not in the answers")
                elif item in seen:
                    problems.add(path, line, f"item {item} stands twice; the first counts")
                elif odd not in _cells(kind):
                    what = f'"{odd}" is not a number from 1 to {AMONG[kind]}' if odd else "no answer"
                    problems.add(path, line, f"item {item}: {what}")
                else:
                    topic, right = answers[item]
                    given.append((kind, path.stem.removeprefix(f"{kind}_"), topic, odd == right))
                seen.add(item)
            for item in sorted(set(answers) - seen):
                problems.add(path, None, f"item {item} is missing")
    return _scores(pd.DataFrame(given, columns=["kind", "rater", "topic", "right"])), problems.table


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers by kind, over all raters and for each."""
    rows = []
    for kind in AMONG:
        of_kind = table[table["kind"] == kind]
        for rater in ("all", *sorted(of_kind["rater"].unique())):
            some = of_kind if rater == "all" else of_kind[of_kind["rater"] == rater]
            if some.empty:
                continue
            topic = pd.factorize(some["topic"], sort=True)[0]
            # Answers on one topic are alike, as comments in one thread are.
            option = np.where(some["right"].to_numpy(bool), 0, -1)
            share = shares(np.zeros(len(some), dtype=np.int64), topic, option, 1, 1, Method()).iloc[0]
            figures = share[["estimate", "low", "high"]]
            rows.append((kind, rater, len(some), int(topic.max()) + 1, *figures, 1 / AMONG[kind]))
    columns = ["kind", "rater", "n", "n_topics", "estimate", "low", "high", "by_chance"]
    return pd.DataFrame(rows, columns=columns)


def write_sheets(folder: Path, items: dict[str, pd.DataFrame], raters: Sequence[str]) -> list[Path]:
    """Write a sheet of each kind for each rater, which are returned, and the answers apart; nothing is overwritten.

    `folder` is the folder `intrusion` of a study, `items` are from `word_items` and `topic_items` by kind, texts ready
    to be shown. A StudyError if there are sheets already, or the folder cannot be written.
    """
    check_names(raters, "threadline intrusion --raters")
    files, sheets = {}, []
    for kind, table in items.items():
        if table.empty:
            continue
        table = table.assign(item=[f"{kind[0]}{i + 1:03d}" for i in range(len(table))])
        shown = [column for column in ("item", "text", *_cells(kind)) if column in table]
        kept = [column for column in ("item", "topic", "comment_id", "odd") if column in table]
        files[f"{ANSWERS}/{kind}.csv"] = csv_bytes(table[kept])
        names = [f"{kind}_{rater}.csv" for rater in raters]
        files |= dict.fromkeys(names, csv_bytes(table[shown].assign(odd=""), bom=True))
        sheets += names
    write_new(folder, files)
    return [folder / name for name in sheets]
