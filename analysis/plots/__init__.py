"""A table -> a matplotlib Figure with alt text; nothing is computed or written."""

from analysis.plots.estimates import (
    agreement_by_group,
    article_gaps,
    by_position,
    by_topic,
    corrected,
    event,
    scores,
    slopes,
)
from analysis.plots.over_time import activity, by_period
from analysis.plots.shares import heat, shares_by_period
from analysis.plots.specifications import specifications
from analysis.plots.style import Figure
from analysis.plots.topics import topic_choice, topic_map, topic_sizes

__all__ = [
    "Figure", "activity", "agreement_by_group", "article_gaps", "by_period", "by_position", "by_topic",
    "corrected", "event", "heat", "scores", "shares_by_period", "slopes", "specifications", "topic_choice",
    "topic_map", "topic_sizes",
]  # fmt: skip


def __dir__() -> list[str]:
    """What completion shows."""
    return __all__
