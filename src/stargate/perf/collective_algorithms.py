"""The algorithms behind the collectives: one formula each, over arrays.

Symbols: S bytes of the whole buffer, n ranks in k domains of g each, B rates per direction in
bytes/s. Not covered: PAT, and the choice of channels inside a library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargate.perf.collective_constants import Protocol, share_of
from stargate.perf.network import NODE_RANKS_MAX, TORUS_AXES, Network

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """A communicator, or an array of them: n ranks, g in each domain, spread over `span`."""

    ranks: Array
    per_domain: Array
    span: Array

    @classmethod
    def of(cls, ranks: ArrayLike, per_domain: ArrayLike, span: ArrayLike | None) -> Group:
        """Groups from floats or arrays; by default a group spans only its own ranks."""
        n = np.asarray(ranks, dtype=np.float64)
        g = np.clip(np.asarray(per_domain, dtype=np.float64), 1.0, np.maximum(n, 1.0))
        return cls(n, g, n if span is None else np.asarray(span, dtype=np.float64))

    @property
    def domains(self) -> Array:
        """k: domains that the group touches."""
        return np.ceil(self.ranks / self.per_domain - 1e-9)

    def across(self) -> Group:
        """The group of one rank in each domain, as a hierarchical collective joins them."""
        return Group(self.domains, np.ones_like(self.domains), self.span)

    def inside(self) -> Group:
        """The group of the ranks that share a domain."""
        return Group(self.per_domain, self.per_domain, self.per_domain)


def _fastest(network: Network, time_with: Callable[[Protocol], Array]) -> Array:
    times = [time_with(protocol) for protocol in network.software.protocols]
    return reduce(np.minimum, times)


def _nics(group: Group, network: Network) -> Array:
    """NICs of one domain that a single collective drives: one per rank up to the library's limit.

    Multi-node all-reduce runs at 0.95 to 1.0 of eight NICs' rate, on nodes of eight and on racks
    of 72 alike (coreweave/nccl-tests: 405 GB/s over 20 racks of 72 NICs at 50 GB/s).
    """
    return np.minimum(group.per_domain, network.software.nics_per_collective)


def ring_rate(group: Group, network: Network) -> Array:
    """Bytes/s around a multi-channel flat ring: the scale-up share, or the NICs it leaves by."""
    inside = network.scaleup_rate(group.per_domain)
    nic = network.nic_rate(group.ranks, group.span, ring=True) * share_of("nic_share", "ring")
    # A rank alone in its domain never enters the scale-up network.
    inside = np.where(group.per_domain > 1, inside, np.inf)
    return np.where(group.domains > 1, np.minimum(inside, _nics(group, network) * nic), inside)


def ring_time_s(size: Array, group: Group, network: Network, *, passes: int) -> Array:
    """Ring: t = t_launch + t_base + (steps - x) t_in + x t_out + passes (n-1)/n S/B.

    passes is 1 for all-gather and reduce-scatter, 2 for all-reduce; steps = passes (n-1), of which
    x = passes (k-1) leave a domain (NCCL tuning.cc; nccl-tests doc/PERFORMANCE.md). In a torus a
    step goes both ways round, in a mesh straight to each peer: n/2 steps and one.
    """
    n, k = group.ranks, group.domains
    wire_s = passes * (n - 1) / n * size / ring_rate(group, network)
    inside = passes * (n - k) * _steps_share(group, network)
    across = passes * (k - 1)

    def with_protocol(protocol: Protocol) -> Array:
        steps_s = (
            protocol.base_s + inside * protocol.scaleup_step_s
        ) * network.scaleup_latency_ratio
        out_s = across * (protocol.scaleout_step_s + network.fabric_step_s)
        return network.launch_s + steps_s + out_s + wire_s / protocol.rate

    return _fastest(network, with_protocol)


def _steps_share(group: Group, network: Network) -> Array:
    """Steps inside a domain relative to a one-way ring's."""
    g = group.per_domain
    if network.scaleup_topology == "mesh":
        return 1.0 / np.maximum(g - 1.0, 1.0)
    if network.scaleup_topology in TORUS_AXES:
        axes = network.torus_axes_used(g)
        return np.minimum(axes * np.maximum(g, 2.0) ** (1.0 / axes) / 2.0 / np.maximum(g - 1, 1), 1)
    return np.ones_like(g)


