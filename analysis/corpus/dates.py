"""Dates as people and tools write them -> instants in UTC: one of a thread's head, or a column of them at once."""

from __future__ import annotations

import datetime as dt
import functools
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

YEARS = range(1700, 2101)  # beyond, a date is taken for a slip of the pen
BUDDHIST = 543  # years by which those of Thailand are ahead
HEAD = 120  # letters of the first line in which the date stands
SERIALS = (20_000, 80_000)  # days since 1899-12-30, as spreadsheets count them: the years 1954 to 2119
WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
MONTH = {word: i + 1 for i, words in enumerate(WORDS["months"]) for word in words.split()}
ZONES: dict[str, float] = WORDS["zones"]
ORDERS = ("day-first", "month-first", "year-first")


def any_of(words: Sequence[str]) -> str:
    """A pattern of any of some words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


# The groups are y(ear), m, d and w(ord of a month), or a, b and c in an order that is to be found, s(eparator), hour, minute,
# second, half, zone; their digits tell of which form.
MONTH_WORD, _ZONE = any_of(list(MONTH)), f"(?-i:{any_of(list(ZONES))})(?![A-Za-z])"
_OFFSET = r"(?:(?:UTC|GMT)\s?)?[+-]\d{1,2}(?::?\d{2})?(?!\d)"


def clock(n: int) -> str:
    """A pattern of a time of day; its groups are numbered `n`."""
    early = any_of([word for half in WORDS["clock"].values() for word in half if not word.isascii()])
    return (
        rf"(?:(?P<half{n}0>{early})\s?)?(?P<hour{n}>\d{{1,2}})(?:[:h時点时]|시\s?|\.(?=\d\d(?!\.?\d)))(?P<minute{n}>\d{{2}})?[分분]?"
        rf"(?::(?P<second{n}>\d{{2}})(?:[.,]\d{{1,9}})?)?(?:\s?(?P<half{n}1>[apπμ]\.?\s?[mμ]\b\.?|م|ص))?"
        rf"(?:\s?(?:Uhr|hrs?|hs)\b)?(?:\s?(?:(?P<zone{n}>{_OFFSET}|{_ZONE})|\((?P<zone{n}1>(?:UTC|GMT)(?:[+-]\d{{1,2}}(?::?\d{{2}})?)?)\)))?"
    )


_WEEKDAY = r"(?:(?:thứ|chủ)\s)?(?:[^\W\d_]{2,13}\.?,?\s{1,3})?"
FORMS = (
    r"(?P<y1>\d{4})[-/.]\s?(?P<m1>\d{1,2})[-/.]\s?(?P<d1>\d{1,2})\.?(?![\d/])",
    r"(?P<y2>\d{4})\s?[年년]\s?(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日일]",
    r"(?P<a3>\d{1,2})(?P<s3>[./-])\s?(?P<b3>\d{1,2})(?P=s3)\s?(?P<c3>\d{4}|\d{2})(?!\d)\.?",
    rf"(?P<w4>{MONTH_WORD})(?!\w)\.?\s{{1,2}}(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y4>\d{{4}})\b",
    rf"(?P<d5>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s/-]\s?(?:de\s|of\s)?(?P<w5>{MONTH_WORD})(?!\w)\.?,?[\s/-](?:de\s|del\s)?(?P<y5>\d{{4}})\b",
    rf"(?P<w6>{MONTH_WORD})(?!\w)\.?\s{{1,2}}(?P<d6>\d{{1,2}})\s{{1,2}}{clock(6)}\s(?P<y6>\d{{4}})\b",  # as C and Twitter have it
    r"(?P<d8>\d{1,2})\s(?:tháng|thg)\s?(?P<m8>\d{1,2}),?\s(?:năm\s)?(?P<y8>\d{4})\b",
    rf"(?P<y7>\d{{4}})[.\s-]\s?(?P<w7>{MONTH_WORD})(?!\w)\.?[\s-](?P<d7>\d{{1,2}})\b\.?",
    rf"(?P<d10>\d{{1,2}})(?P<s10>[-/ ])(?P<w10>{MONTH_WORD})(?P=s10)(?P<y10>\d{{2}})(?=,?\s\d{{1,2}}[:.]\d\d|(?<=[-/]\d\d)$)",
    r"(?P<y9>\d{4})-?W(?P<k9>\d{2})-?(?P<d9>\d)(?!\d)",  # a day of a week
)


def after(n: int) -> str:
    """A pattern of the time of day that may follow a date."""
    return rf"(?:(?:T|[-_:](?=\d\d:\d)|,?\s{{1,3}}(?:(?:at|um|à|a las|às|alle|ore|om|kl\.?|klo|o|в|о|godz\.?|[-–|·])\s){{0,2}}){clock(n)})?"


_SHAPE = rf"{_WEEKDAY}(?:{'|'.join(FORMS)})"
DATE = re.compile(rf"\s*(?P<said>date\b\s*[:=]?\s*)?{_SHAPE}{after(8)}(?=\W|$)[\s.,:;|–—-]*", re.IGNORECASE)
WHOLE = re.compile(
    rf"(?:{clock(9)},?\s{{1,3}})?{_SHAPE}(?:\s?(?:[гr]\.?|\([^()\d]{{1,9}}\)))?{after(8)}\s?(?:\([^()]{{1,60}}\))?",
    re.IGNORECASE,
)
CLOCK = re.compile(clock(0), re.IGNORECASE)
ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?"
NUMBERS = "0123456789"
LOST = r"(?i)\d(?:\.\d{1,8})?E\+\d+"  # a number that lost its digits in a spreadsheet
DIGITS = dict.fromkeys(map(ord, NUMBERS), "0")
UNDECIDED = dt.date.min
STAMP = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"


@dataclass(frozen=True)
class Dated:
    """A first line, its date taken off: `day` as written, "" if none can be; its instant in UTC; the rest; what to look at."""

    day: str
    instant: dt.datetime | None
    rest: str
    note: str


def take_date(line: str, timezone: str, order: str = "auto") -> Dated:
    """Take the date off the first line of a thread; of dates without a zone or a time it is midnight in `timezone`.

    `order` is "auto" or one of ORDERS: of a date such as 03/04/2020, which "auto" reads as day first, and notes.
    """
    match = DATE.match(line[:HEAD])
    if not match or len(match["c3"] or "four") == 2:
        return Dated("", None, line.strip(), "no date in the first line: the thread is kept without one")
    got = {name.rstrip(NUMBERS): value for name, value in match.groupdict().items() if value is not None}
    written = " ".join(line[match.end("said") if match["said"] else 0 : match.end()].split()).strip(" .,:;|–—-")
    rest, note = line[match.end() :].strip(), ""
    able = [date for one in (ORDERS[:2] if order == "auto" else (order,)) if (date := _date(got, one))]
    if not able:
        return Dated("", None, rest, f"date {written!r} cannot be: the thread is kept without one")
    if able[0] != able[-1] and got["s"] == "/":
        a, b = int(got["a"]), int(got["b"])
        note = f"date {a}/{b}/{got['c']} is ambiguous: read as day {a} of month {b}"
    if (clock := _time(got)) is None:
        note, clock = f"time in {written!r} cannot be: the day alone is kept", dt.time()
    if (zone := _zone(got)) is None and "zone" in got:
        note = f"zone {got['zone']!r} cannot be: taken as {timezone}"
    instant = dt.datetime.combine(able[0], clock, zone or ZoneInfo(timezone)).astimezone(dt.UTC)
    return Dated(able[0].isoformat(), instant, rest, note)


def _date(got: dict[str, str], order: str) -> dt.date | None:
    """The date that a match's parts are in an order; None if the calendar has none."""
    if "k" in got:
        return (
            dt.date.fromisocalendar(int(got["y"]), int(got["k"]), int(got["d"]))
            if int(got["k"]) in range(1, 53)
            else None
        )
    if "y" in got:
        year, month, day = got["y"], MONTH[got["w"].lower()] if "w" in got else got["m"], got["d"]
    else:
        a, b, c = got["a"], got["b"], got["c"]
        year, month, day = {"day-first": (c, b, a), "month-first": (c, a, b), "year-first": (a.zfill(2), b, c)}[order]
    full = int(year) + (0 if len(year) > 2 else 2000 if int(year) < 69 else 1900)
    full -= BUDDHIST if full - BUDDHIST in YEARS and full not in YEARS else 0
    try:
        return dt.date(full, int(month), int(day)) if full in YEARS else None
    except ValueError:
        return None


