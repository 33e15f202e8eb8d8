"""A quantity that jumps at moments and stays as it is between them, with its exact integral.

Power between two events is constant, so the energy of a year is a sum of as many products as there
are events; no clock ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StepFunction:
    """0 before the first of `times_s`; from each on, the value of the same place.

    `integrals` holds the integral up to each moment, in value x s. Times do not descend.
    """

    times_s: FloatArray
    values: FloatArray
    integrals: FloatArray

    @classmethod
    def of_changes(cls, times_s: ArrayLike, changes: ArrayLike) -> StepFunction:
        """From what is added at each moment, in the order of time."""
        times = np.asarray(times_s, dtype=np.float64)
        values = np.cumsum(np.asarray(changes, dtype=np.float64))
        assert not np.any(np.diff(times) < 0), "changes must come in the order of time"
        areas = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(times))])
        return cls(times, values, areas[: len(times)])

    @classmethod
    def of_spans(cls, starts_s: ArrayLike, ends_s: ArrayLike) -> StepFunction:
        """How many spans are under way: one more at each start, one less at each end."""
        starts, ends = np.asarray(starts_s, np.float64), np.asarray(ends_s, np.float64)
        times = np.concatenate([starts, ends])
        changes = np.concatenate([np.ones(len(starts)), -np.ones(len(ends))])
        order = np.argsort(times, kind="stable")
        return cls.of_changes(times[order], changes[order])

    def at(self, times_s: ArrayLike) -> FloatArray:
        """Values at moments; at a jump the value after it."""
        place = self._place(times_s)
        return np.where(place < 0, 0.0, np.concatenate([self.values, [0.0]])[place])

    def integral(self, times_s: ArrayLike) -> FloatArray:
        """Integrals from the beginning to moments: I_k + v_k (t - t_k), k the last jump before."""
        times = np.asarray(times_s, dtype=np.float64)
        if not len(self.times_s):
            return np.zeros_like(times)
        place = self._place(times)
        k = np.maximum(place, 0)
        area = self.integrals[k] + self.values[k] * (times - self.times_s[k])
        return np.where(place < 0, 0.0, area)

    def means(self, edges_s: ArrayLike) -> FloatArray:
        """Mean values between neighbouring edges."""
        edges = np.asarray(edges_s, dtype=np.float64)
        return np.diff(self.integral(edges)) / np.diff(edges)

    def _place(self, times_s: ArrayLike) -> NDArray[np.intp]:
        return np.searchsorted(self.times_s, np.asarray(times_s, np.float64), side="right") - 1
