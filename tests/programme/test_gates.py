"""Gates: attempts, evidence of each kind, and what failing does."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from stargate.programme.draws import Sampled
from stargate.programme.gates import decide
from stargate.programme.money import cumulative_usd
from stargate.programme.totals import capex_usd
from stargate.spec.gate import Gate
from stargate.units import DAY_S, MONTH_S

START = date(2024, 1, 1)
N = 4000


def gate(evidence: dict, **more: object) -> Gate:
    criterion = {"metric": "score", "at_least": 145, "evidence": evidence}
    said = {"id": "G", "kind": "capability", "decide": "2024-07-01", "criteria": [criterion]}
    return Gate.model_validate(said | more)


def weigh(said: Gate, ready_s: float = 0.0, forecast=None):
    return decide(said, np.full(N, ready_s), Sampled(1, N), START, forecast)


JUDGED = {"kind": "judgement", "value": {"dist": "normal", "mean": 145, "sd": 8}}
RETRIES = {"retry_every": "6 months", "retries": 3}


def test_independent_attempts_pass_with_half_each():
    decision = weigh(gate(JUDGED, **RETRIES))
    passed_by_now = np.logical_or.accumulate(decision.passed).mean(axis=1)
    assert passed_by_now == pytest.approx([0.5, 0.75, 0.875, 0.9375], abs=0.02)
    assert decision.held.mean(axis=1) == pytest.approx([1.0, 0.5, 0.25, 0.125], abs=0.02)


def test_the_way_is_free_on_the_day_of_the_pass():
    decision = weigh(gate(JUDGED, **RETRIES))
    first_day = (date(2024, 7, 1) - START).days * DAY_S
    waits = np.unique(decision.time_s[decision.opened] - first_day)
    assert waits == pytest.approx([0, 6 * MONTH_S, 12 * MONTH_S, 18 * MONTH_S])


def test_the_first_attempt_waits_for_the_evidence():
    late_s = 400 * DAY_S
    assert np.all(weigh(gate(JUDGED), ready_s=late_s).attempt_s[0] == late_s)


@pytest.mark.parametrize(
    ("on_fail", "never", "share"),
    [("hold", True, 1.0), ("cancel", True, 1.0), ("continue", False, 1.0), ("descope", False, 0.4)],
)
def test_failing_does_what_the_gate_says(on_fail: str, never: bool, share: float):
    fails = {"kind": "judgement", "value": 100}
    more = {"descope_to": 0.4} if on_fail == "descope" else {}
    decision = weigh(gate(fails, on_fail=on_fail, **RETRIES, **more))
    assert not decision.opened.any()
    assert np.all(np.isinf(decision.time_s) == never)
    assert np.all(decision.share == share)
    if not never:
        assert np.all(decision.time_s == decision.attempt_s[-1])


def test_a_gate_that_opens_is_not_descoped():
    decision = weigh(gate({"kind": "judgement", "value": 150}, on_fail="descope", descope_to=0.4))
    assert np.all(decision.share == 1.0)


def test_measured_evidence_counts_from_its_day_on():
    """GPT-5 came in August 2025, after a decision on 30 June: half a year later it passes."""
    measured = {"kind": "measured", "value": 150.7, "on": "2025-08-07"}
    decision = weigh(gate(measured, decide="2025-06-30", **RETRIES))
    assert decision.passed[:2].all(axis=1).tolist() == [False, True]


def test_measured_capability_passes_where_compute_alone_does_not():
    """GPT-5: 6.6e25 FLOP, less than GPT-4.5's 3.8e26, and an index of 150.7 (Epoch AI)."""

    def on(metric: str, value: float, threshold: float) -> Gate:
        evidence = {"kind": "measured", "value": value, "on": "2025-08-07"}
        criterion = {"metric": metric, "at_least": threshold, "evidence": evidence}
        return gate(JUDGED, decide="2025-12-31", criteria=[criterion])

    assert not weigh(on("training compute", 6.6e25, 3.8e26)).opened.any()
    assert weigh(on("capability index", 150.7, 145)).opened.all()


def test_a_forecast_is_weighed_at_the_time_of_each_attempt():
    def forecast(_evidence, time_s):
        return 140 + time_s / (6 * MONTH_S)  # a point each half year

    said = gate({"kind": "forecast", "run": "R"}, decide="2024-01-01", **(RETRIES | {"retries": 9}))
    decision = weigh(said, forecast=forecast)
    assert decision.passed.argmax(axis=0).tolist() == [5] * N


