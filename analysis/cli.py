"""threadline …: the commands, each a few calls of the study and the report."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.run.progress import Bar
from analysis.settings import STUDY_FILE, StudyError

if TYPE_CHECKING:
    from analysis.run.store import Entry
    from analysis.study import Study

EXIT_OK, EXIT_FAILED, EXIT_INPUT = 0, 1, 2

CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def _study(folder: str, bar: Bar | None = None, **changes: str | None) -> Study:
    """The study of a command; pandas and the rest are imported only now."""
    from analysis.study import open_study

    return open_study(folder, bar, **changes)


def _names(given: str) -> list[str]:
    return [name for name in (part.strip() for part in given.split(",")) if name]


def _mended(study: Study) -> None:
    """Say which kept results were damaged, and which were made of something else."""
    for step in dict.fromkeys(study.store.damaged):
        print(f"The kept result of {step!r} was damaged: it was removed and computed anew.", file=sys.stderr)
    if older := ", ".join(study.store.older):
        print(f"Kept results were of other inputs, settings or versions; computed anew: {older}.", file=sys.stderr)


def _out(arguments: argparse.Namespace) -> Path:
    return Path(arguments.out) if arguments.out else Path("reports") / Path(arguments.study).resolve().name


def new(arguments: argparse.Namespace) -> int:
    """Write a first study.toml from what the files show."""
    from analysis.corpus.proposal import propose, write

    proposal = propose(
        Path(arguments.folder), arguments.files, title=arguments.title or "", timezone=arguments.timezone
    )
    path = write(proposal)
    for line in proposal.seen:
        print(line)
    print(f"Wrote {path}. Read it, correct it, then: threadline check {arguments.folder}")
    return EXIT_OK


def check(arguments: argparse.Namespace) -> int:
    """Read the study, and say what was found without writing anything but kept results."""
    bar = Bar()
    study = _study(arguments.study, bar)
    if arguments.privacy:
        from analysis.report.site import own_words

        found = study.search(Path(arguments.privacy), own_words())
        bar.close()
        print(found)
        return EXIT_FAILED if found.leaks else EXIT_OK
    from analysis.report.tables import show

    corpus = study.corpus
    bar.close()
    _mended(study)
    print(repr(study))
    print(repr(show(study.tables.summary)))
    reasons = corpus.rejects["reason"].value_counts().sort_index()
    for reason, n in reasons.items():
        print(f"rejected, {reason}: {n:,}")
    for note in corpus.notes.head(20).itertuples():
        print(f"note: {note.source_file}, line {note.line}: {note.note}")
    if len(corpus.notes) > 20:
        print(f"note: {len(corpus.notes) - 20:,} more; see 1_corpus in the report")
    return EXIT_OK


def ingest(arguments: argparse.Namespace) -> int:
    """Write the tables, and no page."""
    from analysis.report.site import ingest as write

    bar = Bar()
    study = _study(arguments.study, bar, scheduler=arguments.scheduler)
    place = write(study, _out(arguments))
    bar.close()
    _mended(study)
    print(f"Tables: {place}")
    return EXIT_OK


def report(arguments: argparse.Namespace) -> int:
    """Build the report."""
    from analysis.report.site import build_report

    bar = Bar()
    start = time.perf_counter()
    study = _study(arguments.study, bar, title=arguments.title, scheduler=arguments.scheduler)
    built = build_report(study, _out(arguments), bar, only=arguments.only or ())
    bar.close()
    _mended(study)
    for failure in built.failures:
        print(f"A notebook failed; its page says what there is up to there.\n{failure}", file=sys.stderr)
    if built.own:
        print(f"Pages by the study's own notebooks: {', '.join(built.own)}. Before you share them:")
        print(f"threadline check {arguments.study} --privacy {built.index.parent}")
    print(f"Report: {built.index} ({time.perf_counter() - start:.0f} s)")
    return EXIT_FAILED if built.failures else EXIT_OK


def export(arguments: argparse.Namespace) -> int:
    """Write the corpus in another tool's format."""
    from analysis.corpus.convokit import write_convokit

    bar = Bar()
    study = _study(arguments.study, bar)
    out = Path(arguments.out) if arguments.out else _out(arguments) / arguments.to
    comments = study.partitioned.whole() if study.is_modelled else study.corpus.comments
    write_convokit(study.corpus, comments, out, title=study.settings.title, progress=bar)
    bar.close()
    _mended(study)
    left = "" if study.is_modelled else " Topics and sentiment are not in it: `threadline report` computes them."
    print(f"ConvoKit: {out}, {len(comments):,} comments, texts word for word.{left}")
    return EXIT_OK


