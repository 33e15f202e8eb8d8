"""What is free of a scarce resource over time, in every sample, and the first time at which a task
finds enough of it: the step of a serial schedule generation scheme.

A line of free capacity is a step function: `times_s` (n, k) rise along each row, from minus
infinity on, and `free` holds from each to the next; rows end in infinities. Every booking adds two
steps to every row. A supply is booked without end: what is used up does not come back.

Three ways to do the same, to the bit: NumPy over all samples at once, which is quick while few
tasks share a resource; loops, sample by sample, compiled by numba when it is installed; and the
same loops in plain Python, which tests and benchmarks measure the others by. Source of the scheme:
R. Kolisch and S. Hartmann, in Project Scheduling (ed. Weglarz, 1999), serial scheme.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Lines = tuple[FloatArray, FloatArray]


class Ways(NamedTuple):
    """How to find the first time (times, free, ready, length, amount) and how to book it."""

    earliest: Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
    book: Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray], Lines]


# With fewer bookings on a line than this, NumPy's passes cost less than loading the compiler.
FEW = 32
# Amounts are sums of floating-point numbers: what lacks by less than this share is there.
_ROUNDING = 1e-9


class Line:
    """What is free of one resource, in each of `n` samples."""

    def __init__(self, since_s: Sequence[float], amounts: Sequence[float], n: int) -> None:
        self.times_s = np.tile(np.asarray(since_s, dtype=np.float64), (n, 1))
        self.free = np.tile(np.asarray(amounts, dtype=np.float64), (n, 1))

    def earliest_s(
        self, ready_s: FloatArray, length_s: FloatArray, amount: FloatArray
    ) -> FloatArray:
        """The first time from `ready_s` on with `amount` free for the whole length; inf: never."""
        enough = amount * (1.0 - _ROUNDING)
        return self._ways().earliest(self.times_s, self.free, ready_s, length_s, enough)

    def book(self, start_s: FloatArray, end_s: FloatArray, amount: FloatArray) -> None:
        """Take an amount from start to end."""
        self.times_s, self.free = self._ways().book(self.times_s, self.free, start_s, end_s, amount)

    def _ways(self) -> Ways:
        return quickest() if self.times_s.shape[1] > FEW else ARRAYS


def all_at_once(
    times_s: FloatArray,
    free: FloatArray,
    ready_s: FloatArray,
    length_s: FloatArray,
    amount: FloatArray,
) -> FloatArray:
    """Step by step along the line, all samples together: too little free moves the start on."""
    start = ready_s.copy()
    ends = np.concatenate([times_s[:, 1:], np.full((len(times_s), 1), np.inf)], axis=1)
    for j in range(times_s.shape[1]):
        begin, end = times_s[:, j], ends[:, j]
        short = (free[:, j] < amount) & (end > np.maximum(begin, start))
        start = np.where(short & (begin < start + length_s), end, start)
    return start


def sample_by_sample(
    times_s: FloatArray,
    free: FloatArray,
    ready_s: FloatArray,
    length_s: FloatArray,
    amount: FloatArray,
) -> FloatArray:
    """The same in loops, for one sample after the other."""
    n, steps = times_s.shape
    found = ready_s.copy()
    for i in range(n):
        start = ready_s[i]
        for j in range(steps):
            end = times_s[i, j + 1] if j + 1 < steps else np.inf
            if times_s[i, j] >= start + length_s[i]:
                break
            # Two steps at one time leave a stretch of no length, which holds nothing up.
            if end > max(times_s[i, j], start) and free[i, j] < amount[i]:
                start = end
        found[i] = start
    return found


def book_all_at_once(
    times_s: FloatArray,
    free: FloatArray,
    start_s: FloatArray,
    end_s: FloatArray,
    amount: FloatArray,
) -> Lines:
    """Two more steps in every row, and less free between them."""
    times_s, free, first = _split(times_s, free, start_s)
    times_s, free, last = _split(times_s, free, end_s)
    columns = np.arange(times_s.shape[1])
    within = (columns >= first[:, None]) & (columns < last[:, None])
    return times_s, free - within * amount[:, None]


def _split(
    times_s: FloatArray, free: FloatArray, time_s: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """A step more in every row, at a time; what is free stays. Returns its place in each row."""
    place = np.count_nonzero(times_s < time_s[:, None], axis=1)
    columns = np.arange(times_s.shape[1] + 1)
    source = columns - (columns >= np.maximum(place, 1)[:, None])
    times = np.take_along_axis(times_s, source, axis=1)
    times[np.arange(len(times)), place] = time_s
    return times, np.take_along_axis(free, source, axis=1), place


def book_sample_by_sample(
    times_s: FloatArray,
    free: FloatArray,
    start_s: FloatArray,
    end_s: FloatArray,
    amount: FloatArray,
) -> Lines:
    """The same in loops, for one sample after the other."""
    n, steps = times_s.shape
    new_times, new_free = np.empty((n, steps + 2)), np.empty((n, steps + 2))
    for i in range(n):
        begun, ended, k = False, False, 0
        for j in range(steps + 1):
            time = times_s[i, j] if j < steps else np.inf
            level = free[i, j - 1] if j > 0 else free[i, 0]
            if not begun and time >= start_s[i]:
                new_times[i, k], new_free[i, k] = start_s[i], level - amount[i]
                begun, k = True, k + 1
            if not ended and time >= end_s[i]:
                new_times[i, k], new_free[i, k] = end_s[i], level
                ended, k = True, k + 1
            if j < steps:
                taken = amount[i] if begun and not ended else 0.0
                new_times[i, k], new_free[i, k] = time, free[i, j] - taken
                k += 1
    return new_times, new_free


ARRAYS = Ways(all_at_once, book_all_at_once)
LOOPS = Ways(sample_by_sample, book_sample_by_sample)


def compiler_is_there() -> bool:
    """Whether numba is installed (the extra `fast`)."""
    return importlib.util.find_spec("numba") is not None


@cache
def quickest() -> Ways:
    """The loops compiled, or NumPy's passes where no compiler is installed."""
    if not compiler_is_there():
        return ARRAYS
    from numba import njit

    compiled = njit(cache=True)
    return Ways(compiled(sample_by_sample), compiled(book_sample_by_sample))
