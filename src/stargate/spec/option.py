"""What may still be decided later: options on a phase, when, at what price, and by which rule.

The rule is `optimal`, exercise where it pays given what is known on the day, unless conditions
are stated, all of which must hold on the day. Each is valued alone, against the plan as it stands,
and all together. Not covered: options on one block of a phase, and rules that wait for each other.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from stargate.spec.base import (
    Day,
    Dollars,
    DollarsPerWatt,
    Fraction,
    Identifier,
    PhaseName,
    Seconds,
    SpecModel,
)
from stargate.spec.distribution import DurationDistribution, Sourced

Share = Annotated[Fraction, Field(ge=0, le=1)]
PositiveSpan = Annotated[Seconds, Field(gt=0)]


class Condition(SpecModel):
    """Something that is known on the day, and the bound that it must keep.

    `price` of a driver is relative to the data date; `gate` is 1 when it has opened, `phase` 1
    when it is on line, else 0; `spent` is the capital spent so far, in dollars.
    """

    of: Literal["price", "gate", "phase", "spent"]
    name: Identifier | None = Field(default=None, description="of the driver, gate or phase")
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("no single bound; state at_least or at_most")
        if (self.name is None) != (self.of == "spent"):
            raise ValueError(
                "a price, gate or phase has a name, what is spent has none; add name, or leave it"
            )
        return self


class _Option(Sourced):
    """What every option states."""

    id: Identifier
    name: str = ""
    phase: PhaseName
    decide: Day = Field(description="the first day on which it may be exercised")
    again_every_s: PositiveSpan | None = None
    times: int = Field(default=1, ge=1, le=24, description="on how many days; once at most it is")
    when: tuple[Condition, ...] = Field(
        default=(), description="exercise where all hold; where it pays (optimal) when left out"
    )
    cost_usd: Annotated[Dollars, Field(ge=0)] = Field(default=0.0, description="of exercising")
    rate_usd_per_w: Annotated[DollarsPerWatt, Field(ge=0)] = Field(
        default=0.0, description="cost of exercising a watt of the phase's IT power, besides"
    )

    @model_validator(mode="after")
    def _days_are_complete(self) -> Self:
        if (self.times > 1) != (self.again_every_s is not None):
            raise ValueError(
                "times, above 1, goes with again_every, such as 6 months; state both or neither"
            )
        return self


class Defer(_Option):
    """Start the phase later, where it has not started."""

    kind: Literal["defer"]
    by_s: PositiveSpan


class Resize(_Option):
    """Build another share of the phase's capacity, where it has not started."""

    kind: Literal["resize"]
    to: Annotated[Fraction, Field(gt=0, le=3)]


class Switch(_Option):
    """Drop a task that is not done, such as a grid connection, for another way to the same end."""

    kind: Literal["switch"]
    task: Identifier = Field(description="of the phase's templates")
    duration: DurationDistribution = Field(description="of the other way, from the day on")


class Abandon(_Option):
    """End the works, where the phase is not on line: nothing more is spent but the penalty."""

    kind: Literal["abandon"]
    penalty: Share = Field(default=0.0, description="of what works in progress still had to spend")


class Sell(_Option):
    """Sell the phase as it stands, on line or in the works."""

    kind: Literal["sell"]
    recovers: Share = Field(description="of the capital that was spent on it since the data date")


class Refresh(_Option):
    """Put accelerators of the next generation into the phase, where it is on line."""

    kind: Literal["refresh"]
    down_s: Annotated[Seconds, Field(ge=0)] = Field(description="out of work meanwhile")
    gain: Annotated[float, Field(gt=0)] = Field(description="revenue afterwards over before")


def _kind(value: object) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return f"<{kind}>"


Option = Annotated[
    Annotated[Defer, Tag("<defer>")]
    | Annotated[Resize, Tag("<resize>")]
    | Annotated[Switch, Tag("<switch>")]
    | Annotated[Abandon, Tag("<abandon>")]
    | Annotated[Sell, Tag("<sell>")]
    | Annotated[Refresh, Tag("<refresh>")],
    Discriminator(
        _kind,
        custom_error_type="option_kind",
        custom_error_message=(
            "no kind; write kind: defer, resize, switch, abandon, sell or refresh"
        ),
    ),
]
