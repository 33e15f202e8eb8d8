"""Fixed costs that no bandwidth or arithmetic removes: starting kernels, layers, micro-batches.

The device idles a little between dependent kernels, and it waits altogether where the host cannot
issue kernels as fast as the device retires them (small models, eager frameworks).
"""

from __future__ import annotations

import numpy as np

from stargate.perf.columns import Array, Column

# Kernels of one layer forward, by part: counted in Megatron-LM's and PyTorch's transformer layer.
ATTENTION_KERNELS = 8.0  # norm, qkv, rope, core, projection, bias-dropout-add
UNFUSED_KERNELS = 4.0  # scores, softmax, dropout and product instead of one core
PLAIN_SOFTMAX_KERNELS = 4.0  # beyond the one of a fused softmax
FFN_KERNELS = 5.0
ROUTED_KERNELS = 30.0  # router, top-k, sorts, permutes, casts, unpermute: once for all experts
TENSOR_PARALLEL_KERNELS = 2.0  # collectives
ADAPTER_KERNELS = 14.0  # two thin products and a sum for each of four linear layers
BACKWARD_RATIO = 2.0  # kernels of the backward over those of the forward
BACKWARD_ISSUE_RATIO = 1.0  # host time: the autograd engine issues them without Python
# Kernels that each expert starts for itself, forward and backward, where a grouped product is a
# loop over experts: a product for each of two weights (their gradients: two each); in 8 bit a cast
# of each input and gradient; with a scale a block its scales are laid out anew for each operand.
# Counted in Transformer Engine 2.8, `GroupedLinear` and `general_grouped_gemm`.
EXPERT_KERNELS = (2.0, 4.0)
EXPERT_CASTS = (2.0, 2.0)
EXPERT_SCALE_KERNELS = (4.0, 8.0)


def layer_kernels(unfused: Column, plain_softmax: Column, routed_fraction: Column) -> Column:
    """Kernels that one layer starts forward; `routed_fraction` of the layers hold experts.

    `unfused` attention keeps its scores in memory, and its softmax may be `plain`.
    """
    ffn = FFN_KERNELS + (ROUTED_KERNELS - FFN_KERNELS) * routed_fraction
    core = unfused * (UNFUSED_KERNELS + PLAIN_SOFTMAX_KERNELS * plain_softmax)
    return ATTENTION_KERNELS + core + ffn


def expert_kernels(experts: Column, narrow: Column, block_scaled: Column) -> tuple[Column, Column]:
    """Kernels forward and backward that a rank starts one expert at a time.

    `narrow` is 1 where inputs are cast to 8 bits or fewer, `block_scaled` where blocks have scales.
    """
    ways = zip(EXPERT_KERNELS, EXPERT_CASTS, EXPERT_SCALE_KERNELS, strict=True)
    forward, backward = (
        experts * (products + casts * narrow + scales * block_scaled)
        for products, casts, scales in ways
    )
    return forward, backward


def launch_time_s(device_s: Column, gaps_s: Column, issue_s: Column) -> Array:
    """Seconds lost to launches: max(gaps, issue - t_device).

    `device_s` is the time that the kernels themselves take, `gaps_s` the device's idle time
    between dependent kernels, `issue_s` the time that the host needs to issue them all.
    """
    return np.maximum(gaps_s, issue_s - device_s)
