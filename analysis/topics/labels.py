"""What people made of topics: kept with the comments it was said of, and found again when the corpus grows.

A study may hold `labels.csv` (key, label, change, group, words, n_comments: for people, who edit the first three after
key) and `labels.parquet` (comment_id, key: which comments had which topic when the file was written). Topics of a later
run are matched to these by the comments that they share, so a name does not depend on a topic's number, on its words or
on the encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import csv_bytes, read_rows, write_new
from analysis.settings import StudyError

FOR_PEOPLE, FOR_MATCHING = "labels.csv", "labels.parquet"
SAME_FROM = 0.3  # Jaccard of the comments that both runs know: from here on a topic is held to be the old one
PART_FROM = 0.25  # of the old topic's comments: so many elsewhere make a split; of the new one's: a merger
LONGEST = 80  # characters of a label
DROP, SPLIT = "drop", "split"
ADDED = ("change", "group")  # columns that older sheets lack
Changes = Mapping[int, Mapping[str, int | str]]  # what is to stand in columns of a topic, by its number


@dataclass(frozen=True)
class Labels:
    """Names of topics, and the comments for which they were given."""

    label: dict[str, str]  # key of a topic -> its name
    change: dict[str, str]  # key -> DROP, SPLIT or the key of the topic that it is made one with; of changed ones
    group: dict[str, str]  # key -> the theme that it is put into; of those that are
    key: pd.Series  # by comment_id, the key of the comment's topic; comments without a topic are not in it

    @property
    def curate(self) -> bool:
        """Whether they do more than name topics."""
        return bool(self.change or self.group)


@dataclass(frozen=True)
class Matched:
    """Topics of this run held against the labelled ones."""

    label: dict[int, tuple[str, str]]  # number of a topic of this run -> key and label of the one that it continues
    # what (same, split, merged, new, gone), before (label; missing for new), topic (number now; <NA> for gone), shared
    # (comments of both), of_before and of_now (shares of the comments that both runs know, [0, 1])
    history: pd.DataFrame
    used: int = 0  # the largest number of a key that was ever given


def read_labels(folder: Path) -> Labels | None:
    """Read the names that people gave to the topics of a study; None where there is no labels.csv.

    A StudyError if a file cannot be read, a key is unknown or stands twice, a label is empty, a label or a group too
    long, or a change none of "drop", "split" and the key of a topic that stays.
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
    label, change, group = dict[str, str](), dict[str, str](), dict[str, str]()
    rows = [(line, [" ".join(cell.split()) for cell in row]) for line, row in read_rows(path, ["key", "label"], ADDED)]
    stay = {key for _, (key, _, changed, _) in rows if not changed}
    for line, (key, text, changed, theme) in rows:
        problem = ""
        if key not in keys:
            problem = f"the key {key!r}, which {FOR_MATCHING} does not know"
        elif key in label:
            problem = f"the key {key!r} a second time"
        elif not 0 < len(text) <= LONGEST:
            problem = f"a label of {len(text)} characters"
        elif changed and changed not in (DROP, SPLIT, *stay):
            problem = f"the change {changed!r}"
        elif len(theme) > LONGEST:
            problem = f"a group of {len(theme)} characters"
        if problem:
            expected = f"for each key one label of 1 to {LONGEST} characters, and as change nothing, "
            expected += f'"{DROP}", "{SPLIT}" or the key of a topic without a change, to be one with it'
            remedy = "Change label, change and group only; take a row out to give a topic its words as its name."
            raise StudyError(expected=expected, found=problem, where=f"{path}, line {line}", remedy=remedy)
        label[key] = text
        change |= {key: changed} if changed else {}
        group |= {key: theme} if theme else {}
    return Labels(label, change, group, known.set_index("comment_id")["key"])


def curating(folder: Path) -> list[Path]:
    """The files of a study's labels, where they do more than name topics."""
    labels = read_labels(folder)
    return [folder / FOR_PEOPLE, folder / FOR_MATCHING] if labels and labels.curate else []


