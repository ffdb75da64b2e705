"""Slopes: change per year by least squares on the comments' own times, with intervals that respect threads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.trends.intervals import EMPTY, TOO_FEW, Bounds, Method, adjusted, fitted_line, total, without
from analysis.trends.periods import Calendar
from analysis.trends.units import Units, arrange, table

ONE_PERIOD = "one period"  # no slope from dates that all fall in one
YEAR = np.timedelta64(31_557_600, "s")  # of 365.25 days


def slopes(
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
    """Change per year of the mean of a measure, of each topic's share, and of each topic's mean.

    A rise or fade may be stated only where q_value is small: an interval that includes 0 is no trend. Arguments as of
    `by_period`; without `by` there is the slope of the measure alone.

    Columns: series, topic (NA for all), measure (its name, or "share"); n_comments, n_threads; estimate, low, high, a
    year of 365.25 days; p_value; q_value (Benjamini-Hochberg); interval, "one period" where that is all there is.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds).dated
    scored, everything = ~np.isnan(a.y), np.ones(len(a.y), dtype=bool)
    rows = [a.named_as(measure) | _slope(a, scored, a.y, method)]
    for code in a.named:
        rows.append(a.named_as("share", code) | _slope(a, everything, (a.group == code).astype(float), method))
    for code in a.named:
        rows.append(a.named_as(measure, code) | _slope(a, scored & (a.group == code), a.y, method))
    figures = "measure n_comments n_threads estimate low high p_value q_value interval"
    slope = table(rows, "series", a.of_groups, figures)
    return slope.assign(q_value=adjusted(slope["p_value"].to_numpy()))


def _slope(a: Units, of: np.ndarray, y: np.ndarray, method: Method) -> dict[str, object]:
    """One series' least-squares slope on time, in units of y a year, through some of the comments."""
    thread, period, y = a.thread[of], a.period[of], y[of]
    n_threads = int((total(thread, None, 0) > 0).sum())
    row: dict[str, object] = {"n_comments": len(y), "n_threads": n_threads}
    if not n_threads:
        return row | without(np.nan, EMPTY)
    if period.min() == period.max():
        return row | without(np.nan, ONE_PERIOD)
    years = ((a.instant - a.instant.min()) / YEAR)[of]
    x = years - years.mean()
    slope = float((x * y).sum() / (x**2).sum())
    if n_threads < method.min_threads:
        return row | without(slope, TOO_FEW)
    # The level of the line takes of the thread's information as well as its slope does.
    level = total(thread, None, 0) / len(thread)
    return row | fitted_line(slope, x, y - y.mean() - slope * x, thread, level, method)
