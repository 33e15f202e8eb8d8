"""Which machine size and strategy to take: time, memory, accelerators, cost and energy at once.

For each accelerator count the search gives its front of time over memory; all of them together
leave what no other offer beats in every respect. Cost and energy are those of the accelerators'
time (see `accelerator_time`); failures and checkpoints are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stargate.catalog import Fact, weakest_first
from stargate.errors import InfeasibleError
from stargate.perf.question import Question
from stargate.perf.search import Candidate, Prediction, search
from stargate.programme.accelerator_time import accelerator_time
from stargate.spec.workload import Recompute

SLOWEST = 2.0  # offers of a count that take more than so many times its best step are left out


@dataclass(frozen=True, slots=True)
class Offer:
    """One strategy on so many accelerators; cost and energy of one step, at the grid."""

    accelerators: int
    candidate: Candidate
    usd_per_step: float | None
    energy_j_per_step: float | None
    is_best_of_count: bool

    @property
    def criteria(self) -> tuple[float, ...]:
        """What less is better of."""
        known = (self.usd_per_step or 0.0, self.energy_j_per_step or 0.0)
        c = self.candidate
        return (c.step_time_s, c.memory_bytes, float(self.accelerators), *known)


@dataclass(frozen=True, slots=True)
class Front:
    """Offers that none beats in all of time, memory, accelerators, cost and energy.

    `bests` holds the fastest of each count, `refused` why a count has none.
    """

    offers: tuple[Offer, ...]
    bests: tuple[Offer, ...]
    refused: tuple[tuple[int, str], ...]
    n_evaluated: int
    tokens_per_step: float
    tokens: float | None
    facts: tuple[Fact, ...]


def front_of(
    question: Question,
    counts: Sequence[int],
    *,
    recompute: Recompute | None = None,
    tp_across_domains: bool = False,
) -> Front:
    """Search every accelerator count and keep what is worth choosing from."""
    offers: list[Offer] = []
    refused: list[tuple[int, str]] = []
    n_evaluated = 0
    for count in sorted(set(counts)):
        machine = replace(question.machine, count=count)
        try:
            found = search(
                question.model,
                machine,
                question.workload,
                recompute=recompute,
                tp_across_domains=tp_across_domains,
            )
        except InfeasibleError as error:
            refused.append((count, str(error)))
            continue
        n_evaluated += found.n_evaluated
        offers += _offers(question, count, found)
    rates = accelerator_time(question.machine.accelerator)
    work = question.workload
    unbeaten = not_beaten(np.array([offer.criteria for offer in offers]).reshape(len(offers), 5))
    return Front(
        offers=tuple(offers[row] for row in np.flatnonzero(unbeaten)),
        bests=tuple(offer for offer in offers if offer.is_best_of_count),
        refused=tuple(refused),
        n_evaluated=n_evaluated,
        tokens_per_step=float(work.global_batch * work.seq_len),
        tokens=work.tokens,
        facts=weakest_first(rates.facts) if rates else (),
    )


def _offers(question: Question, count: int, found: Prediction) -> list[Offer]:
    rates = accelerator_time(question.machine.accelerator)
    offers = []
    for candidate in found.pareto:
        if candidate.step_time_s > SLOWEST * found.best.step_time_s:
            continue
        device_s = count * candidate.step_time_s
        offers.append(
            Offer(
                accelerators=count,
                candidate=candidate,
                usd_per_step=device_s * rates.usd_per_s if rates else None,
                energy_j_per_step=device_s * rates.power_w if rates else None,
                is_best_of_count=candidate.strategy == found.best.strategy,
            )
        )
    return offers


def not_beaten(criteria: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that no other row is at least as good as in all columns and better in one."""
    kept = np.ones(len(criteria), bool)
    for row, one in enumerate(criteria):
        as_good = (criteria <= one).all(1)
        better = (criteria < one).any(1)
        kept[row] = not np.any(as_good & better)
    return kept
