"""Dates as people and tools write them -> instants in UTC: one of a thread's head, or a column of them at once."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

YEARS = range(1700, 2101)  # beyond, a date is taken for a slip of the pen
HEAD = 120  # letters of the first line in which the date stands
SERIALS = (20_000, 80_000)  # days since 1899-12-30, as spreadsheets count them: the years 1954 to 2119
WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
MONTH = {word: i + 1 for i, words in enumerate(WORDS["months"]) for word in words.split()}
ZONES: dict[str, float] = WORDS["zones"]
ORDERS = {"day-first": "dmy", "month-first": "mdy", "year-first": "ymd"}


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


# A group's digits tell the form that it is of; `_got` takes them off.
_WORD, _ZONE = _any(list(MONTH)), f"(?-i:{_any(list(ZONES))})(?![A-Za-z])"
_OFFSET = r"(?:(?:UTC|GMT)\s?)?[+-]\d{1,2}(?::?\d{2})?(?!\d)"


def _clock(n: int) -> str:
    early = _any([word for half in WORDS["clock"].values() for word in half if not word.isascii()])
    return (
        rf"(?:(?P<half{n}0>{early})\s?)?(?P<hour{n}>\d{{1,2}})(?:[:h時点时]|시\s?)(?P<minute{n}>\d{{2}})?[分분]?"
        rf"(?::(?P<second{n}>\d{{2}})(?:[.,]\d{{1,9}})?)?(?:\s?(?P<half{n}1>[ap]\.?m\b\.?|μμ|εσ|م|ص))?"
        rf"(?:\s?(?:Uhr|hrs?|hs)\b)?(?:\s?(?P<zone{n}>{_OFFSET}|{_ZONE}))?"
    )


_WEEKDAY = r"(?:[^\W\d_]{2,13}\.?,?\s{1,3})?"
_FORMS = (
    r"(?P<y1>\d{4})[-/.]\s?(?P<m1>\d{1,2})[-/.]\s?(?P<d1>\d{1,2})(?![\d/])",
    r"(?P<y2>\d{4})\s?[年년]\s?(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日일]",
    r"(?P<a3>\d{1,2})(?P<s3>[./-])\s?(?P<b3>\d{1,2})(?P=s3)\s?(?P<c3>\d{4}|\d{2})(?!\d)",
    rf"(?P<w4>{_WORD})\b\.?\s{{1,2}}(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y4>\d{{4}})\b",
    rf"(?P<d5>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]\s?(?:de\s|of\s)?(?P<w5>{_WORD})\b\.?,?[\s-](?:de\s|del\s)?(?P<y5>\d{{4}})\b",
    rf"(?P<w6>{_WORD})\b\.?\s{{1,2}}(?P<d6>\d{{1,2}})\s{{1,2}}{_clock(6)}\s(?P<y6>\d{{4}})\b",  # as C and Twitter have it
    rf"(?P<y7>\d{{4}})[.\s-]\s?(?P<w7>{_WORD})\b\.?[\s-](?P<d7>\d{{1,2}})\b\.?",
)
_AFTER = rf"(?:(?:T|,?\s{{1,3}}(?:(?:at|um|à|a las|às|alle|ore|om|kl\.?|klo|o|в|о|[-–|])\s)?){_clock(8)})?"
_SHAPE = rf"{_WEEKDAY}(?:{'|'.join(_FORMS)})"
DATE = re.compile(rf"\s*(?P<said>date\b\s*[:=]?\s*)?{_SHAPE}{_AFTER}(?=\W|$)[\s.,:;|–—-]*", re.IGNORECASE)
WHOLE = re.compile(
    rf"(?:{_clock(9)},?\s{{1,3}})?{_SHAPE}(?:\s?(?:г\.?|\([^()\d]{{1,9}}\)))?{_AFTER}\s?(?:\([^()]{{1,60}}\))?",
    re.IGNORECASE,
)
ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?"
DIGITS = dict.fromkeys(map(ord, "123456789"), "0")
STAMP = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"


@dataclass(frozen=True)
class Dated:
    """A first line, its date taken off.

    Attributes
    ----------
    day : str
        "YYYY-MM-DD" as written, in the zone of the place; "" if there is none that can be.
    instant : datetime or None
        In UTC; the beginning of the day in the study's zone if no time is given.
    rest : str
        The line without its date.
    note : str
        What a person should look at; "" if nothing.
    """

    day: str
    instant: dt.datetime | None
    rest: str
    note: str


def take_date(line: str, timezone: str, order: str = "auto") -> Dated:
    """Take the date off the first line of a thread; dates that state no zone are of `timezone`, as "Asia/Tokyo".

    `order` is "auto", "day-first", "month-first" or "year-first": of a date such as 03/04/2020.
    """
    match = DATE.match(line[:HEAD])
    if not match or len(match["c3"] or "four") == 2:
        return Dated("", None, line.strip(), "no date in the first line: the thread is kept without one")
    got = _got(match)
    written = " ".join(line[match.end("said") if match["said"] else 0 : match.end()].split()).strip(" .,:;|–—-")
    rest, note = line[match.end() :].strip(), ""
    if "a" in got:
        a, b, year = int(got["a"]), int(got["b"]), int(got["c"])
        month_first = b > 12 >= a if order == "auto" else order == "month-first"
        numbers = (year, a, b) if month_first else (year, b, a)
        if order == "auto" and got["s"] == "/" and a != b and max(a, b) <= 12:
            note = f"date {a}/{b}/{year} is ambiguous: read as day {a} of month {b}"
    else:
        numbers = _numbers(got)
    if numbers[0] not in YEARS or (date := _date(*numbers)) is None:
        return Dated("", None, rest, f"date {written!r} cannot be: the thread is kept without one")
    clock = _time(got)
    if clock is None:
        note, clock = f"time in {written!r} cannot be: the day alone is kept", dt.time()
    zone = _zone(got.get("zone", ""))
    if zone is None and got.get("zone"):
        note = f"zone {got['zone']!r} cannot be: taken as {timezone}"
    instant = dt.datetime.combine(date, clock, zone or ZoneInfo(timezone)).astimezone(dt.UTC)
    return Dated(date.isoformat(), instant, rest, note)


def _got(match: re.Match[str]) -> dict[str, str]:
    """What a date's parts are: y, m, d and w(ord); or a, b and c in an order to be found; hour, minute, second, half, zone."""
    return {name.rstrip("0123456789"): value for name, value in match.groupdict().items() if value is not None}


