"""The instrument against people: agreement, confusion, and means corrected by a hand-coded sample."""

from __future__ import annotations

from collections.abc import Sequence

import krippendorff
import numpy as np
import pandas as pd
from scipy import stats

from analysis.codes import Codes, read_codes
from analysis.settings import StudyError

__all__ = ["Codes", "agreement", "confusion", "corrected", "read_codes"]

SCALE = (-1, 0, 1)
CUT = 0.05  # VADER's authors' threshold: a score within 0.05 of 0 is neither negative nor positive
MIN_THREADS = 5  # coded threads below which an interval would claim to know what it cannot
METRICS = ("alpha", "accuracy", "f1_macro", "r")
COLUMNS = ["instrument", "coders", "n", *(f"{m}{end}" for m in METRICS for end in ("", "_low", "_high"))]
MEASURES = ("mean", "negative", "positive")


def agreement(
    codes: Codes | None,
    comments: pd.DataFrame,
    *,
    instrument: str,
    draws: int = 2000,
    seed: int = 1,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare coders with each other, and the instrument with them.

    Parameters
    ----------
    codes : Codes or None
    comments : DataFrame
        comment_id, article_id, sentiment.
    instrument : str
        Its name, for the table.
    draws : int
        Bootstrap draws of threads.
    seed : int
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame of one row, or of none if nothing is coded
        instrument; coders, their number; n, comments that have both a code and a score; alpha, Krippendorff's, ordinal,
        of the sample as it is; accuracy and f1_macro of the instrument's class (thresholds ±0.05) against the people's,
        and r of its score with their mean code, all three weighted to the corpus by the inverse of the probability of
        being drawn; each with _low and _high, percentiles of a bootstrap of threads. NaN where a figure is not defined
        (alpha of one coder) and where fewer than five threads are coded.
    """
    rows = _joined(codes, comments)
    if codes is None or rows.empty:
        kinds = {c: "float64" for c in COLUMNS} | {"instrument": "str", "coders": "int64", "n": "int64"}
        return pd.DataFrame(columns=COLUMNS).astype(kinds)
    scored = rows[rows["sentiment"].notna()]
    n_threads = rows["thread"].max() + 1
    rng = np.random.default_rng(seed)
    times = np.vstack([np.ones(n_threads), rng.multinomial(n_threads, np.full(n_threads, 1 / n_threads), draws)])
    values = {"alpha": _alphas(rows[list(codes.coders)].to_numpy(), rows["thread"].to_numpy(), times)}
    values |= _metrics(scored, times)
    row: dict[str, object] = {"instrument": instrument, "coders": len(codes.coders), "n": len(scored)}
    tail = (1 - level) / 2
    for metric in METRICS:
        value, drawn = values[metric][0], values[metric][1:]
        drawn = drawn[np.isfinite(drawn)]
        known = n_threads >= MIN_THREADS and len(drawn) > draws / 2 and np.isfinite(value)
        low, high = np.quantile(drawn, [tail, 1 - tail]) if known else (np.nan, np.nan)
        row |= {metric: value, f"{metric}_low": low, f"{metric}_high": high}
    return pd.DataFrame([row], columns=COLUMNS)


def _joined(codes: Codes | None, comments: pd.DataFrame) -> pd.DataFrame:
    """The coded comments with what the corpus says of them, their threads numbered; sorted by comment_id."""
    if codes is None:
        return pd.DataFrame()
    rows = codes.table.merge(comments[["comment_id", "article_id", "sentiment"]], on="comment_id", how="inner")
    rows["thread"] = pd.factorize(rows["article_id"], sort=True)[0]
    rows["weight"] = 1 / rows["probability"]
    rows["people"] = _people(rows[list(codes.coders)].to_numpy())
    rows["machine"] = _machine(rows["sentiment"].to_numpy())
    return rows


def _people(by_coder: np.ndarray) -> np.ndarray:
    """Class by most of the coders; where no class has more than half of them, their mean rounded away from 0."""
    n = np.isfinite(by_coder).sum(axis=1)
    mean = np.nansum(by_coder, axis=1) / n
    chosen = np.sign(mean) * (np.abs(mean) >= 0.5)
    for c in SCALE:
        chosen = np.where((by_coder == c).sum(axis=1) * 2 > n, c, chosen)
    return chosen.astype(int)


def _machine(score: np.ndarray) -> np.ndarray:
    """Class of a score; 0 where there is none."""
    return (score >= CUT).astype(int) - (score <= -CUT).astype(int)


def _alphas(by_coder: np.ndarray, thread: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Krippendorff's alpha with each thread taken `times` (n_draws, n_threads) times."""
    counts = np.stack([(by_coder == c).sum(axis=1) for c in SCALE], axis=1)
    counts, thread = counts[counts.sum(axis=1) > 1], thread[counts.sum(axis=1) > 1]
    alphas = np.full(len(times), np.nan)
    for d, weights in enumerate(times):
        drawn = np.repeat(counts, weights[thread].astype(int), axis=0)
        if (drawn.sum(axis=0) > 0).sum() > 1:  # coders who all say the same agree, but on what is not known
            alphas[d] = krippendorff.alpha(value_counts=drawn, value_domain=SCALE, level_of_measurement="ordinal")
    return alphas


def _metrics(rows: pd.DataFrame, times: np.ndarray) -> dict[str, np.ndarray]:
    """Weighted accuracy, macro F1 and r, with each thread taken `times` (n_draws, n_threads) times."""
    y, f, w = (rows[c].to_numpy(float) for c in ("code", "sentiment", "weight"))
    cell = (rows["people"].to_numpy() + 1) * 3 + rows["machine"].to_numpy() + 1
    sums = np.zeros((times.shape[1], 15))
    parts = np.hstack([np.eye(9)[cell], np.stack([np.ones_like(y), y, f, y * y, f * f, y * f], axis=1)])
    np.add.at(sums, rows["thread"].to_numpy(), w[:, None] * parts)
    drawn = times @ sums
    table = drawn[:, :9].reshape(-1, 3, 3)
    hit, both = table.diagonal(axis1=1, axis2=2), table.sum(axis=1) + table.sum(axis=2)
    n, y1, f1, y2, f2, yf = drawn[:, 9:].T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.maximum(n * y2 - y1**2, 0) * np.maximum(n * f2 - f1**2, 0))
        return {
            "accuracy": hit.sum(axis=1) / n,
            "f1_macro": np.where(both > 0, 2 * hit / both, 0).sum(axis=1) / (both > 0).sum(axis=1),
            "r": np.where(spread > 1e-9 * n**2, (n * yf - y1 * f1) / spread, np.nan),
        }


