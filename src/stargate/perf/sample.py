"""A sample of what a search weighs: strategies that fit and are not hopelessly slow.

A picture of the search needs some thousand strategies, not all of them: rows are drawn from the
whole space without replacement, those that fit are kept, and the slow ones left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stargate.perf.machine import Machine
from stargate.perf.search import memory_limit_bytes
from stargate.perf.space import strategy_space
from stargate.perf.step import StepTable, evaluate
from stargate.perf.strategy import StrategyTable
from stargate.spec.model import Transformer
from stargate.spec.workload import Recompute, TrainingWorkload

DRAWN = 1 << 17


@dataclass(frozen=True, slots=True)
class Sample:
    """Strategies, fastest first; of `n_drawn` rows `n_fit` fitted, `n_near` fast enough."""

    table: StrategyTable
    steps: StepTable
    n_drawn: int
    n_fit: int
    n_near: int


def sample_of_search(
    model: Transformer,
    machine: Machine,
    workload: TrainingWorkload,
    *,
    n: int,
    slowest: float,
    recompute: Recompute | None = None,
    tp_across_domains: bool = False,
    seed: int = 0,
) -> Sample:
    """Up to `n` strategies that fit and take at most `slowest` times the fastest that was drawn."""
    tp_max = machine.count if tp_across_domains else machine.network.scaleup_domain
    space = strategy_space(model, workload, machine.count, tp_max=tp_max, recompute=recompute)
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(len(space), min(DRAWN, len(space)), replace=False))
    table = space.take(rows)
    steps = evaluate(model, machine, workload, table)
    fits = np.flatnonzero(steps.memory_bytes <= memory_limit_bytes(machine))
    fastest_s = steps.step_time_s[fits].min(initial=np.inf)
    near = fits[steps.step_time_s[fits] <= slowest * fastest_s]
    shown = random.choice(near, min(n, len(near)), replace=False)
    shown = shown[np.argsort(steps.step_time_s[shown], kind="stable")]
    return Sample(table.take(shown), steps.take(shown), len(rows), len(fits), len(near))
