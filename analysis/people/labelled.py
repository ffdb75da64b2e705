"""Labels of which a comment may have several: each is two classes, and what is said of classes is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.people.agreement import agreement, class_errors
from analysis.people.corrected import ENDS, PARTS, corrected
from analysis.sentiment.codes import Codes

SHARES = dict(zip(ENDS, ("share", "share as scored", "share by codes alone"), strict=True))
COLUMNS = ["label", "instrument", "by", "group", "figure", "n", "estimate", "low", "high"]


def figures(codes: Codes, comments: pd.DataFrame, label: str, instrument: str, by: Sequence[str]) -> pd.DataFrame:
    """All that is known of a label, a figure a row, each with its interval; what is not defined has no row.

    `codes` are those of the label; `comments` are those of `agreement`, with period_start and topic, and as sentiment
    what `instrument` gives the label. n is of alpha the comments of two coders, of shares those coded.
    """
    rows = []
    both = int((codes.table["n_coders"] > 1).sum())
    for row in agreement(codes, comments, instrument=instrument, by=by).to_dict("records"):
        for name in ("alpha", "accuracy", "f1_macro"):
            n = both if name == "alpha" else row["n"]
            rows.append((row["by"], row["group"], name, n, row[name], row[f"{name}_low"], row[f"{name}_high"]))
    errors = class_errors(codes, comments, by)
    columns = ["by", "group", "error", "n", "estimate", "low", "high"]
    rows += errors.loc[errors["class"] == "yes", columns].itertuples(index=False, name=None)
    for part in PARTS:
        of, some = (None, comments) if part == "all" else (part, comments[comments[part].notna()])
        for row in corrected(codes, some, by=of, measure="share of yes").to_dict("records"):
            for figure, name in SHARES.items():
                ends = (row[end] for end in ENDS[figure])
                rows.append((part, str(row.get(part, "all")), name, row["n_coded"], row[figure], *ends))
    table = pd.DataFrame(rows, columns=COLUMNS[2:]).dropna(subset="estimate", ignore_index=True)
    return table.assign(label=label, instrument=instrument or "people alone")[COLUMNS]