def test_all_criteria_must_hold():
    fails = {"metric": "money", "at_most": 1.0, "evidence": {"kind": "judgement", "value": 2.0}}
    passes = {"metric": "score", "at_least": 145, "evidence": {"kind": "judgement", "value": 150}}
    decision = weigh(gate(JUDGED, criteria=[passes, fails]))
    assert not decision.opened.any()
    assert decision.first_alone.mean(axis=1).tolist() == [1.0, 0.0]


def test_evidence_that_never_comes_leaves_the_gate_shut():
    decision = weigh(gate(JUDGED, on_fail="continue"), ready_s=np.inf)
    assert not decision.held.any()
    assert np.all(np.isinf(decision.time_s))


KINDS = ("capability", "finance", "power", "permit", "safety")


def _programme(on_fail: str, kind: str, **more: object) -> dict:
    """A plot that is bought at risk over eight months, a building behind a gate that fails."""
    tasks = [
        {"id": "plot", "early": True, "duration": "8 months"},
        {"id": "design", "early": True, "after": ["plot"], "duration": "2 months"},
        {"id": "build", "after": ["design"], "duration": "10 months"},
    ]
    spread = {"shape": "linear"}
    block = {"site": "a", "template": "works", "it_power": "100 MW", "accelerator": "h100-sxm"}
    return {
        "templates": [{"id": "works", "tasks": tasks}],
        "phases": [{"id": "P", "needs": ["G"], "blocks": [block | {"accelerators": 70_000}]}],
        "costs": [
            {"id": "land", "per": "block", "amount": "$80M", "spend": {"over": "plot"} | spread},
            {"id": "plans", "per": "block", "amount": "$7M", "spend": {"over": "design"}},
            {"id": "it", "per": "it_power", "rate": "$26M/MW", "spend": {"over": "build"}},
        ],
        "gates": [
            {
                "id": "G",
                "kind": kind,
                "decide": "2024-05-01",
                "on_fail": on_fail,
                "criteria": [
                    {
                        "metric": "score",
                        "at_least": 145,
                        "evidence": {"kind": "judgement", "value": 100},
                    }
                ],
                **more,
            }
        ],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_gate_that_cancels_stops_what_runs_ahead_and_keeps_what_is_not_spent(
    document, outcome_of, kind: str
):
    """On 1 May, 121 days into eight months (243.5 days), half of the plot is paid, and no more."""
    outcome = outcome_of(document(**_programme("cancel", kind)), 5)
    day_s = (date(2024, 5, 1) - START).days * DAY_S
    assert np.all(outcome.stop_s["P"] == day_s)
    assert np.all(np.isinf(outcome.schedule.finish["P.a.plot"]))
    assert np.all(np.isinf(outcome.schedule.start["P.a.design"]))
    assert capex_usd(outcome) == pytest.approx(80e6 * day_s / (8 * MONTH_S))


@pytest.mark.parametrize(
    ("on_fail", "spent_usd", "online"),
    [
        ("hold", 87e6, False),
        ("continue", 87e6 + 2600e6, True),
        ("descope", 0.5 * (87e6 + 2600e6), True),
    ],
)
def test_the_other_ways_to_fail_let_early_works_go_on(
    document, outcome_of, on_fail: str, spent_usd: float, online: bool
):
    more = {"descope_to": 0.5} if on_fail == "descope" else {}
    outcome = outcome_of(document(**_programme(on_fail, "finance", **more)), 5)
    assert np.all(np.isfinite(outcome.schedule.finish["P.a.design"]))
    assert np.all(np.isfinite(outcome.schedule.finish["P.online"]) == online)
    assert capex_usd(outcome) == pytest.approx(spent_usd)


def test_a_gate_that_cancels_stops_nothing_where_it_opens(document, outcome_of):
    parts = _programme("cancel", "safety")
    half = {"kind": "judgement", "value": {"dist": "normal", "mean": 145, "sd": 8}}
    parts["gates"][0]["criteria"][0]["evidence"] = half
    outcome = outcome_of(document(**parts), 400)
    opened = outcome.decisions["G"].opened
    assert 0.4 < opened.mean() < 0.6
    assert np.all(np.isfinite(outcome.schedule.finish["P.online"]) == opened)
    assert np.all(np.isinf(outcome.stop_s["P"]) == opened)
    assert capex_usd(outcome)[opened] == pytest.approx(2687e6)


def test_what_is_cancelled_is_spent_by_the_day_and_never_later(document, outcome_of):
    outcome = outcome_of(document(**_programme("cancel", "power")), 5)
    day_s = (date(2024, 5, 1) - START).days * DAY_S
    times = np.array([0.5, 1.0, 1.5, 10.0]) * day_s
    path = cumulative_usd(outcome.spendings, times, 5)[0]
    assert path[0] == pytest.approx(path[1] / 2)
    assert path[1] == pytest.approx(path[2]) == pytest.approx(path[3])
