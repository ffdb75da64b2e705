"""What is claimed of simulated corpora in which nothing, or something known, changes: what would break the report.

Run: python tests/benchmarks/claims.py [news|tones|lines|authors|rare|sizes|stairs|forty|sparse …] [--corpora N]; 300 corpora a
row, some 90 minutes on two cores. Comments have a standard deviation of .4, threads an intraclass correlation of .05
and lognormal sizes (sigma 1.2, as skewed as a blog's), unless a row says otherwise.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analysis import trends  # noqa: E402

SD = 0.4
WEEK = 7 * 86_400
START = np.datetime64("2015-01-05", "s")


def sizes(rng: np.random.Generator, n_threads: int, sigma: float = 1.2) -> np.ndarray:
    """Comments of each thread, one at least, seven on average."""
    return np.ceil(rng.lognormal(1.0, sigma, n_threads)).astype(int)


def corpus(
    rng: np.random.Generator,
    weeks: int = 104,
    each: int = 10,
    *,
    n_topics: int = 0,
    icc: float = 0.05,
    news: float = 0.0,
    rho: float = 0.0,
    n: np.ndarray | None = None,
) -> pd.DataFrame:
    """Threads that begin at any time of some weeks; a part `news` of the variance is common to a week, AR(1) with rho.

    A thread has one topic or, of a part of its comments, several.
    """
    n = sizes(rng, weeks * each) if n is None else n
    thread = np.repeat(np.arange(len(n)), n)
    begin = rng.uniform(0, weeks * WEEK, len(n))[thread]
    second = np.minimum(begin + rng.exponential(30 * 3600, len(thread)), weeks * WEEK - 1)
    week = (second // WEEK).astype(int)
    common = np.zeros(weeks)
    shock = rng.standard_normal(weeks) * np.sqrt(1 - rho**2)
    common[0] = rng.standard_normal()
    for at in range(1, weeks):
        common[at] = rho * common[at - 1] + shock[at]
    between = rng.standard_normal(len(n)) * np.sqrt(icc) * SD
    y = between[thread] + common[week] * np.sqrt(news) * SD
    y += rng.standard_normal(len(thread)) * np.sqrt(1 - icc - news) * SD
    topic = np.full(len(thread), -1)
    if n_topics:
        main = rng.integers(0, n_topics, len(n))[thread]
        topic = np.where(rng.random(len(thread)) < 0.7, main, rng.integers(0, n_topics, len(thread)))
    return pd.DataFrame(
        {
            "comment_id": pd.Series(np.arange(len(thread))).astype("str").str.zfill(7),
            "article_id": pd.Series(thread).astype("str"),
            "posted_at": pd.Series(START + second.astype("m8[s]")).dt.as_unit("us").dt.tz_localize("UTC"),
            "topic": topic,
            "sentiment": y,
            "week": week,
        }
    )


BOUNDS = (-np.inf, np.inf)
MIDDLE = {"nothing happens": "2016-01-04"}


def claimed(c: pd.DataFrame, by: str | None = None, events: dict[str, str] | None = None) -> dict[str, bool]:
    """Whether a report on these comments would claim a change, a slope, an effect of the event, a jump of a period."""
    changes = trends.change_points(c, by=by, bounds=BOUNDS)
    slopes = trends.slopes(c, by=by, bounds=BOUNDS)
    compared = trends.comparisons(c, by=by, bounds=BOUNDS, events=events or MIDDLE)
    event = compared[compared["comparison"] == "event"]
    period = compared[compared["comparison"] == "period"]
    change = changes["q_value"] < 0.05
    return {
        "change": change.any(),
        "told as break": (change & (changes["line_p"] <= 0.05)).any(),
        "slope": (slopes["q_value"] < 0.05).any(),
        "event": (event["q_value"] < 0.05).any(),
        "before/after": ((event["low"] > 0) | (event["high"] < 0)).iloc[0],
        "period": (period["q_value"] < 0.05).any(),
    }


Row = dict[str, object]


def rows_of(run: Callable[..., Row], settings: Sequence[Row], n_corpora: int) -> pd.DataFrame:
    """The mean of what each of many corpora gives, a row for each of some settings; corpora have their own seeds."""
    tasks = [(at, i) for at in range(len(settings)) for i in range(n_corpora)]
    began = time.perf_counter()
    with joblib.Parallel(n_jobs=-1, return_as="generator") as parallel:
        found = parallel(joblib.delayed(run)(np.random.default_rng([at, i]), **settings[at]) for at, i in tasks)
        done = []
        for number, one in enumerate(found, 1):
            done.append(one)
            if number % n_corpora == 0:
                print(
                    f"  {number // n_corpora} of {len(settings)} rows, {time.perf_counter() - began:.0f} s", flush=True
                )
    means = pd.DataFrame(done, dtype=float).groupby([at for at, _ in tasks]).mean()
    return pd.concat([pd.DataFrame(settings), means], axis=1)


def show(title: str, table: pd.DataFrame, digits: int = 3) -> None:
    """A table on paper."""
    print(f"\n{title}\n{table.to_string(index=False, float_format=lambda x: f'{x:.{digits}f}')}", flush=True)


def one_news(rng: np.random.Generator, each: int, news: float, rho: float, step: float) -> Row:
    """Claims on one corpus whose weeks share news, with a step in its middle or none."""
    c = corpus(rng, each=each, news=news, rho=rho)
    c["sentiment"] += step * (c["week"] >= 52)
    return claimed(c)


def news(n_corpora: int) -> None:
    """Weeks that share their news; last, a step of .06 that is to be found."""
    settings = [
        {"each": each, "news": part, "rho": rho, "step": 0.0}
        for each in (10, 40)
        for part in (0.01, 0.02)
        for rho in (0.0, 0.3, 0.6)
    ]
    settings.append({"each": 10, "news": 0.01, "rho": 0.3, "step": 0.06})
    show("Weeks share their news: part of 104-week corpora with a claim", rows_of(one_news, settings, n_corpora))


def one_tones(rng: np.random.Generator, n_topics: int) -> Row:
    """Claims on one corpus whose topics differ in tone."""
    c = corpus(rng, 24, 60, n_topics=n_topics)
    c["sentiment"] += rng.normal(0, 0.15, n_topics)[c["topic"]]
    found = claimed(c, "topic", {"nothing happens": "2015-03-30"})
    return found | {"any": any(found[name] for name in ("told as break", "slope", "event", "period"))}


def tones(n_corpora: int) -> None:
    """Topics that differ in tone, and nothing that changes."""
    show("Topics differ in tone", rows_of(one_tones, [{"n_topics": 10}, {"n_topics": 20}], n_corpora))


def one_line(rng: np.random.Generator, each: int, fall: float) -> Row:
    """Claims on one corpus that falls steadily."""
    c = corpus(rng, each=each)
    c["sentiment"] -= fall * c["week"] / 104
    return claimed(c)


def lines(n_corpora: int) -> None:
    """A straight line: told as a break, or as what an event in its middle did."""
    settings = [{"each": each, "fall": fall} for each in (10, 40) for fall in (0.1, 0.2)]
    show("A line falls by so much: part of corpora with a claim", rows_of(one_line, settings, n_corpora))


def one_authors(rng: np.random.Generator, zipf: float, turning: bool) -> Row:
    """Authors who are alike, of Zipf's activity; where they turn over, others write in the second half."""
    c = corpus(rng, 24, 20, icc=0.02)
    weight = np.arange(1, 401) ** -zipf
    author = rng.choice(400, len(c), p=weight / weight.sum())
    late = (c["week"] >= 12).to_numpy()
    if turning:
        author = author + 400 * late
    tone = rng.standard_normal(800) * np.sqrt(0.1) * SD
    c["author"] = pd.Series(author).astype("str")
    c["sentiment"] += tone[author]
    alone = c.drop(columns="author")
    row: Row = {}
    for name, of in (("threads", alone), ("with authors", c)):
        level = trends.overall(of, bounds=BOUNDS).iloc[0]
        row[f"level covers, {name}"] = level["low"] <= 0 <= level["high"]
        event = trends.comparisons(of, by=None, bounds=BOUNDS, events={"half": "2015-03-30"}).iloc[0]
        row[f"difference, {name}"] = event["low"] > 0 or event["high"] < 0
        row[f"step, {name}"] = event["p_value"] <= 0.05
    return row


