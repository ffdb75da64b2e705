"""What the coding page asks and keeps: rounds of comments, what coders say, how far they agree, the codebook.

Everything is in files of the study, and read anew for each question, so that several pages, a killed one too, meet
nothing that is out of date: `coded/<coder>.csv` (`people.records`), `codebook.md`, the same of a training round, whose
codes count nowhere, in `coded/training/`, and of the words of topics, where they are asked for, in `intrusion/`.
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
from analysis.corpus.sheets import XLSX, csv_bytes, read_rows, sheets_in, write_new
from analysis.people import codebook, intrusion
from analysis.people.agreement import alpha
from analysis.people.records import Record, Said
from analysis.people.sampling import check_names
from analysis.run.store import digest_of
from analysis.sentiment.codes import AND, HAS, NONE, SAMPLE, cell_of
from analysis.settings import CLASSES, StudyError

CODED, TRAINING, TOPICS = "coded", "training", "topics"
ODD = "Which of these words does not belong with the others?"
N_TRAINING = 20  # comments: enough to meet each class, and coded in some minutes
NEAR = 15  # comments of a thread that are shown before and after the one that is coded


@dataclass(frozen=True)
class Desk:
    """The study at which coders sit; a question about a round is of "sample", "training" or "topics"."""

    folder: Path
    title: str
    measure: str
    corpus: Corpus
    show: Callable[[str], str] = str  # makes a line fit to be shown
    classes: Mapping[str, float] = field(default_factory=lambda: CLASSES)  # their values, from the lowest
    labels: tuple[str, ...] = ()  # of which a comment may have several, in place of a class
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

    def begin(self, coder: str = "") -> dict[str, Any]:
        """What the page shows before a coder is known, and of one who is."""
        if coder:
            self._known(coder)
        sheets = [r.path.stem for r in self._records("sample") if r.is_sheet]
        rounds = [of for of in (TRAINING, "sample", TOPICS) if (self._round(of) / SAMPLE).is_file()]
        names = sorted({r.path.stem for of in rounds for r in self._records(of)} - set(sheets))
        same = [name for name in names if name.casefold() == coder.casefold()]
        coder = same[0] if same else coder  # a file system may take both for one
        return {
            "title": self.title,
            "measure": self.measure,
            "classes": [{"name": name, "cell": cell} for name, cell in self._cells.items()],
            "several": bool(self.labels),
            "coder": coder,
            "coders": names,
            "sheets": sheets,
            "rounds": {of: self.progress(of, coder) for of in rounds},
            "codebook": self.codebook(),
        }

    def comments(self, of: str, coder: str) -> list[dict[str, Any]]:
        """A round's comments in the order that is everybody's, with what the coder said of them."""
        self._known(coder)
        said, ids = self._record(of, coder).read(), self._drawn(of)
        kept = {comment: vars(said.get(comment, Said())) for comment in ids}
        if of == TOPICS:
            words = intrusion.words_of(self._round(of))
            return [{"id": one, "text": ODD, "choices": list(map(self.show, words[one]))} | kept[one] for one in ids]
        texts = self.corpus.texts.take(self._at.loc[ids].to_numpy("int64")) if ids else []
        return [self._comment(c, text) | kept[c] for c, text in zip(ids, texts, strict=True)]

    def progress(self, of: str, coder: str) -> dict[str, Any]:
        """How many of a round's comments were coded, by this coder and by two; and alpha as it stands."""
        drawn, alphas = self._drawn(of), []
        said = self._record(of, coder).read() if coder else {}
        table = self._codes(of, drawn)
        for name in (self.labels or ("",)) if of != TOPICS else ():  # a label: two classes, it is there or not

            def number(cell: str, name: str = name) -> float:
                return float(name in cell.split(AND)) if name else float(cell)

            values = [*(HAS if name else self.classes).values()]
            agreed = alpha(table.map(number, na_action="ignore").to_numpy(float), values)
            value, low, high = (None if v != v else round(v, 4) for v in agreed)
            alphas.append({"of": name, "alpha": value, "low": low, "high": high})
        both = int((table.notna().sum(axis=1) > 1).sum())
        done = [said[comment] for comment in drawn if comment in said]
        coded = sum(bool(one.code) for one in done)
        counts = {"n": len(drawn), "coded": coded, "skipped": len(done) - coded, "both": both}
        return counts | {"by": {name: int(table[name].notna().sum()) for name in table}, "alphas": alphas}

    def compare(self, coder: str) -> list[dict[str, Any]]:
        """The training comments that coders code differently, of those that this one has coded."""
        table = self._codes(TRAINING, self._drawn(TRAINING))
        if coder not in table:
            return []
        names = {cell: name for name, cell in self._cells.items()}
        rows = table[table[coder].notna() & table.apply(lambda row: len({*row.dropna()}) > 1, axis=1)]
        texts = self.corpus.texts.take(self._at.loc[rows.index].to_numpy("int64")) if len(rows) else []
        return [
            self._comment(str(comment), text)
            | {"codes": [[who, names.get(code, code.replace(AND, ", "))] for who, code in row.dropna().items()]}
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
        text = codebook.read(self.folder, codebook.default(self.measure, self.classes, self.labels))
        return {"text": text, "version": digest_of(text)[:12]}

    def say(self, of: str, coder: str, comment: str, code: str, skipped: str) -> dict[str, Any]:
        """Keep a code, or why there is none; the progress since."""
        self._known(coder)
        if comment not in self._drawn(of):
            raise StudyError(expected="a comment of this round", found=str(comment)[:60], where="the coding page")
        cell = self._cell(of, code)
        if code and not cell:
            cells = intrusion.CHOICES if of == TOPICS else [*self._cells.values(), *[NONE] * bool(self.labels)]
            raise StudyError(expected=f"one of {', '.join(cells)}", found=code[:60], where="the coding page")
        if not code and not skipped.strip():
            raise StudyError(expected="a code, or a reason", found="neither", where="the coding page")
        with self._lock:
            self._record(of, coder).add(comment, Said(cell, skipped))
        return self.progress(of, coder)

    def undo(self, of: str, coder: str) -> dict[str, Any]:
        """Take back what the coder said last; which comment it was of, if any."""
        self._known(coder)
        with self._lock:
            record = self._record(of, coder)
            comment = next(reversed(record.read()), None)
            if comment is not None:
                record.add(comment, Said())
        return self.progress(of, coder) | {"undone": comment}

    def write_codebook(self, text: str, version: str) -> dict[str, Any]:
        """Keep another text, unless the codebook was changed since `version`: then it is given as it is now."""
        with self._lock:
            now = self.codebook()
            if now["version"] != version:
                return now | {"changed": True}
            codebook.write(self.folder, text)
            return self.codebook() | {"changed": False}

    @cached_property
    def _at(self) -> pd.Series:
        """Where in the corpus a comment is."""
        rows = self.corpus.rows
        return pd.Series(np.arange(len(rows)), index=pd.Index(rows["comment_id"].to_numpy()))

    @property
    def _cells(self) -> dict[str, str]:
        """What stands in a cell for each class or label."""
        return {name: name for name in self.labels} or {name: f"{v:.10g}" for name, v in self.classes.items()}

    def _round(self, of: str) -> Path:
        coded = self.folder / CODED
        places = {"sample": coded, TRAINING: coded / TRAINING, TOPICS: self.folder / intrusion.FOLDER}
        if of not in places:
            raise StudyError(expected=f"one of {', '.join(places)}", found=of[:60], where="the coding page")
        return places[of]

    def _drawn(self, of: str) -> list[str]:
        """The comments of a round, in an order that shows no stratum: who stops early has coded some by chance."""
        ids = {comment for _, (comment,) in read_rows(self._round(of) / SAMPLE, ["comment_id"])}
        ids = ids if of == TOPICS else {comment for comment in ids if comment in self._at.index}
        return sorted(ids, key=lambda comment: hashlib.sha256(f"{self.seed} {comment}".encode()).digest())

    def _records(self, of: str) -> list[Record]:
        return [Record(path) for path in sheets_in(self._round(of)) if path.name != SAMPLE]

    def _record(self, of: str, coder: str) -> Record:
        own, sheet = (self._round(of) / f"{coder}{ending}" for ending in (".csv", XLSX))
        return Record(sheet if sheet.is_file() else own)

    def _cell(self, of: str, cell: str) -> str:
        """A code as it is kept; "" if it is none."""
        if of == TOPICS:
            return cell if cell in intrusion.CHOICES else ""
        return cell_of(cell, self.classes, self.labels)

    def _codes(self, of: str, drawn: list[str]) -> pd.DataFrame:
        """A column a coder, with sheets: cells as they are kept; missing where there is no code."""
        table = pd.DataFrame(index=pd.Index(drawn, dtype="str"))
        for record in self._records(of):
            codes = {c: cell for c, said in record.read().items() if (cell := self._cell(of, said.code))}
            table[record.path.stem] = pd.Series([codes.get(c) for c in drawn], index=table.index, dtype="object")
        return table

    def _known(self, coder: str) -> None:
        check_names([coder[:60]], "the coding page", Path(SAMPLE).stem)

    def _lines(self, text: str) -> str:
        return "\n".join(self.show(line) for line in text.splitlines())

    def _comment(self, comment: str, text: str) -> dict[str, Any]:
        return {"id": comment, "text": self._lines(text)}
