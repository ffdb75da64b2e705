"""What drives a change: what people talk about, or how they talk of it. Source: Kitagawa (1955)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from analysis.trends.contrasts import in_order
from analysis.trends.intervals import Bounds, Figure, Method, Row, compared, ratio
from analysis.trends.periods import Calendar, Date
from analysis.trends.units import Units, arrange, table


def decomposition(
    comments: pd.DataFrame,
    measure: str = "sentiment",
    *,
    by: str = "topic",
    events: Mapping[str, Date] | None = None,
    period: str = "month",
    zone: str = "UTC",
    week_starts: str = "monday",
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """Kitagawa's decomposition: how far what people talk about changed, and how far how they talk.

    With share p and mean m of a topic before (1) and after (2), and c the mean of the two overall means: composition =
    (p2 - p1) ((m1 + m2) / 2 - c), within = (m2 - m1) (p1 + p2) / 2. Over all topics, the unassigned among them as one,
    they sum to the change of the overall mean. A topic that one of the spans lacks counts there with the mean that it
    has in the other. c only moves composition between topics, so that a topic contributes as far as it is above or
    below the average.

    Time is split in the middle of the periods (a split chosen where the change is largest would make the intervals too
    narrow), and again at each of the events, as of `comparisons`, with comments on both sides. Other arguments as of
    `by_period`; comments that are dated and scored are used.

    Columns: topic (NA for all), part ("total", "composition", "within"), estimate, low, high, interval; split, the
    first instant of the later span; `n_`, `share_`, `mean_before` and `_after`; event, empty for the middle.
    """
    a = arrange(comments, measure, by, Calendar(period, zone, week_starts), bounds).dated.scored.grouped
    splits = [("", a.grid["period_start"].iloc[len(a.grid) // 2 :].min())]
    splits += [(event, at) for event, at in in_order(events, zone) if a.since(at).any() and not a.since(at).all()]
    rows = [row | {"split": at, "event": event} for event, at in splits for row in _parts(a, a.since(at), method)]
    split, sides = {"split": a.grid["period_start"].dtype}, "share_before share_after mean_before mean_after"
    return table(rows, a.of_groups, "part estimate low high interval", split, "n_before n_after", sides, "event")


def _parts(a: Units, late: np.ndarray, method: Method) -> Iterator[Row]:
    """The whole change, and both parts of it of each topic."""
    everyone = [a.sums(side) for side in (~late, late)]
    n_all, whole = [n for _, n in everyone], [ratio(y, n) for y, n in everyone]
    centre = (whole[0] + whole[1]) * 0.5
    compositions, withins, rows, absent = [], [], [], Figure(0.0, np.zeros(a.n_threads))
    for code, value in enumerate(a.groups):
        sums = [a.sums(side & (a.group == code)) for side in (~late, late)]
        p, m = [ratio(n, of) for (_, n), of in zip(sums, n_all, strict=True)], [ratio(y, n) for y, n in sums]
        told: Row = {str(a.by): value, **_told([n for _, n in sums], p, m)}
        m = [m[1 - side] if np.isnan(m[side].value) else m[side] for side in (0, 1)]
        if np.isnan(m[0].value):  # no comment of the topic is scored in either: it takes no part
            m = [absent, absent]
        compositions.append((p[1] - p[0]) * ((m[0] + m[1]) * 0.5 - centre))
        withins.append((m[1] - m[0]) * ((p[0] + p[1]) * 0.5))
        rows.append({"part": "composition", **compared(compositions[-1], n_all, a.change, method), **told})
        rows.append({"part": "within", **compared(withins[-1], [n for _, n in sums], a.change, method), **told})
    one, nothing = Figure(1.0, np.zeros(a.n_threads)), Figure(np.nan, np.zeros(a.n_threads))
    parts = {"total": whole[1] - whole[0]}
    for part, of in (("composition", compositions), ("within", withins)):
        parts[part] = sum(of[1:], of[0]) if of else nothing
    for part, figure in parts.items():
        yield {"part": part, **compared(figure, n_all, a.change, method), **_told(n_all, [one, one], whole)}
    yield from rows


def _told(n: list[np.ndarray], share: list[Figure], mean: list[Figure]) -> Row:
    """What stands beside the parts: numbers, shares and means of both spans."""
    beside: Row = {}
    for i, span in enumerate(("before", "after")):
        beside |= {f"n_{span}": int(n[i].sum()), f"share_{span}": share[i].value, f"mean_{span}": mean[i].value}
    return beside
