"""How often something happens on which day: quantiles of dates without keeping the samples.

Counts of whole days add up exactly, in any order, so that a plan of any number of samples keeps a
few kilobytes a task, and its dates are the same however the samples were shared out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stargate.programme.sampled import PERCENTILES, Quantiles
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

# Later than this is counted on the last day: two centuries.
_LAST_DAY = 73_000


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Counts of the days from `first_day` on, of what never happens, and the sum of the times."""

    first_day: int
    counts: IntArray
    never: int
    total_s: int

    @classmethod
    def of(cls, time_s: FloatArray, nearest: bool = False) -> Self:
        """The days on which times fall, from the data date on; of lengths, the nearest number.

        Times in whole seconds, so that their sum is the same in any order.
        """
        times = time_s
        if not len(times) or not np.isfinite(times.max()):
            times = times[np.isfinite(times)]
        if not len(times):
            return cls(0, np.zeros(0, dtype=np.int32), len(time_s), 0)
        days = times * (1.0 / DAY_S)
        if nearest:
            days += 0.5
        first = math.floor(min(days.min(), _LAST_DAY))
        days -= first
        # Below the first day there is none, so that cutting off the fraction rounds down.
        whole = np.minimum(days, _LAST_DAY - first, out=days).astype(np.intp)
        counts = np.bincount(whole).astype(np.int32)
        return cls(first, counts, len(time_s) - len(times), round(float(times.sum())))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """All together."""
        never, total_s = sum(part.never for part in parts), sum(part.total_s for part in parts)
        happen = [part for part in parts if len(part.counts)]
        if not happen:
            return cls(0, np.zeros(0, dtype=np.int32), never, total_s)
        first = min(part.first_day for part in happen)
        counts = np.zeros(max(p.first_day + len(p.counts) for p in happen) - first, dtype=np.int32)
        for part in happen:
            at = part.first_day - first
            counts[at : at + len(part.counts)] += part.counts
        return cls(first, counts, never, total_s)

    @property
    def n(self) -> int:
        """How many are counted, with those that never happen."""
        return int(self.counts.sum()) + self.never

    def share_by(self, day: int) -> float:
        """The share of all that happens on a day, counted from the data date, or before it."""
        happened = self.counts[: max(day + 1 - self.first_day, 0)].sum()
        return float(happened) / self.n if self.n else float("nan")

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
