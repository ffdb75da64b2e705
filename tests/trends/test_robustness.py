"""Figures with some comments left out are those of pandas without them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import corpus

from analysis import trends


def test_leaving_out_loud_authors_and_duplicates(rng):
    c = corpus(rng)
    loud = c.groupby("author").size().sort_values(ascending=False, kind="stable").index[0]
    c["author"] = np.where(np.arange(len(c)) % 3 == 0, loud, c["author"])
    c.loc[:9, "duplicate_of"] = "c00020"
    c["near_duplicate_of"] = pd.Series(["c00020" if 30 <= i < 40 else None for i in range(len(c))], dtype="str")
    table = trends.sensitivity(c)
    of = table[table["series"] == "sentiment"].set_index("left_out")
    assert of["estimate"].to_dict() == pytest.approx(
        {
            "nothing": c["sentiment"].mean(),
            "loudest authors": c.loc[c["author"] != loud, "sentiment"].mean(),
            "duplicates": c.loc[c["duplicate_of"].isna(), "sentiment"].mean(),
            "duplicates, exact or near": c[c["duplicate_of"].isna() & c["near_duplicate_of"].isna()][
                "sentiment"
            ].mean(),
        }
    )
    assert of.loc["loudest authors", "n_authors_out"] == 1
    row = of.loc["loudest authors"]
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert row["difference"] == pytest.approx(row["estimate"] - of.loc["nothing", "estimate"])
