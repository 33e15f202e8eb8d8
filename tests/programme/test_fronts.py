"""What accelerators cost and draw, and the offers that none beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stargate import catalog
from stargate.catalog.hardware import accelerators
from stargate.perf.machine import Machine
from stargate.perf.question import Question
from stargate.perf.search import search
from stargate.programme.accelerator_time import PRICES, SITE_POWER, accelerator_time
from stargate.programme.fronts import Front, front_of, not_beaten
from stargate.spec.workload import TrainingWorkload


def test_an_h100_costs_less_to_own_than_to_rent() -> None:
    rates = accelerator_time(catalog.accelerator("h100-sxm"))
    rent = catalog.fact("gpu_hour_h100_neocloud")
    assert rates is not None
    assert rent.value / 3 < rates.usd_per_s < rent.value


def test_a_gigawatt_of_gb200_costs_what_epoch_says() -> None:
    # Epoch AI, 2026: 8.5 billion dollars a year for 1 GW of IT, 7 to 12 by the life of IT.
    rates = accelerator_time(catalog.accelerator("gb200"))
    assert rates is not None
    known = catalog.fact("tco_1gw_epoch")
    assert known.low is not None
    assert known.high is not None
    per_watt = rates.usd_per_s / catalog.fact("kw_it_per_gb200").value
    assert known.low < per_watt < known.high


def test_an_h100_draws_less_than_its_site_can_and_more_than_its_own_limit() -> None:
    rates = accelerator_time(catalog.accelerator("h100-sxm"))
    assert rates is not None
    assert 700 < rates.power_w < catalog.fact("kw_facility_per_h100").value


def test_every_rate_names_its_facts() -> None:
    for part in accelerators().values():
        rates = accelerator_time(part)
        if rates is not None:
            assert all(fact.source for fact in rates.facts)
            assert 0 < rates.energy_usd_per_s < rates.owning_usd_per_s


def test_prices_and_powers_name_parts_and_facts_of_the_catalogue() -> None:
    for table in (PRICES, SITE_POWER):
        for part, fact in table.items():
            assert catalog.accelerator(part).id == part
            assert catalog.fact(fact).value > 0


@pytest.fixture(scope="module")
def question() -> Question:
    work = TrainingWorkload(model="llama-3.1-8b", seq_len=8192, global_batch=256, tokens=1e12)
    return Question(catalog.model("llama-3.1-8b"), Machine.of("h100-sxm", 64), work)


@pytest.fixture(scope="module")
def front(question: Question) -> Front:
    return front_of(question, [32, 64, 128, 37])


def test_each_count_offers_its_best_and_says_why_where_it_has_none(
    front: Front, question: Question
) -> None:
    assert [offer.accelerators for offer in front.bests] == [32, 64, 128]
    assert [count for count, _ in front.refused] == [37]
    own = search(question.model, question.machine, question.workload).best
    assert front.bests[1].candidate.step_time_s == own.step_time_s


def test_cost_and_energy_are_those_of_the_accelerators_time(front: Front) -> None:
    rates = accelerator_time(catalog.accelerator("h100-sxm"))
    assert rates is not None
    for offer in front.offers:
        device_s = offer.accelerators * offer.candidate.step_time_s
        assert offer.usd_per_step == pytest.approx(device_s * rates.usd_per_s)
        assert offer.energy_j_per_step == pytest.approx(device_s * rates.power_w)


def test_more_accelerators_are_faster(front: Front) -> None:
    times = [offer.candidate.step_time_s for offer in front.bests]
    assert times == sorted(times, reverse=True)


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements=st.integers(0, 5))
)
def test_what_is_left_out_is_beaten_by_something_that_stays(criteria: np.ndarray) -> None:
    kept = not_beaten(criteria)
    front = criteria[kept]
    assert len(front)
    for row in criteria[~kept]:
        assert np.any((front <= row).all(1) & (front < row).any(1))
    for row in front:
        assert not np.any((front <= row).all(1) & (front < row).any(1))
