"""Tables of estimates -> figures with an interval each: by topic, as people judge, before and after, along a thread."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.plots import style, wording
from analysis.plots.style import ACCENT, INK, LINE, PALE, WARN, Figure, draws, finished, new_axes, new_rows, undrawn
from analysis.plots.wording import MAX_Q, OVERALL, listed, named, names_of, percent, shorten, signed, with_interval
from analysis.sentiment import NEITHER

MOST = 24  # rows of a figure of comparisons
MOST_GROUPS = 40  # rows of a figure of groups: more cannot be read
JUDGED = {
    "alpha": "coders with each other (α)",
    "accuracy": "accuracy",
    "f1_macro": "macro F1",
    "r": "r with the mean code",
}


@draws("low", "high", "n_comments")
def scores(table: pd.DataFrame, *, measure: str = "sentiment") -> Figure:
    """How the scores of all comments are spread, in bins from low to high."""
    figure, (ax,) = new_axes(height=2.8)
    n, total = table["n_comments"], int(table["n_comments"].sum())
    middle, width = (table["low"] + table["high"]) / 2, table["high"] - table["low"]
    scale = wording.Scale.of(middle)
    names = ("negative", "neutral", "positive") if scale.sided else ("low", "in the middle", "high")
    from_centre, near = middle - scale.centre, NEITHER * (scale.high - scale.low) / 2
    sides = [from_centre < -near, from_centre.abs() <= near, from_centre > near]
    ax.bar(middle, n, width=0.9 * width, color=np.select(sides, [style.COLOURS[1], PALE, style.COLOURS[0]], PALE))
    ax.set_xlabel(f"{measure} of a comment, {scale} (n = {total:,})")
    ax.set_title("Comments")
    ax.set_xlim(scale.low - width.max(), scale.high + width.max())
    if scale.sided:
        style.signed_axis(ax, bins=5)
    shares = [percent(n[side].sum() / max(1, total)) for side in sides]
    words = [f"{share} {word}" for share, word in zip(shares, names, strict=True)]
    return finished(figure, f"Histogram of the {measure} of {total:,} comments: {', '.join(words)}.", table)


@draws("topic", "n_comments", "estimate", "low", "high")
def by_topic(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, measure: str = "sentiment") -> Figure:
    """Mean of each topic with its interval, the highest on top: `trends.by_topic`."""
    down = table.sort_values("estimate", ascending=False, ignore_index=True)
    names = names_of(down, topics)
    figure, ax, y = _rows(names, down["n_comments"], f"mean {measure}, 95 % interval that respects threads")
    style.estimates(ax, down, y, [style.colour_of(topic, topics) for topic in down["topic"]])
    style.signed_axis(ax)
    alt = f"Mean {measure} by topic with 95 % intervals, the highest first: {listed(names, down)}."
    return finished(figure, alt, down, topics)


def _rows(
    names: Iterable[str], counts: pd.Series, label: str, each: float = 0.34, of: str = "n = "
) -> tuple[Figure, Axes, np.ndarray]:
    """A figure of rows, each with its name and how much it rests on, and where they are."""
    figure, ax, y = new_rows([f"{shorten(name, 38)}  ({of}{n:,})" for name, n in zip(names, counts, strict=True)], each)
    ax.set_xlabel(label)
    return figure, ax, y


# --------------------------------------------------------------------------------------------- what people judge


@draws("n", *JUDGED)
def agreement(table: pd.DataFrame) -> Figure:
    """The instrument against people, and people against each other: the first row of `agreement`, which is of all."""
    row = table.iloc[0]
    # One coder has nobody to agree with, and a constant no correlation.
    known = {of: name for of, name in JUDGED.items() if np.isfinite(row[of])}
    figure, ax, y = new_rows(list(known.values()))
    for i, of in zip(y, known, strict=True):
        style.estimates(ax, table.head(1), [i], INK if of == "alpha" else ACCENT, of)
    ax.set_xlim(min(0.0, float(row.get("r_low", 0) or 0)), 1)
    ax.set_xlabel(f"agreement, 95 % interval (n = {int(row['n']):,} coded comments)")
    said = [f"{name} {with_interval(row, of, '{:.2f}'.format)}" for of, name in known.items()]
    return finished(figure, f"Agreement with 95 % intervals: {'; '.join(said)}.", table.head(1))


@draws("by", "group", "n", "accuracy", "accuracy_low", "accuracy_high")
def agreement_by_group(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Accuracy by language, length, topic and period: the rows of `agreement` that are not of all."""
    table = table[table["by"] != "all"].head(MOST_GROUPS)
    if table.empty:
        return undrawn(table, "its table has no groups")
    table = named(table, topics)
    names, value = table["group"], table["accuracy"]
    figure, ax, y = _rows(names, table["n"], "accuracy, 95 % interval; below the line: do not use", 0.27)
    style.estimates(ax, table, y, np.where(value < wording.MIN_ACCURACY, WARN, ACCENT), "accuracy")
    ax.axvline(wording.MIN_ACCURACY, color=WARN, linewidth=1, linestyle="--")
    ax.set_xlim(0, 1)
    style.percent_axis(ax.xaxis)
    said = [f"{name} {percent(v)}" for name, v in zip(names, value, strict=True) if np.isfinite(v)]
    return finished(figure, f"Accuracy of the instrument by group: {'; '.join(said)}.", table)


