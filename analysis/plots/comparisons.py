"""Finished comparisons -> figures: before and after an event, an article and its thread, first and later comments."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.plots.style import ACCENT, INK, MINUS, PALE, Picture, finished, new_axes, percent, shorten, signed, styled

MOST = 24  # rows of a figure of comparisons
SURE = 0.05  # q-value below which a row is drawn strong


@styled
def event(table: pd.DataFrame, names: list[str], title: str) -> Picture:
    """Changes from before an event to after it: rows of `comparisons` of one event, and what each is called.

    Tone and shares have a panel each, since their units differ. What chance may explain is pale.
    """
    kinds = [
        ("sentiment", "change of mean sentiment", lambda v: signed(v, 2)),
        ("share", "change of share, in points", lambda v: signed(100 * v, 0)),
    ]
    parts = [(table["measure"] == kind).to_numpy() & np.isfinite(table["low"]).to_numpy() for kind, _, _ in kinds]
    sizes = [max(1, min(int(part.sum()), MOST)) for part in parts]
    figure, axes = new_axes(2, 1, height=1.6 + 0.27 * sum(sizes), height_ratios=sizes)
    said = []
    for ax, (kind, label, show), part in zip(axes[:, 0], kinds, parts, strict=True):
        rows = table[part].assign(name=[name for name, keep in zip(names, part, strict=True) if keep])
        whole = rows["topic"].isna()
        rows = pd.concat([rows[whole], rows[~whole].sort_values("estimate", kind="stable")]).head(MOST)
        strong = (rows["q_value"] < SURE).to_numpy()
        _forest(ax, rows, np.where(strong, ACCENT, PALE), [shorten(name, 40) for name in rows["name"]])
        ax.set_xlabel(label)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _, show=show: show(v)))
        said += [
            f"{'tone' if kind == 'sentiment' else 'share'} of {row.name_} {show(row.estimate)} "
            f"({show(row.low)} to {show(row.high)})"
            for row, keep in zip(rows.rename(columns={"name": "name_"}).itertuples(), strong, strict=True)
            if keep
        ]
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    found = f"Beyond chance: {'; '.join(said)}." if said else "None of them is beyond chance."
    alt = f"{title}: {sum(int(p.sum()) for p in parts)} changes with 95 % intervals. {found}"
    return finished(figure, alt, table.assign(series=names))


def _forest(ax: Axes, rows: pd.DataFrame, colour: np.ndarray, names: list[str]) -> None:
    """Estimates with their intervals, one below the other."""
    y = np.arange(len(rows))
    ax.hlines(y, rows["low"], rows["high"], color=colour, linewidth=4, alpha=0.6)
    ax.scatter(rows["estimate"], y, c=np.where(colour == PALE, "#7c8790", colour), s=24, zorder=3)
    ax.axvline(0, color=INK, linewidth=0.9)
    ax.set_yticks(y, names, fontsize=9)
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], symmetric=True))
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")


@styled
def article_gaps(table: pd.DataFrame, names: list[str], warning: str = "") -> Picture:
    """The tone of articles and of the comments below them: the rows "sentiment" of `article_gaps`, and their names."""
    rows, names = table.head(MOST), names[:MOST]
    figure, axes = new_axes(height=1.5 + 0.32 * len(rows))
    ax = axes[0, 0]
    y = np.arange(len(rows))
    half = (rows["high"] - rows["low"]) / 2
    ax.hlines(y, rows["thread"] - half, rows["thread"] + half, color=ACCENT, linewidth=5, alpha=0.28)
    ax.hlines(y, rows["article"], rows["thread"], color="#8b969e", linewidth=1)
    ax.scatter(rows["article"], y, marker="D", facecolors="white", edgecolors=INK, s=34, zorder=3, label="articles")
    ax.scatter(
        rows["thread"], y, color=ACCENT, s=34, zorder=3, label="their comments; the bar is the gap's 95 % interval"
    )
    ax.axvline(0, color="#8b969e", linewidth=0.9)
    ax.set_yticks(y, [f"{shorten(n, 36)}  (n = {k:,})" for n, k in zip(names, rows["n_articles"], strict=True)])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], symmetric=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 1)))
    ax.set_xlabel("mean sentiment, each article counting once", loc="right")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False, fontsize=10)
    if warning:
        figure.supxlabel(warning, color="#c0392b", fontsize=10)
    said = [
        f"{name} {signed(row.article)} and {signed(row.thread)}"
        + (f", gap {signed(row.estimate)} ({signed(row.low)} to {signed(row.high)})" if np.isfinite(row.low) else "")
        for name, row in zip(names, rows.itertuples(), strict=True)
    ]
    alt = f"Mean sentiment of articles and of their comments: {'; '.join(said)}. {warning}"
    return finished(figure, alt.strip(), table)


@styled
def by_position(table: pd.DataFrame) -> Picture:
    """Tone, and keeping to the article's topic, along a thread: `by_position`."""
    kinds = [("sentiment", "mean sentiment"), ("same topic", "share on the article's topic")]
    kinds = [k for k in kinds if (table["measure"].eq(k[0]) & table["estimate"].notna()).any()]
    figure, axes = new_axes(max(1, len(kinds)), 1, height=0.4 + 2.1 * max(1, len(kinds)), sharex=True)
    said = []
    for ax, (kind, label) in zip(axes[:, 0], kinds, strict=True):
        rows = table[(table["measure"] == kind) & table["from_position"].notna()].reset_index(drop=True)
        x = np.arange(len(rows))
        y, low, high = (rows[c].to_numpy(float) for c in ("estimate", "low", "high"))
        known = np.isfinite(low)
        ax.vlines(x, low, high, color=ACCENT, linewidth=5, alpha=0.35)
        ax.plot(x[known], y[known], "o-", color=ACCENT, linewidth=1, ms=5)
        ax.scatter(x[~known], y[~known], facecolors="none", edgecolors=ACCENT, s=28)
        ax.set_xticks(x, [f"{_places(row)}\nn = {row.n_comments:,}" for row in rows.itertuples()], fontsize=9)
        ax.set_title(label[0].upper() + label[1:])
        if kind == "sentiment":
            ax.axhline(0, color="#8b969e", linewidth=0.9)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 2)))
            show = signed
        else:
            ax.set_ylim(0, 1.02)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g} %"))
            show = percent
        ax.yaxis.set_major_locator(MaxNLocator(4))
        said.append(f"{label} {'; '.join(f'{_places(r)}: {show(r.estimate)}' for r in rows.itertuples())}")
    axes[-1, 0].set_xlabel("place in the thread")
    alt = f"By place in the thread, with 95 % intervals ({MINUS}1 to +1 for sentiment): {'. '.join(said)}."
    return finished(figure, alt, table)


def _places(row: object) -> str:
    """The places that a row is of, as text."""
    first, last = row.from_position, row.to_position  # type: ignore[attr-defined]
    if pd.isna(last):
        return f"{first}+"
    return str(first) if first == last else f"{first}–{last}"
