"""Money and energy: what capacity costs to build and to run, and when the money leaves.

All amounts are in dollars of the programme's price base; every price per watt names its basis.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from stargate.spec.base import (
    CubicMetresPerJoule,
    Dollars,
    DollarsPerAccelerator,
    DollarsPerJoule,
    DollarsPerWatt,
    DollarsPerWattSecond,
    DriverName,
    Fraction,
    Identifier,
    Kilograms,
    KilogramsPerJoule,
    PerSecond,
    PhaseName,
    Seconds,
    SpecModel,
)
from stargate.spec.distribution import Loads, NumberDistribution, Sourced

Share = Annotated[Fraction, Field(ge=0, le=1)]
Ratio = Annotated[float, Field(ge=1, le=4)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Spend(SpecModel):
    """When money leaves: over the block's works, or over one task of its template."""

    shape: Literal["lump", "linear", "s_curve"] = "s_curve"
    over: Identifier | None = None


class _Cost(Sourced):
    """What every capital cost states."""

    id: Identifier
    name: str = ""
    phases: tuple[PhaseName, ...] = Field(default=(), description="all when empty")
    factor: NumberDistribution | None = Field(default=None, description="uncertainty of the rate")
    loads: Loads = Field(default_factory=dict)
    price_process: DriverName | None = Field(
        default=None, description="price process that scales it"
    )
    escalation_per_s: PerSecond = Field(default=0.0, description="real, from the price base on")
    spend: Spend = Spend()
    life_s: Annotated[Seconds, Field(gt=0)] | None = None
    residual: Share = Field(default=0.0, description="of the cost, worth at the end of its life")


class PowerCost(_Cost):
    """A price per watt of a stated basis."""

    per: Literal["it_power", "facility_power"]
    rate_usd_per_w: Annotated[DollarsPerWatt, Field(ge=0)]


class AcceleratorCost(_Cost):
    """A price per accelerator."""

    per: Literal["accelerator"]
    rate_usd_per_accelerator: Annotated[DollarsPerAccelerator, Field(ge=0)]


class BlockCost(_Cost):
    """An amount per block."""

    per: Literal["block"]
    amount_usd: Annotated[Dollars, Field(ge=0)]


def _basis(value: object) -> str | None:
    per = value.get("per") if isinstance(value, dict) else getattr(value, "per", None)
    tags = {"it_power": "<power>", "facility_power": "<power>"}
    return tags.get(str(per), f"<{per}>")


Cost = Annotated[
    Annotated[PowerCost, Tag("<power>")]
    | Annotated[AcceleratorCost, Tag("<accelerator>")]
    | Annotated[BlockCost, Tag("<block>")],
    Discriminator(
        _basis,
        custom_error_type="cost_basis",
        custom_error_message="no basis; write per: it_power, facility_power, accelerator or block",
    ),
]


class Running(Sourced):
    """What operation costs a year besides energy, per watt of a stated basis."""

    id: Identifier
    per: Literal["it_power", "facility_power"]
    rate_usd_per_w_s: Annotated[DollarsPerWattSecond, Field(ge=0)]


class Water(Sourced):
    """Water that cooling evaporates (WUE), for the energy of the IT equipment (ISO/IEC 30134-9)."""

    intensity_m3_per_j: Annotated[CubicMetresPerJoule, Field(ge=0)]


class Embodied(Sourced):
    """Carbon of making an accelerator, with its share of the server, counted when on line."""

    per_accelerator_kg: Annotated[Kilograms, Field(ge=0)]


class CleanSupply(Sourced):
    """Energy bought with its origin: a power-purchase agreement, or certificates.

    It changes the market-based carbon, not the location-based one (GHG Protocol, scope 2).
    """

    share: Share = Field(description="of the energy, over a year")
    carbon_intensity_kg_per_j: Annotated[KilogramsPerJoule, Field(ge=0)] = Field(
        default=0.0, description="as the contract counts it"
    )
    price_usd_per_j: Annotated[DollarsPerJoule, Field(ge=0)] | None = Field(
        default=None, description="of that share; the grid's when left out"
    )


class Hourly(Sourced):
    """The shape of a day: prices and loads of its 24 hours, relative to each other."""

    price: Annotated[tuple[Positive, ...], Field(min_length=24, max_length=24)]
    load: Annotated[tuple[NotNegative, ...], Field(min_length=24, max_length=24)] = Field(
        default=(1.0,) * 24, description="even when left out, as training is"
    )

    @model_validator(mode="after")
    def _draws_something(self) -> Self:
        if sum(self.load) == 0:
            raise ValueError("no load in any hour; state at least one")
        return self


class Energy(Sourced):
    """Electricity: how much of the IT power is drawn, what it costs, emits and evaporates.

    A site of the network that states its own price or carbon intensity keeps it.
    """

    utilisation: Share = Field(description="mean draw over IT power")
    pue: Ratio = Field(description="yearly facility energy over IT energy")
    price_usd_per_j: Annotated[DollarsPerJoule, Field(ge=0)]
    price_process: DriverName | None = Field(
        default=None, description="price process that scales it"
    )
    carbon_intensity_kg_per_j: Annotated[KilogramsPerJoule, Field(ge=0)]
    hourly: Hourly | None = Field(default=None, description="weights the price by the load")
    clean: CleanSupply | None = None
    water: Water | None = None
    embodied: Embodied | None = None
