"""Tables of topics -> figures: their sizes, their number, where they lie to each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.plots.axes import new_axes, new_rows, number_axis, on_data, points
from analysis.plots.letters import fit
from analysis.plots.style import ACCENT, LINE, PALE, Figure, colour_of, draws, finished, is_narrow
from analysis.trends.wording import is_unstable, names_of, percent

MOST_NAMED = 24  # topics on a map: more names cover each other
DOT = 1e-6  # of the map: how long a dot is, since nothing is drawn of a line that has no length at all
RINGS, TURNS = 14, 16  # places around a point where its name may be


@draws("topic", "n_comments")
def topic_sizes(table: pd.DataFrame, *, n_unassigned: int = 0) -> Figure:
    """Comments per topic, largest first, and what is unassigned."""
    names = [*names_of(table, table if "label" in table else None), "unassigned"]
    sizes = [*table["n_comments"], n_unassigned]
    total = max(1, sum(sizes))
    stability = [*table.get("stability", pd.Series(np.nan, table.index)), np.nan]
    figure, ax, y = new_rows(names)
    ax.barh(
        y,
        sizes,
        color=[colour_of(topic, table) for topic in table["topic"]] + [PALE],
        height=0.34 if is_narrow.get() else 0.7,
    )
    ax.grid(visible=False, axis="both")
    ax.set_xlim(0, 1.4 * max(1, *sizes))
    number_axis(ax.xaxis, 4, whole=True)
    for i, (size, value) in enumerate(zip(sizes, stability, strict=True)):
        note = f" · stability {value:.2f}" if np.isfinite(value) else ""
        ax.text(size, i, f" {percent(size / total)}{note}", va="center", fontsize=9)
    said = [f"{name} {size:,} ({percent(size / total)})" for name, size in zip(names, sizes, strict=True)]
    stable = [i for i, topic in enumerate(table["topic"]) if not is_unstable(topic, table)]
    of = "largest" if stable[:1] == [0] else "largest stable one"
    title = f"“{names[stable[0]]}” is the {of} of {len(table)} topics" if stable else "No topic is stable"
    title += f": {percent(sizes[stable[0]] / total)} of {total:,} comments" if stable else f", of {len(table)}"
    sub = "Comments per topic, and how much of it comes back in reruns; pale: not stable, or unassigned"
    return finished(figure, f"Bars of comments per topic: {'; '.join(said)}.", table, title=title, sub=sub)


@draws("n_topics", "stability", "chosen")
def topic_choice(table: pd.DataFrame) -> Figure:
    """Stability against the number of topics, and the number chosen."""
    figure, (ax,) = new_axes(height=2.2)
    ax.plot(table["n_topics"], table["stability"], color=ACCENT, marker="o", ms=4)
    chosen = table[table["chosen"]]
    ax.plot(chosen["n_topics"], chosen["stability"], "o", color=ACCENT, ms=9)
    for n, stability in zip(chosen["n_topics"], chosen["stability"], strict=True):
        side = "right" if n > table["n_topics"].mean() else "left"
        on_data(ax, n, stability, f"    {n} topics    ", va="bottom", ha=side, bbox=None)
    ax.margins(0.06)
    ax.set_ylim(0, 1.1)  # the whole scale: a flat curve looks flat
    number_axis(ax.xaxis, 6, whole=True)
    number_axis(ax.yaxis, 4)
    said = ", ".join(f"{row.n_topics}: {row.stability:.2f}" for row in table.itertuples())
    number = chosen["n_topics"].iloc[0] if len(chosen) else 0
    best = len(chosen) and chosen["stability"].iloc[0] >= table["stability"].max() - 1e-9
    title = f"{number} topics are chosen{', at which reruns agree best' if best else ''}"
    sub = "Stability by the number of topics; 1: every rerun agrees"
    return finished(figure, f"Stability by number of topics, {number} chosen. {said}.", table, title=title, sub=sub)


@draws("topic", "comment", "x", "y")
def topic_map(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Topics in two dimensions, as large as they are, among their comments: `similarity.topic_map`."""
    dots = table[table["comment"]].sort_values("topic", kind="stable")
    spots = table[~table["comment"]].reset_index(drop=True)
    colour = {topic: colour_of(topic, topics) for topic in table["topic"].unique()}
    names, at = names_of(spots, topics), spots[["x", "y"]].to_numpy()
    n_comments = {} if topics is None else dict(zip(topics["topic"], topics["n_comments"], strict=True))
    size = np.array([n_comments.get(topic, 1) for topic in spots["topic"]], float)
    area = 40 + 900 * size / size.max(initial=1) * min(1, MOST_NAMED / max(1, len(size)))
    figure, (ax,) = new_axes(height=4.4 if is_narrow.get() else 5.2)
    for topic in dots["topic"].unique():  # thousands of dots: lines of next to no length, a path a topic
        some = dots[dots["topic"] == topic]
        ends = np.repeat(some[["x", "y"]].to_numpy(), 2, axis=0) + np.tile([[0], [DOT]], (len(some), 1))
        path = Path(ends, np.tile([Path.MOVETO, Path.LINETO], len(some)))
        path.should_simplify = False
        edge = colour[topic]
        ax.add_patch(PathPatch(path, fill=False, edgecolor=edge, alpha=0.35, linewidth=2.2, capstyle="round"))
    x, y, fill = at[:, 0], at[:, 1], spots["topic"].map(colour)
    ax.scatter(x, y, s=area, c=fill, alpha=0.85, edgecolors="white", zorder=3, clip_on=False)
    ax.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")
    ax.spines[:].set_visible(False)
    ax.margins(0.22)
    stress = table.attrs.get("stress", np.nan)
    how = f" (stress {stress:.2f}: 0 is exact)" if np.isfinite(stress) else ""
    said = f"Map of {len(spots)} topics, size by comments{f'; stress {stress:.2f}' if how else ''}."
    title = f"{len(spots)} topics: near is alike"
    told = [not is_unstable(topic, topics) for topic in spots["topic"]]
    if sum(told) > 1:
        pairs = np.outer(told, told) & ~np.eye(len(at), dtype=bool)
        far = np.where(pairs, np.linalg.norm(at[:, None] - at[None], axis=2), np.inf)
        i, j = np.unravel_index(far.argmin(), far.shape)
        title = f"Of {sum(told)} {'stable ' if not all(told) else ''}topics “{names[i]}” and “{names[j]}” lie nearest"
    if len(spots) > MOST_NAMED:
        said += f" The {MOST_NAMED} largest are named."
    sub = f"Near is alike{how}; a circle is a topic, a dot a comment, drawn to the topics it is like"
    figure = finished(figure, said, spots.drop(columns="comment"), topics, title=title, sub=sub)
    _label(ax, at, np.sqrt(area) / 2, [fit(name, 0.4 * points(), 9) for name in names])
    figure.draw_without_rendering()
    return figure


