"""Records laid out for a fit: grouped by machine, so that one evaluation is a few array calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array, Ints
from stargate.perf.record_batch import Batch, batches
from stargate.perf.records import Record

GenerationKey = tuple[str, str]  # accelerator family, software


@dataclass(frozen=True)
class Samples:
    """`measured_s[i]` is record i's step time and `generation[i]` the index of its software."""

    records: tuple[Record, ...]
    batches: tuple[tuple[Ints, Batch], ...]
    generations: tuple[GenerationKey, ...]
    generation: Ints
    measured_s: Array

    @classmethod
    def of(cls, records: Sequence[Record]) -> Samples:
        """The records, grouped."""
        held = tuple(records)
        keys = [(r.machine.software.family, r.machine.software.name) for r in held]
        generations = tuple(sorted(set(keys)))
        return cls(
            held,
            tuple((np.array(indices), batch) for indices, batch in batches(held)),
            generations,
            np.array([generations.index(key) for key in keys], np.int64),
            np.array([record.measured_s for record in held]),
        )

    def log_errors(self, coefficients: Mapping[GenerationKey, Coefficients]) -> Array:
        """ln(predicted / measured) of every record."""
        predicted = np.empty(len(self.records))
        for indices, batch in self.batches:
            software = batch.machine.software
            chosen = coefficients[software.family, software.name]
            predicted[indices] = batch.predicted_s(chosen)
        return np.log(predicted / self.measured_s)

    def groups(self, by: Mapping[str, str]) -> dict[str, Ints]:
        """Indices of the records of each value of `by`, a mapping from record id."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, record in enumerate(self.records):
            found[by[record.origin.id]].append(index)
        return {name: np.array(found[name]) for name in sorted(found)}
