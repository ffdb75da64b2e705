"""Numbers with their nouns, and letters in one form."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

# Letters with the marks of the last one.
PIECE = re.compile(r"(?s).{1,200}[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u3099\u309a]{0,30}")


def plural(n: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def normal(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Unicode's normal form, a piece at a time: marks on a letter are sorted, in the square of their number."""
    return "".join(unicodedata.normalize(form, piece) for piece in PIECE.findall(text))
