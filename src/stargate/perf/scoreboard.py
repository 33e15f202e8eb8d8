"""Scores the step-time model against published measurements.

Every record that can be run is predicted with the strategy that it states; records that share a
machine go through the model as one batch. `error` is predicted over measured, less one. What
cannot be run carries the reason; what does not fit in memory by a wide margin is an impossible
layout and is not scored either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.machine import Machine
from stargate.perf.records import Origin, Record, Unusable
from stargate.perf.search import interval_s
from stargate.perf.shape import PEAK_OF, ModelShape, WorkShape
from stargate.perf.step import StepTable, evaluate_shapes
from stargate.perf.strategy import StrategyTable
from stargate.spec.workload import Strategy

MEMORY_MARGIN = 3.0  # a layout is called impossible only where no error of ours explains it
HFU_MAX = 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """A record beside its prediction."""

    origin: Origin
    table: str
    measured_s: float
    predicted_s: float
    interval_s: tuple[float, float]
    strategy: Strategy
    n_accelerators: int
    n_sequences: int
    seq_len: int
    precision: str
    memory_bytes: float
    breakdown_s: dict[str, float]
    assumptions: tuple[str, ...]

    @property
    def error(self) -> float:
        """Predicted over measured, less one."""
        return self.predicted_s / self.measured_s - 1.0

    @property
    def is_covered(self) -> bool:
        """Whether the interval holds the measured time."""
        return self.interval_s[0] <= self.measured_s <= self.interval_s[1]


def score(records: Sequence[Record | Unusable]) -> tuple[Score | Unusable, ...]:
    """Every record's prediction or reason, in the order of the records."""
    answers: dict[int, Score | Unusable] = {}
    batches: dict[object, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        if isinstance(record, Unusable):
            answers[index] = record
        else:
            batches[_machine_key(record.machine)].append(index)
    for indices in batches.values():
        batch = [record for i in indices if isinstance(record := records[i], Record)]
        answers.update(zip(indices, _score_batch(batch), strict=True))
    return tuple(answers[index] for index in range(len(records)))


def _machine_key(machine: Machine) -> object:
    software = machine.software
    key = (software.family, software.name, software.coefficients, software.assumed)
    return machine.accelerator.id, machine.network, key


def _score_batch(records: Sequence[Record]) -> Iterable[Score | Unusable]:
    """Predict records of one machine, each with all its candidate strategies, as one table."""
    machine = records[0].machine
    starts = np.cumsum([0, *(len(record.strategies) for record in records)])
    owners = [record for record in records for _ in record.strategies]
    strategies = [strategy for record in records for strategy in record.strategies]
    table = StrategyTable.of(strategies, [record.machine.count for record in owners])
    shape = ModelShape.stack([ModelShape.of(record.model) for record in owners])
    work = WorkShape.stack([_work(record) for record in owners])
    steps = evaluate_shapes(shape, machine, work, table)
    for record, start, end in zip(records, starts, starts[1:], strict=False):
        yield _judge(record, steps, range(start, end))


def _work(record: Record) -> WorkShape:
    kernel = record.workload.attention_kernel
    unfused = record.machine.software.unfused_attention if kernel is None else kernel == "unfused"
    peak = record.machine.peak_flop_per_s(PEAK_OF[record.workload.precision])
    return WorkShape.of(record.workload, peak, unfused=unfused)


def _judge(record: Record, steps: StepTable, rows: range) -> Score | Unusable:
    """The fastest candidate that fits, or the smallest; impossible ones are named."""
    device = record.machine.accelerator.visible_memory_bytes
    held = steps.memory_bytes[rows.start : rows.stop]
    time_s = steps.step_time_s[rows.start : rows.stop]
    usable = np.isfinite(time_s) & (time_s > 0) & np.isfinite(held)
    if not usable.any():
        return Unusable(record.origin, "the model has no finite answer", record.measured_s)
    fits = usable & (held <= device)
    order = np.where(fits, time_s, np.inf) if fits.any() else np.where(usable, held, np.inf)
    chosen = int(np.argmin(order))
    if held[chosen] > MEMORY_MARGIN * device and not record.offloads:
        reason = f"impossible layout: {held[chosen] / 1e9:.0f} GB needed of {device / 1e9:.0f} GB"
        return Unusable(record.origin, reason, record.measured_s)
    predicted_s = float(time_s[chosen])
    hfu = float(steps.hfu[rows.start + chosen]) * predicted_s / record.measured_s
    if hfu > HFU_MAX:
        reason = f"measured faster than the peak allows ({hfu:.2f} of it)"
        return Unusable(record.origin, reason, record.measured_s)
    return Score(
        origin=record.origin,
        table=record.table,
        measured_s=record.measured_s,
        predicted_s=predicted_s,
        interval_s=interval_s(record.machine, predicted_s),
        strategy=record.strategies[chosen],
        n_accelerators=record.machine.count,
        n_sequences=record.workload.global_batch,
        seq_len=record.workload.seq_len,
        precision=record.workload.precision,
        memory_bytes=float(held[chosen]),
        breakdown_s={k: float(v[rows.start + chosen]) for k, v in steps.breakdown_s.items()},
        assumptions=record.assumptions,
    )
