"""What the coding page asks and keeps: rounds of comments, what coders say, how far they agree, the codebook.

Everything is in files of the study, and read anew for each question, so that several pages, a killed one too, meet
nothing that is out of date: `coded/<coder>.csv` (`people.records`), `codebook.md`, and the same of a training round,
whose codes count nowhere, in `coded/training/`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.corpus.schema import Corpus
from analysis.corpus.sheets import csv_bytes, read_rows, write_new
from analysis.people import codebook
from analysis.people.agreement import alpha
from analysis.people.records import Record, Said
from analysis.people.sampling import check_names
from analysis.sentiment.codes import SAMPLE
from analysis.settings import CLASSES, StudyError

CODED, TRAINING = "coded", "training"
N_TRAINING = 20  # comments: enough to meet each class, and coded in some minutes
NEAR = 15  # comments of a thread that are shown before and after the one that is coded


@dataclass(frozen=True)
class Desk:
    """The study at which coders sit; a question about a round is of "sample" or "training"."""

    folder: Path
    title: str
    measure: str
    corpus: Corpus
    show: Callable[[str], str] = str  # makes a line fit to be shown
    classes: Mapping[str, float] = field(default_factory=lambda: CLASSES)  # their values, from the lowest
    seed: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not (self._round("sample") / SAMPLE).is_file():
            where = str(self._round("sample"))
            raise StudyError(expected=f"a drawn sample, {SAMPLE}", found="none", where=where, remedy="threadline code.")
        if not (self._round(TRAINING) / SAMPLE).is_file():
            sampled, ids = set(self._drawn("sample")), self.corpus.rows["comment_id"].to_numpy()
            left = np.sort([comment for comment in ids if comment not in sampled])
            chosen = np.random.default_rng([self.seed, 10]).permutation(len(left))[:N_TRAINING]
            write_new(self._round(TRAINING), {SAMPLE: csv_bytes(pd.DataFrame({"comment_id": left[chosen]}))}, over=True)

    # ------------------------------------------------------------------------------------------------ what is asked

    def begin(self, coder: str = "") -> dict[str, Any]:
        """What the page shows before a coder is known, and of one who is."""
        self._known(coder, new=True)
        sheets = [r.path.stem for r in self._records("sample") if r.is_sheet]
        names = sorted({r.path.stem for of in ("sample", TRAINING) for r in self._records(of)} - set(sheets))
        same = [name for name in names if name.casefold() == coder.casefold()]
        coder = same[0] if same else coder  # a file system may take both for one
        return {
            "title": self.title,
            "measure": self.measure,
            "classes": [{"name": name, "value": value} for name, value in self.classes.items()],
            "coder": coder,
            "coders": names,
            "sheets": sheets,
            "rounds": {of: self.progress(of, coder) for of in (TRAINING, "sample")},
            "codebook": self.codebook(),
        }

    def comments(self, of: str, coder: str) -> list[dict[str, Any]]:
        """A round's comments in the order that is everybody's, with what the coder said of them."""
        self._known(coder)
        said = self._record(of, coder).read()
        ids = [comment for comment in self._drawn(of) if comment in self._at.index]
        texts = self.corpus.texts.take(self._at.loc[ids].to_numpy("int64")) if ids else []
        return [self._comment(c, t) | self._said(said.get(c)) for c, t in zip(ids, texts, strict=True)]

    def progress(self, of: str, coder: str) -> dict[str, Any]:
        """How many of a round's comments were coded, by this coder and by two; and alpha as it stands."""
        drawn = [comment for comment in self._drawn(of) if comment in self._at.index]
        said = self._record(of, coder).read() if coder else {}
        table = self._codes(of, drawn)
        agreed = alpha(table.to_numpy(float), [*self.classes.values()])
        value, low, high = (None if v != v else round(v, 4) for v in agreed)
        both = int((table.notna().sum(axis=1) > 1).sum())
        done = [said[comment] for comment in drawn if comment in said]
        coded = sum(one.code is not None for one in done)
        counts = {"n": len(drawn), "coded": coded, "skipped": len(done) - coded, "both": both}
        by = {name: int(table[name].notna().sum()) for name in table}
        return counts | {"by": by, "alpha": value, "low": low, "high": high}

    def compare(self, coder: str) -> list[dict[str, Any]]:
        """The training comments that coders code differently, of those that this one has coded."""
        drawn = [comment for comment in self._drawn(TRAINING) if comment in self._at.index]
        table = self._codes(TRAINING, drawn)
        if coder not in table:
            return []
        names = {value: name for name, value in self.classes.items()}
        rows = table[table[coder].notna() & (table.max(axis=1) > table.min(axis=1))]
        texts = self.corpus.texts.take(self._at.loc[rows.index].to_numpy("int64")) if len(rows) else []
        return [
            self._comment(comment, text)
            | {"codes": [[who, names.get(code, f"{code:g}")] for who, code in row.dropna().items()]}
            for (comment, row), text in zip(rows.iterrows(), texts, strict=True)
        ]

    def around(self, comment: str) -> dict[str, Any]:
        """The article and the thread of a comment; of a long thread what stands near it, and what it answers."""
        if comment not in self._at.index:
            raise StudyError(expected="a comment of this study", found=comment[:60], where="the coding page")
        rows, at = self.corpus.rows, int(self._at[comment])
        article = rows["article_id"].iloc[at]
        thread = rows[rows["article_id"] == article].sort_values("position")
        here = thread["comment_id"].tolist().index(comment)
        near = thread.iloc[max(here - NEAR, 0) : here + NEAR + 1]
        parent = rows["parent_id"].iloc[at]
        answered = thread[(thread["comment_id"] == parent) & ~thread.index.isin(near.index)]
        near = pd.concat([answered, near])
        texts = self.corpus.texts.take(near.index.to_numpy("int64"))
        of = self.corpus.articles
        found = of[of["article_id"] == article].iloc[0]
        title, text = (self._lines(found[c]) if isinstance(found[c], str) else "" for c in ("title", "text"))
        shown = [
            self._comment(row.comment_id, text)
            | {"here": row.comment_id == comment, "answered": row.comment_id == parent}
            for row, text in zip(near.itertuples(), texts, strict=True)
        ]
        return {"title": title, "text": text, "thread": shown, "n": len(thread)}

    def codebook(self) -> dict[str, str]:
        """Its text, and the version by which it is known to have changed."""
        text = codebook.read(self.folder, codebook.default(self.measure, self.classes))
        return {"text": text, "version": codebook.version(text)}

    # -------------------------------------------------------------------------------------------------- what is kept

    def say(self, of: str, coder: str, comment: str, code: object, skipped: str) -> dict[str, Any]:
        """Keep a code, or why there is none; the progress since."""
        self._known(coder)
        if comment not in self._drawn(of):
            raise StudyError(expected="a comment of this round", found=str(comment)[:60], where="the coding page")
        if code is not None and code not in self.classes.values():
            values = ", ".join(f"{value:g}" for value in self.classes.values())
            raise StudyError(expected=f"one of {values}", found=str(code)[:60], where="the coding page")
        if code is None and not skipped.strip():
            raise StudyError(expected="a code, or a reason", found="neither", where="the coding page")
        with self._lock:
            self._record(of, coder).add(comment, Said(None if code is None else float(code), skipped))  # type: ignore[arg-type]
        return self.progress(of, coder)

    def undo(self, of: str, coder: str) -> dict[str, Any]:
        """Take back what the coder said last; which comment it was of, if any."""
        self._known(coder)
        with self._lock:
            record = self._record(of, coder)
            comment = next(reversed(record.read()), None)
            if comment is not None:
                record.add(comment, Said(None))
        return self.progress(of, coder) | {"undone": comment}

    def write_codebook(self, text: str, version: str) -> dict[str, Any]:
        """Keep another text, unless the codebook was changed since `version`: then it is given as it is now."""
        with self._lock:
            now = self.codebook()
            if now["version"] != version:
                return now | {"changed": True}
            codebook.write(self.folder, text)
            return self.codebook() | {"changed": False}

    # ------------------------------------------------------------------------------------------------------- within

    @cached_property
    def _at(self) -> pd.Series:
        """Where in the corpus a comment is."""
        rows = self.corpus.rows
        return pd.Series(np.arange(len(rows)), index=pd.Index(rows["comment_id"].to_numpy()))

    def _round(self, of: str) -> Path:
        if of not in ("sample", TRAINING):
            raise StudyError(expected=f"sample or {TRAINING}", found=str(of)[:60], where="the coding page")
        return self.folder / CODED / (TRAINING if of == TRAINING else "")

    def _drawn(self, of: str) -> list[str]:
        """The comments of a round, in an order that shows no stratum: who stops early has coded some by chance."""
        ids = {comment for _, (comment,) in read_rows(self._round(of) / SAMPLE, ["comment_id"])}
        return sorted(ids, key=lambda comment: hashlib.sha256(f"{self.seed} {comment}".encode()).digest())

    def _records(self, of: str) -> list[Record]:
        return [Record(path) for path in sorted(self._round(of).glob("*.csv")) if path.name != SAMPLE]

    def _record(self, of: str, coder: str) -> Record:
        return Record(self._round(of) / f"{coder}.csv")

    def _codes(self, of: str, drawn: list[str]) -> pd.DataFrame:
        """A column a coder, with sheets; NaN where there is no code."""
        table = pd.DataFrame(index=pd.Index(drawn, dtype="str"))
        for record in self._records(of):
            codes = {c: s.code for c, s in record.read().items() if s.code in self.classes.values()}
            table[record.path.stem] = table.index.map(pd.Series(codes, dtype="float64"))
        return table

    def _known(self, coder: str, *, new: bool = False) -> None:
        if not (new and not coder):
            check_names([coder[:60]], "the coding page", Path(SAMPLE).stem)

    def _lines(self, text: str) -> str:
        return "\n".join(self.show(line) for line in text.splitlines())

    def _comment(self, comment: str, text: str) -> dict[str, Any]:
        return {"id": comment, "text": self._lines(text)}

    @staticmethod
    def _said(said: Said | None) -> dict[str, Any]:
        return {"code": None, "skipped": ""} if said is None else {"code": said.code, "skipped": said.skipped}
