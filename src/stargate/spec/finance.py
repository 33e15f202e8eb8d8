"""Who pays, who is paid, and on which terms: parties, revenue, contracts, debt, tax.

All rates are real, as amounts are in dollars of the price base. What is left out is not counted:
without revenue a programme only costs, without debt everything is paid as it falls due. Not
covered: inflation, currencies, fees, taxes other than on profit.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from stargate.spec.base import (
    DollarsPerAcceleratorSecond,
    DollarsPerToken,
    DollarsPerWattSecond,
    DriverName,
    Fraction,
    Identifier,
    PartyName,
    PerSecond,
    PhaseName,
    Seconds,
    SpecModel,
    TokensPerSecond,
)
from stargate.spec.cost import Share
from stargate.spec.distribution import Fixed, Loads, NumberDistribution, Sourced

Interest = Annotated[Fraction, Field(gt=-0.5, le=1)]
Duration = Annotated[Seconds, Field(ge=0)]


class Debt(Sourced):
    """Money that a party borrows for the capital it pays, paid back in equal monthly amounts."""

    share: Annotated[Fraction, Field(gt=0, lt=1)] = Field(description="of the capital it pays")
    interest: Interest = Field(description="real, per year")
    term_s: Annotated[Seconds, Field(gt=0)] = Field(description="of the payments")
    grace_s: Duration = Field(
        default=0.0, description="before the first payment; interest is added to the debt"
    )


class Party(Sourced):
    """Somebody who pays or is paid."""

    id: Identifier
    name: str = ""
    cost_of_equity: Interest | None = Field(
        default=None,
        description="real, per year; with debt and tax gives the rate that its money is "
        "discounted at (WACC), which is the programme's discount_rate when left out",
    )
    tax_rate: Annotated[Fraction, Field(ge=0, lt=1)] = Field(
        default=0.0, description="on profit; losses are carried forward"
    )
    debt: Debt | None = None


class _Revenue(Sourced):
    """What every sale of capacity states.

    What is paid for is the larger of `sold` (rising over the ramp) and `take_or_pay`.
    """

    id: Identifier
    name: str = ""
    payee: PartyName
    payer: PartyName | None = Field(default=None, description="customers outside when left out")
    phases: tuple[PhaseName, ...] = Field(default=(), description="all when empty")
    sold: NumberDistribution = Field(
        default=Fixed[float](value=1.0), description="share of the capacity, when the ramp is over"
    )
    loads: Loads = Field(default_factory=dict)
    take_or_pay: Share = Field(default=0.0, description="share that is paid for, used or not")
    ramp_s: Duration = Field(default=0.0, description="from nothing to all that is sold")
    price_factor: NumberDistribution | None = Field(
        default=None, description="uncertainty of the price"
    )
    price_process: DriverName | None = Field(
        default=None, description="price process that scales it"
    )
    escalation_per_s: PerSecond = Field(default=0.0, description="real, from the price base on")
    ageing_per_s: PerSecond = Field(
        default=0.0, description="fall of the price with the time that a block has been on line"
    )

    @model_validator(mode="after")
    def _between_two(self) -> Self:
        if self.payer == self.payee:
            raise ValueError(f"{self.payee} pays itself; name another payer, or leave it out")
        return self


class AcceleratorTime(_Revenue):
    """Accelerators sold by the hour."""

    per: Literal["accelerator_time"]
    price_usd_per_s: Annotated[DollarsPerAcceleratorSecond, Field(ge=0)]


class PowerTime(_Revenue):
    """Capacity sold by the watt of IT power and year."""

    per: Literal["it_power"]
    price_usd_per_w_s: Annotated[DollarsPerWattSecond, Field(ge=0)]


class Tokens(_Revenue):
    """Tokens served; `sold` is the share of the accelerators that serve, at their full rate."""

    per: Literal["tokens"]
    price_usd_per_token: Annotated[DollarsPerToken, Field(ge=0)]
    rate_tokens_per_s: Annotated[TokensPerSecond, Field(gt=0)] = Field(
        description="of one accelerator"
    )


def _basis(value: object) -> str | None:
    per = value.get("per") if isinstance(value, dict) else getattr(value, "per", None)
    return f"<{per}>"


Revenue = Annotated[
    Annotated[AcceleratorTime, Tag("<accelerator_time>")]
    | Annotated[PowerTime, Tag("<it_power>")]
    | Annotated[Tokens, Tag("<tokens>")],
    Discriminator(
        _basis,
        custom_error_type="revenue_basis",
        custom_error_message="no basis; write per: accelerator_time, it_power or tokens",
    ),
]
Shares = Annotated[dict[PartyName, Share], Field(min_length=1)]


class Finance(SpecModel):
    """Who pays what is spent, and who pays whom for what it gives."""

    parties: Annotated[tuple[Party, ...], Field(min_length=1)]
    capital: Shares = Field(description="who pays what share of the capital")
    operation: Shares | None = Field(
        default=None, description="of running cost and energy; as capital when left out"
    )
    revenues: tuple[Revenue, ...] = ()
    terminal: Literal["nothing", "book_value"] = Field(
        default="nothing", description="what the plant counts for at the horizon"
    )

    @model_validator(mode="after")
    def _paid_once(self) -> Self:
        for name, shares in (("capital", self.capital), ("operation", self.operation)):
            if shares is not None and abs((total := sum(shares.values())) - 1) > 1e-9:
                raise ValueError(f"the shares of {name} add up to {total:.4g}; make them 1")
        return self

    @property
    def operators(self) -> dict[str, float]:
        """Who pays what share of running cost and energy."""
        return self.capital if self.operation is None else self.operation
