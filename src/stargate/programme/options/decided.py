"""What is decided in the samples of a tile, option by option and all together; what is kept of it.

The first tile teaches when to exercise, its samples deciding by what others of it taught; all
other tiles follow. So no sample is kept for what was known of it, tiles stay independent of each
other, and the value in them is that of a rule found elsewhere.

All together: each option is exercised where its own rule says so, in one run with all of them; an
option on a phase that another has ended by then comes too late. That is a joint course of action,
not the best one: rules that wait for each other could be worth more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.programme.columns import Mean, Tally
from stargate.programme.day_counts import DayCounts
from stargate.programme.options.courses import (
    Baseline,
    Exercised,
    Taken,
    days_s,
    difference_usd,
    exercised,
    outcome_with,
)
from stargate.programme.options.lsm import NEVER, Policy, Rule, followed, optimal_policy
from stargate.programme.sampled import FloatArray
from stargate.programme.simulation import Outcome
from stargate.spec.option import Abandon, Option, Sell
from stargate.units import DAY_S

BoolArray = NDArray[np.bool_]
Column = NDArray[np.float32]

# By option: what the first tile teaches, one rule a day; None: the option is never exercised.
Rules = Sequence[Sequence[Rule | None] | None]


@dataclass(frozen=True, slots=True)
class LastPhase:
    """When the last phase is on line, and in how many samples by its target."""

    online: DayCounts
    in_time: Tally


@dataclass(frozen=True, slots=True)
class OptionColumns:
    """An option: its gain by its rule a sample; its mean gain if always done, or in hindsight."""

    gain_usd: Column
    always_usd: Mean
    hindsight_usd: Mean
    exercised: tuple[Tally, ...]
    last: LastPhase


@dataclass(frozen=True, slots=True)
class TogetherColumns:
    """All options at once: their gain, and what each adds to the others, in dollars a sample."""

    gain_usd: Column
    added_usd: tuple[Column, ...]
    exercised: tuple[Tally, ...]
    last: LastPhase


@dataclass(frozen=True, slots=True)
class Decided:
    """Every option alone, and all together where there are several (that may be exercised)."""

    alone: tuple[OptionColumns, ...]
    together: TogetherColumns | None


def decided(plan: Baseline, held_usd: FloatArray, rules: Rules | None) -> tuple[Decided, Rules]:
    """What is decided by the rules; by its own samples where there are none yet, which teaches."""
    options = live(plan.programme.options, plan)
    days = [exercised(plan, option, held_usd) for option in options]
    policies = [
        _policy(option, on, held_usd, None if rules is None else rules[i], rules is None)
        for i, (option, on) in enumerate(zip(options, days, strict=True))
    ]
    alone = tuple(
        _alone(plan, on, policy, held_usd) for on, policy in zip(days, policies, strict=True)
    )
    taught = [policy.rules or None for policy in policies]
    together = None
    if len(options) > 1:
        dates = [_dates_s(plan, o, policy) for o, policy in zip(options, policies, strict=True)]
        gains_usd = [policy.worth - held_usd for policy in policies]
        together = _together(plan, list(zip(options, dates, strict=True)), gains_usd)
    return Decided(alone, together), taught


def live(options: Sequence[Option], plan: Baseline) -> list[Option]:
    """The options that have a day left."""
    return [option for option in options if days_s(option, plan.programme.data_date)]


def _policy(
    option: Option,
    days: Sequence[Exercised],
    held_usd: FloatArray,
    rules: Sequence[Rule | None] | None,
    teaches: bool,
) -> Policy:
    """When each sample exercises: by the stated rule, or where it pays given what is known.

    A rule that was found to lose on the whole is one that nobody follows: then it is never.
    """
    if option.when:
        return first_day([day.choice.possible & day.rule for day in days], days, held_usd)
    choices = [day.choice for day in days]
    if teaches:
        found = optimal_policy(choices, held_usd)
        if found.worth.mean() > held_usd.mean():
            return found
    elif rules is not None:
        return followed(choices, rules, held_usd)
    return Policy(np.full(len(held_usd), NEVER, dtype=np.int64), held_usd)


def first_day(
    exercise: Sequence[BoolArray], days: Sequence[Exercised], held_usd: FloatArray
) -> Policy:
    """Exercise on the first day on which each sample may."""
    date = np.full(len(held_usd), NEVER, dtype=np.int64)
    worth = held_usd.copy()
    for k in reversed(range(len(days))):
        date[exercise[k]] = k
        worth[exercise[k]] = days[k].choice.worth[exercise[k]]
    return Policy(date, worth)


def _alone(
    plan: Baseline, days: Sequence[Exercised], policy: Policy, held_usd: FloatArray
) -> OptionColumns:
    always = first_day([day.choice.possible for day in days], days, held_usd)
    hindsight = np.maximum.reduce(
        [held_usd] + [np.where(d.choice.possible, d.choice.worth, held_usd) for d in days]
    )
    then_s = plan.online_s(plan.outcome).copy()
    for k, day in enumerate(days):
        then_s[policy.date == k] = day.online_s[policy.date == k]
    return OptionColumns(
        gain_usd=_column(policy.worth - held_usd),
        always_usd=Mean.of(always.worth - held_usd),
        hindsight_usd=Mean.of(hindsight - held_usd),
        exercised=tuple(Tally.of(policy.date == k) for k in range(len(days))),
        last=_last(plan, then_s),
    )


def _dates_s(plan: Baseline, option: Option, policy: Policy) -> FloatArray:
    """When each sample exercises; `inf`: never."""
    return np.append(days_s(option, plan.programme.data_date), np.inf)[policy.date]


def _together(plan: Baseline, taken: Taken, gains_usd: Sequence[FloatArray]) -> TogetherColumns:
    """All options in one run, and once more without each that is exercised at all.

    Of two, what one adds to the other is what both gain less what the other gains alone.
    """
    counted, outcome, gain_usd = _joint(plan, taken)

    def added_usd(i: int) -> FloatArray:
        if not np.isfinite(taken[i][1]).any():
            return np.zeros_like(gain_usd)
        if len(taken) == 2:
            return gain_usd - gains_usd[1 - i]
        return gain_usd - _joint(plan, [*taken[:i], *taken[i + 1 :]])[2]

    return TogetherColumns(
        gain_usd=_column(gain_usd),
        added_usd=tuple(_column(added_usd(i)) for i in range(len(taken))),
        exercised=tuple(Tally.of(np.isfinite(at_s)) for _, at_s in counted),
        last=_last(plan, plan.online_s(outcome)),
    )


def _joint(plan: Baseline, taken: Taken) -> tuple[Taken, Outcome, FloatArray]:
    """Options as they come in time, what happens with all of them, and what that gains."""
    counted = list(_not_too_late(taken))
    made = [(option, at_s) for option, at_s in counted if np.isfinite(at_s).any()]
    outcome = outcome_with(plan, made)
    return counted, outcome, difference_usd(plan, outcome, made)


def _not_too_late(taken: Taken) -> Iterator[tuple[Option, FloatArray]]:
    """Options on their days, but for those that come when another has ended the same phase.

    Of two that end a phase on one day the first of the file does.
    """
    for i, (option, day_s) in enumerate(taken):
        at_s = np.asarray(day_s)
        for j, (other, other_s) in enumerate(taken):
            if j != i and other.phase == option.phase and isinstance(other, Abandon | Sell):
                too_late = (other_s < at_s) | ((other_s == at_s) & _gives_way(option, i, j))
                at_s = np.where(too_late, np.inf, at_s)
        yield option, at_s


def _gives_way(option: Option, i: int, j: int) -> bool:
    return j < i or not isinstance(option, Abandon | Sell)


def _last(plan: Baseline, online_s: FloatArray) -> LastPhase:
    target = plan.programme.phases[-1].target
    in_time = np.zeros(len(online_s), dtype=np.bool_)
    if target is not None:
        in_time = online_s < ((target.online - plan.programme.data_date).days + 1) * DAY_S
    return LastPhase(DayCounts.of(online_s), Tally.of(in_time))


def _column(values: FloatArray) -> Column:
    return values.astype(np.float32)
