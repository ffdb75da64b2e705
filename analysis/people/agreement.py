"""The instrument against people: agreement, on the whole and by group, and confusion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import betaincinv, stdtrit

from analysis.sentiment.codes import VALUES, Codes, class_of_people, class_of_score

LEVEL = 0.95  # of the intervals
MIN_THREADS = 5  # coded threads below which an interval would claim to know what it cannot
METRICS = ("alpha", "accuracy", "f1_macro", "r")
COLUMNS = ["by", "group", "instrument", "coders", "n", *(f"{m}{end}" for m in METRICS for end in ("", "_low", "_high"))]
MIN_CODED = 10  # coded comments of a group below which it has no row of its own
MISTAKES = {"missed": "people", "wrong": "machine"}  # an error, and of whose class it is a share


def agreement(
    codes: Codes, comments: pd.DataFrame, *, instrument: str, by: Sequence[str] = (), draws: int = 2000
) -> pd.DataFrame:
    """Compare coders with each other, and the instrument with them; no rows if nothing is coded.

    `comments` have comment_id, article_id, sentiment and the columns of `by`, for whose values agreement is also given,
    where ten comments or more have both a code and a score: an instrument that is right on the whole may fail on a
    topic. alpha is Krippendorff's, ordinal, of the whole sample as it is; accuracy, f1_macro (of the classes) and r (of
    the score with the mean code) are weighted to the corpus by the inverse of the probability of being drawn. Intervals
    are by `draws` of threads, but accuracy's, which has a width also where all is right (`share_of`).
    """
    kinds = dict.fromkeys(COLUMNS, "float64") | dict.fromkeys(COLUMNS[:3], "str") | dict.fromkeys(COLUMNS[3:5], "int64")
    made = []
    for column, group, rows in _groups(joined(codes, comments), comments, by):
        if column == "all" or rows["sentiment"].notna().sum() >= MIN_CODED:
            made.append({"by": column, "group": group} | _row(codes, rows, draws, alpha=column == "all"))
    table = pd.DataFrame(made, columns=COLUMNS)
    return table.assign(instrument=instrument, coders=len(codes.coders)).astype(kinds)


def _groups(rows: pd.DataFrame, comments: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The coded comments, and those of each value of some columns."""
    if len(rows):
        yield "all", "all", rows
    for column in by if len(rows) else ():
        value = rows["comment_id"].map(comments.set_index("comment_id")[column])
        for group in sorted(value.dropna().unique()):
            yield column, str(group), rows[value == group]


def _row(codes: Codes, rows: pd.DataFrame, draws: int, *, alpha: bool) -> dict[str, object]:
    """Figures of agreement over some coded comments, with their intervals."""
    rows = rows.assign(thread=pd.factorize(rows["thread"], sort=True)[0])
    scored = rows[rows["sentiment"].notna()]
    n_threads, values = rows["thread"].max() + 1, tuple(codes.classes.values())
    times = taken(np.random.default_rng(1), n_threads, draws)
    found = metrics(scored, times, values)
    if alpha:
        found |= {"alpha": _alphas(rows[list(codes.coders)].to_numpy(), rows["thread"].to_numpy(), times, values)}
    row: dict[str, object] = {"n": len(scored)}
    for metric in found:
        value, low, high = by_draws(found[metric])
        if metric == "accuracy":
            _, low, high = share_of((scored["people"] == scored["machine"]).to_numpy(), scored)
        elif n_threads < MIN_THREADS or low == high:  # of coders, or an instrument, who never err: elsewhere they may
            low = high = np.nan
        row |= {metric: value, f"{metric}_low": low, f"{metric}_high": high}
    return row


def taken(rng: np.random.Generator, n: int, draws: int) -> np.ndarray:
    """How often each of n threads is in the sample, once, and in draws of as many from it: (1 + draws, n)."""
    return np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), draws)])


def by_draws(values: np.ndarray) -> tuple[float, float, float]:
    """A figure in the sample, and its interval by draws from it, if it is one in most of them."""
    value, drawn = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not np.isfinite(value) or len(drawn) <= (len(values) - 1) / 2:
        return value, np.nan, np.nan
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return value, low, high


def share_of(of: np.ndarray, rows: pd.DataFrame) -> tuple[float, float, float]:
    """The share, by weight, of the rows in which something holds, and its interval; none of fewer than five threads.

    The variance is that between threads; the interval is Korn and Graubard's (1998), which, unlike a bootstrap's, has a
    width also where all or none hold.
    """
    w, thread = rows["weight"].to_numpy(float), pd.factorize(rows["thread"])[0]
    if not len(w):
        return np.nan, np.nan, np.nan
    share, n_threads = float(np.average(of, weights=w)), int(thread.max()) + 1
    if n_threads < MIN_THREADS:
        return share, np.nan, np.nan
    moved = np.bincount(thread, w * (of - share), n_threads) / w.sum()
    variance = n_threads / (n_threads - 1) * float(moved @ moved)
    n = float(w.sum() ** 2 / (w @ w))
    n = min(share * (1 - share) / variance, n) if variance > 1e-12 else min(n, n_threads)
    end = (1 + LEVEL) / 2
    n *= float(stdtrit(len(w) - 1, end) / stdtrit(n_threads - 1, end)) ** 2
    return share, *share_ends(share, n, 1 - end)


