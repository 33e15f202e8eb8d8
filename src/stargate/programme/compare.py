"""Two plans side by side on the same random numbers: what one changes, future by future.

Every uncertain input has its scores by name, so that what two plans share falls out of the
difference: it is B less A in one and the same future, not a difference of two medians. A mean
difference carries its sampling error, which is that of the differences and so far smaller than
that of either plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stargate.errors import Problem, SpecError
from stargate.programme.result import GateResult, PhaseResult, PlanResult
from stargate.programme.sampled import Quantiles
from stargate.spec.base import as_written
from stargate.spec.document import Document
from stargate.units import DAY_S

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Planner = Callable[[Document, int, int], PlanResult]

_NINETY_FIVE = 1.959963984540054  # normal score of the two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Difference:
    """A quantity in A, in B, and B less A in the futures in which both have it.

    `low` and `high` are the 95 % interval of the mean difference. `share_both`, `share_only_a` and
    `share_only_b` say in how many futures it is there at all; `share_lower` in how many of those
    in which both have it B is the lower.
    """

    unit: str
    a: Quantiles
    b: Quantiles
    p10: float
    p50: float
    p90: float
    mean: float
    low: float
    high: float
    share_both: float
    share_only_a: float
    share_only_b: float
    share_lower: float


@dataclass(frozen=True, slots=True)
class OddsDifference:
    """A probability in A, in B, and B less A with the 95 % interval of its sampling."""

    name: str
    a: float
    b: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PhaseComparison:
    """What B changes for a phase; dates count in seconds from A's data date."""

    id: str
    name: str
    online: Difference
    capex: Difference
    odds: tuple[OddsDifference, ...]


@dataclass(frozen=True, slots=True)
class GateComparison:
    """What B changes for a gate: when it opens, and how often."""

    id: str
    name: str
    opens: Difference
    odds: OddsDifference


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plans A and B, what B changes, and what only one of them has."""

    a: PlanResult
    b: PlanResult
    phases: tuple[PhaseComparison, ...]
    gates: tuple[GateComparison, ...]
    capex: Difference
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]


def compare(
    a: Document, b: Document, planner: Planner, *, samples: int | None, seed: int | None
) -> Comparison:
    """Both plans with A's samples and seed, unless told otherwise."""
    programme = a.programme
    if programme is None or b.programme is None:
        raise SpecError([Problem("nothing to compare", "programme", mend="add a programme")])
    n = programme.simulation.samples if samples is None else samples
    chosen = programme.simulation.seed if seed is None else seed
    plan_a, plan_b = planner(a, n, chosen), planner(b, n, chosen)
    later_s = (plan_b.data_date - plan_a.data_date).days * DAY_S
    phases_a, phases_b = _by_id(plan_a.phases), _by_id(plan_b.phases)
    gates_a, gates_b = _gates(plan_a), _gates(plan_b)
    return Comparison(
        a=plan_a,
        b=plan_b,
        phases=tuple(
            _phase(was, phases_b[name], plan_a.data_date, plan_b.data_date)
            for name, was in phases_a.items()
            if name in phases_b
        ),
        gates=tuple(
            _gate(was, gates_b[name], later_s) for name, was in gates_a.items() if name in gates_b
        ),
        capex=difference(_capex(plan_a), _capex(plan_b), "USD"),
        only_in_a=tuple(sorted({*phases_a, *gates_a} - {*phases_b, *gates_b})),
        only_in_b=tuple(sorted({*phases_b, *gates_b} - {*phases_a, *gates_a})),
        changes=tuple(changes(a, b)),
    )


def _by_id(phases: tuple[PhaseResult, ...]) -> dict[str, PhaseResult]:
    return {phase.id: phase for phase in phases}


def _gates(plan: PlanResult) -> dict[str, GateResult]:
    return {gate.id: gate for gate in plan.gates}


def _capex(plan: PlanResult) -> FloatArray:
    return np.sum([phase.capex_usd for phase in plan.phases], axis=0)


