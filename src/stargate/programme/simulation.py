"""The loop, in one draw of one sample: capacity -> run -> quality -> gate -> next phase -> money.

One pass over the network of activities computes dates, the training runs on the capacity that
then stands, what gates decide on their evidence, and with it when the next phase may start; the
money follows from the dates. Pure: the same document and scores give the same outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.programme import money
from stargate.programme.capacity import PlannedBlock
from stargate.programme.change import Change
from stargate.programme.draws import Draws
from stargate.programme.gates import Decision
from stargate.programme.known import NOTHING_KNOWN, Known
from stargate.programme.prices import price_paths
from stargate.programme.risks import Impacts, impacts
from stargate.programme.schedule import Schedule, downstream, forward, forward_again
from stargate.programme.works import RunOutcome, SpeedOf, Works
from stargate.spec.activities import Activity
from stargate.spec.programme import Programme
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the network, before the works of phases that stop are cut off."""

    schedule: Schedule
    works: Works


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was computed for a set of scores.

    `stop_s` is when the works of a phase end before their end (`inf`: they do not), of those phases
    alone to which it may happen. `passed` is what another decision on the same scores starts from.
    """

    schedule: Schedule
    effort_end_s: Mapping[str, FloatArray]
    decisions: Mapping[str, Decision]
    runs: Mapping[str, RunOutcome]
    shares: Mapping[str, FloatArray]
    spendings: tuple[money.Spending, ...]
    prices: Mapping[str, FloatArray]
    stop_s: Mapping[str, FloatArray]
    passed: Pass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What happens whatever is decided: shared factors, events, prices, and what is known of it.

    `durations_s` fills as tasks are performed: of those that no decision makes longer or shorter.
    Prices are on `price_grid_s`, which goes back to the day that they are relative to.
    """

    factors: Mapping[str, FloatArray]
    struck: Impacts
    prices: Mapping[str, FloatArray]
    price_grid_s: FloatArray
    known: Known
    durations_s: dict[str, FloatArray] = field(default_factory=dict)


def surroundings(
    programme: Programme,
    blocks: tuple[PlannedBlock, ...],
    draws: Draws,
    grid_s: FloatArray,
    known: Known = NOTHING_KNOWN,
) -> Surroundings:
    """Drawn once, for the plan and all that may be decided instead."""
    price_grid_s = known.price_grid_s(grid_s)
    return Surroundings(
        factors={
            driver.id: draws.score(f"driver/{driver.id}")
            for driver in programme.drivers
            if driver.process == "normal"
        },
        struck=impacts(programme.risks, blocks, [cost.id for cost in programme.costs], draws),
        prices=known.prices_seen(
            programme.drivers, price_paths(programme.drivers, draws, price_grid_s), price_grid_s
        ),
        price_grid_s=price_grid_s,
        known=known,
    )


def simulate(
    programme: Programme,
    order: tuple[Activity, ...],
    blocks: tuple[PlannedBlock, ...],
    draws: Draws,
    grid_s: FloatArray,
    speed_of: SpeedOf,
    around: Surroundings | None = None,
    decided: tuple[Change, ...] = (),
    plan: Outcome | None = None,
) -> Outcome:
    """One pass over the network and the money that follows from it, with what is decided, if any.

    Of `plan`, the outcome of the same scores without it, is taken over what no decision touches.
    """
    around = around or surroundings(programme, blocks, draws, grid_s)
    works = Works(
        programme, blocks, draws, around.factors, around.struck, speed_of, decided, around.known
    )
    works.durations_s = around.durations_s
    touched = frozenset() if plan is None else _touched(programme, order, decided)
    before = _forward(order, works, touched, plan)
    schedule = Schedule(draws.n, dict(before.start), dict(before.finish))
    stop_s = _stops(programme, order, schedule, works)
    shares = {block.id: works.share_of(block) for block in blocks}
    base_s = (date(programme.price_base, 7, 1) - programme.data_date).days * DAY_S
    given = money.Circumstances(
        around.price_grid_s,
        base_s,
        around.prices,
        around.factors,
        around.struck.cost_factor,
        shares,
    )
    return Outcome(
        schedule=schedule,
        effort_end_s=works.effort_end_s,
        decisions=works.decisions,
        runs=works.runs,
        shares=shares,
        spendings=_spendings(
            programme,
            blocks,
            draws,
            schedule,
            works,
            stop_s,
            given,
            _as_before(order, touched, plan),
        ),
        prices={name: path[:, -len(grid_s) :] for name, path in around.prices.items()},
        stop_s=stop_s,
        passed=Pass(before, works),
    )


