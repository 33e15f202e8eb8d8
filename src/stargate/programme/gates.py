"""Gates: evidence is weighed on a day, again after a while, and failing has a stated effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.spec.gate import Criterion, Forecast, Gate, Judgement, Measured
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# What a forecast says at a time: (its criterion's evidence, time a sample) -> metric a sample.
Forecaster = Callable[[Forecast, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate did in every sample.

    `attempt_s` and `evidence` are (attempts, n), evidence of the first criterion, nan where there
    is none; `held` marks the attempts that took place, `passed` those that said yes;
    `first_alone` (criteria, n) says which criteria hold at the first attempt to come. `time_s` is
    when the way is free (`inf`: never), `share` what is left of the capacity behind the gate, and
    `cancelled_s` when all that waits for it is given up (`inf`: never).
    """

    ready_s: FloatArray
    attempt_s: FloatArray
    evidence: FloatArray
    held: BoolArray
    passed: BoolArray
    first_alone: BoolArray
    time_s: FloatArray
    share: FloatArray
    cancelled_s: FloatArray

    @property
    def opened(self) -> BoolArray:
        """The samples in which some attempt passed."""
        return np.asarray(self.passed.any(axis=0))


def decide(
    gate: Gate,
    ready_s: FloatArray,
    draws: Draws,
    data_date: date,
    forecast: Forecaster,
    failed_s: Sequence[float] = (),
) -> Decision:
    """Weigh the evidence of a gate at every attempt until one passes.

    `failed_s` are the attempts that are known to have failed. What evidence they were shown is not
    known, and they teach nothing of the evidence to come: a measured value does.
    """
    times = _attempts_s(gate, ready_s, data_date, failed_s)
    attempts, n_failed = range(len(times)), len(failed_s)
    metrics = [
        np.stack([_metric(gate, c, times[k], k, draws, data_date, forecast) for k in attempts])
        for c in gate.criteria
    ]
    holds = [
        _reached(criterion, metric)
        for criterion, metric in zip(gate.criteria, metrics, strict=True)
    ]
    comes = np.isfinite(times)
    yes = np.logical_and.reduce(holds) & comes
    yes[:n_failed] = False
    metrics[0][:n_failed] = np.nan
    next_one = min(n_failed, len(times) - 1)
    before = np.cumsum(yes, axis=0) - yes
    held, passed = comes & (before == 0), yes & (before == 0)
    return Decision(
        ready_s=times[0],
        attempt_s=times,
        evidence=metrics[0],
        held=held,
        passed=passed,
        first_alone=np.stack([hold[next_one] & comes[next_one] for hold in holds]),
        time_s=_way_free_s(gate, times, passed),
        share=np.where(passed.any(axis=0) | (gate.on_fail != "descope"), 1.0, gate.descope_to),
        cancelled_s=_given_up_s(gate, times, passed),
    )


def _attempts_s(
    gate: Gate, ready_s: FloatArray, data_date: date, failed_s: Sequence[float]
) -> FloatArray:
    """The times of all attempts, those that failed first: (attempts, n)."""
    every_s = gate.retry_every_s or 0.0
    due_s = failed_s[-1] + every_s if failed_s else (gate.decide - data_date).days * DAY_S
    next_s = np.maximum(ready_s, due_s)
    past = [np.full_like(next_s, at) for at in failed_s]
    to_come = [next_s + k * every_s for k in range(gate.retries + 1 - len(past))]
    return np.stack([*past, *to_come])


def _way_free_s(gate: Gate, times: FloatArray, passed: BoolArray) -> FloatArray:
    """The time of the pass; after the last failure, at once or never, as the gate says."""
    opened = np.where(passed, times, np.inf).min(axis=0)
    if gate.on_fail in ("continue", "descope"):
        return np.minimum(opened, times[-1])
    return opened


def _given_up_s(gate: Gate, times: FloatArray, passed: BoolArray) -> FloatArray:
    """The last failure, where failing it cancels."""
    if gate.on_fail != "cancel":
        return np.full(times.shape[1], np.inf)
    return np.where(passed.any(axis=0), np.inf, times[-1])


def _reached(criterion: Criterion, metric: FloatArray) -> BoolArray:
    """Missing evidence (nan) reaches nothing."""
    if criterion.at_least is not None:
        return metric >= criterion.at_least
    return metric <= (criterion.at_most or 0.0)


def _metric(
    gate: Gate,
    criterion: Criterion,
    time_s: FloatArray,
    attempt: int,
    draws: Draws,
    data_date: date,
    forecast: Forecaster,
) -> FloatArray:
    name = f"gate/{gate.id}/{criterion.metric}"
    match criterion.evidence:
        case Judgement(value=value):
            return draw(value, draws.score(f"{name}/{attempt + 1}"))
        case Measured(value=value, sd=sd, on=day):
            known_s = (day - data_date).days * DAY_S
            return np.where(time_s >= known_s, value + sd * draws.score(name), np.nan)
        case Forecast() as evidence:
            return forecast(evidence, time_s)
