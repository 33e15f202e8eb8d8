"""When money leaves, and what is spent on what is never finished."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from stargate.programme.capacity import planned_blocks
from stargate.programme.money import Spending, Window, cumulative_usd, spent_share
from stargate.programme.over_time import Paths, paths, present_value_usd, quarters_s
from stargate.programme.totals import capex_usd
from stargate.units import YEAR_S

SHAPES = ("lump", "linear", "s_curve")
times = st.floats(-1e8, 1e8)
seconds = st.integers(-(10**8), 10**8).map(float)


@settings(max_examples=60)
@given(times, st.floats(0, 1e8), st.sampled_from(SHAPES))
def test_spending_runs_from_nothing_to_all_over_its_window(start: float, length: float, shape):
    window = Window(np.array([start]), np.array([start + length]))
    moments = start + length * np.linspace(-0.5, 1.5, 41)
    path = [float(spent_share(shape, window, t)[0]) for t in moments]
    assert np.all(np.diff(path) >= 0)
    assert spent_share(shape, window, start - 1.0)[0] == 0.0
    assert spent_share(shape, window, start + length + 1.0)[0] == 1.0


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(seconds | st.just(np.inf), st.integers(0, 10**8).map(float)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(SHAPES),
    st.none() | seconds,
)
def test_many_times_at_once_are_as_one_after_the_other(spans, shape, stop_s: float | None):
    start = np.array([begin for begin, _ in spans])
    finish = start + np.array([length for _, length in spans])
    stop = None if stop_s is None else np.full(len(spans), stop_s)
    window = Window(start, finish, stop)
    moments = np.arange(-2.1e8, 2.1e8, 2e7)
    item = Spending("c", None, np.full(len(spans), 7.0), window, shape, None)
    slowly = np.stack([7.0 * spent_share(shape, window, t) for t in moments.tolist()], axis=1)
    assert cumulative_usd([item], moments, len(spans)) == pytest.approx(slowly, abs=1e-6)


def test_an_s_curve_is_slow_at_both_ends():
    window = Window(np.array([0.0]), np.array([1.0]))
    quarters = [float(spent_share("s_curve", window, x)[0]) for x in (0.25, 0.5, 0.75)]
    assert quarters == pytest.approx([0.15625, 0.5, 0.84375])


def test_what_never_starts_is_never_paid():
    window = Window(np.array([np.inf]), np.array([np.inf]))
    assert [spent_share(shape, window, 1e9)[0] for shape in SHAPES] == [0.0, 0.0, 0.0]


def _campus(block):
    return {
        "templates": [
            {
                "id": "works",
                "tasks": [
                    {"id": "land", "early": True, "duration": "2 months"},
                    {
                        "id": "build",
                        "after": ["land"],
                        "duration": {
                            "dist": "pert",
                            "low": "8 mo",
                            "mode": "12 mo",
                            "high": "30 mo",
                        },
                    },
                ],
            }
        ],
        "costs": [
            {"id": "plot", "per": "block", "amount": "$5M", "spend": {"over": "land"}},
            {"id": "it", "per": "it_power", "rate": "$26.113M/MW", "spend": {"over": "build"}},
            {
                "id": "shell",
                "per": "facility_power",
                "rate": "$9M/MW",
                "spend": {"shape": "linear"},
            },
        ],
        "phases": [{"id": "P", "needs": ["G"], "blocks": [block]}],
        "gates": [
            {
                "id": "G",
                "kind": "finance",
                "decide": "2024-06-01",
                "criteria": [
                    {
                        "metric": "funding",
                        "at_least": 0.5,
                        "evidence": {
                            "kind": "judgement",
                            "value": {"dist": "uniform", "low": 0, "high": 1},
                        },
                    }
                ],
            }
        ],
    }


BLOCK = {
    "site": "a",
    "template": "works",
    "it_power": "100 MW",
    "peak_ratio": 1.3,
    "accelerator": "h100-sxm",
    "it_power_per_accelerator": "1.39 kW",
}


def _paths(document, outcome) -> Paths:
    programme = document.programme
    blocks, _ = planned_blocks(programme, None)
    return paths(programme, blocks, outcome, quarters_s(programme.data_date, programme.horizon))


def test_cumulative_spend_ends_at_the_cost(document, outcome_of):
    built = document(**_campus(BLOCK))
    outcome = outcome_of(built, 500)
    total = _paths(built, outcome).capex_total_usd()
    assert total[:, -1] == pytest.approx(capex_usd(outcome), rel=1e-12)
    assert np.all(np.diff(total, axis=1) >= -1e-3)


def test_each_basis_has_its_own_price(document, outcome_of):
    outcome = outcome_of(document(**_campus(BLOCK)), 500)
    built = np.isfinite(outcome.schedule.finish["P.online"])
    expected = 5e6 + 26.113e6 * 100 + 9e6 * 130
    assert capex_usd(outcome)[built] == pytest.approx(expected)


def test_a_phase_that_is_held_spends_only_what_was_committed(document, outcome_of):
    outcome = outcome_of(document(**_campus(BLOCK)), 500)
    held = ~np.isfinite(outcome.schedule.finish["P.online"])
    assert 0.4 < held.mean() < 0.6
    assert np.all(capex_usd(outcome)[held] == 5e6)


def test_descoping_scales_power_accelerators_and_cost(document, outcome_of):
    parts = _campus(BLOCK)
    parts["gates"][0] |= {"on_fail": "descope", "descope_to": 0.25}
    built = document(**parts)
    outcome = outcome_of(built, 500)
    shut = ~outcome.decisions["G"].opened
    found = _paths(built, outcome)
    assert found.it_w[shut, -1] == pytest.approx(25e6)
    assert found.it_w[~shut, -1] == pytest.approx(100e6)
    assert found.facility_w[:, -1] == pytest.approx(1.3 * found.it_w[:, -1])
    ratio = capex_usd(outcome)[shut].mean() / capex_usd(outcome)[~shut].mean()
    assert ratio == pytest.approx(0.25)


def test_escalation_counts_from_the_price_base(document, outcome_of):
    cost = {"id": "c", "per": "block", "amount": "$100M", "escalation": "10 %/year"}
    phase = {"id": "P", "start": "2027-07-01", "blocks": [BLOCK]}
    tasks = [{"id": "build", "duration": "1 day"}]
    parts = {"costs": [cost], "phases": [phase], "templates": [{"id": "works", "tasks": tasks}]}
    paid = capex_usd(outcome_of(document(**parts), 3))
    assert paid == pytest.approx(100e6 * np.exp(0.2), rel=1e-3)


def test_money_is_discounted_to_the_data_date(document, outcome_of):
    cost = {"id": "c", "per": "block", "amount": "$100M", "spend": {"shape": "lump"}}
    phase = {"id": "P", "start": "2028-01-01", "blocks": [BLOCK]}
    built = document(costs=[cost], phases=[phase])
    found = _paths(built, outcome_of(built, 3))
    years = 4 - 0.125  # the middle of the quarter that ends on the day
    assert present_value_usd(found, 0.08) == pytest.approx(100e6 * 1.08**-years, rel=0.005)


def test_energy_follows_what_is_on_line(document, outcome_of):
    energy = {
        "utilisation": "76 %",
        "pue": 1.12,
        "price": "$0.0826/kWh",
        "carbon_intensity": "369 g/kWh",
    }
    phase = {
        "id": "P",
        "status": "done",
        "online": "2023-01-01",
        "blocks": [BLOCK | {"template": None}],
    }
    built = document(phases=[phase], energy=energy)
    found = _paths(built, outcome_of(built, 3))
    years = found.grid_s[-1] / YEAR_S
    joules = 100e6 * 0.76 * 1.12 * years * YEAR_S
    assert found.energy_j[:, -1] == pytest.approx(joules)
    assert found.running_usd[:, -1] == pytest.approx(joules / 3.6e6 * 0.0826)
    assert found.carbon_kg[:, -1] == pytest.approx(joules / 3.6e6 * 0.369)


def test_costs_of_one_window_add_up():
    assert cumulative_usd([], np.array([0.0, 1.0]), 2).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_costs_of_one_class_overrun_together_as_far_as_a_driver_makes_them(document, outcome_of):
    """Two costs that load on one driver, each drawn from a class of overruns."""

    def cost(name: str, load: float) -> dict:
        factor = {"dist": "reference", "reference_class": "rail"}
        rate = {"id": name, "per": "it_power", "rate": "$1M/MW", "factor": factor}
        return rate | {"loads": {"market": load}}

    def correlation(load: float) -> float:
        costs = [cost("one", load), cost("two", load)]
        drawn = outcome_of(document(costs=costs, drivers=[{"id": "market"}]), 4000)
        return spearmanr(*(item.amount_usd for item in drawn.spendings)).statistic

    assert correlation(0.0) == pytest.approx(0.0, abs=0.05)
    # Of normal scores that correlate by 0.64 the ranks do by 6/pi asin(0.32).
    assert correlation(0.8) == pytest.approx(0.622, abs=0.03)


def test_a_class_of_overruns_raises_the_mean_cost_by_its_mean(document, outcome_of):
    factor = {"dist": "reference", "reference_class": "pipelines"}
    costs = [{"id": "c", "per": "it_power", "rate": "$1M/MW", "factor": factor}]
    amount = outcome_of(document(costs=costs), 20_000).spendings[0].amount_usd
    plain = outcome_of(document(costs=[costs[0] | {"factor": 1}]), 2).spendings[0].amount_usd
    assert (amount / plain[0]).mean() - 1 == pytest.approx(0.14, abs=0.02)
