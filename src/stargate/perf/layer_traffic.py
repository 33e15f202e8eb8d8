"""Traffic of one layer on one rank: tensor, context and expert parallelism, and stage messages.

Seconds per layer and micro-batch. What hides behind compute leaves its term and is summed in
`hidden_traffic`, because it still slows what it hides behind. Not covered: fused products and
collectives whose tiles interleave (a share of overlap stands for them).
"""

from __future__ import annotations

import numpy as np

from stargate.perf.case import ACTIVATION_BYTES, Case
from stargate.perf.collectives import (
    all_gather_time_s,
    all_reduce_time_s,
    all_to_all_time_s,
    point_to_point_time_s,
    reduce_scatter_time_s,
)
from stargate.perf.columns import Array, Column
from stargate.perf.sharding import context_ring_bytes, dispatch_bytes, distinct_copies

TRAFFIC = ("tensor_parallel", "context_parallel", "expert_parallel")
# Share of tensor-parallel traffic that fused kernels hide where a strategy asks for overlap
# (torchtitan async TP and MegaScale record a gain of about that).
STATED_TP_OVERLAP = 0.6


def traffic(case: Case) -> dict[str, Column]:
    """Collectives of tensor, context and expert parallelism: exposed by term, hidden in sum."""
    table, c = case.table, case.machine.coefficients
    tensor = tensor_parallel_s(case)
    overlap = np.where(
        table.tp_overlap < 0, c.tp_overlap, table.tp_overlap * max(c.tp_overlap, STATED_TP_OVERLAP)
    )
    context = context_parallel_s(case)
    expert = expert_parallel_s(case)
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


def tensor_parallel_s(case: Case) -> Array:
    """Two all-reduces a layer and direction, or with SP as many all-gathers and reduce-scatters.

    With experts spread whole over ep ranks only the attention and shared parts communicate. Inputs
    of narrow products are cast before they are gathered (Transformer Engine, `distributed.py`:
    `_all_gather_fp8`, `_mxfp8`, `_nvfp4`), unless rows have scales; sums stay in 16 bit.
    """
    shape, machine, table, tokens = case.shape, case.machine, case.table, case.tokens
    size = ACTIVATION_BYTES * tokens * shape.hidden
    domain = machine.ranks_per_domain(table.tp, 1)
    reduce = all_reduce_time_s(size, table.tp, domain, machine.network)
    gathered = gathered_bytes(case) * tokens * shape.hidden
    gather = all_gather_time_s(gathered, table.tp, domain, machine.network)
    scatter = reduce_scatter_time_s(size, table.tp, domain, machine.network)
    one = np.where(table.sequence_parallel > 0, gather + scatter, reduce)
    whole_experts = (table.ep > 1) & (np.asarray(shape.shared_ffn) == 0)
    blocks = 2.0 - np.where(whole_experts, shape.routed, 0.0)
    # Side by side, both blocks share one gather and sum before one reduction (PaLM, section 2).
    blocks = np.where(np.asarray(shape.parallel) > 0, 1.0, blocks)
    return one * blocks * machine.collective_slowdown(table.tp, domain)


def gathered_bytes(case: Case) -> Array:
    """Bytes of an element of a product's input as it is gathered."""
    work = case.work
    cast = (np.asarray(work.bits) < 16) & (np.asarray(work.row_scaled) == 0) & case.machine.is_gpu
    return np.where(cast, work.input_bytes, ACTIVATION_BYTES)


def context_parallel_s(case: Case) -> Array:
    """Keys and values of the whole sequence gathered within the context-parallel group."""
    shape, machine, table, tokens = case.shape, case.machine, case.table, case.tokens
    plain = np.maximum(shape.kv_heads / table.tp, 1.0) * 0.5 * (shape.qk_dim + shape.v_dim)
    latent = 0.5 * shape.heads / table.tp * (shape.qk_dim + shape.v_dim)
    width = np.where(np.asarray(shape.latent) > 0, latent, plain)
    size = context_ring_bytes(tokens * table.cp, width, ACTIVATION_BYTES)
    domain = machine.ranks_per_domain(table.cp, table.tp)
    span = table.tp * table.cp
    gather = all_gather_time_s(size, table.cp, domain, machine.network, span=span)
    return gather * machine.collective_slowdown(table.cp, domain)


def expert_parallel_s(case: Case) -> Array:
    """Dispatch or combine of a routed layer with imbalance: each happens once a direction."""
    shape, machine, table, tokens = case.shape, case.machine, case.table, case.tokens
    c = machine.coefficients
    size = dispatch_bytes(tokens / table.tp, shape.active, shape.hidden, ACTIVATION_BYTES)
    domain = machine.ranks_per_domain(table.ep, 1)
    once = distinct_copies(shape.active, table.ep / domain)
    size = size * (1.0 - c.expert_dedup * (1.0 - once) * (table.ep > domain))
    load = case.expert_imbalance * np.asarray(shape.routed)
    exchange = all_to_all_time_s(size, table.ep, domain, machine.network, span=table.ep)
    # Dispatchers of their own reach the links' rate (DeepEP: 726 of 900 GB/s, 43 to 58 of 50).
    slow = machine.collective_slowdown(table.ep, domain) if c.expert_dedup == 0.0 else 1.0
    return load * exchange * slow


def messages(case: Case) -> dict[str, Column]:
    """Seconds of one activation message between stages, inside a domain and across.

    Tensor-parallel ranks each send their slice (scatter-gather, arXiv 2104.04473, section 4.1).
    """
    shape, machine, table, tokens = case.shape, case.machine, case.table, case.tokens
    size = ACTIVATION_BYTES * tokens * shape.hidden / table.tp
    network = machine.network
    return {
        "message_inside": point_to_point_time_s(size, np.zeros_like(tokens), network),
        "message_outside": point_to_point_time_s(size, np.ones_like(tokens), network),
    }
