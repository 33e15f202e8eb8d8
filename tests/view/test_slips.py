"""What has moved, in words: signs, units, and what never comes."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest

from stargate.programme.compare import difference, odds_difference
from stargate.programme.tracking import Odds, Slip, Tracking
from stargate.units import MONTH_S
from stargate.view.differences import interval, points, signed
from stargate.view.figures.slips import slip_chart
from stargate.view.plan_report import plan_page
from stargate.view.slips import slip_sentences, slip_text, told


def slip(plan_months: float, now_months: float, **more: object) -> Slip:
    times = (plan_months, plan_months + 6, now_months, now_months + 6)
    said = {"id": "five", "name": "Phase five", "kind": "phase", "state": "ahead", **more}
    plan_p50, plan_p80, now_p50, now_p80 = (time * MONTH_S for time in times)
    return Slip(
        **said,
        plan_p50_s=plan_p50,
        plan_p80_s=plan_p80,
        forecast_p50_s=now_p50,
        forecast_p80_s=now_p80,
    )


@pytest.fixture
def tracked(plan):
    slips = (
        slip(60, 66),
        slip(10, 4, id="t", name="land", kind="task", state="ended"),
        slip(12, 12, id="u", name="racks", kind="task"),
        slip(np.inf, 12, id="G", name="gate", kind="gate"),
    )
    odds = (Odds("five", 0.4, 0.1),)
    tracking = Tracking(date(2023, 1, 1), (("t", "ended"),), (), (), slips, odds)
    return dataclasses.replace(plan, tracking=tracking)


def test_a_slip_is_told_with_its_sign_and_never_is_a_dash():
    assert slip_text(slip(10, 12)) == "+2.0\u00a0months"
    assert slip_text(slip(12, 10)) == "−2.0\u00a0months"
    assert slip_text(slip(12, 12)) == "on plan"
    assert slip_text(slip(np.inf, 12)) == "–"


def test_the_last_phase_is_told_of_with_its_odds(tracked):
    (sentence,) = slip_sentences(tracked, tracked.tracking)
    assert "moved by 6.0\u00a0months later" in sentence
    assert "were 40\u00a0% and are 10\u00a0%" in sentence


def test_tasks_that_lie_ahead_stay_out_of_the_short_list_and_of_the_chart(tracked):
    shown = told(tracked.tracking)
    assert [s.id for s in shown] == ["five", "t", "G"]
    chart = slip_chart(tracked, tracked.tracking, shown)
    assert [row[0] for row in chart.rows] == ["Phase five", "land"]


def test_the_report_has_the_part_only_where_there_is_something_to_tell(plan, tracked):
    assert 'id="since"' in plan_page(tracked)
    assert 'id="since"' not in plan_page(plan)


def test_differences_are_signed_and_carry_their_interval():
    assert signed(2 * MONTH_S, "s") == "+2.0\u00a0months"
    assert signed(-1.5e9, "USD") == "−1.5\u00a0$B"
    assert signed(np.nan, "s") == "–"
    rng = np.random.default_rng(1)
    a = rng.normal(0, 1, 500)
    assert interval(difference(a, a + 1e9, "USD")) == "+1.00\u00a0$B"
    assert " to " in interval(difference(a, a + rng.normal(1e9, 1e9, 500), "USD"))


def test_odds_differ_by_points():
    moved = odds_difference("x", np.zeros(100, bool), np.arange(100) < 10)
    assert points(moved) == "+10.0\u00a0points (±5.9)"
