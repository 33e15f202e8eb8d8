"""A plan as of a day: what is known counts, what is not does not, and nothing else changes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.errors import SpecError
from stargate.programme.actuals import standing_on
from stargate.programme.known import through
from stargate.programme.plan import plan
from stargate.programme.reforecast import reforecast
from stargate.spec.document import Document
from stargate.units import DAY_S, YEAR_S

N = 2000
SPREAD = {"dist": "pert", "low": "5 mo", "mode": "8 mo", "high": "20 mo"}
TASKS = [
    {"id": "build", "duration": SPREAD},
    {"id": "fit", "duration": SPREAD, "after": ["build"]},
]
PLACE = {"accelerator": "h100-sxm", "it_power_per_accelerator": "1.39 kW", "it_power": "100 MW"}
BLOCKS = [{"site": name, "template": "works", **PLACE} for name in ("a", "b")]
TARGET = {"online": "2026-06-30"}


@pytest.fixture
def tracked(document):
    """Two sites of two tasks each, planned on 1 January 2024, with records."""

    def build(*actuals: dict, **more: object) -> Document:
        return document(
            **{
                "templates": [{"id": "works", "tasks": TASKS}],
                "phases": [{"id": "P", "blocks": BLOCKS, "target": TARGET}],
                "actuals": list(actuals),
                **more,
            }
        )

    return build


def forecast(document: Document, day: str, **more):
    return reforecast(document, date.fromisoformat(day), samples=N, seed=1, **more)


def task(result, name: str):
    return next(task for task in result.tasks if task.id == name)


BUILT = {"of": "P.a.build", "start": "2024-01-01", "finish": "2025-03-01", "source": "site diary"}


def test_on_its_data_date_the_forecast_is_the_plan(tracked):
    document = tracked(BUILT)
    planned, same = plan(document, samples=N, seed=1), forecast(document, "2024-01-01")
    assert np.array_equal(planned.phases[0].online_s, same.phases[0].online_s)
    assert task(planned, "P.a.fit") == task(same, "P.a.fit")


def test_what_is_not_yet_known_changes_nothing(tracked):
    late = {**BUILT, "known": "2025-09-01"}
    with_it, without = (forecast(tracked(*a), "2025-06-01") for a in ((late,), ()))
    assert np.array_equal(with_it.phases[0].online_s, without.phases[0].online_s)
    assert with_it.tracking is not None
    assert with_it.tracking.records == ()


def test_a_finished_task_has_its_dates_in_every_future(tracked):
    result = forecast(tracked(BUILT), "2025-06-01")
    built = task(result, "P.a.build")
    days = {result.day(t) for t in (built.finish.p10, built.finish.p50, built.finish.p90)}
    assert days == {date(2025, 3, 1)}
    assert result.day(built.start.p50) == date(2024, 1, 1)
    assert result.data_date == date(2025, 6, 1)


def test_a_running_task_ends_after_today_and_takes_the_rest_of_its_distribution(tracked):
    result = forecast(tracked({**BUILT, "finish": None}), "2025-03-01")
    running = task(result, "P.a.build")
    assert running.finish.p10 > 0
    assert result.day(running.start.p50) == date(2024, 1, 1)
    assert running.duration.p90 <= 20 * YEAR_S / 12 * 1.2
    slip = next(s for s in result.tracking.slips if s.id == "P.a.build")
    assert slip.state == "running"
    assert slip.slip_s > 0


def test_what_is_not_recorded_as_begun_begins_today_at_the_earliest(tracked):
    result = forecast(tracked(), "2025-06-01")
    assert task(result, "P.a.build").start.p10 == 0.0
    assert any("no record of" in warning for warning in result.warnings)
    planned = plan(tracked(), samples=N, seed=1)
    later = result.phases[0].online.p50 - planned.phases[0].online.p50
    assert later == pytest.approx(0.0, abs=1.0)  # the same works on the same scores, from today on


def test_the_start_of_a_block_that_is_done_ends_all_within(tracked):
    result = forecast(tracked({"of": "P.a", "finish": "2025-05-01"}), "2025-06-01")
    for name in ("P.a.build", "P.a.fit"):
        assert result.day(task(result, name).finish.p90) == date(2025, 5, 1)
    assert task(result, "P.b.fit").finish.p10 > 0


def test_a_phase_that_is_done_is_certain(tracked):
    result = forecast(tracked({"of": "P", "finish": "2025-05-01"}), "2025-06-01")
    phase = result.phases[0]
    assert result.day(phase.online.p90) == date(2025, 5, 1)
    assert phase.probability_by_target == 1.0
    slip = result.tracking.slips[0]
    assert (slip.state, slip.kind) == ("ended", "phase")
    assert 0.0 <= slip.percentile <= 1.0


def test_a_record_of_a_class_moves_the_others_of_the_class(tracked):
    slow = {**BUILT, "finish": "2025-09-01"}
    other = {"of": "P.b.build", "start": "2025-09-01", "source": "site diary"}
    taught, untaught = (
        forecast(tracked(slow, other, class_correlation=r), "2025-09-01") for r in (0.5, 0.0)
    )
    assert task(taught, "P.b.build").finish.p50 > 1.1 * task(untaught, "P.b.build").finish.p50
    (revision,) = (c for c in taught.tracking.classes if c.n_ended)
    assert revision.factor > 1.1
    assert revision.factor_low < revision.factor < revision.factor_high
    assert revision.spread < 1.0


def test_an_assumed_record_teaches_nothing(tracked):
    assumed = {**BUILT, "source": "", "finish": "2025-09-01"}
    assert forecast(tracked(assumed), "2025-09-01").tracking.classes == ()


def test_records_after_the_fact_do_not_look_into_the_future(tracked):
    standing = standing_on(tracked(BUILT).programme, date(2024, 8, 1))
    assert standing.known.finish_s == {}
    assert standing.known.start_s["P.a.build"] == -213 * DAY_S


GATE = {
    "id": "G",
    "kind": "capability",
    "decide": "2024-07-01",
    "retry_every": "6 months",
    "retries": 3,
    "criteria": [
        {
            "metric": "score",
            "at_least": 145,
            "evidence": {"kind": "judgement", "value": {"dist": "normal", "mean": 145, "sd": 8}},
        }
    ],
}


@pytest.fixture
def gated(tracked):
    def build(*actuals: dict) -> Document:
        phase = {"id": "P", "blocks": BLOCKS, "needs": ["G"]}
        return tracked(*actuals, phases=[phase], gates=[GATE])

    return build


def measured(value: float, **more: object) -> dict:
    return {"of": "G", "metric": "score", "value": value, "on": "2024-09-01", **more}


def test_measured_evidence_counts_from_the_day_on_which_it_is_known(gated):
    passing = gated(measured(150.0, known="2025-01-01"))
    before, after = forecast(passing, "2024-10-01"), forecast(passing, "2025-02-01")
    assert before.gates[0].attempts[0].probability_pass == pytest.approx(0.5, abs=0.03)
    assert after.gates[0].attempts[0].probability_pass == 1.0
    assert after.gates[0].criteria[0].evidence_kind == "measured"


def test_a_measured_failure_shuts_the_gate(gated):
    result = forecast(gated(measured(120.0)), "2024-10-01")
    assert result.gates[0].probability_pass == 0.0
    assert result.phases[0].probability_online == 0.0


def test_a_recorded_pass_opens_the_gate_on_its_day(gated):
    result = forecast(gated({"of": "G", "finish": "2024-09-15"}), "2024-10-01")
    gate = result.gates[0]
    assert gate.probability_pass == 1.0
    assert result.day(gate.attempts[0].on.p50) == date(2024, 9, 15)
    assert result.phases[0].probability_online == 1.0


def test_a_gate_that_has_not_decided_decides_today_at_the_earliest(gated):
    result = forecast(gated(), "2025-06-01")
    assert gate_day(result) == date(2025, 6, 1)


def gate_day(result) -> date:
    return result.day(result.gates[0].attempts[0].on.p10)


@settings(max_examples=25)
@given(st.integers(30, 900), st.floats(0.1, 0.9))
def test_a_forecast_never_ends_running_work_in_the_past(age_days: int, r: float):
    said = {
        "price_base": 2025,
        "data_date": "2024-01-01",
        "horizon": "2040-12-31",
        "discount_rate": "8 %",
        "class_correlation": r,
        "templates": [{"id": "works", "tasks": TASKS}],
        "phases": [{"id": "P", "blocks": BLOCKS}],
        "actuals": [{"of": "P.a.build", "start": "2024-01-01", "source": "diary"}],
    }
    document = Document.model_validate({"stargate": 1, "programme": said})
    day = date.fromordinal(date(2024, 1, 1).toordinal() + age_days)
    result = plan(document, samples=200, seed=2, as_of=day)
    assert task(result, "P.a.build").finish.p10 >= 0.0
    assert task(result, "P.a.fit").start.p10 >= task(result, "P.a.build").finish.p10


def test_work_that_rests_by_a_calendar_ages_by_its_working_days(tracked):
    """100 to 300 working days of 5 a week; 200 days after its start 143 of them are worked."""
    length = {"dist": "uniform", "low": "100 days", "high": "300 days"}
    calendars = [{"id": "office", "week": ["mon", "tue", "wed", "thu", "fri"]}]
    build = {"id": "build", "duration": length, "calendar": "office"}
    running = {"of": "P.a.build", "start": "2024-01-01", "source": "diary"}
    document = tracked(
        running,
        templates=[{"id": "works", "tasks": [build]}],
        calendars=calendars,
        class_correlation=0.0,
    )
    finish = task(forecast(document, "2024-07-19"), "P.a.build").finish
    assert finish.p10 >= 0.0
    left_days = 0.5 * (300 - 144)  # a uniform that has lasted 144 working days
    assert finish.p50 / DAY_S == pytest.approx(left_days * 7 / 5, abs=4)


def test_overdue_work_is_told_of(tracked):
    running = {"of": "P.a.build", "start": "2024-01-01", "source": "diary"}
    result = forecast(tracked(running), "2026-06-01")
    assert any("longer than its duration holds possible" in w for w in result.warnings)


def test_a_day_before_the_data_date_or_beyond_the_horizon_is_refused(tracked):
    for day in ("2023-12-31", "2033-12-31"):
        with pytest.raises(SpecError, match="not between the data date"):
            forecast(tracked(), day)


def test_a_price_that_was_seen_moves_its_later_path_and_fades_as_it_reverts():
    grid = np.array([0.0, 1.0, 2.0, 3.0])
    path = np.array([[1.0, 1.1, 1.2, 1.3]])
    kept = through(path, grid, (1.0, 2.2), 0.0)
    assert kept == pytest.approx(path * 2.0)
    fading = through(path, grid, (1.0, 2.2), np.log(2.0))
    assert fading[0] == pytest.approx([2.0, 2.2, 1.2 * 2**0.5, 1.3 * 2**0.25])


def test_prices_take_the_same_steps_in_the_plan_and_in_the_forecast(tracked):
    price = {"id": "gpu", "process": "gbm", "volatility": 0.3}
    cost = {"id": "c", "per": "block", "amount": "$1B", "price_process": "gpu"}
    cost["spend"] = {"over": "fit", "shape": "lump"}
    more = {"drivers": [price], "costs": [cost]}
    done = [
        {"of": f"P.{name}.build", "start": "2024-01-01", "finish": "2024-06-01"} for name in "ab"
    ]
    quiet, seen = (
        forecast(tracked(*done, *a, **more), "2024-06-02").phases[0].capex_usd
        for a in ((), ({"of": "gpu", "value": 2.0, "on": "2024-06-01"},))
    )
    assert np.median(seen) == pytest.approx(2e9 * 2.0, rel=0.15)
    assert np.corrcoef(quiet, seen)[0, 1] > 0.5


BEHIND = [{"id": "P", "needs": ["G"], "blocks": BLOCKS}]
RETRIED = {
    "id": "G",
    "kind": "finance",
    "decide": "2024-06-30",
    "retry_every": "6 months",
    "retries": 2,
    "criteria": [
        {
            "metric": "share",
            "at_least": 0.5,
            "evidence": {"kind": "judgement", "value": {"dist": "uniform", "low": 0, "high": 1}},
        }
    ],
}


def test_a_failed_attempt_moves_the_gate_to_the_next(tracked):
    failed = {"of": "G", "failed": "2024-07-10", "source": "minutes"}
    (gate,) = forecast(tracked(failed, phases=BEHIND, gates=[RETRIED]), "2024-08-01").gates
    first, second, third = gate.attempts
    assert (first.probability_held, first.probability_pass) == (1, 0)
    assert second.on.p50 / DAY_S == pytest.approx(-22 + 182.6, abs=1)
    assert second.probability_pass == pytest.approx(0.5, abs=0.05)
    assert gate.probability_pass == pytest.approx(0.75, abs=0.05)
    assert third.probability_held == pytest.approx(0.5, abs=0.05)


def test_a_gate_whose_last_attempt_failed_never_opens(tracked):
    days = ("2024-07-10", "2025-01-10", "2025-07-10")
    failed = [{"of": "G", "failed": day} for day in days]
    result = forecast(tracked(*failed, phases=BEHIND, gates=[RETRIED]), "2025-08-01")
    assert result.gates[0].probability_pass == 0
    assert result.phases[0].probability_online == 0


def test_a_failure_after_the_day_is_not_known(tracked):
    document = tracked({"of": "G", "failed": "2024-07-10"}, phases=BEHIND, gates=[RETRIED])
    (gate,) = forecast(document, "2024-07-09").gates
    assert gate.attempts[0].probability_pass == pytest.approx(0.5, abs=0.05)
