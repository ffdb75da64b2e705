"""Calendar periods in the study's time zone: half-open, every empty one between first and last included."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.settings import WEEKDAYS, StudyError, TrendSettings

MOST = 20_000  # 55 years of days: more rows than a figure can show or a reader can use
# What pandas can print of the calendar in every zone: the last period ends a day before year 9999 does.
FIRST = np.datetime64("0001-01-01T00:00:00", "us")
LAST = np.datetime64("9999-12-30T23:59:59.999999", "us")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7}


def periods(posted_at: pd.Series, settings: TrendSettings) -> pd.DataFrame:
    """Every calendar period from the first comment's to the last one's.

    Parameters
    ----------
    posted_at : Series of datetime64[us, UTC]
        May hold NaT.
    settings : TrendSettings
        `period` is day, week (from the day `week_starts`), month, quarter or year; `timezone` is where midnight is.

    Returns
    -------
    DataFrame
        period_start, period_end, both datetime64[us, timezone]: `period_start <= t < period_end`. A period's
        end is the next one's start. At the ends of what can be written as a date, the years 1 and 9999, a
        period is cut short.

    Raises
    ------
    StudyError
        If there would be more than 20,000 periods.
    """
    return _table(_edges(posted_at, settings), settings)


def assign(posted_at: pd.Series, settings: TrendSettings) -> pd.Series:
    """The start of each comment's period; NaT where there is no date.

    Parameters
    ----------
    posted_at : Series of datetime64[us, UTC]
    settings : TrendSettings

    Returns
    -------
    Series of datetime64[us, timezone], with the index of `posted_at`.
    """
    edges = _edges(posted_at, settings)
    starts, code = _table(edges, settings)["period_start"], _code(_instants(posted_at), edges)
    values = starts.reindex(pd.Index(np.where(code < 0, len(starts), code)))
    return pd.Series(values.array, index=posted_at.index, name="period_start")


def _code(instants: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Which of the periods between `edges` each instant falls in; -1 where there is no date."""
    found = np.searchsorted(edges, instants, side="right") - 1
    return np.where(np.isnat(instants), -1, np.clip(found, 0, max(len(edges) - 2, 0)))


def _table(edges: np.ndarray, settings: TrendSettings) -> pd.DataFrame:
    """Periods from their edges."""
    local = pd.DatetimeIndex(edges).tz_localize("UTC").tz_convert(settings.timezone)
    return pd.DataFrame({"period_start": local[:-1], "period_end": local[1:]})


def _instants(posted_at: pd.Series) -> np.ndarray:
    """UTC instants without a zone, datetime64[us]."""
    return pd.DatetimeIndex(posted_at).tz_convert("UTC").tz_localize(None).as_unit("us").to_numpy()