def _numbers(got: dict[str, str]) -> tuple[int, int, int]:
    month = MONTH[got["w"].lower()] if "w" in got else int(got["m"])
    return int(got["y"]), month, int(got["d"])


def _date(year: int, month: int, day: int) -> dt.date | None:
    """The date, None if the calendar has none."""
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _time(got: dict[str, str]) -> dt.time | None:
    """The time of day, midnight if none is stated; None if a day has none such."""
    hour = int(got.get("hour", 0))
    if half := got.get("half", "").lower().strip("."):
        hour = hour % 12 + 12 * (half in WORDS["clock"]["pm"]) if hour <= 12 else hour
    try:
        return dt.time(hour, int(got.get("minute", 0)), int(got.get("second", 0)))
    except ValueError:
        return None


def _zone(named: str) -> dt.tzinfo | None:
    """A zone as it is written after a time; None if there is none, or it cannot be."""
    hours = ZONES.get(named.upper())
    if hours is None:
        if not (match := re.fullmatch(r"\D*([+-])(\d{1,2}):?(\d{2})?", named)):
            return None
        hours = int(f"{match[1]}1") * (int(match[2]) + int(match[3] or 0) / 60)
        if abs(hours) >= 24 or int(match[3] or 0) >= 60:
            return None
    return dt.timezone(dt.timedelta(hours=hours))


