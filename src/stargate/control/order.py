"""Who is next: the orders in which a queue is worked off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from stargate.control.state import Lane, State, Waiting, used_slot_s


def in_order(state: State, lane: Lane, now_s: float) -> Iterable[Waiting]:
    """The waiting jobs of a lane, the next one first; ties go to who came first.

    Jobs that failed or were sent away stand before others of the same rank.
    """
    waiting = lane.queue.values()
    match state.policy.order:
        case "fifo":
            return waiting
        case "shortest":
            return sorted(waiting, key=lambda w: w.runtime_s)
        case "priority":
            return sorted(waiting, key=lambda w: -w.job.priority)
        case "fair":
            use = share_used(state, lane, now_s)
            return sorted(waiting, key=lambda w: (-w.job.priority, use[w.job.tenant]))


def share_used(state: State, lane: Lane, now_s: float) -> defaultdict[str, float]:
    """What each tenant uses and used of a resource, over its share: slots x s / weight."""
    policy = state.policy
    spent: defaultdict[str, float] = defaultdict(float)
    for tenant in lane.used:
        spent[tenant] += used_slot_s(lane, tenant, now_s, policy.half_life_s)
    for _, job_id in lane.ends:
        run = state.running[job_id]
        spent[run.job.tenant] += run.n_slots * (now_s - run.start_s)
    for tenant in spent:
        spent[tenant] /= policy.shares.get(tenant, 1.0)
    return spent


def within_quota(state: State, waiting: Waiting, held: int, slots: int) -> bool:
    """Whether a tenant that holds so many slots may hold those of one more job."""
    quota = state.policy.quotas.get(waiting.job.tenant)
    return quota is None or held + slots <= quota