def authors(n_corpora: int) -> None:
    """Authors, of an intraclass correlation of .1, who return or turn over."""
    settings = [{"zipf": zipf, "turning": turning} for zipf in (0.8, 1.1) for turning in (False, True)]
    show("Authors are alike: levels covered, false differences", rows_of(one_authors, settings, n_corpora))


def one_rare(rng: np.random.Generator, share: float, n_threads: int, icc: float, tail: str) -> Row:
    """Shares of topics over a whole corpus: of one that is rare, among others."""
    n = sizes(rng, n_threads) if tail == "lognormal" else np.ceil(3 * rng.pareto(1.6, n_threads) + 1).astype(int)
    thread = np.repeat(np.arange(n_threads), n)
    p = np.append(np.full(3, (1 - share) / 3), share)
    own = rng.dirichlet(p * (1 / icc - 1), n_threads)
    topic = (own.cumsum(axis=1)[thread] < rng.random(len(thread))[:, None]).sum(axis=1).clip(0, 3)
    c = pd.DataFrame({"article_id": thread, "topic": topic, "sentiment": 0.0})
    table = trends.by_topic(c)
    rare = table[table["topic"] == 3]
    covered = ((rare["share_low"] <= share) & (rare["share_high"] >= share)).mean() if len(rare) else np.nan
    return {"covered": covered, "width": (rare["share_high"] - rare["share_low"]).mean()}


