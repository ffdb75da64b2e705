"""A finished report against a new run of its study: which inputs and tables are the same, and which are not."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.report.provenance import TABLES, packages, settings_of, table_file, write_tables
from analysis.run.store import digest_of_file
from analysis.settings import StudyError

if TYPE_CHECKING:
    from analysis.study import Study


@dataclass(frozen=True)
class Line:
    """How an input, setting, package, file (against SHA256SUMS) or table differs; "" if it is the same."""

    kind: str
    name: str
    differs: str


@dataclass(frozen=True)
class Verdict:
    """Every line of a verification, and what they come to."""

    lines: tuple[Line, ...]

    @property
    def holds(self) -> bool:
        """Whether every table comes out the same and no file of the report was changed since it was written."""
        return not any(line.differs for line in self.lines if line.kind in ("file", "table"))

    def __str__(self) -> str:
        """One line for each thing that differs, then the verdict."""
        said = [f"{line.kind} {line.name}: {line.differs}" for line in self.lines if line.differs]
        n = sum(line.kind == "table" for line in self.lines)
        if self.holds:
            return "\n".join([*said, f"Verified: all {n} tables come out the same."])
        wrong, edited = ([o.name for o in self.lines if o.kind == kind and o.differs] for kind in ("table", "file"))
        ends = f" {len(wrong)} of {n} tables come out otherwise: {', '.join(wrong)}." if wrong else ""
        ends += f" Changed or lost since the report was written: {', '.join(edited)}." if edited else ""
        return "\n".join([*said, f"Not verified.{ends}"])


def read_provenance(report: Path) -> dict[str, object]:
    """What a report says of itself; a StudyError if the folder is no report."""
    said, found = None, "none"
    with suppress(OSError):
        text, found = (report / "provenance.json").read_text(encoding="utf-8"), "something else"
        with suppress(ValueError):
            said = json.loads(text)
    if isinstance(said, dict) and all(isinstance(said.get(k), dict) for k in ("inputs", "tables", "settings")):
        return said
    expected, remedy = "a report's provenance.json", "Name the folder that `threadline report` wrote."
    raise StudyError(expected=expected, found=found, where=str(report), remedy=remedy)


def verify(report: Path, study: Study) -> Verdict:
    """Run a study again, without its kept results, and hold the tables against those of a report.

    The comparison is by the digests in provenance.json, which leave out how the input files are named. The study's
    pseudonym.key must be the same: pseudonyms are part of the tables. A StudyError if the folder is no report, or the
    study cannot be read.
    """
    said, made = read_provenance(report), dict[str, dict]()
    was: dict = said["tables"]  # type: ignore[assignment]
    now = json.loads(json.dumps(settings_of(study.settings), default=str))
    lines = _compare("input", said["inputs"], study.inputs)
    lines += _compare("setting", _flat(said["settings"]), _flat(now), values=True)
    lines += _compare("package", said.get("packages") or {}, packages(), values=True)
    written = {name: digest_of_file(path) for name in was if (path := report / "tables" / name).is_file()}
    lines += _compare("file", dict.fromkeys(was, "") | _sums(report / "tables" / "SHA256SUMS", was), written)
    names = {table_file(name): name for name in TABLES if table_file(name) in was}
    with tempfile.TemporaryDirectory() as scratch:  # what was kept could be what is wrong
        anew = study.kept_in(Path(scratch) / "kept")
        for done, name in enumerate(names.values()):
            study.run.tell("making the tables anew", done, len(names))
            made |= write_tables(anew, Path(scratch), [name])
    lines += [Line("table", name, _differs(was[file], made[file])) for file, name in names.items()]
    unknown = sorted(set(was) - set(names))
    lines += [Line("table", name, "this version of Threadline does not make it") for name in unknown]
    return Verdict(tuple(lines))


def _compare(kind: str, was: Mapping[str, object], now: Mapping[str, object], *, values: bool = False) -> list[Line]:
    """A line for each name of two mappings; with their values, if these say something."""

    def differs(name: str) -> str:
        if name not in now:
            return "not there any more"
        if name not in was:
            return "not there when the report was made"
        said = f"{was[name]} in the report, {now[name]} now" if values else "differs"
        return said if was[name] != now[name] else ""

    return [Line(kind, name, differs(name)) for name in sorted({*was, *now})]


def _flat(settings: Mapping[str, dict]) -> dict[str, object]:
    """Settings of all sections, {"section.key": value}; on how many cores it ran is none of them."""
    (flat,) = pd.json_normalize({k: v for k, v in settings.items() if k != "compute"}, max_level=1).to_dict("records")
    return flat


def _sums(path: Path, names: Collection[str]) -> dict[str, str]:
    """Digests that SHA256SUMS states of some files."""
    rows = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ()
    return {name: digest for digest, _, name in (row.partition("  ") for row in rows) if name in names}


def _differs(was: Mapping[str, object], now: Mapping[str, object]) -> str:
    """How a table made anew differs from what the report says of it."""
    if now["sha256"] == was.get("sha256"):
        return ""
    for what in ("columns", "rows"):
        if now[what] != was.get(what):
            return f"{what} were {was.get(what)}, now {now[what]}"
    return f"other values in its {now['rows']:,} rows"
