"""The largest step of a series, and whether there is more of one than nothing, or than a straight line, would show.

The statistic is a CUSUM, squared, over a variance of its own: the long-run variance of what the step leaves, by the
cosines of `errors`, so that it holds when days share their news (self-normalised, as Shao and Zhang 2010; with cosines,
which find more). Its p-value is of a formula: no permutation, and so no smallest p-value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.trends.errors import LEAST_BASES, cosines
from analysis.trends.intervals import Method, total
from analysis.trends.units import Units

SIDE = 0.1  # part of the comments that each side must have: the first and last ones are no ground for a step
DRAWN_AT_ONCE = 50
# P(sup > x) of Brownian motion without its line tends to 7 exp(-6 x**2): its largest variance is 1/12, twice
# (MacNeill 1978); the 7 is from 4,000 simulated series, of 24 periods it is 2 to 3.
BESIDE_A_LINE = 7.0


@dataclass(frozen=True)
class Steps:
    """A step after each of some dates, in a series of sums by day, alone or beside a straight line."""

    n: np.ndarray  # (n_days,) comments
    after: np.ndarray  # (n_steps,) the last day before the step
    line: np.ndarray | None = None  # (n_days,) the time, where a straight line is fitted as well

    @cached_property
    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        """What is fitted beside the step, and (X'X)^-1 of it."""
        ones = np.ones(len(self.n))
        x = np.stack([ones] if self.line is None else [ones, self.line])
        return x, np.linalg.inv((x * self.n) @ x.T)

    @cached_property
    def _fixed(self) -> tuple[np.ndarray, ...]:
        """What does not depend on the values: the cosines and all that steps and cosines have in common."""
        x, inverse = self._columns
        phi = cosines(self.n, len(x) + 1)
        on, later = (phi * self.n) @ x.T, self._later(x * self.n)
        squares = self._later(self.n) - (later * (inverse @ later)).sum(axis=0)
        common = self._later(phi * self.n) - on @ inverse @ later
        return phi, squares, common, (phi * self.n) @ phi.T - on @ inverse @ on.T

    @property
    def testable(self) -> bool:
        """Whether there is a date, and days enough to tell what is usual."""
        return len(self.after) > 0 and len(self._fixed[0]) >= LEAST_BASES

    def scan(self, up: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Statistic, size and the variance of a comment, of every step, from sums by day, (…, n_days)."""
        x, inverse = self._columns
        phi, squares, common, expected = self._fixed
        residual = up - (up @ x.T) @ inverse @ (x * self.n)
        size = self._later(residual) / squares
        left = (residual @ phi.T)[..., None] - size[..., None, :] * common
        variance = (left**2).sum(axis=-2) / (np.trace(expected) - (common**2).sum(axis=0) / squares)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.where(np.abs(size) > 1e-12, size**2 * squares**2 / self.n.sum() / variance, 0.0)
        return np.nan_to_num(statistic, posinf=0.0), size, variance

    def freedom(self, at: int) -> float:
        """Degrees of freedom of the variance at one of the steps."""
        _, squares, common, expected = self._fixed
        left = expected - np.outer(common[:, at], common[:, at]) / squares[at]
        return float(np.trace(left) ** 2 / (left**2).sum())

    def scale(self, at: int) -> float:
        """What a squared t of one of the steps is multiplied by to be its statistic."""
        return float(self._fixed[1][at] / self.n.sum())

    def p_value(self, statistic: float, df: float) -> float:
        """How often the largest statistic is as large: Kolmogorov's law of a Brownian bridge, over chi**2 / df."""
        if self.line is not None:
            return min(1.0, BESIDE_A_LINE * (1 + 12 * statistic / df) ** (-df / 2))
        k = np.arange(1, 101)
        terms = (-1.0) ** (k + 1) * (1 + 4 * k**2 * statistic / df) ** (-df / 2)
        return float(np.clip(2 * terms.sum(), 0, 1)) if statistic > 1e-3 else 1.0

    def drawn(self, size: float, at: int, variance: float, method: Method) -> tuple[np.ndarray, np.ndarray]:
        """Where, and of what size, the largest step is found when one of this size and place is drawn again."""
        rng, df, n_days = np.random.default_rng([method.seed, len(self.n)]), self.freedom(at), len(self.n)
        step = size * self.n * (np.arange(n_days) > self.after[at])
        places, sizes = [], []
        for begin in range(0, method.draws, DRAWN_AT_ONCE):
            shape = min(DRAWN_AT_ONCE, method.draws - begin), n_days
            spread = np.sqrt(variance * df / rng.chisquare(df, (shape[0], 1)) * self.n)
            statistic, found, _ = self.scan(step + spread * rng.standard_normal(shape))
            best = statistic.argmax(axis=1)
            places.append(best)
            sizes.append(found[np.arange(len(best)), best])
        return np.concatenate(places), np.concatenate(sizes)

    def _later(self, of: np.ndarray) -> np.ndarray:
        """Sums over the days after each date."""
        so_far = of.cumsum(axis=-1)
        return so_far[..., -1:] - so_far[..., self.after]


def steps_of(a: Units, about: np.ndarray, least: int) -> tuple[Steps, Steps, np.ndarray]:
    """Steps of the comments at the ends of their periods, alone and beside a line, and the periods they begin.

    `about` marks the comments that a series is about: each side must have enough of their threads.
    """
    n, day_of = total(a.day, None, a.n_days), np.full(a.n_days, -1)
    day_of[a.day] = a.period
    days = np.flatnonzero(n)
    ends = np.flatnonzero(np.diff(day_of[days]) > 0)
    begun = np.full(a.n_threads, len(days))
    np.minimum.at(begun, a.thread[about], np.searchsorted(days, a.day[about]))
    begun = np.sort(begun[begun < len(days)])
    so_far, threads = np.cumsum(n[days]) / n.sum(), np.searchsorted(begun, ends, side="right")
    sound = (so_far[ends] >= SIDE) & (so_far[ends] <= 1 - SIDE)
    ends = ends[sound & (threads >= least) & (len(begun) - threads >= least)]
    time = total(a.day, (a.instant - a.instant.min()) / np.timedelta64(1, "D"), a.n_days)[days] / n[days]
    line = (time - time.mean()) / max(np.ptp(time), 1e-9)
    return Steps(n[days], ends), Steps(n[days], ends, line), day_of[days][ends + 1]
