"""What a reader of any format gives: articles, comments, rejects, and the account of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.corpus.dates import ORDERS
from analysis.run.texts import Some

COLUMNS = {
    "articles": ("article_id", "published_at", "title", "text", "copyright", "url", "source_file"),
    "rows": (
        "comment_id", "article_id", "position", "parent_id", "author", "posted_at", "posted_at_source",
        "boundary_confidence", "source_file", "line",
    ),
    "rejects": ("source_file", "line", "reason", "n_chars"),
    "accounting": ("source_file", "read", "kept", "rejected"),
    "notes": ("source_file", "line", "note"),
}  # fmt: skip
SURE = 0.9  # a boundary of less confidence is for a person to look at
EITHER = f"times whose day and month can be either, left out: set `[source] dates` to one of {', '.join(ORDERS)}"
SWAPPED = (
    "times left out: a spreadsheet seems to have swapped their day and month, for those beside them that it could not "
    "swap are texts such as 25/04/2023; export the table with dates as 2023-04-25"
)
ALONE = "no column names the thread: each comment counts as a thread of its own"  # a note of a table


def source_name(path: Path, root: Path) -> str:
    """A file's name as tables show it: relative to the study folder, or its bare name outside."""
    path, root = path.resolve(), root.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


@dataclass(frozen=True)
class Reading:
    """What a reader of any format gives: the tables of COLUMNS."""

    articles: pd.DataFrame  # published_at in UTC, NaT if unknown; text: paragraphs joined by a newline
    # The comments without their texts: author as written; posted_at in UTC, whose source is "comment" or "article";
    # boundary_confidence: probability in [0, 1] that the comment begins and ends where it is said to, NaN where nothing
    # had to be decoded; line (1 = first).
    rows: pd.DataFrame
    texts: Some  # of each, its lines joined by a newline
    rejects: pd.DataFrame  # every line or row that is in no other table
    accounting: pd.DataFrame  # in lines or rows; read = kept + rejected
    notes: pd.DataFrame  # what a person should look at and what is not a loss; line 0 is the whole file

    @property
    def comments(self) -> pd.DataFrame:
        """The comments with their texts, all in memory."""
        return self.rows.assign(text=pd.Series(list(self.texts), index=self.rows.index, dtype="str"))
