"""Threadline: topics and sentiment of news comments over time, in figures that a reviewer can believe.

Data goes through the packages in this order, and a package imports only from those before it: settings, run, corpus,
topics, sentiment, trends, people, plots, report, study, cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.study import Study, open_study

__all__ = ["Study", "open_study"]


def __getattr__(name: str) -> object:
    """Import the study when it is asked for: commands that need none start at once."""
    if name in __all__:
        from analysis import study

        return getattr(study, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
