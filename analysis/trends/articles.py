"""An article and its thread: the gap in tone and in topic, and how both move as the thread goes on.

The unit is the thread, and each counts once: whether readers sound other than what they read is asked of articles, not
of the few whose threads are long. Scores of articles come from the same instrument as those of comments, which people
may have checked on comments alone.
"""

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

# The first comments of a thread are told apart; later ones in spans that double.
FIRST_OF = (1, 2, 3, 5, 9, 17, 33, 65)
BOUNDS = {"sentiment": (-2.0, 2.0), "same topic": (-1.0, 1.0)}


def gaps(comments: pd.DataFrame, articles: pd.DataFrame, settings: TrendSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`article_gaps` and `by_position`, with one control of false discoveries over both: column q_value."""
    both = article_gaps(comments, articles, settings), by_position(comments, articles, settings)
    q_value = adjusted(np.concatenate([table["p_value"].to_numpy(float) for table in both]))
    for table, part in zip(both, np.split(q_value, [len(both[0])]), strict=True):
        table.insert(len(table.columns) - 1, "q_value", part)
    return both


def article_gaps(comments: pd.DataFrame, articles: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """What comments say against what their article says, paired by article.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, topic, sentiment.
    articles : DataFrame
        article_id, topic (-1 where unknown), sentiment (NaN where there is no text or no score).
    settings : TrendSettings

    Returns
    -------
    DataFrame
        measure; topic of the article (Int64, NA for all articles); n_articles (that have both), n_comments; article,
        thread, estimate = thread - article, low, high, p_value (of tone alone), interval.
        "sentiment": the article's score and the mean of its comments', in [-1, 1], averaged over articles. "same
        topic": of the comments under an article the share that has its topic (`thread`), beside the share that has
        this topic under all other articles (`article`), in [0, 1]: what it would be if threads did not follow their
        articles.
    """
    ids = pd.Index(articles["article_id"])
    thread = ids.get_indexer(comments["article_id"])
    here = thread >= 0
    thread, n = thread[here], len(ids)
    tone = comments["sentiment"].to_numpy(float, na_value=np.nan)[here]
    topic = comments["topic"].fillna(-1).to_numpy("int64")[here]
    own_topic = articles["topic"].fillna(-1).to_numpy("int64")
    own_tone = articles["sentiment"].to_numpy(float, na_value=np.nan)
    scored = ~np.isnan(tone)
    n_scored = total(thread[scored], None, n)
    n_all = total(thread, None, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total(thread[scored], tone[scored], n) / n_scored
        same = total(thread, (topic == own_topic[thread]).astype(float), n) / n_all
        k = int(max(topic.max(initial=-1), own_topic.max(initial=-1))) + 1
        everywhere = total(topic[topic >= 0], None, k)
        in_own = np.zeros((n, k))
        np.add.at(in_own, (thread[topic >= 0], topic[topic >= 0]), 1)
        at = np.maximum(own_topic, 0)
        elsewhere = (everywhere[at] - in_own[np.arange(n), at]) / (n_all.sum() - n_all) if k else np.full(n, np.nan)
    sides = {
        "sentiment": (own_tone, mean, n_scored, np.isfinite(own_tone) & (n_scored > 0)),
        "same topic": (elsewhere, same, n_all, (own_topic >= 0) & (n_all > 0) & (n_all < n_all.sum())),
    }
    rows = []
    for measure, (article, below, count, used) in sides.items():
        for which in [None, *sorted(set(own_topic[own_topic >= 0].tolist()))]:
            of = used & (True if which is None else own_topic == which)
            rows.append((measure, which, *_paired(article[of], below[of], count[of], BOUNDS[measure], settings)))
    names = "measure topic n_articles n_comments article thread estimate low high p_value interval"
    table = pd.DataFrame(rows, columns=names.split()).astype({"topic": "Int64", "measure": "str", "interval": "str"})
    # That a thread keeps to its article is no discovery; how far it does is what the figure is for.
    return table.assign(p_value=table["p_value"].astype(float).where(table["measure"] == "sentiment"))


def _paired(
    article: np.ndarray, thread: np.ndarray, count: np.ndarray, bounds: tuple[float, float], settings: TrendSettings
) -> tuple[object, ...]:
    """Means of both over articles, and their difference with its interval: each article counts once."""
    one = np.ones(len(article))
    gap = ratio(thread - article, one)
    low, high, p_value, word = compared(gap, [one], bounds, settings)
    means = [float(side.mean()) if len(side) else np.nan for side in (article, thread)]
    return len(article), int(count.sum()), *means, gap.value, low, high, p_value, word


def by_position(comments: pd.DataFrame, articles: pd.DataFrame, settings: TrendSettings) -> pd.DataFrame:
    """How tone, and keeping to the article's topic, move with the place in the thread.

    Means by position mix threads: only long ones have a fortieth comment. The last row of each measure therefore
    compares comments with others of the same thread: least squares on the binary logarithm of the position with a
    level of each thread's own (fixed effects).

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, position (from 1), topic, sentiment.
    articles : DataFrame
        article_id, topic.
    settings : TrendSettings

    Returns
    -------
    DataFrame
        measure ("sentiment", "same topic"); from_position, to_position (Int64; to is NA for the last span, both are
        for the row of the change as the position doubles); n_comments, n_threads; estimate, low, high (in [-1, 1] or
        [0, 1]; of the doubling: change per doubling), p_value (of the doubling alone), interval.
    """
    comments = comments.sort_values("comment_id", kind="stable")
    own = comments["article_id"].map(articles.set_index("article_id")["topic"]).fillna(-1).to_numpy("int64")
    topic = comments["topic"].fillna(-1).to_numpy("int64")
    values = {
        "sentiment": comments["sentiment"].to_numpy(float, na_value=np.nan),
        "same topic": np.where(own >= 0, (topic == own).astype(float), np.nan),
    }
    bounds = {"sentiment": (-1.0, 1.0), "same topic": (0.0, 1.0)}
    thread, _ = pd.factorize(comments["article_id"])
    position = np.maximum(comments["position"].to_numpy("int64"), 1)
    span = np.searchsorted(FIRST_OF, position, side="right") - 1
    rows = []
    for measure, y in values.items():
        known = ~np.isnan(y)
        for i, start in enumerate(FIRST_OF):
            of = known & (span == i)
            if not of.any():
                continue
            _, here = np.unique(thread[of], return_inverse=True)
            n = total(here, None, 0)
            mean = ratio(total(here, y[of], 0), n)
            low, high, _, word = compared(mean, [n], bounds[measure], settings)
            end = FIRST_OF[i + 1] - 1 if i + 1 < len(FIRST_OF) else None
            rows.append((measure, start, end, int(of.sum()), len(n), mean.value, low, high, np.nan, word))
        rows.append((measure, None, None, *_doubling(thread[known], position[known], y[known], settings)))
    names = "measure from_position to_position n_comments n_threads estimate low high p_value interval"
    table = pd.DataFrame(rows, columns=names.split())
    return table.astype({"from_position": "Int64", "to_position": "Int64", "measure": "str", "interval": "str"})


def _doubling(thread: np.ndarray, position: np.ndarray, y: np.ndarray, settings: TrendSettings) -> tuple[object, ...]:
    """Change within threads as the position doubles; only threads of two comments or more say anything."""
    _, thread = np.unique(thread, return_inverse=True)
    n = total(thread, None, 0)
    x = np.log2(position.astype(float))
    x -= (total(thread, x, 0) / np.maximum(n, 1))[thread]
    y = y - (total(thread, y, 0) / np.maximum(n, 1))[thread]
    by_thread = total(thread, x**2, 0)
    sxx, g = float(by_thread.sum()), int((by_thread > 0).sum())
    n_used = int(n[by_thread > 0].sum())
    if g < settings.min_threads:
        slope = float((x * y).sum() / sxx) if sxx > 0 else np.nan
        return n_used, g, slope, np.nan, np.nan, np.nan, TOO_FEW if g else EMPTY
    slope = float((x * y).sum() / sxx)
    figure = Figure(slope, total(thread, x * (y - slope * x), 0) / sxx)
    h = by_thread / sxx
    low, high, p_value = linear(figure, h, one_freedom(h), settings)
    return n_used, g, slope, low, high, p_value, NO_SPREAD if np.isnan(low) else THREADS
