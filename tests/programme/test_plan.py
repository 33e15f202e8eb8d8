"""The plan as a whole: what must hold whatever the numbers are."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.cli.plan_object import plan_object
from stargate.errors import SpecError
from stargate.programme.draws import OneAtATime, Sampled
from stargate.programme.plan import plan
from stargate.programme.sensitivity import Measure, effects, mean_ranks, rank_correlations
from stargate.spec.document import Document
from stargate.units import MONTH_S

SPREAD = {"dist": "pert", "low": "5 mo", "mode": "8 mo", "high": "20 mo"}


def works(*tasks: dict) -> list[dict]:
    return [{"id": "works", "tasks": list(tasks)}]


BUILD = {"id": "build", "duration": SPREAD, "loads": {"heat": 0.5}}
HEAT = [{"id": "heat", "name": "heat"}]


def test_the_same_seed_gives_the_same_bytes(document):
    built = document(templates=works(BUILD), drivers=HEAT)
    first, second = (json.dumps(plan_object(plan(built, samples=500, seed=3))) for _ in range(2))
    other = json.dumps(plan_object(plan(built, samples=500, seed=4)))
    assert first == second != other


def test_adding_a_task_changes_no_other_draw(document):
    more = {"id": "fence", "duration": SPREAD}
    before = plan(document(templates=works(BUILD), drivers=HEAT), samples=500, seed=3)
    after = plan(document(templates=works(more, BUILD), drivers=HEAT), samples=500, seed=3)
    found = {task.id: task for task in after.tasks}
    assert all(found[task.id].duration == task.duration for task in before.tasks)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 30), min_size=3, max_size=3), st.integers(0, 9))
def test_without_variance_it_is_the_critical_path_method(months: list[int], lag: int):
    a, b, c = months
    tasks = [
        {"id": "a", "duration": f"{a} months"},
        {"id": "b", "duration": f"{b} months", "after": [f"a:SS+{lag} months"]},
        {"id": "c", "duration": f"{c} months", "after": ["a", "b"]},
    ]
    said = {
        "price_base": 2025,
        "data_date": "2024-01-01",
        "horizon": "2040-12-31",
        "discount_rate": "8 %",
        "templates": works(*tasks),
        "phases": [
            {
                "id": "P",
                "blocks": [
                    {
                        "site": "s",
                        "template": "works",
                        "it_power": "1 MW",
                        "accelerator": "h100-sxm",
                        "accelerators": 700,
                    }
                ],
            }
        ],
    }
    document = Document.model_validate({"stargate": 1, "programme": said})
    online_s = plan(document, samples=7, seed=1).phase("P").online_s
    assert online_s / MONTH_S == pytest.approx([max(a, lag + b) + c] * 7)


def test_every_task_starts_after_what_it_waits_for(document, outcome_of):
    tasks = [BUILD, {"id": "fit", "duration": SPREAD, "after": ["build:FS+1 month"]}]
    schedule = outcome_of(document(templates=works(*tasks), drivers=HEAT), 800).schedule
    assert np.all(schedule.start["P.a.fit"] >= schedule.finish["P.a.build"] + MONTH_S)


def test_the_chance_to_meet_a_target_is_the_share_of_futures_that_do(document):
    phase = {
        "id": "P",
        "target": {"online": "2024-10-31"},
        "budget": {"low": "$1B", "high": "$2B"},
        "blocks": [
            {
                "site": "a",
                "template": "works",
                "it_power": "50 MW",
                "accelerator": "h100-sxm",
                "accelerators": 36_000,
            }
        ],
    }
    cost = {"id": "c", "per": "it_power", "rate": "$38M/MW"}
    cost["factor"] = {"dist": "lognormal", "median": 1, "sigma": 0.3}
    result = plan(
        document(templates=works(BUILD), drivers=HEAT, phases=[phase], costs=[cost]), samples=4000
    )
    found = result.phase("P")
    in_time = np.array([result.day(t) <= found.target for t in found.online_s.tolist()])
    cheap = found.capex_usd <= 2e9
    assert found.probability_by_target == in_time.mean() > 0.1
    assert found.probability_within_budget == cheap.mean()
    assert found.joint_probability == (in_time & cheap).mean()


def test_a_faster_rack_rate_is_never_later(document, outcome_of):
    def online(rate: int) -> np.ndarray:
        racks = {"id": "racks", "duration": "1 month", "rate": f"{rate} GPU/month"}
        return outcome_of(document(templates=works(racks)), 5).schedule.finish["P.online"]

    assert online(10_000) / MONTH_S == pytest.approx(7.1942, rel=1e-4)  # 71,942 at 10,000 a month
    assert online(200_000) / MONTH_S == pytest.approx(1.0)


def test_a_document_without_a_programme_is_refused():
    with pytest.raises(SpecError, match="nothing to plan"):
        plan(Document(stargate=1))


def correlations(inputs, outcome):
    return rank_correlations(inputs, {"o": outcome})["o"]


def test_rank_correlation_is_spearmans_and_events_count():
    draws = Sampled(1, 5000)
    a = draws.score("a")
    draws.score("b")
    late = draws.event("storm", 0.3)
    found = correlations(draws.ranks, np.exp(a)).by_input
    assert found["a"] == pytest.approx(1.0, abs=1e-3)
    assert abs(found["b"]) < 0.05
    assert late.mean() == pytest.approx(0.3, abs=1e-3)
    assert correlations(draws.ranks, late * 1.0).by_input["storm"] == pytest.approx(1.0)


@given(st.integers(100, 400), st.integers(0, 9), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_rank_correlation_agrees_with_scipys_where_the_outcome_happens(n, seed, n_levels):
    from scipy.stats import spearmanr

    draws = Sampled(seed, n)
    a, b = draws.score("a"), draws.score("b")
    outcome = np.floor(n_levels * (a + b))
    outcome[:: n_levels + 2] = np.inf
    happens = np.isfinite(outcome)
    found = correlations(draws.ranks, outcome)
    if happens.sum() < 100 or np.ptp(outcome[happens]) == 0:
        assert found.by_input == {}
    else:
        expected = spearmanr(draws.ranks["a"][happens], outcome[happens]).statistic
        assert found.by_input["a"] == pytest.approx(expected, abs=0.03)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_ties_share_their_mean_rank(values):
    from scipy.stats import rankdata

    assert np.array_equal(mean_ranks(np.array(values, dtype=float)), rankdata(values))


def test_of_an_outcome_that_hardly_happens_nothing_is_said():
    draws = Sampled(1, 500)
    draws.score("a")
    found = correlations(draws.ranks, np.where(np.arange(500) < 50, 1.0, np.inf))
    assert found.by_input == {}


def test_what_never_varies_goes_with_nothing():
    draws = Sampled(1, 300)
    a = draws.score("a")
    found = correlations({"sure": np.ones(300), **draws.ranks}, a).by_input
    assert found["sure"] == 0.0
    assert found["a"] == pytest.approx(1.0, abs=1e-3)
    assert correlations({}, a).by_input == {}


def test_one_at_a_time_moves_one_input_and_no_other():
    one = OneAtATime(["a", "b"])
    moved = 10 * one.score("a") + one.score("b") + 100 * one.score("elsewhere")
    draws = Sampled(1, 300)
    a, _ = draws.score("a"), draws.score("b")
    measure = Measure("o", "s", correlations(draws.ranks, a), moved)
    found = {e.id: e for e in effects(one.row, {"a": "A", "b": "B"}, measure, 2)}
    assert (found["a"].low, found["a"].high) == (
        pytest.approx(-12.81552, rel=1e-5),
        pytest.approx(12.81552, rel=1e-5),
    )
    assert found["b"].swing == pytest.approx(2.5631, rel=1e-4)
    assert found["b"].base == 0.0


def test_results_are_frozen(document):
    result = plan(document(), samples=10)
    with pytest.raises(AttributeError):
        result.seed = 5  # type: ignore[misc]
    assert replace(result, seed=5).seed == 5
