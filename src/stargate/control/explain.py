"""Why a job has not started, and what would let it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stargate.control.admission import refusal
from stargate.control.job import Job
from stargate.control.order import in_order, within_quota
from stargate.control.pool import Pool, Room
from stargate.control.preemption import fits
from stargate.control.reserve import reserve
from stargate.control.state import Lane, State, Waiting

Reason = Literal[
    "never", "backoff", "quota", "order", "down", "slots", "spares", "fragments", "starting"
]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` in words; `frees` are the running jobs whose ends let it start, at `at_s`.

    `at_s` holds if every job runs as long as expected and nobody ahead takes the room.
    """

    job: str
    reason: Reason
    why: str
    at_s: float = math.inf
    frees: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()


def explain(state: State, job_id: str, now_s: float) -> Explanation:
    """Why a waiting job waits; KeyError if no such job waits."""
    lane = state.lane_of[job_id]
    waiting = lane.queue[job_id]
    for find in _REASONS:
        found = find(state, lane, waiting, now_s)
        if found is not None:
            return found
    return Explanation(job_id, "starting", "it fits, and starts with the next decision", now_s)


def _never(state: State, lane: Lane, waiting: Waiting, now_s: float) -> Explanation | None:
    del lane, now_s
    why = refusal(state.pools, state.policy, waiting.job)
    return Explanation(waiting.job.id, "never", why) if why else None


def _backoff(state: State, lane: Lane, waiting: Waiting, now_s: float) -> Explanation | None:
    del state, lane
    rest_s = waiting.not_before_s - now_s
    if rest_s <= 0:
        return None
    why = f"it failed {waiting.n_failures} times and is tried again in {rest_s:.0f} s"
    return Explanation(waiting.job.id, "backoff", why, waiting.not_before_s)


def _quota(state: State, lane: Lane, waiting: Waiting, now_s: float) -> Explanation | None:
    del now_s
    job = waiting.job
    held = lane.held.get(job.tenant, 0)
    if within_quota(state, waiting, held, job.workers * job.slots):
        return None
    own = tuple(name for _, name in lane.ends if state.running[name].job.tenant == job.tenant)
    most = state.policy.quotas[job.tenant]
    why = f"{job.tenant} holds {held} of the {most} {job.resource} of its quota"
    return Explanation(job.id, "quota", why, frees=own)


def _room(state: State, lane: Lane, waiting: Waiting, now_s: float) -> Explanation | None:
    """It does not fit on what is free: too few slots, spare ones, or enough that lie apart."""
    job = waiting.job
    pools = [i for i in lane.pools if not job.sites or state.pools[i].reaches(job.sites)]
    if any(fits(state, state.pools[i], state.rooms[i], waiting) for i in pools):
        return None
    best = max(pools, key=lambda i: state.rooms[i].n_free)
    pool, room = state.pools[best], state.rooms[best]
    then = reserve(state, lane, waiting, now_s)
    spared = fits(state, pool, room, waiting._replace(n_failures=1))
    reason, why = _lack(job, pool, room, then.at_s, spared)
    return Explanation(
        job.id,
        reason,
        why,
        then.at_s,
        _ended_by(state, lane, then.pool, then.nodes, then.at_s),
    )


def _lack(job: Job, pool: Pool, room: Room, at_s: float, spared: bool) -> tuple[Reason, str]:
    slots = pool.slots_for(job.slots, job.memory_bytes)
    asks = f"it needs {job.workers} x {slots} {job.resource}"
    down = f", {room.down.bit_count()} nodes are down" if room.down else ""
    if spared:
        spares = f"of which {pool.spares} nodes are kept for jobs that failed"
        return "spares", f"{asks}; {pool.id} has {room.n_free} free, {spares}"
    if job.workers * slots > room.n_free:
        why = f"{asks}; {pool.id} has {room.n_free} of {pool.n_slots} free{down}"
        return "down" if at_s == math.inf and room.down else "slots", why
    able = sum(mask.bit_count() for mask in room.by_free[slots:])
    return "down" if at_s == math.inf and room.down else "fragments", (
        f"{asks}; {pool.id} has {room.n_free} free, but they lie apart: "
        f"only {able} nodes have {slots} or more free{down}"
    )


def _ended_by(state: State, lane: Lane, pool: int, nodes: int, at_s: float) -> tuple[str, ...]:
    """The running jobs on those nodes that end by then."""
    return tuple(
        name
        for end_s, name in lane.ends
        if end_s <= at_s
        and (run := state.running[name]).pool == pool
        and any(nodes >> node & 1 for node, _ in run.nodes)
    )


def _order(state: State, lane: Lane, waiting: Waiting, now_s: float) -> Explanation | None:
    """It would fit, but others come first."""
    names = [w.job.id for w in in_order(state, lane, now_s)]
    ahead = tuple(names[: names.index(waiting.job.id)])
    if not ahead:
        return None
    first = lane.head.job if lane.head is not None else ahead[0]
    why = f"it would fit now, but {len(ahead)} come before it; the first of them is {first}"
    if lane.head is not None and state.policy.backfill:
        why += ", which it would delay"
    return Explanation(waiting.job.id, "order", why, ahead=ahead)


_Find = Callable[[State, Lane, Waiting, float], Explanation | None]
_REASONS: tuple[_Find, ...] = (_never, _backoff, _quota, _room, _order)
