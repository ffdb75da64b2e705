"""Dates at their edges: halves of the day, zones, numbers that are times and numbers that are none, orders that rows settle."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from analysis.corpus import line_times
from analysis.corpus.dates import instants, take_date


def at(value, zone="UTC", order="auto"):
    """The instant of a value in a column of its own, as text; None if it is none."""
    found = instants([value], zone, order).at.iloc[0]
    return (
        None
        if pd.isna(found)
        else found.strftime("%Y-%m-%d %H:%M:%S.%f").removesuffix(".000000").removesuffix(" 00:00:00")
    )


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("12:00 am", "00:00"),
        ("12:59 AM", "00:59"),
        ("1:00 a.m.", "01:00"),
        ("11:59 am", "11:59"),
        ("12:00 pm", "12:00"),
        ("12:30 p.m.", "12:30"),
        ("1:07 pm", "13:07"),
        ("11:59 PM", "23:59"),
        ("13:05 am", "13:05"),  # 24 hours, and a half of the day that says nothing
        ("13:05 pm", "13:05"),
        ("0:05", "00:05"),
        ("23:59", "23:59"),
        ("14h05", "14:05"),
        ("14h", "14:00"),
        ("下午 2:05", "14:05"),
        ("오전 2시 05분", "02:05"),
    ],
)
def test_halves_of_the_day(written, clock):
    assert at(f"2021-03-04 {written}") == f"2021-03-04 {clock}:00".removesuffix(" 00:00:00")
    assert take_date(f"2021-03-04 {written} - Words.", "UTC").instant == pd.Timestamp(f"2021-03-04 {clock}", tz="UTC")


@pytest.mark.parametrize("written", ["24:00", "12:60", "25:10", "10:10:61"])
def test_a_time_that_no_day_has(written):
    assert at(f"4 March 2021 {written}") is None
    dated = take_date(f"4 March 2021 {written} - Words.", "Asia/Tokyo")
    assert dated.instant == pd.Timestamp("2021-03-03 15:00", tz="UTC") and dated.rest == "Words."
    assert dated.note == f"time in '4 March 2021 {written}' cannot be: the day alone is kept"


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("+2", 2), ("-2", -2), ("+05:30", 5.5), ("-0330", -3.5), ("UTC+1", 1), ("GMT -3", -3), ("EST", -5), ("IST", 5.5),
     ("Z", 0), ("+23:59", 23 + 59 / 60), ("-23:59", -23 - 59 / 60)],
)  # fmt: skip
def test_zones(zone, hours):
    expected = pd.Timestamp("2021-03-04 12:00", tz="UTC") - pd.Timedelta(hours=hours)
    assert take_date(f"4 March 2021 12:00 {zone} - Words.", "Asia/Tokyo").instant == expected
    assert instants([f"4 March 2021 12:00 {zone}"], "Asia/Tokyo").at.iloc[0] == expected


def test_a_zone_that_cannot_be_is_said():
    for zone in ("+24", "-24:00", "+99"):
        dated = take_date(f"4 March 2021 12:00 {zone} - Words.", "Asia/Tokyo")
        assert dated.instant == pd.Timestamp("2021-03-04 03:00", tz="UTC")
        assert dated.note == f"zone {zone!r} cannot be: taken as Asia/Tokyo"
    assert take_date("4 March 2021 12:00 +23 - Words.", "UTC").note == ""


@pytest.mark.parametrize(
    ("number", "when"),
    [
        ("99999999", None),  # a year, an id, eight digits that are no date
        ("100000000", "1973-03-03 09:46:40"),
        ("100000000000", "1973-03-03 09:46:40"),
        ("100000000000000", "1973-03-03 09:46:40"),
        ("100000000000000000", "1973-03-03 09:46:40"),
        ("99999999999", None),  # seconds of the year 5138
        ("4102444800", "2100-01-01"),
        ("4133980800", None),  # 2101
        ("1614852000.5", "2021-03-04 10:00:00.500000"),
        ("20210304", "2021-03-04"),
        ("202103041005", "2021-03-04 10:05:00"),
        ("20210304100509", "2021-03-04 10:05:09"),
        ("20210332", None),
        ("19999", None),
        ("20000", "1954-10-03"),
        ("44259", "2021-03-04"),
        ("44259.5", "2021-03-04 12:00:00"),
        ("44259,25", "2021-03-04 06:00:00"),
        ("73415", "2100-12-31"),
        ("73416", None),  # 2101
        ("2021", None),
        ("nan", None),
    ],
)
def test_numbers(number, when):
    assert at(number) == when


def test_numbers_without_a_zone_are_of_the_place_and_those_since_1970_are_not():
    assert at("44259.5", "Asia/Tokyo") == at("20210304120000", "Asia/Tokyo") == "2021-03-04 03:00:00"
    assert at("1614852000", "Asia/Tokyo") == "2021-03-04 10:00:00"


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("1700-01-01", "1700-01-01"), ("1699-12-31", None), ("2100-12-31", "2100-12-31"), ("2101-01-01", None),
        ("31.12.68", "2068-12-31"), ("31.12.69", "1969-12-31"), ("31/12/00", "2000-12-31"), ("2021-02-29", None),
        ("2021-03-04T10:05:09.123456Z", "2021-03-04 10:05:09.123456"), ("2021-03-04 10:05:09 +02:00", "2021-03-04 08:05:09"),
        ("2021-03-04T10:05:09 UTC", "2021-03-04 10:05:09"), ("2021-03-04 10:05 GMT", "2021-03-04 10:05:00"),
        ("Thu Mar 04 10:05:09 +0000 2021", "2021-03-04 10:05:09"), ("2021 March 4", "2021-03-04"),
        ("10:05, 4 March 2021 (UTC)", "2021-03-04 10:05:00"), ("March 2021", None), ("4 March", None), ("soon", None),
    ],
)  # fmt: skip
def test_texts(written, when):
    assert at(written) == when


def test_hours_that_clocks_skip_or_have_twice():
    assert at("2024-03-31 02:30", "Europe/Paris") is None
    assert at("31 March 2024 02:30", "Europe/Paris") is None
    assert at("2024-10-27 02:30", "Europe/Paris") == "2024-10-27 01:30:00"  # the later of both, as of winter


@pytest.mark.parametrize(
    ("values", "days", "undecided"),
    [
        (["03/04/2021", "13/04/2021"], ["2021-04-03", "2021-04-13"], 0),
        (["03/04/2021", "04/13/2021"], ["2021-03-04", "2021-04-13"], 0),
        (["03/04/2021", "05/04/2021"], [None, None], 2),
        (["04/04/2021", "05/04/2021"], ["2021-04-04", None], 1),
        (["03.04.2021", "05.04.2021"], ["2021-04-03", "2021-04-05"], 0),  # nobody writes a month first with dots
        (["03-04-2021", "05.04.2021"], [None, None], 2),
        (["21/03/04", "21/03/05", "21/03/06"], ["2021-03-04", "2021-03-05", "2021-03-06"], 0),  # the year differs least
        (["04/03/21", "05/03/21", "06/03/21"], [None, None, None], 3),
        # Rows that contradict each other settle nothing, but for one in twenty.
        (["13/04/2021", "04/13/2021", "03/04/2021"], ["2021-04-13", "2021-04-13", None], 1),
        (["13/04/2021"] * 19 + ["04/13/2021", "03/04/2021"], ["2021-04-13"] * 19 + [None, "2021-04-03"], 0),
        (["13/04/2021"] * 18 + ["04/13/2021", "03/04/2021"], ["2021-04-13"] * 19 + [None], 1),
        (["31/31/2021", "13/04/2021"], [None, "2021-04-13"], 0),
    ],
)
def test_the_order_of_day_and_month_is_settled_by_the_rows(values, days, undecided):
    found = instants(values, "UTC")
    assert [None if pd.isna(one) else str(one.date()) for one in found.at] == days
    assert found.undecided.sum() == undecided


def test_an_order_that_is_given_is_taken():
    assert [at("03/04/05", order=o) for o in ("day-first", "month-first", "year-first")] == [
        "2005-04-03",
        "2005-03-04",
        "2003-04-05",
    ]
    assert at("13/04/2021", order="month-first") is None
    for order, day in (("auto", "2021-04-03"), ("day-first", "2021-04-03"), ("month-first", "2021-03-04")):
        dated = take_date("date 03/04/2021 Words.", "UTC", order)
        assert (dated.day, bool(dated.note)) == (day, order == "auto")
    assert take_date("date 03/13/2021 Words.", "UTC").day == "2021-03-13"
    assert take_date("date 13/12/2021 Words.", "UTC").note == ""
    assert (
        take_date("date 03.04.2021 Words.", "UTC").note == "" and take_date("date 12/12/2021 Words.", "UTC").note == ""
    )
    assert take_date("date 12/11/2021 Words.", "UTC").note == "date 12/11/2021 is ambiguous: read as day 12 of month 11"
    assert take_date("date 03/04/21 Words.", "UTC").day == ""  # two digits of a year are none in a sentence


def test_where_a_date_may_stand_in_a_line():
    far = " " * 100 + "2021-03-04 Words."
    assert take_date(far, "UTC").day == "2021-03-04" and take_date(" " * 111 + "2021-03-04 Words.", "UTC").day == ""
    assert take_date("2021-03-04", "UTC").rest == ""
    assert at(f"4 March 2021{' ' * 120}") == "2021-03-04"
    assert at("2021-03-04 (" + "x" * 60 + ")") == "2021-03-04" and at("2021-03-04 (" + "x" * 61 + ")") is None


@pytest.mark.parametrize(
    ("line", "days"),
    [("3 days ago", 3), ("vor 2 Wochen", 14), ("a month ago", 30), ("il y a un an", 365), ("yesterday", 1), ("gestern", 1),
     ("just now", 0), ("today at 10:05", 0), ("20 hours ago", 1), ("11 hours ago", 0), ("59 min ago", 0), ("10 years ago", 3650),
     ("words", None), ("2 parsecs", None)],
)  # fmt: skip
def test_how_long_ago(line, days):
    day = dt.date(2021, 3, 4)
    assert line_times.ago(line, day) == (None if days is None else day - dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("line", "kind", "written"),
    [
        ("Posted on 12 March 2021 at 14:05 by Ann", "‹time›", "12 March 2021 at 14:05"),
        ("Ann 2 days ago", "‹ago›", "2 days ago"),
        ("Ann, Dec. 22 10:15 am", "‹some›", "Dec. 22 10:15 am"),
        ("Ann 10:15", "‹some›", "10:15"),
        ("Ann wrote this", "", ""),
        ("see page/2021-03-04/x", "", ""),
    ],
)
def test_times_in_lines_of_a_page(line, kind, written):
    found, begin, end = line_times.time_in(line)
    assert (found, line[begin:end]) == (kind, written)


def test_lines_that_differ_in_times_and_numbers_alone_are_the_same():
    lines = ("posted 12 march 2021 at 14:05, 3 votes", "posted 2 may 2019 at 4:17, 1.204 votes")
    assert {line_times.mask(line) for line in lines} == {"posted ‹time› , 0 votes"}
    assert line_times.mask("10:15 and 11:20") == "‹some› and ‹some›" and line_times.mask("no") == "no"


def test_the_name_beside_a_time_is_what_other_lines_do_not_have():
    common = frozenset({"posted", "by", "|", "reply"})
    assert line_times.beside_time("Posted by Ann Lee, 12 March 2021 | Reply", common) == "Ann Lee"
    assert line_times.beside_time("Posted by Ann by Night, 12 March 2021 | Reply", common) == "Ann by Night"
    assert line_times.beside_time("Posted by Ann Lee | Reply", common) == "", "no time"
    assert line_times.beside_time("Written by Ann Lee, 12 March 2021 | Reply", common) == ""
    assert line_times.beside_time("Posted by Ann Lee, 12 March 2021 | Share", common) == ""
    assert line_times.beside_time("Ann · 2 days ago", frozenset()) == "Ann"
