"""What recomputing activations costs: the forward work done again before the backward.

Source: V. Korthikanti et al., arXiv 2205.05198, sections 4 and 5 (full: every layer's forward;
selective: the attention core alone, or with flash attention the cheap operators). Not covered:
hand-picked operators.
"""

from __future__ import annotations

import numpy as np

from stargate.perf.columns import Array, Column, Ints
from stargate.perf.layer import LayerCost
from stargate.perf.strategy import FULL, SELECTIVE


def repeated_fraction(recompute: Ints, recompute_layers: Column, layers_per_stage: Column) -> Array:
    """Share of a stage's layers whose whole forward runs twice."""
    some = np.minimum(recompute_layers / np.maximum(layers_per_stage, 1.0), 1.0)
    share = np.where(np.asarray(recompute_layers) > 0, some, 1.0)
    return np.where(recompute == FULL, share, 0.0)


def is_selective(recompute: Ints) -> Array:
    """1 where only what is cheap to compute again is recomputed."""
    return np.where(recompute == SELECTIVE, 1.0, 0.0)


def saved_bytes(cost: LayerCost, recompute: Ints, repeated: Array) -> Array:
    """Bytes a layer keeps for one micro-batch: its input, all that is not cheap, or everything.

    Full: 2 s b h (equation 6 of the source). Selective: without the scores (equation 5), or with
    flash attention without what norms, activations and MLA's up-projections put out.
    """
    dropped = np.where(recompute == SELECTIVE, cost.selective_drop, 0.0)
    kept = cost.activation + cost.scores - dropped
    return repeated * cost.boundary + (1.0 - repeated) * kept
