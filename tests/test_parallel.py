"""One process, many, or a cluster: the same results in the same order."""

from __future__ import annotations

import pytest

from analysis.parallel import MIN_ITEMS, map_items
from analysis.settings import ComputeSettings, StudyError


def lengths(texts):
    return [len(text) for text in texts]


ITEMS = ["x" * (i % 97) for i in range(MIN_ITEMS + 1234)]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_processes_changes_nothing(workers):
    seen = []
    out = map_items(
        lengths, ITEMS, compute=ComputeSettings(workers=workers), message="m", progress=lambda *a: seen.append(a)
    )
    assert out == lengths(ITEMS)
    assert seen[-1] == ("m", len(ITEMS), len(ITEMS))


def test_nothing_to_do_gives_nothing():
    assert map_items(lengths, [], compute=ComputeSettings(), message="m") == []


def test_a_cluster_gives_the_same():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        compute = ComputeSettings(scheduler=cluster.scheduler_address)
        assert compute.scheduler.startswith("tcp://")
        assert map_items(lengths, ITEMS, compute=compute, message="m") == lengths(ITEMS)


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("analysis.parallel.SCHEDULER_SECONDS", 1)
    with pytest.raises(StudyError, match="dask scheduler"):
        map_items(lengths, ITEMS, compute=ComputeSettings(scheduler="tcp://127.0.0.1:9"), message="m")
