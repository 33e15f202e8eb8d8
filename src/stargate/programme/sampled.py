"""What a sampled quantity is told by: its percentiles, its bands over time, what moves it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PERCENTILES = (10, 50, 80, 90)


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Four percentiles and the mean of a sampled quantity; `inf` where that share never happens."""

    p10: float
    p50: float
    p80: float
    p90: float
    mean: float

    @classmethod
    def of(cls, samples: FloatArray | NDArray[np.float32]) -> Quantiles:
        """The order statistics of `samples` (no interpolation, so that `inf` stays itself)."""
        p10, p50, p80, p90 = np.percentile(samples, PERCENTILES, method="higher")
        mean = float(np.mean(samples, dtype=np.float64))
        return cls(float(p10), float(p50), float(p80), float(p90), mean)


@dataclass(frozen=True, slots=True)
class DriverEffect:
    """How one uncertain input moves one outcome.

    `low` and `high` are the outcome (seconds since the data date, or dollars) with the input at
    its 10th and 90th percentile (an event: when it does not and does happen) and all others at
    their median, which alone gives `base`. `rank_correlation` is Spearman's over the samples, of
    those in which the outcome happens.
    """

    id: str
    label: str
    outcome: str
    unit: str
    rank_correlation: float
    low: float
    high: float
    base: float

    @property
    def swing(self) -> float:
        """The outcome's move from the input's low end to its high end."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Series:
    """A quantity over time: bands at `time_s` (level), or per period ending there (flow)."""

    id: str
    label: str
    unit: str
    time_s: FloatArray
    p10: FloatArray
    p50: FloatArray
    p90: FloatArray
    mean: FloatArray
