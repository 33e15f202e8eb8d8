"""Measurements laid out for a fit: records of steps by machine, then kernels by table.

One evaluation is a few array calls. Kernels that were timed alone are a software generation of
their own in each accelerator family, `KERNELS`: what they say moves what the family shares, and
how far a framework's steps stay behind is left to the records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array, Ints
from stargate.perf.kernels import Kernels, predicted_s
from stargate.perf.machine import family_of
from stargate.perf.record_batch import Batch, batches
from stargate.perf.records import Record

GenerationKey = tuple[str, str]  # accelerator family, software
KERNELS = "kernels"


@dataclass(frozen=True)
class Samples:
    """`measured_s[i]` is row i's time and `generation[i]` the index of its software.

    The rows are the records, then the kernels.
    """

    records: tuple[Record, ...]
    kernels: tuple[Kernels, ...]
    batches: tuple[tuple[Ints, Batch], ...]
    generations: tuple[GenerationKey, ...]
    generation: Ints
    measured_s: Array

    @classmethod
    def of(cls, records: Sequence[Record], kernels: Sequence[Kernels] = ()) -> Samples:
        """The records, grouped, and the kernels."""
        held = tuple(records)
        keys = [key_of_record(r) for r in held]
        keys += [key_of(one) for one in kernels for _ in one.measured_s]
        generations = tuple(sorted(set(keys)))
        return cls(
            held,
            tuple(kernels),
            tuple((np.array(indices), batch) for indices, batch in batches(held)),
            generations,
            np.array([generations.index(key) for key in keys], np.int64),
            np.concatenate([[r.measured_s for r in held], *(one.measured_s for one in kernels)]),
        )

    def log_errors(self, coefficients: Mapping[GenerationKey, Coefficients]) -> Array:
        """ln(predicted / measured) of every row."""
        predicted = np.empty(len(self.measured_s))
        for indices, batch in self.batches:
            software = batch.machine.software
            chosen = coefficients[software.family, software.name]
            predicted[indices] = batch.predicted_s(chosen)
        if self.kernels:
            timed = [predicted_s(one, coefficients[key_of(one)]) for one in self.kernels]
            predicted[len(self.records) :] = np.concatenate(timed)
        return np.log(predicted / self.measured_s)

    def groups(self, by: Mapping[str, str]) -> dict[str, Ints]:
        """Indices of the records of each value of `by`, a mapping from record id."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, record in enumerate(self.records):
            found[by[record.origin.id]].append(index)
        return {name: np.array(found[name]) for name in sorted(found)}


def key_of_record(record: Record) -> GenerationKey:
    """The generation that a record is a sample of."""
    return record.machine.software.family, record.machine.software.name


def key_of(kernels: Kernels) -> GenerationKey:
    """The generation that kernels are samples of."""
    return family_of(kernels.accelerator), KERNELS
