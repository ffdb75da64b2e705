"""The commands: what works says what it did, and a user's mistake is one line and exit code 2."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from analysis.cli import main
from analysis.run.pools import Here
from analysis.run.store import Store
from analysis.study import STEPS, open_study

THREAD = """ date 2020-12-22 Two ferries will be replaced next spring.
The council said that the boats were past their years.© Copyright 2020 The Example. All rights reserved.
Simian Lane
how many have they mended between them?
sourpuss
Well, someone has to pay for it!
I for one will not.
Sh1mon M4sada
About time. The old boat smells of diesel and regret.
"""


@pytest.fixture
def thread(tmp_path):
    path = tmp_path / "thread.txt"
    path.write_text(THREAD, encoding="utf-8")
    return path


def run(capsys, *argv):
    code = main([str(a) for a in argv])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_check_says_what_is_wrong_with_the_labels_of_topics(tmp_path, thread, capsys):
    run(capsys, "new", tmp_path / "study", thread)
    pd.DataFrame({"comment_id": ["c"], "key": ["T001"]}).to_parquet(tmp_path / "study" / "labels.parquet")
    (tmp_path / "study" / "labels.csv").write_text("key,label,change\nT001,Trams,dorp\n")
    code, _, err = run(capsys, "check", tmp_path / "study")
    assert code == 2 and "labels.csv, line 2" in err and "found the change 'dorp'" in err


def test_new_check_and_ingest_of_one_thread(tmp_path, thread, capsys):
    study = tmp_path / "study"
    code, out, _ = run(capsys, "new", study, thread)
    assert code == 0 and "1 article, 3 comments" in out
    written = tomllib.loads((study / "study.toml").read_text())
    assert written["source"]["paths"] == [thread.as_posix()]
    assert written["seed"] == 1 and "seed" not in written["topics"], "it rules more than topics"
    code, out, _ = run(capsys, "check", study)
    assert code == 0 and "3 comments under 1 article, by 3 authors" in out
    code, _, _ = run(capsys, "ingest", study, "--out", tmp_path / "out")
    comments = pd.read_parquet(tmp_path / "out" / "tables" / "comments.parquet")
    assert code == 0 and comments["text"].str.count("\n").tolist() == [0, 1, 0]
    article = pd.read_parquet(tmp_path / "out" / "tables" / "articles.parquet").iloc[0]
    assert article["text"].count("\n") == 1 and article["copyright"].startswith("© Copyright 2020")
    assert "sourpuss" not in (tmp_path / "out" / "provenance.json").read_text()
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["inputs"].keys() == {"thread.txt"}


def test_new_maps_the_columns_of_tables(tmp_path, capsys):
    pd.DataFrame({"thread_id": ["t"], "body": ["hello"], "user": ["Ann"], "date": ["2020-01-01"]}).to_csv(
        tmp_path / "c.csv"
    )
    pd.DataFrame({"thread_id": ["t"], "title": ["T"], "date": ["2020-01-01"], "text": ["x"]}).to_csv(tmp_path / "a.csv")
    code, out, _ = run(
        capsys, "new", tmp_path / "s", tmp_path / "c.csv", tmp_path / "a.csv", "--timezone", "Asia/Tokyo"
    )
    source = tomllib.loads((tmp_path / "s" / "study.toml").read_text())["source"]
    assert code == 0 and "text = body" in out
    assert source["columns"] == {"text": "body", "article_id": "thread_id", "author": "user", "posted_at": "date"}
    assert source["articles"]["columns"]["title"] == "title" and source["timezone"] == "Asia/Tokyo"


def test_a_title_with_quotes_is_still_toml(tmp_path, thread, capsys):
    run(capsys, "new", tmp_path / "s", thread, "--title", 'The "big" \\ one\n[topics]')
    assert tomllib.loads((tmp_path / "s" / "study.toml").read_text())["title"] == 'The "big" \\ one\n[topics]'


def test_many_files_become_a_glob(tmp_path, thread, capsys):
    folder = tmp_path / "s" / "threads"
    folder.mkdir(parents=True)
    for i in range(6):
        (folder / f"{i}.txt").write_text(THREAD.replace("Two ferries", f"{i} ferries"), encoding="utf-8")
    run(capsys, "new", tmp_path / "s", folder)
    assert tomllib.loads((tmp_path / "s" / "study.toml").read_text())["source"]["paths"] == ["threads/*.txt"]


def mistake(tmp_path, case):
    """A study with one thing wrong, and the arguments that meet it."""
    study = tmp_path / "study"
    study.mkdir()
    (study / "t.txt").write_text(THREAD, encoding="utf-8")
    toml = 'title = "x"\n[source]\npaths = ["t.txt"]\n'
    if case == "empty folder":
        (study / "t.txt").unlink()
        return ["report", study]
    if case == "no study.toml":
        return ["report", study]
    if case == "no folder":
        return ["report", tmp_path / "nowhere"]
    if case == "misspelt key":
        toml += "[topics]\nn_topisc = 5\n"
    if case == "no such file":
        toml = toml.replace("t.txt", "u.txt")
    if case == "not text":
        (study / "t.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    if case == "no comments":
        (study / "t.txt").write_text(THREAD.split("Simian")[0], encoding="utf-8")
    if case == "out is a file":
        (study / "study.toml").write_text(toml, encoding="utf-8")
        (tmp_path / "out").write_text("x")
        return ["report", study, "--out", tmp_path / "out"]
    if case == "new over a study":
        (study / "study.toml").write_text(toml, encoding="utf-8")
        return ["new", study, study / "t.txt"]
    if case == "new without the file":
        return ["new", tmp_path / "s", study / "nothing.txt"]
    if case == "new of an article alone":
        (study / "t.txt").write_text(THREAD.split("Simian")[0], encoding="utf-8")
        return ["new", tmp_path / "s", study / "t.txt"]
    if case == "new of two formats":
        (study / "c.csv").write_text("text\nx\n")
        return ["new", tmp_path / "s", study / "t.txt", study / "c.csv"]
    if case == "new without a text column":
        (study / "c.csv").write_text("a,b\n1,2\n")
        return ["new", tmp_path / "s", study / "c.csv"]
    (study / "study.toml").write_text(toml, encoding="utf-8")
    return ["report", study, "--out", tmp_path / "out"]


@pytest.mark.parametrize(
    ("case", "word"),
    [
        ("empty folder", "threadline new"),
        ("no study.toml", "threadline new"),
        ("no folder", "nowhere"),
        ("misspelt key", "n_topics"),
        ("no such file", "u.txt"),
        ("not text", "not text"),
        ("no comments", "at least one comment"),
        ("out is a file", "--out"),
        ("new over a study", "another folder"),
        ("new without the file", "nothing.txt"),
        ("new of an article alone", "at least one comment"),
        ("new of two formats", "one format"),
        ("new without a text column", "text"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path, capsys, case, word):
    code, _, err = run(capsys, *mistake(tmp_path, case))
    lines = [line for line in err.splitlines() if line.startswith("threadline: ")]
    assert code == 2 and len(lines) == 1 and word in lines[0] and "Traceback" not in err


def started(*argv, before=lambda: None):
    """A command in a process of its own, which heeds Ctrl-C also where the tests run in the background."""

    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        before()

    command = [sys.executable, "-m", "analysis", *map(str, argv)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=prepare)


def test_two_at_once_give_the_same_and_leave_nothing(tmp_path, thread, capsys):
    run(capsys, "new", tmp_path / "study", thread)
    two = [started("ingest", tmp_path / "study", "--out", tmp_path / "out") for _ in range(2)]
    ended = [(*one.communicate(), one.returncode) for one in two]
    assert [code for _, _, code in ended] == [0, 0], ended
    run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "alone")
    for path in (tmp_path / "alone" / "tables").iterdir():
        assert (tmp_path / "out" / "tables" / path.name).read_bytes() == path.read_bytes()
    assert not [path for path in tmp_path.rglob(".*") if path.name not in (".threadline", ".gitignore")]


def test_two_reports_at_once_are_the_same_report(tmp_path, thread, capsys):
    run(capsys, "new", tmp_path / "study", thread)
    two = [started("report", tmp_path / "study", "--out", tmp_path / "out", "--only", "1_corpus") for _ in range(2)]
    ended = [(*one.communicate(), one.returncode) for one in two]
    assert [code for _, _, code in ended] == [0, 0], ended
    run(capsys, "report", tmp_path / "study", "--out", tmp_path / "alone", "--only", "1_corpus")
    alone = {path.relative_to(tmp_path / "alone") for path in (tmp_path / "alone").rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()} == alone
    for name in alone - {Path("provenance.json")}:  # it has the seconds of each run
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    assert not list(tmp_path.rglob("*.part"))


def test_a_full_disk_is_one_line_and_the_old_table_stays(tmp_path, thread, capsys):
    run(capsys, "new", tmp_path / "study", thread)
    run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "out")
    path = tmp_path / "out" / "tables" / "comments.parquet"
    before = path.read_bytes()

    def no_room():  # a file may have so many bytes and no more, and writing says so instead of ending the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    one = started("ingest", tmp_path / "study", "--out", tmp_path / "out", before=no_room)
    _, said = one.communicate()
    assert one.returncode == 2 and "could not be written: File too large" in said and "Traceback" not in said, said
    assert path.read_bytes() == before and not list(tmp_path.rglob("*.part"))


STOPPED = "Stopped. What was computed is kept; the same command goes on from there."


@pytest.mark.parametrize(("how", "codes"), [(signal.SIGINT, (130, -signal.SIGINT)), (signal.SIGTERM, (143,))])
def test_an_interrupt_is_one_line(tmp_path, thread, capsys, how, codes):
    run(capsys, "new", tmp_path / "study", thread)
    one = started("ingest", tmp_path / "study", "--out", tmp_path / "out")
    assert "…" in one.stderr.readline()  # in the midst of its work
    one.send_signal(how)
    _, said = one.communicate()
    assert one.returncode in codes, "a shell sees 130 for both of SIGINT"
    assert STOPPED in said and "Traceback" not in said, said
    assert run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "out")[0] == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_notebooks_run_leaves_the_old_report_and_no_kernel(tmp_path, thread, capsys, how):
    study, out = tmp_path / "study", tmp_path / "out"
    run(capsys, "new", study, thread)
    run(capsys, "ingest", study, "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    one = started("report", study, "--out", out, "--only", "1_corpus")
    while "executing the notebooks" not in one.stderr.readline():
        assert one.poll() is None
    kernels = psutil.Process(one.pid).children(recursive=True)
    while not kernels and one.poll() is None:
        kernels = psutil.Process(one.pid).children(recursive=True)
    one.send_signal(how)
    _, said = one.communicate()
    assert one.returncode in (130, -signal.SIGINT, 143) and STOPPED in said and "Traceback" not in said, said
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not psutil.wait_procs(kernels, timeout=60)[1] and not list(tmp_path.rglob("*.part"))


def as_anyone():
    """In a new process: root is held to what a folder allows, as others are."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


