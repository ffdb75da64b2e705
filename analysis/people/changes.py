"""What the scores claim to have changed, by people's codes: an instrument whose error drifts claims it as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from analysis.people.agreement import MIN_THREADS
from analysis.sentiment.codes import Codes
from analysis.trends.intervals import freedom

YEAR = pd.Timedelta(days=365.25)
CLAIM = ["change", "event", "at", "topic"]  # by which a claim is known
FIGURES = ["estimate", "low", "high", "p_value", "scores", "codes_only", "drift", "drift_low", "drift_high", "weight"]
COUNTS = ["n_coded", "n_coded_threads"]


def corrected_changes(
    codes: Codes | None, comments: pd.DataFrame, claims: pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """Estimate what people would have coded of each change: after less before, or a year of a steady rise or fall.

    A least-squares slope of the codes, plus lambda times the difference between that of all scores and that of the
    coded ones, each coded comment weighted by the inverse of its chance of being coded: prediction-powered inference
    (Angelopoulos et al. 2023), with the lambda of the smallest variance (PPI++, 2024). Intervals respect threads (the
    jackknife; degrees of freedom by Satterthwaite).

    `comments` have comment_id, article_id, posted_at, topic, sentiment; one without a score counts as scored 0.
    `claims` have a row a claim: change ("event", "break", "slope"), event, at (NaT of a slope), topic (NA: all
    comments), since and until, within which comments count (NaT: all).

    Gives the claims; estimate, low, high and p_value: the change as people would have coded it; scores: the change of
    the scores alone; codes_only; drift, drift_low, drift_high: the change of score less code, over the coded comments;
    weight (lambda); n_coded, n_coded_threads. NaN where fewer than five threads are coded on either side of `at`.
    """
    rows = comments.sort_values("comment_id", ignore_index=True)
    rows["posted_at"] = rows["posted_at"].astype("datetime64[us, UTC]")
    table = None if codes is None else codes.table.set_index("comment_id").reindex(rows["comment_id"])
    made = []
    for claim in claims.to_dict("records") if table is not None else ():
        of = rows["posted_at"].notna()
        of &= True if pd.isna(claim["topic"]) else rows["topic"] == claim["topic"]
        of &= True if pd.isna(claim["since"]) else rows["posted_at"] >= claim["since"]
        of &= True if pd.isna(claim["until"]) else rows["posted_at"] < claim["until"]
        when = rows.loc[of, "posted_at"]
        x = (when - when.min()) / YEAR if claim["change"] == "slope" else (when >= claim["at"]).astype(float)
        made.append(_change(rows[of], table[of.to_numpy()], x.to_numpy(float), claim["change"], level))
    kinds = dict.fromkeys(FIGURES, "float64") | dict.fromkeys(COUNTS, "int64")
    figures = pd.DataFrame(made, columns=[*FIGURES, *COUNTS]).astype(kinds)
    return pd.concat([claims.reset_index(drop=True) if made else claims.iloc[:0], figures], axis=1)


@dataclass(frozen=True)
class _Slope:
    """A weighted least-squares slope, what each thread moves it by, and each thread's part in its spread of x."""

    slope: float
    moved: np.ndarray  # (n_threads,)
    held: np.ndarray  # (n_threads,) shares

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, w: np.ndarray, thread: np.ndarray, n_threads: int) -> _Slope:
        """Regress y on x."""
        dx = x - np.average(x, weights=w)
        spread = w @ dx**2
        slope = float(w @ (dx * y) / spread)
        left = y - np.average(y, weights=w) - slope * dx
        held = np.bincount(thread, w * dx**2, n_threads) / spread
        moved = np.bincount(thread, w * dx * left, n_threads) / spread
        return cls(slope, moved / np.maximum(1 - held, 1e-6), held)


def _change(rows: pd.DataFrame, table: pd.DataFrame, x: np.ndarray, kind: str, level: float) -> dict[str, float]:
    """The figures of one claim."""
    f, y = rows["sentiment"].fillna(0).to_numpy(float), table["code"].to_numpy(float)
    thread, names = pd.factorize(rows["article_id"])
    coded = np.isfinite(y)
    sides = [coded & (x > 0), coded & (x <= 0)] if kind != "slope" else [coded]
    threads = [len(np.unique(thread[side])) for side in sides]
    out: dict[str, float] = dict.fromkeys(FIGURES, np.nan)
    out |= {"n_coded": int(coded.sum()), "n_coded_threads": len(np.unique(thread[coded]))}
    if len(np.unique(x)) > 1:
        out["scores"] = _Slope.of(x, f, np.ones_like(f), thread, len(names)).slope
    if min(threads) < MIN_THREADS or len(np.unique(x[coded])) < 2:
        return out
    w = 1 / table["probability"].to_numpy(float)[coded]
    some, size = (x[coded], thread[coded]), len(names)
    every = _Slope.of(x, f, np.ones_like(f), thread, size)
    people, machine, error = (
        _Slope.of(some[0], of, w, some[1], size) for of in (y[coded], f[coded], f[coded] - y[coded])
    )
    a, b = people.moved, every.moved - machine.moved
    weight = float(np.clip(-(a @ b) / (b @ b), 0, None)) if b @ b > 1e-12 else 0.0
    held = people.held[people.held > 0]
    df = float(freedom(held, np.zeros(len(held), dtype=np.int64), 1)[0])
    t, factor = stdtrit(df, (1 + level) / 2), len(held) / max(len(held) - 1, 1)
    for name, slope, moved in (
        ("estimate", people.slope + weight * (every.slope - machine.slope), a + weight * b),
        ("drift", error.slope, error.moved),
    ):
        sd = float(np.sqrt(factor * (moved @ moved)))
        ends = (f"{name}_low", f"{name}_high") if name == "drift" else ("low", "high")
        out |= {name: slope, ends[0]: slope - t * sd, ends[1]: slope + t * sd}
        if name == "estimate" and sd > 0:
            out["p_value"] = float(2 * stdtr(df, -abs(slope) / sd))
    return out | {"codes_only": people.slope, "weight": weight}
