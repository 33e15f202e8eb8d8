"""Compute of one layer on one rank: products, attention, memory-bound operators, launches.

Seconds per layer and micro-batch, forward and backward by term, and what the two ends of the model
add. Each formula stands in the module of its term; here they are fed with a layout's sizes.
"""

from __future__ import annotations

import numpy as np

from stargate.perf import attention, launch, memory_bound, vocabulary
from stargate.perf.case import Case
from stargate.perf.columns import Array, Column
from stargate.perf.gemm import gemm_time_s
from stargate.perf.layer_traffic import TRAFFIC
from stargate.perf.machine import Machine
from stargate.perf.products import Products
from stargate.perf.shape import WorkShape

# Gradient products write fp32 sums into the gradient buffer: read and write (Megatron's fused
# accumulation, since 2022). Before, they wrote 16 bit and another pass added: read 2 + 4, write 4.
WEIGHT_GRADIENT_BYTES = 8.0
PLAIN_GRADIENT_BYTES, ACCUMULATION_BYTES = 2.0, 10.0
COMPUTE = ("linear", "attention", "memory_bound")
WAYS = ("forward", "backward")


def linear(products: Products, case: Case) -> dict[str, Column]:
    """Forward, input-gradient and weight-gradient products of all linear layers."""
    p, work, machine = products, case.work, case.machine
    unit, masks = machine.gemm_unit, masked_dispatch_s(case)
    rate = machine.gemm_rate(work) * np.where(p.routed[:, None] > 0, grouped_share(case), 1.0)
    common = {"flop_per_s": rate, "input_bytes": work.input_bytes, "groups": p.groups}
    forward = gemm_time_s(p.m, p.n, p.k, unit, **common)
    dgrad = gemm_time_s(p.m, p.k, p.n, unit, **common)
    separate = machine.software.separate_accumulation
    stored = PLAIN_GRADIENT_BYTES if separate else WEIGHT_GRADIENT_BYTES
    wgrad = gemm_time_s(p.n, p.k, p.m, unit, output_bytes=stored, **common)
    if separate:
        added = ACCUMULATION_BYTES * p.n * p.k * p.groups
        wgrad = wgrad + memory_bound.stream_time_s(added, unit.bandwidth_bytes_per_s)
    weight_gradients = (wgrad * p.share).sum(0) * (1.0 - work.frozen)
    extra = _adapters(products, work, machine)
    return {
        "linear_forward": (forward * p.share).sum(0) + extra + masks,
        "linear_backward": (dgrad * p.share).sum(0) + weight_gradients + 2.0 * extra + 1.5 * masks,
    }


def grouped_share(case: Case) -> Array:
    """Rate of the experts' products over single ones; padded to one size they are one product."""
    share = case.machine.coefficients.grouped_fraction
    return np.where(np.asarray(case.capacity) > 0, 1.0, share)


def masked_dispatch_s(case: Case) -> Array:
    """Forward seconds to bring tokens to the slots of experts, and back, by products with masks.

    2 products of s k c slots a sequence for c of capacity; three more backward. So do frameworks on
    systolic arrays drop tokens (GShard, arXiv 2006.16668, algorithm 1; MaxText, `moe.py`).
    """
    shape, work, machine, tokens = case.shape, case.work, case.machine, case.tokens
    if machine.is_gpu or not np.any(case.capacity):
        return np.zeros_like(tokens)
    slots = work.seq_len * shape.active * case.capacity
    common = {"flop_per_s": machine.dense_rate, "input_bytes": 2.0}
    one = gemm_time_s(tokens, shape.hidden, slots, machine.gemm_unit, **common)
    return 2.0 * one * shape.routed


def _adapters(products: Products, work: WorkShape, machine: Machine) -> Array:
    """Forward seconds of the thin products M K r and M r N beside each frozen layer."""
    p, rank = products, np.asarray(work.adapter_rank)
    if not np.any(rank):
        return np.zeros(p.m.shape[1])
    common = {"flop_per_s": machine.gemm_rate(work), "input_bytes": 2.0, "groups": p.groups}
    down = gemm_time_s(p.m, rank, p.k, machine.gemm_unit, **common)
    up = gemm_time_s(p.m, p.n, rank, machine.gemm_unit, **common)
    return ((down + up) * p.share).sum(0)


def attention_flop(case: Case) -> Column:
    """Forward FLOP of one (average) layer's attention on this rank, masked scores left out."""
    shape, seq_len = case.shape, case.work.seq_len
    share = np.where(np.asarray(shape.window) > 0, shape.global_share, 1.0)
    near = attention.fetched_keys(seq_len, shape.window, case.machine.attention_block)
    keys = share * attention.visible_keys(seq_len, 0.0) + (1.0 - share) * near
    heads = shape.heads / case.table.tp
    return attention.attention_flop(case.tokens, keys, heads, shape.qk_dim, shape.v_dim)


