"""A study -> its report: the tables, a page for each notebook, a first page, and what it all was made from."""

from __future__ import annotations

import base64
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from analysis.corpus.wording import plural
from analysis.findings.claims import linked
from analysis.findings.html import TEMPLATES as SENTENCES
from analysis.findings.tables import TABLES
from analysis.report import methods
from analysis.report.figures import PNG, SVG, embed
from analysis.report.notebooks import HOME, NAMES, Executed, chosen, executed, made_of, notebooks_of, shipped
from analysis.report.pages import TEMPLATES, page
from analysis.report.provenance import provenance, write, write_tables
from analysis.run.made_with import CODE
from analysis.run.store import PAGE, digest_of, digest_of_file, work_folder
from analysis.settings import StudyError, writing
from analysis.study import Study

Page = dict[str, str]
Files = dict[str, bytes]  # of a page: itself, and the figures beside it


@dataclass(frozen=True)
class Built:
    """A report's first page, a line for each notebook that failed, and the names of those that are the study's own."""

    index: Path
    failures: tuple[str, ...]
    own: tuple[str, ...]


def own_words() -> list[str]:
    """What a report says whatever the corpus: the notebooks, the templates, and the modules that make sentences."""
    import nbformat

    books = [nbformat.read(shipped() / f"{name}.ipynb", as_version=4) for name in NAMES]
    rooms = [HOME / name for name in ("findings", "report", "plots")]
    files = [path for room in rooms for path in room.iterdir() if path.suffix in CODE]
    files += [*SENTENCES.glob("*.j2"), *TEMPLATES.glob("*.j2")]
    return [cell.source for book in books for cell in book.cells] + [file.read_text(encoding="utf-8") for file in files]


def ingest(study: Study, out: Path) -> Path:
    """Write every table and provenance.json under `out`, and no page; give the tables' folder."""
    start = time.perf_counter()
    with _whole(out, study) as work:
        tables = write_tables(study, work, TABLES)
        write(work / "provenance.json", provenance(study, tables, {"tables": time.perf_counter() - start}))
    return out / "tables"


def build_report(study: Study, out: Path, *, only: Sequence[str] = ()) -> Built:
    """Compute what the study asks for, and write its report under `out`: pages, tables/, provenance.json.

    `only` names the notebooks whose pages are made; the others' stay as they are. A StudyError if the study cannot be
    read, `out` cannot be written, or there is no notebook of a name.
    """
    notebooks, everything = chosen(study.settings.folder, only), notebooks_of(study.settings.folder)
    with _whole(out, study) as work:
        times = [time.perf_counter()]
        tables = write_tables(study, work, TABLES)
        computed = sum(s for step, s in study.store.seconds.items() if not study.store.kept[step])
        times.append(time.perf_counter())
        pages = [{"file": "index.html", "name": "Findings"}]
        pages += [{"file": f"{notebook.name}.html", "name": notebook.title} for notebook in everything]
        built = {
            "version": version("threadline"),
            "inputs": plural(len(study.inputs), "input file"),
            "digest": f"digest {digest_of(sorted(study.inputs.values()))[:12]}",
        }
        # What follows from the study, our code and the templates is kept; a study's own notebook is executed each time.
        looks = {path.name: digest_of_file(path) for path in sorted([*SENTENCES.iterdir(), *TEMPLATES.iterdir()])}
        of = digest_of(made_of(study), looks, pages, built)
        made = {n: _kept(study, digest_of(of, n.digest)) for n in notebooks if not n.own}
        books = executed(study, [notebook for notebook in notebooks if not made.get(notebook)])
        times.append(time.perf_counter())
        for book in books:
            made[book.notebook] = _page(study, book, pages, built)
            if not book.notebook.own and not book.failure:
                _keep(study, digest_of(of, book.notebook.digest), made[book.notebook])
        failures = tuple(book.failure for book in books if book.failure)
        own = tuple(notebook.name for notebook in everything if notebook.own)
        first = digest_of(of, tables, failures, own)
        if not (home := _kept(study, first)):
            _keep(study, first, home := _home(study, tables, failures, own, pages, built))
        for files in (*made.values(), home):
            for name, content in files.items():
                write(work / name, content)
        times.append(time.perf_counter())
        seconds = dict(zip(("tables", "notebooks", "pages"), np.diff(times).tolist(), strict=True))
        seconds["tables"] -= computed
        said = {f"{n.name}.ipynb": {"cells": n.digest, "own": n.own} for n in notebooks}
        write(work / "provenance.json", provenance(study, tables, seconds, said))
        there = {path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file()}
        made_now = rf"figures/({'|'.join([*(re.escape(n.name) for n in notebooks), 'index'])})-\d+-\w+\.\w+"
        last = methods.described(out / methods.CRATE).values()
        old = {one["@id"] for one in last if one.get("@type") == "File" and (out / one["@id"]).is_file()} - there
        gone = {name for name in old if re.fullmatch(made_now, name)}  # of no use now
        write(work / methods.CRATE, methods.crate(study, there | old - gone, tables, out / methods.CRATE))
    for name in gone:
        (out / name).unlink(missing_ok=True)
    return Built(out / "index.html", failures, own)


