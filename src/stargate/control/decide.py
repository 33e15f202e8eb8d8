"""`decide(state, now_s)`: whom to start where, and whom to stop. It changes nothing.

Jobs start in the order of the policy until one does not fit, the head. Without backfill everybody
behind the head waits. With it (EASY: Lifka, The ANL/IBM SP Scheduling System, 1995) the head gets a
reservation, the earliest time at which it fits if every job runs as long as expected, and the
nodes it will take then; a job behind may start if it is expected to end by then, or takes none of
those nodes. So no job behind the head delays it. With preemption the head may send away jobs of
lower priority; until they are gone nobody passes it. Left out: reservations for more than the head.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from stargate.control.order import in_order, within_quota
from stargate.control.placement import place
from stargate.control.pool import Nodes, Pool, Room
from stargate.control.preemption import victims
from stargate.control.reserve import reserve
from stargate.control.state import (
    NOTHING,
    Decision,
    Lane,
    Reservation,
    Start,
    State,
    Stop,
    Waiting,
)


@dataclass(slots=True)
class _Pass:
    """One look at a lane: what would be free after the starts so far."""

    state: State
    lane: Lane
    now_s: float
    rooms: dict[int, Room] = field(default_factory=dict[int, Room])
    starts: list[Start] = field(default_factory=list[Start])
    stops: tuple[Stop, ...] = ()
    ends: list[tuple[float, Start]] = field(default_factory=list[tuple[float, Start]])
    held: dict[str, int] = field(default_factory=dict[str, int])
    head: Reservation | None = None
    closed: bool = False
    wake_s: float = math.inf

    def room(self, pool: int) -> Room:
        """What is free in a pool, to read."""
        return self.rooms.get(pool) or self.state.rooms[pool]

    def start(self, waiting: Waiting, pool: int, nodes: Nodes) -> None:
        """Count a job as started."""
        if pool not in self.rooms:
            self.rooms[pool] = self.state.rooms[pool].copy()
        self.rooms[pool].change(nodes, -1)
        start = Start(waiting.job.id, pool, nodes)
        self.starts.append(start)
        self.ends.append((self.now_s + waiting.runtime_s, start))
        tenant = waiting.job.tenant
        self.held[tenant] = self.held.get(tenant, 0) + sum(slots for _, slots in nodes)

    @property
    def full(self) -> bool:
        """Whether no slot of the lane is free."""
        return all(self.room(pool).n_free == 0 for pool in self.lane.pools)


def decide(state: State, now_s: float) -> Decision:
    """What to do now; the lanes where nothing has changed since the last decision are left out."""
    starts, stops = list[Start](), list[Stop]()
    heads, wake_s = list[tuple[str, Reservation | None]](), math.inf
    for lane in state.lanes.values():
        if lane.queue and (lane.grown or lane.fresh):
            look = _look(state, lane, now_s)
            starts += look.starts
            stops += look.stops
            heads.append((lane.resource, look.head))
            wake_s = min(wake_s, look.wake_s)
    return Decision(tuple(starts), tuple(stops), tuple(heads), wake_s) if heads else NOTHING


def _look(state: State, lane: Lane, now_s: float) -> _Pass:
    look = _Pass(state, lane, now_s)
    if lane.grown or lane.head is None or state.policy.order != "fifo":
        _serve(look, in_order(state, lane, now_s))
    else:
        look.head = lane.head
        _serve(look, (lane.queue[name] for name in lane.fresh))
    return look


def _serve(look: _Pass, queue: Iterable[Waiting]) -> None:
    """Start who fits, in order; the first who does not is the head."""
    backfill = look.state.policy.backfill
    for waiting in queue:
        if waiting.not_before_s > look.now_s:
            look.wake_s = min(look.wake_s, waiting.not_before_s)
            continue
        if look.closed or (look.head is not None and (not backfill or look.full)):
            break
        found = _found(look, waiting)
        if found is not None:
            look.start(waiting, *found)
        elif look.head is None and _may_start(look, waiting):
            look.head = _head(look, waiting)


def _found(look: _Pass, waiting: Waiting) -> tuple[int, Nodes] | None:
    """A pool and nodes on which a job may start now, if there are any."""
    for pool in look.lane.pools:
        it, room, job = look.state.pools[pool], look.room(pool), waiting.job
        slots = it.slots_for(job.slots, job.memory_bytes)
        if job.workers * slots > room.n_free or (job.sites and not it.reaches(job.sites)):
            continue
        if not within_quota(look.state, waiting, _held(look, job.tenant), job.workers * slots):
            continue
        barred = _kept_free(it, room, waiting) | _reserved(look, waiting, pool)
        barred |= it.elsewhere(job.sites)
        nodes = place(room, it, job.workers, slots, look.state.policy.place, barred)
        if nodes is not None:
            return pool, nodes
    return None


def _held(look: _Pass, tenant: str) -> int:
    return look.lane.held.get(tenant, 0) + look.held.get(tenant, 0)


def _may_start(look: _Pass, waiting: Waiting) -> bool:
    """Whether room is all that a job lacks: who is over quota must not hold up others."""
    slots = waiting.job.workers * waiting.job.slots
    return within_quota(look.state, waiting, _held(look, waiting.job.tenant), slots)


def _kept_free(pool: Pool, room: Room, waiting: Waiting) -> int:
    """The spare nodes, which only jobs that come back from a failure may take."""
    mask, kept = room.by_free[pool.slots], 0
    if waiting.n_failures or not pool.spares:
        return 0
    for _ in range(pool.spares):
        top = 1 << mask.bit_length() >> 1
        kept |= top
        mask ^= top
    return kept


def _reserved(look: _Pass, waiting: Waiting, pool: int) -> int:
    """The nodes that the head will need before this job would be done."""
    head = look.head
    if head is None or head.pool != pool or look.now_s + waiting.runtime_s <= head.at_s:
        return 0
    return head.nodes


def _head(look: _Pass, waiting: Waiting) -> Reservation:
    """The reservation of the head; the one it has, unless something came between."""
    state, lane, job = look.state, look.lane, waiting.job.id
    if state.policy.preempt:
        sent_away = victims(state, lane, waiting, look.rooms)
        look.stops = tuple(Stop(name, job) for name in sent_away)
        look.closed = bool(sent_away) or any(state.running[name].stopping for _, name in lane.ends)
    if not state.policy.backfill:
        return Reservation(job, math.inf)
    before = lane.head
    if before is not None and before.job == job and before.at_s > look.now_s:
        return before
    return reserve(state, lane, waiting, look.now_s, look.rooms, look.ends)
