"""What a plan answers: frozen columns over the samples, with their summaries.

Times are seconds since midnight of the data date; `inf` is never, within the horizon or at all.
Money is in US dollars of the price base, power in watts of the basis that the name states.
A result holds no formula of the domain: it summarises what `programme.plan` drew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from stargate.catalog.facts import Fact
from stargate.programme.cash_result import CashResult
from stargate.programme.sampled import DriverEffect, FloatArray, Quantiles, Series
from stargate.programme.tracking import Tracking
from stargate.units import DAY_S


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """When a phase is on line, and what it costs and holds when it is.

    `online_s` and `capex_usd` are one value a sample. Capital costs count what is spent on the
    phase, whenever: all of it when it is built, what was committed when it is held or cancelled.
    Power and accelerators are those of the phase as planned. `online` is when its stated share is
    on line, `first_online` when its first block is.
    """

    id: str
    name: str
    status: str
    assumed: bool
    target: date | None
    online_s: FloatArray
    online: Quantiles
    probability_online: float
    probability_by_target: float | None
    capex_usd: FloatArray
    capex: Quantiles
    capex_if_built: Quantiles | None
    budget_low_usd: float | None
    budget_high_usd: float | None
    probability_within_budget: float | None
    joint_probability: float | None
    it_w: float
    facility_w: float
    accelerators: int
    budget_source: str
    note: str
    first_online: Quantiles | None = None


@dataclass(frozen=True, slots=True)
class TaskResult:
    """When a task starts and ends, and how often it lies on the path to the last phase.

    `probability_by_deadline` is the share of futures in which it ends by its deadline, if it has
    one; the day counts whole.
    """

    id: str
    name: str
    site: str
    phase: str
    start: Quantiles
    finish: Quantiles
    duration: Quantiles
    criticality: float
    deadline: date | None = None
    probability_by_deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One meeting of a gate: when, how often it takes place, and how often it says yes.

    `probability_held` is the share of samples that come to this attempt, `probability_pass` the
    share of those that pass, `evidence` the first criterion's metric among those that come.
    """

    number: int
    on: Quantiles
    probability_held: float
    probability_pass: float
    probability_passed_by_now: float
    evidence: Quantiles


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """A criterion of a gate and how often it alone holds at the first attempt."""

    metric: str
    relation: str
    threshold: float
    evidence_kind: str
    probability_at_first: float


@dataclass(frozen=True, slots=True)
class GateResult:
    """The odds of a gate. `wait` runs from the day that evidence and date are there to the pass.

    `passed_s` is when it opens, one value a sample (`inf`: never).
    """

    id: str
    name: str
    kind: str
    on_fail: str
    criteria: tuple[CriterionResult, ...]
    attempts: tuple[Attempt, ...]
    probability_pass: float
    wait: Quantiles
    opens: tuple[str, ...]
    passed_s: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """The training run that gives a gate its evidence."""

    id: str
    name: str
    model: str
    accelerator: str
    accelerators: int
    strategy: str
    step_time_s: float
    mfu: float
    mtbf_s: float
    checkpoint_interval_s: float
    goodput: float
    start: Quantiles
    days: Quantiles
    compute_flop: Quantiles
    tokens: Quantiles
    loss_nats: Quantiles
    capability: Quantiles | None
    probability_held: float


@dataclass(frozen=True, slots=True)
class Finance:
    """The whole programme's money; running cost and present value go up to the horizon.

    The annuity is the yearly cost of what is built when all of it stands: capital recovered over
    its life, and running cost.
    """

    capex: Quantiles
    running: Quantiles
    present_value: Quantiles
    annuity_usd_per_year: Quantiles
    discount_rate_per_year: float


@dataclass(frozen=True, slots=True)
class OptionResult:
    """What one option adds to the plan as it stands, on the same samples.

    `value_usd` is the mean gain of net present value by its rule, `low_usd` and `high_usd` its 95 %
    interval of sampling. `value_if_always_usd` exercises on the first day on which it is possible,
    whatever is known; `value_with_hindsight_usd` knows the future and is what no rule can exceed.
    `exercised` is the share of samples by day. `online` and the odds are the last phase's with it.
    """

    id: str
    name: str
    kind: str
    phase: str
    rule: str
    days_s: tuple[float, ...]
    exercised: tuple[float, ...]
    probability_exercised: float
    value_usd: float
    low_usd: float
    high_usd: float
    value_if_always_usd: float
    value_with_hindsight_usd: float
    net_present_value: Quantiles
    online: Quantiles
    probability_online: float
    probability_by_target: float | None
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AddedResult:
    """What an option adds to all others: the gain with it less that without, in the mean.

    `low_usd` and `high_usd` are its 95 % interval of sampling, `probability_exercised` how often
    it is exercised where the others are, too.
    """

    id: str
    added_usd: float
    low_usd: float
    high_usd: float
    probability_exercised: float


@dataclass(frozen=True, slots=True)
class TogetherResult:
    """All options in one course, each exercised by the rule that is best for it alone.

    What such rules gain together; rules that wait for each other could gain more. `value_usd` is
    less than `sum_alone_usd` where options stand in for each other, more where they help.
    """

    value_usd: float
    low_usd: float
    high_usd: float
    sum_alone_usd: float
    added: tuple[AddedResult, ...]
    net_present_value: Quantiles
    online: Quantiles
    probability_online: float
    probability_by_target: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """A course of action, and what it forgoes against the best of all courses in each sample."""

    name: str
    net_present_value: Quantiles
    regret: Quantiles
    probability_best: float


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The answer to `stargate plan`."""

    name: str
    data_date: date
    horizon: date
    price_base: int
    currency: str
    n_samples: int
    seed: int
    version: str
    spec_hash: str
    phases: tuple[PhaseResult, ...]
    tasks: tuple[TaskResult, ...]
    gates: tuple[GateResult, ...]
    runs: tuple[RunResult, ...]
    drivers: tuple[DriverEffect, ...]
    series: tuple[Series, ...]
    finance: Finance
    facts: tuple[Fact, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    cash: CashResult | None = None
    tracking: Tracking | None = None
    options: tuple[OptionResult, ...] = ()
    together: TogetherResult | None = None
    courses: tuple[Course, ...] = ()

    def day(self, time_s: float) -> date | None:
        """The calendar day of a time, or None for never."""
        return day_of(self.data_date, time_s)

    def phase(self, name: str) -> PhaseResult:
        """The phase of that id."""
        return next(phase for phase in self.phases if phase.id == name)

    @property
    def best_option(self) -> OptionResult | None:
        """The option that buys most; None where none buys anything."""
        ranked = sorted(self.options, key=lambda option: -option.value_usd)
        return ranked[0] if ranked and ranked[0].value_usd > 0 else None

    def series_of(self, name: str) -> Series:
        """The series of that id."""
        return next(series for series in self.series if series.id == name)


def day_of(data_date: date, time_s: float) -> date | None:
    """The calendar day `time_s` seconds after midnight of the data date; None for never."""
    if not math.isfinite(time_s):
        return None
    return data_date + timedelta(days=math.floor(time_s / DAY_S))