def rare(n_corpora: int) -> None:
    """The share of a rare topic over the whole corpus."""
    settings = [
        {"share": share, "n_threads": g, "icc": icc, "tail": tail}
        for tail in ("lognormal", "pareto")
        for share in (0.01, 0.03)
        for g in (50, 200)
        for icc in (0.1, 0.3)
    ]
    show("Share of a rare topic over the whole corpus", rows_of(one_rare, settings, n_corpora))


def one_size(rng: np.random.Generator, step: float, at: int) -> Row:
    """A step: whether found, and whether its interval, where there is one, has it."""
    c = corpus(rng, news=0.01, rho=0.3)
    c["sentiment"] += step * (c["week"] >= at)
    found = trends.change_points(c, by=None, bounds=BOUNDS)
    found = found[(found["step"] == 1) & (found["q_value"] < 0.05)]
    if found.empty:
        return {"found": False}
    one = found.iloc[0]
    row = {"found": True, "size covered": one["size_low"] <= step <= one["size_high"], "size": one["size"] / step}
    true = pd.Timestamp(START + np.timedelta64(at * 7, "D"), tz="UTC")
    return row | {"naive": (one["after"] - one["before"]) / step, "date covered": one["low"] <= true <= one["high"]}


def sizes_of_changes(n_corpora: int) -> None:
    """The size of a change, where one is found."""
    settings = [{"step": step, "at": at} for step in (0.04, 0.06, 0.1, 0.2) for at in (31, 52)]
    show("A step, weeks with news (1 %, rho .3): its size and date", rows_of(one_size, settings, n_corpora))


def one_stairs(rng: np.random.Generator, steps: Sequence[float]) -> Row:
    """Several steps, a year of weeks each: how many are found, with their sizes and dates, and how many too many."""
    c, found, n = corpus(rng, 52 * (len(steps) + 1), 10, news=0.01, rho=0.3), [], 0
    starts = [52 * (at + 1) for at in range(len(steps))]
    for start, step in zip(starts, steps, strict=True):
        c.loc[c["week"] >= start, "sentiment"] += step
    table = trends.change_points(c, by=None, bounds=BOUNDS).query("q_value < 0.05 and line_p <= 0.05")
    for start, step in zip(starts, steps, strict=True):
        at = pd.Timestamp(START + start * np.timedelta64(WEEK, "s"), tz="UTC")
        near = table[(table["at"] - at).abs() <= pd.Timedelta(weeks=13)]
        n += len(near)
        for row in near.head(1).itertuples():
            found.append((row.size_low <= step <= row.size_high, row.low <= at <= row.high, abs(row.size - step)))
    size, date, error = np.mean(found, axis=0) if found else (np.nan,) * 3
    told = {"found": len(found) / len(steps), "size covered": size, "date covered": date, "size off by": error}
    return told | {"others told": len(table) - n}


def stairs(n_corpora: int) -> None:
    """Several changes of one series, where they are found."""
    settings = [{"steps": steps} for steps in ((-0.1, -0.2), (-0.2, 0.2), (-0.2, -0.3, -0.2), (0.3, -0.2, 0.3))]
    show("Several steps, weeks with news (1 %, rho .3)", rows_of(one_stairs, settings, n_corpora))


