"""Arithmetic of a step: what the model needs, and what the hardware does.

Convention: 6 FLOP a weight that multiplies and token, and attention with masked scores left out
(causal half), as Llama 3 and Megatron Core count; PaLM's and Korthikanti's count attention whole.
"""

from __future__ import annotations

import numpy as np

from stargate.perf.attention import attention_flop, visible_keys
from stargate.perf.columns import Column
from stargate.perf.products import layer_products
from stargate.perf.shape import ModelShape, WorkShape

CONVENTION = "6 x multiplying weights x tokens + causal (halved) attention, no recompute"


def forward_flop_per_token(shape: ModelShape, work: WorkShape) -> tuple[Column, Column, Column]:
    """Forward FLOP a token of linear layers, of attention, and of the logits."""
    one = np.ones(np.size(shape.layers), np.int64)
    linear = layer_products(shape, one * 1.0, one, one, 1.0).flop * shape.layers
    near = visible_keys(work.seq_len, shape.window)
    share = np.where(np.asarray(shape.window) > 0, shape.global_share, 1.0)
    keys = share * visible_keys(work.seq_len, 0.0) + (1.0 - share) * near
    core = attention_flop(1.0, keys, shape.heads, shape.qk_dim, shape.v_dim) * shape.layers
    return linear, core, 2.0 * shape.hidden * shape.vocabulary


def model_flop(shape: ModelShape, work: WorkShape) -> Column:
    """FLOP that one step needs: three times the forward (adapters: twice, weights are frozen)."""
    linear, core, logits = forward_flop_per_token(shape, work)
    tokens = work.seq_len * work.global_batch
    passes = 3.0 - work.frozen
    return tokens * (passes * (linear + logits) + 3.0 * core)


def hardware_flop(
    shape: ModelShape, work: WorkShape, repeated: Column, core_repeated: Column
) -> Column:
    """FLOP that recomputation adds: the repeated share of all layers, or their attention core."""
    linear, core, _ = forward_flop_per_token(shape, work)
    tokens = work.seq_len * work.global_batch
    return tokens * (repeated * (linear + core) + core_repeated * core)
