"""The slowest of many: a synchronous step waits for its last rank."""

from __future__ import annotations

import numpy as np

from stargate.perf.columns import Array, Column


def straggler_factor(ranks: Column, sigma: Column) -> Array:
    """Expected maximum of `ranks` equal ranks over their mean: 1 + sigma sqrt(2 ln n).

    `sigma` is the relative spread of a rank's time. Source: extreme value of n normal variates,
    an upper bound of the expected maximum (Cramer 1946); spread measured by OSDI'25 "What-if
    analysis of stragglers" (arXiv 2505.05713). Leaves out failing slow hosts.
    """
    return 1.0 + sigma * np.sqrt(2.0 * np.log(np.maximum(ranks, 1.0)))
