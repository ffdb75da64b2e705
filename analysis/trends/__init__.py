"""Comments -> tables over time, with intervals and tests: functions of any DataFrame of comments.

`trends.by_period(comments, "sentiment", period="month")` is what the report itself calls: a study's period, zone and
events are arguments here. `Method` says how intervals and tests are made.
"""

from __future__ import annotations

from analysis.trends.articles import articles_and_comments
from analysis.trends.breaks import change_points
from analysis.trends.contrasts import comparisons
from analysis.trends.intervals import Method
from analysis.trends.kitagawa import decomposition
from analysis.trends.least_squares import slopes
from analysis.trends.series import (
    activity_by_period,
    by_period,
    by_topic,
    overall,
    shares_by_period,
    words_by_period,
)

__all__ = [
    "Method",
    "activity_by_period",
    "articles_and_comments",
    "by_period",
    "by_topic",
    "change_points",
    "comparisons",
    "decomposition",
    "overall",
    "shares_by_period",
    "slopes",
    "words_by_period",
]


def __dir__() -> list[str]:
    """What completion shows."""
    return __all__
