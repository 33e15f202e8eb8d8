"""What a simulation found, as columns: jobs, services, pools, sites, and the hours.

Times are in s since the start, energies in J. Nothing here knows how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.catalog import Fact
from stargate.engine.step_function import StepFunction

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TextArray = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class JobColumns:
    """A row each in the order of arrival. Replicas of services are not among them.

    `ran_s` is on nodes, `useful_s` the part that counts as progress; what is neither checkpoint,
    restart nor lost. `fate` is one of `summary.FATES`.
    """

    names: TextArray
    tenants: TextArray
    sites: TextArray
    fate: TextArray
    arrived_s: FloatArray
    first_start_s: FloatArray
    ended_s: FloatArray
    waited_s: FloatArray
    ran_s: FloatArray
    useful_s: FloatArray
    step_s: FloatArray
    slots: IntArray
    failures: IntArray
    preemptions: IntArray

    def __len__(self) -> int:
        return len(self.names)

    def goodput(self) -> FloatArray:
        """Useful over time on nodes: what checkpoints, restarts and lost work leave."""
        return _ratio(self.useful_s, self.ran_s)

    def effective_share(self, end_s: float) -> FloatArray:
        """ETTR: useful time over the time from arrival to the end, queueing included.

        Kokolis et al., arXiv 2410.21680, section II; the end is the horizon for jobs that go on.
        """
        until = np.where(np.isnan(self.ended_s), end_s, self.ended_s)
        return _ratio(self.useful_s, until - self.arrived_s)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


@dataclass(frozen=True, slots=True)
class PoolResult:
    """Slots of a pool over time. `slot_s` splits capacity x time into what it was used for."""

    id: str
    site: str
    resource: str
    n_nodes: int
    n_slots: int
    slot_s: Mapping[str, float]
    batch: StepFunction
    service: StepFunction
    down: StepFunction

    @property
    def shares(self) -> dict[str, float]:
        """`slot_s` over capacity x time, which is 0 where no time passed."""
        whole_s = sum(self.slot_s.values())
        return {name: part_s / whole_s if whole_s else 0.0 for name, part_s in self.slot_s.items()}


@dataclass(frozen=True, slots=True)
class SiteResult:
    """Energy of a site by what it went to, and what it cost and emitted.

    `power_w` is the mean facility power of each hour.
    """

    id: str
    energy_j: Mapping[str, float]
    cost_usd: float
    carbon_kg: float
    power_w: FloatArray

    @property
    def it_energy_j(self) -> float:
        """What the machines drew."""
        return self.energy_j["idle"] + self.energy_j["batch"] + self.energy_j["service"]

    @property
    def facility_energy_j(self) -> float:
        """What the site drew from its grid."""
        return self.it_energy_j + self.energy_j["cooling and losses"]


@dataclass(frozen=True, slots=True)
class ServiceResult:
    """Requests of a service that were begun: `waits_s` of each, and the hour in which it came.

    `utilisation` is the busy share of the replicas that were held.
    """

    id: str
    n_requests: int
    n_unserved: int
    n_restarted: int
    waits_s: FloatArray
    hours: IntArray
    replicas: StepFunction
    utilisation: float

    @property
    def waiting(self) -> float:
        """The share of requests that had to wait."""
        return float((self.waits_s > 0).mean()) if len(self.waits_s) else 0.0

    def quantile_s(self, q: float) -> float:
        """A quantile of the wait over all requests."""
        return float(np.quantile(self.waits_s, q)) if len(self.waits_s) else 0.0


@dataclass(frozen=True, slots=True)
class FleetResult:
    """All that a simulation found, with what it takes to find it again."""

    name: str
    seed: int
    spec_hash: str
    trace_hash: str
    version: str
    n_events: int
    policy: str
    span_s: float
    jobs: JobColumns
    pools: tuple[PoolResult, ...]
    sites: tuple[SiteResult, ...]
    services: tuple[ServiceResult, ...]
    queue: StepFunction
    edges_s: FloatArray
    refused: Mapping[str, str]
    facts: tuple[Fact, ...]

    @property
    def n_failures(self) -> int:
        """Nodes that failed."""
        return sum(int((np.diff(pool.down.values, prepend=0.0) > 0).sum()) for pool in self.pools)
