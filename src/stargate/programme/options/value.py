"""What options are worth: by their rule, always, with hindsight, together; the regret of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stargate.programme.options.courses import days_s
from stargate.programme.options.decided import (
    Decided,
    LastPhase,
    OptionColumns,
    TogetherColumns,
)
from stargate.programme.result import AddedResult, Course, OptionResult, TogetherResult
from stargate.programme.sampled import Quantiles
from stargate.spec.option import Option
from stargate.spec.programme import Programme

FloatArray = NDArray[np.float64]
Column = NDArray[np.float32]
Interval = tuple[float, float, float]

_TWO_SIDED_95 = 1.959963984540054
AS_IT_STANDS = "as it stands"
ALL_TOGETHER = "all together"


def option_results(
    programme: Programme, columns: Decided, held_usd: FloatArray
) -> tuple[tuple[OptionResult, ...], TogetherResult | None, tuple[Course, ...]]:
    """Every option, all together, and the regret of the plan as it stands and with each."""
    options = [o for o in programme.options if days_s(o, programme.data_date)]
    if not options:
        return (), None, ()
    found = tuple(
        _option(programme, option, kept, held_usd)
        for option, kept in zip(options, columns.alone, strict=True)
    )
    worth_usd = {AS_IT_STANDS: held_usd}
    for option, kept in zip(options, columns.alone, strict=True):
        worth_usd[option.name or option.id] = held_usd + kept.gain_usd
    together = None
    if columns.together is not None:
        together = _together(programme, found, columns.together, held_usd)
        worth_usd[ALL_TOGETHER] = held_usd + columns.together.gain_usd
    return found, together, courses(worth_usd)


def _option(
    programme: Programme, option: Option, kept: OptionColumns, held_usd: FloatArray
) -> OptionResult:
    value, low, high = interval(kept.gain_usd)
    n, last = len(held_usd), kept.last
    return OptionResult(
        id=option.id,
        name=option.name or option.id,
        kind=option.kind,
        phase=option.phase,
        rule="stated" if option.when else "optimal",
        days_s=days_s(option, programme.data_date),
        exercised=tuple(day.n / n for day in kept.exercised),
        probability_exercised=sum(day.n for day in kept.exercised) / n,
        value_usd=value,
        low_usd=low,
        high_usd=high,
        value_if_always_usd=kept.always_usd.mean,
        value_with_hindsight_usd=kept.hindsight_usd.mean,
        net_present_value=Quantiles.of(held_usd + kept.gain_usd),
        online=last.online.quantiles(),
        probability_online=_on_line(last),
        probability_by_target=_in_time(programme, last),
        source=option.source,
        note=option.note,
    )


def _together(
    programme: Programme,
    alone: Sequence[OptionResult],
    kept: TogetherColumns,
    held_usd: FloatArray,
) -> TogetherResult:
    value, low, high = interval(kept.gain_usd)
    return TogetherResult(
        value_usd=value,
        low_usd=low,
        high_usd=high,
        sum_alone_usd=sum(option.value_usd for option in alone),
        added=tuple(
            AddedResult(option.id, *interval(added), exercised.n / len(held_usd))
            for option, added, exercised in zip(alone, kept.added_usd, kept.exercised, strict=True)
        ),
        net_present_value=Quantiles.of(held_usd + kept.gain_usd),
        online=kept.last.online.quantiles(),
        probability_online=_on_line(kept.last),
        probability_by_target=_in_time(programme, kept.last),
    )


def interval(gain_usd: Column) -> Interval:
    """Mean, and its 95 % interval of sampling."""
    value = float(np.mean(gain_usd, dtype=np.float64))
    if len(gain_usd) < 2:
        return value, value, value
    error = float(np.std(gain_usd, ddof=1, dtype=np.float64) / np.sqrt(len(gain_usd)))
    return value, value - _TWO_SIDED_95 * error, value + _TWO_SIDED_95 * error


def _on_line(last: LastPhase) -> float:
    return 1.0 - last.online.never / last.online.n


def _in_time(programme: Programme, last: LastPhase) -> float | None:
    target = programme.phases[-1].target
    return None if target is None else last.in_time.n / last.online.n


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
