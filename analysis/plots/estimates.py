"""Tables of estimates -> figures with an interval each: by topic, as people judge, before and after, along a thread."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.plots import axes as marks
from analysis.plots import style
from analysis.plots.axes import new_axes, new_rows, number_axis, points
from analysis.plots.letters import fit, width
from analysis.plots.style import ACCENT, INK, LINE, PALE, WARN, Figure, draws, finished, is_narrow, undrawn
from analysis.sentiment import NEITHER
from analysis.trends import wording
from analysis.trends.wording import MAX_Q, OVERALL, listed, named, names_of, percent, signed, steady, with_interval

MOST, LEAST = 24, 8  # rows of a panel of changes: the surest, and of what chance may explain so many
MOST_GROUPS = 40  # rows of a figure of groups: more cannot be read
UNCODED = "no comment has been coded by people; threadline code draws a sample and opens a page for it"
UNCORRECTED = ("uncorrected", "uncorrected_low", "uncorrected_high")


@draws("low", "high", "n_comments")
def scores(table: pd.DataFrame, *, measure: str = "sentiment") -> Figure:
    """How the scores of all comments are spread, in bins from low to high."""
    if not (total := int((n := table["n_comments"]).sum())):
        return undrawn(table, "no comment has a score")
    figure, (ax,) = new_axes(height=2.2)
    middle, width_ = (table["low"] + table["high"]) / 2, table["high"] - table["low"]
    low, high = (round(float(end), 9) + 0.0 for end in (middle.min(), middle.max()))  # no negative zero
    sided = low < 0 < high
    names = ("negative", "neutral", "positive") if sided else ("below the middle", "in the middle", "above it")
    from_centre, near = middle - (0.0 if sided else (low + high) / 2), NEITHER * (high - low) / 2
    sides = [from_centre < -near, from_centre.abs() <= near, from_centre > near]
    ax.bar(middle, n, width=0.9 * width_, color=np.where(sides[1], PALE, ACCENT))
    number_axis(ax.yaxis, 4, whole=True)
    ax.set_xlim(low - width_.max(), high + width_.max())
    if sided:
        marks.signed_axis(ax, bins=5)
    shares = [percent(n[side].sum() / max(1, total)) for side in sides]
    words = [f"{share} {word}" for share, word in zip(shares, names, strict=True)]
    title = f"{', '.join(words[:-1])} and {words[-1]}"
    ends = " to ".join(f"{end:+.3g}" if sided else f"{end:.3g}" for end in (low, high)).replace("-", wording.MINUS)
    sub = f"Comments by their {measure}, {ends} (n = {total:,}); pale: {names[1]}"
    alt = f"Histogram of the {measure} of {total:,} comments."
    return finished(figure, alt, table, title=title, sub=sub)


@draws("topic", "n_comments", "estimate", "low", "high")
def by_topic(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, measure: str = "sentiment") -> Figure:
    """Mean of each topic with its interval, the highest on top: `trends.by_topic`."""
    down = table.dropna(subset="estimate").sort_values("estimate", ascending=False, ignore_index=True)
    if down.empty:
        return undrawn(table, "no topic has scored comments")
    names = names_of(down, topics)
    figure, ax, y = _rows(names, down.get("n_scored", down["n_comments"]))
    marks.estimates(ax, down, y, [style.colour_of(topic, topics) for topic in down["topic"]])
    show = marks.mean_axis(ax, "x", down, measure)
    told = steady(down[down["low"].notna() & (down["topic"] >= 0)], topics)
    title = f"Mean {measure} of {len(down)} topics"
    if len(told) > 1:
        ends = told.iloc[[0, -1]]
        high, low = (f"“{n}” ({show(v)})" for n, v in zip(names_of(ends, topics), ends["estimate"], strict=True))
        title = f"{high} scores highest and {low} lowest"
    sub = f"Mean {measure} by topic, the line its 95 % interval, which respects threads"
    alt = f"Mean {measure} by topic with 95 % intervals, the highest first: {listed(names, down, show)}."
    return finished(figure, alt, down, topics, title=title, sub=sub)


def _rows(
    names: Iterable[str], counts: pd.Series, each: float = 0.32, of: str = "n = "
) -> tuple[Figure, Axes, np.ndarray]:
    """A figure of rows, each with its name and how much it rests on, and where they are."""
    room, tails = points() - 24 if is_narrow.get() else 0.42 * points(), [f"  ({of}{n:,})" for n in counts]
    named = [fit(name, room - width(tail, 9.5), 9.5) + tail for name, tail in zip(names, tails, strict=True)]
    return new_rows(named, each)


# --------------------------------------------------------------------------------------------- what people judge


@draws("by", "group", "n", "accuracy", "accuracy_low", "accuracy_high", none=UNCODED)
def agreement_by_group(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Accuracy by language, length, topic and period: the rows of `agreement` that are not of all."""
    table = table[table["by"] != "all"].head(MOST_GROUPS)
    if table.empty:
        return undrawn(table, "its table has no groups")
    table = named(table, topics)
    names, value = table["group"], table["accuracy"]
    figure, ax, y = _rows(names, table["n"], 0.27)
    poor = table["accuracy_high"] < wording.MIN_ACCURACY
    doubtful = int((~poor & (value < wording.MIN_ACCURACY)).sum())
    marks.estimates(ax, table, y, np.where(poor, WARN, ACCENT).tolist(), "accuracy")
    ax.axvline(wording.MIN_ACCURACY, color=WARN, linewidth=1, linestyle="--")
    ax.set_xlim(0, 1)
    marks.percent_axis(ax.xaxis)
    said = [f"{name} {percent(v)}" for name, v in zip(names, value, strict=True) if np.isfinite(v)]
    title = f"In {poor.sum() or 'none'} of {len(table)} groups the instrument is wrong more often than right"
    title += f", in {doubtful} it may be" if doubtful else ""
    sub = "Accuracy by group, 95 % interval; red, all of it below the line: do not use"
    return finished(figure, f"Accuracy of the instrument by group: {'; '.join(said)}.", table, title=title, sub=sub)


