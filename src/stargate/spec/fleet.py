"""Months of operation: who uses the machine, what work comes when, and how it is scheduled."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stargate.spec.base import (
    Bytes,
    ClusterName,
    Identifier,
    PerSecond,
    Seconds,
    SiteName,
    SpecModel,
    Watts,
    WorkloadName,
)

Positive = Annotated[Seconds, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Tenant(SpecModel):
    """Somebody whose jobs run here."""

    id: Identifier
    share: Annotated[float, Field(gt=0)] = Field(default=1.0, description="weight under fair")
    quota: Count | None = Field(
        default=None, description="most accelerators, or cores, held at once; no limit if left out"
    )


class Hosts(SpecModel):
    """Servers without accelerators, all alike: where voices are learnt and spoken."""

    id: Identifier
    site: SiteName
    count: Count = Field(description="servers")
    cores: Count = Field(description="of one server")
    memory_bytes: Annotated[Bytes, Field(gt=0)] = Field(description="of one server")
    idle_power_w: Annotated[Watts, Field(ge=0)] = Field(
        default=0.0, description="of one server that is up and does nothing"
    )


class NodePower(SpecModel):
    """What one node draws; the catalogue's when left out."""

    idle_w: Annotated[Watts, Field(ge=0)]
    busy_w: Annotated[Watts, Field(gt=0)] = Field(description="with all accelerators at work")

    @model_validator(mode="after")
    def _busy_is_more(self) -> Self:
        if self.busy_w < self.idle_w:
            raise ValueError("busy is below idle; swap them")
        return self


class Failures(SpecModel):
    """How often nodes fail, and how long they are away; the catalogue's when left out."""

    per_accelerator_per_s: Annotated[PerSecond, Field(ge=0)] | None = Field(
        default=None, description="such as 2e-5/h; a node fails with any of its accelerators"
    )
    per_host_per_s: Annotated[PerSecond, Field(ge=0)] = Field(
        default=0.0, description="of servers without accelerators"
    )
    repair_s: Positive | None = Field(default=None, description="mean time until a node is back")


class Saving(SpecModel):
    """When a job saves its state, and what that and a restart take."""

    cost_s: Annotated[Seconds, Field(ge=0)] = Field(description="pause for one checkpoint")
    every_s: Positive | None = Field(
        default=None, description="work between two; Daly's best interval when left out"
    )
    restart_s: Annotated[Seconds, Field(ge=0)] | None = Field(
        default=None, description="from a start to work going on, detection included"
    )


class FleetJob(SpecModel):
    """A job, or many alike: of a workload, or so many accelerators for so long."""

    id: Identifier
    workload: WorkloadName | None = Field(
        default=None, description="trains, or learns and speaks voices"
    )
    cluster: ClusterName | None = Field(default=None, description="without a workload: where")
    accelerators: Count | None = Field(default=None, description="without a workload: how many")
    duration_s: Positive | None = Field(
        default=None, description="work of one; that of the workload's tokens when left out"
    )
    overestimate: Annotated[float, Field(ge=1)] = Field(
        default=1.0, description="what the scheduler is told over what it takes"
    )
    tenant: Identifier | None = None
    priority: int = Field(default=0, description="higher goes first under priority and fair")
    preemptible: bool = True
    at_s: Annotated[Seconds, Field(ge=0)] = Field(default=0.0, description="the first comes")
    every_s: Positive | None = Field(default=None, description="another comes, like clockwork")
    rate_per_s: Annotated[PerSecond, Field(gt=0)] | None = Field(
        default=None, description="others come at random, such as 20/day"
    )
    count: Count | None = Field(
        default=None, description="how many; with every or rate as many as come, else one"
    )
    checkpoint: Saving | None = None
    sites: tuple[SiteName, ...] = Field(default=(), description="of voices; any when left out")

    @model_validator(mode="after")
    def _says_what_it_is(self) -> Self:
        plain = (self.cluster, self.accelerators)
        if self.workload is None and (None in plain or self.duration_s is None):
            raise ValueError("no work; name a workload, or state cluster, accelerators, duration")
        if self.workload is not None and any(value is not None for value in plain):
            raise ValueError("the workload says where and how many; leave cluster and count out")
        if self.every_s is not None and self.rate_per_s is not None:
            raise ValueError("both every and rate; state one")
        if (self.count or 1) > 1 and self.every_s is None and self.rate_per_s is None:
            raise ValueError(f"{self.count} jobs need to be told apart in time; add every or rate")
        return self


class Fleet(SpecModel):
    """What is simulated on the network of the same file."""

    horizon_s: Positive = Field(description="such as 30 days")
    seed: Annotated[int, Field(ge=0)] = 1
    policy: Literal["fifo", "easy", "shortest", "priority", "fair"] = "easy"
    placement: Literal["first", "best", "worst", "consolidate"] = "consolidate"
    tenants: tuple[Tenant, ...] = ()
    hosts: tuple[Hosts, ...] = ()
    power: dict[ClusterName, NodePower] = Field(
        default_factory=dict, description="of one node of a cluster"
    )
    spares: dict[ClusterName, Count] = Field(
        default_factory=dict, description="nodes kept free for jobs that come back from a failure"
    )
    failures: Failures = Failures()
    jobs: tuple[FleetJob, ...] = ()
