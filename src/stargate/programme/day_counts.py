"""How often something happens on which day: quantiles of dates without keeping the samples.

Counts of whole days add up exactly, in any order, so that a plan of any number of samples keeps a
few kilobytes a task, and its dates are the same however the samples were shared out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stargate.programme.sampled import PERCENTILES, Quantiles
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Later than this is counted on the last day: two centuries.
_LAST_DAY = 73_000


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Counts of the days from `first_day` on, of what never happens, and the sum of the times."""

    first_day: int
    counts: IntArray
    never: int
    total_s: float

    @classmethod
    def of(cls, time_s: FloatArray) -> Self:
        """The days on which times fall, counted from the data date; also lengths, in whole days."""
        happens = np.isfinite(time_s)
        times = time_s if happens.all() else time_s[happens]
        if not len(times):
            return cls(0, np.zeros(0, dtype=np.int64), len(time_s), 0.0)
        days = np.minimum(np.floor(times * (1.0 / DAY_S)), _LAST_DAY).astype(np.int64)
        first = int(days.min())
        return cls(first, np.bincount(days - first), len(time_s) - len(times), float(times.sum()))

    def and_those(self, other: Self) -> Self:
        """Both together."""
        if not len(self.counts) or not len(other.counts):
            kept = self if len(self.counts) else other
            never, total_s = self.never + other.never, self.total_s + other.total_s
            return type(self)(kept.first_day, kept.counts, never, total_s)
        first = min(self.first_day, other.first_day)
        end = max(part.first_day + len(part.counts) for part in (self, other))
        counts = np.zeros(end - first, dtype=np.int64)
        for part in (self, other):
            at = part.first_day - first
            counts[at : at + len(part.counts)] += part.counts
        return type(self)(first, counts, self.never + other.never, self.total_s + other.total_s)

    @property
    def n(self) -> int:
        """How many are counted, with those that never happen."""
        return int(self.counts.sum()) + self.never

    def quantiles(self) -> Quantiles:
        """Percentiles to the day, `inf` where that share never happens; `nan` of nothing at all."""
        if not self.n:
            return Quantiles(np.nan, np.nan, np.nan, np.nan, np.nan)
        up_to = np.cumsum(self.counts)
        ranks = [np.ceil(share / 100 * (self.n - 1)) for share in PERCENTILES]
        days = np.searchsorted(up_to, ranks, side="right")
        p10, p50, p80, p90 = (
            float((self.first_day + day) * DAY_S) if day < len(up_to) else np.inf
            for day in days.tolist()
        )
        return Quantiles(p10, p50, p80, p90, np.inf if self.never else self.total_s / self.n)
