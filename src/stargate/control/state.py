"""What a scheduler knows: who waits, who runs, what is free. Changed only by what has happened.

A driver reports each happening by one function here (`submit`, `finish`, `fail_node`, ...), asks
`decide.decide`, and reports what it did by `carry_out`. Jobs that ask for different resources never
wait for each other: each resource is a lane with a queue of its own.

A lane remembers what the last decision found: whom the head waits for, and who is new since. So the
next need not look at everybody again; where it does (`lane.grown`) it finds the same.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stargate.control.job import Job
from stargate.control.policy import Policy
from stargate.control.pool import Nodes, Pool, Room
from stargate.control.recovery import kept_after_failure_s, kept_on_request_s


class Waiting(NamedTuple):
    """A job in the queue: what is left to do, how often it failed, when it may start."""

    job: Job
    since_s: float
    work_s: float
    n_failures: int = 0
    resumed: bool = False
    not_before_s: float = 0.0

    @property
    def runtime_s(self) -> float:
        """How long it is expected to run when started, checkpoints and restart included."""
        return self.job.checkpoints.runtime_s(self.work_s, self.resumed)


class Running(NamedTuple):
    """A job on its nodes, `n_slots` of theirs; `end_s` is when it is expected to end."""

    waited: Waiting
    pool: int
    nodes: Nodes
    start_s: float
    end_s: float
    n_slots: int
    stopping: bool = False

    @property
    def job(self) -> Job:
        """The job that runs."""
        return self.waited.job


class Reservation(NamedTuple):
    """When and where the head of a queue will start; `nodes` are a set as in `pool.Room`."""

    job: str
    at_s: float
    pool: int = -1
    nodes: int = 0


class Start(NamedTuple):
    """Start this job on these nodes of that pool."""

    job: str
    pool: int
    nodes: Nodes


class Stop(NamedTuple):
    """Ask this job to save its work and end, to make room for that one."""

    job: str
    makes_room_for: str


class Decision(NamedTuple):
    """What to do now. `wake_s` is when to ask again though nothing may have happened.

    `heads` holds, for each lane that was looked at, whom its head waits for, if it waits.
    """

    starts: tuple[Start, ...] = ()
    stops: tuple[Stop, ...] = ()
    heads: tuple[tuple[str, Reservation | None], ...] = ()
    wake_s: float = math.inf


NOTHING = Decision()


@dataclass(slots=True)
class Lane:
    """The queue for one resource, and the pools that offer it.

    `held` are the slots of each tenant now, `used` what it used before, kept under `fair` alone.
    """

    resource: str
    pools: tuple[int, ...]
    queue: OrderedDict[str, Waiting] = field(default_factory=OrderedDict[str, Waiting])
    ends: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    held: dict[str, int] = field(default_factory=dict[str, int])
    used: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    fresh: list[str] = field(default_factory=list[str])
    grown: bool = True
    head: Reservation | None = None


@dataclass(slots=True)
class State:
    """A machine and its work as the scheduler sees them."""

    pools: tuple[Pool, ...]
    policy: Policy
    rooms: list[Room]
    lanes: dict[str, Lane]
    running: dict[str, Running] = field(default_factory=dict[str, Running])
    lane_of: dict[str, Lane] = field(default_factory=dict[str, Lane])

    @classmethod
    def of(cls, pools: Sequence[Pool], policy: Policy) -> State:
        """Nothing waits, nothing runs, everything is free."""
        lanes = {
            resource: Lane(
                resource, tuple(i for i, p in enumerate(pools) if p.resource == resource)
            )
            for resource in dict.fromkeys(pool.resource for pool in pools)
        }
        return cls(tuple(pools), policy, [Room.of(pool) for pool in pools], lanes)


def submit(state: State, job: Job, now_s: float) -> None:
    """A job comes; KeyError if no pool offers what it asks for."""
    _queue(state, Waiting(job, now_s, job.expected_s))


def _queue(state: State, waiting: Waiting, *, first: bool = False) -> None:
    job = waiting.job
    lane = state.lanes[job.resource]
    assert job.id not in state.lane_of, f"{job.id} is there already"
    state.lane_of[job.id] = lane
    lane.queue[job.id] = waiting
    if first:
        lane.queue.move_to_end(job.id, last=False)
        lane.grown, lane.head = True, None
    else:
        lane.fresh.append(job.id)


def carry_out(state: State, decision: Decision, now_s: float) -> None:
    """The driver does as decided."""
    for resource, head in decision.heads:
        lane = state.lanes[resource]
        lane.head, lane.grown = head, False
        lane.fresh.clear()
    for start in decision.starts:
        _start(state, start, now_s)
    for stop in decision.stops:
        state.running[stop.job] = state.running[stop.job]._replace(stopping=True)


def _start(state: State, start: Start, now_s: float) -> None:
    lane = state.lane_of[start.job]
    waited = lane.queue.pop(start.job)
    n_slots = sum(slots for _, slots in start.nodes)
    run = Running(waited, start.pool, start.nodes, now_s, now_s + waited.runtime_s, n_slots)
    state.running[start.job] = run
    state.rooms[start.pool].change(start.nodes, -1)
    insort(lane.ends, (run.end_s, start.job))
    tenant = waited.job.tenant
    lane.held[tenant] = lane.held.get(tenant, 0) + n_slots


def finish(state: State, job_id: str, now_s: float) -> Running:
    """A running job has ended, for good."""
    run = state.running.pop(job_id)
    lane = state.lane_of.pop(job_id)
    del lane.ends[bisect_left(lane.ends, (run.end_s, job_id))]
    state.rooms[run.pool].change(run.nodes, +1)
    if now_s != run.end_s:
        lane.head = None
    lane.grown = True
    tenant, slots = run.job.tenant, run.n_slots
    lane.held[tenant] -= slots
    if state.policy.order == "fair":
        past = used_slot_s(lane, tenant, now_s, state.policy.half_life_s)
        lane.used[tenant] = (past + slots * (now_s - run.start_s), now_s)
    return run


def used_slot_s(lane: Lane, tenant: str, now_s: float, half_life_s: float) -> float:
    """What a tenant used in the past, in slots x s, half as heavy after each half-life."""
    amount, at_s = lane.used.get(tenant, (0.0, now_s))
    return amount * 0.5 ** ((now_s - at_s) / half_life_s)


def cancel(state: State, job_id: str, now_s: float) -> Running | None:
    """A job is withdrawn, whether it waits or runs; returns what ran."""
    if job_id in state.running:
        return finish(state, job_id, now_s)
    lane = state.lane_of.pop(job_id)
    del lane.queue[job_id]
    lane.fresh = [name for name in lane.fresh if name != job_id]
    lane.grown, lane.head = True, None
    return None


def stopped(state: State, job_id: str, now_s: float) -> Waiting:
    """A job that was asked to stop has saved its work and ended; it waits again, first in line.

    It comes back behind whom it made room for, as that one is started before others are looked at.
    """
    run = finish(state, job_id, now_s)
    waited, ran_s = run.waited, now_s - run.start_s
    again = _less(waited, kept_on_request_s(run.job, ran_s, waited.resumed))
    lane = state.lanes[run.job.resource]
    lane.queue[job_id] = again
    state.lane_of[job_id] = lane
    _behind_the_head(lane, job_id)
    lane.grown, lane.head = True, None
    return again


def _less(waited: Waiting, kept_s: float) -> Waiting:
    """With so much work done and kept; a job that kept any goes on from there."""
    left_s = max(0.0, waited.work_s - kept_s)
    return waited._replace(work_s=left_s, resumed=waited.resumed or kept_s > 0)


def _behind_the_head(lane: Lane, job_id: str) -> None:
    lane.queue.move_to_end(job_id, last=False)
    head = next((name for name in lane.queue if name != job_id), None)
    if head is not None:
        lane.queue.move_to_end(head, last=False)


def fail_job(state: State, job_id: str, now_s: float) -> Waiting | None:
    """A running job has failed; it waits again from its last checkpoint, or None if it gives up."""
    run = finish(state, job_id, now_s)
    waited, retry = run.waited, state.policy.retry
    n_failures = waited.n_failures + 1
    if not retry.allows(n_failures):
        return None
    kept_s = kept_after_failure_s(run.job, now_s - run.start_s, waited.resumed)
    again = _less(waited, kept_s)._replace(
        n_failures=n_failures,
        not_before_s=now_s + retry.wait_s(n_failures),
    )
    _queue(state, again, first=True)
    return again


def fail_node(state: State, pool: int, node: int) -> tuple[str, ...]:
    """A node is down. The jobs that had workers on it, which the driver reports as failed."""
    state.rooms[pool].take_down(node)
    lane = state.lanes[state.pools[pool].resource]
    lane.grown, lane.head = True, None
    return tuple(
        job_id
        for job_id, run in state.running.items()
        if run.pool == pool and any(held == node for held, _ in run.nodes)
    )


def repair_node(state: State, pool: int, node: int) -> None:
    """A node is back."""
    state.rooms[pool].bring_up(node)
    lane = state.lanes[state.pools[pool].resource]
    lane.grown, lane.head = True, None


def wake(state: State) -> None:
    """Time has passed that somebody waited for: look at everybody again."""
    for lane in state.lanes.values():
        lane.grown = True
