"""An article and its thread: the gap in tone and in topic, and how both move as the thread goes on.

The unit is the thread, and each counts once, not as often as it is long. Scores of articles come from the same
instrument as those of comments, which people may have checked on comments alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.run.codes import dense
from analysis.trends.intervals import Bounds, Method, Row, adjusted, compared, ratio, total
from analysis.trends.units import UNASSIGNED, coded, column, scores, table, with_missing

# The first comments of a thread are told apart; later ones in spans that double.
FIRST_OF = (1, 2, 3, 5, 9, 17, 33, 65)
FIGURES = "estimate low high p_value q_value interval"


def articles_and_comments(
    comments: pd.DataFrame,
    articles: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str = "topic",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What comments say against what their article says, and how both move with the place in the thread.

    Of comments article_id, position (from 1), topic and the measure; of articles article_id, topic (-1 where unknown)
    and the measure (NaN where there is no text or no score). Other arguments as of `by_period`. Both tables have one
    control of false discoveries (Benjamini-Hochberg).

    Returns
    -------
    gaps : DataFrame
        measure; topic of the article (NA for all articles); n_articles (that have both), n_comments; article, thread,
        estimate = thread - article, low, high, p_value (of the measure alone), q_value, interval. Of the measure:
        the article's and the mean of its comments', averaged over articles. Of "same topic": of the comments under an
        article the share that has its topic (`thread`), beside the share that has this topic under all other articles
        (`article`): what it would be if threads did not follow their articles.
    along : DataFrame
        measure; from_position, to_position (NA in the last span's end, and in the last row); n_comments, n_threads;
        estimate, low, high, p_value, q_value, interval. Means by position mix threads: only long ones have a fortieth
        comment. The last row, which alone is tested, therefore is the change as the position doubles within threads:
        least squares on its binary logarithm with a level of each thread's own (fixed effects).
    """
    if "comment_id" in comments:
        comments = comments.sort_values("comment_id", kind="stable")
    ids, position = column(comments, "article_id"), column(comments, "position").to_numpy("int64")
    thread = pd.Index(column(articles, "article_id")).get_indexer(ids)
    topic, groups = coded(pd.concat([column(of, by) for of in (comments, articles)], ignore_index=True))
    if len(groups) and groups[0] == UNASSIGNED:
        topic, groups = topic - 1, groups[1:]
    topic, about = np.split(topic, [len(comments)])
    y, own = scores(comments, measure, bounds), scores(articles, measure, bounds)
    same = np.full(len(y), np.nan)
    known = np.flatnonzero(thread >= 0)
    known = known[about[thread[known]] >= 0]
    same[known] = topic[known] == about[thread[known]]

    width = bounds[1] - bounds[0]
    values = {measure: (_means(thread, y, own), (-width, width)), f"same {by}": (_same(thread, topic, about), (-1, 1))}
    rows = (
        {"measure": name, by: None if code is None else groups[code], **row}
        for name, (sides, limits) in values.items()
        for code, row in _gaps(sides, about, limits, method)
    )
    gaps = table(rows, "measure", {by: with_missing(groups)}, "n_articles n_comments article thread", FIGURES)
    # That a thread keeps to its article is no discovery; how far it does is what the figure is for.
    gaps["p_value"] = gaps["p_value"].where(gaps["measure"] == measure)
    place, code = np.maximum(position, 1), pd.factorize(ids)[0]
    rows = (
        {"measure": name, **row}
        for name, of, limits in ((measure, y, bounds), (f"same {by}", same, (0, 1)))
        for row in _positions(code[~np.isnan(of)], place[~np.isnan(of)], of[~np.isnan(of)], limits, method)
    )
    span = {"from_position": "Int64", "to_position": "Int64"}
    along = table(rows, "measure", span, "n_comments n_threads", FIGURES)
    q_value = adjusted(np.concatenate([gaps["p_value"], along["p_value"]]))
    return gaps.assign(q_value=q_value[: len(gaps)]), along.assign(q_value=q_value[len(gaps) :])


Sides = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # of each article: it, its comments, their number, used


def _means(thread: np.ndarray, y: np.ndarray, own: np.ndarray) -> Sides:
    """The article's score and the mean of its comments'."""
    known = (thread >= 0) & ~np.isnan(y)
    n = total(thread[known], None, len(own))
    with np.errstate(invalid="ignore"):
        mean = total(thread[known], y[known], len(own)) / n
    return own, mean, n, np.isfinite(own) & (n > 0)


def _same(thread: np.ndarray, topic: np.ndarray, about: np.ndarray) -> Sides:
    """The share of the article's topic under all other articles, and in its own comments."""
    here, k = thread >= 0, int(max(topic.max(initial=-1), about.max(initial=-1))) + 1
    thread, topic = thread[here], topic[here]
    n, own = total(thread, None, len(about)), total(thread, (topic == about[thread]).astype(float), len(about))
    everywhere = np.append(total(topic[topic >= 0], None, k), np.nan)  # the last is that of no topic
    with np.errstate(invalid="ignore", divide="ignore"):
        elsewhere, same = (everywhere[about] - own) / (n.sum() - n), own / n
    return elsewhere, same, n, (about >= 0) & (n > 0) & (n < n.sum())


def _gaps(sides: Sides, about: np.ndarray, limits: Bounds, method: Method) -> Iterator[tuple[int | None, Row]]:
    """Means of both sides over articles, of all and of each topic, and their difference: each article counts once."""
    article, below, n, used = sides
    for code in [None, *np.unique(about[about >= 0]).tolist()]:
        of = used if code is None else used & (about == code)
        row: Row = {"n_articles": int(of.sum()), "n_comments": int(n[of].sum())}
        for side, x in (("article", article), ("thread", below)):
            row[side] = float(x[of].mean()) if of.any() else np.nan
        one = np.ones(int(of.sum()))
        yield code, row | compared(ratio(below[of] - article[of], one), [one], limits, method)


def _positions(
    thread: np.ndarray, position: np.ndarray, y: np.ndarray, limits: Bounds, method: Method
) -> Iterator[Row]:
    """Means by place in the thread, and last the change within threads as it doubles."""
    span = np.searchsorted(FIRST_OF, position, side="right") - 1
    for i in np.unique(span).tolist():
        here = dense(thread[span == i])
        n = total(here, None, 0)
        row = compared(ratio(total(here, y[span == i], 0), n), [n], limits, method) | {"p_value": np.nan}
        row |= {"from_position": FIRST_OF[i], "to_position": FIRST_OF[i + 1] - 1 if i + 1 < len(FIRST_OF) else None}
        yield row | {"n_comments": int(n.sum()), "n_threads": len(n)}
    thread = dense(thread)
    n, x = total(thread, None, 0), np.log2(position.astype(float))
    x -= (total(thread, x, 0) / n)[thread]
    y = y - (total(thread, y, 0) / n)[thread]
    squares = total(thread, x**2, 0)
    used = squares > 0  # only threads of two comments or more say anything
    slope = compared(ratio(total(thread, x * y, 0), squares), [squares], (-np.inf, np.inf), method)
    yield slope | {"n_comments": int(n[used].sum()), "n_threads": int(used.sum())}
