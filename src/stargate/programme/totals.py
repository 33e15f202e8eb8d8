"""The programme's money, one value a sample: what a tile keeps of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stargate.plant.capital import annual_cost_of_ownership
from stargate.programme.over_time import Paths, present_value_usd
from stargate.programme.simulation import Outcome
from stargate.spec.programme import Programme
from stargate.units import YEAR_S

FloatArray = NDArray[np.float64]
Column = NDArray[np.float32]


def last_online(programme: Programme) -> str:
    """What the date of the last phase is called among the outcomes."""
    return f"online:{programme.phases[-1].id}"


def capex_usd(outcome: Outcome, phase: str | None = None) -> FloatArray:
    """Capital of a phase, or of all, a sample."""
    total = np.zeros(outcome.schedule.n)
    for item in outcome.spendings:
        if phase is None or item.block.phase == phase:
            total += item.spent_usd()
    return total


def finance_columns(
    programme: Programme, outcome: Outcome, found: Paths
) -> dict[str, FloatArray | Column]:
    """The programme's money, a sample; what is not asked for to the dollar in four bytes."""
    rate = programme.discount_rate
    told = {
        "running": found.running_usd[:, -1],
        "present_value": present_value_usd(found, rate),
        "annuity_usd_per_year": _annuity(outcome, found, rate),
    }
    columns = {name: values.astype(np.float32) for name, values in told.items()}
    return {"capex": capex_usd(outcome), **columns}


def _annuity(outcome: Outcome, found: Paths, rate: float) -> FloatArray:
    """Capital over its life at the discount rate, and the running cost of the last year.

    Costs without a life are left out.
    """
    last = found.grid_s[-1] - found.grid_s[-5] if len(found.grid_s) > 4 else found.grid_s[-1]
    before = found.running_usd[:, -5] if len(found.grid_s) > 4 else 0.0
    total = (found.running_usd[:, -1] - before) * (YEAR_S / last)
    for item in outcome.spendings:
        if item.life_s is not None:
            per_dollar = annual_cost_of_ownership({item.life_s / YEAR_S: 1.0}, 0.0, rate)
            total = total + per_dollar * item.spent_usd()
    return np.asarray(total)
