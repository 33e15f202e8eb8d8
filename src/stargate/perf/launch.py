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
ROUTED_KERNELS = 18.0  # router, top-k, permutes, two grouped products, unpermute
BACKWARD_RATIO = 2.0


def layer_kernels(unfused: Column, routed_fraction: Column) -> Column:
    """Kernels that one layer starts forward; `routed_fraction` of the layers hold experts."""
    ffn = FFN_KERNELS + (ROUTED_KERNELS - FFN_KERNELS) * routed_fraction
    return ATTENTION_KERNELS + UNFUSED_KERNELS * unfused + ffn


def launch_time_s(kernels: Column, device_s: Column, gap_s: Column, issue_s: Column) -> Array:
    """Seconds lost to launches: max(n gap, n issue - t_device).

    `gap_s` is the device's idle time between dependent kernels, `issue_s` the host's time to
    issue one, `device_s` the time the kernels themselves take.
    """
    return np.maximum(kernels * gap_s, kernels * issue_s - device_s)
