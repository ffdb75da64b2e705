"""Executes the notebooks, renders the HTML site, writes tables and provenance."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.corpus.wording import plural
from analysis.report.tables import csv_bytes
from analysis.run.parts import PACKAGES
from analysis.run.store import digest_of, digest_of_file, work_folder
from analysis.settings import DATA, PROGRESS, SCHEDULER, TABLES, TITLE, VARIABLE, StudyError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from analysis.study import Study

Progress = Callable[[str, int, int], None]

TEMPLATES = Path(__file__).resolve().parent / "templates"
PARQUET = frozenset({"articles", "comments"})  # the large ones; the others are csv, for any tool
NOTEBOOKS = ("1_corpus", "2_topics", "3_sentiment", "4_over_time", "5_findings")
NAMES = {
    "1_corpus": "Corpus",
    "2_topics": "Topics",
    "3_sentiment": "Sentiment",
    "4_over_time": "Over time",
    "5_findings": "Findings in full",
}
CELL_SECONDS = 3600  # a cell that takes longer hangs
AT_ONCE = 2  # kernels at a time: each holds the corpus in memory


@dataclass(frozen=True)
class Built:
    """What a report's building gave.

    Attributes
    ----------
    index : Path
        The report's first page.
    failures : tuple of str
        One line for each notebook that failed: which cell, and why.
    """

    index: Path
    failures: tuple[str, ...]


def notebook_folder() -> Path:
    """Where the notebooks are: beside the package in a clone, inside it when installed.

    Raises
    ------
    StudyError
        If they are in neither place.
    """
    here = Path(__file__).resolve().parent.parent
    for folder in (here.parent / "notebooks", here / "notebooks"):
        if (folder / f"{NOTEBOOKS[0]}.ipynb").is_file():
            return folder
    raise StudyError(
        expected="the notebooks beside the package",
        found="none",
        where=str(here.parent),
        remedy="Clone the repository anew.",
    )


def own_words() -> list[str]:
    """What a report says whatever the corpus: the notebooks, the templates, and the rooms that make sentences."""
    import nbformat

    books = [nbformat.read(notebook_folder() / f"{name}.ipynb", as_version=4) for name in NOTEBOOKS]
    rooms = [*Path(__file__).parent.glob("*.py"), *(Path(__file__).parent.parent / "plots").glob("*.py")]
    pages = [*rooms, *(TEMPLATES / "threadline").glob("*.j2")]
    return [cell.source for book in books for cell in book.cells] + [page.read_text(encoding="utf-8") for page in pages]


# -------------------------------------------------------------------------------------------------- tables


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A folder to write to, whose files take their places in `out` when all are there: till then it is as it was."""
    try:
        work = work_folder(out, "report")
    except OSError as error:
        raise StudyError(
            expected="a folder that can be written",
            found=error.strerror or str(error),
            where=str(out),
            remedy="Name another with --out.",
        ) from None
    try:
        yield work
        for path in sorted(path for path in work.rglob("*") if path.is_file()):
            place = out / path.relative_to(work)
            place.parent.mkdir(exist_ok=True)
            path.replace(place)
    except OSError as error:
        if not error.filename or Path(error.filename).is_relative_to(work):
            error.filename = str(out)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def table_file(name: str) -> str:
    """Name of the file of a table."""
    return f"{name}.parquet" if name in PARQUET else f"{name}.csv"


def table_bytes(table: pd.DataFrame, name: str) -> bytes:
    """A table as its file's bytes: parquet or csv by its name; texts in a csv are inert in a spreadsheet."""
    if name in PARQUET:
        return table.to_parquet(index=False)
    return csv_bytes(table)


def table_digest(table: pd.DataFrame, name: str) -> str:
    """SHA-256 of a table's file; of a table that names files, of the same table without their names, sorted.

    So the digest says whether the content is the same, also where the inputs were only renamed.
    """
    import hashlib

    if "source_file" in table:
        table = table.drop(columns="source_file")
        by = [c for c in table.columns if c != "n_comments"]
        table = table.sort_values(by, kind="stable", ignore_index=True)
    return hashlib.sha256(table_bytes(table, name)).hexdigest()


