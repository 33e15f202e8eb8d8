"""The network that a job's accelerators share: scale-up domain, scale-out fabric, WAN.

A `Network` holds rates and latencies only; what a collective costs on it is computed in
`collectives`. Bandwidth is per direction throughout, in bytes per second; a rate "per accelerator"
is what one accelerator can send while it receives as much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargate.catalog.hardware import Accelerator, Topology
from stargate.errors import CatalogError
from stargate.perf.collective_constants import Software, share_of, software

TORUS_AXES: dict[str, int] = {"ring": 1, "torus2d": 2, "torus3d": 3}
WRAPS_FROM_SIDE: dict[str, int] = {"ring": 2, "torus2d": 16, "torus3d": 4}
LIBRARY_OF_VENDOR: dict[str, str] = {
    "nvidia": "nccl",
    "amd": "rccl",
    "google": "xla",
    "intel": "hccl",
    "aws": "hccl",
}
NODE_RANKS_MAX = 16  # a scale-up domain larger than this is a rack, not a node


@dataclass(frozen=True, slots=True)
class WanLink:
    """The link between sites: what one site can send to the others together, and the round trip."""

    bytes_per_s: float
    rtt_s: float


@dataclass(frozen=True, slots=True)
class Network:
    """Rates and latencies of the tiers, as one accelerator sees them.

    `scaleup_domain` accelerators reach each other at `scaleup_bytes_per_s` (all links of one
    accelerator together); in a mesh each pair has `scaleup_peer_bytes_per_s`. Beyond the domain
    each accelerator owns `nic_bytes_per_s`. `oversubscription` lists, from small to large,
    (accelerators, ratio): what leaves a block of so many accelerators shares 1/ratio of their NIC
    rate. `load_balance` is the share of the fabric left after flow collisions (0.6 for plain ECMP,
    0.95 for packet spraying: vendor figures). The `*_share` fields are what software reaches of
    the wire; `scaleup_latency_ratio` scales the library's published latencies inside a domain and
    `fabric_step_s` adds to each step that leaves it.
    """

    scaleup_domain: int
    scaleup_bytes_per_s: float
    scaleup_peer_bytes_per_s: float
    scaleup_topology: Topology
    in_network_reduction: bool
    nic_bytes_per_s: float
    software: Software
    launch_s: float
    scaleup_share: float
    in_switch_share: float
    scaleup_latency_ratio: float = 1.0
    fabric_step_s: float = 0.0
    load_balance: float = 1.0
    oversubscription: tuple[tuple[int, float], ...] = ()
    wan: WanLink | None = None

    def __post_init__(self) -> None:
        for name in ("scaleup_domain", "scaleup_bytes_per_s", "nic_bytes_per_s"):
            if not getattr(self, name) > 0:
                raise CatalogError(f"a network needs {name} above zero, not {getattr(self, name)}")

    @classmethod
    def of(
        cls,
        accelerator: Accelerator,
        nic_bytes_per_s: float,
        *,
        domain: int | None = None,
        fabric: str = "infiniband",
        oversubscription: tuple[tuple[int, float], ...] = (),
        wan: WanLink | None = None,
    ) -> Self:
        """The network around an accelerator of the catalogue.

        `domain` overrides the size of the scale-up domain: a TPU slice, half a rack, a PCIe pair.
        """
        library = software(LIBRARY_OF_VENDOR.get(accelerator.vendor.lower(), "nccl"))
        torus = ("torus",) if accelerator.scaleup_topology in TORUS_AXES else ()
        return cls(
            scaleup_domain=domain or accelerator.scaleup_domain,
            scaleup_bytes_per_s=accelerator.scaleup_bytes_per_s,
            scaleup_peer_bytes_per_s=accelerator.scaleup_peer_bytes_per_s,
            scaleup_topology=accelerator.scaleup_topology,
            in_network_reduction=accelerator.in_network_reduction,
            nic_bytes_per_s=nic_bytes_per_s,
            software=library,
            launch_s=library.launch_s,
            scaleup_share=share_of("scaleup_share", accelerator.id, *torus),
            in_switch_share=share_of("in_switch_share", accelerator.id),
            fabric_step_s=share_of("fabric_step_s", fabric),
            oversubscription=oversubscription,
            wan=wan,
        )

    def with_(self, **changes: float) -> Self:
        """The same network with some rates or latencies changed."""
        return replace(self, **changes)

    def scaleup_rate(self, ranks_per_domain: ArrayLike) -> NDArray[np.float64]:
        """Bytes per second that each of so many neighbours can send in a ring or direct exchange.

        Switch: the full link. Mesh: one link to each peer in the group. Torus: the axes that a
        group fills, both directions of each; an open axis (no wrap-around) has half.
        """
        g = np.maximum(np.asarray(ranks_per_domain, dtype=np.float64), 1.0)
        link = self.scaleup_bytes_per_s * self.scaleup_share
        if self.scaleup_topology == "mesh":
            peers = np.maximum(g - 1.0, 1.0) * self.scaleup_peer_bytes_per_s * self.scaleup_share
            return np.minimum(peers, link)
        if self.scaleup_topology in TORUS_AXES:
            return link * self.torus_axes_used(g) / TORUS_AXES[self.scaleup_topology] * self.wrap
        return np.broadcast_to(np.float64(link), g.shape)

    @property
    def torus_side(self) -> float:
        """Accelerators along one axis of the (cubic or square) slice."""
        return self.scaleup_domain ** (1.0 / TORUS_AXES.get(self.scaleup_topology, 1))

    @property
    def wrap(self) -> float:
        """1 where the axes of the slice close to rings, else 1/2 (scaling-book, sharding.md)."""
        closes_from = WRAPS_FROM_SIDE.get(self.scaleup_topology, 1)
        return 1.0 if self.torus_side > closes_from - 0.5 else 0.5

    def torus_axes_used(self, ranks: ArrayLike) -> NDArray[np.float64]:
        """How many axes a group of so many contiguous accelerators spreads over."""
        axes = TORUS_AXES[self.scaleup_topology]
        side = max(self.torus_side, 1.0 + 1e-9)
        needed = np.ceil(np.log(np.asarray(ranks, dtype=np.float64)) / np.log(side) - 1e-9)
        return np.clip(needed, 1.0, axes)

    def nic_rate(self, members: ArrayLike, span: ArrayLike, *, ring: bool) -> NDArray[np.float64]:
        """NIC bytes per second per accelerator for a group spread over `span` accelerators.

        Of n members spread evenly over `span`, m = n block/span share a block whose uplink is
        oversubscribed r:1. A ring leaves the block once per m members, so each of the concurrent
        rings gets min(1, m/r) of a NIC; in an all-to-all 1 - m/n of the bytes leave, so it gets
        min(1, 1 / (r (1 - m/n))). Derived here from the uplink's capacity; even spread assumed.
        """
        n = np.asarray(members, dtype=np.float64)
        reach = np.maximum(np.asarray(span, dtype=np.float64), n)
        rate = np.full(np.broadcast_shapes(n.shape, reach.shape), self.nic_bytes_per_s)
        rate *= self.load_balance
        for block, ratio in self.oversubscription:
            inside = np.maximum(n * block / reach, 1.0)
            leaving = np.maximum(1.0 - inside / n, 1e-12)
            share = inside / ratio if ring else 1.0 / (ratio * leaving)
            rate = np.where(reach > block, np.minimum(rate, rate * share), rate)
        return rate
