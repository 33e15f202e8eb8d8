"""Bytes held on the fullest rank of a pipeline, part by part."""

from __future__ import annotations

import numpy as np

from stargate.perf import memory, pipeline, recompute
from stargate.perf.columns import Array
from stargate.perf.layer import LayerCost
from stargate.perf.state import StateCost
from stargate.perf.strategy import StrategyTable

GATHERED_UNITS = 2.0  # layers whose full weights ZeRO 3 holds at a time: used and prefetched


def footprint(
    t: StrategyTable, cost: LayerCost, state: StateCost, repeated: Array, micro_batches: Array
) -> dict[str, Array]:
    """Bytes by part on the fullest rank: an early stage, or the last with its logits.

    The first stage holds the most micro-batches, the second one fewer but perhaps a layer more.
    """
    early, last = _activations(t, cost, state, repeated, micro_batches)
    alone = t.pp == 1
    last_is_fuller = last + cost.logits > early + np.where(alone, cost.logits, 0.0)
    layer = cost.dense_parameters + cost.expert_parameters
    gathered = GATHERED_UNITS * memory.BF16_BYTES * layer * (t.zero == 3)
    parts = {
        "weights": state.weights + gathered,
        "gradients": state.gradients,
        "optimizer": state.optimizer,
        "activations": np.where(last_is_fuller, last, early),
        "logits": np.where(last_is_fuller | alone, cost.logits, 0.0),
        "reserve": np.full(len(t), memory.NCCL_AND_CONTEXT_BYTES),
    }
    return {name: np.asarray(part, np.float64) for name, part in parts.items()}


def _activations(
    t: StrategyTable, cost: LayerCost, state: StateCost, repeated: Array, micro_batches: Array
) -> tuple[Array, Array]:
    """Bytes of activations on the fuller of the first two stages, and on the last."""
    saved = recompute.saved_bytes(cost, t.recompute, repeated)
    live = pipeline.live_micro_batches(t.pp, t.vp, micro_batches, t.schedule)
    live_last = pipeline.live_on_last_stage(t.pp, t.vp, micro_batches, t.schedule)
    working = np.where(repeated > 0, cost.activation + cost.scores, 0.0)
    second = np.maximum(live - 1.0, 1.0) * state.layers_most * (t.pp > 2)
    early = np.maximum(live * state.layers_first, second) * saved + working
    return early, live_last * state.layers_last * saved + working
