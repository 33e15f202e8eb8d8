"""Device memory of a training step: weights, gradients, optimiser, activations, logits, reserve.

Activations follow V. Korthikanti et al., arXiv 2205.05198, equations 1-6, in the general form that
also covers gated feed-forward blocks, grouped queries, flash attention and experts. Not covered:
fragmentation beyond the reserve, offload to the host, workspace of autotuned kernels.
"""

from __future__ import annotations

import numpy as np

from stargate.perf.columns import Array, Column, Ints

BF16_BYTES = 2.0
NCCL_AND_CONTEXT_BYTES = 3.0e9  # CUDA context, workspace, collectives' buffers (2-4 GB, assumed)


def unsharded_bytes_per_token(hidden: Column, input_bytes: Column, dropout: Column) -> Column:
    """Saved bytes per token that tensor parallelism alone does not split: h (4 + 2 w + 2 dropout).

    Inputs of two norms (4 h), of the qkv and of the first feed-forward product (w = 2 bytes each
    in 16 bit, 1 in 8 bit), two dropout masks (2 h): the "10 sbh" of equation 2.
    """
    return hidden * (4.0 + 2.0 * input_bytes + 2.0 * dropout)


def attention_bytes_per_token(qkv_width: Column, output_width: Column) -> Column:
    """Saved bytes per token of queries, keys, values and the core's output, in 16 bit.

    8 h for plain attention (equation 1: Q, K 4 h, V 2 h, projection input 2 h). The projection
    reads what the core keeps, so that a frozen projection saves nothing.
    """
    return 2.0 * (qkv_width + output_width)


def ffn_bytes_per_token(width: Column, input_bytes: Column, gated: Column) -> Column:
    """Saved bytes per token inside the feed-forward block: activation input(s), product input.

    16 h for a plain block of width 4 h in 16 bit (equation 1); 6 w when gated. `input_bytes` is
    the width of the second product's input, 0 where its weights are frozen.
    """
    return width * (2.0 * (1.0 + gated) + input_bytes)


def score_bytes_per_token(heads: Column, seq_len: Column, dropout: Column) -> Column:
    """Saved bytes per token of unfused attention: softmax and dropout output, and the mask: 5 a s.

    Source: equation 1, the term 5 a s / h. Without dropout only the softmax output, 2 a s.
    """
    return heads * seq_len * np.where(np.asarray(dropout) > 0, 5.0, 2.0)


def layer_activation_bytes(
    tokens: Column,
    unsharded: Column,
    sharded: Column,
    scores: Column,
    tp: Ints,
    sequence_parallel: Ints,
) -> Array:
    """Bytes that one layer saves for its backward: t (u / (tp if SP else 1) + (x + scores) / tp).

    Source: equations 2 to 4 of arXiv 2205.05198 with the parts above.
    """
    split = np.where(sequence_parallel > 0, tp, 1)
    return tokens * (unsharded / split + (sharded + scores) / tp)


def state_bytes_per_parameter(
    zero: Ints,
    shard: Column,
    weight_bytes: Column,
    gradient_bytes: Column,
    optimizer_bytes: Column,
) -> tuple[Array, Array, Array]:
    """Bytes of weight, gradient and optimiser state per parameter of a rank.

    ZeRO 1 splits the optimiser over `shard` ranks, 2 also the gradients, 3 also the weights.
    Source: S. Rajbhandari et al., arXiv 1910.02054, figure 1.
    """
    return (
        weight_bytes / np.where(zero >= 3, shard, 1.0),
        gradient_bytes / np.where(zero >= 2, shard, 1.0),
        optimizer_bytes / np.where(zero >= 1, shard, 1.0),
    )


def logit_bytes(tokens: Column, vocabulary: Column) -> Column:
    """Bytes of logits on the last stage: fp32 logits and their gradient, 4 s b V each."""
    return 8.0 * tokens * vocabulary
