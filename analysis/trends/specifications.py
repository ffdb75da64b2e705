"""What is told of change, estimated otherwise: the table behind "holds in 11 of 12" (Simonsohn et al. 2020).

Each claim is estimated again at its own date where something was decided otherwise: on other comments, with other
topics or another instrument, without the thread or the author that moves it most. Claims do not depend on the period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.run.codes import distinct
from analysis.trends.contrasts import series
from analysis.trends.errors import Design
from analysis.trends.intervals import Bounds, Method, Row, total
from analysis.trends.periods import YEAR, Calendar
from analysis.trends.units import Units, arrange, marked, table

TOLD = "as told"
CLAIM = ["change", "event", "at", "series", "topic", "measure"]  # by which a claim is known
WITHIN = ["since", "until"]  # the comments that a break is about
LOUDEST = 0.01  # the part of the authors, by their number of comments, that a figure should not rest on
ALIKE = 0.25  # of two topics the comments in both over those in either; below, the topic is not there


def claims(
    change_points: pd.DataFrame, slopes: pd.DataFrame, comparisons: pd.DataFrame, sure: float = 0.05
) -> pd.DataFrame:
    """What the tables claim of change, a row a claim, with CLAIM; of an event the whole mean, whatever it did.

    change is "event" (the step between two lines), "break" (the difference before and after, within since and until,
    the breaks beside it) or "slope" (a year); `sure` is the q-value below which.
    """
    events = comparisons[comparisons["comparison"] == "event"]
    of_all = events["topic"].isna() & (events["measure"] != "share")
    broken, steady = (table[table["q_value"] < sure] for table in (change_points, slopes))
    parts = (("event", events[(events["q_value"] < sure) | of_all]), ("break", broken), ("slope", steady))
    columns = [*CLAIM, *WITHIN]
    found = pd.concat([part.assign(change=name).reindex(columns=columns) for name, part in parts], ignore_index=True)
    for when in ("at", *WITHIN):
        found[when] = pd.to_datetime(found[when], utc=True).astype(change_points["at"].dtype)
    return found.astype({"change": "str", "event": "str", "topic": "Int64"})


def specifications(
    told: pd.DataFrame,
    comments: pd.DataFrame,
    topics: Mapping[str, Callable[[], pd.DataFrame]],
    scores: Mapping[str, Callable[[], pd.DataFrame]],
    measure: str = "sentiment",
    *,
    bounds: Bounds = (-1, 1),
    method: Method = Method(),
) -> pd.DataFrame:
    """Estimate each of the `claims` again under each specification, "as told" first; data/README.md has the columns.

    `topics` and `scores` have by what was decided otherwise the comments then, with other topics or scores, and are
    asked about claims that rest on them. Topics found otherwise are held against the first ones by the comments that
    they share; where they share too few, nothing holds of the topic.
    """
    rows: list[dict[Any, Any]] = []
    of_topics, of_scores = told["topic"].notna(), told["measure"] != "share"
    asked: list[tuple[str, Callable[[], pd.DataFrame], pd.Series]] = [(TOLD, lambda: comments, of_topics | True)]
    asked += [(name, made, of_topics) for name, made in topics.items()]
    asked += [(name, made, of_scores) for name, made in scores.items()]
    for name, made, which in asked:
        if which.any():
            rows += _under(name, made(), comments, told[which], measure, bounds, method)
    first = {_key(row): row["estimate"] for row in rows if row["specification"] == TOLD}
    for row in rows:
        row["holds"] = bool(row["low"] > 0 if first[_key(row)] > 0 else row["high"] < 0)
    place = {_key(claim): at for at, claim in enumerate(told.to_dict("records"))}
    rows.sort(key=lambda row: place[_key(row)])
    types: dict[str, object] = {name: told[name].dtype for name in CLAIM} | {"specification": "str"}
    return table(rows, types, "n_comments estimate low high", {"holds": bool})


def _key(row: Mapping[Any, Any]) -> tuple[object, ...]:
    """By which a claim is found again."""
    return row["change"], row["series"], str(row["at"]), str(row["event"])


def _under(
    name: str,
    comments: pd.DataFrame,
    first: pd.DataFrame,
    told: pd.DataFrame,
    measure: str,
    bounds: Bounds,
    method: Method,
) -> Iterator[dict[Any, Any]]:
    """Every claim under one specification; of what was told also under those that leave some comments out."""
    for claim in told.to_dict("records"):
        of = comments
        if pd.notna(claim["topic"]) and comments is not first:
            of = comments.assign(topic=_same_topic(first, comments, int(claim["topic"])))
        a = arrange(of, measure, "topic", Calendar("year"), bounds)
        some = {name: np.ones(len(a.y), dtype=bool)}
        if name == TOLD:
            some["without the loudest 1 % of authors"], n = _without_loudest(a)
            some = some if n else {name: some[name]}
            some["without repeated comments"] = ~marked(of, a, "duplicate_of", "near_duplicate_of")
        for specification, keep in some.items():
            yield {**claim, "specification": specification, **Claimed(a.only(keep), claim).estimate(method)}
        if name == TOLD:
            for what in ("thread", "author"):
                for moves in Claimed(a, claim).ranked(what)[:1]:
                    less = Claimed(a.only(getattr(a, what) != moves), claim).estimate(method)
                    yield {**claim, "specification": f"without the {what} that moves it most", **less}


def _without_loudest(a: Units) -> tuple[np.ndarray, int]:
    """Whether each comment is of none of the loudest authors, and how many these are."""
    author = np.full(len(a.thread), -1) if a.author is None else a.author
    per_author = total(author[author >= 0], None, int(author.max(initial=-1)) + 1)
    # Of authors with as many comments, the one whose first comment has the smaller id is left out first.
    loudest = np.argsort(-per_author, kind="stable")[: int(np.ceil(LOUDEST * len(per_author)))]
    return ~np.isin(author, loudest), len(loudest)


def _same_topic(first: pd.DataFrame, other: pd.DataFrame, topic: int) -> np.ndarray:
    """The topic found otherwise that is most alike, by its number in `first`; -1 for all other comments."""
    ours = (first["topic"] == topic).to_numpy()
    theirs = other["topic"].to_numpy()
    n = int(theirs.max(initial=-1)) + 1
    both, size = (total(theirs[of & (theirs >= 0)], None, n) for of in (ours, np.True_))
    alike = both / np.maximum(ours.sum() + size - both, 1)
    best = int(np.argmax(alike)) if n else 0
    return np.where((theirs == best) & (n > 0 and alike[best] >= ALIKE), topic, -1)


class Claimed:
    """A claim as a coefficient of some comments, or nothing where they have no such series."""

    def __init__(self, a: Units, claim: Mapping[Any, Any]) -> None:
        a = a.dated
        for end, side in ((claim["since"], True), (claim["until"], False)):
            a = a if pd.isna(end) else a.only(a.since(end) == side)
        found = ((b, y) for named, b, y, _ in series(a) if named["series"] == claim["series"])
        self.a, self.y = next(found, (a.only(slice(0)), a.y[:0]))
        one = np.ones(len(self.y))
        if claim["change"] == "slope":
            self.sides = [one > 0]
            x = [one, (self.a.instant - self.a.instant.min()) / YEAR if len(self.y) else one]
        else:
            late, t = self.a.since(claim["at"]), self.a.years(claim["at"])
            self.sides = [~late, late]
            x = [one, late, t, t * late] if claim["change"] == "event" else [one, late]
        self.x = np.stack(x, axis=1).astype(float)  # what is claimed is the second coefficient

    def estimate(self, method: Method) -> Row:
        """The coefficient with its interval; none where a side has too few threads, or its comments one time."""
        threads = min(len(distinct(self.a.thread[side])) for side in self.sides)
        row: Row = {"n_comments": len(self.y), "estimate": np.nan, "low": np.nan, "high": np.nan}
        if threads < method.min_threads or not _full(self.x):
            return row
        found = Design(self.a.compact, self.x).coefficient(self.y, 1, method)
        return row | {name: found[name] for name in ("estimate", "low", "high")}

    def ranked(self, what: str) -> np.ndarray:
        """Threads or authors by how far they move the estimate to where it is (dfbeta), the furthest first."""
        code = getattr(self.a, what)
        if code is None or not _full(self.x):
            return np.zeros(0, dtype=np.int64)
        design, known = Design(self.a.compact, self.x), code >= 0
        by = total(code[known], design.influence(self.y, 1)[known], 0)
        return np.argsort(-by * np.sign(self.value()), kind="stable")

    def value(self, without: np.ndarray | None = None) -> float:
        """The coefficient alone, without some of the comments; NaN where what is left has none."""
        keep = slice(None) if without is None else ~without
        x, y = self.x[keep], self.y[keep]
        return float(np.linalg.lstsq(x, y, rcond=None)[0][1]) if _full(x) else float("nan")


def _full(x: np.ndarray) -> bool:
    """Whether a regression on these columns has one answer."""
    return len(x) >= x.shape[1] and bool(np.linalg.matrix_rank(x) == x.shape[1])
