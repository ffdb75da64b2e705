"""Kept results: computed once, whole or not at all, and computed anew when they are damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.run.store import Store, digest_of, entries, work_folder
from analysis.run.texts import gathered

WORK = "import sys, pathlib; from analysis.run.store import work_folder; print(work_folder(pathlib.Path(sys.argv[1]), 'step'), end='')"


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


def test_the_time_of_a_step_is_without_those_that_it_needs(tmp_path, monkeypatch):
    clock, store = [0.0], Store(tmp_path)
    monkeypatch.setattr("analysis.run.store.time.perf_counter", lambda: clock[0])

    def takes(seconds, *needs):
        def compute():
            for name, other in needs:
                store.get(name, "d" * 40, other)
            clock[0] += seconds
            return {"n": [1]}

        return compute

    store.get("last", "d" * 40, takes(4, ("one", takes(1)), ("two", takes(2, ("first", takes(8))))))
    assert store.seconds == {"one": 1, "first": 8, "two": 2, "last": 4}


def test_a_damaged_result_is_computed_anew(tmp_path):
    calls = []
    Store(tmp_path).get("step", "d" * 40, counted(calls))
    file = next(tmp_path.glob("step-*/one.parquet"))
    pd.DataFrame({"a": [1, 3]}).to_parquet(file)  # it can be read, and is not what was kept
    assert Store(tmp_path).get("step", "d" * 40, counted(calls))["one"]["a"].tolist() == [1, 2]
    assert len(calls) == 2


def test_a_changed_byte_in_any_kept_file_is_noticed_and_said(tmp_path):
    Store(tmp_path).get("step", "d" * 40, counted([]))
    files = sorted(path.name for path in tmp_path.glob("step-*/*"))
    assert len(files) == 3
    for name in files:
        for place in (0, 0.5, 0.99):
            path = next(tmp_path.glob(f"step-*/{name}"))
            data = bytearray(path.read_bytes())
            data[int(place * len(data))] ^= 0x15
            path.write_bytes(data)
            store = Store(tmp_path)
            got = store.get("step", "d" * 40, counted([]))
            assert got["one"]["a"].tolist() == [1, 2] and list(got) == ["one", "two"]
            assert store.damaged == ["step"], f"{name}, byte {int(place * len(data))}"


def test_a_missing_file_or_a_foreign_result_is_computed_anew_and_kept_again(tmp_path):
    for digest in ("d1" * 20, "d2" * 20):
        Store(tmp_path).get("step", digest, counted([]))
    one, two = sorted(tmp_path.glob("step-*"))
    index = json.loads((one / "index.json").read_text())
    index["seconds"] += 1  # changed, and still an index

    def foreign():
        for path in two.iterdir():
            path.unlink()
        for path in one.iterdir():
            (two / path.name).write_bytes(path.read_bytes())

    for harm in (
        (two / "two.parquet").unlink,
        (two / "index.json").unlink,
        lambda: (two / "index.json").write_text(json.dumps(index)),
        foreign,
    ):
        harm()
        calls, store = [], Store(tmp_path)
        assert store.get("step", "d2" * 20, counted(calls))["one"]["a"].tolist() == [1, 2]
        assert len(calls) == 1 and store.damaged == ["step"] and store.older == []
        assert Store(tmp_path).get("step", "d2" * 20, counted(calls)) and len(calls) == 1, "kept again"


def test_vectors_and_parts_are_checked_before_a_notebook_reads_them(tmp_path):
    store = Store(tmp_path)
    store.write("vectors", "d1" * 20, {"names": np.array([b"0" * 32]), "vectors": np.ones((1, 3), dtype=np.float32)})
    store.write("part.corpus", "d2" * 20, {"result": [1]})
    store.check()
    assert store.damaged == [] and store.seconds == {}
    files = [
        next(tmp_path.glob(f"{place}-*/{name}"))
        for place, name in (("vectors", "vectors.npy"), ("part.corpus", "result.json"))
    ]
    for file in files:
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    store.check()
    assert sorted(store.damaged) == ["part.corpus", "vectors"] and not any(file.exists() for file in files)


@pytest.mark.parametrize(
    "value",
    [[1, None, "a"], [["a"], []], np.arange(6.0).reshape(2, 3), gathered([["a", "", "\u00e9\U0001f600"]])],
    ids=["list", "lists", "array", "texts"],
)
def test_every_kind_of_value_comes_back_as_it_was(tmp_path, value):
    Store(tmp_path).write("x", "d" * 40, {"value": value})
    again = Store(tmp_path).read("x", "d" * 40)["value"]
    assert type(again) is type(value) and np.array_equal(
        np.asarray(list(again), dtype=object), np.asarray(list(value), dtype=object)
    )


def test_a_result_takes_the_place_of_one_of_the_same_digest(tmp_path):
    for n in (1, 2):
        Store(tmp_path).write("vectors", "d" * 40, {"n": [n]})
    assert Store(tmp_path).read("vectors", "d" * 40) == {"n": [2]} and len(list(tmp_path.glob("*-*"))) == 1


def test_a_result_of_something_else_is_said(tmp_path):
    store = Store(tmp_path)
    store.get("step", "d1" * 20, counted([]))
    assert store.older == []
    store.get("step", "d2" * 20, counted([]))
    assert store.older == ["step"] and store.damaged == []


def test_what_cannot_be_kept_has_the_same_types_as_what_is_kept(tmp_path):
    def compute():
        return {"one": pd.DataFrame({"a": pd.Series(["x", None], dtype=object), "b": [1, 2]})}

    (tmp_path / "file").write_text("x")
    kept = Store(tmp_path / "store").get("step", "d" * 40, compute)
    not_kept = Store(tmp_path / "file" / "store").get("step", "d" * 40, compute)
    pd.testing.assert_frame_equal(kept["one"], not_kept["one"])
    assert kept["one"]["a"].dtype != object


@pytest.mark.parametrize("written", ["[]", "{}", '{"tables": []}', '{"tables": {"one": 1}}', "null", ""])
def test_an_index_that_is_something_else_is_noticed(tmp_path, written):
    Store(tmp_path).get("step", "d" * 40, counted([]))
    next(tmp_path.glob("step-*/index.json")).write_text(written)
    store = Store(tmp_path)
    assert store.get("step", "d" * 40, counted([]))["one"]["a"].tolist() == [1, 2] and store.damaged == ["step"]


def test_what_a_killed_run_left_is_removed_by_the_next_and_nothing_else_is(tmp_path):
    mine, foreign = work_folder(tmp_path, "step"), tmp_path / ".step-00000000-1-young.part"
    gone = subprocess.run([sys.executable, "-c", WORK, tmp_path], capture_output=True, text=True, check=True).stdout
    old, other = tmp_path / ".step-00000000-1-old.part", tmp_path / ".git"
    for left in (foreign, old, other):
        left.mkdir()
    for left in (old, other):
        os.utime(left, (time.time() - 25 * 3600,) * 2)
    assert Path(gone).is_dir()
    Store(tmp_path).get("step", "d" * 40, counted([]))
    left = [path.exists() for path in (Path(gone), old, mine, foreign, other)]
    assert left == [False, False, True, True, True], "of a process that ended, of another machine a day ago"


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


def test_what_is_kept_is_listed_with_size_and_time_and_what_is_left_unfinished_has_no_step(tmp_path):
    store = Store(tmp_path)
    store.get("step", "d1" * 20, counted([]))
    store.get("other", "d2" * 20, counted([]))
    (tmp_path / ".step-x1y2").mkdir()
    (tmp_path / ".step-x1y2" / "index.json").write_text('{"seconds": 1.0}')  # all but renamed
    found = entries(tmp_path)
    assert [(e.step, e.path.name[-20:]) for e in found[1:]] == [("other", "d2" * 10), ("step", "d1" * 10)]
    assert (found[0].step, found[0].n_bytes) == ("", 16)
    size = sum(p.stat().st_size for p in tmp_path.glob("step-*/*"))
    assert found[2].n_bytes == size and found[2].seconds == round(store.seconds["step"], 3)
    assert entries(tmp_path / "nowhere") == []
