"""What changes and what drives it: slopes, Kitagawa's decomposition, and figures with some left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.settings import TrendSettings
from analysis.trends.intervals import (
    EMPTY,
    NO_SPREAD,
    THREADS,
    TOO_FEW,
    Figure,
    adjusted,
    compared,
    linear,
    one_freedom,
    ratio,
    total,
)
from analysis.trends.periods import Arranged, arrange, instant_of

ONE_PERIOD = "one period"  # no slope from dates that all fall in one
BOUNDS = {"sentiment": (-1, 1), "share": (0, 1), "change of sentiment": (-2, 2)}
LOUDEST = 0.01  # the part of the authors, by their number of comments, that a figure should not rest on


def slopes(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """Change per year of mean sentiment, of each topic's share, and of each topic's mean sentiment.

    Least squares on the comments' own times; the interval respects threads. A rise or fade may be stated only
    where q_value is small: an interval that includes 0 is no trend.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; undated comments are left out.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        series, topic (Int64, NA for all), measure ("sentiment", "share"); n_comments, n_threads (that the
        line is drawn through); estimate, low, high: change per year of 365.25 days; p_value; q_value
        (Benjamini-Hochberg over the table); interval ("threads", "too few", "one period", "no spread",
        "empty").
    """
    a = arrange(comments, settings)
    a = a.only(a.period >= 0)
    rows = []
    for series, topic, measure, of, y in all_series(a):
        row = {"series": series, "topic": topic, "measure": measure, "n_comments": int(of.sum())}
        rows.append(row | _slope(a.thread[of], a.period[of], a.years[of], y[of], settings))
    columns = ["series", "topic", "measure", "n_comments", "n_threads", "estimate", "low", "high", "p_value"]
    table = pd.DataFrame(rows, columns=[*columns, "interval"]).astype(
        {"topic": "Int64", "n_comments": "int64", "n_threads": "int64"}
    )
    table.insert(len(columns), "q_value", adjusted(table["p_value"].to_numpy(dtype=float)))
    return table


def all_series(a: Arranged) -> list[tuple[str, int | None, str, np.ndarray, np.ndarray]]:
    """Every series that is looked at: name, topic, measure, whose denominator it has, value of each comment.

    The unassigned are no topic, so nothing is claimed about them.
    """
    scored = ~np.isnan(a.sentiment)
    everything = np.ones(len(a.thread), dtype=bool)
    out: list[tuple[str, int | None, str, np.ndarray, np.ndarray]] = [
        ("sentiment", None, "sentiment", scored, a.sentiment)
    ]
    named = [(code, int(topic)) for code, topic in enumerate(a.topics) if topic >= 0]
    out += [(f"share of topic {t}", t, "share", everything, (a.topic == c).astype(float)) for c, t in named]
    out += [(f"sentiment of topic {t}", t, "sentiment", scored & (a.topic == c), a.sentiment) for c, t in named]
    return out


def _slope(
    thread: np.ndarray, period: np.ndarray, years: np.ndarray, y: np.ndarray, settings: TrendSettings
) -> dict[str, object]:
    """One series' least-squares slope on time, in units of y a year."""
    n_threads = int((total(thread, None, 0) > 0).sum())
    row = {"n_threads": n_threads, "estimate": np.nan, "low": np.nan, "high": np.nan, "p_value": np.nan}
    if not n_threads:
        return row | {"interval": EMPTY}
    if period.min() == period.max():
        return row | {"interval": ONE_PERIOD}
    x = years - years.mean()
    sxx = (x**2).sum()
    slope = float((x * y).sum() / sxx)
    row["estimate"] = slope
    if n_threads < settings.min_threads:
        return row | {"interval": TOO_FEW}
    figure = Figure(slope, total(thread, x * (y - y.mean() - slope * x), 0) / sxx)
    h = total(thread, x**2, 0) / sxx
    # The level of the line takes of the thread's information as well as its slope does.
    leverage = h + total(thread, None, 0) / len(thread)
    row["low"], row["high"], row["p_value"] = linear(figure, leverage, one_freedom(h), settings)
    return row | {"interval": NO_SPREAD if np.isnan(row["low"]) else THREADS}


