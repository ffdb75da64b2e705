"""Slopes: change per year by least squares on the comments' own times, with errors as of `errors`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.run.codes import distinct
from analysis.trends.errors import Design
from analysis.trends.intervals import EMPTY, TOO_FEW, Bounds, Method, Row, adjusted, without
from analysis.trends.periods import YEAR, Calendar
from analysis.trends.units import Units, arrange, table

ONE_PERIOD = "one period"  # no slope from dates that all fall in one


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
    `by_period`, author used where it is there; without `by` there is the slope of the measure alone.

    Columns: series, topic (NA for all), measure (its name, or "share"); n_comments, n_threads; estimate, low, high, a
    year of 365.25 days; p_value; q_value (Benjamini-Hochberg over the table); author_ratio, serial_ratio, as of
    `errors.Design`; interval, "one period" where that is all there is.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds).dated
    whole, scored = a, a.scored
    rows = [a.named_as(measure) | Slope(scored, method).of(scored.y)]
    line = Slope(whole, method)
    rows += [a.named_as("share", code) | line.of((whole.group == code).astype(float)) for code in a.named]
    for code in a.named:
        of = scored.only(scored.group == code)
        rows.append(a.named_as(measure, code) | Slope(of, method).of(of.y))
    figures = "measure n_comments n_threads estimate low high p_value q_value author_ratio serial_ratio interval"
    slope = table(rows, "series", a.of_groups, figures)
    return slope.assign(q_value=adjusted(slope["p_value"].to_numpy()))


class Slope:
    """A least-squares line on time through some comments, for each measure of them."""

    def __init__(self, a: Units, method: Method) -> None:
        self.a, self.method, self.n_threads = a, method, len(distinct(a.thread))
        years = (a.instant - a.instant.min()) / YEAR if len(a.y) else np.zeros(0)
        self.x = years - years.mean() if len(a.y) else years
        self.design = Design(a, np.stack([np.ones(len(years)), self.x], axis=1))

    def of(self, y: np.ndarray) -> Row:
        """The slope of y, in its units a year."""
        row: Row = {"n_comments": len(y), "n_threads": self.n_threads}
        if not len(y):
            return row | without(np.nan, EMPTY)
        if self.a.period.min() == self.a.period.max():
            return row | without(np.nan, ONE_PERIOD)
        if self.n_threads < self.method.min_threads:
            return row | without(float((self.x * y).sum() / (self.x**2).sum()), TOO_FEW)
        return row | self.design.coefficient(y, 1, self.method)
