"""What each option would do: the same samples once more, with it exercised on each of its days.

The scores are those of the plan (common random numbers), so that the difference a sample is the
option's doing alone. What the decision does not touch is not computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import discount_factor
from stargate.programme import cashflow
from stargate.programme.capacity import PlannedBlock
from stargate.programme.cashflow import Case
from stargate.programme.change import Change, Replacement
from stargate.programme.money import Spending, Window, spent_share
from stargate.programme.options.information import holds, known_at, spent_usd
from stargate.programme.options.lsm import Choice
from stargate.programme.simulation import Outcome
from stargate.spec.activities import Activity
from stargate.spec.option import Abandon, Defer, Option, Refresh, Resize, Sell, Switch
from stargate.spec.programme import Programme
from stargate.units import DAY_S, YEAR_S

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
# The day on which an option is exercised: in all samples, or a day a sample (`inf`: never).
Days = float | FloatArray
Taken = Sequence[tuple[Option, Days]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The plan as it stands, on some samples: what happens, and what that is worth."""

    programme: Programme
    blocks: tuple[PlannedBlock, ...]
    order: tuple[Activity, ...]
    grid_s: FloatArray
    outcome: Outcome
    money: Case
    run_again: Callable[[tuple[Change, ...]], Outcome]

    def worth_usd(self) -> FloatArray:
        """Net present value of the plan, a sample."""
        return cashflow.net_present_value_usd(self.money)

    def online_s(self, outcome: Outcome) -> FloatArray:
        """When the last phase is on line."""
        return outcome.schedule.finish[f"{self.programme.phases[-1].id}.online"]


@dataclass(frozen=True, slots=True)
class Exercised:
    """An option exercised on one day: a choice, whether its rule holds, and the last phase."""

    choice: Choice
    rule: BoolArray
    online_s: FloatArray


def exercised(plan: Baseline, option: Option, held_usd: FloatArray) -> tuple[Exercised, ...]:
    """An option on each of its days, whether or not anybody would exercise it then."""
    days = days_s(option, plan.programme.data_date)
    return tuple(_on_day(plan, option, held_usd, at_s) for at_s in days)


def days_s(option: Option, data_date: date) -> tuple[float, ...]:
    """The days on which an option may be exercised, of those that have not gone by."""
    first_s = (option.decide - data_date).days * DAY_S
    days = (first_s + k * (option.again_every_s or 0.0) for k in range(option.times))
    return tuple(at_s for at_s in days if at_s >= 0)


def _on_day(plan: Baseline, option: Option, held_usd: FloatArray, at_s: float) -> Exercised:
    outcome = outcome_with(plan, [(option, at_s)])
    worth = held_usd + difference_usd(plan, outcome, [(option, at_s)])
    known = known_at(plan.programme, plan.order, plan.outcome, plan.grid_s, option.phase, at_s)
    rule = np.logical_and.reduce(
        [np.ones(plan.outcome.schedule.n, dtype=np.bool_)]
        + [holds(condition, plan.outcome, plan.grid_s, at_s) for condition in option.when]
    )
    choice = Choice(worth, _possible(plan, option, at_s), known)
    return Exercised(choice, rule, plan.online_s(outcome))


def outcome_with(plan: Baseline, taken: Taken) -> Outcome:
    """What happens with some options exercised on their days."""
    changes = (_change(option, day_s) for option, day_s in taken)
    made = tuple(change for change in changes if change is not None)
    return plan.run_again(made) if made else plan.outcome


def _change(option: Option, at_s: Days) -> Change | None:
    """What an option does to the works; a refresh leaves them as they are."""
    match option:
        case Defer(by_s=by_s):
            return Change(option.phase, at_s, later_s=by_s)
        case Resize(to=share):
            return Change(option.phase, at_s, share=share)
        case Switch(task=task, duration=duration):
            other = Replacement(task, duration, f"option/{option.id}")
            return Change(option.phase, at_s, replacement=other)
        case Abandon():
            return Change(option.phase, at_s, stops=True)
        case Sell():
            return Change(option.phase, at_s, stops=True, sells=True)
        case Refresh():
            return None


def _possible(plan: Baseline, option: Option, at_s: float) -> BoolArray:
    """Where there is something left to decide; seen on the day, and nothing of what comes after."""
    schedule = plan.outcome.schedule
    online = schedule.finish[f"{option.phase}.online"]
    match option:
        case Defer() | Resize():
            return schedule.start[f"{option.phase}.start"] > at_s
        case Switch(task=task):
            ends = [
                schedule.finish[activity.id]
                for activity in plan.order
                if activity.phase == option.phase and activity.task and activity.task.id == task
            ]
            return (np.max(ends, axis=0) > at_s) & (online > at_s)
        case Abandon():
            return online > at_s
        case Sell():
            return spent_usd(plan.outcome, option.phase, at_s) > 0
        case Refresh():
            return online <= at_s


