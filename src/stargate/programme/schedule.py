"""The critical-path method over all samples at once: one pass in topological order.

Times are arrays, one value a sample; `inf` is never. What an activity does with the time at which
it may start is given by a function, so that a plain task, a gate that waits for its evidence and
a training run on the capacity of that moment go through the same pass. Not covered: resources.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stargate.spec.activities import Activity, Wait

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Start and finish of every activity so far, by id."""

    n: int
    start: dict[str, FloatArray] = field(default_factory=dict)
    finish: dict[str, FloatArray] = field(default_factory=dict)


Span = tuple[FloatArray, FloatArray]
Perform = Callable[[Activity, FloatArray, Schedule], Span]


def forward(order: Sequence[Activity], n: int, perform: Perform) -> Schedule:
    """Early start and finish of every activity, given in an order that respects the links.

    `perform(activity, ready, schedule)` returns start and finish from the time at which all FS
    and SS links allow the start (minus infinity when there is none); FF links then hold the
    finish back.
    """
    schedule = Schedule(n)
    for activity in order:
        place(activity, schedule, perform)
    return schedule


def place(activity: Activity, schedule: Schedule, perform: Perform) -> None:
    """Put an activity into a schedule that has all that it waits for."""
    ready = _latest(activity, ("FS", "SS"), schedule)
    start, finish = perform(activity, ready, schedule)
    if any(wait.kind == "FF" for wait in activity.waits):
        finish = np.maximum(finish, _latest(activity, ("FF",), schedule))
    schedule.start[activity.id] = start
    schedule.finish[activity.id] = finish


def forward_again(
    order: Sequence[Activity],
    before: Schedule,
    touched: Collection[str],
    perform: Perform,
    repeat: Callable[[Activity], None],
) -> Schedule:
    """The pass once more: some activities are performed anew, the others repeated as before."""
    schedule = Schedule(before.n)
    for activity in order:
        name = activity.id
        if name in touched:
            place(activity, schedule, perform)
        else:
            schedule.start[name], schedule.finish[name] = before.start[name], before.finish[name]
            repeat(activity)
    return schedule


def downstream(order: Sequence[Activity], phases: Collection[str]) -> frozenset[str]:
    """All activities of some phases, and all that wait for them, directly or not."""
    found: set[str] = set()
    for activity in order:
        waits_for = (name for wait in activity.waits for name in wait.of)
        if activity.phase in phases or any(name in found for name in waits_for):
            found.add(activity.id)
    return frozenset(found)


def wait_until(wait: Wait, schedule: Schedule) -> FloatArray:
    """When a link is satisfied: the first of its alternatives, and the lag."""
    times = schedule.start if wait.kind == "SS" else schedule.finish
    first = times[wait.of[0]]
    for other in wait.of[1:]:
        first = np.minimum(first, times[other])
    return first + wait.lag_s if wait.lag_s else first


def _latest(activity: Activity, kinds: tuple[str, ...], schedule: Schedule) -> FloatArray:
    times = [wait_until(wait, schedule) for wait in activity.waits if wait.kind in kinds]
    if not times:
        return np.full(schedule.n, -np.inf)
    return times[0] if len(times) == 1 else np.maximum.reduce(times)


def driving_paths(order: Sequence[Activity], schedule: Schedule, end: str) -> dict[str, BoolArray]:
    """In which samples each activity drives the finish of `end`; the mean is its criticality.

    Backwards from `end`: a predecessor drives an activity when its link is the one that set the
    start (or, for FF, the finish). Ties drive together. Samples in which `end` never happens have
    no driving path.
    """
    driving = {activity.id: np.zeros(schedule.n, dtype=np.bool_) for activity in order}
    driving[end] = np.isfinite(schedule.finish[end])
    for activity in reversed(order):
        if driving[activity.id].any():
            for wait in activity.waits:
                _mark(activity, wait, schedule, driving)
    return driving


def _mark(
    activity: Activity, wait: Wait, schedule: Schedule, driving: dict[str, BoolArray]
) -> None:
    times = schedule.start if wait.kind == "SS" else schedule.finish
    bound = (schedule.finish if wait.kind == "FF" else schedule.start)[activity.id]
    until = wait_until(wait, schedule)
    binds = driving[activity.id] & (until == bound)
    for name in wait.of:
        driving[name] |= binds & (times[name] + wait.lag_s == until)
