"""Least squares whose error is the larger of what threads with authors, and the course of time give.

Comments of a thread are alike, so are those of an author, and so are those of days that share their news. Threads: the
jackknife (CR3) with Bell and McCaffrey's (2002) degrees of freedom; authors beside them as of `authors`. Time: the
long-run variance by equal-weighted cosines of Lazarus et al. (2018), scaled as Bell and McCaffrey scale, with Student's
t of as many degrees of freedom as the design leaves to the cosines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.run.codes import dense
from analysis.trends.authors import Crossed, kept
from analysis.trends.intervals import NO_SPREAD, Bounds, Method, Row, both, estimated, one_freedom, total
from analysis.trends.units import Units

BASES = 14  # cosines: news that lasts up to a seventh of the corpus is in the error (of 24 months 15 weeks)
LEAST_BASES = 2  # fewer say nothing of time


@dataclass(frozen=True)
class Design:
    """What some comments are regressed on: the same for every measure of them."""

    a: Units
    x: np.ndarray  # (n_comments, n_columns), of full rank
    serial: bool = True  # whether the course of time is in the error

    @cached_property
    def inverse(self) -> np.ndarray:
        """(X'X)^-1."""
        return np.linalg.inv(self.x.T @ self.x)

    @cached_property
    def leverage(self) -> np.ndarray:
        """Of each comment."""
        return ((self.x @ self.inverse) * self.x).sum(axis=1)

    @cached_property
    def thread(self) -> np.ndarray:
        """Threads of the comments, without gaps."""
        return dense(self.a.thread)

    @cached_property
    def crossed(self) -> Crossed | None:
        """Authors who are in several threads."""
        return Crossed.of(np.zeros(len(self.x), dtype=np.int64), self.thread, self.a.author)

    @cached_property
    def phi(self) -> np.ndarray:
        """Cosines over the days, as of `cosines`."""
        return cosines(total(self.a.day, None, self.a.n_days), self.x.shape[1])

    def influence(self, y: np.ndarray, which: int) -> np.ndarray:
        """By how much each comment moves a coefficient."""
        return (self.x @ self.inverse[which]) * (y - self.x @ (self.inverse @ (self.x.T @ y)))

    def coefficient(self, y: np.ndarray, which: int, method: Method, bounds: Bounds = (-np.inf, np.inf)) -> Row:
        """A coefficient with its interval and the p-value of its being 0.

        Beside them author_ratio and serial_ratio: the error with authors over that by threads alone, 1 or more; the
        error by time over that by threads and authors, which is used where it is above 1 (NaN: too few days to say).
        """
        weight = self.x @ self.inverse[which]
        value, influence = float(weight @ y), self.influence(y, which)
        se, df, ratio = self._clustered(influence, weight)
        row = estimated(value, se, df, method, bounds)
        if row["interval"] == NO_SPREAD:
            return row
        by_time = self._serial(influence, weight) if self.serial and len(self.phi) >= LEAST_BASES else None
        if by_time and by_time[0] > se:
            row = estimated(value, *by_time, method, bounds)
        return row | {"author_ratio": ratio, "serial_ratio": by_time[0] / se if by_time else np.nan, "se": se, "df": df}

    def _clustered(self, influence: np.ndarray, weight: np.ndarray) -> tuple[float, float, float]:
        """Error by threads and authors, its degrees of freedom, and its ratio to that by threads alone."""
        h = weight**2 / (weight**2).sum()
        by_thread = total(self.thread, influence, 0) / kept(total(self.thread, self.leverage, 0))
        variance, df = float((by_thread**2).sum()), one_freedom(total(self.thread, h, 0))
        more = float(self.crossed.added(influence, self.leverage, 1)[0]) if self.crossed and variance else 0.0
        if self.crossed and more:
            df = float(both(df, one_freedom(self.crossed.held(h)), more / (variance + more)))
        return float(np.sqrt(variance + more)), df, float(np.sqrt(1 + more / variance)) if variance else 1.0

    def _serial(self, influence: np.ndarray, weight: np.ndarray) -> tuple[float, float] | None:
        """Error by time and its degrees of freedom, scaled by what cosines show of independent comments."""
        on = [total(self.a.day, weight * column, self.a.n_days) for column in self.x.T]
        projected, by_day = self.phi @ np.stack(on).T, total(self.a.day, influence, self.a.n_days)
        squares = total(self.a.day, weight**2, self.a.n_days)
        expected = (self.phi * squares) @ self.phi.T - projected @ self.inverse @ projected.T
        if (trace := np.trace(expected)) <= 1e-12 * squares.sum():
            return None
        variance = ((self.phi @ by_day) ** 2).sum() * squares.sum() / trace
        return float(np.sqrt(variance)), float(max(trace**2 / (expected**2).sum(), 1))


def cosines(n: np.ndarray, n_columns: int) -> np.ndarray:
    """(n_bases, n_days), over days of `n` comments each, as time goes with them; fewer where days are few."""
    n_bases = max(min(BASES, int((n > 0).sum()) - n_columns - 1), 0)
    return np.sqrt(2) * np.cos(np.pi * np.arange(1, n_bases + 1)[:, None] * (np.cumsum(n) - n / 2) / n.sum())
