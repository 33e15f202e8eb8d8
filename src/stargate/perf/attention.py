"""Time of the attention core (scores, softmax, weighted sum), forward and backward.

Flash kernels keep the scores on chip and are bound by arithmetic; the unfused kernels of 2022 and
before write them to memory several times and are bound by bandwidth. Not covered: sparse and
linear attention, attention sinks, the decode step.
"""

from __future__ import annotations

import numpy as np

from stargate.perf.columns import Array, Column

BACKWARD_FLOP_RATIO = 2.5  # five multiplications against two (arXiv 2307.08691, section 4.1)
# Rate of 8-bit products over their peak against that of 16-bit ones over theirs: 1.2 of 1.98 and
# 740 of 989 TFLOP/s on Hopper (arXiv 2407.08608, abstract).
EIGHT_BIT_SHARE = 0.81
HEAD_DIM_HALF = 32.0  # head size at which half of the long-head rate is reached
REFERENCE_HEAD_DIM = 128.0
# Bytes moved per score by the unfused kernels in 16 bit, dropout mask one byte (Megatron-LM 2022):
# forward store 2, softmax 2+2, dropout 2+2+1, product 2; backward about as much again and the
# gradients of scores and probabilities.
UNFUSED_FORWARD_BYTES = 13.0
UNFUSED_BACKWARD_BYTES = 17.0
# Megatron-LM's one kernel for scale, mask and softmax takes heads and sequences four at a time, and
# rows of so many keys (megatron/model/fused_softmax.py, `is_kernel_available`). What it does not
# take is cast to fp32, scaled, masked, normalised and cast back one after another: 36 bytes a score
# forward and 40 backward in place of its 4 and 6, by five kernels each.
SOFTMAX_ROWS, SOFTMAX_KEYS_MAX = 4.0, 4096.0
PLAIN_SOFTMAX_FORWARD_BYTES = 32.0
PLAIN_SOFTMAX_BACKWARD_BYTES = 34.0
UNFUSED_NO_DROPOUT = 8.0 / 13.0  # share of that traffic left without dropout


def visible_keys(seq_len: Column, window: Column) -> Array:
    """Mean number of keys that a query sees under a causal mask of width `window` (0: no window).

    s/2 without a window, w (1 - w / 2s) with one shorter than the sequence.
    """
    width = np.where(np.asarray(window) > 0, np.minimum(window, seq_len), seq_len)
    return width * (1.0 - width / (2.0 * seq_len))


def attention_flop(
    tokens: Column, keys: Column, heads: Column, qk_dim: Column, v_dim: Column
) -> Column:
    """Forward multiply-adds, two FLOP each: 2 t k a (d_qk + d_v).

    Source: PaLM appendix B (12 L H Q T a token forward and backward), by head size.
    """
    return 2.0 * tokens * keys * heads * (qk_dim + v_dim)


def fetched_keys(seq_len: Column, window: Column, block: Column) -> Array:
    """Mean number of keys that a kernel computes: a window begins and ends inside a block."""
    width = np.where(np.asarray(window) > 0, np.asarray(window) + block, 0.0)
    return visible_keys(seq_len, width)


def systolic_fraction(
    qk_dim: Column, v_dim: Column, side: int, seq_len: Column, fraction: Column, half: Column
) -> Column:
    """Share of peak of a flash kernel on a systolic array: f d / d_padded s / (s + s_half).

    The head size is one side of both products (scores contract over it, outputs are as wide), so
    that it is padded to the array's side: heads of 128 fill half of an array of 256.
    """
    padded = [np.ceil(np.asarray(d) / side) * side for d in (qk_dim, v_dim)]
    filled = (qk_dim + v_dim) / (padded[0] + padded[1])
    return fraction * filled * seq_len / (seq_len + half)


def flash_fraction(
    head_dim: Column, seq_len: Column, fraction: Column, half_seq_len: Column
) -> Column:
    """Share of peak a flash kernel reaches: f (d / (d + 32)) (160/128) s / (s + s_half).

    `fraction` is that of a long sequence with heads of 128. Shape fitted to figures 5-7 of
    arXiv 2307.08691 (A100, 512 to 16k, heads 64 and 128) and figure 5 of arXiv 2407.08608.
    """
    by_head = head_dim / (head_dim + HEAD_DIM_HALF)
    reference = REFERENCE_HEAD_DIM / (REFERENCE_HEAD_DIM + HEAD_DIM_HALF)
    return fraction * by_head / reference * seq_len / (seq_len + half_seq_len)


def flash_time_s(flop: Column, peak_flop_per_s: Column, fraction: Column) -> Column:
    """Seconds of a flash kernel: its FLOP over the share of peak that it reaches."""
    return flop / (peak_flop_per_s * fraction)


def exponential_time_s(scores: Column, per_s: Column, fraction: Column) -> Column:
    """Seconds of the softmax: one exponential a score, at the same share of that unit's rate.

    Products and exponentials of different blocks overlap, so that the slower of the two rules. On
    Blackwell they are even for heads of 128, and exponentials rule for shorter heads and for
    products in 8 bit (FlashAttention-4; NVIDIA, "Making softmax more efficient").
    """
    return scores / (per_s * fraction)


def backward_time_s(products_s: Column, exponentials_s: Column, backward: Column) -> Array:
    """Seconds of the backward of a flash kernel, whose rates are `backward` of the forward's.

    It computes each score's exponential once more, beside five products in place of two.
    """
    return np.maximum(products_s * BACKWARD_FLOP_RATIO, exponentials_s) / backward


def unfused_traffic_bytes(scores: Column, bytes_per_score: float, dropout: Column) -> Column:
    """Bytes that the unfused kernels move for `scores` = b a s^2 scores, masked ones included."""
    return scores * bytes_per_score * np.where(np.asarray(dropout) > 0, 1.0, UNFUSED_NO_DROPOUT)


def plain_softmax(batch_heads: Column, keys: Column) -> Array:
    """1 where no fused kernel takes a softmax over `keys` of so many heads times sequences."""
    taken = (np.mod(batch_heads, SOFTMAX_ROWS) == 0) & (np.asarray(keys) <= SOFTMAX_KEYS_MAX)
    return np.where(taken, 0.0, 1.0)


def unfused_time_s(
    flop: Column, traffic_bytes: Column, flop_per_s: Column, bandwidth_bytes_per_s: Column
) -> Column:
    """Seconds of unfused attention: both batched products and the passes over the scores."""
    return flop / flop_per_s + traffic_bytes / bandwidth_bytes_per_s
