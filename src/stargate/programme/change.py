"""What a decision does to the works of one phase from the day on which it is taken.

What has happened by that day stays as it was: a change acts on what has not, so that two runs of
the same scores with and without it are the same up to the day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.spec.distribution import DurationDistribution

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Replacement:
    """Another way to the end of a task: how long it takes, and the name of its scores."""

    task: str
    duration: DurationDistribution
    score: str


@dataclass(frozen=True, slots=True)
class Change:
    """Defer by `later_s`, build `share`, replace a task, stop the works, sell what stands.

    `at_s` is the day, the same in all samples or one a sample (`inf`: never).
    """

    phase: str
    at_s: float | FloatArray
    later_s: float = 0.0
    share: float = 1.0
    replacement: Replacement | None = None
    stops: bool = False
    sells: bool = False

    def begin(self, begun_s: FloatArray) -> FloatArray:
        """When the phase starts instead."""
        later = np.inf if self.stops else begun_s + self.later_s
        return np.where(begun_s > self.at_s, later, begun_s)

    def share_of(self, begun_s: FloatArray) -> FloatArray:
        """The share of the capacity that is built instead: all, where it has started."""
        return np.where(begun_s > self.at_s, self.share, 1.0)

    def not_yet(self, time_s: FloatArray) -> FloatArray:
        """A time by which something has happened, or never, if the works have stopped before."""
        return np.where(time_s > self.at_s, np.inf, time_s) if self.stops else time_s
