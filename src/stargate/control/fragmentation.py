"""How much of what is free on a node cannot be used by work that is likely to come.

F = sum_m p_m F_m over typical work m of frequency p_m: all that is free where m does not fit (or
asks for no accelerator), and otherwise what is left on accelerators that are each too full for it.
Source: Weng et al., Beware of Fragmentation (USENIX ATC 2023), section 4.2, equations 1 to 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Asks(Protocol):
    """What is asked for, as `sharing.Ask` has it."""

    @property
    def cpu_milli(self) -> int: ...  # noqa: D102
    @property
    def n_gpus(self) -> int: ...  # noqa: D102
    @property
    def gpu_milli(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Typical:
    """The sorts of work that make up most of what comes. `share` indexes the distinct shares."""

    cpu_milli: Ints
    n_gpus: Ints
    share: NDArray[np.intp]
    shares_milli: Ints
    frequency: FloatArray

    @classmethod
    def of(cls, work: Iterable[Asks], popularity: float = 0.95) -> Typical:
        """The most frequent sorts, as many as make up `popularity` of all the work."""
        counts = Counter((ask.cpu_milli, ask.n_gpus, ask.gpu_milli) for ask in work).most_common()
        total, seen, kept = sum(n for _, n in counts), 0, list[tuple[tuple[int, int, int], int]]()
        for sort, n in counts:
            if seen >= popularity * total:
                break
            kept.append((sort, n))
            seen += n
        rows = np.array([sort for sort, _ in kept], dtype=np.int64)
        shares, index = np.unique(rows[:, 2], return_inverse=True)
        frequency = np.array([n for _, n in kept], dtype=np.float64) / seen
        return cls(rows[:, 0], rows[:, 1], index, shares, frequency)


def fragmentation_milli(cpu_milli: Ints, gpu_milli: Ints, typical: Typical) -> FloatArray:
    """F of each node, in thousandths of an accelerator; a row a node, a column an accelerator."""
    free = gpu_milli.sum(axis=1)
    enough = gpu_milli[:, None, :] >= typical.shares_milli[:, None]
    n_enough = ((gpu_milli > 0)[:, None, :] & enough).sum(axis=2)[:, typical.share]
    too_full = np.where(enough, 0, gpu_milli[:, None, :]).sum(axis=2)[:, typical.share]
    fits = (n_enough >= typical.n_gpus) & (cpu_milli[:, None] >= typical.cpu_milli)
    useless = np.where(fits & (typical.n_gpus > 0), too_full, free[:, None])
    return useless @ typical.frequency
