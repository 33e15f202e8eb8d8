"""What a plan answers about money over time: by party, by unit, against its base estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stargate.programme.sampled import DriverEffect, FloatArray, Quantiles, Series


@dataclass(frozen=True, slots=True)
class ReturnResult:
    """What a stream of money is worth.

    `irr` is over the samples with exactly one internal rate (None: there are none);
    `probability_no_irr` and `probability_several_irr` are the shares without one, and with more.
    """

    npv: Quantiles
    probability_npv_positive: float
    irr: Quantiles | None
    probability_no_irr: float
    probability_several_irr: float
    payback: Quantiles
    peak_funding: Quantiles


@dataclass(frozen=True, slots=True)
class DebtResult:
    """A party's debt, and what is left for its owners.

    Cover is what operation leaves after tax over interest and repayment, the least of any year.
    """

    drawn: Quantiles
    owed_at_horizon: Quantiles
    least_cover: Quantiles
    probability_cover_below_one: float
    owners: ReturnResult
    cost_of_equity_per_year: float


@dataclass(frozen=True, slots=True)
class PartyResult:
    """The money of a party, or of the programme as a whole, from the data date to the horizon.

    Flows are signed for the party, by calendar year: `parts_mean_usd` the mean of each part,
    `net` the whole with its band, `worth` its present value cumulated from the data date on.
    Free cash flow: after tax, before interest and repayment.
    """

    id: str
    name: str
    discount_rate_per_year: float
    time_s: FloatArray
    parts_mean_usd: Mapping[str, FloatArray]
    net: Series
    worth: Series
    returns: ReturnResult
    debt: DebtResult | None


@dataclass(frozen=True, slots=True)
class Contingency:
    """What must be added to the base estimate (all inputs at their median) to reach P80."""

    base_usd: float
    p80_usd: float

    @property
    def amount_usd(self) -> float:
        """P80 less the base estimate."""
        return self.p80_usd - self.base_usd


@dataclass(frozen=True, slots=True)
class DelayResult:
    """What a month costs by which a phase comes on line late, its money being spent all the same.

    `idle_usd` is the capital charge of what stands idle, of the samples that build it;
    `npv_lost_usd` the present value lost (None: nothing is sold, so that none is).
    """

    phase: str
    name: str
    idle_usd: Quantiles
    npv_lost_usd: Quantiles | None


@dataclass(frozen=True, slots=True)
class CashResult:
    """All of it. `notes` say what a reader must know, the assumed revenue first."""

    programme: PartyResult
    parties: tuple[PartyResult, ...]
    has_revenue: bool
    contingency: Contingency
    delays: tuple[DelayResult, ...]
    unit_costs: tuple[Series, ...]
    tokens: Series | None
    drivers: tuple[DriverEffect, ...]
    notes: tuple[str, ...]
