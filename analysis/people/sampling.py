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
POOLED = "the smallest strata"
LEAST = 2  # comments of each stratum at least, where it has so many: a stratum without codes cannot be corrected


def draw(comments: pd.DataFrame, strata: Sequence[str], n: int, seed: int) -> pd.DataFrame:
    """Draw comments by chance within strata, which the columns of `strata` make together, with known probabilities.

    n are drawn, or all that there are. Each stratum gets its share of n, and at least two comments; where n is too
    small for that, the smallest strata are one. Within a stratum each comment has the same chance. Empty texts and what
    repeats an earlier text stay in: they are comments too. Gives comment_id, stratum (text), probability (0, 1], text,
    in an order that shows no stratum; a StudyError if n is not positive, or there are no comments.
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
    if LEAST * len(sizes) > n:  # the smallest are one stratum, in which all have the same chance
        small = sizes.sort_values(kind="stable").index[: len(sizes) - max(n // LEAST, 1) + 1]
        stratum = stratum.where(~stratum.isin(small), POOLED)
        sizes = stratum.value_counts().sort_index()
    wanted = _allotted(sizes.to_numpy(), min(n, len(rows)))
    wanted = pd.Series(wanted, index=sizes.index)
    rng = np.random.default_rng([seed, 8])
    chosen = [rng.choice(np.flatnonzero(stratum == name), wanted[name], replace=False) for name in sizes.index]
    order = rng.permutation(np.concatenate(chosen))
    drawn = rows.loc[order, ["comment_id", "text"]].assign(stratum=stratum[order])
    drawn["probability"] = drawn["stratum"].map(wanted) / drawn["stratum"].map(sizes)
    return drawn[[*COLUMNS, "text"]].reset_index(drop=True)


def _allotted(sizes: np.ndarray, n: int) -> np.ndarray:
    """How many of each stratum to draw, n in all: as near to its share as the least and its size allow."""
    share = sizes * n / sizes.sum()
    wanted = np.minimum(np.maximum(np.round(share).astype(int), LEAST), sizes)
    while (missing := n - wanted.sum()) != 0:
        can = wanted < sizes if missing > 0 else wanted > np.minimum(LEAST, sizes)
        can = can if can.any() else wanted > 0
        order = np.where(can, np.sign(missing) * (share - wanted), -np.inf)
        wanted[np.argmax(order)] += np.sign(missing)
    return wanted


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


def write_sheets(
    folder: Path, drawn: pd.DataFrame, coders: Sequence[str], show: Callable[[str], str], rules: str = ""
) -> list[Path]:
    """Write the sample from `draw`, the rules and a sheet for each coder, which are returned; nothing is overwritten.

    `folder` is the folder `coded` of a study; `show` makes a text fit to be shown. A StudyError if something is there
    already, a name cannot be a file's, or the folder cannot be written.
    """
    check_names(coders, "threadline code --coders", Path(SAMPLE).stem)
    sheet = csv_bytes(drawn[["comment_id", "text"]].assign(text=drawn["text"].map(show), code=""), bom=True)
    sheets = [f"{coder}.csv" for coder in coders]
    write_new(folder, {SAMPLE: sample_bytes(drawn), RULES: rules.encode()} | dict.fromkeys(sheets, sheet))
    return [folder / name for name in sheets]


def sample_bytes(drawn: pd.DataFrame) -> bytes:
    """What `draw` gives as the file that says of each comment with which chance it was drawn."""
    return csv_bytes(drawn[COLUMNS].sort_values("comment_id"), bom=True)
