"""What the intervals, change points and decompositions of analysis/trends are worth, on simulated corpora.

Run: python tests/benchmarks/trends.py [coverage|shares|slopes|changes|comparisons|articles|decomposition|time|haacked …]; all of it takes
some twenty minutes on one core. Thread sizes are lognormal: sigma 1.2 is as skewed as a real blog's (haacked: mean 14,
median 7), 1.5 more so. ICC is the part of a comment's variance that its thread accounts for.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis import trends  # noqa: E402
from analysis.trends.intervals import means, shares  # noqa: E402

METHOD = trends.Method()
SD = 0.38  # of one comment's sentiment: with an ICC of .2 none is beyond 1
ICCS = (0.0, 0.05, 0.2)


def sizes(rng, n_threads, sigma):
    """Comments in each thread."""
    return np.ceil(np.exp(rng.normal(1.5, sigma, n_threads))).astype(int)


def tone(rng, thread, n_threads, icc):
    """Sentiment around 0.1, within [-1, 1] without clipping: uniform parts of the right variance."""
    between = rng.uniform(-1, 1, n_threads) * np.sqrt(3 * icc) * SD
    return 0.1 + between[thread] + rng.uniform(-1, 1, len(thread)) * np.sqrt(3 * (1 - icc)) * SD


def corpus(rng, n_threads, n_months, icc, sigma=1.2, n_topics=0, hours=30.0):
    """Comments of threads that start at any time in some months, each comment some hours later."""
    n = sizes(rng, n_threads, sigma)
    thread = np.repeat(np.arange(n_threads), n)
    months = np.arange(n_months + 1).astype("M8[M]") + np.datetime64("2015-01", "M").astype(int)
    edges = months.astype("M8[us]").astype(np.int64)
    start = np.sort(rng.uniform(edges[0], edges[-1] - 1, n_threads))
    at = np.minimum(start[thread] + rng.exponential(hours * 3.6e9, len(thread)), edges[-1] - 1).astype(np.int64)
    month = np.searchsorted(edges, at, side="right") - 1
    topic = np.full(len(thread), -1)
    if n_topics:
        own = rng.dirichlet(np.full(n_topics, 1.0), n_threads)
        topic = (own.cumsum(axis=1)[thread] < rng.random(len(thread))[:, None]).sum(axis=1).clip(0, n_topics - 1)
    return (
        pd.DataFrame(
            {
                "comment_id": pd.Series(np.arange(len(thread))).astype("str").str.zfill(8),
                "article_id": pd.Series(thread).astype("str"),
                "author": pd.Series(rng.integers(0, len(thread) // 3 + 1, len(thread))).astype("str"),
                "posted_at": pd.Series(at.astype("M8[us]")).dt.tz_localize("UTC"),
                "topic": topic,
                "sentiment": tone(rng, thread, n_threads, icc),
            }
        ),
        thread,
        month,
    )


def show(title, rows):
    print(f"\n{title}")
    print(pd.DataFrame(rows).to_string(index=False), flush=True)


def resampled(rng, n, y, draws=499):
    """Percentile bootstrap and wild cluster bootstrap-t (Webb's six points) of a mean, from sums by thread."""
    g, total = len(n), n.sum()
    mean = y.sum() / total
    weight = rng.multinomial(g, np.full(g, 1 / g), draws)
    drawn = np.quantile((weight @ y) / (weight @ n), [0.025, 0.975])
    e, h = y - mean * n, n / total
    webb = np.array([-np.sqrt(1.5), -1, -np.sqrt(0.5), np.sqrt(0.5), 1, np.sqrt(1.5)])
    s = rng.choice(webb, (draws, g)) * e
    t = s.sum(axis=1) / np.sqrt(((s - s.sum(axis=1, keepdims=True) * h) ** 2).sum(axis=1))
    half = np.quantile(np.abs(t), 0.95) * np.sqrt((e**2).sum()) / total
    return drawn, (mean - half, mean + half)


def coverage(n_corpora=1000):
    """Mean sentiment: how often the interval has the true mean in it."""
    rows = []
    for sigma in (1.2, 1.5):
        for g in (5, 10, 50, 500):
            for icc in ICCS:
                rng = np.random.default_rng([1, g, int(100 * icc)])
                n = [sizes(rng, g, sigma) for _ in range(n_corpora)]
                thread = np.repeat(np.arange(g * n_corpora), np.concatenate(n))
                y = tone(rng, thread, g * n_corpora, icc)
                table = means(thread // g, thread % g, y, n_corpora, METHOD)
                hit = {"ours": np.mean((table["low"] <= 0.1) & (table["high"] >= 0.1))}
                sums = np.bincount(thread, y).reshape(n_corpora, g)
                ends = np.array([resampled(rng, a, b) for a, b in zip(n, sums, strict=True)])
                for at, name in enumerate(("percentile bootstrap", "wild bootstrap-t")):
                    hit[name] = np.mean((ends[:, at, 0] <= 0.1) & (ends[:, at, 1] >= 0.1))
                hit["naive"] = np.mean((table["naive_low"] <= 0.1) & (table["naive_high"] >= 0.1))
                width = (table["high"] - table["low"]).median()
                rows.append(
                    {"sigma": sigma, "threads": g, "icc": icc}
                    | {k: f"{100 * v:.1f} %" for k, v in hit.items()}
                    | {"median width": f"{width:.3f}"}
                )
    show(f"Coverage of the 95 % interval of mean sentiment, {n_corpora} corpora a row", rows)


def share_coverage(n_corpora=500, n_periods=12):
    """Topic shares: of one period among twelve, and of a corpus as a whole."""
    rows = []
    for p in (0.03, 0.1, 0.4):
        for g in (5, 10, 50, 500):
            for icc in ICCS:
                rng = np.random.default_rng([2, g, int(100 * icc)])
                hit, alone, naive = [], [], []
                for _ in range(n_corpora if g < 500 else n_corpora // 5):
                    n = sizes(rng, g * n_periods, 1.2)
                    thread = np.repeat(np.arange(g * n_periods), n)
                    own = rng.beta(p * (1 / icc - 1), (1 - p) * (1 / icc - 1), len(n)) if icc else np.full(len(n), p)
                    option = np.where(rng.random(len(thread)) < own[thread], 0, -1)
                    table = shares(thread // g, thread, option, n_periods, 1, METHOD)
                    hit.append((table["low"] <= p) & (table["high"] >= p))
                    first = thread < g
                    one = shares(np.zeros(first.sum(), int), thread[first], option[first], 1, 1, METHOD)
                    alone.append((one["low"][0] <= p) & (one["high"][0] >= p))
                    k, m = int((option[first] == 0).sum()), int(first.sum())
                    low, high = stats.binomtest(k, m).proportion_ci(method="wilson")
                    naive.append(low <= p <= high)
                rows.append(
                    {
                        "share": p,
                        "threads a period": g,
                        "icc": icc,
                        "a period of 12": f"{100 * np.mean(hit):.1f} %",
                        "one corpus": f"{100 * np.mean(alone):.1f} %",
                        "naive": f"{100 * np.mean(naive):.1f} %",
                    }
                )
    show(f"Coverage of the 95 % interval of a share, {n_corpora} corpora a row (a fifth of it with 500 threads)", rows)


def slope_coverage(n_corpora=500):
    """Slopes where there is none: how often the interval has 0 in it, and is called a trend."""
    rows = []
    for g in (10, 50, 500):
        for icc in ICCS:
            rng = np.random.default_rng([3, g, int(100 * icc)])
            p = np.concatenate(
                [
                    trends.slopes(corpus(rng, g, 24, icc, n_topics=3)[0]).loc[:, ["p_value"]].to_numpy().T
                    for _ in range(n_corpora)
                ]
            )
            rows.append(
                {
                    "threads": g,
                    "icc": icc,
                    "sentiment": f"{100 * np.mean(p[:, 0] > 0.05):.1f} %",
                    "share of a topic": f"{100 * np.nanmean(p[:, 1:4] > 0.05):.1f} %",
                    "sentiment of a topic": f"{100 * np.nanmean(p[:, 4:] > 0.05):.1f} %",
                }
            )
    show(f"Coverage of 0 by the 95 % interval of a slope that is 0, {n_corpora} corpora a row", rows)


def changes(n_corpora=500):
    """Change points: false alarms without a change; how often one is found, and where."""
    quick = trends.Method(draws=199)
    rows = []
    for months, each in ((24, 10), (60, 10), (120, 10)):
        for icc in ICCS:
            rng = np.random.default_rng([4, months, int(100 * icc)])
            alarms, sd, found, near, inside, theirs, theirs_found = [], [], [], [], [], [], []
            n_here = n_corpora if months < 120 else n_corpora // 2
            for _ in range(n_here):
                c, _, month = corpus(rng, months * each, months, icc)
                table = trends.change_points(c, method=quick)
                alarms.append((table["q_value"] < 0.05).any())
                theirs.append(pelt(c, month, months))
                of = c.groupby(month)["sentiment"].mean()
                sd.append(of.std())
            shift = float(np.mean(sd))
            for _ in range(n_here // 2):
                c, _, month = corpus(rng, months * each, months, icc)
                late = int(months * rng.uniform(0.3, 0.7))
                c["sentiment"] = (c["sentiment"] - shift * (month >= late)).clip(-1, 1)
                table = trends.change_points(c, method=quick)
                table = table[(table["step"] == 1) & (table["q_value"] < 0.05)]
                found.append(len(table) > 0)
                theirs_found.append(pelt(c, month, months))
                if found[-1]:
                    true = (np.datetime64("2015-01", "M") + late).astype("M8[us]")
                    at, low, high = (table[k].dt.tz_localize(None).to_numpy()[0] for k in ("at", "low", "high"))
                    off = abs(int(at.astype("M8[M]").astype(int) - true.astype("M8[M]").astype(int)))
                    near.append(off <= 3)
                    inside.append(low <= true <= high)
            rows.append(
                {
                    "months": months,
                    "threads a month": each,
                    "icc": icc,
                    "false alarms": f"{100 * np.mean(alarms):.1f} %",
                    "shift": f"{shift:.3f}",
                    "found": f"{100 * np.mean(found):.0f} %",
                    "within 3 months": f"{100 * np.mean(near):.0f} %",
                    "date in interval": f"{100 * np.mean(inside):.0f} %",
                    "PELT: false alarms": f"{100 * np.mean(theirs):.0f} %",
                    "PELT: found": f"{100 * np.mean(theirs_found):.0f} %",
                }
            )
    show(
        f"Change points: false alarms in {n_corpora} corpora a row (half with 120 months); a shift of one standard "
        "deviation of the monthly means",
        rows,
    )
    rows = []
    for icc in ICCS:
        rng = np.random.default_rng([5, int(100 * icc)])
        any_change, any_slope, rates = [], [], []
        for _ in range(n_corpora // 2):
            c, _, _ = corpus(rng, 240, 24, icc, n_topics=4, hours=400)
            table = trends.change_points(c, method=quick)
            any_change.append((table["q_value"] < 0.05).any())
            rates.append((table.loc[table["step"] == 1, "p_value"] <= 0.05).mean())
            any_slope.append((trends.slopes(c)["q_value"] < 0.05).any())
        rows.append(
            {
                "icc": icc,
                "a change at q < .05": f"{100 * np.mean(any_change):.1f} %",
                "a slope at q < .05": f"{100 * np.mean(any_slope):.1f} %",
                "p <= .05 among first changes": f"{100 * np.mean(rates):.1f} %",
            }
        )
    show(f"Whole corpora of 9 series without any change, threads over 17 days: {n_corpora // 2} a row", rows)


def compared(n_corpora=500):
    """Comparisons where nothing differs: how often p is .05 or less, and anything has q below .05."""
    events = {"nothing happens": "2016-01-01"}
    rows = []
    for g in (50, 240, 1000):
        for icc in ICCS:
            rng = np.random.default_rng([8, g, int(100 * icc)])
            tables, found = [], []
            for _ in range(n_corpora if g < 1000 else n_corpora // 4):
                c, _, _ = corpus(rng, g, 24, icc, n_topics=4, hours=400)
                tables.append(trends.comparisons(c, events=events))
                found.append((tables[-1]["q_value"] < 0.05).any())
            table = pd.concat(tables).dropna(subset=["p_value"])
            row = {"threads": g, "icc": icc}
            for (kind, measure), p in table.groupby(["comparison", "measure"])["p_value"]:
                row[f"{kind}, {'tone' if measure == 'sentiment' else measure}"] = f"{100 * (p <= 0.05).mean():.1f} %"
            rows.append(row | {"anything at q < .05": f"{100 * np.mean(found):.1f} %"})
    show(f"Comparisons where nothing differs, p <= .05; {n_corpora} corpora a row (a quarter with 1,000 threads)", rows)


def articles(n_corpora=1000):
    """The gap between articles and comments, and the change along a thread: how often intervals have the truth."""
    rows = []
    for g in (10, 50, 500):
        for icc in ICCS:
            rng = np.random.default_rng([9, g, int(100 * icc)])
            gap, along = [], []
            for _ in range(n_corpora if g < 500 else n_corpora // 4):
                thread = np.repeat(np.arange(g), sizes(rng, g, 1.2))
                position = np.concatenate([np.arange(1, n + 1) for n in np.bincount(thread)])
                own = rng.uniform(-0.3, 0.3, g)
                # A fifth of the threads' slopes differ from each other; their mean is 0.02 a doubling.
                slope = 0.02 + 0.03 * rng.standard_normal(g) * (rng.random(g) < 0.2)
                late = np.log2(position)
                mean = np.bincount(thread, late) / np.bincount(thread)
                y = own[thread] + tone(rng, thread, g, icc) + slope[thread] * (late - mean[thread])
                c = pd.DataFrame(
                    {
                        "comment_id": [f"{i:07d}" for i in range(len(thread))],
                        "article_id": thread,
                        "position": position,
                        "topic": -1,
                        "sentiment": y,
                    }
                )
                about = pd.DataFrame({"article_id": range(g), "topic": -1, "sentiment": own})
                first, second = trends.articles_and_comments(c, about, bounds=(-2, 2))
                one = first[first["measure"] == "sentiment"].iloc[0]
                two = second[(second["measure"] == "sentiment") & second["from_position"].isna()].iloc[0]
                gap.append(one["low"] <= 0.1 <= one["high"])
                along.append(two["low"] <= 0.02 <= two["high"])
            rows.append(
                {
                    "threads": g,
                    "icc": icc,
                    "gap": f"{100 * np.mean(gap):.1f} %",
                    "along the thread": f"{100 * np.mean(along):.1f} %",
                }
            )
    show(f"Coverage of the gap and of the change along a thread, {n_corpora} corpora a row (a quarter with 500)", rows)


def pelt(c, month, months):
    """Whether ruptures finds a change in the monthly means: PELT, squares, the usual penalty 2 sd^2 log n."""
    import ruptures

    of = c.groupby(month)["sentiment"].mean().reindex(range(months)).interpolate().bfill().to_numpy()
    noise = np.median(np.abs(np.diff(of))) / 0.6745 / np.sqrt(2)  # robust to the change itself
    found = ruptures.Pelt(model="l2", min_size=2, jump=1).fit(of).predict(pen=2 * noise**2 * np.log(months))
    return len(found) > 1


def decomposition(n_corpora=500):
    """Planted: topic 0 gains 10 points of share, topic 1 falls by 0.15 in tone."""
    level = np.array([-0.3, 0.2, 0.1, 0.0])
    share = np.array([[0.2, 0.3, 0.3, 0.2], [0.3, 0.25, 0.25, 0.2]])
    tones = np.stack([level, level - np.array([0, 0.15, 0, 0])])
    centre = (share * tones).sum() / 2
    parts = {
        "composition": ((share[1] - share[0]) * (tones.mean(axis=0) - centre)),
        "within": ((tones[1] - tones[0]) * share.mean(axis=0)),
    }
    worst, hits, estimates = 0.0, {}, {}
    rng = np.random.default_rng(6)
    for _ in range(n_corpora):
        c, thread, month = corpus(rng, 300, 24, 0.05)
        late = (month >= 12).astype(int)  # of the comment: what is true holds for all comments of a span
        own = np.stack([rng.dirichlet(5 * share[s], thread.max() + 1) for s in (0, 1)])[late, thread]
        c["topic"] = (own.cumsum(axis=1) < rng.random(len(c))[:, None]).sum(axis=1).clip(0, 3)
        c["sentiment"] = 0.7 * (c["sentiment"] - 0.1) + tones[late, c["topic"]]
        table = trends.decomposition(c, events={"half": "2016-01-01"}).query("event == 'half'")
        whole = table[table["topic"].isna()].set_index("part")["estimate"]
        topics = table[table["topic"].notna()]
        worst = max(
            worst,
            abs(whole["total"] - whole["composition"] - whole["within"]),
            abs(topics["estimate"].sum() - whole["total"]),
        )
        for row in table.itertuples():
            if row.part == "total":
                true = parts["composition"].sum() + parts["within"].sum()
            else:
                true = parts[row.part].sum() if pd.isna(row.topic) else parts[row.part][row.topic]
            key = (row.part, "all" if pd.isna(row.topic) else f"topic {row.topic}", round(float(true), 4))
            hits.setdefault(key, []).append(row.low <= true <= row.high)
            estimates.setdefault(key, []).append(row.estimate)
    rows = [
        {
            "part": k[0],
            "of": k[1],
            "planted": k[2],
            "mean estimate": round(float(np.mean(estimates[k])), 4),
            "coverage": f"{100 * np.mean(v):.1f} %",
        }
        for k, v in hits.items()
    ]
    show(
        f"Kitagawa's decomposition of {n_corpora} corpora of 300 threads; parts miss the total by at most {worst:.1e}",
        rows,
    )


def timing():
    """Seconds of processor time, which other work on the machine lengthens less than the clock's."""
    rows = {}
    for n_threads in (10_400, 104_000):
        rng = np.random.default_rng(7)
        c, _, _ = corpus(rng, n_threads, 60, 0.05, n_topics=20)

        c["duplicate_of"] = None
        for name in (
            "activity_by_period",
            "by_period",
            "shares_by_period",
            "by_topic",
            "slopes",
            "decomposition",
            "change_points",
            "comparisons",
        ):
            began = time.process_time()
            getattr(trends, name)(c)
            rows.setdefault(name, {"function": name})[f"{len(c):,} comments"] = round(time.process_time() - began, 2)
    sizes_of = list(next(iter(rows.values())))[1:]
    rows["all"] = {"function": "all"} | {k: round(sum(row[k] for row in rows.values()), 2) for k in sizes_of}
    for row in rows.values():
        small, large = list(row.values())[1:]
        row["times"] = round(large / max(small, 1e-9), 1)
    show("Seconds of processor time, 60 months, 20 topics, 500 draws", list(rows.values()))


def haacked():
    """A real blog: 22 years, uneven."""
    path = ROOT.parent / "shared" / "data" / "comments" / "haacked_comments.parquet"
    if not path.exists():
        print("\nhaacked: ../shared/data is not there; left out.")
        return
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    raw = pd.read_parquet(path)
    score = SentimentIntensityAnalyzer().polarity_scores
    c = pd.DataFrame(
        {
            "comment_id": raw["comment_id"].astype("str"),
            "article_id": raw["thread_id"].astype("str"),
            "author": raw["author"].astype("str"),
            "posted_at": raw["date"].dt.as_unit("us"),
            "topic": -1,
            "sentiment": [score(str(text)[:2000])["compound"] for text in raw["text"]],
        }
    )
    years = trends.by_period(c, period="year")
    columns = [
        "period_start",
        "n_comments",
        "n_threads",
        "estimate",
        "low",
        "high",
        "naive_low",
        "naive_high",
        "interval",
    ]
    print(
        "\nhaacked: VADER's score of the raw text by year\n"
        + years[columns].to_string(index=False, float_format="%.3f")
    )
    wide = (years["high"] - years["low"]) / (years["naive_high"] - years["naive_low"])
    print(f"width against naive: median {wide.median():.2f}, most {wide.max():.2f}")
    print(trends.slopes(c).to_string(index=False, float_format="%.4f"))
    print(trends.change_points(c).to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    parts = {
        "coverage": coverage,
        "shares": share_coverage,
        "slopes": slope_coverage,
        "changes": changes,
        "comparisons": compared,
        "articles": articles,
        "decomposition": decomposition,
        "time": timing,
        "haacked": haacked,
    }
    for name in sys.argv[1:] or parts:
        began = time.perf_counter()
        parts[name]()
        print(f"({name}: {time.perf_counter() - began:.0f} s)", flush=True)
