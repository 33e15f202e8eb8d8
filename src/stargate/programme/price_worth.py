"""What one dollar a second is worth from a time to the horizon, at a price that changes.

The discounted price is a step function of the month (the same in all samples) times a step
function of the quarter (a path a sample). Its integral from any time on is read off tables that
are made once for all the streams of one price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PriceWorth:
    """Tables of the discounted price: up to each month, and from each quarter's end on.

    `table` is its integral from the data date to the edges of months, without the path; `at` the
    same at the edges of quarters; `tail` (n, quarters) with the path, to the horizon.
    """

    edges_s: FloatArray
    quarters_s: FloatArray
    table: FloatArray
    at: FloatArray
    path: FloatArray | None
    tail: FloatArray | None

    def from_s(self, time_s: FloatArray) -> FloatArray:
        """The integral from a time within the months to the horizon, a sample."""
        before = np.interp(time_s, self.edges_s, self.table)
        if self.path is None or self.tail is None:
            return self.table[-1] - before
        quarter = quarter_of(self.quarters_s, time_s)
        rows = np.arange(len(time_s))
        rest = self.at[quarter + 1] - before
        return self.path[rows, quarter] * rest + self.tail[rows, quarter]


def price_worth(
    weights: FloatArray, edges_s: FloatArray, quarters_s: FloatArray, path: FloatArray | None
) -> PriceWorth:
    """Tables for a price of `weights` in each month, and of a path (n, quarters) if it has one."""
    table = np.concatenate([[0.0], np.cumsum(weights * np.diff(edges_s))])
    at = np.interp(np.append(quarters_s, edges_s[-1]), edges_s, table)
    tail = None
    if path is not None:
        from_start = np.cumsum((path * np.diff(at))[:, ::-1], axis=1)[:, ::-1]
        tail = np.concatenate([from_start[:, 1:], np.zeros((len(path), 1))], axis=1)
    return PriceWorth(edges_s, quarters_s, table, at, path, tail)


def quarter_of(quarters_s: FloatArray, time_s: FloatArray) -> IntArray:
    """The quarter that a time lies in."""
    found = np.searchsorted(quarters_s, time_s, side="right") - 1
    return np.clip(found, 0, len(quarters_s) - 1)
