"""Risks as discrete events: what they delay, make dearer, or take away, sample by sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stargate.programme.capacity import PlannedBlock
from stargate.programme.distributions import draw
from stargate.programme.draws import Draws
from stargate.spec.programme import Risk

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Impacts:
    """What all risks together do, by task activity, by (cost, block) and by block."""

    delay_s: dict[str, FloatArray]
    cost_factor: dict[tuple[str, str], FloatArray]
    capacity_share: dict[str, FloatArray]


def impacts(
    risks: Sequence[Risk],
    blocks: Sequence[PlannedBlock],
    cost_ids: Sequence[str],
    draws: Draws,
) -> Impacts:
    """Delays add up; cost factors and remaining shares of capacity multiply."""
    one = np.ones(draws.n)
    delay: dict[str, FloatArray] = defaultdict(lambda: np.zeros(draws.n))
    factor: dict[tuple[str, str], FloatArray] = defaultdict(one.copy)
    share: dict[str, FloatArray] = {block.id: one for block in blocks}
    for risk in risks:
        for block in blocks:
            if not risk.phases or block.phase in risk.phases:
                _strike(risk, block, cost_ids, draws, Impacts(delay, factor, share))
    return Impacts(dict(delay), dict(factor), share)


def _strike(
    risk: Risk, block: PlannedBlock, cost_ids: Sequence[str], draws: Draws, so_far: Impacts
) -> None:
    scope = {"programme": "", "phase": f"/{block.phase}", "block": f"/{block.id}"}[risk.per]
    name = f"risk/{risk.id}{scope}"
    event = draws.event(name, risk.probability)
    impact = risk.impact
    if impact.delay is not None:
        late = event * draw(impact.delay, draws.score(f"{name}/delay"))
        for task in impact.tasks:
            so_far.delay_s[f"{block.id}.{task}"] = so_far.delay_s[f"{block.id}.{task}"] + late
    if impact.cost_factor is not None:
        dearer = np.where(event, draw(impact.cost_factor, draws.score(f"{name}/cost")), 1.0)
        for cost in impact.costs or cost_ids:
            so_far.cost_factor[cost, block.id] = so_far.cost_factor[cost, block.id] * dearer
    if impact.capacity_lost is not None:
        lost = np.clip(draw(impact.capacity_lost, draws.score(f"{name}/capacity")), 0.0, 1.0)
        so_far.capacity_share[block.id] = so_far.capacity_share[block.id] * (1.0 - event * lost)