def tree_time_s(size: Array, group: Group, network: Network) -> Array:
    """Double binary tree across domains, chains inside: 2 ((g-1) t_in + log2(k) t_out).

    Each NIC carries S in all with two domains and 2 S with more (it parents in one tree and is a
    leaf in the other), so B_n g bounds S and 2 S; inside, a chain moves 2 S at 0.92 of the rate
    (NCCL tuning.cc). Infinite over more racks than the library joins by trees.
    """
    g, k = group.per_domain, group.domains
    wire_s = np.maximum(
        2.0 * size / (0.92 * network.scaleup_rate(g)) * (g > 1), _tree_nic_s(size, group, network)
    )

    def with_protocol(protocol: Protocol) -> Array:
        inside_s = (
            protocol.base_s + 2 * (g - 1) * protocol.scaleup_step_s
        ) * network.scaleup_latency_ratio
        hops = 2 * np.log2(k)
        out_s = hops * (protocol.scaleout_step_s + network.fabric_step_s)
        return network.launch_s + inside_s + out_s + wire_s / protocol.rate

    return np.where(_tree_joins(group, network), _fastest(network, with_protocol), np.inf)


def _tree_joins(group: Group, network: Network) -> NDArray[np.bool_]:
    """Whether the library joins these domains by trees: nodes always, racks only a few."""
    few = group.domains <= network.software.rack_tree_domains_max
    return few | (group.per_domain <= NODE_RANKS_MAX)


def _tree_nic_s(size: Array, group: Group, network: Network) -> Array:
    k = group.domains
    nic = network.nic_rate(group.ranks, group.span, ring=True) * share_of("nic_share", "tree")
    carried = np.where(k > 2, 2.0, 1.0) * size * (k > 1)
    return carried / (_nics(group, network) * nic)


def in_switch_time_s(size: Array, group: Group, network: Network) -> Array:
    """Reduction in the scale-up switch (NVLS), domains joined by a tree.

    t = t_launch + t_base + n_g t_rank + 2 log2(k) t_out + max(S (1 + 1/g) / B, tree's NIC time):
    each rank sends its S to the switch and S/g back (NCCL tuning.cc for the algorithm; the share of
    the rate and the cost per rank are fitted to published sweeps on 5 to 72 ranks). Infinite where
    it does not exist: no such switch, too few ranks, or more racks than the library joins by trees.
    """
    limits = network.software.in_switch
    g, k = group.per_domain, group.domains
    if limits is None or not network.in_network_reduction:
        return np.full(np.broadcast_shapes(size.shape, g.shape), np.inf)
    switch_s = size * (1 + 1 / g) / (network.scaleup_bytes_per_s * network.in_switch_share)
    steps_s = (limits.base_s + g * limits.per_rank_s) * network.scaleup_latency_ratio
    out_s = 2 * np.log2(k) * (limits.scaleout_step_s + network.fabric_step_s)
    wire_s = np.maximum(switch_s, _tree_nic_s(size, group, network))
    exists = (g >= limits.ranks_min) & _tree_joins(group, network)
    return np.where(exists, network.launch_s + steps_s + out_s + wire_s, np.inf)


def hierarchical_time_s(size: Array, group: Group, network: Network) -> Array:
    """Reduce-scatter inside, all-reduce of S/g across on every NIC, all-gather inside.

    t = 2 (g-1)/g S/B_s + 2 (k-1)/k (S/g)/B_n + latencies; the framework or the compiler must
    arrange it, NCCL does not by itself.
    """
    inside_s = ring_time_s(size, group.inside(), network, passes=2)
    across_s = ring_time_s(size / group.per_domain, group.across(), network, passes=2)
    return np.where(group.per_domain > 1, inside_s, 0) + np.where(group.domains > 1, across_s, 0)


def halving_doubling_time_s(size: Array, group: Group, network: Network) -> Array:
    """Recursive halving, then doubling: 2 log2(n) steps, 2 (n-1)/n S bytes, near ranks first.

    Thakur, Rabenseifner, Gropp 2005, section 4.4 (recalled); needs full bisection bandwidth.
    """
    g, k = group.per_domain, group.domains
    nic = network.nic_rate(group.ranks, group.span, ring=False) * share_of("nic_share", "ring")
    inside_s = 2 * (g - 1) / g * size / network.scaleup_rate(g)
    across_s = 2 * (k - 1) / k * size / g / nic

    def with_protocol(protocol: Protocol) -> Array:
        steps_s = (
            protocol.base_s + 2 * np.log2(g) * protocol.scaleup_step_s
        ) * network.scaleup_latency_ratio
        out_s = 2 * np.log2(k) * (protocol.scaleout_step_s + network.fabric_step_s)
        return network.launch_s + steps_s + out_s + (inside_s + across_s) / protocol.rate

    return _fastest(network, with_protocol)