def _time(got: dict[str, str]) -> dt.time | None:
    """The time of day, midnight if none is stated; None if a day has none such."""
    hour, half = int(got.get("hour", 0)), re.sub(r"[.\s]", "", got.get("half", "").lower())
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half in WORDS["clock"]["pm"])
    try:
        return dt.time(hour, int(got.get("minute", 0)), int(got.get("second", 0)))
    except ValueError:
        return None


def _zone(got: dict[str, str]) -> dt.tzinfo | None:
    """The zone that is stated after a time; None if there is none, or it cannot be."""
    named = got.get("zone", "")
    hours = ZONES.get(named.upper(), 99.0)
    if match := re.fullmatch(r"\D*([+-])(\d{1,2}):?([0-5]\d)?", named):
        hours = int(f"{match[1]}1") * (int(match[2]) + int(match[3] or 0) / 60)
    return dt.timezone(dt.timedelta(hours=hours)) if abs(hours) < 24 else None


# ------------------------------------------------------------------------------------------- whole columns


@dataclass(frozen=True)
class Times:
    """A column of times: instants in UTC, NaT where there is none.

    `undecided` says where day and month, or the year, can be either; `swapped` where a spreadsheet read them the wrong way
    round: all that can be are dates of its own, and those of which a month would be beyond 12 are texts.
    """

    at: pd.Series
    undecided: np.ndarray
    swapped: np.ndarray


