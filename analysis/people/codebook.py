"""The codebook: what the classes mean, with examples, in a file of the study that its coders may change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analysis.run.store import digest_of
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


def default(measure: str, classes: Mapping[str, float]) -> str:
    """What a study begins with: how to code, and a part for each class."""
    of = {name: "What belongs here.\n- “An example.”" for name in classes} | (SENTIMENT if classes == CLASSES else {})
    return HOW.format(measure=measure) + "".join(f"\n## {name} ({classes[name]:g})\n\n{of[name]}\n" for name in classes)


def read(folder: Path, otherwise: str) -> str:
    """The study's codebook, or `otherwise`; a StudyError if it cannot be read."""
    path = folder / FILE
    try:
        return path.read_text(encoding="utf-8-sig") if path.exists() else otherwise
    except (OSError, UnicodeDecodeError) as error:
        remedy = "Save it as UTF-8."
        raise StudyError(expected="a text in UTF-8", found=str(error), where=str(path), remedy=remedy) from None


def version(text: str) -> str:
    """By which a text is told from another."""
    return digest_of(text)[:12]


def write(folder: Path, text: str) -> None:
    """Write it, whole or not at all; a StudyError if it is too long, or cannot be written."""
    if not 0 < len(text.strip()) <= MOST:
        found = f"{len(text):,} characters"
        raise StudyError(expected=f"a text of 1 to {MOST:,}", found=found, where=FILE, remedy="Shorten it.")
    with writing(folder, **STUDY_FOLDER):
        work = folder / f".{FILE}.part"
        work.write_text(text.replace("\r\n", "\n").rstrip() + "\n", encoding="utf-8", newline="\n")
        work.replace(folder / FILE)