def decomposition(comments: pd.DataFrame, settings: TrendSettings, split: pd.Timestamp | None = None) -> pd.DataFrame:
    """Kitagawa's decomposition: how far what people talk about changed, and how far how they talk.

    With share p and mean sentiment m of a topic before (1) and after (2), and c the mean of the two overall
    means: composition = (p2 - p1) ((m1 + m2) / 2 - c), within = (m2 - m1) (p1 + p2) / 2. Over all topics, the
    unassigned among them as one, they sum to the change of the overall mean. A topic that one of the spans
    lacks counts there with the mean that it has in the other. c only moves composition between topics, so
    that a topic contributes as far as it is above or below the average. Source: Kitagawa (1955).

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; those that are dated and scored are used.
    settings : TrendSettings
    split : Timestamp with a zone, optional
        The first instant of the later span. By default the start of the middle one of the periods: a split
        chosen where the change is largest would make the intervals too narrow.

    Returns
    -------
    DataFrame
        topic (Int64; NA for all), part ("total", "composition", "within"), estimate, low, high, interval
        ("threads", "too few" or "empty" in one of the spans, "no spread"); split; n_before, n_after
        (comments), share_before, share_after, mean_before, mean_after.
    """
    a = arrange(comments, settings)
    split = middle(a) if split is None else pd.Timestamp(split).as_unit("us").tz_convert(settings.timezone)
    a, late = halves(a, split)
    everyone = [_sums(a, side) for side in (~late, late)]
    whole = [ratio(y, n) for n, y in everyone]
    centre = (whole[0] + whole[1]) * 0.5
    parts: list[tuple[object, str, Figure, list, list, list]] = []
    compositions, withins = [], []
    for code, topic in enumerate(a.topics):
        sums = [_sums(a, side & (a.topic == code)) for side in (~late, late)]
        p = [ratio(n, everyone[side][0]) for side, (n, _) in enumerate(sums)]
        m = [ratio(y, n) for n, y in sums]
        shown = [one.value for one in m]
        m = [m[1 - side] if np.isnan(m[side].value) else m[side] for side in (0, 1)]
        if np.isnan(m[0].value):  # no comment of the topic is scored in either: it takes no part
            m = [Figure(0.0, np.zeros(a.n_threads))] * 2
        compositions.append((p[1] - p[0]) * ((m[0] + m[1]) * 0.5 - centre))
        withins.append((m[1] - m[0]) * ((p[0] + p[1]) * 0.5))
        numbers = [[int(n.sum()) for n, _ in sums], [one.value for one in p], shown]
        parts.append((topic, "composition", compositions[-1], [n for n, _ in everyone], *numbers))
        parts.append((topic, "within", withins[-1], [n for n, _ in sums], *numbers))
    n_all = [n for n, _ in everyone]
    numbers = [[int(n.sum()) for n in n_all], [1.0, 1.0], [one.value for one in whole]]
    nothing = Figure(np.nan, np.zeros(a.n_threads))
    top = [("total", whole[1] - whole[0])]
    top += [("composition", sum(compositions[1:], compositions[0]) if compositions else nothing)]
    top += [("within", sum(withins[1:], withins[0]) if withins else nothing)]
    rows = []
    for topic, part, figure, n, *pairs in [(pd.NA, *one, n_all, *numbers) for one in top] + parts:
        low, high, _, word = compared(figure, n, BOUNDS["change of sentiment"], settings)
        rows.append((topic, part, figure.value, low, high, word, split, *sum(pairs, [])))
    names = "topic part estimate low high interval split"
    names += " n_before n_after share_before share_after mean_before mean_after"
    table = pd.DataFrame(rows, columns=names.split())
    table["split"] = pd.Series([split] * len(table), dtype=a.grid["period_start"].dtype)
    return table.astype({"topic": "Int64", "n_before": "int64", "n_after": "int64"})


