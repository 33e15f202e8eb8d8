"""The answer first: what a plan comes to, in a few sentences made from its numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from stargate.programme.result import GateResult, PhaseResult, PlanResult
from stargate.programme.sampled import DriverEffect
from stargate.units import MONTH_S
from stargate.view.wording import (
    count,
    listing,
    long_day,
    long_month,
    money,
    months,
    percent,
    power,
)

Answer = tuple[str, str]
"""What is asked in a word or two, and the answer in sentences."""


def verdict(result: PlanResult) -> tuple[str, ...]:
    """The answer at a glance: date, money and gates, a line each."""
    last, capex = result.phases[-1], result.finance.capex
    return (
        f"{last.name} on line: {_by(result, last.online.p50)} (P50), "
        f"{_by(result, last.online.p80)} (P80){_target(last)}.",
        f"Capital of the programme: {money(capex.p50)} (P50), {money(capex.p80)} (P80), "
        f"{result.price_base} dollars.",
        *(
            f"Gate “{gate.name}” opens: {percent(_first(gate))} at the first attempt, "
            f"{percent(gate.probability_pass)} at some attempt."
            for gate in result.gates
            if gate.opens
        ),
    )


def _by(result: PlanResult, at_s: float) -> str:
    if math.isfinite(at_s):
        return long_month(result.day(at_s))
    return f"not by {long_month(result.horizon)}"


def _target(last: PhaseResult) -> str:
    if last.target is None or last.probability_by_target is None:
        return ""
    return f"; target {long_day(last.target)} kept in {percent(last.probability_by_target)}"


def _first(gate: GateResult) -> float:
    return gate.attempts[0].probability_passed_by_now if gate.attempts else gate.probability_pass


def answers(result: PlanResult) -> tuple[Answer, ...]:
    """When, for how much, through which gate, what moves it, and how large it is."""
    last = result.phases[-1]
    found = (
        ("When", _when(result, last)),
        ("Cost", _money(result, last)),
        *(("Gate", _gate(gate)) for gate in result.gates if gate.opens),
        ("What moves it", _drivers(result, last)),
        ("Size", _size(last)),
    )
    return tuple((question, told) for question, told in found if told)


def sources(result: PlanResult) -> Answer:
    """How many of the numbers are whose, by how far they can be trusted."""
    counts = Counter[str](fact.confidence for fact in result.facts)
    told = [f"{counts[kind]} {words}" for kind, words in _TRUST.items() if counts[kind]]
    return (
        "Sources",
        f"Of {len(result.facts)} numbers that the plan rests on, {listing(told)}. Each is listed "
        "with its source under “Facts and sources”, the assumed first.",
    )


_TRUST = {
    "assumed": "are assumed",
    "recalled": "recalled without the source at hand",
    "read": "read in the source that is named",
    "measured": "measured",
}


def _when(result: PlanResult, last: PhaseResult) -> str:
    text = f"{last.name} is {_even_odds(result, last)}"
    if math.isfinite(last.online.p80):
        text += f", and by {long_month(result.day(last.online.p80))} with 80\u00a0%"
    elif last.probability_online < 1:
        horizon = long_month(result.horizon)
        text += f"; in {percent(1 - last.probability_online)} it is not on line by {horizon}"
    if last.target is None or last.probability_by_target is None:
        return text + "."
    kept = percent(last.probability_by_target)
    return f"{text}. Its target, {long_day(last.target)}, is kept in {kept} of the sampled futures."


def _even_odds(result: PlanResult, phase: PhaseResult) -> str:
    if math.isfinite(phase.online.p50):
        return f"on line by {long_month(result.day(phase.online.p50))} with even odds"
    horizon = long_month(result.horizon)
    return f"on line by {horizon} in only {percent(phase.probability_online)} of the futures"


def _money(result: PlanResult, last: PhaseResult) -> str:
    capex = result.finance.capex
    text = (
        f"The whole programme costs {money(capex.p50)} in capital at the median and "
        f"{money(capex.p80)} at P80, in {result.price_base} dollars"
    )
    built = last.capex_if_built
    if built is None:
        return text + "."
    text += f"; {last.name}, where it is built, {money(built.p50)}"
    if last.probability_within_budget is None:
        return text + "."
    odds = percent(last.probability_within_budget)
    return f"{text}, which stays within {_bound(last)} in {odds} of the futures."


def _bound(phase: PhaseResult) -> str:
    ranged = phase.budget_low_usd not in (None, phase.budget_high_usd)
    return f"{'the upper end of ' if ranged else ''}its budget of {budget(phase)}"


def budget(phase: PhaseResult) -> str:
    """The range of cost that a phase is held against, whoever stated it: `$100B to $115B`."""
    low, high = phase.budget_low_usd, phase.budget_high_usd
    ends = [money(value) for value in (low, high) if value is not None]
    return " to ".join(dict.fromkeys(ends)) or "–"


def _gate(gate: GateResult) -> str:
    text = (
        f"The gate “{gate.name}” opens at its first attempt in {percent(_first(gate))} of the "
        f"futures and at some attempt in {percent(gate.probability_pass)}"
    )
    if math.isfinite(gate.wait.p80):
        median = months(gate.wait.p50) if gate.wait.p50 > 0 else "no time"
        text += f"; waiting for it takes {median} at the median, {months(gate.wait.p80)} at P80"
    if gate.probability_pass < 1:
        text += f". {_FAILING[gate.on_fail]}"
    return text + "."


_FAILING = {
    "hold": "Where it never opens, what waits for it is not built",
    "cancel": "Where it never opens, what waits for it is cancelled",
    "descope": "Where it never opens, what waits for it is built smaller",
    "continue": "Where it never opens, building goes on all the same",
}


def _drivers(result: PlanResult, last: PhaseResult) -> str:
    """The strongest inputs with both measures: the order by one is not the order by the other."""
    dates = _by_kind(strongest(result, "s"))[:3]
    if not dates:
        return ""
    text = f"With the date of {last.name} goes most: {listing([_effect(*each) for each in dates])}"
    if costs := _by_kind(strongest(result, "USD"))[:2]:
        text += f"; with the cost: {listing([_effect(*each) for each in costs])}"
    return (
        f"{text}. In this order by rank correlation over all futures; the second number is how far "
        "that input alone moves the median case from its P10 to its P90, or by happening."
    )


def _by_kind(effects: Sequence[DriverEffect]) -> list[tuple[DriverEffect, int]]:
    """The strongest of each kind of input, and on how many other blocks it comes again."""
    counts = Counter(_kind(effect) for effect in effects)
    first = {_kind(effect): effect for effect in reversed(effects)}
    ranked = sorted(first.values(), key=effects.index)
    return [(effect, counts[_kind(effect)] - 1) for effect in ranked]


def _kind(effect: DriverEffect) -> str:
    """A task's name without its block: `duration of campus-a · building` is `building`."""
    return effect.label.rsplit(" · ", 1)[-1]


def _effect(effect: DriverEffect, n_alike: int) -> str:
    swing = abs(effect.swing)
    label = f"{effect.label}, and {n_alike} more like it" if n_alike else effect.label
    rank = f"{effect.rank_correlation:+.2f}".replace("-", "−")
    if not math.isfinite(swing):
        return f"{label} ({rank})"
    shown = f"{swing / MONTH_S:,.0f}\u00a0months" if effect.unit == "s" else money(swing)
    return f"{label} ({rank}; {shown})"


def strongest(result: PlanResult, unit: str) -> tuple[DriverEffect, ...]:
    """The effects on the outcome with this unit, the strongest rank correlation first."""
    fitting = [effect for effect in result.drivers if effect.unit == unit]
    return tuple(sorted(fitting, key=lambda effect: -abs(effect.rank_correlation)))


def _size(last: PhaseResult) -> str:
    if last.it_w <= 0:
        return ""
    return (
        f"As planned, {last.name} is {power(last.it_w)} of IT load, {power(last.facility_w)} at "
        f"the facility, with {count(last.accelerators)} accelerators."
    )