@pytest.mark.skipif(sys.platform != "linux", reason="how root is held to it is Linux's")
@pytest.mark.parametrize("what", ["study", "out"])
def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, thread, capsys, what):
    study, out = tmp_path / "study", tmp_path / "out"
    run(capsys, "new", study, thread)
    run(capsys, "check", study)
    out.mkdir()
    closed = [path for path in (study, *study.rglob("*")) if path.is_dir()] if what == "study" else [out]
    for folder in closed:
        folder.chmod(0o555)
    one = started("ingest", study, "--out", out, before=as_anyone)
    _, said = one.communicate()
    for folder in closed:
        folder.chmod(0o755)
    if what == "study":  # nothing more can be kept, and all is computed
        assert one.returncode == 0 and (out / "tables" / "comments.parquet").is_file(), said
        assert [path.name[:7] for path in (study / ".threadline").iterdir() if path.is_dir()] == ["corpus-"]
    else:
        assert one.returncode == 2 and said.count("threadline: ") == 1 and "--out" in said, said
        assert not list(out.iterdir())
    assert "Traceback" not in said


def test_a_cache_of_an_older_version_is_not_used_and_said(tmp_path, thread, capsys, monkeypatch):
    run(capsys, "new", tmp_path / "study", thread)
    run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "out")
    before = (tmp_path / "out" / "tables" / "SHA256SUMS").read_bytes()
    monkeypatch.setattr("analysis.run.steps.code_of", lambda module: f"other code of {module}")
    code, _, said = run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "out")
    assert code == 0 and "computed anew: corpus, " in said and "sentiment_by_period" in said
    assert (tmp_path / "out" / "tables" / "SHA256SUMS").read_bytes() == before


