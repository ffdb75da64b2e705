"""Which threads and authors move a change most: the change again without each (leave one out)."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from analysis.trends.intervals import Bounds
from analysis.trends.periods import Calendar
from analysis.trends.specifications import CLAIM, Claimed
from analysis.trends.units import arrange, table

MOST, LOOKED_AT = 3, 10  # that are told of a claim; those with the largest dfbeta, each of which is left out
IDS = {"thread": "article_id", "author": "author"}
COLUMNS = [*CLAIM, "of", "rank", "id", "n_comments", "estimate", "without", "moved"]


def influential(
    told: pd.DataFrame, comments: pd.DataFrame, measure: str = "sentiment", *, bounds: Bounds = (-1, 1)
) -> pd.DataFrame:
    """Of each claim (`specifications.claims`) the three threads, and authors, that move it most to where it is.

    Belsley, Kuh and Welsch (1980): by dfbeta those are chosen that are then left out in turn. data/README.md has the
    columns.
    """
    a, rows = arrange(comments, measure, "topic", Calendar("year"), bounds), list[dict[Any, Any]]()
    for claim, (what, column) in product(told.to_dict("records"), IDS.items()):
        claimed = Claimed(a, claim)
        code, estimate, left_out = getattr(claimed.a, what), claimed.value(), list[dict[Any, Any]]()
        for one in claimed.ranked(what)[:LOOKED_AT]:
            its = code == one
            without = claimed.value(its)
            name = comments[column].iloc[claimed.a.order[its.argmax()]]
            row = {"id": str(name), "n_comments": int(its.sum()), "estimate": estimate, "without": without}
            left_out.append({**claim, "of": what, **row, "moved": estimate - without})
        left_out = [row for row in left_out if row["n_comments"] and not row["moved"] * estimate <= 0]
        left_out.sort(key=lambda row: -np.nan_to_num(abs(row["moved"]), nan=np.inf))
        rows += [{**row, "rank": rank} for rank, row in enumerate(left_out[:MOST], 1)]
    types = told[CLAIM].dtypes.to_dict() | {"of": "str", "id": "str", "rank": "int64", "n_comments": "int64"}
    return table(rows, {name: types.get(name, "float64") for name in COLUMNS})
