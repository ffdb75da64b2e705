"""Codes that were given elsewhere: an export of Label Studio, Potato or 4CAT, or a table with an id and a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.corpus.formats import tables_of
from analysis.corpus.sheets import csv_bytes, write_new
from analysis.people.sampling import check_names
from analysis.sentiment.codes import SAMPLE, class_of
from analysis.settings import CLASSES, StudyError

# What columns are called, the first that is there.
IDS = ("comment_id", "item_id", "instance_id", "id")
LABELS = ("code", "label", "annotation", "value", "sentiment", "choice")
CODERS = ("coder", "annotator", "user", "user_id", "author", "completed_by")
OTHER_NAMES = {"neutral": "neither", "neg": "negative", "pos": "positive"}  # of the usual classes


def read_other(path: Path, folder: Path, classes: Mapping[str, float] = CLASSES) -> tuple[list[Path], list[str]]:
    """Write what a file has as `<coder>.csv` each, into a study's folder `coded`; nothing is overwritten.

    Gives the files, and a line for each label that is no class of the study. A StudyError if the file is no table, or
    has no id or label, if no label is a class, or if there is no sample of which it is known how it was drawn.
    """
    if not (folder / SAMPLE).is_file():
        remedy = f"Draw one with `threadline code`; or write {SAMPLE}: comment_id, stratum, probability of being drawn."
        raise StudyError(expected="a sample, and how it was drawn", found="none", where=str(folder), remedy=remedy)
    tables = tables_of(path) if path.is_file() else []
    if not tables:
        raise StudyError(expected="a table of codes", found="none", where=str(path), remedy="Correct the path.")
    codes: dict[str, dict[str, float]] = {}
    odd: dict[str, int] = {}
    for _, row, _ in tables[0].rows():
        for comment, coder, label in _said(row, path) if isinstance(row, dict) else ():
            value = class_of(OTHER_NAMES.get(label.casefold(), label) if classes == CLASSES else label, classes)
            if value is None:
                odd[label] = odd.get(label, 0) + 1
            else:
                codes.setdefault(coder, {})[comment] = value
    if not codes:
        found = ", ".join(f"“{label[:40]}”" for label in list(odd)[:5]) or "no label"
        raise StudyError(expected=f"labels among: {', '.join(classes)}", found=found, where=str(path))
    names = {coder: "".join(c if c.isalnum() or c in "-_" else "-" for c in coder) for coder in codes}
    check_names(list(names.values()), str(path), Path(SAMPLE).stem)
    if there := [name for name in names.values() if (folder / f"{name}.csv").exists()]:
        remedy = "Rename the coder, or move that file away."
        raise StudyError(expected="coders who have no codes here yet", found=there[0], where=str(folder), remedy=remedy)
    sheets = {
        f"{names[coder]}.csv": csv_bytes(pd.DataFrame(sorted(said.items()), columns=["comment_id", "code"]))
        for coder, said in codes.items()
    }
    write_new(folder, sheets, over=True)
    return [folder / name for name in sheets], [
        f"“{label[:40]}” is no class: {n:,} left out" for label, n in odd.items()
    ]


def _said(row: Mapping[str, Any], path: Path) -> Iterator[tuple[str, str, str]]:
    """Comment, coder and label of all that a row says."""
    if isinstance(row.get("annotations"), list):  # Label Studio's JSON: a task with what people said of it
        comment = _first({**row, **(row.get("data") or {})}, IDS)
        for one in row["annotations"]:
            by = one.get("completed_by", "coder")
            by = _first(by, ("email", "username", "id")) if isinstance(by, dict) else str(by)
            values = [result.get("value", {}) for result in one.get("result", []) if not one.get("was_cancelled")]
            labels = [str(v["choices"][0]) if v.get("choices") else str(v["rating"]) for v in values
                      if v.get("choices") or v.get("rating") is not None]  # fmt: skip
            yield from ((comment, by, label) for label in labels[:1])
        return
    if isinstance(row.get("label_annotations"), dict):  # Potato's, in a folder of each annotator
        chosen = [label for scheme in row["label_annotations"].values() for label, value in scheme.items() if value]
        yield from ((_first(row, IDS), path.parent.name, label) for label in chosen[:1])
        return
    wide = [name.rpartition(":::")[2] for name, value in row.items() if ":::" in str(name) and _is_true(value)]
    if not any(name in row for name in IDS) or not (wide or any(":::" in str(n) for n in row) or _has(row, LABELS)):
        raise StudyError(
            expected=f"a column of ids ({', '.join(IDS)}) and one of labels ({', '.join(LABELS)})",
            found=", ".join(map(str, list(row)[:12])),
            where=str(path),
            remedy="Rename the columns.",
        )
    label = wide[0] if wide else _first(row, LABELS)
    if label:
        yield _first(row, IDS), _first(row, CODERS) or path.stem, label


def _has(row: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(name in row for name in names)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of some columns that is there, as text."""
    return next((str(row[name]).strip() for name in names if row.get(name) not in (None, "")), "")


def _is_true(value: object) -> bool:
    return str(value).strip().casefold() not in ("", "0", "0.0", "none", "nan", "false")
