"""Working days, holidays and seasons, against counting days one by one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.programme.calendars import working_time
from stargate.spec.resource import Calendar
from stargate.units import DAY_S

START = date(2024, 1, 1)  # a Monday
WEEKDAYS = {"id": "site", "week": ["mon", "tue", "wed", "thu", "fri"]}
WINTER = {"id": "concrete", "rests": [{"first": "12-01", "last": "02-28"}]}


def ends(said: dict, start_day: float, days: float) -> date:
    found = working_time(Calendar.model_validate(said), START)
    start = found.may_start_s(np.array([start_day * DAY_S]))
    end = found.end_s(start, np.array([days * DAY_S]))
    return START + timedelta(seconds=float(end[0]))


def test_twenty_working_days_are_four_weeks_of_monday_to_friday():
    assert ends(WEEKDAYS, 0, 20) == date(2024, 1, 27)  # midnight after Friday the 26th
    assert ends(WEEKDAYS, 0, 21) == date(2024, 1, 30)


def test_what_may_start_on_a_saturday_starts_on_monday():
    assert ends(WEEKDAYS, 5, 1) == date(2024, 1, 9)


def test_a_holiday_is_a_day_more():
    assert ends(WEEKDAYS | {"holidays": ["2024-01-15"]}, 0, 20) == date(2024, 1, 30)


def test_no_concrete_is_poured_in_winter():
    """Ten days from 25 November: six before the winter, four from 1 March on."""
    november = (date(2024, 11, 25) - START).days
    assert ends(WINTER, november, 10) == date(2025, 3, 5)


def test_a_calendar_without_rest_changes_nothing():
    found = working_time(Calendar(id="always"), START)
    times = np.linspace(-3e8, 3e8, 50)
    assert found.may_start_s(times) == pytest.approx(times)
    assert found.end_s(times, np.full(50, 1e7)) == pytest.approx(times + 1e7)


def test_never_stays_never():
    found = working_time(Calendar.model_validate(WEEKDAYS), START)
    never = np.array([np.inf])
    assert found.end_s(found.may_start_s(never), np.ones(1)).tolist() == [np.inf]


@settings(max_examples=60)
@given(st.integers(0, 2000), st.integers(1, 60), st.sampled_from([WEEKDAYS, WINTER]))
def test_it_is_what_counting_days_gives(start: int, days: int, said: dict):
    calendar = Calendar.model_validate(said)

    def works(day: date) -> bool:
        season = said is WINTER and (day.month in (12, 1) or (day.month == 2 and day.day <= 28))
        return (
            not season
            and ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][day.weekday()] in calendar.week
        )

    day, left = START + timedelta(days=start), days
    while left:
        left -= works(day)
        day += timedelta(days=1)
    assert ends(said, start, days) == day