def decompositions(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """`decomposition` at the middle of the periods, and at each event with comments on both sides: column event."""
    a = arrange(comments, settings)
    seen = a.instant[(a.period >= 0) & ~np.isnan(a.sentiment)]
    tables = [decomposition(comments, settings).assign(event="")]
    for event, date in settings.events:
        at = instant_of(date, settings.timezone)
        instant = at.tz_convert("UTC").tz_localize(None).to_datetime64()
        if (seen < instant).any() and (seen >= instant).any():
            tables.append(decomposition(comments, settings, at).assign(event=event))
    return pd.concat(tables, ignore_index=True).astype({"event": "str"})


def middle(a: Arranged) -> pd.Timestamp:
    """Start of the middle period, or the later of the two in the middle; NaT without dates."""
    return a.grid["period_start"].iloc[len(a.grid) // 2] if len(a.grid) else pd.NaT


def halves(a: Arranged, split: pd.Timestamp) -> tuple[Arranged, np.ndarray]:
    """The comments that are dated and scored, and which of them are from `split` on."""
    a = a.only((a.period >= 0) & ~np.isnan(a.sentiment))
    if pd.isna(split):
        return a, np.zeros(len(a.thread), dtype=bool)
    return a, a.instant >= split.tz_convert("UTC").tz_localize(None).to_datetime64()


def _sums(a: Arranged, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number and sum of sentiment in each thread, of some of the comments."""
    return total(a.thread[of], None, a.n_threads), total(a.thread[of], a.sentiment[of], a.n_threads)


def sensitivity(comments: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """The main figures again without the loudest 1 % of the authors, and without what repeats an earlier comment.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment; and duplicate_of and near_duplicate_of, NA
        where a comment is none.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        series, topic (Int64), measure ("sentiment", "change of sentiment", "share"); left_out ("nothing",
        "loudest authors", "duplicates", "duplicates, exact or near": of a flood its first comment stays);
        n_authors_out, n_comments (left in, for this figure); estimate, low,
        high; difference (from nothing left out), difference_low, difference_high; interval. The change of
        sentiment is that between the two halves of `decomposition`.
    """
    comments = comments.sort_values("comment_id", kind="stable")
    a = arrange(comments, settings)
    split = middle(a)
    per_author = total(a.author[a.author >= 0], None, int(a.author.max(initial=-1)) + 1)
    # Of authors with as many comments, the one whose first comment has the smaller id is left out first.
    loudest = np.argsort(-per_author, kind="stable")[: int(np.ceil(LOUDEST * len(per_author)))]
    duplicate, near = (
        comments[column].notna().to_numpy() if column in comments else np.zeros(len(comments), dtype=bool)
        for column in ("duplicate_of", "near_duplicate_of")
    )
    kept = {
        "nothing": (np.ones(len(comments), dtype=bool), 0),
        "loudest authors": (~np.isin(a.author, loudest), len(loudest)),
        "duplicates": (~duplicate, 0),
        "duplicates, exact or near": (~(duplicate | near), 0),
    }
    rows: list[dict[str, object]] = []
    base: dict[str, Figure] = {}
    for left_out, (keep, n_out) in kept.items():
        for name, topic, measure, figure, n in _main_figures(a.only(keep), split):
            base.setdefault(name, figure)
            low, high, _, word = compared(figure, n, BOUNDS[measure], settings)
            row = {
                "series": name,
                "topic": topic,
                "measure": measure,
                "left_out": left_out,
                "n_authors_out": n_out,
            }
            row |= {"n_comments": int(sum(one.sum() for one in n))}
            row |= {"estimate": figure.value, "low": low, "high": high, "interval": word}
            difference = figure - base[name]
            d_low, d_high, _, _ = compared(difference, n, BOUNDS["change of sentiment"], settings)
            rows.append(row | {"difference": difference.value, "difference_low": d_low, "difference_high": d_high})
    table = pd.DataFrame(rows)
    table["_at"] = table["left_out"].map({name: at for at, name in enumerate(kept)})
    table["_series"] = table["series"].map({name: at for at, name in enumerate(dict.fromkeys(table["series"]))})
    table = table.sort_values(["_series", "_at"], kind="stable").drop(columns=["_at", "_series"])
    return table.astype({"topic": "Int64"}).reset_index(drop=True)


def _main_figures(a: Arranged, split: pd.Timestamp) -> list[tuple[str, int | None, str, Figure, list[np.ndarray]]]:
    """Mean sentiment, its change between the halves, every topic's share."""
    n, y = _sums(a, ~np.isnan(a.sentiment))
    out: list[tuple[str, int | None, str, Figure, list[np.ndarray]]] = [
        ("sentiment", None, "sentiment", ratio(y, n), [n])
    ]
    b, late = halves(a, split)
    spans = [_sums(b, side) for side in (~late, late)]
    change = ratio(*spans[1][::-1]) - ratio(*spans[0][::-1])
    out.append(("change of sentiment", None, "change of sentiment", change, [spans[0][0], spans[1][0]]))
    every = total(a.thread, None, a.n_threads)
    for code, topic in enumerate(a.topics):
        of = total(a.thread[a.topic == code], None, a.n_threads)
        out.append((f"share of topic {topic}", int(topic), "share", ratio(of, every), [every]))
    return out
