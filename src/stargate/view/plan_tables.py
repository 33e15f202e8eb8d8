"""A plan's tables: phases, tasks, gates, runs, drivers, money, facts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stargate.catalog import fact
from stargate.catalog.facts import Fact
from stargate.programme.result import GateResult, PhaseResult, PlanResult, RunResult, TaskResult
from stargate.programme.sampled import Quantiles
from stargate.units import HOUR_S, MONTH_S
from stargate.view.answer import budget
from stargate.view.page import Cell, Column, Markup, link, table, tag, text
from stargate.view.wording import (
    billions,
    count,
    long_day,
    megawatts,
    month,
    months,
    percent,
    relation,
    scientific,
    seconds,
    utilisation,
)

_PERCENTILES = ("P10", "P50", "P80", "P90")


def _numbers(*headings: str) -> list[Column]:
    return [Column(heading, number=True) for heading in headings]


def _four(quantiles: Quantiles) -> tuple[float, float, float, float]:
    return quantiles.p10, quantiles.p50, quantiles.p80, quantiles.p90


def _name(phase: PhaseResult) -> Markup:
    label = f" {tag('assumed').html}" if phase.assumed else ""
    note = f"<br><small>{text(phase.note)}</small>" if phase.note else ""
    return Markup(f"{text(phase.name)}{label}{note}")


def phase_dates(result: PlanResult) -> Markup:
    """When each phase is on line."""
    rows = [
        (
            _name(phase),
            phase.status.replace("_", " "),
            *(month(result.day(at)) for at in _four(phase.online)),
            "–" if phase.target is None else month(phase.target),
            _odds(phase.probability_by_target),
        )
        for phase in result.phases
    ]
    columns = [Column("Phase"), Column("Status"), *_numbers(*_PERCENTILES, "Target", "Odds of it")]
    never = f"“never”: not on line by {long_day(result.horizon)} in that share of the futures."
    return table(columns, rows, f"On-line date by percentile. {never}")


def phase_costs(result: PlanResult) -> Markup:
    """What each phase costs, against its budget."""
    rows = [
        (
            phase.name,
            *map(billions, _four(phase.capex)),
            "–" if phase.capex_if_built is None else billions(phase.capex_if_built.p50),
            budget(phase),
            _odds(phase.probability_within_budget),
            _odds(phase.joint_probability),
        )
        for phase in result.phases
    ]
    columns = [
        Column("Phase"),
        *_numbers(*(f"{percentile} ($B)" for percentile in _PERCENTILES), "P50 if built ($B)"),
        *_numbers("Budget", "Odds within it", "Odds of date and cost"),
    ]
    caption = (
        f"Capital in {result.price_base} dollars. A phase that is not built counts with what was "
        "committed to it."
    )
    return table(columns, rows, caption)


def _odds(share: float | None) -> str:
    return "–" if share is None else percent(share)


def phase_sizes(result: PlanResult) -> Markup:
    """What each phase holds when it stands."""
    rows = [
        (
            phase.name,
            megawatts(phase.it_w),
            megawatts(phase.facility_w),
            f"{phase.facility_w / phase.it_w:.2f}" if phase.it_w > 0 else "–",
            count(phase.accelerators),
        )
        for phase in result.phases
    ]
    names = ("IT load (MW)", "Facility (MW)", "Facility per IT", "Accelerators")
    return table([Column("Phase"), *_numbers(*names)], rows, "Each phase as planned.")


def tasks(result: PlanResult) -> Markup:
    """Every task with its dates, the most critical first; folded away until asked for."""
    ranked = sorted(result.tasks, key=lambda task: (-task.criticality, task.start.p50))
    columns = [
        Column("Task"),
        Column("Phase"),
        Column("Site"),
        *_numbers("Duration P50 (months)", "Start P50", "Finish P50", "Finish P90", "Criticality"),
    ]
    body = table(columns, [_task_row(result, task) for task in ranked])
    return Markup(f"<details><summary>All {len(ranked)} tasks</summary>{body.html}</details>")


def deadlines(result: PlanResult) -> Markup:
    """The tasks that have a deadline, and the odds of meeting it."""
    rows = [
        (
            task.name,
            long_day(task.deadline),
            month(result.day(task.finish.p50)),
            month(result.day(task.finish.p80)),
            _odds(task.probability_by_deadline),
        )
        for task in result.tasks
        if task.deadline is not None
    ]
    names = ("Deadline", "Finish P50", "Finish P80", "Odds of it")
    return table([Column("Deadline of"), *_numbers(*names)], rows) if rows else Markup("")


def _task_row(result: PlanResult, task: TaskResult) -> tuple[Cell, ...]:
    dates = (task.start.p50, task.finish.p50, task.finish.p90)
    duration = task.duration.p50 / MONTH_S
    return (
        task.name,
        task.phase,
        task.site,
        f"{duration:,.1f}" if math.isfinite(duration) else "–",
        *(month(result.day(at)) for at in dates),
        percent(task.criticality),
    )


def money(result: PlanResult) -> Markup:
    """The programme's money over the horizon, in four lines."""
    finance = result.finance
    lines = (
        ("Capital", finance.capex, "what is built, and what was committed"),
        ("Running cost and energy", finance.running, "up to the horizon"),
        (
            "Present value of both",
            finance.present_value,
            f"up to the horizon, at {utilisation(finance.discount_rate_per_year)} a year",
        ),
        (
            "Yearly cost when all stands",
            finance.annuity_usd_per_year,
            "annuity and running, a year",
        ),
    )
    rows = [(name, *map(billions, _four(q)), billions(q.mean), remark) for name, q, remark in lines]
    columns = [Column("Money ($B)"), *_numbers(*_PERCENTILES, "Mean"), Column("Basis")]
    return table(columns, rows, f"In {result.price_base} dollars.")