# ------------------------------------------------------------------------------------------- whole columns


@dataclass(frozen=True)
class Times:
    """A column of times.

    Attributes
    ----------
    at : Series of datetime64[us, UTC]
        NaT where the value is no full date, cannot be, or is a local time that does not exist.
    undecided : ndarray of bool
        Where day and month, or the year, can be either, in this row and by all others; `at` is NaT there.
    order : str
        The order of day, month and year that the column's rows settle: a value of `[source] dates`, or "".
    """

    at: pd.Series
    undecided: np.ndarray
    order: str


def instants(values: Sequence[object] | pd.Series, timezone: str, order: str = "auto") -> Times:
    """Instants in UTC of a column of times, in one order of day, month and year for all of it.

    Parameters
    ----------
    values : sequence
        Datetimes; texts, of ISO 8601 and as people write dates; seconds since 1970, or thousandths, millionths or
        billionths of them, YYYYMMDD with or without a time, or days of a spreadsheet, as numbers or texts.
    timezone : str
        Zone of those that state none.
    order : str
        "day-first", "month-first", "year-first", or "auto": as the rows settle it.
    """
    if isinstance(values, pd.Series) and str(values.dtype) == "str":
        raw = values.reset_index(drop=True).str.strip()
    else:
        raw = pd.Series([None if value is None else str(value).strip() for value in values], dtype="str")
    local = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
    at = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us, UTC]")
    number = pd.to_numeric(raw, errors="coerce")
    numeric = number.notna().to_numpy()
    if numeric.any():
        stamp = numeric & raw.str.fullmatch(STAMP).fillna(False).to_numpy(bool)
        at, local = _of_numbers(raw, number, stamp)
    iso = ~numeric & raw.str.fullmatch(rf"{ISO}\s?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)").fillna(False).to_numpy(bool)
    if iso.any():
        written = (
            raw[iso].str.replace(r"\s?(?:Z|UTC|GMT)$", "Z", regex=True).str.replace(r"\s([+-])", r"\1", regex=True)
        )
        at[iso] = pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    plain = ~numeric & ~iso & raw.str.fullmatch(ISO).fillna(False).to_numpy(bool)
    if plain.any():
        local[plain] = pd.to_datetime(raw[plain], format="ISO8601", errors="coerce").dt.as_unit("us")
    others = np.flatnonzero(~(numeric | iso | plain) & raw.notna().to_numpy()).tolist()
    gots = _parts(dict(zip(others, raw.iloc[others].tolist(), strict=True)))
    order, dates = _ordered(gots, order)
    moments: dict[bool, dict[int, dt.datetime]] = {False: {}, True: {}}  # by whether the zone is stated
    for i, got in gots.items():
        date, clock, zone = dates[i], _time(got), _zone(got.get("zone", ""))
        if isinstance(date, dt.date) and clock is not None:
            moments[zone is not None][i] = dt.datetime.combine(date, clock, zone)
    local[list(moments[False])] = pd.Series(list(moments[False].values()), dtype="datetime64[us]").to_numpy()
    at[list(moments[True])] = pd.to_datetime(list(moments[True].values()), utc=True)
    local = local.dt.tz_localize(timezone, ambiguous=False, nonexistent="NaT").dt.tz_convert("UTC")
    at = at.fillna(local)
    at = at.where(at.dt.year.isin(YEARS))
    undecided = np.array([dates.get(i) == "undecided" for i in range(len(raw))], dtype=bool)
    return Times(at, undecided, order)


def _parts(texts: dict[int, str]) -> dict[int, dict[str, str]]:
    """What the dates' parts are. Texts that differ in their digits alone have their parts in the same places."""
    places: dict[str, dict[str, slice] | None] = {}
    found = {}
    for i, text in texts.items():
        shape = text[:HEAD].translate(DIGITS)
        if shape not in places:
            match = WHOLE.fullmatch(text) if len(text) < HEAD else None
            names = [name for name, value in match.groupdict().items() if value is not None] if match else []
            places[shape] = {name.rstrip("0123456789"): slice(*match.span(name)) for name in names} if match else None
        if at := places[shape]:
            found[i] = {name: text[place] for name, place in at.items()}
    return found


