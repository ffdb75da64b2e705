"""threadline …: the commands, each a few calls of the study and the report."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import sys
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.commands import command, option, parser

if TYPE_CHECKING:
    from analysis.study import Study

EXIT_OK, EXIT_FAILED, EXIT_INPUT = 0, 1, 2

CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
STUDY = option("study", "STUDY", help="the study folder")
OUT = option("--out", "DIR", help="where to write; default reports/<study folder's name>")
SCHEDULER = option("--scheduler", "ADDRESS", help="a Dask scheduler in place of the one in study.toml")


@contextmanager
def _study(arguments: argparse.Namespace, **changes: str | None) -> Iterator[Study]:
    """The study of a command, with progress; pandas and the rest are imported only now.

    At its end it is said which kept results were damaged, and which were made of something else.
    """
    from analysis.run.progress import Bar
    from analysis.study import open_study

    study = open_study(arguments.study, bar := Bar(), **changes)
    yield study
    bar.close()
    for step in dict.fromkeys(study.store.damaged):
        print(f"The kept result of {step!r} was damaged: it was removed and computed anew.", file=sys.stderr)
    if older := ", ".join(study.store.older):
        print(f"Kept results were of other inputs, settings or versions; computed anew: {older}.", file=sys.stderr)


def _out(arguments: argparse.Namespace) -> Path:
    return Path(arguments.out) if arguments.out else Path("reports") / Path(arguments.study).resolve().name


@command(
    option("folder", "FOLDER", help="the study folder to make"),
    option("files", "FILES", nargs="+", help="thread files, or tables of comments and of articles"),
    option("--title", help="the study's title; default the folder's name"),
    option("--timezone", default="UTC", help="zone of dates that state none, such as Europe/Paris; default UTC"),
)
def new(arguments: argparse.Namespace) -> None:
    """Write a first study.toml from what the files show."""
    from analysis.corpus.proposal import propose, write

    folder = Path(arguments.folder)
    proposal = propose(folder, arguments.files, title=arguments.title or "", timezone=arguments.timezone)
    path = write(proposal)
    for line in proposal.seen:
        print(line)
    print(f"Wrote {path}. Read it, correct it, then: threadline check {arguments.folder}")


@command(
    option("report", "REPORT", help="the report's folder"),
    option("study", "STUDY", help="the study folder that it was made of"),
)
def verify(arguments: argparse.Namespace) -> int:
    """Run a report's study again and say whether every table comes out the same."""
    from analysis.report import verify

    verify.read_provenance(Path(arguments.report))  # a wrong folder is said before anything is computed
    with _study(arguments) as study:
        verdict = verify.verify(Path(arguments.report), study)
    print(verdict)
    return EXIT_OK if verdict.holds else EXIT_FAILED


@command(
    STUDY,
    option("--privacy", "REPORT", help="search a finished report for names, addresses and comments instead"),
)
def check(arguments: argparse.Namespace) -> int:
    """Read a study and say what was found."""
    if arguments.privacy:
        from analysis.report.site import own_words

        with _study(arguments) as study:
            found = study.search(Path(arguments.privacy), own_words())
        print(found)
        return EXIT_FAILED if found.leaks else EXIT_OK
    from analysis.findings.shown import show
    from analysis.topics.labels import read_labels

    with _study(arguments) as study:
        corpus, _ = study.corpus, read_labels(study.settings.folder)  # the latter for what may be wrong in it
    print(repr(study))
    print(repr(show(study.tables.summary)))
    for reason, n in corpus.rejects["reason"].value_counts().sort_index().items():
        print(f"rejected, {reason}: {n:,}")
    for note in corpus.notes.head(20).itertuples():
        print(f"note: {note.source_file}, line {note.line}: {note.note}")
    if len(corpus.notes) > 20:
        print(f"note: {len(corpus.notes) - 20:,} more; see 1_corpus in the report")
    return EXIT_OK


@command(STUDY, OUT, SCHEDULER)
def ingest(arguments: argparse.Namespace) -> None:
    """Write every table, and no page."""
    from analysis.report import site

    with _study(arguments, scheduler=arguments.scheduler) as study:
        place = site.ingest(study, _out(arguments))
    print(f"Tables: {place}")


