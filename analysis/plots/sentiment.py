"""Finished tables of sentiment -> figures: how comments sound, how far to trust it, what people would have said."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.plots.style import (
    ACCENT,
    COLOURS,
    INK,
    MINUS,
    PALE,
    WARN,
    Picture,
    colour_of,
    estimate_text,
    finished,
    name_of,
    new_axes,
    percent,
    shorten,
    signed,
    styled,
)

LEAST = 0.5  # accuracy below which an instrument is wrong more often than right


@styled
def sentiment_shares(counts: pd.DataFrame) -> Picture:
    """Histogram of scores: low, high, n_comments of each bin."""
    figure, axes = new_axes(height=2.8)
    ax = axes[0, 0]
    middle = (counts["low"] + counts["high"]) / 2
    colours = np.where(middle < -0.05, COLOURS[1], np.where(middle > 0.05, COLOURS[0], PALE))
    ax.bar(middle, counts["n_comments"], width=0.9 * (counts["high"] - counts["low"]), color=colours)
    total = int(counts["n_comments"].sum())
    ax.set_xlabel(f"sentiment of a comment, {MINUS}1 to +1 (n = {total:,})")
    ax.set_title("Comments")
    ax.set_xlim(-1.02, 1.02)
    n = counts["n_comments"]
    shares = [n[middle < -0.05].sum(), n[np.abs(middle) <= 0.05].sum(), n[middle > 0.05].sum()]
    words = [
        f"{percent(s / max(1, total))} {w}" for s, w in zip(shares, ("negative", "neutral", "positive"), strict=True)
    ]
    return finished(figure, f"Histogram of the sentiment of {total:,} comments: {', '.join(words)}.", counts)


@styled
def sentiment_by_topic(table: pd.DataFrame, topics: pd.DataFrame) -> Picture:
    """Mean sentiment of each topic with its interval: `sentiment_by_topic`."""
    table = table.sort_values("estimate", ignore_index=True)
    names = [name_of(t, topics) for t in table["topic"]]
    figure, axes = new_axes(height=0.8 + 0.36 * len(table))
    ax = axes[0, 0]
    for i, row in enumerate(table.itertuples()):
        colour = colour_of(row.topic, topics)
        ax.plot([row.low, row.high], [i, i], color=colour, linewidth=5, alpha=0.45, solid_capstyle="butt")
        ax.plot(row.estimate, i, "o", color=colour, ms=7)
    ax.axvline(0, color="#8b969e", linewidth=0.9)
    ax.set_yticks(
        range(len(table)),
        [f"{shorten(n, 40)}  (n = {k:,})" for n, k in zip(names, table["n_comments"], strict=True)],
    )
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(v, 1)))
    ax.set_xlabel("mean sentiment, 95 % interval that respects threads")
    parts = [f"{n} {estimate_text(r)}" for n, r in zip(names, table.itertuples(), strict=True)]
    return finished(figure, "Mean sentiment by topic with 95 % intervals: " + "; ".join(parts) + ".", table)


@styled
def agreement(row: pd.Series) -> Picture:
    """The instrument against people, and people against each other: one row of `agreement`."""
    names = {
        "alpha": "coders with each other (α)",
        "accuracy": "accuracy",
        "f1_macro": "macro F1",
        "r": "r with the mean code",
    }
    # One coder has nobody to agree with, and a constant no correlation.
    names = {key: name for key, name in names.items() if np.isfinite(row[key])}
    figure, axes = new_axes(height=2.3)
    ax = axes[0, 0]
    for i, key in enumerate(names):
        colour = PALE if key == "alpha" else ACCENT
        ax.plot(
            [row[f"{key}_low"], row[f"{key}_high"]],
            [i, i],
            color=colour,
            linewidth=5,
            solid_capstyle="butt",
            alpha=0.6,
        )
        ax.plot(row[key], i, "o", color=INK if key == "alpha" else ACCENT, ms=7)
    ax.set_yticks(range(len(names)), list(names.values()))
    ax.invert_yaxis()
    ax.set_xlim(min(0.0, float(row.get("r_low", 0) or 0)), 1)
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.set_xlabel(f"agreement, 95 % interval (n = {int(row['n']):,} coded comments)")
    parts = [f"{n} {row[k]:.2f} ({row[f'{k}_low']:.2f} to {row[f'{k}_high']:.2f})" for k, n in names.items()]
    return finished(
        figure, "Agreement with 95 % intervals: " + "; ".join(parts) + ".", row.to_frame().T.infer_objects()
    )


@styled
def agreement_by_group(table: pd.DataFrame, names: list[str]) -> Picture:
    """Accuracy by language, length, topic and period: rows of `agreement`, and what each is called."""
    figure, axes = new_axes(height=0.9 + 0.27 * len(table))
    ax = axes[0, 0]
    y = np.arange(len(table))
    poor = table["accuracy"].to_numpy(float) < LEAST
    colour = np.where(poor, WARN, ACCENT)
    ax.hlines(y, table["accuracy_low"], table["accuracy_high"], color=colour, linewidth=4, alpha=0.45)
    ax.scatter(table["accuracy"], y, c=colour, s=28, zorder=3)
    ax.axvline(LEAST, color=WARN, linewidth=1, linestyle="--")
    ax.set_yticks(y, [f"{shorten(name, 40)}  (n = {n:,})" for name, n in zip(names, table["n"], strict=True)])
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda v, _: f"{100 * v:g} %")
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlabel("accuracy, 95 % interval; below the line: do not use")
    parts = [f"{name} {percent(v)}" for name, v in zip(names, table["accuracy"], strict=True) if np.isfinite(v)]
    return finished(figure, f"Accuracy of the instrument by group: {'; '.join(parts)}.", table.assign(group=names))


@styled
def corrected_means(table: pd.DataFrame, names: list[str]) -> Picture:
    """Mean sentiment as scored and as corrected by people's codes: rows of `corrected`, and what each is called."""
    figure, axes = new_axes(height=1.1 + 0.42 * len(table))
    ax = axes[0, 0]
    y = np.arange(len(table))
    for shift, prefix, colour, label in (
        (-0.16, "uncorrected", "#8b969e", "scores alone"),
        (0.16, "", ACCENT, "corrected by people's codes"),
    ):
        low, high = (f"{prefix}_low", f"{prefix}_high") if prefix else ("low", "high")
        ax.hlines(y + shift, table[low], table[high], color=colour, linewidth=4, alpha=0.5)
        ax.scatter(table[prefix or "estimate"], y + shift, color=colour, s=24, zorder=3, label=label)
    ax.axvline(0, color="#8b969e", linewidth=0.9)
    ax.set_yticks(y, [f"{shorten(name, 36)}  (coded: {n:,})" for name, n in zip(names, table["n_coded"], strict=True)])
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.xaxis.set_major_formatter(lambda v, _: signed(v, 1))
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], symmetric=True))
    ax.set_xlabel("mean sentiment, 95 % interval")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False, fontsize=10)
    rows = table.itertuples()
    parts = [
        f"{name} {signed(row.uncorrected)} as scored, "
        + (f"{signed(row.estimate)} corrected" if np.isfinite(row.estimate) else "not coded")
        for name, row in zip(names, rows, strict=True)
    ]
    return finished(
        figure, f"Mean sentiment before and after correction: {'; '.join(parts)}.", table.assign(group=names)
    )
