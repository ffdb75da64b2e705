"""The notebooks of a report: ours or a study's own copies of them, executed on the study."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.report.provenance import packages, settings_of
from analysis.run.progress import Progress
from analysis.run.store import NOTEBOOK, digest_of
from analysis.settings import DATA, PROGRESS, SCHEDULER, TITLE, VARIABLE, StudyError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from analysis.study import Study

HOME = Path(__file__).resolve().parent.parent
OWN = "notebooks"  # the folder of a study in which its own are
NAMES = {
    "1_corpus": "Corpus",
    "2_topics": "Topics",
    "3_sentiment": "Sentiment",
    "4_over_time": "Over time",
    "5_findings": "Findings in full",
}
CELL_SECONDS = 3600  # a cell that takes longer hangs
AT_ONCE = 2  # kernels at a time


@dataclass(frozen=True)
class Notebook:
    """A notebook of a report.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    title : str
        What its page is called.
    path : Path
    own : bool
        Whether it is the study's own: written for it, or a copy of ours that was changed.
    """

    name: str
    title: str
    path: Path
    own: bool

    def read(self) -> NotebookNode:
        """Its cells, as they are in the file.

        Raises
        ------
        StudyError
            If it is no notebook.
        """
        import nbformat

        try:
            return nbformat.read(self.path, as_version=4)
        except Exception as error:  # nbformat raises what its parts do
            found = f"{type(error).__name__}: {error}".splitlines()[0][:120]
            raise StudyError(
                expected="a Jupyter notebook", found=found, where=str(self.path), remedy="Save it anew, or remove it."
            ) from None

    @property
    def digest(self) -> str:
        """Digest of its cells; what they showed is none of it."""
        return digest_of([(cell.cell_type, cell.source) for cell in self.read().cells])


@dataclass
class Executed:
    """A notebook with what its cells show; where it failed, and why, or ""."""

    notebook: Notebook
    book: NotebookNode
    failure: str = ""


def shipped() -> Path:
    """Where our notebooks are: beside the package in a clone, inside it when installed.

    Raises
    ------
    StudyError
        If they are in neither place.
    """
    for folder in (HOME.parent / "notebooks", HOME / "notebooks"):
        if (folder / f"{next(iter(NAMES))}.ipynb").is_file():
            return folder
    raise StudyError(
        expected="the notebooks beside the package",
        found="none",
        where=str(HOME.parent),
        remedy="Clone the repository anew.",
    )


def notebooks_of(study: Path) -> list[Notebook]:
    """The notebooks of a study's report: its own where it has some, ours otherwise; by name.

    A copy of ours in which nothing was changed gives way to ours, which may be newer.
    """
    ours = [Notebook(name, title, shipped() / f"{name}.ipynb", own=False) for name, title in NAMES.items()]
    found = {notebook.name: notebook for notebook in ours}
    for path in sorted((study / OWN).glob("*.ipynb")):
        title = NAMES.get(path.stem) or _title(Notebook(path.stem, "", path, own=True))
        own = Notebook(path.stem, title, path, own=True)
        if own.digest not in {_copied(own), found[own.name].digest if own.name in found else ""}:
            found[own.name] = own
    return [found[name] for name in sorted(found)]


def chosen(study: Path, names: Iterable[str]) -> list[Notebook]:
    """Which notebooks are meant: all of them where none is named.

    Raises
    ------
    StudyError
        If there is no notebook of a name.
    """
    found, names = notebooks_of(study), list(names)
    known = [notebook.name for notebook in found]
    for name in names:
        if name not in known:
            raise StudyError(
                expected=f"one of: {', '.join(known)}", found=repr(name), where="--only", remedy="Correct the name."
            )
    return [notebook for notebook in found if notebook.name in names or not names]


def copy_to(study: Path) -> Path:
    """Give a study its own copies of the notebooks, without what they showed of another; changed ones stay.

    Returns
    -------
    Path
        The folder; of the study that ships with us, the notebooks themselves.
    """
    import nbformat

    if study.resolve() == (HOME.parent / "data" / "sample").resolve():
        return shipped()
    folder, own = study / OWN, {notebook.name for notebook in notebooks_of(study) if notebook.own}
    try:
        folder.mkdir(exist_ok=True)
        for name in NAMES:
            if name in own:
                continue
            notebook = Notebook(name, "", shipped() / f"{name}.ipynb", own=False)
            book = notebook.read()
            for cell in book.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            book.metadata["threadline"] = {"copied": notebook.digest}
            nbformat.write(book, folder / f"{name}.ipynb")
    except OSError as error:
        raise StudyError(
            expected="a study folder that can be written",
            found=error.strerror or str(error),
            where=str(folder),
            remedy="Change its permissions, or copy the study.",
        ) from None
    return folder


def _copied(notebook: Notebook) -> str:
    """Digest of the notebook of ours of which one is a copy, or ""."""
    return str(notebook.read().metadata.get("threadline", {}).get("copied", ""))


def _title(notebook: Notebook) -> str:
    """The first heading of a notebook, or its name."""
    texts = [cell.source for cell in notebook.read().cells if cell.cell_type == "markdown"]
    heads = re.findall(r"^# +(.+)$", "\n".join(texts), flags=re.MULTILINE)
    return heads[0].strip() if heads else notebook.name


# ------------------------------------------------------------------------------------------------ execution


def kept_digest(study: Study, notebook: Notebook) -> str:
    """Of all that one of our notebooks shows: a study's results and settings, our code, and its own cells."""
    made_of = study.digests, study.inputs, settings_of(study.settings)
    return digest_of(notebook.digest, *made_of, packages(), _code())