def share_ends(share: float, n: float, tail: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share of n comments, which need not be whole."""
    x = share * n
    low = float(betaincinv(x, n - x + 1, tail)) if x > 0 else 0.0
    return low, float(betaincinv(x + 1, n - x, 1 - tail)) if x < n else 1.0


def joined(codes: Codes, comments: pd.DataFrame) -> pd.DataFrame:
    """The coded comments with what the corpus says of them, their threads numbered; sorted by comment_id."""
    rows = codes.table.merge(comments[["comment_id", "article_id", "sentiment"]], on="comment_id", how="inner")
    rows["thread"] = pd.factorize(rows["article_id"], sort=True)[0]
    rows["weight"] = 1 / rows["probability"]
    values = tuple(codes.classes.values())
    rows["people"] = class_of_people(rows[list(codes.coders)].to_numpy(), values)
    rows["machine"] = class_of_score(rows["sentiment"].to_numpy(), values)
    return rows


def alpha(by_coder: np.ndarray, values: Sequence[float] = VALUES) -> tuple[float, float, float]:
    """Krippendorff's alpha of codes, (n_comments, n_coders), and its interval from resampling comments.

    NaN where fewer than two classes were given by coders who share a comment; no interval of fewer than ten comments.
    """
    both = by_coder[np.isfinite(by_coder).sum(axis=1) > 1]
    if not (n := len(both)):
        return np.nan, np.nan, np.nan
    times = taken(np.random.default_rng(1), n, 200 if n >= MIN_CODED else 0)
    return by_draws(_alphas(both, np.arange(n), times, values))


def _alphas(by_coder: np.ndarray, thread: np.ndarray, times: np.ndarray, values: Sequence[float]) -> np.ndarray:
    """Krippendorff's ordinal alpha with each thread taken `times` (n_draws, n_threads) times.

    By its coincidences (Krippendorff 2019, chapter 12), whose sums over threads serve every draw.
    """
    counts = np.stack([(by_coder == c).sum(axis=1) for c in values], axis=1).astype(float)
    counts, thread = counts[counts.sum(axis=1) > 1], thread[counts.sum(axis=1) > 1]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(values))
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


def metrics(rows: pd.DataFrame, times: np.ndarray, values: Sequence[float]) -> dict[str, np.ndarray]:
    """Weighted accuracy, macro F1 and r, with each thread taken `times` (n_draws, n_threads) times."""
    y, f, w = (rows[c].to_numpy(float) for c in ("code", "sentiment", "weight"))
    k = len(values)
    cell = np.searchsorted(values, rows["people"]) * k + np.searchsorted(values, rows["machine"])
    sums = np.zeros((times.shape[1], k * k + 6))
    parts = np.hstack([np.eye(k * k)[cell], np.stack([np.ones_like(y), y, f, y * y, f * f, y * f], axis=1)])
    np.add.at(sums, rows["thread"].to_numpy(), w[:, None] * parts)
    drawn = times @ sums
    table = drawn[:, : k * k].reshape(-1, k, k)
    hit, both = table.diagonal(axis1=1, axis2=2), table.sum(axis=1) + table.sum(axis=2)
    n, y1, f1, y2, f2, yf = drawn[:, k * k :].T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.maximum(n * y2 - y1**2, 0) * np.maximum(n * f2 - f1**2, 0))
        return {
            "accuracy": hit.sum(axis=1) / n,
            "f1_macro": np.where(both > 0, 2 * hit / both, 0).sum(axis=1) / (both > 0).sum(axis=1),
            "r": np.where(spread > 1e-9 * n**2, (n * yf - y1 * f1) / spread, np.nan),
        }


def length_of(texts: pd.Series) -> pd.Series:
    """How long comments are, in words: dictionaries fail on short ones."""
    n = np.array([len(text.split()) for text in texts], dtype=np.int64)
    names = np.array(["1 to 5 words", "6 to 20 words", "more than 20 words"])
    return pd.Series(names[np.digitize(n, [6, 21])], index=texts.index, dtype="str")


def confusion(codes: Codes, comments: pd.DataFrame) -> pd.DataFrame:
    """Coded comments that have a score, counted by the people's class (rows) and the instrument's (columns)."""
    rows, names = joined(codes, comments).dropna(subset="sentiment"), {v: name for name, v in codes.classes.items()}
    table = pd.crosstab(rows["people"].map(names), rows["machine"].map(names))
    return table.reindex(index=list(codes.classes), columns=list(codes.classes), fill_value=0).rename_axis(columns=None)


def class_errors(codes: Codes, comments: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Which classes the instrument misses, and which it gives wrongly, of the groups of `agreement`.

    "missed" are of the comments that people give the class those that the instrument gives another; "wrong" of those
    that it gives the class those that people give another: shares as of `share_of`. No row of fewer than ten.
    """
    made = []
    for column, group, rows in _groups(joined(codes, comments).dropna(subset="sentiment"), comments, by):
        for (name, number), (error, whose) in product(codes.classes.items(), MISTAKES.items()):
            some = rows[rows[whose] == number]
            if len(some) >= MIN_CODED:
                share = share_of((some["people"] != some["machine"]).to_numpy(), some)
                made.append((column, group, name, error, len(some), *share))
    columns = ["by", "group", "class", "error", "n", "estimate", "low", "high"]
    return pd.DataFrame(made, columns=columns).astype(dict.fromkeys(columns[:4], "str"))
