"""Do corrected means and changes cover the truth? Simulated studies.

    python tests/benchmarks/coding.py [--topics | --drift | --coders]

Means of all and by period in 1,000 studies; by topic in 300; in 300 a row, a change of the codes by 0 to −0.5 while the
instrument's error drifts by 0 or 0.1; or, in 300, two coders who each lean.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
from analysis.people.changes import corrected_changes  # noqa: E402
from analysis.people.corrected import corrected  # noqa: E402
from analysis.sentiment.codes import Codes  # noqa: E402
from analysis.trends.contrasts import comparisons  # noqa: E402

N_STUDIES = 1000
N_THREADS = 150
N_CODES = 300


def study(
    rng: np.random.Generator, *, skewed: bool, strata: bool, leans: tuple[float, ...] = (0.0,)
) -> tuple[pd.DataFrame, Codes]:
    """One study: comments in threads that differ, an instrument that is biased, 300 codes by each coder, who leans."""
    sizes = rng.geometric(1 / 40, N_THREADS) if skewed else rng.poisson(40, N_THREADS) + 1
    thread = np.repeat(np.arange(N_THREADS), sizes)
    n = len(thread)
    period = (thread % 4).astype(int)
    feeling = 0.1 - 0.1 * period + rng.normal(0, 0.35, N_THREADS)[thread] + rng.normal(0, 0.9, n)
    by_coder = np.stack([(feeling + lean > 0.6).astype(float) - (feeling + lean < -0.4) for lean in leans])
    # The instrument hears half of what is said, and all of it too kindly; each thread by its own irony.
    score = np.tanh(0.5 * feeling + 0.35 + rng.normal(0, 0.2, N_THREADS)[thread] + rng.normal(0, 0.4, n))
    ids = np.array([f"c{i:06d}" for i in range(n)])
    comments = pd.DataFrame({"comment_id": ids, "article_id": thread.astype(str), "sentiment": score, "period": period})
    if strata:  # the same number of each period, so that the last ones are drawn with another chance
        drawn, chance = [], np.zeros(n)
        for p in range(4):
            members = np.flatnonzero(period == p)
            wanted = [30, 60, 90, 120][p]
            chance[members] = wanted / len(members)
            drawn.append(rng.choice(members, wanted, replace=False))
        chosen = np.concatenate(drawn)
    else:
        chosen, chance = rng.choice(n, N_CODES, replace=False), np.full(n, N_CODES / n)
    chosen.sort()
    coders = ("anna", "brian")[: len(leans)]
    table = pd.DataFrame(
        {
            "comment_id": ids[chosen],
            "stratum": period[chosen].astype(str),
            "probability": chance[chosen],
            "code": by_coder[:, chosen].mean(axis=0),
            "n_coders": len(coders),
        }
        | dict(zip(coders, by_coder[:, chosen], strict=True))
    )
    return comments, Codes(table, coders, pd.DataFrame(columns=["file", "line", "problem"]))


def truth(rng: np.random.Generator) -> np.ndarray:
    """Mean code of each period, of very many threads."""
    feeling = 0.1 - 0.1 * np.arange(4)[:, None] + rng.normal(0, 0.35, (4, 10**6)) + rng.normal(0, 0.9, (4, 10**6))
    return ((feeling > 0.6).astype(int) - (feeling < -0.4)).mean(axis=1)


def leaning(n_studies: int) -> None:
    """Print how often the interval holds what two coders who lean (sd .08 of a code) would say of all, and the truth."""
    feeling = 0.1 - 0.1 * np.arange(4)[:, None] + np.random.default_rng(0).normal(0, np.hypot(0.35, 0.9), (4, 250_000))

    def said(lean: float) -> float:
        return float((feeling + lean > 0.6).mean() - (feeling + lean < -0.4).mean())

    sd = 0.08 / (said(0.05) - said(-0.05)) * 0.1  # of a lean in what is felt
    own, true = [], []
    for i in range(n_studies):
        rng = np.random.default_rng([i, 99])
        leans = tuple(rng.normal(0, sd, 2))
        comments, codes = study(rng, skewed=False, strata=False, leans=leans)
        row = corrected(codes, comments).iloc[0]
        own.append(row["low"] <= np.mean([said(lean) for lean in leans]) <= row["high"])
        true.append(row["low"] <= said(0.0) <= row["high"])
    print(f"{n_studies} studies of {N_THREADS} threads, {N_CODES} codes by each of two coders who lean; nominal 95 %")
    print(f"covers what these coders would say of all comments: {np.mean(own):.1%}")
    print(f"covers what coders who do not lean would say: {np.mean(true):.1%}")


def main() -> None:
    """Print coverage and widths."""
    true = truth(np.random.default_rng(0))
    print(f"{N_STUDIES} studies of {N_THREADS} threads and {N_CODES} codes; nominal 95 %")
    print(
        "threads  sample      of       corrected  uncorrected  codes only   width ratio (mean, max)  bias (uncorrected)"
    )
    for skewed in (False, True):
        for strata in (False, True):
            overall, groups = [], []
            for i in range(N_STUDIES):
                comments, codes = study(np.random.default_rng([i, skewed, strata]), skewed=skewed, strata=strata)
                overall.append(corrected(codes, comments).assign(truth=true.mean()))
                groups.append(corrected(codes, comments, by="period").assign(truth=true))
            for name, tables in (("overall", overall), ("period", groups)):
                t = pd.concat(tables)
                ratio = (t["high"] - t["low"]) / (t["codes_only_high"] - t["codes_only_low"])
                print(
                    f"{'skewed' if skewed else 'even':8} {'stratified' if strata else 'simple':11} {name:8} "
                    f"{t['truth'].between(t['low'], t['high']).mean():9.1%}  "
                    f"{t['truth'].between(t['uncorrected_low'], t['uncorrected_high']).mean():10.1%}  "
                    f"{t['truth'].between(t['codes_only_low'], t['codes_only_high']).mean():10.1%}   "
                    f"{ratio.mean():8.3f}, {ratio.max():.3f}            "
                    f"{(t['estimate'] - t['truth']).mean():+.4f} ({(t['uncorrected'] - t['truth']).mean():+.3f})"
                )


TOPICS = 10


def topic_study(rng: np.random.Generator, sizes: str) -> tuple[pd.DataFrame, Codes]:
    """One study of ten topics that differ in tone, four fifths of a thread in its own; 300 codes, some 30 a topic."""
    if sizes == "geometric":
        size = rng.geometric(1 / 40, N_THREADS)
    else:
        size = np.minimum((rng.pareto(1.2, N_THREADS) + 1) * 8, 1500).astype(int)
    thread = np.repeat(np.arange(N_THREADS), size)
    n, own = len(thread), rng.integers(0, TOPICS, N_THREADS)
    topic = np.where(rng.random(n) < 0.8, own[thread], rng.integers(0, TOPICS, n))
    tone = np.linspace(-0.4, 0.4, TOPICS)
    feeling = tone[topic] + rng.normal(0, 0.35, N_THREADS)[thread] + rng.normal(0, 0.9, n)
    code = (feeling > 1.5).astype(int) - (feeling < -0.4).astype(int)
    score = np.tanh(0.5 * feeling + 0.35 + rng.normal(0, 0.2, N_THREADS)[thread] + rng.normal(0, 0.4, n))
    ids = np.array([f"c{i:06d}" for i in range(n)])
    comments = pd.DataFrame({"comment_id": ids, "article_id": thread.astype(str), "sentiment": score, "topic": topic})
    chosen = np.sort(rng.choice(n, N_CODES, replace=False))
    codes = code[chosen].astype(float)
    table = pd.DataFrame({"comment_id": ids[chosen], "stratum": "all", "probability": N_CODES / n, "code": codes})
    table = table.assign(n_coders=1, anna=codes)
    return comments, Codes(table, ("anna",), pd.DataFrame(columns=["file", "line", "problem"]))


def by_topic(n_studies: int) -> None:
    """Print, of each topic of some 30 codes, how often the interval holds the truth, its width, and widths of none."""
    rng = np.random.default_rng(0)
    shape = (TOPICS, 400_000)
    feeling = np.linspace(-0.4, 0.4, TOPICS)[:, None] + rng.normal(0, 0.35, shape) + rng.normal(0, 0.9, shape)
    true = {"negative": (feeling < -0.4).mean(axis=1), "positive": (feeling > 1.5).mean(axis=1)}
    true["mean"] = true["positive"] - true["negative"]
    print(f"{n_studies} studies of {TOPICS} topics; positive is the rarest class, 2 to 13 %")
    print("threads    of        covers   width   without width")
    for sizes in ("geometric", "pareto"):
        made = {measure: [] for measure in true}
        for i in range(n_studies):
            comments, codes = topic_study(np.random.default_rng([i, sizes == "pareto"]), sizes)
            for measure in true:
                table = corrected(codes, comments, by="topic", measure=measure)
                made[measure].append(table.assign(truth=true[measure][table["topic"]]))
        for measure in ("mean", "negative", "positive"):
            t = pd.concat(made[measure]).dropna(subset=["low"])
            width = t["high"] - t["low"]
            print(
                f"{sizes:10} {measure:8} {t['truth'].between(t['low'], t['high']).mean():7.1%} {width.mean():7.3f}"
                f" {(width < 1e-9).mean():9.1%}"
            )


def drifting(rng: np.random.Generator, fall: float, drift: float) -> tuple[pd.DataFrame, Codes]:
    """Two years of threads; in the second people feel less well by `fall`, and the scores are too kind by `drift` more."""
    size = rng.geometric(1 / 40, N_THREADS)
    thread = np.repeat(np.arange(N_THREADS), size)
    n, late = len(thread), thread >= N_THREADS // 2
    feeling = 0.1 - fall * late + rng.normal(0, 0.35, N_THREADS)[thread] + rng.normal(0, 0.9, n)
    code = (feeling > 0.6).astype(float) - (feeling < -0.4)
    heard = np.tanh(0.5 * feeling + 0.2 + rng.normal(0, 0.2, N_THREADS)[thread] + rng.normal(0, 0.4, n))
    ids = np.array([f"c{i:06d}" for i in range(n)])
    days = pd.to_timedelta(rng.integers(0, 360, n) + 365 * late, unit="D")
    comments = pd.DataFrame({"comment_id": ids, "article_id": thread.astype(str), "topic": 0})
    comments = comments.assign(posted_at=pd.Timestamp("2021-01-01", tz="UTC") + days)
    comments["sentiment"] = np.clip(heard + drift * late, -1, 1)
    chosen = np.sort(rng.choice(n, N_CODES, replace=False))
    table = pd.DataFrame({"comment_id": ids[chosen], "stratum": "all", "probability": N_CODES / n})
    table = table.assign(code=code[chosen], n_coders=1, anna=code[chosen])
    return comments, Codes(table, ("anna",), pd.DataFrame(columns=["file", "line", "problem"]))


def changes(n_studies: int) -> None:
    """Print how often a change is claimed, of the scores and as corrected, how often this covers, and its width."""
    at = pd.Timestamp("2022-01-01", tz="UTC")
    claim = pd.DataFrame({"change": ["event"], "event": ["x"], "at": [at], "topic": pd.array([None], "Int64")})
    claim = claim.assign(
        since=pd.Series([pd.NaT], dtype=claim["at"].dtype), until=pd.Series([pd.NaT], dtype=claim["at"].dtype)
    )
    print(f"{n_studies} studies a row of {N_THREADS} threads and {N_CODES} codes; nominal 95 %")
    print("codes fall by  drift  scores claimed  corrected claimed  covers  width  of the scores")
    for fall, drift in ((0.0, 0.0), (0.0, 0.1), (0.2, 0.1), (0.5, 0.1)):
        rng = np.random.default_rng(1)
        mood = rng.normal(0.1, 0.35, 10**6) + rng.normal(0, 0.9, 10**6)
        means = [float((m > 0.6).mean() - (m < -0.4).mean()) for m in (mood, mood - fall)]
        made = []
        for i in range(n_studies):
            comments, codes = drifting(np.random.default_rng([i, int(100 * fall)]), fall, drift)
            row = corrected_changes(codes, comments, claim).iloc[0]
            raw = contrast(comments, at)
            made.append(row.to_dict() | {"raw_low": raw["low"], "raw_high": raw["high"]})
        t, true = pd.DataFrame(made), means[1] - means[0]
        raw = (t["raw_low"] > 0) | (t["raw_high"] < 0)
        ours = (t["low"] > 0) | (t["high"] < 0)
        print(
            f"{-true:13.3f}  {drift:5.1f}  {raw.mean():14.1%}  {ours.mean():17.1%}  "
            f"{((t['low'] <= true) & (true <= t['high'])).mean():6.1%}  {(t['high'] - t['low']).mean():5.3f}  "
            f"{(t['raw_high'] - t['raw_low']).mean():13.3f}"
        )


def contrast(comments: pd.DataFrame, at: pd.Timestamp) -> pd.Series:
    """The scores after less before, as the study's own table has it."""
    table = comparisons(comments, period="year", events={"x": at.isoformat()}, by=None)
    return table[table["comparison"] == "event"].iloc[0]


if __name__ == "__main__":
    if "--drift" in sys.argv:
        changes(300)
    elif "--coders" in sys.argv:
        leaning(300)
    elif "--topics" in sys.argv:
        by_topic(300)
    else:
        main()
