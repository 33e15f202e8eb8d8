"""What really happened: dates of the works, values that were measured, and since when it is known.

A plan as of a day counts what was known on that day and nothing later, so that the same file gives
the plan as it was made, the forecast of every day since, and an honest look back.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from stargate.spec.base import Day, Dollars, Identifier
from stargate.spec.distribution import Sourced


class Actual(Sourced):
    """One thing that happened: a start, a finish or both; an attempt at a gate that failed; a value
    that was measured; or money that was spent.

    `of` names a task (`P4.west.building`), a block (`P4.west`), a phase, a run or a gate, whose
    finish is its pass; for a value, the gate whose `metric` was measured, or a price; for money,
    a phase.
    """

    of: Identifier
    start: Day | None = None
    finish: Day | None = None
    failed: Day | None = Field(default=None, description="of a gate: an attempt that did not pass")
    spent_usd: Annotated[Dollars, Field(ge=0)] | None = Field(
        default=None,
        description="of a phase, up to the day `on` and in dollars of the price base",
    )
    metric: Annotated[str, Field(min_length=1, max_length=60)] | None = Field(
        default=None, description="of a gate, as its criterion calls it"
    )
    value: float | None = Field(
        default=None, description="of the metric; of a price, relative to the plan's data date"
    )
    sd: Annotated[float, Field(ge=0)] = 0.0
    on: Day | None = Field(
        default=None, description="the day of the measurement, or of the account"
    )
    known: Day | None = Field(
        default=None, description="from when it counts; the day itself when left out"
    )

    @model_validator(mode="after")
    def _one_sort(self) -> Self:
        dated = self.start is not None or self.finish is not None
        numbers = (self.value is not None, self.spent_usd is not None)
        if sum((dated, self.failed is not None, *numbers)) != 1:
            raise ValueError(
                "not one of dates, failed, value and spent; state start and finish, or one other"
            )
        if (self.on is None) == any(numbers):
            raise ValueError("on goes with value or spent; state both or neither")
        if self.metric is not None and self.value is None:
            raise ValueError("a metric without a value; add value and on")
        return self

    @model_validator(mode="after")
    def _past(self) -> Self:
        if self.start is not None and self.finish is not None and self.finish < self.start:
            raise ValueError("finish is before start; swap them")
        if self.known is not None and self.known < self.happened:
            raise ValueError("known before it happened, which is a forecast; set a later day")
        return self

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which something of it happened."""
        days = (self.start, self.finish, self.on, self.failed)
        return tuple(day for day in days if day is not None)

    @property
    def happened(self) -> date:
        """The last of its days."""
        return max(self.days)

    def counts(self, day: date | None, as_of: date) -> bool:
        """Whether something of this record that happened on `day` is known on `as_of`."""
        return day is not None and (self.known or day) <= as_of