@draws("by", "measure", "n_coded", "estimate", "low", "high", *UNCORRECTED, none=UNCODED)
def corrected(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, measure: str = "sentiment") -> Figure:
    """Mean of the measure as scored and as corrected by people's codes: the means of `corrected`."""
    table = table[table["measure"] == "mean"]
    if len(table) > MOST_GROUPS:  # the table has the periods too
        table = table[table["by"] != "period_start"].head(MOST_GROUPS)
    if table.empty:
        return undrawn(table, "its table has no means")
    table = named(table, topics)
    figure, ax, y = _rows(table["group"], table["n_coded"], 0.42, "coded: ")
    marks.estimates(ax, table, y - 0.12, LINE, "uncorrected")
    marks.estimates(ax, table, y + 0.16, ACCENT)
    show = marks.mean_axis(ax, "x", table, measure)
    coded = [show(value) if np.isfinite(value) else "" for value in table["estimate"]]
    both = zip(table["group"], table["uncorrected"], strict=True)
    scored = [f"{group} {show(value)} as scored" for group, value in both]
    said = [f"{s}, {f'{c} corrected' if c else 'not coded'}" for s, c in zip(scored, coded, strict=True)]
    first = table["group"].iloc[0]
    title = f"{first[:1].upper()}{first[1:]}:{scored[0].removeprefix(first)}"
    title += f", {coded[0]} as people code it" if coded[0] else ", not coded"
    sub = f"Mean {measure}, 95 % intervals: grey as scored, blue as corrected by people's codes"
    alt = f"Mean {measure} before and after correction: {'; '.join(said)}."
    return finished(figure, alt, table, title=title, sub=sub)


# --------------------------------------------------------------------------------------------------- comparisons


@draws("comparison", "event", "at", "topic", "measure", "step", "step_low", "step_high", "q_value")
def event(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, event: str = "") -> Figure:
    """Steps at an event, which are what is tested: the rows of `comparisons` of one event, the first unless said.

    The mean and the shares have a panel each, since their units differ. What chance may explain is pale.
    """
    table = table[table["comparison"] == "event"]
    table = table[table["event"] == (event or table["event"].iloc[0] if len(table) else event)]
    if table.empty:
        return undrawn(table, f"nothing is compared before and after {f'“{event}”' if event else 'an event'}")
    name, at = table["event"].iloc[0], pd.Timestamp(table["at"].iloc[0])
    table = table.drop(columns=["estimate", "low", "high"], errors="ignore")
    table = table.rename(columns={"step": "estimate", "step_low": "low", "step_high": "high"})
    if not (n := table["low"].count()):
        return undrawn(table, f"too few threads before or after “{name}” ({at:%Y-%m-%d})")
    strong, when = int((steady(table, topics)["q_value"] < MAX_Q).sum()), f"“{name}” ({at:%Y-%m-%d})"
    title = f"With {when} {strong or 'none'} of {n} series took a step beyond chance"
    alt = f"Steps at {when}: {n} with 95 % intervals."
    return _changes(table, topics, title, "Step between a line before and one after", alt)


