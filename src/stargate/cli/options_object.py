"""What may still be decided, as it stands in `stargate plan --json`."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from stargate.programme.result import Course, OptionResult, PlanResult
from stargate.programme.sampled import Quantiles

_PLAIN = (
    *("id", "name", "kind", "phase", "rule", "source", "note"),
    *("probability_exercised", "value_usd", "low_usd", "high_usd"),
    *("value_if_always_usd", "value_with_hindsight_usd"),
    *("probability_online", "probability_by_target"),
)


_OF_ALL = (
    *("value_usd", "low_usd", "high_usd", "sum_alone_usd"),
    *("probability_online", "probability_by_target"),
)


def options_object(result: PlanResult) -> dict[str, Any]:
    """The options, the regret of each course, and which option buys most."""
    best = result.best_option
    return {
        "options": [_option(result, option) for option in result.options],
        "options_together": _together(result),
        "courses": [_course(course) for course in result.courses],
        "best_option": best.id if best else None,
    }


def _option(result: PlanResult, option: OptionResult) -> dict[str, Any]:
    days = zip(option.days_s, option.exercised, strict=True)
    return {
        **{name: getattr(option, name) for name in _PLAIN},
        "days": [{"on": _iso(result, day), "probability_exercised": share} for day, share in days],
        "net_present_value_usd": _numbers(option.net_present_value),
        "online": _dates(result, option.online),
    }


def _together(result: PlanResult) -> dict[str, Any] | None:
    found = result.together
    if found is None:
        return None
    return {
        **{name: getattr(found, name) for name in _OF_ALL},
        "added": [asdict(part) for part in found.added],
        "net_present_value_usd": _numbers(found.net_present_value),
        "online": _dates(result, found.online),
    }


def _course(course: Course) -> dict[str, Any]:
    return {
        "name": course.name,
        "net_present_value_usd": _numbers(course.net_present_value),
        "regret_usd": _numbers(course.regret),
        "probability_best": course.probability_best,
    }


def _numbers(values: Quantiles) -> dict[str, float | None]:
    return {k: v if math.isfinite(v) else None for k, v in asdict(values).items()}


def _dates(result: PlanResult, times: Quantiles) -> dict[str, str | None]:
    return {name: _iso(result, getattr(times, name)) for name in ("p10", "p50", "p80", "p90")}


def _iso(result: PlanResult, time_s: float) -> str | None:
    day = result.day(time_s)
    return day.isoformat() if day else None
