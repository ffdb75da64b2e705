"""Vectors in a file: what is written is read, and a disk without room is no end."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.run import vectors
from analysis.run.vectors import Directions, OnDisk, blocks, unit_length, zeros


@pytest.fixture
def filed(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "IN_MEMORY", 0)
    return zeros((10, 3), tmp_path)


def test_a_file_is_indexed_as_an_array_is(filed):
    assert isinstance(filed, OnDisk) and len(filed) == 10 and (filed[:] == 0).all()
    whole = np.arange(30, dtype=np.float32).reshape(10, 3)
    filed[np.array([7, 2])] = whole[[7, 2]]
    filed[3:7] = whole[3:7]
    assert filed[np.array([2, 7, 3])].tolist() == whole[[2, 7, 3]].tolist()
    assert filed[3:7].tolist() == whole[3:7].tolist() and filed[8:99].tolist() == [[0, 0, 0]] * 2
    filed[:, 1:2] = whole[:, 1:2]
    assert filed[:].tolist()[9] == [0, 28, 0] and filed[9].tolist() == [0, 28, 0], "a row alone, and some columns"
    filed[8:] = 0
    some = filed[3:4]
    some[:] = -1
    assert filed[3:4].tolist() == whole[3:4].tolist(), "what is read is a copy"


def test_rows_from_all_over_a_file_do_not_bring_all_of_it_into_memory(tmp_path):
    pytest.importorskip("resource")
    path = tmp_path / "large.matrix"
    with path.open("wb") as file:
        file.truncate(2**33)  # 8 GiB of nothing: no disk holds it
        file.seek(2**33 - 1024)
        file.write(np.arange(256, dtype=np.float32).tobytes())
    script = f"""if True:
        import resource, numpy as np
        from pathlib import Path
        from analysis.run.vectors import OnDisk
        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
        some = OnDisk(Path({str(path)!r}), (2**23, 256))
        rows = some[np.array([2**23 - 1, 5, *range(100, 9000)])]
        print(rows.shape, int(rows[0].sum()), int(rows[1:].any()), some[2**23 - 2:].sum())
    """
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert said.stdout.split("\n")[0] == "(8902, 256) 32640 0 32640.0", said.stderr


def test_small_vectors_and_those_without_a_folder_are_in_memory(tmp_path, monkeypatch):
    assert isinstance(zeros((10, 3), tmp_path), np.ndarray) and not list(tmp_path.iterdir())
    monkeypatch.setattr(vectors, "IN_MEMORY", 0)
    assert isinstance(zeros((10, 3)), np.ndarray)


def test_two_of_one_folder_are_two(filed, tmp_path):
    other = zeros((10, 3), tmp_path)
    other[:] = 1
    assert (filed[:] == 0).all()


@given(st.integers(0, 40_000))
def test_blocks_are_every_row_once(n):
    rows = [i for block in blocks(n) for i in range(block.start, block.stop)]
    assert rows == list(range(n))


def test_directions_have_length_one_and_zeros_stay():
    rows = np.array([[3.0, 4.0], [0, 0], [0, -2]], dtype=np.float32)
    assert unit_length(rows) == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, -1]]))
    some = Directions(rows, np.array([2, 0]))
    assert len(some) == 2 and some[:].tolist() == [[0, -1], pytest.approx([0.6, 0.8])]
