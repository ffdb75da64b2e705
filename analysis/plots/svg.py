"""A figure -> SVG for a page: its letters are letters, its colours the page's variables; no script, nothing to load."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from html import escape

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform

LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
CIRCLE = len(Path.unit_circle().vertices)
ANCHORS = {"left": (0.0, ""), "center": (0.5, ' text-anchor="middle"'), "right": (1.0, ' text-anchor="end"')}


def svg(figure: Figure, title: str, words: str, colours: Mapping[str, str]) -> str:
    """A figure as an element of a page; `colours` names the variable of each colour (CSS), as `{"#ffffff": "card"}`.

    The same figure gives the same text. A NotImplementedError where the figure holds an image.
    """
    wide, high = 72 * figure.get_size_inches()
    renderer, dpi, changed = _Renderer(wide, high, colours), figure.dpi, figure.stale
    figure.dpi = 72
    try:
        figure.draw(renderer)
    finally:
        figure.dpi, figure.stale = dpi, changed
    body = renderer.drawn()
    one = "f" + hashlib.sha256(f"{title}{words}{body}".encode()).hexdigest()[:10]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" role="img" '
        f'aria-labelledby="{one}t {one}d"><title id="{one}t">{escape(title)}</title>'
        f'<desc id="{one}d">{escape(words)}</desc>{body}</svg>'
    )


def _n(value: float) -> str:
    """A length in points, to a tenth: a quarter of a pixel on a screen."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0" if abs(value) < 0.05 else "-0")


class _Renderer(RendererBase):
    """What matplotlib draws, as SVG: of neighbours that look alike one element, cut at the axes by an inner svg."""

    def __init__(self, wide: float, high: float, colours: Mapping[str, str]) -> None:
        super().__init__()
        self.size, self.colours = (wide, high), colours
        self.parts: list[str] = []
        self.look, self.lines, self.clip = "", list[str](), ""

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.size

    def points_to_pixels(self, points: float) -> float:
        return points

    def drawn(self) -> str:
        """All of it."""
        self._within("")
        return "".join(self.parts)

    def _end_path(self) -> None:
        if self.lines:
            self.parts.append(f'<path{self.look} d="{"".join(self.lines)}"/>')
        self.look, self.lines = "", []

    def _within(self, clip: str) -> None:
        if clip != self.clip:
            self._end_path()
            self.parts.append(("</svg>" if self.clip else "") + (f"<svg{clip}>" if clip else ""))
            self.clip = clip

    def _clip_of(self, gc: GraphicsContextBase) -> str:
        box = gc.get_clip_rectangle()
        if box is None:
            return ""
        x, y, w, h = map(_n, (box.x0, self.size[1] - box.y1, box.width, box.height))
        return f' x="{x}" y="{y}" width="{w}" height="{h}" viewBox="{x} {y} {w} {h}"'

    def _colour(self, rgba: tuple[float, ...], alpha: float, of: str) -> str:
        """A colour as an attribute, the page's where it has one, and how much of it."""
        name = to_hex(rgba[:3])
        said = f"var(--{self.colours[name]},{name})" if name in self.colours else name
        return f' {of}="{said}"' + (f' {of}-opacity="{alpha:.2g}"' if alpha < 1 else "")

    def _look(self, gc: GraphicsContextBase, face: tuple[float, ...] | None) -> str:
        forced, line = gc.get_alpha() if gc.get_forced_alpha() else None, gc.get_rgb()
        both = (line if face is None else face, line)
        alphas = [forced if forced is not None else rgba[3] if len(rgba) > 3 else 1.0 for rgba in both]
        filled, drawn = face is not None and alphas[0] > 0, gc.get_linewidth() > 0 and alphas[1] > 0
        if not filled and not drawn:
            return ""
        look = self._colour(face, alphas[0], "fill") if filled else ' fill="none"'
        if drawn:
            look += self._colour(line, alphas[1], "stroke") + f' stroke-width="{gc.get_linewidth():.2g}"'
            dashes = gc.get_dashes()[1]
            look += f' stroke-dasharray="{" ".join(map(_n, dashes))}"' if dashes is not None else ""
        return look

    def draw_path(
        self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: tuple | None = None
    ) -> None:
        look = self._look(gc, rgbFace)
        if not look:
            return
        place, line = transform + Affine2D().scale(1, -1).translate(0, self.size[1]), ""
        if len(path.vertices) == CIRCLE and path.codes is not None and path.codes[1] == Path.CURVE4:
            (left, top), (right, low) = (f(place.transform(path.vertices), axis=0) for f in (np.min, np.max))
            w, r, y = _n(right - left), _n((right - left) / 2), _n((top + low) / 2)
            line = f"M{_n(left)} {y}a{r} {r} 0 1 0 {w} 0a{r} {r} 0 1 0 -{w} 0z"
            if "stroke" not in look:  # a dot, of which there may be thousands, is a line of no length with a round end
                look = look.replace("fill", "stroke") + f' stroke-width="{w}" stroke-linecap="round"'
                line = f"M{_n((left + right) / 2)} {y}h0"
        self._within(self._clip_of(gc))
        if look != self.look:
            self._end_path()
            self.look = look
        if line:
            self.lines.append(line)
            return
        for points, code in path.iter_segments(place, remove_nans=True, simplify=rgbFace is None, curves=True):
            self.lines.append("z" if code == Path.CLOSEPOLY else LETTERS[code] + " ".join(map(_n, points)))

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | str = False,
        mtext: Text | None = None,
    ) -> None:
        if ismath:
            self._draw_text_as_path(gc, x, y, s, prop, angle, ismath)
            return
        self._within("")  # a letter is never cut
        self._end_path()
        # By its own end, or the middle: the page's letters are narrower than those by which the figure is laid out.
        part, anchor = ANCHORS[mtext.get_ha() if mtext is not None else "left"]
        along = part * self.get_text_width_height_descent(s, prop, ismath)[0]
        x, y = x + np.cos(np.deg2rad(angle)) * along, y - np.sin(np.deg2rad(angle)) * along
        turned = f' transform="rotate({-angle:g} {_n(x)} {_n(y)})"' if angle else ""
        bold = ' font-weight="bold"' if prop.get_weight() in ("bold", 700) else ""
        look = self._colour(gc.get_rgb(), 1.0, "fill") + f' font-size="{prop.get_size_in_points():g}"{bold}{anchor}'
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{look}{turned}>{escape(s, quote=False)}</text>')

    def draw_image(self, *args: object, **kwargs: object) -> None:
        raise NotImplementedError("an image is no part of an SVG of letters and lines")
