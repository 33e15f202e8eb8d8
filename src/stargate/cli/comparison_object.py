"""Two plans side by side as the one JSON object that `stargate compare --json` prints."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from stargate.programme.compare import Comparison, Difference, GateComparison, PhaseComparison
from stargate.programme.result import PlanResult
from stargate.programme.sampled import Quantiles
from stargate.units import DAY_S

SCHEMA_VERSION = 1


def comparison_object(found: Comparison, labels: tuple[str, str]) -> dict[str, Any]:
    """Dates as days, their differences in days; money in dollars; never is null."""
    return {
        "schema_version": SCHEMA_VERSION,
        "a": _plan(found.a, labels[0]),
        "b": _plan(found.b, labels[1]),
        "n_samples": found.a.n_samples,
        "seed": found.a.seed,
        "phases": [_phase(found, phase) for phase in found.phases],
        "gates": [_gate(found, gate) for gate in found.gates],
        "capex_usd": _amounts(found.capex),
        "only_in_a": list(found.only_in_a),
        "only_in_b": list(found.only_in_b),
        "changes": [{"path": path, "a": a, "b": b} for path, a, b in found.changes],
    }


def _plan(plan: PlanResult, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "name": plan.name,
        "data_date": plan.data_date.isoformat(),
        "spec_hash": plan.spec_hash,
    }


def _phase(found: Comparison, phase: PhaseComparison) -> dict[str, Any]:
    return {
        "id": phase.id,
        "name": phase.name,
        "online": _dates(found, phase.online),
        "cost_usd": _amounts(phase.capex),
        "odds": [asdict(odds) for odds in phase.odds],
    }


def _gate(found: Comparison, gate: GateComparison) -> dict[str, Any]:
    return {
        "id": gate.id,
        "name": gate.name,
        "opens": _dates(found, gate.opens),
        "odds": asdict(gate.odds),
    }


def _dates(found: Comparison, moved: Difference) -> dict[str, Any]:
    def days(times: Quantiles) -> dict[str, str | None]:
        told = ((p, found.a.day(getattr(times, p))) for p in ("p10", "p50", "p80", "p90"))
        return {p: day.isoformat() if day else None for p, day in told}

    return {
        "a": days(moved.a),
        "b": days(moved.b),
        "difference_days": _moved(moved, DAY_S),
        **_shares(moved),
    }


def _amounts(moved: Difference) -> dict[str, Any]:
    a, b = ({name: _number(value) for name, value in asdict(q).items()} for q in (moved.a, moved.b))
    return {"a": a, "b": b, "difference_usd": _moved(moved, 1.0), **_shares(moved)}


def _moved(moved: Difference, unit: float) -> dict[str, float | None]:
    """B less A; `mean_low` and `mean_high` are the 95 % interval of the mean."""
    told = {
        **{name: getattr(moved, name) for name in ("p10", "p50", "p90", "mean")},
        "mean_low": moved.low,
        "mean_high": moved.high,
    }
    return {name: _number(value / unit) for name, value in told.items()}


def _shares(moved: Difference) -> dict[str, float | None]:
    names = ("share_both", "share_only_a", "share_only_b", "share_lower")
    return {name: _number(getattr(moved, name)) for name in names}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
