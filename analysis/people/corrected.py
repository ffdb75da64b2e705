"""Scores and a hand-coded sample together -> means and shares that are right even where the instrument is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit  # scipy.stats takes a second to import

from analysis.people.agreement import MIN_THREADS, class_of_people, class_of_score
from analysis.sentiment.codes import Codes
from analysis.settings import StudyError

MEASURES = ("mean", "negative", "positive")
PARTS = ("all", "period_start", "topic")  # by which the table of corrected means is cut
ENDS = {"estimate": ("low", "high")}  # what the ends of an interval are called, if not by their figure
ENDS |= {name: (f"{name}_low", f"{name}_high") for name in ("uncorrected", "codes_only")}
NUMBERS = [name for figure, ends in ENDS.items() for name in (figure, *ends)]
COUNTS = ["n_comments", "n_threads", "n_coded", "n_coded_threads"]


def corrected(
    codes: Codes | None,
    comments: pd.DataFrame,
    *,
    by: str | Sequence[str] | None = None,
    measure: str = "mean",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate what people would have coded on the mean, from all scores and the coded sample together.

    The mean of the codes, plus lambda times the difference between the mean score of all comments and that of the coded
    ones: prediction-powered inference (Angelopoulos et al. 2023), with codes weighted by the inverse of the probability
    of being drawn. Lambda is the one with the smallest variance (PPI++, 2024); 0 is the codes alone, so the interval is
    never wider than theirs. The variance is the jackknife's over threads, which are what is resampled.

    Parameters
    ----------
    codes : Codes or None
    comments : DataFrame
        comment_id, article_id, sentiment and the columns of `by`. A comment without a score counts as scored 0: its
        code corrects that like any other.
    by : str or sequence of str, optional
        Columns that make groups, such as "topic".
    measure : str
        "mean" of the code in [-1, 1]; share of "negative" or of "positive" comments in [0, 1].
    level : float

    Returns
    -------
    DataFrame of one row per group that has a comment
        The columns of `by`; estimate, low, high; uncorrected, uncorrected_low, uncorrected_high: of the scores alone;
        codes_only, codes_only_low, codes_only_high; n_comments, n_threads, n_coded, n_coded_threads, weight (lambda).
        NaN where nothing is coded; no interval where fewer than five threads are. No rows if there are no codes.

    Raises
    ------
    StudyError
        If there is no such measure or no such column.
    """
    keys = [by] if isinstance(by, str) else list(by or [])
    if measure not in MEASURES:
        raise StudyError(expected=f"one of: {', '.join(MEASURES)}", found=str(measure), where="corrected")
    if absent := [k for k in keys if k not in comments]:
        raise StudyError(expected="columns of comments", found=", ".join(absent), where="corrected, by")
    rows = _with_codes(codes, comments, keys, measure)
    if codes is None or rows.empty or not rows["coded"].any():
        kinds = {k: comments[k].dtype for k in keys} | dict.fromkeys([*NUMBERS, "weight"], "float64")
        kinds |= dict.fromkeys(COUNTS, "int64")
        return pd.DataFrame(columns=[*keys, *NUMBERS, *COUNTS, "weight"]).astype(kinds)
    groups = list(rows.groupby(keys, sort=True, dropna=False)) if keys else [((), rows)]
    # One lambda for all groups: that of a group with a dozen codes would be chosen by chance.
    moved = [_influences(group) for _, group in groups if group["coded"].any()]
    pooled = _best(*map(np.concatenate, zip(*moved, strict=True)))
    bounds = (-1.0 if measure == "mean" else 0.0, 1.0)
    made = [dict(zip(keys, key, strict=True)) | _estimates(group, pooled, level, bounds) for key, group in groups]
    return pd.DataFrame(made)[[*keys, *NUMBERS, *COUNTS, "weight"]]


def _with_codes(codes: Codes | None, comments: pd.DataFrame, keys: list[str], measure: str) -> pd.DataFrame:
    """All comments: score f, code y and weight w (0 where not coded), thread; sorted by comment_id."""
    rows = comments[list(dict.fromkeys(["comment_id", "article_id", "sentiment", *keys]))].sort_values("comment_id")
    if codes is None:
        return rows.iloc[:0]
    table = codes.table.set_index("comment_id")
    by_coder = table[list(codes.coders)].reindex(rows["comment_id"]).to_numpy(float)
    coded = np.isfinite(by_coder).any(axis=1)
    y, f = np.zeros(len(rows)), rows["sentiment"].to_numpy(float)
    if measure == "mean":
        y[coded] = np.nanmean(by_coder[coded], axis=1)
    else:
        wanted = -1 if measure == "negative" else 1
        y[coded] = class_of_people(by_coder[coded]) == wanted
        f = np.where(np.isfinite(f), class_of_score(f) == wanted, np.nan)
    w = np.where(coded, 1 / table["probability"].reindex(rows["comment_id"]).to_numpy(float), 0.0)
    thread = pd.factorize(rows["article_id"], sort=True)[0]
    return rows.assign(y=y, f=f, w=w, coded=coded, thread=thread)


