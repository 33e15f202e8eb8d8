"""Which nodes a gang gets. Every rule finds nodes whenever there are enough.

first        nodes in their order
best         the fullest nodes first, so that whole nodes stay whole (the least is left over)
worst        the emptiest nodes first, which spreads the load
consolidate  one scale-up domain where one can hold the gang, the fullest such; the fewest nodes

A worker is never split over nodes; a node may hold several workers of a gang.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from stargate.control.job import Job
from stargate.control.pool import Nodes, Pool, Room, lowest, union

Rule = Literal["first", "best", "worst", "consolidate"]


def place(
    room: Room, pool: Pool, workers: int, slots: int, rule: Rule, barred: int = 0
) -> Nodes | None:
    """Nodes for so many workers of so many slots each, none of the `barred`; None if too few."""
    if workers * slots > room.n_free or slots > pool.slots:
        return None
    if workers == 1:
        return _one(room, slots, rule, barred)
    if _n_workers(room, slots, ~barred) < workers:
        return None
    return _RULES[rule](room, pool, workers, slots, ~barred)


def place_job(
    room: Room, pool: Pool, job: Job, rule: Rule, barred: int = 0, *, failed: bool = False
) -> Nodes | None:
    """Nodes for a whole job at its sites; spare ones only if it comes back from a failure."""
    slots = pool.slots_for(job.slots, job.memory_bytes)
    barred |= pool.elsewhere(job.sites) | (0 if failed else kept_free(room, pool))
    return place(room, pool, job.workers, slots, rule, barred)


def kept_free(room: Room, pool: Pool) -> int:
    """The spare nodes as a set: the last of those that are free as a whole."""
    mask, kept = room.by_free[pool.slots], 0
    for _ in range(pool.spares):
        top = 1 << mask.bit_length() >> 1
        kept |= top
        mask ^= top
    return kept


def _one(room: Room, slots: int, rule: Rule, barred: int) -> Nodes | None:
    """A single worker: no gang to hold together, so that consolidating is to fit best."""
    masks = room.by_free
    if rule == "first":
        mask = union(masks[slots:]) & ~barred
        return ((lowest(mask), slots),) if mask else None
    top = len(masks)
    for k in range(top - 1, slots - 1, -1) if rule == "worst" else range(slots, top):
        mask = masks[k] & ~barred if barred else masks[k]
        if mask:
            return ((lowest(mask), slots),)
    return None


def _n_workers(room: Room, slots: int, usable: int) -> int:
    masks = room.by_free
    return sum((masks[k] & usable).bit_count() * (k // slots) for k in range(slots, len(masks)))


def _fill(nodes: Iterator[tuple[int, int]], workers: int, slots: int) -> Nodes:
    """Workers on nodes as they come, each as full as it gets: pairs (node, free slots)."""
    picked: list[tuple[int, int]] = []
    for node, free in nodes:
        here = min(workers, free // slots)
        picked.append((node, here * slots))
        workers -= here
        if not workers:
            break
    return tuple(picked)


def _first(room: Room, pool: Pool, workers: int, slots: int, usable: int) -> Nodes:
    del pool
    mask = union(room.by_free[slots:]) & usable
    return _fill(((node, room.free[node]) for node in bits(mask)), workers, slots)


def _best(room: Room, pool: Pool, workers: int, slots: int, usable: int) -> Nodes:
    del pool
    return _fill(_by_free(room, range(slots, len(room.by_free)), usable), workers, slots)


def _worst(room: Room, pool: Pool, workers: int, slots: int, usable: int) -> Nodes:
    del pool
    emptiest = range(len(room.by_free) - 1, slots - 1, -1)
    return _fill(_by_free(room, emptiest, usable), workers, slots)


def _consolidate(room: Room, pool: Pool, workers: int, slots: int, usable: int) -> Nodes:
    """The domain that holds the gang with the least left over, else the fewest nodes."""
    able = [
        (n, domain)
        for domain in domains(pool)
        if (n := _n_workers(room, slots, usable & domain)) >= workers
    ]
    return _worst(room, pool, workers, slots, usable & min(able)[1] if able else usable)


_RULES: dict[str, Callable[[Room, Pool, int, int, int], Nodes]] = {
    "first": _first,
    "best": _best,
    "worst": _worst,
    "consolidate": _consolidate,
}


def domains(pool: Pool) -> list[int]:
    """The sets of nodes that share a scale-up domain; none where a domain is one node."""
    if pool.domain <= 1:
        return []
    every = (1 << pool.n_nodes) - 1
    one = (1 << pool.domain) - 1
    return [one << start & every for start in range(0, pool.n_nodes, pool.domain)]


def bits(mask: int) -> Iterator[int]:
    """The nodes of a set, in their order."""
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit


def _by_free(room: Room, order: range, usable: int) -> Iterator[tuple[int, int]]:
    for k in order:
        for node in bits(room.by_free[k] & usable):
            yield node, k
