from __future__ import annotations

import heapq
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.control.decide import decide
from stargate.control.job import Job, gang
from stargate.control.placement import Rule
from stargate.control.policy import POLICIES, Policy
from stargate.control.pool import Pool
from stargate.control.state import (
    Decision,
    State,
    carry_out,
    fail_job,
    fail_node,
    finish,
    repair_node,
    stopped,
    submit,
)


def settle(state: State, now_s: float) -> list[Decision]:
    """Ask and carry out until there is nothing to do; who is stopped is gone at once."""
    made: list[Decision] = []
    while (decision := decide(state, now_s)).starts or decision.stops:
        made.append(decision)
        carry_out(state, decision, now_s)
        for stop in decision.stops:
            stopped(state, stop.job, now_s)
    carry_out(state, decision, now_s)
    return made


def run(
    pools: Sequence[Pool], policy: Policy, jobs: Sequence[tuple[float, Job]]
) -> dict[str, float]:
    """When each job starts for the last time."""
    state = State.of(pools, policy)
    events = [(at_s, 1, i) for i, (at_s, _) in enumerate(jobs)]
    names = [job.id for _, job in jobs]
    heapq.heapify(events)
    started: dict[str, float] = {}
    while events:
        now_s = events[0][0]
        while events and events[0][0] == now_s:
            _, submits, i = heapq.heappop(events)
            if submits:
                submit(state, jobs[i][1], now_s)
            elif (run := state.running.get(names[i])) is not None and run.end_s == now_s:
                finish(state, names[i], now_s)
        for decision in settle(state, now_s):
            for start in decision.starts:
                started[start.job] = now_s
                heapq.heappush(events, (state.running[start.job].end_s, 0, names.index(start.job)))
    assert not state.running
    return started


POOL = Pool("p", n_nodes=4, slots=4)


def job(name: str, workers: int, slots: int, expected_s: float, **more: object) -> Job:
    return Job(name, workers, slots, expected_s, **more)  # type: ignore[arg-type]


def test_a_job_behind_the_head_waits_under_fifo_though_it_would_fit() -> None:
    jobs = [(0.0, job("a", 3, 4, 10)), (1.0, job("b", 2, 4, 5)), (2.0, job("c", 1, 4, 1))]
    assert run([POOL], POLICIES["fifo"], jobs) == {"a": 0.0, "b": 10.0, "c": 10.0}


def test_backfill_lets_a_job_pass_that_ends_before_the_head_can_start() -> None:
    jobs = [(0.0, job("a", 3, 4, 10)), (1.0, job("b", 2, 4, 5)), (2.0, job("c", 1, 4, 8))]
    assert run([POOL], POLICIES["easy"], jobs)["c"] == 2.0


def test_backfill_refuses_a_job_that_would_hold_nodes_of_the_head_too_long() -> None:
    jobs = [(0.0, job("a", 3, 4, 10)), (1.0, job("b", 4, 4, 5)), (2.0, job("c", 1, 4, 9))]
    started = run([POOL], POLICIES["easy"], jobs)
    assert started == {"a": 0.0, "b": 10.0, "c": 15.0}


def test_shortest_first_starts_the_short_job_that_came_later() -> None:
    jobs = [(0.0, job("a", 4, 4, 10)), (1.0, job("b", 4, 4, 9)), (2.0, job("c", 4, 4, 1))]
    assert run([POOL], POLICIES["shortest"], jobs) == {"a": 0.0, "c": 10.0, "b": 11.0}


def test_a_tenant_over_its_quota_does_not_hold_up_others() -> None:
    policy = Policy(quotas={"x": 4})
    jobs = [
        (0.0, job("a", 1, 4, 10, tenant="x")),
        (0.0, job("b", 1, 4, 10, tenant="x")),
        (0.0, job("c", 1, 4, 10, tenant="y")),
    ]
    assert run([POOL], policy, jobs) == {"a": 0.0, "c": 0.0, "b": 10.0}


def test_fair_share_prefers_the_tenant_that_has_used_less_for_its_share() -> None:
    policy = Policy(order="fair", shares={"x": 1.0, "y": 3.0})
    jobs = [
        (0.0, job("a", 4, 4, 10, tenant="x")),
        (0.0, job("b", 4, 4, 10, tenant="y")),
        (0.0, job("c", 4, 4, 10, tenant="x")),
        (0.0, job("d", 4, 4, 10, tenant="y")),
    ]
    started = run([POOL], policy, jobs)
    assert started == {"a": 0.0, "b": 10.0, "d": 20.0, "c": 30.0}


def test_a_job_of_higher_priority_sends_away_no_more_than_it_needs() -> None:
    state = State.of([POOL], POLICIES["priority"])
    for name, priority in (("a", 0), ("b", 1), ("c", 0), ("d", 2)):
        submit(state, job(name, 1, 4, 100, priority=priority), 0.0)
    settle(state, 0.0)
    submit(state, job("high", 2, 4, 10, priority=5), 1.0)
    decision = decide(state, 1.0)
    assert {stop.job for stop in decision.stops} == {"a", "c"}
    assert not decision.starts
    settle(state, 1.0)
    assert set(state.running) == {"b", "d", "high"}


def test_nobody_passes_the_head_while_jobs_make_room_for_it() -> None:
    state = State.of([POOL], POLICIES["priority"])
    submit(state, job("low", 3, 4, 100), 0.0)
    settle(state, 0.0)
    submit(state, job("high", 2, 4, 10, priority=5), 1.0)
    submit(state, job("short", 1, 4, 1), 1.0)
    decision = decide(state, 1.0)
    assert [stop.job for stop in decision.stops] == ["low"]
    assert not decision.starts
    carry_out(state, decision, 1.0)
    assert not decide(state, 1.0).starts