def criteria(gate: GateResult) -> Markup:
    """What a gate asks for."""
    rows = [
        (
            c.metric,
            f"{relation(c.relation)} {c.threshold:,.4g}",
            c.evidence_kind,
            percent(c.probability_at_first),
        )
        for c in gate.criteria
    ]
    columns = [Column("Criterion"), *_numbers("Must be"), Column("Evidence")]
    return table([*columns, *_numbers("Holds at the first attempt")], rows)


def attempts(result: PlanResult, gate: GateResult) -> Markup:
    """When a gate is tried and how often it opens."""
    rows = [
        (
            str(attempt.number),
            month(result.day(attempt.on.p50)),
            percent(attempt.probability_held),
            percent(attempt.probability_pass),
            percent(attempt.probability_passed_by_now),
            *(f"{value:,.4g}" for value in _four(attempt.evidence)),
        )
        for attempt in gate.attempts
    ]
    evidence = [f"Evidence {percentile}" for percentile in _PERCENTILES]
    columns = [
        Column("Attempt"),
        *_numbers("Median date", "Takes place in", "Of those pass", "Passed by then", *evidence),
    ]
    waited = math.isfinite(gate.wait.p50)
    return table(columns, rows, f"Wait at the gate: {waits(gate)}." if waited else "")


def waits(gate: GateResult) -> str:
    """The wait at a gate: `P50 5.2 months, P80 11.0 months`."""
    return f"P50 {months(gate.wait.p50)}, P80 {months(gate.wait.p80)}"


def runs(result: PlanResult) -> Markup:
    """The training runs that give gates their evidence, a column each."""
    described = [_run_lines(result, run) for run in result.runs]
    rows = [(line[0][0], *(value for _, value in line)) for line in zip(*described, strict=True)]
    return table([Column("Training run"), *(Column(run.name) for run in result.runs)], rows)


def _run_lines(result: PlanResult, run: RunResult) -> list[tuple[str, str]]:
    compute = run.compute_flop
    return [
        ("Model", run.model),
        ("Machine", f"{run.accelerators:,} × {run.accelerator}"),
        ("Strategy", run.strategy),
        ("Step time", seconds(run.step_time_s)),
        ("MFU", utilisation(run.mfu)),
        ("Goodput after failures and checkpoints", utilisation(run.goodput)),
        ("Mean time between interruptions", f"{run.mtbf_s / HOUR_S:,.2f} h"),
        ("Checkpoint every", f"{run.checkpoint_interval_s / 60:,.1f} min"),
        ("Start, P50", month(result.day(run.start.p50))),
        ("Length, P50", f"{run.days.p50:,.0f} days"),
        ("Tokens, P50", scientific(run.tokens.p50)),
        ("Compute, P10 to P90", f"{scientific(compute.p10)} to {scientific(compute.p90)} FLOP"),
        ("Loss, P50", f"{run.loss_nats.p50:,.3f} nats a token"),
        ("Takes place in", percent(run.probability_held)),
    ]


def uptime(run: RunResult) -> str:
    """Where the time of a run goes that makes no progress, from the plan's own inputs."""
    lost_s = (1 - run.goodput) * run.mtbf_s
    redone_s = min(run.checkpoint_interval_s, run.mtbf_s) / 2
    return (
        f"{run.name}: with {run.accelerators:,} accelerators in one synchronous run, something "
        f"interrupts it every {run.mtbf_s / 60:,.0f} minutes on average, and each interruption "
        f"costs {lost_s / 60:,.1f} minutes: {redone_s / 60:,.1f} of work that is done again, the "
        f"rest detection, restart and the checkpoints. So {utilisation(run.goodput)} of the time "
        "makes progress. Failure rate, how failures go together, and the times of checkpoint, "
        "detection and restart are the plan's (“goodput” of the run); all accelerators wait for "
        "each restart, as no recovery around a failed machine is assumed. "
        f"{_published_uptime()}"
    )


def _published_uptime() -> str:
    together, elastic = (fact(f"effective_time_98k_{way}") for way in ("synchronous", "elastic"))
    return (
        f"Published for 98,000 H100: {percent(together.value)} of the time where all wait, "
        f"{percent(elastic.value)} where the others go on meanwhile ({elastic.source})."
    )


def facts(used: Sequence[Fact]) -> Markup:
    """What a result rests on, as it is handed over: the assumed first."""
    rows = [
        (_fact(fact), fact.text, _range(fact), _year(fact), tag(fact.confidence), _source(fact))
        for fact in used
    ]
    columns = [Column("Fact"), Column("Value"), *_numbers("Range", "Year")]
    return table([*columns, Column("Confidence"), Column("Source")], rows)


def _fact(fact: Fact) -> Markup:
    return Markup(f"{text(fact.what)}<br><small>{text(fact.id)}</small>")


def _year(fact: Fact) -> str:
    return "–" if fact.year is None else str(fact.year)


def _range(fact: Fact) -> str:
    if fact.low is None or fact.high is None:
        return "–"
    unit = "" if fact.unit == "1" else f" {fact.unit}"
    return f"{fact.low:,.4g}–{fact.high:,.4g}{unit}"


def _source(fact: Fact) -> Markup:
    note = f"<br><small>{text(fact.note)}</small>" if fact.note else ""
    return Markup(f"{link(fact.source, fact.source).html}{note}")
