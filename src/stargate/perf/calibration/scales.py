"""The scale on which each coefficient is fitted, and how far its prior lets it move.

A share moves on the logistic scale and a positive quantity on the logarithmic one, so that no fit
leaves its bounds. The spread is one standard deviation of the prior on that scale: small where a
benchmark pins the coefficient down, large where it is a guess. A share that is exactly none or all
(blocking communication) states a mechanism and is not fitted.

A spread has three parts: what all machines share, what an accelerator family shares, and what one
software generation has to itself. How near parts come to their data sheets is much alike
everywhere. What the host costs is not: it follows its processors and its Python, which change from
one era to the next as accelerator families do, so that all machines share none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields

import numpy as np

from stargate.perf.coefficients import Coefficients
from stargate.perf.columns import Array

SMALLEST_SHARE = 0.02
SMALLEST_EXCESS = 0.01

Parts = tuple[float, float, float]  # of a spread: shared by all, of a family, of a generation
ALIKE: Parts = (0.8, 0.7, 0.6)
OF_THE_HOST: Parts = (0.0, 0.7, 1.0)  # as wide in all: the squares of both add up to 1.5


@dataclass(frozen=True, slots=True)
class Scale:
    """A change of variable, its inverse, and the prior's standard deviation after the change.

    A coefficient that has one of the `stated` values is not fitted.
    """

    forward: Callable[[float], float]
    inverse: Callable[[float], float]
    spread: float
    stated: tuple[float, ...] = (0.0,)
    parts: Parts = ALIKE


def _logit(share: float) -> float:
    held = min(max(share, SMALLEST_SHARE), 1.0 - SMALLEST_SHARE)
    return float(np.log(held / (1.0 - held)))


def _share(spread: float) -> Scale:
    return Scale(_logit, lambda z: float(1.0 / (1.0 + np.exp(-z))), spread, (0.0, 1.0))


def _positive(spread: float, parts: Parts = ALIKE) -> Scale:
    return Scale(lambda x: float(np.log(x)), lambda z: float(np.exp(z)), spread, parts=parts)


def _above_one(spread: float) -> Scale:
    return Scale(
        lambda x: float(np.log(max(x - 1.0, SMALLEST_EXCESS))),
        lambda z: float(1.0 + np.exp(z)),
        spread,
        (1.0,),
    )


SCALES: dict[str, Scale] = {
    "gemm_fraction": _positive(0.10),
    "gemm_fraction_8bit": _positive(0.12),
    "gemm_fraction_4bit": _positive(0.15),
    "row_scaled_fraction": _share(0.6),
    "store_exposed": _share(0.7),
    "grouped_fraction": _share(0.5),
    "attention_fraction": _share(0.4),
    "attention_backward": _positive(0.2),
    "attention_half_tokens": _positive(0.5),
    "memory_fraction": _share(0.3),
    "fusion": _positive(0.3),
    "kernel_gap_s": _positive(0.5),
    "kernel_issue_s": _positive(0.5, OF_THE_HOST),
    "micro_batch_s": _positive(0.8, OF_THE_HOST),
    "step_s": _positive(0.8, OF_THE_HOST),
    "tp_overlap": _share(0.8),
    "cp_overlap": _share(0.8),
    "ep_overlap": _share(0.8),
    "p2p_overlap": _share(0.8),
    "dp_overlap": _share(0.8),
    "shard_overlap": _share(0.8),
    "interference": _positive(0.5),
    "collective_slowdown": _positive(0.25),
    "network_slowdown": _positive(0.25),
    "expert_dedup": _share(0.8),
    "power_exponent": _share(0.8),
    "expert_imbalance": _above_one(0.5),
    "straggler_sigma": _positive(0.25),
}
FITTED = tuple(SCALES)
# One standard deviation of a shift, by level (all, family, generation) and coefficient.
SPREADS: Array = np.array([scale.spread * np.array(scale.parts) for scale in SCALES.values()]).T


def to_scale(coefficients: Coefficients) -> Array:
    """The coefficients on their scales, in the order of `FITTED`; nan where one is not fitted."""
    values = [(SCALES[name], getattr(coefficients, name)) for name in FITTED]
    return np.array([np.nan if v in scale.stated else scale.forward(v) for scale, v in values])


def from_scale(base: Coefficients, scaled: Array) -> Coefficients:
    """`base` with its fitted coefficients replaced; those that are nan stay as they are."""
    moved = {
        name: SCALES[name].inverse(z)
        for name, z in zip(FITTED, scaled, strict=True)
        if not np.isnan(z)
    }
    names = (field.name for field in fields(Coefficients))
    return Coefficients(*(moved.get(n, v) for n, v in zip(names, astuple(base), strict=True)))
