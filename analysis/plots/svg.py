"""A figure -> SVG for a page: matplotlib's, its letters as letters, its colours the page's variables."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

# Of what matplotlib writes a page needs neither what it was made by, nor a style that would be the whole page's, nor
# what groups are, line ends, fonts (the page has its own), what is so anyhow.
LEFT_OUT = r'<metadata>.*</metadata>|<defs>\s*<style.*?</defs>|<!--.*?-->|(?<=<g) id="[^"]*"|(?<=>)\n *'
TAG = "<[^>]*>"
AS_EVER = r'(?<=[:;]) |font-family: [^;"]*; ?|; stroke-linejoin: miter| transform="rotate\(-0 [^"]*"'
ALIKE = r'"([^<]*)/><path d="(?=[^"]*"\1/>)'  # between neighbours that look alike: they are one
REFERRED = r'(?<= id=")[^"]+|(?<=href="#)[^"]+|(?<=url\(#)[^)]+'
DOT = r"M ([\d. ]+?) \nL \1 "  # a line of no length


def svg(figure: Figure, title: str, words: str, colours: Mapping[str, str]) -> str:
    """A figure as an element of a page; `colours` names the variable of each colour (CSS), as `{"#ffffff": "card"}`.

    The same figure gives the same text: what one refers to is numbered, since matplotlib names it by all digits of
    places, of which the layout's last may differ from one time to the next.
    """
    numbers: dict[str, int] = {}

    def short(tag: re.Match[str]) -> str:
        said = re.sub(r"\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}".rstrip("0").rstrip("."), tag[0])
        said = re.sub("#[0-9a-f]{6}", lambda c: f"var(--{colours[c[0]]},{c[0]})" if c[0] in colours else c[0], said)
        said = re.sub(REFERRED, lambda name: str(numbers.setdefault(name[0], len(numbers))), said)
        return re.sub(DOT, r"M\1h0", re.sub(AS_EVER, "", said))

    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(held := io.StringIO(), format="svg")
    body = re.sub(TAG, short, re.sub(LEFT_OUT, "", held.getvalue(), flags=re.DOTALL))
    body = re.sub(ALIKE, " ", body)
    _, opened, drawn = re.split("(<svg [^>]*>)", body, maxsplit=1)
    box = re.search('viewBox="[^"]*"', opened)
    # A page has several figures: what one refers to has its name, by what is shown of it alone.
    one = "f" + hashlib.sha256(f"{title}{words}{box and box[0]}{drawn}".encode()).hexdigest()[:10]
    drawn = re.sub(TAG, lambda tag: re.sub(r' id="|(?<=href=")#|url\(#', rf"\g<0>{one}", tag[0]), drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {box[0] if box else ""} '
        f'role="img" aria-labelledby="{one}t {one}d"><title id="{one}t">{escape(title)}</title>'
        f'<desc id="{one}d">{escape(words)}</desc>{drawn}'
    )
