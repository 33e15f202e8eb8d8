"""Traffic of data, context and expert parallelism, and how much of it stays exposed.

The time of each collective comes from `collectives`; here stands which are needed, how many bytes
they carry, and the window of compute that they may hide behind. Not covered: gradient
compression, parameter servers.
"""

from __future__ import annotations

import numpy as np

from stargate.perf.columns import Array, Column, Ints


def exposed_time_s(traffic_s: Column, window_s: Column, overlap: Column) -> Array:
    """Seconds of traffic that do not hide: max(0, t - overlap w).

    `window_s` is the compute that may run at the same time, `overlap` the share of it during
    which the software really keeps the network busy (0: none, as before bucketed overlap).
    """
    return np.maximum(traffic_s - overlap * window_s, 0.0)


def contention_time_s(hidden_s: Column, interference: Column) -> Column:
    """Seconds by which hidden traffic slows the compute it hides behind: u t_hidden.

    Communication kernels hold cores and memory bandwidth: 20 of 132 in DeepSeek-V3
    (arXiv 2412.19437, section 3.2.2); `interference` u is that share.
    """
    return interference * hidden_s


def last_backward_window_s(backward_s: Array, vp: Ints, pp: Ints) -> Array:
    """Compute that the gradient reduction may hide behind: the last micro-batch's backward.

    Buckets leave as their layers finish, so the first chunk's and all later gradients of a stage
    can overlap; with interleaving each chunk's reduction also overlaps the other chunks.
    """
    return backward_s * np.where(pp > 1, 1.0 + (vp - 1.0), 1.0) / vp


def unit_exposed_s(gather_s: Column, compute_s: Column, overlap: Column) -> Array:
    """Seconds of one sharded unit's traffic beyond the compute of the unit before it.

    Fully sharded data parallel prefetches one unit: t = max(compute, gather); the excess is
    exposed. Source: PyTorch FSDP, arXiv 2304.11277, section 4.3.
    """
    return exposed_time_s(gather_s, compute_s, overlap)


def context_ring_bytes(tokens: Column, kv_width: Column, width_bytes: Column) -> Column:
    """Bytes of keys and values that a context-parallel group exchanges per layer, forward.

    The full buffer of the all-gather: 2 t d_kv w for t = tokens of the whole sequence
    (arXiv 2407.21783, section 3.3.2); a ring passes the same bytes in cp - 1 messages.
    """
    return 2.0 * tokens * kv_width * width_bytes


def distinct_copies(active: Column, domains: Column) -> Array:
    """Domains that a token's experts lie in, over its copies: d (1 - (1 - 1/d)^k) / k.

    A hierarchical dispatch sends a token once to each domain and copies it there (DeepEP,
    arXiv 2412.19437, section 3.2.2). Experts chosen evenly and independently.
    """
    k = np.maximum(active, 1.0)
    return domains * (1.0 - (1.0 - 1.0 / domains) ** k) / k


def dispatch_bytes(tokens: Column, active: Column, hidden: Column, width_bytes: Column) -> Column:
    """Bytes that one rank sends when its tokens visit `active` experts each: t k h w."""
    return tokens * active * hidden * width_bytes
