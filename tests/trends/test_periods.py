"""Periods are of the calendar, half-open, whatever clocks do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from corpora import comments, dates
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from analysis import trends
from analysis.settings import StudyError
from analysis.trends.periods import Calendar, instant_of


@pytest.mark.parametrize(
    ("period", "zone", "first", "last", "starts"),
    [
        ("month", "UTC", "2024-01-31T23:59:59", "2024-03-01", ["2024-01-01", "2024-02-01", "2024-03-01"]),
        ("day", "UTC", "2024-02-28", "2024-03-01", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("week", "UTC", "2020-12-31", "2021-01-04", ["2020-12-28", "2021-01-04"]),  # 2020 has a week 53
        ("quarter", "UTC", "2019-11-01", "2020-04-01", ["2019-10-01", "2020-01-01", "2020-04-01"]),
        ("year", "Asia/Tokyo", "2019-12-31T14:59:59", "2019-12-31T15:00", ["2019-01-01", "2020-01-01"]),
        ("month", "America/New_York", "2020-03-01T04:59", "2020-03-01T05:00", ["2020-02-01", "2020-03-01"]),
    ],
)
def test_periods_are_of_the_calendar_in_the_zone(period, zone, first, last, starts):
    table = Calendar(period, zone).cut(dates(last, first))[0]
    assert table["period_start"].dt.strftime("%Y-%m-%d").tolist() == starts
    assert str(table["period_start"].dtype) == f"datetime64[us, {zone}]"


def test_weeks_start_where_the_study_says():
    for day, first in (("monday", "2020-12-28"), ("sunday", "2020-12-27"), ("saturday", "2020-12-26")):
        grid, _ = Calendar("week", week_starts=day).cut(dates("2020-12-31", "2021-01-11"))
        found = grid["period_start"]
        assert found.iloc[0] == pd.Timestamp(first, tz="UTC")
        assert (found.dt.day_name() == day.capitalize()).all()


def test_days_are_23_and_25_hours_long_where_clocks_change():
    days = Calendar("day", "Europe/Paris")
    spring, _ = days.cut(dates("2024-03-30T12:00", "2024-04-01"))
    autumn, _ = days.cut(dates("2024-10-27", "2024-10-28"))
    hours = [((t["period_end"] - t["period_start"]).dt.total_seconds() / 3600).tolist() for t in (spring, autumn)]
    assert hours == [[24, 23, 24], [25, 24]]


def test_a_midnight_that_comes_twice_starts_the_day_once():
    # Havana: on 2024-11-03 clocks went from 01:00 back to 00:00, so 04:30 and 05:30 UTC are both 00:30.
    table = trends.activity_by_period(
        comments([("a", "u", t, 0, 0.0) for t in ("2024-11-03T03:59", "2024-11-03T04:30", "2024-11-03T05:30")]),
        period="day",
        zone="America/Havana",
    )
    assert table["n_comments"].tolist() == [1, 2]


def test_clocks_that_go_back_over_midnight_keep_periods_in_the_order_of_time():
    # St John's: on 1990-10-28 at 00:01 clocks went back to 23:01 of the day before.
    at = pd.Series(pd.date_range("1990-10-28T02:00", "1990-10-28T04:00", freq="7min", tz="UTC").as_unit("us"))
    days = Calendar("day", "America/St_Johns")
    assert days.starts(at).is_monotonic_increasing
    assert len(days.cut(at)[0]) == 2


@budget(max_examples=60, deadline=None)
@given(
    days=st.lists(st.integers(-60_000, 60_000), min_size=1, max_size=6),
    second=st.integers(0, 86_399),
    period=st.sampled_from(["week", "month", "quarter", "year"]),
    zone=st.sampled_from(
        ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "America/Havana"]
    ),
)
def test_every_comment_is_in_one_half_open_period(days, second, period, zone):
    at = dates(*(np.datetime64("2000-01-01", "s") + np.array(days) * 86_400 + second))
    calendar = Calendar(period, zone)
    (table, code), start = calendar.cut(at), calendar.starts(at)
    assert (table["period_start"].iloc[code].array == start.array).all()
    assert (table["period_end"][:-1].to_numpy() == table["period_start"][1:].to_numpy()).all()
    end = start.map(table.set_index("period_start")["period_end"])
    assert ((start <= at) & (at < end)).all()
    assert set(start) >= {table["period_start"].iloc[0], table["period_start"].iloc[-1]}


def test_undated_comments_have_no_period():
    at = dates("NaT", "2020-05-05")
    assert Calendar().starts(at).isna().tolist() == [True, False]
    assert Calendar().cut(at)[1].tolist() == [-1, 0]
    assert len(Calendar().cut(at[:1])[0]) == 0


def test_a_grid_of_too_many_days_names_the_remedy():
    with pytest.raises(StudyError, match="longer period"):
        Calendar("day").cut(dates("0001-01-01", "9999-12-31"))
    most = np.datetime64("2000-01-01") + np.array([0, 19_999])
    assert len(Calendar("day").cut(dates(*most))[0]) == 20_000
    with pytest.raises(StudyError, match=r"at most 20,000 periods, found 20,001"):
        Calendar("day").cut(dates(most[0], most[1] + 1))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_the_ends_of_the_calendar_can_be_shown(zone):
    table, _ = Calendar("year", zone).cut(dates("0001-01-01", "9999-12-31T23:59:59"))
    assert len(table) == 9999
    assert table.to_csv().count("\n") == 10_000


@pytest.mark.parametrize(
    ("date", "utc"),
    [
        ("2023-03-26", "2023-03-25T23:00"),
        ("2023-03-26T12:00:00", "2023-03-26T10:00"),
        ("2023-03-26T12:00:00+00:00", "2023-03-26T12:00"),
        ("2023-03-26T02:30:00", "2023-03-26T01:00"),  # an hour that clocks skip: the first instant after it
    ],
)
def test_an_event_starts_at_midnight_in_the_studys_zone(date, utc):
    assert instant_of(date, "Europe/Paris") == pd.Timestamp(utc, tz="UTC")


def test_an_event_at_a_midnight_that_comes_twice_starts_at_the_first():
    assert instant_of("2024-11-03", "America/Havana") == pd.Timestamp("2024-11-03T04:00", tz="UTC")


@pytest.mark.parametrize("date", ["soon", None, pd.NaT, [2020]])
def test_an_event_without_a_date_is_named(date):
    with pytest.raises(StudyError, match="a date, such as"):
        instant_of(date, "UTC")


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"period": "fortnight"}, "period"), ({"zone": "Mars"}, "zone"), ({"week_starts": "Mon"}, "week_starts")],
)
def test_a_calendar_that_is_none_names_what_is_wrong(wrong, name):
    with pytest.raises(StudyError, match=f"^{name}: expected"):
        Calendar(**wrong)


def test_times_without_a_zone_are_an_error_with_its_remedy():
    with pytest.raises(StudyError, match=r"posted_at: expected times with a zone.*utc=True"):
        Calendar().cut(dates("2020-01-01").dt.tz_localize(None))
