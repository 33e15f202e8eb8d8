"""Whether the fleet of a document fits the rest of it: one function a check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stargate.spec.faults import Fault, unknown
from stargate.spec.fleet import Fleet, FleetJob
from stargate.spec.job import TrainingJob
from stargate.spec.network import Network
from stargate.spec.tree import Path
from stargate.spec.voice import VoiceWorkload

if TYPE_CHECKING:
    from stargate.spec.document import Document

EVENTS_MAX = 2_000_000


def fleet_faults(document: Document) -> Iterator[Fault]:
    """Everything that is wrong between a fleet and what it runs on."""
    fleet = document.fleet
    if fleet is None:
        return
    if document.network is None:
        yield Fault(("fleet",), "no network to run on", "add network, with sites and clusters")
        return
    yield from _doubled(("fleet", "tenants"), [tenant.id for tenant in fleet.tenants])
    yield from _doubled(("fleet", "jobs"), [job.id for job in fleet.jobs])
    yield from _doubled(("fleet", "hosts"), [hosts.id for hosts in fleet.hosts])
    yield from _called_like_a_cluster(document.network, fleet)
    yield from _too_often(document.network, fleet)
    for i, job in enumerate(fleet.jobs):
        path = ("fleet", "jobs", i)
        yield from _unknown_tenant(path, job, fleet)
        yield from _too_large(path, job, document.network)
        yield from _too_many(path, job, fleet)
        yield from _unready(path, job, document)


def _doubled(path: Path, names: Sequence[str]) -> Iterator[Fault]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield Fault((*path, i, "id"), f"another one is called {name!r}", "give another id")


def _unknown_tenant(path: Path, job: FleetJob, fleet: Fleet) -> Iterator[Fault]:
    known = [tenant.id for tenant in fleet.tenants]
    if job.tenant is not None and job.tenant not in known:
        yield unknown((*path, "tenant"), "tenant", job.tenant, known)


def _sizes(network: Network) -> dict[str, int]:
    """Accelerators of each cluster."""
    return {cluster.id: cluster.count for site in network.sites for cluster in site.clusters}


def _called_like_a_cluster(network: Network, fleet: Fleet) -> Iterator[Fault]:
    for i, hosts in enumerate(fleet.hosts):
        if hosts.id in _sizes(network):
            message = f"a cluster is called {hosts.id!r}"
            yield Fault(("fleet", "hosts", i, "id"), message, "give another id")


def _too_often(network: Network, fleet: Fleet) -> Iterator[Fault]:
    rate = fleet.failures.per_accelerator_per_s or 0.0
    n = rate * sum(_sizes(network).values()) * fleet.horizon_s
    if n > EVENTS_MAX:
        path, mend = ("fleet", "failures", "per_accelerator"), "lower it, or shorten the horizon"
        yield Fault(path, f"{n:.3g} failures are above the {EVENTS_MAX:,} that are simulated", mend)


def _too_many(path: Path, job: FleetJob, fleet: Fleet) -> Iterator[Fault]:
    rate = job.rate_per_s or (1.0 / job.every_s if job.every_s else 0.0)
    n = min(rate * (fleet.horizon_s - job.at_s), job.count or math.inf)
    if n > EVENTS_MAX:
        key, mend = "rate" if job.rate_per_s else "every", "let fewer come, or state count"
        message = f"{n:.3g} jobs are above the {EVENTS_MAX:,} that are simulated"
        yield Fault((*path, key), message, mend)


def _too_large(path: Path, job: FleetJob, network: Network) -> Iterator[Fault]:
    sizes = _sizes(network)
    most = sizes.get(job.cluster or "")
    if most is not None and (job.accelerators or 0) > most:
        message = f"{job.accelerators} are more than the {most} of {job.cluster}"
        yield Fault((*path, "accelerators"), message, f"ask for at most {most}")


def _unready(path: Path, job: FleetJob, document: Document) -> Iterator[Fault]:
    """A workload that leaves open where it runs, or how long."""
    workload = document.workloads.get(job.workload or "")
    if isinstance(workload, TrainingJob):
        if workload.cluster is None:
            mend = f"add cluster to workloads.{job.workload}"
            yield Fault((*path, "workload"), "the workload names no cluster", mend)
        if workload.tokens is None and job.duration_s is None:
            mend = "add tokens to the workload, or duration to the job"
            yield Fault(path, f"{job.id} has no end", mend)
    elif isinstance(workload, VoiceWorkload) and not _hosts_there(job, document):
        where = f"at {', '.join(job.sites)}" if job.sites else "in fleet.hosts"
        mend = "add hosts: id, site, count, cores, memory"
        yield Fault((*path, "workload"), f"no hosts {where} for voices", mend)


def _hosts_there(job: FleetJob, document: Document) -> bool:
    hosts = document.fleet.hosts if document.fleet else ()
    return any(not job.sites or host.site in job.sites for host in hosts)
