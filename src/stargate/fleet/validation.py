"""The simulator against theory that is exact, and against published curves.

Queues: M/M/c by Erlang's second formula, M/D/1 and M/G/1 by Pollaczek and Khinchine. Training:
goodput by Daly. Placement: six rules against the published allocation of the openb
cluster. Bookkeeping: what goes in comes out. Every row states its tolerance and can miss it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from stargate.control.job import Checkpoints, Job
from stargate.control.policy import POLICIES
from stargate.control.pool import Pool
from stargate.fleet.account import run
from stargate.fleet.openb import PUBLISHED, allocation_curve, read_openb
from stargate.fleet.result import FleetResult
from stargate.fleet.scenario import Hardware, Scenario, Service, Site, Task
from stargate.perf.voice_capacity import erlang_c, mean_wait_s
from stargate.plant.reliability import daly_interval_s
from stargate.units import DAY_S, HOUR_S

OPENB_TOLERANCE = 0.7  # points of allocation
ORDERS = 20
SIGMAS = 3.0
REPLICATIONS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison; `ok` if ours lies within the tolerance of what it is held against."""

    name: str
    ours: float
    reference: float
    tolerance: float
    unit: str
    source: str

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        return abs(self.ours - self.reference) <= self.tolerance


def score(openb: Path | None = None, orders: int = ORDERS) -> list[Row]:
    """Every comparison; those with the openb cluster where its folder is given."""
    rows = [*_queues(), *_goodput(), *_books()]
    return [*rows, *(_openb(openb, orders) if openb is not None else [])]


def _queues() -> Iterator[Row]:
    """Share of requests that wait, and the mean wait; the tolerance is three standard errors."""
    for n, load in ((1, 0.7), (4, 3.0), (13, 8.0), (40, 36.0)):
        waits = _replications(n, load, 1.0)
        shares = [float((wait > 0).mean()) for wait in waits]
        means = [float(wait.mean()) for wait in waits]
        name = f"M/M/{n}, {load:g} erlangs"
        yield _row(f"{name}: share that waits", shares, erlang_c(n, load), "Erlang 1917")
        yield _row(f"{name}: mean wait", means, mean_wait_s(n, load, 10.0), "Erlang 1917", "s")
    for name, variation in (("M/D/1", 0.0), ("M/G/1, variation 2", 2.0)):
        means = [float(wait.mean()) for wait in _replications(1, 0.6, variation)]
        exact = 0.6 * 10.0 * (1 + variation**2) / (2 * (1 - 0.6))
        yield _row(f"{name}: mean wait", means, exact, "Pollaczek 1930, Khinchine 1932", "s")


def _row(name: str, found: Sequence[float], exact: float, source: str, unit: str = "1") -> Row:
    error = float(np.std(found, ddof=1)) / math.sqrt(len(found))
    return Row(name, float(np.mean(found)), exact, SIGMAS * error, unit, source)


