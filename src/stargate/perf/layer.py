"""What one micro-batch costs on one rank in an average layer, and at the two ends of the model.

Times are seconds per layer and micro-batch, forward (`forward`) and backward (`backward`), by term.
They depend on few columns of a strategy (tp, cp, ep, micro-batch, sequence parallelism, overlap),
so that a table of a million strategies needs them for a few hundred combinations only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf import attention, launch, memory, memory_bound, vocabulary
from stargate.perf.collectives import (
    all_gather_time_s,
    all_reduce_time_s,
    all_to_all_time_s,
    point_to_point_time_s,
    reduce_scatter_time_s,
)
from stargate.perf.columns import Array, Column, Columns
from stargate.perf.gemm import gemm_time_s
from stargate.perf.machine import Machine
from stargate.perf.products import Products, layer_products
from stargate.perf.shape import ModelShape, WorkShape
from stargate.perf.sharding import context_ring_bytes, dispatch_bytes, distinct_copies
from stargate.perf.strategy import StrategyTable

ACTIVATION_BYTES = 2.0
# Gradient products write fp32 sums into the gradient buffer: read and write (Megatron's fused
# accumulation).
WEIGHT_GRADIENT_BYTES = 8.0
TERMS = ("linear", "attention", "memory_bound", "launch")
TRAFFIC = ("tensor_parallel", "context_parallel", "expert_parallel")


@dataclass(frozen=True)
class LayerCost(Columns):
    """One row a distinct layer layout; all times in seconds, all sizes in bytes, of one rank."""

    linear_forward: Column
    linear_backward: Column
    weight_gradient: Column
    attention_forward: Column
    attention_backward: Column
    memory_bound_forward: Column
    memory_bound_backward: Column
    launch_forward: Column
    launch_backward: Column
    tensor_parallel_forward: Column
    tensor_parallel_backward: Column
    context_parallel_forward: Column
    context_parallel_backward: Column
    expert_parallel_forward: Column
    expert_parallel_backward: Column
    hidden_traffic: Column
    selective_repeat: Column
    first_extra: Column
    last_extra: Column
    message_inside: Column
    message_outside: Column
    activation: Column
    scores: Column
    boundary: Column
    logits: Column
    dense_parameters: Column
    expert_parameters: Column
    forward: Column
    backward: Column


def layer_cost(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable
) -> LayerCost:
    """Every term of `LayerCost` for the layouts of `table`."""
    c = machine.coefficients
    tokens = table.micro_batch * work.seq_len / table.cp
    products = layer_products(shape, tokens, table.tp, table.ep, c.expert_imbalance)
    parts = {
        **_linear(products, work, machine),
        **_attention(shape, work, machine, table, tokens),
        **_memory_bound(shape, work, machine, table, tokens),
        **_traffic(shape, machine, table, tokens),
    }
    parts |= _launch(shape, work, machine, table, parts)
    parts["selective_repeat"] = parts["attention_forward"]
    forward = sum(parts[f"{term}_forward"] for term in (*TERMS, *TRAFFIC))
    backward = sum(parts[f"{term}_backward"] for term in (*TERMS, *TRAFFIC))
    return LayerCost(
        **parts,
        **_ends(shape, work, machine, table, tokens),
        **_messages(shape, machine, table, tokens),
        **_sizes(shape, work, table, tokens),
        dense_parameters=products.parameters(routed=False) + 2.0 * shape.hidden,
        expert_parameters=products.parameters(routed=True) * np.ones_like(tokens),
        forward=forward,
        backward=backward,
    )


def _linear(products: Products, work: WorkShape, machine: Machine) -> dict[str, Column]:
    """Forward, input-gradient and weight-gradient products of all linear layers."""
    p, unit = products, machine.gemm_unit
    grouped = p.routed[:, None] > 0
    rate = machine.gemm_rate(work) * np.where(grouped, machine.coefficients.grouped_fraction, 1.0)
    common = {"flop_per_s": rate, "input_bytes": work.input_bytes, "groups": p.groups}
    forward = gemm_time_s(p.m, p.n, p.k, unit, **common)
    dgrad = gemm_time_s(p.m, p.k, p.n, unit, **common)
    wgrad = gemm_time_s(p.n, p.k, p.m, unit, output_bytes=WEIGHT_GRADIENT_BYTES, **common)
    weight_gradient = (wgrad * p.share).sum(0) * (1.0 - work.frozen)
    extra = _adapters(products, work, machine)
    return {
        "linear_forward": (forward * p.share).sum(0) + extra,
        "linear_backward": (dgrad * p.share).sum(0) + weight_gradient + 2.0 * extra,
        "weight_gradient": weight_gradient,
    }


def _adapters(products: Products, work: WorkShape, machine: Machine) -> Array:
    """Forward seconds of the thin products M K r and M r N beside each frozen layer."""
    p, rank = products, np.asarray(work.adapter_rank)
    if not np.any(rank):
        return np.zeros(p.m.shape[1])
    common = {"flop_per_s": machine.gemm_rate(work), "input_bytes": 2.0, "groups": p.groups}
    down = gemm_time_s(p.m, rank, p.k, machine.gemm_unit, **common)
    up = gemm_time_s(p.m, p.n, rank, machine.gemm_unit, **common)
    return ((down + up) * p.share).sum(0)


def _attention(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable, tokens: Array
) -> dict[str, Column]:
    """The attention core, flash or unfused, with the queries of this rank's part of the context."""
    c = machine.coefficients
    heads = shape.heads / table.tp
    everywhere = attention.visible_keys(work.seq_len, 0.0)
    near = attention.visible_keys(work.seq_len, shape.window)
    share = np.where(np.asarray(shape.window) > 0, shape.global_share, 1.0)
    keys = share * everywhere + (1.0 - share) * near
    flop = attention.attention_flop(tokens, keys, heads, shape.qk_dim, shape.v_dim)
    fraction = attention.flash_fraction(
        0.5 * (shape.qk_dim + shape.v_dim),
        work.seq_len / table.cp,
        c.attention_fraction,
        c.attention_half_tokens,
    )
    forward = attention.flash_time_s(flop, machine.attention_peak_flop_per_s, fraction)
    backward = forward * attention.BACKWARD_FLOP_RATIO / c.attention_backward
    plain = _unfused(shape, work, machine, table, tokens)
    unfused = np.asarray(work.unfused) > 0
    return {
        "attention_forward": np.where(unfused, plain[0], forward),
        "attention_backward": np.where(unfused, plain[1], backward),
    }


