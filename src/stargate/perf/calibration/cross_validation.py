"""How well the fit does on records it has not seen: whole groups are left out, one at a time.

A group is a record family (a source), a model, an accelerator, a cluster size or a hidden size.
Rows of one family share their stack, machine and author: without it, the fit is judged on a cluster
that it has never seen. A `fifth` of the families at a time asks the same with fewer and poorer
fits. A `fold`, a fifth of the rows at random, judges it on other rows of clusters that it has seen,
which is easier: neighbours resemble each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from stargate.perf.calibration.fit import Fit, fit, row_weights, slopes_at
from stargate.perf.calibration.samples import GenerationKey, Samples, key_of, key_of_record
from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array
from stargate.perf.kernels import Kernels
from stargate.perf.records import Record

REFIT_EVALUATIONS = 10
REFIT_TOLERANCE = 1e-6  # a small group is a small part of the cost: stop early and it never left
ROUNDS = 2  # of a refit, each with its slopes measured where it begins
N_FOLDS = 5
EVERYWHERE = ""

GROUPINGS: dict[str, Callable[[Record], str]] = {
    "family": lambda record: record.origin.family,
    "source": lambda record: record.origin.source,
    "model": lambda record: record.origin.model,
    "accelerator": lambda record: record.origin.accelerator,
    "count": lambda record: str(record.machine.count),
    "fifth": lambda record: str(crc32(record.origin.family.encode()) % N_FOLDS),
    "fold": lambda record: str(crc32(record.origin.id.encode()) % N_FOLDS),
    "hidden": lambda record: str(record.model.hidden),
}
# Kernels are left out by what they have in common with records; else they stay in every fit.
KERNEL_GROUPINGS: dict[str, Callable[[Kernels], str]] = {
    "source": lambda kernels: kernels.source,
    "accelerator": lambda kernels: kernels.accelerator,
}


def left_out(
    samples: Samples, priors: Mapping[GenerationKey, Coefficients], whole: Fit, by: str
) -> Iterator[tuple[str, dict[str, Coefficients]]]:
    """For each group, the coefficients by record id, or kernels' label, fitted without it.

    `whole` is the fit to everything, from which each refit starts; `by` is one of `GROUPINGS`.
    """
    names = np.array(_groups(samples, by))
    weights = row_weights(samples)
    slopes = slopes_at(samples, whole)
    for name in sorted(set(names) - {EVERYWHERE}):
        start = _forgetting(whole, samples, names == name)
        refit = converged(samples, priors, start, weights * (names != name), slopes)
        held = [r for r, group in zip(samples.records, names, strict=False) if group == name]
        keys = {r.origin.id: key_of_record(r) for r in held}
        if by in KERNEL_GROUPINGS:
            timed = [one for one in samples.kernels if KERNEL_GROUPINGS[by](one) == name]
            keys |= {one.label: key_of(one) for one in timed}
        yield str(name), {row: refit.coefficients(key) for row, key in keys.items()}


def converged(
    samples: Samples,
    priors: Mapping[GenerationKey, Coefficients],
    start: Fit,
    weights: Array,
    slopes: Array,
) -> Fit:
    """The fit near `start` under these weights; `slopes` are those of the predictions there."""
    for turn in range(ROUNDS):
        start = fit(
            samples,
            priors,
            weights=weights,
            start=start,
            slopes=slopes_at(samples, start) if turn else slopes,
            n_evaluations_max=REFIT_EVALUATIONS,
            tolerance=REFIT_TOLERANCE,
        )
    return start


def _groups(samples: Samples, by: str) -> list[str]:
    """The group of each row; kernels without one are `EVERYWHERE`."""
    group = KERNEL_GROUPINGS.get(by)
    names = [GROUPINGS[by](record) for record in samples.records]
    for one in samples.kernels:
        names += [group(one) if group else EVERYWHERE] * len(one.measured_s)
    return names


def _forgetting(whole: Fit, samples: Samples, left: NDArray[np.bool_]) -> Fit:
    """`whole` without the shifts that only the records left out had: their prior says zero."""
    kept = {samples.generations[g] for g in samples.generation[~left]}
    known = {()} | {key[:1] for key in kept} | kept
    return Fit(whole.priors, {level: v for level, v in whole.shifts.items() if level in known})
