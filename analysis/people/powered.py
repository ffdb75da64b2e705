"""What people would have coded, by all scores and some codes: prediction-powered inference (Angelopoulos et al. 2023).

The mean of the codes, or their slope, plus lambda times the difference between that of all scores and that of the coded
comments' scores; codes are weighted by the inverse of the probability of being coded. Lambda is the one with the
smallest variance (PPI++, 2024), which is the jackknife's over threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.trends.intervals import one_freedom


@dataclass(frozen=True)
class Fitted:
    """A weighted mean, or least-squares slope, and what threads are to it."""

    value: float
    moved: np.ndarray  # (n_threads,) by which leaving each out moves it
    held: np.ndarray  # (n_threads,) the part of its information that each has

    @classmethod
    def of(cls, y: np.ndarray, w: np.ndarray, thread: np.ndarray, x: np.ndarray | None = None) -> Fitted:
        """The mean of y, or its slope on x; threads are numbered from 0."""
        mean, size = np.average(y, weights=w), int(thread.max()) + 1
        dx = np.ones_like(y) if x is None else x - np.average(x, weights=w)
        spread = w @ dx**2
        value = mean if x is None else w @ (dx * y) / spread
        left = y - mean - (0 if x is None else value * dx)
        held, moved = (np.bincount(thread, w * dx * of, size) / spread for of in (dx, left))
        return cls(float(value), moved / np.maximum(1 - held, 1e-12), held)

    @property
    def n_threads(self) -> int:
        """Threads that have something to say."""
        return int((self.held > 0).sum())

    @property
    def variance(self) -> float:
        """By the jackknife."""
        return float((self.n_threads - 1) / self.n_threads * (self.moved @ self.moved))

    @property
    def freedom(self) -> float:
        """Satterthwaite's degrees of freedom."""
        return one_freedom(self.held)


class Powered:
    """The codes of some comments, and what the scores of all of them add."""

    def __init__(
        self, y: np.ndarray, f: np.ndarray, w: np.ndarray, thread: np.ndarray, x: np.ndarray | None = None
    ) -> None:
        """Of each comment its code y, score f and weight w, 0 where it is not coded, and its thread, from 0."""
        self.people, machine = (Fitted.of(of, w, thread, x) for of in (y, f))
        every = Fitted.of(f, np.ones_like(f), thread, x)
        self.b, self.difference = every.moved - machine.moved, every.value - machine.value
        self.y, self.f, self.w = (of[w > 0] for of in (y, f, w))
        self.n_effective = float(self.w.sum() ** 2 / (self.w @ self.w))  # Kish

    @property
    def best(self) -> float:
        """Lambda with the smallest variance."""
        return best([self])

    def at(self, weight: float) -> Fitted:
        """The estimate with lambda."""
        people = self.people
        return Fitted(people.value + weight * self.difference, people.moved + weight * self.b, people.held)

    def spread(self, weight: float) -> float:
        """Variance of a coded comment, for the part of the codes that the scores do not tell."""
        left = self.y - weight * self.f
        return float(np.average((left - np.average(left, weights=self.w)) ** 2, weights=self.w))


def best(groups: list[Powered]) -> float:
    """The lambda with which the variances of all groups are smallest."""
    a, b = (np.concatenate(of) for of in zip(*((g.people.moved, g.b) for g in groups), strict=True))
    return float(-(a @ b) / (b @ b)) if b @ b > 1e-12 else 0.0