@draws("by", "measure", "n_coded", "estimate", "low", "high", "uncorrected", "uncorrected_low", "uncorrected_high")
def corrected(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, measure: str = "sentiment") -> Figure:
    """Mean of the measure as scored and as corrected by people's codes: the means of `corrected`."""
    table = table[table["measure"] == "mean"]
    if len(table) > MOST_GROUPS:  # the table has the periods too
        table = table[table["by"] != "period_start"].head(MOST_GROUPS)
    if table.empty:
        return undrawn(table, "its table has no means")
    table = named(table, topics)
    figure, ax, y = _rows(table["group"], table["n_coded"], f"mean {measure}, 95 % interval", 0.42, "coded: ")
    style.estimates(ax, table, y - 0.16, LINE, "uncorrected", label="scores alone")
    style.estimates(ax, table, y + 0.16, ACCENT, label="corrected by people's codes")
    style.signed_axis(ax)
    style.legend(figure, ax)
    said = [
        f"{row.group} {signed(row.uncorrected)} as scored, "
        + (f"{signed(row.estimate)} corrected" if np.isfinite(row.estimate) else "not coded")
        for row in table.itertuples()
    ]
    return finished(figure, f"Mean {measure} before and after correction: {'; '.join(said)}.", table)


# --------------------------------------------------------------------------------------------------- comparisons


@draws("comparison", "event", "at", "topic", "measure", "estimate", "low", "high", "q_value")
def event(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, event: str = "") -> Figure:
    """Changes from before an event to after it: the rows of `comparisons` of one event, the first unless said.

    The mean and the shares have a panel each, since their units differ. What chance may explain is pale.
    """
    table = table[table["comparison"] == "event"]
    table = table[table["event"] == (event or table["event"].iloc[0] if len(table) else event)]
    if table.empty:
        return undrawn(table, f"nothing is compared before and after {f'“{event}”' if event else 'an event'}")
    name, at = table["event"].iloc[0], pd.Timestamp(table["at"].iloc[0])
    known = table[table["low"].notna()]
    if known.empty:
        return undrawn(table, f"too few threads before or after “{name}” ({at:%Y-%m-%d})")
    share = known["measure"] == "share"
    mean = next(iter(known.loc[~share, "measure"]), "sentiment")
    kinds = [
        (known[~share], f"change of mean {mean}", "tone" if mean == "sentiment" else mean, signed),
        (known[share], "change of share, in points", "share", lambda value: signed(100 * value, 0)),
    ]
    sizes = [max(1, min(len(rows), MOST)) for rows, *_ in kinds]
    figure, axes = new_axes(2, 1, height=1.6 + 0.27 * sum(sizes), height_ratios=sizes)
    said = []
    for ax, (rows, label, what, show) in zip(axes, kinds, strict=True):
        rows = rows.sort_values("estimate", kind="stable").sort_values("topic", kind="stable", key=pd.notna).head(MOST)
        names, strong = names_of(rows, topics), (rows["q_value"] < MAX_Q).to_numpy()
        y = style.rows_axis(ax, [shorten(name, 40) for name in names], fontsize=9)
        style.estimates(ax, rows, y, np.where(strong, ACCENT, LINE))
        style.signed_axis(ax, scale=100 if what == "share" else 1)
        ax.set_xlabel(label)
        said += [listed(np.array([f"{what} of {name}" for name in names])[strong], rows[strong], show)]
    title = f"After “{name}” ({at:%Y-%m-%d}) against before"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    found = f"Beyond chance: {'; '.join(filter(None, said))}." if any(said) else "None of them is beyond chance."
    return finished(figure, f"{title}: {len(known)} changes with 95 % intervals. {found}", table, topics)


