"""Fit the coefficients to measured steps, with priors, robustly, all generations at once.

On its scale each coefficient of a software generation is

    prior + shared shift + shift of the accelerator family + shift of the generation,

and every shift has a prior around zero. What all records say moves the shared shift; a generation
with few records, or none, follows its family and the others instead of its own noise. Which levels
a coefficient has, `scales` says.

The least squares are of records, and kernels where they are given, in their scale of error,
sqrt(w) ln(predicted / measured) / scale, and of shifts in the spreads of their priors. Both lie
under soft_l1, which grows like a square up to one and like a line beyond: neither a row that defies
the physics nor one odd generation drags what the others share. Scipy's trust-region method
minimises the sum inside bounds of a few spreads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from stargate.perf.calibration.samples import GenerationKey, Samples
from stargate.perf.calibration.scales import FITTED, SPREADS, from_scale, to_scale
from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array

ERROR_SCALE = 0.05  # where a relative error turns from noise into an outlier
KERNEL_ERROR_SCALE = 0.15  # the same for a kernel of any shape, whose tiles nobody knows
BOUND_SIGMAS = 3.0
FAMILY_WEIGHT = 0.4  # a family of n records weighs n ** (1 - this): its rows share their errors
DIFFERENCE = 1e-3


@dataclass(frozen=True)
class Fit:
    """`shifts` by level (`()`, `(family,)`, `(family, software)`), in the order of `FITTED`."""

    priors: Mapping[GenerationKey, Coefficients]
    shifts: Mapping[tuple[str, ...], Array]

    def coefficients(self, key: GenerationKey) -> Coefficients:
        """The fitted coefficients of a generation that has a prior."""
        return from_scale(self.priors[key], to_scale(self.priors[key]) + self.shift(key))

    def shift(self, key: GenerationKey) -> Array:
        """How far a generation's coefficients moved from their priors, on their scales."""
        nothing = np.zeros(len(FITTED))
        return sum((self.shifts.get(k, nothing) for k in ((), key[:1], key)), nothing)


def row_weights(samples: Samples) -> Array:
    """n^-0.4 for each record of a family of n: many rows of one source are not independent.

    Kernels of one source, kind and part are such a family. They weigh less as their formula leaves
    more of their spread unexplained.
    """
    families = [record.origin.family for record in samples.records]
    counts = Counter(families)
    weights = [counts[family] ** -FAMILY_WEIGHT for family in families]
    share = (ERROR_SCALE / KERNEL_ERROR_SCALE) ** 2
    tables = [(k.kind, k.accelerator, k.source) for k in samples.kernels for _ in k.measured_s]
    sizes = Counter(tables)
    return np.array([*weights, *(share * sizes[table] ** -FAMILY_WEIGHT for table in tables)])


def fit(
    samples: Samples,
    priors: Mapping[GenerationKey, Coefficients],
    *,
    weights: Array | None = None,
    start: Fit | None = None,
    slopes: Array | None = None,
    n_evaluations_max: int = 16,
    tolerance: float = 1e-3,
) -> Fit:
    """The most probable shifts. `weights` of zero leave records out; `start` is a near fit.

    `slopes` are those of `slopes_at(start)`: a refit that begins close to its answer need not
    measure them anew at each step (the chord method). It ends when a step lowers the cost by less
    than the share `tolerance`.
    """
    problem = _Problem(samples, priors, row_weights(samples) if weights is None else weights)
    problem.slopes = slopes
    bound = BOUND_SIGMAS * problem.spread
    answer = least_squares(
        problem.residuals,
        np.clip(problem.pack(start), -bound, bound) if start else np.zeros(len(bound)),
        problem.jacobian,
        bounds=(-bound, bound),
        loss="soft_l1",
        x_scale=problem.spread,
        max_nfev=n_evaluations_max,
        ftol=tolerance,
    )
    return problem.unpack(answer.x)


def slopes_at(samples: Samples, fitted: Fit) -> Array:
    """d ln(predicted) by record and coefficient at a fit, (n_rows, n_coefficients)."""
    problem = _Problem(samples, fitted.priors, np.ones(len(samples.measured_s)))
    return problem.measured_slopes(problem.pack(fitted))


class _Problem:
    """Residuals and Jacobian over the stacked shifts; the last residuals are the priors'."""

    def __init__(
        self, samples: Samples, priors: Mapping[GenerationKey, Coefficients], weights: Array
    ) -> None:
        self.samples, self.priors = samples, priors
        self.slopes: Array | None = None
        self.weight = np.sqrt(weights) / ERROR_SCALE
        families = sorted({family for family, _ in samples.generations})
        self.levels: list[tuple[str, ...]] = [
            (),
            *((family,) for family in families),
            *samples.generations,
        ]
        spread = np.concatenate([SPREADS[len(level)] for level in self.levels])
        self.free = spread > 0.0
        self.spread = spread[self.free]
        self.member = np.array(
            [
                [level == samples.generations[g][: len(level)] for level in self.levels]
                for g in samples.generation
            ],
            np.float64,
        )

    def residuals(self, shifts: Array) -> Array:
        errors = self.weight * self.samples.log_errors(self._coefficients(shifts))
        return np.concatenate([errors, shifts / self.spread])

    def jacobian(self, shifts: Array) -> Array:
        """Every level of a record's generation moves its error alike, since shifts add up."""
        slopes = self.measured_slopes(shifts) if self.slopes is None else self.slopes
        by_level = self.member[:, :, None] * (self.weight[:, None] * slopes)[:, None, :]
        moving = by_level.reshape(len(self.weight), -1)[:, self.free]
        return np.vstack([moving, np.diag(1 / self.spread)])

    def measured_slopes(self, shifts: Array) -> Array:
        """Differences by coefficient, each nudged in all generations at once."""
        here = self.samples.log_errors(self._coefficients(shifts))
        nudged = (
            self.samples.log_errors(self._coefficients(shifts, nudge))
            for nudge in DIFFERENCE * np.eye(len(FITTED))
        )
        return np.stack([(there - here) / DIFFERENCE for there in nudged], axis=1)

    def pack(self, fitted: Fit) -> Array:
        nothing = np.zeros(len(FITTED))
        rows = np.concatenate([fitted.shifts.get(level, nothing) for level in self.levels])
        return rows[self.free]

    def unpack(self, shifts: Array) -> Fit:
        stacked = np.zeros(len(self.free))
        stacked[self.free] = shifts
        rows = stacked.reshape(len(self.levels), len(FITTED))
        return Fit(self.priors, dict(zip(self.levels, rows, strict=True)))

    def _coefficients(
        self, shifts: Array, nudge: Array | float = 0.0
    ) -> dict[GenerationKey, Coefficients]:
        fitted = self.unpack(shifts)
        return {
            key: from_scale(
                self.priors[key], to_scale(self.priors[key]) + fitted.shift(key) + nudge
            )
            for key in self.samples.generations
        }