def attention_core(case: Case) -> dict[str, Column]:
    """The attention core, flash or unfused, with the queries of this rank's part of the context."""
    shape, work, machine, table = case.shape, case.work, case.machine, case.table
    c = machine.coefficients
    rows, curve = work.seq_len / table.cp, (c.attention_fraction, c.attention_half_tokens)
    if machine.is_gpu:
        fraction = attention.flash_fraction(0.5 * (shape.qk_dim + shape.v_dim), rows, *curve)
    else:
        side = machine.gemm_unit.systolic_side
        fraction = attention.systolic_fraction(shape.qk_dim, shape.v_dim, side, rows, *curve)
    flop, narrow = attention_flop(case), np.asarray(work.attention_8bit) > 0
    wide_s = attention.flash_time_s(flop, machine.attention_peak_flop_per_s, fraction)
    eight = machine.attention_peak_8bit_flop_per_s * attention.EIGHT_BIT_SHARE
    products = np.where(narrow, attention.flash_time_s(flop, eight, fraction), wide_s)
    softmax = attention.exponential_time_s(
        flop / (2.0 * (shape.qk_dim + shape.v_dim)),
        machine.exponentials_per_s,
        attention.flash_fraction(attention.REFERENCE_HEAD_DIM, rows, *curve),
    )
    plain = _unfused(case)
    unfused = np.asarray(work.unfused) > 0
    backward = attention.backward_time_s(products, softmax, c.attention_backward)
    return {
        "attention_forward": np.where(unfused, plain[0], np.maximum(products, softmax)),
        "attention_backward": np.where(unfused, plain[1], backward),
    }


def _unfused(case: Case) -> tuple[Array, Array]:
    """Seconds forward and backward of attention whose scores go through memory, unmasked."""
    shape, work, machine, table, tokens = (
        case.shape,
        case.work,
        case.machine,
        case.table,
        case.tokens,
    )
    if not np.any(work.unfused):
        return np.zeros_like(tokens), np.zeros_like(tokens)
    heads, seq = shape.heads / table.tp, work.seq_len
    batch = table.micro_batch * heads
    rate = machine.gemm_rate(work)
    common = {"flop_per_s": rate, "input_bytes": 2.0, "groups": batch}
    rows = seq / table.cp
    product = gemm_time_s(rows, seq, shape.qk_dim, machine.gemm_unit, **common)
    product = product + gemm_time_s(rows, shape.v_dim, seq, machine.gemm_unit, **common)
    forward_s, backward_s = _score_passes_s(case, batch, batch * rows * seq)
    return product + forward_s, 2.0 * product + backward_s


def _score_passes_s(case: Case, batch_heads: Column, scores: Column) -> list[Column]:
    """Seconds forward and backward of the passes over so many scores, by the softmax they get."""
    plain = attention.plain_softmax(batch_heads, case.work.seq_len)
    ways = (
        (attention.UNFUSED_FORWARD_BYTES, attention.PLAIN_SOFTMAX_FORWARD_BYTES),
        (attention.UNFUSED_BACKWARD_BYTES, attention.PLAIN_SOFTMAX_BACKWARD_BYTES),
    )
    moved = (
        attention.unfused_traffic_bytes(scores, fused, case.shape.dropout) + scores * plain * more
        for fused, more in ways
    )
    return [memory_bound.stream_time_s(one, case.machine.stream_bytes_per_s) for one in moved]


def memory_bound_operators(case: Case) -> dict[str, Column]:
    """Norms, residuals, activations, rope, casts and permutes; backward moves twice as much."""
    shape, work, machine, table, tokens = (
        case.shape,
        case.work,
        case.machine,
        case.table,
        case.tokens,
    )
    tp, h = table.tp, shape.hidden
    split = np.where(table.sequence_parallel > 0, tp, 1)
    dense = 1.0 - shape.routed
    c, eager = machine.coefficients, 1.0 - machine.coefficients.fused_experts
    width = dense * shape.ffn + shape.routed * shape.shared_ffn
    width = (width + eager * shape.routed * shape.active * shape.expert_ffn) / tp
    heads_width = (shape.heads + shape.kv_heads) * shape.qk_dim / tp
    forward = memory_bound.residual_bytes(h, shape.dropout, shape.parallel) / split
    forward = forward + memory_bound.activation_bytes(width, shape.gated)
    forward = forward + shape.clamped * machine.is_gpu * memory_bound.clamp_bytes(width)
    forward = forward + memory_bound.rope_bytes(shape.rope * heads_width)
    spread = np.where(table.ep > 1, tp, 1)
    copies = shape.active * shape.routed
    forward = forward + memory_bound.permute_bytes(h, copies) / spread
    biases = memory_bound.expert_bias_bytes(h, copies) * shape.expert_bias * eager / spread
    quantised = (np.asarray(work.bits) < 16) * machine.is_gpu
    # Rows are scaled after the gather, whole on each rank; other inputs are cast before it.
    usual = memory_bound.cast_bytes(2.0 * h / split + heads_width + width, 1.0 - work.frozen)
    whole = memory_bound.row_cast_bytes(2.0 * h + heads_width + width)
    casts = np.where(np.asarray(work.row_scaled) > 0, whole, usual) * quantised
    bandwidth = machine.stream_bytes_per_s
    moved = tokens * (forward * c.fusion + biases + casts)
    forward_s = memory_bound.stream_time_s(moved, bandwidth)
    return {"memory_bound_forward": forward_s, "memory_bound_backward": 2.0 * forward_s}


