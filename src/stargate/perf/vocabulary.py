"""The two ends of a language model: embedding look-up, logits and loss over the vocabulary."""

from __future__ import annotations

from stargate.perf.columns import Column

# fp32 logits: the product writes them, maximum, sum of exponents and target read them, the
# backward reads and writes them.
LOSS_BYTES_PER_LOGIT = 4.0 * 6.0
# The same an operator at a time (megatron/mpu/cross_entropy.py): cast 2 + 4 for a product that
# wrote 2 instead of 4, maximum 4, subtract 8, exponent 8, sum 4, divide 8; the backward's scaling 8
# and cast 6.
SEPARATE_LOSS_BYTES_PER_LOGIT = 50.0


def loss_bytes(tokens: Column, vocabulary: Column, *, separate: bool) -> Column:
    """Bytes moved for the loss of `tokens` over `vocabulary` logits of a rank, both directions.

    `separate` operators, or one for the whole loss.
    """
    each = SEPARATE_LOSS_BYTES_PER_LOGIT if separate else LOSS_BYTES_PER_LOGIT
    return each * tokens * vocabulary


def embedding_bytes(tokens: Column, hidden: Column) -> Column:
    """Bytes moved to look up, add positions and scatter gradients: about six 16-bit operands."""
    return 12.0 * tokens * hidden
