"""What is let in: jobs that can run at all, and as many replicas of a service as its load needs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stargate.control.job import Job
from stargate.control.policy import Policy
from stargate.control.pool import Pool
from stargate.perf.voice_capacity import servers_for


def refusal(pools: Sequence[Pool], policy: Policy, job: Job) -> str | None:
    """Why a job could never run, however long it waited, or None."""
    offered = [pool for pool in pools if pool.resource == job.resource]
    if not offered:
        known = ", ".join(sorted({pool.resource for pool in pools}))
        return f"no pool offers {job.resource}; there are {known}"
    there = [pool for pool in offered if not job.sites or pool.reaches(job.sites)]
    if not there:
        return f"none of its sites ({', '.join(job.sites)}) has {job.resource}"
    if not any(_holds(pool, job) for pool in there):
        asked = f"{job.workers} x {job.slots} {job.resource}"
        memory = f" with {job.memory_bytes / 1e9:.3g} GB each" if job.memory_bytes else ""
        return f"{asked}{memory} are more than {_largest(there)}"
    quota = policy.quotas.get(job.tenant)
    if quota is not None and job.workers * job.slots > quota:
        return f"{job.workers * job.slots} {job.resource} are above the {quota} of {job.tenant}"
    return None


def _holds(pool: Pool, job: Job) -> bool:
    """Whether an empty pool has room, spare nodes left free."""
    slots = pool.slots_for(job.slots, job.memory_bytes)
    if slots > pool.slots:
        return False
    n_nodes = pool.n_nodes - pool.spares - pool.elsewhere(job.sites).bit_count()
    return n_nodes * (pool.slots // slots) >= job.workers


def _largest(pools: Sequence[Pool]) -> str:
    pool = max(pools, key=lambda p: p.n_slots)
    spare = f", {pool.spares} of them spare" if pool.spares else ""
    memory_bytes = pool.slots * pool.memory_per_slot_bytes
    memory = f" and {memory_bytes / 1e9:.3g} GB" if memory_bytes < math.inf else ""
    return f"{pool.id} holds, with {pool.n_nodes} nodes of {pool.slots}{memory}{spare}"


def replicas_for(requests_per_s: float, service_s: float, waiting: float, n_max: int) -> int:
    """The fewest replicas at which no larger share of requests than `waiting` has to wait.

    By Erlang's second formula (`perf.voice_capacity`), never more than `n_max`: where the load
    is above what so many can do the queue grows, and the driver sees it.
    """
    load = requests_per_s * service_s
    if load <= 0.0:
        return 0
    return n_max if load >= n_max else min(n_max, servers_for(load, waiting))


def scale(held: int, wanted: int, *, slack: float = 0.1) -> int:
    """How many replicas to add (above 0) or let go (below 0).

    Growing is at once; shrinking only when more than `slack` of those held are beyond need, so
    that a load which trembles does not start and stop replicas all day.
    """
    if wanted >= held:
        return wanted - held
    return wanted - held if held - wanted > math.ceil(slack * held) else 0
