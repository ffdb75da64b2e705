"""Dates as people write them at the head of a thread, and times as tools write them -> instants in UTC."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

YEARS = range(1700, 2101)  # beyond, a date is taken for a slip of the pen
HEAD = 120  # letters of the first line in which the date stands
# The first three or four letters tell the month; English, German, French, Spanish, Italian, Portuguese, Dutch,
# Scandinavian, Polish, Czech, Russian, Turkish.
MONTHS = (
    "jan january januar januari janvier janv enero ene gennaio gen janeiro styczeń stycznia leden ledna январь января янв ocak",
    "feb february februar februari février fevrier févr fév febrero febbraio fevereiro fev luty lutego únor února "
    "февраль февраля фев şubat",
    "mar march märz mär mrz mars marzo março marco maart mrt marts marzec marca březen března март марта мар mart",
    "apr april avril avr abril abr aprile kwiecień kwietnia duben dubna апрель апреля апр nisan",
    "may mai mayo maggio mag maio mei maj maja květen května май мая mayıs",
    "jun june juni juin junio giugno giu junho czerwiec czerwca červen června июнь июня июн haziran",
    "jul july juli juillet juil julio luglio lug julho lipiec lipca červenec července июль июля июл temmuz",
    "aug august août aout agosto ago augustus augusti sierpień sierpnia srpen srpna август августа авг ağustos",
    "sep sept september septembre septiembre settembre set setembro wrzesień września září сентябрь сентября сен сент eylül",
    "oct october oktober okt octobre octubre ottobre ott outubro out październik października říjen října октябрь октября окт ekim",
    "nov november novembre noviembre novembro listopad listopada listopadu ноябрь ноября ноя kasım",
    "dec december dezember dez décembre decembre déc diciembre dic dicembre dezembro grudzień grudnia prosinec prosince "
    "декабрь декабря дек aralık",
)
MONTH = {word: i + 1 for i, words in enumerate(MONTHS) for word in words.split()}
ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9,
         "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}  # fmt: skip

_WORD = "|".join(sorted(map(re.escape, MONTH), key=lambda w: (-len(w), w)))
_WEEKDAY = r"(?:[^\W\d_]{2,13}\.?,?\s{1,3})?"
_FORMS = (
    r"(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})(?![\d/])",
    r"(?P<y2>\d{4})\s?[年년]\s?(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日일]",
    r"(?P<a3>\d{1,2})(?P<s3>[./-])\s?(?P<b3>\d{1,2})(?P=s3)\s?(?P<y3>\d{4})(?!\d)",
    rf"(?P<w4>{_WORD})\b\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y4>\d{{4}})\b",
    rf"(?P<d5>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-](?:de\s|of\s)?(?P<w5>{_WORD})\b\.?,?[\s-](?:de\s|del\s)?(?P<y5>\d{{4}})\b",
)
_TIME = (
    r"(?:(?:T|,?\s{1,2}(?:at\s|um\s|à\s)?)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?(?:\s?(?P<zone>[+-]\d{2}:?\d{2}|[A-Z]{1,4})(?![A-Za-z]))?)?"
)
DATE = re.compile(
    rf"\s*(?P<said>date\b\s*[:=]?\s*)?{_WEEKDAY}(?:{'|'.join(_FORMS)}){_TIME}(?=\W|$)[\s.,:;|–—-]*", re.IGNORECASE
)


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


def take_date(line: str, timezone: str) -> Dated:
    """Take the date off the first line of a thread.

    Parameters
    ----------
    line : str
        The first line that is not empty.
    timezone : str
        Zone of dates without one, as "Asia/Tokyo".

    Returns
    -------
    Dated
    """
    match = DATE.match(line[:HEAD])
    if not match:
        return Dated("", None, line.strip(), "no date in the first line: the thread is kept without one")
    got = {key: value for key, value in match.groupdict().items() if value is not None}
    written = " ".join(line[match.end("said") if "said" in got else 0 : match.end()].split()).strip(" .,:;|–—-")
    rest = line[match.end() :].strip()
    year, month, day, note = _numbers(got)
    if year not in YEARS or (date := _date(year, month, day)) is None:
        return Dated("", None, rest, f"date {written!r} cannot be: the thread is kept without one")
    clock = dt.time()
    zone: dt.tzinfo = ZoneInfo(timezone)
    if "hour" in got:
        hour = int(got["hour"]) % 12 + 12 * (got["half"].lower() == "p") if "half" in got else int(got["hour"])
        try:
            clock = dt.time(hour, int(got["minute"]), int(got.get("second", 0)))
        except ValueError:
            note = f"time in {written!r} cannot be: the day alone is kept"
        named = got.get("zone", "")
        if named.upper() in ZONES:
            zone = dt.timezone(dt.timedelta(hours=ZONES[named.upper()]))
        elif named[:1] in ("+", "-"):
            hours, minutes = int(named[1:3]), int(named[-2:])
            if hours < 24 and minutes < 60:
                zone = dt.timezone((-1 if named[0] == "-" else 1) * dt.timedelta(hours=hours, minutes=minutes))
            else:
                note = f"zone {named!r} cannot be: taken as {timezone}"
        elif named:
            note = f"zone {named!r} is not known: taken as {timezone}"
    instant = dt.datetime.combine(date, clock, zone).astimezone(dt.UTC)
    return Dated(date.isoformat(), instant, rest, note)


def _numbers(got: dict[str, str]) -> tuple[int, int, int, str]:
    """Year, month and day of a match, with a note if their order had to be guessed."""
    for n in "12":
        if f"y{n}" in got:
            return int(got[f"y{n}"]), int(got[f"m{n}"]), int(got[f"d{n}"]), ""
    for n in "45":
        if f"y{n}" in got:
            return int(got[f"y{n}"]), MONTH[got[f"w{n}"].lower()], int(got[f"d{n}"]), ""
    a, b, year = int(got["a3"]), int(got["b3"]), int(got["y3"])
    if b > 12 >= a:
        return year, a, b, ""
    if got["s3"] != "/" or a > 12 or a == b:
        return year, b, a, ""
    return year, b, a, f"date {a}/{b}/{year} is ambiguous: read as day {a} of month {b}"


def _date(year: int, month: int, day: int) -> dt.date | None:
    """Return the date, None if the calendar has none."""
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def instants(values: Sequence[object], timezone: str) -> pd.Series:
    """Instants in UTC of what tools write as a time.

    Parameters
    ----------
    values : sequence
        Datetimes, ISO 8601 texts, or seconds since 1970, or thousandths, millionths or billionths of them, as numbers or texts.
    timezone : str
        Zone of those that state none.

    Returns
    -------
    Series of datetime64[us, UTC]
        NaT where the value is no time, or a local time that does not exist.
    """
    raw = pd.Series([None if value is None else str(value).strip() for value in values], dtype="str")
    number = pd.to_numeric(raw, errors="coerce")
    number = number.where(number.abs() >= 1e8)  # smaller are years and the like, no epoch
    # Seconds, milliseconds, microseconds or nanoseconds: of the years from 1973 on no two of them overlap.
    thousands = np.select([number.abs() < 1e11, number.abs() < 1e14, number.abs() < 1e17], [0, 1, 2], 3)
    epoch = pd.to_datetime(number / 1000.0**thousands, unit="s", utc=True, errors="coerce")
    zoned = raw.str.contains(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)$", na=False)
    stated = pd.to_datetime(raw.where(zoned & number.isna()), format="mixed", utc=True, errors="coerce")
    local = pd.to_datetime(raw.where(~zoned & number.isna()), format="mixed", utc=True, errors="coerce")
    local = local.dt.tz_localize(None).dt.tz_localize(timezone, ambiguous=False, nonexistent="NaT")
    found = epoch.fillna(stated).fillna(local.dt.tz_convert("UTC"))
    return found.astype("datetime64[us, UTC]")
