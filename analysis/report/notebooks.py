"""The notebooks of a report: ours or a study's own copies of them, executed on the study."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from analysis.report.provenance import packages, settings_of
from analysis.run.made_with import made_with
from analysis.run.store import digest_of
from analysis.settings import DATA, PROGRESS, SCHEDULER, STUDY_FOLDER, TITLE, VARIABLE, StudyError, writing
from analysis.study import Study

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode


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
FORGET = "get_ipython().reset(); __import__('gc').collect()"


@dataclass(frozen=True)
class Notebook:
    """A notebook of a report: ours, or the study's own, written for it or changed in a copy of ours."""

    path: Path
    own: bool

    @property
    def name(self) -> str:
        """Of its file, without the ending."""
        return self.path.stem

    @property
    def title(self) -> str:
        """What its page is called: the first heading of one that we do not know, or its name."""
        if self.name in NAMES:
            return NAMES[self.name]
        texts = [cell.source for cell in self.read().cells if cell.cell_type == "markdown"]
        heads = re.findall(r"^# +(.+)$", "\n".join(texts), flags=re.MULTILINE)
        return heads[0].strip() if heads else self.name

    def read(self) -> NotebookNode:
        """Its cells, as they are in the file; a StudyError if it is no notebook."""
        import nbformat

        try:
            return nbformat.read(self.path, as_version=4)
        except Exception as error:  # nbformat raises what its parts do
            found, remedy = f"{type(error).__name__}: {error}".splitlines()[0][:120], "Save it anew, or remove it."
            raise StudyError(expected="a Jupyter notebook", found=found, where=str(self.path), remedy=remedy) from None

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
    """Where our notebooks are: beside the package in a clone, inside it when installed."""
    for folder in (HOME.parent / "notebooks", HOME / "notebooks"):
        if (folder / f"{next(iter(NAMES))}.ipynb").is_file():
            return folder
    expected, remedy = "the notebooks beside the package", "Clone the repository anew."
    raise StudyError(expected=expected, found="none", where=str(HOME.parent), remedy=remedy)


def notebooks_of(study: Path) -> list[Notebook]:
    """The notebooks of a study's report: its own where it has some, ours otherwise; by name.

    A copy of ours in which nothing was changed gives way to ours, which may be newer.
    """
    found = {name: Notebook(shipped() / f"{name}.ipynb", own=False) for name in NAMES}
    for path in sorted((study / OWN).glob("*.ipynb")):
        own = Notebook(path, own=True)
        copied = own.read().metadata.get("threadline", {}).get("copied", "")  # digest of ours of which it is a copy
        if own.digest not in {str(copied), found[own.name].digest if own.name in found else ""}:
            found[own.name] = own
    return [found[name] for name in sorted(found)]


def chosen(study: Path, names: Iterable[str]) -> list[Notebook]:
    """Which notebooks are meant, all of them where none is named; a StudyError if there is none of a name."""
    found, names = {notebook.name: notebook for notebook in notebooks_of(study)}, set(names)
    for name in sorted(names - set(found)):
        expected, remedy = f"one of: {', '.join(found)}", "Correct the name."
        raise StudyError(expected=expected, found=repr(name), where="--only", remedy=remedy)
    return [found[name] for name in found if name in names or not names]


def copy_to(study: Path) -> Path:
    """Give a study its own copies of the notebooks, without what they showed of another; changed ones stay.

    Gives their folder; of the study that ships with us, the notebooks themselves.
    """
    import nbformat

    if study.resolve() == (HOME.parent / "data" / "sample").resolve():
        return shipped()
    folder, own = study / OWN, {notebook.name for notebook in notebooks_of(study) if notebook.own}
    with writing(folder, **STUDY_FOLDER):
        folder.mkdir(exist_ok=True)
        for notebook in (Notebook(shipped() / f"{name}.ipynb", own=False) for name in NAMES if name not in own):
            book = notebook.read()
            for cell in book.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            book.metadata["threadline"] = {"copied": notebook.digest}
            nbformat.write(book, folder / notebook.path.name)
    return folder


