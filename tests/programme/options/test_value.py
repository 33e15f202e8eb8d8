"""Options on small programmes whose right decision can be worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from stargate.cli.plan_object import plan_object
from stargate.programme.capacity import planned_blocks
from stargate.programme.change import Change
from stargate.programme.draws import Sampled
from stargate.programme.over_time import quarters_s
from stargate.programme.plan import plan
from stargate.programme.simulation import simulate, surroundings
from stargate.units import YEAR_S

DOLLARS_A_YEAR = 13e6
COST = [{"id": "it", "per": "it_power", "rate": "$30M/MW", "spend": {"shape": "linear"}}]
SPREAD = {"dist": "pert", "low": "8 mo", "mode": "12 mo", "high": "30 mo"}


def parts(*options: dict[str, Any], price: str = "$13M/MW/year", **more: Any) -> dict[str, Any]:
    """One phase of 100 MW that starts in 2026 and is sold by the year at a price that wanders."""
    revenue = {"id": "sold", "payee": "us", "per": "it_power", "price": price}
    said = {
        "drivers": [{"id": "p", "process": "gbm", "volatility": 0.4}],
        "templates": [{"id": "works", "tasks": [{"id": "build", "duration": SPREAD}]}],
        "phases": [
            {
                "id": "P",
                "start": "2026-01-01",
                "target": {"online": "2027-06-30"},
                "blocks": [
                    {
                        "site": "a",
                        "template": "works",
                        "it_power": "100 MW",
                        "accelerator": "h100-sxm",
                        "it_power_per_accelerator": "1.39 kW",
                    }
                ],
            }
        ],
        "costs": COST,
        "finance": {
            "parties": [{"id": "us"}],
            "capital": {"us": 1.0},
            "revenues": [revenue | {"price_process": "p"}],
        },
        "options": list(options),
    }
    return said | more


ABANDON = {"id": "stop", "kind": "abandon", "phase": "P", "decide": "2025-12-31"}
DEFER = {"id": "wait", "kind": "defer", "phase": "P", "decide": "2025-12-31", "by": "12 months"}
HALVE = {"id": "half", "kind": "resize", "phase": "P", "decide": "2025-12-31", "to": "50 %"}
SELL = {"id": "sell", "kind": "sell", "phase": "P", "decide": "2029-01-01", "recovers": "60 %"}
SWITCH = {"id": "other", "kind": "switch", "phase": "P", "decide": "2026-07-01", "task": "build"}
SWITCH |= {"duration": "3 months", "cost": "$40M"}
NEWER = {"id": "new", "kind": "refresh", "phase": "P", "decide": "2029-01-01", "down": "3 months"}
NEWER |= {"gain": 1.5, "rate": "$10M/MW"}
ALL = (ABANDON, DEFER, HALVE, SELL, SWITCH, NEWER)


def no_speed(_run: str, _accelerators: int) -> None:
    raise AssertionError("the programme has no run")


def valued(document, *options, samples: int = 4000, seed: int = 1, **more):
    result = plan(document(**parts(*options, **more)), samples=samples, seed=seed)
    return result, {option.id: option for option in result.options}


def test_no_option_is_worth_less_than_nothing_by_its_best_rule(document):
    _, found = valued(document, *ALL)
    assert len(found) == len(ALL)
    for option in found.values():
        assert option.rule == "optimal"
        assert option.value_usd >= 0


def test_hindsight_is_what_no_rule_exceeds(document):
    _, found = valued(document, *ALL)
    for option in found.values():
        assert option.value_usd <= option.value_with_hindsight_usd + 1e-6
        assert option.value_if_always_usd <= option.value_with_hindsight_usd + 1e-6


def test_abandoning_what_only_costs_saves_all_that_it_costs(document):
    """Nothing is sold, so that on the eve of the start everything is still to be saved."""
    result, found = valued(document, ABANDON, price="$0/MW/year")
    stop = found["stop"]
    assert stop.probability_exercised == 1.0
    assert stop.net_present_value.p90 == pytest.approx(0.0, abs=1e3)  # of billions, in four bytes
    assert stop.value_usd == pytest.approx(-result.courses[0].net_present_value.mean)
    assert stop.probability_online == 0.0


def test_what_surely_pays_is_never_abandoned(document):
    _, found = valued(document, ABANDON, price="$500M/MW/year")
    assert found["stop"].probability_exercised == 0.0
    assert found["stop"].value_usd == 0.0


def test_half_the_capacity_is_half_the_money(document):
    result, found = valued(document, HALVE)
    whole = result.courses[0].net_present_value.mean
    assert found["half"].value_if_always_usd == pytest.approx(-whole / 2)


def test_deferring_moves_the_date_by_as_much_where_it_is_exercised(document):
    rule = DEFER | {"when": [{"of": "spent", "at_least": 0}]}
    result, found = valued(document, rule)
    later_s = found["wait"].online.p50 - result.phase("P").online.p50
    assert later_s / (365.25 * 86400) == pytest.approx(1.0, abs=0.01)
    assert found["wait"].probability_exercised == 1.0


def test_a_more_uncertain_price_makes_the_option_to_stop_worth_more(document):
    """At the same expected price: the median drifts down by half the variance."""

    def value(volatility: float) -> float:
        drift = f"{-50 * volatility**2:.3f} %/year"
        drivers = [{"id": "p", "process": "gbm", "volatility": volatility, "drift": drift}]
        found = valued(document, ABANDON, drivers=drivers, samples=20_000, price="$7M/MW/year")
        return found[1]["stop"].value_usd

    assert value(0.6) > value(0.3) > value(0.1)


def test_a_rule_exercises_where_its_conditions_hold_and_nowhere_else(document):
    cheap = {"of": "price", "name": "p", "at_most": 0.8}
    _, found = valued(document, ABANDON | {"when": [cheap]}, samples=9000)
    # The median stays; the price of 1.75 years ahead lies below 0.8 with Phi(ln 0.8 / 0.4 sqrt t).
    assert found["stop"].rule == "stated"
    assert found["stop"].probability_exercised == pytest.approx(0.336, abs=0.02)


def test_conditions_that_are_never_met_change_nothing(document):
    never = {"of": "phase", "name": "P", "at_least": 1}
    result, found = valued(document, ABANDON | {"when": [never]})
    assert found["stop"].value_usd == 0.0
    assert result.courses[0].regret.p90 == 0.0


def test_more_days_to_decide_are_not_worth_less(document):
    often = ABANDON | {"again_every": "6 months", "times": 4, "penalty": "5 %"}
    once, many = (
        valued(document, option, samples=8000, price="$7M/MW/year")[1]
        for option in (ABANDON | {"penalty": "5 %"}, often)
    )
    assert many["stop"].value_usd >= once["stop"].value_usd * 0.98
    assert sum(many["stop"].exercised) == pytest.approx(many["stop"].probability_exercised)


def test_a_sale_brings_back_its_share_of_what_was_spent(document):
    """Everything is built and nothing is earned: 60 % of 3 billion, four to five years on."""
    _, found = valued(document, SELL, price="$0/MW/year")
    assert found["sell"].probability_exercised == 1.0
    years = 5.0
    assert found["sell"].value_usd == pytest.approx(0.6 * 3e9 * 1.08**-years, rel=0.01)


def test_a_quicker_way_is_taken_where_the_old_one_is_not_done(document):
    result, found = valued(document, SWITCH, price="$200M/MW/year")
    assert 0.7 < found["other"].probability_exercised <= 1.0
    assert found["other"].online.p90 < result.phase("P").online.p90


def test_newer_machines_pay_where_their_gain_covers_their_price(document):
    _, found = valued(document, NEWER, NEWER | {"id": "dear", "rate": "$400M/MW"})
    assert found["new"].probability_exercised > 0.5
    assert found["dear"].probability_exercised < 0.1


def test_what_has_happened_by_the_day_is_not_undone(document):
    """On a day after all is on line there is nothing to defer, resize or abandon."""
    late = [{**option, "decide": "2032-01-01"} for option in (ABANDON, DEFER, HALVE)]
    _, found = valued(document, *late)
    assert all(option.value_with_hindsight_usd == 0.0 for option in found.values())


def test_regret_is_never_negative_and_some_course_is_best(document):
    result, _ = valued(document, *ALL)
    assert len(result.courses) == 1 + len(ALL) + 1
    assert all(course.regret.p10 >= 0 for course in result.courses)
    assert sum(course.probability_best for course in result.courses) >= 1.0


def test_the_same_seed_gives_the_same_bytes_with_options(document):
    texts = [
        json.dumps(plan_object(plan(document(**parts(*ALL)), samples=1500, seed=seed)))
        for seed in (3, 3, 4)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_the_interval_shrinks_with_the_samples(document):
    def width(samples: int) -> float:
        found = valued(document, ABANDON, samples=samples, price="$7M/MW/year")[1]
        stop = found["stop"]
        return stop.high_usd - stop.low_usd

    assert width(16_000) == pytest.approx(width(4000) / 2, rel=0.15)


def test_options_do_not_change_the_plan(document):
    without = plan(document(**parts()), samples=800, seed=2)
    with_options = plan(document(**parts(*ALL)), samples=800, seed=2)
    assert np.array_equal(without.phase("P").online_s, with_options.phase("P").online_s)
    assert without.finance == with_options.finance


def test_options_that_stand_in_for_each_other_add_little_to_each_other(document):
    """What the one saves by ending the works the other cannot save again."""
    twin = ABANDON | {"id": "also"}
    result, found = valued(document, ABANDON, twin, price="$7M/MW/year")
    together = result.together
    assert together.sum_alone_usd == pytest.approx(2 * found["stop"].value_usd)
    assert together.value_usd == pytest.approx(found["stop"].value_usd)
    assert [part.added_usd for part in together.added] == pytest.approx([0.0, 0.0], abs=1e3)
    # Of two that end a phase on one day the first of the file does.
    first, second = (part.probability_exercised for part in together.added)
    assert first == found["stop"].probability_exercised
    assert second == 0.0


def test_options_on_phases_that_do_not_touch_add_up(document):
    phase = parts()["phases"][0]
    phases = [phase, phase | {"id": "Q"}]
    other = ABANDON | {"id": "other", "phase": "Q", "decide": "2025-06-30"}
    result, found = valued(document, ABANDON, other, phases=phases, price="$7M/MW/year")
    together = result.together
    assert together.value_usd == pytest.approx(together.sum_alone_usd, rel=1e-5)
    assert together.added[1].added_usd == pytest.approx(found["other"].value_usd, rel=1e-4)


def test_an_option_on_a_phase_that_was_ended_comes_too_late(document):
    always = {"when": [{"of": "spent", "at_least": 0}]}
    late = DEFER | {"id": "late", "decide": "2025-12-31", "cost": "$1B"} | always
    stop = ABANDON | {"decide": "2025-06-30"} | always
    result, found = valued(document, stop, late)
    assert result.together.added[1].probability_exercised == 0.0
    assert result.together.value_usd == pytest.approx(found["stop"].value_usd, rel=1e-6)


def test_of_three_options_each_adds_what_all_gain_less_what_the_others_do(document):
    result, _ = valued(document, HALVE, SELL, NEWER)
    without, _ = valued(document, HALVE, SELL)
    added = result.together.added[2].added_usd
    expected = result.together.value_usd - without.together.value_usd
    assert added == pytest.approx(expected, rel=1e-5, abs=1e3)


def test_all_together_is_a_course_and_one_option_alone_has_no_company(document):
    result, _ = valued(document, *ALL)
    assert result.courses[-1].name == "all together"
    mean = result.courses[0].net_present_value.mean + result.together.value_usd
    assert result.courses[-1].net_present_value.mean == pytest.approx(mean)
    assert valued(document, ABANDON)[0].together is None


def test_what_decisions_do_not_touch_is_as_if_computed_anew(document):
    """Two phases, scarce crews: a decision about the later one, taken over and from scratch."""
    phase = parts()["phases"][0]
    phases = [phase, phase | {"id": "Q", "start": "2026-03-01"}]
    task = {"id": "build", "duration": SPREAD, "uses": {"crew": 1}}
    more = {
        "phases": phases,
        "templates": [{"id": "works", "tasks": [task]}],
        "resources": [{"id": "crew", "kind": "held", "capacity": [{"amount": 1}]}],
    }
    programme = document(**parts(**more)).programme
    blocks, _ = planned_blocks(programme, None)
    draws = Sampled(1, 400)
    grid_s = quarters_s(programme.data_date, programme.horizon)
    given = (programme, programme.activities(), blocks, draws, grid_s, no_speed)
    around = surroundings(programme, blocks, draws, grid_s)
    plain = simulate(*given, around)
    later = (Change("Q", 0.5 * YEAR_S, later_s=YEAR_S),)
    anew, again = simulate(*given, around, later), simulate(*given, around, later, plain)
    for name, finish_s in anew.schedule.finish.items():
        assert np.array_equal(finish_s, again.schedule.finish[name]), name
    for one, two in zip(anew.spendings, again.spendings, strict=True):
        assert np.array_equal(one.amount_usd, two.amount_usd)
        assert np.array_equal(one.window.finish_s, two.window.finish_s)
