"""The two ends of a language model: embedding look-up, logits and loss over the vocabulary."""

from __future__ import annotations

from stargate.perf.columns import Column

# fp32 logits: the product writes them, maximum, sum of exponents and target read them, the
# backward reads and writes them (Megatron-LM vocab_parallel_cross_entropy).
LOSS_BYTES_PER_LOGIT = 4.0 * 6.0


def loss_bytes(tokens: Column, vocabulary: Column) -> Column:
    """Bytes moved for the loss of `tokens` over `vocabulary` logits of a rank, both directions."""
    return LOSS_BYTES_PER_LOGIT * tokens * vocabulary


def embedding_bytes(tokens: Column, hidden: Column) -> Column:
    """Bytes moved to look up, add positions and scatter gradients: about six 16-bit operands."""
    return 12.0 * tokens * hidden
