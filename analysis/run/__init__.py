"""How anything is computed: steps, what is kept of them, one loop over parts, large columns, progress."""

from analysis.run.context import Run

__all__ = ["Run"]