@command(
    STUDY,
    OUT,
    SCHEDULER,
    option("--title", help="a title in place of the one in study.toml"),
    option("--only", "NOTEBOOK", action="append", help="make this page alone, as 4_over_time; may be repeated"),
)
def report(arguments: argparse.Namespace) -> int:
    """Build the HTML report, its tables and its provenance."""
    from analysis.report.site import build_report

    start = time.perf_counter()
    with _study(arguments, title=arguments.title, scheduler=arguments.scheduler) as study:
        built = build_report(study, _out(arguments), only=arguments.only or ())
    for failure in built.failures:
        print(f"A notebook failed; its page says what there is up to there.\n{failure}", file=sys.stderr)
    if built.own:
        print(f"Pages by the study's own notebooks: {', '.join(built.own)}. Before you share them:")
        print(f"threadline check {arguments.study} --privacy {built.index.parent}")
    print(f"Report: {built.index} ({time.perf_counter() - start:.0f} s)")
    return EXIT_FAILED if built.failures else EXIT_OK


@command(STUDY)
def labels(arguments: argparse.Namespace) -> None:
    """Write the topics for you to name, merge, split, drop and group; it stays with them as the corpus grows."""
    import pandas as pd

    from analysis.trends.wording import name_of

    with _study(arguments) as study:
        history, topics = study.tables.topic_history, study.topics.table
        path = study.write_labels()
    for row in history.itertuples():
        now = "" if row.topic is pd.NA else f" -> {name_of(row.topic, topics)}"
        print(f"{row.what}: {row.before if row.what != 'new' else ''}{now}")
    print(f"Wrote {path}: change label, change and group, then: threadline report {arguments.study}")


@command(
    STUDY,
    option("--n", type=int, help="comments to draw, 300 if you do not say; a sample that was drawn is made larger"),
    option("--rare", action="store_true", help="draw as many of each class of the scores: more of rare classes"),
    option("--read", "FILE", help="take codes of Label Studio, or of a table with an id and a label"),
    option("--plan", action="store_true", help="say how many codes would buy what"),
    option("--port", type=int, default=0, help="the page's port; default any that is free"),
    option("--no-browser", action="store_true", help="say the page's address, and open no browser"),
    option("--topics", action="store_true", help="ask too which of six words is of another topic than the others"),
    option("--coders", "A,B", help="no page: a sheet for each of these, to be filled in with a spreadsheet"),
    option("--xlsx", action="store_true", help="sheets in xlsx, not in csv"),
)
def code(arguments: argparse.Namespace) -> None:
    """Open the page on which people code comments that are drawn by chance, or write sheets for them."""
    from analysis.people import planning

    if arguments.read:
        from analysis.people.other_codes import read_other

        with _study(arguments) as study:
            codes, folder = study.settings.codes, study.settings.folder / "coded"
        paths, odd = read_other(Path(arguments.read), folder, codes.classes, tuple(codes.labels))
        print("\n".join([*odd, *map(str, paths)]))
        return
    if arguments.plan:
        with _study(arguments) as study:
            table, learned = study.plan_coding(), study.tables.learning
        print("\n".join([*planning.said(table), *planning.learned(learned)]))
        return
    if arguments.coders is not None:
        n = 300 if arguments.n is None else arguments.n
        coders = [name for name in map(str.strip, arguments.coders.split(",")) if name]
        with _study(arguments) as study:
            paths = study.write_coding_sheets(n, coders, rare=arguments.rare, xlsx=arguments.xlsx)
        for path in paths:
            print(path)
        rules = paths[0].parent / "RULES.txt"
        print(f"The rules: {rules}. When the sheets are filled: threadline report {arguments.study}")
        return
    with _study(arguments) as study:
        served = study.code(arguments.n, arguments.port, rare=arguments.rare, topics=arguments.topics)
    print(f"The coding page, for this machine alone: {served.url}", flush=True)
    if arguments.no_browser or not webbrowser.open(served.url):
        print(f"No browser was opened. From elsewhere: ssh -L {served.port}:127.0.0.1:{served.port} THIS-MACHINE")
    print("Every key is kept at once. Ctrl-C ends the page; the same command goes on from there.", flush=True)
    with suppress(KeyboardInterrupt):
        served.wait()
    served.close()
    print(f"\nWhat the codes say: threadline report {arguments.study}")