def _unfused(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable, tokens: Array
) -> tuple[Array, Array]:
    """Seconds forward and backward of attention whose scores go through memory, unmasked."""
    if not np.any(work.unfused):
        return np.zeros_like(tokens), np.zeros_like(tokens)
    heads, seq = shape.heads / table.tp, work.seq_len
    batch = table.micro_batch * heads
    rate = machine.gemm_rate(work)
    common = {"flop_per_s": rate, "input_bytes": 2.0, "groups": batch}
    rows = seq / table.cp
    product = gemm_time_s(rows, seq, shape.qk_dim, machine.gemm_unit, **common)
    product = product + gemm_time_s(rows, shape.v_dim, seq, machine.gemm_unit, **common)
    bandwidth = machine.stream_bytes_per_s
    traffic = [
        attention.unfused_traffic_bytes(batch * rows * seq, per_score, shape.dropout) / bandwidth
        for per_score in (attention.UNFUSED_FORWARD_BYTES, attention.UNFUSED_BACKWARD_BYTES)
    ]
    return product + traffic[0], 2.0 * product + traffic[1]


def _memory_bound(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable, tokens: Array
) -> dict[str, Column]:
    """Norms, residuals, activations, rope, casts and permutes; backward moves twice as much."""
    tp, h = table.tp, shape.hidden
    split = np.where(table.sequence_parallel > 0, tp, 1)
    dense = 1.0 - shape.routed
    width = (
        dense * shape.ffn + shape.routed * (shape.shared_ffn + shape.active * shape.expert_ffn)
    ) / tp
    heads_width = (shape.heads + shape.kv_heads) * shape.qk_dim / tp
    forward = memory_bound.residual_bytes(h, shape.dropout) / split
    forward = forward + memory_bound.activation_bytes(width, shape.gated)
    forward = forward + memory_bound.rope_bytes(shape.rope * heads_width)
    spread = np.where(table.ep > 1, tp, 1)
    forward = forward + memory_bound.permute_bytes(h, shape.active * shape.routed) / spread
    quantised = (np.asarray(work.bits) < 16) * machine.is_gpu
    casts = memory_bound.cast_bytes(2.0 * h / split + heads_width + width) * quantised
    bandwidth = machine.stream_bytes_per_s
    moved = tokens * (forward * machine.coefficients.fusion + casts)
    forward_s = memory_bound.stream_time_s(moved, bandwidth)
    return {"memory_bound_forward": forward_s, "memory_bound_backward": 2.0 * forward_s}