def difference_usd(plan: Baseline, outcome: Outcome, taken: Taken) -> FloatArray:
    """What exercising options on their days changes of the programme's net present value.

    `outcome` is what then happens. What an option costs or brings by itself counts too: its price
    and what is sold at what then stands, a penalty at what the plan had still to spend.
    """
    money = _money_with(plan, outcome, taken)
    total = np.zeros(outcome.schedule.n)
    if outcome is not plan.outcome:
        total += _works_usd(plan, money)
    for option, day_s in taken:
        total += np.where(np.isfinite(day_s), _own_usd(plan, outcome, money, option, day_s), 0.0)
    return total


def _money_with(plan: Baseline, outcome: Outcome, taken: Taken) -> Case:
    """The case as it then is; a phase that is sold leaves on the day."""
    if outcome is plan.outcome:
        return plan.money
    sold: dict[str, FloatArray] = {}
    for option, day_s in taken:
        if isinstance(option, Sell):
            for block in _blocks(plan, option):
                sold[block.id] = np.minimum(
                    sold.get(block.id, np.inf), np.full(outcome.schedule.n, day_s)
                )
    return replace(
        plan.money,
        spendings=outcome.spendings,
        online_s={b.id: outcome.schedule.finish[f"{b.id}.online"] for b in plan.blocks},
        shares=outcome.shares,
        offline_s={**plan.money.offline_s, **sold},
    )


def _blocks(plan: Baseline, option: Option) -> list[PlannedBlock]:
    return [block for block in plan.blocks if block.phase == option.phase]


def _own_usd(
    plan: Baseline, outcome: Outcome, money: Case, option: Option, at_s: Days
) -> FloatArray:
    """What an option costs and brings besides what it does to the works."""
    now = discount_factor(plan.programme.discount_rate, np.asarray(at_s) / YEAR_S)
    it_w = sum(block.it_w * outcome.shares[block.id] for block in _blocks(plan, option))
    found = -(option.cost_usd + option.rate_usd_per_w * it_w) * now
    match option:
        case Abandon(penalty=penalty):
            found = found - penalty * _still_to_spend_usd(plan.outcome, option.phase, at_s) * now
        case Sell(recovers=recovers):
            spent = spent_usd(outcome, option.phase, at_s)
            found = found + recovers * (spent - spent_usd(outcome, option.phase, 0.0)) * now
        case Refresh(down_s=down_s, gain=gain):
            then = _revenue_usd(plan, money, option.phase, at_s + down_s)
            found = found + gain * then - _revenue_usd(plan, money, option.phase, at_s)
        case _:
            pass
    return np.asarray(found)


def _works_usd(plan: Baseline, other: Case) -> FloatArray:
    """The change of worth of the phases that happen differently."""
    touched = [phase.id for phase in plan.programme.phases if _differs(plan, other, phase.id)]
    if not touched:
        return np.zeros(other.n)
    after = cashflow.net_present_value_usd(other.of_phases(touched))
    return after - cashflow.net_present_value_usd(plan.money.of_phases(touched))


def _differs(plan: Baseline, other: Case, phase: str) -> bool:
    """Whether anything of a phase's dates, sizes or spending is not as in the plan."""
    for block in plan.blocks:
        if block.phase == phase:
            if block.id in other.offline_s:
                return True
            before = (plan.money.online_s[block.id], plan.money.shares[block.id])
            after = (other.online_s[block.id], other.shares[block.id])
            if not all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)):
                return True
    return any(
        _spent_otherwise(a, b)
        for a, b in zip(plan.money.spendings, other.spendings, strict=True)
        if a.block.phase == phase
    )


def _spent_otherwise(before: Spending, after: Spending) -> bool:
    if after is before:
        return False
    if after.window.stop_s is not None and np.isfinite(after.window.stop_s).any():
        return True
    windows: tuple[Window, Window] = (before.window, after.window)
    return not (
        np.array_equal(windows[0].start_s, windows[1].start_s)
        and np.array_equal(windows[0].finish_s, windows[1].finish_s)
        and np.array_equal(before.amount_usd, after.amount_usd)
    )


def _still_to_spend_usd(outcome: Outcome, phase: str, at_s: Days) -> FloatArray:
    """What works that have begun would still have spent."""
    total = np.zeros(outcome.schedule.n)
    for item in outcome.spendings:
        if item.block.phase == phase:
            share = spent_share(item.shape, item.window, at_s)
            begun = item.window.start_s <= at_s
            total += np.where(begun, item.amount_usd * (1.0 - share), 0.0)
    return total


def _revenue_usd(plan: Baseline, money: Case, phase: str, at_s: Days) -> FloatArray:
    """Present value of what a phase earns from a day on, where it is on line; ramps are over."""
    streams = tuple(
        replace(stream, ramp_s=0.0)
        for stream in plan.money.streams
        if stream.block.phase == phase and stream.kind == "revenue"
    )
    late = {name: np.maximum(online, at_s) for name, online in money.online_s.items()}
    given = replace(money, spendings=(), streams=streams, online_s=late, book_at_horizon=False)
    return cashflow.net_present_value_usd(given)
