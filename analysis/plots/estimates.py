"""Tables of estimates -> figures with an interval each: by topic, as people judge, before and after, along a thread."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from analysis.plots import style
from analysis.plots.style import ACCENT, INK, LINE, PALE, WARN, Figure, draws, estimates, finished, new_axes, undrawn
from analysis.plots.wording import MAX_Q, MINUS, names_of, percent, points, shorten, signed, with_interval

MOST = 24  # rows of a figure of comparisons
MOST_GROUPS = 40  # rows of a figure of groups: more cannot be read
MIN_ACCURACY = 0.5  # below, an instrument is wrong more often than right
NEUTRAL = 0.05  # scores nearer to none than this are neither negative nor positive, as VADER's authors have it
JUDGED = {
    "alpha": "coders with each other (α)",
    "accuracy": "accuracy",
    "f1_macro": "macro F1",
    "r": "r with the mean code",
}


@draws("low", "high", "n_comments")
def scores(table: pd.DataFrame) -> Figure:
    """How the scores of all comments are spread, in bins from low to high."""
    figure, axes = new_axes(height=2.8)
    ax = axes[0, 0]
    n, total = table["n_comments"], int(table["n_comments"].sum())
    middle = (table["low"] + table["high"]) / 2
    sides = [middle < -NEUTRAL, middle.abs() <= NEUTRAL, middle > NEUTRAL]
    colours = np.select(sides, [style.COLOURS[1], PALE, style.COLOURS[0]], PALE)
    ax.bar(middle, n, width=0.9 * (table["high"] - table["low"]), color=colours)
    ax.set_xlabel(f"sentiment of a comment, {MINUS}1 to +1 (n = {total:,})")
    ax.set_title("Comments")
    ax.set_xlim(-1.02, 1.02)
    shares = [percent(n[side].sum() / max(1, total)) for side in sides]
    words = [f"{share} {word}" for share, word in zip(shares, ("negative", "neutral", "positive"), strict=True)]
    return finished(figure, f"Histogram of the sentiment of {total:,} comments: {', '.join(words)}.", table)


@draws("topic", "n_comments", "estimate", "low", "high")
def by_topic(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, measure: str = "sentiment") -> Figure:
    """Mean of each topic with its interval, the highest on top: `trends.by_topic`."""
    table = table.sort_values("estimate", ignore_index=True)
    down, names = table[::-1], names_of(table, topics)
    figure, axes = new_axes(height=0.8 + 0.36 * len(table))
    ax = axes[0, 0]
    y = style.rows_axis(ax, _counted(names[::-1], down["n_comments"]))
    estimates(ax, down, y, [style.colour_of(t, topics) for t in down["topic"]], width=5, alpha=0.45, dot=49)
    ax.axvline(0, color=LINE, linewidth=0.9)
    ax.xaxis.set_major_formatter(lambda value, _: signed(value, 1))
    ax.set_xlabel(f"mean {measure}, 95 % interval that respects threads")
    parts = [f"{name} {with_interval(row)}" for name, (_, row) in zip(names, table.iterrows(), strict=True)]
    alt = f"Mean {measure} by topic with 95 % intervals: {'; '.join(parts)}."
    return finished(figure, alt, table, topics)


def _counted(names: list[str], counts: pd.Series, of: str = "n = ", length: int = 40) -> list[str]:
    return [f"{shorten(name, length)}  ({of}{n:,})" for name, n in zip(names, counts, strict=True)]


# --------------------------------------------------------------------------------------------- what people judge


@draws("n", *JUDGED)
def agreement(table: pd.DataFrame) -> Figure:
    """The instrument against people, and people against each other: the first row of `agreement`, which is of all."""
    row = table.iloc[0]
    # One coder has nobody to agree with, and a constant no correlation.
    known = {of: name for of, name in JUDGED.items() if np.isfinite(row[of])}
    figure, axes = new_axes(height=2.3)
    ax = axes[0, 0]
    for i, of in zip(style.rows_axis(ax, list(known.values())), known, strict=True):
        estimates(ax, table.head(1), [i], PALE if of == "alpha" else ACCENT, of, width=5, alpha=0.6, dot=49)
        if of == "alpha":
            ax.scatter(row[of], i, color=INK, s=49, zorder=4)
    ax.set_xlim(min(0.0, float(row.get("r_low", 0) or 0)), 1)
    ax.set_xlabel(f"agreement, 95 % interval (n = {int(row['n']):,} coded comments)")
    parts = [f"{name} {with_interval(row, of, '{:.2f}'.format)}" for of, name in known.items()]
    return finished(figure, f"Agreement with 95 % intervals: {'; '.join(parts)}.", table.head(1))


@draws("by", "group", "n", "accuracy", "accuracy_low", "accuracy_high")
def agreement_by_group(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Accuracy by language, length, topic and period: the rows of `agreement` that are not of all."""
    table = table[table["by"] != "all"].head(MOST_GROUPS)
    if table.empty:
        return undrawn(table, "Its table has no groups.")
    names = names_of(table, topics)
    figure, axes = new_axes(height=0.9 + 0.27 * len(table))
    ax = axes[0, 0]
    y = style.rows_axis(ax, _counted(names, table["n"]))
    colour = np.where(table["accuracy"] < MIN_ACCURACY, WARN, ACCENT)
    estimates(ax, table, y, colour, "accuracy", alpha=0.45, dot=28)
    ax.axvline(MIN_ACCURACY, color=WARN, linewidth=1, linestyle="--")
    ax.set_xlim(0, 1)
    style.percent_axis(ax.xaxis)
    ax.set_xlabel("accuracy, 95 % interval; below the line: do not use")
    parts = [f"{name} {percent(v)}" for name, v in zip(names, table["accuracy"], strict=True) if np.isfinite(v)]
    return finished(figure, f"Accuracy of the instrument by group: {'; '.join(parts)}.", table, topics)