def _label(ax: Axes, at: np.ndarray, radius: np.ndarray, names: list[str]) -> None:
    """A name beside each point, where no other name is: in growing rings around the point, with a line to it."""
    renderer = FigureCanvasAgg(ax.get_figure(root=True)).get_renderer()
    frame, dot = ax.get_window_extent(renderer), renderer.points_to_pixels(1.0)
    point, back = ax.transData.transform(at), ax.transData.inverted()
    taken = np.column_stack([point - radius[:, None] * dot, point + radius[:, None] * dot])
    ring, turn = (part.ravel() for part in np.indices((RINGS, TURNS)))
    turn_x, turn_y = (f(2 * np.pi * (turn / TURNS + 0.25)) for f in (np.cos, np.sin))
    for i in np.argsort(-radius, kind="stable")[:MOST_NAMED]:
        text = on_data(ax, 0, 0, names[i], ha="center", va="center")
        text.set_in_layout(False)  # or the axes would make room for it, and points and names move apart
        box = text.get_window_extent(renderer)
        w, h = box.width / 2 + 2, box.height / 2 + 1
        reach = (radius[i] + 4 + 9 * ring) * dot
        x = np.clip(point[i, 0] + turn_x * (reach + w * abs(turn_x)), frame.x0 + w, frame.x1 - w)
        y = np.clip(point[i, 1] + turn_y * (reach + h), frame.y0 + h, frame.y1 - h)
        boxes = np.column_stack([x - w, y - h, x + w, y + h])
        low, high = np.maximum(boxes[:, None, :2], taken[:, :2]), np.minimum(boxes[:, None, 2:], taken[:, 2:])
        over = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
        best = int(np.argmin(over * 1e3 + ring))
        taken = np.vstack([taken, boxes[best]])
        end_x, end_y = back.transform((x[best], y[best]))
        text.set_position((end_x, end_y))
        if ring[best] > 0:
            ax.plot([at[i, 0], end_x], [at[i, 1], end_y], color=LINE, linewidth=0.7, zorder=2)
