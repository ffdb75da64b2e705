"""How anything is computed: steps, what is kept of them, one loop over parts, large columns, progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.run.context import Run

__all__ = ["Run"]


def __getattr__(name: str) -> object:
    """`Run`, imported when it is asked for: a command that only says its help needs no pandas."""
    if name != "Run":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analysis.run.context import Run

    return Run
