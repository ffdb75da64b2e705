"""A study's tables -> files, and what they were made from: inputs, settings, versions, digests."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from analysis.corpus.reading import source_name
from analysis.corpus.sheets import csv_bytes
from analysis.findings.tables import PARQUET, table_file
from analysis.run.made_with import PACKAGES, versions
from analysis.run.store import digest_of_file
from analysis.settings import Settings
from analysis.study import Study

FURTHER = {"threadline", "matplotlib", "pyarrow", "nbclient", "nbconvert", "py3langid"}


def write(path: Path, data: bytes) -> None:
    """Write a file of a report, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def table_bytes(table: pd.DataFrame, name: str) -> bytes:
    """A table as its file's bytes: parquet or csv by its name; texts in a csv are inert in a spreadsheet."""
    return table.to_parquet(index=False) if name in PARQUET else csv_bytes(table)


def table_digest(table: pd.DataFrame, name: str) -> str:
    """SHA-256 of a table's file; of one that names files without the names, sorted: renamed inputs change nothing."""
    if "source_file" in table:
        table = table.drop(columns="source_file")
        by = [c for c in table.columns if c != "n_comments"]
        table = table.sort_values(by, kind="stable", ignore_index=True)
    return hashlib.sha256(table_bytes(table, name)).hexdigest()


def write_tables(study: Study, out: Path, names: Iterable[str]) -> dict[str, dict[str, object]]:
    """Write tables under `out`/tables, with SHA256SUMS; give what provenance.json says of each file."""
    said, sums, folder = dict[str, dict[str, object]](), [], out / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / table_file(name)
        if name == "comments":  # in memory a partition at a time
            table = study.partitioned
            table.write_file(path)
            sha = digest_of_file(path)
        else:
            table = getattr(study.tables, name)
            path.write_bytes(table_bytes(table, name))
            sha = table_digest(table, name) if "source_file" in table else digest_of_file(path)
        said[path.name] = {"sha256": sha, "rows": len(table), "columns": list(table.columns)}
        sums.append(f"{digest_of_file(path)}  {path.name}\n")
    write(folder / "SHA256SUMS", "".join(sums).encode())
    return said


def packages() -> dict[str, str]:
    """Versions of the packages that a report rests on, by name."""
    return versions(sorted({*PACKAGES, *FURTHER}))


def settings_of(settings: Settings) -> dict[str, object]:
    """Every setting with its value, without a path or an address of this machine or cluster."""
    said = asdict(settings)
    folder, source = said.pop("folder"), said["source"]
    for of in (source, source["articles"]):
        if paths := of.get("paths"):
            of["paths"] = [source_name(Path(folder, p), folder) for p in ([paths] if isinstance(paths, str) else paths)]
    said["compute"]["scheduler"] = ""  # where it was computed changes nothing
    return said


def provenance(
    study: Study,
    tables: Mapping[str, object],
    seconds: Mapping[str, float],
    notebooks: Mapping[str, Mapping[str, object]] | None = None,
) -> bytes:
    """provenance.json: of what a report was made; files are named relative to the study folder."""
    installed, store = packages(), study.store
    took = {step: {"seconds": round(s, 2), "kept": store.kept[step]} for step, s in store.seconds.items()}
    said = {
        "threadline": installed["threadline"],
        "study": study.settings.folder.resolve().name,
        "title": study.settings.title,
        "inputs": study.inputs,
        "settings": settings_of(study.settings),
        "seed": study.settings.seed,
        "packages": installed,
        "platform": {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()},
        "tables": dict(tables),
        **({"notebooks": dict(notebooks)} if notebooks else {}),
        # Of a kept result: how long it took when it was computed.
        "steps": took | {step: {"seconds": round(s, 2), "kept": False} for step, s in seconds.items()},
    }
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()
