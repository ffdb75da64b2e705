"""The main figures again with some comments left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.trends.intervals import Bounds, Figure, Method, compared, ratio, total
from analysis.trends.periods import Calendar
from analysis.trends.units import Units, arrange, marked, table

LOUDEST = 0.01  # the part of the authors, by their number of comments, that a figure should not rest on


def sensitivity(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str | None = "topic",
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """The main figures without the loudest 1 % of the authors, and without what repeats an earlier comment.

    Arguments as of `by_period`; author, duplicate_of and near_duplicate_of are used where they are there. Columns:
    series, topic, measure (its name, "change of …", between the halves of `decomposition`, or "share"); left_out
    ("nothing", "loudest authors", "duplicates", "duplicates, exact or near": of a flood its first comment stays);
    n_authors_out, n_comments (left in); estimate, low, high; interval; difference from nothing left out, with its ends.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds)
    quiet, n_loud = without_loudest(a)
    kept = {
        "nothing": np.ones(len(quiet), dtype=bool),
        "loudest authors": quiet,
        "duplicates": ~marked(comments, a, "duplicate_of"),
        "duplicates, exact or near": ~marked(comments, a, "duplicate_of", "near_duplicate_of"),
    }
    rows = []
    for figures in zip(*(_figures(a.only(keep)) for keep in kept.values()), strict=True):
        for left_out, (named, figure, n, limits) in zip(kept, figures, strict=True):
            width = limits[1] - limits[0]
            difference = compared(figure - figures[0][1], n, (-width, width), method)
            n_out = n_loud if left_out == "loudest authors" else 0
            row = {"left_out": left_out, "n_authors_out": n_out, "n_comments": int(sum(one.sum() for one in n))}
            row |= {"difference": difference["estimate"]}
            row |= {f"difference_{end}": difference[end] for end in ("low", "high")}
            rows.append(named | row | compared(figure, n, limits, method))
    figures = "n_authors_out n_comments estimate low high interval difference difference_low difference_high"
    return table(rows, "series", a.of_groups, "measure left_out", figures)


def without_loudest(a: Units) -> tuple[np.ndarray, int]:
    """Whether each comment is of none of the loudest authors, and how many these are."""
    author = np.full(len(a.thread), -1) if a.author is None else a.author
    per_author = total(author[author >= 0], None, int(author.max(initial=-1)) + 1)
    # Of authors with as many comments, the one whose first comment has the smaller id is left out first.
    loudest = np.argsort(-per_author, kind="stable")[: int(np.ceil(LOUDEST * len(per_author)))]
    return ~np.isin(author, loudest), len(loudest)


def _figures(a: Units) -> list[tuple[dict[str, object], Figure, list[np.ndarray], Bounds]]:
    """Mean of the measure, its change between the halves, every group's share; each with its bounds."""
    y, n = a.sums(~np.isnan(a.y))
    out = [(a.named_as(a.measure), ratio(y, n), [n], a.bounds)]
    b = a.dated.scored
    late = b.since(a.middle)
    spans = [b.sums(side) for side in (~late, late)]
    change = ratio(*spans[1]) - ratio(*spans[0])
    out.append((a.named_as(f"change of {a.measure}"), change, [n for _, n in spans], a.change))
    every = total(a.thread, None, a.n_threads)
    for code in range(len(a.groups)) if a.by else ():
        of = total(a.thread[a.group == code], None, a.n_threads)
        out.append((a.named_as("share", code), ratio(of, every), [every], (0.0, 1.0)))
    return out
