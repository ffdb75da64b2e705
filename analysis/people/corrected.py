"""Scores and a hand-coded sample together -> means and shares that are right even where the instrument is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit  # scipy.stats takes a second to import

from analysis.people.agreement import LEVEL, MIN_THREADS, share_ends
from analysis.people.powered import Fitted, Powered, best
from analysis.sentiment.codes import Codes, class_of_people, class_of_score
from analysis.settings import CLASSES, StudyError

PARTS = ("all", "period_start", "topic")  # by which the table of corrected means is cut
ENDS = {"estimate": ("low", "high")}  # what the ends of an interval are called, if not by their figure
ENDS |= {name: (f"{name}_low", f"{name}_high") for name in ("uncorrected", "codes_only")}
NUMBERS = [name for figure, ends in ENDS.items() for name in (figure, *ends)]
PRIOR = 6.0  # threads that what all groups tell of a variance counts as, beside a group's own
COUNTS = ["n_comments", "n_threads", "n_coded", "n_coded_threads"]
UNKNOWN = (np.nan, np.nan, np.nan)


def corrected(codes: Codes, comments: pd.DataFrame, *, by: str | None = None, measure: str = "mean") -> pd.DataFrame:
    """Estimate what people would have coded on the mean, as of `powered`; or codes alone, where these vary less.

    `comments` have comment_id, article_id, sentiment and the column `by`, whose values are the groups; one without a
    score counts as scored 0: its code corrects that like any other. `measure` is "mean", of the code, or another of
    `measures_of`: a class's share in [0, 1]. A row per group that has a comment: `by`; estimate, uncorrected (the
    scores alone), codes_only, each with its ends; COUNTS; weight (lambda). NaN where nothing is coded, no interval
    where fewer than five threads are, no rows if there are no codes.
    """
    measures = measures_of(codes)
    if measure not in measures:
        raise StudyError(expected=f"one of: {', '.join(measures)}", found=str(measure), where="corrected")
    if by and by not in comments:
        raise StudyError(expected="a column of comments", found=by, where="corrected, by")
    kinds: dict[str, Any] = {by: comments[by].dtype} if by else {}
    kinds |= dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "int64") | {"weight": "float64"}
    rows = _with_codes(codes, comments, by, measure)
    made = []
    if rows["coded"].any():
        bounds = (0.0, 1.0) if measure != "mean" else (min(codes.classes.values()), max(codes.classes.values()))
        groups = [(key, of, powered(of)) for key, of in (rows.groupby(by, dropna=False) if by else [(None, rows)])]
        coded = [group for *_, group in groups if group]
        # One lambda and one variance for all groups: those of a group with a dozen codes would be chosen by chance.
        weight, enough = best(coded), [group for group in coded if group.people.n_threads >= MIN_THREADS]
        shared = {of: _shared(enough, of) for of in (0.0, weight)}
        for key, of, group in groups:
            figures = _estimates(of, group, weight, shared, bounds, share=measure != "mean")
            made.append(({by: key} if by else {}) | figures)
    return pd.DataFrame(made, columns=list(kinds)).astype(kinds)


def coded_of(codes: Codes, comments: pd.DataFrame) -> Powered | None:
    """What is coded of all comments, for who plans to code more; None if nothing is."""
    return powered(_with_codes(codes, comments, None, "mean"))


def measures_of(codes: Codes) -> dict[str, float]:
    """What can be corrected: "mean", and shares of classes, whose values are given; not of a class whose value is 0."""
    own = "" if codes.classes == CLASSES else "share of "
    return {"mean": np.nan} | {own + name: value for name, value in codes.classes.items() if value}


def _with_codes(codes: Codes, comments: pd.DataFrame, by: str | None, measure: str) -> pd.DataFrame:
    """All comments, or none without coders: score f, code y and weight w (0 where not coded), thread; sorted by id."""
    columns = ["comment_id", "article_id", "sentiment", *([by] if by else [])]
    rows = (comments if codes.coders else comments.iloc[:0])[columns].sort_values("comment_id")
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


def powered(rows: pd.DataFrame) -> Powered | None:
    """What is coded of some rows of `_with_codes`, if anything."""
    y, f, w = (rows[name].fillna(0).to_numpy() for name in "yfw")
    return Powered(y, f, w, pd.factorize(rows["thread"])[0]) if rows["coded"].any() else None


def _shared(groups: list[Powered], weight: float) -> tuple[float, float]:
    """What groups tell together: the variance of a coded comment, and by how much threads make a mean's larger."""
    if not groups:
        return np.nan, np.nan
    spread = float(np.average([g.spread(weight) for g in groups], weights=[g.n_effective for g in groups]))
    alone = sum(g.spread(weight) / g.n_effective for g in groups)
    return spread, max(sum(g.at(weight).variance for g in groups) / alone, 1.0) if alone > 0 else 1.0


