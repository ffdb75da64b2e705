"""A finished report against a new run of its study: which inputs and tables are the same, and which are not."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.findings.tables import TABLES, table_file
from analysis.report.provenance import packages, settings_of, write_tables
from analysis.run.store import digest_of_file
from analysis.settings import StudyError
from analysis.study import Study

GONE = "nowhere"  # of what is on one side alone


@dataclass(frozen=True)
class Verdict:
    """What of a report is otherwise now, by kind (input, setting, package, file, table) and name, and how."""

    differs: Mapping[tuple[str, str], str]
    n_tables: int

    def of(self, kind: str) -> list[str]:
        """What of a kind is otherwise."""
        return [name for one, name in self.differs if one == kind]

    @property
    def holds(self) -> bool:
        """Whether every table comes out the same and no file of the report was changed since it was written."""
        return not self.of("file") and not self.of("table")

    def __str__(self) -> str:
        """One line for each thing that differs, then the verdict."""
        said = [f"{kind} {name}: {how}" for (kind, name), how in self.differs.items()]
        if self.holds:
            return "\n".join([*said, f"Verified: all {self.n_tables} tables come out the same."])
        wrong, edited = self.of("table"), self.of("file")
        ends = f" {len(wrong)} of {self.n_tables} tables come out otherwise: {', '.join(wrong)}." if wrong else ""
        ends += f" Changed or lost since the report was written: {', '.join(edited)}." if edited else ""
        return "\n".join([*said, f"Not verified.{ends}"])


def read_provenance(report: Path) -> dict[str, Any]:
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
    said, folder, made = read_provenance(report), report / "tables", dict[str, dict[str, Any]]()
    files = [*said["tables"]]
    with tempfile.TemporaryDirectory() as scratch:  # what was kept could be what is wrong
        anew = study.kept_in(Path(scratch) / "kept")
        for done, name in enumerate(name for name in TABLES if table_file(name) in files):
            study.run.tell("making the tables anew", done, len(files))
            made |= write_tables(anew, Path(scratch), [name])
    settings = json.loads(json.dumps(settings_of(study.settings), default=str))
    written = {file: digest_of_file(folder / file) for file in files if (folder / file).is_file()}
    was = {
        "input": said["inputs"],
        "setting": _flat(said["settings"]),
        "package": said.get("packages") or {},
        "file": dict.fromkeys(files, "") | _sums(folder / "SHA256SUMS", files),
        "table": said["tables"],
    }
    now = {"input": study.inputs, "setting": _flat(settings), "package": packages(), "file": written, "table": made}
    every = ((kind, name) for kind, known in was.items() for name in sorted({*known, *now[kind]}))
    found = {(kind, name): _how(kind, was[kind].get(name, GONE), now[kind].get(name, GONE)) for kind, name in every}
    return Verdict({key: how for key, how in found.items() if how}, len(files))


def _how(kind: str, was: Any, now: Any) -> str:
    """How something differs from what the report says of it, with its values if these say something; "" if it is so."""
    if kind == "table" and GONE not in (was, now):
        if now["sha256"] == was.get("sha256"):
            return ""
        what = next((what for what in ("columns", "rows") if now[what] != was.get(what)), "")
        return f"{what} were {was.get(what)}, now {now[what]}" if what else f"other values in its {now['rows']:,} rows"
    if was == now:
        return ""
    if GONE in (was, now):
        return "not there any more" if now == GONE else "not there when the report was made"
    return f"{was} in the report, {now} now" if kind in ("setting", "package") else "differs"


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of all sections, {"section.key": value}; on how many cores it ran is none of them."""
    (flat,) = pd.json_normalize({k: v for k, v in settings.items() if k != "compute"}, max_level=1).to_dict("records")
    return {str(key): value for key, value in flat.items()}


def _sums(path: Path, names: Collection[str]) -> dict[str, str]:
    """Digests that SHA256SUMS states of some files."""
    rows = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ()
    return {name: digest for digest, _, name in (row.partition("  ") for row in rows) if name in names}