@draws("by", "measure", "n_coded", "estimate", "low", "high", "uncorrected", "uncorrected_low", "uncorrected_high")
def corrected(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Mean sentiment as scored and as corrected by people's codes: the means of `corrected`."""
    table = table[table["measure"] == "mean"]
    if len(table) > MOST_GROUPS:  # the table has the periods too
        table = table[table["by"] != "period_start"].head(MOST_GROUPS)
    if table.empty:
        return undrawn(table, "Its table has no means.")
    names = names_of(table, topics)
    figure, axes = new_axes(height=1.1 + 0.42 * len(table))
    ax = axes[0, 0]
    y = style.rows_axis(ax, _counted(names, table["n_coded"], "coded: ", 36))
    estimates(ax, table, y - 0.16, LINE, "uncorrected", label="scores alone")
    estimates(ax, table, y + 0.16, ACCENT, label="corrected by people's codes")
    ax.axvline(0, color=LINE, linewidth=0.9)
    style.signed_axis(ax.xaxis)
    ax.set_xlabel("mean sentiment, 95 % interval")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False, fontsize=10)
    parts = [
        f"{name} {signed(row.uncorrected)} as scored, "
        + (f"{signed(row.estimate)} corrected" if np.isfinite(row.estimate) else "not coded")
        for name, row in zip(names, table.itertuples(), strict=True)
    ]
    alt = f"Mean sentiment before and after correction: {'; '.join(parts)}."
    return finished(figure, alt, table, topics)


# --------------------------------------------------------------------------------------------------- comparisons


@draws("comparison", "event", "at", "topic", "measure", "estimate", "low", "high", "q_value")
def event(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, event: str = "") -> Figure:
    """Changes from before an event to after it: the rows of `comparisons` of one event, the first unless said.

    The mean and the shares have a panel each, since their units differ. What chance may explain is pale.
    """
    table = table[table["comparison"] == "event"]
    table = table[table["event"] == (event or table["event"].iloc[0] if len(table) else event)]
    if table.empty:
        return undrawn(table, f"Nothing is compared before and after {f'“{event}”' if event else 'an event'}.")
    name, at = table["event"].iloc[0], pd.Timestamp(table["at"].iloc[0])
    known = table["low"].notna()
    if not known.any():
        return undrawn(table, f"Too few threads before or after “{name}” ({at:%Y-%m-%d}).")
    title = f"After “{name}” ({at:%Y-%m-%d}) against before"
    table = table.assign(series=names_of(table[["topic"]], topics))
    share = table["measure"] == "share"
    mean = next(iter(table.loc[~share, "measure"]), "sentiment")
    kinds = [
        (table[known & ~share], f"change of mean {mean}", "tone" if mean == "sentiment" else mean, signed),
        (table[known & share], "change of share, in points", "share", lambda value: points(value, 0)),
    ]
    sizes = [max(1, min(len(rows), MOST)) for rows, *_ in kinds]
    figure, axes = new_axes(2, 1, height=1.6 + 0.27 * sum(sizes), height_ratios=sizes)
    said = []
    for ax, (rows, label, what, show) in zip(axes[:, 0], kinds, strict=True):
        overall = rows["topic"].isna()
        rows = pd.concat([rows[overall], rows[~overall].sort_values("estimate", kind="stable")]).head(MOST)
        strong = (rows["q_value"] < MAX_Q).to_numpy()
        y = style.rows_axis(ax, [shorten(series, 40) for series in rows["series"]], fontsize=9)
        estimates(ax, rows, y, np.where(strong, ACCENT, PALE), alpha=0.6)
        ax.scatter(rows["estimate"][~strong], y[~strong], color="#7c8790", s=24, zorder=4)
        ax.axvline(0, color=INK, linewidth=0.9)
        style.signed_axis(ax.xaxis)
        ax.set_xlabel(label)
        ax.xaxis.set_major_formatter(lambda value, _, show=show: show(value))
        said += [f"{what} of {row['series']} {with_interval(row, show=show)}" for _, row in rows[strong].iterrows()]
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    found = f"Beyond chance: {'; '.join(said)}." if said else "None of them is beyond chance."
    alt = f"{title}: {int(known.sum())} changes with 95 % intervals. {found}"
    return finished(figure, alt, table, topics)


