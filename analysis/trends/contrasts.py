"""Comparisons: before and after what happened, a period and the one before it, a topic and another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.trends.intervals import EMPTY, THREADS, TOO_FEW, Bounds, Method, adjusted, compared, ratio, total, without
from analysis.trends.periods import Calendar, instant_of
from analysis.trends.units import Units, arrange, table

MOST_TOPICS = 20  # the largest ones are compared with each other: 190 pairs
Sums = tuple[np.ndarray, np.ndarray]  # what each thread has above and below the line of a mean or a share


def comparisons(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str | None = "topic",
    events: Mapping[str, object] | None = None,
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """Every comparison of a study: differences of two means or shares, with intervals that respect threads.

    The q-values hold over them all, so that the more is compared, the more a single one must show. `events` says what
    happened and when, {name: date}, in the zone where a date says no other; all comments before it are compared with
    all from it on: name what is known from elsewhere, not a date at which the figure shows a break, or the p-value
    means nothing. Other arguments as of `by_period`; without `by` only the mean is compared.

    Columns: comparison ("event", "period", "topic"), event, at (the first instant of the second side), series, topic,
    other_topic (the first side of a pair), measure (its name, or "share"); n_first, n_second, threads_first,
    threads_second (of the denominator); first, second; estimate = second - first, low, high; p_value; q_value
    (Benjamini-Hochberg); interval ("threads", "too few", "empty", "no spread"). Of periods only those are compared that
    both have threads enough. Nothing is claimed about the unassigned.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds)
    rows = [*_events(a.dated, in_order(events, zone), method), *_periods(a.dated, method), *_pairs(a, method)]
    at, other = {"at": a.grid["period_start"].dtype}, {f"other_{name}": of for name, of in a.of_groups.items()}
    counts, sides = "n_first n_second threads_first threads_second", "first second"
    figures = "estimate low high p_value q_value interval"
    found = table(rows, "comparison event", at, "series", a.of_groups, other, "measure", counts, sides, figures)
    return found.assign(q_value=adjusted(found["p_value"].to_numpy()))


def in_order(events: Mapping[str, object] | None, zone: str) -> list[tuple[str, pd.Timestamp]]:
    """Name and first instant of what happened, in the order of time."""
    return sorted(((name, instant_of(date, zone)) for name, date in (events or {}).items()), key=lambda e: e[::-1])


def _events(a: Units, events: list[tuple[str, pd.Timestamp]], method: Method) -> Iterator[dict[str, object]]:
    """Before each event and from it on."""
    a = a.compact
    for event, at in events:
        late = a.since(at)
        for row in _between(a, ~late, late, method):
            yield {"comparison": "event", "event": event, "at": at, **row}


def _periods(a: Units, method: Method) -> Iterator[dict[str, object]]:
    """Each period and the one before it."""
    a = a.only(np.argsort(a.period, kind="stable"))
    edges = np.searchsorted(a.period, np.arange(len(a.grid) + 1))
    for i in range(1, len(a.grid)):
        here = a.only(np.s_[edges[i - 1] : edges[i + 1]]).compact
        for row in _between(here, here.period < i, here.period == i, method):
            if row["interval"] not in (TOO_FEW, EMPTY):
                yield {"comparison": "period", "at": a.grid["period_start"].iloc[i], **row}


def _pairs(a: Units, method: Method) -> Iterator[dict[str, object]]:
    """The measure in each pair of the largest groups."""
    size = np.bincount(a.group[a.group >= 0], minlength=len(a.groups))
    largest = sorted(sorted(a.named, key=lambda code: -size[code])[:MOST_TOPICS])
    sums = _sums(a, np.ones(len(a.thread), dtype=bool))
    for one, other in combinations(largest, 2):
        named = a.named_as(a.measure, other) | {f"other_{a.by}": a.groups[one]}
        named["series"] += f" against {a.by} {a.groups[one]}"
        yield {"comparison": "topic", **named, **_row(sums[a.measure, one], sums[a.measure, other], a.change, method)}


def _between(a: Units, early: np.ndarray, late: np.ndarray, method: Method) -> Iterator[dict[str, object]]:
    """The measure, and every group's share and measure, in two sets of comments that may share threads."""
    first, second = _sums(a, early), _sums(a, late)
    for (what, code), sums in first.items():
        bounds = (-1.0, 1.0) if what == "share" else a.change
        row = a.named_as(what, code) | _row(sums, second[what, code], bounds, method)
        # A share that rests on few threads is no mean of many: its own threads must be enough.
        threads = int(((sums[0] + second[what, code][0]) > 0).sum())
        if what == "share" and threads < method.min_threads and row["interval"] == THREADS:
            row |= without(row["estimate"], TOO_FEW)
        yield row


def _sums(a: Units, of: np.ndarray) -> dict[tuple[str, int | None], Sums]:
    """Above and below the line in each thread, of some of the comments: of the measure, and of every named group."""
    k, scored = len(a.groups), of & ~np.isnan(a.y)
    number = total(a.thread[of], None, a.n_threads)
    sums: dict[tuple[str, int | None], Sums] = {(a.measure, None): a.sums(scored)}
    cell, shape = a.thread * k + a.group, (a.n_threads, k)
    known, scored = of & (a.group >= 0), scored & (a.group >= 0)
    n_of = total(cell[known], None, a.n_threads * k).reshape(shape)
    n_scored = total(cell[scored], None, a.n_threads * k).reshape(shape)
    y_of = total(cell[scored], a.y[scored], a.n_threads * k).reshape(shape)
    for code in a.named:
        sums["share", code] = n_of[:, code], number
        sums[a.measure, code] = y_of[:, code], n_scored[:, code]
    return sums


def _row(first: Sums, second: Sums, bounds: Bounds, method: Method) -> dict[str, object]:
    """One comparison, from what each thread has above and below of both ratios."""
    sides, n = [ratio(*first), ratio(*second)], [first[1], second[1]]
    row = compared(sides[1] - sides[0], n, bounds, method)
    for name, side, of in zip(("first", "second"), sides, n, strict=True):
        row |= {f"n_{name}": int(of.sum()), f"threads_{name}": int((of > 0).sum()), name: side.value}
    return row
