"""How many cores voices take: Erlang's formula against a simulated queue, and the physics."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate import catalog
from stargate.perf.voice_capacity import (
    FACTS,
    backlog_s,
    erlang_c,
    mean_wait_s,
    servers_for,
    voice_capacity,
)
from stargate.spec.voice import VoiceWorkload


def work(**fields: object) -> VoiceWorkload:
    return VoiceWorkload.model_validate({"kind": "voice", **fields})


@pytest.mark.parametrize(
    ("n_servers", "load", "waiting"),
    # By hand: n = 1 gives C = a; n = 2 gives a^2 / (2 + a).
    [(1, 0.3, 0.3), (1, 0.8, 0.8), (2, 1.0, 1 / 3), (2, 0.5, 0.1), (3, 0.0, 0.0), (2, 2.5, 1.0)],
)
def test_the_share_that_waits_is_what_is_found_by_hand(
    n_servers: int, load: float, waiting: float
) -> None:
    assert erlang_c(n_servers, load) == pytest.approx(waiting)


def test_the_formulas_agree_with_a_simulated_queue() -> None:
    rng = np.random.default_rng(1)
    n_servers, load, service_s, n = 4, 3.0, 2.0, 200_000
    arrivals = np.cumsum(rng.exponential(service_s / load, n))
    free = [0.0] * n_servers
    waits = np.empty(n)
    takes = rng.exponential(service_s, n)
    for i, (arrives_s, takes_s) in enumerate(zip(arrivals, takes, strict=True)):
        starts_s = max(arrives_s, heapq.heappop(free))
        heapq.heappush(free, starts_s + takes_s)
        waits[i] = starts_s - arrives_s
    assert (waits > 0).mean() == pytest.approx(erlang_c(n_servers, load), rel=0.03)
    assert waits.mean() == pytest.approx(mean_wait_s(n_servers, load, service_s), rel=0.06)


@settings(max_examples=50)
@given(load=st.floats(0.01, 300), waiting=st.floats(0.001, 0.5))
def test_servers_are_just_enough(load: float, waiting: float) -> None:
    n_servers = servers_for(load, waiting)
    assert erlang_c(n_servers, load) <= waiting
    assert n_servers - 1 <= load or erlang_c(n_servers - 1, load) > waiting


def test_large_services_need_less_to_spare() -> None:
    spare = [servers_for(load, 0.05) / load for load in (1.0, 10.0, 100.0)]
    assert spare == sorted(spare, reverse=True)


def test_nothing_takes_nothing() -> None:
    found = voice_capacity(work())
    assert (found.cores, found.memory_bytes, found.energy_per_day_j, found.wait_s) == (0, 0, 0, 0)


def test_energy_is_the_work_of_a_day_and_memory_that_of_the_processes() -> None:
    learn_s, learn_bytes, cost, replica_bytes, core_w = (catalog.fact(f).value for f in FACTS)
    found = voice_capacity(work(enrolments="100/day", spoken_per_day="10 h"))
    busy_s = 100 * learn_s + 36_000 * cost
    assert found.energy_per_day_j == pytest.approx(busy_s * core_w)
    memory = found.workers * learn_bytes + found.replicas * replica_bytes
    assert found.memory_bytes == pytest.approx(memory)
    assert found.power_w * 86_400 > found.energy_per_day_j


@settings(max_examples=30)
@given(
    more=st.floats(1, 50),
    hours=st.floats(1, 1000),
    enrolments=st.floats(1, 10_000),
    peak=st.floats(1, 10),
)
def test_more_work_never_takes_less(
    more: float, hours: float, enrolments: float, peak: float
) -> None:
    def cores(by: float) -> int:
        asked = {
            "enrolments": f"{enrolments * by:.6f}/day",
            "spoken_per_day": f"{hours * by:.6f} h",
        }
        return voice_capacity(work(**asked, peak_factor=peak)).cores

    assert cores(more) >= cores(1.0)


def test_what_comes_in_the_busiest_hour_waits_until_it_is_worked_off() -> None:
    assert backlog_s(load=3.0, n_workers=2) == pytest.approx(1800)
    assert backlog_s(load=1.0, n_workers=2) == 0.0
    assert backlog_s(load=0.0, n_workers=0) == 0.0
