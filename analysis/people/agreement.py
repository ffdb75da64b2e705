"""The instrument against people: agreement, on the whole and by group, and confusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.sentiment import NEITHER
from analysis.sentiment.codes import SCALE, Codes

LEVEL = 0.95  # of the intervals
MIN_THREADS = 5  # coded threads below which an interval would claim to know what it cannot
METRICS = ("alpha", "accuracy", "f1_macro", "r")
COLUMNS = ["by", "group", "instrument", "coders", "n", *(f"{m}{end}" for m in METRICS for end in ("", "_low", "_high"))]
MIN_CODED = 10  # coded comments of a group below which it has no row of its own


def agreement(
    codes: Codes | None,
    comments: pd.DataFrame,
    *,
    instrument: str,
    by: Sequence[str] = (),
    draws: int = 2000,
) -> pd.DataFrame:
    """Compare coders with each other, and the instrument with them; no rows if nothing is coded.

    `comments` have comment_id, article_id, sentiment and the columns of `by`, for whose values agreement is also given:
    an instrument that is right on the whole may fail on a topic. `draws` of the bootstrap of threads give the
    intervals.

    The rows are by and group ("all", then each column of `by` and each of its values that has ten coded comments or
    more); instrument; coders, their number; n, comments that have both a code and a score; alpha, Krippendorff's,
    ordinal, of the whole sample as it is; accuracy and f1_macro of the instrument's class (thresholds ±0.05) against
    the people's, and r of its score with their mean code, all three weighted to the corpus by the inverse of the
    probability of being drawn; each with _low and _high. NaN where a figure is not defined (alpha of one coder), and
    intervals where fewer than five threads are coded.
    """
    rows = _joined(codes, comments)
    kinds = dict.fromkeys(COLUMNS, "float64") | dict.fromkeys(COLUMNS[:3], "str") | dict.fromkeys(COLUMNS[3:5], "int64")
    if codes is None or rows.empty:
        return pd.DataFrame(columns=COLUMNS).astype(kinds)
    made = [{"by": "all", "group": "all"} | _row(codes, rows, draws)]
    for column in by:
        value = rows["comment_id"].map(comments.set_index("comment_id")[column])
        for group in sorted(value.dropna().unique()):
            some = rows[value == group]
            if some["sentiment"].notna().sum() >= MIN_CODED:
                made.append({"by": column, "group": str(group)} | _row(codes, some, draws, alpha=False))
    table = pd.DataFrame(made).assign(instrument=instrument, coders=len(codes.coders))
    return table[COLUMNS].astype(kinds)


def _row(codes: Codes, rows: pd.DataFrame, draws: int, *, alpha: bool = True) -> dict[str, object]:
    """Figures of agreement over some coded comments, with their intervals."""
    rows = rows.assign(thread=pd.factorize(rows["thread"], sort=True)[0])
    scored = rows[rows["sentiment"].notna()]
    n_threads = rows["thread"].max() + 1
    rng = np.random.default_rng(1)
    times = np.vstack([np.ones(n_threads), rng.multinomial(n_threads, np.full(n_threads, 1 / n_threads), draws)])
    by_coder, thread = rows[list(codes.coders)].to_numpy(), rows["thread"].to_numpy()
    alphas = _alphas(by_coder, thread, times) if alpha else np.full(len(times), np.nan)
    values = {"alpha": alphas} | _metrics(scored, times)
    row: dict[str, object] = {"n": len(scored)}
    for metric, (value, *drawn) in values.items():
        drawn = np.array(drawn)[np.isfinite(drawn)]
        known = n_threads >= MIN_THREADS and len(drawn) > draws / 2 and np.isfinite(value)
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, 1 - (1 - LEVEL) / 2]) if known else (np.nan, np.nan)
        row |= {metric: value, f"{metric}_low": low, f"{metric}_high": high}
    return row


def _joined(codes: Codes | None, comments: pd.DataFrame) -> pd.DataFrame:
    """The coded comments with what the corpus says of them, their threads numbered; sorted by comment_id."""
    if codes is None:
        return pd.DataFrame()
    rows = codes.table.merge(comments[["comment_id", "article_id", "sentiment"]], on="comment_id", how="inner")
    rows["thread"] = pd.factorize(rows["article_id"], sort=True)[0]
    rows["weight"] = 1 / rows["probability"]
    rows["people"] = class_of_people(rows[list(codes.coders)].to_numpy())
    rows["machine"] = class_of_score(rows["sentiment"].to_numpy())
    return rows


def class_of_people(by_coder: np.ndarray) -> np.ndarray:
    """Class by most of the coders; where no class has more than half of them, their mean rounded away from 0."""
    n = np.isfinite(by_coder).sum(axis=1)
    mean = np.nansum(by_coder, axis=1) / n
    chosen = np.sign(mean) * (np.abs(mean) >= 0.5)
    for c in SCALE:
        chosen = np.where((by_coder == c).sum(axis=1) * 2 > n, c, chosen)
    return chosen.astype(int)


def class_of_score(score: np.ndarray) -> np.ndarray:
    """Class of a score; 0 where there is none."""
    return (score >= NEITHER).astype(int) - (score <= -NEITHER).astype(int)


def alpha(by_coder: np.ndarray, draws: int = 200) -> tuple[float, float, float]:
    """Krippendorff's alpha of codes, (n_comments, n_coders), and its interval from resampling comments.

    NaN where fewer than two classes were given by coders who share a comment; no interval of fewer than ten comments.
    """
    both = by_coder[np.isfinite(by_coder).sum(axis=1) > 1]
    n, rng = len(both), np.random.default_rng(1)
    if not n:
        return np.nan, np.nan, np.nan
    times = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), draws if n >= MIN_CODED else 0)])
    value, *drawn = _alphas(both, np.arange(n), times)
    known = np.array(drawn)[np.isfinite(drawn)]
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(known) > draws / 2 else (np.nan, np.nan)
    return float(value), float(low), float(high)


def _alphas(by_coder: np.ndarray, thread: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Krippendorff's ordinal alpha with each thread taken `times` (n_draws, n_threads) times.

    By its coincidences (Krippendorff 2019, chapter 12), whose sums over threads serve every draw.
    """
    counts = np.stack([(by_coder == c).sum(axis=1) for c in SCALE], axis=1).astype(float)
    counts, thread = counts[counts.sum(axis=1) > 1], thread[counts.sum(axis=1) > 1]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(SCALE))
    pairs /= np.maximum(counts.sum(axis=1) - 1, 1)[:, None, None]
    sums = np.zeros((times.shape[1], *pairs.shape[1:]))
    np.add.at(sums, thread, pairs)
    seen = np.tensordot(times, sums, axes=1)
    each = seen.sum(axis=2)  # how often each class was given
    middle = np.cumsum(each, axis=1) - each / 2  # its rank
    apart = (middle[:, :, None] - middle[:, None, :]) ** 2
    by_chance = (each[:, :, None] * each[:, None, :] * apart).sum(axis=(1, 2)) / np.maximum(each.sum(axis=1) - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # coders who all say the same: on what they agree is not known
        return np.where(by_chance > 0, 1 - (seen * apart).sum(axis=(1, 2)) / by_chance, np.nan)


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


def length_of(texts: pd.Series) -> pd.Series:
    """How long comments are, in words: dictionaries fail on short ones."""
    n = texts.str.split().str.len().to_numpy()
    names = np.array(["1 to 5 words", "6 to 20 words", "more than 20 words"])
    return pd.Series(names[np.digitize(n, [6, 21])], index=texts.index, dtype="str")


def confusion(codes: Codes, comments: pd.DataFrame) -> pd.DataFrame:
    """Coded comments that have a score, counted by the people's class (rows) and the instrument's (columns)."""
    rows = _joined(codes, comments).dropna(subset="sentiment")
    table = np.zeros((3, 3), dtype="int64")
    np.add.at(table, (rows["people"].to_numpy() + 1, rows["machine"].to_numpy() + 1), 1)
    names = ["negative", "neither", "positive"]
    return pd.DataFrame(table, index=pd.Index(names, name="people"), columns=names)
