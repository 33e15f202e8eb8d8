"""What several tasks need and there is too little of, and the days on which work rests.

A resource is `held` while a task lasts (crews, places in a factory) or comes as a `supply` that
tasks use up (accelerators of an allocation). Tasks are served in the order of their priority, then
of the file, each at the first time at which enough is free for all of it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stargate.spec.base import Day, Identifier, SpecModel
from stargate.spec.distribution import Sourced

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class Level(Sourced):
    """From a day on there is so much (held), or on that day so much more comes (supply)."""

    since: Day | None = Field(default=None, description="from the beginning when left out")
    amount: Annotated[float, Field(ge=0)]


class Resource(Sourced):
    """Something scarce."""

    id: Identifier
    name: str = ""
    kind: Literal["held", "supply"] = "held"
    unit: str = ""
    capacity: Annotated[tuple[Level, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [level.since for level in self.capacity]
        later = [day for day in days[1:] if day is not None]
        if len(later) < len(days) - 1 or later != sorted(set(later)):
            raise ValueError("the days of the capacity do not rise; only the first may be left out")
        if days[0] is not None and later and later[0] <= days[0]:
            raise ValueError("the days of the capacity do not rise; order them")
        return self


class Season(SpecModel):
    """Days of every year on which work rests, such as a winter without concrete."""

    first: MonthDay = Field(description="month and day, such as 12-01")
    last: MonthDay = Field(description="the last day of rest; may lie in the next year")


class Calendar(Sourced):
    """When work goes on. A duration on a calendar counts working days only."""

    id: Identifier
    name: str = ""
    week: Annotated[tuple[Weekday, ...], Field(min_length=1)] = (
        *("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    )
    holidays: tuple[Day, ...] = ()
    rests: tuple[Season, ...] = ()
