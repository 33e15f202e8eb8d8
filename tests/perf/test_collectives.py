"""The physics of collectives: limits, monotonicity and the identities between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.catalog.hardware import Topology
from stargate.errors import CatalogError
from stargate.perf.collective_constants import share_of, software
from stargate.perf.collectives import (
    ALL_REDUCE,
    all_gather_time_s,
    all_reduce_time_s,
    all_to_all_time_s,
    broadcast_time_s,
    point_to_point_time_s,
    reduce_scatter_time_s,
)
from stargate.perf.network import Network


def network(topology: Topology = "switch", library: str = "nccl", **changes: float) -> Network:
    """Eight accelerators of 450 GB/s in a domain, a 50 GB/s NIC each: a DGX H100."""
    base = Network(
        scaleup_domain=8,
        scaleup_bytes_per_s=450e9,
        scaleup_peer_bytes_per_s=450e9 if topology == "switch" else 64e9,
        scaleup_topology=topology,
        in_network_reduction=topology == "switch",
        nic_bytes_per_s=50e9,
        software=software(library),
        launch_s=25e-6,
        scaleup_share=0.8,
        in_switch_share=0.685,
    )
    return replace(base, **changes)


GROUPED = {
    "all_gather": all_gather_time_s,
    "reduce_scatter": reduce_scatter_time_s,
    "all_reduce": all_reduce_time_s,
    "all_to_all": all_to_all_time_s,
    "broadcast": broadcast_time_s,
}
each = pytest.mark.parametrize("time_s", GROUPED.values(), ids=GROUPED)
each_topology = pytest.mark.parametrize(
    ("topology", "library"), [("switch", "nccl"), ("mesh", "rccl"), ("torus3d", "xla")]
)
sizes = st.floats(1.0, 1e11)
ranks = st.integers(2, 4096)
per_domain = st.sampled_from([1, 2, 4, 8])


@each
def test_a_group_of_one_costs_nothing(time_s):
    assert time_s(1e9, 1, 1, network()) == 0.0


@each
def test_nothing_to_send_costs_nothing(time_s):
    assert time_s(0.0, 8, 8, network()) == 0.0


@each
@each_topology
@settings(max_examples=25)
@given(size=sizes, factor=st.floats(1.0, 100.0), n=ranks, g=per_domain)
def test_time_grows_with_bytes(time_s, topology, library, size, factor, n, g):
    net = network(topology, library)
    assert time_s(size * factor, n, g, net) >= time_s(size, n, g, net)


@each
@each_topology
@settings(max_examples=25)
@given(size=sizes, factor=st.floats(1.0, 10.0), n=ranks, g=per_domain)
def test_more_bandwidth_never_slows(time_s, topology, library, size, factor, n, g):
    net = network(topology, library)
    slow = time_s(size, n, g, net)
    faster = {
        name: getattr(net, name) * factor
        for name in ("nic_bytes_per_s", "scaleup_bytes_per_s", "scaleup_peer_bytes_per_s")
    }
    for name, value in faster.items():
        assert time_s(size, n, g, replace(net, **{name: value})) <= slow
    assert time_s(size, n, g, replace(net, **faster)) <= slow


@each
@settings(max_examples=40)
@given(size=sizes, n=ranks, g=per_domain)
def test_no_collective_beats_the_wire(time_s, size, n, g):
    net = network()
    g = min(g, n)
    nic_bound = (n - g) / n * size / (g * net.nic_bytes_per_s) if n > g else 0.0
    link_bound = (g - 1) / n * size / net.scaleup_bytes_per_s
    assert time_s(size, n, g, net) >= max(nic_bound, link_bound)


@settings(max_examples=40)
@given(size=st.floats(1e3, 1e11), n=ranks, g=per_domain)
def test_ring_all_reduce_moves_what_reduce_scatter_and_all_gather_move(size, n, g):
    net = network(launch_s=0.0)
    quiet = replace(net, software=replace(net.software, protocols=net.software.protocols[-1:]))
    base = 2 * quiet.software.protocols[-1].base_s
    parts = all_gather_time_s(size, n, g, quiet) + reduce_scatter_time_s(size, n, g, quiet)
    whole = all_reduce_time_s(size, n, g, quiet, algorithm="ring")
    assert whole == pytest.approx(parts - base / 2, rel=1e-9)


@pytest.mark.parametrize("algorithm", ALL_REDUCE)
def test_a_large_all_reduce_is_bound_by_the_rates_and_not_by_latency(algorithm):
    one = all_reduce_time_s(1e12, 64, 8, network(), algorithm=algorithm)
    two = all_reduce_time_s(2e12, 64, 8, network(), algorithm=algorithm)
    assert two / one == pytest.approx(2.0, rel=1e-3)


def test_auto_is_the_fastest_that_the_library_has():
    net = network()
    times = [all_reduce_time_s(1e8, 64, 8, net, algorithm=a) for a in net.software.all_reduce]
    assert all_reduce_time_s(1e8, 64, 8, net) == min(times)


def test_in_switch_reduction_passes_the_ring_bound_of_the_link():
    """Eight H200: bus bandwidth 480 GB/s on a link of 450 (S (1 + 1/n) bytes, not 2 (n-1)/n S)."""
    size = 2.0**34
    time_s = all_reduce_time_s(size, 8, 8, network())
    assert 2 * 7 / 8 * size / time_s == pytest.approx(480e9, rel=0.02)


def test_a_flat_ring_is_capped_by_the_nics_of_one_node():
    """Two DGX A100, 8 x 200 Gb/s each: 192 of 200 GB/s (NVIDIA/nccl issue 1576)."""
    a100 = network(scaleup_bytes_per_s=300e9, nic_bytes_per_s=25e9, scaleup_share=0.78)
    size = 2.0**33
    time_s = all_reduce_time_s(size, 16, 8, a100, algorithm="ring")
    assert 2 * 15 / 16 * size / time_s == pytest.approx(192e9, rel=0.01)


def test_a_rack_of_72_drives_the_nics_of_eight():
    rack = network(scaleup_domain=72, scaleup_bytes_per_s=900e9)
    size = 2.0**34
    time_s = all_reduce_time_s(size, 1440, 72, rack, algorithm="ring")
    assert 2 * size / time_s < 8 * rack.nic_bytes_per_s
    hierarchical = all_reduce_time_s(size, 1440, 72, rack, algorithm="hierarchical")
    assert hierarchical < time_s


def test_groups_side_by_side_each_own_their_nic():
    """Eight rings of one rank a node with 1/8 of the bytes each use the same wires as one of all.

    They send (7/8) S/8 a rank where the flat ring sends (63/64) S over eight NICs: 8/9 of the time.
    """
    net = network(launch_s=0.0, scaleup_share=1.0)
    whole = all_gather_time_s(1e13, 64, 8, net)
    parts = all_gather_time_s(1e13 / 8, 8, 1, net)
    assert parts / whole == pytest.approx(8 / 9, rel=1e-3)


@settings(max_examples=40)
@given(n=ranks, ratio=st.floats(1.0, 16.0), span_factor=st.integers(1, 64))
def test_oversubscription_never_helps(n, ratio, span_factor):
    flat, net = network(), network(oversubscription=((1024, ratio),))
    span = n * span_factor
    for time_s in GROUPED.values():
        assert time_s(1e9, n, 1, net, span=span) >= time_s(1e9, n, 1, flat, span=span)


def test_a_ring_with_enough_members_in_a_pod_does_not_feel_the_pod_uplink():
    flat, net = network(), network(oversubscription=((1024, 7.0),))
    dense = all_gather_time_s(1e9, 256, 1, net, span=2048)
    assert dense == all_gather_time_s(1e9, 256, 1, flat, span=2048)
    sparse = all_gather_time_s(1e9, 4, 1, net, span=4096)
    assert sparse > 5 * all_gather_time_s(1e9, 4, 1, flat, span=4096)


def test_a_mesh_pair_has_one_link():
    """Two MI300X reach 47.7 GB/s, eight 313, of 64 GB/s links."""
    mesh = network("mesh", "rccl", scaleup_bytes_per_s=448e9, scaleup_share=0.7)
    size = 2.0**32
    pair = size / all_reduce_time_s(size, 2, 2, mesh)
    octet = 2 * 7 / 8 * size / all_reduce_time_s(size, 8, 8, mesh)
    assert pair == pytest.approx(47.7e9, rel=0.1)
    assert octet == pytest.approx(312.9e9, rel=0.05)


def test_a_torus_axis_follows_the_scaling_book():
    """One v5p axis: all-gather S/W with W both directions together; all-to-all a quarter of it."""
    torus = network(
        "torus3d",
        "xla",
        scaleup_domain=4096,
        scaleup_bytes_per_s=540e9,
        scaleup_peer_bytes_per_s=90e9,
        scaleup_share=1.0,
    )
    size = 1e12
    gather = all_gather_time_s(size, 16, 16, torus)
    assert gather == pytest.approx(15 / 16 * size / 180e9, rel=1e-3)
    exchange = all_to_all_time_s(size / 16, 16, 16, torus)
    assert exchange == pytest.approx(size / 180e9 / 4, rel=1e-3)


def test_more_torus_axes_are_faster():
    torus = network("torus3d", "xla", scaleup_domain=4096, scaleup_peer_bytes_per_s=90e9)
    assert all_gather_time_s(1e10, 4096, 4096, torus) < all_gather_time_s(1e10, 16, 16, torus)


def test_an_open_torus_has_half_the_rate():
    """A 2x2x1 slice of v5p does not close its axes."""
    big = network("torus3d", "xla", scaleup_domain=64)
    small = network("torus3d", "xla", scaleup_domain=8)
    assert big.wrap == 1.0
    assert small.wrap == 0.5


def test_floats_and_arrays_agree():
    size = np.array([[1e6], [1e9]])
    n = np.array([8, 64, 512])
    table = all_reduce_time_s(size, n, 8, network())
    assert table.shape == (2, 3)
    assert table[1, 2] == all_reduce_time_s(1e9, 512, 8, network())


def test_a_message_between_nodes_is_slower_than_within():
    inside, outside = point_to_point_time_s(1e8, [False, True], network())
    assert 0 < inside < outside


def test_unknown_names_are_refused():
    with pytest.raises(CatalogError, match="nccl"):
        software("mpi")
    with pytest.raises(CatalogError, match="tree"):
        share_of("nic_share", "butterfly")


def test_a_network_without_rate_is_refused():
    with pytest.raises(CatalogError, match="nic_bytes_per_s"):
        network(nic_bytes_per_s=0.0)