def _ends(group: Powered, weight: float, shared: tuple[float, float], share: bool) -> tuple[float, float, float]:
    """Variance of a group's estimate, and the ends of its interval; none of fewer than five threads.

    The group's own variance, of few threads and often far too small, is averaged with the one that all groups make one
    of its size expect, by their degrees of freedom (Smyth 2004); its own are Satterthwaite's. A share's interval is
    Korn and Graubard's (1998): it has a width also where no code or every code is of the class.
    """
    fitted, (spread, design) = group.at(weight), shared
    if fitted.n_threads < MIN_THREADS:
        return UNKNOWN
    if share:  # the variance of a share goes with the share
        spread = group.spread(weight)
    expected, own = spread * design / group.n_effective, fitted.freedom
    variance = (own * fitted.variance + PRIOR * expected) / (own + PRIOR)
    t = stdtrit(own + PRIOR, (1 + LEVEL) / 2)
    if not share:
        half = float(t * np.sqrt(variance))
        return variance, fitted.value - half, fitted.value + half
    p, n = float(np.clip(fitted.value, 0, 1)), group.n_effective / design
    if variance > 0 and 0 < p < 1:
        n = p * (1 - p) / variance
    n *= float(stdtrit(max(len(group.y) - 1, 1), (1 + LEVEL) / 2) / t) ** 2
    return variance, *share_ends(p, n, (1 - LEVEL) / 2)


def _estimates(
    rows: pd.DataFrame,
    group: Powered | None,
    weight: float,
    shared: dict[float, tuple[float, float]],
    bounds: tuple[float, float],
    *,
    share: bool,
) -> dict[str, float]:
    """All figures of one group."""
    n_coded_threads = rows.loc[rows["coded"], "thread"].nunique()
    counts = (len(rows), rows["thread"].nunique(), int(rows["coded"].sum()), n_coded_threads)
    figures = dict.fromkeys(ENDS, UNKNOWN)
    if len(scored := rows.dropna(subset="f")):
        f = scored["f"].to_numpy()
        alone = Fitted.of(f, np.ones_like(f), pd.factorize(scored["thread"])[0])
        half = stdtrit(alone.n_threads - 1, (1 + LEVEL) / 2) * np.sqrt(alone.variance)
        half = half if alone.n_threads >= MIN_THREADS else np.nan
        figures["uncorrected"] = alone.value, alone.value - half, alone.value + half
    if group:
        codes_only, with_scores = (_ends(group, of, shared[of], share) for of in (0.0, weight))
        if not with_scores[0] <= codes_only[0] or group.at(weight).variance > group.at(0.0).variance:
            weight, with_scores = 0.0, codes_only
        figures["codes_only"] = group.at(0.0).value, *codes_only[1:]
        figures["estimate"] = group.at(weight).value, *with_scores[1:]
    out = dict(zip(COUNTS, counts, strict=True)) | {"weight": weight if group else np.nan}
    for name, values in figures.items():
        out |= dict(zip((name, *ENDS[name]), np.clip(values, *bounds).tolist(), strict=True))
    return out


def corrected_table(codes: Codes, comments: pd.DataFrame) -> pd.DataFrame:
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
