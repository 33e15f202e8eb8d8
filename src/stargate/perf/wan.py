"""Training across sites: synchronous exchange over a wide-area network, and local steps between.

Sites exchange what was already reduced within each of them, so S is one replica's gradients (or
the change of its weights, in the bytes a weight is sent with). Not covered: loss and congestion on
the way, sites of unequal speed beyond the slowest link.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargate.perf.network import WanLink

Array = NDArray[np.float64]
FIBRE_S_PER_M = 4.9e-9  # group index 1.468 (G.652 near 1550 nm) over the speed of light


def round_trip_s(route_m: ArrayLike, equipment_s: ArrayLike = 0.0) -> Array:
    """RTT = 2 (4.9 ns/m route + equipment): light in fibre, and what amplifies and switches it."""
    return 2.0 * (FIBRE_S_PER_M * np.asarray(route_m) + np.asarray(equipment_s))


def exchange_time_s(size_bytes: ArrayLike, sites: ArrayLike, wan: WanLink) -> Array:
    """Ring all-reduce over k sites: 2 (k-1)/k S/B + 2 (k-1) RTT/2; nothing for one site."""
    k = np.asarray(sites, dtype=np.float64)
    wire_s = 2.0 * (k - 1.0) / k * np.asarray(size_bytes) / wan.bytes_per_s
    return wire_s + (k - 1.0) * wan.rtt_s


def local_round_time_s(
    step_time_s: ArrayLike, local_steps: ArrayLike, exchange_s: ArrayLike, hidden_s: ArrayLike = 0.0
) -> Array:
    """One round of DiLoCo: H local steps, then the exposed part of an exchange.

    T = H t_step + max(0, t_exchange - hidden); a streaming variant hides the exchange behind
    later steps (DiLoCo arXiv 2311.08105; Streaming DiLoCo arXiv 2501.18512).
    """
    exposed = np.maximum(np.asarray(exchange_s) - np.asarray(hidden_s), 0.0)
    return np.asarray(local_steps) * np.asarray(step_time_s) + exposed


def compute_utilisation(
    step_time_s: ArrayLike, local_steps: ArrayLike, exchange_s: ArrayLike, hidden_s: ArrayLike = 0.0
) -> Array:
    """CU = compute over compute and exposed exchange (INTELLECT-1, arXiv 2412.01152, table 2)."""
    round_s = local_round_time_s(step_time_s, local_steps, exchange_s, hidden_s)
    return np.asarray(local_steps) * np.asarray(step_time_s) / round_s


def bandwidth_for_utilisation(
    size_bytes: ArrayLike,
    sites: ArrayLike,
    step_time_s: ArrayLike,
    local_steps: ArrayLike,
    utilisation: ArrayLike,
) -> Array:
    """Bytes/s that a site needs for a wanted utilisation, latency aside.

    B = 2 (k-1)/k S / (H t_step (1/CU - 1)).
    """
    k = np.asarray(sites, dtype=np.float64)
    allowed_s = (
        np.asarray(local_steps) * np.asarray(step_time_s) * (1.0 / np.asarray(utilisation) - 1.0)
    )
    return 2.0 * (k - 1.0) / k * np.asarray(size_bytes) / allowed_s