@draws("measure", "topic", "n_articles", "article", "thread", "estimate", "low", "high")
def article_gaps(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, note: str = "") -> Figure:
    """The tone of articles and of the comments below them: the means of `article_gaps`; `note` is a warning."""
    table = table[(table["measure"] != "same topic") & (table["n_articles"] > 0)]
    if table.empty:
        return undrawn(table, "No article has both a score of its own and scored comments.")
    measure, rows = table["measure"].iloc[0], table.head(MOST)
    names = [name if name != "all comments" else "all articles" for name in names_of(rows[["topic"]], topics)]
    figure, axes = new_axes(height=1.5 + 0.32 * len(rows))
    ax = axes[0, 0]
    y = style.rows_axis(ax, _counted(names, rows["n_articles"], length=36))
    half = (rows["high"] - rows["low"]) / 2
    bars = pd.DataFrame({"estimate": rows["thread"], "low": rows["thread"] - half, "high": rows["thread"] + half})
    ax.hlines(y, rows["article"], rows["thread"], color=LINE, linewidth=1, zorder=2.5)
    ax.scatter(rows["article"], y, marker="D", facecolors="white", edgecolors=INK, s=34, zorder=3, label="articles")
    label = "their comments; the bar is the gap's 95 % interval"
    estimates(ax, bars, y, ACCENT, width=5, alpha=0.28, dot=34, label=label)
    ax.axvline(0, color=LINE, linewidth=0.9)
    style.signed_axis(ax.xaxis)
    ax.set_xlabel(f"mean {measure}, each article counting once", loc="right")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False, fontsize=10)
    if note:
        figure.supxlabel(note, color=WARN, fontsize=10)
    said = [
        f"{name} {signed(row['article'])} and {signed(row['thread'])}"
        + (f", gap {with_interval(row)}" if np.isfinite(row["low"]) else "")
        for name, (_, row) in zip(names, rows.iterrows(), strict=True)
    ]
    alt = f"Mean {measure} of articles and of their comments: {'; '.join(said)}. {note}"
    return finished(figure, alt, table, topics)


@draws("measure", "from_position", "to_position", "n_comments", "estimate", "low", "high")
def by_position(table: pd.DataFrame) -> Figure:
    """Tone, and keeping to the article's topic, along a thread: `by_position`."""
    table = table[table["from_position"].notna()]
    kinds = list(table.loc[table["estimate"].notna(), "measure"].unique())
    if not kinds:
        return undrawn(table, "None of its places has scored comments.")
    first, last = (table[f"{end}_position"].astype("Int64").astype("str") for end in ("from", "to"))
    place = first.where(first == last, first + "–" + last).where(table["to_position"].notna(), first + "+")
    figure, axes = new_axes(len(kinds), 1, height=0.4 + 2.1 * len(kinds), sharex=True)
    said = []
    for ax, kind in zip(axes[:, 0], kinds, strict=True):
        rows, share = table.assign(place=place)[table["measure"] == kind], kind == "same topic"
        label, show = ("share on the article's topic", percent) if share else (f"mean {kind}", signed)
        sure = rows["low"].notna().to_numpy()
        x, y = np.arange(len(rows)), rows["estimate"].to_numpy(float)
        ax.vlines(x, rows["low"], rows["high"], color=ACCENT, linewidth=5, alpha=0.35)
        ax.plot(x[sure], y[sure], "o-", color=ACCENT, linewidth=1, ms=5)
        ax.scatter(x[~sure], y[~sure], facecolors="none", edgecolors=ACCENT, s=28)
        ax.set_xticks(x, [f"{row.place}\nn = {row.n_comments:,}" for row in rows.itertuples()], fontsize=9)
        ax.set_title(label[0].upper() + label[1:])
        ax.yaxis.set_major_locator(MaxNLocator(4))
        if share:
            ax.set_ylim(0, 1.02)
            style.percent_axis(ax.yaxis)
        else:
            ax.axhline(0, color=LINE, linewidth=0.9)
            ax.yaxis.set_major_formatter(lambda value, _: signed(value, 2))
        said.append(f"{label} {'; '.join(f'{row.place}: {show(row.estimate)}' for row in rows.itertuples())}")
    axes[-1, 0].set_xlabel("place in the thread")
    alt = f"By place in the thread, with 95 % intervals ({MINUS}1 to +1 for sentiment): {'. '.join(said)}."
    return finished(figure, alt, table)
