"""How long collectives take on a `Network`: closed forms over floats or arrays.

`size_bytes` is the full buffer: what an all-reduce reduces, what an all-gather ends with, what a
reduce-scatter starts from, and what each rank of an all-to-all sends in total (its own part
included). `ranks` is the size of the group, `ranks_per_domain` how many of them share a scale-up
domain, `span` over how many accelerators the group is spread (for oversubscribed fabrics; a
data-parallel group spans the whole job). Every accelerator owns its NIC share, so groups that run
side by side do not slow each other; transfers of one accelerator that run at the same time do, and
the caller adds them. A group of one costs nothing.

Checked against published sweeps (tests/validation/test_collectives.py). Left out: contention of
several jobs, and the compute units that communication takes from a kernel beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

import numpy as np
from numpy.typing import ArrayLike

from stargate.perf.collective_algorithms import (
    Array,
    Group,
    halving_doubling_time_s,
    hierarchical_time_s,
    in_switch_time_s,
    ring_time_s,
    tree_time_s,
)
from stargate.perf.collective_constants import share_of
from stargate.perf.network import TORUS_AXES, Network

ALL_REDUCE: dict[str, Callable[[Array, Group, Network], Array]] = {
    "ring": partial(ring_time_s, passes=2),
    "tree": tree_time_s,
    "in_switch": in_switch_time_s,
    "hierarchical": hierarchical_time_s,
    "halving_doubling": halving_doubling_time_s,
}


def all_reduce_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
    algorithm: str = "auto",
) -> Array:
    """Time of an all-reduce; "auto" takes the fastest algorithm that the network's library has."""
    size = np.asarray(size_bytes, dtype=np.float64)
    group = Group.of(ranks, ranks_per_domain, span)
    names = network.software.all_reduce if algorithm == "auto" else (algorithm,)
    times = [ALL_REDUCE[name](size, group, network) for name in names]
    return _of_real_groups(size, group, reduce(np.minimum, times))


def all_gather_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of a ring all-gather of `size_bytes` in all."""
    size = np.asarray(size_bytes, dtype=np.float64)
    group = Group.of(ranks, ranks_per_domain, span)
    return _of_real_groups(size, group, ring_time_s(size, group, network, passes=1))


def reduce_scatter_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of a reduce-scatter: the all-gather of the same buffer, run backwards."""
    return all_gather_time_s(size_bytes, ranks, ranks_per_domain, network, span=span)


def all_to_all_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of an all-to-all in which each rank sends S, S/n of it to each.

    t = t_launch + (n-1) t_peer + max((g-1)/n S/B_s, (n-g)/n S/B_n): the two tiers work at the same
    time (DeepEP), each rank on its own NIC; t_peer is NCCLX's control message (arXiv 2510.20171).
    """
    size = np.asarray(size_bytes, dtype=np.float64)
    group = Group.of(ranks, ranks_per_domain, span)
    n, g = group.ranks, group.per_domain
    nic = network.nic_rate(n, group.span, ring=False) * share_of("nic_share", "all_to_all")
    outside_s = (n - g) / n * size / nic
    wire_s = np.maximum(_exchange_inside_s(size, group, network), outside_s)
    time_s = network.launch_s + (n - 1) * network.software.per_peer_s + wire_s
    return _of_real_groups(size, group, time_s)


def point_to_point_time_s(
    size_bytes: ArrayLike, crosses_domain: ArrayLike, network: Network
) -> Array:
    """Time of one message to one peer, over one scale-up path or one NIC."""
    size = np.asarray(size_bytes, dtype=np.float64)
    crosses = np.asarray(crosses_domain, dtype=bool)
    nic = network.nic_bytes_per_s * network.load_balance * share_of("nic_share", "ring")
    rate = np.where(crosses, nic, _path_rate(network) * network.scaleup_share)
    bulk = network.software.protocols[-1]
    step_s = np.where(
        crosses,
        bulk.scaleout_step_s + network.fabric_step_s,
        bulk.scaleup_step_s * network.scaleup_latency_ratio,
    )
    return np.where(size > 0, network.launch_s + step_s + size / rate, 0.0)


def broadcast_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of a pipelined broadcast: S/B and the steps of one pass around the ring."""
    size = np.asarray(size_bytes, dtype=np.float64)
    group = Group.of(ranks, ranks_per_domain, span)
    whole = size * group.ranks / np.maximum(group.ranks - 1, 1)
    return _of_real_groups(size, group, ring_time_s(whole, group, network, passes=1))


def _exchange_inside_s(size: Array, group: Group, network: Network) -> Array:
    """The part of an all-to-all that stays in a domain.

    A switch and a mesh move (g-1)/n S at the link's rate. On a torus axis of L ranks with both
    directions together W, bytes travel L/4 hops on average: t = S L / (4 W) (jax-ml/scaling-book,
    sharding.md), every axis at work at once.
    """
    n, g = group.ranks, group.per_domain
    direct_s = (g - 1) / n * size / network.scaleup_rate(g)
    if network.scaleup_topology not in TORUS_AXES:
        return direct_s
    axes = network.torus_axes_used(g)
    hops = np.maximum(g, 1.0) ** (1.0 / axes) / 4.0
    return np.maximum(direct_s, g / n * size * hops * axes / network.scaleup_rate(g))


def _path_rate(network: Network) -> float:
    """Bytes/s of the one path between two neighbours."""
    if network.scaleup_topology == "switch":
        return network.scaleup_bytes_per_s
    return network.scaleup_peer_bytes_per_s


def _of_real_groups(size: Array, group: Group, time_s: Array) -> Array:
    return np.where((group.ranks > 1) & (size > 0), time_s, 0.0)
