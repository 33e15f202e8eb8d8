"""Scores the step-time model against published measurements.

Every record that can be run is predicted with the strategy that it states; records that share a
machine go through the model as one batch. `error` is predicted over measured, less one. What
cannot be run carries the reason; what does not fit in memory by a wide margin is an impossible
layout and is not scored either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stargate.perf.coefficients import Coefficients, calibrated_sources
from stargate.perf.columns import Ints
from stargate.perf.interval import interval_s
from stargate.perf.record_batch import Batch, batches
from stargate.perf.records import Origin, Record, Unusable
from stargate.perf.step import StepTable
from stargate.spec.workload import Strategy

MEMORY_MARGIN = 3.0  # a layout is called impossible only where no error of ours explains it
HFU_MIN, HFU_MAX = 0.002, 1.0


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


def score(
    records: Sequence[Record | Unusable],
    coefficients: Mapping[str, Coefficients] | None = None,
    seen: Collection[str] | None = None,
) -> tuple[Score | Unusable, ...]:
    """Every record's prediction or reason, in the order of the records.

    `coefficients` by record id take the place of the machine's, as in a cross-validation. Rows of
    `seen` families of records, those of the shipped calibration, have the narrower interval.
    """
    answers = {i: record for i, record in enumerate(records) if isinstance(record, Unusable)}
    places = [i for i, record in enumerate(records) if isinstance(record, Record)]
    usable = [record for record in records if isinstance(record, Record)]
    scores: dict[int, Score | Unusable] = {**answers}
    known = calibrated_sources() if seen is None else seen
    for indices, batch in _batches(usable, coefficients or {}):
        scores.update(zip((places[i] for i in indices), _judged(batch, known), strict=True))
    return tuple(scores[index] for index in range(len(records)))


def _batches(
    records: Sequence[Record], coefficients: Mapping[str, Coefficients]
) -> Iterable[tuple[Ints, Batch]]:
    moved = [
        replace(r, machine=r.machine.with_coefficients(coefficients[r.origin.id]))
        if r.origin.id in coefficients
        else r
        for r in records
    ]
    return batches(moved)


def _judged(batch: Batch, known: Collection[str]) -> Iterable[Score | Unusable]:
    steps = batch.steps()
    for record, start, row in zip(batch.records, batch.starts, batch.chosen(steps), strict=False):
        seen = record.origin.family in known
        yield _judge(record, steps, int(row), int(row - start), seen=seen)


def _judge(
    record: Record, steps: StepTable, row: int, candidate: int, *, seen: bool
) -> Score | Unusable:
    """The prediction, unless no error of ours could explain how far off the record would be."""
    if row < 0:
        return Unusable(record.origin, "the model has no finite answer", record.measured_s)
    device, held = record.machine.accelerator.visible_memory_bytes, float(steps.memory_bytes[row])
    if held > MEMORY_MARGIN * device and not record.offloads:
        reason = f"impossible layout: {held / 1e9:.0f} GB needed of {device / 1e9:.0f} GB"
        return Unusable(record.origin, reason, record.measured_s)
    predicted_s = float(steps.step_time_s[row])
    hfu = float(steps.hfu[row]) * predicted_s / record.measured_s
    if hfu > HFU_MAX:
        reason = f"measured faster than the peak allows ({hfu:.2f} of it)"
        return Unusable(record.origin, reason, record.measured_s)
    if hfu < HFU_MIN:
        reason = f"measured so slow that {hfu:.1e} of the peak is used: no training step"
        return Unusable(record.origin, reason, record.measured_s)
    return Score(
        origin=record.origin,
        table=record.table,
        measured_s=record.measured_s,
        predicted_s=predicted_s,
        interval_s=interval_s(record.model, record.machine, predicted_s, seen=seen),
        strategy=record.strategies[candidate],
        n_accelerators=record.machine.count,
        n_sequences=record.workload.global_batch,
        seq_len=record.workload.seq_len,
        precision=record.workload.precision,
        memory_bytes=held,
        breakdown_s={name: float(term[row]) for name, term in steps.breakdown_s.items()},
        assumptions=record.assumptions,
    )
