"""What the scores claim to have changed, by people's codes: an instrument whose error drifts claims it as well."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from analysis.people.agreement import LEVEL, MIN_THREADS
from analysis.people.powered import Fitted, Powered
from analysis.sentiment.codes import Codes
from analysis.trends.periods import YEAR

CLAIM = ["change", "event", "at", "topic"]  # by which a claim is known
FIGURES = ["estimate", "low", "high", "p_value", "scores", "codes_only", "drift", "drift_low", "drift_high", "weight"]
COUNTS = ["n_coded", "n_coded_threads"]


def corrected_changes(codes: Codes, comments: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Estimate what people would have coded of each change, as of `powered`: after less before, or the slope a year.

    `comments` have comment_id, article_id, posted_at, topic, sentiment; one without a score counts as scored 0.
    `claims` have a row a claim: change ("event", "break", "slope"), event, at (NaT of a slope), topic (NA: all
    comments), since and until, within which comments count (NaT: all).

    Gives the claims; estimate with low, high and p_value: as people would have coded it; scores and codes_only alone;
    drift with its ends: the change of score less code, over the coded comments; weight (lambda); COUNTS. NaN where
    fewer than five threads are coded on either side of `at`.
    """
    rows = comments.sort_values("comment_id", ignore_index=True)
    rows["posted_at"] = rows["posted_at"].astype("datetime64[us, UTC]")
    table = codes.table.set_index("comment_id").reindex(rows["comment_id"])
    made = []
    for claim in claims.to_dict("records") if codes.coders else ():
        of = rows["posted_at"].notna()
        of &= True if pd.isna(claim["topic"]) else rows["topic"] == claim["topic"]
        of &= True if pd.isna(claim["since"]) else rows["posted_at"] >= claim["since"]
        of &= True if pd.isna(claim["until"]) else rows["posted_at"] < claim["until"]
        when = rows.loc[of, "posted_at"]
        x = (when - when.min()) / YEAR if claim["change"] == "slope" else (when >= claim["at"]).astype(float)
        made.append(_change(rows[of], table[of.to_numpy()], x.to_numpy(float), claim["change"]))
    kinds = dict.fromkeys(FIGURES, "float64") | dict.fromkeys(COUNTS, "int64")
    figures = pd.DataFrame(made, columns=[*FIGURES, *COUNTS]).astype(kinds)
    return pd.concat([claims.reset_index(drop=True) if made else claims.iloc[:0], figures], axis=1)


def _change(rows: pd.DataFrame, table: pd.DataFrame, x: np.ndarray, kind: str) -> dict[str, float]:
    """The figures of one claim."""
    f, y = rows["sentiment"].fillna(0).to_numpy(float), table["code"].to_numpy(float)
    thread = pd.factorize(rows["article_id"])[0]
    coded = np.isfinite(y)
    sides = [coded & (x > 0), coded & (x <= 0)] if kind != "slope" else [coded]
    threads = [len(np.unique(thread[side])) for side in sides]
    out: dict[str, float] = dict.fromkeys(FIGURES, np.nan)
    out |= {"n_coded": int(coded.sum()), "n_coded_threads": len(np.unique(thread[coded]))}
    if len(np.unique(x)) > 1:
        out["scores"] = Fitted.of(f, np.ones_like(f), thread, x).value
    if min(threads) < MIN_THREADS or len(np.unique(x[coded])) < 2:
        return out
    y, w = np.nan_to_num(y), np.where(coded, 1 / table["probability"].to_numpy(float), 0.0)
    group, error = Powered(y, f, w, thread, x), Fitted.of(f - y, w, thread, x)
    weight = max(group.best, 0.0)
    for name, ends, of in (("estimate", "", group.at(weight)), ("drift", "drift_", error)):
        se = np.sqrt(of.variance) * of.n_threads / (of.n_threads - 1)
        half = float(stdtrit(of.freedom, (1 + LEVEL) / 2)) * se
        out |= {name: of.value, f"{ends}low": of.value - half, f"{ends}high": of.value + half}
        if name == "estimate" and se > 0:
            out["p_value"] = float(2 * stdtr(of.freedom, -abs(of.value) / se))
    return out | {"codes_only": group.people.value, "weight": weight}
