"""study.toml -> settings; the first thing that is wrong with it as one line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError as Invalid

from analysis.settings import CLASSES, SCORES, SECTIONS, STUDY_FILE, Settings, StudyError

UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")  # pydantic's words for a key that there is not


def read_settings(folder: str | Path) -> Settings:
    """Read the settings of a study: of its folder, or its study.toml.

    A StudyError if the folder or the file is missing, is not TOML, or has an unknown key or a wrong value.
    """
    folder = Path(folder)
    folder = folder.parent if folder.name == STUDY_FILE else folder
    path, remedy = folder / STUDY_FILE, "`threadline new FOLDER FILES…` makes one from your files."
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise StudyError(expected="a study folder", found=found, where=str(folder), remedy=remedy)
    if not path.is_file():
        n_files = sum(1 for p in folder.iterdir() if not p.name.startswith("."))
        found = f"{n_files} other files and folders" if n_files else "an empty folder"
        raise StudyError(expected=f"a {STUDY_FILE} in the study folder", found=found, where=str(folder), remedy=remedy)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        found, remedy = f"text that is not: {error}", "`threadline new` writes one."
        raise StudyError(expected="TOML in UTF-8", found=found, where=str(path), remedy=remedy) from None
    return _validated(folder, raw, str(path))


def around() -> Path | None:
    """The study folder in which we are: a study's own notebooks are in a folder of it."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / STUDY_FILE).is_file()), None)


def changed(settings: Settings, where: str = "with_", /, **changes: object) -> Settings:
    """The same settings with other values: `period="quarter"`, or `privacy={"authors": "keep"}` for a section's keys.

    A StudyError if there is no key of a name, if two sections have it, or if a value is wrong.
    """
    raw = asdict(settings)
    del raw["folder"]
    for key, value in changes.items():
        of = [section for section in SECTIONS if key in raw[section]]
        if key in SECTIONS and isinstance(value, Mapping):
            raw[key] |= value
        elif key in ("title", "seed"):
            raw[key] = value
        elif len(of) == 1:
            raw[of[0]][key] = value
        else:
            expected = f"a section: {of[0]}={{{key!r}: …}} or {of[1]}=…" if of else f"a key of {STUDY_FILE}"
            known = sorted({name for section in SECTIONS for name in raw[section]} | {"title", "seed"})
            raise StudyError(expected=expected, found=repr(key), where=where, remedy=_suggestion(key, known))
    return _validated(settings.folder, raw, where)


def _validated(folder: Path, raw: Mapping[str, Any], where: str) -> Settings:
    """Settings of what TOML holds; the first thing that is wrong with it as one line."""
    raw = dict(raw)
    if isinstance(had := raw.get("topics"), Mapping) and "seed" in had:  # its place before it ruled more than topics
        raw["topics"] = {key: value for key, value in had.items() if key != "seed"}
        raw.setdefault("seed", had["seed"])
    if "folder" in raw:
        raise _wrong_key("folder", Settings, where)
    try:
        settings = Settings(folder=folder, **raw)
    except Invalid as error:
        first = min(error.errors(), key=lambda one: one["type"] not in UNKNOWN)  # a misspelt key is one that lacks
        raise _as_ours(first, raw, where) from None
    source, topics, of = settings.source, settings.topics, settings.sentiment
    for key, found, wrong, expected, remedy in (  # what a key asks of another, or of the folder
        ("[source] authors", source.authors, source.authors and not (folder / source.authors).is_file(),
         "a file of names, one a line", "Write the file, or remove the key."),
        ("[topics.seeds]", topics.encoder, topics.seeds and topics.encoder.startswith("npy:"),
         "an encoder that makes vectors of the seeds too", "Remove the seeds, or use another encoder."),
        ("[codes] labels", settings.codes.classes, settings.codes.labels and settings.codes.classes != CLASSES,
         "either classes or labels", "Remove one of the two."),
        ("[sentiment] instrument", "coded", settings.codes.labels and "coded" in (of.instrument, *of.compare),
         "an instrument that needs no codes: people give labels", "Name it under [codes] labels, for a label."),
        ("[sentiment] range", of.instrument, of.range != (-1, 1) and not of.instrument.startswith(f"{SCORES}:"),
         f'an instrument "{SCORES}:FILE.csv", the only one that has another range than −1 to 1',
         "Remove the key, or name the file of scores."),
        ("[sentiment] compare", of.compare, of.range != (-1, 1) and not all(c.startswith(SCORES) for c in of.compare),
         f'instruments "{SCORES}:FILE.csv", the only ones that have the study\'s range', "Take the others out."),
    ):  # fmt: skip
        if wrong:
            raise StudyError(expected=expected, found=repr(found), where=f"{where}, {key}", remedy=remedy)
    return settings


def _as_ours(error: Any, raw: Mapping[str, Any], where: str) -> StudyError:
    """What pydantic found, in one line: the key, what is right by its choices or description, and what stands there."""
    section, *key = (str(part) for part in error["loc"][:2])
    kind: Any = Settings
    names = [section]
    if key and section in SECTIONS:
        kind, names = kind.__pydantic_fields__[section].annotation, [section, *key]
    if error["type"] in UNKNOWN:
        return _wrong_key(names[-1], kind, where, section if len(names) > 1 else "")
    expected = kind.__pydantic_fields__[names[-1]].description
    name = f"[{section}] {names[1]}" if len(names) > 1 else section
    if error["type"] in ("missing", "missing_argument"):
        what = expected if expected.startswith("a table") else f"a value for {name}"
        return StudyError(expected=what, found="nothing", where=where, remedy="Add it, as `threadline new` does.")
    value: Any = raw
    for part in names:
        value = value[part] if isinstance(value, Mapping) else value
    found = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "…"
    expected = expected or f"one of: {error['ctx']['expected']}".replace("'", "")
    return StudyError(expected=expected, found=found, where=f"{where}, {name}", remedy="Correct the value.")


def _wrong_key(key: str, kind: Any, where: str, section: str = "") -> StudyError:
    known = [name for name in kind.__pydantic_fields__ if name != "folder"]
    return StudyError(
        expected=f"one of: {', '.join(known)}",
        found="an unknown key",
        where=f"{where}, {f'[{section}] {key}' if section else key}",
        remedy=_suggestion(key, known),
    )


def _suggestion(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean “{near[0]}”?" if near else "Remove it or correct its name."
