"""Measured kernels as columns, those of one machine, source and variant together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.columns import Array


@dataclass(frozen=True, slots=True)
class Row:
    """One measured kernel: `texts` tell its variant (dtype, algorithm), `sizes` its shape in SI."""

    name: str
    kind: str
    accelerator: str
    source: str
    texts: Mapping[str, str]
    sizes: Mapping[str, float]
    measured_s: float


@dataclass(frozen=True)
class Kernels:
    """Kernels of one kind (gemm, attention, experts, collectives), accelerator, source, variant.

    `sizes` has a column for each size, `names` says where each row stands.
    """

    kind: str
    accelerator: str
    source: str
    texts: Mapping[str, str]
    sizes: Mapping[str, Array]
    measured_s: Array
    names: Sequence[str]

    @property
    def label(self) -> str:
        """What tells these kernels from all others."""
        return " | ".join((self.kind, self.accelerator, self.source, *self.texts.values()))


def stacked(rows: Iterable[Row]) -> tuple[Kernels, ...]:
    """The rows, as columns of those that share everything but their sizes."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.kind, row.accelerator, row.source, tuple(row.texts.items())].append(row)
    return tuple(_stack(group) for group in groups.values())


def _stack(rows: Sequence[Row]) -> Kernels:
    first = rows[0]
    return Kernels(
        first.kind,
        first.accelerator,
        first.source,
        first.texts,
        {name: np.array([row.sizes[name] for row in rows]) for name in first.sizes},
        np.array([row.measured_s for row in rows]),
        tuple(row.name for row in rows),
    )
