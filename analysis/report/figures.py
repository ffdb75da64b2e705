"""How a figure stands in a page: as SVG, for a phone as another one, and beside the page as files to take along."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from analysis.findings.html import rendered

SVG, PNG = "image/svg+xml", "image/png"
FOLDER = "figures"  # beside the pages, as the tables are
KINDS = {"png": "Picture (PNG)", "pdf": "For print (PDF)", "csv": "Data (CSV)"}


def embed(data: Mapping[str, Any], about: Mapping[str, Any], name: str) -> tuple[str, dict[str, bytes]]:
    """HTML of a figure, and its files by their paths, which begin with `name`; `data` and `about` are its bundle.

    An SVG that is none of ours, which a study's own notebook may show, is an image: nothing in it runs.
    """
    png, held = data.get(PNG, b""), about.get(SVG, {})
    png = png if isinstance(png, bytes) else base64.b64decode(png)
    if not {"narrow", "pdf", "csv", "name"} <= set(held):
        kind, shown = (PNG, png) if png else (SVG, str(data[SVG]).encode())
        of = {"kind": kind, "shown": base64.b64encode(shown).decode(), "files": {}}
        return rendered("figure.html.j2", said={"alt": "", "width": 720} | about.get(PNG, {}), **of), {}
    path = f"{FOLDER}/{name}-{held['name']}"
    files = {"png": png, "pdf": base64.b64decode(held["pdf"]), "csv": held["csv"].encode()}
    links = {f"{path}.{kind}": said for kind, said in KINDS.items()}
    # One that was changed by hand is not drawn anew for a phone, which scrolls it.
    html = rendered("figure.html.j2", svg=data[SVG], narrow=held["narrow"], files=links)
    return html, {f"{path}.{kind}": content for kind, content in files.items()}
