"""Scores and a hand-coded sample together -> means and shares that are right even where the instrument is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit  # scipy.stats takes a second to import

from analysis.people.agreement import MIN_THREADS, share_ends
from analysis.sentiment.codes import Codes, class_of_people, class_of_score
from analysis.settings import CLASSES, StudyError
from analysis.trends.intervals import freedom

PARTS = ("all", "period_start", "topic")  # by which the table of corrected means is cut
ENDS = {"estimate": ("low", "high")}  # what the ends of an interval are called, if not by their figure
ENDS |= {name: (f"{name}_low", f"{name}_high") for name in ("uncorrected", "codes_only")}
NUMBERS = [name for figure, ends in ENDS.items() for name in (figure, *ends)]
PRIOR = 6.0  # threads that what all groups tell of a variance counts as, beside a group's own
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
    of being drawn. Lambda is the one with the smallest variance (PPI++, 2024), or 0, the codes alone, where these vary
    less. The variance is the jackknife's over threads, of a group averaged with what all groups tell of it.

    `comments` have comment_id, article_id, sentiment and the columns of `by`, which make groups, such as "topic"; one
    without a score counts as scored 0: its code corrects that like any other. `measure` is "mean", of the code, or
    "negative", "positive" or another of `measures_of`: a class's share in [0, 1].

    A row per group that has a comment: the columns of `by`; estimate, low, high; uncorrected, uncorrected_low,
    uncorrected_high, of the scores alone; codes_only, codes_only_low, codes_only_high; n_comments, n_threads, n_coded,
    n_coded_threads, weight (lambda). NaN where nothing is coded; no interval where fewer than five threads are; no rows
    if there are no codes. A StudyError if there is no such measure or no such column.
    """
    keys = [by] if isinstance(by, str) else list(by or [])
    measures = measures_of(codes)
    if measure not in measures:
        raise StudyError(expected=f"one of: {', '.join(measures)}", found=str(measure), where="corrected")
    if absent := [k for k in keys if k not in comments]:
        raise StudyError(expected="columns of comments", found=", ".join(absent), where="corrected, by")
    rows = _with_codes(codes, comments, keys, measure)
    if codes is None or rows.empty or not rows["coded"].any():
        kinds = {k: comments[k].dtype for k in keys} | dict.fromkeys([*NUMBERS, "weight"], "float64")
        kinds |= dict.fromkeys(COUNTS, "int64")
        return pd.DataFrame(columns=[*keys, *NUMBERS, *COUNTS, "weight"]).astype(kinds)
    bounds = (0.0, 1.0) if measure != "mean" else (min(codes.classes.values()), max(codes.classes.values()))
    groups = list(rows.groupby(keys, sort=True, dropna=False)) if keys else [((), rows)]
    some = [_Coded.of(group) for _, group in groups if group["coded"].any()]
    # One lambda and one variance for all groups: those of a group with a dozen codes would be chosen by chance.
    weight = _best(np.concatenate([g.a for g in some]), np.concatenate([g.b for g in some]))
    shared = {of: _shared([g for g in some if g.n_threads >= MIN_THREADS], of) for of in (0.0, weight)}
    made = []
    for key, group in groups:
        figures = _estimates(group, weight, shared, level, bounds, share=measure != "mean")
        made.append(dict(zip(keys, key, strict=True)) | figures)
    return pd.DataFrame(made)[[*keys, *NUMBERS, *COUNTS, "weight"]]


def coded_of(codes: Codes, comments: pd.DataFrame) -> _Coded | None:
    """What is coded of all comments, for who plans to code more; None if nothing is."""
    rows = _with_codes(codes, comments, [], "mean")
    return _Coded.of(rows) if rows["coded"].any() else None


