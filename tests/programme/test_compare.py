"""Two plans on the same random numbers: the difference holds nothing but what was changed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stargate.cli.comparison_object import comparison_object
from stargate.errors import SpecError
from stargate.programme.compare import changes, compare, difference, odds_difference
from stargate.programme.plan import plan
from stargate.spec.document import Document
from stargate.units import DAY_S, MONTH_S

SPREAD = {"dist": "pert", "low": "5 mo", "mode": "8 mo", "high": "20 mo"}
PLACE = {"site": "a", "template": "works", "accelerator": "h100-sxm", "accelerators": 1000}


def planner(document: Document, samples: int, seed: int):
    return plan(document, samples=samples, seed=seed)


def compared(a: Document, b: Document, n: int = 1000):
    return compare(a, b, planner, samples=n, seed=3)


@pytest.fixture
def variant(document):
    def build(lag: str = "", power: str = "100 MW", **more: object) -> Document:
        fit = {"id": "fit", "duration": SPREAD, "after": [f"build{lag}"]}
        tasks = [{"id": "build", "duration": SPREAD}, fit]
        cost = {"id": "c", "per": "it_power", "rate": "$38M/MW"}
        cost["factor"] = {"dist": "lognormal", "median": 1, "sigma": 0.3}
        phase = {
            "id": "P",
            "target": {"online": "2025-06-30"},
            "blocks": [{**PLACE, "it_power": power}],
        }
        return document(
            **{
                "templates": [{"id": "works", "tasks": tasks}],
                "phases": [phase],
                "costs": [cost],
                **more,
            }
        )

    return build


def test_a_plan_does_not_differ_from_itself(variant):
    found = compared(variant(), variant())
    (phase,) = found.phases
    for moved in (phase.online, phase.capex, found.capex):
        assert (moved.p10, moved.p90, moved.mean, moved.low, moved.high) == (0, 0, 0, 0, 0)
    assert [odds.difference for odds in phase.odds] == [0, 0]
    assert found.changes == ()


def test_a_lag_is_the_difference_in_every_future(variant):
    online = compared(variant(), variant(lag=":FS+2 months")).phases[0].online
    assert (online.p10 / MONTH_S, online.p90 / MONTH_S) == pytest.approx((2, 2))
    assert online.high - online.low == pytest.approx(0.0, abs=1.0)
    assert online.share_lower == 0.0


def test_the_interval_of_a_paired_difference_is_far_tighter_than_that_of_independent_plans(variant):
    found = compared(variant(), variant(power="110 MW")).capex
    independent = 2 * 1.96 * np.hypot(0.3, 0.3) * found.a.p50 / 1000**0.5
    assert found.low < 0.1 * found.a.mean < found.high
    assert found.high - found.low < 0.2 * independent


def test_the_true_mean_lies_in_its_interval_nineteen_times_in_twenty():
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(400):
        a = rng.normal(0, 1, 200)
        moved = difference(a, a + rng.normal(0.3, 1, 200), "s")
        hits.append(moved.low <= 0.3 <= moved.high)
    assert 0.92 < np.mean(hits) < 0.98


def test_odds_are_compared_future_by_future():
    a = np.array([True, True, False, False])
    moved = odds_difference("on line", a, np.array([True, True, True, False]))
    assert (moved.a, moved.b, moved.difference) == (0.5, 0.75, 0.25)
    assert moved.low < 0.25 < moved.high


def test_what_comes_in_one_plan_alone_is_counted_apart():
    a, b = np.array([1.0, 2.0, np.inf, np.inf]), np.array([0.0, np.inf, 5.0, np.inf])
    moved = difference(a, b, "s")
    shares = (moved.share_both, moved.share_only_a, moved.share_only_b)
    assert shares == (0.25, 0.25, 0.25)
    assert moved.p50 == -1.0
    assert moved.share_lower == 1.0
    never = difference(np.array([np.inf]), np.array([1.0]), "s")
    assert np.isnan(never.p50)


def test_plans_of_two_days_are_compared_by_the_calendar(variant):
    found = compared(variant(), variant(data_date="2024-01-31"))
    assert found.phases[0].online.p50 == pytest.approx(30 * DAY_S)


def test_what_differs_is_listed_by_path(variant):
    found = list(changes(variant(), variant(power="110 MW")))
    assert found == [("programme.phases.P.blocks.0.it_power", "100 MW", "110 MW")]


def test_what_only_one_has_is_named(variant):
    more = {"id": "Q", "needs": ["P"], "blocks": [{**PLACE, "site": "b", "it_power": "1 MW"}]}
    phases = [{"id": "P", "blocks": [{**PLACE, "it_power": "100 MW"}]}, more]
    found = compared(variant(), variant(phases=phases))
    assert (found.only_in_a, found.only_in_b) == ((), ("Q",))
    assert found.capex.mean > 0


def test_the_object_is_json_and_never_is_null(variant):
    shut = {
        "id": "G",
        "kind": "safety",
        "decide": "2024-02-01",
        "criteria": [
            {"metric": "m", "at_least": 9, "evidence": {"kind": "judgement", "value": 1}},
        ],
    }
    phase = {"id": "P", "needs": ["G"], "blocks": [{**PLACE, "it_power": "100 MW"}]}
    told = comparison_object(
        compared(variant(), variant(phases=[phase], gates=[shut]), n=50), ("a", "b")
    )
    again = json.loads(json.dumps(told, allow_nan=False))
    assert again["phases"][0]["online"]["b"]["p50"] is None
    assert again["phases"][0]["online"]["difference_days"]["p50"] is None
    assert again["only_in_b"] == ["G"]


def test_a_document_without_a_programme_cannot_be_compared(variant):
    with pytest.raises(SpecError, match="nothing to compare"):
        compared(variant(), Document(stargate=1))
