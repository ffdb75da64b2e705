"""Comments for people to code: drawn by chance within strata, on a sheet for each coder, blind to any score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.sheets import XLSX, csv_bytes, read_rows, write_new, xlsx_bytes
from analysis.people.planning import class_names
from analysis.sentiment.codes import COLUMNS, SAMPLE
from analysis.settings import Settings, StudyError
from analysis.trends.periods import Calendar

RULES = "RULES.txt"
POOLED = "the smallest strata"
USUAL = 300  # comments of a sample
LEAST = 2  # comments of each stratum at least, where it has so many: a stratum without codes cannot be corrected


def strata(comments: pd.DataFrame, settings: Settings, *, rare: bool) -> pd.DataFrame:
    """comment_id and stratum of each comment: its period and topic, or where it is `rare` the class of its score."""
    time = settings.time
    if rare:
        of = class_names(comments["sentiment"], settings.codes.classes)
    else:
        start = Calendar(time.period, settings.source.timezone, time.week_starts).starts(comments["posted_at"])
        topic = comments["topic"].astype("str").fillna("none")
        of = start.dt.strftime("%Y-%m-%d").fillna("undated").str.cat(topic, " / ")
    return comments[["comment_id"]].assign(stratum=of.astype("str"))


def draw(comments: pd.DataFrame, n: int, seed: int, *, even: bool = False) -> pd.DataFrame:
    """Draw comments by chance within strata, with known probabilities.

    Each stratum gets its share of n, or as many as any other where it is `even`, and at least two comments; where n is
    too small for that, the smallest strata are one. Within a stratum each comment has the same chance. Empty texts and
    what repeats an earlier text stay in: they are comments too. Gives comment_id, stratum, probability (0, 1], in an
    order that shows no stratum.
    """
    if n < 1 or comments.empty:
        raise StudyError(
            expected="comments, and a number of them to draw",
            found=f"{len(comments):,} comments, {n} to draw",
            where="threadline code --n",
            remedy="Some 300 are usual.",
        )
    rows = comments.sort_values("comment_id", ignore_index=True)
    stratum = rows["stratum"]
    sizes = stratum.value_counts().sort_index()
    if LEAST * len(sizes) > n:  # the smallest are one stratum, in which all have the same chance
        small = sizes.sort_values(kind="stable").index[: len(sizes) - max(n // LEAST, 1) + 1]
        stratum = stratum.where(~stratum.isin(small), POOLED)
        sizes = stratum.value_counts().sort_index()
    return _drawn(rows.assign(stratum=stratum), sizes, min(n, len(rows)), seed, even=even)


def _drawn(
    rows: pd.DataFrame, sizes: pd.Series, n: int, seed: int, *, even: bool, before: pd.Series | None = None
) -> pd.DataFrame:
    """Draw n of the rows within their strata, of `sizes`; those that were drawn `before` (bool) stay."""
    kept = pd.Series(False, index=rows.index) if before is None else before
    least = rows.loc[kept, "stratum"].value_counts().reindex(sizes.index, fill_value=0).to_numpy()
    wanted = pd.Series(_allotted(sizes.to_numpy(), n, least, even=even), index=sizes.index)
    rng = np.random.default_rng([seed, 8] if before is None else [seed, 8, int(kept.sum())])
    chosen = [np.flatnonzero(kept)]
    for name, more in (wanted - least).items():
        chosen.append(rng.choice(np.flatnonzero((rows["stratum"] == name) & ~kept), more, replace=False))
    drawn = rows.loc[rng.permutation(np.concatenate(chosen))]
    chance = drawn["stratum"].map(wanted) / drawn["stratum"].map(sizes)
    return drawn.assign(probability=chance)[COLUMNS].reset_index(drop=True)


def _allotted(sizes: np.ndarray, n: int, before: np.ndarray, *, even: bool) -> np.ndarray:
    """How many of each stratum to draw, n in all: as near to its share as what is there and its size allow."""
    share = np.full(len(sizes), n / len(sizes)) if even else sizes * n / sizes.sum()
    least = np.maximum(np.minimum(LEAST, sizes), before)
    wanted = np.minimum(np.maximum(np.round(share).astype(int), least), sizes)
    while (missing := n - wanted.sum()) != 0:
        can = wanted < sizes if missing > 0 else wanted > least
        can = can if can.any() else wanted > before
        order = np.where(can, np.sign(missing) * (share - wanted), -np.inf)
        wanted[np.argmax(order)] += np.sign(missing)
    return wanted


def sampled(folder: Path, n: int | None, strata: Callable[[], pd.DataFrame], seed: int, *, even: bool) -> None:
    """See to a sample of n in the folder `coded`: drawn if there is none, made larger if it has fewer.

    A sample is made larger within its own strata, so that chances stay known. A StudyError if a comment of it is in
    another stratum now: topics, or scores, are others than when it was drawn.
    """
    path = folder / SAMPLE
    if not path.is_file():
        write_new(folder, {SAMPLE: sample_bytes(draw(strata(), USUAL if n is None else n, seed, even=even))})
        return
    known = {comment: stratum for _, (comment, stratum, _) in read_rows(path, COLUMNS)}
    if n is None or n <= len(known):
        return
    rows = strata().sort_values("comment_id", ignore_index=True)
    now = rows["stratum"].where(rows["stratum"].isin({*known.values()}), POOLED)
    before = rows["comment_id"].isin(known)
    if (now[before] != rows.loc[before, "comment_id"].map(known)).any():
        raise StudyError(
            expected="a sample of the strata that there are now",
            found="comments that were drawn from other ones: topics or periods have changed since",
            where=str(path),
            remedy="Code what is drawn; or move the folder away, and draw a new sample.",
        )
    sizes = now.value_counts().sort_index()
    more = _drawn(rows.assign(stratum=now), sizes, min(n, len(rows)), seed, even=even, before=before)
    write_new(folder, {SAMPLE: sample_bytes(more)}, over=True)


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
    folder: Path, drawn: pd.DataFrame, coders: Sequence[str], rules: str = "", *, xlsx: bool = False
) -> list[Path]:
    """Write the sample from `draw`, with its texts, the rules and a sheet for each coder; nothing is overwritten."""
    check_names(coders, "threadline code --coders", Path(SAMPLE).stem)
    table = drawn[["comment_id", "text"]].assign(code="")
    sheet = xlsx_bytes(table) if xlsx else csv_bytes(table, bom=True)
    sheets = [f"{coder}{XLSX if xlsx else '.csv'}" for coder in coders]
    write_new(folder, {SAMPLE: sample_bytes(drawn), RULES: rules.encode()} | dict.fromkeys(sheets, sheet))
    return [folder / name for name in sheets]


def sample_bytes(drawn: pd.DataFrame) -> bytes:
    """What `draw` gives as the file that says of each comment with which chance it was drawn."""
    return csv_bytes(drawn[COLUMNS].sort_values("comment_id"), bom=True)
