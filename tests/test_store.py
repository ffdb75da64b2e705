"""Kept results: computed once, whole or not at all, and computed anew when they are damaged."""

from __future__ import annotations

import pandas as pd

from analysis.store import Store, digest_of


def counted(calls):
    def compute():
        calls.append(1)
        return {
            "one": pd.DataFrame({"a": [1, 2]}),
            "two": pd.DataFrame({"t": pd.to_datetime(["2020-01-01"], utc=True)}),
        }

    return compute


def test_a_result_is_computed_once_for_a_digest(tmp_path):
    calls = []
    first = Store(tmp_path).get("step", "d1" * 20, counted(calls))
    store = Store(tmp_path)
    again = store.get("step", "d1" * 20, counted(calls))
    assert len(calls) == 1 and store.kept == {"step": True}
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
    Store(tmp_path).get("step", "d2" * 20, counted(calls))
    assert len(calls) == 2


def test_a_damaged_result_is_computed_anew(tmp_path):
    calls = []
    Store(tmp_path).get("step", "d" * 40, counted(calls))
    file = next(tmp_path.glob("step-*/one.parquet"))
    pd.DataFrame({"a": [1, 3]}).to_parquet(file)  # it can be read, and is not what was kept
    assert Store(tmp_path).get("step", "d" * 40, counted(calls))["one"]["a"].tolist() == [1, 2]
    assert len(calls) == 2


def test_where_nothing_can_be_kept_it_is_computed_all_the_same(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    calls = []
    tables = Store(blocked / "store").get("step", "d" * 40, counted(calls))
    assert tables["one"]["a"].tolist() == [1, 2] and len(calls) == 1


def test_no_half_written_folder_is_left(tmp_path):
    Store(tmp_path).get("step", "d" * 40, counted([]))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".step")] == []


def test_the_digest_depends_on_every_part_and_not_on_the_order_of_keys():
    assert digest_of({"a": 1, "b": 2}, "x") == digest_of({"b": 2, "a": 1}, "x")
    assert digest_of("x", 1) != digest_of("x", 2) != digest_of("x", "1")