@cache
def _code() -> str:
    return digest_of([path.read_text("utf-8") for path in sorted(HOME.rglob("*.py"))])


def executed(study: Study, notebooks: Sequence[Notebook], progress: Progress | None = None) -> list[Executed]:
    """Execute notebooks on a study.

    What ours show follows from the study, and is kept; a study's own may read what we do not know of, and are executed
    each time.
    """
    import nbformat

    books = [Executed(notebook, notebook.read()) for notebook in notebooks]
    new = []
    for book in books:
        kept = None if book.notebook.own else study.store.read(NOTEBOOK, kept_digest(study, book.notebook))
        if kept is None:
            new.append(book)
        else:
            book.book = nbformat.reads(str(kept["notebook"][0]), as_version=4)
    if new:
        _in_thread(_every(study, new, progress))
    for book in new:
        if not book.notebook.own and not book.failure:
            values = {"notebook": [nbformat.writes(book.book)]}
            study.store.write(NOTEBOOK, kept_digest(study, book.notebook), values)
    return books


async def _every(study: Study, books: Sequence[Executed], progress: Progress | None) -> None:
    """Execute notebooks, some at a time, each in a kernel of its own."""
    env = {
        **os.environ,
        VARIABLE: str(study.settings.folder.resolve()),
        TITLE: study.settings.title,
        SCHEDULER: study.settings.compute.scheduler,
        PROGRESS: "off",
        DATA: "on",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    gate, done = asyncio.Semaphore(AT_ONCE), 0

    def tell() -> None:
        if progress:
            progress("executing the notebooks", done, len(books))

    async def one(book: Executed) -> None:
        nonlocal done
        async with gate:
            book.failure = await _execute(book, env)
            done += 1
            tell()

    tell()
    await asyncio.gather(*map(one, books))


async def _execute(executed: Executed, env: dict[str, str]) -> str:
    """Execute a notebook in place; how it failed, or ""."""
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    manager = AsyncKernelManager(kernel_name="python3")
    client = NotebookClient(
        executed.book,
        km=manager,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(executed.notebook.path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # its talk of sockets is not the user's
    )
    try:
        await client.async_execute(env=env)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        at = next((i for i, cell in enumerate(executed.book.cells, 1) if _failed(cell)), 0)
        return f"{executed.notebook.name}, cell {at}: {_why(error)}"
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if manager.has_kernel:  # also of one that was interrupted while it started
            await manager.shutdown_kernel(now=True)
    return ""


def _in_thread(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in another thread: in this one nbclient takes Ctrl-C for a notebook's failure."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def stoppable() -> None:
        begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        await work

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, stoppable())
        try:
            running.result()
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
