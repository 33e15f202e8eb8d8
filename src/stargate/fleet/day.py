"""How a day's load is spread over its hours, when only its busiest hour is known."""

from __future__ import annotations

import math

HOURS = 24
BUSIEST_HOUR = 14


def day_profile(peak_factor: float) -> tuple[float, ...]:
    """Load of each hour over the mean, its largest being `peak_factor`.

    w_h = exp(k cos(2 pi (h - 14) / 24)) over its mean (the von Mises shape: one smooth hump,
    never below zero), with k found by halving; the hour is an assumption and moves nothing else.
    Holds for factors from 1 (even) to below 24 (all in one hour).
    """
    low, high = 0.0, 700.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if max(_shape(middle)) < peak_factor else (low, middle)
    return _shape(0.5 * (low + high))


def _shape(k: float) -> tuple[float, ...]:
    angles = (2 * math.pi * (hour - BUSIEST_HOUR) / HOURS for hour in range(HOURS))
    weights = [math.exp(k * (math.cos(angle) - 1.0)) for angle in angles]
    mean = sum(weights) / HOURS
    return tuple(weight / mean for weight in weights)
