"""The other way round from `distributions`: how likely a draw is above a value, and what then.

A task that has run for a while and is not done will take longer than that. Its duration is the
stated distribution cut off below its age: drawn by the inverse of the truncated distribution
function, from the same score, so that a forecast differs from its baseline by knowledge alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, log_ndtr, ndtr, ndtri

from stargate.programme.distributions import Shape, pert_parameters
from stargate.programme.reference_classes import reference_shape
from stargate.spec.distribution import (
    Beta,
    Empirical,
    Fixed,
    Lognormal,
    Normal,
    Pareto,
    Pert,
    Reference,
    Triangle,
    Uniform,
    Weibull,
)

FloatArray = NDArray[np.float64]


def survival(shape: Shape, values: FloatArray) -> FloatArray:
    """P(X > value) of a distribution, in the unit of its parameters."""
    match shape:
        case Fixed(value=value):
            return np.asarray(value > values, dtype=np.float64)
        case Pert(low=low, mode=mode, high=high, peak=peak):
            return _beta(low, high, *pert_parameters(low, mode, high, peak), values)
        case Beta(low=low, high=high, alpha=alpha, beta=beta):
            return _beta(low, high, alpha, beta, values)
        case Triangle(low=low, mode=mode, high=high):
            return _triangle(low, mode, high, values)
        case Uniform(low=low, high=high):
            return 1.0 - _share(low, high, values)
        case Normal(mean=mean, sd=sd):
            return _above((mean - values), sd)
        case Lognormal(median=median, sigma=sigma):
            return _above(np.log(median) - np.log(np.maximum(values, 1e-300)), sigma)
        case Weibull(scale=scale, shape=k):
            return np.exp(-((np.maximum(values, 0.0) / scale) ** k))
        case Pareto(low=low, alpha=alpha, cap=cap):
            tail = (low / np.maximum(values, low)) ** alpha
            return np.where(values < (cap or np.inf), tail, 0.0)
        case Empirical(values=observed):
            return 1.0 - np.searchsorted(np.sort(observed), values, side="right") / len(observed)
        case Reference(reference_class=name, factor=factor):
            return survival(reference_shape(name), values / factor)


def _above(excess: FloatArray, sd: float) -> FloatArray:
    """Phi(excess / sd); a step where there is no spread."""
    return ndtr(excess / sd) if sd else np.asarray(excess > 0, dtype=np.float64)


def _share(low: float, high: float, values: FloatArray) -> FloatArray:
    """Where a value lies from low (0) to high (1), clipped to between them."""
    if high == low:
        return np.asarray(values >= low, dtype=np.float64)
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def _beta(low: float, high: float, alpha: float, beta: float, values: FloatArray) -> FloatArray:
    """The regularised incomplete beta function from the upper end."""
    return np.asarray(betainc(beta, alpha, 1.0 - _share(low, high, values)))


def _triangle(low: float, mode: float, high: float, values: FloatArray) -> FloatArray:
    if high == low:
        return 1.0 - _share(low, high, values)
    x, knee = _share(low, high, values), (mode - low) / (high - low)
    rising = 1.0 - x**2 / max(knee, 1e-300)
    return np.where(x < knee, rising, (1.0 - x) ** 2 / max(1.0 - knee, 1e-300))


def outlasting(scores: FloatArray, share: FloatArray) -> FloatArray:
    """Scores of a draw that is known to lie among the upper `share` of its distribution.

    z' with Phi(-z') = S Phi(-z): the inverse distribution function of X given X > x, where
    S = P(X > x). Rises with z; S = 1 leaves z as it is. Follows from
    P(X > y | X > x) = P(X > y) / P(X > x) for y > x.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(share) + log_ndtr(-scores)
    tail = np.exp(logs)
    return np.where(share < 1.0, -ndtri(np.clip(tail, 1e-300, 1.0)), scores)


def success_of_the_unfinished(success: float, share: float) -> float:
    """The chance that what is not done yet ever will be: p S / (p S + 1 - p).

    p is the chance at the start, S the share of successes that take longer than the age; what
    fails never ends, so that not having ended speaks for it (Bayes).
    """
    still = success * share
    return still / (still + 1.0 - success) if success < 1 else 1.0
