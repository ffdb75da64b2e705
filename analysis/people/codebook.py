"""The codebook: what the classes mean, with examples, in a file of the study that its coders may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.settings import CLASSES, STUDY_FOLDER, StudyError, writing

FILE = "codebook.md"
MOST = 200_000  # characters

SENTIMENT = {
    "negative": "The words are negative on the whole: anger, worry, blame, mockery, grief.\n- “An hour in the rain.”",
    "neither": "Neither, or both in equal parts, or you cannot tell.\n- “Does it run on Sundays?”",
    "positive": "The words are positive on the whole: praise, joy, thanks, hope.\n- “On time again, thank you!”",
}
HOW = """# How to code

Code the {measure} of the words as their writer means them: irony is coded as what is meant. It is not about whether you
agree, nor whether the writer is for or against something. Read each comment alone, in the order in which they come. Do
not talk about single comments with other coders before all have finished, and leave out as little as you can.
"""
SEVERAL = "\nA comment may have several of these labels, or none: in a sheet as in “this|that”, or “none”.\n"


def default(measure: str, classes: Mapping[str, float], labels: Sequence[str] = ()) -> str:
    """What a study begins with: how to code, and a part for each class, or for each label."""
    parts = {name: name for name in labels} or {name: f"{name} ({value:g})" for name, value in classes.items()}
    of = SENTIMENT if not labels and classes == CLASSES else dict.fromkeys(parts, "What belongs here.\n- “An example.”")
    how = HOW.format(measure="meaning" if labels else measure) + (SEVERAL if labels else "")
    return how + "".join(f"\n## {title}\n\n{of[name]}\n" for name, title in parts.items())


def read(folder: Path, otherwise: str) -> str:
    """The study's codebook, or `otherwise`; a StudyError if it cannot be read."""
    path = folder / FILE
    try:
        return path.read_text(encoding="utf-8-sig") if path.exists() else otherwise
    except (OSError, UnicodeDecodeError) as error:
        remedy = "Save it as UTF-8."
        raise StudyError(expected="a text in UTF-8", found=str(error), where=str(path), remedy=remedy) from None


def write(folder: Path, text: str) -> None:
    """Write it, whole or not at all; a StudyError if it is too long, or cannot be written."""
    if not 0 < len(text.strip()) <= MOST:
        found = f"{len(text):,} characters"
        raise StudyError(expected=f"a text of 1 to {MOST:,}", found=found, where=FILE, remedy="Shorten it.")
    with writing(folder, **STUDY_FOLDER):
        work = folder / f".{FILE}.part"
        work.write_text(text.replace("\r\n", "\n").rstrip() + "\n", encoding="utf-8", newline="\n")
        work.replace(folder / FILE)