def one_of_forty(rng: np.random.Generator, n_topics: int, drop: float) -> Row:
    """Many topics, and a drop in one of them by so many standard deviations of its monthly means."""
    c = corpus(rng, 104, 40, n_topics=n_topics)
    of = c["topic"] == 0
    month = c["posted_at"].dt.strftime("%Y-%m")
    size = drop * float(c[of].groupby(month[of])["sentiment"].mean().std())
    c.loc[of & (c["week"] >= 52), "sentiment"] -= size
    table = trends.change_points(c, bounds=BOUNDS)
    found, own = table["q_value"] < 0.05, table["series"] == "sentiment of topic 0"
    told = found & (table["line_p"] <= 0.05)
    return {"found": (found & own).any(), "told as break": (told & own).any(), "others told": (told & ~own).any()}


def forty(n_corpora: int) -> None:
    """One drop among forty topics."""
    show("One drop among many topics", rows_of(one_of_forty, [{"n_topics": 40, "drop": 2.0}], n_corpora))


def one_sparse(rng: np.random.Generator, course: str) -> Row:
    """Ten topics in 24 periods of some 12 threads: how many cells have an interval, and how often it is right."""
    n_topics, n_periods, each = 10, 24, 12
    period = np.arange(n_periods)
    true = rng.normal(0, 0.15, n_topics)[:, None] + np.zeros((n_topics, n_periods))
    if course == "walk":
        true += rng.normal(0, 0.05, true.shape).cumsum(axis=1)
    elif course == "season":
        true += 0.1 * np.sin(2 * np.pi * (period / 12 + rng.random((n_topics, 1))))
    elif course == "white":
        true += rng.normal(0, 0.1, true.shape)
    elif course == "step":
        true[::2] -= 0.3 * (period >= n_periods // 2)
    n = np.ceil(rng.lognormal(1.0, 1.2, n_periods * each)).astype(int)
    thread = np.repeat(np.arange(len(n)), n)
    topic = np.where(rng.random(len(thread)) < 0.7, rng.integers(0, n_topics, len(n))[thread], -1)
    c = pd.DataFrame({"article_id": thread, "topic": topic})
    at = thread // each
    c["posted_at"] = (np.datetime64("2015-01-15", "M") + at.astype("m8[M]")).astype("M8[us]")
    c["posted_at"] = c["posted_at"].dt.tz_localize("UTC")
    own = rng.standard_normal(len(n)) * np.sqrt(0.05) * SD
    c["sentiment"] = true[topic, at] + own[thread] + rng.standard_normal(len(thread)) * np.sqrt(0.95) * SD
    table = trends.by_period(c, by="topic", bounds=BOUNDS)
    table = table[table["topic"] >= 0].reset_index(drop=True)
    truth = true[table["topic"].astype(int), np.repeat(np.arange(len(table) // n_topics), n_topics)]
    inside = (table["borrowed_low"] <= truth) & (table["borrowed_high"] >= truth)
    direct = table["low"].notna()
    width, wide = table["borrowed_high"] - table["borrowed_low"], table["high"] - table["low"]
    near = (table.index // n_topics - n_periods // 2).isin([-1, 0]) & (table["topic"] % 2 == 0)
    return {
        "direct has": direct.mean(),
        "borrowed has": table["borrowed_low"].notna().mean(),
        "covers": inside.mean(),
        "beside the step": inside[near].mean() if course == "step" else np.nan,
        "width over direct": (width[direct] / wide[direct]).median(),
    }


def sparse(n_corpora: int) -> None:
    """Cells with few threads, of topics that stay, walk, follow the season, jump about, or step once."""
    courses = ("constant", "walk", "season", "white", "step")
    show("Sparse cells, topic by month", rows_of(one_sparse, [{"course": course} for course in courses], n_corpora))


PARTS = {
    "news": news,
    "tones": tones,
    "lines": lines,
    "authors": authors,
    "rare": rare,
    "sizes": sizes_of_changes,
    "stairs": stairs,
    "forty": forty,
    "sparse": sparse,
}

if __name__ == "__main__":
    arguments = sys.argv[1:]
    n_corpora = int(arguments.pop(arguments.index("--corpora") + 1)) if "--corpora" in arguments else 300
    for part in [name for name in arguments if name in PARTS] or PARTS:
        PARTS[part](n_corpora)
