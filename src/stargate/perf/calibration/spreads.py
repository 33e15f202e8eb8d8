"""How wide an interval must be: the spread of measured over predicted on rows that were left out.

A software generation has a spread of its own, set on its dense models. Mixtures of experts add one
in quadrature, the same for all generations, since no generation has many of them. Rows weigh as in
the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from stargate.perf.calibration.fit import row_weights
from stargate.perf.calibration.samples import GenerationKey, Samples
from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array, Ints
from stargate.perf.interval import INTERVAL_80_SIGMAS

POOLING_ROWS = 25  # rows after which a generation's own spread outweighs the usual one
SMALLEST_SIGMA = 0.03  # repeated runs and releases differ by more than this


@dataclass(frozen=True, slots=True)
class Spread:
    """Relative spread of measured over predicted by generation, and what experts add to it.

    `experts` is None where no row has any.
    """

    generations: Mapping[GenerationKey, float]
    experts: float | None

    def widened(self, coefficients: Coefficients, key: GenerationKey) -> Coefficients:
        """The coefficients of a generation with this spread, as of a source not fitted to."""
        experts = coefficients.experts_sigma if self.experts is None else self.experts
        return replace(coefficients, interval_sigma=self.generations[key], experts_sigma=experts)


def spread_of(samples: Samples, log_errors: Array) -> Spread:
    """The spread under which 80 % intervals hold 80 % of the records, dense ones and others.

    `log_errors` are ln(predicted / measured) of the records.
    """
    if not samples.records:
        return Spread({}, None)
    generation = samples.generation[: len(samples.records)]
    sizes, weights = np.abs(log_errors), row_weights(samples)[: len(samples.records)]
    routed = np.array([record.model.moe is not None for record in samples.records])
    plain = ~routed | routed.all()
    own, usual = _by_generation(generation[plain], sizes[plain], weights[plain])
    sigmas = np.array([own.get(int(g), usual) for g in generation])
    named = {samples.generations[g]: float(s) for g, s in zip(generation, sigmas, strict=True)}
    if not routed.any():
        return Spread(named, None)
    return Spread(named, _added(sizes[routed], weights[routed], sigmas[routed]))


def _by_generation(
    generation: Ints, sizes: Array, weights: Array
) -> tuple[dict[int, float], float]:
    """A generation's 80th percentile of |error|, shrunk to that of the median generation, and that.

    The fewer rows it has, the more it is shrunk. A generation counts once in the median, so that
    none with many rows speaks for the others.
    """
    rows = {int(g): np.flatnonzero(generation == g) for g in np.unique(generation)}
    own = {g: _percentile_80(sizes[at], weights[at]) / INTERVAL_80_SIGMAS for g, at in rows.items()}
    usual = float(np.median(list(own.values())))
    return {g: _shrunk(sigma, usual, len(rows[g])) for g, sigma in own.items()}, usual


def _shrunk(own: float, usual: float, n_rows: int) -> float:
    share = n_rows / (n_rows + POOLING_ROWS)
    return max(float(np.sqrt(share * own**2 + (1 - share) * usual**2)), SMALLEST_SIGMA)


def _added(sizes: Array, weights: Array, sigmas: Array) -> float:
    """What must join `sigmas` in quadrature for 80 % of the rows to lie in their intervals."""
    missing = (sizes / INTERVAL_80_SIGMAS) ** 2 - sigmas**2
    return float(np.sqrt(max(0.0, _percentile_80(missing, weights))))


def _percentile_80(values: Array, weights: Array) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, 0.8)])
