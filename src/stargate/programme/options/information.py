"""What is known on a day: dates that have come, decisions and evidence seen, prices, money spent.

Only what an observer could have seen by then: of a task that is not done, that it is not. Times
are cut off at the day, so that a later end looks like no end. The shared drivers behind durations
are never seen themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stargate.programme.gates import Decision
from stargate.programme.money import spent_share
from stargate.programme.prices import price_at
from stargate.programme.simulation import Outcome
from stargate.spec.activities import Activity
from stargate.spec.option import Condition
from stargate.spec.programme import Programme
from stargate.units import YEAR_S

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def known_at(
    programme: Programme,
    order: Sequence[Activity],
    outcome: Outcome,
    grid_s: FloatArray,
    phase: str,
    time_s: float,
) -> FloatArray:
    """All that is known of a programme, and in more detail of one phase: (variables, n)."""
    prices = [price(outcome, grid_s, name, time_s) for name in outcome.prices]
    columns = [
        # What is earned goes with the price itself, what a price will be with its logarithm.
        *prices,
        *(np.log(level) for level in prices),
        *_dates(programme, order, outcome, phase, time_s),
        *(column for d in outcome.decisions.values() for column in _seen(d, time_s)),
        spent_usd(outcome, phase, time_s),
    ]
    return np.stack(columns)


def price(outcome: Outcome, grid_s: FloatArray, driver: str, time_s: float) -> FloatArray:
    """The price of a driver on the day, relative to the data date."""
    return price_at(outcome.prices[driver], grid_s, np.full(outcome.schedule.n, time_s))


def spent_usd(outcome: Outcome, phase: str | None, time_s: float | FloatArray) -> FloatArray:
    """Capital spent on a phase (on all without one) by a time."""
    total = np.zeros(outcome.schedule.n)
    for item in outcome.spendings:
        if phase is None or item.block.phase == phase:
            total += item.amount_usd * spent_share(item.shape, item.window, time_s)
    return total


def holds(condition: Condition, outcome: Outcome, grid_s: FloatArray, time_s: float) -> BoolArray:
    """In which samples a condition is seen to hold on the day."""
    name = condition.name or ""
    match condition.of:
        case "price":
            value = price(outcome, grid_s, name, time_s)
        case "gate":
            decision = outcome.decisions[name]
            value = (decision.opened & (decision.time_s <= time_s)) * 1.0
        case "phase":
            value = (outcome.schedule.finish[f"{name}.online"] <= time_s) * 1.0
        case "spent":
            value = spent_usd(outcome, None, time_s)
    if condition.at_least is not None:
        return value >= condition.at_least
    return value <= (condition.at_most or 0.0)


def _dates(
    programme: Programme,
    order: Sequence[Activity],
    outcome: Outcome,
    phase: str,
    time_s: float,
) -> Iterator[FloatArray]:
    """Starts and ends of phases; ends of the phase's tasks, the mean over blocks of each task."""
    start, finish = outcome.schedule.start, outcome.schedule.finish
    for other in programme.phases:
        yield _cut(start[f"{other.id}.start"], time_s)
        yield _cut(finish[f"{other.id}.online"], time_s)
    ends: dict[str, list[FloatArray]] = defaultdict(list)
    for activity in order:
        if activity.phase == phase and activity.task is not None:
            ends[activity.task.id].append(_cut(finish[activity.id], time_s))
        elif activity.kind == "run":
            yield _cut(finish[activity.id], time_s)
    for times in ends.values():
        yield np.mean(times, axis=0)


def _cut(when_s: FloatArray, time_s: float) -> FloatArray:
    """Years from the day back to what has happened; 0 for what has not."""
    return (np.minimum(when_s, time_s) - time_s) / YEAR_S


def _seen(decision: Decision, time_s: float) -> tuple[FloatArray, FloatArray]:
    """When a gate opened, and the last evidence that it was shown (0 before the first)."""
    opened_s = np.where(decision.opened, decision.time_s, np.inf)
    shown = np.zeros_like(opened_s)
    for when, evidence, held in zip(
        decision.attempt_s, decision.evidence, decision.held, strict=True
    ):
        seen = held & (when <= time_s) & np.isfinite(evidence)
        shown = np.where(seen, evidence, shown)
    return _cut(opened_s, time_s), shown
