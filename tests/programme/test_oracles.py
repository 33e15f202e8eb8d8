"""The engine against exact and independently simulated values, within 0.5 % at a million samples.

Exact values follow from the formulas named; P-values of sums come from a separate NumPy
simulation of the same model (Gaussian copula with one common factor), a million samples.
"""

from __future__ import annotations

import numpy as np
import pytest

from stargate.engine.sampling import correlated, latin_hypercube, normal_scores
from stargate.engine.streams import stream
from stargate.programme.distributions import draw
from stargate.programme.draws import Sampled
from stargate.programme.schedule import forward
from stargate.programme.totals import capex_usd
from stargate.spec.activities import Activity, Wait
from stargate.spec.distribution import Lognormal, Normal, Pert, Weibull
from stargate.units import MONTH_S

N = 1_000_000
WITHIN = 0.005
PERT = Pert[float](low=10.0, mode=14.0, high=30.0)


def scores(name: str) -> np.ndarray:
    return normal_scores(latin_hypercube(stream(1, name), N))


def test_o1_a_pert_has_the_mean_and_spread_of_its_beta():
    """Beta(1.8, 4.2) on [10, 30]: mean 16, sd sqrt(12); (high - low) / 6 is not the sd."""
    sample = draw(PERT, scores("pert"))
    assert sample.mean() == pytest.approx(16.0, rel=WITHIN)
    assert sample.std() == pytest.approx(3.4641016, rel=WITHIN)


@pytest.mark.parametrize(
    ("rho", "sd", "p50", "p80", "p90"),
    [
        (0.0, 7.7459667, 79.65, 86.48, 90.20),
        (0.5, 13.336, 78.72, 91.33, 98.27),
        (1.0, 17.3205081, 77.65, 95.03, 104.54),
    ],
)
def test_o2_five_tasks_in_series(rho: float, sd: float, p50: float, p80: float, p90: float):
    """Correlation by a shared driver: five PERT tasks, loads sqrt(rho). sd at rho 1: 5 sqrt(12)."""
    shared = {"heat": scores("heat")}
    loads = {"heat": rho**0.5}
    total = sum(
        draw(PERT, correlated(scores(f"task {i}"), loads, shared)) for i in range(5)
    ) + np.zeros(N)
    assert total.mean() == pytest.approx(80.0, rel=WITHIN)
    assert total.std() == pytest.approx(sd, rel=WITHIN)
    found = np.percentile(total, (50, 80, 90))
    assert found == pytest.approx([p50, p80, p90], rel=WITHIN)


def _merged(finishes: list[np.ndarray]) -> np.ndarray:
    """The finish of a milestone after parallel tasks, through the schedule."""
    tasks = [Activity(f"t{i}", "task") for i in range(len(finishes))]
    end = Activity("end", "block", tuple(Wait((task.id,)) for task in tasks))

    def perform(activity, ready, _):
        if activity is end:
            return ready, ready
        return np.zeros(N), finishes[int(activity.id[1:])]

    return forward([*tasks, end], N, perform).finish["end"]


def test_o4_merging_exponential_paths_takes_longer_than_the_longest_mean():
    """The mean of the largest of three Exp(1) is 1 + 1/2 + 1/3."""
    exponential = Weibull[float](scale=1.0, shape=1.0)
    end = _merged([draw(exponential, scores(f"exp {i}")) for i in range(3)])
    assert end.mean() == pytest.approx(1.8333333, rel=WITHIN)


def test_o4_merging_normal_paths():
    """The mean of the larger of two N(100, 10) is 100 + 10 / sqrt(pi)."""
    normal = Normal[float](mean=100.0, sd=10.0)
    end = _merged([draw(normal, scores(f"normal {i}")) for i in range(2)])
    assert end.mean() == pytest.approx(105.641896, rel=WITHIN)


def test_o5_a_lognormal():
    sample = draw(Lognormal[float](median=np.exp(3.044), sigma=0.415), scores("lognormal"))
    assert np.percentile(sample, (50, 80)) == pytest.approx([20.989, 29.763], rel=WITHIN)
    assert sample.mean() == pytest.approx(22.877, rel=WITHIN)


def test_o6_a_risk_adds_its_chance_times_its_impact(document, outcome_of):
    """0.3 x the mean of PERT(2, 4, 12), which is 5."""
    delay = {"dist": "pert", "low": "2 months", "mode": "4 months", "high": "12 months"}
    risk = {"id": "R", "probability": "30 %", "impact": {"tasks": ["build"], "delay": delay}}
    online_s = outcome_of(document(risks=[risk]), N).schedule.finish["P.online"]
    late = online_s / MONTH_S - 10.0
    assert late.mean() == pytest.approx(1.5, rel=WITHIN)


def test_o7_the_odds_of_a_gate(document, outcome_of):
    """A score N(150, 8) against 145 passes with Phi(5/8)."""
    evidence = {"kind": "judgement", "value": {"dist": "normal", "mean": 150, "sd": 8}}
    gate = {
        "id": "G",
        "kind": "capability",
        "decide": "2024-06-01",
        "criteria": [{"metric": "score", "at_least": 145, "evidence": evidence}],
    }
    decision = outcome_of(document(gates=[gate]), N).decisions["G"]
    assert decision.opened.mean() == pytest.approx(0.7340145, rel=WITHIN)


def test_o8_money_is_spent_in_stages_only_as_far_as_each_succeeds(document, outcome_of):
    """10, then 30 with 0.8, then 100 with 0.7 given the stage before: 90 expected."""
    tasks = [
        {"id": "one", "duration": "1 month", "success": 0.8},
        {"id": "two", "duration": "1 month", "after": ["one"], "success": 0.7},
        {"id": "three", "duration": "1 month", "after": ["two"]},
    ]
    costs = [
        {"id": f"c-{task}", "per": "block", "amount": f"${amount}M", "spend": {"over": task}}
        for task, amount in (("one", 10), ("two", 30), ("three", 100))
    ]
    built = document(templates=[{"id": "works", "tasks": tasks}], costs=costs)
    assert capex_usd(outcome_of(built, N)).mean() == pytest.approx(90e6, rel=WITHIN)


def test_independent_inputs_are_independent():
    draws = Sampled(3, N)
    assert abs(np.corrcoef(draws.score("a"), draws.score("b"))[0, 1]) < 0.005
