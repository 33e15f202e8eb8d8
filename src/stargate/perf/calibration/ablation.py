"""What each physical term is worth: the fit again, with one of them switched off.

All other coefficients are fitted anew and may make up for what is missing; what they cannot make up
for, on records that the fit has seen and on those that it has not, is what the term explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.perf.calibration.ablation_terms import ABLATIONS, Ablation
from stargate.perf.calibration.cross_validation import converged, left_out
from stargate.perf.calibration.fit import Fit, fit, row_weights, slopes_at
from stargate.perf.calibration.samples import GenerationKey, Samples, key_of_record
from stargate.perf.coefficients import Coefficients, family_prior
from stargate.perf.columns import Array
from stargate.perf.records import Record
from stargate.perf.score_summary import Summary, of_errors

Priors = Mapping[GenerationKey, Coefficients]
EVERYTHING = "nothing: every term is on"


@dataclass(frozen=True, slots=True)
class Ablated:
    """The errors without a term, on records that were fitted to and that were left out."""

    name: str
    in_sample: Summary
    left_out: Summary
    left_out_dense: Summary
    left_out_experts: Summary


def ablate(
    records: Sequence[Record],
    priors: Priors,
    by: str,
    tell: Callable[[str], None],
    terms: Sequence[Ablation] = ABLATIONS,
) -> Iterator[Ablated]:
    """The errors with every term on, then with each of `terms` off.

    `by` is the grouping whose groups are left out in turn.
    """
    whole: Fit | None = None
    for one in (Ablation(EVERYTHING), *terms):
        tell(f"switched off: {one.name}")
        changed = tuple(one.record(record) for record in records)
        keys = {*priors, *(key_of_record(record) for record in changed)}
        known = {key: one.prior(key, priors.get(key, family_prior(key[0]))) for key in keys}
        samples = Samples.of(changed)
        fitted = _fitted(samples, known, whole)
        whole = whole or fitted
        yield _ablated(one.name, samples, fitted, known, by)


def _fitted(samples: Samples, priors: Priors, whole: Fit | None) -> Fit:
    """The fit of these samples, from that with every term on where there is one."""
    if whole is None:
        return fit(samples, priors)
    start = Fit(priors, whole.shifts)
    return converged(samples, priors, start, row_weights(samples), slopes_at(samples, start))


def _ablated(name: str, samples: Samples, fitted: Fit, priors: Priors, by: str) -> Ablated:
    inside = samples.log_errors({key: fitted.coefficients(key) for key in samples.generations})
    outside = _left_out_errors(samples, fitted, priors, by)
    routed = np.array([record.model.moe is not None for record in samples.records])
    every = np.ones(len(routed), bool)
    chosen = ((inside, every), (outside, every), (outside, ~routed), (outside, routed))
    return Ablated(name, *(_summary(errors[rows]) for errors, rows in chosen))


def _left_out_errors(samples: Samples, fitted: Fit, priors: Priors, by: str) -> Array:
    """ln(predicted / measured) of each record under a fit that has not seen its group."""
    errors = np.full(len(samples.records), np.nan)
    places = {record.origin.id: index for index, record in enumerate(samples.records)}
    whole = {key: fitted.coefficients(key) for key in samples.generations}
    for _, found in left_out(samples, priors, fitted, by):
        rows = np.array([places[name] for name in found])
        unseen = {key_of_record(samples.records[places[n]]): c for n, c in found.items()}
        errors[rows] = samples.log_errors({**whole, **unseen})[rows]
    return errors


def _summary(log_errors: Array) -> Summary:
    return of_errors([float(error) for error in np.expm1(log_errors)], len(log_errors))
