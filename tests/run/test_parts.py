"""One process, many, or a cluster: the same results in the same order, also after what breaks in the middle."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from analysis.run import Run, cluster
from analysis.run.context import PART
from analysis.run.parts import KeptParts
from analysis.run.pools import LEAK
from analysis.run.store import Store
from analysis.settings import ComputeSettings, StudyError

ROOT = Path(__file__).parents[2]
ITEMS = ["x" * (i % 97) for i in range(2 * PART + 1234)]
HERE = ComputeSettings(workers=1)


def map_items(function, items, *, compute, message, progress=None, kept=None, **options):
    run = Run(compute, progress, KeptParts(Store(kept), "step") if kept else None)
    return run.map(function, items, message, **options)


needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the extra cluster")


def lengths(texts):
    return [len(text) for text in texts]


def noted(texts, log):
    """Lengths; a line in `log` for every part that is computed, with the process that does it."""
    with Path(log).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return lengths(texts)


def slow(texts, log):
    """As `noted`, and it takes a while."""
    found = noted(texts, log)
    time.sleep(0.15)
    return found


def halves(texts):
    return np.array([[len(text) / 2, 1] for text in texts], dtype=np.float32)


def wrong(texts):
    raise StudyError(expected="x", found="y", where="z", remedy="w")


def slow_first(item):
    """The item itself; the first of them takes longest."""
    time.sleep(0.3 if item == [0] else 0.001)
    return item


def greedy(texts):
    """Takes far more memory than the worker has."""
    held = [b"x" * 30_000_000 for _ in range(60)]
    time.sleep(3)
    return [len(held)] * len(texts)


# ------------------------------------------------------------------------------------------------- here


def allowed(items):
    """How many bytes joblib lets this process grow by before it ends it, as a leak."""
    from joblib.externals.loky import process_executor

    return [process_executor._MAX_MEMORY_LEAK_SIZE for _ in items]


def test_a_worker_that_loads_a_model_is_not_ended_for_it():
    assert map_items(allowed, [1, 2], compute=ComputeSettings(workers=2), message="m", part=1, least=0) == [LEAK] * 2


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


def test_our_error_comes_through_a_process_as_it_is():
    with pytest.raises(StudyError) as raised:
        wrong([])
    again = pickle.loads(pickle.dumps(raised.value))
    assert str(again) == str(raised.value) and again.remedy == "w"


def test_parts_come_in_their_order_though_the_first_takes_longest():
    run = Run(ComputeSettings(workers=2))
    assert list(run.map_parts(slow_first, list(range(9)), "m", part=1, least=0)) == [(i, [i]) for i in range(9)]


# ------------------------------------------------------------------------------------------ kept parts


def test_an_interrupted_run_goes_on_from_its_kept_parts(tmp_path):
    log, kept = tmp_path / "log", tmp_path / "parts"
    count = functools.partial(noted, log=str(log))

    def stop(message, done, total):
        if done > PART:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_items(count, ITEMS, compute=HERE, message="m", progress=stop, kept=kept)
    assert len(log.read_text().splitlines()) == 2 == len(list(kept.glob("part.step-*")))
    seen = []
    out = map_items(count, ITEMS, compute=HERE, message="m", progress=lambda *a: seen.append(a[1]), kept=kept)
    assert out == lengths(ITEMS)
    assert len(log.read_text().splitlines()) == 3 and seen == [len(ITEMS)], "the third part alone"


def test_a_damaged_part_is_noticed_and_computed_anew(tmp_path):
    log, kept = tmp_path / "log", tmp_path / "parts"
    count = functools.partial(noted, log=str(log))
    map_items(count, ITEMS, compute=HERE, message="m", kept=kept)
    files = sorted(kept.glob("part.step-*/result.json"))
    data = bytearray(files[0].read_bytes())
    data[data.index(b"12")] = ord("7")  # still JSON, of the same length
    files[0].write_bytes(data)
    files[1].write_bytes(files[1].read_bytes()[:40])
    files[2].write_bytes(b"")
    assert map_items(count, ITEMS, compute=HERE, message="m", kept=kept) == lengths(ITEMS)
    assert len(log.read_text().splitlines()) == 6


def test_parts_of_another_function_argument_or_text_are_not_taken(tmp_path):
    for function in (lengths, functools.partial(noted, log=str(tmp_path / "a"))):
        map_items(function, ITEMS, compute=HERE, message="m", kept=tmp_path / "parts")
    map_items(
        functools.partial(noted, log=str(tmp_path / "b")), ITEMS, compute=HERE, message="m", kept=tmp_path / "parts"
    )
    assert (tmp_path / "b").exists() and len(list((tmp_path / "parts").glob("part.step-*"))) == 9
    changed = ["y", *ITEMS[1:]]
    assert map_items(lengths, changed, compute=HERE, message="m", kept=tmp_path / "parts")[0] == 1
    assert len(list((tmp_path / "parts").glob("part.step-*"))) == 10


@pytest.mark.parametrize(
    "result", [[0.1, float("nan")], ["a\0", "\ud800"], [["a", "b"], []], np.eye(2, dtype=np.float32)]
)
def test_a_part_comes_back_as_it_was(tmp_path, result):
    kept = KeptParts(Store(tmp_path / "parts"), "step")
    digest = kept.digest(lengths, ["x", "y"])
    kept.write(digest, result)
    again = kept.read(digest)
    assert type(again) is type(result) and pickle.dumps(again) == pickle.dumps(result)
    assert len(list((tmp_path / "parts").iterdir())) == 2, "and nothing half-written beside .gitignore"


@pytest.mark.parametrize(
    "result", [[("a", 1), ("b", 2)], [{"a": 1}, {}], [[1, (2,)], []], (1, 2), np.array([None, "a"])]
)
def test_what_would_come_back_changed_is_not_kept(tmp_path, result):
    kept = KeptParts(Store(tmp_path / "parts"), "step")
    kept.write("d" * 40, result)
    assert kept.read("d" * 40) is None


def test_where_nothing_can_be_kept_it_is_computed_all_the_same(tmp_path):
    (tmp_path / "file").write_text("x")
    assert map_items(lengths, ITEMS, compute=HERE, message="m", kept=tmp_path / "file" / "parts") == lengths(ITEMS)


def test_a_single_part_is_not_kept(tmp_path):
    map_items(lengths, ITEMS[:PART], compute=HERE, message="m", kept=tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


def test_a_part_is_found_under_another_hash_seed(tmp_path):
    """The digest of a function's arguments, a set of words among them, is the same in every process."""
    code = (
        "import functools, test_parts as t; from analysis.run.parts import KeptParts;"
        "from analysis.sentiment.lexicon import Lexicon; words = Lexicon({'a*': 1.0}, (1,), ('de', 'sl'));"
        "print(KeptParts(None, 'x').digest(functools.partial(t.lengths, words=words, more={'x', 'y', 'z'}), ['a']));"
        "words.look_up('ab');"
        "print(KeptParts(None, 'x').digest(functools.partial(t.lengths, words=words, more={'x', 'y', 'z'}), ['a']))"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment(PYTHONHASHSEED=seed),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(names) == 1 and len(set(names.pop().split())) == 1


def test_a_process_here_that_is_killed_is_one_line(tmp_path):
    with pytest.raises(StudyError, match="fewer workers"):
        map_items(suicide, ITEMS, compute=ComputeSettings(workers=2), message="m")


def suicide(texts):
    os.kill(os.getpid(), signal.SIGKILL)


# -------------------------------------------------------------------------------------------- a cluster


def environment(**more):
    """For processes that import what this file and its neighbours define."""
    quiet = {"DASK_DISTRIBUTED__DASHBOARD__LINK": "", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **quiet, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "run")]), **more}


