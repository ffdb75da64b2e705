"""What is told of change, and what becomes of it where something is decided otherwise: a specification curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.plots import axes as marks
from analysis.plots.axes import new_axes, points
from analysis.plots.letters import wrap
from analysis.plots.style import ACCENT, INK, WARN, Figure, draws, finished
from analysis.trends.specifications import CLAIM, TOLD
from analysis.trends.wording import name_of, signed

MOST = 8  # claims that are drawn
NONE = "nothing is told of change, or nobody has computed it otherwise: “threadline robustness STUDY” does"
HOW = {"break": "before and after {at}", "slope": "a year", "event": "a step at {at}"}


@draws(*CLAIM[2:], "specification", "estimate", "low", "high", "holds", none=NONE)
def specifications(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Each claim as it was told and computed otherwise, with 95 % intervals; red does not hold: `robustness`."""
    claims = [rows for _, rows in table.groupby(CLAIM, dropna=False, sort=False)][:MOST]
    high = sum(0.9 + marks.rows_high(len(rows), 0.2) for rows in claims)
    figure, axes = new_axes(len(claims), 1, height=high, height_ratios=[len(rows) + 3 for rows in claims])
    said = []
    for ax, rows in zip(axes, claims, strict=True):
        first, others = rows.iloc[0], rows.iloc[1:]
        share = first["measure"] == "share"
        what = f"{first['measure']} of {name_of(first['topic'], topics)}"
        how = HOW[first["change"]].format(at=f"{first['at']:%Y-%m-%d}" if pd.notna(first["at"]) else "")
        title = f"{what}, {how}: holds in {others['holds'].sum()} of {len(others)}"
        y = marks.rows_axis(ax, rows["specification"].tolist(), 9)
        colours = np.where(rows["specification"] == TOLD, INK, np.where(rows["holds"], ACCENT, WARN))
        marks.estimates(ax, rows, y, colours.tolist())
        marks.signed_axis(ax, scale=100 if share else 1)
        lines = wrap(title + (" (points)" if share else ""), points() - 12, 10, bold=True)
        # Room for one that begins at the figure's edge, beside the rows' names.
        ax.set_title("\n" * (len(lines) - 1) + " ")
        at_edge = ("figure fraction", "axes fraction")
        written = ax.annotate("\n".join(lines), (0.012, 1.02), xycoords=at_edge, weight="bold", fontsize=10)
        written.set_in_layout(False)
        lost = rows.loc[~rows["holds"], "specification"].tolist()
        value = signed(100 * first["estimate"], 0) + " points" if share else signed(first["estimate"])
        fell = f"; not {', '.join(lost)}" if lost else ""
        said.append(f"{title}, {value} as told{fell}")
    n = table.groupby(CLAIM, dropna=False).ngroups
    more = f" The first {MOST} of {n} claims." if n > MOST else ""
    most = sum(2 * rows["holds"].iloc[1:].sum() > len(rows) - 1 for rows in claims)
    title = (
        f"{most or 'None'} of {len(claims)} claims {'hold' if most > 1 else 'holds'} in most other ways of computing"
    )
    sub = "As told (black) and computed otherwise, 95 % intervals; red: does not hold"
    alt = f"{'. '.join(said)}.{more}"
    return finished(figure, alt, table, topics, title=title, sub=sub)
