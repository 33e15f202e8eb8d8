"""Differences between two plans in words, for the terminal and the page alike."""

from __future__ import annotations

import math

from stargate.programme.compare import Comparison, Difference, OddsDifference, PhaseComparison
from stargate.units import MONTH_S
from stargate.view.wording import billions, month, percent

_MINUS = "−"
_SIZES = {"s": (MONTH_S, "months"), "USD": (1e9, "$B")}


def signed(value: float, unit: str) -> str:
    """`+3.2 months`, `−1.4 $B`; a dash where there is nothing to compare."""
    if not math.isfinite(value):
        return "–"
    size, name = _SIZES[unit]
    scaled = value / size
    sign = "" if abs(scaled) < 0.05 else "+" if scaled > 0 else _MINUS
    return f"{sign}{abs(scaled):,.1f}\u00a0{name}"


def interval(moved: Difference) -> str:
    """The 95 % interval of the mean difference: `+2.9 to +3.4 months`."""
    if not math.isfinite(moved.low):
        return "–"
    size, name = _SIZES[moved.unit]
    ends = [end / size for end in (moved.low, moved.high)]
    told = [f"{'+' if end > 0 else _MINUS if end < 0 else ''}{abs(end):,.2f}" for end in ends]
    return f"{told[0]} to {told[1]}\u00a0{name}" if told[0] != told[1] else f"{told[0]}\u00a0{name}"


def points(odds: OddsDifference) -> str:
    """`+4.0 points (±0.6)`: percentage points, with half the 95 % interval."""
    half = 50 * (odds.high - odds.low)
    moved = 100 * odds.difference
    sign = "+" if moved > 0.05 else _MINUS if moved < -0.05 else ""
    return f"{sign}{abs(moved):.1f}\u00a0points (±{half:.1f})"


def date_cells(found: Comparison, moved: Difference) -> tuple[str, ...]:
    """Medians of A and B, and the difference: median, P10 to P90, mean with its interval."""
    return (
        month(found.a.day(moved.a.p50)),
        month(found.a.day(moved.b.p50)),
        *difference_cells(moved),
    )


def cost_cells(moved: Difference) -> tuple[str, ...]:
    """As `date_cells`, of money in billions."""
    return billions(moved.a.p50), billions(moved.b.p50), *difference_cells(moved)


def difference_cells(moved: Difference) -> tuple[str, ...]:
    """The difference: median, P10, P90, and the interval of the mean."""
    ends = (signed(value, moved.unit) for value in (moved.p50, moved.p10, moved.p90))
    return (*ends, interval(moved))


def odds_cells(odds: OddsDifference) -> tuple[str, ...]:
    """The odds in A and in B, and what they differ by."""
    return percent(odds.a), percent(odds.b), points(odds)


def sentences(found: Comparison, labels: tuple[str, str]) -> list[str]:
    """What B changes, for the last phase that both have and for the money."""
    told: list[str] = []
    if found.phases:
        told.append(_last(found.phases[-1], labels[1]))
    capex = found.capex
    way = "more" if capex.mean > 0 else "less"
    told.append(
        "The whole programme costs the same in every future."
        if capex.low == capex.high == 0
        else f"The whole programme costs {signed(abs(capex.mean), 'USD').lstrip('+')} {way} on "
        f"average ({interval(capex)} at 95 %)."
    )
    return told


def _last(phase: PhaseComparison, label: str) -> str:
    online = phase.online
    if not math.isfinite(online.p50):
        return f"{phase.name} is never on line in both plans at once."
    if online.low == online.high == 0:
        return f"{phase.name} is on line on the same day in every future."
    if online.low <= 0 <= online.high:
        return f"{phase.name} is as early on average, as far as can be told ({interval(online)})."
    way = "later" if online.mean > 0 else "earlier"
    earlier = percent(online.share_lower)
    return (
        f"With {label}, {phase.name} is {signed(abs(online.mean), 's').lstrip('+')} {way} on "
        f"average ({interval(online)} at 95 %), and earlier in {earlier} of the futures."
    )
