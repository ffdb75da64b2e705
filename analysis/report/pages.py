"""The templates of a report's pages, and what they say of a study."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from analysis.findings.html import rendered_in

TEMPLATES = Path(__file__).resolve().parent / "templates" / "threadline"  # nbconvert finds it by its name
page = partial(rendered_in, TEMPLATES)