@draws("topic", "measure", "estimate", "low", "high", "q_value")
def slopes(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Steady change a year of the tone and the shares: `slopes`. What chance may explain is pale."""
    if not (n := table["low"].count()):
        return undrawn(table, "no series has threads and time enough for a line; a year of comments or more would")
    strong = int((steady(table, topics)["q_value"] < MAX_Q).sum())
    title = f"{strong or 'None'} of {n} series {'rise or fall' if strong > 1 else 'rises or falls'} beyond chance"
    return _changes(table, topics, title, "Steady change a year", f"Steady change a year of {n} series.")


def _changes(table: pd.DataFrame, topics: pd.DataFrame | None, title: str, what: str, alt: str) -> Figure:
    """Changes of means and of shares, a panel each, since their units differ: the surest, and of the rest how many."""
    known = table[table["low"].notna()]
    share = known["measure"] == "share"
    mean = next(iter(known.loc[~share, "measure"]), "sentiment")
    kinds = [
        (known[~share], f"mean {mean}", "tone" if mean == "sentiment" else mean, signed),
        (known[share], "share, in points", "share", lambda value: signed(100 * value, 1)),
    ]
    kinds = [kind for kind in kinds if len(kind[0])]
    shown = [_surest(rows) for rows, *_ in kinds]
    high = sum(0.55 + marks.rows_high(len(rows), 0.25) for rows in shown)
    figure, axes = new_axes(len(kinds), 1, height=high, height_ratios=[len(rows) + 1.5 for rows in shown])
    said = []
    for ax, rows, (_, label, of, show) in zip(axes, shown, kinds, strict=True):
        names, stable = names_of(rows, topics), rows.index.isin(steady(rows, topics).index)
        strong = (rows["q_value"] < MAX_Q).to_numpy() & stable
        y = marks.rows_axis(ax, names, 9)
        marks.estimates(ax, rows, y, np.where(strong, ACCENT, LINE).tolist())
        marks.signed_axis(ax, scale=100 if of == "share" else 1)
        ax.set_title(f"{label[0].upper()}{label[1:]}", fontsize=10)
        said += [f"{of} of {one}" for one in listed(np.array(names)[strong], rows[strong], show).split("; ") if one]
    left = len(known) - sum(map(len, shown))
    notes = [f"Not drawn: {left} more that chance may explain; the table has them."] if left else []
    found = f"Beyond chance: {'; '.join(said)}." if said else "None of them is beyond chance."
    some = ", or its topic is not stable" if len(steady(known, topics)) < len(known) else ""
    sub = f"{what}, 95 % interval; grey: among so many, chance may explain it{some}"
    return finished(figure, f"{alt} {found}", table, topics, title=title, sub=sub, notes=notes)


def _surest(rows: pd.DataFrame) -> pd.DataFrame:
    """What is of all, and the rows with the smallest q, `MOST` at the most: in the order of their estimates."""
    found = pd.concat([rows[rows["topic"].isna()], rows[rows["topic"].notna()].sort_values("q_value", kind="stable")])
    strong = int((found["q_value"] < MAX_Q).sum())
    found = found.head(min(MOST, max(LEAST, strong + 3)))
    return found.sort_values("estimate", kind="stable").sort_values("topic", kind="stable", key=pd.notna)


@draws("measure", "topic", "n_articles", "article", "thread", "estimate", "low", "high")
def article_gaps(table: pd.DataFrame, *, topics: pd.DataFrame | None = None, note: str = "") -> Figure:
    """The tone of articles and of the comments below them: the means of `article_gaps`; `note` is a warning."""
    table = table[(table["measure"] != "same topic") & (table["n_articles"] > 0)]
    if table.empty:
        return undrawn(table, "no article has both a score of its own and scored comments")
    measure, rows = table["measure"].iloc[0], table.head(MOST)
    names = [name if name != OVERALL else "all articles" for name in names_of(rows, topics)]
    figure, ax, y = _rows(names, rows["n_articles"])
    half = (rows["high"] - rows["low"]) / 2
    bars = pd.DataFrame({"estimate": rows["thread"], "low": rows["thread"] - half, "high": rows["thread"] + half})
    ax.hlines(y, rows["article"], rows["thread"], color=LINE, linewidth=1, zorder=2.5)
    ax.scatter(rows["article"], y, marker="D", facecolors="white", edgecolors=INK, s=34, zorder=3)
    marks.estimates(ax, bars, y, ACCENT)
    show = marks.mean_axis(ax, "x", rows, measure)
    said = [
        f"{name} {show(row['article'])} and {show(row['thread'])}"
        + (f", gap {with_interval(row)}" if np.isfinite(row["low"]) else "")
        for name, (_, row) in zip(names, rows.iterrows(), strict=True)
    ]
    first = rows.iloc[0]
    beyond = np.isfinite(first["low"]) and (first["low"] > 0 or first["high"] < 0)
    higher, lower = ("more positive", "more negative") if measure == "sentiment" else ("higher", "lower")
    more = f"{higher if first['thread'] > first['article'] else lower} than" if beyond else "much as"
    title = f"Comments score {more} their articles: {show(first['thread'])} against {show(first['article'])}"
    sub = f"Mean {measure}, each article once: diamond; dot: its comments, the line the gap's 95 % interval"
    alt = f"Mean {measure} of articles and of their comments: {'; '.join(said)}."
    return finished(figure, alt, table, topics, title=title, sub=sub, warning=note)


@draws("measure", "from_position", "to_position", "n_comments", "estimate", "low", "high")
def by_position(table: pd.DataFrame) -> Figure:
    """Tone, and keeping to the article's topic, along a thread: `by_position`."""
    table = table[table["from_position"].notna()]
    kinds = list(table.loc[table["estimate"].notna(), "measure"].unique())
    if not kinds:
        return undrawn(table, "none of its places has scored comments")
    first, last = (table[f"{end}_position"].astype("Int64").astype("str") for end in ("from", "to"))
    place = first.where(first == last, first + "–" + last).where(table["to_position"].notna(), first + "+")
    figure, axes = new_axes(len(kinds), 1, height=0.4 + 1.7 * len(kinds), sharex=True)
    said, ends = [], []
    for ax, kind in zip(axes, kinds, strict=True):
        rows, share = table.assign(place=place)[table["measure"] == kind], kind == "same topic"
        label = "Share on the article's topic" if share else f"Mean {kind}"
        sure = rows["low"].notna().to_numpy()
        x, y = np.arange(len(rows)), rows["estimate"].to_numpy(float)
        ax.vlines(x, rows["low"], rows["high"], color=ACCENT, linewidth=5, alpha=0.35)
        ax.plot(x[sure], y[sure], "o-", color=ACCENT, linewidth=1, ms=5)
        ax.scatter(x[~sure], y[~sure], facecolors="none", edgecolors=ACCENT, s=28, clip_on=False)
        labels = [f"{row.place}\nn = {row.n_comments:,}" for row in rows.itertuples()]
        if 0.85 * points() < len(x) * (8 + max(width(label.split("\n")[1], 9) for label in labels)):
            labels = list(rows["place"])
        ax.set_xticks(x, labels, fontsize=9)
        ax.set_title(label)
        if share:
            ax.set_ylim(0, 1.02)
            marks.percent_axis(ax.yaxis)
        show = percent if share else marks.mean_axis(ax, "y", rows, kind, bins=4)
        at = [(show(row.estimate), row.place) for row in rows.itertuples()]
        said.append(f"{label} {'; '.join(f'{place}: {value}' for value, place in at)}")
        told = [one for one, known in zip(at, sure, strict=True) if known]
        ends.append("{}: {} at place {} of a thread, {} at {}".format(label, *told[0], *told[-1]) if told else label)
    alt = f"By place in the thread, with 95 % intervals: {'. '.join(said)}."
    few = "; hollow: too few threads for one" if table["low"].isna().any() else ""
    return finished(figure, alt, table, title=ends[0], sub=f"By place in the thread, 95 % interval{few}")
