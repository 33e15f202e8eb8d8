"""The network that a job's accelerators share: scale-up domain, scale-out fabric, WAN.

A `Network` holds rates and latencies only; what a collective costs on it is computed in
`collectives`. Bandwidth is per direction throughout, in bytes per second; a rate "per accelerator"
is what one accelerator can send while it receives as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Topology = Literal["switch", "mesh", "ring", "torus2d", "torus3d"]
TORUS_AXES: dict[str, int] = {"ring": 1, "torus2d": 2, "torus3d": 3}


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
    each accelerator owns `nic_bytes_per_s`. `oversubscription` lists (accelerators, ratio): groups
    that span more accelerators than stated get 1/ratio of the NIC rate. `load_balance` is the
    share of the fabric's rate left after flow collisions.
    """

    scaleup_domain: int
    scaleup_bytes_per_s: float
    scaleup_peer_bytes_per_s: float
    scaleup_topology: Topology
    in_network_reduction: bool
    nic_bytes_per_s: float
    scaleup_efficiency: float = 0.80
    nic_efficiency: float = 0.96
    load_balance: float = 1.0
    oversubscription: tuple[tuple[int, float], ...] = ()
    launch_s: float = 10e-6
    scaleup_step_s: float = 1.5e-6
    scaleout_step_s: float = 5e-6
    wan: WanLink | None = None
