"""Uncertain quantities: `{dist: pert, low: 2 months, mode: 4 months, high: 12 months}`.

One shape serves every kind of quantity: `Pert[Seconds]` reads durations, `Pert[float]` plain
numbers. A quantity written plainly (`6 months`) is certain. Every shape may name its source;
one without is an assumption, and reports say so. How they are drawn stands in
`programme.distributions`.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, Self, TypeVar

from annotated_types import Ge, Gt
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from stargate.spec.base import (
    DriverName,
    DurationClassName,
    OverrunClassName,
    Seconds,
    ShortForm,
    SpecModel,
)


def _within_unit_variance(loads: dict[str, float]) -> dict[str, float]:
    """Refuse weights of shared drivers that explain more than the whole variance."""
    if (explained := sum(weight**2 for weight in loads.values())) > 1:
        raise ValueError(f"the squares of the loads add up to {explained:.3g}, above 1; lower them")
    return loads


Quantity = TypeVar("Quantity", bound=float)
Confidence = Literal["measured", "read", "recalled", "assumed"]
Loads = Annotated[
    dict[DriverName, Annotated[float, Field(ge=-1, le=1)]],
    AfterValidator(_within_unit_variance),
    Field(description="weight of each shared driver in the normal score of the draw"),
]
Positive = Annotated[float, Field(gt=0)]
Span = Annotated[Seconds, Field(ge=0)]


class Sourced(SpecModel):
    """What may say where its numbers come from; without a source they are assumed."""

    source: str = Field(default="", description="publication, file or person; empty: assumed")
    confidence: Confidence | None = Field(
        default=None, description="read when a source is named, assumed when not"
    )
    note: str = ""

    @property
    def trust(self) -> Confidence:
        """How well the numbers are founded."""
        return self.confidence or ("read" if self.source else "assumed")


class _ThreePoint(Sourced, Generic[Quantity]):
    """A lowest, a likeliest and a highest value."""

    low: Quantity
    mode: Quantity
    high: Quantity

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.mode <= self.high:
            raise ValueError("low, mode and high are not in rising order; order them")
        return self


class _Range(Sourced, Generic[Quantity]):
    """A lowest and a highest value."""

    low: Quantity
    high: Quantity

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high; swap them")
        return self


class Pert(_ThreePoint[Quantity], Generic[Quantity]):
    """A beta distribution through three points; `peak` 4 is the classic weight of the mode."""

    dist: Literal["pert"] = "pert"
    peak: Positive = Field(default=4.0, description="weight of the mode (lambda)")


class Triangle(_ThreePoint[Quantity], Generic[Quantity]):
    """Straight lines from low up to the mode and down to high."""

    dist: Literal["triangle"] = "triangle"


class Uniform(_Range[Quantity], Generic[Quantity]):
    """Every value between low and high is as likely."""

    dist: Literal["uniform"] = "uniform"


class Beta(_Range[Quantity], Generic[Quantity]):
    """A beta distribution stretched from low to high."""

    dist: Literal["beta"] = "beta"
    alpha: Positive
    beta: Positive


class Normal(Sourced, Generic[Quantity]):
    """Mean and standard deviation."""

    dist: Literal["normal"] = "normal"
    mean: Quantity
    sd: Annotated[Quantity, Ge(0)]


class Lognormal(Sourced, Generic[Quantity]):
    """The logarithm is normal: half lie below the median, 68 % within a factor exp(sigma)."""

    dist: Literal["lognormal"] = "lognormal"
    median: Annotated[Quantity, Gt(0)]
    sigma: Annotated[float, Field(ge=0)] = Field(description="sd of the natural logarithm")


class Weibull(Sourced, Generic[Quantity]):
    """Time to an event whose hazard rises (shape > 1) or falls; 63 % lie below the scale."""

    dist: Literal["weibull"] = "weibull"
    scale: Annotated[Quantity, Gt(0)]
    shape: Positive


class Pareto(Sourced, Generic[Quantity]):
    """A power-law tail above `low`; at alpha 1 or less the mean is infinite unless capped."""

    dist: Literal["pareto"] = "pareto"
    low: Annotated[Quantity, Gt(0)]
    alpha: Positive
    cap: Quantity | None = Field(default=None, description="no draw is larger")


class Fixed(Sourced, Generic[Quantity]):
    """A certain value; `6 months` is short for `{dist: fixed, value: 6 months}`."""

    dist: Literal["fixed"] = "fixed"
    value: Quantity


class Empirical(Sourced, Generic[Quantity]):
    """One of the observed values, each as likely."""

    dist: Literal["empirical"] = "empirical"
    values: Annotated[tuple[Quantity, ...], Field(min_length=1)]


class Reference(Sourced):
    """What projects of the same class took, from the catalogue; `factor` scales it."""

    dist: Literal["reference"] = "reference"
    reference_class: DurationClassName
    factor: Positive = 1.0


class Overrun(Sourced):
    """What projects of the same class cost over their budget, from the catalogue; 1 is on budget.

    `factor` scales it: what a budget that is known to be too low, or padded, is multiplied by.
    """

    dist: Literal["reference"] = "reference"
    reference_class: OverrunClassName
    factor: Positive = 1.0


def _written_as(value: object) -> str:
    """The tag of the shape that `value` is written in."""
    kind = value.get("dist") if isinstance(value, dict) else getattr(value, "dist", None)
    return f"<{kind}>"


def _certain(value: object) -> object:
    """A plain quantity as the fixed distribution that it is short for."""
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return {"dist": "fixed", "value": value} if plain else value


_ByShape = Discriminator(
    _written_as,
    custom_error_type="distribution",
    custom_error_message=(
        "no distribution; write a quantity, or {dist: pert, low, mode, high} or triangle, uniform, "
        "beta, normal, lognormal, weibull, pareto, empirical, fixed, reference"
    ),
)

DurationDistribution = Annotated[
    Annotated[Pert[Span], Tag("<pert>")]
    | Annotated[Triangle[Span], Tag("<triangle>")]
    | Annotated[Uniform[Span], Tag("<uniform>")]
    | Annotated[Beta[Span], Tag("<beta>")]
    | Annotated[Normal[Span], Tag("<normal>")]
    | Annotated[Lognormal[Span], Tag("<lognormal>")]
    | Annotated[Weibull[Span], Tag("<weibull>")]
    | Annotated[Pareto[Span], Tag("<pareto>")]
    | Annotated[Empirical[Span], Tag("<empirical>")]
    | Annotated[Fixed[Span], Tag("<fixed>")]
    | Annotated[Reference, Tag("<reference>")],
    _ByShape,
    BeforeValidator(_certain),
    ShortForm("6 months"),
]
NumberDistribution = Annotated[
    Annotated[Pert[float], Tag("<pert>")]
    | Annotated[Triangle[float], Tag("<triangle>")]
    | Annotated[Uniform[float], Tag("<uniform>")]
    | Annotated[Beta[float], Tag("<beta>")]
    | Annotated[Normal[float], Tag("<normal>")]
    | Annotated[Lognormal[float], Tag("<lognormal>")]
    | Annotated[Weibull[float], Tag("<weibull>")]
    | Annotated[Pareto[float], Tag("<pareto>")]
    | Annotated[Empirical[float], Tag("<empirical>")]
    | Annotated[Fixed[float], Tag("<fixed>")]
    | Annotated[Overrun, Tag("<reference>")],
    _ByShape,
    BeforeValidator(_certain),
    ShortForm("1.5", types=("string", "number")),
]