def instants(values: Sequence[object] | pd.Series, timezone: str, order: str = "auto") -> Times:
    """Instants in UTC of a column of times, in one order of day, month and year for all of it.

    Values are datetimes; texts, of ISO 8601 and as people write dates; seconds since 1970, or thousandths, millionths
    or billionths of them, YYYYMMDD with or without a time, or days of a spreadsheet, as numbers or texts. What is no
    full date, cannot be, or is a local time that does not exist is NaT. `timezone` is that of values that state none;
    `order` one of ORDERS, or "auto": as the rows settle it.
    """
    if not isinstance(values, pd.Series):
        values = pd.Series([None if value is None else str(value) for value in values], dtype="str")
    raw = values.astype("str").reset_index(drop=True).str.strip()
    raw = raw.where(~_like(raw, r"\d{5},\d+"), raw.str.replace(",", "."))  # days of a spreadsheet, with a comma
    raw = _replaced(raw, r"^/Date\((\d+)(?:[+-]\d{4})?\)/$", r"\1")  # of services of Microsoft
    raw = raw.where(~_like(raw, LOST))
    number = pd.to_numeric(raw, errors="coerce")
    at, local = _of_numbers(raw, number)
    iso = _like(raw, rf"{ISO}\s?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)")
    written = _replaced(_replaced(raw[iso], r"\s?(?:Z|UTC|GMT)$", "Z"), r"\s([+-])", r"\1")
    at[iso] = pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    plain = _like(raw, ISO)
    local[plain] = pd.to_datetime(raw[plain], format="ISO8601", errors="coerce").dt.as_unit("us")
    others = np.flatnonzero(number.isna() & ~iso & ~plain & raw.notna()).tolist()
    undecided = np.zeros(len(raw), dtype=bool)
    moments: dict[bool, dict[int, dt.datetime]] = {False: {}, True: {}}  # by whether the zone is stated
    got = {i: parts for i, text in zip(others, raw.iloc[others], strict=True) if (parts := _parts(text))}
    for i, date in _ordered(got, order).items():
        undecided[i] = date == UNDECIDED
        if date and date != UNDECIDED and (clock := _time(got[i])) is not None:
            zone = _zone(got[i])
            moments[zone is not None][i] = dt.datetime.combine(date, clock, zone)
    local[list(moments[False])] = pd.Series(list(moments[False].values()), dtype="datetime64[us]").to_numpy()
    at[list(moments[True])] = pd.to_datetime(list(moments[True].values()), utc=True)
    turned = [1 for parts in got.values() if "a" in parts and max(int(parts["a"]), int(parts["b"])) > 12]
    small = plain & (local.dt.day <= 12).to_numpy()
    swapped = small & (1 < len(turned) == len(got) and 1 < small.sum() == plain.sum())
    local[swapped] = pd.NaT
    local = local.dt.tz_localize(timezone, ambiguous=False, nonexistent="NaT").dt.tz_convert("UTC")
    at = at.fillna(local)
    return Times(at.where(at.dt.year.isin(YEARS)), undecided, swapped)


