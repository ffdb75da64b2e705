"""Do corrected means cover the truth? 1,000 simulated studies. Run: python tests/benchmarks/coding.py [--topics]"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))
from analysis.people.corrected import corrected  # noqa: E402
from analysis.sentiment.codes import Codes

N_STUDIES = 1000
N_THREADS = 150
N_CODES = 300


def study(rng: np.random.Generator, *, skewed: bool, strata: bool) -> tuple[pd.DataFrame, Codes]:
    """One study: comments in threads that differ, an instrument that is biased, 300 codes."""
    sizes = rng.geometric(1 / 40, N_THREADS) if skewed else rng.poisson(40, N_THREADS) + 1
    thread = np.repeat(np.arange(N_THREADS), sizes)
    n = len(thread)
    period = (thread % 4).astype(int)
    feeling = 0.1 - 0.1 * period + rng.normal(0, 0.35, N_THREADS)[thread] + rng.normal(0, 0.9, n)
    code = (feeling > 0.6).astype(int) - (feeling < -0.4).astype(int)
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
    table = pd.DataFrame(
        {
            "comment_id": ids[chosen],
            "stratum": period[chosen].astype(str),
            "probability": chance[chosen],
            "code": code[chosen].astype(float),
            "n_coders": 1,
            "anna": code[chosen].astype(float),
        }
    )
    return comments, Codes(table, ("anna",), pd.DataFrame(columns=["file", "line", "problem"]))


def truth(rng: np.random.Generator) -> np.ndarray:
    """Mean code of each period, of very many threads."""
    feeling = 0.1 - 0.1 * np.arange(4)[:, None] + rng.normal(0, 0.35, (4, 10**6)) + rng.normal(0, 0.9, (4, 10**6))
    return ((feeling > 0.6).astype(int) - (feeling < -0.4)).mean(axis=1)


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


if __name__ == "__main__":
    by_topic(300 if "--topics" in sys.argv else N_STUDIES // 10)
    if "--topics" not in sys.argv:
        main()
