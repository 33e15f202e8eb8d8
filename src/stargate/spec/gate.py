"""When the next step may be taken: gates, their evidence, and the training run that gives it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stargate.spec.base import (
    Day,
    Flop,
    Fraction,
    Identifier,
    PerSecond,
    PhaseName,
    Seconds,
    SpecModel,
    WorkloadName,
)
from stargate.spec.distribution import DurationDistribution, Loads, NumberDistribution, Sourced
from stargate.spec.works import Link

PositiveShare = Annotated[Fraction, Field(gt=0, le=1)]


class Judgement(SpecModel):
    """Evidence that is somebody's estimate."""

    kind: Literal["judgement"]
    value: NumberDistribution


class Measured(Sourced):
    """Evidence that was measured, from a day on; until then the gate stays shut."""

    kind: Literal["measured"]
    value: float
    sd: Annotated[float, Field(ge=0)] = 0.0
    on: Day


class Forecast(SpecModel):
    """Evidence that follows from a training run: its compute, loss or capability."""

    kind: Literal["forecast"]
    run: Identifier
    of: Literal["compute", "loss", "capability"] = "capability"


Evidence = Annotated[Judgement | Measured | Forecast, Field(discriminator="kind")]


class Criterion(Sourced):
    """A metric, its evidence, and the value that it must reach."""

    metric: Annotated[str, Field(min_length=1, max_length=60)]
    at_least: float | None = None
    at_most: float | None = None
    evidence: Evidence = Field(
        discriminator="kind", description="kind: judgement, measured or forecast, and its value"
    )

    @model_validator(mode="after")
    def _one_threshold(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("no single threshold; state at_least or at_most")
        return self


class Gate(Sourced):
    """A decision that opens only when all its criteria hold; what failing does is stated."""

    id: Identifier
    name: str = ""
    kind: Literal["capability", "finance", "permit", "power", "safety"]
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)] = Field(
        description="each a metric, its threshold at_least or at_most, and its evidence"
    )
    decide: Day = Field(description="the first attempt, or later, when the evidence is there")
    retry_every_s: Annotated[Seconds, Field(gt=0)] | None = None
    retries: int = Field(default=0, ge=0, le=40)
    on_fail: Literal["hold", "descope", "cancel", "continue"] = Field(
        default="hold", description="what failing the last attempt does to what waits for the gate"
    )
    descope_to: PositiveShare = Field(default=1.0, description="share of the capacity still built")

    @model_validator(mode="after")
    def _fail_is_complete(self) -> Self:
        if self.retries and self.retry_every_s is None:
            raise ValueError("retries have no interval; add retry_every, such as 6 months")
        if (self.on_fail == "descope") != (self.descope_to < 1):
            raise ValueError(
                "descope_to, below 1, goes with on_fail: descope; state both or neither"
            )
        return self


class Goodput(Sourced):
    """What a long run loses to failures and checkpoints (Young 1974, Daly 2006)."""

    failures_per_accelerator_s: Annotated[PerSecond, Field(ge=0)]
    correlation: Annotated[float, Field(ge=1)] = Field(
        default=1.0, description="failures over what independent parts would have at this scale"
    )
    checkpoint_s: Annotated[Seconds, Field(gt=0)] = Field(description="that the run stands still")
    detect_s: Annotated[Seconds, Field(ge=0)]
    restart_s: Annotated[Seconds, Field(ge=0)]


class Run(Sourced):
    """The training run of a model on the capacity that stands when it starts."""

    id: Identifier
    name: str = ""
    workload: WorkloadName
    on: Annotated[tuple[PhaseName, ...], Field(min_length=1)] = Field(
        description="phases whose accelerators it uses; it starts when all are on line"
    )
    after: tuple[Link, ...] = ()
    accelerators: Annotated[int, Field(ge=1)] = Field(description="that it asks for")
    duration: DurationDistribution
    evaluation: DurationDistribution = Field(description="from the end of training to evidence")
    loads: Loads = Field(default_factory=dict)
    goodput: Goodput


class CapabilityLaw(Sourced):
    """A linear regression of a capability index on training compute C and release date.

    index = const + per_decade log10(C / compute) + per_year (years since day) + offset + residual
    """

    const: float
    const_se: Annotated[float, Field(ge=0)]
    per_decade: float
    per_decade_se: Annotated[float, Field(ge=0)]
    per_year: float
    per_year_se: Annotated[float, Field(ge=0)]
    compute_flop: Annotated[Flop, Field(gt=0)]
    day: Day
    residual_sd: Annotated[float, Field(ge=0)]
    offset: NumberDistribution = Field(description="of this laboratory against the average one")