def confusion(codes: Codes, comments: pd.DataFrame) -> pd.DataFrame:
    """Count coded comments by the people's class and the instrument's.

    Parameters
    ----------
    codes : Codes
    comments : DataFrame
        comment_id, article_id, sentiment.

    Returns
    -------
    DataFrame of shape (3, 3) of int
        Index `people`, columns `machine`: -1, 0, 1 by their names. Comments without a score are not in it.
    """
    rows = _joined(codes, comments)
    rows = rows[rows["sentiment"].notna()]
    table = np.zeros((3, 3), dtype="int64")
    np.add.at(table, (rows["people"].to_numpy() + 1, rows["machine"].to_numpy() + 1), 1)
    names = ["negative", "neither", "positive"]
    return pd.DataFrame(table, index=pd.Index(names, name="people"), columns=names)


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
        raise StudyError(expected=f"one of: {', '.join(MEASURES)}", found=str(measure), where="coding.corrected")
    if absent := [k for k in keys if k not in comments]:
        raise StudyError(expected="columns of comments", found=", ".join(absent), where="coding.corrected, by")
    rows = _with_codes(codes, comments, keys, measure)
    numbers = [f"{kind}{end}" for kind in ("estimate", "uncorrected", "codes_only") for end in ("", "_low", "_high")]
    numbers = [c.removeprefix("estimate_") for c in numbers]
    counts = ["n_comments", "n_threads", "n_coded", "n_coded_threads"]
    if codes is None or rows.empty or not rows["coded"].any():
        empty = pd.DataFrame(columns=[*keys, *numbers, *counts, "weight"])
        kinds = {k: comments[k].dtype for k in keys} | dict.fromkeys([*numbers, "weight"], "float64")
        return empty.astype(kinds | dict.fromkeys(counts, "int64"))
    groups = list(rows.groupby(keys, sort=True, dropna=False)) if keys else [((), rows)]
    # One lambda for all groups: that of a group with a dozen codes would be chosen by chance.
    moved = [_influences(group) for _, group in groups if group["coded"].any()]
    pooled = _best(*map(np.concatenate, zip(*moved, strict=True)))
    made = []
    for key, group in groups:
        figures = _estimates(group, pooled, level, (0.0 if measure != "mean" else -1.0, 1.0))
        made.append(dict(zip(keys, key, strict=True)) | figures)
    return pd.DataFrame(made)[[*keys, *numbers, *counts, "weight"]]


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
        y[coded] = _people(by_coder[coded]) == wanted
        f = np.where(np.isfinite(f), _machine(f) == wanted, np.nan)
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
    return float(stats.t.ppf((1 + level) / 2, n_threads - 1) * np.sqrt((n_threads - 1) / n_threads * (moved @ moved)))


def _estimates(rows: pd.DataFrame, weight: float, level: float, ends: tuple[float, float]) -> dict[str, float]:
    """All figures of one group."""
    scored = rows["f"].notna()
    f, thread = rows.loc[scored, "f"].to_numpy(), pd.factorize(rows.loc[scored, "thread"])[0]
    n_coded_threads = rows.loc[rows["coded"], "thread"].nunique()
    out = {
        "n_comments": len(rows),
        "n_threads": rows["thread"].nunique(),
        "n_coded": int(rows["coded"].sum()),
        "n_coded_threads": n_coded_threads,
        "weight": np.nan,
    }
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
        low, high = ("low", "high") if name == "estimate" else (f"{name}_low", f"{name}_high")
        out |= {name: float(np.clip(value, *ends)), low: max(value - half, ends[0]), high: min(value + half, ends[1])}
        if np.isnan(half):
            out |= {low: np.nan, high: np.nan}
    return out
