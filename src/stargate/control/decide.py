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
from stargate.control.placement import place_job
from stargate.control.pool import Nodes, Room
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
    """One look at a lane, and the starts that it has come to so far.

    Rooms with those starts in them are made when somebody else is looked at, which is rare.
    """

    state: State
    lane: Lane
    now_s: float
    placed: list[tuple[Waiting, Start]] = field(default_factory=list[tuple[Waiting, Start]])
    n_in_rooms: int = 0
    rooms: dict[int, Room] = field(default_factory=dict[int, Room])
    stops: tuple[Stop, ...] = ()
    head: Reservation | None = None
    closed: bool = False
    wake_s: float = math.inf

    def room(self, pool: int) -> Room:
        """What is free in a pool after the starts so far, to read."""
        for _, start in self.placed[self.n_in_rooms :]:
            if start.pool not in self.rooms:
                self.rooms[start.pool] = self.state.rooms[start.pool].copy()
            self.rooms[start.pool].change(start.nodes, -1)
        self.n_in_rooms = len(self.placed)
        return self.rooms.get(pool) or self.state.rooms[pool]

    def held(self, tenant: str) -> int:
        """Slots of the lane that a tenant holds, those of the starts so far included."""
        new = (start.nodes for waiting, start in self.placed if waiting.job.tenant == tenant)
        more = sum(slots for nodes in new for _, slots in nodes)
        return self.lane.held.get(tenant, 0) + more

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
            starts += [start for _, start in look.placed]
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
            look.placed.append((waiting, Start(waiting.job.id, *found)))
        elif look.head is None and _within_quota(look, waiting, _slots(waiting)):
            look.head = _head(look, waiting)


def _found(look: _Pass, waiting: Waiting) -> tuple[int, Nodes] | None:
    """A pool and nodes on which a job may start now, if there are any."""
    for pool in look.lane.pools:
        it, room, job = look.state.pools[pool], look.room(pool), waiting.job
        slots = it.slots_for(job.slots, job.memory_bytes)
        if job.workers * slots > room.n_free or (job.sites and not it.reaches(job.sites)):
            continue
        if not _within_quota(look, waiting, job.workers * slots):
            continue
        barred, rule = _reserved(look, waiting, pool), look.state.policy.place
        nodes = place_job(room, it, job, rule, barred, failed=waiting.n_failures > 0)
        if nodes is not None:
            return pool, nodes
    return None


def _within_quota(look: _Pass, waiting: Waiting, slots: int) -> bool:
    """Who is over quota is passed by, and must not hold up others."""
    tenant = waiting.job.tenant
    if tenant not in look.state.policy.quotas:
        return True
    return within_quota(look.state, waiting, look.held(tenant), slots)


def _reserved(look: _Pass, waiting: Waiting, pool: int) -> int:
    """The nodes that the head will need before this job would be done."""
    head = look.head
    if head is None or head.pool != pool or look.now_s + waiting.runtime_s <= head.at_s:
        return 0
    return head.nodes


def _slots(waiting: Waiting) -> int:
    """Slots that a job asks for."""
    return waiting.job.workers * waiting.job.slots


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
    ends = [(look.now_s + it.runtime_s, start) for it, start in look.placed]
    return reserve(state, lane, waiting, look.now_s, look.rooms, ends)
