"""What must hold across a document whose parts are each sound: one function a check.

Every check takes the document and yields faults by path. Names that lead nowhere are found by
`names`, what holds within a programme by `programme_faults`, limits of one value by its model.
"""

from __future__ import annotations

from collections.abc import Iterator

from stargate.spec.document import Document
from stargate.spec.faults import Fault
from stargate.spec.fleet_faults import fleet_faults
from stargate.spec.job import TrainingJob
from stargate.spec.model import Transformer
from stargate.spec.network import Cluster, Site
from stargate.spec.tree import Path
from stargate.spec.workload import Strategy

_MISMATCH_MAX = 0.01
# The first and the last chunk may hold no layer but the embedding and the logits, as in Llama 3
# (arXiv 2407.21783, section 3.3.2); every other needs one.
_END_CHUNKS = 2


def document_faults(document: Document) -> list[Fault]:
    """Everything that is wrong between the parts of a document."""
    return [fault for check in CHECKS for fault in check(document)]


def double_sites(document: Document) -> Iterator[Fault]:
    """Two sites, or two clusters anywhere, of one id."""
    seen: set[str] = set()
    for path, name in _ids(document):
        if name in seen:
            yield Fault((*path, "id"), f"another one is called {name!r}", "give one another id")
        seen.add(name)


def site_powers(document: Document) -> Iterator[Fault]:
    """IT power times the peak ratio is the facility power, where all three are stated."""
    for path, site in _sites(document):
        if site.it_power_w is None or site.facility_power_w is None:
            continue
        if site.it_power_w > site.facility_power_w:
            message = "the IT power is above the facility power that must carry it"
            yield Fault((*path, "it_power"), message, "swap them, or state one and peak_ratio")
        elif site.peak_ratio is not None and _differ(site.facility_power_w, site):
            ratio = site.facility_power_w / site.it_power_w
            message = f"facility over IT power is {ratio:.4g}, not the peak_ratio stated"
            yield Fault((*path, "peak_ratio"), message, "leave one of the three out")


def _differ(facility_power_w: float, site: Site) -> bool:
    expected = (site.it_power_w or 0.0) * (site.peak_ratio or 1.0)
    return abs(facility_power_w - expected) > _MISMATCH_MAX * facility_power_w


def energy_ratios(document: Document) -> Iterator[Fault]:
    """The yearly ratio of energies is not above the ratio at the peak hour."""
    for path, site in _sites(document):
        if site.pue is not None and site.peak_ratio is not None and site.pue > site.peak_ratio:
            message = f"pue {site.pue:g} is above peak_ratio {site.peak_ratio:g}"
            yield Fault((*path, "pue"), message, "the yearly mean lies below the peak; swap them")


def wan_links(document: Document) -> Iterator[Fault]:
    """A link joins two sites, and light is not outrun."""
    links = document.network.wan if document.network else ()
    for i, link in enumerate(links):
        path = ("network", "wan", i)
        if link.between[0] == link.between[1]:
            mend = "name two sites"
            yield Fault((*path, "between"), f"joins {link.between[0]!r} with itself", mend)
        if link.latency_s is None and link.distance_m is None and link.kind is None:
            yield Fault(path, "neither latency nor distance is stated", "add one, or kind")
        if link.latency_s is not None and link.distance_m is not None:
            yield from _faster_than_light((*path, "latency"), link.latency_s, link.distance_m)


def _faster_than_light(path: Path, latency_s: float, distance_m: float) -> Iterator[Fault]:
    """Light needs 3.34 us per km in vacuum (299,792,458 m/s), about 4.9 us per km in fibre."""
    shortest_s = distance_m / 299_792_458
    if latency_s < shortest_s:
        message = f"light itself needs {shortest_s * 1e3:.3g} ms over that distance"
        yield Fault(path, message, "state the one-way latency; fibre takes 4.9 us per km")


def job_machines(document: Document) -> Iterator[Fault]:
    """A job uses no more accelerators than its cluster has."""
    clusters = {cluster.id: cluster for _, cluster in _clusters(document)}
    for name, job in document.training_jobs.items():
        cluster = clusters.get(job.cluster or "")
        if cluster is not None and (job.accelerators or 0) > cluster.count:
            message = f"{job.accelerators} are more than the {cluster.count} of {cluster.id}"
            path = ("workloads", name, "accelerators")
            yield Fault(path, message, f"ask for at most {cluster.count}")


def strategy_counts(document: Document) -> Iterator[Fault]:
    """tp x pp x cp x dp is the number of accelerators; without dp, it divides that number."""
    clusters = {cluster.id: cluster for _, cluster in _clusters(document)}
    for path, job, plan in _strategies(document):
        cluster = clusters.get(job.cluster or "")
        count = job.accelerators or (cluster.count if cluster else None)
        if count is None:
            continue
        group = plan.tp * plan.pp * plan.cp
        said = f"tp {plan.tp} x pp {plan.pp} x cp {plan.cp}"
        if plan.dp is not None and group * plan.dp != count:
            message = f"{said} x dp {plan.dp} is {group * plan.dp}, not the {count} accelerators"
            yield Fault(path, message, _other_dp(group, count), key=True)
        elif count % group:
            message = f"{said} is {group}, which does not divide the {count} accelerators"
            yield Fault(path, message, "change one of them", key=True)


