"""What a prediction is asked: a model, a machine, a workload and perhaps a strategy.

`question_of` reads it from a document's workload. A cluster's fabric overrides the catalogue's
usual node and network, part by part.
"""

from __future__ import annotations

from dataclasses import dataclass

from stargate import catalog
from stargate.errors import Problem, SpecError
from stargate.perf.machine import Machine, usual_network
from stargate.perf.network import Network
from stargate.perf.shape import PEAK_OF
from stargate.spec.document import Document, ModelReference
from stargate.spec.job import TrainingJob
from stargate.spec.model import Transformer
from stargate.spec.network import Cluster, Fabric
from stargate.spec.workload import Strategy, TrainingWorkload

NARROW = ("int8", "fp8", "fp4")


@dataclass(frozen=True, slots=True)
class Question:
    """One prediction to make; without a strategy the best is searched.

    Numbers narrower than 16 bit need units for them: no wider one computes them faster.
    """

    model: Transformer
    machine: Machine
    workload: TrainingWorkload
    strategy: Strategy | None = None

    def __post_init__(self) -> None:
        part, precision = self.machine.accelerator, self.workload.precision
        if PEAK_OF[precision] in NARROW and PEAK_OF[precision] not in part.peak_flop_per_s:
            able = [p for p, dtype in PEAK_OF.items() if dtype in part.peak_flop_per_s]
            mend = f"choose {', '.join(able)}"
            raise SpecError([Problem(f"{part.id} cannot compute in {precision}", mend=mend)])


def question_of(document: Document, workload: str | None = None) -> Question:
    """The question that a workload of a document asks; the only one when not named."""
    job = _job(document, workload)
    cluster = _cluster(document, job)
    machine = machine_of(cluster, job.accelerators or cluster.count, job.software)
    return Question(_model(document, job), machine, job, job.strategy)


def machine_of(cluster: Cluster, count: int, software: str | None = None) -> Machine:
    """`count` accelerators of a cluster, with its fabric laid over the catalogue's."""
    part = catalog.accelerator(cluster.accelerator)
    if isinstance(cluster.fabric, Fabric):
        network = _network(part, cluster.fabric)
    else:
        fabric = catalog.fabric(cluster.fabric.catalog)
        tiers = [(t.n_accelerators, t.oversubscription) for t in fabric.tiers]
        blocks = tuple((n, ratio) for n, ratio in tiers if n and ratio and ratio > 1.0)
        nic = fabric.nic_bytes_per_s or usual_network(part).nic_bytes_per_s
        network = Network.of(part, nic, oversubscription=blocks)
    return Machine.of(part, count, network=network, software=software)


def _network(part: catalog.Accelerator, fabric: Fabric) -> Network:
    """The usual network with the parts that a specification states."""
    usual = usual_network(part)
    up, out = fabric.scale_up, fabric.scale_out
    domain = up.domain or usual.scaleup_domain
    blocks = ((domain, out.oversubscription),) if out.oversubscription > 1 else ()
    nic = out.bandwidth_bytes_per_s or usual.nic_bytes_per_s
    network = Network.of(part, nic, domain=domain, oversubscription=blocks)
    if up.bandwidth_bytes_per_s:
        network = network.with_(scaleup_bytes_per_s=up.bandwidth_bytes_per_s)
    if out.latency_s:
        network = network.with_(fabric_step_s=out.latency_s)
    return network


def _job(document: Document, name: str | None) -> TrainingJob:
    jobs = document.training_jobs
    if name is None and len(jobs) == 1:
        return next(iter(jobs.values()))
    if name in jobs:
        return jobs[name]
    known = ", ".join(jobs) or "none"
    message = "the file holds several workloads" if name is None else f"no workload {name!r}"
    if not jobs:
        message = "the file holds no workload that trains"
    raise SpecError([Problem(message, "workloads", mend=f"name one with --workload: {known}")])


def _cluster(document: Document, job: TrainingJob) -> Cluster:
    sites = document.network.sites if document.network else ()
    clusters = [cluster for site in sites for cluster in site.clusters]
    chosen = [c for c in clusters if job.cluster in (None, c.id)]
    if len(chosen) == 1:
        return chosen[0]
    if not clusters:
        mend = "add to a site clusters: [{id: main, accelerator: h100-sxm, count: 1024}]"
        raise SpecError([Problem("no cluster to run the workload on", "network", mend=mend)])
    known = ", ".join(c.id for c in clusters)
    mend = f"name one with cluster: {known}"
    raise SpecError([Problem("the workload names no single cluster", "workloads", mend=mend)])


def _model(document: Document, job: TrainingJob) -> Transformer:
    if isinstance(job.model, Transformer):
        return job.model
    held = document.models.get(job.model)
    if isinstance(held, ModelReference):
        return catalog.model(held.catalog)
    return held or catalog.model(job.model)
