"""What may still be decided, in words, tables and a chart: for the terminal and the report."""

from __future__ import annotations

from collections.abc import Sequence

from stargate.programme.result import OptionResult, PlanResult
from stargate.view.answer import Answer
from stargate.view.figures.options import Gain, option_gains
from stargate.view.page import Column, Markup, chart_markup, paragraph, table, text
from stargate.view.plan_charts import basis
from stargate.view.wording import long_month, money, month, percent

OPTION_COLUMNS = ("Gain $B", "95 %", "Exercised", "If always", "Hindsight")
ADDED_COLUMNS = ("Adds $B", "95 %", "Exercised", "Alone $B")


def by_value(result: PlanResult) -> list[OptionResult]:
    """The options, the one that buys most first."""
    return sorted(result.options, key=lambda option: -option.value_usd)


def option_cells(option: OptionResult) -> tuple[str, ...]:
    """What an option buys, in billions."""
    return (
        _billions(option.value_usd),
        f"{_billions(option.low_usd)} to {_billions(option.high_usd)}",
        percent(option.probability_exercised),
        _billions(option.value_if_always_usd),
        _billions(option.value_with_hindsight_usd),
    )


def added_rows(result: PlanResult) -> list[tuple[str, ...]]:
    """What each option adds to the others, the one that adds most first, in billions; then all."""
    together = result.together
    if together is None:
        return []
    named = {option.id: option for option in result.options}
    rows = [
        (
            named[part.id].name,
            _billions(part.added_usd),
            f"{_billions(part.low_usd)} to {_billions(part.high_usd)}",
            percent(part.probability_exercised),
            _billions(named[part.id].value_usd),
        )
        for part in sorted(together.added, key=lambda part: -part.added_usd)
    ]
    interval = f"{_billions(together.low_usd)} to {_billions(together.high_usd)}"
    alone = _billions(together.sum_alone_usd)
    return [*rows, ("All together", _billions(together.value_usd), interval, "", alone)]


def together_sentence(result: PlanResult) -> str:
    """What all options gain in one course, against the sum of what each gains alone."""
    found = result.together
    if found is None:
        return ""
    taken = [option for option in result.options if option.probability_exercised > 0]
    best = result.best_option
    said = (
        f"All options together, each by the rule that is best for it alone, add "
        f"{money(found.value_usd)} ({money(found.low_usd)} to {money(found.high_usd)}); "
        f"one by one they would add up to {money(found.sum_alone_usd)}."
    )
    if len(taken) > 1 and best is not None and found.value_usd < best.value_usd:
        said += f" That is less than “{best.name}” alone: not all of them should be taken."
    return said + " Rules that wait for each other could gain more."


def _billions(usd: float) -> str:
    return f"{usd / 1e9:,.2f}".replace("-", "−")


def option_answers(result: PlanResult) -> list[Answer]:
    """Which decision buys most, and which buy nothing."""
    return [("Decision", _decision(result))] if result.options else []


def _decision(result: PlanResult) -> str:
    best = result.best_option
    if best is None:
        return "None of the options that are stated is worth exercising on what is known by then."
    days = " or ".join(dict.fromkeys(long_month(result.day(day)) for day in best.days_s[:2]))
    rule = "where it pays on what is then known" if best.rule == "optimal" else "by its stated rule"
    said = (
        f"The decision that buys most is “{best.name}”: exercised {rule} "
        f"({percent(best.probability_exercised)} of the futures, from {days} on), it adds "
        f"{money(best.value_usd)} of net present value in the mean."
    )
    idle = [option.name for option in by_value(result) if option.probability_exercised == 0]
    return said + (f" Not worth exercising: {', '.join(idle)}." if idle else "")


def option_section(result: PlanResult) -> list[Markup]:
    """The options of a plan: what they buy, when, and the regret of each course."""
    if not result.options:
        return []
    found = by_value(result)
    gains = [
        Gain(
            option.name,
            option.value_usd,
            option.low_usd,
            option.high_usd,
            option.value_if_always_usd,
            option.value_with_hindsight_usd,
        )
        for option in found
    ]
    rests = "Basis: regression on what is known on the day (Longstaff and Schwartz 2001), each "
    chart = option_gains(gains, basis(result, rests + "option alone, common random numbers."))
    return [
        paragraph(_decision(result)),
        chart_markup(chart),
        _options(result, found),
        *_together(result),
        _regrets(result),
    ]


def _together(result: PlanResult) -> list[Markup]:
    if result.together is None:
        return []
    columns = [Column("Option"), *(Column(name, number=True) for name in ADDED_COLUMNS)]
    caption = (
        "What each option adds to all the others: the gain of all less that of all but it. An "
        "option on a phase that another has ended by then comes too late and is not exercised."
    )
    return [paragraph(together_sentence(result)), table(columns, added_rows(result), caption)]


def _options(result: PlanResult, found: Sequence[OptionResult]) -> Markup:
    rows = [
        (
            Markup(f"{text(option.name)}<br><small>{text(_says(option))}</small>"),
            option.kind,
            ", ".join(month(result.day(day)) for day in option.days_s),
            *option_cells(option),
            month(result.day(option.online.p50)),
            _odds(option.probability_by_target),
        )
        for option in found
    ]
    numbers = (*OPTION_COLUMNS, "Last phase P50", "Odds of its target")
    columns = [Column("Option"), Column("Kind"), Column("May be exercised")]
    caption = "Gain of net present value over the plan as it stands, each option alone."
    return table([*columns, *(Column(name, number=True) for name in numbers)], rows, caption)


def _says(option: OptionResult) -> str:
    basis_of = option.source or "assumed"
    return f"{option.rule} rule; {basis_of}" + (f"; {option.note}" if option.note else "")


def _odds(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _regrets(result: PlanResult) -> Markup:
    rows = [
        (
            course.name if i == 0 else f"with: {course.name}",
            _billions(course.net_present_value.mean),
            _billions(course.net_present_value.p10),
            _billions(course.net_present_value.p90),
            _billions(course.regret.mean),
            _billions(course.regret.p90),
            percent(course.probability_best),
        )
        for i, course in enumerate(result.courses)
    ]
    names = ("NPV mean ($B)", "NPV P10", "NPV P90", "Regret mean", "Regret P90", "Best in")
    caption = (
        "Regret: what the best of these courses gives more, future by future. Courses that do the "
        "same in a future are best in it together."
    )
    columns = [Column("Course"), *(Column(name, number=True) for name in names)]
    return table(columns, rows, caption)
