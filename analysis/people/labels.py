"""Topics' names that people gave: kept with the comments they were given for, and found again when the corpus grows.

A study may hold `labels.csv` (key, label, words, n_comments: for people, who edit `label`) and `labels.parquet`
(comment_id, key: which comments had which topic when the file was written). Topics of a later run are matched to these
by the comments that they share, so a name does not depend on a topic's number, on its words or on the encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.sentiment.codes import read_rows
from analysis.settings import StudyError

FOR_PEOPLE, FOR_MATCHING = "labels.csv", "labels.parquet"
SAME_FROM = 0.3  # Jaccard of the comments that both runs know: from here on a topic is held to be the old one
PART_FROM = 0.25  # of the old topic's comments: so many elsewhere make a split; of the new one's: a merger
LONGEST = 80  # characters of a label


@dataclass(frozen=True)
class Labels:
    """Names of topics, and the comments for which they were given.

    Attributes
    ----------
    label : dict
        Key of a topic -> its name.
    key : Series of str
        Indexed by comment_id: the key of the comment's topic; comments without a topic are not in it.
    """

    label: dict[str, str]
    key: pd.Series


@dataclass(frozen=True)
class Matched:
    """Topics of this run held against the labelled ones.

    Attributes
    ----------
    label : dict
        Number of a topic of this run -> (key, label) of the labelled topic that it continues.
    history : DataFrame
        what (same, split, merged, new, gone), before (label; missing for new), topic (number now; <NA> for gone),
        shared (comments of both), of_before and of_now (shares of the comments that both runs know, [0, 1]).
    """

    label: dict[int, tuple[str, str]]
    history: pd.DataFrame


def read_labels(folder: Path) -> Labels | None:
    """Read the names that people gave to topics.

    Parameters
    ----------
    folder : Path
        The study folder.

    Returns
    -------
    Labels or None
        None where there is no labels.csv.

    Raises
    ------
    StudyError
        If a file cannot be read, a key is unknown or stands twice, or a label is empty or too long.
    """
    path = folder / FOR_PEOPLE
    if not path.is_file():
        return None
    try:
        known = pd.read_parquet(folder / FOR_MATCHING, columns=["comment_id", "key"])
    except (OSError, ValueError, KeyError):
        raise StudyError(
            expected=f"{FOR_MATCHING} beside {FOR_PEOPLE}, as `threadline labels` writes it",
            found="none, or another file",
            where=str(folder),
            remedy=f"Restore it, or rename {FOR_PEOPLE} and write both anew with `threadline labels`.",
        ) from None
    keys = set(known["key"])
    label: dict[str, str] = {}
    for line, (key, text) in read_rows(path, ["key", "label"]):
        text = " ".join(text.split()).removeprefix("'")  # the mark that keeps a spreadsheet from computing
        problem = ""
        if key not in keys:
            problem = f"the key {key!r}, which {FOR_MATCHING} does not know"
        elif key in label:
            problem = f"the key {key!r} a second time"
        elif not 0 < len(text) <= LONGEST:
            problem = f"a label of {len(text)} characters"
        if problem:
            raise StudyError(
                expected=f"for each key one label of 1 to {LONGEST} characters",
                found=problem,
                where=f"{path}, line {line}",
                remedy="Change labels only; take a row out to give a topic its words as its name.",
            )
        label[key] = text
    return Labels(label, known.set_index("comment_id")["key"])


def match(labels: Labels, comments: pd.DataFrame, table: pd.DataFrame) -> Matched:
    """Match the topics of this run to the labelled ones.

    One to one, so that the sum of the Jaccard similarities is largest (Hungarian method); only comments that both runs
    know and gave a topic are compared. A comment that a later run leaves unassigned counts for neither side.

    Parameters
    ----------
    labels : Labels
    comments : DataFrame
        comment_id, topic.
    table : DataFrame
        `Topics.table`.
    """
    from scipy.optimize import linear_sum_assignment

    both = comments[comments["topic"] >= 0].assign(key=lambda c: c["comment_id"].map(labels.key)).dropna(subset=["key"])
    keys = sorted({*labels.key, *labels.label})
    shared = np.zeros((len(keys), len(table)))
    np.add.at(shared, (both["key"].map({k: i for i, k in enumerate(keys)}).to_numpy(int), both["topic"].to_numpy()), 1)
    before, now = shared.sum(axis=1, keepdims=True), shared.sum(axis=0, keepdims=True)
    jaccard = shared / np.maximum(before + now - shared, 1)
    pairs = {
        int(t): int(k) for k, t in zip(*linear_sum_assignment(-jaccard), strict=True) if jaccard[k, t] >= SAME_FROM
    }
    of_before, of_now = shared / np.maximum(before, 1), shared / np.maximum(now, 1)
    rows: list[tuple[str, str | None, object, int, float, float]] = []

    def row(what: str, k: int, t: int) -> None:
        name = labels.label.get(keys[k], keys[k])
        rows.append((what, name, t, int(shared[k, t]), float(of_before[k, t]), float(of_now[k, t])))

    for t in range(len(table)):
        if t in pairs:
            row("same", pairs[t], t)
        others = [k for k in range(len(keys)) if pairs.get(t) != k]
        parts = [k for k in others if of_before[k, t] >= PART_FROM]  # a good part of an old topic is in here now
        for k in parts:
            row("merged" if of_now[k, t] >= PART_FROM and k not in pairs.values() else "split", k, t)
        if t not in pairs and not parts:
            rows.append(("new", None, t, 0, 0.0, 0.0))
    seen = {name for _, name, *_ in rows}
    for key in keys:
        if (name := labels.label.get(key, key)) not in seen:
            rows.append(("gone", name, pd.NA, 0, 0.0, 0.0))
    columns = ["what", "before", "topic", "shared", "of_before", "of_now"]
    history = pd.DataFrame(rows, columns=columns).astype({"what": "str", "before": "str", "topic": "Int64"})
    return Matched({t: (keys[k], labels.label.get(keys[k], "")) for t, k in pairs.items()}, history)


def named(table: pd.DataFrame, matched: Matched) -> pd.DataFrame:
    """`Topics.table` with the names that people gave; where two would be the same, the words follow."""
    labels = [
        matched.label.get(t, ("", ""))[1] or label for t, label in zip(table["topic"], table["label"], strict=True)
    ]
    twice = {text for text in labels if labels.count(text) > 1}
    labels = [f"{text} ({old})" if text in twice else text for text, old in zip(labels, table["label"], strict=True)]
    return table.assign(label=pd.Series(labels, index=table.index, dtype="str"))


def write_labels(folder: Path, comments: pd.DataFrame, table: pd.DataFrame, matched: Matched | None) -> Path:
    """Write the topics of this run for people to name; names that were given stay with their topics.

    Parameters
    ----------
    folder : Path
        The study folder.
    comments : DataFrame
        comment_id, topic.
    table : DataFrame
        `Topics.table`, with the words' labels or with people's.
    matched : Matched or None
        From `match`, where there were labels already.

    Returns
    -------
    Path
        labels.csv.

    Raises
    ------
    StudyError
        If there are no topics, or the files cannot be written.
    """
    if table.empty:
        raise StudyError(expected="topics", found="none", where=str(folder), remedy="There is nothing to name yet.")
    old = {t: key for t, (key, _) in (matched.label if matched else {}).items()}
    number = max([int(key[1:]) for key in old.values() if key[1:].isdigit()], default=0)
    if matched is not None:  # a key is never given a second time, though its topic be gone
        number = max(number, _largest_key(folder))
    keys: Mapping[int, str] = {t: old.get(t) or f"T{(number := number + 1):03d}" for t in table["topic"]}
    sheet = pd.DataFrame(
        {
            "key": [keys[t] for t in table["topic"]],
            "label": [_safe(text) for text in table["label"]],
            "words": [_safe(text) for text in table["words"]],
            "n_comments": table["n_comments"],
        }
    )
    some = comments[comments["topic"] >= 0]
    which = pd.DataFrame({"comment_id": some["comment_id"], "key": some["topic"].map(keys).astype("str")})
    try:
        for name, write in (
            (FOR_MATCHING, lambda p: which.sort_values("comment_id").reset_index(drop=True).to_parquet(p)),
            (FOR_PEOPLE, lambda p: sheet.to_csv(p, index=False, encoding="utf-8-sig")),
        ):
            work = folder / f".{name}.part"
            write(work)
            work.replace(folder / name)
    except OSError as error:
        raise StudyError(
            expected="a study folder that can be written",
            found=error.strerror or str(error),
            where=str(folder),
            remedy="Change its permissions, or copy the study.",
        ) from None
    return folder / FOR_PEOPLE


def _largest_key(folder: Path) -> int:
    keys = pd.read_parquet(folder / FOR_MATCHING, columns=["key"])["key"].unique()
    return max((int(key[1:]) for key in keys if key[1:].isdigit()), default=0)


def _safe(text: str) -> str:
    """Text that a spreadsheet takes for text."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
