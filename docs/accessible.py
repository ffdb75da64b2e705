"""What the theme leaves out for who reads pages without a mouse or without seeing them: put in when pages are built."""

from __future__ import annotations

import re
from pathlib import Path

# What stands in a page, and what is to stand there.
MENDED = (
    (r'(<p class="caption" role="heading")>', r'\1 aria-level="2">'),  # a heading has a level
    (r'(<aside class="sidebar-drawer")>', r'\1 aria-label="All pages">'),  # two landmarks have two names
    (r'(<aside class="toc-drawer[^"]*")>', r'\1 aria-label="This page">'),
    (r"<pre>", r'<pre tabindex="0">'),  # what scrolls can be scrolled by keys
    (r'(<div class="table-wrapper[^"]*")>', r'\1 tabindex="0">'),
    (
        r"<thead>\s*<tr[^>]*>(?:\s*<th[^>]*>(?:<p>\s*</p>)?</th>)+\s*</tr>\s*</thead>",
        "",
    ),  # a head that says nothing is none
    (r'(<div id="search-results">)', r'<h1 class="visually-hidden">Search</h1>\n\1'),  # every page has a heading
    (r"<th([^>]*)>(?:<p>\s*</p>)?</th>", r"<td\1></td>"),
)


def mended(page: str) -> str:
    """A page with all of it."""
    for pattern, instead in MENDED:
        page = re.sub(pattern, instead, page)
    return page


def finished(app: object, failed: Exception | None) -> None:
    """Mend every page of a build that went well."""
    for path in () if failed else sorted(Path(app.outdir).rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        if (better := mended(page)) != page:
            path.write_text(better, encoding="utf-8")


def setup(app: object) -> dict[str, bool]:
    """Be heard."""
    app.connect("build-finished", finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
