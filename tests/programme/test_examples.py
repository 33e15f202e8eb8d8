"""The examples that ship: they load, they plan, and they say the truth about what was reported."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from stargate.cli.specification import load_specification
from stargate.programme.plan import plan
from stargate.programme.reforecast import reforecast
from stargate.programme.result import PlanResult
from stargate.spec.loader import load_document

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def stargate() -> PlanResult:
    return plan(load_document(EXAMPLES / "stargate.yaml"), samples=4000)


def test_the_plan_of_march_2024_has_five_phases_in_order(stargate: PlanResult):
    assert [phase.id for phase in stargate.phases] == ["P1", "P2", "P3", "P4", "P5"]
    medians = [phase.online.p50 for phase in stargate.phases]
    assert medians == sorted(medians)
    assert [phase.assumed for phase in stargate.phases[:4]] == [True] * 4


def test_the_target_of_phase_five_is_a_real_chance(stargate: PlanResult):
    chance = stargate.phase("P5").probability_by_target
    assert chance is not None
    assert 0.0 < chance < 0.25


def test_five_gigawatts_cost_more_than_was_reported(stargate: PlanResult):
    """37.9 M$ a MW of IT and 3,846 MW of IT behind 5 GW: 146 billion at least."""
    five = stargate.phase("P5")
    assert five.it_w == pytest.approx(5e9 / 1.30)
    assert five.facility_w == pytest.approx(5e9)
    assert 125e9 < five.capex.p50 < 180e9
    assert five.probability_within_budget is not None
    assert five.probability_within_budget < 0.3


def test_capability_opens_the_gate_where_compute_alone_does_not(stargate: PlanResult):
    by_id = {gate.id: gate for gate in stargate.gates}
    assert by_id["G5"].criteria[0].probability_at_first > 0.7
    assert by_id["G5-compute"].probability_pass < 0.3


def test_phase_five_waits_for_its_gate(stargate: PlanResult):
    assert stargate.phase("P5").probability_online == pytest.approx(
        stargate.gates[0].probability_pass
    )


def test_measured_evidence_takes_the_place_of_the_forecast():
    measured = "{kind: measured, value: 150.7, on: 2025-08-07}"
    document = load_document(
        EXAMPLES / "stargate.yaml", [f"programme.gates.0.criteria.0.evidence={measured}"]
    )
    gate = plan(document, samples=500).gates[0]
    assert [attempt.probability_pass > 0 for attempt in gate.attempts[:2]] == [False, True]


def test_bands_hold_what_they_say(stargate: PlanResult):
    for series in stargate.series:
        assert np.all(series.p10 <= series.p50 + 1e-6 * np.abs(series.p50)), series.id
        assert np.all(series.p50 <= series.p90 + 1e-6 * np.abs(series.p90)), series.id
    it_w, facility_w = stargate.series_of("it_w"), stargate.series_of("facility_w")
    assert np.all(it_w.p50 <= facility_w.p50)


def test_every_number_is_sourced_or_marked_assumed(stargate: PlanResult):
    assert len(stargate.facts) > 50
    assert all(fact.source for fact in stargate.facts)
    trust = [fact.confidence for fact in stargate.facts]
    assert trust == sorted(trust, key=("assumed", "recalled", "read", "measured").index)
    assert {"assumed", "read", "measured"} <= set(trust)


def test_the_long_run_is_told_with_its_losses(stargate: PlanResult):
    (run,) = stargate.runs
    assert run.accelerators == 65_536
    assert 0.3 < run.goodput < 0.8
    assert 5e25 < run.compute_flop.p50 < 4e26


PROGRAMMES = [path for path in sorted(EXAMPLES.glob("*.yaml")) if "programme:" in path.read_text()]


@pytest.mark.parametrize("path", PROGRAMMES, ids=lambda path: path.stem)
def test_every_programme_plans_and_every_number_has_a_source_or_stands_as_assumed(path: Path):
    result = plan(load_specification(str(path)), samples=200)
    assert result.phases
    assert all(phase.online.p10 < np.inf for phase in result.phases)
    assert all(fact.source for fact in result.facts)
    assert all(0 < phase.it_w <= phase.facility_w for phase in result.phases)


def test_ten_gigawatts_cost_less_than_the_headline_and_take_longer():
    """About 38 M$ a MW of IT, 6,769 + 857 MW of IT: below 500 billion; four years are too few."""
    result = plan(load_document(EXAMPLES / "january-2025.yaml"), samples=2000)
    assert sum(phase.facility_w for phase in result.phases) == pytest.approx(10e9)
    assert result.finance.capex.p90 < 500e9
    rest = result.phase("rest")
    assert rest.probability_by_target is not None
    assert rest.probability_by_target < 0.05


def test_abilene_was_faster_than_its_class_and_the_forecast_learns_it():
    document = load_document(EXAMPLES / "january-2025.yaml")
    result = reforecast(document, date(2026, 4, 15), samples=1000)
    assert result.tracking is not None
    slips = {slip.id: slip for slip in result.tracking.slips}
    assert slips["first"].state == "ended"
    assert result.day(slips["first"].forecast_p50_s) == date(2025, 9, 26)
    assert slips["first"].slip_s < 0
    (learnt,) = result.tracking.classes
    assert (learnt.name, learnt.n_ended) == ("ai_site_first_power", 1)
    assert learnt.factor < 1.0


def test_what_happened_since_march_2024_moves_phase_five_but_not_the_plan():
    document = load_document(EXAMPLES / "stargate.yaml")
    result = reforecast(document, date(2026, 8, 31), samples=1000)
    assert result.tracking is not None
    slips = {slip.id: slip for slip in result.tracking.slips}
    assert result.day(slips["P4"].forecast_p50_s) == date(2026, 4, 16)
    assert slips["P5"].slip_s > 0
    by_id = {gate.id: gate for gate in result.gates}
    assert by_id["G5"].probability_pass == 1.0
    assert by_id["G5-compute"].probability_pass == 0.0
    assert reforecast(document, document.programme.data_date, samples=300).phases[4].online == (
        plan(document, samples=300).phases[4].online
    )


def test_the_start_ups_first_hall_comes_before_its_second_and_within_four_years():
    result = plan(load_document(EXAMPLES / "startup-100mw.yaml"), samples=1000)
    first, second = result.phases
    assert first.online.p50 < second.online.p50
    assert first.facility_w + second.facility_w == pytest.approx(100e6)
    assert result.day(second.online.p50).year <= 2030
    assert 1e9 < first.capex.p50 < 2e9