def _edges(posted_at: pd.Series, settings: TrendSettings) -> np.ndarray:
    """UTC instants at which periods start, and last the end of the last one; empty without any date."""
    instants = _instants(posted_at)
    instants = instants[~np.isnat(instants)]
    if not len(instants):
        return instants
    ends = pd.DatetimeIndex([instants.min(), instants.max()]).as_unit("us").tz_localize("UTC")
    wall = ends.tz_convert(settings.timezone).tz_localize(None).to_numpy()
    # One period more on either side: where clocks go back over midnight, a wall date is not in the order of
    # time.
    if settings.period in MONTHS:
        step = MONTHS[settings.period]
        first, last = (wall.astype("M8[M]").astype(np.int64) // step).tolist()
        _few_enough(first, last, wall, settings)
        starts = (np.arange(first - 1, last + 3) * step).astype("M8[M]").astype("M8[us]")
    else:
        step = DAYS[settings.period]
        # 1970-01-01 was a Thursday: so many days after the start of its week.
        into = (3 - WEEKDAYS.index(settings.week_starts)) % 7 if step == 7 else 0
        first, last = ((wall.astype("M8[D]").astype(np.int64) + into) // step).tolist()
        _few_enough(first, last, wall, settings)
        starts = (np.arange(first - 1, last + 3) * step - into).astype("M8[D]").astype("M8[us]")
    edges = _utc(starts, settings.timezone)
    low = np.searchsorted(edges, instants.min(), side="right") - 1
    high = np.searchsorted(edges, instants.max(), side="right")
    return np.unique(edges[max(low, 0) : max(high, low + 1) + 1])


def _few_enough(first: int, last: int, wall: np.ndarray, settings: TrendSettings) -> None:
    """An error where there would be more periods than anyone can use."""
    if last - first >= MOST:
        raise StudyError(
            expected=f"at most {MOST:,} periods",
            found=f"{last - first + 1:,} ({settings.period}s from {wall[0].astype('M8[D]')} to "
            f"{wall[1].astype('M8[D]')})",
            where="study.toml, [time] period",
            remedy="Take a longer period, such as month or year, or mend the dates that are far off.",
        )


def _utc(wall: np.ndarray, timezone: str) -> np.ndarray:
    """Wall-clock times as UTC instants: the first of two where one comes twice."""
    local = pd.DatetimeIndex(np.clip(wall, FIRST, LAST)).tz_localize(
        timezone, ambiguous=np.ones(len(wall), dtype=bool), nonexistent="shift_forward"
    )
    return np.clip(local.tz_convert("UTC").tz_localize(None).as_unit("us").to_numpy(), FIRST, LAST)


def instant_of(date: str, timezone: str) -> pd.Timestamp:
    """The first instant of an event: midnight in the study's zone, if it has no time and no zone of its own."""
    at = pd.Timestamp(date).as_unit("us")
    if at.tzinfo is not None:
        return at.tz_convert(timezone)
    return at.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")


@dataclass(frozen=True)
class Arranged:
    """Comments as integer codes, sorted by comment_id so that no sum depends on the order of rows."""

    thread: np.ndarray  # (n_comments,) from 0 to n_threads - 1
    author: np.ndarray  # (n_comments,) -1 where unknown
    period: np.ndarray  # (n_comments,) row of `grid`, -1 where there is no date
    topic: np.ndarray  # (n_comments,) index into `topics`
    sentiment: np.ndarray  # (n_comments,) float in [-1, 1] or NaN
    instant: np.ndarray  # (n_comments,) datetime64[us] in UTC, or NaT
    years: np.ndarray  # (n_comments,) time in years since the first dated comment, NaN where there is no date
    topics: np.ndarray  # (n_topics,) the topics that occur, ascending; -1 is the unassigned
    grid: pd.DataFrame  # period_start, period_end
    n_threads: int

    def only(self, keep: np.ndarray) -> Arranged:
        """The same codes for some of the comments."""
        parts = ("thread", "author", "period", "topic", "sentiment", "instant", "years")
        return replace(self, **{part: getattr(self, part)[keep] for part in parts})


def arrange(comments: pd.DataFrame, settings: TrendSettings) -> Arranged:
    """Comments as codes, for every table over time.

    Parameters
    ----------
    comments : DataFrame
        comment_id, article_id, author, posted_at, topic, sentiment.
    settings : TrendSettings

    Returns
    -------
    Arranged
    """
    if not comments["comment_id"].is_monotonic_increasing:
        comments = comments.sort_values("comment_id", kind="stable")
    thread, threads = pd.factorize(comments["article_id"], use_na_sentinel=False)
    author, _ = pd.factorize(comments["author"])
    topic, topics = pd.factorize(comments["topic"].fillna(-1).astype("int64"), sort=True)
    instants = _instants(comments["posted_at"])
    first = instants[~np.isnat(instants)].min(initial=LAST)
    edges = _edges(comments["posted_at"], settings)
    years = (instants - first) / np.timedelta64(31_557_600, "s")  # of 365.25 days; NaT gives NaN
    return Arranged(
        thread=np.asarray(thread),
        author=np.asarray(author),
        period=_code(instants, edges),
        topic=np.asarray(topic),
        sentiment=comments["sentiment"].to_numpy(dtype=float, na_value=np.nan),
        instant=instants,
        years=years,
        topics=np.asarray(topics, dtype=np.int64),
        grid=_table(edges, settings),
        n_threads=len(threads),
    )
