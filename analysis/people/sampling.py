"""Comments for people to code: drawn by chance within strata, on a sheet for each coder, blind to any score."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.sentiment.codes import SAMPLE
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
    """Draw comments by chance within strata, with known probabilities.

    Each stratum gets its share of n, rounded by the largest remainders, and at least two comments; within a stratum
    each comment has the same chance.

    Parameters
    ----------
    comments : DataFrame
        comment_id, text and the columns of `strata`; empty texts and what repeats an earlier text stay in: they are
        comments too.
    strata : sequence of str
        Columns whose values together make a stratum.
    n : int
        Comments to draw; a few more where there are many strata.
    seed : int

    Returns
    -------
    DataFrame
        comment_id, stratum (text), probability (0, 1], text; in an order that shows no stratum.

    Raises
    ------
    StudyError
        If n is not positive, or there are no comments.
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
    rest = (
        (share - wanted).sort_values(ascending=False, kind="stable").index[: max(0, min(n, len(rows)) - wanted.sum())]
    )
    wanted[rest] += 1
    wanted = np.minimum(np.maximum(wanted, LEAST), sizes)
    rng = np.random.default_rng([seed, 8])
    chosen = [rng.choice(np.flatnonzero(stratum == name), wanted[name], replace=False) for name in sizes.index]
    order = rng.permutation(np.concatenate(chosen))
    drawn = stratum.iloc[order]
    return pd.DataFrame(
        {
            "comment_id": rows["comment_id"].iloc[order].to_numpy(),
            "stratum": drawn.to_numpy(),
            "probability": (drawn.map(wanted) / drawn.map(sizes)).to_numpy(),
            "text": rows["text"].iloc[order].to_numpy(),
        }
    )


def write_sheets(folder: Path, drawn: pd.DataFrame, coders: Sequence[str], show: Callable[[str], str]) -> list[Path]:
    """Write the sample, the rules and a sheet for each coder; nothing that is there is overwritten.

    Parameters
    ----------
    folder : Path
        The folder `coded` of a study.
    drawn : DataFrame
        From `draw`.
    coders : sequence of str
    show : callable
        Makes a text fit to be shown.

    Returns
    -------
    list of Path
        The sheets.

    Raises
    ------
    StudyError
        If something is there already, a name cannot be a file's, or the folder cannot be written.
    """
    wrong = [c for c in coders if not c.replace("-", "").replace("_", "").isalnum() or f"{c}.csv" == SAMPLE]
    if wrong or not coders or len(set(coders)) < len(coders):
        raise StudyError(
            expected="different names of letters and digits, divided by commas",
            found=", ".join(coders) or "none",
            where="threadline code --coders",
            remedy="As in --coders anna,brian.",
        )
    there = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    if there:
        raise StudyError(
            expected="no coded sample yet",
            found=there[0].name,
            where=str(folder),
            remedy="Codes are never overwritten: move the folder away first.",
        )
    text = drawn["text"].map(show)
    safe = text.map(lambda t: f"'{t}" if t[:1] in "=+-@\t\r" else t)  # a spreadsheet would compute it
    sheet = pd.DataFrame({"comment_id": drawn["comment_id"], "text": safe, "code": ""})
    files = {SAMPLE: _csv(drawn[["comment_id", "stratum", "probability"]].sort_values("comment_id")), RULES: SCALE}
    files |= {f"{coder}.csv": _csv(sheet) for coder in coders}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8-sig" if name != RULES else "utf-8")
    except OSError as error:
        raise StudyError(
            expected="a study folder that can be written",
            found=error.strerror or str(error),
            where=str(folder),
            remedy="Change its permissions, or copy the study.",
        ) from None
    return [folder / f"{coder}.csv" for coder in coders]


def _csv(table: pd.DataFrame) -> str:
    buffer = io.StringIO()
    table.to_csv(buffer, index=False, quoting=csv.QUOTE_MINIMAL, float_format="%.10g", lineterminator="\n")
    return buffer.getvalue()
