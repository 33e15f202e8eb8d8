"""Operators bound by memory bandwidth: norms, residuals, activations, rope, casts, optimiser.

Each is counted in bytes read and written per token of a rank; time is bytes over the bandwidth
reached. The cost of starting a kernel stands in `launch`. Not covered: cache hits between kernels.
"""

from __future__ import annotations

from stargate.perf.columns import Column

BF16_BYTES = 2.0


def stream_time_s(size_bytes: Column, bandwidth_bytes_per_s: Column) -> Column:
    """Seconds to read and write `size_bytes` at the bandwidth reached."""
    return size_bytes / bandwidth_bytes_per_s


def residual_bytes(hidden: Column, dropout: Column, parallel: Column = 0.0) -> Column:
    """Forward bytes per token of two norms and two residual additions.

    Norm: read and write, 2 x 2 x 2 h. Residual: read two, write one, 2 x 3 x 2 h; a dropout adds a
    mask of one byte twice. A parallel block has one norm and one addition of three; a second norm,
    where both sides have their own (GPT-NeoX, Falcon 40B), is left out. Source: count of operands,
    bf16; fused bias-dropout-add.
    """
    return BF16_BYTES * hidden * (10.0 - 4.0 * parallel) + 2.0 * hidden * dropout


def activation_bytes(width: Column, gated: Column) -> Column:
    """Forward bytes per token of the activation: read (two when gated), write one, `width` wide."""
    return BF16_BYTES * width * (2.0 + gated)


def clamp_bytes(width: Column) -> Column:
    """Forward bytes per token to clamp both inputs of a gate, each a pass of its own, and to join
    them again: a third of 16 w forward and 20 w backward, which is counted as twice the forward.

    Source: Megatron-LM, `weighted_bias_quick_geglu_impl`. A compiler that fuses spares them.
    """
    return 12.0 * width


def rope_bytes(rotated_width: Column) -> Column:
    """Forward bytes per token to rotate queries and keys: read and write."""
    return 2.0 * BF16_BYTES * rotated_width


def cast_bytes(width: Column, trained: Column = 1.0) -> Column:
    """Bytes per token to quantise a GEMM input to 8 bits: read 2, write 1, and a transpose 1.

    The transpose is for weight gradients: weights that are not `trained` need none.
    """
    return (3.0 + trained) * width


def row_cast_bytes(width: Column) -> Column:
    """Bytes per token to quantise with a scale a row: both directions have scales of their own, so
    each reads 2 for the maximum, reads 2 again and writes 1. Source: torchao, float8 row-wise."""
    return 10.0 * width


def permute_bytes(hidden: Column, active: Column) -> Column:
    """Forward bytes per token to permute tokens to experts and back: k copies read and written."""
    return 4.0 * BF16_BYTES * hidden * active


def expert_bias_bytes(hidden: Column, active: Column) -> Column:
    """Forward bytes per token to add the output biases of experts, weighted by the router: 28 k h.

    Product with fp32 probabilities written (4), sum with the output (2 + 4 + 4), pieces of all
    experts joined (4 + 4) and cast (4 + 2). Source: Megatron-LM, `TEGroupedMLP._apply_bias`.
    """
    return 28.0 * hidden * active


def optimizer_bytes(state_bytes: Column, gradient_bytes: Column, weight_bytes: Column) -> Column:
    """Bytes per parameter that an optimiser step moves: states read and written, gradient read,
    gradient zeroed, 16-bit weight written.

    Adam with fp32 master, mean and variance: 2 x 12 + 2 x 4 + 2 = 34.
    """
    return 2.0 * state_bytes + 2.0 * gradient_bytes + weight_bytes