@draws("measure", "topic", "n_articles", "article", "thread", "estimate", "low", "high")
def article_gaps(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, note: str = "") -> Figure:
    """The tone of articles and of the comments below them: the means of `article_gaps`; `note` is a warning."""
    table = table[(table["measure"] != "same topic") & (table["n_articles"] > 0)]
    if table.empty:
        return undrawn(table, "no article has both a score of its own and scored comments")
    measure, rows = table["measure"].iloc[0], table.head(MOST)
    names = [name if name != OVERALL else "all articles" for name in names_of(rows, topics)]
    figure, ax, y = _rows(names, rows["n_articles"], f"mean {measure}, each article counting once")
    half = (rows["high"] - rows["low"]) / 2
    bars = pd.DataFrame({"estimate": rows["thread"], "low": rows["thread"] - half, "high": rows["thread"] + half})
    ax.hlines(y, rows["article"], rows["thread"], color=LINE, linewidth=1, zorder=2.5)
    ax.scatter(rows["article"], y, marker="D", facecolors="white", edgecolors=INK, s=34, zorder=3, label="articles")
    style.estimates(ax, bars, y, ACCENT, label="their comments; the bar is the gap's 95 % interval")
    style.signed_axis(ax)
    style.legend(figure, ax)
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
        return undrawn(table, "none of its places has scored comments")
    first, last = (table[f"{end}_position"].astype("Int64").astype("str") for end in ("from", "to"))
    place = first.where(first == last, first + "–" + last).where(table["to_position"].notna(), first + "+")
    figure, axes = new_axes(len(kinds), 1, height=0.4 + 2.1 * len(kinds), sharex=True)
    said = []
    for ax, kind in zip(axes, kinds, strict=True):
        rows, share = table.assign(place=place)[table["measure"] == kind], kind == "same topic"
        label, show = ("share on the article's topic", percent) if share else (f"mean {kind}", signed)
        sure = rows["low"].notna().to_numpy()
        x, y = np.arange(len(rows)), rows["estimate"].to_numpy(float)
        ax.vlines(x, rows["low"], rows["high"], color=ACCENT, linewidth=5, alpha=0.35)
        ax.plot(x[sure], y[sure], "o-", color=ACCENT, linewidth=1, ms=5)
        ax.scatter(x[~sure], y[~sure], facecolors="none", edgecolors=ACCENT, s=28)
        ax.set_xticks(x, [f"{row.place}\nn = {row.n_comments:,}" for row in rows.itertuples()], fontsize=9)
        ax.set_title(label[0].upper() + label[1:])
        if share:
            ax.set_ylim(0, 1.02)
            style.percent_axis(ax.yaxis)
        else:
            style.signed_axis(ax, "y", bins=4)
        said.append(f"{label} {'; '.join(f'{row.place}: {show(row.estimate)}' for row in rows.itertuples())}")
    axes[-1].set_xlabel("place in the thread")
    alt = f"By place in the thread, with 95 % intervals: {'. '.join(said)}."
    return finished(figure, alt, table)
