"""What is told of change, and what becomes of it where something is decided otherwise: a specification curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.plots import style
from analysis.plots.style import ACCENT, INK, WARN, Figure, draws, finished, new_axes
from analysis.plots.wording import name_of, shorten, signed
from analysis.trends.specifications import CLAIM, TOLD

MOST = 8  # claims that are drawn
NONE = "nothing is told of change, or nobody has computed it otherwise: `threadline robustness STUDY` does"
HOW = {"break": "before and after {at}", "slope": "a year", "event": "a step at {at}"}


@draws(*CLAIM[2:], "specification", "estimate", "low", "high", "holds", none=NONE)
def specifications(table: pd.DataFrame, *, topics: pd.DataFrame | None = None) -> Figure:
    """Each claim as it was told and computed otherwise, with 95 % intervals; red does not hold: `robustness`."""
    claims = [rows for _, rows in table.groupby(CLAIM, dropna=False, sort=False)][:MOST]
    figure, axes = new_axes(
        len(claims), 1, height=sum(0.6 + 0.2 * len(rows) for rows in claims), height_ratios=[len(r) + 2 for r in claims]
    )
    said = []
    for ax, rows in zip(axes, claims, strict=True):
        first, others = rows.iloc[0], rows.iloc[1:]
        share = first["measure"] == "share"
        what = f"{first['measure']} of {name_of(first['topic'], topics)}"
        how = HOW[first["change"]].format(at=f"{first['at']:%Y-%m-%d}" if pd.notna(first["at"]) else "")
        title = f"{shorten(what, 60)}, {how}: holds in {others['holds'].sum()} of {len(others)}"
        y = style.rows_axis(ax, rows["specification"].tolist(), fontsize=8.5)
        colours = np.where(rows["specification"] == TOLD, INK, np.where(rows["holds"], ACCENT, WARN))
        style.estimates(ax, rows, y, colours)
        style.signed_axis(ax, scale=100 if share else 1)
        ax.set_title(" ")  # room for one that begins at the figure's edge, beside which the axes' own would be cut
        where = {"xycoords": ("figure fraction", "axes fraction"), "weight": "bold", "fontsize": 10}
        ax.annotate(title + (" (points)" if share else ""), (0.01, 1.04), **where).set_in_layout(False)
        lost = rows.loc[~rows["holds"], "specification"].tolist()
        value = signed(100 * first["estimate"], 0) + " points" if share else signed(first["estimate"])
        fell = f"; not {', '.join(lost)}" if lost else ""
        said.append(f"{title}, {value} as told{fell}")
    n = table.groupby(CLAIM, dropna=False).ngroups
    more = f" The first {MOST} of {n} claims." if n > MOST else ""
    return finished(figure, f"What is told of change, computed otherwise. {'. '.join(said)}.{more}", table, topics)
