"""How far measurements of one configuration differ from each other: what no model can foresee.

Records that agree in model, accelerators, network, workload and layout are one configuration,
measured twice. Of the same release of its software they differ by the machine, the day and
whatever the source leaves unsaid; of another release also by what was changed in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from stargate.perf.records import Record, Unusable, open_records


@dataclass(frozen=True, slots=True)
class Spread:
    """Differences |ln(a / b)| of the times of `n_pairs` pairs of records; None without pairs."""

    n_pairs: int
    median: float | None
    p75: float | None
    p90: float | None

    @classmethod
    def of(cls, differences: Sequence[float]) -> Spread:
        """The quantiles of these differences."""
        if not differences:
            return cls(0, None, None, None)
        return cls(
            len(differences), *(float(q) for q in np.quantile(differences, (0.5, 0.75, 0.9)))
        )


@dataclass(frozen=True, slots=True)
class Repeats:
    """The spread of repeated runs, of the same release of the software and of two releases."""

    same_release: Spread
    other_release: Spread

    def noise(self, *, same_release: bool) -> float:
        """The relative difference that half of such pairs exceed; 0 where nothing was repeated."""
        spread = self.same_release if same_release else self.other_release
        return spread.median or 0.0


def repeats(records: Iterable[Record | Unusable]) -> Repeats:
    """The spread between the records of each configuration, pair by pair.

    A pair of one release but of two software generations (eager and compiled) is no repetition.
    """
    same: list[float] = []
    other: list[float] = []
    for runs in _configurations(records):
        for left, right in combinations(runs, 2):
            difference = abs(float(np.log(left.measured_s / right.measured_s)))
            if left.origin.release != right.origin.release:
                other.append(difference)
            elif left.machine.software.name == right.machine.software.name:
                same.append(difference)
    return Repeats(Spread.of(same), Spread.of(other))


@cache
def known_repeats() -> Repeats:
    """The spread of repeated runs in the records that come with Stargate."""
    return repeats(open_records())


def _configurations(records: Iterable[Record | Unusable]) -> list[list[Record]]:
    """Records that ask the same question of the same family of sources, software aside."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if isinstance(record, Record):
            machine = record.machine
            place = machine.accelerator.id, machine.count, machine.network, machine.blocking
            question = record.model, record.workload, record.strategies
            groups[repr((record.origin.family, place, question))].append(record)
    return list(groups.values())
