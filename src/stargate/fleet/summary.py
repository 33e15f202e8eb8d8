"""A result in few numbers: of all jobs, of each tenant, of the largest jobs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.fleet.result import FleetResult, JobColumns

FATES = ("done", "running", "waiting", "preempted", "failed", "refused")


@dataclass(frozen=True, slots=True)
class Summary:
    """Of some jobs. `goodput` weighs jobs by the slots they held; waits are of those that started.

    `fates` counts jobs by what became of them: done, running at the end, waiting for the first
    time, preempted or failed and waiting again, refused.
    """

    n_jobs: int
    fates: dict[str, int]
    mean_wait_s: float
    p95_wait_s: float
    slot_s: float
    goodput: float
    n_cut_short: int
    n_preempted: int


def summary(jobs: JobColumns, of: NDArray[np.bool_] | None = None) -> Summary:
    """Of all jobs, or of those that a mask selects."""
    chosen = np.ones(len(jobs), dtype=bool) if of is None else of
    started = chosen & ~np.isnan(jobs.first_start_s)
    waits = (jobs.first_start_s - jobs.arrived_s)[started]
    held_s = float((jobs.ran_s * jobs.slots)[chosen].sum())
    useful_s = float((jobs.useful_s * jobs.slots)[chosen].sum())
    return Summary(
        n_jobs=int(chosen.sum()),
        fates={fate: int((jobs.fate[chosen] == fate).sum()) for fate in FATES},
        mean_wait_s=float(waits.mean()) if len(waits) else 0.0,
        p95_wait_s=float(np.quantile(waits, 0.95)) if len(waits) else 0.0,
        slot_s=held_s,
        goodput=useful_s / held_s if held_s else 1.0,
        n_cut_short=int(jobs.failures[chosen].sum()),
        n_preempted=int(jobs.preemptions[chosen].sum()),
    )


def by_tenant(result: FleetResult) -> dict[str, Summary]:
    """A summary for each tenant that had jobs, by name."""
    tenants = result.jobs.tenants
    return {str(name): summary(result.jobs, tenants == name) for name in np.unique(tenants)}


def largest(result: FleetResult, n: int = 8) -> list[int]:
    """Rows of the jobs that held the most slot time, the largest first."""
    held = result.jobs.ran_s * result.jobs.slots
    return np.argsort(-held, kind="stable")[:n].tolist()
