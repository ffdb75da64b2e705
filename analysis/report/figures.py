"""How a figure stands in a page: as SVG, for a phone as another one, and beside the page as files to take along."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

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
        said = {"alt": "", "width": 720} | about.get(PNG, {})
        size = "".join(f' {key}="{escape(str(said[key]))}"' for key in ("alt", "width", "height") if key in said)
        return f'<figure><img{size} src="data:{kind};base64,{base64.b64encode(shown).decode()}"></figure>', {}
    of = f"{FOLDER}/{name}-{held['name']}"
    files = {"png": png, "pdf": base64.b64decode(held["pdf"]), "csv": held["csv"].encode()}
    links = "".join(f'<a download href="{escape(of)}.{kind}">{said}</a>' for kind, said in KINDS.items())
    if held["narrow"] == data[SVG]:  # it was changed by hand, and is not drawn anew: a phone scrolls it
        html = f'<div class="drawn all" role="group" tabindex="0" aria-label="Figure">{data[SVG]}</div>'
    else:
        html = f'<div class="drawn"><div class="wide">{data[SVG]}</div><div class="phone">{held["narrow"]}</div></div>'
    return f'<figure>{html}<p class="take">{links}</p></figure>', {f"{of}.{k}": content for k, content in files.items()}
