"""Tables of topics -> figures: their sizes, their number, where they lie to each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from analysis.plots import style
from analysis.plots.style import ACCENT, INK, LINE, PALE, WARN, Figure, colour_of, draws, finished, new_axes, undrawn
from analysis.plots.wording import name_of, percent, shorten

MOST_NAMED = 24  # topics on a map: more names cover each other


@draws("topic", "n_comments")
def topic_sizes(topics: pd.DataFrame, *, n_unassigned: int = 0) -> Figure:
    """Comments per topic, largest first, and what is unassigned."""
    names = [shorten(name_of(t, topics), 44) for t in topics["topic"]] + ["unassigned"]
    sizes = [*topics["n_comments"], n_unassigned]
    total = max(1, sum(sizes))
    figure, axes = new_axes(height=0.6 + 0.34 * len(names))
    ax = axes[0, 0]
    y = style.rows_axis(ax, names)
    ax.barh(y, sizes, color=[colour_of(t, topics) for t in topics["topic"]] + [PALE], height=0.7)
    ax.grid(visible=False, axis="both")
    ax.set_xlim(0, 1.22 * max(1, *sizes))
    stability = topics.get("stability", pd.Series(np.nan, topics.index))
    notes = [f" · stability {value:.2f}" if np.isfinite(value) else "" for value in stability] + [""]
    for i, (size, note) in enumerate(zip(sizes, notes, strict=True)):
        ax.text(size, i, f" {percent(size / total)}{note}", va="center", fontsize=9)
    ax.set_xlabel(f"comments (n = {total:,})")
    parts = [f"{name} {size:,} ({percent(size / total)})" for name, size in zip(names, sizes, strict=True)]
    return finished(figure, f"Bars of comments per topic: {'; '.join(parts)}.", topics)


@draws("n_topics", "stability", "chosen")
def topic_choice(curve: pd.DataFrame) -> Figure:
    """Stability against the number of topics, and the number chosen."""
    figure, axes = new_axes(height=2.8)
    ax = axes[0, 0]
    ax.plot(curve["n_topics"], curve["stability"], color=ACCENT, marker="o", ms=4)
    chosen = curve[curve["chosen"]]
    ax.plot(chosen["n_topics"], chosen["stability"], "o", color=WARN, ms=9)
    for row in chosen.itertuples():
        ax.annotate(f"chosen: {row.n_topics}", (row.n_topics, row.stability), (9, -4), textcoords="offset points")
    ax.set_xlabel("number of topics")
    ax.set_title("Stability (1 = every rerun agrees)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    points = ", ".join(f"{r.n_topics}: {r.stability:.2f}" for r in curve.itertuples())
    number = int(chosen["n_topics"].iloc[0]) if len(chosen) else 0
    return finished(figure, f"Stability by number of topics, {number} chosen. {points}.", curve)


@draws("topic", "comment", "x", "y")
def topic_map(places: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Topics in two dimensions, as large as they are, among their comments: `similarity.topic_map`."""
    dots, spots = places[places["comment"]], places[~places["comment"]].reset_index(drop=True)
    if spots.empty:
        return undrawn(places, "It has no topic's place.")
    colour = {t: colour_of(t, topics) for t in places["topic"].unique()}
    names = [name_of(t, topics) for t in spots["topic"]]
    n_comments = {} if topics is None else dict(zip(topics["topic"], topics["n_comments"], strict=True))
    size = np.array([n_comments.get(t, 1) for t in spots["topic"]], float)
    area = 40 + 900 * size / size.max() * min(1, MOST_NAMED / len(size))
    at = spots[["x", "y"]].to_numpy()
    figure, axes = new_axes(height=5.4)
    ax = axes[0, 0]
    ax.scatter("x", "y", s=5, c=dots["topic"].map(colour), alpha=0.35, linewidths=0, rasterized=True, data=dots)
    ax.scatter(*at.T, s=area, c=spots["topic"].map(colour), alpha=0.85, edgecolors="white", zorder=3)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.margins(0.22)
    ax.set_aspect("equal", adjustable="datalim")
    stress = places.attrs.get("stress", np.nan)
    how = f" (stress {stress:.2f}: 0 is exact)" if np.isfinite(stress) else ""
    ax.set_xlabel(f"near is alike{how}; a dot is a comment, drawn to the topics it is like", fontsize=9)
    figure.draw_without_rendering()
    _label(ax, at, np.sqrt(area) / 2, [shorten(name, 30) for name in names])
    said = [f"Map of {len(spots)} topics, size by comments" + (f"; stress {stress:.2f}." if how else ".")]
    if len(spots) > 1:
        far = np.linalg.norm(at[:, None] - at[None], axis=2)
        np.fill_diagonal(far, np.inf)
        i, j = np.unravel_index(far.argmin(), far.shape)
        said.append(f"The nearest two on it are {names[i]} and {names[j]}.")
    if len(spots) > MOST_NAMED:
        said.append(f"The {MOST_NAMED} largest are named.")
    return finished(figure, " ".join(said), spots.drop(columns="comment"), topics)