def _of_numbers(raw: pd.Series, number: pd.Series, stamp: np.ndarray) -> tuple[pd.Series, pd.Series]:
    """Instants since 1970; local times of stamps and of spreadsheets' days."""
    since = number.where((number >= 1e8) & ~stamp)  # smaller are years and the like, no epoch
    # Seconds, milliseconds, microseconds or nanoseconds: of the years from 1973 on no two of them overlap.
    thousands = np.select([since < 1e11, since < 1e14, since < 1e17], [0, 1, 2], 3)
    at = pd.to_datetime(since / 1000.0**thousands, unit="s", utc=True, errors="coerce").dt.as_unit("us")
    days = number.where(number.between(*SERIALS))
    local = pd.Timestamp("1899-12-30") + pd.to_timedelta((days * 86_400_000).round(), unit="ms", errors="coerce")
    stamps = raw.where(stamp).str.pad(14, side="right", fillchar="0")
    local = local.fillna(pd.to_datetime(stamps, format="%Y%m%d%H%M%S", errors="coerce"))
    return at, local.astype("datetime64[us]")


def _ordered(gots: dict[int, dict[str, str]], order: str) -> tuple[str, dict[int, dt.date | str | None]]:
    """The order of a column's dates, and the date of each row: None if it cannot be, "undecided" if it can be two."""
    dates: dict[int, dt.date | str | None] = {i: _date(*_numbers(got)) for i, got in gots.items() if "y" in got}
    rows = {i: (int(got["a"]), int(got["b"]), got["c"]) for i, got in gots.items() if "c" in got}
    if not rows:
        return "", dates
    short = any(len(c) == 2 for _, _, c in rows.values())
    able = {i: {name: _by(name, *row) for name in ORDERS if short or name != "year-first"} for i, row in rows.items()}
    settled = order if order in ORDERS else _settled(rows, able, {gots[i]["s"] for i in rows})
    for i, each in able.items():
        possible = {date for date in each.values() if date}
        dates[i] = (
            each.get(settled)
            if settled
            else possible.pop()
            if len(possible) == 1
            else "undecided"
            if possible
            else None
        )
    return settled, dates


def _by(order: str, a: int, b: int, c: str) -> dt.date | None:
    year, month, day = {"day-first": (c, b, a), "month-first": (c, a, b), "year-first": (f"{a:02}", b, int(c))}[order]
    if len(str(year)) == 2:
        year = int(year) + (2000 if int(year) < 69 else 1900)
    return _date(int(year), month, day)


def _settled(
    rows: dict[int, tuple[int, int, str]], able: dict[int, dict[str, dt.date | None]], separators: set[str]
) -> str:
    """The one order in which all rows are dates, or nearly all; dots alone are day first. "" if nothing settles it."""
    names = list(next(iter(able.values())))
    n = {name: sum(each[name] is not None for each in able.values()) for name in names}
    most = max(n.values())
    left = [name for name in names if n[name] == most and most]
    if any(most * 0.95 < n[name] < most for name in names):  # of both kinds: a few rows settle nothing
        alone = {
            name: sum(1 for each in able.values() if each[name] and sum(map(bool, each.values())) == 1)
            for name in names
        }
        left = [name for name in names if alone[name] and alone[name] >= 0.95 * sum(alone.values())] or left * 2
    if "year-first" in left and len(left) > 1:  # the year is what differs least
        first, last = (len({row[k] for row in rows.values()}) for k in (0, 2))
        if first != last:
            left = ["year-first"] if first < last else [name for name in left if name != "year-first"]
    if len(left) > 1 and separators == {"."} and "day-first" in left:
        return "day-first"
    return left[0] if len(left) == 1 else ""
