"""Calendar periods in a time zone: half-open, every empty one between first and last included."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from analysis.settings import PERIODS, WEEKDAYS, StudyError

Date = str | datetime.date | np.datetime64  # of what happened; a time of day is a date as well
MOST = 20_000  # 55 years of days: more rows than a figure can show or a reader can use
YEAR = np.timedelta64(31_557_600, "s")  # of 365.25 days
UNITS = {"day": ("D", 1), "week": ("D", 7), "month": ("M", 1), "quarter": ("M", 3), "year": ("M", 12)}
# What pandas can print of the calendar in every zone: the last period ends a day before year 9999 does.
FIRST = np.datetime64("0001-01-01T00:00:00", "us")
LAST = np.datetime64("9999-12-30T23:59:59.999999", "us")


@dataclass(frozen=True)
class Calendar:
    """How time is cut: at midnight in a zone, into periods of the calendar; an error where there is no such thing."""

    period: str = "month"  # day, week, month, quarter or year
    zone: str = "UTC"  # an IANA time zone, such as Europe/Paris
    week_starts: str = "monday"

    def __post_init__(self) -> None:
        for name, known in (("period", PERIODS), ("week_starts", WEEKDAYS)):
            if (value := getattr(self, name)) not in known:
                raise StudyError(expected=f"one of: {', '.join(known)}", found=repr(value), where=name)
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            expected = "an IANA time zone such as Europe/Paris"
            raise StudyError(expected=expected, found=repr(self.zone), where="zone") from None

    def cut(self, posted_at: pd.Series) -> tuple[pd.DataFrame, np.ndarray]:
        """Every period from the first date's to the last one's, and of each date the row that it falls in, or -1.

        period_start <= t < period_end, in the zone; in the years 1 and 9999 one is cut short. A StudyError where there
        would be more than 20,000 periods, or these are no times with a zone.
        """
        at = instants(posted_at)
        edges = self._edges(at[~np.isnat(at)])
        local = pd.DatetimeIndex(edges).tz_localize("UTC").tz_convert(self.zone)
        code = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, max(len(edges) - 2, 0))
        return pd.DataFrame({"period_start": local[:-1], "period_end": local[1:]}), np.where(np.isnat(at), -1, code)

    def starts(self, posted_at: pd.Series) -> pd.Series:
        """The start of each date's period, in the zone, with the index of `posted_at`; NaT where there is none."""
        grid, code = self.cut(posted_at)
        values = grid["period_start"].reindex(pd.Index(np.where(code < 0, len(grid), code)))
        return pd.Series(values.array, index=posted_at.index, name="period_start")

    def _edges(self, at: np.ndarray) -> np.ndarray:
        """UTC instants at which periods start, and last the end of the last one; empty without any date."""
        if not len(at):
            return at
        ends = pd.DatetimeIndex([at.min(), at.max()]).tz_localize("UTC")
        wall = ends.tz_convert(self.zone).tz_localize(None).to_numpy()
        unit, step = UNITS[self.period]
        # 1970-01-01 was a Thursday: so many days after the start of its week.
        into = (3 - WEEKDAYS.index(self.week_starts)) % 7 if self.period == "week" else 0
        first, last = ((wall.astype(f"M8[{unit}]").astype(np.int64) + into) // step).tolist()
        if last - first >= MOST:
            days = " to ".join(str(day) for day in wall.astype("M8[D]"))
            raise StudyError(
                expected=f"at most {MOST:,} periods",
                found=f"{last - first + 1:,} ({self.period}s from {days})",
                where="study.toml, [time] period",
                remedy="Take a longer period, such as month or year, or mend the dates that are far off.",
            )
        # One period more on either side: where clocks go back over midnight, a wall date is not in the order of time.
        # Of two midnights the first counts, for one that is skipped the instant after it.
        starts = (np.arange(first - 1, last + 3) * step - into).astype(f"M8[{unit}]").astype("M8[us]")
        local = pd.DatetimeIndex(np.clip(starts, FIRST, LAST)).tz_localize(
            self.zone, ambiguous=np.ones(len(starts), dtype=bool), nonexistent="shift_forward"
        )
        edges = np.clip(instants(local), FIRST, LAST)
        low, high = np.searchsorted(edges, at.min(), side="right") - 1, np.searchsorted(edges, at.max(), side="right")
        return np.unique(edges[max(low, 0) : max(high, low + 1) + 1])


def instants(posted_at: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """UTC instants without a zone, datetime64[us]; an error if these are no times with a zone."""
    if not isinstance(posted_at.dtype, pd.DatetimeTZDtype):
        raise StudyError(
            expected="times with a zone, datetime64[us, UTC]",
            found=str(posted_at.dtype),
            where="posted_at",
            remedy="pd.to_datetime(…, utc=True) makes them.",
        )
    return pd.DatetimeIndex(posted_at).tz_convert("UTC").tz_localize(None).as_unit("us").to_numpy()


def instant_of(date: Date, zone: str) -> pd.Timestamp:
    """The first instant of what happened: midnight in the zone, if the date has no time and no zone of its own."""
    try:
        at = pd.Timestamp(date).as_unit("us")
    except (ValueError, TypeError):
        at = None
    if at is None or pd.isna(at):
        raise StudyError(expected="a date, such as 2023-02-16", found=repr(date), where="the date of an event")
    return at.tz_convert(zone) if at.tzinfo else at.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
