"""A finished report against a new run of its study: which inputs and tables are the same, and which are not."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.report.provenance import packages, settings_of, table_file, write_tables
from analysis.run.store import digest_of_file
from analysis.settings import TABLES, StudyError

if TYPE_CHECKING:
    from analysis.study import Study

Progress = Callable[[str, int, int], None]

SAME, CHANGED = "the same", "differs"


@dataclass(frozen=True)
class Line:
    """What was found of one thing that a report rests on or holds.

    Attributes
    ----------
    kind : str
        "input", "setting", "package", "file" (of the report, against its SHA256SUMS) or "table" (made anew).
    name : str
    result : str
        "the same", or how it differs, in words.
    """

    kind: str
    name: str
    result: str

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.result == SAME


@dataclass(frozen=True)
class Verdict:
    """Every line of a verification, and what they come to."""

    lines: tuple[Line, ...]

    @property
    def holds(self) -> bool:
        """Whether every table comes out the same and no file of the report was changed since it was written."""
        return all(line.same for line in self.lines if line.kind in ("file", "table"))

    def __str__(self) -> str:
        """One line for each thing that differs, then the verdict."""
        tables = [line for line in self.lines if line.kind == "table"]
        said = [f"{line.kind} {line.name}: {line.result}" for line in self.lines if not line.same]
        if self.holds:
            return "\n".join([*said, f"Verified: all {len(tables)} tables come out the same."])
        wrong = [line.name for line in tables if not line.same]
        edited = [line.name for line in self.lines if line.kind == "file" and not line.same]
        ends = [f"{len(wrong)} of {len(tables)} tables come out otherwise: {', '.join(wrong)}."] if wrong else []
        ends += [f"Changed or lost since the report was written: {', '.join(edited)}."] if edited else []
        return "\n".join([*said, "Not verified. " + " ".join(ends)])


def read_provenance(report: Path) -> dict[str, object]:
    """What a report says of itself.

    Raises
    ------
    StudyError
        If the folder is no report.
    """
    path = report / "provenance.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(said, dict) and all(isinstance(said.get(k), dict) for k in ("inputs", "tables", "settings")):
            return said
        found = "something else"
    except OSError:
        found = "none"
    except ValueError:
        found = "text that is no JSON"
    raise StudyError(
        expected="a report's provenance.json",
        found=found,
        where=str(report),
        remedy="Name the folder that `threadline report` wrote.",
    )


def verify(report: Path, study: Study, progress: Progress | None = None) -> Verdict:
    """Run a study again, without its kept results, and hold the tables against those of a report.

    Parameters
    ----------
    report : Path
        Folder that `threadline report` or `threadline ingest` wrote.
    study : Study
        The study that it was made of. Its pseudonym.key must be the same: pseudonyms are part of the tables.
    progress : callable, optional

    Returns
    -------
    Verdict
        The comparison is by the digests in provenance.json, which leave out how the input files are named.

    Raises
    ------
    StudyError
        If the folder is no report, or the study cannot be read.
    """
    said = read_provenance(report)
    lines = _compare("input", said["inputs"], study.inputs)
    now = json.loads(json.dumps(settings_of(study.settings), default=str))
    lines += _compare("setting", _flat(said["settings"]), _flat(now))
    lines += _compare("package", said.get("packages") or {}, packages())
    lines += _files(report, said["tables"])
    with tempfile.TemporaryDirectory() as scratch:  # what was kept could be what is wrong
        anew = study.kept_in(Path(scratch) / "kept")
        names = [n for n in TABLES if table_file(n) in said["tables"]]
        for done, name in enumerate(names):
            if progress:
                progress("making the tables anew", done, len(names))
            lines.append(_table(name, said["tables"][table_file(name)], anew, Path(scratch)))
    unknown = sorted(set(said["tables"]) - {table_file(n) for n in names})
    lines += [Line("table", name, "this version of Threadline does not make it") for name in unknown]
    return Verdict(tuple(lines))


def _compare(kind: str, was: Mapping[str, object], now: Mapping[str, object]) -> list[Line]:
    """A line for each name of two mappings."""
    lines = []
    for name in sorted({*was, *now}):
        if name not in now:
            result = "not there any more"
        elif name not in was:
            result = "not there when the report was made"
        elif was[name] == now[name]:
            result = SAME
        else:
            result = CHANGED if kind == "input" else f"{was[name]} in the report, {now[name]} now"
        lines.append(Line(kind, name, result))
    return lines


def _flat(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings of all sections, {"section.key": value}; on how many cores it ran is none of them."""
    flat: dict[str, object] = {}
    for section, values in settings.items():
        if section != "compute":
            flat |= {f"{section}.{k}": v for k, v in values.items()} if isinstance(values, dict) else {section: values}
    return flat


def _files(report: Path, tables: Mapping[str, object]) -> list[Line]:
    """Whether the report's own tables are as they were written."""
    try:
        sums = dict(
            reversed(row.split("  ", 1))  # digest, name
            for row in (report / "tables" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        )
    except (OSError, ValueError):
        return [Line("file", "SHA256SUMS", "missing or damaged")]
    lines = []
    for name in sorted(tables):
        path = report / "tables" / name
        if not path.is_file():
            result = "missing"
        else:
            result = SAME if digest_of_file(path) == sums.get(name) else "changed since it was written"
        lines.append(Line("file", name, result))
    return lines


def _table(name: str, was: Mapping[str, object], study: Study, scratch: Path) -> Line:
    """One table made anew, against what the report says of it."""
    now = write_tables(study, scratch, [name])[table_file(name)]
    if now["sha256"] == was.get("sha256"):
        return Line("table", name, SAME)
    if now["columns"] != was.get("columns"):
        return Line("table", name, f"columns were {was.get('columns')}, now {now['columns']}")
    if now["rows"] != was.get("rows"):
        return Line("table", name, f"{was.get('rows'):,} rows in the report, {now['rows']:,} now")
    return Line("table", name, f"other values in its {now['rows']:,} rows")