def _phase(was: PhaseResult, now: PhaseResult, start: date, other: date) -> PhaseComparison:
    later_s = (other - start).days * DAY_S
    online = now.online_s + later_s
    odds = [odds_difference("on line", np.isfinite(was.online_s), np.isfinite(online))]
    if was.target is not None and now.target is not None:
        by = [
            times < ((target - start).days + 1) * DAY_S
            for times, target in ((was.online_s, was.target), (online, now.target))
        ]
        odds.append(odds_difference("by its target", *by))
    if was.budget_high_usd is not None and now.budget_high_usd is not None:
        within = [
            np.isfinite(phase.online_s) & (phase.capex_usd <= (phase.budget_high_usd or np.inf))
            for phase in (was, now)
        ]
        odds.append(odds_difference("within its budget", *within))
    return PhaseComparison(
        id=was.id,
        name=was.name,
        online=difference(was.online_s, online, "s"),
        capex=difference(was.capex_usd, now.capex_usd, "USD"),
        odds=tuple(odds),
    )


def _gate(was: GateResult, now: GateResult, later_s: float) -> GateComparison:
    assert was.passed_s is not None, "a plan keeps when its gates open"
    assert now.passed_s is not None, "a plan keeps when its gates open"
    opened = [np.isfinite(gate) for gate in (was.passed_s, now.passed_s)]
    return GateComparison(
        id=was.id,
        name=was.name,
        opens=difference(was.passed_s, now.passed_s + later_s, "s"),
        odds=odds_difference("opens", *opened),
    )


def difference(a: FloatArray, b: FloatArray, unit: str) -> Difference:
    """B less A, sample by sample, where both are finite."""
    has_a, has_b = np.isfinite(a), np.isfinite(b)
    both = has_a & has_b
    moved = b[both] - a[both]
    p10, p50, p90 = np.percentile(moved, (10, 50, 90)) if len(moved) else (np.nan,) * 3
    mean, low, high = _mean(moved)
    return Difference(
        unit=unit,
        a=Quantiles.of(a),
        b=Quantiles.of(b),
        p10=float(p10),
        p50=float(p50),
        p90=float(p90),
        mean=mean,
        low=low,
        high=high,
        share_both=float(both.mean()),
        share_only_a=float((has_a & ~has_b).mean()),
        share_only_b=float((has_b & ~has_a).mean()),
        share_lower=float((moved < 0).mean()) if len(moved) else float("nan"),
    )


def odds_difference(name: str, a: BoolArray, b: BoolArray) -> OddsDifference:
    """The share of samples in B less that in A; its interval is that of the paired difference."""
    mean, low, high = _mean(b.astype(np.float64) - a.astype(np.float64))
    return OddsDifference(name, float(a.mean()), float(b.mean()), mean, low, high)


def _mean(moved: FloatArray) -> tuple[float, float, float]:
    """Mean and its 95 % interval: mean -+ 1.96 s / sqrt(n) over the differences.

    The Latin hypercube makes the true error smaller still.
    """
    if not len(moved):
        return (float("nan"),) * 3
    mean = float(moved.mean())
    error = _NINETY_FIVE * float(moved.std(ddof=1)) / len(moved) ** 0.5 if len(moved) > 1 else 0.0
    return mean, mean - error, mean + error


def changes(a: Document, b: Document) -> Iterator[tuple[str, str, str]]:
    """Where two documents differ: path, value in A and in B; empty where there is none."""
    said_a, said_b = (
        dict(_leaves(d.model_dump(mode="json", exclude={"extends"}), "")) for d in (a, b)
    )
    for path in sorted({*said_a, *said_b}):
        was, now = said_a.get(path, ""), said_b.get(path, "")
        if was != now:
            yield path, was, now


def _leaves(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Every value with its path, as a file writes them; an item of a list goes by its id."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            name, value = as_written(key, child) if isinstance(child, float) else (key, child)
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(node, list):
        for i, child in enumerate(node):
            name = child.get("id") if isinstance(child, Mapping) else None
            yield from _leaves(child, f"{path}.{name or i}")
    elif node is not None:
        yield path, f"{node:.6g}" if isinstance(node, float) else str(node)