def _launch(
    shape: ModelShape,
    work: WorkShape,
    machine: Machine,
    table: StrategyTable,
    parts: dict[str, Column],
) -> dict[str, Column]:
    """Launch costs of a layer beyond what its kernels and traffic take."""
    c = machine.coefficients
    kernels = launch.layer_kernels(work.unfused, shape.routed)
    kernels = kernels + launch.ADAPTER_KERNELS * (np.asarray(work.adapter_rank) > 0)
    kernels = kernels + launch.TENSOR_PARALLEL_KERNELS * (table.tp > 1)
    result: dict[str, Column] = {}
    ways = (
        ("forward", 1.0, 1.0),
        ("backward", launch.BACKWARD_RATIO, launch.BACKWARD_ISSUE_RATIO),
    )
    for way, starts, issues in ways:
        device = sum(parts[f"{term}_{way}"] for term in (*TERMS[:3], *TRAFFIC))
        result[f"launch_{way}"] = launch.launch_time_s(
            device, kernels * starts * c.kernel_gap_s, kernels * issues * c.kernel_issue_s
        )
    return result


def _traffic(
    shape: ModelShape, machine: Machine, table: StrategyTable, tokens: Array
) -> dict[str, Column]:
    """Collectives of tensor, context and expert parallelism: exposed by term, hidden in sum."""
    c = machine.coefficients
    slow = c.collective_slowdown
    tensor = _tensor_parallel(shape, machine, table, tokens) * slow
    overlap = np.where(
        table.tp_overlap < 0, c.tp_overlap, table.tp_overlap * max(c.tp_overlap, 0.6)
    )
    context = _context_parallel(shape, machine, table, tokens) * slow
    expert = _expert_parallel(shape, machine, table, tokens) * slow
    hidden = tensor * overlap * 2.0 + context * c.cp_overlap * 3.0 + 4.0 * expert * c.ep_overlap
    return {
        "tensor_parallel_forward": tensor * (1.0 - overlap),
        "tensor_parallel_backward": tensor * (1.0 - overlap),
        "context_parallel_forward": context * (1.0 - c.cp_overlap),
        "context_parallel_backward": 2.0 * context * (1.0 - c.cp_overlap),
        "expert_parallel_forward": 2.0 * expert * (1.0 - c.ep_overlap),
        "expert_parallel_backward": 2.0 * expert * (1.0 - c.ep_overlap),
        "hidden_traffic": hidden,
    }


def _tensor_parallel(
    shape: ModelShape, machine: Machine, table: StrategyTable, tokens: Array
) -> Array:
    """Two all-reduces a layer and direction, or with SP as many all-gathers and reduce-scatters.

    With experts spread whole over ep ranks only the attention and shared parts communicate.
    """
    size = ACTIVATION_BYTES * tokens * shape.hidden
    domain = machine.ranks_per_domain(table.tp, 1)
    reduce = all_reduce_time_s(size, table.tp, domain, machine.network)
    gather = all_gather_time_s(size, table.tp, domain, machine.network)
    scatter = reduce_scatter_time_s(size, table.tp, domain, machine.network)
    one = np.where(table.sequence_parallel > 0, gather + scatter, reduce)
    whole_experts = (table.ep > 1) & (np.asarray(shape.shared_ffn) == 0)
    blocks = 2.0 - np.where(whole_experts, shape.routed, 0.0)
    return one * blocks