def _write_table(path: Path, study: Study, name: str) -> dict[str, object]:
    """Write a table; give what provenance.json says of it. That of comments is in memory a partition at a time."""
    if name == "comments":
        table = study.partitioned
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_file(path)
        return {"sha256": digest_of_file(path), "rows": len(table), "columns": list(table.columns)}
    table = study.table(name)
    _write(path, table_bytes(table, name))
    return {"sha256": table_digest(table, name), "rows": len(table), "columns": list(table.columns)}


def write_tables(study: Study, out: Path, names: Iterable[str]) -> dict[str, dict[str, object]]:
    """Write tables under `out`/tables, with SHA256SUMS; give what provenance.json says of them."""
    said: dict[str, dict[str, object]] = {}
    sums = []
    for name in names:
        path = out / "tables" / table_file(name)
        said[path.name] = _write_table(path, study, name)
        sums.append(f"{digest_of_file(path)}  {path.name}\n")
    _write(out / "tables" / "SHA256SUMS", "".join(sums).encode())
    return said


def packages() -> dict[str, str]:
    """Versions of the packages that a report rests on, by name."""
    found = {}
    for name in sorted({*PACKAGES, "threadline", "matplotlib", "pyarrow", "nbclient", "nbconvert", "py3langid"}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def provenance(study: Study, tables: Mapping[str, object], seconds: Mapping[str, float]) -> dict[str, object]:
    """Everything that made a report: inputs, settings, seeds, versions, platform, tables, wall times.

    No path of this machine is in it: files are named relative to the study folder.
    """
    versions = packages()
    return {
        "threadline": versions["threadline"],
        "study": study.settings.folder.resolve().name,
        "title": study.settings.title,
        "inputs": study.inputs,
        "settings": study.settings_table,
        "seed": study.settings.seed,
        "packages": versions,
        "platform": {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()},
        "tables": dict(tables),
        # Of a kept result: how long it took when it was computed.
        "steps": {
            **{
                step: {"seconds": round(s, 2), "kept": study.store.kept[step]}
                for step, s in study.store.seconds.items()
            },
            **{step: {"seconds": round(s, 2), "kept": False} for step, s in seconds.items()},
        },
    }


def ingest(study: Study, out: Path) -> Path:
    """Write every table and provenance.json under `out`, and no page; give the tables' folder."""
    _free(out, study)
    study.store.check()
    start = time.perf_counter()
    with _whole(out) as work:
        tables = write_tables(study, work, TABLES)
        said = provenance(study, tables, {"tables": time.perf_counter() - start})
        _write(work / "provenance.json", (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())
    return out / "tables"


# ----------------------------------------------------------------------------------------------- notebooks


def _free(out: Path, study: Study) -> None:
    """Refuse to write where it cannot be, or into the study itself."""
    if out.exists() and not out.is_dir():
        raise StudyError(
            expected="a folder to write to", found="a file", where=str(out), remedy="Name another with --out."
        )
    if out.resolve() == study.settings.folder.resolve():
        raise StudyError(
            expected="a folder other than the study's",
            found="the study folder",
            where=str(out),
            remedy="Name another with --out.",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            expected="a folder that can be written",
            found=error.strerror or str(error),
            where=str(out),
            remedy="Name another with --out.",
        ) from None


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Which notebooks are meant, in their order: all of them where none is named.

    Raises
    ------
    StudyError
        If there is no notebook of a name.
    """
    names = list(names)
    for name in names:
        if name not in NOTEBOOKS:
            raise StudyError(
                expected=f"one of: {', '.join(NOTEBOOKS)}", found=repr(name), where="--only", remedy="Correct the name."
            )
    return tuple(name for name in NOTEBOOKS if name in names or not names)


def _execute(study: Study, names: Sequence[str], progress: Progress | None) -> dict[str, tuple[NotebookNode, str]]:
    """Each notebook of `names` executed on the study, and how it failed ("" if it did not)."""
    import nbformat
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    folder = notebook_folder()
    books = {name: nbformat.read(folder / f"{name}.ipynb", as_version=4) for name in names}
    env = {
        **os.environ,
        VARIABLE: str(study.settings.folder.resolve()),
        TITLE: study.settings.title,
        SCHEDULER: study.settings.compute.scheduler,
        PROGRESS: "off",
        DATA: "on",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    done = 0

    async def one(name: str, gate: asyncio.Semaphore) -> str:
        nonlocal done
        async with gate:
            manager = AsyncKernelManager(kernel_name="python3")
            client = NotebookClient(
                books[name],
                km=manager,
                timeout=CELL_SECONDS,
                resources={"metadata": {"path": str(folder)}},
                extra_arguments=["--IPKernelApp.log_level=40"],  # its talk of sockets is not the user's
            )
            try:
                await client.async_execute(env=env)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                at = next((i for i, c in enumerate(books[name].cells, 1) if _failed(c)), 0)
                return f"{name}, cell {at}: {_why(error)}"
            finally:
                if client.kc is not None:
                    client.kc.stop_channels()
                if manager.has_kernel:  # also of one that was interrupted while it started
                    await manager.shutdown_kernel(now=True)
                done += 1
                if progress:
                    progress("executing the notebooks", done, len(names))
        return ""

    async def every() -> list[str]:
        gate = asyncio.Semaphore(AT_ONCE)
        return await asyncio.gather(*(one(name, gate) for name in names))

    if progress:
        progress("executing the notebooks", 0, len(names))
    failures = _in_thread(every())
    return {name: (books[name], failure) for name, failure in zip(names, failures, strict=True)}


def _in_thread(work: Coroutine[Any, Any, list[str]]) -> list[str]:
    """What a coroutine gives, run in another thread: in this one nbclient takes Ctrl-C for a notebook's failure."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def stoppable() -> list[str]:
        begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        return await work

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, stoppable())
        try:
            return running.result()
        except BaseException:
            loop, task = begun.result()
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(task.cancel)  # the kernels are stopped before the thread ends
            raise


def _why(error: Exception) -> str:
    """Why a cell failed, in a line: what the error says, or the line of code at which it came."""
    said = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in str(error).strip().splitlines()]
    at = next((found[1].strip() for line in reversed(said) if (found := re.match(r"-+> *\d+ (.*)", line))), "")
    name, value = getattr(error, "ename", ""), getattr(error, "evalue", "")
    if name and not value:
        return f"{name} at “{at}”" if at else name
    return value or said[-1]