@command(STUDY)
def freeze(arguments: argparse.Namespace) -> None:
    """Write down what is planned, before scores are opened: findings then say what was planned and what explored."""
    from analysis.findings import plan

    with _study(arguments) as study:
        opened = study.is_scored
        path = plan.freeze(study.settings, opened)
    print(f"Wrote {path}, {'after' if opened else 'before'} scores were first computed here. Keep it with the study.")


@command(STUDY)
def robustness(arguments: argparse.Namespace) -> None:
    """Compute otherwise what the report tells of change, and write robustness.csv: what survives, and what does not."""
    from analysis.findings import robustness
    from analysis.findings.shown import show
    from analysis.trends.specifications import claims

    with _study(arguments) as study:
        t, older = study.tables, list(study.store.older)
        told = claims(t.change_points, t.slopes, t.comparisons)
        of = (told, len(t.topics), study.settings)
        table = robustness.computed(*of, lambda **changes: study.with_(**changes).comments)
        study.store.older[:] = older  # what is kept of the study itself is no older than what was computed otherwise
    if table.empty:
        print("Nothing is told of change: there is nothing to compute otherwise.")
        return
    path = robustness.write(study.settings.folder, table)
    print(repr(show(robustness.summary(table), topics=study.topics.table, rows=60)))
    print(f"Wrote {path}. Each finding now says in how many ways it holds: threadline report {arguments.study}")


@command(STUDY)
def private(arguments: argparse.Namespace) -> None:
    """Write a page of the comments themselves, for you alone: of a topic, of a point of a curve, of a disagreement."""
    from analysis.report import private

    with _study(arguments) as study:
        path = private.write(study)
    print(f"Wrote {path}: the comments word for word, for you alone. It is no part of a report; git ignores it.")


@command(STUDY)
def status(arguments: argparse.Namespace) -> None:
    """Say what is kept of a study's results."""
    from analysis.report.kept import said

    with _study(arguments) as study:
        for line in said(study):
            print(line)


@command(STUDY, option("--all", action="store_true", help="remove every kept result"))
def clean(arguments: argparse.Namespace) -> None:
    """Remove kept results that are of no use any more."""
    from analysis.report.kept import in_use
    from analysis.run.store import FOLDER, entries
    from analysis.settings import writing

    with _study(arguments) as study:
        folder = study.settings.folder / FOLDER
        kept = entries(folder)
        used = [] if arguments.all else in_use(study, kept)
    removed = [e for e in kept if e not in used]
    with writing(folder, "a folder of kept results", "Remove the folder by hand."):
        for entry in removed:
            shutil.rmtree(entry.path)
    print(f"Removed {len(removed)} kept results, {sum(e.n_bytes for e in removed) / 1e6:.1f} MB.")


@command(STUDY, option("jupyter", "OPTION", nargs="*", help="options of jupyter lab, after --"))
def lab(arguments: argparse.Namespace) -> None:
    """Open the notebooks on a study in JupyterLab."""
    from analysis.report.notebooks import copy_to
    from analysis.settings import VARIABLE

    with _study(arguments) as opened:
        study = opened.settings.folder
    folder = copy_to(study)
    print(f"The study's notebooks: {folder}. What you change there, `threadline report` executes.")
    command = [sys.executable, "-m", "jupyterlab", str(folder), *arguments.jupyter]
    os.execve(command[0], command, {**os.environ, VARIABLE: str(study.resolve())})  # noqa: S606 (this Python)


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does; after a plain KeyboardInterrupt Python may end itself by SIGINT."""


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; a mistake of the user's, or an interrupt, is one line and an exit code of its own."""
    arguments = parser().parse_args(argv)
    from analysis.settings import StudyError  # what help and a wrong option need not wait for

    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return arguments.run(arguments) or EXIT_OK
    except BrokenPipeError:
        return EXIT_OK
    except StudyError as error:
        print(f"threadline: {error}", file=sys.stderr)
        return EXIT_INPUT
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        print(
            f"threadline: a file could not be written: {error.strerror}: {error.filename or 'no name given'}. What was "
            "finished is kept: make room, or name another folder with --out, and run the same command again.",
            file=sys.stderr,
        )
        return EXIT_INPUT
    except KeyboardInterrupt as error:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one, while Python ends, would show where it is
        print("Stopped. What was computed is kept; the same command goes on from there.", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, before)
