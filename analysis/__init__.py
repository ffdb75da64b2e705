"""Threadline: topics and sentiment of news comments over time, in figures that a reviewer can believe.

Data goes through the packages in this order, and a package imports only from those before it: settings, run, corpus,
topics, sentiment, trends, people, plots, findings, study, report, cli.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis import plots, trends
    from analysis.findings.shown import show
    from analysis.study import Study, open_study

__all__ = ["Study", "open_study", "plots", "show", "trends"]
_HOME = {"Study": "analysis.study", "open_study": "analysis.study", "show": "analysis.findings.shown"}


def __getattr__(name: str) -> object:
    """Import what a notebook asks for when it is asked for: commands that need none of it start at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name) if name in _HOME else import_module(f"analysis.{name}")


def __dir__() -> list[str]:
    return __all__
