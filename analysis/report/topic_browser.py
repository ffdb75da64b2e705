"""Finished tables of topics -> a browser of them: one line a topic that opens, in plain HTML that needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from analysis.plots.style import colour_of
from analysis.plots.wording import UNSTABLE, name_of, percent, period_name, period_of, with_interval
from analysis.report.tables import plain

WIDE, HIGH, ROOM = 360, 84, 6  # of a small series, in the units of its picture
NEAREST = 3
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
    topics: pd.DataFrame,
    *,
    words: pd.DataFrame,
    shares: pd.DataFrame,
    tones: pd.DataFrame,
    alike: np.ndarray,
    examples: Mapping[int, Sequence[str]] | None = None,
) -> TopicBrowser:
    """Show each topic: its words and their weights, size, stability, tone, series, neighbours.

    Parameters
    ----------
    topics : DataFrame
        `topics.csv`.
    words : DataFrame
        topic, word, weight, best first.
    shares : DataFrame
        `topics_by_period.csv`.
    tones : DataFrame
        `by_topic.csv`.
    alike : ndarray of shape (n_topics, n_topics)
        Cosine of the topics' directions.
    examples : mapping of int to sequence of str, optional
        Comments of a topic that may be shown, where the study allows quotes.

    Returns
    -------
    TopicBrowser
        Text from the corpus is in no attribute.
    """
    if topics.empty:
        return TopicBrowser("<p>No topics to look into.</p>", "No topics to look into.")
    total = max(int(tones["n_total"].iloc[0]) if len(tones) else 0, 1)
    tone = tones.set_index("topic")
    parts, lines = [], []
    for row in topics.itertuples():
        name, colour = name_of(row.topic, topics), colour_of(row.topic, topics)
        size = f"{percent(row.n_comments / total)}, {row.n_comments:,} comments"
        near = [j for j in np.argsort(-alike[row.topic], kind="stable") if j != row.topic][:NEAREST]
        close = [name_of(int(j), topics) for j in near if alike[row.topic, j] >= LEAST_LIKE]
        said = [
            f"{size} in {row.n_threads:,} threads",
            f"stability {row.stability:.2f} of 1" + (", not to be trusted" if row.stability < UNSTABLE else ""),
            f"mean sentiment {with_interval(tone.loc[row.topic])}",
            f"nearest topics: {'; '.join(close)}" if close else "no topic lies near it",
        ]
        quotes = [_cut(plain(text)) for text in (examples or {}).get(row.topic, ())]
        of = words[words["topic"] == row.topic]
        parts.append(
            f'<details class="topic"><summary>{_swatch(colour)} <span class="name">{escape(name)}</span> '
            f'<span class="size">{escape(size)}</span></summary><div class="inside">{_bars(of, colour)}'
            f"{_series(shares[shares['topic'] == row.topic], colour)}"
            f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in said)}</ul>"
            + "".join(f"<blockquote>{escape(text)}</blockquote>" for text in quotes)
            + "</div></details>"
        )
        lines.append(f"{name}: {'; '.join(said)}; words: {', '.join(of['word'])}")
        lines += [f"  “{text}”" for text in quotes]
    head = '<p class="hint">Open a topic for its words, its series and its neighbours.</p>'
    return TopicBrowser(f'<div class="topics">{head}{"".join(parts)}</div>', "\n".join(lines))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _swatch(colour: str) -> str:
    return (
        '<svg class="swatch" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">'
        f'<rect width="12" height="12" rx="3" fill="{colour}"/></svg>'
    )


def _bars(words: pd.DataFrame, colour: str) -> str:
    """The words, each with a bar as long as its weight against the first one's."""
    top = float(words["weight"].max()) if len(words) else 1.0
    rows = []
    for word, weight in zip(words["word"], words["weight"], strict=True):
        bar = max(1.0, 100 * weight / max(top, 1e-12))
        rows.append(
            f'<li>{escape(word)} <svg width="100" height="8" viewBox="0 0 100 8" aria-hidden="true">'
            f'<rect width="{bar:.0f}" height="8" rx="2" fill="{colour}"/></svg></li>'
        )
    return f'<ol class="words">{"".join(rows)}</ol>'


def _series(table: pd.DataFrame, colour: str) -> str:
    """Share by period with its interval, small; the ends are written below it."""
    known = np.isfinite(table["low"].to_numpy(float))
    if known.sum() < 2:
        return "<p>Too few periods have threads enough for a series.</p>"
    y, low, high = (table[c].to_numpy(float) for c in ("estimate", "low", "high"))
    top = max(float(np.nanmax(high)), 1e-9)
    x = np.linspace(0, WIDE, len(table))
    height = lambda v: ROOM + (HIGH - 2 * ROOM) * (1 - v / top)  # noqa: E731
    parts = []
    for run in np.split(np.arange(len(y)), np.flatnonzero(np.diff(known.astype(int))) + 1):
        if not known[run[0]]:
            continue
        edge = [*zip(x[run], height(high[run]), strict=True), *zip(x[run][::-1], height(low[run])[::-1], strict=True)]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[run], height(y[run]), strict=True))
        band = " ".join(f"{a:.1f},{b:.1f}" for a, b in edge)
        parts.append(f'<polygon points="{band}" fill="{colour}" opacity="0.25"/>')
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(run) == 1:
            parts.append(f'<circle cx="{x[run][0]:.1f}" cy="{height(y[run][0]):.1f}" r="2.5" fill="{colour}"/>')
    shown, period = table[known], period_of(table)
    ends = [f"{percent(r.estimate)} in {period_name(r.period_start, period)}" for r in shown.iloc[[0, -1]].itertuples()]
    alt = f"Share of the {period}'s comments with its 95 % interval: {ends[0]}, {ends[1]}; the top is {percent(top)}."
    return (
        f'<figure class="series"><svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(alt)}">'
        f'<line x1="0" x2="{WIDE}" y1="{HIGH - ROOM}" y2="{HIGH - ROOM}" stroke="#8b969e"/>{"".join(parts)}</svg>'
        f"<figcaption>{escape(alt)}</figcaption></figure>"
    )
