from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.control.decide import decide
from stargate.control.job import Checkpoints, Job
from stargate.control.policy import POLICIES, Policy
from stargate.control.pool import Pool
from stargate.control.state import State, carry_out, finish, stopped, submit
from stargate.fleet.account import run
from stargate.fleet.result import FleetResult
from stargate.fleet.scenario import Hardware, Scenario, Service, Site, Task

HOUR_S = 3600.0
POOL = Pool("p", 4, 4, site="s")
SITE = Site("s", pue=1.25, price_usd_per_j=2e-8, carbon_kg_per_j=1e-7)


def scenario(tasks: list[Task], policy: Policy = POLICIES["easy"], **more: object) -> Scenario:
    hardware = Hardware(POOL, idle_w=100.0, busy_w=50.0)
    fields: dict[str, object] = {"hardware": (hardware,), **more}
    return Scenario("test", (SITE,), tasks=tuple(tasks), policy=policy, **fields)  # type: ignore[arg-type]


ROWS = st.lists(
    st.tuples(
        st.integers(0, 20), st.integers(1, 4), st.integers(1, 4), st.integers(1, 20),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


def _tasks(rows: list[tuple[int, int, int, int, int]]) -> list[Task]:
    return [
        Task(float(at), Job(f"j{i:02}", workers, slots, float(long), priority=rank), float(long))
        for i, (at, workers, slots, long, rank) in enumerate(sorted(rows))
    ]


def _second_by_second(
    tasks: list[Task], policy: Policy, until: int
) -> tuple[dict[str, float], int]:
    """Ends of jobs, and slot seconds used, by a clock that ticks every second."""
    state = State.of([POOL], policy)
    left = {task.job.id: task.work_s for task in tasks}
    ends: dict[str, float] = {}
    used = 0
    for now in range(until):
        for name in sorted(n for n in state.running if left[n] <= 0):
            finish(state, name, float(now))
            ends[name] = float(now)
        for task in tasks:
            if task.at_s == now:
                submit(state, task.job, float(now))
        again = True
        while again and (decision := decide(state, float(now))).heads:
            carry_out(state, decision, float(now))
            for stop in decision.stops:
                left[stop.job] = next(t.work_s for t in tasks if t.job.id == stop.job)
                stopped(state, stop.job, float(now))
            again = bool(decision.stops)
        for name, it in state.running.items():
            left[name] -= 1
            used += it.n_slots
    return ends, used


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(sorted(POLICIES)))
def test_events_and_a_clock_of_one_second_agree(
    rows: list[tuple[int, int, int, int, int]], name: str
) -> None:
    tasks = _tasks(rows)
    result = run(scenario(tasks, POLICIES[name]))
    ends, used = _second_by_second(tasks, POLICIES[name], int(result.span_s) + 2)
    assert dict(zip(result.jobs.names.tolist(), result.jobs.ended_s.tolist(), strict=True)) == ends
    assert result.pools[0].slot_s["batch"] == pytest.approx(used)


def _busy_month(seed: int) -> FleetResult:
    """Failures, checkpoints, preemption and a service, all on one small pool."""
    marks = Checkpoints(600.0, 20.0, 60.0)
    tasks = [
        Task(i * 900.0, Job(f"j{i}", 1 + i % 3, 1 + i % 4, 7200.0, priority=i % 3,
                            checkpoints=marks), 5400.0 + 60 * i)
        for i in range(60)
    ]  # fmt: skip
    hardware = Hardware(POOL, 100.0, 50.0, failures_per_node_s=1 / 20_000, repair_s=3000.0)
    service = Service("web", Job("web", kind="service", priority=9), (0.05, 0.2), 10.0)
    it = scenario(
        tasks, POLICIES["priority"], hardware=(hardware,), services=(service,), horizon_s=2e5
    )
    return run(it, seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_slot_second_is_idle_busy_or_down(seed: int) -> None:
    result = _busy_month(seed)
    pool = result.pools[0]
    assert result.n_failures > 10
    assert min(pool.slot_s.values()) >= 0.0
    assert sum(pool.slot_s.values()) == pytest.approx(pool.n_slots * result.span_s)
    held = pool.batch.values.max() + pool.service.values.max()
    assert held <= 2 * pool.n_slots
    assert float(result.jobs.ran_s @ result.jobs.slots) == pytest.approx(pool.slot_s["batch"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_energy_is_the_sum_of_its_parts(seed: int) -> None:
    result = _busy_month(seed)
    site, pool = result.sites[0], result.pools[0]
    up_s = (pool.n_nodes - pool.slot_s["down"] / (pool.n_slots / pool.n_nodes) / result.span_s) * (
        result.span_s
    )
    assert site.energy_j["idle"] == pytest.approx(100.0 * up_s)
    assert site.energy_j["batch"] == pytest.approx(50.0 * pool.slot_s["batch"])
    assert site.facility_energy_j == pytest.approx(1.25 * site.it_energy_j)
    assert site.facility_energy_j == pytest.approx(float(site.power_w @ np.diff(result.edges_s)))
    assert site.cost_usd == pytest.approx(site.facility_energy_j * 2e-8)


def test_the_same_seed_gives_the_same_trace_and_another_seed_another() -> None:
    hashes = [_busy_month(seed).trace_hash for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_progress_never_exceeds_the_time_on_nodes_nor_the_work() -> None:
    jobs = _busy_month(4).jobs
    assert np.all(jobs.useful_s <= jobs.ran_s + 1e-6)
    done = jobs.fate == "done"
    assert done.any()
    asked = np.array([5400.0 + 60 * int(name[1:]) for name in jobs.names])
    assert np.allclose(jobs.useful_s[done], asked[done])


def test_a_job_that_fails_goes_on_from_its_last_checkpoint() -> None:
    """One node, one failure at 1000 s: 9 x 100 s are saved, with 10 s for each checkpoint."""
    marks = Checkpoints(100.0, 10.0, 50.0)
    pool = Pool("p", 1, 1, site="s")
    found = None
    for seed in range(200):
        hardware = Hardware(pool, failures_per_node_s=1 / 4000, repair_s=1.0)
        task = Task(0.0, Job("a", checkpoints=marks, expected_s=2000.0), 2000.0)
        result = run(scenario([task], POLICIES["fifo"], hardware=(hardware,)), seed)
        if result.jobs.failures.tolist() == [1]:
            found = result
            break
    assert found is not None
    failed_s = float(found.pools[0].down.times_s[0])
    kept_s = math.floor(failed_s / 110.0) * 100.0
    back_s = float(found.pools[0].down.times_s[1])
    rest_s = 2000.0 - kept_s
    saves = math.ceil(rest_s / 100.0) - 1
    assert found.jobs.ended_s[0] == pytest.approx(back_s + 50.0 + rest_s + 10.0 * saves)


def test_goodput_agrees_with_young_and_daly_where_failures_are_rare() -> None:
    """1 - d/C - (C/2 + R)/M within a point, for M = 50 h, d = 60 s, R = 300 s."""
    from stargate.plant.reliability import daly_interval_s, goodput

    mtbf_s, save_s, restart_s = 50 * HOUR_S, 60.0, 300.0
    interval_s = daly_interval_s(save_s, mtbf_s)
    marks = Checkpoints(interval_s, save_s, restart_s)
    pool = Pool("p", 100, 8, site="s", spares=4)
    hardware = Hardware(pool, failures_per_node_s=1 / mtbf_s / 90, repair_s=HOUR_S)
    task = Task(0.0, Job("big", 90, 8, math.inf, checkpoints=marks), 1e9)
    it = scenario([task], POLICIES["fifo"], hardware=(hardware,), horizon_s=1e7)
    result = run(it, 5)
    expected = goodput(interval_s, save_s, 0.0, restart_s, mtbf_s)
    assert result.jobs.failures[0] > 40
    assert float(result.jobs.goodput()[0]) == pytest.approx(expected, abs=0.01)


def test_a_job_that_can_never_run_is_refused_with_the_reason() -> None:
    result = run(scenario([Task(0.0, Job("a", 5, 4, 10.0), 10.0)]))
    assert result.jobs.fate.tolist() == ["refused"]
    assert "5 x 4 core are more than p holds" in result.refused["a"]


def test_a_broken_rule_of_ours_is_told_with_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    from stargate.fleet import simulate

    def broken(*_: object) -> None:
        raise AssertionError("impossible")

    monkeypatch.setattr(simulate, "carry_out", broken)
    with pytest.raises(RuntimeError, match=r"seed 77, at 0\.0 s.*impossible"):
        simulate.simulate(scenario([Task(0.0, Job("a"), 1.0)]), 77)


def test_two_jobs_of_one_name_cannot_be() -> None:
    task = Task(0.0, Job("a", expected_s=5.0), 5.0)
    with pytest.raises(RuntimeError, match="a is there already"):
        run(scenario([task, replace(task, at_s=1.0)]))


def test_a_replica_that_fits_nowhere_is_refused_and_its_requests_are_not_served() -> None:
    pool = Pool("p", 1, 4, site="s", memory_per_slot_bytes=1e9)
    replica = Job("web", kind="service", memory_bytes=5e9)
    service = Service("web", replica, (0.5, 0.0), 10.0)
    it = scenario([], hardware=(Hardware(pool),), services=(service,), horizon_s=3 * HOUR_S)
    result = run(it)
    assert set(result.refused.values()) == {
        "1 x 1 core with 5 GB each are more than p holds, with 1 nodes of 4 and 4 GB"
    }
    assert result.services[0].n_requests == 0
    assert result.services[0].n_unserved > 3000


def test_a_replica_that_fails_on_its_way_out_gives_its_request_back() -> None:
    pool = Pool("p", 1, 8, site="s")
    hardware = Hardware(pool, failures_per_node_s=1 / (4 * HOUR_S), repair_s=60.0)
    by_hour = (1 / 600, *[0.0] * 23)
    service = Service("web", Job("web", kind="service"), by_hour, 24 * HOUR_S, variation=0.0)
    it = scenario([], hardware=(hardware,), services=(service,), horizon_s=20 * HOUR_S)
    result = run(it, 1)
    assert result.pools[0].down.times_s[0] > HOUR_S
    assert result.services[0].n_requests == 0
    assert result.services[0].n_restarted > 0