def _touched(
    programme: Programme, order: tuple[Activity, ...], decided: tuple[Change, ...]
) -> frozenset[str]:
    """What decisions may change: their phases, and all that waits for those.

    Where resources are scarce, also what comes later in the order: it may find other times.
    """
    found = downstream(order, {change.phase for change in decided})
    if not programme.resources:
        return found
    first = next((i for i, activity in enumerate(order) if activity.id in found), len(order))
    return frozenset(activity.id for activity in order[first:])


def _forward(
    order: tuple[Activity, ...], works: Works, touched: frozenset[str], plan: Outcome | None
) -> Schedule:
    if plan is None:
        return forward(order, works.draws.n, works.perform)
    before = plan.passed

    def repeat(activity: Activity) -> None:
        works.repeat(activity, before.works, before.schedule.start[activity.id])

    return forward_again(order, before.schedule, touched, works.perform, repeat)


def _as_before(
    order: tuple[Activity, ...], touched: frozenset[str], plan: Outcome | None
) -> Mapping[tuple[str, str], money.Spending]:
    """The spending of phases in which nothing is touched, by cost and block."""
    if plan is None:
        return {}
    phases = {activity.phase for activity in order if activity.id in touched}
    kept = (item for item in plan.spendings if item.block.phase not in phases)
    return {(item.cost, item.block.id): item for item in kept}


def _stops(
    programme: Programme, order: tuple[Activity, ...], schedule: Schedule, works: Works
) -> dict[str, FloatArray]:
    """When the works of phases end before their end: at a gate that cancels, by a decision.

    Tasks at risk may run ahead of their gate; where it cancels they stop on the day.
    """
    stop_s: dict[str, FloatArray] = {}
    for phase in programme.phases:
        ends = [works.decisions[name].cancelled_s for name in phase.needs if name in works.gates]
        ends = [end for end in ends if np.isfinite(end).any()]
        online_s = schedule.finish[f"{phase.id}.online"]
        ends.extend(
            np.where(online_s > change.at_s, change.at_s, np.inf)
            for change in works.changes_of(phase.id)
            if change.stops
        )
        if ends:
            stop_s[phase.id] = np.minimum.reduce(ends)
    for activity in order:
        if activity.kind == "task" and activity.phase in stop_s:
            _stop(activity.id, stop_s[activity.phase], schedule)
    return stop_s


def _stop(task: str, stop_s: FloatArray, schedule: Schedule) -> None:
    """What has not begun by the stop never does; what has not ended never does."""
    start, finish = schedule.start[task], schedule.finish[task]
    schedule.start[task] = np.where(start >= stop_s, np.inf, start)
    schedule.finish[task] = np.where(finish > stop_s, np.inf, finish)


def _spendings(
    programme: Programme,
    blocks: tuple[PlannedBlock, ...],
    draws: Draws,
    schedule: Schedule,
    works: Works,
    stop_s: Mapping[str, FloatArray],
    given: money.Circumstances,
    as_before: Mapping[tuple[str, str], money.Spending],
) -> tuple[money.Spending, ...]:
    windows: dict[tuple[str, str | None], money.Window] = {}
    found: list[money.Spending] = []
    for cost in programme.costs:
        for block in blocks:
            if cost.phases and block.phase not in cost.phases:
                continue
            if (before := as_before.get((cost.id, block.id))) is not None:
                found.append(before)
                continue
            key = (block.id, cost.spend.over)
            if key not in windows:
                window = _window(block, cost.spend.over, schedule, works.effort_end_s)
                task = works.stop_s.get(f"{block.id}.{cost.spend.over}")
                ends = [end for end in (stop_s.get(block.phase), task) if end is not None]
                windows[key] = window.stopped(np.minimum.reduce(ends)) if ends else window
            found.append(money.spending(cost, block, windows[key], draws, given))
    return tuple(found)


def _window(
    block: PlannedBlock,
    over: str | None,
    schedule: Schedule,
    effort_end_s: Mapping[str, FloatArray],
) -> money.Window:
    """Over the named task; without one, or where the block has no such task, over all its works.

    Works that lead to nothing still take their time: a task that fails is paid for, and a block
    that never comes on line is paid for up to its last work that was done.
    """
    task = f"{block.id}.{over}"
    if over is not None and task in effort_end_s:
        return money.Window(schedule.start[task], effort_end_s[task])
    start = schedule.start[f"{block.phase}.start"]
    finish = schedule.finish[f"{block.id}.online"]
    if np.isfinite(finish).all():
        return money.Window(start, finish)
    ends = [end for name, end in effort_end_s.items() if name.startswith(f"{block.id}.")]
    worked = start
    for end in ends:
        worked = np.where(np.isfinite(end), np.maximum(worked, end), worked)
    return money.Window(start, np.where(np.isfinite(finish), finish, worked))