def labels(arguments: argparse.Namespace) -> int:
    """Write the topics for people to name; names that were given stay."""
    from analysis.plots.wording import name_of

    bar = Bar()
    study = _study(arguments.study, bar)
    history, topics = study.tables.topic_history, study.topics.table
    path = study.write_labels()
    bar.close()
    _mended(study)
    for row in history.itertuples():
        now = "" if row.what == "gone" else f" -> {name_of(row.topic, topics)}"
        print(f"{row.what}: {row.before if row.what != 'new' else ''}{now}")
    print(f"Wrote {path}: change the column label, then: threadline report {arguments.study}")
    return EXIT_OK


def code(arguments: argparse.Namespace) -> int:
    """Draw comments for people to code, and write a sheet for each coder."""
    bar = Bar()
    paths = _study(arguments.study, bar).write_coding_sheets(arguments.n, _names(arguments.coders))
    bar.close()
    for path in paths:
        print(path)
    rules = paths[0].parent / "RULES.txt"
    print(f"The rules: {rules}. When the sheets are filled: threadline report {arguments.study}")
    return EXIT_OK


def intrusion(arguments: argparse.Namespace) -> int:
    """Write the sheets on which people judge the topics, or score what they wrote."""
    from analysis.report.tables import show

    bar = Bar()
    study = _study(arguments.study, bar)
    if not arguments.read:
        raters = _names(arguments.raters)
        if not raters or any(not name.replace("-", "").replace("_", "").isalnum() for name in raters):
            raise StudyError(
                expected="names of raters, of letters and digits, divided by commas",
                found=repr(arguments.raters),
                where="--raters",
                remedy="As in --raters anna,brian.",
            )
        for path in study.write_intrusion_sheets(raters):
            print(path)
        bar.close()
        print(
            "In each row, write into `odd` the number of the word, or of the topic, that does not belong. The answers "
            f"lie in `intrusion/answers`: not for raters. Then: threadline intrusion {arguments.study} --read"
        )
        return EXIT_OK
    for row in study.tables.intrusion_problems.itertuples():
        print(f"{row.file}{'' if row.line is None or row.line != row.line else f', line {row.line}'}: {row.problem}")
    print(repr(show(study.tables.intrusion, shares=("estimate", "by_chance"))))
    bar.close()
    return EXIT_OK


def _age(seconds: float) -> str:
    """How long ago, in the largest unit of which there is one."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            n = int(seconds // length)
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    return "just now"


def _in_use(study: Study, kept: list[Entry]) -> list[Entry]:
    """What of the kept is of use as things are now: steps, executed notebooks, and vectors, which never age."""
    from analysis.report.notebooks import kept_digest, notebooks_of
    from analysis.run.store import DIGITS, NOTEBOOK, VECTORS

    books = [kept_digest(study, notebook) for notebook in notebooks_of(study.settings.folder) if not notebook.own]
    now = {f"{step}-{digest[:DIGITS]}" for step, digest in study.digests.items()}
    now |= {f"{NOTEBOOK}-{digest[:DIGITS]}" for digest in books}
    return [e for e in kept if e.path.name in now or e.step == VECTORS]


def status(arguments: argparse.Namespace) -> int:
    """Say which steps' results are kept, how large and how old, and which are of use as things are now."""
    from analysis.run.store import DIGITS, NOTEBOOK, PART, VECTORS, entries

    study = _study(arguments.study)
    kept, now = entries(study.store.folder), study.digests
    print(f"{'step':25} {'state':13} {'MB':>7} {'took':>8}  written")

    def line(name: str, state: str, some: list[Entry], took: str = "", further: str = "") -> None:
        size, age = sum(e.n_bytes for e in some) / 1e6, _age(time.time() - max(e.written_at for e in some))
        print(f"{name:25} {state:13} {size:7.1f} {took:>8}  {age}{further}")

    for step, digest in now.items():
        if of := [e for e in kept if e.step == step and e.digest == digest[:DIGITS]]:
            line(step, "kept", of[:1], f"{of[0].seconds:6.1f} s")
        else:
            print(f"{step:25} {'to compute':13} {'':7} {'':8}")
    used = _in_use(study, kept)
    for name, called in ((NOTEBOOK, "notebooks"), (VECTORS, VECTORS)):
        if some := [e for e in used if e.step == name]:
            line(called, "kept", some)
    unfinished = [e for e in kept if e.step.startswith(PART)]
    for step in dict.fromkeys(e.step for e in unfinished):
        some = [e for e in unfinished if e.step == step]
        line(step.removeprefix(PART), "unfinished", some, further="; the next run goes on from it")
    if old := [e for e in kept if e not in used and e not in unfinished]:
        size, oldest = sum(e.n_bytes for e in old) / 1e6, _age(time.time() - min(e.written_at for e in old))
        print(f"Of other inputs, settings or versions: {len(old)}, {size:.1f} MB, the oldest written {oldest}.")
        print(f"`threadline clean {arguments.study}` removes them; with --all, everything that is kept.")
    return EXIT_OK