def test_jobs_for_different_resources_never_wait_for_each_other() -> None:
    pools = [POOL, Pool("g", 1, 8, resource="h100-sxm")]
    jobs = [
        (0.0, job("a", 4, 4, 10)),
        (0.0, job("b", 4, 4, 10)),
        (0.0, job("g", 1, 8, 10, resource="h100-sxm")),
    ]
    assert run(pools, POLICIES["fifo"], jobs)["g"] == 0.0


def test_spare_nodes_are_for_jobs_that_come_back_from_a_failure() -> None:
    state = State.of([Pool("p", 4, 4, spares=1)], POLICIES["fifo"])
    submit(state, job("a", 3, 4, 100), 0.0)
    submit(state, job("b", 1, 4, 100), 0.0)
    settle(state, 0.0)
    assert set(state.running) == {"a"}
    node = state.running["a"].nodes[0][0]
    assert fail_node(state, 0, node) == ("a",)
    fail_job(state, "a", 1.0)
    settle(state, 1.0)
    assert set(state.running) == {"a"}
    assert node not in dict(state.running["a"].nodes)
    repair_node(state, 0, node)
    settle(state, 2.0)
    assert set(state.running) == {"a"}


def test_a_worker_that_needs_more_memory_than_its_slots_bring_takes_more_slots() -> None:
    state = State.of([Pool("p", 1, 8, memory_per_slot_bytes=2e9)], POLICIES["fifo"])
    submit(state, job("a", 1, 1, 10, memory_bytes=5e9), 0.0)
    settle(state, 0.0)
    assert state.running["a"].nodes == ((0, 3),)


@pytest.mark.parametrize(
    ("n", "expected"), [(1, (1, 1)), (60, (10, 6)), (64, (8, 8)), (13, (13, 1))]
)
def test_a_gang_is_cut_into_the_fewest_equal_workers(n: int, expected: tuple[int, int]) -> None:
    assert gang(n, 8) == expected


JOBS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 4), st.integers(1, 4), st.integers(1, 20)),
    min_size=1,
    max_size=25,
)


def _jobs(rows: list[tuple[int, int, int, int]]) -> list[tuple[float, Job]]:
    return [
        (float(at), job(f"j{i:02}", workers, slots, float(long)))
        for i, (at, workers, slots, long) in enumerate(sorted(rows))
    ]


@settings(max_examples=150, deadline=None)
@given(JOBS, st.integers(0, 2))
def test_backfill_never_delays_the_head_beyond_its_reservation(
    rows: list[tuple[int, int, int, int]], spares: int
) -> None:
    pool = replace(POOL, n_nodes=POOL.n_nodes + spares, spares=spares)
    state = State.of([pool], POLICIES["easy"])
    promised: dict[str, float] = {}
    started: dict[str, float] = {}
    moments = sorted({at for at, *_ in rows} | set(range(600)))
    jobs = _jobs(rows)
    for now in map(float, moments):
        for name in [n for n, r in state.running.items() if r.end_s == now]:
            finish(state, name, now)
        for at_s, it in jobs:
            if at_s == now:
                submit(state, it, now)
        for decision in settle(state, now):
            started |= {start.job: now for start in decision.starts}
        head = state.lanes["core"].head
        if head is not None:
            promised[head.job] = min(promised.get(head.job, head.at_s), head.at_s)
    assert len(started) == len(jobs)
    assert all(started[name] <= at_s for name, at_s in promised.items())


@settings(max_examples=100, deadline=None)
@given(JOBS, st.sampled_from(sorted(POLICIES)))
def test_looking_at_everybody_again_changes_no_decision(
    rows: list[tuple[int, int, int, int]], name: str
) -> None:
    remembers, looks_again = (State.of([POOL], POLICIES[name]) for _ in range(2))
    jobs = _jobs(rows)
    for now in map(float, range(120)):
        made = []
        for state in (remembers, looks_again):
            for ended in [n for n, r in state.running.items() if r.end_s == now]:
                finish(state, ended, now)
            for at_s, it in jobs:
                if at_s == now:
                    submit(state, it, now)
            if state is looks_again:
                state.lanes["core"].grown = True
            made.append([(d.starts, d.stops) for d in settle(state, now)])
        assert made[0] == made[1]


@settings(max_examples=60, deadline=None)
@given(JOBS, st.sampled_from(sorted(POLICIES)))
def test_deciding_changes_nothing_and_says_the_same_twice(
    rows: list[tuple[int, int, int, int]], name: str
) -> None:
    state = State.of([POOL], POLICIES[name])
    for at_s, it in _jobs(rows):
        submit(state, it, at_s)
        before = deepcopy(state)
        first = decide(state, at_s)
        assert state == before
        assert decide(state, at_s) == first
        carry_out(state, first, at_s)


@settings(max_examples=100, deadline=None)
@given(JOBS, st.sampled_from(sorted(POLICIES)), st.sampled_from(["first", "best", "worst"]))
def test_no_slot_is_given_twice_and_every_job_runs(
    rows: list[tuple[int, int, int, int]], name: str, rule: str
) -> None:
    policy = replace(POLICIES[name], place=cast(Rule, rule))
    started = run([POOL], policy, _jobs(rows))
    assert len(started) == len(rows)


def test_nobody_is_sent_away_for_a_job_that_only_the_spare_nodes_could_take() -> None:
    state = State.of([Pool("p", 4, 4, spares=1)], POLICIES["priority"])
    submit(state, job("low", 1, 4, 100), 0.0)
    submit(state, job("fixed", 2, 4, 100, preemptible=False), 0.0)
    settle(state, 0.0)
    submit(state, job("high", 2, 4, 10, priority=5), 1.0)
    assert not decide(state, 1.0).stops
