"""How anything is computed: results kept, one loop over parts, large columns by block."""

from analysis.run.context import Run

__all__ = ["Run"]
