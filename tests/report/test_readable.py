"""Tables for people: escaped, rounded, with their intervals."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.report.tables import plain, sheet


def test_estimate_and_interval_become_one_column():
    shown = sheet(
        pd.DataFrame({"n_comments": [1200, 3], "estimate": [0.125, -0.5], "low": [0.1, None], "high": [0.15, None]})
    )
    assert list(shown.table.columns) == ["comments", "estimate"]
    assert shown.table["estimate"].tolist() == ["+0.12 (+0.10 to +0.15)", "−0.50 (too few threads)"]
    assert shown.table["comments"].tolist() == ["1,200", "3"]


def test_shares_missing_values_and_p_values():
    shown = sheet(pd.DataFrame({"share": [0.0123, None], "p_value": [0.0004, 0.25], "source_file": ["a.txt", None]}))
    assert shown.table["share"].tolist() == ["1.2 %", "–"]
    assert shown.table["p"].tolist() == ["< 0.001", "0.250"]
    assert shown.table["file"].tolist() == ["a.txt", "–"]


@given(st.text())
def test_text_from_outside_is_never_markup(text):
    html = sheet(pd.DataFrame({"reason": [f"<img src=x onerror=alert(1)>{text}"]}), caption=f"<b>{text}")._repr_html_()
    assert "<img" not in html and "<b>" not in html


@given(st.text())
def test_no_control_or_direction_mark_is_shown(text):
    shown = plain(f"{text}\u202e\u200b\x00\n")
    assert not set(shown) & set("\u202e\u200b\x00\n\u2066")


def test_an_empty_table_says_so():
    shown = sheet(pd.DataFrame({"reason": pd.Series([], dtype="str")}), caption="What was rejected.")
    assert "none" in shown._repr_html_() and "(no rows)" in repr(shown)