def _context_parallel(
    shape: ModelShape, machine: Machine, table: StrategyTable, tokens: Array
) -> Array:
    """Keys and values of the whole sequence gathered within the context-parallel group."""
    plain = np.maximum(shape.kv_heads / table.tp, 1.0) * 0.5 * (shape.qk_dim + shape.v_dim)
    latent = 0.5 * shape.heads / table.tp * (shape.qk_dim + shape.v_dim)
    width = np.where(np.asarray(shape.latent) > 0, latent, plain)
    size = context_ring_bytes(tokens * table.cp, width, ACTIVATION_BYTES)
    domain = machine.ranks_per_domain(table.cp, table.tp)
    return all_gather_time_s(size, table.cp, domain, machine.network, span=table.tp * table.cp)


def _expert_parallel(
    shape: ModelShape, machine: Machine, table: StrategyTable, tokens: Array
) -> Array:
    """Dispatch or combine of a routed layer with imbalance: each happens once a direction."""
    c = machine.coefficients
    size = dispatch_bytes(tokens / table.tp, shape.active, shape.hidden, ACTIVATION_BYTES)
    domain = machine.ranks_per_domain(table.ep, 1)
    once = distinct_copies(shape.active, table.ep / domain)
    size = size * (1.0 - c.expert_dedup * (1.0 - once) * (table.ep > domain))
    load = c.expert_imbalance * np.asarray(shape.routed)
    return load * all_to_all_time_s(size, table.ep, domain, machine.network, span=table.ep)


def _ends(
    shape: ModelShape, work: WorkShape, machine: Machine, table: StrategyTable, tokens: Array
) -> dict[str, Column]:
    """Extra seconds per micro-batch of the first stage (embedding) and the last (logits, loss)."""
    width = shape.vocabulary / table.tp
    rate = machine.dense_rate
    common = {"flop_per_s": rate, "input_bytes": 2.0}
    unit = machine.gemm_unit
    products = gemm_time_s(tokens, width, shape.hidden, unit, output_bytes=4.0, **common)
    products = products + gemm_time_s(tokens, shape.hidden, width, unit, **common)
    trained = gemm_time_s(
        width, shape.hidden, tokens, unit, output_bytes=WEIGHT_GRADIENT_BYTES, **common
    )
    bandwidth = machine.stream_bytes_per_s
    loss = memory_bound.stream_time_s(vocabulary.loss_bytes(tokens, width), bandwidth)
    embed = memory_bound.stream_time_s(vocabulary.embedding_bytes(tokens, shape.hidden), bandwidth)
    return {"first_extra": embed, "last_extra": products + trained * (1.0 - work.frozen) + loss}


def _messages(
    shape: ModelShape, machine: Machine, table: StrategyTable, tokens: Array
) -> dict[str, Column]:
    """Seconds of one activation message between stages, inside a domain and across.

    Tensor-parallel ranks each send their slice (scatter-gather, arXiv 2104.04473, section 4.1).
    """
    size = ACTIVATION_BYTES * tokens * shape.hidden / table.tp
    network = machine.network
    return {
        "message_inside": point_to_point_time_s(size, np.zeros_like(tokens), network),
        "message_outside": point_to_point_time_s(size, np.ones_like(tokens), network),
    }


def _sizes(
    shape: ModelShape, work: WorkShape, table: StrategyTable, tokens: Array
) -> dict[str, Column]:
    """Bytes that one layer saves for the backward: all, its scores, its input; and the logits."""
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
        "scores": tokens * scores / tp,
        "boundary": 2.0 * tokens * shape.hidden / split,
        "logits": memory.logit_bytes(tokens, shape.vocabulary / tp),
    }
