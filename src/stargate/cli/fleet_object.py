"""A simulation as the JSON that `stargate simulate --json` prints."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from stargate.fleet.result import FleetResult, PoolResult, ServiceResult, SiteResult
from stargate.fleet.summary import by_tenant, largest, summary

_PLAIN = (
    *("name", "seed", "spec_hash", "trace_hash", "version"),
    *("n_events", "policy", "span_s", "n_failures"),
)


def fleet_object(result: FleetResult) -> dict[str, Any]:
    """Everything but the columns of all jobs; the largest jobs one by one."""
    return {
        "schema_version": 1,
        **{name: getattr(result, name) for name in _PLAIN},
        "summary": asdict(summary(result.jobs)),
        "tenants": {name: asdict(found) for name, found in by_tenant(result).items()},
        "largest_jobs": [_job(result, row) for row in largest(result)],
        "pools": [_pool(pool) for pool in result.pools],
        "sites": [_site(site) for site in result.sites],
        "services": [_service(service) for service in result.services],
        "refused": dict(result.refused),
        "hours": {
            "start_s": result.edges_s[:-1].tolist(),
            "jobs_waiting": result.queue.means(result.edges_s).tolist(),
            "power_w": {site.id: site.power_w.tolist() for site in result.sites},
        },
        "facts": [asdict(fact) for fact in result.facts],
    }


def _job(result: FleetResult, row: int) -> dict[str, Any]:
    jobs = result.jobs
    numbers = {
        "arrived_s": jobs.arrived_s[row],
        "first_start_s": jobs.first_start_s[row],
        "ended_s": jobs.ended_s[row],
        "waited_s": jobs.waited_s[row],
        "ran_s": jobs.ran_s[row],
        "useful_s": jobs.useful_s[row],
        "step_s": jobs.step_s[row],
        "goodput": jobs.goodput()[row],
        "effective_share": jobs.effective_share(result.span_s)[row],
    }
    return {
        "name": str(jobs.names[row]),
        "tenant": str(jobs.tenants[row]),
        "site": str(jobs.sites[row]),
        "fate": str(jobs.fate[row]),
        "slots": int(jobs.slots[row]),
        "failures": int(jobs.failures[row]),
        "preemptions": int(jobs.preemptions[row]),
        **{name: _number(float(value)) for name, value in numbers.items()},
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pool(pool: PoolResult) -> dict[str, Any]:
    names = ("id", "site", "resource", "n_nodes", "n_slots")
    return {**{name: getattr(pool, name) for name in names}, "slot_s": dict(pool.slot_s)}


def _site(site: SiteResult) -> dict[str, Any]:
    return {
        "id": site.id,
        "energy_j": {**site.energy_j, "facility": site.facility_energy_j},
        "cost_usd": site.cost_usd,
        "carbon_kg": site.carbon_kg,
    }


def _service(service: ServiceResult) -> dict[str, Any]:
    names = ("id", "n_requests", "n_unserved", "n_restarted", "waiting", "utilisation")
    waits = {f"p{round(100 * q)}": service.quantile_s(q) for q in (0.5, 0.9, 0.99)}
    mean = float(service.waits_s.mean()) if len(service.waits_s) else 0.0
    return {
        **{name: getattr(service, name) for name in names},
        "wait_s": {"mean": mean, **waits},
        "replicas_max": float(service.replicas.values.max(initial=0.0)),
    }
