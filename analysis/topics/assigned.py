"""Topics of one's own: a topic for each comment from a file, made by a language model, by hand, by anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.corpus.by_comment import LOST_TYPE, read_by_comment
from analysis.settings import StudyError

LONGEST = 80  # characters of a topic's name
MOST = 500  # topics


def read(path: Path, comment_ids: Iterable[str]) -> tuple[list[str], pd.DataFrame]:
    """The topic of each comment as the file names it, "" where it has none (an empty cell, or -1); rows not used.

    A topic is a number or a name. A StudyError as of `read_by_comment`, and if a name is longer than 80 characters or
    there are more than 500 topics.
    """

    def name(cell: str, where: str) -> str:
        text = LOST_TYPE.sub(r"\1", " ".join(cell.split()))
        if len(text) > LONGEST:
            expected = f"a topic's name of {LONGEST} characters at the most"
            raise StudyError(expected=expected, found=f"one of {len(text)}", where=where, remedy="Shorten it.")
        return "" if text in ("-1", "-1.0", "\u22121") else text

    found, problems = read_by_comment(path, "topic", comment_ids, name, "assigned")
    if (n := len({one for one in found if one})) > MOST:
        expected, remedy = f"{MOST} topics at the most", "Name topics, not comments, in the column topic."
        raise StudyError(expected=expected, found=f"{n:,}", where=str(path), remedy=remedy)
    return [one or "" for one in found], problems
