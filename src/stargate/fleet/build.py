"""From a document to a scenario: its clusters as pools, its jobs as tasks, prices and rates found.

What the file leaves out is a fact of the catalogue, and the scenario names every fact it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from stargate import catalog
from stargate.catalog import Fact
from stargate.control.policy import POLICIES, Policy
from stargate.control.pool import Pool
from stargate.errors import Problem, SpecError
from stargate.fleet.scenario import Hardware, Scenario, Service, Site, Task
from stargate.fleet.work import JobMaker
from stargate.spec import network
from stargate.spec.document import Document
from stargate.spec.fleet import Fleet, Hosts

PUE, PRICE, CARBON = "pue_microsoft", "elec_us_industrial_2025", "ci_usa"
FAILURE_RATE, REPAIR = "failure_rate_llama3_h100", "gpu_node_repair"
HEAVY, GPU_SHARE = "node_8xh100_heavy_fraction", "gpu_share_of_server_power"
CORE_POWER = "cpu_core_power"
# A rack sold as one fails and is repaired by its trays, of four accelerators.
NODE_MAX, TRAY = 16, 4


@dataclass(slots=True)
class Facts:
    """The facts that were looked up."""

    used: dict[str, Fact] = field(default_factory=dict[str, Fact])

    def __call__(self, name: str) -> float:
        """The value of a fact, in SI, which is from now on told to be used."""
        self.used[name] = catalog.fact(name)
        return self.used[name].value


def scenario_of(
    document: Document,
    *,
    seed: int | None = None,
    policy: str | None = None,
    tasks: tuple[Task, ...] | None = None,
) -> tuple[Scenario, int]:
    """The scenario of a document and its seed; `tasks` take the place of its jobs if given.

    Raises `SpecError` if the document has nothing to simulate, `InfeasibleError` if a workload
    trains on no layout.
    """
    fleet, sites = _fleet(document, tasks is not None)
    facts, chosen = Facts(), fleet.seed if seed is None else seed
    hardware = tuple(_hardware(sites, fleet, facts))
    services: tuple[Service, ...] = ()
    if tasks is None:
        maker = JobMaker(document, fleet, hardware, facts, chosen)
        tasks, services = maker.work()
    scenario = Scenario(
        name=document.name,
        sites=tuple(_site(site, facts) for site in sites),
        hardware=hardware,
        tasks=tasks,
        policy=_policy(fleet, policy),
        horizon_s=fleet.horizon_s if document.fleet else math.inf,
        services=services,
        facts=tuple(sorted(facts.used.values(), key=lambda fact: fact.confidence != "assumed")),
        spec_hash=document.fingerprint,
    )
    return scenario, chosen


def _fleet(document: Document, has_tasks: bool) -> tuple[Fleet, tuple[network.Site, ...]]:
    if document.network is None:
        mend = "add network, with sites and clusters"
        raise SpecError([Problem("no network to simulate", "network", mend=mend)])
    if document.fleet is None and not has_tasks:
        mend = "add fleet: horizon and jobs, or give a trace"
        raise SpecError([Problem("no work to simulate", "fleet", mend=mend)])
    return document.fleet or Fleet(horizon="1 day"), document.network.sites  # pyrefly: ignore


def _policy(fleet: Fleet, name: str | None) -> Policy:
    return replace(
        POLICIES[name or fleet.policy],
        place=fleet.placement,
        quotas={t.id: t.quota for t in fleet.tenants if t.quota is not None},
        shares={t.id: t.share for t in fleet.tenants},
    )


def _site(site: network.Site, facts: Facts) -> Site:
    grid = site.grid
    carbon = grid.carbon_intensity_kg_per_j
    if carbon is None:
        carbon = network.FactReference(catalog=grid.region or CARBON)
    price = grid.electricity_price_usd_per_j
    if price is None:
        price = network.FactReference(catalog=PRICE)
    pue = facts(PUE) if site.pue is None else site.pue
    return Site(site.id, pue, _value(price, facts), _value(carbon, facts))


def _value(said: float | network.FactReference, facts: Facts) -> float:
    return facts(said.catalog) if isinstance(said, network.FactReference) else said


def _hardware(sites: tuple[network.Site, ...], fleet: Fleet, facts: Facts) -> Iterator[Hardware]:
    for site in sites:
        for cluster in site.clusters:
            yield _cluster(site, cluster, fleet, facts)
    for hosts in fleet.hosts:
        yield _hosts(hosts, fleet, facts)


def slots_of(cluster: network.Cluster, node: catalog.Node) -> int:
    """Accelerators of what fails and is repaired as one: a node, or a tray of a rack."""
    return min(node.n_accelerators if node.n_accelerators <= NODE_MAX else TRAY, cluster.count)


def _cluster(site: network.Site, cluster: network.Cluster, fleet: Fleet, facts: Facts) -> Hardware:
    part = catalog.accelerator(cluster.accelerator)
    node = catalog.node(cluster.node or part.node_id)
    slots = slots_of(cluster, node)
    if cluster.count % slots:
        message = f"{cluster.count} accelerators are no whole number of nodes of {slots}"
        path = f"network.sites.{site.id}.clusters.{cluster.id}.count"
        raise SpecError([Problem(message, path, mend=f"choose a multiple of {slots}")])
    pool = Pool(
        cluster.id,
        cluster.count // slots,
        slots,
        resource=cluster.id,
        site=site.id,
        domain=max(1, node.scaleup_domain // slots),
        spares=fleet.spares.get(cluster.id, 0),
    )
    idle_w, busy_w = _node_power_w(cluster, part, node, slots, fleet, facts)
    said = fleet.failures
    rate = said.per_accelerator_per_s
    rate = facts(FAILURE_RATE) if rate is None else rate
    repair_s = facts(REPAIR) if said.repair_s is None else said.repair_s
    return Hardware(pool, idle_w, (busy_w - idle_w) / slots, rate * slots, repair_s)


def _node_power_w(
    cluster: network.Cluster,
    part: catalog.Accelerator,
    node: catalog.Node,
    slots: int,
    fleet: Fleet,
    facts: Facts,
) -> tuple[float, float]:
    """(idle, busy) of a node of so many slots.

    Busy is the share of its rating that heavy training draws; idle is what its accelerators draw
    idle over their share of a server's power, for want of measurements node by node.
    """
    if (said := fleet.power.get(cluster.id)) is not None:
        return said.idle_w, said.busy_w
    if node.max_power_w is None or part.idle_w is None:
        mend = f"state fleet.power: {{{cluster.id}: {{idle: 2 kW, busy: 8 kW}}}}"
        message = f"the catalogue does not know what a node of {part.id} draws"
        raise SpecError([Problem(message, f"fleet.power.{cluster.id}", mend=mend)])
    share = slots / node.n_accelerators
    return part.idle_w * slots / facts(GPU_SHARE), node.max_power_w * share * facts(HEAVY)


def _hosts(hosts: Hosts, fleet: Fleet, facts: Facts) -> Hardware:
    pool = Pool(
        hosts.id,
        hosts.count,
        hosts.cores,
        resource="core",
        site=hosts.site,
        memory_per_slot_bytes=hosts.memory_bytes / hosts.cores,
    )
    said = fleet.failures
    repair_s = facts(REPAIR) if said.repair_s is None else said.repair_s
    return Hardware(pool, hosts.idle_power_w, facts(CORE_POWER), said.per_host_per_s, repair_s)
