"""What a coder says of comments, kept at every key: a row is added to a csv file, and nothing in it is changed.

`<coder>.csv` has comment_id, code, skipped (why there is none), coded_at (UTC). Of a comment's rows the last counts;
one without code and reason takes back what was said before. `sentiment.codes` reads such a file as it reads a sheet.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.corpus.sheets import FORMULA, read_rows
from analysis.sentiment.codes import LOGGED
from analysis.settings import STUDY_FOLDER, StudyError, writing

COLUMNS = ["comment_id", "code", *LOGGED]
LONGEST = 500  # characters of a reason


@dataclass(frozen=True)
class Said:
    """A code, as it stands in a sheet, or why there is none."""

    code: str = ""
    skipped: str = ""


@dataclass(frozen=True)
class Record:
    """What one coder said, in a file."""

    path: Path

    @property
    def is_sheet(self) -> bool:
        """Whether it is a sheet that somebody fills in, to which nothing may be added."""
        if not self.path.is_file() or not self.path.stat().st_size:
            return False
        with self.path.open(encoding="utf-8", errors="replace") as file:
            return file.readline().strip() != ",".join(COLUMNS)  # a spreadsheet may have saved it otherwise

    def read(self) -> dict[str, Said]:
        """What was said last of each comment, in the order in which it was said; nothing of those taken back."""
        said: dict[str, Said] = {}
        if not self.path.is_file() or not self.path.stat().st_size:
            return said
        for _, (comment, cell, reason, _) in read_rows(self.path, COLUMNS[:2], LOGGED):
            said.pop(comment, None)
            if cell or reason:
                said[comment] = Said(cell, reason)
        return said

    def add(self, comment: str, said: Said) -> None:
        """Add a row, and do not come back before it is on the disk; a row that a crash cut off is removed first.

        A StudyError if it is a sheet, or the file cannot be written.
        """
        if self.is_sheet:
            raise StudyError(
                expected="a name under which nobody fills in a sheet",
                found=self.path.name,
                where=str(self.path.parent),
                remedy="Go on in the sheet, or code under another name.",
            )
        reason = " ".join(said.skipped.split())[:LONGEST]
        row = io.StringIO()
        write = csv.writer(row, lineterminator="\n")
        with writing(self.path.parent, **STUDY_FOLDER):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - (1 << 16), 0))
                tail = file.read()
                if tail and not tail.endswith(b"\n"):
                    size = size - len(tail) + tail.rfind(b"\n") + 1
                    file.truncate(size)
                if not size:
                    write.writerow(COLUMNS)
                comment, reason = (f"'{cell}" if cell.startswith(FORMULA) else cell for cell in (comment, reason))
                write.writerow([comment, said.code, reason, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"])
                file.write(row.getvalue().encode())
                file.flush()
                os.fsync(file.fileno())
