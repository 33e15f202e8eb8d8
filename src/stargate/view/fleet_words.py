"""What a simulation found, in words and in rows of tables: the same for terminal and report."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stargate.fleet.result import FleetResult, ServiceResult
from stargate.fleet.summary import by_tenant, largest, summary
from stargate.units import DAY_S, HOUR_S
from stargate.view.wording import count, listing, money, percent, utilisation

MWH_J = 3.6e9
FATE_WORDS = {
    "done": "done",
    "running": "running at the end",
    "waiting": "still waiting",
    "preempted": "sent away and waiting",
    "failed": "failed for good or waiting to be tried again",
    "refused": "refused",
}
TEXT_COLUMNS = ("Site", "Fate", "Why")
Rows = list[tuple[str, ...]]


class Listing(NamedTuple):
    """A table: the first column names the row, the others are numbers but for `TEXT_COLUMNS`."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: Rows


def duration(time_s: float) -> str:
    """`3.2 days`, `5.0 h`, `12 min`, `0.38 s`."""
    for size_s, unit, from_s in ((DAY_S, "days", 2 * DAY_S), (HOUR_S, "h", 2 * HOUR_S)):
        if time_s >= from_s:
            return f"{time_s / size_s:.1f}\u00a0{unit}"
    return f"{time_s / 60:.0f}\u00a0min" if time_s >= 120 else f"{time_s:.3g}\u00a0s"


def answers(result: FleetResult) -> list[str]:
    """The verdict, then what was lost, what it took, and how the services did."""
    sentences = [_verdict(result), _losses(result), _energy(result)]
    return [*sentences, *(_service(service) for service in result.services)]


def _verdict(result: FleetResult) -> str:
    found = summary(result.jobs)
    if not found.n_jobs:
        return f"No jobs came in {duration(result.span_s)}."
    fates = [f"{count(n)} {FATE_WORDS[fate]}" for fate, n in found.fates.items() if n]
    most = f"at most {duration(found.p95_wait_s)}" if found.p95_wait_s else "not at all"
    return (
        f"Of {count(found.n_jobs)} jobs in {duration(result.span_s)}: {listing(fates)}. They "
        f"waited {duration(found.mean_wait_s)} on the mean, 95\u00a0% of them {most}."
    )


def _losses(result: FleetResult) -> str:
    found = summary(result.jobs)
    return (
        f"{count(result.n_failures)} nodes failed and cut jobs short {count(found.n_cut_short)} "
        f"times; {utilisation(found.goodput)} of the time on nodes was progress, the rest went "
        "to checkpoints, restarts and work lost."
    )


def _energy(result: FleetResult) -> str:
    energy_j = sum(site.facility_energy_j for site in result.sites)
    usd = sum(site.cost_usd for site in result.sites)
    tonnes = sum(site.carbon_kg for site in result.sites) / 1e3
    peak_w = float(np.sum([site.power_w for site in result.sites], axis=0).max())
    return (
        f"It took {energy_j / MWH_J:,.1f} MWh from the grid ({money(usd)}, "
        f"{count(round(tonnes))} t of CO2), at most {peak_w / 1e6:,.2f} MW in an hour."
    )


def _service(service: ServiceResult) -> str:
    unserved = f"; {count(service.n_unserved)} were not begun" if service.n_unserved else ""
    return (
        f"{service.id}: {count(service.n_requests)} requests, {utilisation(service.waiting)} had "
        f"to wait, 99\u00a0% began within {duration(service.quantile_s(0.99))}{unserved}."
    )


def listings(result: FleetResult) -> list[Listing]:
    """The tables that have rows: sites, pools, tenants, the largest jobs, services, refusals."""
    found = (*_of_machine(result), *_of_work(result))
    return [listing for listing in found if listing.rows]


def _of_machine(result: FleetResult) -> tuple[Listing, ...]:
    energy = ("Energy (MWh)", "IT (MWh)", "Peak hour (MW)", "Cost", "CO2 (t)")
    uses = ("Jobs", "Services", "Down", "Idle")
    return (
        Listing("sites", "Sites", ("Site", *energy), _sites(result)),
        Listing("pools", "Use of slot time", ("Pool", "Site", "Slots", *uses), _pools(result)),
    )


def _of_work(result: FleetResult) -> tuple[Listing, ...]:
    fared = ("Jobs", "Done", "Mean wait", "95 % within", "Slot hours", "Goodput")
    ran = ("Slots", "Waited", "On nodes", "Goodput", "ETTR", "Cut short", "Fate")
    answered = ("Requests", "Waited", "Mean wait", "99 % within", "Replicas", "Busy")
    return (
        Listing("tenants", "Tenants", ("Tenant", *fared), _tenants(result)),
        Listing("jobs", "The largest jobs", ("Job", *ran), _jobs(result)),
        Listing("services", "Services", ("Service", *answered), _services(result)),
        Listing("refused", "Refused", ("Job", "Why"), list(result.refused.items())),
    )


def _pools(result: FleetResult) -> Rows:
    """How the slots of each pool were used."""
    uses = ("batch", "service", "down", "idle")
    return [
        (
            pool.id,
            pool.site,
            f"{pool.n_slots:,}",
            *(utilisation(pool.shares[name]) for name in uses),
        )
        for pool in result.pools
    ]


def _sites(result: FleetResult) -> Rows:
    """Energy, money and carbon of each site."""
    return [
        (
            site.id,
            f"{site.facility_energy_j / MWH_J:,.1f}",
            f"{site.it_energy_j / MWH_J:,.1f}",
            f"{site.power_w.max() / 1e6:,.2f}",
            money(site.cost_usd),
            f"{site.carbon_kg / 1e3:,.1f}",
        )
        for site in result.sites
    ]


def _tenants(result: FleetResult) -> Rows:
    """Jobs of each tenant, and how they fared."""
    return [
        (
            name or "–",
            f"{found.n_jobs:,}",
            percent(found.fates["done"] / found.n_jobs),
            duration(found.mean_wait_s),
            duration(found.p95_wait_s),
            f"{found.slot_s / HOUR_S:,.0f}",
            utilisation(found.goodput),
        )
        for name, found in by_tenant(result).items()
    ]


def _jobs(result: FleetResult) -> Rows:
    """The largest jobs, one a row."""
    jobs, goodput = result.jobs, result.jobs.goodput()
    effective = jobs.effective_share(result.span_s)
    return [
        (
            str(jobs.names[i]),
            f"{jobs.slots[i]:,}",
            duration(float(jobs.waited_s[i])),
            duration(float(jobs.ran_s[i])),
            utilisation(float(goodput[i])),
            utilisation(float(effective[i])),
            str(jobs.failures[i]),
            str(jobs.fate[i]),
        )
        for i in largest(result)
    ]


def _services(result: FleetResult) -> Rows:
    """How each service answered."""
    return [
        (
            service.id,
            count(service.n_requests),
            utilisation(service.waiting),
            duration(float(service.waits_s.mean()) if len(service.waits_s) else 0.0),
            duration(service.quantile_s(0.99)),
            f"{service.replicas.values.max(initial=0.0):.0f} at most",
            utilisation(service.utilisation),
        )
        for service in result.services
    ]


def basis(result: FleetResult) -> str:
    """What it takes to find the same again."""
    return (
        f"seed {result.seed}; {result.policy}; {result.n_events:,} events, trace "
        f"{result.trace_hash[:12]}; specification {result.spec_hash[:12] or 'none'}"
    )
