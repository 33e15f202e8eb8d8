"""The programme: phases of construction, what they wait for, what they cost, and what may go wrong.

The parts stand in `works`, `gate` and `cost`; here they are put together and checked against each
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stargate.spec.activities import Activity, activities
from stargate.spec.actuals import Actual
from stargate.spec.base import Day, Fraction, Identifier, PerSecond, PhaseName, SpecModel
from stargate.spec.cost import Cost, Energy, Running, Share
from stargate.spec.distribution import DurationDistribution, NumberDistribution, Sourced
from stargate.spec.faults import FaultsError
from stargate.spec.finance import Finance
from stargate.spec.gate import CapabilityLaw, Gate, Run
from stargate.spec.option import Option
from stargate.spec.programme_faults import programme_faults
from stargate.spec.resource import Calendar, Resource
from stargate.spec.works import Phase, Template


class Driver(Sourced):
    """What many tasks or prices share.

    A `normal` driver is one standard normal score per sample, to load on. A `gbm` or `ou` driver
    is a price over time relative to the price base: a geometric Brownian motion, or a logarithm
    that reverts to its start.
    """

    id: Identifier
    name: str = ""
    process: Literal["normal", "gbm", "ou"] = "normal"
    drift_per_s: PerSecond = Field(default=0.0, description="of the median (gbm)")
    drift_sd_per_s: Annotated[PerSecond, Field(ge=0)] = Field(
        default=0.0, description="how uncertain the drift is (gbm)"
    )
    volatility: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="sd of the logarithm after a year"
    )
    fit: Literal["price_per_flop"] | None = Field(
        default=None,
        description="drift and volatility (gbm) as fitted to accelerators by generation",
    )
    reversion_per_s: Annotated[PerSecond, Field(ge=0)] = Field(default=0.0, description="ou only")

    @model_validator(mode="after")
    def _fitted_or_stated(self) -> Self:
        stated = self.drift_per_s or self.drift_sd_per_s or self.volatility
        if self.fit is not None and (self.process != "gbm" or stated):
            raise ValueError(
                "fit gives drift and volatility to a gbm; set process: gbm, and state neither"
            )
        return self


class Impact(SpecModel):
    """What an event does: delays tasks, makes costs dearer, takes capacity away."""

    tasks: tuple[Identifier, ...] = Field(default=(), description="of templates; delayed each")
    delay: DurationDistribution | None = None
    costs: tuple[Identifier, ...] = Field(default=(), description="all when empty")
    cost_factor: NumberDistribution | None = None
    capacity_lost: NumberDistribution | None = Field(default=None, description="share, 0 to 1")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.delay is None and self.cost_factor is None and self.capacity_lost is None:
            raise ValueError("an impact without effect; state delay, cost_factor or capacity_lost")
        if (self.delay is None) != (not self.tasks):
            raise ValueError("delay and tasks go together; state both or neither")
        return self


class Risk(Sourced):
    """A discrete event, apart from the spread of the estimates."""

    id: Identifier
    name: str = ""
    probability: Share
    per: Literal["programme", "phase", "block"] = "programme"
    phases: tuple[PhaseName, ...] = Field(default=(), description="all when empty")
    impact: Impact


class Simulation(SpecModel):
    """How many futures are drawn, and from which seed."""

    samples: Annotated[int, Field(ge=1, le=2_000_000)] = 20_000
    seed: Annotated[int, Field(ge=0)] = 0


class Programme(Sourced):
    """Everything that is built, in phases, and the uncertainty about it."""

    currency: Literal["USD"] = "USD"
    price_base: Annotated[int, Field(ge=1990, le=2100)] = Field(
        description="the year whose dollars all amounts are in"
    )
    data_date: Day = Field(description="the day up to which things are known; time starts here")
    horizon: Day = Field(description="the last day that is simulated")
    discount_rate: Fraction = Field(description="real, per year")
    drivers: tuple[Driver, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    resources: tuple[Resource, ...] = ()
    templates: tuple[Template, ...] = ()
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    runs: tuple[Run, ...] = ()
    capability: CapabilityLaw | None = None
    gates: tuple[Gate, ...] = ()
    costs: tuple[Cost, ...] = ()
    running: tuple[Running, ...] = ()
    energy: Energy | None = None
    finance: Finance | None = None
    risks: tuple[Risk, ...] = ()
    options: tuple[Option, ...] = Field(
        default=(), description="what may still be decided later, valued alone and together"
    )
    actuals: tuple[Actual, ...] = Field(default=(), description="what has happened since")
    class_correlation: Share = Field(
        default=0.3,
        description="of durations of one class: the share of their spread that is the same for all",
    )
    simulation: Simulation = Simulation()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if found := programme_faults(self):
            raise FaultsError(found)
        return self

    @property
    def parts(self) -> tuple[Sequence[Phase], Sequence[Template], Sequence[Run], Sequence[Gate]]:
        """What the network of activities is made of."""
        return self.phases, self.templates, self.runs, self.gates

    def activities(self) -> tuple[Activity, ...]:
        """Every activity of every phase, each after what it waits for."""
        return activities(*self.parts)
