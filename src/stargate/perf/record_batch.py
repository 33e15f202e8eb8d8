"""Records that share a machine, laid out as one table, so that they are predicted in one call.

A record may leave a choice open (the micro-batch, the virtual stages): each of its candidate
strategies is a row, and the fastest that fits is taken, since whoever publishes a figure has tuned
it; where none fits, the smallest. Fitting is meant with the margin by which the memory that we
predict may be too high.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array, Ints
from stargate.perf.machine import Machine
from stargate.perf.records import Record
from stargate.perf.shape import ModelShape, WorkShape
from stargate.perf.step import StepTable, evaluate_shapes, work_shape
from stargate.perf.strategy import StrategyTable

MEMORY_TOLERANCE = 1.25


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows `starts[i]` to `starts[i + 1]` of the table are the candidates of record i."""

    records: tuple[Record, ...]
    machine: Machine
    table: StrategyTable
    shape: ModelShape
    work: WorkShape
    starts: Ints

    @classmethod
    def of(cls, records: Sequence[Record]) -> Batch:
        """The table of all candidates of records whose machines differ in nothing but size."""
        owners = [record for record in records for _ in record.strategies]
        strategies = [strategy for record in records for strategy in record.strategies]
        return cls(
            tuple(records),
            records[0].machine,
            StrategyTable.of(strategies, [record.machine.count for record in owners]),
            ModelShape.stack([ModelShape.of(record.model) for record in owners]),
            WorkShape.stack([work_shape(record.machine, record.workload) for record in owners]),
            np.cumsum([0, *(len(record.strategies) for record in records)]),
        )

    def steps(self, coefficients: Coefficients | None = None) -> StepTable:
        """Every candidate's step, under the machine's coefficients or others."""
        machine = self.machine
        if coefficients is not None:
            machine = machine.with_coefficients(coefficients)
        return evaluate_shapes(self.shape, machine, self.work, self.table)

    def chosen(self, steps: StepTable) -> Ints:
        """The row of each record's choice; -1 where no candidate has a finite time."""
        limit = self.machine.accelerator.visible_memory_bytes * MEMORY_TOLERANCE
        return np.array(
            [
                _choice(steps.step_time_s[start:end], steps.memory_bytes[start:end], limit, start)
                for start, end in zip(self.starts, self.starts[1:], strict=False)
            ],
            np.int64,
        )

    def predicted_s(self, coefficients: Coefficients) -> Array:
        """Step time of each record's choice."""
        steps = self.steps(coefficients)
        return steps.step_time_s[self.chosen(steps)]


def batches(records: Sequence[Record]) -> Iterator[tuple[Ints, Batch]]:
    """The records by machine, each batch with the places of its records in the sequence."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        groups[_machine_key(record.machine)].append(index)
    for indices in groups.values():
        yield np.array(indices), Batch.of([records[index] for index in indices])


def _machine_key(machine: Machine) -> object:
    software = machine.software
    key = (software.family, software.name, software.coefficients, software.assumed)
    return machine.accelerator.id, machine.network, machine.blocking, key


def _choice(time_s: Array, held_bytes: Array, limit_bytes: float, start: int) -> int:
    usable = np.isfinite(time_s) & (time_s > 0) & np.isfinite(held_bytes)
    if not usable.any():
        return -1
    fits = usable & (held_bytes <= limit_bytes)
    order = np.where(fits, time_s, np.inf) if fits.any() else np.where(usable, held_bytes, np.inf)
    return int(start + np.argmin(order))
