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
FFN_KERNELS = 5.0
ROUTED_KERNELS = 30.0  # router, top-k, sorts, permutes, grouped products, casts, unpermute
EXPERT_CAST_KERNELS = 3.0  # block-scaled formats: inputs, weights, scales, one expert at a time
TENSOR_PARALLEL_KERNELS = 2.0  # collectives
ADAPTER_KERNELS = 14.0  # two thin products and a sum for each of four linear layers
BACKWARD_RATIO = 2.0  # kernels of the backward over those of the forward
BACKWARD_ISSUE_RATIO = 1.0  # host time: the autograd engine issues them without Python


def layer_kernels(unfused: Column, routed_fraction: Column, cast_experts: Column) -> Column:
    """Kernels that one layer starts forward; `routed_fraction` of the layers hold experts.

    `cast_experts` is the number of a rank's experts whose inputs are quantised: each alone.
    """
    routed = ROUTED_KERNELS + EXPERT_CAST_KERNELS * cast_experts
    ffn = FFN_KERNELS + (routed - FFN_KERNELS) * routed_fraction
    return ATTENTION_KERNELS + UNFUSED_KERNELS * unfused + ffn


def launch_time_s(device_s: Column, gaps_s: Column, issue_s: Column) -> Array:
    """Seconds lost to launches: max(gaps, issue - t_device).

    `device_s` is the time that the kernels themselves take, `gaps_s` the device's idle time
    between dependent kernels, `issue_s` the time that the host needs to issue them all.
    """
    return np.maximum(gaps_s, issue_s - device_s)
