"""What options are worth: by their rule, always, with hindsight; and the regret of each course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stargate.programme.options.courses import Exercised, days_s
from stargate.programme.options.lsm import NEVER, Policy, optimal_policy
from stargate.programme.result import Course, OptionResult
from stargate.programme.sampled import Quantiles
from stargate.spec.option import Option
from stargate.spec.programme import Programme
from stargate.units import DAY_S

if TYPE_CHECKING:
    from stargate.programme.tile import Columns

FloatArray = NDArray[np.float64]

_TWO_SIDED_95 = 1.959963984540054


def option_results(
    programme: Programme, columns: Columns
) -> tuple[tuple[OptionResult, ...], tuple[Course, ...]]:
    """Every option of the programme, and the regret of the plan as it stands and with each."""
    held_usd = columns.worth_usd
    online_s = columns.online_s[f"{programme.phases[-1].id}.online"]
    found: list[OptionResult] = []
    worth_usd = {"as it stands": held_usd}
    for option, days in zip(programme.options, columns.options, strict=True):
        if not days:
            continue
        policy = policy_of(option, days, held_usd)
        found.append(option_result(programme, option, days, policy, held_usd, online_s))
        worth_usd[option.name or option.id] = policy.worth
    return tuple(found), courses(worth_usd) if found else ()


def policy_of(option: Option, days: Sequence[Exercised], held_usd: FloatArray) -> Policy:
    """When each sample exercises: by the stated rule, or where it pays given what is known.

    A rule that was found to lose on the whole is one that nobody follows: then it is never.
    """
    if option.when:
        return first_day([day.choice.possible & day.rule for day in days], days, held_usd)
    found = optimal_policy([day.choice for day in days], held_usd)
    if found.worth.mean() > held_usd.mean():
        return found
    return Policy(np.full(len(held_usd), NEVER, dtype=np.int64), held_usd)


def first_day(
    exercise: Sequence[NDArray[np.bool_]], days: Sequence[Exercised], held_usd: FloatArray
) -> Policy:
    """Exercise on the first day on which each sample may."""
    date = np.full(len(held_usd), NEVER, dtype=np.int64)
    worth = held_usd.copy()
    for k in reversed(range(len(days))):
        date[exercise[k]] = k
        worth[exercise[k]] = days[k].choice.worth[exercise[k]]
    return Policy(date, worth)


def option_result(
    programme: Programme,
    option: Option,
    days: Sequence[Exercised],
    policy: Policy,
    held_usd: FloatArray,
    online_s: FloatArray,
) -> OptionResult:
    """An option in numbers; `online_s` is the last phase's by the plan as it stands."""
    gain = policy.worth - held_usd
    always = first_day([day.choice.possible for day in days], days, held_usd)
    hindsight = np.maximum.reduce(
        [held_usd] + [np.where(d.choice.possible, d.choice.worth, held_usd) for d in days]
    )
    then_s = _dated(policy, days, online_s)
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else 0.0
    value = float(gain.mean())
    return OptionResult(
        id=option.id,
        name=option.name or option.id,
        kind=option.kind,
        phase=option.phase,
        rule="stated" if option.when else "optimal",
        days_s=days_s(option, programme.data_date),
        exercised=tuple(float(np.mean(policy.date == k)) for k in range(len(days))),
        probability_exercised=float(np.mean(policy.date != NEVER)),
        value_usd=value,
        low_usd=value - _TWO_SIDED_95 * error,
        high_usd=value + _TWO_SIDED_95 * error,
        value_if_always_usd=float((always.worth - held_usd).mean()),
        value_with_hindsight_usd=float((hindsight - held_usd).mean()),
        net_present_value=Quantiles.of(policy.worth),
        online=Quantiles.of(then_s),
        probability_online=float(np.isfinite(then_s).mean()),
        probability_by_target=_in_time(programme, then_s),
        source=option.source,
        note=option.note,
    )


def _dated(policy: Policy, days: Sequence[Exercised], online_s: FloatArray) -> FloatArray:
    then_s = online_s.copy()
    for k, day in enumerate(days):
        then_s[policy.date == k] = day.online_s[policy.date == k]
    return then_s


def _in_time(programme: Programme, online_s: FloatArray) -> float | None:
    target = programme.phases[-1].target
    if target is None:
        return None
    return float(np.mean(online_s < ((target.online - programme.data_date).days + 1) * DAY_S))


def courses(worth_usd: Mapping[str, FloatArray]) -> tuple[Course, ...]:
    """Regret of each course of action: what the best of them gives more, sample by sample."""
    best = np.maximum.reduce(list(worth_usd.values()))
    return tuple(
        Course(
            name=name,
            net_present_value=Quantiles.of(worth),
            regret=Quantiles.of(best - worth),
            probability_best=float(np.mean(worth >= best)),
        )
        for name, worth in worth_usd.items()
    )
