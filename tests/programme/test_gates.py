"""Gates: attempts, evidence of each kind, and what failing does."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from stargate.programme.draws import Sampled
from stargate.programme.gates import decide
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
