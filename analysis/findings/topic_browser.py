"""Finished tables of topics -> a browser of them: one line a topic that opens, in plain HTML that needs no script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.findings.html import rendered
from analysis.findings.shown import plain
from analysis.findings.tables import Tables
from analysis.plots.axes import draw_series, new_axes, percent_axis
from analysis.plots.style import CSS, colour_of, drawing
from analysis.plots.svg import svg
from analysis.run.texts import Texts
from analysis.run.vectors import Vectors, blocks, unit_length
from analysis.topics.topics import Topics
from analysis.trends.wording import UNSTABLE, name_of, percent, period_name, period_of, with_interval

NEAREST = 3
EXAMPLES = 3  # comments a topic, where quotes are allowed
LONGEST = 320  # characters of a comment that is shown as an example
LEAST_LIKE = 0.05  # cosine below which a topic is nobody's neighbour


@dataclass(frozen=True)
class TopicBrowser:
    """Topics to look into: a notebook shows them as HTML, and compares them as text."""

    html: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def topic_browser(
    t: Tables, of: Topics, measure: str, show: Callable[[float], str], examples: Mapping[int, Sequence[str]]
) -> TopicBrowser:
    """Show each topic: its words and their weights, size, stability, tone, series, parts, neighbours; and examples.

    `show` writes a mean of the measure; `examples` are comments of a topic that may be shown; text of the corpus is in
    no attribute.
    """
    topics, words = of.table, of.words
    unit, tones, shares = unit_length(of.centroids), t.by_topic.set_index("topic"), t.topics_by_period
    total = max(int(tones["n_total"].iloc[0]) if len(tones) else 0, 1)
    parts, lines = [], []
    for row in topics.to_dict("records"):
        topic, stability = row["topic"], row["stability"]
        name, colour = name_of(topic, topics), colour_of(topic, topics)
        size = f"{percent(row['n_comments'] / total)}, {row['n_comments']:,} comments"
        alike = unit @ unit[topic]
        near = [j for j in np.argsort(-alike, kind="stable") if j != topic][:NEAREST]
        close = [name_of(int(j), topics) for j in near if alike[j] >= LEAST_LIKE]
        said = [
            f"{size} in {row['n_threads']:,} threads",
            "stability not known"
            if np.isnan(stability)
            else f"stability {stability:.2f} of 1" + (", not to be trusted" if stability < UNSTABLE else ""),
            f"mean {measure} {with_interval(tones.loc[topic], show=show)}",
            f"nearest topics: {'; '.join(close)}" if close else "no topic lies near it",
            *_parts(t.topic_levels.query("level == 'subtopic' and parent == @topic")),
        ]
        quotes = [_cut(plain(text)) for text in examples.get(topic, ())]
        own = words[words["topic"] == topic]
        long = np.maximum(1, 100 * own["weight"] / max(float(own["weight"].max()), 1e-12)) if len(own) else ()
        series, ends = _series(shares[shares["topic"] == topic], colour)
        shown = {"name": name, "size": size, "said": said, "quotes": quotes, "series": series, "ends": ends}
        look = {"colour": f"var(--{CSS[colour.lower()]},{colour})", "words": list(zip(own["word"], long, strict=True))}
        parts.append(shown | look)
        lines.append(f"{name}: {'; '.join(said)}; words: {', '.join(own['word'])}")
        lines += [f"  “{text}”" for text in quotes]
    return TopicBrowser(rendered("topics.html.j2", topics=parts), "\n".join(lines))


def nearest(comments: pd.DataFrame, texts: Texts, vectors: Vectors, directions: np.ndarray) -> dict[int, list[str]]:
    """Of each topic the comments nearest to its direction, one a thread, no duplicates."""
    near, of = np.zeros(len(comments)), directions[np.maximum(comments["topic"].to_numpy(), 0)]
    for rows in blocks(len(comments)):
        near[rows] = np.einsum("ij,ij->i", vectors[rows], of[rows])
    usable = comments.assign(near=near, row=np.arange(len(comments)))
    usable = usable[comments["duplicate_of"].isna() & (comments["topic"] >= 0)]
    best = usable.sort_values(["near", "comment_id"], ascending=[False, True], kind="stable")
    best = best.drop_duplicates(["topic", "article_id"]).groupby("topic").head(EXAMPLES)
    there = best["topic"].unique().tolist()
    return {topic: texts.take(best.loc[best["topic"] == topic, "row"].to_numpy()) for topic in there}


def _parts(parts: pd.DataFrame) -> list[str]:
    """The subtopics of a topic, in words, where there are any: those that are not stable by their number alone."""
    stable = parts[parts["stability"] >= UNSTABLE]
    names = [f"{row.label} ({row.n_comments:,}, stability {row.stability:.2f})" for row in stable.itertuples()]
    if more := len(parts) - len(stable):
        names.append(f"{more} that {'is' if more == 1 else 'are'} not stable")
    return [f"parts: {'; '.join(names)}"] if names else []


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _series(table: pd.DataFrame, colour: str) -> tuple[str, str]:
    """Share by period with its interval, small, or ""; and its ends in words."""
    shown = table[np.isfinite(table["low"])]
    if len(shown) < 2:
        return "", "Too few periods have threads enough for a series."
    with drawing():
        figure, (ax,) = new_axes(height=1.5)
        figure.set_size_inches(4.2, 1.2)
        draw_series(ax, table, colour)
        percent_axis(ax.yaxis, 3)
        ax.set(ylim=(0, 1.05 * shown["high"].max()), xticks=[])
    period = period_of(table)
    first_and_last = shown[["estimate", "period_start"]].iloc[[0, -1]].to_numpy()
    ends = [f"{percent(share)} in {period_name(at, period)}" for share, at in first_and_last]
    alt = f"Share of the {period}'s comments with its 95 % interval: {ends[0]}, {ends[1]}."
    return svg(figure, alt, "", CSS), alt
