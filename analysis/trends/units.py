"""Comments as codes, arranged once for every table, and tables from rows. The unit is the thread, not the comment."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.corpus.exports.columns import WORDS
from analysis.run.codes import dense, distinct
from analysis.settings import StudyError
from analysis.trends.intervals import Bounds, Row, total
from analysis.trends.periods import YEAR, Calendar, instants

UNASSIGNED = -1  # a topic that is none: it stands in tables, and nothing is claimed about it
TEXTS = ("series", "measure", "comparison", "event", "part", "interval")  # columns of words
NOBODY = {"", *WORDS["nothing"]["removed"]}  # "[deleted]": those who have left are not one author
BY_COMMENT = ("order", "thread", "author", "period", "day", "instant", "group", "y")


@dataclass(frozen=True)
class Units:
    """Comments as integer codes, sorted by comment_id so that no sum depends on the order of rows."""

    measure: str
    by: str | None
    bounds: Bounds  # what the measure cannot go beyond
    grid: pd.DataFrame  # period_start, period_end; one row of neither where time is not asked for
    groups: pd.Index  # the values of `by` that occur, ascending
    n_threads: int
    order: np.ndarray  # (n_comments,) the comment's row in the frame
    thread: np.ndarray  # (n_comments,) from 0 to n_threads - 1
    author: np.ndarray | None  # (n_comments,) -1 where unknown
    period: np.ndarray  # (n_comments,) row of `grid`, -1 where there is no date
    day: np.ndarray  # (n_comments,) a day in UTC, cut where a period ends; from 0 to n_days - 1, or -1
    n_days: int
    instant: np.ndarray  # (n_comments,) datetime64[us] in UTC, or NaT
    group: np.ndarray  # (n_comments,) index into `groups`, -1 where it has no value
    y: np.ndarray  # (n_comments,) the measure, or NaN

    def only(self, keep: np.ndarray | slice) -> Units:
        """Some of the comments, with the same codes."""
        parts = {name: getattr(self, name) for name in BY_COMMENT}
        return replace(self, **{name: of[keep] for name, of in parts.items() if of is not None})

    @property
    def dated(self) -> Units:
        """The comments that have a date."""
        return self.only(self.period >= 0)

    @property
    def scored(self) -> Units:
        """The comments that have the measure."""
        return self.only(~np.isnan(self.y))

    @property
    def grouped(self) -> Units:
        """The comments that have a value of `by`."""
        return self.only(self.group >= 0)

    @property
    def compact(self) -> Units:
        """The same comments with their threads numbered without gaps."""
        return replace(self, thread=dense(self.thread), n_threads=len(distinct(self.thread)))

    @property
    def named(self) -> list[int]:
        """Codes of the groups about which something may be claimed: not the unassigned."""
        return [code for code, value in enumerate(self.groups) if value != UNASSIGNED]

    @property
    def change(self) -> Bounds:
        """What a difference of two means cannot go beyond."""
        return self.bounds[0] - self.bounds[1], self.bounds[1] - self.bounds[0]

    @property
    def of_groups(self) -> Row:
        """Name and type of a column of the groups' values, some of them missing; "topic" where none is asked for."""
        return {self.by or "topic": with_missing(self.groups)}

    def since(self, at: pd.Timestamp) -> np.ndarray:
        """Whether each comment is from that instant on; none is where there is no such instant."""
        return self.years(at) >= 0

    def years(self, at: pd.Timestamp) -> np.ndarray:
        """Years from an instant to each comment."""
        return (self.instant - at.tz_convert("UTC").tz_localize(None).to_datetime64()) / YEAR

    def sums(self, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sum of the measure and number in each thread, of some of the comments, all of them scored."""
        return total(self.thread[of], self.y[of], self.n_threads), total(self.thread[of], None, self.n_threads)

    def named_as(self, what: str, code: int | None = None) -> Row:
        """What a table says of a series: its name, the value of `by`, and what is measured."""
        if code is None:
            return {"series": what, "measure": what}
        return {"series": f"{what} of {self.by} {self.groups[code]}", str(self.by): self.groups[code], "measure": what}


def arrange(
    comments: pd.DataFrame,
    measure: str | None = None,
    by: str | None = None,
    calendar: Calendar | None = None,
    bounds: Bounds = (-np.inf, np.inf),
) -> Units:
    """Comments as codes; only the columns that are named need be there, article_id and, with a calendar, posted_at."""
    n, order = len(comments), np.arange(len(comments))
    if "comment_id" in comments and not comments["comment_id"].is_monotonic_increasing:
        order = comments["comment_id"].reset_index(drop=True).sort_values(kind="stable").index.to_numpy()
        comments = comments.iloc[order]
    threads = pd.factorize(column(comments, "article_id"), use_na_sentinel=False)
    group, groups = coded(column(comments, by)) if by else (np.zeros(n, np.int64), pd.Index([UNASSIGNED]))
    grid, period, day, n_days = pd.DataFrame(index=range(1)), np.zeros(n, np.int64), np.zeros(n, int), 1
    instant = np.full(n, np.datetime64("NaT", "us"))
    if calendar:
        (grid, period), instant = calendar.cut(column(comments, "posted_at")), instants(comments["posted_at"])
        day, n_days = days(period, instant)
    return Units(
        measure=measure or "",
        by=by,
        bounds=bounds,
        grid=grid,
        groups=groups,
        n_threads=len(threads[1]),
        order=order,
        thread=np.asarray(threads[0]),
        author=known(comments["author"]) if "author" in comments else None,
        period=period,
        day=day,
        n_days=n_days,
        instant=instant,
        group=group,
        y=scores(comments, measure, bounds) if measure else np.full(n, np.nan),
    )


def days(period: np.ndarray, instant: np.ndarray) -> tuple[np.ndarray, int]:
    """Of each comment a day of one period, numbered in their order, -1 without a date; and how many there are."""
    dated, day = period >= 0, np.full(len(period), -1)
    since = instant[dated].astype("M8[D]").astype(np.int64)
    since -= since.min(initial=0)
    _, day[dated] = np.unique(period[dated] * (since.max(initial=0) + 1) + since, return_inverse=True)
    return day, int(day.max(initial=-1)) + 1


def known(author: pd.Series) -> np.ndarray:
    """Codes of authors, -1 where nobody is named."""
    code, names = pd.factorize(author)
    nobody = np.array([str(name).strip().lower() in NOBODY for name in names] + [True])
    return np.where(nobody[code], -1, code)


def column(comments: pd.DataFrame, name: str) -> pd.Series:
    """A column that must be there, or an error that names what is."""
    if name in comments:
        return comments[name]
    near = difflib.get_close_matches(name, map(str, comments.columns), n=1)
    raise StudyError(
        expected=f"a column “{name}”",
        found=", ".join(map(str, comments.columns)) or "no columns",
        where="the table given",
        remedy=f"Did you mean “{near[0]}”?" if near else "Name the column that is meant, or add it.",
    )


def scores(comments: pd.DataFrame, measure: str, bounds: Bounds) -> np.ndarray:
    """A measure as floats, NaN where it is missing."""
    values = column(comments, measure)
    if not pd.api.types.is_numeric_dtype(values):
        raise StudyError(expected="numbers", found=str(values.dtype), where=f"column “{measure}”")
    y = values.to_numpy(dtype=float, na_value=np.nan)
    beyond = y[(y < bounds[0]) | (y > bounds[1])]
    if len(beyond):
        raise StudyError(
            expected=f"numbers from {bounds[0]:g} to {bounds[1]:g}",
            found=f"{beyond[0]:g}",
            where=f"column “{measure}”",
            remedy="Say what it cannot go beyond: bounds=(lowest, highest).",
        )
    return y


def coded(values: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Codes and the values that occur, ascending; of whole numbers, such as topics, what is missing is unassigned."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        whole = values.fillna(UNASSIGNED)
        if (whole % 1 != 0).any():
            raise StudyError(
                expected="names or whole numbers",
                found=f"{whole[whole % 1 != 0].iloc[0]}",
                where=f"column “{values.name}”",
                remedy="Cut it into classes first: pd.cut(…).astype(str).",
            )
        values = whole.astype("int64")
    code, distinct = pd.factorize(values, sort=True)
    return np.asarray(code), pd.Index(distinct)


def with_missing(groups: pd.Index) -> object:
    """Type of a column that holds some of these values, or none."""
    return {"i": "Int64", "b": "boolean"}.get(groups.dtype.kind, groups.dtype)


def marked(comments: pd.DataFrame, units: Units, *names: str) -> np.ndarray:
    """Whether each comment has a value in one of the columns, of those that are there."""
    found = [name for name in names if name in comments]
    return comments[found].notna().any(axis=1).to_numpy()[units.order]


def table(rows: Iterable[Mapping[str, Any]], *columns: str | Mapping[str, Any]) -> pd.DataFrame:
    """Rows as a table, also where there are none; what a row lacks is missing.

    Columns are names with spaces between them, or names with their types where these do not follow from the names.
    """
    rows, dtypes = list(rows), Row()
    for some in columns:
        dtypes |= {name: _type_of(name) for name in some.split()} if isinstance(some, str) else some
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=of) for name, of in dtypes.items()})


def _type_of(name: str) -> str:
    return "int64" if name.startswith(("n_", "threads_")) else "str" if name in TEXTS else "float64"