def _label(ax: Axes, at: np.ndarray, radius: np.ndarray, names: list[str]) -> None:
    """A name beside each point, where no other name is: in growing rings around the point, with a line to it."""
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    frame = ax.get_window_extent(renderer)
    point, back = ax.transData.transform(at), ax.transData.inverted()
    dot = renderer.points_to_pixels(1.0)
    taken = np.array([(x - r, y - r, x + r, y + r) for (x, y), r in zip(point, radius * dot, strict=True)])
    halo = [withStroke(linewidth=2.5, foreground="white")]
    angle = 2 * np.pi * (np.arange(16) / 16 + 0.25)
    ring = np.repeat(np.arange(14), len(angle))
    turn_x, turn_y = np.tile(np.cos(angle), 14), np.tile(np.sin(angle), 14)
    for i in np.argsort(-radius, kind="stable")[:MOST_NAMED]:
        text = ax.text(0, 0, names[i], fontsize=9, color=INK, path_effects=halo, ha="center", va="center", zorder=5)
        box = text.get_window_extent(renderer)
        w, h = box.width / 2 + 2, box.height / 2 + 1
        reach = (radius[i] + 4 + 9 * ring) * dot
        x = np.clip(point[i, 0] + turn_x * (reach + w * abs(turn_x)), frame.x0 + w, frame.x1 - w)
        y = np.clip(point[i, 1] + turn_y * (reach + h), frame.y0 + h, frame.y1 - h)
        boxes = np.column_stack([x - w, y - h, x + w, y + h])
        low, high = np.maximum(boxes[:, None, :2], taken[:, :2]), np.minimum(boxes[:, None, 2:], taken[:, 2:])
        over = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
        best = int(np.argmin(over * 1e3 + ring))
        text.set_in_layout(False)  # or the axes would make room for it, and points and names move apart
        end = back.transform((x[best], y[best]))
        text.set_position(end)
        taken = np.vstack([taken, boxes[best]])
        if ring[best] > 0:
            ax.plot([at[i, 0], end[0]], [at[i, 1], end[1]], color=LINE, linewidth=0.7, zorder=2)


@draws()
def topic_tree(tree: pd.DataFrame | np.ndarray, *, topics: pd.DataFrame | None = None) -> Figure:
    """Topics of topics, the most alike joined first: `similarity.topic_tree`, scipy's linkage."""
    from scipy.cluster.hierarchy import dendrogram

    tree = pd.DataFrame(np.asarray(tree, float), columns=["first", "second", "distance", "n_topics"])
    drawn = dendrogram(tree.to_numpy(), no_plot=True)
    known = list(range(len(tree) + 1)) if topics is None else list(topics["topic"])
    order = [known[leaf] for leaf in drawn["leaves"][::-1]]
    figure, axes = new_axes(height=0.9 + 0.3 * len(known))
    ax = axes[0, 0]
    y = style.rows_axis(ax, [shorten(name_of(t, topics), 40) for t in order])
    for across, along in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(along, len(order) - 1 - (np.array(across) - 5) / 10, color="#5c6b75", linewidth=1.3)
    ax.scatter(0 * y, y, s=40, c=[colour_of(t, topics) for t in order], zorder=3, clip_on=False)
    ax.tick_params(axis="y", length=0, pad=9)  # clear of the dots
    ax.spines["left"].set_visible(False)
    ax.set_xlim(left=0)
    ax.set_xlabel("cosine distance at which topics join (left: alike)")
    joined = [name_of(known[int(t)], topics) for t in tree.iloc[0, :2] if t < len(known)]
    alt = f"Tree of {len(known)} topics. First joined, at distance {tree.iloc[0, 2]:.2f}: {' and '.join(joined)}."
    return finished(figure, alt, tree.astype({"first": "int64", "second": "int64", "n_topics": "int64"}))
