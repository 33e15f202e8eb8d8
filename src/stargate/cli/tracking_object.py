"""What has become of a plan, as part of the object that `stargate plan --json` prints."""

from __future__ import annotations

import math
from typing import Any

from stargate.programme.result import PlanResult
from stargate.programme.tracking import ClassRevision, EarnedValue, Record, Slip, Tracking
from stargate.units import DAY_S, MONTH_S


def tracking_object(result: PlanResult) -> dict[str, Any] | None:
    """The plan's data date, what has happened, slips, odds, and classes as they were revised."""
    tracking = result.tracking
    if tracking is None:
        return None
    return {
        "planned": tracking.planned.isoformat(),
        "as_of": result.data_date.isoformat(),
        "records": [_record(record) for record in tracking.records],
        "slips": [_slip(result, slip) for slip in tracking.slips],
        "odds_of_target": _odds(tracking),
        "classes": [_revision(revision) for revision in tracking.classes],
        "earned_value": [_earned(result, row) for row in tracking.earned],
    }


def _day(result: PlanResult, time_s: float) -> str | None:
    found = result.day(time_s)
    return found.isoformat() if found else None


def _earned(result: PlanResult, row: EarnedValue) -> dict[str, Any]:
    return {
        "id": row.id or None,
        "name": row.name,
        "budget_at_completion_usd": row.budget_usd,
        "planned_value_usd": row.planned_usd,
        "earned_value_usd": row.earned_usd,
        "actual_cost_usd": row.spent_usd,
        "spi": row.schedule_index,
        "cpi": row.cost_index,
        "spi_t": row.schedule_index_of_time,
        "earned_schedule_months": row.earned_schedule_s / MONTH_S,
        "estimate_at_completion_usd": row.at_completion_usd,
        "planned_end": _day(result, row.planned_end_s),
        "end_at_this_pace": None if row.end_s is None else _day(result, row.end_s),
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "of": record.of,
        "what": record.what,
        "day": record.day.isoformat(),
        "known": record.known.isoformat(),
        "source": record.source,
        "confidence": record.confidence,
        "note": record.note,
    }


def _slip(result: PlanResult, slip: Slip) -> dict[str, Any]:
    def day(time_s: float) -> str | None:
        return _day(result, time_s)

    return {
        "id": slip.id,
        "name": slip.name,
        "kind": slip.kind,
        "state": slip.state,
        "plan": {"p50": day(slip.plan_p50_s), "p80": day(slip.plan_p80_s)},
        "forecast": {"p50": day(slip.forecast_p50_s), "p80": day(slip.forecast_p80_s)},
        "slip_days": slip.slip_s / DAY_S if math.isfinite(slip.slip_s) else None,
        "percentile_in_plan": slip.percentile,
    }


def _odds(tracking: Tracking) -> list[dict[str, Any]]:
    return [{"phase": o.phase, "plan": o.planned, "forecast": o.now} for o in tracking.odds]


def _revision(revision: ClassRevision) -> dict[str, Any]:
    return {
        "name": revision.name,
        "n_ended": revision.n_ended,
        "n_running": revision.n_running,
        "factor": revision.factor,
        "factor_p10": revision.factor_low,
        "factor_p90": revision.factor_high,
        "spread": revision.spread,
    }