def measures_of(codes: Codes | None) -> dict[str, float]:
    """What can be corrected: "mean", and shares of classes, whose values are given; not of a class whose value is 0."""
    classes = CLASSES if codes is None else codes.classes
    own = "" if classes == CLASSES else "share of "
    return {"mean": np.nan} | {own + name: value for name, value in classes.items() if value}


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
        wanted, values = measures_of(codes)[measure], tuple(codes.classes.values())
        y[coded] = class_of_people(by_coder[coded], values) == wanted
        f = np.where(np.isfinite(f), class_of_score(f, values) == wanted, np.nan)
    w = np.where(coded, 1 / table["probability"].reindex(rows["comment_id"]).to_numpy(float), 0.0)
    thread = pd.factorize(rows["article_id"], sort=True)[0]
    return rows.assign(y=y, f=f, w=w, coded=coded, thread=thread)


@dataclass(frozen=True)
class _Coded:
    """The coded comments of a group, y with score f and weight w, and what each thread moves the group's estimate."""

    y: np.ndarray
    f: np.ndarray
    w: np.ndarray
    a: np.ndarray  # (n_threads of the group,) by which leaving the thread out moves the mean code
    b: np.ndarray  # (n_threads of the group,) the same of the difference of mean scores, of all and of the coded
    held: np.ndarray  # (n_coded_threads,) the share of the weight that each thread with codes holds
    difference: float  # of mean scores, of all comments and of the coded ones

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Coded:
        """What is coded of a group."""
        thread, w, f = pd.factorize(rows["thread"])[0], rows["w"].to_numpy(), rows["f"].fillna(0).to_numpy()
        y, coded, size = rows["y"].to_numpy(), rows["coded"].to_numpy(), thread.max() + 1

        def moved(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
            total = weights.sum()
            left = np.maximum(total - np.bincount(thread, weights, size), 1e-12 * total)  # weight of the other threads
            return np.bincount(thread, weights * (values - np.average(values, weights=weights)), size) / left

        a, b = moved(y, w), moved(f, np.ones_like(f)) - moved(f, w)
        held = np.bincount(thread, w, size) / w.sum()
        return cls(y[coded], f[coded], w[coded], a, b, held[held > 0], f.mean() - np.average(f, weights=w))

    @property
    def n_threads(self) -> int:
        return len(self.held)

    @property
    def best(self) -> float:
        """Lambda with the smallest variance."""
        return _best(self.a, self.b)

    def estimate(self, weight: float) -> float:
        """Mean code, corrected by so much of the difference of the scores."""
        return float(np.average(self.y, weights=self.w) + weight * self.difference)

    def variance(self, weight: float) -> float:
        """Of the estimate, by the jackknife over threads."""
        moved = self.a + weight * self.b
        return float((self.n_threads - 1) / self.n_threads * (moved @ moved))

    def spread(self, weight: float) -> float:
        """Variance of a coded comment, for the share of the codes that the scores do not tell."""
        left = self.y - weight * self.f
        return float(np.average((left - np.average(left, weights=self.w)) ** 2, weights=self.w))

    @property
    def n_effective(self) -> float:
        """Coded comments of equal weight that would say as much, if they were independent (Kish)."""
        return float(self.w.sum() ** 2 / (self.w @ self.w))


def _best(a: np.ndarray, b: np.ndarray) -> float:
    """Lambda that makes the variance of a + lambda b smallest."""
    return float(-(a @ b) / (b @ b)) if b @ b > 1e-12 else 0.0


def _shared(groups: list[_Coded], weight: float) -> tuple[float, float]:
    """What groups tell together: the variance of a coded comment, and by how much threads make a mean's larger."""
    if not groups:
        return np.nan, np.nan
    spread = float(np.average([g.spread(weight) for g in groups], weights=[g.n_effective for g in groups]))
    alone = sum(g.spread(weight) / g.n_effective for g in groups)
    return spread, max(sum(g.variance(weight) for g in groups) / alone, 1.0) if alone > 0 else 1.0


def _ends(
    group: _Coded, weight: float, shared: tuple[float, float], level: float, share: bool
) -> tuple[float, float, float]:
    """Variance of a group's estimate, and the ends of its interval; none of fewer than five threads.

    The group's own variance, of few threads and often far too small, is averaged with the one that all groups make one
    of its size expect, by their degrees of freedom (Smyth 2004); its own are Satterthwaite's. A share's interval is
    Korn and Graubard's (1998): it has a width also where no code or every code is of the class.
    """
    if group.n_threads < MIN_THREADS:
        return np.nan, np.nan, np.nan
    estimate, (spread, design) = group.estimate(weight), shared
    if share:  # the variance of a share goes with the share
        spread = group.spread(weight)
    own = float(freedom(group.held, np.zeros(group.n_threads, dtype=np.int64), 1)[0])
    expected = spread * design / group.n_effective
    variance = (own * group.variance(weight) + PRIOR * expected) / (own + PRIOR)
    t = stdtrit(own + PRIOR, (1 + level) / 2)
    if not share:
        half = float(t * np.sqrt(variance))
        return variance, estimate - half, estimate + half
    p, n = float(np.clip(estimate, 0, 1)), group.n_effective / design
    if variance > 0 and 0 < p < 1:
        n = p * (1 - p) / variance
    n *= float(stdtrit(max(len(group.y) - 1, 1), (1 + level) / 2) / t) ** 2
    return variance, *share_ends(p, n, (1 - level) / 2)


def _estimates(
    rows: pd.DataFrame,
    weight: float,
    shared: dict[float, tuple[float, float]],
    level: float,
    bounds: tuple[float, float],
    *,
    share: bool,
) -> dict[str, float]:
    """All figures of one group."""
    scored, n_coded_threads = rows["f"].notna(), rows.loc[rows["coded"], "thread"].nunique()
    f, thread = rows.loc[scored, "f"].to_numpy(), pd.factorize(rows.loc[scored, "thread"])[0]
    counts = (len(rows), rows["thread"].nunique(), int(rows["coded"].sum()), n_coded_threads)
    out = dict(zip(COUNTS, counts, strict=True)) | {"weight": np.nan}
    naive, sizes = f.mean() if len(f) else np.nan, np.bincount(thread)
    half = np.nan
    if len(sizes) >= MIN_THREADS:
        moved = np.bincount(thread, f - naive) / np.maximum(len(f) - sizes, 0.5)
        half = stdtrit(len(sizes) - 1, (1 + level) / 2) * np.sqrt((len(sizes) - 1) / len(sizes) * (moved @ moved))
    figures = {"uncorrected": (naive, naive - half, naive + half)}
    figures |= dict.fromkeys(("estimate", "codes_only"), (np.nan, np.nan, np.nan))
    if n_coded_threads:
        group = _Coded.of(rows)
        alone, with_scores = (_ends(group, of, shared[of], level, share) for of in (0.0, weight))
        if not with_scores[0] <= alone[0] or group.variance(weight) > group.variance(0.0):
            weight, with_scores = 0.0, alone
        figures["codes_only"] = group.estimate(0.0), *alone[1:]
        figures["estimate"] = group.estimate(weight), *with_scores[1:]
        out["weight"] = weight
    for name, values in figures.items():
        ends = np.clip(values, *bounds).tolist()
        out |= dict(zip((name, *ENDS[name]), ends, strict=True))
    return out


def corrected_table(codes: Codes | None, comments: pd.DataFrame) -> pd.DataFrame:
    """Corrected means and shares of all comments, by period_start and by topic, missing where it is not cut by them.

    The columns by ("all", "period_start", "topic"), period_start, topic, measure, then those of `corrected`.
    """
    made = []
    for part in PARTS:
        rows = comments if part == "all" else comments[comments[part].notna()]
        for measure in measures_of(codes):
            table = corrected(codes, rows, by=None if part == "all" else part, measure=measure)
            made.append(table.assign(by=part, measure=measure))
    out = pd.concat([table for table in made if len(table)] or made[:1], ignore_index=True)
    for column in ("period_start", "topic"):
        out[column] = out.get(column)
    out = out.astype({"period_start": comments["period_start"].dtype, "topic": "Int64", "by": "str", "measure": "str"})
    first = ["by", "period_start", "topic", "measure"]
    return out[[*first, *(c for c in out.columns if c not in first)]]
