"""The interval around a predicted step time: log-normal, of a spread that a calibration sets.

The spread of a software generation holds what the model leaves out and what its records leave
unsaid. A mixture of experts has more that goes unsaid, namely how its router spreads the tokens,
which dispatcher carries them and what is freed to make room; it adds a spread of its own.
"""

from __future__ import annotations

import math

from stargate.perf.machine import Machine
from stargate.spec.model import Transformer

INTERVAL_80_SIGMAS = 1.2816  # quantile of the normal distribution at 0.9
UNSTATED_SOFTWARE_SIGMA = 0.06  # same layout on another software release: 6 % in the median


def interval_s(
    model: Transformer, machine: Machine, step_time_s: float, *, seen: bool = False
) -> tuple[float, float]:
    """The times between which a measured step lies with 80 %.

    Narrower where other rows of the same source were `seen` by the calibration.
    """
    factor = math.exp(INTERVAL_80_SIGMAS * _sigma(model, machine, seen=seen))
    return step_time_s / factor, step_time_s * factor


def _sigma(model: Transformer, machine: Machine, *, seen: bool) -> float:
    """Independent spreads in quadrature: the generation's, that of experts, unstated software's."""
    said = machine.coefficients
    generation = said.interval_sigma_seen if seen else said.interval_sigma
    experts = said.experts_sigma_seen if seen else said.experts_sigma
    return math.hypot(
        generation,
        experts if model.moe is not None else 0.0,
        UNSTATED_SOFTWARE_SIGMA if machine.software.assumed else 0.0,
    )