# ------------------------------------------------------------------------------------------------ execution


def made_of(study: Study) -> str:
    """Digest of all that our notebooks show beside their own cells: a study's results and settings, and our code."""
    return digest_of(study.digests, study.inputs, settings_of(study.settings), packages(), made_with())


def executed(study: Study, notebooks: Sequence[Notebook]) -> list[Executed]:
    """Execute notebooks on a study."""
    books = [Executed(notebook, notebook.read()) for notebook in notebooks]
    if books:
        _in_thread(_every(study, books))
    return books


async def _every(study: Study, books: Sequence[Executed]) -> None:
    """Execute notebooks, some at a time: ours one after the other in a kernel, a study's own each in one of its own.

    Which of them share a kernel does not depend on which is done first.
    """
    env = {
        **os.environ,
        VARIABLE: str(study.settings.folder.resolve()),
        TITLE: study.settings.title,
        SCHEDULER: study.settings.compute.scheduler,
        PROGRESS: "off",
        DATA: "on",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    done, tell = count(1), study.run.tell

    async def by_one(some: Sequence[Executed], place: Path) -> None:
        last: Executed | None = None
        async with AsyncExitStack() as kernels:
            for book in some:
                if last is None or last.failure or last.notebook.own or book.notebook.own:
                    await kernels.aclose()
                    kernel = await kernels.enter_async_context(_kernel(place))
                last, book.failure = book, await _execute(book, env, kernel)
                tell("executing the notebooks", next(done), len(books))

    tell("executing the notebooks", 0, len(books))
    with TemporaryDirectory() as folder:
        await asyncio.gather(*(by_one(books[i::AT_ONCE], Path(folder, str(i))) for i in range(AT_ONCE)))


@asynccontextmanager
async def _kernel(place: Path) -> AsyncIterator[AsyncKernelManager]:
    """A kernel that starts when it is asked for something; it is spoken to by files that begin with `place`."""
    from jupyter_client.manager import AsyncKernelManager

    # No port, which another process may take between its being chosen and bound; Windows has nothing else.
    by = {"transport": "ipc", "ip": str(place)} if os.name == "posix" else {}
    kernel = AsyncKernelManager(kernel_name="python3", connection_file=f"{place}.json", **by)
    try:
        yield kernel
    finally:
        if kernel.has_kernel:  # also one that was interrupted while it started
            await kernel.shutdown_kernel(now=True)


async def _execute(executed: Executed, env: dict[str, str], kernel: AsyncKernelManager) -> str:
    """Execute a notebook in place, in a kernel that forgets what another one made; how it failed, or ""."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(
        executed.book,
        km=kernel,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(executed.notebook.path.parent)}},
        # Its talk of sockets is not the user's; to look for garbage as often as Python does takes a tenth of the time.
        extra_arguments=[
            "--IPKernelApp.log_level=40",
            '--IPKernelApp.exec_lines=__import__("gc").set_threshold(50_000)',
        ],
    )
    if kernel.has_kernel:
        client.on_notebook_start = lambda notebook: client.kc and client.kc.execute(FORGET, silent=True)
    try:
        await client.async_execute(env=env)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        said = [[output.output_type for output in cell.get("outputs", ())] for cell in executed.book.cells]
        at = next((i for i, types in enumerate(said, 1) if "error" in types), 0)
        return f"{executed.notebook.name}, cell {at}: {_why(error)}"
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
    return ""


def _in_thread(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in another thread: in this one nbclient takes Ctrl-C for a notebook's failure."""
    with closing(asyncio.new_event_loop()) as loop, ThreadPoolExecutor(1) as thread:
        task = loop.create_task(work)
        try:
            thread.submit(loop.run_until_complete, task).result()
        except BaseException:
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
