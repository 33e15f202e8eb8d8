"""Prices that wander: paths relative to the data date, one a sample, on a grid of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stargate.programme.compute_prices import fitted
from stargate.programme.draws import Draws
from stargate.spec.programme import Driver
from stargate.units import YEAR_S

FloatArray = NDArray[np.float64]


def price_paths(
    drivers: Sequence[Driver], draws: Draws, time_s: FloatArray
) -> Mapping[str, FloatArray]:
    """The relative price of every driver that is a price, at the times of the grid: (n, times).

    1 at the first time of the grid. Normal drivers are no prices and are left out.
    """
    path_of = {"gbm": geometric_brownian, "ou": mean_reverting}
    step_years = np.diff(time_s) / YEAR_S
    found: dict[str, FloatArray] = {}
    for driver in map(fitted, drivers):
        if driver.process in path_of:
            steps = draws.steps(f"price/{driver.id}", len(step_years))
            path = path_of[driver.process](driver, steps, step_years)
            found[driver.id] = _of_uncertain_drift(path, driver, draws, time_s)
    return found


def _of_uncertain_drift(
    path: FloatArray, driver: Driver, draws: Draws, time_s: FloatArray
) -> FloatArray:
    """The path with a drift of its own in each sample: times exp(sd x z x time since the start)."""
    if not driver.drift_sd_per_s:
        return path
    score = draws.score(f"price/{driver.id}/drift")[:, None]
    return np.asarray(path * np.exp(driver.drift_sd_per_s * score * (time_s - time_s[0])))


def geometric_brownian(driver: Driver, scores: FloatArray, step_years: FloatArray) -> FloatArray:
    """exp(drift t + sigma W_t): the median drifts, the spread of the logarithm grows as sqrt(t)."""
    drift = driver.drift_per_s * YEAR_S * step_years
    moves = drift + driver.volatility * np.sqrt(step_years) * scores
    return _from_one(np.cumsum(moves, axis=1))


def mean_reverting(driver: Driver, scores: FloatArray, step_years: FloatArray) -> FloatArray:
    """exp(X) with dX = -k X dt + sigma dW (Ornstein-Uhlenbeck), by its exact steps.

    X moves to X e^(-k h) + sigma sqrt((1 - e^(-2kh)) / 2k) z. Source: Gillespie, Phys. Rev. E 54
    (1996) 2084.
    """
    rate = driver.reversion_per_s * YEAR_S
    keep = np.exp(-rate * step_years)
    spread = np.sqrt(-np.expm1(-2 * rate * step_years) / (2 * rate)) if rate else step_years**0.5
    logs = np.empty_like(scores)
    level = np.zeros(len(scores))
    for i in range(scores.shape[1]):
        level = level * keep[i] + driver.volatility * spread[i] * scores[:, i]
        logs[:, i] = level
    return _from_one(logs)


def _from_one(logs: FloatArray) -> FloatArray:
    return np.exp(np.concatenate([np.zeros((len(logs), 1)), logs], axis=1))


def price_at(path: FloatArray, grid_s: FloatArray, time_s: FloatArray) -> FloatArray:
    """The relative price at one time a sample: that of the last grid time before it."""
    column = np.clip(np.searchsorted(grid_s, time_s, side="right") - 1, 0, len(grid_s) - 1)
    return path[np.arange(len(path)), column]
