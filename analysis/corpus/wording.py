"""Numbers with their nouns."""

from __future__ import annotations


def plural(n: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
