"""What is simulated: sites, their nodes, the work that comes, and for how long.

All of it is plain numbers; where they come from (a document, the catalogue, a trace) is told
elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stargate.catalog import Fact
from stargate.control.job import Job
from stargate.control.policy import Policy
from stargate.control.pool import Pool
from stargate.units import HOUR_S


@dataclass(frozen=True, slots=True)
class Site:
    """What a joule costs and emits at a site. `pue` is facility energy over IT energy."""

    id: str
    pue: float = 1.0
    price_usd_per_j: float = 0.0
    carbon_kg_per_j: float = 0.0


@dataclass(frozen=True, slots=True)
class Hardware:
    """A pool of nodes, what they draw, and how often one fails.

    A node that is up draws `idle_w`, and `busy_w` more for each slot at work; one that is down
    draws nothing. `repair_s` is the mean time until a failed node is back.
    """

    pool: Pool
    idle_w: float = 0.0
    busy_w: float = 0.0
    failures_per_node_s: float = 0.0
    repair_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Task:
    """A job and when it comes; `work_s` is what it really takes, without checkpoints.

    A step time stands beside work that is training: work_s / step_s steps.
    """

    at_s: float
    job: Job
    work_s: float
    step_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Service:
    """Requests that must be answered at once, by replicas that take one request at a time.

    `by_hour` is the requests per second in each hour of the day; requests come at random within
    the hour. A request takes `service_s` on the mean; its times have the coefficient of variation
    `variation`: 0 constant, 1 exponential, a gamma distribution in general. As many replicas are
    held as let no larger share than `waiting` wait by Erlang's formula, `replicas_max` at most.
    """

    id: str
    replica: Job
    by_hour: tuple[float, ...]
    service_s: float
    variation: float = 1.0
    waiting: float = 0.05
    replicas_max: int = 10_000

    def rate_per_s(self, now_s: float) -> float:
        """Requests per second in the hour that holds this moment."""
        return self.by_hour[int(now_s // HOUR_S) % len(self.by_hour)]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a simulation needs besides a seed."""

    name: str
    sites: tuple[Site, ...]
    hardware: tuple[Hardware, ...]
    tasks: tuple[Task, ...]
    policy: Policy
    horizon_s: float = math.inf
    services: tuple[Service, ...] = ()
    facts: tuple[Fact, ...] = ()
    spec_hash: str = ""
