"""From what was drawn to what is told: phases, tasks, gates, runs and money in few numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.perf.search import describe
from stargate.programme.capacity import PlannedBlock
from stargate.programme.day_counts import DayCounts
from stargate.programme.kept import (
    AttemptColumns,
    Column,
    Columns,
    GateColumns,
    RunColumns,
    TaskCounts,
)
from stargate.programme.result import (
    Attempt,
    CriterionResult,
    Finance,
    GateResult,
    PhaseResult,
    RunResult,
    TaskResult,
)
from stargate.programme.sampled import Quantiles
from stargate.programme.training_run import uptime_of
from stargate.programme.works import SpeedOf
from stargate.spec.activities import Activity
from stargate.spec.document import Document
from stargate.spec.gate import Criterion, Gate, Run
from stargate.spec.programme import Programme
from stargate.spec.works import Phase
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]
NOTHING = Quantiles(np.nan, np.nan, np.nan, np.nan, np.nan)


def titles(programme: Programme) -> Mapping[str, str]:
    """What people call the parts that have a name of their own, by id."""
    parts: Iterable[tuple[str, str]] = (
        (part.id, part.name)
        for part in (
            *programme.phases,
            *programme.drivers,
            *programme.runs,
            *programme.gates,
            *programme.costs,
            *programme.risks,
        )
    )
    named = {name: title for name, title in parts if title}
    tasks = {
        activity.id: f"{activity.block} · {activity.task.name or activity.task.id}"
        for activity in programme.activities()
        if activity.task is not None
    }
    return named | tasks


def _of_those(samples: FloatArray | Column, which: NDArray[np.bool_]) -> Quantiles:
    return Quantiles.of(samples[which]) if which.any() else NOTHING


def phase_results(
    programme: Programme, blocks: Sequence[PlannedBlock], columns: Columns
) -> tuple[PhaseResult, ...]:
    """When each phase is on line and what it costs."""
    return tuple(
        _phase(programme, phase, [b for b in blocks if b.phase == phase.id], columns)
        for phase in programme.phases
    )


def _phase(
    programme: Programme, phase: Phase, blocks: Sequence[PlannedBlock], columns: Columns
) -> PhaseResult:
    online_s = columns.online_s[phase.id]
    capex = columns.capex_usd[phase.id]
    built = np.isfinite(online_s)
    target, budget = phase.target, phase.budget
    in_time = within = None
    if target is not None:
        # The target day counts whole.
        in_time = online_s < ((target.online - programme.data_date).days + 1) * DAY_S
    if budget is not None:
        within = built & (capex <= budget.high_usd)
    joint = None if in_time is None or within is None else float(np.mean(in_time & within))
    return PhaseResult(
        id=phase.id,
        name=phase.name or phase.id,
        status=phase.status,
        assumed=phase.trust == "assumed",
        target=target.online if target else None,
        online_s=online_s,
        online=Quantiles.of(online_s),
        probability_online=float(built.mean()),
        probability_by_target=None if in_time is None else float(np.mean(in_time)),
        capex_usd=capex,
        capex=Quantiles.of(capex),
        capex_if_built=_of_those(capex, built) if built.any() else None,
        budget_low_usd=budget.low_usd if budget else None,
        budget_high_usd=budget.high_usd if budget else None,
        probability_within_budget=None if within is None else float(np.mean(within)),
        joint_probability=joint,
        it_w=sum(block.it_w for block in blocks),
        facility_w=sum(block.facility_w for block in blocks),
        accelerators=sum(block.accelerators for block in blocks),
        budget_source=budget.source if budget else "",
        note=phase.note,
        first_online=columns.first_online[phase.id].quantiles() if blocks else None,
    )


def task_results(
    programme: Programme, order: Sequence[Activity], tasks: Mapping[str, TaskCounts], n: int
) -> tuple[TaskResult, ...]:
    """Every task, run and gate, with how often it drives the last phase."""
    sites = {
        (phase.id, block.name): block.site for phase in programme.phases for block in phase.blocks
    }
    names = titles(programme)
    return tuple(
        TaskResult(
            id=activity.id,
            name=names.get(activity.id, activity.id),
            site=sites.get((activity.phase, activity.block), ""),
            phase=activity.phase,
            start=counts.start.quantiles(),
            finish=counts.finish.quantiles(),
            duration=counts.duration.quantiles(),
            criticality=counts.driving.n / n,
            deadline=_deadline(activity),
            probability_by_deadline=_by_deadline(programme, activity, counts.finish),
        )
        for activity in order
        if (counts := tasks.get(activity.id)) is not None
    )


def _deadline(activity: Activity) -> date | None:
    return activity.task.deadline if activity.task else None


def _by_deadline(programme: Programme, activity: Activity, finish: DayCounts) -> float | None:
    day = _deadline(activity)
    return None if day is None else finish.share_by((day - programme.data_date).days)


def gate_results(programme: Programme, columns: Columns) -> tuple[GateResult, ...]:
    """The odds of every gate, attempt by attempt."""
    return tuple(
        _gate(programme, gate, columns.gates[gate.id], columns.n) for gate in programme.gates
    )


def _gate(programme: Programme, gate: Gate, kept: GateColumns, n: int) -> GateResult:
    return GateResult(
        id=gate.id,
        name=gate.name or gate.id,
        kind=gate.kind,
        on_fail=gate.on_fail,
        criteria=tuple(
            _criterion(criterion, alone.n / n)
            for criterion, alone in zip(gate.criteria, kept.alone, strict=True)
        ),
        attempts=tuple(_attempt(attempt, k + 1, n) for k, attempt in enumerate(kept.attempts)),
        probability_pass=float(np.isfinite(kept.passed_s).mean()),
        wait=kept.wait.quantiles(),
        opens=tuple(phase.id for phase in programme.phases if gate.id in phase.needs),
        passed_s=kept.passed_s,
    )


def _criterion(criterion: Criterion, alone: float) -> CriterionResult:
    at_least, at_most = criterion.at_least, criterion.at_most
    relation, threshold = (">=", at_least) if at_least is not None else ("<=", at_most or 0.0)
    return CriterionResult(
        criterion.metric, relation, float(threshold), criterion.evidence.kind, alone
    )


def _attempt(kept: AttemptColumns, number: int, n: int) -> Attempt:
    n_held = kept.on.n
    return Attempt(
        number=number,
        on=kept.on.quantiles(),
        probability_held=n_held / n,
        probability_pass=kept.passed.n / n_held if n_held else 0.0,
        probability_passed_by_now=kept.passed_by_now.n / n,
        evidence=_of_those(kept.evidence, np.isfinite(kept.evidence)),
    )


def run_results(
    document: Document, programme: Programme, columns: Columns, speed_of: SpeedOf
) -> tuple[RunResult, ...]:
    """Every training run that ever takes place."""
    return tuple(
        _run(document, programme, run, columns.runs[run.id], speed_of)
        for run in programme.runs
        if columns.runs[run.id].accelerators.any()
    )


def _run(
    document: Document, programme: Programme, run: Run, found: RunColumns, speed_of: SpeedOf
) -> RunResult:
    """Speed, uptime and count are those of the machine that most samples have."""
    held = found.accelerators > 0
    counts, often = np.unique(found.accelerators[held], return_counts=True)
    usual = int(counts[np.argmax(often)])
    speed, uptime = speed_of(run.id, usual), uptime_of(run.goodput, usual)
    model = document.training_jobs[run.workload].model
    blocks = next(phase.blocks for phase in programme.phases if phase.id == run.on[0])
    return RunResult(
        id=run.id,
        name=run.name or run.id,
        model=model if isinstance(model, str) else model.name,
        accelerator=blocks[0].accelerator,
        accelerators=usual,
        strategy=describe(speed.strategy),
        step_time_s=speed.step_time_s,
        mfu=speed.mfu,
        mtbf_s=uptime.mtbf_s,
        checkpoint_interval_s=uptime.interval_s,
        goodput=uptime.goodput,
        start=found.start.quantiles(),
        days=_of_those(found.duration_s / DAY_S, held),
        compute_flop=_of_those(found.compute_flop, held),
        tokens=_of_those(found.tokens, held),
        loss_nats=_of_those(found.loss_nats, held),
        capability=_of_those(found.capability, held) if programme.capability else None,
        probability_held=float(held.mean()),
    )


def finance(programme: Programme, columns: Mapping[str, FloatArray | Column]) -> Finance:
    """The whole programme's money."""
    return Finance(
        capex=Quantiles.of(columns["capex"]),
        running=Quantiles.of(columns["running"]),
        present_value=Quantiles.of(columns["present_value"]),
        annuity_usd_per_year=Quantiles.of(columns["annuity_usd_per_year"]),
        discount_rate_per_year=programme.discount_rate,
    )
