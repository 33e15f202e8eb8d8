"""What is built: phases, the blocks of capacity that they put on sites, and the tasks of each.

A link says what a task waits for; `shell:FS-6 months` and `any(grid, gas)` are its short forms.
Scarce resources and
calendars, which tasks name, stand in `resource`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stargate.spec.base import (
    AcceleratorName,
    AcceleratorsPerSecond,
    Day,
    Dollars,
    Fraction,
    Identifier,
    Seconds,
    ShortForm,
    SiteName,
    SpecModel,
    Watts,
)
from stargate.spec.distribution import DurationDistribution, Loads, Sourced

PositiveShare = Annotated[Fraction, Field(gt=0, le=1)]
PositiveWatts = Annotated[Watts, Field(gt=0)]
Ratio = Annotated[float, Field(ge=1, le=4)]
Amount = Annotated[float, Field(gt=0)] | Literal["accelerators"]
LinkKind = Literal["FS", "SS", "FF"]

_LINK = re.compile(
    r"(?:any\((?P<any>[^()]+)\)|(?P<one>[A-Za-z][\w.-]*?))"
    r"(?::(?P<kind>FS|SS|FF)\s*(?P<lag>[+-]\s*\S.*)?)?"
)


def _link(value: object) -> object:
    """`any(grid, gas):FS-6 months` as the link that it is short for."""
    if not isinstance(value, str):
        return value
    parts = _LINK.fullmatch(value.strip())
    if parts is None:
        raise ValueError("no link; write it like shell, shell:FS-6 months, or any(grid, gas)")
    names = parts["any"].split(",") if parts["any"] else [parts["one"]]
    link: dict[str, object] = {"of": tuple(name.strip() for name in names)}
    if parts["kind"]:
        link["kind"] = parts["kind"]
    if parts["lag"]:
        link["lag"] = parts["lag"].replace(" ", "", 1) if parts["lag"][1] == " " else parts["lag"]
    return link


class _Link(SpecModel):
    """What a task waits for: another's finish (FS) or start (SS), or both finishes tied (FF).

    Of several names the first to happen counts: `any(grid, gas)`.
    """

    of: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    kind: LinkKind = "FS"
    lag_s: Seconds = 0.0


Link = Annotated[_Link, BeforeValidator(_link), ShortForm("shell:FS-6 months")]


class Task(Sourced):
    """Work of uncertain duration, on a site of a phase when it stands in a template."""

    id: Identifier
    name: str = ""
    duration: DurationDistribution
    after: tuple[Link, ...] = Field(default=(), description="all of these")
    loads: Loads = Field(default_factory=dict)
    success: PositiveShare = Field(default=1.0, description="chance that it ever finishes")
    rate_accelerators_per_s: Annotated[AcceleratorsPerSecond, Field(gt=0)] | None = Field(
        default=None, description="most accelerators installed per time; may lengthen the task"
    )
    early: bool = Field(
        default=False, description="does not wait for its phase's gates and phases: work at risk"
    )
    not_before: Day | None = None
    deadline: Day | None = Field(
        default=None, description="told with the odds of meeting it; it moves no date"
    )
    uses: dict[Identifier, Amount] = Field(
        default_factory=dict, description="how much of which resource, or `accelerators`: as many"
    )
    priority: int = Field(
        default=0, description="where resources are short, the higher is served first"
    )
    calendar: Identifier | None = Field(
        default=None, description="work rests by it; the duration then counts working time only"
    )


class Template(SpecModel):
    """The tasks that build one block; links name tasks of the template, phases or gates."""

    id: Identifier
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]


class Block(Sourced):
    """Capacity that a phase puts on a site, on line when the last task of its template is done."""

    id: Identifier | None = Field(default=None, description="the site's id when left out")
    site: SiteName
    template: Identifier | None = Field(default=None, description="none: on line with the phase")
    it_power_w: PositiveWatts | None = None
    facility_power_w: PositiveWatts | None = None
    peak_ratio: Ratio | None = Field(
        default=None, description="facility over IT power at the peak; the site's when left out"
    )
    accelerator: AcceleratorName
    accelerators: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="IT power over it_power_per_accelerator when left out"
    )
    it_power_per_accelerator_w: PositiveWatts | None = Field(
        default=None, description="with its share of host, network and storage"
    )
    after: tuple[Link, ...] = Field(default=(), description="what its first tasks wait for")

    @property
    def name(self) -> str:
        """The block's id, or its site's."""
        return self.id or self.site

    @model_validator(mode="after")
    def _size_is_stated_once(self) -> Self:
        if self.it_power_w is not None and self.facility_power_w is not None:
            raise ValueError(
                "it_power and facility_power are both stated; keep one, peak_ratio joins them"
            )
        power = self.it_power_w is not None or self.facility_power_w is not None
        each = self.it_power_per_accelerator_w is not None
        if power + each + (self.accelerators is not None) != 2:
            raise ValueError(
                "the size is not stated once; state two of power (it_power or facility_power), "
                "accelerators and it_power_per_accelerator: the third follows"
            )
        return self


class Target(Sourced):
    """What was announced: the day on which the phase is to be on line."""

    online: Day


class Budget(Sourced):
    """The reported range of capital expenditure."""

    low_usd: Annotated[Dollars, Field(ge=0)]
    high_usd: Annotated[Dollars, Field(ge=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low_usd > self.high_usd:
            raise ValueError("low is above high; swap them")
        return self


class Phase(Sourced):
    """A step of the programme."""

    id: Identifier
    name: str = ""
    status: Literal["done", "in_progress", "committed", "planned"] = "planned"
    needs: tuple[Identifier, ...] = Field(
        default=(), description="phases that must be on line and gates that must have passed"
    )
    online: Day | None = Field(default=None, description="the day, of a phase that is done")
    start: Day | None = Field(default=None, description="no work before; the data date if left out")
    target: Target | None = None
    budget: Budget | None = None
    blocks: tuple[Block, ...] = ()
    online_share: PositiveShare = Field(
        default=1.0, description="of the IT power, on line, that makes the phase count as on line"
    )

    @model_validator(mode="after")
    def _done_has_a_day(self) -> Self:
        if (self.status == "done") != (self.online is not None):
            raise ValueError(
                "online is the day of a phase that is done, and of no other; state both or neither"
            )
        return self
