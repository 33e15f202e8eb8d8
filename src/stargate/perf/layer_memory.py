"""What one layer of a micro-batch saves for its backward on one rank, and the logits."""

from __future__ import annotations

import numpy as np

from stargate.perf import memory, selective
from stargate.perf.case import Case
from stargate.perf.columns import Column


def saved_sizes(case: Case) -> dict[str, Column]:
    """Bytes that one layer saves for the backward: all, its scores, its input; and the logits."""
    shape, work, table, tokens = case.shape, case.work, case.table, case.tokens
    tp, sp = table.tp, table.sequence_parallel
    qkv = shape.heads * shape.qk_dim + shape.kv_heads * (shape.qk_dim + shape.v_dim)
    latent = shape.q_rank + shape.kv_rank + shape.heads * (2.0 * shape.qk_dim + shape.v_dim)
    qkv = np.where(np.asarray(shape.latent) > 0, latent, qkv)
    routed = shape.routed
    width = (1.0 - routed) * shape.ffn + routed * (
        shape.shared_ffn + shape.active * shape.expert_ffn
    )
    sharded = memory.attention_bytes_per_token(qkv, shape.heads * shape.v_dim)
    kept = work.input_bytes * (1.0 - work.frozen)
    sharded = sharded + memory.ffn_bytes_per_token(width, kept, shape.gated)
    sharded = sharded + (2.0 + kept) * shape.hidden * shape.active * routed
    unsharded = memory.unsharded_bytes_per_token(shape.hidden, work.input_bytes, shape.dropout)
    scores = memory.score_bytes_per_token(shape.heads, work.seq_len, shape.dropout) * work.unfused
    whole = memory.layer_activation_bytes(tokens, unsharded, sharded, 0.0, tp, sp)
    split = np.where(sp > 0, tp, 1)
    return {
        "activation": whole,
        "selective_drop": selective.dropped_bytes(case, scores),
        "scores": tokens * scores / tp,
        "boundary": 2.0 * tokens * shape.hidden / split,
        "logits": memory.logit_bytes(tokens, shape.vocabulary / tp),
    }