def _failed(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", ()))


# ---------------------------------------------------------------------------------------------------- site


def build_report(study: Study, out: Path, progress: Progress | None = None, *, only: Sequence[str] = ()) -> Built:
    """Compute what the study asks for, and write its report.

    Parameters
    ----------
    study : Study
    out : Path
        Folder of the report: index.html, a page per notebook, tables/, provenance.json.
    progress : callable, optional
    only : sequence of str
        Names of the notebooks whose pages are made; the others' stay as they are. Default: all.

    Returns
    -------
    Built

    Raises
    ------
    StudyError
        If the study cannot be read, `out` cannot be written, or there is no notebook of a name.
    """
    names = chosen(only)
    _free(out, study)
    study.store.check()
    with _whole(out) as work:
        failures = _build(study, work, progress, names)
    return Built(out / "index.html", failures)


def _build(study: Study, out: Path, progress: Progress | None, names: Sequence[str]) -> tuple[str, ...]:
    """Write the tables and the pages; give how notebooks failed."""
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    tables = write_tables(study, out, TABLES)
    seconds["tables"] = (
        time.perf_counter() - start - sum(s for step, s in study.store.seconds.items() if not study.store.kept[step])
    )
    start = time.perf_counter()
    books = _execute(study, names, progress)
    seconds["notebooks"] = time.perf_counter() - start
    start = time.perf_counter()
    pages = [{"file": "index.html", "name": "Findings"}] + [{"file": f"{n}.html", "name": NAMES[n]} for n in NOTEBOOKS]
    built = {
        "version": version("threadline"),
        "inputs": plural(len(study.inputs), "input file"),
        "digest": f"digest {digest_of(sorted(study.inputs.values()))[:12]}",
    }
    failures = tuple(failure for _, failure in books.values() if failure)
    for name, (book, failure) in books.items():
        _write(out / f"{name}.html", _page(study, name, book, failure, pages, built).encode())
    _write(out / "index.html", _home(study, tables, failures, pages, built).encode())
    seconds["pages"] = time.perf_counter() - start
    said = provenance(study, tables, seconds)
    _write(out / "provenance.json", (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())
    return failures


def _page(
    study: Study, name: str, book: NotebookNode, failure: str, pages: list[dict[str, str]], built: dict[str, object]
) -> str:
    """One notebook as a page of the site."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="threadline", extra_template_basedirs=[str(TEMPLATES)], embed_images=True)
    about = {
        "name": NAMES[name],
        "study": study.settings.title,
        "pages": pages,
        "file": f"{name}.html",
        "failure": failure,
        "built": built,
    }
    html, _ = exporter.from_notebook_node(book, resources={"threadline": about})
    # nbconvert appends a pilcrow link to each heading; a reader hears it, and it leads nowhere new.
    return _with_contents(re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", html))


def _with_contents(html: str) -> str:
    """A page with the list of its questions below its title; one of a single question needs none."""
    heads = re.findall(r'<h2 id="([^"<>]*)">(.*?)</h2>', html, flags=re.S)
    if len(heads) < 2:
        return html
    items = "".join(f'<li><a href="#{place}">{words}</a></li>' for place, words in heads)
    contents = f'<nav class="contents" aria-label="On this page"><ul>{items}</ul></nav>'
    return re.sub(r"(</h1>.*?</section>)", lambda found: found[1] + contents, html, count=1, flags=re.S)


def _home(
    study: Study,
    tables: Mapping[str, Any],
    failures: tuple[str, ...],
    pages: list[dict[str, str]],
    built: dict[str, object],
) -> str:
    """The first page: what was found, on what it rests, and how to cite it."""
    from jinja2 import Environment, FileSystemLoader

    env = Environment(
        loader=FileSystemLoader(TEMPLATES / "threadline"), autoescape=False, trim_blocks=True
    )  # |e in the template
    pictures = [
        {"title": title, "data": bundle["image/png"], **about["image/png"]}
        for title, p in study.headline_pictures()
        for bundle, about in [p._repr_mimebundle_()]
    ]
    for picture in pictures:
        picture["data"] = base64.b64encode(picture["data"]).decode()
    s = study.settings
    findings = [f.text for f in study.findings()] + [
        f"A notebook failed, its page is incomplete. {f}" for f in failures
    ]
    return env.get_template("home.html.j2").render(
        study=s.title,
        lead=study.size + ".",
        findings=findings,
        pictures=pictures,
        limits=study.limits(),
        tables=[{"file": file, "rows": plural(int(str(said["rows"])), "row")} for file, said in tables.items()],
        provenance=(
            f"Built with Threadline {version('threadline')} on Python {platform.python_version()} from "
            f"{plural(len(study.inputs), 'input file')} under the licence “{s.source.licence}”; topics with seed "
            f"{s.seed} "
            f"and {s.topics.runs} runs, encoder “{s.topics.encoder}”; sentiment by “{s.sentiment.instrument}”; periods "
            f"of a {s.time.period} in the zone {s.source.timezone}. The digests of every input and table are in "
            "provenance.json."
        ),
        citation=(
            f"{s.title}. Report made with Threadline {version('threadline')} from data with the {built['digest']}. "
            "Please cite the source of the comments as its licence asks, and Threadline as its CITATION.cff says."
        ),
        pages=pages,
        built=built,
    )
