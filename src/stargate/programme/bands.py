"""Percentiles over time of many samples at once, of which no sample is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stargate.programme.sampled import Series

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """What is told over time: its name, its unit, and the times."""

    id: str
    label: str
    unit: str
    time_s: FloatArray

    def series(self, bands: Bands) -> Series:
        """The line with its bands."""
        levels = (bands.p10, bands.p50, bands.p90, bands.mean)
        return Series(self.id, self.label, self.unit, self.time_s, *levels)


@dataclass(frozen=True, slots=True)
class Bands:
    """Percentiles and the mean at each time, and of how many samples: those with a number."""

    n: IntArray
    p10: FloatArray
    p50: FloatArray
    p90: FloatArray
    mean: FloatArray

    @classmethod
    def of(cls, by_time: FloatArray) -> Self:
        """Of (times, samples); `nan` is no number, and all are `nan` where there is none."""
        # Sorted time by time: with every sample of a time side by side this beats a partition.
        rising = np.sort(np.ascontiguousarray(by_time), axis=1)
        n = rising.shape[1] - np.count_nonzero(np.isnan(rising), axis=1)
        p10, p50, p90 = (_percentile(rising, n, share) for share in (0.1, 0.5, 0.9))
        return cls(n, p10, p50, p90, _mean(by_time, n))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Percentiles of a whole as the mean of those of its parts, each as heavy as it is large.

        Parts are alike: each is a Latin hypercube of the same distribution.
        """
        n = np.sum([part.n for part in parts], axis=0)

        def mean(name: str) -> FloatArray:
            weighed = [np.where(part.n > 0, part.n * getattr(part, name), 0.0) for part in parts]
            return np.where(n > 0, np.sum(weighed, axis=0) / np.maximum(n, 1), np.nan)

        return cls(n, mean("p10"), mean("p50"), mean("p90"), mean("mean"))

    def at(self, which: NDArray[np.bool_]) -> Self:
        """At some of the times."""
        levels = (self.p10, self.p50, self.p90, self.mean)
        return type(self)(self.n[which], *(level[which] for level in levels))


def _mean(by_time: FloatArray, n: IntArray) -> FloatArray:
    if (n == by_time.shape[1]).all():
        return by_time.mean(axis=1)
    total = np.nansum(by_time, axis=1)
    return np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)


def _percentile(rising: FloatArray, n: IntArray, share: float) -> FloatArray:
    """A quantile of the first `n` of each sorted row: on the straight line about its place."""
    rows = np.arange(len(rising))
    place = share * np.maximum(n - 1, 0)
    below = np.clip(place.astype(np.int64), 0, np.maximum(n - 2, 0))
    low, high = rising[rows, below], rising[rows, np.minimum(below + 1, np.maximum(n - 1, 0))]
    part = place - below
    # From the nearer of the two, so that the ends are met exactly.
    return np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1.0 - part))
