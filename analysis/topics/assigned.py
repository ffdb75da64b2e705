"""Topics of one's own: a topic for each comment from a file, made by a language model, by hand, by anything."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.corpus.exports.by_comment import LOST_TYPE, read_by_comment
from analysis.corpus.sheets import csv_bytes
from analysis.settings import STUDY_FILE, STUDY_FOLDER, StudyError, writing

ADOPTED = "adopted.csv"  # topics as a model had them that was changed
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


def write(folder: Path, comment_ids: Iterable[str], names: Iterable[str]) -> None:
    """Write the topic of each comment to a study's folder, and its name into study.toml, where none stands."""
    table = pd.DataFrame({"comment_id": list(comment_ids), "topic": [name[:LONGEST] for name in names]})
    with writing(folder, **STUDY_FOLDER):
        (folder / ADOPTED).write_bytes(csv_bytes(table))
        path = folder / STUDY_FILE
        text = path.read_text(encoding="utf-8-sig")
        had = tomllib.loads(text).get("topics", {}).get("assigned")
        if had is None:
            line = f'assigned = "{ADOPTED}" # of study.topics.adopt\n'
            head = re.search(r"^\[topics\][ \t]*(#.*)?\n", text, flags=re.MULTILINE)
            at = head.end() if head else len(text)
            path.write_text(
                f"{text[:at]}{'' if head else chr(10) + '[topics]' + chr(10)}{line}{text[at:]}", encoding="utf-8"
            )
        elif had != ADOPTED:
            raise StudyError(
                expected=f'assigned = "{ADOPTED}" under [topics], or no such key',
                found=repr(had),
                where=str(path),
                remedy=f"The topics are in {ADOPTED}: change the key to have them in the report.",
            )
