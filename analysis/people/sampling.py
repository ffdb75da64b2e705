"""Comments for people to code: drawn by chance within strata, on a sheet for each coder, blind to any score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import csv_bytes, write_new
from analysis.sentiment.codes import COLUMNS, SAMPLE
from analysis.settings import StudyError

RULES = "RULES.txt"
LEAST = 2  # comments of each stratum at least, where it has so many: a stratum without codes cannot be corrected
SCALE = """How to code

Each row of your sheet is a comment. Write into the column `code`:

  -1   the words are negative on the whole: anger, worry, blame, mockery, grief
   0   neither, or both in equal parts, or you cannot tell
   1   the words are positive on the whole: praise, joy, thanks, hope

Code the tone of the words as their writer means them: irony is coded as what is meant. It is not about whether you
agree, nor whether the writer is for or against something. Read each comment alone, in the order of the sheet. Do
not talk about single comments with other coders before all have finished, and leave nothing out: 0 is a code too.

Save the sheet as CSV (UTF-8) under the name it has. Add no rows, and change nothing but `code`.
"""


def draw(comments: pd.DataFrame, strata: Sequence[str], n: int, seed: int) -> pd.DataFrame:
    """Draw comments by chance within strata, which the columns of `strata` make together, with known probabilities.

    Each stratum gets its share of n, rounded by the largest remainders, and at least two comments; within a stratum
    each comment has the same chance. Empty texts and what repeats an earlier text stay in: they are comments too. Gives
    comment_id, stratum (text), probability (0, 1], text, in an order that shows no stratum; a StudyError if n is not
    positive, or there are no comments.
    """
    if n < 1 or comments.empty:
        raise StudyError(
            expected="comments, and a number of them to draw",
            found=f"{len(comments):,} comments, {n} to draw",
            where="threadline code --n",
            remedy="Some 300 are usual.",
        )
    rows = comments.sort_values("comment_id", ignore_index=True)
    parts = [rows[column].astype("str").fillna("none") for column in strata]
    stratum = parts[0].str.cat(parts[1:], sep=" / ") if parts else pd.Series("all", index=rows.index)
    sizes = stratum.value_counts().sort_index()
    share = sizes * min(n / len(rows), 1)
    wanted = np.floor(share).astype(int)
    left = max(0, min(n, len(rows)) - wanted.sum())
    wanted[(share - wanted).sort_values(ascending=False, kind="stable").index[:left]] += 1
    wanted = np.minimum(np.maximum(wanted, LEAST), sizes)
    rng = np.random.default_rng([seed, 8])
    chosen = [rng.choice(np.flatnonzero(stratum == name), wanted[name], replace=False) for name in sizes.index]
    order = rng.permutation(np.concatenate(chosen))
    drawn = rows.loc[order, ["comment_id", "text"]].assign(stratum=stratum[order])
    drawn["probability"] = drawn["stratum"].map(wanted) / drawn["stratum"].map(sizes)
    return drawn[[*COLUMNS, "text"]].reset_index(drop=True)


def check_names(names: Sequence[str], where: str, *taken: str) -> None:
    """Refuse what cannot be the names of people who each get a sheet."""
    wrong = [name for name in names if not name.replace("-", "").replace("_", "").isalnum() or name in taken]
    if wrong or not names or len(set(names)) < len(names):
        raise StudyError(
            expected="different names of letters and digits, divided by commas",
            found=", ".join(names) or "none",
            where=where,
            remedy="As in anna,brian.",
        )


def write_sheets(folder: Path, drawn: pd.DataFrame, coders: Sequence[str], show: Callable[[str], str]) -> list[Path]:
    """Write the sample from `draw`, the rules and a sheet for each coder, which are returned; nothing is overwritten.

    `folder` is the folder `coded` of a study; `show` makes a text fit to be shown. A StudyError if something is there
    already, a name cannot be a file's, or the folder cannot be written.
    """
    check_names(coders, "threadline code --coders", Path(SAMPLE).stem)
    sheet = csv_bytes(drawn[["comment_id", "text"]].assign(text=drawn["text"].map(show), code=""), bom=True)
    sample = csv_bytes(drawn[COLUMNS].sort_values("comment_id"), bom=True)
    sheets = [f"{coder}.csv" for coder in coders]
    write_new(folder, {SAMPLE: sample, RULES: SCALE.encode()} | dict.fromkeys(sheets, sheet))
    return [folder / name for name in sheets]