def test_a_damaged_kept_result_is_said_and_mended(tmp_path, thread, capsys):
    run(capsys, "new", tmp_path / "study", thread)
    run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "out")
    before = (tmp_path / "out" / "tables" / "SHA256SUMS").read_bytes()
    (kept,) = (tmp_path / "study" / ".threadline").glob("sentiment-*/comments.parquet")
    kept.write_bytes(kept.read_bytes()[:-1])
    code, _, said = run(capsys, "ingest", tmp_path / "study", "--out", tmp_path / "out")
    assert code == 0 and "The kept result of 'sentiment' was damaged: it was removed and computed anew." in said
    assert (tmp_path / "out" / "tables" / "SHA256SUMS").read_bytes() == before


def test_the_command_and_the_module_are_the_same():
    out = subprocess.run(
        [sys.executable, "-m", "analysis", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("new", "check", "ingest", "report", "lab"):
        assert f"  {command} " in out


def test_help_is_quick_to_import():
    code = "import sys, analysis.cli; sys.exit(any(m in sys.modules for m in ('pandas', 'matplotlib', 'numba', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_status_says_what_is_kept_and_clean_removes_what_is_of_no_use(tmp_path, thread, capsys):
    study = tmp_path / "study"
    run(capsys, "new", study, thread)
    code, out, _ = run(capsys, "status", study)
    assert code == 0 and out.count("to compute") == len(STEPS) and "earlier" not in out
    run(capsys, "check", study)
    _, out, _ = run(capsys, "status", study)
    assert out.splitlines()[1].split()[:2] == ["corpus", "kept"] and out.count("to compute") == len(STEPS) - 1
    settings = study / "study.toml"
    settings.write_text(settings.read_text().replace('timezone = "UTC"', 'timezone = "Asia/Tokyo"'))
    _, out, _ = run(capsys, "status", study)
    assert out.count("to compute") == len(STEPS) and "Of other inputs, settings or versions: 1," in out
    run(capsys, "check", study)
    code, out, _ = run(capsys, "clean", study)
    assert code == 0 and out.startswith("Removed 1 kept results")
    _, out, _ = run(capsys, "status", study)
    assert out.splitlines()[1].split()[:2] == ["corpus", "kept"]
    Store(study / ".threadline").write("vectors", "d" * 40, {"vectors": np.zeros(250_000)})
    assert "Removed 0 kept" in run(capsys, "clean", study)[1], "texts are encoded once in the life of a study"
    assert re.search(r"vectors +kept +2\.0", run(capsys, "status", study)[1])
    assert run(capsys, "clean", study, "--all")[1].startswith("Removed 2 kept")
    assert run(capsys, "status", study)[1].count("to compute") == len(STEPS)


def test_a_step_that_was_interrupted_is_shown_as_unfinished_and_goes_on(tmp_path, capsys, monkeypatch):
    study, detected = tmp_path / "study", []
    texts = "".join(f"The ferry number {i} was late again.\n" for i in range(12))
    (tmp_path / "c.csv").write_text("text\n" + texts)
    run(capsys, "new", study, tmp_path / "c.csv")
    monkeypatch.setattr("analysis.run.context.PART", 5)

    def stop(message, done, total):
        if message == "detecting languages":
            detected.append(done)
            if done == 10:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _ = open_study(study, stop).corpus
    _, out, _ = run(capsys, "status", study)
    assert [line.split()[:2] for line in out.splitlines() if "goes on" in line] == [["corpus", "unfinished"]]
    detected.clear()
    _ = open_study(study, lambda message, done, _: message == "detecting languages" and detected.append(done)).corpus
    assert detected == [12], "the last part alone"
    assert "unfinished" not in run(capsys, "status", study)[1], "and the parts are gone"


def test_a_scheduler_on_the_command_line_reaches_the_steps_and_the_notebooks(tmp_path, thread, capsys, monkeypatch):
    study, seen = tmp_path / "study", []
    run(capsys, "new", study, thread)
    code, _, err = run(capsys, "ingest", study, "--out", tmp_path / "out", "--scheduler", "somewhere")
    assert code == 2 and "--scheduler" in err and "tcp://host:8786" in err

    @contextmanager
    def note(scheduler, message):
        seen.append(scheduler)
        yield Here()

    async def executed(self, env):
        seen.append(env["THREADLINE_SCHEDULER"])

    monkeypatch.setattr("analysis.run.parts.cluster", note)
    monkeypatch.setattr("nbclient.NotebookClient.async_execute", executed)
    run(capsys, "report", study, "--out", tmp_path / "out", "--scheduler", "tcp://a:1", "--only", "1_corpus")
    assert len(seen) > 1 and set(seen) == {"tcp://a:1"}
    assert "tcp://a:1" not in (tmp_path / "out" / "provenance.json").read_text()
    monkeypatch.setenv("THREADLINE_SCHEDULER", "tcp://b:2")
    assert open_study(study).settings.compute.scheduler == "tcp://b:2"