def _other_dp(group: int, count: int) -> str:
    return "change one of them" if count % group else f"leave dp out, or set dp={count // group}"


def strategy_batches(document: Document) -> Iterator[Fault]:
    """The replicas and micro-batches divide the global batch."""
    for path, job, plan in _strategies(document):
        dp = plan.dp or _replicas(document, job, plan)
        if dp is None:
            continue
        if job.global_batch % (dp * plan.micro_batch):
            message = (
                f"global_batch {job.global_batch} is no multiple of dp {dp} x micro_batch "
                f"{plan.micro_batch}"
            )
            yield Fault(path, message, "change micro_batch, dp or global_batch", key=True)


def _replicas(document: Document, job: TrainingJob, plan: Strategy) -> int | None:
    """dp as it follows from the number of accelerators, if that is known and divisible."""
    clusters = {cluster.id: cluster for _, cluster in _clusters(document)}
    cluster = clusters.get(job.cluster or "")
    count = job.accelerators or (cluster.count if cluster else 0)
    group = plan.tp * plan.pp * plan.cp
    return count // group if count and count % group == 0 else None


def strategy_shapes(document: Document) -> Iterator[Fault]:
    """The architecture can be cut as the strategy says, where the document holds it."""
    for path, job, plan in _strategies(document):
        model = job.model if isinstance(job.model, Transformer) else document.models.get(job.model)
        if isinstance(model, Transformer):
            for message, mend in _misfits(model, job.seq_len, plan):
                yield Fault(path, message, mend, key=True)


def _misfits(model: Transformer, seq_len: int, plan: Strategy) -> Iterator[tuple[str, str]]:
    if model.heads % plan.tp:
        yield f"tp {plan.tp} does not divide the {model.heads} heads", "lower tp to a divisor"
    if plan.pp * plan.vp > model.layers + _END_CHUNKS:
        message = f"pp {plan.pp} x vp {plan.vp} makes more chunks than the {model.layers} layers"
        yield message, "lower pp or vp"
    if seq_len % (plan.cp * (plan.tp if plan.shards_sequence else 1)):
        yield f"the ranks that share a sequence do not divide seq_len {seq_len}", "change cp or tp"
    if model.moe is None and plan.ep > 1:
        yield f"ep is {plan.ep}, but the model has no experts", "set ep=1"
    if model.moe is not None and model.moe.experts % plan.ep:
        message = f"ep {plan.ep} does not divide the {model.moe.experts} experts"
        yield message, "lower ep to a divisor"


def strategy_experts(document: Document) -> Iterator[Fault]:
    """Experts are spread over ranks that are taken from dp x cp."""
    for path, job, plan in _strategies(document):
        dp = plan.dp or _replicas(document, job, plan)
        if dp is not None and (dp * plan.cp) % plan.ep:
            message = f"ep {plan.ep} does not divide dp {dp} x cp {plan.cp}"
            yield Fault(path, message, "experts take their ranks from dp x cp", key=True)


def sequence_lengths(document: Document) -> Iterator[Fault]:
    """No sequence is longer than learned positions reach."""
    for name, job in document.training_jobs.items():
        model = job.model if isinstance(job.model, Transformer) else document.models.get(job.model)
        if not isinstance(model, Transformer) or model.positions != "learned":
            continue
        if job.seq_len > model.max_seq_len:
            message = f"{job.seq_len} is beyond the model's {model.max_seq_len} learned positions"
            yield Fault(("workloads", name, "seq_len"), message, "raise the model's max_seq_len")


def runs_of_workloads(document: Document) -> Iterator[Fault]:
    """A run of the programme is of a workload that trains."""
    for i, run in enumerate(document.programme.runs if document.programme else ()):
        if run.workload in document.voice_workloads:
            message = f"{run.workload} does not train"
            yield Fault(("programme", "runs", i, "workload"), message, "name a training workload")


CHECKS = (
    *(double_sites, site_powers, energy_ratios, wan_links),
    *(job_machines, strategy_counts, strategy_batches, strategy_shapes, strategy_experts),
    *(sequence_lengths, runs_of_workloads, fleet_faults),
)


def _sites(document: Document) -> Iterator[tuple[Path, Site]]:
    for i, site in enumerate(document.network.sites if document.network else ()):
        yield ("network", "sites", i), site


def _clusters(document: Document) -> Iterator[tuple[Path, Cluster]]:
    for path, site in _sites(document):
        for k, cluster in enumerate(site.clusters):
            yield (*path, "clusters", k), cluster


def _ids(document: Document) -> Iterator[tuple[Path, str]]:
    yield from ((path, site.id) for path, site in _sites(document))
    yield from ((path, cluster.id) for path, cluster in _clusters(document))


def _strategies(document: Document) -> Iterator[tuple[Path, TrainingJob, Strategy]]:
    for name, job in document.training_jobs.items():
        if job.strategy is not None:
            yield ("workloads", name, "strategy"), job, job.strategy