@contextmanager
def _whole(out: Path, study: Study) -> Iterator[Path]:
    """A folder to write to, whose files take their places in `out` when all are there: till then it is as it was."""
    if out.resolve() == study.settings.folder.resolve():
        expected, remedy = "a folder other than the study's", "Name another with --out."
        raise StudyError(expected=expected, found="the study folder", where=str(out), remedy=remedy)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        work = work_folder(out, "report")
    study.store.check()
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


# --------------------------------------------------------------------------------------------------- pages


def _kept(study: Study, digest: str) -> Files:
    """A page that was kept, and its files; nothing where there is none."""
    found = study.store.read(PAGE, digest) or {"names": [], "files": []}
    return {str(n): base64.b64decode(str(f)) for n, f in zip(found["names"], found["files"], strict=True)}


def _keep(study: Study, digest: str, files: Files) -> None:
    study.store.write(
        PAGE, digest, {"names": [*files], "files": [base64.b64encode(f).decode() for f in files.values()]}
    )


def _page(study: Study, book: Executed, pages: list[Page], built: Page) -> Files:
    """One notebook as a page of the site, and the files of its figures."""
    from nbconvert import HTMLExporter

    files, name = Files(), book.notebook.name
    for output in (output for cell in book.book.cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        if "text/html" not in data and (PNG in data or SVG in data):
            data["text/html"], beside = embed(data, output.get("metadata", {}), f"{name}-{len(files) // 3 + 1}")
            files |= beside
    place = {"template_name": "threadline", "extra_template_basedirs": [str(TEMPLATES.parent)]}
    place |= {"extra_template_paths": [str(SENTENCES)]}
    exporter = HTMLExporter(embed_images=True, exclude_anchor_links=True, **place)
    about = {
        "name": book.notebook.title,
        "study": study.settings.title,
        "pages": pages,
        "file": f"{name}.html",
        "failure": book.failure,
        "own": book.notebook.own,
        "built": built,
    }
    html, _ = exporter.from_notebook_node(book.book, resources={"threadline": about})
    html = _with_contents(html).replace("<th></th>", "<td></td>")  # pandas' tables: what is empty heads no column
    return {f"{name}.html": html.encode(), **files}


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
    failures: Sequence[str],
    own: Sequence[str],
    pages: list[Page],
    built: Page,
) -> Files:
    """The first page: one screen of what was found, what to do next, to mind, to copy; and its figure."""
    from analysis.report.front import front  # draws: tables alone need no matplotlib

    with linked():
        said, files = front(study), Files()
        figure = ""
        if said.figure.axes:
            figure, files = embed(*said.figure.bundle(with_data=True), "index-1")
        of = {"study": study, "front": said, "figure": figure, "tables": tables, "failures": failures, "own": own}
        of |= {"pages": pages, "built": built, "methods": methods}
        html = page("home.html.j2", **of)
    return {"index.html": html.encode(), **files}