def _replications(n: int, load: float, variation: float) -> list[np.ndarray]:
    """Waits of requests of 10 s at exactly `n` replicas, without the first tenth of the time."""
    service_s, horizon_s = 10.0, max(20.0, 4000.0 / load) * HOUR_S / 40
    replica = Job("web", kind="service")
    service = Service(
        "web", replica, (load / service_s,), service_s, variation, waiting=1e-12, replicas_max=n
    )
    pool = Pool("p", 1, n, site="s")
    scenario = _scenario(Hardware(pool), (), horizon_s, (service,))
    return [
        waits[len(waits) // 10 :]
        for waits in (run(scenario, seed).services[0].waits_s for seed in range(REPLICATIONS))
    ]


def _scenario(
    hardware: Hardware,
    tasks: tuple[Task, ...],
    horizon_s: float,
    services: tuple[Service, ...] = (),
) -> Scenario:
    site = Site("s", pue=1.2, price_usd_per_j=2e-8, carbon_kg_per_j=1e-7)
    return Scenario(
        "validation", (site,), (hardware,), tasks, POLICIES["easy"], horizon_s, services
    )


def _goodput() -> Iterator[Row]:
    """A gang of 1,000 nodes with spares, against Daly's complete model; see `_daly_goodput`."""
    save_s, restart_s = 60.0, 300.0
    for mtbf_h in (2.0, 8.0, 50.0):
        mtbf_s = mtbf_h * HOUR_S
        interval_s = daly_interval_s(save_s, mtbf_s)
        marks = Checkpoints(interval_s, save_s, restart_s)
        pool = Pool("p", 1020, 8, site="s", spares=20)
        rate = 1.0 / mtbf_s / 1000
        hardware = Hardware(pool, failures_per_node_s=rate, repair_s=2 * HOUR_S)
        job = Job("gang", 1000, 8, math.inf, checkpoints=marks)
        scenario = _scenario(hardware, (Task(0.0, job, 1e12),), 500 * mtbf_s)
        found = [
            float(run(scenario, seed).jobs.goodput()[0]) for seed in range(1, REPLICATIONS + 1)
        ]
        exact = _daly_goodput(interval_s, save_s, restart_s, mtbf_s)
        yield _row(f"goodput, a failure every {mtbf_h:g} h", found, exact, "Daly 2006")


def _daly_goodput(interval_s: float, save_s: float, restart_s: float, mtbf_s: float) -> float:
    """C / (M exp(R / M) (exp((C + d) / M) - 1)), for failures that may also hit a restart.

    C work between checkpoints, d a checkpoint, R a restart, M the mean time between failures, in s.
    Source: Daly, Future Generation Computer Systems 22 (2006) 303, the complete cost function.
    """
    worn = math.exp(restart_s / mtbf_s) * math.expm1((interval_s + save_s) / mtbf_s)
    return interval_s / (mtbf_s * worn)


def _books() -> Iterator[Row]:
    """A busy month: capacity x time is accounted for, and energy is the sum of its parts."""
    result = _busy_month()
    pool, site = result.pools[0], result.sites[0]
    whole_s = pool.n_slots * result.span_s
    yield Row(
        "slot time: busy + idle + down over capacity x time",
        sum(pool.slot_s.values()) / whole_s,
        1.0,
        1e-9,
        "1",
        "conservation",
    )
    by_hour_j = float(site.power_w @ np.diff(result.edges_s))
    up_s = pool.n_nodes * result.span_s - pool.slot_s["down"] / 8
    parts_j = 1.2 * (2000.0 * up_s + 800.0 * pool.slot_s["batch"])
    yield Row(
        "energy: by hour over sum of parts", by_hour_j / parts_j, 1, 1e-9, "1", "conservation"
    )
    held = float(result.jobs.ran_s @ result.jobs.slots) / pool.slot_s["batch"]
    yield Row("slot time: of jobs over that of the pool", held, 1.0, 1e-9, "1", "conservation")


def _busy_month() -> FleetResult:
    """Jobs of many sizes on 64 nodes that fail every few hours."""
    rng = np.random.default_rng(7)
    marks = Checkpoints(1800.0, 20.0, 120.0)
    tasks = tuple(
        Task(at, Job(f"job-{i}", 1 << int(rng.integers(5)), 8, long_s, checkpoints=marks), long_s)
        for i, (at, long_s) in enumerate(
            zip(
                np.sort(rng.random(600) * 30 * DAY_S).tolist(),
                rng.exponential(8 * HOUR_S, 600).tolist(),
                strict=True,
            )
        )
    )
    pool = Pool("p", 64, 8, site="s")
    hardware = Hardware(pool, 2000.0, 800.0, 1.0 / (200 * HOUR_S), 6 * HOUR_S)
    return run(_scenario(hardware, tasks, 30 * DAY_S), 3)


def _openb(folder: Path, orders: int) -> Iterator[Row]:
    """Accelerators allocated when 130 % of them have been asked for, the mean over orders."""
    trace = read_openb(folder)
    source = "Weng et al., USENIX ATC 2023, figure 7: published simulation, ten orders"
    ours: list[float] = []
    for rule in PUBLISHED:
        curves = [allocation_curve(trace, rule, seed) for seed in range(orders)]
        ours.append(float(np.mean([curve[-1] for curve in curves])))
        published = float(trace.published[rule][-1])
        name = f"openb: allocated by {rule}"
        yield Row(name, ours[-1], published, OPENB_TOLERANCE, "%", source)
    inverted = sum(a > b for a, b in pairwise(ours))
    yield Row("openb: neighbours in another order than published", inverted, 0, 0, "1", source)
