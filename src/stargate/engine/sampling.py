"""Samples of many variables at once: Latin hypercube, and correlation through shared factors.

Every variable is drawn as a standard normal score and put through its own quantile function
afterwards, which is a Gaussian copula: the dependence is that of the scores, the margins are
whatever they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FloatArray = NDArray[np.float64]


def latin_hypercube(rng: np.random.Generator, n: int) -> FloatArray:
    """`n` probabilities, one from each of `n` equally likely strata, in random order.

    u = (pi(i) + u_i) / n, pi a permutation (McKay, Beckman and Conover 1979); never 0 nor 1.
    """
    points = rng.permutation(n) + rng.random(n)
    points /= n
    return np.clip(points, 1e-16, 1 - 1e-16, out=points)


def normal_scores(probabilities: FloatArray) -> FloatArray:
    """Standard normal scores: z = Phi^-1(u)."""
    return np.asarray(ndtri(probabilities), dtype=np.float64)


def correlated(
    own: FloatArray, loads: Mapping[str, float], factors: Mapping[str, FloatArray]
) -> FloatArray:
    """Scores that share factors: z = sum_k w_k f_k + sqrt(1 - sum_k w_k^2) e.

    `own` is e, `loads` the weights w_k, whose squares add up to at most 1. Two variables with
    weights w and v on one factor correlate by w v; the variance stays 1.
    """
    if not loads:
        return own
    rest = max(0.0, 1.0 - sum(weight**2 for weight in loads.values()))
    scores = np.sqrt(rest) * own
    for name, weight in loads.items():
        scores += weight * factors[name]
    return scores
