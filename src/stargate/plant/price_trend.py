"""How a price falls from year to year, and how well a few years of it tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Trend:
    """ln(price) = level + rate x year + residual: the rate, its error, the residual's sd."""

    rate_per_year: float
    rate_se_per_year: float
    residual_sd: float


def log_trend(years: Sequence[float], prices: Sequence[float]) -> Trend:
    """Least squares of the logarithm of a price on time; at least three points.

    se = s / sqrt(sum (t - mean t)^2), s^2 = sum of squared residuals / (n - 2). Holds where the
    residuals are independent; successive years of one product are not quite.
    """
    assert len(years) == len(prices) >= 3, "two points leave no residual"
    time, logs = np.asarray(years, np.float64), np.log(prices)
    apart = time - time.mean()
    rate = float(apart @ logs / (apart @ apart))
    residual = logs - logs.mean() - rate * apart
    sd = math.sqrt(float(residual @ residual) / (len(time) - 2))
    return Trend(rate, sd / math.sqrt(float(apart @ apart)), sd)
