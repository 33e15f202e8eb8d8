"""When the head of a queue can start at the latest: the earliest time at which it fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge

from stargate.control.placement import place_job
from stargate.control.pool import Nodes, Room, members
from stargate.control.state import Lane, Reservation, Start, State, Waiting


def reserve(
    state: State,
    lane: Lane,
    waiting: Waiting,
    now_s: float,
    rooms: Mapping[int, Room] | None = None,
    also: Sequence[tuple[float, Start]] = (),
) -> Reservation:
    """Let the running jobs end one after the other until the job fits.

    `rooms` is what is free now where it differs from the state, `also` the ends of jobs that are
    just being started. Never (at infinity) if it would not fit on an empty machine as it is now.
    """
    job, trial = waiting.job, dict[int, Room]()
    for end_s, pool, nodes in _ends(state, lane, also):
        it = state.pools[pool]
        if job.sites and not it.reaches(job.sites):
            continue
        if pool not in trial:
            trial[pool] = ((rooms or {}).get(pool) or state.rooms[pool]).copy()
        room = trial[pool]
        room.change(nodes, +1)
        found = place_job(room, it, job, state.policy.place, failed=waiting.n_failures > 0)
        if found is not None:
            return Reservation(job.id, max(end_s, now_s), pool, members(found))
    return Reservation(job.id, math.inf)


def _ends(
    state: State, lane: Lane, also: Sequence[tuple[float, Start]]
) -> Iterator[tuple[float, int, Nodes]]:
    """Expected ends of the jobs of a lane, in their order; not of those without an end."""
    running = (
        (end_s, run.pool, run.nodes)
        for end_s, name in lane.ends
        if (run := state.running[name]) and end_s < math.inf
    )
    new = sorted((end_s, start.pool, start.nodes) for end_s, start in also if end_s < math.inf)
    return merge(running, new)
