"""Whom to send away so that a job of higher priority can start."""

from __future__ import annotations

from collections.abc import Mapping

from stargate.control.placement import place_job
from stargate.control.pool import Pool, Room
from stargate.control.state import Lane, Running, State, Waiting


def victims(
    state: State, lane: Lane, waiting: Waiting, rooms: Mapping[int, Room]
) -> tuple[str, ...]:
    """The jobs to stop, in the pool where the fewest slots are lost; none if it would not help.

    Lowest priority first, and of those who started last (the least work is at stake). Jobs that
    are stopping already count as gone; none is stopped whose room turns out not to be needed.
    """
    choices = [
        found
        for pool in lane.pools
        if (found := _in_pool(state, lane, waiting, pool, rooms)) is not None
    ]
    if not choices:
        return ()
    best = min(choices, key=lambda runs: sum(run.n_slots for run in runs))
    return tuple(run.job.id for run in best)


def _in_pool(
    state: State, lane: Lane, waiting: Waiting, pool: int, rooms: Mapping[int, Room]
) -> list[Running] | None:
    it = state.pools[pool]
    if waiting.job.sites and not it.reaches(waiting.job.sites):
        return None
    room = (rooms.get(pool) or state.rooms[pool]).copy()
    here = [run for _, name in lane.ends if (run := state.running[name]).pool == pool]
    for run in here:
        if run.stopping:
            room.change(run.nodes, +1)
    chosen: list[Running] = []
    for run in sorted(_below(here, waiting), key=lambda run: (run.job.priority, -run.start_s)):
        if fits(state, it, room, waiting):
            break
        room.change(run.nodes, +1)
        chosen.append(run)
    return _needed(state, it, room, waiting, chosen) if fits(state, it, room, waiting) else None


def _below(runs: list[Running], waiting: Waiting) -> list[Running]:
    return [
        run
        for run in runs
        if run.job.preemptible and not run.stopping and run.job.priority < waiting.job.priority
    ]


def _needed(
    state: State, pool: Pool, room: Room, waiting: Waiting, chosen: list[Running]
) -> list[Running]:
    """Without those that may stay after all, the highest priority spared first."""
    needed: list[Running] = []
    for run in reversed(chosen):
        room.change(run.nodes, -1)
        if not fits(state, pool, room, waiting):
            room.change(run.nodes, +1)
            needed.append(run)
    return needed[::-1]


def fits(state: State, pool: Pool, room: Room, waiting: Waiting) -> bool:
    """Whether a waiting job could start on what is free in a pool."""
    rule, failed = state.policy.place, waiting.n_failures > 0
    return place_job(room, pool, waiting.job, rule, failed=failed) is not None