def _influences(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What leaving out each thread moves the mean code (a) and the difference of mean scores (b), with their sign.

    The estimate is the mean code + lambda x the difference; a thread moves it by a + lambda b.
    """
    thread = pd.factorize(rows["thread"])[0]
    y, w, f = rows["y"].to_numpy(), rows["w"].to_numpy(), rows["f"].fillna(0).to_numpy()
    size = thread.max() + 1

    def moved(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        total = weights.sum()
        left = np.maximum(total - np.bincount(thread, weights, size), 1e-12 * total)  # weight of the other threads
        return np.bincount(thread, weights * (values - np.average(values, weights=weights)), size) / left

    return moved(y, w), moved(f, np.ones_like(f)) - moved(f, w)


def _best(a: np.ndarray, b: np.ndarray) -> float:
    """Lambda that makes the variance of a + lambda b smallest."""
    return float(-(a @ b) / (b @ b)) if b @ b > 1e-12 else 0.0


def _half_width(moved: np.ndarray, n_threads: int, level: float) -> float:
    """Half of the jackknife's interval, from what each thread moves an estimate and how many threads inform it."""
    if n_threads < MIN_THREADS:
        return np.nan
    return float(stdtrit(n_threads - 1, (1 + level) / 2) * np.sqrt((n_threads - 1) / n_threads * (moved @ moved)))


def _estimates(rows: pd.DataFrame, weight: float, level: float, bounds: tuple[float, float]) -> dict[str, float]:
    """All figures of one group."""
    scored = rows["f"].notna()
    f, thread = rows.loc[scored, "f"].to_numpy(), pd.factorize(rows.loc[scored, "thread"])[0]
    n_coded_threads = rows.loc[rows["coded"], "thread"].nunique()
    counts = (len(rows), rows["thread"].nunique(), int(rows["coded"].sum()), n_coded_threads)
    out = dict(zip(COUNTS, counts, strict=True)) | {"weight": np.nan}
    naive = f.mean() if len(f) else np.nan
    sizes = np.bincount(thread)
    moved = np.bincount(thread, f - naive) / np.maximum(len(f) - sizes, 0.5)
    figures = {"uncorrected": (naive, _half_width(moved, len(moved), level))}
    figures |= {"estimate": (np.nan, np.nan), "codes_only": (np.nan, np.nan)}
    if n_coded_threads:
        a, b = _influences(rows)
        if ((a + weight * b) ** 2).sum() > (a @ a):
            weight = 0.0
        y, w, f = rows["y"].to_numpy(), rows["w"].to_numpy(), rows["f"].fillna(0).to_numpy()
        code = np.average(y, weights=w)
        estimate = code + weight * (f.mean() - np.average(f, weights=w))
        figures["codes_only"] = code, _half_width(a, n_coded_threads, level)
        figures["estimate"] = estimate, _half_width(a + weight * b, n_coded_threads, level)
        out["weight"] = weight
    for name, (value, half) in figures.items():
        ends = np.clip([value, value - half, value + half], *bounds).tolist()
        out |= dict(zip((name, *ENDS[name]), ends, strict=True))
    return out


def corrected_table(codes: Codes | None, comments: pd.DataFrame) -> pd.DataFrame:
    """Corrected means and shares of all comments, by period_start and by topic, missing where it is not cut by them.

    The columns by ("all", "period_start", "topic"), period_start, topic, measure, then those of `corrected`.
    """
    made = []
    for part in PARTS:
        rows = comments if part == "all" else comments[comments[part].notna()]
        for measure in MEASURES:
            table = corrected(codes, rows, by=None if part == "all" else part, measure=measure)
            made.append(table.assign(by=part, measure=measure))
    out = pd.concat([table for table in made if len(table)] or made[:1], ignore_index=True)
    for column in ("period_start", "topic"):
        out[column] = out.get(column)
    out = out.astype({"period_start": comments["period_start"].dtype, "topic": "Int64", "by": "str", "measure": "str"})
    first = ["by", "period_start", "topic", "measure"]
    return out[[*first, *(c for c in out.columns if c not in first)]]