def clean(arguments: argparse.Namespace) -> int:
    """Remove kept results: those that are of no use as things are now, or all."""
    from analysis.run.store import FOLDER, entries, remove
    from analysis.settings import read_settings

    kept = entries(read_settings(arguments.study).folder / FOLDER)
    if not arguments.all:
        used = _in_use(_study(arguments.study), kept)
        kept = [e for e in kept if e not in used]
    try:
        freed = remove(kept)
    except OSError as error:
        raise StudyError(
            expected="kept results that can be removed",
            found=error.strerror or str(error),
            where=str(Path(arguments.study) / FOLDER),
            remedy="Remove the folder by hand.",
        ) from None
    print(f"Removed {len(kept)} kept results, {freed / 1e6:.1f} MB.")
    return EXIT_OK


def verify(arguments: argparse.Namespace) -> int:
    """Run the study of a report again, and say whether every table comes out the same."""
    from analysis.report.verify import read_provenance
    from analysis.report.verify import verify as run_again

    read_provenance(Path(arguments.report))  # a wrong folder is said before anything is computed
    bar = Bar()
    verdict = run_again(Path(arguments.report), _study(arguments.study, bar), bar)
    bar.close()
    print(verdict)
    return EXIT_OK if verdict.holds else EXIT_FAILED


def lab(arguments: argparse.Namespace) -> int:
    """Open the notebooks on a study in JupyterLab: the study's own copies, which may be changed."""
    from analysis.report.notebooks import copy_to
    from analysis.settings import VARIABLE

    study = _study(arguments.study).settings.folder
    folder = copy_to(study)
    print(f"The study's notebooks: {folder}. What you change there, `threadline report` executes.")
    command = [sys.executable, "-m", "jupyterlab", str(folder), *arguments.jupyter]
    os.execve(command[0], command, {**os.environ, VARIABLE: str(study.resolve())})
    return EXIT_OK


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="threadline",
        description="Topics and sentiment of news comments over time, in figures that a reviewer can believe.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, function: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=function)
        return command

    command = add("new", new, f"write a first {STUDY_FILE} from what the files show")
    command.add_argument("folder", metavar="FOLDER", help="the study folder to make")
    command.add_argument(
        "files", metavar="FILES", nargs="+", help="thread files, or tables of comments and of articles"
    )
    command.add_argument("--title", help="the study's title; default the folder's name")
    command.add_argument(
        "--timezone", default="UTC", help="zone of dates that state none, such as Europe/Paris; default UTC"
    )
    command = add("verify", verify, "run a report's study again and say whether every table comes out the same")
    command.add_argument("report", metavar="REPORT", help="the report's folder")
    command.add_argument("study", metavar="STUDY", help="the study folder that it was made of")
    for name, function, text in (
        ("check", check, "read a study and say what was found"),
        ("ingest", ingest, "write every table, and no page"),
        ("export", export, "write the corpus in another tool's format"),
        ("report", report, "build the HTML report, its tables and its provenance"),
        ("labels", labels, "write the topics for you to name; names stay with them as the corpus grows"),
        ("code", code, "draw comments for people to code, and write a sheet for each coder"),
        ("intrusion", intrusion, "write sheets on which people judge the topics, or score what they wrote"),
        ("status", status, "say what is kept of a study's results"),
        ("clean", clean, "remove kept results that are of no use any more"),
        ("lab", lab, "open the notebooks on a study in JupyterLab"),
    ):
        command = add(name, function, text)
        command.add_argument("study", metavar="STUDY", help="the study folder")
        if name == "check":
            command.add_argument(
                "--privacy", metavar="REPORT", help="search a finished report for names, addresses and comments instead"
            )
        if name == "code":
            command.add_argument("--n", type=int, default=300, help="comments to draw; default 300")
            command.add_argument("--coders", metavar="A,B", default="a,b", help="who will code; a sheet each")
        if name == "intrusion":
            command.add_argument("--raters", metavar="A,B", default="a", help="who will answer; a sheet each")
            command.add_argument("--read", action="store_true", help="score the sheets that are there")
        if name == "export":
            command.add_argument("--to", choices=["convokit"], required=True, help="the format")
            command.add_argument(
                "--out", metavar="DIR", help="the folder; default reports/<study folder's name>/convokit"
            )
        if name in ("ingest", "report"):
            command.add_argument("--out", metavar="DIR", help="where to write; default reports/<study folder's name>")
            command.add_argument(
                "--scheduler", metavar="ADDRESS", help="a Dask scheduler in place of the one in study.toml"
            )
        if name == "report":
            command.add_argument("--title", help="a title in place of the one in study.toml")
            command.add_argument(
                "--only",
                metavar="NOTEBOOK",
                action="append",
                help="make this page alone, as 4_over_time; may be repeated",
            )
        if name == "clean":
            command.add_argument("--all", action="store_true", help="remove every kept result")
        if name == "lab":
            command.add_argument("jupyter", nargs="*", metavar="OPTION", help="options of jupyter lab, after --")
    return top


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does."""


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; a mistake of the user's, or an interrupt, is one line and an exit code of its own."""
    arguments = parser().parse_args(argv)
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return arguments.run(arguments)
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
