"""Earned value: what was planned to be done by a day, what is done, and what it has cost.

All at the prices of the plan, in dollars of the price base, from the case in which every input is
at its median. A cost is earned as the works that it is spent over go on, by the curve by which it
is spent. What runs has come as far as its median says. Sources: ANSI/EIA-748 (value and indices);
W. Lipke, "Schedule is Different", The Measurable News, summer 2003 (earned schedule).

Not covered: what price and cost of the rest will be (the forecast draws that), and phases that
were done at the data date, of which there is nothing to follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.programme import over_time
from stargate.programme.actuals import standing_on
from stargate.programme.capacity import planned_blocks
from stargate.programme.draws import OneAtATime
from stargate.programme.money import Spending, spent_share
from stargate.programme.simulation import Outcome, simulate, surroundings
from stargate.programme.tracking import EarnedValue
from stargate.programme.works import SpeedOf
from stargate.spec.document import Document
from stargate.spec.programme import Programme
from stargate.units import DAY_S, MONTH_S

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Account:
    """The costs of one phase: as planned, and over the windows of the forecast."""

    planned: Sequence[Spending]
    now: Sequence[Spending]

    @property
    def budget_usd(self) -> float:
        """What all of it is planned to cost."""
        return sum(_amount(item) for item in self.planned)

    def planned_usd(self, time_s: float) -> float:
        """What was planned to be done by a time from the plan's data date."""
        return sum(_amount(item) * _share(item, time_s) for item in self.planned)

    def earned_usd(self) -> float:
        """What is done today, at the plan's prices."""
        pairs = zip(self.planned, self.now, strict=True)
        return sum(_amount(item) * _share(same, 0.0) for item, same in pairs)

    def span_s(self) -> tuple[float, float]:
        """From the first day to the last on which the plan spends."""
        return _span_s(self.planned)

    def until_s(self) -> float:
        """Today, or the day on which all was done."""
        return min(_span_s(self.now)[1], 0.0)


def _span_s(spendings: Sequence[Spending]) -> tuple[float, float]:
    windows = [item.window for item in spendings if np.isfinite(item.window.start_s[0])]
    starts = [float(window.start_s[0]) for window in windows]
    ends = [float(window.finish_s[0]) for window in windows]
    return (min(starts), max(ends)) if windows else (np.inf, np.inf)


def _amount(item: Spending) -> float:
    return float(item.amount_usd[0])


def _share(item: Spending, time_s: float) -> float:
    return float(spent_share(item.shape, item.window, time_s)[0])


def earned_values(document: Document, as_of: date, speeds: SpeedOf) -> tuple[EarnedValue, ...]:
    """Of every phase with capital that was not done at the data date, and of all of them."""
    programme = document.programme
    assert programme is not None, "only called for documents with a programme"
    planned, now = (_base_case(document, day, speeds) for day in (programme.data_date, as_of))
    since_s = (as_of - programme.data_date).days * DAY_S
    open_phases = [phase for phase in programme.phases if phase.status != "done"]
    accounts = {
        phase.id: _Account(_of(planned, phase.id), _of(now, phase.id)) for phase in open_phases
    }
    accounts = {name: account for name, account in accounts.items() if account.budget_usd > 0}
    spent = dict(_spent_usd(programme, as_of))
    names = {phase.id: phase.name or phase.id for phase in open_phases}
    rows = [
        _row(name, names[name], account, since_s, spent.get(name))
        for name, account in accounts.items()
    ]
    return (*rows, _together(rows, accounts, since_s)) if len(rows) > 1 else tuple(rows)


def _base_case(document: Document, day: date, speeds: SpeedOf) -> Outcome:
    """The programme on a day, every input at its median."""
    assert document.programme is not None, "checked by the caller"
    standing = standing_on(document.programme, day)
    programme, known = standing.programme, standing.known
    blocks, _ = planned_blocks(programme, document.network)
    grid_s = over_time.quarters_s(programme.data_date, programme.horizon)
    median = OneAtATime(())
    around = surroundings(programme, blocks, median, grid_s, known)
    return simulate(programme, standing.order, blocks, median, grid_s, speeds, around)


def _of(outcome: Outcome, phase: str) -> list[Spending]:
    return [item for item in outcome.spendings if item.block.phase == phase]


def _spent_usd(programme: Programme, as_of: date) -> Iterator[tuple[str, float]]:
    """What each phase is recorded to have cost by its last account that is known."""
    for actual in sorted(programme.actuals, key=lambda actual: actual.happened):
        if actual.spent_usd is not None and actual.counts(actual.on, as_of):
            yield actual.of, actual.spent_usd


def _row(
    name: str, title: str, account: _Account, since_s: float, spent_usd: float | None
) -> EarnedValue:
    begin_s, end_s = account.span_s()
    earned = account.earned_usd()
    return EarnedValue(
        id=name,
        name=title,
        budget_usd=account.budget_usd,
        planned_usd=account.planned_usd(since_s),
        earned_usd=earned,
        spent_usd=spent_usd,
        begun_s=begin_s - since_s,
        until_s=account.until_s(),
        planned_end_s=end_s - since_s,
        earned_schedule_s=earned_schedule_s(*_curve(account, begin_s, end_s), earned),
    )


def _together(
    rows: Sequence[EarnedValue], accounts: dict[str, _Account], since_s: float
) -> EarnedValue:
    """All phases; what they have cost only where every one that has earned states it."""
    stated = [row.spent_usd for row in rows if row.earned_usd > 0]
    spent = [usd for usd in stated if usd is not None]
    together = _Account(
        planned=[item for account in accounts.values() for item in account.planned],
        now=[item for account in accounts.values() for item in account.now],
    )
    known = sum(spent) if spent and len(spent) == len(stated) else None
    return _row("", "all of these", together, since_s, known)


def _curve(account: _Account, begin_s: float, end_s: float) -> tuple[FloatArray, FloatArray]:
    """Months since the plan's first spending, to its last, and planned value at each end."""
    if not np.isfinite(end_s):
        return np.zeros(1), np.zeros(1)
    months = np.append(np.arange(0.0, end_s - begin_s, MONTH_S), end_s - begin_s)
    return months, np.array([account.planned_usd(begin_s + month) for month in months])


def earned_schedule_s(month_s: FloatArray, planned_usd: FloatArray, earned_usd: float) -> float:
    """When the plan would have earned what is earned: ES = N + (EV - PV_N) / (PV_N+1 - PV_N).

    N is the last period whose planned value PV_N is not above the earned value EV. Source: Lipke
    2003, equation for ES; straight within a period.
    """
    n = int(np.searchsorted(planned_usd, earned_usd * (1 + 1e-12), side="right")) - 1
    if n < 0 or n + 1 >= len(planned_usd):
        return float(month_s[max(n, 0)])
    part = (earned_usd - planned_usd[n]) / (planned_usd[n + 1] - planned_usd[n])
    return float(month_s[n] + part * (month_s[n + 1] - month_s[n]))
