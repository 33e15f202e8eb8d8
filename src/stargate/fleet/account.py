"""From what was written down to a result: utilisation, energy, money, carbon, waits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stargate import __version__
from stargate.engine.step_function import StepFunction
from stargate.fleet.ledger import PoolLog, Row
from stargate.fleet.result import (
    FleetResult,
    JobColumns,
    PoolResult,
    ServiceResult,
    SiteResult,
)
from stargate.fleet.scenario import Hardware, Scenario, Service, Site
from stargate.fleet.service import ServiceQueue
from stargate.fleet.simulate import simulate
from stargate.fleet.under_way import Simulation
from stargate.plant.power import carbon_kg
from stargate.units import HOUR_S

FloatArray = NDArray[np.float64]
POINTS_MAX = 20_000


def run(scenario: Scenario, seed: int = 1) -> FleetResult:
    """Simulate a scenario and draw up the accounts."""
    return result_of(simulate(scenario, seed))


def result_of(it: Simulation) -> FleetResult:
    """The accounts of a simulation that has ended."""
    scenario, end_s = it.scenario, it.ledger.end_s
    edges = hours(end_s)
    serving = _serving(it)
    pools = tuple(
        _pool(hardware, log, end_s)
        for hardware, log in zip(scenario.hardware, it.ledger.pools, strict=True)
    )
    return FleetResult(
        name=scenario.name,
        seed=it.seed,
        spec_hash=scenario.spec_hash,
        trace_hash=it.trace.hexdigest(),
        version=__version__,
        n_events=it.trace.n_events,
        policy=describe(scenario),
        span_s=end_s,
        jobs=_jobs(scenario, it.ledger.rows),
        pools=pools,
        sites=tuple(_site(site, scenario, pools, serving, edges) for site in scenario.sites),
        services=tuple(
            _service(service, it.queues[service.id], it, end_s) for service in scenario.services
        ),
        queue=StepFunction.of_changes(it.ledger.queue_s, it.ledger.queue),
        edges_s=edges,
        refused={row.name: row.why for row in it.ledger.rows if row.why},
        facts=scenario.facts,
    )


def hours(end_s: float) -> FloatArray:
    """The edges of the hours up to an end, the last one perhaps cut short.

    A span of more than `POINTS_MAX` hours is cut into as many equal parts.
    """
    n = min(POINTS_MAX, max(1, math.ceil(end_s / HOUR_S)))
    width_s = HOUR_S if n < POINTS_MAX else end_s / n
    return np.append(np.arange(n) * width_s, max(end_s, 1e-9))


def describe(scenario: Scenario) -> str:
    """The policy in words."""
    policy = scenario.policy
    parts = [policy.order, "with backfill" if policy.backfill else "in strict order"]
    return ", ".join([*parts, *(["preemption"] if policy.preempt else []), f"{policy.place} fit"])


def _jobs(scenario: Scenario, rows: Sequence[Row]) -> JobColumns:
    batch = [row for row in rows if row.task.job.kind == "batch"]

    def floats(of: Callable[[Row], float]) -> FloatArray:
        return np.array([of(row) for row in batch], dtype=np.float64)

    def counts(of: Callable[[Row], int]) -> NDArray[np.int64]:
        return np.array([of(row) for row in batch], dtype=np.int64)

    def texts(of: Callable[[Row], str]) -> NDArray[np.str_]:
        return np.array([of(row) for row in batch], dtype=np.str_)

    site = [hardware.pool.site for hardware in scenario.hardware]
    return JobColumns(
        names=texts(lambda row: row.name),
        tenants=texts(lambda row: row.task.job.tenant),
        sites=texts(lambda row: site[row.pool] if row.pool >= 0 else ""),
        fate=texts(lambda row: row.fate),
        arrived_s=floats(lambda row: row.task.at_s),
        first_start_s=floats(lambda row: row.first_start_s),
        ended_s=floats(lambda row: row.ended_s),
        waited_s=floats(lambda row: row.waited_s),
        ran_s=floats(lambda row: row.ran_s),
        useful_s=floats(lambda row: row.useful_s),
        step_s=floats(lambda row: row.task.step_s),
        slots=counts(lambda row: row.slots),
        failures=counts(lambda row: row.failures),
        preemptions=counts(lambda row: row.preemptions),
    )


def _pool(hardware: Hardware, log: PoolLog, end_s: float) -> PoolResult:
    pool = hardware.pool
    batch = StepFunction.of_changes(log.batch_s, log.batch)
    service = StepFunction.of_changes(log.service_s, log.service)
    down = StepFunction.of_changes(log.down_s, log.down_nodes)
    used = {
        "batch": float(batch.integral(end_s)),
        "service": float(service.integral(end_s)),
        "down": float(down.integral(end_s)) * pool.slots,
    }
    idle = pool.n_slots * end_s - sum(used.values())
    return PoolResult(
        pool.id,
        pool.site,
        pool.resource,
        pool.n_nodes,
        pool.n_slots,
        {**used, "idle": idle},
        batch,
        service,
        down,
    )


def _serving(it: Simulation) -> list[StepFunction]:
    """For each pool, the slots that are at work on requests over time."""
    starts: list[list[FloatArray]] = [[] for _ in it.scenario.hardware]
    ends: list[list[FloatArray]] = [[] for _ in it.scenario.hardware]
    for queue in it.queues.values():
        pools, begun = np.asarray(queue.pools, np.int64), np.asarray(queue.started_s)
        done = np.asarray(queue.ended_s)
        for i in range(len(starts)):
            starts[i].append(begun[pools == i])
            ends[i].append(done[pools == i])
    return [
        StepFunction.of_spans(_joined(begun), _joined(done))
        for begun, done in zip(starts, ends, strict=True)
    ]


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.empty(0)


def _site(
    site: Site,
    scenario: Scenario,
    pools: Sequence[PoolResult],
    serving: Sequence[StepFunction],
    edges: FloatArray,
) -> SiteResult:
    """Energy in each hour, exactly: power is constant between events.

    E = idle_w x node time up + busy_w x (slot time of batch jobs + slot time of requests).
    """
    parts = {name: np.zeros(len(edges) - 1) for name in ("idle", "batch", "service")}
    for hardware, pool, requests in zip(scenario.hardware, pools, serving, strict=True):
        if hardware.pool.site != site.id:
            continue
        up_s = hardware.pool.n_nodes * np.diff(edges) - np.diff(pool.down.integral(edges))
        parts["idle"] += hardware.idle_w * up_s
        parts["batch"] += hardware.busy_w * np.diff(pool.batch.integral(edges))
        parts["service"] += hardware.busy_w * np.diff(requests.integral(edges))
    it_j = sum(parts.values(), np.zeros(len(edges) - 1))
    totals = {name: float(part.sum()) for name, part in parts.items()}
    whole_j = float(it_j.sum()) * site.pue
    return SiteResult(
        site.id,
        {**totals, "cooling and losses": whole_j - float(it_j.sum())},
        cost_usd=whole_j * site.price_usd_per_j,
        carbon_kg=float(carbon_kg(whole_j, site.carbon_kg_per_j)),
        power_w=it_j * site.pue / np.diff(edges),
    )


def _service(service: Service, queue: ServiceQueue, it: Simulation, end_s: float) -> ServiceResult:
    came = np.asarray(queue.arrived_s, np.float64)
    begun, done = np.asarray(queue.started_s, np.float64), np.asarray(queue.ended_s, np.float64)
    kept = ~np.isnan(came)
    rows = [row for row in it.ledger.rows if row.name.startswith(f"{service.id}/")]
    held_s = sum(row.ran_s for row in rows)
    busy_s = float((np.minimum(done, end_s) - begun).sum())
    replicas = _replicas(rows, end_s)
    return ServiceResult(
        id=service.id,
        n_requests=int(kept.sum()),
        n_unserved=len(queue.backlog),
        n_restarted=queue.n_restarted,
        waits_s=(begun - came)[kept],
        hours=(came[kept] // HOUR_S).astype(np.int64),
        replicas=replicas,
        utilisation=busy_s / held_s if held_s else 0.0,
    )


def _replicas(rows: Sequence[Row], end_s: float) -> StepFunction:
    """How many replicas are held over time; a failure in between is seen in the pool, not here."""
    begun = np.array([row.first_start_s for row in rows if row.pool >= 0])
    done = np.array([row.ended_s for row in rows if row.pool >= 0])
    return StepFunction.of_spans(begun, np.where(np.isnan(done), end_s, done))
