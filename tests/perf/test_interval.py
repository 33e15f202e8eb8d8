"""The interval around a step time: whose spreads are in it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from stargate import catalog
from stargate.perf.interval import INTERVAL_80_SIGMAS, interval_s
from stargate.perf.machine import Machine

DENSE, EXPERTS = catalog.model("llama-3.1-8b"), catalog.model("deepseek-v3")
PLAIN = Machine.of("h100-sxm", 64, software="megatron-2024")


def spreads(**changed: float) -> Machine:
    return PLAIN.with_coefficients(replace(PLAIN.coefficients, **changed))


@pytest.mark.parametrize("seen", [False, True])
def test_a_mixture_of_experts_has_a_wider_interval_around_the_same_time(seen: bool) -> None:
    machine = spreads(experts_sigma=0.2, experts_sigma_seen=0.1)
    dense, experts = (interval_s(model, machine, 5.0, seen=seen) for model in (DENSE, EXPERTS))
    assert experts[0] < dense[0] < 5.0 < dense[1] < experts[1]


@pytest.mark.parametrize("seen", [False, True])
def test_spreads_join_in_quadrature(seen: bool) -> None:
    last = "_seen" if seen else ""
    machine = spreads(**{f"interval_sigma{last}": 0.3, f"experts_sigma{last}": 0.4})
    low, high = interval_s(EXPERTS, machine, 1.0, seen=seen)
    assert math.log(high) == pytest.approx(0.5 * INTERVAL_80_SIGMAS)
    assert low * high == pytest.approx(1.0)


@pytest.mark.parametrize("seen", [False, True])
def test_what_experts_add_leaves_dense_models_alone(seen: bool) -> None:
    none, much = (spreads(experts_sigma=s, experts_sigma_seen=s) for s in (0.0, 1.0))
    assert interval_s(DENSE, none, 2.0, seen=seen) == interval_s(DENSE, much, 2.0, seen=seen)
