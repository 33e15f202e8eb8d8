"""Earned value: works count as they are done, at the plan's prices; time has its own index."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargate.programme.earned_value import earned_schedule_s, earned_values
from stargate.programme.plan import searched_speeds
from stargate.units import DAY_S

PLACE = {"accelerator": "h100-sxm", "it_power_per_accelerator": "1.39 kW", "it_power": "100 MW"}
WORKS = [
    {"id": "build", "duration": "300 days"},
    {"id": "fit", "duration": "100 days", "after": ["build"]},
]
COSTS = [
    {
        "id": "shell",
        "per": "block",
        "amount": "$300M",
        "spend": {"over": "build", "shape": "linear"},
    },
    {"id": "racks", "per": "block", "amount": "$700M", "spend": {"over": "fit", "shape": "linear"}},
]
BEGUN = {"of": "P.a.build", "start": "2024-01-01"}


@pytest.fixture
def earned(document):
    """One site of two tasks, planned on 1 January 2024, with records; the first row of a day."""

    def on(day: str, *actuals: dict):
        found = document(
            templates=[{"id": "works", "tasks": WORKS}],
            phases=[{"id": "P", "blocks": [{"site": "a", "template": "works", **PLACE}]}],
            costs=COSTS,
            actuals=list(actuals),
        )
        (row,) = earned_values(found, date.fromisoformat(day), searched_speeds(found))
        return row

    return on


def test_on_the_plan_all_indices_are_one(earned):
    row = earned("2024-05-30", BEGUN, {"of": "P", "spent": "$150M", "on": "2024-05-30"})
    assert row.budget_usd == pytest.approx(1e9)
    assert row.planned_usd == row.earned_usd == pytest.approx(150e6)
    assert row.schedule_index == row.cost_index == pytest.approx(1)
    assert row.schedule_index_of_time == pytest.approx(1, rel=1e-3)
    assert row.end_s == pytest.approx((400 - 150) * DAY_S, rel=5e-3)


def test_what_has_not_begun_earns_nothing(earned):
    row = earned("2024-05-30")
    assert (row.earned_usd, row.schedule_index) == (0, 0)
    assert row.end_s is None


def test_works_that_begin_late_are_late_by_value_and_by_time(earned):
    row = earned("2024-05-30", {"of": "P.a.build", "start": "2024-03-16"})
    assert row.earned_usd == pytest.approx(75e6)
    assert row.schedule_index == pytest.approx(0.5)
    assert row.schedule_index_of_time == pytest.approx(0.5, rel=1e-3)


def test_a_late_end_shows_in_the_index_of_time_alone(earned):
    done = {"of": "P.a.build", "start": "2024-01-01", "finish": "2025-06-24"}
    fitted = {"of": "P.a.fit", "start": "2025-06-24", "finish": "2025-08-08"}
    row = earned("2026-01-01", done, fitted)
    assert row.done
    assert row.schedule_index == pytest.approx(1)
    assert row.schedule_index_of_time == pytest.approx(400 / 585, rel=5e-3)


def test_the_cost_at_completion_goes_on_at_the_rate_so_far(earned):
    row = earned("2024-05-30", BEGUN, {"of": "P", "spent": "$200M", "on": "2024-05-01"})
    assert row.cost_index == pytest.approx(0.75)
    assert row.at_completion_usd == pytest.approx(1e9 / 0.75)


def test_an_account_that_is_not_known_yet_does_not_count(earned):
    later = {"of": "P", "spent": "$200M", "on": "2024-05-01", "known": "2024-07-01"}
    assert earned("2024-05-30", BEGUN, later).spent_usd is None


def test_lipkes_schedule_is_straight_within_a_period():
    """N = 2 whole periods and 0.5 of the third: PV of 0, 10, 30, 60 and EV 45 give ES 2.5."""
    periods, planned = np.arange(4.0), np.array([0.0, 10.0, 30.0, 60.0])
    assert earned_schedule_s(periods, planned, 45.0) == pytest.approx(2.5)


@given(st.lists(st.floats(0.1, 50), min_size=2, max_size=20), st.floats(0, 1))
def test_what_was_planned_by_a_time_is_earned_at_that_time(steps, share):
    planned = np.concatenate([[0.0], np.cumsum(steps)])
    periods = np.arange(len(planned), dtype=float)
    at = share * periods[-1]
    earned = float(np.interp(at, periods, planned))
    assert earned_schedule_s(periods, planned, earned) == pytest.approx(at, abs=1e-6)
