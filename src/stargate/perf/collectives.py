"""How long collectives take on a `Network`: closed forms over floats or arrays.

`size_bytes` is the full buffer: what an all-reduce reduces, what an all-gather ends with, what a
reduce-scatter starts from, and what each rank of an all-to-all sends in total (its own part
included). `ranks` is the size of the group, `ranks_per_domain` how many of them share a scale-up
domain. Every accelerator owns its NIC share, so that groups that run at the same time side by side
do not slow each other; transfers of one accelerator that run at the same time do, and are added by
the caller. A group of one costs nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stargate.perf.network import Network

Array = NDArray[np.float64]


def all_reduce_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
    algorithm: str = "auto",
) -> Array:
    """Time of an all-reduce: a reduce-scatter and an all-gather."""
    return 2.0 * all_gather_time_s(
        size_bytes, ranks, ranks_per_domain, network, span=span, algorithm=algorithm
    )


def all_gather_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
    algorithm: str = "auto",
) -> Array:
    """Time of a ring all-gather: (n-1)/n S/B and n-1 steps."""
    del span, algorithm
    size, n, g = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (size_bytes, ranks, ranks_per_domain))
    )
    crosses = n > g
    rate = np.where(
        crosses,
        np.minimum(
            network.scaleup_bytes_per_s * network.scaleup_efficiency,
            g * network.nic_bytes_per_s * network.nic_efficiency,
        ),
        network.scaleup_bytes_per_s * network.scaleup_efficiency,
    )
    step_s = np.where(crosses, network.scaleout_step_s, network.scaleup_step_s)
    time_s = network.launch_s + (n - 1) * step_s + (n - 1) / n * size / rate
    return np.where(n > 1, time_s, 0.0)


def reduce_scatter_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
    algorithm: str = "auto",
) -> Array:
    """Time of a reduce-scatter: that of the all-gather of the same buffer."""
    return all_gather_time_s(
        size_bytes, ranks, ranks_per_domain, network, span=span, algorithm=algorithm
    )


def all_to_all_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of an all-to-all: what stays in the domain and what leaves it, whichever is longer."""
    del span
    size, n, g = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (size_bytes, ranks, ranks_per_domain))
    )
    inside_s = (g - 1) / n * size / (network.scaleup_bytes_per_s * network.scaleup_efficiency)
    outside_s = (n - g) / n * size / (network.nic_bytes_per_s * network.nic_efficiency)
    time_s = network.launch_s + np.maximum(inside_s, outside_s)
    return np.where(n > 1, time_s, 0.0)


def point_to_point_time_s(
    size_bytes: ArrayLike,
    crosses_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of one message to one peer, inside the domain or across NICs."""
    del span
    size = np.asarray(size_bytes, dtype=np.float64)
    crosses = np.asarray(crosses_domain, dtype=bool)
    rate = np.where(
        crosses,
        network.nic_bytes_per_s * network.nic_efficiency,
        network.scaleup_bytes_per_s * network.scaleup_efficiency,
    )
    step_s = np.where(crosses, network.scaleout_step_s, network.scaleup_step_s)
    return np.where(size > 0, network.launch_s + step_s + size / rate, 0.0)


def broadcast_time_s(
    size_bytes: ArrayLike,
    ranks: ArrayLike,
    ranks_per_domain: ArrayLike,
    network: Network,
    *,
    span: ArrayLike | None = None,
) -> Array:
    """Time of a pipelined broadcast: S/B and n-1 steps."""
    n = np.asarray(ranks, dtype=np.float64)
    full = np.maximum(n, 2)
    return np.where(
        n > 1,
        all_gather_time_s(
            np.asarray(size_bytes) * full / (full - 1), n, ranks_per_domain, network, span=span
        ),
        0.0,
    )
