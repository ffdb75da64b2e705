"""The largest step of a series, and whether nothing, or a straight line, would show as much of one.

The statistic is a CUSUM, squared, over a variance of its own: the long-run variance of what the step leaves, by the
cosines of `errors`, so that it holds when days share their news (self-normalised, as Shao and Zhang 2010; with cosines,
which find more). Its p-value is of a formula: no permutation, and so no smallest p-value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.trends.errors import LEAST_BASES, cosines
from analysis.trends.intervals import Method, total
from analysis.trends.units import Units

SIDE = 0.1  # part of the comments that each side must have: the first and last ones are no ground for a step
DRAWN_AT_ONCE = 50


@dataclass(frozen=True)
class Steps:
    """A step after each of some dates, in sums by day."""

    n: np.ndarray  # (n_days,) comments
    after: np.ndarray  # (n_steps,) the last day before the step
    time: np.ndarray  # (n_days,) the days' dates

    @cached_property
    def _fixed(self) -> tuple[np.ndarray, ...]:
        """The cosines, the steps' sums of squares, what steps and cosines have in common, what cosines expect."""
        whole, phi, later = self.n.sum(), cosines(self.n, 2), self._later(self.n)
        on = phi @ self.n
        common = self._later(phi * self.n) - np.outer(on, later) / whole
        return phi, later - later**2 / whole, common, (phi * self.n) @ phi.T - np.outer(on, on) / whole

    @property
    def testable(self) -> bool:
        """Whether there is a date, and days enough to tell what is usual."""
        return len(self.after) > 0 and len(self._fixed[0]) >= LEAST_BASES

    def scan(self, up: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Statistic, size, and variance of one comment, of every step, from sums by day (…, n_days)."""
        phi, squares, common, expected = self._fixed
        up = up - self.n * (up.sum(axis=-1, keepdims=True) / self.n.sum())
        size = self._later(up) / squares
        left = (up @ phi.T)[..., None] - size[..., None, :] * common
        variance = (left**2).sum(axis=-2) / (np.trace(expected) - (common**2).sum(axis=0) / squares)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.where(np.abs(size) > 1e-12, size**2 * squares * self.scale / variance, 0.0)
        return np.nan_to_num(statistic, posinf=0.0), size, variance

    @property
    def scale(self) -> np.ndarray:
        """What the squared t of each step is multiplied by to be its statistic."""
        return self._fixed[1] / self.n.sum()

    def freedom(self, at: int) -> float:
        """Degrees of freedom of the variance at one of the steps."""
        _, squares, common, expected = self._fixed
        left = expected - np.outer(common[:, at], common[:, at]) / squares[at]
        return float(np.trace(left) ** 2 / (left**2).sum())

    def drawn(self, mean: np.ndarray, variance: float, df: float, method: Method) -> Iterator[np.ndarray]:
        """Sums by day, many at a time, around their mean, with a variance of so many degrees of freedom."""
        rng = np.random.default_rng([method.seed, len(self.n)])
        for begin in range(0, method.draws, DRAWN_AT_ONCE):
            shape = min(DRAWN_AT_ONCE, method.draws - begin), len(self.n)
            spread = np.sqrt(variance * df / rng.chisquare(df, (shape[0], 1)) * self.n)
            yield mean + spread * rng.standard_normal(shape)

    def again(self, size: float, at: int, variance: float, method: Method) -> tuple[np.ndarray, np.ndarray]:
        """Where, and of what size, the largest step is found when one of this size and place is drawn again."""
        step, found = size * self.n * (np.arange(len(self.n)) > self.after[at]), []
        for up in self.drawn(step, variance, self.freedom(at), method):
            statistic, sizes, _ = self.scan(up)
            best = statistic.argmax(axis=1)
            found.append((best, sizes[np.arange(len(best)), best]))
        places, sizes = map(np.concatenate, zip(*found, strict=True))
        return places, sizes

    def of_a_line(self, up: np.ndarray, variance: float, wider: float, method: Method) -> float:
        """How often the step fits so much better than a straight line when a line is all there is (Cox 1962)."""
        phi, _, _, expected = self._fixed
        time = self.time - self.time @ self.n / self.n.sum()
        squares = float(time**2 @ self.n)
        line = self.n * time * (up @ time) / squares
        on = phi @ (self.n * time)
        expected = expected - np.outer(on, on) / squares
        # Of a step the line leaves much, of a line the step does: the smaller is nearer to chance.
        around = min(float(((phi @ (up - line)) ** 2).sum() / np.trace(expected)), variance) * wider
        df, seen, as_much, n = np.trace(expected) ** 2 / (expected**2).sum(), self._better(up, time, squares), 0, 0
        for one in self.drawn(line, around, float(df), method):
            as_much, n = as_much + int((self._better(one, time, squares) >= seen).sum()), n + len(one)
        return (as_much + 1) / (n + 1)

    def _better(self, up: np.ndarray, time: np.ndarray, squares: float) -> np.ndarray:
        """By how much more the largest step explains than a line does."""
        statistic, size, _ = self.scan(up)
        best = statistic.argmax(axis=-1)
        explained = np.take_along_axis(size, best[..., None], -1)[..., 0] ** 2 * self._fixed[1][best]
        return explained - (up @ time) ** 2 / squares

    def _later(self, of: np.ndarray) -> np.ndarray:
        """Sums over the days after each date."""
        so_far = of.cumsum(axis=-1)
        return so_far[..., -1:] - so_far[..., self.after]


def p_value(statistic: float, df: float) -> float:
    """How often the largest statistic is as large: Kolmogorov's law of a Brownian bridge, squared, over chi**2 / df."""
    k = np.arange(1, 101)
    terms = (-1.0) ** (k + 1) * (1 + 4 * k**2 * statistic / df) ** (-df / 2)
    return max(float(2 * terms.sum()), 0.0) if statistic > 0.05 else 1.0


def steps_of(a: Units, about: np.ndarray, least: int) -> tuple[Steps, np.ndarray]:
    """Steps of the comments at the ends of their periods, and the periods that begin there.

    `about` marks the comments that a series is about: each side must have enough of their threads.
    """
    n, period_of = total(a.day, None, a.n_days), np.full(a.n_days, -1)
    period_of[a.day] = a.period
    days = np.flatnonzero(n)
    ends = np.flatnonzero(np.diff(period_of[days]) > 0)
    begun = np.full(a.n_threads, len(days))
    np.minimum.at(begun, a.thread[about], np.searchsorted(days, a.day[about]))
    begun = np.sort(begun[begun < len(days)])
    so_far, threads = np.cumsum(n[days]) / n.sum(), np.searchsorted(begun, ends, side="right")
    sound = (so_far[ends] >= SIDE) & (so_far[ends] <= 1 - SIDE)
    ends = ends[sound & (threads >= least) & (len(begun) - threads >= least)]
    time = total(a.day, (a.instant - a.instant.min()) / np.timedelta64(1, "D"), a.n_days)[days] / n[days]
    return Steps(n[days], ends, time), period_of[days][ends + 1]
