"""A plan's charts about its gates: the odds, the evidence, and the training run behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from stargate.programme.result import GateResult, PlanResult, RunResult
from stargate.programme.sampled import Quantiles
from stargate.view.figures.gates import gate_odds
from stargate.view.figures.intervals import Interval, Panel, intervals
from stargate.view.figures.style import Chart
from stargate.view.plan_charts import basis
from stargate.view.wording import month, percent, relation


def gate_charts(result: PlanResult, gate: GateResult) -> list[Chart]:
    """When a gate opens, and the evidence that it is shown."""
    labels = [f"{a.number} · {month(result.day(a.on.p50))}" for a in gate.attempts]
    passed = [0.0, *(attempt.probability_passed_by_now for attempt in gate.attempts)]
    odds = gate_odds(
        gate.id,
        gate.name if gate.name.endswith(("?", ".", "!")) else f"{gate.name}.",
        labels,
        list(np.diff(passed)),
        basis=basis(result, "Basis: all criteria of the gate together."),
    )
    return [odds, *_evidence_charts(result, gate, labels)]


def _evidence_charts(result: PlanResult, gate: GateResult, labels: Sequence[str]) -> list[Chart]:
    rows = [
        Interval(label, q.p10, q.p50, q.p90, f"{percent(attempt.probability_pass)} pass")
        for label, attempt in zip(labels, gate.attempts, strict=True)
        if math.isfinite((q := attempt.evidence).p50)
    ]
    if not rows:
        return []
    first = gate.criteria[0]
    axis = f"{first.metric} ({relation(first.relation)} {first.threshold:,.4g} to pass)"
    chart = intervals(
        [Panel(axis, rows, first.threshold)],
        f"evidence-{gate.id}",
        "The evidence at each attempt",
        "Lines run from P10 to P90 of the evidence among the futures that come to the attempt, "
        "marks are the median, with the share that passes. A future that passed earlier is no "
        "longer among them.",
        basis(result, f"Basis: {first.evidence_kind} evidence for the first criterion."),
    )
    return [chart]


def run_chart(result: PlanResult) -> Chart | None:
    """Compute, loss and capability of each training run that gives evidence."""
    runs = [run for run in result.runs if math.isfinite(run.compute_flop.p50)]
    if not runs:
        return None
    worth = 10.0 ** math.floor(math.log10(max(run.compute_flop.p50 for run in runs)))
    columns = (
        (f"Compute ({worth:.0e} FLOP)", [run.compute_flop for run in runs], worth),
        ("Loss (nats a token)", [run.loss_nats for run in runs], 1.0),
        ("Capability (points)", [run.capability for run in runs], 1.0),
    )
    panels = [
        Panel(axis.replace("e+", "e"), _run_intervals(runs, found, worth), log=worth > 1)
        for axis, found, worth in columns
        if all(found)
    ]
    return intervals(
        panels,
        "training-run",
        "The next model: compute, loss, capability",
        "Capacity on line × predicted throughput × goodput over the run gives compute; the scaling "
        "law turns compute into loss, the capability regression turns compute and date into the "
        "evidence of the gate. Lines run from P10 to P90, marks are the median.",
        basis(result, "Basis: step-time model, failure rates, scaling law with its uncertainty."),
    )


def _run_intervals(
    runs: Sequence[RunResult], found: Sequence[Quantiles | None], worth: float
) -> list[Interval]:
    return [
        Interval(run.name, q.p10 / worth, q.p50 / worth, q.p90 / worth)
        for run, q in zip(runs, found, strict=True)
        if q is not None
    ]