class Cluster:
    """A real scheduler, and workers in processes of their own, all on the loopback."""

    def __init__(self, folder, **variables):
        self.folder, self.variables, self.processes = folder, variables, []
        folder.mkdir(exist_ok=True)
        file = folder / "scheduler.json"
        self.scheduler = self.start(
            "scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file
        )
        until(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
        self.compute = ComputeSettings(scheduler=json.loads(file.read_text())["address"])

    def start(self, what, *options):
        command = [sys.executable, "-m", "dask", what, *map(str, options)]
        with (self.folder / f"log{len(self.processes)}").open("w") as log:
            process = subprocess.Popen(
                command, env=environment(**self.variables), stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def worker(self, *options, **variables):
        self.variables |= variables
        address = self.compute.scheduler
        return self.start(
            "worker", address, "--nthreads", 1, "--no-dashboard", "--local-directory", self.folder, *options
        )

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Other work on the machine may keep a scheduler from answering for long."""
    monkeypatch.setattr(cluster, "SCHEDULER_SECONDS", 120)


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A cluster of two workers that a nanny starts again when they die."""
    made = Cluster(tmp_path_factory.mktemp("dask"), DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1")
    for _ in range(2):
        made.worker("--nanny", "--memory-limit", "600MB")
    yield made
    made.close()


@needs_dask
def test_a_cluster_gives_the_same_with_progress_as_parts_come(dask, tmp_path, capfd):
    seen = []
    out = map_items(lengths, ITEMS, compute=dask.compute, message="m", progress=lambda *a: seen.append(a))
    assert out == lengths(ITEMS)
    assert len(seen) == 3 and seen[-1] == ("m", len(ITEMS), len(ITEMS))
    vectors = map_items(halves, ITEMS, compute=dask.compute, message="m")
    assert np.stack(vectors).tobytes() == halves(ITEMS).tobytes()
    assert capfd.readouterr().err == ""


@needs_dask
def test_our_error_comes_from_a_worker_as_it_is(dask):
    with pytest.raises(StudyError, match=r"^z: expected x, found y. w$"):
        map_items(wrong, ITEMS, compute=dask.compute, message="m")


@needs_dask
def test_a_part_that_asks_for_more_memory_than_there_is_is_one_line(dask):
    with pytest.raises(StudyError, match="more memory"):
        map_items(too_much, ITEMS, compute=dask.compute, message="m")


def too_much(texts):
    raise MemoryError


@needs_dask
def test_a_cluster_without_what_is_here_is_one_line(dask, tmp_path, monkeypatch):
    (tmp_path / "newer.py").write_text("def lengths(texts): return [len(t) for t in texts]")
    monkeypatch.syspath_prepend(tmp_path)
    import newer

    with pytest.raises(StudyError, match="the same Threadline.*requirements.lock"):
        map_items(newer.lengths, ITEMS, compute=dask.compute, message="m")


@needs_dask
def test_a_worker_with_another_version_is_said(dask, monkeypatch):
    monkeypatch.setattr(cluster, "made_with", lambda: {"numpy": "0.1"})
    with pytest.raises(StudyError, match="numpy 0.1 on every worker"):
        map_items(lengths, ITEMS, compute=dask.compute, message="m")


@needs_dask
def test_a_worker_killed_in_the_middle_costs_nothing_but_its_part(dask, tmp_path, capfd):
    log = tmp_path / "log"
    items = ITEMS * 6
    killed = []

    def kill(message, done, total):
        if done >= 3 * PART and not killed:
            killed.append(int(log.read_text().split()[-1]))
            os.kill(killed[0], signal.SIGKILL)

    out = map_items(functools.partial(slow, log=str(log)), items, compute=dask.compute, message="m", progress=kill)
    assert killed and out == lengths(items)
    assert capfd.readouterr().err == ""


@needs_dask
def test_workers_out_of_memory_are_one_line_that_says_what_to_do(dask, capfd):
    with pytest.raises(StudyError, match="killed, as a rule for want of memory.*fewer threads"):
        map_items(greedy, ITEMS[:10], compute=dask.compute, message="m")
    assert map_items(lengths, ITEMS, compute=dask.compute, message="m") == lengths(ITEMS), "the workers are back"
    assert capfd.readouterr().err == ""


@needs_dask
def test_a_scheduler_lost_in_the_middle_is_one_line_and_the_next_run_goes_on(tmp_path, capfd):
    dask = Cluster(tmp_path / "dask")
    log, kept, items = tmp_path / "log", tmp_path / "parts", ITEMS * 4
    function = functools.partial(slow, log=str(log))
    try:
        dask.worker("--no-nanny")

        def kill(message, done, total):
            if done >= 3 * PART:
                dask.scheduler.kill()

        with pytest.raises(StudyError, match="scheduler to stay.*goes on from there"):
            map_items(function, items, compute=dask.compute, message="m", progress=kill, kept=kept)
    finally:
        dask.close()
    n_kept, n_parts = len(list(kept.glob("part.step-*"))), -(-len(items) // PART)
    assert 3 <= n_kept < n_parts
    log.unlink()
    assert map_items(function, items, compute=HERE, message="m", kept=kept) == lengths(items)
    assert len(log.read_text().splitlines()) == n_parts - n_kept
    assert capfd.readouterr().err == ""


@needs_dask
def test_a_scheduler_by_tls_without_certificates_is_one_line(monkeypatch):
    for name in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY"):
        monkeypatch.delenv(f"DASK_DISTRIBUTED__COMM__TLS__{name}", raising=False)
    compute = ComputeSettings(scheduler="tls://127.0.0.1:9")
    with pytest.raises(StudyError, match="found no certificates in DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
        map_items(lengths, ITEMS, compute=compute, message="m")


def test_a_scheduler_without_workers_or_one_that_hangs_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 1)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.5)
    dask = Cluster(tmp_path / "dask")
    try:
        with pytest.raises(StudyError, match="dask worker ADDRESS"):
            map_items(lengths, ITEMS, compute=dask.compute, message="m")
        monkeypatch.setattr(cluster, "WORKER_SECONDS", 200)
        dask.worker("--no-nanny")

        def freeze(message, done, total):
            monkeypatch.setattr(cluster, "SCHEDULER_SECONDS", 2)
            os.kill(dask.scheduler.pid, signal.SIGSTOP)

        with pytest.raises(StudyError, match="scheduler to stay"):
            map_items(
                functools.partial(slow, log=str(tmp_path / "log")),
                ITEMS,
                compute=dask.compute,
                message="m",
                progress=freeze,
            )
    finally:
        dask.close()


@needs_dask
def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch):
    monkeypatch.setattr(cluster, "SCHEDULER_SECONDS", 1)
    with pytest.raises(StudyError, match="dask scheduler"):
        map_items(lengths, ITEMS, compute=ComputeSettings(scheduler="tcp://127.0.0.1:9"), message="m")


def test_without_dask_the_package_works_and_a_cluster_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StudyError, match="threadline"):
        map_items(lengths, ITEMS, compute=ComputeSettings(scheduler="tcp://127.0.0.1:9"), message="m")
