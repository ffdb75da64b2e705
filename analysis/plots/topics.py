"""Finished tables of topics -> figures: their sizes, their number, where they lie to each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from analysis.plots.style import (
    ACCENT,
    INK,
    PALE,
    WARN,
    Picture,
    colour_of,
    finished,
    name_of,
    new_axes,
    percent,
    shorten,
    styled,
)

MOST_NAMED = 24  # topics on a map: more names cover each other


@styled
def topic_sizes(topics: pd.DataFrame, n_unassigned: int) -> Picture:
    """Comments per topic, largest first, and what is unassigned: the topics' table."""
    names = [shorten(name_of(t, topics), 44) for t in topics["topic"]] + ["unassigned"]
    sizes = [*topics["n_comments"], n_unassigned]
    total = max(1, sum(sizes))
    colours = [colour_of(t, topics) for t in topics["topic"]] + [PALE]
    figure, axes = new_axes(height=0.6 + 0.34 * len(names))
    ax = axes[0, 0]
    y = np.arange(len(names))
    ax.barh(y, sizes, color=colours, height=0.7)
    ax.set_yticks(y, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(False)
    ax.set_xlim(0, 1.22 * max(sizes))
    for i, size in enumerate(sizes):
        note = "" if i == len(topics) else f" · stability {topics['stability'].iloc[i]:.2f}"
        ax.text(size, i, f" {percent(size / total)}{note}", va="center", fontsize=9)
    ax.set_xlabel(f"comments (n = {total:,})")
    parts = [f"{n} {s:,} ({percent(s / total)})" for n, s in zip(names, sizes, strict=True)]
    return finished(figure, "Bars of comments per topic: " + "; ".join(parts) + ".", topics)


@styled
def topic_choice(curve: pd.DataFrame) -> Picture:
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


@styled
def topic_map(places: pd.DataFrame, topics: pd.DataFrame) -> Picture:
    """Topics in two dimensions, as large as they are, among their comments: `maps.topic_map` and the topics' table."""
    figure, axes = new_axes(height=5.4)
    ax = axes[0, 0]
    dots, spots = places[places["comment"]], places[~places["comment"]].reset_index(drop=True)
    colour = {t: colour_of(t, topics) for t in topics["topic"]}
    ax.scatter(
        dots["x"], dots["y"], s=5, c=[colour[t] for t in dots["topic"]], alpha=0.35, linewidths=0, rasterized=True
    )
    size = topics["n_comments"].to_numpy(float)
    area = 40 + 900 * size / size.max() * min(1, MOST_NAMED / len(size))
    ax.scatter(
        spots["x"], spots["y"], s=area, c=[colour[t] for t in spots["topic"]], alpha=0.85, edgecolors="white", zorder=3
    )
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.margins(0.22)
    ax.set_aspect("equal", adjustable="datalim")
    stress = places.attrs.get("stress", 0.0)
    ax.set_xlabel(
        f"near is alike (stress {stress:.2f}: 0 is exact); a dot is a comment, drawn to the topics it is like",
        fontsize=9,
    )
    figure.draw_without_rendering()
    _label(
        ax, spots[["x", "y"]].to_numpy(), np.sqrt(area) / 2, [shorten(name_of(t, topics), 30) for t in spots["topic"]]
    )
    if len(spots) > 1:
        at = spots[["x", "y"]].to_numpy()
        far = np.linalg.norm(at[:, None] - at[None], axis=2)
        np.fill_diagonal(far, np.inf)
        i, j = np.unravel_index(far.argmin(), far.shape)
        near = f" The nearest two on it are {name_of(i, topics)} and {name_of(j, topics)}."
    else:
        near = ""
    few = f" The {MOST_NAMED} largest are named." if len(spots) > MOST_NAMED else ""
    return finished(
        figure,
        f"Map of {len(spots)} topics, size by comments; stress {stress:.2f}.{near}{few}",
        spots.drop(columns="comment"),
    )


def _label(ax: Axes, at: np.ndarray, radius: np.ndarray, names: list[str]) -> None:
    """A name beside each point, where no other name is: in growing rings around the point, with a line to it."""
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    frame = ax.get_window_extent(renderer)
    point = ax.transData.transform(at)
    dot = renderer.points_to_pixels(1.0)
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(point, radius * dot, strict=True)]
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for i in np.argsort(-radius, kind="stable")[:MOST_NAMED]:
        text = ax.text(0, 0, names[i], fontsize=9, color=INK, path_effects=halo, ha="center", va="center", zorder=5)
        box = text.get_window_extent(renderer)
        w, h = box.width / 2 + 2, box.height / 2 + 1
        best, least = None, np.inf
        for ring in range(14):
            for turn in range(16):
                angle = 2 * np.pi * (turn / 16 + 0.25)
                reach = radius[i] * dot + 4 * dot + ring * 9 * dot
                x = np.clip(point[i, 0] + np.cos(angle) * (reach + w * abs(np.cos(angle))), frame.x0 + w, frame.x1 - w)
                y = np.clip(point[i, 1] + np.sin(angle) * (reach + h), frame.y0 + h, frame.y1 - h)
                over = sum(
                    max(0, min(x + w, b[2]) - max(x - w, b[0])) * max(0, min(y + h, b[3]) - max(y - h, b[1]))
                    for b in taken
                )
                cost = over * 1e3 + ring
                if cost < least:
                    best, least = (x, y, ring), cost
            if least < 1e3:
                break
        x, y, ring = best
        text.set_in_layout(False)  # or the axes would make room for it, and points and names move apart
        text.set_position(ax.transData.inverted().transform((x, y)))
        taken.append((x - w, y - h, x + w, y + h))
        if ring > 0:
            end = ax.transData.inverted().transform((x, y))
            ax.plot([at[i, 0], end[0]], [at[i, 1], end[1]], color="#8b969e", linewidth=0.7, zorder=2)


@styled
def topic_tree(tree: np.ndarray, topics: pd.DataFrame) -> Picture:
    """Topics of topics, the most alike joined first: `maps.topic_tree` and the topics' table."""
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(tree, no_plot=True)
    figure, axes = new_axes(height=0.9 + 0.3 * len(topics))
    ax = axes[0, 0]
    for across, along in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(along, across, color="#5c6b75", linewidth=1.3)
    order = drawn["leaves"]
    y = 5 + 10 * np.arange(len(order))
    ax.scatter(np.zeros(len(order)), y, s=40, c=[colour_of(t, topics) for t in order], zorder=3, clip_on=False)
    ax.set_yticks(y, [shorten(name_of(t, topics), 40) for t in order])
    ax.tick_params(axis="y", length=0, pad=9)  # clear of the dots
    ax.spines["left"].set_visible(False)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    ax.set_xlim(left=0)
    ax.set_ylim(-1, 10 * len(order) + 1)
    ax.set_xlabel("cosine distance at which topics join (left: alike)")
    first = tree[0]
    joined = [name_of(int(t), topics) for t in first[:2] if t < len(topics)]
    alt = f"Tree of {len(topics)} topics. First joined, at distance {first[2]:.2f}: {' and '.join(joined)}."
    joined = pd.DataFrame(tree, columns=["first", "second", "distance", "n_topics"])
    return finished(figure, alt, joined.astype({"first": "int64", "second": "int64", "n_topics": "int64"}))
