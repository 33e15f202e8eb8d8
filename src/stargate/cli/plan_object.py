"""A plan as the one JSON object that `stargate plan --json` prints. Never is null."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import date
from typing import Any

from stargate.cli.cash_object import finance_object, parties_object
from stargate.cli.options_object import options_object
from stargate.cli.tracking_object import tracking_object
from stargate.programme.result import Attempt, GateResult, PhaseResult, PlanResult, RunResult
from stargate.programme.sampled import DriverEffect, Quantiles, Series

SCHEMA_VERSION = 1
_MEGAWATT = 1e6


def plan_object(result: PlanResult) -> dict[str, Any]:
    """All that a plan answers but for the samples themselves."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": result.name,
        "data_date": result.data_date.isoformat(),
        "horizon": result.horizon.isoformat(),
        "currency": result.currency,
        "price_base": result.price_base,
        "n_samples": result.n_samples,
        "seed": result.seed,
        "version": result.version,
        "spec_hash": result.spec_hash,
        "phases": [_phase(result, phase) for phase in result.phases],
        "tasks": [
            {
                "id": task.id,
                "name": task.name,
                "site": task.site,
                "phase": task.phase,
                "start": _dates(result, task.start),
                "finish": _dates(result, task.finish),
                "criticality": task.criticality,
                "deadline": None if task.deadline is None else task.deadline.isoformat(),
                "probability_by_deadline": task.probability_by_deadline,
            }
            for task in result.tasks
        ],
        "gates": [_gate(result, gate) for gate in result.gates],
        "runs": [_run(result, run) for run in result.runs],
        "drivers": [_driver(result, effect) for effect in result.drivers],
        "series": [_series(result, series) for series in result.series],
        "finance": {
            "capex_usd": _numbers(result.finance.capex),
            "running_usd": _numbers(result.finance.running),
            "present_value_usd": _numbers(result.finance.present_value),
            "annuity_usd_per_year": _numbers(result.finance.annuity_usd_per_year),
            "discount_rate_per_year": result.finance.discount_rate_per_year,
            **finance_object(result, result.cash, _series, _driver),
        },
        **parties_object(result, result.cash, _series),
        "facts": [asdict(fact) for fact in result.facts],
        "assumptions": list(result.assumptions),
        "warnings": list(result.warnings),
        "tracking": tracking_object(result),
        **options_object(result),
    }


def _phase(result: PlanResult, phase: PhaseResult) -> dict[str, Any]:
    first, built = phase.first_online, phase.capex_if_built
    return {
        "id": phase.id,
        "name": phase.name,
        "status": phase.status,
        "assumed": phase.assumed,
        "target": _iso(phase.target),
        "online": _dates(result, phase.online),
        "first_online": _dates(result, first) if first else None,
        "probability_online": phase.probability_online,
        "probability_by_target": phase.probability_by_target,
        "cost_usd": _numbers(phase.capex),
        "cost_if_built_usd": _numbers(built) if built else None,
        "reported_cost_usd": [phase.budget_low_usd, phase.budget_high_usd],
        "probability_within_reported_cost": phase.probability_within_budget,
        "probability_by_target_within_reported_cost": phase.joint_probability,
        "it_mw": phase.it_w / _MEGAWATT,
        "facility_mw": phase.facility_w / _MEGAWATT,
        "accelerators": phase.accelerators,
        "note": phase.note,
    }


def _gate(result: PlanResult, gate: GateResult) -> dict[str, Any]:
    return {
        "id": gate.id,
        "name": gate.name,
        "kind": gate.kind,
        "on_fail": gate.on_fail,
        "opens": list(gate.opens),
        "criteria": [asdict(criterion) for criterion in gate.criteria],
        "attempts": [_attempt(result, attempt) for attempt in gate.attempts],
        "probability_pass": gate.probability_pass,
        "wait_s": _numbers(gate.wait),
    }


def _attempt(result: PlanResult, attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "on": _dates(result, attempt.on),
        "probability_held": attempt.probability_held,
        "probability_pass": attempt.probability_pass,
        "probability_passed_by_now": attempt.probability_passed_by_now,
        "evidence": _numbers(attempt.evidence),
    }


def _run(result: PlanResult, run: RunResult) -> dict[str, Any]:
    plain = ("id", "name", "model", "accelerator", "accelerators", "strategy", "step_time_s")
    also = ("mfu", "mtbf_s", "checkpoint_interval_s", "goodput", "probability_held")
    sampled = ("days", "compute_flop", "tokens", "loss_nats")
    return {
        **{name: getattr(run, name) for name in (*plain, *also)},
        "start": _dates(result, run.start),
        **{name: _numbers(getattr(run, name)) for name in sampled},
        "capability": _numbers(run.capability) if run.capability else None,
    }


def _driver(result: PlanResult, effect: DriverEffect) -> dict[str, Any]:
    ends = {"low": effect.low, "high": effect.high, "base": effect.base}
    dated = effect.unit == "s"
    return {
        "id": effect.id,
        "label": effect.label,
        "outcome": effect.outcome,
        "unit": "date" if dated else effect.unit,
        "rank_correlation": effect.rank_correlation,
        **{k: _iso(result.day(v)) if dated else _number(v) for k, v in ends.items()},
    }


def _series(result: PlanResult, series: Series) -> dict[str, Any]:
    return {
        "id": series.id,
        "label": series.label,
        "unit": series.unit,
        "date": [_iso(result.day(time)) for time in series.time_s.tolist()],
        "p10": series.p10.tolist(),
        "p50": series.p50.tolist(),
        "p90": series.p90.tolist(),
        "mean": series.mean.tolist(),
    }


def _dates(result: PlanResult, times: Quantiles) -> dict[str, str | None]:
    return {name: _iso(result.day(getattr(times, name))) for name in ("p10", "p50", "p80", "p90")}


def _numbers(values: Quantiles) -> dict[str, float | None]:
    return {name: _number(value) for name, value in asdict(values).items()}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
