"""What is kept of the samples of a tile, and no more: what percentiles of the whole need.

Dates are told to the day and add up as counts of days. Dates and capital of phases stay to the
last digit, one number of eight bytes a sample; what else is told as a percentile, of four.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.programme.cash_columns import CashColumns
from stargate.programme.columns import Tally
from stargate.programme.day_counts import DayCounts
from stargate.programme.gates import Decision
from stargate.programme.options.decided import Decided

FloatArray = NDArray[np.float64]
Column = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AttemptColumns:
    """A meeting of a gate: on which days it is held, how often it says yes, on what evidence.

    `passed_by_now` counts this one and those before; `evidence` is `nan` where there is none.
    """

    on: DayCounts
    passed: Tally
    passed_by_now: Tally
    evidence: Column


@dataclass(frozen=True, slots=True)
class GateColumns:
    """A gate: when it opens, how long that takes, and which criteria hold alone at the first."""

    passed_s: FloatArray
    wait: DayCounts
    alone: tuple[Tally, ...]
    attempts: tuple[AttemptColumns, ...]


@dataclass(frozen=True, slots=True)
class RunColumns:
    """A training run, one value a sample; `nan` where it never took place."""

    accelerators: NDArray[np.int32]
    start: DayCounts
    duration_s: Column
    compute_flop: Column
    tokens: Column
    loss_nats: Column
    capability: Column


@dataclass(frozen=True, slots=True)
class Columns:
    """What is told of sample by sample."""

    online_s: Mapping[str, FloatArray]
    first_online: Mapping[str, DayCounts]
    capex_usd: Mapping[str, FloatArray]
    gates: Mapping[str, GateColumns]
    runs: Mapping[str, RunColumns]
    finance: Mapping[str, FloatArray | Column]
    cash: CashColumns
    worth_usd: FloatArray
    decided: Decided

    @property
    def n(self) -> int:
        """How many samples."""
        return len(self.worth_usd)


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """On which days an activity starts and ends, how long it takes, how often it drives the end."""

    start: DayCounts
    finish: DayCounts
    duration: DayCounts
    driving: Tally


def gate_columns(decision: Decision) -> GateColumns:
    """What is kept of a gate's decisions."""
    opened = decision.opened
    waits = np.full(len(opened), np.inf)
    waits[opened] = decision.time_s[opened] - decision.ready_s[opened]
    return GateColumns(
        passed_s=np.where(opened, decision.time_s, np.inf),
        wait=DayCounts.of(waits, nearest=True),
        alone=tuple(Tally.of(alone) for alone in decision.first_alone),
        attempts=tuple(_attempt(decision, k) for k in range(len(decision.attempt_s))),
    )


def _attempt(decision: Decision, k: int) -> AttemptColumns:
    held = decision.held[k]
    return AttemptColumns(
        on=DayCounts.of(decision.attempt_s[k][held]),
        passed=Tally.of(decision.passed[k]),
        passed_by_now=Tally.of(np.logical_or.reduce(decision.passed[: k + 1])),
        evidence=np.where(held, decision.evidence[k], np.nan).astype(np.float32),
    )
