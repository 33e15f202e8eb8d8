"""What really happened: dates of the works, values that were measured, and since when it is known.

A plan as of a day counts what was known on that day and nothing later, so that the same file gives
the plan as it was made, the forecast of every day since, and an honest look back.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from stargate.spec.base import Day, Identifier
from stargate.spec.distribution import Sourced


class Actual(Sourced):
    """One thing that happened: a start, a finish or both; or a value measured on a day.

    `of` names a task (`P4.west.building`), a block (`P4.west`), a phase, a run or a gate, whose
    finish is its pass; for a value, the gate whose `metric` was measured, or a price.
    """

    of: Identifier
    start: Day | None = None
    finish: Day | None = None
    metric: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="of a gate, as its criterion calls it"
    )
    value: float | None = Field(
        default=None, description="of the metric; of a price, relative to the plan's data date"
    )
    sd: Annotated[float, Field(ge=0)] = 0.0
    on: Day | None = Field(default=None, description="the day of the measurement")
    known: Day | None = Field(
        default=None, description="from when it counts; the day itself when left out"
    )

    @model_validator(mode="after")
    def _one_sort(self) -> Self:
        dated = self.start is not None or self.finish is not None
        if dated == (self.value is not None):
            raise ValueError("neither dates nor a value, or both; state start and finish, or value")
        if (self.on is None) != (self.value is None):
            raise ValueError("value and on go together; state both or neither")
        if self.metric is not None and self.value is None:
            raise ValueError("a metric without a value; add value and on")
        return self

    @model_validator(mode="after")
    def _past(self) -> Self:
        if self.start is not None and self.finish is not None and self.finish < self.start:
            raise ValueError("finish is before start; swap them")
        days = [day for day in (self.start, self.finish, self.on) if day is not None]
        if self.known is not None and self.known < max(days):
            raise ValueError("known before it happened, which is a forecast; set a later day")
        return self

    def counts(self, day: date | None, as_of: date) -> bool:
        """Whether something of this record that happened on `day` is known on `as_of`."""
        return day is not None and (self.known or day) <= as_of
