"""What has become of a plan since it was made: records, slips, and what classes have taught.

Times are seconds from the day that the forecast is known to; `inf` is never.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

State = Literal["ended", "running", "ahead"]


@dataclass(frozen=True, slots=True)
class Record:
    """Something that has happened and counts: which day, from when it is known, who says so."""

    of: str
    what: str
    day: date
    known: date
    source: str
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class Slip:
    """An activity in the plan and in the forecast.

    `percentile` is the share of the plan's futures in which a phase was on line by the day on
    which it was; None while it is not, and for all but phases.
    """

    id: str
    name: str
    kind: str
    state: State
    plan_p50_s: float
    plan_p80_s: float
    forecast_p50_s: float
    forecast_p80_s: float
    percentile: float | None = None

    @property
    def slip_s(self) -> float:
        """How much later the median is than planned; nan where neither ever comes."""
        return self.forecast_p50_s - self.plan_p50_s


@dataclass(frozen=True, slots=True)
class ClassRevision:
    """How a class of durations has been revised: the factor on its median, and its 80 % interval.

    `spread` is the revised standard deviation of the logarithm of a duration over the stated one.
    """

    name: str
    n_ended: int
    n_running: int
    factor: float
    factor_low: float
    factor_high: float
    spread: float


@dataclass(frozen=True, slots=True)
class Odds:
    """The chance of a phase to meet its target, in the plan and now."""

    phase: str
    planned: float
    now: float


@dataclass(frozen=True, slots=True)
class Tracking:
    """The plan of `planned`, as the forecast of a later day sees it.

    `states` holds every activity that has ended or runs, by id.
    """

    planned: date
    states: tuple[tuple[str, State], ...]
    records: tuple[Record, ...]
    classes: tuple[ClassRevision, ...]
    slips: tuple[Slip, ...] = ()
    odds: tuple[Odds, ...] = ()