def experts_forward_s(products: Products, case: Case) -> Column:
    """Forward seconds of the experts' products in an average layer."""
    p, work, machine, routed = products, case.work, case.machine, products.routed > 0
    if not routed.any():
        return np.zeros(p.m.shape[1])
    rate = machine.gemm_rate(work) * grouped_share(case)
    m, n, k, groups, share = (x[routed] for x in (p.m, p.n, p.k, p.groups, p.share))
    common = {"flop_per_s": rate, "input_bytes": work.input_bytes, "groups": groups}
    return (gemm_time_s(m, n, k, machine.gemm_unit, **common) * share).sum(0)


def launches(case: Case, parts: dict[str, Column], experts_s: Column) -> dict[str, Column]:
    """Launch costs of a layer beyond what its kernels and traffic take.

    Forward, the host waits for the counts of tokens before it starts the experts' kernels one after
    another, so that it cannot run ahead: `experts_s` alone hides them, and nothing else does.
    """
    work, table = case.work, case.table
    c, gap_s = case.machine.coefficients, case.machine.kernel_gap_s
    plain = attention.plain_softmax(table.micro_batch * case.shape.heads / table.tp, work.seq_len)
    kernels = launch.layer_kernels(work.unfused, plain, case.shape.routed)
    kernels = kernels + launch.ADAPTER_KERNELS * (np.asarray(work.adapter_rank) > 0)
    kernels = kernels + launch.TENSOR_PARALLEL_KERNELS * (table.tp > 1)
    issues = launch.BACKWARD_ISSUE_RATIO * kernels
    experts, experts_back = looped_kernels(case)
    device, device_back = (
        sum(parts[f"{term}_{way}"] for term in (*COMPUTE, *TRAFFIC)) for way in WAYS
    )
    waited = launch.launch_time_s(experts_s, 0.0, experts * c.kernel_issue_s)
    ahead = launch.launch_time_s(device - experts_s, 0.0, kernels * c.kernel_issue_s)
    started = launch.BACKWARD_RATIO * kernels + experts_back
    return {
        "launch_forward": np.maximum(waited + ahead, (kernels + experts) * gap_s),
        "launch_backward": launch.launch_time_s(
            device_back, started * gap_s, (issues + experts_back) * c.kernel_issue_s
        ),
    }


def looped_kernels(case: Case) -> tuple[Column, Column]:
    """Kernels forward and backward of the experts of an average layer, where they are a loop."""
    shape, work, machine = case.shape, case.work, case.machine
    experts = np.maximum(shape.experts / case.table.ep, 1.0) * shape.routed
    narrow = np.where(np.asarray(work.bits) < 16, 1.0, 0.0)
    looped = experts * machine.is_gpu * (1.0 - machine.coefficients.fused_experts)
    return launch.expert_kernels(looped, narrow, work.block_scaled)


def weight_gradient_s(case: Case, products: Products, parts: dict[str, Column]) -> Column:
    """Seconds of the passes that only weight gradients need, which a schedule may put off.

    Their share of the FLOP, L / (3 L + 3.5 A) for L of linear layers and A of attention forward,
    of what forward and backward take together without traffic.
    """
    linear_flop, core_flop = products.flop, attention_flop(case)
    share = linear_flop / (3.0 * linear_flop + (1.0 + attention.BACKWARD_FLOP_RATIO) * core_flop)
    both_s = sum(parts[f"{term}_{way}"] for term in (*COMPUTE, "launch") for way in WAYS)
    return share * both_s * (1.0 - case.work.frozen)


def ends(case: Case) -> dict[str, Column]:
    """Extra seconds per micro-batch of the first stage (embedding) and the last (logits, loss)."""
    shape, work, machine, table, tokens = (
        case.shape,
        case.work,
        case.machine,
        case.table,
        case.tokens,
    )
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
    moved = vocabulary.loss_bytes(tokens, width, separate=machine.software.separate_loss)
    loss = memory_bound.stream_time_s(moved, bandwidth)
    embed = memory_bound.stream_time_s(vocabulary.embedding_bytes(tokens, shape.hidden), bandwidth)
    return {"first_extra": embed, "last_extra": products + trained * (1.0 - work.frozen) + loss}
