"""Quantile functions: a standard normal score becomes a draw of any distribution.

`draw(shape, scores)` is monotone in the scores, so that correlated scores give correlated draws.
Beta quantiles have no closed form; they are tabulated over scores once per pair of parameters.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, log_ndtr, ndtr, ndtri

from stargate.programme.reference_classes import Spliced, overrun_shape, reference_shape
from stargate.spec.distribution import (
    Beta,
    Empirical,
    Fixed,
    Lognormal,
    Normal,
    Overrun,
    Pareto,
    Pert,
    Reference,
    Triangle,
    Uniform,
    Weibull,
)

FloatArray = NDArray[np.float64]
Shape = (
    Pert[float]
    | Triangle[float]
    | Uniform[float]
    | Beta[float]
    | Normal[float]
    | Lognormal[float]
    | Weibull[float]
    | Pareto[float]
    | Empirical[float]
    | Fixed[float]
    | Reference
)

# Nodes of the beta tables. Straight lines between nodes 1/64 apart err by less than (1/64)^2 / 8
# of a quantile function's curvature: under 2e-5 of the range.
_OUTERMOST, _PER_UNIT = 8.0, 64
# Every fourth node is computed, those between lie on the cubic through the four about them, which
# errs by less than 2e-6 of the range: scores of the computed ones, one more at either end, and the
# weights of four neighbours (rows) a quarter, a half and three quarters on from the second.
_EACH = 4
_COMPUTED = np.arange(-8 * _PER_UNIT // _EACH - 1, 8 * _PER_UNIT // _EACH + 2) * _EACH / _PER_UNIT
_ON = np.arange(_EACH) / _EACH
_CUBIC = np.stack(
    [
        -_ON * (_ON - 1) * (_ON - 2) / 6,
        (_ON + 1) * (_ON - 1) * (_ON - 2) / 2,
        -(_ON + 1) * _ON * (_ON - 2) / 2,
        (_ON + 1) * _ON * (_ON - 1) / 6,
    ]
)


def draw(shape: Shape | Overrun, scores: FloatArray) -> FloatArray:
    """The quantiles of `shape` at the probabilities Phi(scores), in the unit of its parameters."""
    match shape:
        case Fixed(value=value):
            return np.full_like(scores, value)
        case Pert(low=low, mode=mode, high=high, peak=peak):
            return _stretched(low, high, *pert_parameters(low, mode, high, peak), scores)
        case Beta(low=low, high=high, alpha=alpha, beta=beta):
            return _stretched(low, high, alpha, beta, scores)
        case Triangle(low=low, mode=mode, high=high):
            return _triangle(low, mode, high, ndtr(scores))
        case Uniform(low=low, high=high):
            return low + (high - low) * ndtr(scores)
        case Normal(mean=mean, sd=sd):
            return mean + sd * scores
        case Lognormal(median=median, sigma=sigma):
            return median * np.exp(sigma * scores)
        case Weibull(scale=scale, shape=k):
            return scale * (-log_ndtr(-scores)) ** (1 / k)
        case Pareto(low=low, alpha=alpha, cap=cap):
            return np.minimum(low * np.exp(-log_ndtr(-scores) / alpha), cap or np.inf)
        case Empirical(values=values):
            return np.quantile(np.array(values), ndtr(scores), method="inverted_cdf")
        case Reference(reference_class=name, factor=factor):
            return factor * draw(reference_shape(name), scores)
        case Overrun(reference_class=name, factor=factor):
            return factor * _spliced(overrun_shape(name), scores)


def _spliced(shape: Spliced, scores: FloatArray) -> FloatArray:
    """Quantiles of a body up to the probability 1 - p, and of a Pareto tail beyond it."""
    above = ndtr(-scores)
    in_body = np.clip((1.0 - above) / (1.0 - shape.p_tail), 0.0, 1.0)
    body = draw(shape.body, np.asarray(ndtri(in_body)))
    tail = shape.knee * (np.minimum(above / shape.p_tail, 1.0)) ** (-1.0 / shape.alpha)
    return np.where(above < shape.p_tail, tail, body)


def pert_parameters(low: float, mode: float, high: float, peak: float) -> tuple[float, float]:
    """Beta parameters of a PERT: alpha = 1 + peak (mode - low)/(high - low), beta likewise.

    Mean (low + peak mode + high) / (peak + 2). Source: D. Vose, Risk Analysis, 3rd ed. (2008),
    modified PERT; peak 4 is the PERT of Malcolm et al. (1959).
    """
    if high == low:
        return 1.0, 1.0
    return 1 + peak * (mode - low) / (high - low), 1 + peak * (high - mode) / (high - low)


def _stretched(
    low: float, high: float, alpha: float, beta: float, scores: FloatArray
) -> FloatArray:
    if high == low:
        return np.full_like(scores, low)
    return low + (high - low) * _between_nodes(_beta_table(alpha, beta), scores)


def _between_nodes(table: FloatArray, scores: FloatArray) -> FloatArray:
    """A straight line between the two nodes about each score; nodes are as far apart everywhere."""
    place = (scores + _OUTERMOST) * _PER_UNIT
    np.maximum(place, 0.0, out=place)
    np.minimum(place, len(table) - 1.0, out=place)
    below = np.minimum(place.astype(np.int32), len(table) - 2)
    place -= below
    place *= np.diff(table)[below]
    place += table[below]
    return place


@lru_cache(maxsize=4096)
def _beta_table(alpha: float, beta: float) -> FloatArray:
    """Beta quantiles at the nodes, each from the nearer tail so that both keep their digits."""
    below = _COMPUTED < 0
    lower = betaincinv(alpha, beta, ndtr(_COMPUTED[below]))
    upper = 1.0 - betaincinv(beta, alpha, ndtr(-_COMPUTED[~below]))
    computed = np.concatenate([lower, upper])
    between = np.lib.stride_tricks.sliding_window_view(computed, 4) @ _CUBIC
    return np.clip(np.append(between.ravel(), computed[-2]), 0.0, 1.0)


def _triangle(low: float, mode: float, high: float, u: FloatArray) -> FloatArray:
    """Inverse of the triangular distribution function."""
    if high == low:
        return np.full_like(u, low)
    knee = (mode - low) / (high - low)
    left = low + np.sqrt(u * (high - low) * (mode - low))
    right = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < knee, left, right)