def are_days(values: Sequence[str]) -> bool:
    """Whether a column has days alone, without a time of day."""
    at = instants(values, "UTC").at.dropna()
    return len(at) > 0 and bool((at == at.dt.normalize()).all())


def _like(raw: pd.Series, pattern: str) -> np.ndarray:
    found = pc.match_substring_regex(pa.array(raw, pa.large_string(), from_pandas=True), f"^(?:{pattern})$")
    return pc.fill_null(found, False).to_numpy(zero_copy_only=False)


def _replaced(raw: pd.Series, pattern: str, new: str) -> pd.Series:
    found = pc.replace_substring_regex(pa.array(raw, pa.large_string(), from_pandas=True), pattern, new)
    return pd.Series(found.to_pandas().array, index=raw.index, dtype="str")


def _of_numbers(raw: pd.Series, number: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Instants since 1970; local times of YYYYMMDD and of spreadsheets' days."""
    stamp = number.notna() & _like(raw, STAMP)
    since = number.where((number >= 1e8) & ~stamp)  # smaller are years and the like, no epoch
    # Seconds, milliseconds, microseconds or nanoseconds: of the years from 1973 on no two of them overlap.
    thousands = np.select([since < 1e11, since < 1e14, since < 1e17], [0, 1, 2], 3)
    at = pd.to_datetime(since / 1000.0**thousands, unit="s", utc=True, errors="coerce").astype("datetime64[us, UTC]")
    days = number.where(number.between(*SERIALS))
    local = pd.Timestamp("1899-12-30") + pd.to_timedelta((days * 86_400_000).round(), unit="ms", errors="coerce")
    stamps = raw.where(stamp).str.pad(14, side="right", fillchar="0")
    return at, local.fillna(pd.to_datetime(stamps, format="%Y%m%d%H%M%S", errors="coerce")).astype("datetime64[us]")


@functools.lru_cache(1 << 12)
def _places(shape: str) -> dict[str, slice]:
    """Where the parts of dates stand that differ in their digits alone; none if they are no dates."""
    match = WHOLE.fullmatch(shape)
    named = match.groupdict() if match else {}
    return {name.rstrip(NUMBERS): slice(*match.span(name)) for name in named if named[name] is not None}  # type: ignore[union-attr]


def _parts(text: str) -> dict[str, str]:
    """The parts of a text that is a date; none of another."""
    places = _places(text.translate(DIGITS)) if len(text) < HEAD else {}
    return {name: text[at] for name, at in places.items()}


def _ordered(parts: dict[int, dict[str, str]], order: str) -> dict[int, dt.date | None]:
    """The date of each row: None if it cannot be, UNDECIDED if it can be several."""
    dates = {i: _date(got, order) for i, got in parts.items() if "y" in got}
    open_ = {i: got for i, got in parts.items() if "y" not in got}
    able = {i: {name: _date(got, name) for name in ORDERS} for i, got in open_.items()}
    settled = order if order in ORDERS else _settled(list(open_.values()), list(able.values()))
    for i, each in able.items():
        possible = {each[settled]} if settled else set(filter(None, each.values()))
        dates[i] = UNDECIDED if len(possible) > 1 else next(iter(possible), None)
    return dates


def _settled(parts: list[dict[str, str]], able: list[dict[str, dt.date | None]]) -> str:
    """The order that the rows settle which can be read in no other; else the only one in which all can; "" if none is."""
    fitting = [[name for name, date in each.items() if date] for each in able]
    only = Counter(names[0] for names in fitting if len(names) == 1)
    if only:
        name, n = only.most_common(1)[0]
        return name if n >= 0.95 * only.total() else ""
    left = [name for name in ORDERS if any(fitting) and all(name in names for names in fitting if names)]
    first, last = (len({got[key] for got in parts}) for key in "ac")
    if "year-first" in left and first != last:  # the year is what differs least
        left = ["year-first"] if first < last else [name for name in left if name != "year-first"]
    if {got["s"] for got in parts} == {"."} and "day-first" in left:  # nobody writes a month first with dots
        return "day-first"
    return left[0] if len(left) == 1 else ""