def match(labels: Labels, comments: pd.DataFrame, table: pd.DataFrame) -> Matched:
    """Match the topics of this run (comments' comment_id and topic, `Topics.table`) to the labelled ones.

    One to one, so that the sum of the Jaccard similarities is largest (Hungarian method); only comments that both runs
    know and gave a topic are compared. A comment that a later run leaves unassigned counts for neither side.
    """
    from scipy.optimize import linear_sum_assignment

    keys = sorted({*labels.key, *labels.label})
    names = [labels.label.get(key, key) for key in keys]
    both = comments.loc[comments["topic"] >= 0, ["topic", "comment_id"]]
    old = pd.Index(keys).get_indexer(both["comment_id"].map(labels.key))  # -1 where the labelled run knows it not
    shared = np.zeros((len(keys), len(table)))
    np.add.at(shared, (old[old >= 0], both["topic"].to_numpy()[old >= 0]), 1)
    before, now = shared.sum(axis=1, keepdims=True), shared.sum(axis=0, keepdims=True)
    jaccard = shared / np.maximum(before + now - shared, 1)
    found = zip(*map(np.ndarray.tolist, linear_sum_assignment(-jaccard)), strict=True)
    pairs = {t: k for k, t in found if jaccard[k, t] >= SAME_FROM}
    of_before, of_now = shared / np.maximum(before, 1), shared / np.maximum(now, 1)
    rows: list[tuple[str, str | None, object, int, float, float]] = []
    for t in range(len(table)):
        parts = {k: "same" for k in [pairs.get(t)] if k is not None}
        for k in np.flatnonzero(of_before[:, t] >= PART_FROM):  # a good part of an old topic is in here now
            parts.setdefault(int(k), "merged" if of_now[k, t] >= PART_FROM and k not in pairs.values() else "split")
        rows += [(what, names[k], t, int(shared[k, t]), of_before[k, t], of_now[k, t]) for k, what in parts.items()]
        if not parts:
            rows.append(("new", None, t, 0, 0.0, 0.0))
    seen = {name for _, name, *_ in rows}
    rows += [("gone", name, pd.NA, 0, 0.0, 0.0) for name in names if name not in seen]
    columns = ["what", "before", "topic", "shared", "of_before", "of_now"]
    history = pd.DataFrame(rows, columns=columns).astype({"what": "str", "before": "str", "topic": "Int64"})
    used = max((int(key[1:]) for key in keys if key[1:].isdigit()), default=0)
    return Matched({t: (keys[k], labels.label.get(keys[k], "")) for t, k in pairs.items()}, history, used)


def named(table: pd.DataFrame, matched: Matched) -> pd.DataFrame:
    """`Topics.table` with the names that people gave; where two would be the same, the words follow."""
    both = list(zip(table["topic"], table["label"], strict=True))
    labels = [matched.label.get(t, ("", ""))[1] or words for t, words in both]
    twice = {text for text in labels if labels.count(text) > 1}
    shown = [f"{text} ({words})" if text in twice else text for text, (_, words) in zip(labels, both, strict=True)]
    return table.assign(label=pd.Series(shown, index=table.index, dtype="str"))


def write_labels(
    folder: Path,
    comments: pd.DataFrame,
    table: pd.DataFrame,
    matched: Matched | None,
    changes: Changes | None = None,
) -> Path:
    """Write the topics of this run, `Topics.table`, for people to change; what was said of topics stays with them.

    `comments` have comment_id and topic, as they were found; `matched` is from `match`, where there were labels
    already; `changes` are new ones by a topic's number: of label, of change (a number: the topic to be one with) and of
    group. Gives the path of labels.csv; a StudyError if there are no topics, or the files cannot be written.
    """
    if table.empty:
        raise StudyError(expected="topics", found="none", where=str(folder), remedy="There is nothing to name yet.")
    old, used = ({}, 0) if matched is None else (matched.label, matched.used)
    new = count(used + 1)  # a key is never given a second time, though its topic be gone
    keys = {t: old[t][0] if t in old else f"T{next(new):03d}" for t in table["topic"]}
    sheet = table.assign(key=[keys[t] for t in table["topic"]], change="", group="").set_index("topic", drop=False)
    before = read_labels(folder) if matched is not None else None
    for column, of in (("change", before.change), ("group", before.group)) if before else ():
        sheet[column] = [of.get(key, "") for key in sheet["key"]]
    for topic, said in (changes or {}).items():
        for column, value in said.items():
            sheet.loc[topic, column] = keys[value] if isinstance(value, int) else value
    gone = ~sheet["change"].isin({"", DROP, SPLIT, *sheet.loc[sheet["change"] == "", "key"]})
    sheet.loc[gone, "change"] = ""  # the topic that it was one with is not found any more
    sheet = sheet[["key", "label", *ADDED, "words", "n_comments"]]
    some = comments[comments["topic"] >= 0].sort_values("comment_id", ignore_index=True)
    which = pd.DataFrame({"comment_id": some["comment_id"], "key": some["topic"].map(keys).astype("str")})
    write_new(folder, {FOR_MATCHING: which.to_parquet(), FOR_PEOPLE: csv_bytes(sheet, bom=True)}, over=True)
    return folder / FOR_PEOPLE
