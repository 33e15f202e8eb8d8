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
class EarnedValue:
    """How a phase stands against its plan, in dollars of the price base and at the plan's prices.

    Planned value (PV) was to be done by now, earned value (EV) is done, and `spent_usd` is the
    actual cost (AC; None: not stated). Times count from today: `begun_s` is the plan's first day
    of spending, `until_s` today or the day on which all was done. `earned_schedule_s` (ES) is how
    long after its first day the plan had earned as much.
    """

    id: str
    name: str
    budget_usd: float
    planned_usd: float
    earned_usd: float
    spent_usd: float | None
    begun_s: float
    until_s: float
    planned_end_s: float
    earned_schedule_s: float

    @property
    def schedule_index(self) -> float | None:
        """SPI = EV / PV; None before anything was to be done."""
        return self.earned_usd / self.planned_usd if self.planned_usd > 0 else None

    @property
    def cost_index(self) -> float | None:
        """CPI = EV / AC; None where the cost is not stated."""
        return self.earned_usd / self.spent_usd if self.spent_usd else None

    @property
    def schedule_index_of_time(self) -> float | None:
        """SPI(t) = ES / AT (Lipke 2003), AT the time since the plan's first day.

        Unlike SPI it does not creep up to 1 when a late plan is finished.
        """
        actual_s = self.until_s - self.begun_s
        return self.earned_schedule_s / actual_s if actual_s > 0 else None

    @property
    def at_completion_usd(self) -> float | None:
        """EAC = BAC / CPI: what it costs in the end if money goes on buying as much."""
        return self.budget_usd / self.cost_index if self.cost_index else None

    @property
    def done(self) -> bool:
        """Whether all is earned."""
        return self.earned_usd >= self.budget_usd * (1 - 1e-9)

    @property
    def end_s(self) -> float | None:
        """When it ends at the pace so far: first day + planned duration / SPI(t); None if done."""
        pace = self.schedule_index_of_time
        if not pace or self.done:
            return None
        return self.begun_s + (self.planned_end_s - self.begun_s) / pace


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
    earned: tuple[EarnedValue, ...] = ()
